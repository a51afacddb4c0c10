"""How an original comes into a case: by an agent from a call, or by the customer as an upload.

The bytes were staged and looked at before (their digest, type and size are facts by now). Everything else is decided in the one
transaction that also keeps the bytes: who, which case and call, whether the customer's consent to stills held at the moment of
capture, whether the digest is the promised one. What is refused leaves no bytes, no row, no event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from videodesk.calls.invitations import check_open
from videodesk.calls.invitations_model import Consent
from videodesk.calls.model import Call
from videodesk.cases.checklist import Checklists
from videodesk.cases.model import Case
from videodesk.cases.usecases import note_history
from videodesk.core.clock import iso
from videodesk.core.errors import Conflict, Invalid, NotAllowed, NotFound
from videodesk.core.events import Event
from videodesk.core.ids import require_id
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import ConsentScope, CustodyAction, SnapshotMethod
from videodesk.evidence import custody
from videodesk.evidence.items import follow_evidence
from videodesk.evidence.model import PictureFacts, Snapshot
from videodesk.evidence.ports import StagedBlob
from videodesk.evidence.unit import EvidenceUnit
from videodesk.protocol.resources import SnapshotMeta

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
MAX_PHOTOS: Final = 60


@dataclass(frozen=True, slots=True)
class Received:
    """An original that was received: its staged bytes, what they are, and its thumbnail (staged as well)."""

    original: StagedBlob
    facts: PictureFacts
    thumbnail: StagedBlob


def has_consent(consents: Sequence[Consent], scope: ConsentScope, moment: datetime) -> bool:
    """Whether the answer that counted at `moment` grants `scope`. Without an answer, nothing is granted."""
    answers = [answer for answer in consents if answer.at <= moment]
    return bool(answers) and scope in max(answers, key=lambda answer: answer.at).granted


def check_snapshot(
    uow: EvidenceUnit, principal: Principal, snapshot_id: str, meta: SnapshotMeta, digest: str, checklists: Checklists, now: datetime,
) -> Snapshot | None:
    """Whether the original with these facts may be kept: None when it may, the snapshot itself when it already is.

    Raises Conflict("snapshot.differs") when the id has other bytes; NotAllowed("consent.missing"); Invalid("snapshot.digest_mismatch",
    "snapshot.call_missing", "snapshot.call_of_other_case", "snapshot.in_the_future", "snapshot.retake_unknown", "checklist.unknown_item");
    NotFound("case.unknown", "call.unknown").
    """
    require(principal, Action.CAPTURE)
    require_id(snapshot_id)
    if meta.digest != digest:
        raise Invalid("snapshot.digest_mismatch")
    if (known := uow.evidence.snapshot(snapshot_id)) is not None:
        return _same(known, meta.case_id, digest)
    case = _case(uow, meta.case_id)
    if meta.call_id is None:
        raise Invalid("snapshot.call_missing")
    call = uow.calls.get(meta.call_id)
    if call is None:
        raise NotFound("call.unknown")
    if call.case_id != case.id:
        raise Invalid("snapshot.call_of_other_case")
    if meta.captured_at > now + CLOCK_TOLERANCE:
        raise Invalid("snapshot.in_the_future")
    if not has_consent(uow.invitations.consents(call.invitation_id), ConsentScope.STILLS, meta.captured_at):
        raise NotAllowed("consent.missing", scope=ConsentScope.STILLS.value)
    _check_place(uow, case, meta.checklist_item, meta.retake_of, checklists)
    return None


def check_picture(meta: SnapshotMeta, facts: PictureFacts) -> None:
    """Invalid("picture.mismatch") unless the picture's own header says what its sender said."""
    if (facts.media_type, facts.width_px, facts.height_px) != (meta.media_type, meta.width_px, meta.height_px):
        raise Invalid("picture.mismatch", media_type=facts.media_type, width_px=facts.width_px, height_px=facts.height_px)


def keep_snapshot(
    uow: EvidenceUnit, principal: Principal, snapshot_id: str, meta: SnapshotMeta, received: Received, checklists: Checklists, now: datetime,
) -> Snapshot:
    """Keep an agent's original, once: the same id with the same bytes gets the same answer. Raises what check_snapshot raises."""
    known = check_snapshot(uow, principal, snapshot_id, meta, received.original.digest, checklists, now)
    if known is not None:
        return known
    check_picture(meta, received.facts)
    return _keep(uow, Snapshot(
        id=snapshot_id, case_id=meta.case_id, call_id=meta.call_id, method=meta.method, digest=received.original.digest,
        media_type=meta.media_type, size_bytes=received.original.size_bytes, width_px=meta.width_px, height_px=meta.height_px,
        captured_at=meta.captured_at, captured_by=principal.id, stored_at=now, frame_seq=meta.frame_seq, rtp_time=meta.rtp_time,
        codec=meta.codec, is_evidence_grade=meta.is_evidence_grade, checklist_item=meta.checklist_item, retake_of=meta.retake_of,
    ), received, principal, checklists)


