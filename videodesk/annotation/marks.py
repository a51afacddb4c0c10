"""Marks: what can be drawn on a snapshot, as immutable data.

Every position and length is in pixels of the untouched original (x to the right, y down, floats; (0, 0) is the outer corner of
the first pixel). Nothing here knows how a mark looks: desktop/drawing has the one routine that draws it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

MIN_WIDTH: Final = 0.5
MAX_WIDTH: Final = 400.0
# Text and steps grow with the mark's width, so that one choice of three sizes fits all tools.
TEXT_HEIGHT_PER_WIDTH: Final = 5.0
STEP_RADIUS_PER_WIDTH: Final = 3.5
HIGHLIGHTER_WIDTHS: Final = 4.0
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
    HIGHLIGHTER = "highlighter"
    TEXT = "text"
    STEP = "step"
    CALLOUT = "callout"
    STAMP = "stamp"
    SPOTLIGHT = "spotlight"
    RULER = "ruler"
    REDACTION = "redaction"
    REDACTION_PEN = "redaction_pen"


class StampKind(StrEnum):
    """What a stamp says; its words stand in the mark, in the language of who set it."""

    OK = "ok"
    DAMAGE = "damage"
    SERIAL = "serial"


class RedactionReason(StrEnum):
    """Why pixels are destroyed: what could be seen there."""

    FACE = "face"
    PLATE = "plate"
    BANK = "bank"
    CARD = "card"
    EMAIL = "email"
    PHONE = "phone"
    DOCUMENT = "document"
    ADDRESS = "address"
    OTHER = "other"


class ReferenceKind(StrEnum):
    """What gives a picture its scale: a bank card (85.60 × 53.98 mm), our printed marker, a sheet of A4, a length that the person knows."""

    BANK_CARD = "bank_card"
    MARKER = "marker"
    A4 = "a4"
    KNOWN_LENGTH = "known_length"


@dataclass(frozen=True, slots=True)
class Reference:
    """A thing of known size in the picture.

    `points`: its four corners, clockwise from the one that belongs to (0, 0) of its own plane; of a known length its two ends. `size_mm`:
    width and height in mm (a known length: the length, and 0). `corner_px`: how far off a point may be, one standard deviation.
    """

    kind: ReferenceKind
    points: tuple[Point, ...]
    size_mm: tuple[float, float]
    corner_px: float = 1.0


@dataclass(frozen=True, slots=True)
class Measured:
    """What a ruler says: the length in mm, with the interval that holds the true one in 95 of 100 cases."""

    value_mm: float
    low_mm: float
    high_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Styled:
    """What all marks have.

    `id` is unique in its document, `colour` is `#rrggbb`, `width_px` the stroke, `name` a person's own words, `group` the id that marks
    which belong together share ("" alone).
    """

    id: str
    colour: str = COLOURS[0]
    width_px: float = 6.0
    name: str = ""
    group: str = ""


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
class Highlighter(_Styled):
    """A broad see-through stroke through at least one point, `HIGHLIGHTER_WIDTHS` × width wide; what is under it stays readable."""

    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Callout(_Styled):
    """Words in a bubble (`at`: its upper left corner) with a tail to `target`."""

    at: Point
    text: str
    target: Point


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp(_Styled):
    """A verdict as a label with a sign; `at` is its middle, `text` what stands on it."""

    at: Point
    stamp: StampKind
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Spotlight(_Styled):
    """A box that stays bright while all that no spotlight of the document holds is dimmed."""

    box: Box


@dataclass(frozen=True, slots=True, kw_only=True)
class Ruler(_Styled):
    """A straight line with ends. `measured` by `reference`; None without one, and while the line was moved but not measured anew."""

    start: Point
    end: Point
    reference: Reference | None = None
    measured: Measured | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Redaction(_Styled):
    """A box under which nothing of the original stays in any rendition; always filled, never see-through.

    `reason` says why; `is_proposal` that the program had proposed it and a person confirmed it.
    """

    box: Box
    reason: RedactionReason = RedactionReason.OTHER
    is_proposal: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionPen(_Styled):
    """A stroke, `width_px` wide, under which nothing of the original stays in any rendition; `reason` as in Redaction."""

    points: tuple[Point, ...]
    reason: RedactionReason = RedactionReason.OTHER
    is_proposal: bool = False


Mark = (Arrow | Line | Rectangle | Ellipse | Pen | Highlighter | Text | Step | Callout | Stamp | Spotlight | Ruler
        | Redaction | RedactionPen)
Redacting = Redaction | RedactionPen
Worded = Text | Callout | Stamp

KIND_OF: Final[dict[type[Mark], Kind]] = {
    Arrow: Kind.ARROW,
    Line: Kind.LINE,
    Rectangle: Kind.RECTANGLE,
    Ellipse: Kind.ELLIPSE,
    Pen: Kind.PEN,
    Text: Kind.TEXT,
    Step: Kind.STEP,
    Highlighter: Kind.HIGHLIGHTER,
    Callout: Kind.CALLOUT,
    Stamp: Kind.STAMP,
    Spotlight: Kind.SPOTLIGHT,
    Ruler: Kind.RULER,
    Redaction: Kind.REDACTION,
    RedactionPen: Kind.REDACTION_PEN,
}

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


def clamped_width(width_px: float) -> float:
    """`width_px` within what a mark may have."""
    return min(MAX_WIDTH, max(MIN_WIDTH, width_px))
