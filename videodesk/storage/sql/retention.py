"""Holds, certificates of erasure and the erasing of a case's rows in SQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Integer,
    String,
    Table,
    Text,
    and_,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from videodesk.core.errors import Conflict, NotFound
from videodesk.core.vocabulary import CaseKind, RetentionClass
from videodesk.evidence.retention import OVER, ClosedCase, Erasure, Hold
from videodesk.storage.sql.calls import calls, chat_lines
from videodesk.storage.sql.cases import case_history, case_notes, cases
from videodesk.storage.sql.copies import copies
from videodesk.storage.sql.evidence_tables import awaited_stills, originals, renditions, revisions, snapshots, thumbnails
from videodesk.storage.sql.fulltext import case_words
from videodesk.storage.sql.invitations import consents, invitations
from videodesk.storage.sql.reviews import decisions
from videodesk.storage.sql.schema import UtcDateTime, metadata

holds: Final = Table(
    "holds", metadata,
    Column("case_id", String(36), primary_key=True),
    Column("reason", Text, nullable=False),
    Column("set_by", String(36), nullable=False),
    Column("set_by_name", String(200), nullable=False),
    Column("set_at", UtcDateTime, nullable=False),
)
erasures: Final = Table(
    "erasures", metadata,
    Column("id", String(36), primary_key=True),
    Column("case_id", String(36), nullable=False, unique=True),
    Column("case_number", String(24), nullable=False, unique=True),
    Column("retention_class", String(16), nullable=False),
    Column("erased_at", UtcDateTime, nullable=False),
    Column("erased_by", String(36), nullable=False),
    Column("erased_by_name", String(200), nullable=False),
    Column("reason", Text, nullable=False),
    Column("log_index", Integer, nullable=False),
    Column("rows", Integer, nullable=False),
    Column("files", Integer, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("backups", JSON, nullable=False),
    Column("is_finished", Boolean, nullable=False, index=True),
)

_PICTURES: Final = (snapshots.c.digest, originals.c.digest, originals.c.seal_digest, renditions.c.digest)


class SqlRetention:
    """RetentionRepository on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def hold(self, case_id: str) -> Hold | None:
        row = self._connection.execute(select(holds).where(holds.c.case_id == case_id)).mappings().first()
        return None if row is None else Hold(**row)

    def set_hold(self, hold: Hold) -> None:
        self.release(hold.case_id)
        self._connection.execute(insert(holds).values(**{column.name: getattr(hold, column.name) for column in holds.columns}))

    def release(self, case_id: str) -> bool:
        return self._connection.execute(delete(holds).where(holds.c.case_id == case_id)).rowcount > 0

    def closed_at(self, case_id: str) -> datetime | None:
        query = (
            select(cases.c.changed_at, select(func.max(case_history.c.at)).where(
                case_history.c.case_id == cases.c.id, case_history.c.what == "status").scalar_subquery().label("moved_at"))
            .where(cases.c.id == case_id, cases.c.status.in_(_over()))
        )
        row = self._connection.execute(query).first()
        return None if row is None else row.moved_at or row.changed_at

    def closed(self, before: datetime) -> list[ClosedCase]:
        moved = (
            select(case_history.c.case_id, func.max(case_history.c.at).label("at")).where(case_history.c.what == "status")
            .group_by(case_history.c.case_id).subquery()
        )
        at = func.coalesce(moved.c.at, cases.c.changed_at, type_=UtcDateTime())
        query = (
            select(cases.c.id, cases.c.number, cases.c.kind, at.label("at"))
            .select_from(cases.outerjoin(moved, moved.c.case_id == cases.c.id).outerjoin(holds, holds.c.case_id == cases.c.id))
            .where(cases.c.status.in_(_over()), holds.c.case_id.is_(None), at <= before).order_by(at, cases.c.id)
        )
        return [ClosedCase(row.id, row.number, CaseKind(row.kind), row.at) for row in self._connection.execute(query)]

    def add_erasure(self, erasure: Erasure) -> None:
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(erasures).values(_row(erasure)))
        except IntegrityError as problem:
            raise Conflict("erasure.exists") from problem

    def save_erasure(self, erasure: Erasure) -> None:
        if self._connection.execute(update(erasures).where(erasures.c.id == erasure.id).values(_row(erasure))).rowcount != 1:
            raise NotFound("erasure.unknown")

    def erasure(self, erasure_id: str) -> Erasure | None:
        return next(self._erasures(erasures.c.id == erasure_id), None)

    def erasure_of(self, case: str) -> Erasure | None:
        return next(self._erasures(or_(erasures.c.case_id == case, erasures.c.case_number == case)), None)

    def unfinished(self) -> list[Erasure]:
        return list(self._erasures(erasures.c.is_finished.is_(False)))

    def erase_rows(self, case_id: str) -> int:
        ids, mine = _snapshots_of(case_id), select(calls.c.id).where(calls.c.case_id == case_id)
        invited = select(invitations.c.id).where(invitations.c.case_id == case_id)
        # What refers to something before that.
        conditions: list[tuple[Table, Any]] = [
            (decisions, or_(decisions.c.case_id == case_id, decisions.c.snapshot_id.in_(ids))),
            (revisions, revisions.c.snapshot_id.in_(ids)),
            (renditions, renditions.c.snapshot_id.in_(ids)),
            (originals, originals.c.snapshot_id.in_(ids)),
            (awaited_stills, awaited_stills.c.case_id == case_id),
            (snapshots, snapshots.c.case_id == case_id),
            (chat_lines, chat_lines.c.call_id.in_(mine)),
            (copies, copies.c.case_id == case_id),
            (calls, calls.c.case_id == case_id),
            (consents, consents.c.invitation_id.in_(invited)),
            (invitations, invitations.c.case_id == case_id),
            (case_notes, case_notes.c.case_id == case_id),
            (case_history, case_history.c.case_id == case_id),
            (case_words, case_words.c.case_id == case_id),
            (holds, holds.c.case_id == case_id),
            (cases, cases.c.id == case_id),
            # Shared by all cases that have the same picture.
            (thumbnails, and_(*(thumbnails.c.digest.not_in(select(column)) for column in _PICTURES))),
        ]
        return sum(self._connection.execute(delete(table).where(condition)).rowcount for table, condition in conditions)

    def _erasures(self, condition: Any) -> Iterator[Erasure]:
        for row in self._connection.execute(select(erasures).where(condition).order_by(erasures.c.erased_at, erasures.c.id)).mappings():
            yield Erasure(**{
                **row, "retention_class": RetentionClass(row["retention_class"]), "backups": tuple(row["backups"])})


def _snapshots_of(case_id: str) -> Any:
    return select(snapshots.c.id).where(snapshots.c.case_id == case_id)


def _over() -> list[str]:
    return sorted(status.value for status in OVER)


def _row(erasure: Erasure) -> dict[str, Any]:
    return {column.name: getattr(erasure, column.name) for column in erasures.columns} | {
        "retention_class": erasure.retention_class.value, "backups": list(erasure.backups)}
