"""Decisions in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Column, Connection, ForeignKey, Integer, RowMapping, Select, String, Table, Text, func, insert, select
from sqlalchemy.exc import IntegrityError

from videodesk.core.errors import Conflict
from videodesk.core.vocabulary import ReviewDecision
from videodesk.review.model import Decision
from videodesk.storage.sql.schema import UtcDateTime, metadata

decisions: Final = Table(
    "decisions", metadata,
    Column("id", String(36), primary_key=True),
    # The order of adding on one snapshot: a clock may stand still or go back between two decisions.
    Column("position", Integer, nullable=False),
    Column("snapshot_id", String(36), ForeignKey("snapshots.id"), nullable=False, index=True),
    Column("case_id", String(36), nullable=False, index=True),
    Column("decision", String(32), nullable=False),
    Column("reason", String(200), nullable=False),
    Column("comment", Text, nullable=False),
    Column("decided_by", String(36), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)


class SqlReviews:
    """ReviewRepository over one connection, inside the unit's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, decision: Decision) -> None:
        newest = self._connection.execute(select(func.max(decisions.c.position))).scalar()
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(decisions).values(
                    id=decision.id, position=(newest or 0) + 1, snapshot_id=decision.snapshot_id, case_id=decision.case_id,
                    decision=decision.decision.value, reason=decision.reason, comment=decision.comment,
                    decided_by=decision.decided_by, at=decision.at,
                ))
        except IntegrityError as problem:
            raise Conflict("decision.differs") from problem

    def decision(self, decision_id: str) -> Decision | None:
        found = self._many(select(decisions).where(decisions.c.id == decision_id))
        return found[0] if found else None

    def of_snapshots(self, snapshot_ids: Sequence[str]) -> list[Decision]:
        return self._many(select(decisions).where(decisions.c.snapshot_id.in_(snapshot_ids)).order_by(decisions.c.position))

    def of_case(self, case_id: str) -> list[Decision]:
        return self._many(select(decisions).where(decisions.c.case_id == case_id).order_by(decisions.c.position))

    def _many(self, query: Select[Any]) -> list[Decision]:
        return [_decision_of(row) for row in self._connection.execute(query).mappings()]


def _decision_of(row: RowMapping) -> Decision:
    return Decision(
        id=row["id"], snapshot_id=row["snapshot_id"], case_id=row["case_id"], decision=ReviewDecision(row["decision"]),
        reason=row["reason"], comment=row["comment"], decided_by=row["decided_by"], at=row["at"],
    )
