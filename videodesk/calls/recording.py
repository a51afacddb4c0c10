"""A call that is recorded: the customer's page says so while it lasts, and it lasts only as long as the consent does."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from videodesk.calls.case_status import SERVICE
from videodesk.calls.lifecycle import TALKING
from videodesk.calls.model import Call, Side
from videodesk.calls.unit import CallUnit
from videodesk.calls.usecases import change_and_tell, known_call, side_of
from videodesk.core.errors import Conflict, NotAllowed
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import ConsentScope


def record_call(uow: CallUnit, principal: Principal, call_id: str, *, is_recording: bool, now: datetime) -> Call:
    """The agent's desktop begins or ends a recording; asked twice, done once.

    NotAllowed("consent.missing") without the customer's consent to recording; Conflict("call.wrong_state") when nobody talks.
    """
    require(principal, Action.TAKE_CALLS)

    def record(current: Call) -> Call:
        if side_of(current, principal) is not Side.AGENT:
            raise NotAllowed("call.not_yours")
        if current.is_recording is is_recording:
            return current
        if is_recording:
            if current.state not in TALKING:
                raise Conflict("call.wrong_state", state=current.state.value, event="record")
            if not may_record(uow, current):
                raise NotAllowed("consent.missing", scope=ConsentScope.RECORDING.value)
        return replace(current, is_recording=is_recording, version=current.version + 1)

    return change_and_tell(uow, call_id, record, principal, now)


def may_record(uow: CallUnit, call: Call) -> bool:
    """Whether the customer's newest answer grants recording."""
    answer = uow.invitations.consent(call.invitation_id)
    return answer is not None and ConsentScope.RECORDING in answer.granted


def follow_consent(uow: CallUnit, call_id: str, now: datetime) -> Call:
    """The customer answered anew: a recording without consent is over. Nothing happens otherwise."""

    def stop(current: Call) -> Call:
        if not current.is_recording or may_record(uow, current):
            return current
        return replace(current, is_recording=False, version=current.version + 1)

    known_call(uow, call_id)
    return change_and_tell(uow, call_id, stop, SERVICE, now)
