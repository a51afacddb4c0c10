"""Decisions in memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from videodesk.core.errors import Conflict
from videodesk.review.model import Decision


@dataclass(slots=True)
class MemoryReviews:
    """ReviewRepository over a dictionary, in the order of adding."""

    decisions: dict[str, Decision] = field(default_factory=dict)

    def add(self, decision: Decision) -> None:
        if decision.id in self.decisions:
            raise Conflict("decision.differs")
        self.decisions[decision.id] = decision

    def decision(self, decision_id: str) -> Decision | None:
        return self.decisions.get(decision_id)

    def of_snapshots(self, snapshot_ids: Sequence[str]) -> list[Decision]:
        return [decision for decision in self.decisions.values() if decision.snapshot_id in set(snapshot_ids)]

    def of_case(self, case_id: str) -> list[Decision]:
        return [decision for decision in self.decisions.values() if decision.case_id == case_id]
