"""The customer's side over HTTP: exchange what opens the door, then consent. Nothing here answers GET with a side effect: previews burn nothing."""

from __future__ import annotations

from fastapi import APIRouter, Request
from limits import RateLimitItem

from videodesk.calls import invitations
from videodesk.calls.invitations import CONSENT_SCOPES, CONSENT_TEXT_VERSION, Exchanged
from videodesk.calls.invitations_model import Consent, Invitation
from videodesk.cases.usecases import known_case
from videodesk.core.errors import NotFound, RateLimited
from videodesk.core.vocabulary import CaseKind
from videodesk.protocol import resources as r
from videodesk.service import limits
from videodesk.service.api.people import LimitsDep
from videodesk.service.auth import CustomerDep, DeskDep, TokenDep
from videodesk.service.desk import Desk, UnitOfWork
from videodesk.service.hub import Hub
from videodesk.service.limits import Limits, address_of

router = APIRouter(tags=["join"])


@router.post("/join/exchange")
def exchange(request: Request, desk: DeskDep, limited: LimitsDep, body: r.ExchangeIn) -> r.JoinView:
    """Token or spoken code for the page's own token. The first device that opens an invitation keeps it."""
    address = address_of(request.scope)
    limited.take(limits.EXCHANGES, address)
    with_code = body.token is None
    tries = ((limits.WRONG_CODES_OF_ADDRESS, address), (limits.WRONG_CODES_OF_DEVICE, body.device), (limits.WRONG_CODES_OF_DESK, "desk"))
    if with_code:
        _check_tries(limited, tries)
    now = desk.clock.now()
    try:
        with desk.store.write() as uow:
            exchanged: Exchanged = invitations.exchange(uow, body.token, body.code, body.device, desk.code_key, now)
            return _view(request, desk, uow, exchanged.invitation, exchanged.token)
    except NotFound as error:
        if with_code and error.code == "invitation.wrong_code":
            for limit, who in tries:
                limited.count(limit, "code", who)
        raise


@router.get("/join/state")
def state(request: Request, desk: DeskDep, customer: CustomerDep, token: TokenDep) -> r.JoinView:
    """What the page needs after a reload; with the token it has."""
    with desk.store.read() as uow:
        invitation = uow.invitations.get(customer.id)
        if invitation is None:
            raise NotFound("invitation.unknown")
        return _view(request, desk, uow, invitation, token)


@router.post("/join/consent")
def consent(desk: DeskDep, customer: CustomerDep, body: r.ConsentIn) -> r.ConsentView:
    """The customer's answer to the consent question; a later one replaces it from then on."""
    with desk.store.write() as uow:
        kept: Consent = invitations.give_consent(uow, customer, body.text_version, body.language, body.granted, desk.clock.now())
    return r.ConsentView(id=kept.id, text_version=kept.text_version, language=kept.language, granted=list(kept.granted), at=kept.at)


def _check_tries(limited: Limits, tries: tuple[tuple[RateLimitItem, str], ...]) -> None:
    for limit, who in tries:
        try:
            limited.check(limit, "code", who)
        except RateLimited as error:
            raise RateLimited("invitation.code_locked", **error.params) from error


def _view(request: Request, desk: Desk, uow: UnitOfWork, invitation: Invitation, token: str) -> r.JoinView:
    case = known_case(uow, invitation.case_id)
    answer = uow.invitations.consent(invitation.id)
    call = uow.calls.of_invitation(invitation.id)
    hub: Hub = request.app.state.hub
    return r.JoinView(
        token=token, invitation_id=invitation.id, language=invitation.language, desk_name=desk.settings.desk_name,
        agent_name=invitation.agent_name, customer_name=case.customer_name, case_kind=case.kind, case_number=case.number,
        prefers_rear_camera=case.kind is not CaseKind.STYLING, phone_number=desk.settings.phone_number,
        consent_text=r.ConsentText(version=CONSENT_TEXT_VERSION, scopes=list(CONSENT_SCOPES)),
        consents=None if answer is None else list(answer.granted), call=None if call is None else hub.view_of(uow, call),
        expires_at=invitation.expires_at)
