"""Ending a call as the service does it: the case is complete at once when its checklist is, and the customer gets a copy."""

from __future__ import annotations

from datetime import datetime

from videodesk.calls import usecases
from videodesk.calls.case_status import SERVICE
from videodesk.calls.model import Call
from videodesk.core.people import Principal
from videodesk.core.vocabulary import CallState
from videodesk.evidence.copies import make_at_end
from videodesk.evidence.items import follow_evidence
from videodesk.service.desk import Desk, UnitOfWork


def end_call(desk: Desk, uow: UnitOfWork, principal: Principal, call_id: str, now: datetime) -> Call:
    """Hang up (calls.usecases.end_call)."""
    return _follow(desk, uow, usecases.end_call(uow, principal, call_id, now), principal, now)


def expire_call(desk: Desk, uow: UnitOfWork, call_id: str, now: datetime) -> Call:
    """The grace time is over (calls.usecases.expire_call)."""
    return _follow(desk, uow, usecases.expire_call(uow, call_id, now), SERVICE, now)


def _follow(desk: Desk, uow: UnitOfWork, call: Call, principal: Principal, now: datetime) -> Call:
    if call.state is CallState.WRAP_UP:
        make_at_end(uow, call, desk.code_key, now)
        follow_evidence(uow, call.case_id, principal, desk.checklists, now)
    return call
