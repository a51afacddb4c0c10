"""People and sign-ins in SQL."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import JSON, Boolean, Column, Connection, ForeignKey, String, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from videodesk.core.errors import Conflict, NotFound
from videodesk.core.people import Person, Role, SignIn
from videodesk.storage.sql.schema import UtcDateTime, metadata

people: Final = Table(
    "people", metadata,
    Column("id", String(36), primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("display_name", String(200), nullable=False),
    Column("roles", JSON, nullable=False),
    Column("password_hash", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("is_disabled", Boolean, nullable=False),
)
sign_ins: Final = Table(
    "sign_ins", metadata,
    Column("token_digest", String(64), primary_key=True),
    Column("person_id", String(36), ForeignKey("people.id"), nullable=False, index=True),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("device", String(200), nullable=False),
)


class SqlPeople:
    """PersonRepository on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, person: Person) -> None:
        try:
            self._connection.execute(insert(people).values(**_row(person)))
        except IntegrityError as problem:
            raise Conflict("person.name_taken") from problem

    def save(self, person: Person) -> None:
        if self._connection.execute(update(people).where(people.c.id == person.id).values(**_row(person))).rowcount != 1:
            raise NotFound("person.unknown")

    def get(self, person_id: str) -> Person | None:
        return self._one(people.c.id == person_id)

    def by_name(self, name: str) -> Person | None:
        return self._one(people.c.name == name)

    def all(self) -> list[Person]:
        return [_person(row) for row in self._connection.execute(select(people).order_by(people.c.name)).mappings()]

    def add_sign_in(self, sign_in: SignIn) -> None:
        self._connection.execute(insert(sign_ins).values(
            token_digest=sign_in.token_digest, person_id=sign_in.person_id, created_at=sign_in.created_at,
            expires_at=sign_in.expires_at, device=sign_in.device))

    def sign_in(self, token_digest: str) -> SignIn | None:
        row = self._connection.execute(select(sign_ins).where(sign_ins.c.token_digest == token_digest)).mappings().first()
        return None if row is None else SignIn(**row)

    def remove_sign_in(self, token_digest: str) -> None:
        self._connection.execute(delete(sign_ins).where(sign_ins.c.token_digest == token_digest))

    def remove_sign_ins_of(self, person_id: str) -> None:
        self._connection.execute(delete(sign_ins).where(sign_ins.c.person_id == person_id))

    def _one(self, condition: Any) -> Person | None:
        row = self._connection.execute(select(people).where(condition)).mappings().first()
        return None if row is None else _person(row)


def _person(row: Any) -> Person:
    return Person(**{**row, "roles": frozenset(Role(role) for role in row["roles"])})


def _row(person: Person) -> dict[str, Any]:
    return {
        "id": person.id, "name": person.name, "display_name": person.display_name, "roles": sorted(role.value for role in person.roles),
        "password_hash": person.password_hash, "created_at": person.created_at, "is_disabled": person.is_disabled,
    }
