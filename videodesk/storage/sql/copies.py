"""Copies for customers in SQL."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Column, Connection, String, Table, insert, select, update

from videodesk.core.errors import Conflict, NotFound
from videodesk.evidence.copies import CustomerCopy
from videodesk.storage.sql.schema import UtcDateTime, metadata

copies: Final = Table(
    "copies", metadata,
    Column("id", String(36), primary_key=True),
    Column("case_id", String(36), nullable=False, index=True),
    Column("call_id", String(36), nullable=False),
    Column("token_digest", String(64), nullable=False, unique=True),
    Column("made_by", String(36), nullable=False),
    Column("made_by_name", String(200), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("opened_at", UtcDateTime),
)


class SqlCopies:
    """CopyRepository on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, copy: CustomerCopy) -> None:
        if self.get(copy.id) is not None:
            raise Conflict("copy.exists")
        self._connection.execute(insert(copies).values(**_row(copy)))

    def save(self, copy: CustomerCopy) -> None:
        if self._connection.execute(update(copies).where(copies.c.id == copy.id).values(**_row(copy))).rowcount != 1:
            raise NotFound("copy.unknown")

    def get(self, copy_id: str) -> CustomerCopy | None:
        return next(iter(self._all(copies.c.id == copy_id)), None)

    def by_token(self, token_digest: str) -> CustomerCopy | None:
        return next(iter(self._all(copies.c.token_digest == token_digest)), None)

    def of_case(self, case_id: str) -> list[CustomerCopy]:
        return self._all(copies.c.case_id == case_id)

    def _all(self, condition: Any) -> list[CustomerCopy]:
        query = select(copies).where(condition).order_by(copies.c.made_at.desc(), copies.c.id.desc())
        return [CustomerCopy(**row) for row in self._connection.execute(query).mappings()]


def _row(copy: CustomerCopy) -> dict[str, Any]:
    return {column.name: getattr(copy, column.name) for column in copies.columns}
