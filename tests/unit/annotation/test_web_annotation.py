"""Web Annotations: written, read again, read from others, and refused when hostile."""

import copy
import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.annotation.strategies import documents
from videodesk.annotation.document import Document, Framing
from videodesk.annotation.geometry import bounds
from videodesk.annotation.marks import (
    Arrow,
    Box,
    Callout,
    Ellipse,
    Line,
    Pen,
    Point,
    Rectangle,
    Redaction,
    RedactionPen,
    RedactionReason,
    Ruler,
    Step,
    Text,
)
from videodesk.annotation.svg_reading import MAX_CHARS, UnreadableSvgError, shapes_of
from videodesk.annotation.web_annotation import CONTEXT, from_web, to_web
from videodesk.core.errors import Invalid

PAGE, SOURCE = "urn:uuid:0f6e6c2e-54f1-4f0a-9d5c-3b6c0f6d8a01", "https://desk.example.nl/api/v1/originals/1"
GOOD = Document(1280, 720, (
    Arrow(id="a", start=Point(1, 2), end=Point(300.25, 40), name="the dent"), Rectangle(id="b", box=Box(10.5, 20, 100, 50), colour="#1c7ed6"),
    Ellipse(id="e", box=Box(200, 200, 40, 30)), Text(id="t", at=Point(5, 60), text="one\ntwo & <three>"), Step(id="s", at=Point(700, 500)),
    Callout(id="c", at=Point(500, 100), text="look", target=Point(450, 300)), Pen(id="p", points=(Point(1, 1), Point(20, 20), Point(40, 5))),
    Redaction(id="r", box=Box(900.2, 400.7, 30, 40), reason=RedactionReason.PLATE), Ruler(id="u", start=Point(30, 30), end=Point(90, 30)),
), Framing(Box(0, 0, 1000, 700), 1))


def written(document=GOOD):
    return json.loads(json.dumps(to_web(document, page_id=PAGE, source=SOURCE), allow_nan=False))


@given(documents)
@settings(max_examples=120, deadline=None)
def test_what_was_written_here_comes_back_equal(document):
    assert from_web(written(document), document.width_px, document.height_px) == document


def test_the_page_is_as_the_model_says():
    """https://www.w3.org/TR/annotation-model/ 3.1, 3.2, 4.1, 4.2.1, 4.2.7 and annotation-protocol 4.2."""
    page = written()
    assert page["@context"][0] == CONTEXT
    assert page["@context"][1] == {"videodesk": "urn:videodesk:annotation:"}, "a prefix that every version of JSON-LD takes"
    assert (page["type"], page["id"], page["startIndex"]) == ("AnnotationPage", PAGE, 0)
    ids = [item["id"] for item in page["items"]]
    assert len(set(ids)) == len(GOOD.marks)
    for item in page["items"]:
        assert item["type"] == "Annotation"
        assert item["motivation"] in {"highlighting", "commenting", "editing"}
        assert item["target"]["type"] == "SpecificResource"
        assert item["target"]["source"] == SOURCE
        for body in item["body"]:
            assert body["type"] == "TextualBody"
            assert isinstance(body["value"], str)
        kinds = [selector["type"] for selector in item["target"]["selector"]]
        assert kinds in (["SvgSelector"], ["FragmentSelector", "SvgSelector"])
    redaction = page["items"][7]["target"]["selector"]
    assert redaction[0] == {"type": "FragmentSelector", "conformsTo": "http://www.w3.org/TR/media-frags/", "value": "xywh=pixel:900,400,31,41"}
    assert page["items"][3]["body"][0] == {"type": "TextualBody", "purpose": "commenting", "format": "text/plain", "value": "one\ntwo & <three>"}


@pytest.mark.parametrize("mark", [mark for mark in GOOD.marks if not isinstance(mark, Text | Callout)], ids=lambda mark: mark.id)
def test_others_find_the_region_in_the_svg_alone(mark):
    """As a program would that knows nothing of our JSON: the same place, to a hundredth of a px."""
    page = written(Document(1280, 720, (mark,)))
    del page["videodesk:document"]
    page["items"][0]["body"] = []
    (found,) = from_web(page, 1280, 720).marks
    one, other = bounds(mark), bounds(found)
    assert other == pytest.approx(one, abs=0.01)


