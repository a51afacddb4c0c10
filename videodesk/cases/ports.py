"""Where cases are kept, and what cases need of their neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from videodesk.cases.model import Case, CaseFilter, HistoryEntry, Note
from videodesk.core.events import Event


class CaseRepository(Protocol):
    """Cases, their notes and history."""

    def next_number(self, year: int) -> str:
        """The next case number of the year, without gaps: taken in the same writing transaction that adds the case."""
        ...

    def add(self, case: Case) -> None:
        """Add; Conflict("case.exists") when the id or number exists."""
        ...

    def get(self, case_id: str) -> Case | None:
        """The case with this id."""
        ...

    def by_number(self, number: str) -> Case | None:
        """The case with this number."""
        ...

    def replace(self, case: Case) -> None:
        """Write the next revision; Conflict("case.stale") unless the stored one is `case.revision - 1`."""
        ...

    def page(self, wanted: CaseFilter, after: tuple[datetime, str] | None, limit: int) -> list[Case]:
        """At most `limit` cases, newest change first, that come after (changed_at, id)."""
        ...

    def count(self, wanted: CaseFilter) -> int:
        """How many cases the filter finds."""
        ...

    def add_note(self, note: Note) -> bool:
        """Add a note; False when this id is already there."""
        ...

    def notes(self, case_id: str) -> list[Note]:
        """A case's notes, oldest first."""
        ...

    def add_history(self, entry: HistoryEntry) -> None:
        """Append to the history."""
        ...

    def history(self, case_id: str) -> list[HistoryEntry]:
        """A case's history, newest first."""
        ...


class ItemSnapshots(Protocol):
    """Which snapshots a case has for which item; evidence answers this."""

    def of_items(self, case_id: str) -> dict[str, list[str]]:
        """Checklist item → ids of its snapshots that were not rejected, oldest first."""
        ...

    def counts(self, case_ids: Sequence[str]) -> dict[str, int]:
        """How many snapshots each case has."""
        ...


class CaseUnit(Protocol):
    """One transaction over the cases."""

    @property
    def cases(self) -> CaseRepository:
        """Cases."""
        ...

    def emit(self, event: Event) -> None:
        """Publish `event` once this unit is committed."""
        ...
