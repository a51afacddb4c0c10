"""People over HTTP: the first account, signing in and out, who there is."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response

from videodesk.calls.invitations import digest
from videodesk.core.errors import NotSignedIn
from videodesk.core.ids import UUID_PATTERN
from videodesk.core.people import Person, SignIn
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import Presence
from videodesk.protocol import resources as r
from videodesk.service import auth, limits
from videodesk.service.auth import DeskDep, Passwords, PrincipalDep, TokenDep
from videodesk.service.limits import Limits, address_of

router = APIRouter(tags=["people"])

PersonIdInPath = Annotated[str, Path(pattern=UUID_PATTERN)]


def _limits(request: Request) -> Limits:
    found: Limits = request.app.state.limits
    return found


def _passwords(request: Request) -> Passwords:
    found: Passwords = request.app.state.passwords
    return found


def _presence(request: Request) -> Callable[[str], Presence]:
    found: Callable[[str], Presence] = request.app.state.hub.presences.presence_of
    return found


LimitsDep = Annotated[Limits, Depends(_limits)]
PasswordsDep = Annotated[Passwords, Depends(_passwords)]
PresenceDep = Annotated[Callable[[str], Presence], Depends(_presence)]


def _view(person: Person, presence_of: Callable[[str], Presence]) -> r.PersonView:
    return r.PersonView(id=person.id, name=person.name, display_name=person.display_name, roles=sorted(person.roles),
                        is_disabled=person.is_disabled, presence=presence_of(person.id))


def _signed_in(person: Person, token: str, kept: SignIn, presence_of: Callable[[str], Presence]) -> r.SignedIn:
    return r.SignedIn(token=token, expires_at=kept.expires_at, person=_view(person, presence_of))


@router.post("/setup", status_code=201)
def set_up(
    request: Request, desk: DeskDep, passwords: PasswordsDep, limited: LimitsDep, presence_of: PresenceDep, body: r.SetUpIn,
) -> r.SignedIn:
    """The first account, with all three roles, signed in at once; 409 setup.done later."""
    limited.take(limits.SIGN_INS_OF_ADDRESS, "setup", address_of(request.scope))
    now = desk.clock.now()
    with desk.store.write() as uow:
        person = auth.set_up(uow, desk, body, passwords, now)
        token, kept = auth.sign_in(uow, person, "", now)
    return _signed_in(person, token, kept, presence_of)


@router.post("/session", status_code=201)
def sign_in(
    request: Request, desk: DeskDep, passwords: PasswordsDep, limited: LimitsDep, presence_of: PresenceDep, body: r.SignInIn,
) -> r.SignedIn:
    """Sign in by name and password, or on the embedded desk by its secret. Wrong name and wrong password get the same answer."""
    now = desk.clock.now()
    name = body.name.strip().lower()
    limited.take(limits.SIGN_INS_OF_ADDRESS, "session", address_of(request.scope))
    if body.embedded_secret is not None:
        with desk.store.write() as uow:
            person = auth.by_embedded_secret(uow, desk, body.embedded_secret)
            token, kept = auth.sign_in(uow, person, body.device, now)
        return _signed_in(person, token, kept, presence_of)
    limited.take(limits.SIGN_INS_OF_NAME, "session", name)
    with desk.store.read() as uow:
        known = uow.people.by_name(name)
    # Before the writers' lock: the check takes its time on purpose.
    is_right = passwords.is_right(known, body.password)
    if known is None or not is_right:
        raise NotSignedIn("session.wrong")
    with desk.store.write() as uow:
        person_now = uow.people.get(known.id)
        if person_now is None or person_now.is_disabled or person_now.password_hash != known.password_hash:
            raise NotSignedIn("session.wrong")
        token, kept = auth.sign_in(uow, person_now, body.device, now)
    limited.forget(limits.SIGN_INS_OF_NAME, "session", name)
    return _signed_in(person_now, token, kept, presence_of)


@router.delete("/session", status_code=204)
def sign_out(desk: DeskDep, principal: PrincipalDep, token: TokenDep) -> Response:
    """Sign this device out."""
    assert not principal.is_customer
    with desk.store.write() as uow:
        uow.people.remove_sign_in(digest(token))
    return Response(status_code=204)


@router.get("/me")
def me(desk: DeskDep, principal: PrincipalDep, presence_of: PresenceDep) -> r.PersonView:
    """Who is signed in."""
    with desk.store.read() as uow:
        person = uow.people.get(principal.id)
    if person is None:
        raise NotSignedIn("session.unknown")
    return _view(person, presence_of)


@router.get("/people")
def people(desk: DeskDep, principal: PrincipalDep, presence_of: PresenceDep) -> list[r.PersonView]:
    """Everyone, by name."""
    require(principal, Action.SEE_PEOPLE)
    with desk.store.read() as uow:
        return [_view(person, presence_of) for person in uow.people.all()]


@router.post("/people", status_code=201)
def add_person(desk: DeskDep, principal: PrincipalDep, passwords: PasswordsDep, presence_of: PresenceDep, body: r.PersonIn) -> r.PersonView:
    """A new account; 409 person.name_taken."""
    with desk.store.write() as uow:
        return _view(auth.add_person(uow, principal, body, passwords, desk.clock.now()), presence_of)


@router.patch("/people/{person_id}")
def change_person(
    desk: DeskDep, principal: PrincipalDep, passwords: PasswordsDep, presence_of: PresenceDep, person_id: PersonIdInPath, body: r.PersonPatch,
) -> r.PersonView:
    """Change an account; a new password or disabling signs it out everywhere. 409 person.last_administrator."""
    with desk.store.write() as uow:
        return _view(auth.change_person(uow, principal, person_id, body, passwords), presence_of)
