"""Arranging several marks: aligning, distributing, stacking, grouping, copying, taking away. Each gives one command, undone in one step.

Marks that share a group and are chosen together are one unit: they keep their places to one another. Ids that no mark has are passed
over. A command that has nothing to do is an empty `Together`, which a history leaves out.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from enum import StrEnum

from videodesk.annotation.document import Add, Change, Command, Document, Remove, Reorder, Together
from videodesk.annotation.geometry import MeasureText, bounds, estimated_text_box, moved
from videodesk.annotation.marks import Box, Mark, Ruler
from videodesk.annotation.schema import MAX_MARKS
from videodesk.annotation.shaping import kept_inside
from videodesk.core.errors import Invalid

FreshId = Callable[[], str]
"""Gives an id that no mark and no group has."""


class Alignment(StrEnum):
    """What is brought onto one line: a side of the marks, or their middles (CENTRE: above one another; MIDDLE: beside one another)."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"
    TOP = "top"
    MIDDLE = "middle"
    BOTTOM = "bottom"


class Axis(StrEnum):
    """Along what marks are distributed."""

    ACROSS = "across"
    DOWN = "down"


class Stacking(StrEnum):
    """Where marks go in the stack."""

    FRONT = "front"
    FORWARD = "forward"
    BACKWARD = "backward"
    BACK = "back"


def aligned(document: Document, ids: Collection[str], alignment: Alignment, measure: MeasureText = estimated_text_box) -> Command:
    """The units of these marks on one line, within the box around all of them."""
    units = _units(document, ids)
    if len(units) < 2:
        return Together(())
    boxes = [_box_around(unit, measure) for unit in units]
    whole = _union(boxes)

    def way(box: Box) -> tuple[float, float]:
        match alignment:
            case Alignment.LEFT:
                return whole.x - box.x, 0.0
            case Alignment.CENTRE:
                return whole.centre.x - box.centre.x, 0.0
            case Alignment.RIGHT:
                return whole.right - box.right, 0.0
            case Alignment.TOP:
                return 0.0, whole.y - box.y
            case Alignment.MIDDLE:
                return 0.0, whole.centre.y - box.centre.y
            case Alignment.BOTTOM:
                return 0.0, whole.bottom - box.bottom

    return _moving(document, ((unit, way(box)) for unit, box in zip(units, boxes, strict=True)))


def distributed(document: Document, ids: Collection[str], axis: Axis, measure: MeasureText = estimated_text_box) -> Command:
    """The same room between the units of these marks; the outer two stay. Nothing below three."""
    units = _units(document, ids)
    if len(units) < 3:
        return Together(())
    is_across = axis is Axis.ACROSS
    placed = sorted(((_box_around(unit, measure), unit) for unit in units), key=lambda one: one[0].centre.x if is_across else one[0].centre.y)
    sizes = [box.width if is_across else box.height for box, _ in placed]
    first, last = placed[0][0], placed[-1][0]
    start, end = (first.x, last.right) if is_across else (first.y, last.bottom)
    room = (end - start - sum(sizes)) / (len(placed) - 1)
    ways, place = [], start
    for (box, unit), size in zip(placed, sizes, strict=True):
        by = place - (box.x if is_across else box.y)
        ways.append((unit, (by, 0.0) if is_across else (0.0, by)))
        place += size + room
    return _moving(document, ways[1:-1])


def stacked(document: Document, ids: Collection[str], stacking: Stacking) -> Command:
    """These marks in front of all others, behind all, or one place nearer or farther; their own order stays."""
    before = [mark.id for mark in document.marks]
    chosen = set(ids)
    up, rest = [one for one in before if one in chosen], [one for one in before if one not in chosen]
    match stacking:
        case Stacking.FRONT:
            after = rest + up
        case Stacking.BACK:
            after = up + rest
        case Stacking.FORWARD:
            after = _stepped(before[::-1], chosen)[::-1]
        case Stacking.BACKWARD:
            after = _stepped(before, chosen)
    return _reordering(before, after)


def grouped(document: Document, ids: Collection[str], group: str) -> Command:
    """These marks belong together from now on, whatever groups they were in; nothing below two."""
    chosen = [mark for mark in document.marks if mark.id in set(ids)]
    return _changing(document, (replace(mark, group=group) for mark in chosen) if len(chosen) > 1 else ())


