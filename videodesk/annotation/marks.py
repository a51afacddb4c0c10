"""Marks: what can be drawn on a snapshot, as immutable data.

Every position and length is in pixels of the untouched original (x to the right, y down, floats; (0, 0) is the outer corner of
the first pixel). Nothing here knows how a mark looks: desktop/drawing has the one routine that draws it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final, NamedTuple

MIN_WIDTH: Final = 0.5
MAX_WIDTH: Final = 400.0
# Text and steps grow with the mark's width, so that one choice of three sizes fits all tools.
TEXT_HEIGHT_PER_WIDTH: Final = 5.0
STEP_RADIUS_PER_WIDTH: Final = 3.5
COLOURS: Final = ("#e5352b", "#f5a400", "#23a455", "#1c7ed6", "#111418", "#ffffff")
REDACTION_COLOUR: Final = "#111418"
_COLOUR: Final = re.compile(r"#[0-9a-f]{6}")


class Point(NamedTuple):
    """A place in the original, in px."""

    x: float
    y: float

    def plus(self, dx: float, dy: float) -> Point:
        """This place moved by (dx, dy)."""
        return Point(self.x + dx, self.y + dy)


class Box(NamedTuple):
    """An upright rectangle in the original, in px; width and height are ≥ 0."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def between(cls, one: Point, other: Point) -> Box:
        """The box that has `one` and `other` as opposite corners, whichever way round."""
        return cls(min(one.x, other.x), min(one.y, other.y), abs(one.x - other.x), abs(one.y - other.y))

    @property
    def right(self) -> float:
        """The x of the right side."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of the lower side."""
        return self.y + self.height

    @property
    def centre(self) -> Point:
        """The middle."""
        return Point(self.x + self.width / 2, self.y + self.height / 2)

    def grown(self, by: float) -> Box:
        """The box with `by` px more on every side."""
        return Box(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def holds(self, point: Point) -> bool:
        """Whether `point` is in the box or on its side."""
        return self.x <= point.x <= self.right and self.y <= point.y <= self.bottom


class Kind(StrEnum):
    """The kinds of marks; the value is what stands in JSON."""

    ARROW = "arrow"
    LINE = "line"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    PEN = "pen"
    TEXT = "text"
    STEP = "step"
    REDACTION = "redaction"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Styled:
    """What all marks have. `id` is unique in its document, `colour` is `#rrggbb`, `width_px` the stroke, `name` a person's own words."""

    id: str
    colour: str = COLOURS[0]
    width_px: float = 6.0
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrow(_Styled):
    """A line with a head at `end`."""

    start: Point
    end: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Line(_Styled):
    """A straight line."""

    start: Point
    end: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Rectangle(_Styled):
    """The outline of a box."""

    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Ellipse(_Styled):
    """The outline of the ellipse that fits in a box."""

    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Pen(_Styled):
    """A freehand stroke through at least one point."""

    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text(_Styled):
    """Words; `at` is the upper left corner, a line is `TEXT_HEIGHT_PER_WIDTH` × width high."""

    at: Point
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step(_Styled):
    """A number in a disc. The number is the step's place among the document's steps, never stored: removing one renumbers the rest."""

    at: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction(_Styled):
    """A box under which nothing of the original stays in any rendition; always filled, never see-through."""

    box: Box


Mark = Arrow | Line | Rectangle | Ellipse | Pen | Text | Step | Redaction

KIND_OF: Final[dict[type[Mark], Kind]] = {
    Arrow: Kind.ARROW,
    Line: Kind.LINE,
    Rectangle: Kind.RECTANGLE,
    Ellipse: Kind.ELLIPSE,
    Pen: Kind.PEN,
    Text: Kind.TEXT,
    Step: Kind.STEP,
    Redaction: Kind.REDACTION,
}

MeasureText = Callable[[Text], Box]
"""Says which box a text takes, in px of the original; the drawing routine knows the font, the rules do not."""


def kind_of(mark: Mark) -> Kind:
    """The kind of `mark`."""
    return KIND_OF[type(mark)]


def is_colour(text: str) -> bool:
    """Whether `text` is a colour as marks keep it: `#rrggbb`, lower case, without transparency."""
    return _COLOUR.fullmatch(text) is not None


def standard_widths(width_px: int, height_px: int) -> tuple[float, float, float]:
    """The thin, medium and thick stroke that look right on an original of this size."""
    longest = max(width_px, height_px)
    thin, medium, thick = (max(1.0, round(longest * share * 2) / 2) for share in (0.0025, 0.0045, 0.008))
    return thin, medium, thick


def estimated_text_box(mark: Text) -> Box:
    """About the box a text takes, without knowing the font."""
    lines = mark.text.split("\n")
    height = mark.width_px * TEXT_HEIGHT_PER_WIDTH
    return Box(mark.at.x, mark.at.y, max(1, *(len(line) for line in lines)) * height * 0.5, len(lines) * height)


def bounds(mark: Mark, measure: MeasureText = estimated_text_box) -> Box:
    """The upright box around the mark's geometry, without half its stroke."""
    match mark:
        case Arrow() | Line():
            return Box.between(mark.start, mark.end)
        case Rectangle() | Ellipse() | Redaction():
            return mark.box
        case Pen():
            xs, ys = [p.x for p in mark.points], [p.y for p in mark.points]
            return Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
        case Text():
            return measure(mark)
        case Step():
            radius = mark.width_px * STEP_RADIUS_PER_WIDTH
            return Box(mark.at.x - radius, mark.at.y - radius, 2 * radius, 2 * radius)


def moved(mark: Mark, dx: float, dy: float) -> Mark:
    """The mark, moved by (dx, dy)."""
    match mark:
        case Arrow() | Line():
            return replace(mark, start=mark.start.plus(dx, dy), end=mark.end.plus(dx, dy))
        case Rectangle() | Ellipse() | Redaction():
            return replace(mark, box=Box(mark.box.x + dx, mark.box.y + dy, mark.box.width, mark.box.height))
        case Pen():
            return replace(mark, points=tuple(point.plus(dx, dy) for point in mark.points))
        case Text() | Step():
            return replace(mark, at=mark.at.plus(dx, dy))


def fitted(mark: Mark, box: Box, measure: MeasureText = estimated_text_box) -> Mark:
    """The mark stretched so that `bounds` becomes `box`; text and steps keep their proportions and take the box's height."""
    old = bounds(mark, measure)
    scale_x = box.width / old.width if old.width > 0 else 1.0
    scale_y = box.height / old.height if old.height > 0 else 1.0

    def placed(point: Point) -> Point:
        return Point(box.x + (point.x - old.x) * scale_x, box.y + (point.y - old.y) * scale_y)

    match mark:
        case Arrow() | Line():
            return replace(mark, start=placed(mark.start), end=placed(mark.end))
        case Rectangle() | Ellipse() | Redaction():
            return replace(mark, box=box)
        case Pen():
            return replace(mark, points=tuple(placed(point) for point in mark.points))
        case Text():
            width = clamped_width(mark.width_px * scale_y)
            return replace(mark, at=Point(box.x, box.y), width_px=width)
        case Step():
            width = clamped_width(mark.width_px * max(scale_x, scale_y))
            return replace(mark, at=box.centre, width_px=width)


def clamped_width(width_px: float) -> float:
    """`width_px` within what a mark may have."""
    return min(MAX_WIDTH, max(MIN_WIDTH, width_px))
