"""Copies for customers in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from videodesk.core.errors import Conflict, NotFound
from videodesk.evidence.copies import CustomerCopy


@dataclass(slots=True)
class MemoryCopies:
    """CopyRepository over a dictionary."""

    copies: dict[str, CustomerCopy] = field(default_factory=dict)

    def add(self, copy: CustomerCopy) -> None:
        if copy.id in self.copies:
            raise Conflict("copy.exists")
        self.copies[copy.id] = copy

    def save(self, copy: CustomerCopy) -> None:
        if copy.id not in self.copies:
            raise NotFound("copy.unknown")
        self.copies[copy.id] = copy

    def get(self, copy_id: str) -> CustomerCopy | None:
        return self.copies.get(copy_id)

    def by_token(self, token_digest: str) -> CustomerCopy | None:
        return next((one for one in self.copies.values() if one.token_digest == token_digest), None)

    def of_case(self, case_id: str) -> list[CustomerCopy]:
        found = [one for one in self.copies.values() if one.case_id == case_id]
        return sorted(found, key=lambda one: (one.made_at, one.id), reverse=True)
