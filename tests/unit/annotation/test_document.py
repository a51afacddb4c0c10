import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.annotation.strategies import commands_for, documents
from videodesk.annotation.document import Add, Change, Document, Frame, Framing, History, Remove, Reorder, apply, inverse
from videodesk.annotation.marks import Box, Point, Redaction, RedactionPen, Step


@given(documents, st.data())
@settings(max_examples=80, deadline=None)
def test_any_sequence_undone_is_the_first_document_and_redone_the_last(first, data):
    history = History(first)
    for _ in range(data.draw(st.integers(0, 12))):
        history = history.do(data.draw(commands_for(history.document)))
    last, steps = history.document, len(history.done)
    for _ in range(steps):
        assert history.can_undo
        history = history.undo()
    assert history.document == first
    assert not history.can_undo
    assert history.undo() is history
    for _ in range(steps):
        history = history.redo()
    assert history.document == last
    assert not history.can_redo
    assert history.redo() is history


@given(documents, st.data())
@settings(max_examples=150, deadline=None)
def test_the_inverse_is_exact_and_its_own_inverse(document, data):
    command = data.draw(commands_for(document))
    assert apply(apply(document, command), inverse(command)) == document
    assert inverse(inverse(command)) == command


def test_undo_knows_no_limit():
    history = History(Document(100, 100))
    for place in range(2000):
        history = history.do(Add(0, Step(id=f"s{place}", at=Point(place, 1))))
    for _ in range(2000):
        history = history.undo()
    assert history.document.marks == ()


def test_something_new_forgets_what_was_taken_back():
    one, two = Step(id="a", at=Point(1, 1)), Step(id="b", at=Point(2, 2))
    history = History(Document(9, 9)).do(Add(0, one)).undo().do(Add(0, two))
    assert not history.can_redo
    assert history.document.marks == (two,)


def test_a_command_that_changes_nothing_is_no_step():
    mark = Step(id="a", at=Point(1, 1))
    history = History(Document(9, 9, (mark,)))
    assert history.do(Change(0, mark, mark)) is history
    assert history.do(Reorder(0, 0)) is history


def test_steps_renumber_when_one_goes_and_comes_back():
    marks = tuple(Step(id=name, at=Point(1, 1)) for name in "abc")
    history = History(Document(9, 9, marks))
    history = history.do(Remove(0, marks[0]))
    assert [history.document.step_number(name) for name in "bc"] == [1, 2]
    assert history.undo().document.step_number("c") == 3
    with pytest.raises(KeyError):
        history.document.step_number("a")


def test_a_command_that_does_not_fit_is_a_bug():
    mark = Step(id="a", at=Point(1, 1))
    document = Document(9, 9, (mark,))
    for command in (Add(0, mark), Add(5, Step(id="z", at=Point(0, 0))), Remove(0, Step(id="a", at=Point(2, 2))),
                    Change(0, mark, Step(id="other", at=Point(1, 1))), Reorder(0, 4)):
        with pytest.raises(ValueError, match=r".+"):
            apply(document, command)


def test_redaction_is_known():
    assert not Document(9, 9).has_redaction
    assert Document(9, 9, (Redaction(id="r", box=Box(0, 0, 3, 3)),)).has_redaction
    assert Document(9, 9, (RedactionPen(id="r", points=(Point(0, 0),)),)).has_redaction


def test_framing_is_a_step_like_any_other():
    history = History(Document(900, 600)).do(Frame(Framing(), Framing(Box(10, 20, 300, 200), 1)))
    assert history.document.rendition_size == (200, 300)
    assert history.document.framed == Box(10, 20, 300, 200)
    assert history.undo().document.rendition_size == (900, 600)
    with pytest.raises(ValueError, match="framing"):
        apply(history.document, Frame(Framing(), Framing(None, 2)))
