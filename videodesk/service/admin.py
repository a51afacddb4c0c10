"""What `videodesk admin` does: people and roles, on the database itself, so that it also helps when nobody can sign in."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from videodesk.core.errors import Invalid, NotFound
from videodesk.core.people import Person, Role
from videodesk.protocol.resources import PersonIn, PersonPatch
from videodesk.service.auth import Passwords, apply_patch, make_person
from videodesk.service.desk import Desk, UnitOfWork

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._@-]{0,63}")
_MIN_PASSWORD: Final = 10


def list_people(desk: Desk) -> list[str]:
    """One line per person: name, roles, display name, whether disabled."""
    with desk.store.read() as uow:
        return [_line(person) for person in uow.people.all()] or ["Nobody yet."]


def create(desk: Desk, name: str, display_name: str, roles: Sequence[Role], password: str, passwords: Passwords | None = None) -> list[str]:
    """Add a person. Invalid("person.name_invalid" | "person.password_short"), Conflict("person.name_taken")."""
    if not _NAME.fullmatch(name):
        raise Invalid("person.name_invalid")
    body = PersonIn.model_construct(name=name, display_name=display_name.strip()[:200] or name, roles=list(roles), password=_checked(password))
    with desk.store.write() as uow:
        return [_line(make_person(uow, body, passwords or Passwords(), desk.clock.now()))]


def set_disabled(desk: Desk, name: str, *, is_disabled: bool) -> list[str]:
    """Close or open an account; closing signs it out everywhere. NotFound("person.unknown"), Conflict("person.last_administrator")."""
    return _change(desk, name, PersonPatch(is_disabled=is_disabled))


def reset_password(desk: Desk, name: str, password: str, passwords: Passwords | None = None) -> list[str]:
    """Set a new password and sign the person out everywhere. NotFound("person.unknown"), Invalid("person.password_short")."""
    return _change(desk, name, PersonPatch.model_construct({"password"}, password=_checked(password)), passwords)


def set_roles(desk: Desk, name: str, roles: Sequence[Role]) -> list[str]:
    """Set the roles, these and no others. NotFound("person.unknown"), Conflict("person.last_administrator")."""
    return _change(desk, name, PersonPatch.model_construct({"roles"}, roles=list(roles)))


def _change(desk: Desk, name: str, patch: PersonPatch, passwords: Passwords | None = None) -> list[str]:
    with desk.store.write() as uow:
        return [_line(apply_patch(uow, _known(uow, name).id, patch, passwords or Passwords()))]


def _checked(password: str) -> str:
    if len(password) < _MIN_PASSWORD:
        raise Invalid("person.password_short", min_length=_MIN_PASSWORD)
    return password


def _known(uow: UnitOfWork, name: str) -> Person:
    person = uow.people.by_name(name)
    if person is None:
        raise NotFound("person.unknown")
    return person


def _line(person: Person) -> str:
    state = ", disabled" if person.is_disabled else ""
    return f"{person.name}  {'+'.join(sorted(person.roles))}  {person.display_name}{state}"
