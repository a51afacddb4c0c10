"""Measuring on a plane: how long a line on a picture is in reality, with its error interval, by a thing of known size beside it. Pure numbers.

A reference with four corners gives the homography from the picture to its plane (Hartley & Zisserman, Multiple View Geometry, 2nd ed., 4.1),
so that a slanted view is corrected; lengths are right on that plane only. A known length gives one scale and no perspective.

The interval holds what is not known to the first order: where the corners and the ends really are (carried through the homography), how
exact the reference itself is, and what the lens bends. `tests/bench/measure.py` checks that it holds the true length in 95 of 100 cases.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Final

from videodesk.annotation.marks import Measured, Point, Reference, ReferenceKind, Ruler
from videodesk.core.errors import Invalid

BANK_CARD_MM: Final = (85.60, 53.98)  # ISO/IEC 7810, ID-1
A4_MM: Final = (297.0, 210.0)
MARKER_MM: Final = {7: 100.0, 23: 40.0}  # the black square's side, by the number that the pattern holds
SIZES_MM: Final = {ReferenceKind.BANK_CARD: BANK_CARD_MM, ReferenceKind.A4: A4_MM, ReferenceKind.MARKER: (MARKER_MM[7], MARKER_MM[7])}

# What is drawn inside the black edge, row by row, 1 is white: numbers 7 and 23 of ArUco's dictionary 5X5_50.
MARKER_PATTERNS: Final = {7: ("01110", "00100", "00101", "00011", "01011"), 23: ("01011", "10100", "00100", "10110", "11110")}

# How exact the thing itself is, as one standard deviation of its size: ISO/IEC 7810 and ISO 216 allow ±0.15 % and ±1 %, paper is cut better; a
# printer is within half a per cent once the control line was looked at; a person reads a tape to a millimetre.
_OWN_SHARE: Final = {ReferenceKind.BANK_CARD: 0.002, ReferenceKind.MARKER: 0.003, ReferenceKind.A4: 0.003, ReferenceKind.KNOWN_LENGTH: 0.003}
_LENS_SHARE: Final = 0.003  # what phones leave of a lens's distortion, one standard deviation
_TILT: Final = math.tan(math.radians(6.5))  # one standard deviation: who tries to stand straight in front is within 13°
_END_SHARE: Final = 1 / 2400  # where a person puts an end, as a share of the longest side
_END_PX: Final = 0.7

MIN_SIDE_PX: Final = 30.0
MIN_LENGTH_PX: Final = 8.0
_NARROWEST: Final = math.cos(math.radians(72))  # seen more from aside than this the plane is hardly to be seen
_DEEPEST: Final = 3.0  # an end may lie at most so many times as deep as the reference
_REACH: Final = 6.0  # and at most so many times the reference's longer side away from it
_KNOWN_REACH: Final = 0.22  # of the longest side of the picture
_LARGEST_ERROR: Final = 0.15
_NORMAL_95: Final = 1.96
_FOCAL_SHARES: Final = tuple(0.5 * 1.12**step for step in range(15))  # 0.5 to 2.4 of the longest side: wide angle to a doubled main camera

Matrix = tuple[float, float, float, float, float, float, float, float, float]


def measured(start: Point, end: Point, reference: Reference, width_px: int, height_px: int) -> Measured:
    """How far `start` and `end` are from each other in mm, on the plane of `reference`, on an original of this size.

    Invalid with a code `measure.…` where no honest answer can be given: `too_short`, `too_small`, `not_flat` (corners that no rectangle has),
    `too_oblique`, `behind_horizon`, `too_far`, `too_unsure`.
    """
    longest = max(width_px, height_px)
    if math.dist(start, end) < MIN_LENGTH_PX:
        raise Invalid("measure.too_short")
    end_px = max(_END_PX, longest * _END_SHARE)
    if reference.kind is ReferenceKind.KNOWN_LENGTH:
        value, variance = _by_length(start, end, reference, end_px, longest)
    else:
        value, variance = _by_plane(start, end, reference, end_px)
    variance += value * value * (_OWN_SHARE[reference.kind] ** 2 + _LENS_SHARE**2)
    reach = _NORMAL_95 * math.sqrt(variance)
    if reach > _LARGEST_ERROR * value:
        raise Invalid("measure.too_unsure")
    return Measured(value, value - reach, value + reach)


def measured_ruler(ruler: Ruler, width_px: int, height_px: int) -> Ruler:
    """`ruler` with what it measures; without a value where its reference cannot tell (`why_not` says why)."""
    if ruler.reference is None:
        return replace(ruler, measured=None)
    try:
        return replace(ruler, measured=measured(ruler.start, ruler.end, ruler.reference, width_px, height_px))
    except Invalid:
        return replace(ruler, measured=None)


def why_not(ruler: Ruler, width_px: int, height_px: int) -> Invalid | None:
    """Why this ruler cannot be measured by its reference; None when it can, or has none."""
    if ruler.reference is None:
        return None
    try:
        measured(ruler.start, ruler.end, ruler.reference, width_px, height_px)
    except Invalid as problem:
        return problem
    return None


def check(reference: Reference, width_px: int, height_px: int) -> None:
    """Raise Invalid("measure.…") for corners that this reference cannot have on an original of this size."""
    points = reference.points
    if reference.kind is ReferenceKind.KNOWN_LENGTH:
        if math.dist(points[0], points[1]) < MIN_SIDE_PX:
            raise Invalid("measure.too_small")
        return
    _to_plane(points, reference.size_mm)
    if misfit(points, reference.size_mm, width_px, height_px) > 0.25:
        raise Invalid("measure.not_flat")


def misfit(points: Sequence[Point], size_mm: tuple[float, float], width_px: int, height_px: int) -> float:
    """How badly these corners fit a rectangle of this size under any usual lens: 0 fits, 0.1 is a tenth off in proportion or angle.

    With the middle of the picture as principal point, the two directions of the plane must be square to each other and of equal scale for
    some focal length (Zhang & He, Whiteboard scanning, 2007).
    """
    to_picture = _from_rectangle(points, size_mm)
    if to_picture is None:
        return math.inf
    middle_x, middle_y, longest = width_px / 2, height_px / 2, max(width_px, height_px)
    a, b, _, d, e, _, g, h, _ = to_picture
    one = (a - middle_x * g, d - middle_y * g, g)
    two = (b - middle_x * h, e - middle_y * h, h)

    def at(focal_px: float) -> float:
        first = (one[0] / focal_px, one[1] / focal_px, one[2])
        second = (two[0] / focal_px, two[1] / focal_px, two[2])
        long, wide = math.hypot(*first), math.hypot(*second)
        if long <= 0 or wide <= 0:
            return math.inf
        cosine = sum(x * y for x, y in zip(first, second, strict=True)) / (long * wide)
        return math.hypot(math.log(long / wide), cosine)

    return min(at(share * longest) for share in _FOCAL_SHARES)


# ── on a plane ─────────────────────────────────────────────────────────────────────────────────────────────────────


def _by_plane(start: Point, end: Point, reference: Reference, end_px: float) -> tuple[float, float]:
    """The length in mm and its variance."""
    size = reference.size_mm
    to_plane = _to_plane(reference.points, size)
    middle = _mapped(_from_rectangle_surely(reference.points, size), size[0] / 2, size[1] / 2)
    near = _depth(to_plane, *middle)
    for place in (start, end):
        share = _depth(to_plane, *place) / near
        if share <= 1 / _DEEPEST:
            raise Invalid("measure.behind_horizon")
        x, y = _mapped(to_plane, *place)
        if math.hypot(x - size[0] / 2, y - size[1] / 2) > _REACH * max(size):
            raise Invalid("measure.too_far")

    def length(*values: float) -> float:
        corners = [Point(values[at], values[at + 1]) for at in range(0, 8, 2)]
        matrix = _inverse(_from_rectangle_surely(corners, size))
        return math.dist(_mapped(matrix, values[8], values[9]), _mapped(matrix, values[10], values[11]))

    values = [part for place in (*reference.points, start, end) for part in place]
    sigmas = [reference.corner_px] * 8 + [end_px] * 4
    return length(*values), _variance(length, values, sigmas)


def _variance(length: Callable[..., float], values: list[float], sigmas: list[float]) -> float:
    total = 0.0
    for at, sigma in enumerate(sigmas):
        step = max(sigma, 0.05)
        up, down = values.copy(), values.copy()
        up[at] += step
        down[at] -= step
        slope = (length(*up) - length(*down)) / (2 * step)
        total += (slope * sigma) ** 2
    return total


def _to_plane(points: Sequence[Point], size_mm: tuple[float, float]) -> Matrix:
    """From the picture to the plane; its third row is positive where the reference is."""
    sides = [math.dist(points[at], points[(at + 1) % 4]) for at in range(4)]
    if min(sides) < MIN_SIDE_PX * _NARROWEST or max(sides) < MIN_SIDE_PX:
        raise Invalid("measure.too_small")
    if not is_convex(points):
        raise Invalid("measure.not_flat")
    to_picture = _from_rectangle_surely(points, size_mm)
    narrow, wide = _stretch(to_picture, size_mm[0] / 2, size_mm[1] / 2)
    if narrow < _NARROWEST * wide:
        raise Invalid("measure.too_oblique")
    return _inverse(to_picture)


def is_convex(points: Sequence[Point]) -> bool:
    """Whether these corners go round once, clockwise as they are seen, without a dent."""
    for at in range(4):
        one, two, three = points[at], points[(at + 1) % 4], points[(at + 2) % 4]
        if (two.x - one.x) * (three.y - two.y) - (two.y - one.y) * (three.x - two.x) <= 0:
            return False
    return True


def _stretch(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """The least and the most px that a mm takes at this place of the plane: the singular values of the map's derivative."""
    a, b, _, d, e, _, g, h, _ = matrix
    depth = _depth(matrix, x, y)
    u, v = _mapped(matrix, x, y)
    ux, uy, vx, vy = (a - u * g) / depth, (b - u * h) / depth, (d - v * g) / depth, (e - v * h) / depth
    squares, area = ux * ux + uy * uy + vx * vx + vy * vy, abs(ux * vy - uy * vx)
    root = math.sqrt(max(0.0, squares * squares - 4 * area * area))
    return math.sqrt(max(0.0, (squares - root) / 2)), math.sqrt((squares + root) / 2)


