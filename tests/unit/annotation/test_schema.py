import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.annotation.strategies import documents
from videodesk.annotation import schema
from videodesk.annotation.document import Document, Framing
from videodesk.annotation.marks import (
    Arrow,
    Box,
    Measured,
    Pen,
    Point,
    Redaction,
    RedactionReason,
    Reference,
    ReferenceKind,
    Step,
    Text,
)
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


VERSION_1 = {
    "schema": "videodesk.annotation", "version": 1, "width_px": 1280, "height_px": 720, "marks": [
        {"kind": "arrow", "id": "a", "name": "the dent", "colour": "#e5352b", "width_px": 6.0, "start": [1.0, 2.0], "end": [3.0, 4.0]},
        {"kind": "redaction", "id": "r", "name": "", "colour": "#111418", "width_px": 6.0, "box": [1.0, 2.0, 30.0, 40.0]},
        {"kind": "pen", "id": "p", "name": "", "colour": "#1c7ed6", "width_px": 3.5, "points": [[1.0, 1.0], [2.0, 2.0]]},
        {"kind": "text", "id": "t", "name": "", "colour": "#ffffff", "width_px": 6.0, "at": [5.0, 6.0], "text": "one\ntwo"},
        {"kind": "step", "id": "s", "name": "", "colour": "#23a455", "width_px": 6.0, "at": [9.0, 9.0]},
    ],
}


def test_a_document_of_version_1_is_read_as_it_was_written():
    before = copy.deepcopy(VERSION_1)
    found = schema.from_json(VERSION_1)
    assert before == VERSION_1, "what was filed is not changed by reading it"
    assert found == Document(1280, 720, (
        Arrow(id="a", name="the dent", start=Point(1, 2), end=Point(3, 4)),
        Redaction(id="r", colour="#111418", box=Box(1, 2, 30, 40), reason=RedactionReason.OTHER, is_proposal=False),
        Pen(id="p", colour="#1c7ed6", width_px=3.5, points=(Point(1, 1), Point(2, 2))),
        Text(id="t", colour="#ffffff", at=Point(5, 6), text="one\ntwo"),
        Step(id="s", colour="#23a455", at=Point(9, 9)),
    ))
    assert found.framing == Framing()
    again = schema.to_json(found)
    assert again["version"] == 2
    assert schema.from_json(again) == found


@pytest.mark.parametrize("changed_to", [
    {"marks": 5}, {"marks": [None]}, {"marks": [{"kind": "ruler"}]}, {"crop": 7, "turns": 9, "marks": [[]]}, {"marks": {"kind": "arrow"}},
])
def test_what_is_no_version_1_is_refused_on_the_way_up(changed_to):
    with pytest.raises(Invalid):
        schema.from_json(VERSION_1 | changed_to)


def framed(crop, turns):
    return schema.to_json(GOOD) | {"crop": crop, "turns": turns}


@pytest.mark.parametrize(("crop", "turns"), [
    ([0, 0, 1281, 720], 0), ([-1, 0, 10, 10], 0), ([0, 0, 0, 10], 0), ([0.5, 0, 10, 10], 0), ([1270, 0, 11, 10], 0), ([0, 0, 10], 0), ("all", 0),
    (None, 4), (None, -1), (None, True), (None, 1.0), (None, None), ([0, 0, float("nan"), 5], 0), ([0, 0, 10**400, 5], 0),
])
def test_a_framing_outside_the_original_is_refused(crop, turns):
    with pytest.raises(Invalid):
        schema.validate(framed(crop, turns))


def test_framing_is_read_as_written():
    found = schema.from_json(framed([10, 20, 1270, 700], 3))
    assert found.framing == Framing(Box(10, 20, 1270, 700), 3)
    assert found.rendition_size == (700, 1270)


def ruler(**fields):
    mark = {"kind": "ruler", "id": "u", "name": "", "group": "", "colour": "#e5352b", "width_px": 6.0, "start": [0, 0], "end": [9, 9],
            "reference": {"kind": "bank_card", "points": [[0, 0], [9, 0], [9, 5], [0, 5]], "size_mm": [85.6, 53.98], "corner_px": 0.5},
            "measured": [50.0, 48.0, 52.5]}
    return changed(marks=[mark | fields])


def test_a_ruler_keeps_its_value_method_and_interval():
    (mark,) = schema.from_json(ruler()).marks
    assert mark.measured == Measured(50, 48, 52.5)
    assert mark.reference == Reference(ReferenceKind.BANK_CARD, (Point(0, 0), Point(9, 0), Point(9, 5), Point(0, 5)), (85.6, 53.98), 0.5)
    assert schema.from_json(ruler(reference=None, measured=None)).marks[0].measured is None


@pytest.mark.parametrize("fields", [
    {"measured": [50, 51, 52]}, {"measured": [50, 49]}, {"measured": [-1, -2, 0]}, {"measured": "50"}, {"reference": {}}, {"reference": []},
    {"reference": {"kind": "bank_card", "points": [[0, 0]], "size_mm": [1, 1], "corner_px": 1}},
    {"reference": {"kind": "known_length", "points": [[0, 0], [9, 0]], "size_mm": [1, -1], "corner_px": 1}},
    {"reference": {"kind": "yardstick", "points": [[0, 0], [9, 0]], "size_mm": [1, 0], "corner_px": 1}},
    {"reference": {"kind": "known_length", "points": [[0, 0], [9, 0]], "size_mm": [1, 0]}},
])
def test_a_ruler_that_measures_nonsense_is_refused(fields):
    with pytest.raises(Invalid):
        schema.validate(ruler(**fields))


@pytest.mark.parametrize(("kind", "fields"), [
    ("redaction", {"box": [0, 0, 5, 5], "reason": "because", "is_proposal": False}), ("redaction", {"box": [0, 0, 5, 5], "reason": "face", "is_proposal": 1}),
    ("redaction_pen", {"points": [], "reason": "face", "is_proposal": False}), ("stamp", {"at": [1, 1], "text": "x", "stamp": "approved"}),
    ("callout", {"at": [1, 1], "text": "x"}), ("spotlight", {"box": [0, 0, 5, 5], "points": [[0, 0]]}), ("step", {"at": [1, 1], "group": "A b"}),
])
def test_new_kinds_are_checked_as_the_old_ones(kind, fields):
    mark = {"kind": kind, "id": "m", "name": "", "group": "", "colour": "#e5352b", "width_px": 6.0} | fields
    with pytest.raises(Invalid):
        schema.validate(changed(marks=[mark]))


def test_every_version_has_its_way_up():
    assert set(schema.UPGRADES) == set(range(1, schema.VERSION))
