"""Where marks are: their bounds, moving and stretching them. Pure geometry, in px of the original."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from videodesk.annotation.marks import (
    STEP_RADIUS_PER_WIDTH,
    TEXT_HEIGHT_PER_WIDTH,
    Arrow,
    Box,
    Callout,
    Ellipse,
    Highlighter,
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
    Step,
    Text,
    Worded,
    clamped_width,
)

MeasureText = Callable[[Worded], Box]
"""Says which box the words of a mark take (as estimated_text_box), in px of the original; the drawing routine knows the font, the rules do not."""


def estimated_text_box(mark: Worded) -> Box:
    """About the box that the words of a mark take, without knowing the font; a callout's is its bubble, a stamp's lies around its middle."""
    lines = mark.text.split("\n")
    height = mark.width_px * TEXT_HEIGHT_PER_WIDTH
    box = Box(mark.at.x, mark.at.y, max(1, *(len(line) for line in lines)) * height * 0.5, len(lines) * height)
    if isinstance(mark, Stamp):
        box = Box(mark.at.x - box.width / 2 - height, mark.at.y - box.height / 2, box.width + 2 * height, box.height)
    return box


def bounds(mark: Mark, measure: MeasureText = estimated_text_box) -> Box:
    """The upright box around the mark's geometry, without half its stroke."""
    match mark:
        case Arrow() | Line() | Ruler():
            return Box.between(mark.start, mark.end)
        case Rectangle() | Ellipse() | Spotlight() | Redaction():
            return mark.box
        case Pen() | Highlighter() | RedactionPen():
            xs, ys = [p.x for p in mark.points], [p.y for p in mark.points]
            return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
        case Text() | Callout() | Stamp():
            return measure(mark)
        case Step():
            radius = mark.width_px * STEP_RADIUS_PER_WIDTH
            return Box(mark.at.x - radius, mark.at.y - radius, 2 * radius, 2 * radius)


def moved(mark: Mark, dx: float, dy: float) -> Mark:
    """The mark, moved by (dx, dy)."""
    match mark:
        case Arrow() | Line() | Ruler():
            return _unmeasured(replace(mark, start=mark.start.plus(dx, dy), end=mark.end.plus(dx, dy)))
        case Rectangle() | Ellipse() | Spotlight() | Redaction():
            return replace(mark, box=Box(mark.box.x + dx, mark.box.y + dy, mark.box.width, mark.box.height))
        case Pen() | Highlighter() | RedactionPen():
            return replace(mark, points=tuple(point.plus(dx, dy) for point in mark.points))
        case Callout():
            return replace(mark, at=mark.at.plus(dx, dy), target=mark.target.plus(dx, dy))
        case Text() | Step() | Stamp():
            return replace(mark, at=mark.at.plus(dx, dy))


def fitted(mark: Mark, box: Box, measure: MeasureText = estimated_text_box) -> Mark:
    """The mark stretched so that `bounds` becomes `box`; words and steps keep their proportions and take the box's height."""
    old = bounds(mark, measure)
    scale_x = box.width / old.width if old.width > 0 else 1.0
    scale_y = box.height / old.height if old.height > 0 else 1.0

    def placed(point: Point) -> Point:
        return Point(box.x + (point.x - old.x) * scale_x, box.y + (point.y - old.y) * scale_y)

    match mark:
        case Arrow() | Line() | Ruler():
            return _unmeasured(replace(mark, start=placed(mark.start), end=placed(mark.end)))
        case Rectangle() | Ellipse() | Spotlight() | Redaction():
            return replace(mark, box=box)
        case Pen() | Highlighter() | RedactionPen():
            return replace(mark, points=tuple(placed(point) for point in mark.points))
        case Text() | Callout():
            width = clamped_width(mark.width_px * scale_y)
            return replace(mark, at=Point(box.x, box.y), width_px=width)
        case Stamp():
            return replace(mark, at=box.centre, width_px=clamped_width(mark.width_px * scale_y))
        case Step():
            width = clamped_width(mark.width_px * max(scale_x, scale_y))
            return replace(mark, at=box.centre, width_px=width)


def _unmeasured(mark: Arrow | Line | Ruler) -> Mark:
    """A ruler that lies elsewhere has to be measured anew."""
    return replace(mark, measured=None) if isinstance(mark, Ruler) else mark
