"""Shaping marks by pointing: drawing a new one, finding the one under the pointer, dragging its handles. Pure geometry, in px."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

from videodesk.annotation.document import Document
from videodesk.annotation.geometry import MeasureText, bounds, estimated_text_box, fitted, moved
from videodesk.annotation.marks import (
    HIGHLIGHTER_WIDTHS,
    Arrow,
    Box,
    Callout,
    Ellipse,
    Highlighter,
    Kind,
    Line,
    Mark,
    Pen,
    Point,
    Rectangle,
    Redaction,
    RedactionPen,
    Ruler,
    Spotlight,
    Stamp,
    StampKind,
    Step,
    Text,
)

_STRAIGHT: Final[dict[Kind, type[Arrow | Line | Ruler]]] = {Kind.ARROW: Arrow, Kind.LINE: Line, Kind.RULER: Ruler}
_BOXED: Final[dict[Kind, type[Rectangle | Ellipse | Spotlight | Redaction]]] = {
    Kind.RECTANGLE: Rectangle, Kind.ELLIPSE: Ellipse, Kind.SPOTLIGHT: Spotlight, Kind.REDACTION: Redaction,
}
_STROKES: Final[dict[Kind, type[Pen | Highlighter | RedactionPen]]] = {
    Kind.PEN: Pen, Kind.HIGHLIGHTER: Highlighter, Kind.REDACTION_PEN: RedactionPen,
}
_ANGLE_STEP: Final = math.pi / 12  # constrained lines keep to multiples of 15°


class Handle(StrEnum):
    """Where a selected mark can be taken hold of; the compass points are of its bounds."""

    START = "start"
    END = "end"
    NW = "nw"
    N = "n"
    NE = "ne"
    E = "e"
    SE = "se"
    S = "s"
    SW = "sw"
    W = "w"
    TARGET = "target"


@dataclass(frozen=True, slots=True)
class Style:
    """What a new mark gets; `stamp` and `words` are what a stamp says."""

    colour: str
    width_px: float
    stamp: StampKind = StampKind.OK
    words: str = ""


def drawn(kind: Kind, mark_id: str, start: Point, now: Point, style: Style, *,  # noqa: PLR0911 - one answer a kind
          constrained: bool = False, from_centre: bool = False) -> Mark:
    """A new mark of `kind` drawn from `start` to `now`.

    `constrained` keeps lines to 15° steps and boxes square; `from_centre` takes `start` as the middle. Strokes begin with one point (see
    `extended`), text, steps and stamps stand at `now`. A callout points at `start`, its bubble stands at `now`.
    """
    look: dict[str, Any] = {"id": mark_id, "colour": style.colour, "width_px": style.width_px}
    match kind:
        case Kind.ARROW | Kind.LINE | Kind.RULER:
            end = _turned(start, now) if constrained else now
            first = Point(2 * start.x - end.x, 2 * start.y - end.y) if from_centre else start
            return _STRAIGHT[kind](start=first, end=end, **look)
        case Kind.RECTANGLE | Kind.ELLIPSE | Kind.SPOTLIGHT | Kind.REDACTION:
            return _BOXED[kind](box=drawn_box(start, now, constrained=constrained, from_centre=from_centre), **look)
        case Kind.PEN | Kind.HIGHLIGHTER | Kind.REDACTION_PEN:
            return _STROKES[kind](points=(start,), **look)
        case Kind.TEXT:
            return Text(at=now, text="", **look)
        case Kind.CALLOUT:
            return Callout(at=now, text="", target=start, **look)
        case Kind.STAMP:
            return Stamp(at=now, stamp=style.stamp, text=style.words, **look)
        case Kind.STEP:
            return Step(at=now, **look)


def extended(pen: Pen | Highlighter | RedactionPen, point: Point, *, spacing: float) -> Pen | Highlighter | RedactionPen:
    """The stroke drawn on to `point`; points closer than `spacing` to the last one are left out."""
    last = pen.points[-1]
    if math.hypot(point.x - last.x, point.y - last.y) < spacing:
        return pen
    return replace(pen, points=(*pen.points, point))


def is_worth_keeping(mark: Mark, smallest: float) -> bool:
    """Whether a drawn mark is more than a slip of the hand: some side ≥ `smallest` px (a box: both sides), text not blank."""
    match mark:
        case Text() | Callout():
            return bool(mark.text.strip())
        case Step() | Stamp() | Pen() | Highlighter() | RedactionPen():
            return True
        case Redaction() | Rectangle() | Ellipse() | Spotlight():
            return min(mark.box.width, mark.box.height) >= smallest
        case Arrow() | Line() | Ruler():
            return math.hypot(mark.end.x - mark.start.x, mark.end.y - mark.start.y) >= smallest


def handles(mark: Mark, measure: MeasureText = estimated_text_box) -> dict[Handle, Point]:
    """The mark's handles and where they are."""
    if isinstance(mark, Arrow | Line | Ruler):
        return {Handle.START: mark.start, Handle.END: mark.end}
    box = bounds(mark, measure)
    corners = {
        Handle.NW: Point(box.x, box.y), Handle.NE: Point(box.right, box.y),
        Handle.SE: Point(box.right, box.bottom), Handle.SW: Point(box.x, box.bottom),
    }
    if isinstance(mark, Callout):
        return corners | {Handle.TARGET: mark.target}
    if isinstance(mark, Text | Stamp | Step):
        return corners
    return corners | {
        Handle.N: Point(box.centre.x, box.y), Handle.E: Point(box.right, box.centre.y),
        Handle.S: Point(box.centre.x, box.bottom), Handle.W: Point(box.x, box.centre.y),
    }


