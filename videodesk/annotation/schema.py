"""The annotation document as JSON: versioned, upgraded when older, and checked so that hostile input is refused as Invalid.

    {"schema": "videodesk.annotation", "version": 2, "width_px": 1280, "height_px": 720, "crop": null, "turns": 0,
     "marks": [{"kind": "arrow", "id": "…", "name": "", "group": "", "colour": "#e5352b", "width_px": 6.0, "start": [x, y], "end": [x, y]}, …]}

Positions are [x, y] and boxes [x, y, width, height], in px of the original. The lowest mark comes first; the number of a step is
its place among the steps. `crop` and `turns` are how a rendition frames the original (document.Framing). Version 1 had no framing, no
groups and no reasons of redactions. The codes of refusal are "annotation.invalid" (with the `field` and the `problem` in params) and
"annotation.too_new" for a version that a later program wrote.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Final, NoReturn, TypeVar

from videodesk.annotation.document import Document, Framing
from videodesk.annotation.marks import (
    MAX_WIDTH,
    MIN_WIDTH,
    Arrow,
    Box,
    Callout,
    Ellipse,
    Highlighter,
    Kind,
    Line,
    Mark,
    Measured,
    Pen,
    Point,
    Rectangle,
    Redaction,
    RedactionPen,
    RedactionReason,
    Reference,
    ReferenceKind,
    Ruler,
    Spotlight,
    Stamp,
    StampKind,
    Step,
    Text,
    is_colour,
    kind_of,
)
from videodesk.core.errors import Invalid

SCHEMA: Final = "videodesk.annotation"
VERSION: Final = 2
MAX_SIDE: Final = 16_384
MAX_COORDINATE: Final = 4.0 * MAX_SIDE
MAX_MARKS: Final = 1_000
MAX_PEN_POINTS: Final = 10_000
MAX_ALL_POINTS: Final = 100_000
MAX_TEXT_CHARS: Final = 2_000
MAX_NAME_CHARS: Final = 200
MAX_ID_CHARS: Final = 64
MAX_MM: Final = 1_000_000.0
_ID_CHARS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")

Upgrade = Callable[[dict[str, Any]], dict[str, Any]]
# UPGRADES[n] turns a document of version n into one of version n + 1, without changing its argument.
UPGRADES: Final[dict[int, Upgrade]] = {1: lambda document: _with_framing(document)}  # noqa: PLW0108 - defined below


def to_json(document: Document) -> dict[str, Any]:
    """The document as JSON of the newest version; from_json gives an equal document back."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "width_px": document.width_px,
        "height_px": document.height_px,
        "crop": None if document.framing.crop is None else list(document.framing.crop),
        "turns": document.framing.turns,
        "marks": [_mark_to_json(mark) for mark in document.marks],
    }


def validate(document: dict[str, Any]) -> None:
    """Raise Invalid unless `document` is an annotation document; never raises anything else, whatever JSON it is given."""
    from_json(document)


def from_json(document: Any, upgrades: Mapping[int, Upgrade] = UPGRADES, version: int = VERSION) -> Document:
    """The document in `document`, upgraded from an older version where needed; Invalid when it is none.

    `upgrades` and `version` are there to test the way up over several versions.
    """
    if not isinstance(document, dict):
        _refuse("document", "not an object")
    if document.get("schema") != SCHEMA:
        _refuse("schema", "unknown")
    document = _upgraded(document, upgrades, version)
    _exactly(document, {"schema", "version", "width_px", "height_px", "crop", "turns", "marks"}, "document")
    marks = document["marks"]
    if not isinstance(marks, list):
        _refuse("marks", "not a list")
    if len(marks) > MAX_MARKS:
        _refuse("marks", "too many")
    found = tuple(_mark_from_json(mark, f"marks[{place}]") for place, mark in enumerate(marks))
    if len({mark.id for mark in found}) != len(found):
        _refuse("marks", "an id stands twice")
    if sum(len(mark.points) for mark in found if isinstance(mark, Pen | Highlighter | RedactionPen)) > MAX_ALL_POINTS:
        _refuse("marks", "too many points")
    width, height = _side(document, "width_px"), _side(document, "height_px")
    return Document(width, height, found, _framing(document, width, height))


def _upgraded(document: dict[str, Any], upgrades: Mapping[int, Upgrade], newest: int) -> dict[str, Any]:
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        _refuse("version", "not a version")
    if version > newest:
        code = "annotation.too_new"
        raise Invalid(code, version=min(version, 1_000_000))
    while version < newest:
        document = upgrades[version](document) | {"version": version + 1}
        version += 1
    return document


def _with_framing(document: dict[str, Any]) -> dict[str, Any]:
    """From version 1 to 2: groups, reasons of redactions, framing. What does not fit is refused afterwards."""
    marks = document.get("marks")
    if isinstance(marks, list):
        marks = [_with_group(mark) if isinstance(mark, dict) else mark for mark in marks]
    return document | {"marks": marks, "crop": None, "turns": 0}


def _with_group(mark: dict[str, Any]) -> dict[str, Any]:
    more: dict[str, Any] = {"group": ""}
    if mark.get("kind") == Kind.REDACTION:
        more |= {"reason": RedactionReason.OTHER.value, "is_proposal": False}
    return mark | more


def _mark_to_json(mark: Mark) -> dict[str, Any]:
    kind = kind_of(mark)
    fields = ("id", "name", "group", "colour", "width_px", *sorted(_MADE[kind][1]))
    return {"kind": kind.value} | {field: _written(getattr(mark, field)) for field in fields}


