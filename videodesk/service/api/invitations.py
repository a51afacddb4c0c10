"""Invitations over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from videodesk.calls import invitations
from videodesk.cases.usecases import known_case
from videodesk.core.ids import UUID_PATTERN
from videodesk.protocol import resources as r
from videodesk.protocol.messages import Id
from videodesk.service.auth import DeskDep, PrincipalDep
from videodesk.service.invitation_texts import invitation_made

router = APIRouter(tags=["invitations"])


@router.post("/cases/{case_id}/invitations", status_code=201)
def invite(desk: DeskDep, principal: PrincipalDep, case_id: Annotated[str, Path(max_length=40)], body: r.InvitationIn) -> r.InvitationMade:
    """Make an invitation. Token and code are in this answer and nowhere else."""
    now = desk.clock.now()
    with desk.store.write() as uow:
        made = invitations.invite(uow, principal, case_id, body.language, timedelta(seconds=body.expires_in_s), desk.code_key, now)
        return invitation_made(desk, known_case(uow, made.invitation.case_id), made, now)


@router.get("/invitations")
def list_invitations(desk: DeskDep, principal: PrincipalDep, case_id: Annotated[Id | None, Query()] = None) -> list[r.InvitationView]:
    """A case's invitations, newest first; without a case all that are open."""
    now = desk.clock.now()
    with desk.store.read() as uow:
        found = invitations.list_invitations(uow, principal, case_id, now)
        cases = {one.case_id: known_case(uow, one.case_id) for one in found}
    return [
        r.InvitationView(
            id=one.id, case_id=one.case_id, case_number=cases[one.case_id].number, customer_name=cases[one.case_id].customer_name,
            state=one.state(now), created_by=one.created_by, created_at=one.created_at, expires_at=one.expires_at,
            first_opened_at=one.first_opened_at)
        for one in found
    ]


@router.delete("/invitations/{invitation_id}", status_code=204)
def revoke(desk: DeskDep, principal: PrincipalDep, invitation_id: Annotated[str, Path(pattern=UUID_PATTERN)]) -> Response:
    """Revoke an invitation; a page that waits with it is told."""
    with desk.store.write() as uow:
        invitations.revoke(uow, principal, invitation_id, desk.clock.now())
    return Response(status_code=204)