def _from_rectangle_surely(points: Sequence[Point], size_mm: tuple[float, float]) -> Matrix:
    matrix = _from_rectangle(points, size_mm)
    if matrix is None:
        raise Invalid("measure.not_flat")
    return matrix


def _from_rectangle(points: Sequence[Point], size_mm: tuple[float, float]) -> Matrix | None:
    """The homography that takes the rectangle (0, 0)…`size_mm` to these corners (Heckbert, Fundamentals of texture mapping, 1989, 2.2.3)."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = points
    dx1, dx2, sx = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, sy = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    below = dx1 * dy2 - dx2 * dy1
    if abs(below) < 1e-9 or min(size_mm) <= 0:
        return None
    g, h = (sx * dy2 - dx2 * sy) / below, (dx1 * sy - sx * dy1) / below
    width, height = size_mm
    return ((x1 - x0 + g * x1) / width, (x3 - x0 + h * x3) / height, x0,
            (y1 - y0 + g * y1) / width, (y3 - y0 + h * y3) / height, y0, g / width, h / height, 1.0)


def _inverse(m: Matrix) -> Matrix:
    """The inverse up to its scale, with the sign that makes depth positive where the matrix itself has positive depth."""
    a, b, c, d, e, f, g, h, i = m
    made = (e * i - f * h, c * h - b * i, b * f - c * e, f * g - d * i, a * i - c * g, c * d - a * f, d * h - e * g, b * g - a * h, a * e - b * d)
    determinant = a * made[0] + b * made[3] + c * made[6]
    if abs(determinant) < 1e-15:
        raise Invalid("measure.not_flat")
    return tuple(value / determinant for value in made)  # type: ignore[return-value]


def _depth(m: Matrix, x: float, y: float) -> float:
    return m[6] * x + m[7] * y + m[8]


def _mapped(m: Matrix, x: float, y: float) -> tuple[float, float]:
    depth = _depth(m, x, y)
    if abs(depth) < 1e-12:
        raise Invalid("measure.behind_horizon")
    return (m[0] * x + m[1] * y + m[2]) / depth, (m[3] * x + m[4] * y + m[5]) / depth


# ── by a known length ──────────────────────────────────────────────────────────────────────────────────────────────


def _by_length(start: Point, end: Point, reference: Reference, end_px: float, longest: int) -> tuple[float, float]:
    """The length in mm and its variance, with the camera straight in front: what it may be askew is part of the variance."""
    one, two = reference.points
    known_px, ruler_px = math.dist(one, two), math.dist(start, end)
    if known_px < MIN_SIDE_PX or reference.size_mm[0] <= 0:
        raise Invalid("measure.too_small")
    apart = math.dist(((one.x + two.x) / 2, (one.y + two.y) / 2), ((start.x + end.x) / 2, (start.y + end.y) / 2)) / longest
    if apart > _KNOWN_REACH:
        raise Invalid("measure.too_far")
    value = reference.size_mm[0] * ruler_px / known_px
    clicks = 2 * (reference.corner_px / known_px) ** 2 + 2 * (end_px / ruler_px) ** 2
    # Askew, the scale changes along the picture: over a stretch of one focal length (0.7 to 1.2 of the longest side) by the tangent of the tilt,
    # for what lies along the slope twice as fast; and it differs between directions by the cosine.
    along = 1.5 * (_TILT * apart) ** 2
    turned = abs(_sine((one, two), (start, end))) * _TILT**2 / 2
    spread = (_TILT * max(known_px, ruler_px) / longest) ** 2 / 12
    return value, value * value * (clicks + along + turned**2 + spread)


def _sine(one: tuple[Point, Point], other: tuple[Point, Point]) -> float:
    (ax, ay), (bx, by) = ((end.x - start.x, end.y - start.y) for start, end in (one, other))
    return (ax * by - ay * bx) / (math.hypot(ax, ay) * math.hypot(bx, by))
