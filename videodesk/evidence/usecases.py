"""What people may do with the evidence of a case, after its intake."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import replace
from datetime import datetime
from typing import Any

from videodesk.annotation import schema
from videodesk.annotation.marks import Redaction, RedactionPen, kind_of
from videodesk.cases.checklist import Checklists
from videodesk.cases.model import Case
from videodesk.core.errors import Conflict, Invalid, NotFound, TooLarge
from videodesk.core.events import Event
from videodesk.core.ids import require_id
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import CustodyAction
from videodesk.evidence import custody
from videodesk.evidence.items import follow_evidence
from videodesk.evidence.model import MAX_DOCUMENT_BYTES, Annotation, CustodyEntry, Original, Rendition, Snapshot
from videodesk.evidence.originals import Received, known_original, lead, tell_changed, why_settled
from videodesk.evidence.release import require_sight
from videodesk.evidence.unit import EvidenceUnit
from videodesk.protocol.resources import RenditionMeta, SnapshotPatch


def see_snapshot(uow: EvidenceUnit, principal: Principal, snapshot_id: str) -> Snapshot:
    """One snapshot; NotFound("snapshot.unknown")."""
    require(principal, Action.SEE_EVIDENCE)
    snapshot = uow.evidence.snapshot(require_id(snapshot_id))
    if snapshot is None:
        raise NotFound("snapshot.unknown")
    return snapshot


def list_snapshots(uow: EvidenceUnit, principal: Principal, case_id: str) -> list[Snapshot]:
    """A case's snapshots, oldest first; NotFound("case.unknown")."""
    require(principal, Action.SEE_EVIDENCE)
    return uow.evidence.snapshots_of(_case(uow, case_id).id)


def see_original(uow: EvidenceUnit, principal: Principal, snapshot_id: str, original_id: str | None = None) -> Original:
    """One original of a snapshot, without an id the leading one; NotFound("snapshot.unknown", "snapshot.unknown_original").

    NotAllowed as require_sight says it.
    """
    snapshot = see_snapshot(uow, principal, snapshot_id)
    original = known_original(uow, snapshot, snapshot.leading if original_id is None else require_id(original_id))
    require_sight(uow, principal, snapshot, original_id=original.id)
    return original


def note_view(uow: EvidenceUnit, principal: Principal, original: Original, now: datetime, part: str | None = None) -> None:
    """Enter into the custody log that an original (or the `part` of it, as bytes "first-last") is handed out now."""
    snapshot = see_snapshot(uow, principal, original.snapshot_id)
    data: dict[str, Any] = {"original_id": original.id, "digest": original.digest} | ({"bytes": part} if part else {})
    custody.record(uow.custody, CustodyAction.VIEWED, principal.id, now, snapshot_id=snapshot.id, case_id=snapshot.case_id, data=data)


def note_look(uow: EvidenceUnit, principal: Principal, snapshot_id: str, what: str, digest: str, now: datetime) -> None:
    """Enter that a small part of a snapshot was looked at: its "thumbnail" (with the digest of the picture behind it), its "marks"."""
    snapshot = see_snapshot(uow, principal, snapshot_id)
    data: dict[str, Any] = {"what": what} | ({"digest": digest} if digest else {})
    custody.record(uow.custody, CustodyAction.VIEWED, principal.id, now, snapshot_id=snapshot.id, case_id=snapshot.case_id, data=data)


def note_rendition_view(uow: EvidenceUnit, principal: Principal, rendition: Rendition, now: datetime, part: str | None = None) -> None:
    """Enter that a rendition (or the `part` of it, as bytes "first-last") is handed out now."""
    snapshot = see_snapshot(uow, principal, rendition.snapshot_id)
    data: dict[str, Any] = {"rendition_id": rendition.id, "digest": rendition.digest} | ({"bytes": part} if part else {})
    custody.record(uow.custody, CustodyAction.VIEWED, principal.id, now, snapshot_id=snapshot.id, case_id=snapshot.case_id, data=data)


def note_denied(uow: EvidenceUnit, principal: Principal, snapshot_id: str, reason: str, now: datetime) -> None:
    """Enter into the custody log that somebody was kept from an original that exists; for one that does not, nothing."""
    snapshot = uow.evidence.snapshot(snapshot_id)
    if snapshot is not None:
        custody.record(uow.custody, CustodyAction.ACCESS_DENIED, principal.id, now, snapshot_id=snapshot.id, case_id=snapshot.case_id,
                       data={"reason": reason})


