"""Marks as W3C Web Annotations (JSON-LD, https://www.w3.org/TR/annotation-model/), written and read.

Each mark is an Annotation of an AnnotationPage: its region as an SvgSelector (boxes beside it as a FragmentSelector, which more programs
read), its words as a TextualBody, and our own JSON of the mark in a body of its own, so that a page that was written here and left alone
comes back equal. Where another program changed a region, its selector counts, no longer our JSON. Foreign annotations become the simplest
mark that shows their region: a rectangle, an ellipse, a line or a stroke.

What is read here is hostile until proven otherwise: sizes are bounded, unknown things are left out, the whole is checked by the schema.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import replace
from typing import Any, Final, NoReturn
from urllib.parse import unquote

from videodesk.annotation import schema
from videodesk.annotation.document import Document
from videodesk.annotation.geometry import MeasureText, bounds, estimated_text_box
from videodesk.annotation.marks import (
    COLOURS,
    Arrow,
    Box,
    Ellipse,
    Highlighter,
    Line,
    Mark,
    Pen,
    Rectangle,
    Redaction,
    RedactionPen,
    Ruler,
    Spotlight,
    Worded,
    is_colour,
    standard_widths,
)
from videodesk.annotation.smoothing import with_corners
from videodesk.annotation.svg_reading import Shape, UnreadableSvgError, shapes_of
from videodesk.annotation.svg_writing import svg_of
from videodesk.core.errors import Invalid

CONTEXT: Final = "http://www.w3.org/ns/anno.jsonld"
MEDIA_TYPE: Final = 'application/ld+json; profile="http://www.w3.org/ns/anno.jsonld"'
OWN: Final = "urn:videodesk:annotation:"
OWN_TYPE: Final = "application/vnd.videodesk.mark+json"
_FRAME: Final = "videodesk:document"
_FRAGMENTS: Final = "http://www.w3.org/TR/media-frags/"
_XYWH: Final = re.compile(r"xywh=(pixel:|percent:)?(\d{1,9}(?:\.\d{1,9})?),(\d{1,9}(?:\.\d{1,9})?),(\d{1,9}(?:\.\d{1,9})?),(\d{1,9}(?:\.\d{1,9})?)")
_MAX_SELECTORS: Final = 20


def to_web(document: Document, *, page_id: str, source: str, measure: MeasureText = estimated_text_box) -> dict[str, Any]:
    """The document as an AnnotationPage.

    `page_id`: an IRI of the page; the annotations' are made from it. `source`: an IRI of the untouched original. `measure` is the drawing
    routine's, so that regions of words are as they are drawn.
    """
    own = schema.to_json(document)
    frame = {name: value for name, value in own.items() if name != "marks"}
    return {
        "@context": [CONTEXT, {"videodesk": OWN}],
        "id": page_id,
        "type": "AnnotationPage",
        _FRAME: json.dumps(frame, sort_keys=True),
        "startIndex": 0,
        "items": [
            _item(mark, kept, document, page_id, source, measure) for mark, kept in zip(document.marks, own["marks"], strict=True)
        ],
    }


def from_web(page: Any, width_px: int, height_px: int) -> Document:
    """The marks in `page` (an AnnotationPage, an AnnotationCollection with its first page in it, an Annotation, or a list of them).

    The original that they are to lie on has `width_px` × `height_px`. What cannot be shown on it is left out. The ids of marks from here
    are kept; on a document with marks of its own give them fresh ones (arranging.pasted). Invalid("annotation.invalid", "annotation.too_new")
    when it is none of these, or when it was written for an original of another size.
    """
    try:
        return _read(page, width_px, height_px)
    except RecursionError:
        _refuse("document", "too deep")


# ── writing ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _item(mark: Mark, kept: dict[str, Any], document: Document, page_id: str, source: str, measure: MeasureText) -> dict[str, Any]:
    svg = svg_of(mark, document.width_px, document.height_px, measure)
    selectors: list[dict[str, Any]] = [{"type": "SvgSelector", "value": svg}]
    if isinstance(mark, Rectangle | Redaction | Spotlight | Ellipse):
        selectors.insert(0, {"type": "FragmentSelector", "conformsTo": _FRAGMENTS, "value": _fragment(mark, document)})
    bodies: list[dict[str, Any]] = []
    if isinstance(mark, Worded) and mark.text:
        bodies.append({"type": "TextualBody", "purpose": "commenting", "format": "text/plain", "value": mark.text})
    if mark.name:
        bodies.append({"type": "TextualBody", "purpose": "describing", "format": "text/plain", "value": mark.name})
    own = {"schema": schema.SCHEMA, "version": schema.VERSION, "mark": kept, "selectors_sha256": _digest(selectors)}
    bodies.append({"type": "TextualBody", "purpose": "editing", "format": OWN_TYPE, "value": json.dumps(own, ensure_ascii=False, sort_keys=True)})
    is_hiding = isinstance(mark, Redaction | RedactionPen)
    return {
        "id": f"{page_id}#{mark.id}",
        "type": "Annotation",
        "motivation": "editing" if is_hiding else "commenting" if isinstance(mark, Worded) else "highlighting",
        "body": bodies,
        "target": {"type": "SpecificResource", "source": source, "selector": selectors},
    }


def _fragment(mark: Mark, document: Document) -> str:
    """The pixels that the mark's bounds touch; media fragments know whole, positive numbers only."""
    box = bounds(mark)
    left, top = max(0, math.floor(box.x)), max(0, math.floor(box.y))
    right, bottom = min(document.width_px, math.ceil(box.right)), min(document.height_px, math.ceil(box.bottom))
    return f"xywh=pixel:{left},{top},{max(0, right - left)},{max(0, bottom - top)}"


