"""Reading the SVG selectors of other programs: simple shapes as ways through points. Hostile text is refused, and never costs much.

No document type is read (so no entity can grow), nothing is fetched, and sizes, depths and numbers of points have bounds. What an
element means beyond where it is (styles, scripts, links, clipping, `use`) is left aside.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn
from xml.parsers import expat

from videodesk.annotation.marks import Box, Point
from videodesk.annotation.schema import MAX_COORDINATE, MAX_PEN_POINTS
from videodesk.annotation.svg_paths import Matrix, chained, path_ways, placed, transform_of

MAX_CHARS: Final = 1_000_000
MAX_ELEMENTS: Final = 2_000
MAX_DEPTH: Final = 40
_NUMBER: Final = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,3})?")
_COLOUR: Final = re.compile(r"#[0-9a-fA-F]{6}")
_ROUND_STEPS: Final = 48
# Their children are no picture by themselves.
_HIDDEN: Final = frozenset({"defs", "clipPath", "mask", "symbol", "pattern", "marker", "style", "script", "foreignObject", "metadata", "title", "desc"})


class UnreadableSvgError(ValueError):
    """No SVG that this reads."""


@dataclass(frozen=True, slots=True)
class Shape:
    """A shape, in px of the picture: an upright `box` (or the ellipse in it, `is_round`), else the way through `points`."""

    box: Box | None = None
    is_round: bool = False
    points: tuple[Point, ...] = ()
    is_closed: bool = False
    colour: str = ""


def shapes_of(svg: str, width_px: int, height_px: int) -> tuple[Shape, ...]:
    """The shapes in `svg`, which lies over a picture of this size; UnreadableSvgError for what is none, or is too large."""
    if len(svg) > MAX_CHARS:
        _refuse("too large")
    reader = _Reader(width_px, height_px)
    parser = expat.ParserCreate(encoding="utf-8", namespace_separator=" ")
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    try:
        parser.Parse(svg.encode("utf-8"), True)
    except (expat.ExpatError, UnicodeEncodeError, ValueError, OverflowError) as problem:
        raise UnreadableSvgError(str(problem)) from problem
    return tuple(reader.shapes)


@dataclass(slots=True)
class _Reader:
    width_px: int
    height_px: int
    shapes: list[Shape] = field(default_factory=list)
    count: int = 0
    points: int = 0
    hidden_from: int | None = None
    transforms: list[Matrix] = field(default_factory=list)

    def start(self, name: str, given: Mapping[str, str]) -> None:
        self.count += 1
        if self.count > MAX_ELEMENTS or len(self.transforms) >= MAX_DEPTH:
            _refuse("too many elements")
        name = name.rpartition(" ")[2]
        if not self.transforms:
            if name != "svg":
                _refuse("not an SVG")
            self.transforms.append(self._view(given))
            return
        self.transforms.append(chained(self.transforms[-1], transform_of(given.get("transform", ""))))
        if self.hidden_from is None and name in _HIDDEN:
            self.hidden_from = len(self.transforms)
        make = _SHAPES.get(name)
        if self.hidden_from is None and make is not None:
            self._keep(make(given), given)

    def end(self, name: str) -> None:
        del name
        if self.hidden_from == len(self.transforms):
            self.hidden_from = None
        self.transforms.pop()

    def _view(self, given: Mapping[str, str]) -> Matrix:
        """The picture's size over the view box's: an SVG is stretched over what it selects from."""
        box = _numbers(given.get("viewBox", ""))
        if len(box) != 4 or box[2] <= 0 or box[3] <= 0:
            return (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
        across, down = self.width_px / box[2], self.height_px / box[3]
        return (across, 0.0, 0.0, down, -box[0] * across, -box[1] * down)

    def _keep(self, found: list[tuple[Shape, Callable[[], tuple[Point, ...]]]], given: Mapping[str, str]) -> None:
        matrix = self.transforms[-1]
        colour = next((given[name].lower() for name in ("stroke", "fill") if _COLOUR.fullmatch(given.get(name, ""))), "")
        for shape, outline in found:
            if shape.box is not None and matrix[1] == matrix[2] == 0:
                corners: tuple[Point, ...] = (placed(matrix, Point(shape.box.x, shape.box.y)), placed(matrix, Point(shape.box.right, shape.box.bottom)))
                made, places = Shape(box=Box.between(corners[0], corners[1]), is_round=shape.is_round, colour=colour), corners
            else:
                way = tuple(placed(matrix, point) for point in outline())
                made, places = Shape(points=way, is_closed=shape.is_closed, colour=colour), way
            self.points += len(places)
            if self.points > MAX_PEN_POINTS:
                _refuse("too many points")
            if any(not (math.isfinite(part) and abs(part) <= MAX_COORDINATE) for place in places for part in place):
                _refuse("a place that is nowhere")
            self.shapes.append(made)


_Found = list[tuple[Shape, Callable[[], tuple[Point, ...]]]]


def _boxed(box: Box, *, is_round: bool) -> _Found:
    if box.width <= 0 or box.height <= 0:
        return []
    return [(Shape(box=box, is_round=is_round, is_closed=True), lambda: _round_outline(box) if is_round else _outline(box))]


def _outline(box: Box) -> tuple[Point, ...]:
    return (Point(box.x, box.y), Point(box.right, box.y), Point(box.right, box.bottom), Point(box.x, box.bottom), Point(box.x, box.y))


def _round_outline(box: Box) -> tuple[Point, ...]:
    turns = (2 * math.pi * step / _ROUND_STEPS for step in range(_ROUND_STEPS + 1))
    return tuple(Point(box.centre.x + box.width / 2 * math.cos(turn), box.centre.y + box.height / 2 * math.sin(turn)) for turn in turns)


def _way(points: tuple[Point, ...], *, is_closed: bool) -> _Found:
    if len(points) < 2:
        return []
    if is_closed and points[0] != points[-1]:
        points = (*points, points[0])
    return [(Shape(points=points, is_closed=is_closed), lambda: points)]


def _rect(given: Mapping[str, str]) -> _Found:
    return _boxed(Box(_one(given, "x"), _one(given, "y"), _one(given, "width"), _one(given, "height")), is_round=False)


def _ellipse(given: Mapping[str, str]) -> _Found:
    rx, ry = (_one(given, "r"),) * 2 if "r" in given else (_one(given, "rx"), _one(given, "ry"))
    return _boxed(Box(_one(given, "cx") - rx, _one(given, "cy") - ry, 2 * rx, 2 * ry), is_round=True)


def _line(given: Mapping[str, str]) -> _Found:
    return _way((Point(_one(given, "x1"), _one(given, "y1")), Point(_one(given, "x2"), _one(given, "y2"))), is_closed=False)


def _poly(given: Mapping[str, str], *, is_closed: bool) -> _Found:
    parts = _numbers(given.get("points", ""))
    return _way(tuple(Point(*pair) for pair in zip(parts[::2], parts[1::2], strict=False)), is_closed=is_closed)


def _path(given: Mapping[str, str]) -> _Found:
    return [found for points, is_closed in path_ways(given.get("d", "")) for found in _way(points, is_closed=is_closed)]


_SHAPES: Final[dict[str, Callable[[Mapping[str, str]], _Found]]] = {
    "rect": _rect, "circle": _ellipse, "ellipse": _ellipse, "line": _line, "path": _path,
    "polyline": lambda given: _poly(given, is_closed=False), "polygon": lambda given: _poly(given, is_closed=True),
}


def _one(given: Mapping[str, str], name: str) -> float:
    numbers = _numbers(given.get(name, ""))
    return numbers[0] if numbers else 0.0


def _numbers(text: str) -> list[float]:
    return [float(part) for part in _NUMBER.findall(text)]


def _refuse(problem: str) -> NoReturn:
    raise UnreadableSvgError(problem)


def _refuse_doctype(*_what: object) -> NoReturn:
    _refuse("a document type")
