"""The annotation document as JSON: versioned, upgraded when older, and checked so that hostile input is refused as Invalid.

    {"schema": "videodesk.annotation", "version": 1, "width_px": 1280, "height_px": 720,
     "marks": [{"kind": "arrow", "id": "…", "name": "", "colour": "#e5352b", "width_px": 6.0, "start": [x, y], "end": [x, y]}, …]}

Positions are [x, y] and boxes [x, y, width, height], in px of the original. The lowest mark comes first; the number of a step is
its place among the steps. The codes of refusal are "annotation.invalid" (with the `field` and the `problem` in params) and
"annotation.too_new" for a version that a later program wrote.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Final, NoReturn

from videodesk.annotation.document import Document
from videodesk.annotation.marks import (
    MAX_WIDTH,
    MIN_WIDTH,
    Arrow,
    Box,
    Ellipse,
    Kind,
    Line,
    Mark,
    Pen,
    Point,
    Rectangle,
    Redaction,
    Step,
    Text,
    is_colour,
    kind_of,
)
from videodesk.core.errors import Invalid

SCHEMA: Final = "videodesk.annotation"
VERSION: Final = 1
MAX_SIDE: Final = 16_384
MAX_COORDINATE: Final = 4.0 * MAX_SIDE
MAX_MARKS: Final = 1_000
MAX_PEN_POINTS: Final = 10_000
MAX_ALL_POINTS: Final = 100_000
MAX_TEXT_CHARS: Final = 2_000
MAX_NAME_CHARS: Final = 200
MAX_ID_CHARS: Final = 64
_ID_CHARS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
# UPGRADES[n] turns a document of version n into one of version n + 1, without changing its argument.
UPGRADES: Final[dict[int, Upgrade]] = {}


def to_json(document: Document) -> dict[str, Any]:
    """The document as JSON of the newest version; from_json gives an equal document back."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "width_px": document.width_px,
        "height_px": document.height_px,
        "marks": [_mark_to_json(mark) for mark in document.marks],
    }


def validate(document: dict[str, Any]) -> None:
    """Raise Invalid unless `document` is an annotation document; never raises anything else, whatever JSON it is given."""
    from_json(document)


def from_json(document: Any, upgrades: Mapping[int, Upgrade] = UPGRADES, version: int = VERSION) -> Document:
    """The document in `document`, upgraded from an older version where needed; Invalid when it is none.

    `upgrades` and `version` are there to test the way up before there is a second version.
    """
    if not isinstance(document, dict):
        _refuse("document", "not an object")
    if document.get("schema") != SCHEMA:
        _refuse("schema", "unknown")
    document = _upgraded(document, upgrades, version)
    _exactly(document, {"schema", "version", "width_px", "height_px", "marks"}, "document")
    marks = document["marks"]
    if not isinstance(marks, list):
        _refuse("marks", "not a list")
    if len(marks) > MAX_MARKS:
        _refuse("marks", "too many")
    found = tuple(_mark_from_json(mark, f"marks[{place}]") for place, mark in enumerate(marks))
    if len({mark.id for mark in found}) != len(found):
        _refuse("marks", "an id stands twice")
    if sum(len(mark.points) for mark in found if isinstance(mark, Pen)) > MAX_ALL_POINTS:
        _refuse("marks", "too many points")
    return Document(_side(document, "width_px"), _side(document, "height_px"), found)


def _upgraded(document: dict[str, Any], upgrades: Mapping[int, Upgrade], newest: int) -> dict[str, Any]:
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        _refuse("version", "not a version")
    if version > newest:
        code = "annotation.too_new"
        raise Invalid(code, version=min(version, 1_000_000))
    while version < newest:
        document = upgrades[version](document)
        version += 1
    return document


def _mark_to_json(mark: Mark) -> dict[str, Any]:
    common: dict[str, Any] = {
        "kind": kind_of(mark).value, "id": mark.id, "name": mark.name, "colour": mark.colour, "width_px": mark.width_px,
    }
    match mark:
        case Arrow() | Line():
            return common | {"start": list(mark.start), "end": list(mark.end)}
        case Rectangle() | Ellipse() | Redaction():
            return common | {"box": list(mark.box)}
        case Pen():
            return common | {"points": [list(point) for point in mark.points]}
        case Text():
            return common | {"at": list(mark.at), "text": mark.text}
        case Step():
            return common | {"at": list(mark.at)}


