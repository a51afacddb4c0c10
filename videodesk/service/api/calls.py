"""/api/v1/calls: what waits, what runs, what was; accept, end, wrap-up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from videodesk.calls import usecases
from videodesk.core.ids import require_id
from videodesk.protocol.messages import CallView, Id
from videodesk.protocol.resources import Accepted, CallList, WrapUpIn
from videodesk.service import call_end
from videodesk.service.auth import DeskDep, PrincipalDep
from videodesk.service.hub import Hub
from videodesk.service.turn import ice_servers

router = APIRouter(tags=["calls"])


def _hub(request: Request) -> Hub:
    hub: Hub = request.app.state.hub
    return hub


@router.get("/calls")
def list_calls(request: Request, desk: DeskDep, principal: PrincipalDep, case_id: Annotated[Id | None, Query()] = None) -> CallList:
    """A case's calls, newest first; without a case: waiting, then one's own open ones, then the recent."""
    with desk.store.read() as uow:
        calls = usecases.list_calls(uow, principal, case_id)
        return CallList(items=[_hub(request).view_of(uow, call) for call in calls])


@router.get("/calls/{call_id}")
def get_call(request: Request, desk: DeskDep, principal: PrincipalDep, call_id: str) -> CallView:
    """One call."""
    with desk.store.read() as uow:
        call = usecases.get_call(uow, principal, require_id(call_id))
        return _hub(request).view_of(uow, call)


@router.post("/calls/{call_id}/accept")
def accept_call(request: Request, desk: DeskDep, principal: PrincipalDep, call_id: str) -> Accepted:
    """Take a waiting call: exactly one agent gets it, the others 409 call.already_taken; the same agent again the same answer.

    409 call.agent_busy while the agent talks in another call.
    """
    with desk.store.write() as uow:
        call = usecases.accept_call(uow, principal, require_id(call_id), desk.clock.now())
        view = _hub(request).view_of(uow, call)
    return Accepted(call=view, ice_servers=ice_servers(desk.settings, desk.clock, f"{call.id}-agent"))


@router.post("/calls/{call_id}/end")
def end_call(request: Request, desk: DeskDep, principal: PrincipalDep, call_id: str) -> CallView:
    """Hang up; a call that is over already stays as it is."""
    with desk.store.write() as uow:
        call = call_end.end_call(desk, uow, principal, require_id(call_id), desk.clock.now())
        return _hub(request).view_of(uow, call)


@router.post("/calls/{call_id}/wrap-up")
def wrap_up_call(request: Request, desk: DeskDep, principal: PrincipalDep, call_id: str, body: WrapUpIn) -> CallView:
    """File the outcome of a call; it is ended then."""
    with desk.store.write() as uow:
        call = usecases.wrap_up_call(
            uow, principal, require_id(call_id), disposition=body.disposition, note=body.note, now=desk.clock.now(),
        )
        return _hub(request).view_of(uow, call)