def change_snapshot(
    uow: EvidenceUnit, principal: Principal, snapshot_id: str, patch: SnapshotPatch, checklists: Checklists, now: datetime,
) -> Snapshot:
    """Set where a snapshot belongs and which original leads; what the patch leaves out stays. Invalid("checklist.unknown_item").

    NotFound("snapshot.unknown_original"); Conflict("snapshot.lead_marked", "snapshot.lead_decided") once something was done with the lead.
    """
    require(principal, Action.EDIT_CASES)
    snapshot = see_snapshot(uow, principal, snapshot_id)
    if patch.leading is not None:
        snapshot = choose_lead(uow, principal, snapshot, patch.leading, now)
    item = patch.checklist_item if "checklist_item" in patch.model_fields_set else snapshot.checklist_item
    caption = snapshot.caption if patch.caption is None else patch.caption
    if item is not None and item != snapshot.checklist_item and not checklists.has_item(_case(uow, snapshot.case_id).kind, item):
        raise Invalid("checklist.unknown_item", item=item)
    if (item, caption) == (snapshot.checklist_item, snapshot.caption):
        return snapshot
    uow.evidence.place_snapshot(snapshot.id, item, caption)
    follow_evidence(uow, snapshot.case_id, principal, checklists, now)
    tell_changed(uow, snapshot, now, checklist_item=item)
    return replace(snapshot, checklist_item=item, caption=caption)


def choose_lead(uow: EvidenceUnit, principal: Principal, snapshot: Snapshot, original_id: str, now: datetime) -> Snapshot:
    """A person chooses the original that leads: no rule changes that any more. Raises what change_snapshot raises."""
    original = known_original(uow, snapshot, original_id)
    if original.id != snapshot.leading and (code := why_settled(uow, snapshot)) is not None:
        raise Conflict(code)
    led = lead(uow, snapshot, original, now, by=principal.id)
    if led.leading != snapshot.leading:
        tell_changed(uow, led, now, leading=led.leading)
    return led


def see_annotation(uow: EvidenceUnit, principal: Principal, snapshot_id: str, revision: int | None = None) -> Annotation:
    """The newest revision of the marks, or the one asked for; NotFound("annotation.none")."""
    snapshot = see_snapshot(uow, principal, snapshot_id)
    annotation = uow.evidence.annotation(snapshot.id, revision)
    if annotation is None:
        raise NotFound("annotation.none")
    return annotation


def add_annotation(
    uow: EvidenceUnit, principal: Principal, snapshot_id: str, base_revision: int, document: dict[str, Any], now: datetime,
    original_id: str | None = None,
) -> Annotation:
    """A new revision of the marks, made from `base_revision`; the original stays as it is.

    The original that was drawn on (`original_id`) leads from now on: another one may have taken the lead while the person drew.
    Conflict("snapshot.lead_marked", "snapshot.lead_decided") when another one leads for good. Conflict("annotation.stale") when somebody
    was faster. The same document sent again by the same person after a lost answer is no new revision. Invalid("annotation.…") by the
    schema, TooLarge("annotation.too_large") past 1 MiB of JSON.
    """
    require(principal, Action.ANNOTATE)
    snapshot = see_snapshot(uow, principal, snapshot_id)
    schema.validate(document)
    written = json.dumps(document, sort_keys=True, ensure_ascii=True).encode()
    if len(written) > MAX_DOCUMENT_BYTES:
        raise TooLarge("annotation.too_large", limit_bytes=MAX_DOCUMENT_BYTES)
    newest = uow.evidence.annotation(snapshot.id)
    revision = newest.revision if newest else 0
    if newest and base_revision == revision - 1 and (newest.made_by, newest.document) == (principal.id, document):
        return newest
    if base_revision != revision:
        raise Conflict("annotation.stale", revision=revision)
    if original_id is not None and original_id != snapshot.leading:
        snapshot = choose_lead(uow, principal, snapshot, original_id, now)
    annotation = Annotation(snapshot.id, revision + 1, document, principal.id, now)
    uow.evidence.add_annotation(annotation)
    custody.record(uow.custody, CustodyAction.ANNOTATED, principal.id, now, snapshot_id=snapshot.id, case_id=snapshot.case_id,
                   data={"revision": annotation.revision, "document_digest": hashlib.sha256(written).hexdigest()})
    _tell(uow, "annotation.added", snapshot, now, revision=annotation.revision)
    return annotation


def check_rendition(
    uow: EvidenceUnit, principal: Principal, snapshot_id: str, rendition_id: str, meta: RenditionMeta, digest: str,
) -> Rendition | None:
    """Whether the rendition may be kept: None when it may, the rendition itself when it already is.

    Conflict("rendition.differs"), Invalid("rendition.digest_mismatch"), NotFound("annotation.unknown_revision"), and
    Invalid("rendition.redaction_missing") when the marks redact and the rendition does not say that it does.
    """
    require(principal, Action.ANNOTATE)
    snapshot = see_snapshot(uow, principal, snapshot_id)
    if meta.digest != digest:
        raise Invalid("rendition.digest_mismatch")
    known = uow.evidence.rendition(require_id(rendition_id))
    if known is not None:
        if (known.snapshot_id, known.digest) != (snapshot.id, digest):
            raise Conflict("rendition.differs")
        return known
    annotation = uow.evidence.annotation(snapshot.id, meta.annotation_revision)
    if annotation is None:
        raise NotFound("annotation.unknown_revision", revision=meta.annotation_revision)
    if schema.from_json(annotation.document).has_redaction and not meta.has_redaction:
        raise Invalid("rendition.redaction_missing")
    return None


