import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.annotation.strategies import documents
from videodesk.annotation import schema
from videodesk.annotation.document import Document
from videodesk.annotation.marks import Arrow, Box, Pen, Point, Redaction, Text
from videodesk.core.errors import Invalid

GOOD = Document(1280, 720, (
    Arrow(id="a", start=Point(1, 2), end=Point(3.25, 4)),
    Redaction(id="r", box=Box(1, 2, 30, 40)),
    Text(id="t", at=Point(5, 6), text="one\ntwo"),
    Pen(id="p", points=(Point(1, 1), Point(2, 2))),
))


@given(documents)
@settings(max_examples=150, deadline=None)
def test_round_trip_through_text(document):
    text = json.dumps(schema.to_json(document), allow_nan=False)
    assert schema.from_json(json.loads(text)) == document


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**400), 10**400) | st.floats() | st.text(max_size=8)
    | st.sampled_from(["arrow", "step", "pen", "#ff0000", "\ud800", "\x00"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6) | st.sampled_from(["kind", "id", "marks"]), inner, max_size=4),
    max_leaves=12,
)


@given(json_values)
@settings(max_examples=200, deadline=None)
def test_any_json_is_a_document_or_invalid(value):
    try:
        schema.validate(value)
    except Invalid:
        return
    pytest.fail("nothing random is a document")


@given(st.data(), json_values)
@settings(max_examples=300, deadline=None)
def test_a_document_with_one_hostile_value_is_refused_as_invalid_or_fine(data, hostile):
    document = schema.to_json(GOOD)
    place = document
    for _ in range(data.draw(st.integers(0, 4))):
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(place[key], dict | list) or not place[key] or data.draw(st.booleans()):
            place[key] = hostile
            break
        place = place[key]
    try:
        found = schema.from_json(document)
    except Invalid as refusal:
        assert refusal.code in {"annotation.invalid", "annotation.too_new"}
        assert len(str(refusal.params)) < 200
    else:
        json.dumps(schema.to_json(found), allow_nan=False).encode("utf-8")


def changed(**fields):
    return schema.to_json(GOOD) | fields


def with_mark(place=0, **fields):
    document = copy.deepcopy(schema.to_json(GOOD))
    document["marks"][place] |= fields
    return document


@pytest.mark.parametrize("document", [
    changed(schema="other"), changed(version=0), changed(version=True), changed(version="1"), changed(version=3),
    changed(width_px=0), changed(width_px=20_000), changed(height_px=1.5), changed(marks={}), changed(more=1),
    changed(marks=[schema.to_json(GOOD)["marks"][0]] * 2), changed(marks=[None]),
    with_mark(colour="red"), with_mark(colour="#FFFFFF"), with_mark(colour="#ffffff00"), with_mark(id=""), with_mark(id="../x"),
    with_mark(width_px=0), with_mark(width_px=float("nan")), with_mark(width_px=10**400), with_mark(start=[1]),
    with_mark(start=[1, float("inf")]), with_mark(start=[True, 1]), with_mark(name="x" * 201), with_mark(name="a\nb"),
    with_mark(extra=1), with_mark(kind="box"), with_mark(kind=["arrow"]), with_mark(kind={}),
    with_mark(1, box=[0, 0, -1, 4]), with_mark(2, text="\ud800"), with_mark(2, text="\x00"), with_mark(2, text="x" * 2001),
    with_mark(3, points=[]), with_mark(3, points=[[0, 0]] * 10_001), changed(marks=[schema.to_json(GOOD)["marks"][0]] * 1001),
])
def test_refused(document):
    with pytest.raises(Invalid):
        schema.validate(document)


def test_too_many_points_together():
    pen = schema.to_json(GOOD)["marks"][3] | {"points": [[0, 0]] * 10_000}
    document = changed(marks=[pen | {"id": f"p{n}"} for n in range(10)])
    schema.validate(document)
    with pytest.raises(Invalid):
        schema.validate(changed(marks=[pen | {"id": f"p{n}"} for n in range(11)]))


def test_an_older_version_is_upgraded_step_by_step():
    old = schema.to_json(GOOD) | {"version": 1}
    old["size"] = [old.pop("width_px"), old.pop("height_px")]

    def to_two(document):
        return {**{k: v for k, v in document.items() if k != "size"}, "width_px": document["size"][0], "version": 2, "height": document["size"][1]}

    def to_three(document):
        return {**{k: v for k, v in document.items() if k != "height"}, "height_px": document["height"], "version": 3}

    assert schema.from_json(old, {1: to_two, 2: to_three}, version=3) == GOOD


def test_every_version_has_its_way_up():
    assert set(schema.UPGRADES) == set(range(1, schema.VERSION))