def _digest(selectors: Any) -> str:
    """Of regions as they were written: another digest later means that somebody changed them."""
    return hashlib.sha256(json.dumps(selectors, sort_keys=True).encode()).hexdigest()


# ── reading ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _read(page: Any, width_px: int, height_px: int) -> Document:
    items, frame = _items(page), _frame(page)
    document = Document(width_px, height_px)
    if isinstance(frame, dict):
        document = schema.from_json(frame | {"marks": []})
        if (document.width_px, document.height_px) != (width_px, height_px):
            _refuse("width_px", "another picture's size")
    marks: list[Mark] = []
    taken: set[str] = set()
    for item in items:
        for mark in _marks_of(item, document, frame):
            if len(marks) >= schema.MAX_MARKS:
                _refuse("marks", "too many")
            unique = mark if mark.id and mark.id not in taken else replace(mark, id=_free_id(taken))
            taken.add(unique.id)
            marks.append(unique)
    return schema.from_json(schema.to_json(replace(document, marks=tuple(marks))))


def _frame(page: Any) -> Any:
    """Size and framing as they were written here; None on a page of another program."""
    written = page.get(_FRAME) if isinstance(page, dict) else None
    if not isinstance(written, str):
        return None
    try:
        return json.loads(written)
    except ValueError:
        _refuse("document", "not JSON")


def _items(page: Any) -> list[Any]:
    if isinstance(page, list):
        found: Any = page
    elif not isinstance(page, dict):
        found = None
    elif "items" in page:
        found = page["items"]
    elif isinstance(page.get("first"), dict):
        found = page["first"].get("items")
    else:
        found = [page] if "target" in page else None
    if not isinstance(found, list):
        _refuse("document", "no annotations")
    if len(found) > schema.MAX_MARKS:
        _refuse("marks", "too many")
    return found


def _marks_of(item: Any, document: Document, frame: Any) -> list[Mark]:
    """The marks of one annotation; none where nothing of it can be shown."""
    if not isinstance(item, dict):
        return []
    targets = _listed(item.get("target"))[:_MAX_SELECTORS]
    selectors = [one for target in targets if isinstance(target, dict) for one in _listed(target.get("selector"))][:_MAX_SELECTORS]
    own = _own(item, frame)
    if own is not None and own[1] == _digest(selectors):
        return [own[0]]
    kept = own[0] if own is not None else None
    shapes = _shapes(selectors, document) or [shape for target in targets for shape in _of_iri(target, document)]
    name = kept.name if kept is not None else _words(item)
    width = kept.width_px if kept is not None else standard_widths(document.width_px, document.height_px)[1]
    made = [_mark(shape, kept.colour if kept is not None else shape.colour or COLOURS[0], width, name) for shape in shapes]
    if kept is not None and len(made) == 1:
        return [_again(kept, made[0])]
    return made


def _own(item: dict[str, Any], frame: Any) -> tuple[Mark, str] | None:
    """Our own mark in a body of the annotation, with the digest of the regions as they were; None where there is none that is right."""
    for body in _listed(item.get("body"))[:_MAX_SELECTORS]:
        if not isinstance(body, dict) or body.get("format") != OWN_TYPE or not isinstance(body.get("value"), str):
            continue
        try:
            own = json.loads(body["value"])
            size = frame if isinstance(frame, dict) else {"width_px": schema.MAX_SIDE, "height_px": schema.MAX_SIDE}
            whole = {"schema": own["schema"], "version": own["version"], "width_px": size["width_px"], "height_px": size["height_px"],
                     "marks": [own["mark"]]}
            if own["version"] != 1:
                whole |= {"crop": None, "turns": 0}
            return schema.from_json(whole).marks[0], str(own["selectors_sha256"])
        except (ValueError, KeyError, TypeError, RecursionError, Invalid):
            continue
    return None


