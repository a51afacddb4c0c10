"""Lengths on a plane by things of known size: exact where the picture is, honest about the rest, silent where no answer is honest."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videodesk.annotation.marks import Point, Reference, ReferenceKind, Ruler
from videodesk.annotation.measuring import (
    A4_MM,
    BANK_CARD_MM,
    MARKER_MM,
    MARKER_PATTERNS,
    check,
    is_convex,
    measured,
    measured_ruler,
    misfit,
    why_not,
)
from videodesk.core.errors import Invalid

WIDTH, HEIGHT = 1920, 1080
FOCAL = 1700.0


def seen(x_mm, y_mm, *, tilt=0.0, turn=0.0, distance=500.0, aside=(0.0, 0.0)):
    """Where a place of the plane is on the picture of a camera that looks at its middle, `tilt`° from straight in front."""
    x_mm, y_mm = x_mm + aside[0], y_mm + aside[1]
    a, b = math.radians(turn), math.radians(tilt)
    x, y = x_mm * math.cos(a) - y_mm * math.sin(a), x_mm * math.sin(a) + y_mm * math.cos(a)
    deep = distance + y * math.sin(b)
    return Point(WIDTH / 2 + FOCAL * x / deep, HEIGHT / 2 + FOCAL * y * math.cos(b) / deep)


def card(**pose):
    width, height = BANK_CARD_MM
    return Reference(ReferenceKind.BANK_CARD, tuple(seen(x, y, **pose) for x, y in ((0, 0), (width, 0), (width, height), (0, height))), BANK_CARD_MM, 0.2)


def code_of(start, end, reference):
    with pytest.raises(Invalid) as raised:
        measured(start, end, reference, WIDTH, HEIGHT)
    return raised.value.code


@given(tilt=st.floats(0, 60), turn=st.floats(0, 360), start=st.tuples(st.floats(-60, 110), st.floats(-60, 90)), length=st.floats(30, 90), way=st.floats(0, 6.28))
def test_from_any_side_the_length_on_the_plane_is_exact(tilt, turn, start, length, way):
    pose = {"tilt": tilt, "turn": turn, "distance": 450.0}
    end = (start[0] + length * math.cos(way), start[1] + length * math.sin(way))
    said = measured(seen(*start, **pose), seen(*end, **pose), card(**pose), WIDTH, HEIGHT)
    assert said.value_mm == pytest.approx(length, rel=1e-6)
    assert said.low_mm < length < said.high_mm


@given(turn=st.floats(0, 360), tilt=st.floats(0, 50))
def test_the_ends_may_change_places(turn, tilt):
    pose = {"turn": turn, "tilt": tilt}
    one, two = seen(100, 10, **pose), seen(150, 60, **pose)
    there, back = measured(one, two, card(**pose), WIDTH, HEIGHT), measured(two, one, card(**pose), WIDTH, HEIGHT)
    assert there.value_mm == pytest.approx(back.value_mm)
    assert there.high_mm == pytest.approx(back.high_mm)


def test_the_interval_holds_the_truth_in_95_of_100_cases():
    chance, inside = random.Random(5), []
    for _ in range(800):
        pose = {"tilt": chance.uniform(0, 55), "turn": chance.uniform(0, 360)}
        sigma = 0.6
        corners = tuple(Point(x + chance.gauss(0, sigma), y + chance.gauss(0, sigma)) for x, y in card(**pose).points)
        ends = [(chance.uniform(-80, 150), chance.uniform(-80, 130)) for _ in range(2)]
        if math.dist(*ends) < 30:
            continue
        places = [Point(x + chance.gauss(0, 0.8), y + chance.gauss(0, 0.8)) for x, y in (seen(*end, **pose) for end in ends)]
        said = measured(*places, Reference(ReferenceKind.BANK_CARD, corners, BANK_CARD_MM, sigma), WIDTH, HEIGHT)
        inside.append(said.low_mm <= math.dist(*ends) <= said.high_mm)
    assert 0.93 <= sum(inside) / len(inside) <= 0.99


def test_worse_corners_make_a_wider_interval():
    start, end = seen(100, 0), seen(180, 0)
    widths = []
    for corner_px in (0.2, 1.0, 3.0):
        said = measured(start, end, Reference(ReferenceKind.BANK_CARD, card().points, BANK_CARD_MM, corner_px), WIDTH, HEIGHT)
        widths.append(said.high_mm - said.low_mm)
    assert widths == sorted(widths)
    assert widths[2] > 2 * widths[0]


def test_farther_from_the_reference_is_less_sure():
    near = measured(seen(90, 10), seen(140, 10), card(), WIDTH, HEIGHT)
    far = measured(seen(90, -130), seen(140, -130), card(), WIDTH, HEIGHT)
    assert far.high_mm - far.low_mm > near.high_mm - near.low_mm


# ── refusals ───────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_line_of_a_few_px_is_not_measured():
    assert code_of(Point(10, 10), Point(14, 14), card()) == "measure.too_short"


def test_a_reference_of_a_few_px_measures_nothing():
    assert code_of(Point(10, 10), Point(500, 500), card(distance=9000.0)) == "measure.too_small"


def test_a_reference_seen_along_its_plane_measures_nothing():
    assert code_of(Point(900, 500), Point(1000, 500), card(tilt=80.0, distance=160.0)) == "measure.too_oblique"


def test_what_lies_behind_the_horizon_is_on_no_plane():
    pose = {"tilt": 65.0, "distance": 300.0}
    horizon = HEIGHT / 2 + FOCAL / math.tan(math.radians(65.0))
    # Deep y is far away: the horizon lies where the picture of the plane ends.
    assert code_of(seen(10, 10, **pose), Point(960, horizon + 5), card(**pose)) == "measure.behind_horizon"


def test_far_outside_the_surroundings_nothing_is_said():
    assert code_of(Point(20, 20), Point(200, 20), card(distance=2500.0)) == "measure.too_far"


def test_an_interval_too_wide_to_be_of_use_is_no_answer():
    blurred = Reference(ReferenceKind.BANK_CARD, card(distance=1500.0).points, BANK_CARD_MM, 6.0)
    assert code_of(seen(150, 150, distance=1500.0), seen(180, 180, distance=1500.0), blurred) == "measure.too_unsure"


@pytest.mark.parametrize("swap", [(0, 1, 3, 2), (3, 2, 1, 0), (0, 0, 1, 2)])
def test_corners_in_a_wrong_order_are_no_rectangle(swap):
    reference = Reference(ReferenceKind.BANK_CARD, tuple(card().points[at] for at in swap), BANK_CARD_MM)
    assert code_of(seen(100, 0), seen(150, 0), reference) in {"measure.not_flat", "measure.too_small"}
    with pytest.raises(Invalid):
        check(reference, WIDTH, HEIGHT)


def test_a_dent_is_no_rectangle():
    assert not is_convex((Point(0, 0), Point(100, 0), Point(20, 20), Point(0, 100)))
    assert is_convex((Point(0, 0), Point(100, 0), Point(90, 80), Point(0, 100)))


# ── what fits ──────────────────────────────────────────────────────────────────────────────────────────────────────


@given(tilt=st.floats(0, 60), turn=st.floats(0, 360))
def test_the_corners_of_a_card_fit_a_card_and_nothing_else(tilt, turn):
    reference = card(tilt=tilt, turn=turn)
    assert misfit(reference.points, BANK_CARD_MM, WIDTH, HEIGHT) < 0.04
    check(reference, WIDTH, HEIGHT)


def test_a_large_card_does_not_fit_a_square_nor_a_sheet_on_its_side():
    points = card(tilt=30.0, turn=20.0, distance=190.0).points
    assert misfit(points, BANK_CARD_MM, WIDTH, HEIGHT) < 0.04
    assert misfit(points, (50.0, 50.0), WIDTH, HEIGHT) > 0.1
    assert misfit((*points[1:], points[0]), A4_MM, WIDTH, HEIGHT) > 0.25
    with pytest.raises(Invalid) as raised:
        check(Reference(ReferenceKind.A4, (*points[1:], points[0]), A4_MM), WIDTH, HEIGHT)
    assert raised.value.code == "measure.not_flat"


# ── a known length ─────────────────────────────────────────────────────────────────────────────────────────────────


def known(length_mm=100.0):
    return Reference(ReferenceKind.KNOWN_LENGTH, (Point(800, 500), Point(1000, 500)), (length_mm, 0.0), 0.8)


def test_a_known_length_scales_and_its_interval_tells_of_the_slant_nobody_sees():
    said = measured(Point(850, 600), Point(950, 600), known(), WIDTH, HEIGHT)
    assert said.value_mm == pytest.approx(50.0)
    assert said.high_mm / said.value_mm > 1.015
    across = measured(Point(900, 550), Point(900, 650), known(), WIDTH, HEIGHT)
    assert across.high_mm > said.high_mm, "another direction is less sure"


def test_a_known_length_says_nothing_of_the_other_side_of_the_picture():
    assert code_of(Point(100, 900), Point(300, 900), known()) == "measure.too_far"


def test_a_known_length_of_a_few_px_or_of_nothing_is_none():
    tiny = Reference(ReferenceKind.KNOWN_LENGTH, (Point(800, 500), Point(810, 500)), (10.0, 0.0))
    assert code_of(Point(850, 600), Point(950, 600), tiny) == "measure.too_small"
    with pytest.raises(Invalid):
        check(tiny, WIDTH, HEIGHT)
    assert code_of(Point(850, 600), Point(950, 600), known(0.0)) == "measure.too_small"


# ── rulers ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_ruler_is_measured_by_its_reference_and_loses_its_value_where_that_cannot_tell():
    ruler = Ruler(id="r", start=seen(100, 0), end=seen(150, 0), reference=card())
    told = measured_ruler(ruler, WIDTH, HEIGHT)
    assert told.measured.value_mm == pytest.approx(50.0)
    assert why_not(told, WIDTH, HEIGHT) is None
    short = measured_ruler(Ruler(id="r", start=Point(1, 1), end=Point(2, 2), reference=card(), measured=told.measured), WIDTH, HEIGHT)
    assert short.measured is None
    assert why_not(short, WIDTH, HEIGHT).code == "measure.too_short"
    alone = measured_ruler(Ruler(id="r", start=Point(1, 1), end=Point(200, 2), measured=told.measured), WIDTH, HEIGHT)
    assert alone.measured is None
    assert why_not(alone, WIDTH, HEIGHT) is None


@given(values=st.lists(st.floats(-1e6, 1e6), min_size=12, max_size=12))
def test_whatever_the_corners_it_says_a_length_or_why_not(values):
    points = [Point(values[at], values[at + 1]) for at in range(0, 12, 2)]
    for kind, size, count in ((ReferenceKind.A4, A4_MM, 4), (ReferenceKind.KNOWN_LENGTH, (100.0, 0.0), 2)):
        ruler = Ruler(id="r", start=points[4], end=points[5], reference=Reference(kind, tuple(points[:count]), size))
        told = measured_ruler(ruler, WIDTH, HEIGHT)
        assert (told.measured is None) == (why_not(ruler, WIDTH, HEIGHT) is not None)
        if told.measured is not None:
            assert 0 <= told.measured.low_mm <= told.measured.value_mm <= told.measured.high_mm


def test_every_marker_has_a_pattern_of_its_own():
    assert set(MARKER_PATTERNS) == set(MARKER_MM)
    assert len(set(MARKER_PATTERNS.values())) == len(MARKER_MM)