def test_a_region_that_another_program_moved_counts():
    page = written()
    moved = {"type": "SvgSelector", "value": '<svg xmlns="http://www.w3.org/2000/svg"><rect x="100" y="200" width="30" height="40"/></svg>'}
    for place in (1, 7):
        page["items"][place]["target"]["selector"] = moved
    page["items"][0]["target"]["selector"] = {"type": "SvgSelector", "value": '<svg><line x1="5" y1="6" x2="70" y2="80"/></svg>'}
    after = from_web(page, 1280, 720)
    assert after.find("b") == Rectangle(id="b", box=Box(100, 200, 30, 40), colour="#1c7ed6")
    assert after.find("r") == Redaction(id="r", box=Box(100, 200, 30, 40), reason=RedactionReason.PLATE), "what redacts goes on redacting"
    assert after.find("a") == Arrow(id="a", start=Point(5, 6), end=Point(70, 80), name="the dent")
    assert after.find("p") == GOOD.find("p")
    assert after.framing == GOOD.framing


def test_a_stroke_that_redacts_goes_on_redacting_as_a_box():
    page = written(Document(1280, 720, (RedactionPen(id="x", points=(Point(1, 1), Point(50, 50)), reason=RedactionReason.FACE),)))
    page["items"][0]["target"]["selector"] = {"type": "FragmentSelector", "value": "xywh=10,20,30,40"}
    (mark,) = from_web(page, 1280, 720).marks
    assert (mark, mark.reason) == (Redaction(id="x", box=Box(10, 20, 30, 40), reason=RedactionReason.FACE), RedactionReason.FACE)


def item(selector, body=(), target=None):
    return {"@context": CONTEXT, "id": "http://example.org/anno1", "type": "Annotation", "body": body,
            "target": target or {"source": "http://example.org/image1", "selector": selector}}


def svg(inside, head=""):
    return {"type": "SvgSelector", "value": f'<svg xmlns="http://www.w3.org/2000/svg" {head}>{inside}</svg>'}


def only(*given):
    (mark,) = from_web({"type": "AnnotationPage", "items": [item(*given)]}, 1000, 500).marks
    return mark


def test_marks_of_other_programs():
    assert only({"type": "FragmentSelector", "value": "xywh=pixel:10,20,300,40"}).box == Box(10, 20, 300, 40)
    assert only({"type": "FragmentSelector", "value": "xywh=percent:10,20,50,40"}).box == Box(100, 100, 500, 200)
    assert only(None, [], "http://example.org/image1#xywh=1,2,3,4").box == Box(1, 2, 3, 4)
    named = only(svg('<polygon points="10,10 100,10 50,80" stroke="#00ff00"/>'), [{"type": "TextualBody", "value": "a  deep\nscratch"}])
    assert isinstance(named, Pen)
    assert (named.name, named.colour) == ("a deep scratch", "#00ff00")
    assert named.points[0] == named.points[-1] == Point(10, 10)
    assert only(svg('<circle cx="50" cy="60" r="10"/>')) == Ellipse(id="web-1", box=Box(40, 50, 20, 20), width_px=only(svg("<rect width='1' height='1'/>")).width_px)
    assert isinstance(only(svg('<path d="M 10 10 l 90,0"/>')), Line)
    both = only([{"type": "FragmentSelector", "value": "xywh=0,0,1000,500"}, svg('<rect x="5" y="6" width="7" height="8"/>')])
    assert both.box == Box(5, 6, 7, 8), "of alternatives the more exact one"


def test_view_boxes_groups_and_transforms():
    (shape,) = shapes_of('<svg viewBox="0 0 500 250"><rect x="10" y="20" width="30" height="40"/></svg>', 1000, 500)
    assert shape.box == Box(20, 40, 60, 80)
    (shape,) = shapes_of('<svg><g transform="translate(5 6) scale(2)"><rect x="1" y="1" width="3" height="4"/></g></svg>', 99, 99)
    assert shape.box == Box(7, 8, 6, 8)
    (shape,) = shapes_of('<svg><rect x="0" y="0" width="10" height="10" transform="rotate(90 10 10)"/></svg>', 99, 99)
    assert shape.box is None
    assert shape.points[0] == pytest.approx((20, 0))
    assert shapes_of('<svg><defs><rect width="5" height="5"/></defs><title>x</title></svg>', 9, 9) == ()