def _again(kept: Mark, made: Mark) -> Mark:  # noqa: PLR0911 - one answer a kind
    """A mark of ours whose region another program changed: of the same kind where the new region has its form."""
    match kept, made:
        case (Rectangle() | Ellipse() | Spotlight()), (Rectangle() | Ellipse()):
            return replace(kept, box=made.box)
        case (Arrow() | Line()), Line():
            return replace(kept, start=made.start, end=made.end)
        case Ruler(), Line():
            return replace(kept, start=made.start, end=made.end, measured=None)
        case (Pen() | Highlighter()), Pen():
            return replace(kept, points=made.points)
        case Redaction(), _:
            return replace(kept, box=bounds(made))
        case RedactionPen(), _:
            return _redacting_again(kept, made)
        case _:
            return replace(made, id=kept.id, group=kept.group)


def _redacting_again(kept: RedactionPen, made: Mark) -> Mark:
    """What redacted goes on redacting, whatever its region became."""
    if isinstance(made, Pen):
        return replace(kept, points=made.points)
    look = {"id": kept.id, "colour": kept.colour, "width_px": kept.width_px, "name": kept.name, "group": kept.group}
    return Redaction(box=bounds(made), reason=kept.reason, is_proposal=kept.is_proposal, **look)  # type: ignore[arg-type]


def _shapes(selectors: list[Any], document: Document) -> list[Shape]:
    """What the selectors select: of alternatives the SVG, which is the more exact one."""
    found: list[Shape] = []
    for selector in selectors:
        if isinstance(selector, dict) and selector.get("type") == "SvgSelector" and isinstance(selector.get("value"), str):
            try:
                found += shapes_of(selector["value"], document.width_px, document.height_px)
            except UnreadableSvgError:
                continue
    if found:
        return found
    fragments = (one.get("value") for one in selectors if isinstance(one, dict) and one.get("type") == "FragmentSelector")
    return [shape for value in fragments for shape in _of_fragment(value, document)]


def _of_iri(target: Any, document: Document) -> list[Shape]:
    """A target may be an IRI with a media fragment."""
    iri = target.get("id", target.get("source")) if isinstance(target, dict) else target
    return _of_fragment(iri.partition("#")[2], document) if isinstance(iri, str) and len(iri) < 4_000 else []


def _of_fragment(value: Any, document: Document) -> list[Shape]:
    found = _XYWH.search(unquote(value)) if isinstance(value, str) and len(value) < 4_000 else None
    if found is None:
        return []
    x, y, width, height = (float(part) for part in found.groups()[1:])
    if found[1] == "percent:":
        x, width = x * document.width_px / 100, width * document.width_px / 100
        y, height = y * document.height_px / 100, height * document.height_px / 100
    if max(x + width, y + height) > schema.MAX_COORDINATE or min(width, height) <= 0:
        return []
    return [Shape(box=Box(x, y, width, height), is_closed=True)]


def _mark(shape: Shape, colour: str, width_px: float, name: str) -> Mark:
    look: dict[str, Any] = {"id": "", "colour": colour if is_colour(colour) else COLOURS[0], "width_px": width_px, "name": name}
    if shape.box is not None:
        return Ellipse(box=shape.box, **look) if shape.is_round else Rectangle(box=shape.box, **look)
    if len(shape.points) == 2:
        return Line(start=shape.points[0], end=shape.points[1], **look)
    return Pen(points=with_corners(shape.points, width_px), **look)


def _words(item: dict[str, Any]) -> str:
    """The first words of an annotation's bodies, as a mark's name."""
    for body in _listed(item.get("body", item.get("bodyValue")))[:_MAX_SELECTORS]:
        said = body if isinstance(body, str) else body.get("value") if isinstance(body, dict) else None
        if isinstance(said, str) and not (isinstance(body, dict) and body.get("format") == OWN_TYPE):
            line = "".join(" " if ord(sign) < 0x20 or 0x7F <= ord(sign) < 0xA0 else sign for sign in said[:1_000] if not 0xD800 <= ord(sign) <= 0xDFFF)
            if line.strip():
                return " ".join(line.split())[:schema.MAX_NAME_CHARS]
    return ""


def _free_id(taken: set[str]) -> str:
    number = len(taken) + 1
    while f"web-{number}" in taken:
        number += 1
    return f"web-{number}"


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _refuse(field: str, problem: str) -> NoReturn:
    code = "annotation.invalid"
    raise Invalid(code, field=field, problem=problem)
