"""The small languages inside SVG: path data, flattened into ways through points, and transforms as matrices."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Final

from videodesk.annotation.marks import Point
from videodesk.annotation.schema import MAX_PEN_POINTS

Matrix = tuple[float, float, float, float, float, float]
"""a b c d e f as in SVG: x' = a·x + c·y + e, y' = b·x + d·y + f."""

IDENTITY: Final[Matrix] = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
_PARTS: Final = re.compile(r"([MmLlHhVvCcSsQqTtAaZz])|([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?)")
_TAKES: Final = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "S": 4, "Q": 4, "T": 2, "A": 7}
_TRANSFORM: Final = re.compile(r"(matrix|translate|scale|rotate)\s*\(([^()]{0,200})\)")
_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
_STEPS: Final = 12  # points that a curve becomes


def chained(outer: Matrix, inner: Matrix) -> Matrix:
    """First `inner`, then `outer`."""
    a, b, c, d, e, f = outer
    g, h, i, j, k, m = inner
    return (a * g + c * h, b * g + d * h, a * i + c * j, b * i + d * j, a * k + c * m + e, b * k + d * m + f)


def placed(matrix: Matrix, point: Point) -> Point:
    """Where `matrix` puts `point`."""
    a, b, c, d, e, f = matrix
    return Point(a * point.x + c * point.y + e, b * point.x + d * point.y + f)


def transform_of(text: str) -> Matrix:
    """The matrix of a `transform` attribute; what it does not know (skewX, skewY) is left out."""
    matrix = IDENTITY
    for name, inside in _TRANSFORM.findall(text[:2_000]):
        parts = [float(part) for part in _NUMBER.findall(inside)]
        matrix = chained(matrix, _single(name, parts))
    return matrix


def _single(name: str, parts: list[float]) -> Matrix:
    match name, parts:
        case "matrix", [a, b, c, d, e, f]:
            return (a, b, c, d, e, f)
        case "translate", [x, *rest]:
            return (1.0, 0.0, 0.0, 1.0, x, rest[0] if rest else 0.0)
        case "scale", [x, *rest]:
            return (x, 0.0, 0.0, rest[0] if rest else x, 0.0, 0.0)
        case "rotate", [angle, *rest]:
            sine, cosine = math.sin(math.radians(angle)), math.cos(math.radians(angle))
            turn = (cosine, sine, -sine, cosine, 0.0, 0.0)
            if len(rest) < 2:
                return turn
            there, back = (1.0, 0.0, 0.0, 1.0, rest[0], rest[1]), (1.0, 0.0, 0.0, 1.0, -rest[0], -rest[1])
            return chained(chained(there, turn), back)
        case _:
            return IDENTITY


def path_ways(data: str) -> list[tuple[tuple[Point, ...], bool]]:
    """The ways of path data, curves as short lines, and whether each is closed; reading ends at what is no path (as SVG says).

    ValueError when it has more points than a mark may have.
    """
    ways: list[tuple[list[Point], bool]] = []
    pen = _PathPen(ways)
    command = ""
    given: list[float] = []
    read_to = 0
    for part in _PARTS.finditer(data):
        letter, number = part.groups()
        if data[read_to:part.start()].strip(" \t\r\n,"):
            break
        read_to = part.end()
        if letter:
            if given:
                break
            command = letter
            if command in "Zz":
                pen.close()
                command = ""
            continue
        if not command:
            break
        given.append(float(number))
        if len(given) == _TAKES[command.upper()]:
            pen.draw(command, given)
            given = []
            command = {"M": "L", "m": "l"}.get(command, command)
        if pen.count > MAX_PEN_POINTS:
            message = "too many points"
            raise ValueError(message)
    return [(tuple(points), is_closed) for points, is_closed in ways]


class _PathPen:
    """Carries out path commands; the last way of `ways` is the one being drawn, `count` the points of all of them."""

    def __init__(self, ways: list[tuple[list[Point], bool]]) -> None:
        self._ways = ways
        self.count = 0
        self._at = Point(0.0, 0.0)
        self._control: Point | None = None
        self._control_of = ""

    def close(self) -> None:
        if self._ways:
            points, _ = self._ways[-1]
            self._ways[-1] = (points, True)
            self._at = points[0]

    def draw(self, command: str, given: list[float]) -> None:
        base = self._at if command.islower() else Point(0.0, 0.0)
        pairs = [Point(base.x + x, base.y + y) for x, y in zip(given[::2], given[1::2], strict=False)]
        kind = command.upper()
        match kind:
            case "M":
                self._at = pairs[0]
                self._ways.append(([self._at], False))
                self.count += 1
            case "L":
                self._to(pairs[0])
            case "H":
                self._to(Point(base.x + given[0], self._at.y))
            case "V":
                self._to(Point(self._at.x, base.y + given[0]))
            case "C":
                self._curve(pairs[0], pairs[1], pairs[2])
            case "S":
                self._curve(self._mirrored("CS"), pairs[0], pairs[1])
            case "Q":
                self._bend(pairs[0], pairs[1])
            case "T":
                self._bend(self._mirrored("QT"), pairs[0])
            case "A":
                self._arc(given, Point(base.x + given[5], base.y + given[6]))
        self._control_of = kind

    def _mirrored(self, kinds: str) -> Point:
        """The control point that goes on smoothly from the last curve of these kinds."""
        control = self._control
        if control is None or self._control_of not in kinds:
            return self._at
        return Point(2 * self._at.x - control.x, 2 * self._at.y - control.y)

    def _to(self, point: Point) -> None:
        if not self._ways or self._ways[-1][1]:
            self._ways.append(([self._at], False))
        self._ways[-1][0].append(point)
        self.count += 1
        self._at = point

    def _follow(self, way: Callable[[float], Point], end: Point) -> None:
        for step in range(1, _STEPS):
            self._to(way(step / _STEPS))
        self._to(end)

    def _curve(self, one: Point, two: Point, end: Point) -> None:
        start = self._at

        def way(t: float) -> Point:
            s = 1 - t
            parts = s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t
            return Point(*(sum(share * place[axis] for share, place in zip(parts, (start, one, two, end), strict=True)) for axis in (0, 1)))

        self._follow(way, end)
        self._control = two

    def _bend(self, control: Point, end: Point) -> None:
        start = self._at

        def way(t: float) -> Point:
            s = 1 - t
            return Point(*(s * s * start[axis] + 2 * s * t * control[axis] + t * t * end[axis] for axis in (0, 1)))

        self._follow(way, end)
        self._control = control

    def _arc(self, given: list[float], end: Point) -> None:
        """SVG 1.1, F.6: from end points to the middle and angles."""
        rx, ry, tilt = abs(given[0]), abs(given[1]), math.radians(given[2])
        start = self._at
        if rx <= 0 or ry <= 0 or start == end:
            self._to(end)
            return
        cosine, sine = math.cos(tilt), math.sin(tilt)
        half_x, half_y = (start.x - end.x) / 2, (start.y - end.y) / 2
        x, y = cosine * half_x + sine * half_y, cosine * half_y - sine * half_x
        grow = math.sqrt(max(1.0, (x / rx) ** 2 + (y / ry) ** 2))
        rx, ry = rx * grow, ry * grow
        below = (rx * y) ** 2 + (ry * x) ** 2
        factor = math.sqrt(max(0.0, (rx * ry) ** 2 / below - 1)) if below > 0 else 0.0
        if bool(given[3]) == bool(given[4]):
            factor = -factor
        cx, cy = factor * rx * y / ry, -factor * ry * x / rx
        first = math.atan2((y - cy) / ry, (x - cx) / rx)
        sweep = math.atan2((-y - cy) / ry, (-x - cx) / rx) - first
        if given[4] and sweep < 0:
            sweep += 2 * math.pi
        elif not given[4] and sweep > 0:
            sweep -= 2 * math.pi
        middle = Point(cosine * cx - sine * cy + (start.x + end.x) / 2, sine * cx + cosine * cy + (start.y + end.y) / 2)

        def way(t: float) -> Point:
            u, v = rx * math.cos(first + t * sweep), ry * math.sin(first + t * sweep)
            return Point(middle.x + cosine * u - sine * v, middle.y + sine * u + cosine * v)

        self._follow(way, end)
