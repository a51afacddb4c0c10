"""The custody log in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from videodesk.core.errors import Conflict
from videodesk.evidence.custody import GENESIS
from videodesk.evidence.model import CustodyEntry


@dataclass(slots=True)
class MemoryCustody:
    """CustodyRepository over a list; the store around it serialises writers and undoes what fails."""

    entries: list[CustodyEntry] = field(default_factory=list)

    def last(self) -> CustodyEntry | None:
        return self.entries[-1] if self.entries else None

    def append(self, entry: CustodyEntry) -> None:
        last = self.last()
        if (entry.index, entry.previous) != ((last.index + 1, last.digest) if last else (1, GENESIS)):
            raise Conflict("custody.not_next")
        self.entries.append(entry)

    def of_case(self, case_id: str) -> list[CustodyEntry]:
        return [entry for entry in self.entries if entry.case_id == case_id]

    def all(self) -> Iterator[CustodyEntry]:
        return iter(list(self.entries))
