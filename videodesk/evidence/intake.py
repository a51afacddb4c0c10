"""How an original comes into a case: by an agent from a call, or by the customer as an upload.

The bytes were staged and looked at before (their digest, type and size are facts by now). Everything else is decided in the one
transaction that also keeps the bytes: who, which case and call, whether the customer's consent held at the moment of capture, whether
the digest is the promised one. What is refused leaves no bytes, no row, no event.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from videodesk.calls.invitations import check_open
from videodesk.calls.model import Call
from videodesk.cases.checklist import Checklists
from videodesk.cases.model import Case
from videodesk.core.errors import Conflict, Invalid, NotAllowed, NotFound
from videodesk.core.ids import require_id
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import ConsentScope, LocationState, SnapshotMethod
from videodesk.evidence.consents import digest_at, has_consent_from, require_consent
from videodesk.evidence.items import follow_evidence
from videodesk.evidence.model import Original, PictureFacts, Snapshot
from videodesk.evidence.originals import Received, add_original, check_room, same_original, snapshot_of
from videodesk.evidence.release import is_redact_first
from videodesk.evidence.seal_ports import CaptureFacts
from videodesk.evidence.unit import EvidenceUnit
from videodesk.protocol.resources import SnapshotMeta

CLOCK_TOLERANCE: Final = timedelta(minutes=5)
MAX_PHOTOS: Final = 60


def check_snapshot(
    uow: EvidenceUnit, principal: Principal, snapshot_id: str, original_id: str, meta: SnapshotMeta, digest: str, checklists: Checklists,
    now: datetime,
) -> Snapshot | None:
    """Whether the original with these facts may be kept: None when it may, its snapshot when it already is.

    Raises Conflict("snapshot.differs") when the id has other bytes; NotAllowed("consent.missing"); Invalid("snapshot.digest_mismatch",
    "snapshot.call_missing", "snapshot.call_of_other_case", "snapshot.in_the_future", "snapshot.retake_unknown", "checklist.unknown_item",
    "snapshot.method_mismatch", "snapshot.clip_unknown", "snapshot.outside_clip"); NotFound("case.unknown", "call.unknown");
    Conflict("snapshot.too_many_originals").
    """
    require(principal, Action.CAPTURE)
    require_id(snapshot_id)
    require_id(original_id)
    if meta.digest != digest:
        raise Invalid("snapshot.digest_mismatch")
    snapshot = uow.evidence.snapshot(snapshot_id)
    if snapshot is not None and snapshot.case_id != meta.case_id:
        raise Conflict("snapshot.differs")
    if (known := uow.evidence.original(original_id)) is not None:
        same_original(known, snapshot_id, digest)
        return snapshot
    check_room(uow, snapshot_id)
    _check_method(meta)
    case = _case(uow, meta.case_id)
    call = _call(uow, case, meta)
    if meta.captured_at > now + CLOCK_TOLERANCE:
        raise Invalid("snapshot.in_the_future")
    _check_consent(uow, call, meta)
    _check_place(uow, case, meta.checklist_item, meta.retake_of, checklists)
    return None


def check_picture(meta: SnapshotMeta, facts: PictureFacts) -> None:
    """Invalid("picture.mismatch") unless the picture's own header says what its sender said; of a clip the type counts."""
    is_clip = meta.method is SnapshotMethod.CLIP
    size_px = (meta.width_px, meta.height_px)
    if facts.media_type != meta.media_type or (not is_clip and (facts.width_px, facts.height_px) != size_px):
        raise Invalid("picture.mismatch", media_type=facts.media_type, width_px=facts.width_px, height_px=facts.height_px)


def keep_snapshot(
    uow: EvidenceUnit, principal: Principal, snapshot_id: str, original_id: str, meta: SnapshotMeta, received: Received,
    checklists: Checklists, now: datetime,
) -> Snapshot:
    """Keep an agent's original, once: the same id with the same bytes gets the same answer. Raises what check_snapshot raises."""
    known = check_snapshot(uow, principal, snapshot_id, original_id, meta, received.sent_digest, checklists, now)
    if known is not None:
        return known
    check_picture(meta, received.facts)
    original = Original(
        id=original_id, snapshot_id=snapshot_id, method=meta.method, digest=received.original.digest, received_digest=received.sent_digest,
        media_type=received.facts.media_type, size_bytes=received.original.size_bytes, width_px=received.facts.width_px,
        height_px=received.facts.height_px, captured_at=meta.captured_at, captured_by=principal.id, stored_at=now, frame_seq=meta.frame_seq,
        rtp_time=meta.rtp_time, codec=meta.codec, is_evidence_grade=meta.is_evidence_grade, location=received.location,
        duration_s=meta.duration_s, taken_from=meta.taken_from, verdict=tuple(meta.verdict), leads=meta.leads, seal=received.seal,
        seal_digest=received.seal_blob.digest if received.seal_blob else "")
    first = snapshot_of(original, meta.case_id, _call(uow, _case(uow, meta.case_id), meta).id, checklist_item=meta.checklist_item,
                        retake_of=meta.retake_of, redact_first=is_redact_first(uow, checklists, meta.case_id))
    if original_id == snapshot_id:
        _fill_in(uow, snapshot_id, first)
    return _keep(uow, original, first, received, principal, checklists)


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
    known, snapshot = uow.evidence.original(snapshot_id), uow.evidence.snapshot(snapshot_id)
    if known is not None or snapshot is not None:
        if known is None or snapshot is None or known.captured_by != principal.id or snapshot.case_id != principal.case_id:
            raise Conflict("snapshot.differs")
        same_original(known, snapshot_id, digest)
        return snapshot
    invitation = uow.invitations.get(principal.id)
    if invitation is None:
        raise NotFound("invitation.unknown")
    check_open(invitation, now)
    case = _case(uow, principal.case_id)
    require_consent(uow.invitations.consents(principal.id), ConsentScope.STILLS, now)
    if sum(one.captured_by == principal.id for one in uow.evidence.snapshots_of(case.id)) >= MAX_PHOTOS:
        raise Conflict("photos.too_many", limit=MAX_PHOTOS)
    _check_place(uow, case, checklist_item, None, checklists)
    return None