def dragged(mark: Mark, handle: Handle, to: Point, *, constrained: bool = False, measure: MeasureText = estimated_text_box) -> Mark:
    """The mark with `handle` dragged to `to`; `constrained` keeps angle steps or proportions. Text and steps always keep theirs."""
    if isinstance(mark, Arrow | Line | Ruler):
        fixed = mark.end if handle is Handle.START else mark.start
        place = _turned(fixed, to) if constrained else to
        drawn_to: Mark = replace(mark, start=place) if handle is Handle.START else replace(mark, end=place)
        return replace(drawn_to, measured=None) if isinstance(drawn_to, Ruler) else drawn_to
    if isinstance(mark, Callout) and handle is Handle.TARGET:
        return replace(mark, target=to)
    old = bounds(mark, measure)
    if isinstance(mark, Step):
        radius = max(abs(to.x - old.centre.x), abs(to.y - old.centre.y), 1.0)
        return fitted(mark, Box(old.centre.x - radius, old.centre.y - radius, 2 * radius, 2 * radius), measure)
    new = _resized(old, handle, to, keeps_shape=constrained or isinstance(mark, Text | Callout | Stamp))
    return fitted(mark, new, measure)


def hit(document: Document, point: Point, tolerance: float, measure: MeasureText = estimated_text_box) -> Mark | None:
    """The highest mark within `tolerance` px of `point`. Outlines are hit on the line, filled marks anywhere."""
    for mark in reversed(document.marks):
        if _distance(mark, point, measure) <= tolerance + _half_stroke(mark):
            return mark
    return None


def kept_inside(mark: Mark, document: Document, measure: MeasureText = estimated_text_box) -> Mark:
    """The mark moved so that some of it stays on the original: nothing can be lost outside."""
    box = bounds(mark, measure)
    dx = max(0.0, -box.right) - max(0.0, box.x - document.width_px)
    dy = max(0.0, -box.bottom) - max(0.0, box.y - document.height_px)
    return moved(mark, dx, dy) if dx or dy else mark


def _turned(fixed: Point, to: Point) -> Point:
    length = math.hypot(to.x - fixed.x, to.y - fixed.y)
    angle = round(math.atan2(to.y - fixed.y, to.x - fixed.x) / _ANGLE_STEP) * _ANGLE_STEP
    return Point(fixed.x + length * math.cos(angle), fixed.y + length * math.sin(angle))