def keep_rendition(
    uow: EvidenceUnit, principal: Principal, snapshot_id: str, rendition_id: str, meta: RenditionMeta, received: Received, now: datetime,
) -> Rendition:
    """Keep a derived picture, once per id. Raises what check_rendition raises, Invalid("picture.mismatch", "rendition.wrong_size")."""
    known = check_rendition(uow, principal, snapshot_id, rendition_id, meta, received.original.digest)
    if known is not None:
        return known
    if received.facts.media_type != meta.media_type:
        raise Invalid("picture.mismatch", media_type=received.facts.media_type, width_px=received.facts.width_px,
                      height_px=received.facts.height_px)
    _check_size(uow, snapshot_id, meta.annotation_revision, received)
    snapshot = see_snapshot(uow, principal, snapshot_id)
    rendition = Rendition(
        id=rendition_id, snapshot_id=snapshot.id, annotation_revision=meta.annotation_revision, digest=meta.digest,
        media_type=meta.media_type, size_bytes=received.original.size_bytes, width_px=received.facts.width_px,
        height_px=received.facts.height_px, has_redaction=meta.has_redaction, made_by=principal.id, made_at=now,
        seal=received.seal,
    )
    uow.evidence.add_rendition(rendition)
    if received.thumbnail is not None:
        uow.evidence.keep_thumbnail(rendition.digest, received.thumbnail.digest)
    custody.record(uow.custody, CustodyAction.REDACTED if meta.has_redaction else CustodyAction.RENDERED, principal.id, now,
                   snapshot_id=snapshot.id, case_id=snapshot.case_id,
                   data={"rendition_id": rendition.id, "digest": rendition.digest, "revision": rendition.annotation_revision,
                         **_redactions(uow, rendition)})
    _tell(uow, "rendition.added", snapshot, now, rendition_id=rendition.id, revision=rendition.annotation_revision)
    received.keep()
    return rendition


def _redactions(uow: EvidenceUnit, rendition: Rendition) -> dict[str, Any]:
    """What the log says of a redaction: how many of each kind, why, and how many of them the program had proposed. Never what was there."""
    annotation = uow.evidence.annotation(rendition.snapshot_id, rendition.annotation_revision)
    marks = [] if annotation is None else [
        mark for mark in schema.from_json(annotation.document).marks if isinstance(mark, Redaction | RedactionPen)]
    if not marks:
        return {}
    return {
        "redactions": len(marks), "proposed": sum(mark.is_proposal for mark in marks),
        "kinds": dict(sorted(Counter(kind_of(mark).value for mark in marks).items())),
        "reasons": dict(sorted(Counter(mark.reason.value for mark in marks).items()))}


def _check_size(uow: EvidenceUnit, snapshot_id: str, revision: int, received: Received) -> None:
    """Invalid("rendition.wrong_size") unless the picture is as large as these marks frame it: what was cut off must not come back in."""
    annotation = uow.evidence.annotation(snapshot_id, revision)
    if annotation is None:
        return
    width, height = schema.from_json(annotation.document).rendition_size
    if (received.facts.width_px, received.facts.height_px) != (width, height):
        raise Invalid("rendition.wrong_size", width_px=width, height_px=height)


def see_rendition(uow: EvidenceUnit, principal: Principal, rendition_id: str) -> Rendition:
    """One rendition; NotFound("rendition.unknown"); NotAllowed as require_sight says it."""
    require(principal, Action.SEE_EVIDENCE)
    rendition = uow.evidence.rendition(require_id(rendition_id))
    if rendition is None:
        raise NotFound("rendition.unknown")
    require_sight(uow, principal, see_snapshot(uow, principal, rendition.snapshot_id), rendition)
    return rendition


def see_custody(uow: EvidenceUnit, principal: Principal, case_id: str) -> list[CustodyEntry]:
    """The custody entries of a case, oldest first; NotFound("case.unknown")."""
    require(principal, Action.SEE_CUSTODY)
    return uow.custody.of_case(_case(uow, case_id).id)


def note_export(uow: EvidenceUnit, principal: Principal, case_id: str, now: datetime) -> list[Snapshot]:
    """Enter into the custody log that the case's evidence leaves the desk; the snapshots that do."""
    require(principal, Action.SEE_EVIDENCE)
    snapshots = uow.evidence.snapshots_of(_case(uow, case_id).id)
    for snapshot in snapshots:
        custody.record(uow.custody, CustodyAction.EXPORTED, principal.id, now, snapshot_id=snapshot.id, case_id=snapshot.case_id,
                       data={"digest": snapshot.digest})
    return snapshots


def _case(uow: EvidenceUnit, case_id: str) -> Case:
    if (case := uow.cases.get(require_id(case_id))) is None:
        raise NotFound("case.unknown")
    return case


def _tell(uow: EvidenceUnit, name: str, snapshot: Snapshot, now: datetime, **data: str | int | None) -> None:
    uow.emit(Event(name, now, {"snapshot_id": snapshot.id, **data}, case_id=snapshot.case_id, call_id=snapshot.call_id))
