"""Finished strokes: fewer points, calmer, on the same way."""

import itertools
import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from videodesk.annotation.marks import Highlighter, Pen, Point, RedactionPen
from videodesk.annotation.smoothing import simplified, smoothed


def away(point, way):
    """How far `point` is from the line through `way`."""
    def to(one, two):
        dx, dy = two[0] - one[0], two[1] - one[1]
        square = dx * dx + dy * dy
        share = 0 if square == 0 else min(1, max(0, ((point[0] - one[0]) * dx + (point[1] - one[1]) * dy) / square))
        return math.dist(point, (one[0] + share * dx, one[1] + share * dy))
    return min(to(one, two) for one, two in itertools.pairwise(way))


def drawn(points, steps=8):
    """The round line as drawing makes it: quadratic curves through the middles of the connections."""
    at, found = points[0], [points[0]]
    for here, after in itertools.pairwise(points[1:]):
        end = ((here[0] + after[0]) / 2, (here[1] + after[1]) / 2)
        for step in range(1, steps + 1):
            t = step / steps
            found.append(tuple((1 - t) ** 2 * a + 2 * t * (1 - t) * b + t * t * c for a, b, c in zip(at, here, end, strict=True)))
        at = end
    return [*found, points[-1]]


def by_hand(way, tremor, seed=7):
    shaking = random.Random(seed)
    return tuple(Point(x + shaking.uniform(-tremor, tremor), y + shaking.uniform(-tremor, tremor)) for x, y in way)


CIRCLE = [(300 + 120 * math.cos(n / 40), 300 + 120 * math.sin(n / 40)) for n in range(250)]
CORNER = [(100, 100 + 2 * n) for n in range(80)] + [(100 + 2 * n, 258) for n in range(1, 80)]
ZIGZAG = [(x, abs(x % 80 - 40) * 3) for x in range(0, 400, 3)]
SPIRAL = [(500 + n / 8 * math.cos(n / 25), 500 + n / 8 * math.sin(n / 25)) for n in range(800)]


@pytest.mark.parametrize("way", [CIRCLE, CORNER, ZIGZAG, SPIRAL], ids=["circle", "corner", "zigzag", "spiral"])
@pytest.mark.parametrize("width", [3.0, 8.0])
def test_the_shape_is_kept_with_far_fewer_points(way, width):
    stroke = Pen(id="p", points=by_hand(way, 0.06 * width), width_px=width)
    smooth = smoothed(stroke)
    assert len(smooth.points) < len(stroke.points) * 0.6
    limit = max(width / 2, 1.5)
    assert max(away(point, stroke.points) for point in drawn(smooth.points)) <= limit
    assert max(away(point, drawn(smooth.points)) for point in stroke.points[::7]) <= limit
    assert (smooth.points[0], smooth.points[-1]) == (stroke.points[0], stroke.points[-1])


def turning(points):
    """All turns of the way together, in radians."""
    angles = [math.atan2(two[1] - one[1], two[0] - one[0]) for one, two in itertools.pairwise(points)]
    return sum(abs((after - before + math.pi) % (2 * math.pi) - math.pi) for before, after in itertools.pairwise(angles))


def test_the_tremor_of_the_hand_goes():
    shaking = by_hand([(10 + 3 * n, 50) for n in range(150)], 0.5)
    smooth = smoothed(Pen(id="p", points=shaking, width_px=6)).points
    assert turning(smooth) < 0.1 * turning(shaking)


def test_corners_stay_corners():
    smooth = smoothed(Pen(id="p", points=tuple(Point(*one) for one in CORNER), width_px=6))
    assert min(math.dist(point, (100, 258)) for point in drawn(smooth.points)) < 1.0


@given(st.lists(st.builds(Point, st.floats(-500, 500), st.floats(-500, 500)), min_size=1, max_size=60), st.floats(0.5, 40),
       st.sampled_from([Pen, Highlighter, RedactionPen]))
@settings(max_examples=150, deadline=None)
def test_any_stroke_stays_within_half_its_width(points, width, kind):
    stroke = kind(id="p", points=tuple(points), width_px=width)
    smooth = smoothed(stroke)
    assert type(smooth) is kind
    assert smooth.points[0] == points[0]
    assert smooth.points[-1] == points[-1]
    if len(points) > 1 and len(smooth.points) > 1:
        way = smooth.points if kind is RedactionPen else drawn(smooth.points)
        assert max(away(point, points) for point in way) <= max(width / 2, 1.5) + 1e-6


@given(st.lists(st.builds(Point, st.floats(-500, 500), st.floats(-500, 500)), min_size=2, max_size=60))
@settings(max_examples=100, deadline=None)
def test_simplifying_keeps_a_part_of_the_points_and_all_of_the_way(points):
    points = tuple(points)
    fewer = simplified(points, 2.0)
    assert set(fewer) <= set(points)
    assert all(away(point, fewer) <= 2.0 + 1e-6 for point in points)


def test_what_was_redacted_stays_redacted():
    stroke = RedactionPen(id="r", points=by_hand(CIRCLE, 2), width_px=20)
    smooth = smoothed(stroke)
    assert max(away(point, smooth.points) for point in stroke.points) <= 0.35 + 1e-9


def test_ten_thousand_points_are_no_trouble():
    smooth = smoothed(Pen(id="p", points=tuple(Point(n / 50, (n % 2) * 300) for n in range(10_000)), width_px=6))
    assert 2 <= len(smooth.points) <= 10_000
