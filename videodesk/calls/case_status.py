"""A case follows its call: it waits, is in a call, and is back on the desk afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from videodesk.calls.model import Call
from videodesk.calls.unit import CallUnit
from videodesk.cases import usecases as cases
from videodesk.core.people import Principal
from videodesk.core.vocabulary import CallState, CaseStatus

# Who acts when nobody does: the grace time ends by itself.
SERVICE: Final = Principal("service", frozenset())

# Some statuses are reached in two steps: a customer who comes back by the link is waiting for a moment, then in the call again.
_FOLLOWS: Final[dict[CallState, tuple[CaseStatus, ...]]] = {
    CallState.WAITING: (CaseStatus.WAITING,),
    CallState.ABANDONED: (CaseStatus.SCHEDULED,),
    CallState.ACCEPTED: (CaseStatus.IN_CALL,),
    CallState.CONNECTED: (CaseStatus.IN_CALL,),
    CallState.RECONNECTING: (CaseStatus.IN_CALL,),
    CallState.WRAP_UP: (CaseStatus.EVIDENCE_INCOMPLETE,),
}
# What stands in the case's history; drops and holds do not.
_TOLD: Final = frozenset({CallState.WAITING, CallState.ACCEPTED, CallState.WRAP_UP, CallState.ABANDONED, CallState.ENDED})


def case_follows(uow: CallUnit, before: CallState | None, call: Call, principal: Principal, now: datetime) -> None:
    """Move the call's case along and note the step in its history."""
    if before is CallState.WRAP_UP and call.state is CallState.RECONNECTING:
        cases.follow(uow, call.case_id, CaseStatus.WAITING, principal, now)
    for status in _FOLLOWS.get(call.state, ()):
        cases.follow(uow, call.case_id, status, principal, now)
    if call.state in _TOLD and call.state is not before:
        cases.note_history(
            uow, call.case_id, principal, "call", now, call_id=call.id, state=call.state.value,
            **({"disposition": call.disposition.value} if call.disposition else {}),
        )
