import pytest
from hypothesis import given, settings

from tests.unit.annotation.strategies import marks
from videodesk.annotation.geometry import bounds, fitted, moved
from videodesk.annotation.marks import (
    COLOURS,
    REDACTION_COLOUR,
    Arrow,
    Box,
    Callout,
    Point,
    Stamp,
    Step,
    Text,
    is_colour,
    kind_of,
    standard_widths,
)


@given(marks())
@settings(max_examples=150, deadline=None)
def test_moving_moves_the_bounds_and_back_again(mark):
    before, after = bounds(mark), bounds(moved(mark, 64, -32))
    assert after.x == pytest.approx(before.x + 64, abs=1e-6)
    assert after.y == pytest.approx(before.y - 32, abs=1e-6)
    assert after.width == pytest.approx(before.width, abs=1e-6)
    assert kind_of(moved(mark, 1, 1)) is kind_of(mark)


@given(marks())
@settings(max_examples=150, deadline=None)
def test_fitting_into_another_box(mark):
    if isinstance(mark, Text | Callout | Stamp | Step):
        return
    old, new = bounds(mark), Box(10, 20, 300, 200)
    found = bounds(fitted(mark, new))
    if old.width > 1e-3:
        assert found.x == pytest.approx(10, abs=1e-3)
        assert found.width == pytest.approx(300, abs=1e-3)


def test_arrow_keeps_its_direction_when_stretched():
    mark = fitted(Arrow(id="a", start=Point(10, 10), end=Point(0, 0)), Box(0, 0, 20, 40))
    assert (mark.start, mark.end) == (Point(20, 40), Point(0, 0))


def test_text_grows_with_its_box():
    mark = Text(id="t", at=Point(0, 0), text="abc", width_px=4)
    box = bounds(mark)
    assert fitted(mark, Box(5, 5, box.width * 2, box.height * 2)).width_px == pytest.approx(8)


def test_standard_widths_suit_the_picture():
    assert standard_widths(1280, 720) == (3.0, 6.0, 10.0)
    thin, medium, thick = standard_widths(4000, 3000)
    assert thin < medium < thick
    assert standard_widths(1, 1) == (1.0, 1.0, 1.0)


def test_the_palette_is_valid():
    assert len(set(COLOURS)) == 6
    assert all(is_colour(colour) for colour in (*COLOURS, REDACTION_COLOUR))
