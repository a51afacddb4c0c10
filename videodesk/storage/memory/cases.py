"""Cases in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from videodesk.cases.model import Case, CaseFilter, HistoryEntry, Note
from videodesk.cases.search import case_words, words_of
from videodesk.core.errors import Conflict
from videodesk.core.ids import case_number


@dataclass(slots=True)
class MemoryCases:
    """CaseRepository over dictionaries; the store around it serialises writers and undoes what fails."""

    numbers: dict[int, int] = field(default_factory=dict)
    cases: dict[str, Case] = field(default_factory=dict)
    case_notes: dict[str, Note] = field(default_factory=dict)
    entries: list[HistoryEntry] = field(default_factory=list)

    def next_number(self, year: int) -> str:
        self.numbers[year] = self.numbers.get(year, 0) + 1
        return case_number(year, self.numbers[year])

    def add(self, case: Case) -> None:
        if case.id in self.cases or self.by_number(case.number) is not None:
            raise Conflict("case.exists")
        self.cases[case.id] = case

    def get(self, case_id: str) -> Case | None:
        return self.cases.get(case_id)

    def by_number(self, number: str) -> Case | None:
        return next((case for case in self.cases.values() if case.number == number), None)

    def replace(self, case: Case) -> None:
        stored = self.cases.get(case.id)
        if stored is None or stored.revision != case.revision - 1:
            raise Conflict("case.stale")
        self.cases[case.id] = case

    def page(self, wanted: CaseFilter, after: tuple[datetime, str] | None, limit: int) -> list[Case]:
        found = sorted((case for case in self.cases.values() if self._fits(case, wanted)), key=lambda case: (case.changed_at, case.id), reverse=True)
        return [case for case in found if after is None or (case.changed_at, case.id) < after][:limit]

    def count(self, wanted: CaseFilter) -> int:
        return sum(self._fits(case, wanted) for case in self.cases.values())

    def add_note(self, note: Note) -> bool:
        if note.id in self.case_notes:
            return False
        self.case_notes[note.id] = note
        return True

    def notes(self, case_id: str) -> list[Note]:
        return sorted((note for note in self.case_notes.values() if note.case_id == case_id), key=lambda note: (note.at, note.id))

    def add_history(self, entry: HistoryEntry) -> None:
        self.entries.append(entry)

    def history(self, case_id: str) -> list[HistoryEntry]:
        return [entry for entry in reversed(self.entries) if entry.case_id == case_id]

    def _fits(self, case: Case, wanted: CaseFilter) -> bool:
        exact = all(getattr(wanted, name) in {None, getattr(case, name)} for name in ("status", "kind", "assignee_id"))
        there = case_words(case, self.notes(case.id))
        asked = words_of(wanted.query)
        if not asked and wanted.query.strip():
            return False
        return exact and all(any(word.startswith(part) for word in there) for part in asked)
