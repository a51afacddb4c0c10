"""Who asks: sign-in tokens, passwords, customers' tokens. Dependencies for the routes."""

from __future__ import annotations

import hmac
import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Annotated, Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from videodesk.calls.invitations import customer_by_token, digest
from videodesk.core.errors import Conflict, Invalid, NotAllowed, NotFound, NotSignedIn
from videodesk.core.ids import new_id
from videodesk.core.people import Person, Principal, Role, SignIn
from videodesk.core.permissions import Action, require
from videodesk.protocol.resources import PersonIn, PersonPatch, SetUpIn
from videodesk.service.desk import Desk, UnitOfWork

SIGN_IN_LIFE: Final = timedelta(days=14)
_TOKEN_BYTES: Final = 32
_MIN_PASSWORD: Final = 10
_bearer = HTTPBearer(auto_error=False, description="The token of a sign-in (POST /api/v1/session), or a customer's of /api/v1/join/exchange.")


class Passwords:
    """argon2id hashes."""

    def __init__(self, hasher: PasswordHasher | None = None) -> None:
        self._hasher = hasher or PasswordHasher()
        # Checked when there is no such person, so that the answer takes as long.
        self._decoy = self._hasher.hash(secrets.token_urlsafe())

    def hash(self, password: str) -> str:
        """An argon2id string; Invalid("person.password_short") below 10 characters."""
        if len(password) < _MIN_PASSWORD:
            raise Invalid("person.password_short", min_length=_MIN_PASSWORD)
        return self._hasher.hash(password)

    def is_right(self, person: Person | None, password: str) -> bool:
        """Whether it is this person's password; takes the same time when there is no person."""
        try:
            return self._hasher.verify(person.password_hash if person else self._decoy, password) and person is not None
        except (VerificationError, InvalidHashError):
            return False


def make_person(uow: UnitOfWork, body: PersonIn, passwords: Passwords, now: datetime) -> Person:
    """Add an account."""
    person = Person(new_id(now), body.name, body.display_name, frozenset(body.roles), passwords.hash(body.password), now)
    uow.people.add(person)
    return person


def add_person(uow: UnitOfWork, principal: Principal, body: PersonIn, passwords: Passwords, now: datetime) -> Person:
    """Add an account; Conflict("person.name_taken")."""
    require(principal, Action.MANAGE_PEOPLE)
    return make_person(uow, body, passwords, now)


def change_person(uow: UnitOfWork, principal: Principal, person_id: str, body: PersonPatch, passwords: Passwords) -> Person:
    """Change an account: NotFound("person.unknown"), Conflict("person.last_administrator"). A new password or disabling signs it out."""
    require(principal, Action.MANAGE_PEOPLE)
    return apply_patch(uow, person_id, body, passwords)


def apply_patch(uow: UnitOfWork, person_id: str, body: PersonPatch, passwords: Passwords) -> Person:
    """The change itself, for the API and for `videodesk admin`."""
    person = uow.people.get(person_id)
    if person is None:
        raise NotFound("person.unknown")
    changed = replace(
        person,
        display_name=person.display_name if body.display_name is None else body.display_name,
        roles=person.roles if body.roles is None else frozenset(body.roles),
        is_disabled=person.is_disabled if body.is_disabled is None else body.is_disabled,
        password_hash=person.password_hash if body.password is None else passwords.hash(body.password))
    others = [one for one in uow.people.all() if one.id != person.id]
    if _keeps_house(person) and not _keeps_house(changed) and not any(_keeps_house(one) for one in others):
        raise Conflict("person.last_administrator")
    uow.people.save(changed)
    if changed.is_disabled or body.password is not None:
        uow.people.remove_sign_ins_of(person.id)
    return changed


def _keeps_house(person: Person) -> bool:
    return Role.ADMINISTRATOR in person.roles and not person.is_disabled


def set_up(uow: UnitOfWork, desk: Desk, body: SetUpIn, passwords: Passwords, now: datetime) -> Person:
    """The first account, with all three roles: NotAllowed("setup.wrong_code"), Conflict("setup.done")."""
    if not desk.setup_code or not hmac.compare_digest(body.setup_code.encode(), desk.setup_code.encode()):
        raise NotAllowed("setup.wrong_code")
    if uow.people.all():
        raise Conflict("setup.done")
    if body.password is None and not desk.is_embedded:
        raise Invalid("person.password_short", min_length=_MIN_PASSWORD)
    # The embedded desk's owner signs in by the desk's own secret; a password can be set later.
    password = body.password or secrets.token_urlsafe()
    person = Person(new_id(now), body.name, body.display_name, frozenset({Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR}),
                    passwords.hash(password), now)
    uow.people.add(person)
    return person


def sign_in(uow: UnitOfWork, person: Person, device: str, now: datetime) -> tuple[str, SignIn]:
    """A new sign-in of a person who proved who they are: the token (256 random bits) and what is kept of it."""
    token = secrets.token_urlsafe(_TOKEN_BYTES)
    kept = SignIn(digest(token), person.id, now, now + SIGN_IN_LIFE, device)
    uow.people.add_sign_in(kept)
    return token, kept


def by_embedded_secret(uow: UnitOfWork, desk: Desk, secret: str) -> Person:
    """The embedded desk's owner: the first account. NotSignedIn("session.wrong")."""
    if desk.embedded_secret is None or not hmac.compare_digest(secret.encode(), desk.embedded_secret.encode()):
        raise NotSignedIn("session.wrong")
    people = sorted((person for person in uow.people.all() if not person.is_disabled), key=lambda person: person.created_at)
    if not people:
        raise Conflict("setup.needed")
    return people[0]


def authenticate_token(uow: UnitOfWork, token: str, now: datetime) -> Principal:
    """Who has this token: a signed-in person or a customer's page. NotSignedIn("session.unknown" | "session.expired"), Gone."""
    kept = uow.people.sign_in(digest(token))
    if kept is None:
        return customer_by_token(uow, token, now)
    if now >= kept.expires_at:
        raise NotSignedIn("session.expired")
    person = uow.people.get(kept.person_id)
    if person is None or person.is_disabled:
        raise NotSignedIn("session.unknown")
    return person.principal()


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


DeskDep = Annotated[Desk, Depends(_desk)]


def _token(credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> str:
    if credentials is None:
        raise NotSignedIn("session.missing")
    return credentials.credentials


TokenDep = Annotated[str, Depends(_token)]


def _anyone(desk: DeskDep, token: TokenDep) -> Principal:
    with desk.store.read() as uow:
        return authenticate_token(uow, token, desk.clock.now())


def _person(principal: Annotated[Principal, Depends(_anyone)]) -> Principal:
    if principal.is_customer:
        raise NotAllowed("permission.denied", action="desk")
    return principal


def _customer(principal: Annotated[Principal, Depends(_anyone)]) -> Principal:
    if not principal.is_customer:
        raise NotAllowed("permission.denied", action="join")
    return principal


AnyoneDep = Annotated[Principal, Depends(_anyone)]
PrincipalDep = Annotated[Principal, Depends(_person)]
CustomerDep = Annotated[Principal, Depends(_customer)]