def ungrouped(document: Document, ids: Collection[str]) -> Command:
    """The groups of these marks are taken apart, also where not all of a group is chosen."""
    groups = {mark.group for mark in document.marks if mark.id in set(ids)} - {""}
    return _changing(document, (replace(mark, group="") for mark in document.marks if mark.group in groups))


def pasted(document: Document, marks: Sequence[Mark], fresh_id: FreshId, by: tuple[float, float] = (0.0, 0.0), *,
           is_other_picture: bool = False, measure: MeasureText = estimated_text_box) -> tuple[Command, tuple[str, ...]]:
    """Copies of `marks` on top, moved by px, with ids and groups of their own; and their ids, in the same order.

    Some of each stays on the picture. On another picture a ruler's reference means nothing: it is left away. Invalid("annotation.invalid")
    when the document would have more marks than it may.
    """
    check_room(document, len(marks))
    groups = {group: fresh_id() for group in dict.fromkeys(mark.group for mark in marks) if group}
    copies = []
    for mark in marks:
        copy = replace(mark, id=fresh_id(), group=groups.get(mark.group, ""))
        copy = kept_inside(moved(copy, *by) if by != (0.0, 0.0) else copy, document, measure)
        if is_other_picture and isinstance(copy, Ruler):
            copy = replace(copy, reference=None, measured=None)
        copies.append(copy)
    top = len(document.marks)
    return Together(tuple(Add(top + place, copy) for place, copy in enumerate(copies))), tuple(copy.id for copy in copies)


def duplicated(document: Document, ids: Collection[str], fresh_id: FreshId, by: tuple[float, float],
               measure: MeasureText = estimated_text_box) -> tuple[Command, tuple[str, ...]]:
    """Copies of these marks as `pasted` makes them; a name stays with the first."""
    chosen = [replace(mark, name="") for mark in document.marks if mark.id in set(ids)]
    return pasted(document, chosen, fresh_id, by, measure=measure)


def removed(document: Document, ids: Collection[str]) -> Command:
    """These marks away."""
    places = [place for place, mark in enumerate(document.marks) if mark.id in set(ids)]
    return Together(tuple(Remove(place, document.marks[place]) for place in reversed(places)))


def check_room(document: Document, more: int) -> None:
    """Invalid("annotation.invalid") when `more` marks would be too many for the document."""
    if len(document.marks) + more > MAX_MARKS:
        code = "annotation.invalid"
        raise Invalid(code, field="marks", problem="too many")


def _units(document: Document, ids: Collection[str]) -> list[list[Mark]]:
    chosen = set(ids)
    units: dict[str, list[Mark]] = {}
    for mark in document.marks:
        if mark.id in chosen:
            units.setdefault(f"group {mark.group}" if mark.group else f"mark {mark.id}", []).append(mark)
    return list(units.values())


def _box_around(unit: Iterable[Mark], measure: MeasureText) -> Box:
    return _union([bounds(mark, measure) for mark in unit])


def _union(boxes: Sequence[Box]) -> Box:
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    return Box(left, top, max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top)


def _moving(document: Document, ways: Iterable[tuple[Iterable[Mark], tuple[float, float]]]) -> Command:
    return _changing(document, (moved(mark, *way) for unit, way in ways if way != (0.0, 0.0) for mark in unit))


def _changing(document: Document, marks: Iterable[Mark]) -> Command:
    standing = {mark.id: (place, mark) for place, mark in enumerate(document.marks)}
    changes = ((*standing[mark.id], mark) for mark in marks)
    return Together(tuple(Change(place, before, after) for place, before, after in changes if before != after))


def _stepped(order: list[str], chosen: set[str]) -> list[str]:
    """Each chosen one place towards the list's beginning, where no other chosen one is in the way."""
    after = list(order)
    for place in range(1, len(after)):
        if after[place] in chosen and after[place - 1] not in chosen:
            after[place - 1], after[place] = after[place], after[place - 1]
    return after


def _reordering(before: list[str], after: list[str]) -> Command:
    steps, now = [], list(before)
    for place, one in enumerate(after):
        source = now.index(one)
        if source != place:
            steps.append(Reorder(source, place))
            now.insert(place, now.pop(source))
    return Together(tuple(steps))
