"""The custody log in SQL: one chain, appended to only. Triggers refuse UPDATE and DELETE, whoever asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sqlalchemy import DDL, JSON, Column, Connection, Integer, RowMapping, String, Table, event, insert, select
from sqlalchemy.exc import IntegrityError

from videodesk.core.errors import Conflict
from videodesk.core.vocabulary import CustodyAction
from videodesk.evidence.custody import GENESIS
from videodesk.evidence.model import CustodyEntry
from videodesk.storage.sql.schema import UtcDateTime, metadata

custody_entries: Final = Table(
    "custody_entries", metadata,
    Column("index", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcDateTime, nullable=False),
    Column("action", String(32), nullable=False),
    Column("actor_id", String(36), nullable=False),
    Column("snapshot_id", String(36), index=True),
    Column("case_id", String(36), index=True),
    Column("data", JSON, nullable=False),
    Column("previous", String(64), nullable=False, unique=True),
    Column("digest", String(64), nullable=False),
)

# By dialect, in the order of running. Migrations run the same statements (append_only_ddl).
_TRIGGERS: Final[dict[str, tuple[str, ...]]] = {
    "sqlite": tuple(
        f"CREATE TRIGGER custody_entries_no_{verb.lower()} BEFORE {verb} ON custody_entries "
        f"{condition}BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END"
        for verb, condition in (
            ("UPDATE", ""),
            ("DELETE", ""),
            # REPLACE deletes without firing the delete trigger (unless recursive_triggers is on), but fires this one first.
            ("INSERT", 'WHEN EXISTS (SELECT 1 FROM custody_entries WHERE "index" >= NEW."index") '),
        )
    ),
    "postgresql": (
        """CREATE FUNCTION custody_entries_refuse() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN RAISE EXCEPTION 'the custody log is append-only'; END $$""",
        """CREATE TRIGGER custody_entries_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON custody_entries
        FOR EACH STATEMENT EXECUTE FUNCTION custody_entries_refuse()""",
    ),
}


def append_only_ddl(dialect: str) -> tuple[str, ...]:
    """The statements that make the table append-only on this dialect."""
    return _TRIGGERS[dialect]


for _dialect, _statements in _TRIGGERS.items():
    for _statement in _statements:
        event.listen(custody_entries, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]


class SqlCustody:
    """CustodyRepository over one connection, inside the unit's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def last(self) -> CustodyEntry | None:
        row = self._connection.execute(select(custody_entries).order_by(custody_entries.c.index.desc()).limit(1)).mappings().first()
        return None if row is None else _entry_of(row)

    def append(self, entry: CustodyEntry) -> None:
        last = self.last()
        if (entry.index, entry.previous) != ((last.index + 1, last.digest) if last else (1, GENESIS)):
            raise Conflict("custody.not_next")
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(custody_entries).values(
                    index=entry.index, at=entry.at, action=entry.action.value, actor_id=entry.actor_id, snapshot_id=entry.snapshot_id,
                    case_id=entry.case_id, data=entry.data, previous=entry.previous, digest=entry.digest,
                ))
        except IntegrityError as problem:
            raise Conflict("custody.not_next") from problem

    def of_case(self, case_id: str) -> list[CustodyEntry]:
        query = select(custody_entries).where(custody_entries.c.case_id == case_id).order_by(custody_entries.c.index)
        return [_entry_of(row) for row in self._connection.execute(query).mappings()]

    def all(self) -> Iterator[CustodyEntry]:
        for row in self._connection.execute(select(custody_entries).order_by(custody_entries.c.index)).mappings():
            yield _entry_of(row)


def _entry_of(row: RowMapping) -> CustodyEntry:
    return CustodyEntry(
        index=row["index"], at=row["at"], action=CustodyAction(row["action"]), actor_id=row["actor_id"], previous=row["previous"],
        digest=row["digest"], snapshot_id=row["snapshot_id"], case_id=row["case_id"], data=row["data"],
    )