def check_photo(
    uow: EvidenceUnit, principal: Principal, snapshot_id: str, digest: str, checklist_item: str | None, checklists: Checklists, now: datetime,
) -> Snapshot | None:
    """Whether the customer's photo may be kept in the invitation's case; else as check_snapshot.

    Gone when the invitation is used up, expired or revoked; Conflict("photos.too_many") past 60.
    """
    require(principal, Action.UPLOAD_PHOTO)
    require_id(snapshot_id)
    if not principal.is_customer or principal.case_id is None:
        raise NotAllowed("permission.denied", action=Action.UPLOAD_PHOTO.value)
    if (known := uow.evidence.snapshot(snapshot_id)) is not None:
        if known.captured_by != principal.id:
            raise Conflict("snapshot.differs")
        return _same(known, principal.case_id, digest)
    invitation = uow.invitations.get(principal.id)
    if invitation is None:
        raise NotFound("invitation.unknown")
    check_open(invitation, now)
    case = _case(uow, principal.case_id)
    if not has_consent(uow.invitations.consents(principal.id), ConsentScope.STILLS, now):
        raise NotAllowed("consent.missing", scope=ConsentScope.STILLS.value)
    if sum(one.captured_by == principal.id for one in uow.evidence.snapshots_of(case.id)) >= MAX_PHOTOS:
        raise Conflict("photos.too_many", limit=MAX_PHOTOS)
    _check_place(uow, case, checklist_item, None, checklists)
    return None


def keep_photo(
    uow: EvidenceUnit, principal: Principal, snapshot_id: str, received: Received, checklist_item: str | None, checklists: Checklists,
    now: datetime,
) -> Snapshot:
    """Keep a customer's photo as a snapshot (method upload) of the invitation's case; once per id. Raises what check_photo raises."""
    known = check_photo(uow, principal, snapshot_id, received.original.digest, checklist_item, checklists, now)
    if known is not None:
        return known
    assert principal.case_id is not None
    call: Call | None = uow.calls.of_invitation(principal.id)
    return _keep(uow, Snapshot(
        id=snapshot_id, case_id=principal.case_id, call_id=call.id if call else None, method=SnapshotMethod.UPLOAD,
        digest=received.original.digest, media_type=received.facts.media_type, size_bytes=received.original.size_bytes,
        width_px=received.facts.width_px, height_px=received.facts.height_px, captured_at=now, captured_by=principal.id, stored_at=now,
        checklist_item=checklist_item,
    ), received, principal, checklists)


def _keep(uow: EvidenceUnit, snapshot: Snapshot, received: Received, principal: Principal, checklists: Checklists) -> Snapshot:
    uow.evidence.add_snapshot(snapshot)
    uow.evidence.keep_thumbnail(snapshot.digest, received.thumbnail.digest)
    named = {"digest": snapshot.digest, "method": snapshot.method.value}
    custody.record(uow.custody, CustodyAction.CAPTURED, snapshot.captured_by, snapshot.stored_at, snapshot_id=snapshot.id,
                   case_id=snapshot.case_id, data={**named, "captured_at": iso(snapshot.captured_at), "call_id": snapshot.call_id})
    custody.record(uow.custody, CustodyAction.STORED, snapshot.captured_by, snapshot.stored_at, snapshot_id=snapshot.id,
                   case_id=snapshot.case_id, data={**named, "size_bytes": snapshot.size_bytes})
    uow.emit(Event("snapshot.added", snapshot.stored_at, {
        "snapshot_id": snapshot.id, "method": snapshot.method.value, "captured_by": snapshot.captured_by,
        "checklist_item": snapshot.checklist_item, "retake_of": snapshot.retake_of,
    }, case_id=snapshot.case_id, call_id=snapshot.call_id))
    note_history(uow, snapshot.case_id, principal, "snapshot", snapshot.stored_at, snapshot_id=snapshot.id, method=snapshot.method.value,
                 checklist_item=snapshot.checklist_item, retake_of=snapshot.retake_of)
    follow_evidence(uow, snapshot.case_id, principal, checklists, snapshot.stored_at)
    # Last, so that what the lines above refuse leaves no bytes; before the commit, so that a row never names bytes that are not there.
    received.thumbnail.keep()
    received.original.keep()
    return snapshot


def _same(known: Snapshot, case_id: str, digest: str) -> Snapshot:
    if (known.case_id, known.digest) != (case_id, digest):
        raise Conflict("snapshot.differs")
    return known


def _case(uow: EvidenceUnit, case_id: str) -> Case:
    if (case := uow.cases.get(case_id)) is None:
        raise NotFound("case.unknown")
    return case


def _check_place(uow: EvidenceUnit, case: Case, item: str | None, retake_of: str | None, checklists: Checklists) -> None:
    if item is not None and not checklists.has_item(case.kind, item):
        raise Invalid("checklist.unknown_item", item=item)
    if retake_of is not None:
        retaken = uow.evidence.snapshot(retake_of)
        if retaken is None or retaken.case_id != case.id:
            raise Invalid("snapshot.retake_unknown")