def photo_facts(
    uow: EvidenceUnit, principal: Principal, snapshot_id: str, facts: PictureFacts, sent_digest: str, location: LocationState, now: datetime,
) -> CaptureFacts:
    """What the seal of a customer's photo says. `captured_at` is when it came: when it was taken nobody here saw."""
    call = uow.calls.of_invitation(principal.id)
    return CaptureFacts(
        snapshot_id, snapshot_id, principal.case_id or "", call.id if call else None, SnapshotMethod.UPLOAD, now, facts.width_px, facts.height_px,
        consent_digest=digest_at(uow.invitations.consents(principal.id), now), received_digest=sent_digest, location=location)


def keep_photo(
    uow: EvidenceUnit, principal: Principal, snapshot_id: str, received: Received, checklist_item: str | None, checklists: Checklists,
    now: datetime,
) -> Snapshot:
    """Keep a customer's photo as a snapshot (method upload) of the invitation's case; once per id. Raises what check_photo raises."""
    known = check_photo(uow, principal, snapshot_id, received.sent_digest, checklist_item, checklists, now)
    if known is not None:
        return known
    assert principal.case_id is not None
    call: Call | None = uow.calls.of_invitation(principal.id)
    original = Original(
        id=snapshot_id, snapshot_id=snapshot_id, method=SnapshotMethod.UPLOAD, digest=received.original.digest,
        received_digest=received.sent_digest, media_type=received.facts.media_type, size_bytes=received.original.size_bytes,
        width_px=received.facts.width_px, height_px=received.facts.height_px, captured_at=now, captured_by=principal.id, stored_at=now,
        location=received.location, seal=received.seal)
    first = snapshot_of(original, principal.case_id, call.id if call else None, checklist_item=checklist_item,
                        redact_first=is_redact_first(uow, checklists, principal.case_id))
    return _keep(uow, original, first, received, principal, checklists)


def _keep(
    uow: EvidenceUnit, original: Original, first: Snapshot, received: Received, principal: Principal, checklists: Checklists,
) -> Snapshot:
    snapshot = add_original(uow, original, first, principal)
    if received.thumbnail is not None:
        uow.evidence.keep_thumbnail(original.digest, received.thumbnail.digest)
    follow_evidence(uow, snapshot.case_id, principal, checklists, original.stored_at)
    received.keep()
    return snapshot


def _fill_in(uow: EvidenceUnit, snapshot_id: str, first: Snapshot) -> None:
    """The agent's own frame comes after the still that made the snapshot: it knows where it belongs and who took it."""
    known = uow.evidence.snapshot(snapshot_id)
    if known is not None:
        uow.evidence.save_snapshot(replace(
            known, captured_by=first.captured_by, checklist_item=known.checklist_item or first.checklist_item,
            retake_of=known.retake_of or first.retake_of))


def _check_method(meta: SnapshotMeta) -> None:
    """A clip is a video with a duration and nothing else is; what the customer's page makes does not come from a desktop."""
    is_clip = meta.method is SnapshotMethod.CLIP
    if is_clip is not meta.media_type.startswith("video/") or is_clip is not (meta.duration_s is not None) or meta.method.is_still:
        raise Invalid("snapshot.method_mismatch", method=meta.method.value, media_type=meta.media_type)


def _call(uow: EvidenceUnit, case: Case, meta: SnapshotMeta) -> Call:
    """The call it was captured in: for a frame that was picked from a clip, the clip's."""
    call_id = meta.call_id
    if meta.method is SnapshotMethod.CLIP_FRAME or meta.taken_from is not None:
        clip = uow.evidence.snapshot(meta.taken_from) if meta.taken_from else None
        if clip is None or clip.case_id != case.id or clip.duration_s is None:
            raise Invalid("snapshot.clip_unknown")
        if not clip.captured_at <= meta.captured_at <= clip.captured_at + timedelta(seconds=clip.duration_s + 1):
            raise Invalid("snapshot.outside_clip")
        call_id = call_id or clip.call_id
    if call_id is None:
        raise Invalid("snapshot.call_missing")
    call = uow.calls.get(call_id)
    if call is None:
        raise NotFound("call.unknown")
    if call.case_id != case.id:
        raise Invalid("snapshot.call_of_other_case")
    return call


def _check_consent(uow: EvidenceUnit, call: Call, meta: SnapshotMeta) -> None:
    consents = uow.invitations.consents(call.invitation_id)
    if meta.duration_s is None:
        require_consent(consents, ConsentScope.STILLS, meta.captured_at)
    elif not has_consent_from(consents, ConsentScope.RECORDING, meta.captured_at, meta.captured_at + timedelta(seconds=meta.duration_s)):
        raise NotAllowed("consent.missing", scope=ConsentScope.RECORDING.value)


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
