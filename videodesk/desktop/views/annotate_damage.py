"""What has to be painted anew when one document follows another: the boxes where they look different. No painting."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import takewhile
from typing import Final

from videodesk.annotation.document import Document
from videodesk.annotation.geometry import bounds
from videodesk.annotation.marks import HIGHLIGHTER_WIDTHS, Box, Callout, Mark, Ruler, Spotlight, Step
from videodesk.desktop.drawing.painting import text_box

_LABEL_WIDTHS: Final = 60.0  # how far a ruler's words reach from its line, in widths

Shown = tuple[Mark, int]
"""A mark with the number that it shows when it is a step."""


def reach_of(mark: Mark) -> Box:
    """The box in px of the original beyond which nothing of the mark is painted: with its strokes, rims and words."""
    box, reach = bounds(mark, text_box), mark.width_px * (_LABEL_WIDTHS if isinstance(mark, Ruler) else HIGHLIGHTER_WIDTHS + 1)
    if isinstance(mark, Callout):
        left, top = min(box.x, mark.target.x), min(box.y, mark.target.y)
        box = Box(left, top, max(box.right, mark.target.x) - left, max(box.bottom, mark.target.y) - top)
    return box.grown(reach)


def shown(document: Document, hidden: Collection[str]) -> Iterator[Shown]:
    """The marks that are painted, the lowest first; hidden steps keep their numbers."""
    number = 0
    for mark in document.marks:
        number += isinstance(mark, Step)
        if mark.id not in hidden:
            yield mark, number if isinstance(mark, Step) else 0


def damage(before: list[Shown], now: list[Shown]) -> list[Box] | None:
    """Where the two look different, in px of the original; None when all of it may (spotlights dim everything around them)."""
    old, new = {mark.id: (mark, number) for mark, number in before}, {mark.id: (mark, number) for mark, number in now}
    differing = {mark_id for mark_id in old.keys() | new.keys() if old.get(mark_id) != new.get(mark_id)}
    changed = [found[mark_id][0] for mark_id in differing for found in (old, new) if mark_id in found]
    stayed_before = [mark for mark, _ in before if mark.id not in differing]
    stayed_now = [mark for mark, _ in now if mark.id not in differing]
    changed += _reordered(stayed_before, stayed_now)
    return None if any(isinstance(mark, Spotlight) for mark in changed) else [reach_of(mark) for mark in changed]


def _reordered(before: list[Mark], now: list[Mark]) -> list[Mark]:
    """The marks that went above or below others: of one that was moved it alone, else all between the first and the last that differ."""
    pairs = list(zip(before, now, strict=True))
    low = len(list(takewhile(lambda pair: pair[0].id == pair[1].id, pairs)))
    high = len(pairs) - len(list(takewhile(lambda pair: pair[0].id == pair[1].id, reversed(pairs[low:]))))
    if low >= high:
        return []
    old, new = [mark.id for mark in before[low:high]], [mark.id for mark in now[low:high]]
    if [*old[1:], old[0]] == new:
        return [before[low]]
    if [old[-1], *old[:-1]] == new:
        return [before[high - 1]]
    return before[low:high]
