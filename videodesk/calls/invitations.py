"""What people do with invitations: make, exchange, revoke, consent."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from videodesk.calls.invitations_model import Consent, Invitation
from videodesk.calls.invitations_ports import InvitationUnit
from videodesk.cases.usecases import known_case, note_history
from videodesk.core.errors import Gone, Invalid, NotFound, NotSignedIn
from videodesk.core.events import Event
from videodesk.core.ids import is_id, new_id
from videodesk.core.people import Principal, Role
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import ConsentScope, InvitationState, Language

_TOKEN_BYTES: Final = 32
_CODE_DIGITS: Final = 6
# A spoken code is short, so it lives short: long enough to say it and type it during one telephone call.
CODE_LIFE: Final = timedelta(minutes=30)
# A call that began in time is not cut off by the clock, nor is a reload in it.
TO_FINISH: Final = timedelta(hours=2)
CONSENT_TEXT_VERSION: Final = "2026-11.2"
CONSENT_SCOPES: Final = tuple(ConsentScope)


@dataclass(frozen=True, slots=True)
class Made:
    """A new invitation with what opens it: shown once, kept nowhere."""

    invitation: Invitation
    token: str
    code: str


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What the page got: its own token, kept nowhere else in clear."""

    invitation: Invitation
    token: str


def digest(secret: str) -> str:
    """SHA-256 of a secret with at least 128 random bits: enough at rest, nobody can guess it."""
    return sha256(secret.encode()).hexdigest()


def code_digest(code: str, key: str) -> str:
    """A six-digit code can be guessed from a plain hash: keyed with the desk's own secret."""
    return hmac.new(key.encode(), code.encode(), sha256).hexdigest()


def invite(uow: InvitationUnit, principal: Principal, case_id: str, language: Language | None, expires_in: timedelta, code_key: str, now: datetime) -> Made:
    """Make an invitation to a case."""
    require(principal, Action.INVITE)
    case = known_case(uow, case_id)
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    code = _free_code(uow, code_key, now)
    invitation = Invitation(
        id=new_id(now), case_id=case.id, language=language or case.language, token_digest=digest(token), code_digest=code_digest(code, code_key),
        created_by=principal.id, agent_name=principal.display_name, created_at=now, expires_at=now + expires_in)
    uow.invitations.add(invitation)
    note_history(uow, case.id, principal, "invitation", now, invitation_id=invitation.id, action="made")
    uow.emit(Event("invitation.made", now, {"invitation_id": invitation.id}, case_id=case.id))
    return Made(invitation, token, code)


def list_invitations(uow: InvitationUnit, principal: Principal, case_id: str | None, now: datetime) -> list[Invitation]:
    """A case's invitations, newest first; without a case all that are open."""
    require(principal, Action.SEE_CASES)
    if case_id is not None:
        return uow.invitations.of_case(known_case(uow, case_id).id)
    return [found for found in uow.invitations.recent(200) if found.state(now) is InvitationState.OPEN]


def revoke(uow: InvitationUnit, principal: Principal, invitation_id: str, now: datetime) -> None:
    """Close the door; a page that is inside already is told and leaves. Idempotent."""
    require(principal, Action.INVITE)
    invitation = uow.invitations.get(invitation_id) if is_id(invitation_id) else None
    if invitation is None:
        raise NotFound("invitation.unknown")
    if invitation.revoked_at is None:
        uow.invitations.save(replace(invitation, revoked_at=now))
        note_history(uow, invitation.case_id, principal, "invitation", now, invitation_id=invitation.id, action="revoked")
        uow.emit(Event("invitation.revoked", now, {"invitation_id": invitation.id}, case_id=invitation.case_id))