def drawn_box(start: Point, now: Point, *, constrained: bool = False, from_centre: bool = False) -> Box:
    """The box drawn from `start` to `now` (also of a crop, or of a selection by rubber band)."""
    dx, dy = now.x - start.x, now.y - start.y
    if constrained:
        side = max(abs(dx), abs(dy))
        dx, dy = math.copysign(side, dx), math.copysign(side, dy)
    first = start.plus(-dx, -dy) if from_centre else start
    return Box.between(first, start.plus(dx, dy))


def _resized(old: Box, handle: Handle, to: Point, *, keeps_shape: bool) -> Box:
    left, top, right, bottom = old.x, old.y, old.right, old.bottom
    name = handle.value
    if "w" in name:
        left = to.x
    if "e" in name:
        right = to.x
    if "n" in name:
        top = to.y
    if "s" in name:
        bottom = to.y
    if keeps_shape and len(name) == 2 and old.width > 0 and old.height > 0:
        scale = max(abs(right - left) / old.width, abs(bottom - top) / old.height, 0.02)
        width, height = old.width * scale, old.height * scale
        left, right = (right - width, right) if "w" in name else (left, left + width)
        top, bottom = (bottom - height, bottom) if "n" in name else (top, top + height)
    return Box.between(Point(left, top), Point(right, bottom))


def _half_stroke(mark: Mark) -> float:
    if isinstance(mark, Highlighter):
        return mark.width_px * HIGHLIGHTER_WIDTHS / 2
    return 0.0 if isinstance(mark, Text | Callout | Stamp | Step | Redaction) else mark.width_px / 2


def _distance(mark: Mark, point: Point, measure: MeasureText) -> float:  # noqa: PLR0911 - one answer a kind
    match mark:
        case Arrow() | Line() | Ruler():
            return _to_segment(point, mark.start, mark.end)
        case Pen() | Highlighter() | RedactionPen():
            parts = zip(mark.points, mark.points[1:] or mark.points, strict=False)
            return min(_to_segment(point, one, two) for one, two in parts)
        case Rectangle() | Spotlight():
            return _to_outline(point, mark.box)
        case Ellipse():
            return _to_ellipse(point, mark.box)
        case Callout():
            bubble = bounds(mark, measure)
            return min(_outside(point, bubble), _to_segment(point, bubble.centre, mark.target))
        case Text() | Stamp() | Redaction():
            return _outside(point, bounds(mark, measure))
        case Step():
            box = bounds(mark, measure)
            return max(0.0, math.dist(point, box.centre) - box.width / 2)


def _to_segment(point: Point, one: Point, two: Point) -> float:
    dx, dy = two.x - one.x, two.y - one.y
    square = dx * dx + dy * dy
    share = 0.0 if square <= 0 else min(1.0, max(0.0, ((point.x - one.x) * dx + (point.y - one.y) * dy) / square))
    return math.hypot(point.x - one.x - share * dx, point.y - one.y - share * dy)


def _outside(point: Point, box: Box) -> float:
    dx = max(box.x - point.x, 0.0, point.x - box.right)
    dy = max(box.y - point.y, 0.0, point.y - box.bottom)
    return math.hypot(dx, dy)


def _to_outline(point: Point, box: Box) -> float:
    if not box.holds(point):
        return _outside(point, box)
    return min(point.x - box.x, box.right - point.x, point.y - box.y, box.bottom - point.y)


def _to_ellipse(point: Point, box: Box) -> float:
    a, b = max(box.width / 2, 0.5), max(box.height / 2, 0.5)
    dx, dy = point.x - box.centre.x, point.y - box.centre.y
    reach = math.hypot(dx / a, dy / b)
    if reach <= 0:
        return min(a, b)
    # Along the ray from the centre: exact on circles and close enough for a pointer on ellipses.
    return math.hypot(dx, dy) * abs(1 - 1 / reach)