@pytest.mark.parametrize(("data", "expected"), [
    ("M0 0H10V10H0Z", [(0, 0), (10, 0), (10, 10), (0, 10), (0, 0)]), ("m1,1 2,0 0,2", [(1, 1), (3, 1), (3, 3)]),
    ("M10-5L.5.5", [(10, -5), (0.5, 0.5)]), ("M0 0 L 5 5 nonsense L 9 9", [(0, 0), (5, 5)]),
])
def test_path_data(data, expected):
    (shape,) = shapes_of(f'<svg><path d="{data}"/></svg>', 99, 99)
    assert list(shape.points) == [Point(*place) for place in expected]


def test_curves_and_arcs_go_where_they_should():
    (arc,) = shapes_of('<svg><path d="M 100 50 A 50 50 0 1 1 0 50"/></svg>', 999, 999)
    assert all(math.dist(point, (50, 50)) == pytest.approx(50) for point in arc.points)
    (curve,) = shapes_of('<svg><path d="M0 0 C 0 40 40 40 40 0 S 80 -40 80 0 Q 100 20 120 0 T 160 0"/></svg>', 999, 999)
    assert curve.points[-1] == Point(160, 0)
    assert max(point.y for point in curve.points[:13]) == pytest.approx(30)
    assert min(point.y for point in curve.points) == pytest.approx(-30)


BOMB = '<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY a "' + "x" * 50 + '">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(8)) + ']><svg>&i;<rect width="5" height="5"/></svg>'


@pytest.mark.parametrize("hostile", [
    BOMB, '<!DOCTYPE svg SYSTEM "file:///etc/passwd"><svg><rect width="5" height="5"/></svg>', "", "<svg", "<html><rect width='5' height='5'/></html>",
    "<svg>" + "<g>" * 50 + "</g>" * 50 + "</svg>", "<svg>" + "<rect width='1' height='1'/>" * 2_001 + "</svg>", "<svg>" + " " * MAX_CHARS + "</svg>",
    '<svg><path d="M0 0' + "T1 1" * 20_000 + '"/></svg>', '<svg><rect width="1e300" height="1e300"/></svg>', "<svg><rect width='1'/>\ud800</svg>",
    '<svg><polygon points="' + "1 1 " * 11_000 + '"/></svg>', '<?xml version="1.0" encoding="utf-16"?>\x00<svg/>',
])
def test_hostile_svg_is_refused_and_costs_little(hostile):
    with pytest.raises(UnreadableSvgError):
        shapes_of(hostile, 1000, 500)
    assert from_web([item({"type": "SvgSelector", "value": hostile})], 1000, 500).marks == ()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats() | st.text(max_size=8)
    | st.sampled_from(["SvgSelector", "FragmentSelector", "xywh=1,2,3,4", "\ud800", "application/vnd.videodesk.mark+json", "{", "<svg/>"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.text(max_size=6) | st.sampled_from(["items", "target", "selector", "body", "type", "value", "format", "first", "videodesk:document"]), inner, max_size=4),
    max_leaves=14,
)


@given(st.data(), json_values)
@settings(max_examples=300, deadline=None)
def test_one_hostile_value_is_refused_as_invalid_or_harmless(data, hostile):
    page = copy.deepcopy(written())
    place = page
    for _ in range(data.draw(st.integers(0, 7))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            place[key] = hostile
            break
        place = place[key]
    try:
        found = from_web(page, 1280, 720)
    except Invalid as refusal:
        assert refusal.code in {"annotation.invalid", "annotation.too_new"}
    else:
        assert (found.width_px, found.height_px) == (1280, 720)
        assert len({mark.id for mark in found.marks}) == len(found.marks)


@given(json_values)
@settings(max_examples=150, deadline=None)
def test_any_json_is_a_page_or_invalid(value):
    try:
        from_web(value, 640, 480)
    except Invalid as refusal:
        assert refusal.code in {"annotation.invalid", "annotation.too_new"}


def test_a_page_for_another_picture_is_refused():
    with pytest.raises(Invalid, match=r"annotation\.invalid"):
        from_web(written(), 1281, 720)


def test_too_many_and_too_deep():
    with pytest.raises(Invalid):
        from_web([item({"type": "FragmentSelector", "value": "xywh=1,2,3,4"})] * 1_001, 100, 100)
    deep: list = []
    for _ in range(100_000):
        deep = [deep]
    assert from_web([{"target": {"selector": deep}}], 100, 100).marks == ()
    page = to_web(GOOD, page_id=PAGE, source=SOURCE)
    page["items"][0]["target"]["selector"] = deep
    with pytest.raises(Invalid):
        from_web(page, 1280, 720)