def exchange(uow: InvitationUnit, token: str | None, code: str | None, device: str, code_key: str, now: datetime) -> Exchanged:
    """Token or code for the page's own token; opening a second time on the same device gives a fresh one and ends the old.

    Gone("invitation.expired" | "invitation.revoked" | "invitation.used" | "invitation.other_device"); NotFound("invitation.unknown")
    for a token, NotFound("invitation.wrong_code") for a code; Invalid("invitation.token_or_code") without either.
    """
    invitation = _opened_by(uow, token, code, code_key, now)
    bound = digest(device)
    check_open(invitation, now, is_inside=invitation.device_digest is not None and hmac.compare_digest(invitation.device_digest, bound))
    if invitation.device_digest is not None and not hmac.compare_digest(invitation.device_digest, bound):
        raise Gone("invitation.other_device")
    page_token = secrets.token_urlsafe(_TOKEN_BYTES)
    opened = replace(invitation, device_digest=bound, session_digest=digest(page_token), first_opened_at=invitation.first_opened_at or now)
    uow.invitations.save(opened)
    if invitation.first_opened_at is None:
        uow.emit(Event("invitation.opened", now, {"invitation_id": opened.id}, case_id=opened.case_id))
    return Exchanged(opened, page_token)


def check_open(invitation: Invitation, now: datetime, *, is_inside: bool = False) -> None:
    """Raise Gone with the reason unless the invitation is open; who is inside already may finish (TO_FINISH past the expiry)."""
    state = invitation.state(now)
    if state is InvitationState.EXPIRED and is_inside and now < invitation.expires_at + TO_FINISH:
        return
    if state is not InvitationState.OPEN:
        raise Gone(f"invitation.{state.value}")


def customer_by_token(uow: InvitationUnit, token: str, now: datetime) -> Principal:
    """The customer whose page has this token; NotSignedIn("session.unknown"), Gone as in exchange (but `used` still lets the page say goodbye)."""
    invitation = uow.invitations.by_session(digest(token))
    if invitation is None:
        raise NotSignedIn("session.unknown")
    if invitation.state(now) is not InvitationState.USED:
        check_open(invitation, now, is_inside=True)
    case = uow.cases.get(invitation.case_id)
    return Principal(invitation.id, frozenset({Role.CUSTOMER}), "" if case is None else case.customer_name, invitation.case_id)


def give_consent(uow: InvitationUnit, principal: Principal, text_version: str, language: Language, granted: list[ConsentScope], now: datetime) -> Consent:
    """Keep the customer's answer; it counts from now on. Invalid("consent.unknown_text") for a text we never showed."""
    require(principal, Action.GIVE_CONSENT)
    invitation = uow.invitations.get(principal.id)
    if invitation is None:
        raise NotFound("invitation.unknown")
    check_open(invitation, now, is_inside=True)
    if text_version != CONSENT_TEXT_VERSION:
        raise Invalid("consent.unknown_text")
    answer = Consent(new_id(now), invitation.id, text_version, language, tuple(scope for scope in CONSENT_SCOPES if scope in granted), now)
    uow.invitations.add_consent(answer)
    note_history(uow, invitation.case_id, principal, "consent", now, granted=[scope.value for scope in answer.granted], text_version=text_version)
    uow.emit(Event("consent.given", now, {"invitation_id": invitation.id, "granted": [scope.value for scope in answer.granted]},
                   case_id=invitation.case_id))
    return answer


def mark_used(uow: InvitationUnit, invitation_id: str, now: datetime) -> None:
    """The call this invitation was for is over: the link opens nothing any more."""
    invitation = uow.invitations.get(invitation_id)
    if invitation is not None and invitation.used_at is None:
        uow.invitations.save(replace(invitation, used_at=now))


def _opened_by(uow: InvitationUnit, token: str | None, code: str | None, code_key: str, now: datetime) -> Invitation:
    if token:
        if (invitation := uow.invitations.by_token(digest(token))) is None:
            raise NotFound("invitation.unknown")
        return invitation
    if code is None:
        raise Invalid("invitation.token_or_code")
    digits = "".join(char for char in code if char.isdecimal())
    found = uow.invitations.by_code(code_digest(digits, code_key)) if len(digits) == _CODE_DIGITS else []
    fresh = [invitation for invitation in found if now < invitation.created_at + CODE_LIFE]
    if not fresh:
        raise NotFound("invitation.wrong_code")
    return fresh[0]


def _free_code(uow: InvitationUnit, code_key: str, now: datetime) -> str:
    while True:
        code = f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}d}"
        taken = uow.invitations.by_code(code_digest(code, code_key))
        if not any(now < invitation.created_at + CODE_LIFE for invitation in taken):
            return code