_OWN_FIELDS: Final[dict[Kind, frozenset[str]]] = {
    Kind.ARROW: frozenset({"start", "end"}),
    Kind.LINE: frozenset({"start", "end"}),
    Kind.RECTANGLE: frozenset({"box"}),
    Kind.ELLIPSE: frozenset({"box"}),
    Kind.REDACTION: frozenset({"box"}),
    Kind.PEN: frozenset({"points"}),
    Kind.TEXT: frozenset({"at", "text"}),
    Kind.STEP: frozenset({"at"}),
}
_KINDS: Final = {kind.value: kind for kind in Kind}
_COMMON_FIELDS: Final = frozenset({"kind", "id", "name", "colour", "width_px"})
_STRAIGHT: Final[dict[Kind, type[Arrow | Line]]] = {Kind.ARROW: Arrow, Kind.LINE: Line}
_BOXED: Final[dict[Kind, type[Rectangle | Ellipse | Redaction]]] = {
    Kind.RECTANGLE: Rectangle, Kind.ELLIPSE: Ellipse, Kind.REDACTION: Redaction,
}


def _mark_from_json(value: Any, where: str) -> Mark:
    if not isinstance(value, dict):
        _refuse(where, "not an object")
    word = value.get("kind")
    if not isinstance(word, str) or word not in _KINDS:
        _refuse(f"{where}.kind", "unknown")
    kind = _KINDS[word]
    _exactly(value, _COMMON_FIELDS | _OWN_FIELDS[kind], where)
    common: dict[str, Any] = {
        "id": _id(value["id"], f"{where}.id"),
        "name": _words(value["name"], f"{where}.name", MAX_NAME_CHARS),
        "colour": _colour(value["colour"], f"{where}.colour"),
        "width_px": _number(value["width_px"], f"{where}.width_px", MIN_WIDTH, MAX_WIDTH),
    }
    if kind in _STRAIGHT:
        return _STRAIGHT[kind](start=_point(value["start"], f"{where}.start"), end=_point(value["end"], f"{where}.end"), **common)
    if kind in _BOXED:
        return _BOXED[kind](box=_box(value["box"], f"{where}.box"), **common)
    if kind is Kind.PEN:
        return Pen(points=_points(value["points"], f"{where}.points"), **common)
    at = _point(value["at"], f"{where}.at")
    if kind is Kind.STEP:
        return Step(at=at, **common)
    return Text(at=at, text=_words(value["text"], f"{where}.text", MAX_TEXT_CHARS, may_break=True), **common)


def _refuse(field: str, problem: str) -> NoReturn:
    code = "annotation.invalid"
    raise Invalid(code, field=field, problem=problem)


def _exactly(value: dict[Any, Any], fields: set[str] | frozenset[str], where: str) -> None:
    if set(value) != fields:
        _refuse(where, "fields are missing or unknown")


def _side(document: dict[str, Any], field: str) -> int:
    value = document[field]
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MAX_SIDE:
        _refuse(field, "not a size in px")
    return value


def _number(value: Any, where: str, low: float, high: float) -> float:
    # The range is checked before float(): an int of a thousand digits would raise OverflowError there.
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high or not math.isfinite(value):
        _refuse(where, "not a number in range")
    return float(value)


def _numbers(value: Any, where: str, count: int) -> list[float]:
    if not isinstance(value, list | tuple) or len(value) != count:
        _refuse(where, f"not {count} numbers")
    return [_number(part, where, -MAX_COORDINATE, MAX_COORDINATE) for part in value]


def _point(value: Any, where: str) -> Point:
    return Point(*_numbers(value, where, 2))


def _points(value: Any, where: str) -> tuple[Point, ...]:
    if not isinstance(value, list | tuple) or not 1 <= len(value) <= MAX_PEN_POINTS:
        _refuse(where, "not a list of points")
    return tuple(_point(part, where) for part in value)


def _box(value: Any, where: str) -> Box:
    box = Box(*_numbers(value, where, 4))
    if box.width < 0 or box.height < 0:
        _refuse(where, "negative size")
    return box


def _id(value: Any, where: str) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= MAX_ID_CHARS or not set(value) <= _ID_CHARS:
        _refuse(where, "not an id")
    return value


def _colour(value: Any, where: str) -> str:
    if not isinstance(value, str) or not is_colour(value):
        _refuse(where, "not a colour")
    return value


def _words(value: Any, where: str, longest: int, *, may_break: bool = False) -> str:
    if not isinstance(value, str) or len(value) > longest:
        _refuse(where, "not a text, or too long")
    for character in value:
        code = ord(character)
        is_control = code < 0x20 or 0x7F <= code < 0xA0
        if 0xD800 <= code <= 0xDFFF or (is_control and not (may_break and character == "\n")):
            _refuse(where, "a character that cannot be drawn")
    return value
