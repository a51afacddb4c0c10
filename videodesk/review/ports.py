"""Port of the review: where decisions are kept."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from videodesk.review.model import Decision


class ReviewRepository(Protocol):
    """Decisions, only ever added."""

    def add(self, decision: Decision) -> None:
        """Add; Conflict("decision.differs") when the id exists."""
        ...

    def decision(self, decision_id: str) -> Decision | None:
        """The decision with this id."""
        ...

    def of_snapshots(self, snapshot_ids: Sequence[str]) -> list[Decision]:
        """All decisions on these snapshots, oldest first."""
        ...

    def of_case(self, case_id: str) -> list[Decision]:
        """All decisions in a case, oldest first."""
        ...