def _written(value: Any) -> Any:
    match value:
        case Measured():
            return [value.value_mm, value.low_mm, value.high_mm]
        case Reference():
            return {"kind": value.kind.value, "points": [list(point) for point in value.points], "size_mm": list(value.size_mm),
                    "corner_px": value.corner_px}
        case StrEnum():
            return value.value
        case Point() | Box():
            return list(value)
        case tuple():
            return [list(point) for point in value]
        case _:
            return value


def _number_of_mm(value: Any, where: str) -> float:
    return _number(value, where, 0.0, MAX_MM)


def _reference(value: Any, where: str) -> Reference | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        _refuse(where, "not an object")
    _exactly(value, {"kind", "points", "size_mm", "corner_px"}, where)
    kind = _word(ReferenceKind, value["kind"], f"{where}.kind")
    points, size = value["points"], value["size_mm"]
    count = 2 if kind is ReferenceKind.KNOWN_LENGTH else 4
    if not isinstance(points, list | tuple) or len(points) != count:
        _refuse(f"{where}.points", f"not {count} points")
    if not isinstance(size, list | tuple) or len(size) != 2:
        _refuse(f"{where}.size_mm", "not 2 numbers")
    return Reference(kind, tuple(_point(part, f"{where}.points") for part in points),
                     (_number_of_mm(size[0], f"{where}.size_mm"), _number_of_mm(size[1], f"{where}.size_mm")),
                     _number_of_mm(value["corner_px"], f"{where}.corner_px"))


def _measured(value: Any, where: str) -> Measured | None:
    if value is None:
        return None
    if not isinstance(value, list | tuple) or len(value) != 3:
        _refuse(where, "not 3 numbers")
    best, low, high = (_number_of_mm(part, where) for part in value)
    if not low <= best <= high:
        _refuse(where, "not an interval around the value")
    return Measured(best, low, high)


_Word = TypeVar("_Word", bound=StrEnum)


def _word(words: type[_Word], value: Any, where: str) -> _Word:
    found = next((word for word in words if word.value == value), None) if isinstance(value, str) else None
    if found is None:
        _refuse(where, "unknown")
    return found


def _flag(value: Any, where: str) -> bool:
    if not isinstance(value, bool):
        _refuse(where, "not true or false")
    return value


def _said_words(value: Any, where: str) -> str:
    return _words(value, where, MAX_TEXT_CHARS, may_break=True)


def _group(value: Any, where: str) -> str:
    return "" if value == "" else _id(value, where)


def _framing(document: dict[str, Any], width: int, height: int) -> Framing:
    turns, crop = document["turns"], document["crop"]
    if isinstance(turns, bool) or not isinstance(turns, int) or not 0 <= turns <= 3:
        _refuse("turns", "not 0 to 3")
    if crop is None:
        return Framing(None, turns)
    box = _box(crop, "crop")
    is_whole = all(part == int(part) for part in box)
    if not is_whole or box.x < 0 or box.y < 0 or box.width < 1 or box.height < 1 or box.right > width or box.bottom > height:
        _refuse("crop", "not whole px of the original")
    return Framing(box, turns)


# What a kind has beside the common fields, and how each is read. A mark's fields have the names of its JSON.
_READERS: Final[dict[str, Callable[[Any, str], Any]]] = {
    "start": lambda value, where: _point(value, where), "end": lambda value, where: _point(value, where),  # noqa: PLW0108 - defined below
    "at": lambda value, where: _point(value, where), "target": lambda value, where: _point(value, where),  # noqa: PLW0108
    "box": lambda value, where: _box(value, where), "points": lambda value, where: _points(value, where),  # noqa: PLW0108
    "text": _said_words, "reference": _reference, "measured": _measured, "is_proposal": _flag,
    "stamp": lambda value, where: _word(StampKind, value, where), "reason": lambda value, where: _word(RedactionReason, value, where),
}
_COMMON_FIELDS: Final = frozenset({"kind", "id", "name", "group", "colour", "width_px"})
_MADE: Final[dict[Kind, tuple[Callable[..., Mark], frozenset[str]]]] = {
    Kind.ARROW: (Arrow, frozenset({"start", "end"})),
    Kind.LINE: (Line, frozenset({"start", "end"})),
    Kind.RULER: (Ruler, frozenset({"start", "end", "reference", "measured"})),
    Kind.RECTANGLE: (Rectangle, frozenset({"box"})),
    Kind.ELLIPSE: (Ellipse, frozenset({"box"})),
    Kind.SPOTLIGHT: (Spotlight, frozenset({"box"})),
    Kind.PEN: (Pen, frozenset({"points"})),
    Kind.HIGHLIGHTER: (Highlighter, frozenset({"points"})),
    Kind.TEXT: (Text, frozenset({"at", "text"})),
    Kind.CALLOUT: (Callout, frozenset({"at", "text", "target"})),
    Kind.STAMP: (Stamp, frozenset({"at", "text", "stamp"})),
    Kind.STEP: (Step, frozenset({"at"})),
    Kind.REDACTION: (Redaction, frozenset({"box", "reason", "is_proposal"})),
    Kind.REDACTION_PEN: (RedactionPen, frozenset({"points", "reason", "is_proposal"})),
}


def _mark_from_json(value: Any, where: str) -> Mark:
    if not isinstance(value, dict):
        _refuse(where, "not an object")
    made, own = _MADE[_word(Kind, value.get("kind"), f"{where}.kind")]
    _exactly(value, _COMMON_FIELDS | own, where)
    return made(
        id=_id(value["id"], f"{where}.id"),
        name=_words(value["name"], f"{where}.name", MAX_NAME_CHARS),
        group=_group(value["group"], f"{where}.group"),
        colour=_colour(value["colour"], f"{where}.colour"),
        width_px=_number(value["width_px"], f"{where}.width_px", MIN_WIDTH, MAX_WIDTH),
        **{field: _READERS[field](value[field], f"{where}.{field}") for field in own},
    )


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
