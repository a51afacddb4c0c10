"""The full-resolution still: asked of the customer's camera, awaited, arrived or failed; it may come before the snapshot's own frame."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from videodesk.calls.invitations import TO_FINISH, digest
from videodesk.calls.invitations_model import Invitation
from videodesk.calls.model import Call
from videodesk.cases.checklist import Checklists
from videodesk.core.errors import Conflict, Gone, Invalid, NotFound, NotSignedIn
from videodesk.core.events import Event
from videodesk.core.ids import require_id
from videodesk.core.people import Principal, Role
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import ConsentScope, InvitationState, LocationState, StillState
from videodesk.evidence.consents import digest_at, has_consent, require_consent
from videodesk.evidence.items import follow_evidence
from videodesk.evidence.model import AwaitedStill, Original, PictureFacts, Snapshot
from videodesk.evidence.originals import Received, add_original, check_room, same_original, snapshot_of, tell_changed
from videodesk.evidence.release import is_redact_first
from videodesk.evidence.seal_ports import CaptureFacts
from videodesk.evidence.unit import EvidenceUnit
from videodesk.protocol.resources import StillMeta

# A phone that lost its network in the call sends what was asked of it when it has one again.
UPLOAD_TIME: Final = timedelta(hours=24)
GIVEN_UP: Final = "still.given_up"
FAILURES: Final = frozenset({"still.unsupported", "still.camera_failed", "still.consent", "still.declined"})


def await_still(uow: EvidenceUnit, principal: Principal, call: Call, snapshot_id: str, now: datetime) -> AwaitedStill:
    """Write down that the agent asked the customer's camera for a still of this snapshot, which need not be here yet.

    Asked again (with the phone's own camera) it is awaited again. NotAllowed("consent.missing"); Conflict("snapshot.differs") for
    a snapshot of another case or call.
    """
    require(principal, Action.CAPTURE)
    require_id(snapshot_id)
    require_consent(uow.invitations.consents(call.invitation_id), ConsentScope.STILLS, now)
    snapshot = uow.evidence.snapshot(snapshot_id)
    if snapshot is not None and (snapshot.case_id, snapshot.call_id) != (call.case_id, call.id):
        raise Conflict("snapshot.differs")
    known = _awaited(uow, snapshot_id)
    if known is not None and known.call_id != call.id:
        raise Conflict("snapshot.differs")
    # The first asking stays its time: a still that came of it was not made before.
    awaited = (
        AwaitedStill(snapshot_id, call.case_id, call.id, now, principal.id, StillState.AWAITED) if known is None
        else replace(known, state=StillState.AWAITED, code="")
    )
    uow.evidence.save_awaited(awaited)
    _tell(uow, "still.awaited", awaited, now)
    return awaited


def fail_still(uow: EvidenceUnit, principal: Principal, call_id: str, snapshot_id: str, code: str, now: datetime) -> AwaitedStill:
    """The customer's page says that there will be no still (now); NotFound("still.not_asked") for one that was not asked of it."""
    require(principal, Action.UPLOAD_PHOTO)
    awaited = asked_of(uow, principal, call_id, snapshot_id)
    if awaited.state is not StillState.AWAITED:
        return awaited
    return _settle(uow, awaited, code if code in FAILURES else "still.camera_failed", now)


def give_up_still(uow: EvidenceUnit, principal: Principal, snapshot_id: str, now: datetime) -> Snapshot | None:
    """Nobody waits for it any more; one that comes all the same is kept. The snapshot, if it is there. NotFound("still.not_asked")."""
    require(principal, Action.CAPTURE)
    awaited = _awaited(uow, require_id(snapshot_id))
    if awaited is None:
        raise NotFound("still.not_asked")
    if awaited.state is StillState.AWAITED:
        _settle(uow, awaited, GIVEN_UP, now)
    return uow.evidence.snapshot(snapshot_id)


def asked_of(uow: EvidenceUnit, principal: Principal, call_id: str, snapshot_id: str) -> AwaitedStill:
    """What was asked of this customer in this call; NotFound("still.not_asked") for all else, so that ids of others tell nothing."""
    awaited = _awaited(uow, snapshot_id)
    call = uow.calls.get(call_id)
    if awaited is None or call is None or awaited.call_id != call_id or call.invitation_id != principal.id:
        raise NotFound("still.not_asked")
    return awaited


def check_still(uow: EvidenceUnit, principal: Principal, original_id: str, meta: StillMeta, now: datetime) -> Snapshot | None:
    """Whether the customer's still may be kept: None when it may, its snapshot when it already is.

    NotFound("still.not_asked"); NotAllowed("consent.missing"); Conflict("snapshot.differs") when the id is taken by something else;
    Conflict("snapshot.too_many_originals").
    """
    require(principal, Action.UPLOAD_PHOTO)
    return _check(uow, principal, asked_of(uow, principal, meta.call_id, meta.snapshot_id), original_id, meta, now)


def _check(
    uow: EvidenceUnit, principal: Principal, awaited: AwaitedStill, original_id: str, meta: StillMeta, now: datetime,
) -> Snapshot | None:
    if (known := uow.evidence.original(require_id(original_id))) is not None:
        same_original(known, meta.snapshot_id, meta.digest)
        return uow.evidence.snapshot(known.snapshot_id)
    # A snapshot's own id is kept for the agent's frame.
    if uow.evidence.snapshot(original_id) is not None or _awaited(uow, original_id) is not None:
        raise Conflict("snapshot.differs")
    check_room(uow, meta.snapshot_id)
    require_consent(uow.invitations.consents(principal.id), ConsentScope.STILLS, _taken_at(awaited, meta, now))
    return None


def keep_still(
    uow: EvidenceUnit, principal: Principal, original_id: str, meta: StillMeta, received: Received, checklists: Checklists, now: datetime,
) -> Snapshot:
    """Keep the customer's still, once; it makes the snapshot when the agent's frame is not there yet. Raises what check_still raises.

    Invalid("snapshot.digest_mismatch") for other bytes than the page said.
    """
    require(principal, Action.UPLOAD_PHOTO)
    if received.sent_digest != meta.digest:
        raise Invalid("snapshot.digest_mismatch")
    awaited = asked_of(uow, principal, meta.call_id, meta.snapshot_id)
    known = _check(uow, principal, awaited, original_id, meta, now)
    if known is not None:
        return known
    original = Original(
        id=original_id, snapshot_id=meta.snapshot_id, method=meta.method, digest=received.original.digest,
        received_digest=received.sent_digest, media_type=received.facts.media_type, size_bytes=received.original.size_bytes,
        width_px=received.facts.width_px, height_px=received.facts.height_px, captured_at=_taken_at(awaited, meta, now),
        captured_by=principal.id, stored_at=now, location=received.location, seal=received.seal)
    first = snapshot_of(original, awaited.case_id, awaited.call_id, captured_by=awaited.asked_by,
                        redact_first=is_redact_first(uow, checklists, awaited.case_id))
    snapshot = add_original(uow, original, first, principal)
    uow.evidence.save_awaited(replace(awaited, state=StillState.ARRIVED, code=""))
    follow_evidence(uow, snapshot.case_id, principal, checklists, now)
    received.keep()
    return snapshot


def still_facts(
    uow: EvidenceUnit, principal: Principal, original_id: str, meta: StillMeta, facts: PictureFacts, location: LocationState, now: datetime,
) -> CaptureFacts:
    """What the seal of a still of the customer's camera says; raises what asked_of raises."""
    awaited = asked_of(uow, principal, meta.call_id, meta.snapshot_id)
    taken_at = _taken_at(awaited, meta, now)
    return CaptureFacts(
        original_id, meta.snapshot_id, awaited.case_id, awaited.call_id, meta.method, taken_at, facts.width_px, facts.height_px,
        consent_digest=digest_at(uow.invitations.consents(principal.id), taken_at), received_digest=meta.digest, location=location)


def keeps_location(uow: EvidenceUnit, principal: Principal, meta: StillMeta, now: datetime) -> bool:
    """Whether the place in the still's metadata may stay: consent to it held when the still was taken."""
    awaited = asked_of(uow, principal, meta.call_id, meta.snapshot_id)
    return has_consent(uow.invitations.consents(principal.id), ConsentScope.LOCATION, _taken_at(awaited, meta, now))


def uploading_customer(uow: EvidenceUnit, token: str, now: datetime) -> Principal:
    """The customer whose page has this token, for uploading: also after the call, when the link opens nothing else any more.

    NotSignedIn("session.unknown"); Gone("invitation.revoked"), and Gone("invitation.used" or "invitation.expired") UPLOAD_TIME after the
    call's end.
    """
    invitation = uow.invitations.by_session(digest(token))
    if invitation is None:
        raise NotSignedIn("session.unknown")
    state = invitation.state(now)
    if state is InvitationState.REVOKED or not _may_upload(uow, invitation, state, now):
        raise Gone(f"invitation.{state.value}")
    case = uow.cases.get(invitation.case_id)
    return Principal(invitation.id, frozenset({Role.CUSTOMER}), "" if case is None else case.customer_name, invitation.case_id)


def _may_upload(uow: EvidenceUnit, invitation: Invitation, state: InvitationState, now: datetime) -> bool:
    if state is InvitationState.OPEN:
        return True
    call = uow.calls.of_invitation(invitation.id)
    if call is None:
        return state is InvitationState.EXPIRED and now < invitation.expires_at + TO_FINISH
    return call.ended_at is None or now < call.ended_at + UPLOAD_TIME


def _taken_at(awaited: AwaitedStill, meta: StillMeta, now: datetime) -> datetime:
    """When it was taken, by the phone's clock as far as that can be true: not before it was asked for, not after it is here."""
    return min(max(meta.captured_at, awaited.asked_at), now)


def _awaited(uow: EvidenceUnit, snapshot_id: str) -> AwaitedStill | None:
    return uow.evidence.awaited_stills([snapshot_id]).get(snapshot_id)


def _settle(uow: EvidenceUnit, awaited: AwaitedStill, code: str, now: datetime) -> AwaitedStill:
    """It will not come (this time): failed, unless an earlier one is there."""
    has_one = any(one.method.is_still for one in uow.evidence.originals_of([awaited.snapshot_id]))
    settled = replace(awaited, state=StillState.ARRIVED if has_one else StillState.FAILED, code=code)
    uow.evidence.save_awaited(settled)
    _tell(uow, "still.failed", settled, now)
    if (snapshot := uow.evidence.snapshot(awaited.snapshot_id)) is not None:
        tell_changed(uow, snapshot, now)
    return settled


def _tell(uow: EvidenceUnit, name: str, awaited: AwaitedStill, now: datetime) -> None:
    uow.emit(Event(name, now, {"snapshot_id": awaited.snapshot_id, "code": awaited.code}, case_id=awaited.case_id, call_id=awaited.call_id))
