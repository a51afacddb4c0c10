"""The crop's box: drawn, moved, stretched by its handles and by keys. Pure geometry in px of the original."""

from __future__ import annotations

from typing import Final

from videodesk.annotation.marks import Box, Point
from videodesk.annotation.shaping import Handle, drawn_box

SMALLEST_PX: Final = 16.0
HANDLES: Final = (Handle.NW, Handle.N, Handle.NE, Handle.E, Handle.SE, Handle.S, Handle.SW, Handle.W)


def places(box: Box) -> dict[Handle, Point]:
    """Where the box is taken hold of."""
    middle = box.centre
    return {
        Handle.NW: Point(box.x, box.y), Handle.N: Point(middle.x, box.y), Handle.NE: Point(box.right, box.y), Handle.E: Point(box.right, middle.y),
        Handle.SE: Point(box.right, box.bottom), Handle.S: Point(middle.x, box.bottom), Handle.SW: Point(box.x, box.bottom),
        Handle.W: Point(box.x, middle.y),
    }


def drawn_crop(start: Point, now: Point, whole: Box, *, constrained: bool, from_centre: bool) -> Box:
    """A new box from `start` to `now`, inside the picture."""
    return held(drawn_box(start, now, constrained=constrained, from_centre=from_centre), whole)


def stretched(box: Box, handle: Handle, to: Point, whole: Box) -> Box:
    """The box with one handle dragged to `to`; it never turns over and keeps SMALLEST_PX."""
    left, top, right, bottom = box.x, box.y, box.right, box.bottom
    name = handle.value
    if "w" in name:
        left = min(max(to.x, whole.x), right - SMALLEST_PX)
    if "e" in name:
        right = max(min(to.x, whole.right), left + SMALLEST_PX)
    if "n" in name:
        top = min(max(to.y, whole.y), bottom - SMALLEST_PX)
    if "s" in name:
        bottom = max(min(to.y, whole.bottom), top + SMALLEST_PX)
    return Box(left, top, right - left, bottom - top)


def shifted(box: Box, dx: float, dy: float, whole: Box) -> Box:
    """The box moved, as far as the picture goes."""
    x = min(max(box.x + dx, whole.x), whole.right - box.width)
    y = min(max(box.y + dy, whole.y), whole.bottom - box.height)
    return Box(x, y, box.width, box.height)


def held(box: Box, whole: Box) -> Box:
    """The part of the box that lies on the picture; at least SMALLEST_PX wide and high where there is room."""
    left, top = min(max(box.x, whole.x), whole.right), min(max(box.y, whole.y), whole.bottom)
    right, bottom = min(max(box.right, whole.x), whole.right), min(max(box.bottom, whole.y), whole.bottom)
    width, height = min(max(right - left, SMALLEST_PX), whole.width), min(max(bottom - top, SMALLEST_PX), whole.height)
    return shifted(Box(left, top, width, height), 0, 0, whole)
