"""Cases in SQL: what is searched and sorted by stands in columns, the rest in one JSON record."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    and_,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from videodesk.cases.model import Case, CaseFilter, HistoryEntry, Note
from videodesk.cases.search import case_words, words_of
from videodesk.core.errors import Conflict
from videodesk.core.ids import case_number
from videodesk.storage.records import from_record, to_record
from videodesk.storage.sql import fulltext
from videodesk.storage.sql.schema import UtcDateTime, metadata

cases: Final = Table(
    "cases", metadata,
    Column("id", String(36), primary_key=True),
    Column("number", String(24), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("status", String(32), nullable=False, index=True),
    Column("assignee_id", String(36), index=True),
    Column("is_sensitive", Boolean, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False, index=True),
    Column("record", JSON, nullable=False),
)
case_numbers: Final = Table(
    "case_numbers", metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)
case_notes: Final = Table(
    "case_notes", metadata,
    Column("id", String(36), primary_key=True),
    Column("case_id", String(36), ForeignKey("cases.id"), nullable=False, index=True),
    Column("author_id", String(36), nullable=False),
    Column("author_name", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
case_history: Final = Table(
    "case_history", metadata,
    Column("sequence", Integer, primary_key=True),
    Column("case_id", String(36), ForeignKey("cases.id"), nullable=False, index=True),
    Column("at", UtcDateTime, nullable=False),
    Column("actor_id", String(64), nullable=False),
    Column("actor_name", String(200), nullable=False),
    Column("what", String(32), nullable=False),
    Column("data", JSON, nullable=False),
)


class SqlCases:
    """CaseRepository on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def next_number(self, year: int) -> str:
        # The update comes first: it locks the row, also on a database that lets several write at once.
        counted = self._connection.execute(update(case_numbers).where(case_numbers.c.year == year).values(last=case_numbers.c.last + 1))
        if counted.rowcount == 0:
            self._connection.execute(insert(case_numbers).values(year=year, last=1))
            return case_number(year, 1)
        last: int = self._connection.execute(select(case_numbers.c.last).where(case_numbers.c.year == year)).scalar_one()
        return case_number(year, last)

    def add(self, case: Case) -> None:
        try:
            self._connection.execute(insert(cases).values(**_row(case)))
        except IntegrityError as problem:
            raise Conflict("case.exists") from problem
        self._index(case)

    def get(self, case_id: str) -> Case | None:
        return self._one(cases.c.id == case_id)

    def by_number(self, number: str) -> Case | None:
        return self._one(cases.c.number == number)

    def replace(self, case: Case) -> None:
        done = self._connection.execute(
            update(cases).where(cases.c.id == case.id, cases.c.revision == case.revision - 1).values(**_row(case)))
        if done.rowcount != 1:
            raise Conflict("case.stale")
        self._index(case)

    def page(self, wanted: CaseFilter, after: tuple[datetime, str] | None, limit: int) -> list[Case]:
        query = select(cases.c.record).where(self._condition(wanted)).order_by(cases.c.changed_at.desc(), cases.c.id.desc()).limit(limit)
        if after is not None:
            moment, case_id = after
            query = query.where(or_(cases.c.changed_at < moment, and_(cases.c.changed_at == moment, cases.c.id < case_id)))
        return [from_record(record, Case) for record in self._connection.execute(query).scalars()]

    def count(self, wanted: CaseFilter) -> int:
        return int(self._connection.execute(select(func.count()).select_from(cases).where(self._condition(wanted))).scalar_one())

    def add_note(self, note: Note) -> bool:
        if self._connection.execute(select(case_notes.c.id).where(case_notes.c.id == note.id)).first() is not None:
            return False
        self._connection.execute(insert(case_notes).values(
            id=note.id, case_id=note.case_id, author_id=note.author_id, author_name=note.author_name, text=note.text, at=note.at))
        if (case := self.get(note.case_id)) is not None:
            self._index(case)
        return True

    def notes(self, case_id: str) -> list[Note]:
        rows = self._connection.execute(select(case_notes).where(case_notes.c.case_id == case_id).order_by(case_notes.c.at, case_notes.c.id))
        return [Note(row.id, row.case_id, row.author_id, row.author_name, row.text, row.at) for row in rows]

    def add_history(self, entry: HistoryEntry) -> None:
        self._connection.execute(insert(case_history).values(
            case_id=entry.case_id, at=entry.at, actor_id=entry.actor_id, actor_name=entry.actor_name, what=entry.what, data=entry.data))

    def history(self, case_id: str) -> list[HistoryEntry]:
        rows = self._connection.execute(
            select(case_history).where(case_history.c.case_id == case_id).order_by(case_history.c.sequence.desc()))
        return [HistoryEntry(row.case_id, row.at, row.actor_id, row.actor_name, row.what, row.data) for row in rows]

    def _one(self, condition: Any) -> Case | None:
        record = self._connection.execute(select(cases.c.record).where(condition)).scalar()
        return None if record is None else from_record(record, Case)

    def _index(self, case: Case) -> None:
        fulltext.index(self._connection, case.id, case_words(case, self.notes(case.id)))

    def _condition(self, wanted: CaseFilter) -> Any:
        conditions: list[ColumnElement[bool]] = [cases.c.id.is_not(None)]
        if wanted.status is not None:
            conditions.append(cases.c.status == wanted.status.value)
        if wanted.kind is not None:
            conditions.append(cases.c.kind == wanted.kind.value)
        if wanted.assignee_id is not None:
            conditions.append(cases.c.assignee_id == wanted.assignee_id)
        if wanted.query.strip():
            conditions.append(fulltext.matching(self._connection, cases.c.id, words_of(wanted.query)))
        return and_(*conditions)


def _row(case: Case) -> dict[str, Any]:
    return {
        "id": case.id, "number": case.number, "kind": case.kind.value, "status": case.status.value, "assignee_id": case.assignee_id,
        "is_sensitive": case.is_sensitive, "revision": case.revision, "changed_at": case.changed_at, "record": to_record(case, Case),
    }
