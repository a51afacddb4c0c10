"""Where a mark is, as the SVG of a Web Annotation's selector. Pure text; nothing of a mark's words or names stands in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from videodesk.annotation.geometry import MeasureText, bounds, estimated_text_box
from videodesk.annotation.marks import (
    HIGHLIGHTER_WIDTHS,
    STEP_RADIUS_PER_WIDTH,
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
)

NAMESPACE: Final = "http://www.w3.org/2000/svg"


def svg_of(mark: Mark, width_px: int, height_px: int, measure: MeasureText = estimated_text_box) -> str:
    """The mark's region on an original of this size; a stroke's is its line with its width."""
    return (f'<svg xmlns="{NAMESPACE}" width="{width_px}" height="{height_px}" viewBox="0 0 {width_px} {height_px}">'
            f"{_shape(mark, measure)}</svg>")


def _shape(mark: Mark, measure: MeasureText) -> str:  # noqa: PLR0911 - one answer a kind
    outline = f'fill="none" stroke="{mark.colour}" stroke-width="{_n(mark.width_px)}"'
    filled = f'fill="{mark.colour}"'
    match mark:
        case Arrow() | Line() | Ruler():
            return _path((mark.start, mark.end), outline)
        case Rectangle() | Spotlight():
            return _rect(mark.box, outline)
        case Redaction():
            return _rect(mark.box, filled)
        case Ellipse():
            middle = mark.box.centre
            return (f'<ellipse cx="{_n(middle.x)}" cy="{_n(middle.y)}" rx="{_n(mark.box.width / 2)}" ry="{_n(mark.box.height / 2)}" '
                    f"{outline}/>")
        case Pen() | RedactionPen():
            return _path(mark.points, outline)
        case Highlighter():
            return _path(mark.points, f'fill="none" stroke="{mark.colour}" stroke-width="{_n(mark.width_px * HIGHLIGHTER_WIDTHS)}"')
        case Step():
            return f'<circle cx="{_n(mark.at.x)}" cy="{_n(mark.at.y)}" r="{_n(mark.width_px * STEP_RADIUS_PER_WIDTH)}" {filled}/>'
        case Text() | Stamp():
            return _rect(bounds(mark, measure), filled)
        case Callout():
            box = bounds(mark, measure)
            return f"<g>{_rect(box, filled)}{_path((box.centre, mark.target), outline)}</g>"


def _rect(box: Box, look: str) -> str:
    return f'<rect x="{_n(box.x)}" y="{_n(box.y)}" width="{_n(box.width)}" height="{_n(box.height)}" {look}/>'


def _path(points: Iterable[Point], look: str) -> str:
    return f'<path d="M {" L ".join(f"{_n(point.x)} {_n(point.y)}" for point in points)}" {look}/>'


def _n(value: float) -> str:
    """A number without an exponent, to a ten-thousandth of a px."""
    return f"{value:.4f}".rstrip("0").rstrip(".")
