"""Arranging several marks, each arrangement one step of the history."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.annotation.strategies import documents
from videodesk.annotation.arranging import (
    Alignment,
    Axis,
    Stacking,
    aligned,
    distributed,
    duplicated,
    grouped,
    pasted,
    removed,
    stacked,
    ungrouped,
)
from videodesk.annotation.document import Document, History, Together, apply, inverse
from videodesk.annotation.geometry import bounds
from videodesk.annotation.marks import Box, Measured, Point, Rectangle, Redaction, Reference, ReferenceKind, Ruler, Step
from videodesk.core.errors import Invalid

A, B, C, D = (
    Rectangle(id="a", box=Box(10, 10, 20, 20)), Rectangle(id="b", box=Box(50, 100, 40, 10)),
    Rectangle(id="c", box=Box(200, 40, 10, 60)), Rectangle(id="d", box=Box(400, 300, 30, 30)),
)
FOUR = Document(1000, 800, (A, B, C, D))
CARD = Reference(ReferenceKind.KNOWN_LENGTH, (Point(0, 0), Point(10, 0)), (85.6, 0.0))


def fresh():
    count = itertools.count(1)
    return lambda: f"fresh-{next(count)}"


def order(document):
    return "".join(mark.id for mark in document.marks)


@pytest.mark.parametrize(("alignment", "seen", "expected"), [
    (Alignment.LEFT, lambda box: box.x, 10), (Alignment.RIGHT, lambda box: box.right, 210), (Alignment.CENTRE, lambda box: box.centre.x, 110),
    (Alignment.TOP, lambda box: box.y, 10), (Alignment.BOTTOM, lambda box: box.bottom, 110), (Alignment.MIDDLE, lambda box: box.centre.y, 60),
])
def test_aligning(alignment, seen, expected):
    after = apply(FOUR, aligned(FOUR, "abc", alignment))
    assert [seen(mark.box) for mark in after.marks[:3]] == [expected] * 3
    assert after.marks[3] == D
    assert [(mark.box.width, mark.box.height) for mark in after.marks] == [(mark.box.width, mark.box.height) for mark in FOUR.marks]


def test_a_group_is_aligned_and_distributed_as_one():
    document = apply(FOUR, grouped(FOUR, "bc", "g"))
    after = apply(document, aligned(document, "abc", Alignment.LEFT))
    b, c = after.find("b"), after.find("c")
    assert (b.box.x, c.box.x) == (10, 160), "the group keeps its shape"
    assert aligned(document, "bc", Alignment.LEFT) == Together(()), "one group alone has nothing to be aligned with"
    spread = apply(document, distributed(document, "abcd", Axis.ACROSS))
    b, c = spread.find("b"), spread.find("c")
    assert c.box.x - b.box.x == 150
    assert b.box.x - A.box.right == pytest.approx(D.box.x - c.box.right)


@pytest.mark.parametrize("axis", Axis)
def test_distributing_leaves_the_same_room(axis):
    after = apply(FOUR, distributed(FOUR, "dcba", axis))
    boxes = sorted((mark.box for mark in after.marks), key=lambda box: box.x if axis is Axis.ACROSS else box.y)
    rooms = [two.x - one.right if axis is Axis.ACROSS else two.y - one.bottom for one, two in itertools.pairwise(boxes)]
    assert rooms == pytest.approx([rooms[0]] * 3)
    assert (after.find("a"), after.find("d")) == (A, D)
    assert distributed(FOUR, "ab", axis) == Together(())


@pytest.mark.parametrize(("stacking", "chosen", "expected"), [
    (Stacking.FRONT, "ac", "bdac"), (Stacking.BACK, "bd", "bdac"), (Stacking.FORWARD, "ab", "cabd"), (Stacking.FORWARD, "ac", "badc"),
    (Stacking.BACKWARD, "cd", "acdb"), (Stacking.BACKWARD, "bd", "badc"), (Stacking.FORWARD, "cd", "abcd"), (Stacking.BACKWARD, "ab", "abcd"),
    (Stacking.FRONT, "", "abcd"),
])
def test_stacking(stacking, chosen, expected):
    command = stacked(FOUR, chosen, stacking)
    assert order(apply(FOUR, command)) == expected
    assert order(apply(apply(FOUR, command), inverse(command))) == "abcd"


def test_grouping_and_taking_apart():
    document = apply(FOUR, grouped(FOUR, ["a", "c"], "g"))
    assert [mark.group for mark in document.marks] == ["g", "", "g", ""]
    assert grouped(FOUR, ["a"], "g") == Together(()), "one alone is no group"
    assert apply(document, ungrouped(document, ["a"])) == FOUR


def test_pasting_gives_ids_and_groups_of_their_own():
    document = apply(FOUR, grouped(FOUR, ["a", "b"], "g"))
    command, ids = pasted(document, document.marks[:3], fresh(), (5, 7))
    after = apply(document, command)
    assert tuple(mark.id for mark in after.marks[4:]) == ids
    one, two, three = after.marks[4:]
    assert one.box == Box(15, 17, 20, 20)
    assert one.group == two.group
    assert one.group not in {"", "g"}
    assert three.group == ""
    assert apply(after, inverse(command)) == document


def test_what_is_pasted_stays_to_be_seen():
    command, (one,) = pasted(Document(100, 100), [D], fresh(), (5, 5))
    box = bounds(apply(Document(100, 100), command).find(one))
    assert box.x <= 100
    assert box.y <= 100


def test_a_ruler_on_another_picture_has_no_reference():
    ruler = Ruler(id="r", start=Point(1, 1), end=Point(9, 9), reference=CARD, measured=Measured(5, 4, 6))
    same, (one,) = pasted(FOUR, [ruler], fresh())
    other, _ = pasted(FOUR, [ruler], fresh(), is_other_picture=True)
    assert apply(FOUR, same).find(one).measured == Measured(5, 4, 6)
    assert (apply(FOUR, other).marks[-1].reference, apply(FOUR, other).marks[-1].measured) == (None, None)


def test_duplicates_have_no_name_and_lie_aside():
    document = Document(100, 100, (Redaction(id="r", box=Box(1, 1, 5, 5), name="the plate", reason="plate"),))
    command, (one,) = duplicated(document, ["r"], fresh(), (10, 10))
    copy = apply(document, command).find(one)
    assert (copy.name, copy.reason, copy.box) == ("", "plate", Box(11, 11, 5, 5))


def test_no_more_marks_than_a_document_may_have():
    many = Document(100, 100, tuple(Step(id=f"s{n}", at=Point(1, 1)) for n in range(999)))
    pasted(many, [A], fresh())
    with pytest.raises(Invalid, match=r"annotation\.invalid"):
        pasted(many, [A, B], fresh())


@given(documents, st.data())
@settings(max_examples=120, deadline=None)
def test_every_arrangement_is_one_step_that_can_be_undone(document, data):
    ids = data.draw(st.lists(st.sampled_from([mark.id for mark in document.marks] or ["none"]), unique=True))
    command = data.draw(st.sampled_from([
        *(aligned(document, ids, one) for one in Alignment), *(distributed(document, ids, one) for one in Axis),
        *(stacked(document, ids, one) for one in Stacking), grouped(document, ids, "together"), ungrouped(document, ids),
        removed(document, ids), duplicated(document, ids, fresh(), (3, 4))[0],
    ]))
    history = History(document).do(command)
    assert len(history.done) == (history.document != document)
    assert history.undo().document == document
    assert history.undo().redo().document == history.document
    assert {mark.id for mark in history.document.marks} >= {mark.id for mark in document.marks} - set(ids)
