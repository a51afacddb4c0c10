"""Live marks as marks of an annotation: for painting them, and for the annotation of a snapshot that was taken with them. No Qt."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final

from videodesk.annotation.document import Document
from videodesk.annotation.marks import Arrow, Box, Ellipse, Line, Mark, Pen, Point, Rectangle, Step, clamped_width
from videodesk.protocol.live import LiveMark, LiveShape

_UPRIGHT: Final = 0.02  # of its longer side: a box that follows is drawn as a box while its corners are no farther off one
_AROUND: Final = 48


def annotation_mark(mark: LiveMark, width_px: int, height_px: int, mark_id: str) -> Mark | None:
    """`mark` on a picture of this size; None for a pointer, which nothing is kept of. Its id is `mark_id`."""
    points = [Point(x * width_px, y * height_px) for x, y in mark.points]
    styled = {"id": mark_id, "colour": mark.colour, "width_px": clamped_width(mark.width * width_px)}
    match mark.shape:
        case LiveShape.ARROW | LiveShape.LINE:
            made = Arrow if mark.shape is LiveShape.ARROW else Line
            return made(**styled, start=points[0], end=points[-1])  # type: ignore[arg-type]
        case LiveShape.RECTANGLE | LiveShape.ELLIPSE:
            return _boxed(mark.shape, points, styled)
        case LiveShape.PEN:
            return Pen(**styled, points=tuple(points))  # type: ignore[arg-type]
        case LiveShape.STEP:
            return Step(**styled, at=points[0])  # type: ignore[arg-type]
        case LiveShape.POINTER:
            return None


def annotation_of(marks: Iterable[LiveMark], width_px: int, height_px: int) -> Document:
    """The first revision of a snapshot's annotation: these marks on it, steps in the order of their numbers."""
    ordered = sorted(marks, key=lambda mark: mark.number)
    found = [annotation_mark(mark, width_px, height_px, f"live-{place}") for place, mark in enumerate(ordered)]
    return Document(width_px, height_px, tuple(mark for mark in found if mark is not None))


def _boxed(shape: LiveShape, points: Sequence[Point], styled: dict[str, object]) -> Mark:
    """A box between two corners, or through the four of one that follows: as a stroke around it once it is seen from the side."""
    if len(points) == 4 and not _is_upright(points):
        return Pen(**styled, points=_around(shape, points))  # type: ignore[arg-type]
    xs, ys = [point.x for point in points], [point.y for point in points]
    box = Box(min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys))
    made = Rectangle if shape is LiveShape.RECTANGLE else Ellipse
    return made(**styled, box=box)  # type: ignore[arg-type]


def _is_upright(corners: Sequence[Point]) -> bool:
    one, two, three, four = corners
    long = max(math.dist(one, two), math.dist(two, three), 1.0)
    return max(abs(one.y - two.y), abs(three.y - four.y), abs(two.x - three.x), abs(one.x - four.x)) <= _UPRIGHT * long


def _around(shape: LiveShape, corners: Sequence[Point]) -> tuple[Point, ...]:
    """Round the box, or round the ellipse in it, as seen in perspective; closed."""
    one, two, three, four = corners

    def at(u: float, v: float) -> Point:
        """Bilinear between the corners: near enough to the true perspective of a thing in the hand."""
        top = Point(one.x + (two.x - one.x) * u, one.y + (two.y - one.y) * u)
        low = Point(four.x + (three.x - four.x) * u, four.y + (three.y - four.y) * u)
        return Point(top.x + (low.x - top.x) * v, top.y + (low.y - top.y) * v)

    if shape is LiveShape.ELLIPSE:
        turns = [2 * math.pi * step / _AROUND for step in range(_AROUND + 1)]
        return tuple(at(0.5 + math.cos(turn) / 2, 0.5 + math.sin(turn) / 2) for turn in turns)
    share = [step / (_AROUND // 4) for step in range(_AROUND // 4)]
    sides = [*(at(s, 0) for s in share), *(at(1, s) for s in share), *(at(1 - s, 1) for s in share), *(at(0, 1 - s) for s in share)]
    return (*sides, sides[0])
