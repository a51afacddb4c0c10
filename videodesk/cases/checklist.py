"""Checklists: what must be shown for each kind of case. The lists are data (resources/checklists); here is what they mean."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from videodesk.core.vocabulary import CaseKind, Language


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One thing to show. `min_count`: how many snapshots it takes."""

    id: str
    title: Mapping[Language, str]
    hint: Mapping[Language, str]
    is_required: bool
    min_count: int = 1


@dataclass(frozen=True, slots=True)
class ItemState:
    """An item with what is there for it."""

    item: ChecklistItem
    snapshot_ids: tuple[str, ...]
    skipped_reason: str | None

    @property
    def is_done(self) -> bool:
        """Enough snapshots, or skipped with a reason."""
        return len(self.snapshot_ids) >= self.item.min_count or self.skipped_reason is not None


class Checklists:
    """All checklists."""

    def __init__(self, lists: Mapping[CaseKind, tuple[ChecklistItem, ...]], redact_first: Iterable[CaseKind] = ()) -> None:
        self._lists = lists
        self._redact_first = frozenset(redact_first)

    @classmethod
    def load(cls, folder: Path, redact_first: Iterable[CaseKind] = ()) -> Checklists:
        """Read `<kind>.json` for every kind; a missing or malformed file is a bug in what we ship and raises.

        `redact_first`: the kinds whose pictures only the agents of the case see before they are redacted, besides those whose own file
        says so ("redact_first": true).
        """
        read = {kind: json.loads((folder / f"{kind}.json").read_text(encoding="utf-8")) for kind in CaseKind}
        own = {kind for kind, told in read.items() if told.get("redact_first", False)}
        return cls({kind: tuple(_item(entry) for entry in told["items"]) for kind, told in read.items()}, {*redact_first, *own})

    def items(self, kind: CaseKind) -> tuple[ChecklistItem, ...]:
        """The items of a kind, in the order in which they are shown."""
        return self._lists[kind]

    def redacts_first(self, kind: CaseKind, /) -> bool:
        """Whether snapshots of this kind of case are redacted before anyone but its agents may see them."""
        return kind in self._redact_first

    def has_item(self, kind: CaseKind, item: str, /) -> bool:
        """Whether the checklist of this kind has this item."""
        return any(known.id == item for known in self._lists[kind])

    def state(self, kind: CaseKind, snapshots: Mapping[str, list[str]], skipped: Mapping[str, str]) -> list[ItemState]:
        """Every item with its snapshots and, when it was skipped, the reason."""
        return [ItemState(item, tuple(snapshots.get(item.id, ())), skipped.get(item.id)) for item in self._lists[kind]]


def is_complete(states: list[ItemState]) -> bool:
    """Whether every required item is done."""
    return all(state.is_done for state in states if state.item.is_required)


def missing_count(states: list[ItemState]) -> int:
    """How many required items are still to do."""
    return sum(not state.is_done for state in states if state.item.is_required)


def _item(entry: dict[str, Any]) -> ChecklistItem:
    return ChecklistItem(
        id=entry["id"], is_required=entry["required"], min_count=entry.get("min_count", 1),
        title={language: entry["title"][language] for language in Language}, hint={language: entry["hint"][language] for language in Language})
