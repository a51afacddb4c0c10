"""References are found where they are, to a fraction of a px, and not where there is none."""

from __future__ import annotations

import math
from functools import cache

import cv2
import numpy as np
import pytest

from tests.bench._poses import HEIGHT_PX, WIDTH_PX, pose
from videodesk.annotation.marks import Point, Reference, ReferenceKind
from videodesk.annotation.measuring import SIZES_MM, measured
from videodesk.vision.edges import fitted_corners
from videodesk.vision.measuring import EdgeFinder

FINDER = EdgeFinder()


@cache
def posed(kind, seed):
    return pose(kind, seed)


def found_on(one, kind=None):
    return FINDER.find(memoryview(one.bgra.tobytes()), WIDTH_PX, HEIGHT_PX, kind or one.kind)


def off_px(reference, corners):
    """How far the farthest corner is from its place; a card lies the same way after half a turn."""
    return min(max(math.dist(reference.points[(at + turn) % 4], corners[at]) for at in range(4)) for turn in range(4))


@pytest.mark.parametrize("kind", [ReferenceKind.BANK_CARD, ReferenceKind.MARKER, ReferenceKind.A4])
@pytest.mark.parametrize("seed", [3, 8])
def test_it_is_found_and_measures(kind, seed):
    one = posed(kind, seed)
    found = found_on(one)
    assert found is not None
    assert off_px(found, one.corners) < 1.0
    said = measured(one.start, one.end, found, WIDTH_PX, HEIGHT_PX)
    assert said.low_mm <= one.true_mm <= said.high_mm
    assert said.value_mm == pytest.approx(one.true_mm, rel=0.03)


def test_a_marker_tells_its_own_size_and_where_its_first_corner_is():
    for seed, side in ((3, 100.0), (8, 40.0)):
        one = posed(ReferenceKind.MARKER, seed)
        found = found_on(one)
        assert found.size_mm == (side, side)
        assert max(math.dist(mine, true) for mine, true in zip(found.points, one.corners, strict=True)) < 1.0


@pytest.mark.parametrize("kind", [ReferenceKind.BANK_CARD, ReferenceKind.MARKER, ReferenceKind.A4])
def test_on_an_empty_table_there_is_none(kind):
    assert found_on(posed(ReferenceKind.KNOWN_LENGTH, 2), kind) is None
    assert FINDER.find(memoryview(bytes(640 * 480 * 4)), 640, 480, kind) is None
    noise = np.random.default_rng(3).integers(0, 256, (300, 400, 4), dtype=np.uint8)
    assert FINDER.find(memoryview(noise.tobytes()), 400, 300, kind) is None


def test_a_known_length_is_nothing_to_look_for():
    assert found_on(posed(ReferenceKind.BANK_CARD, 3), ReferenceKind.KNOWN_LENGTH) is None


@pytest.mark.parametrize("size", [(1, 1), (3, 700), (40, 20)])
@pytest.mark.parametrize("kind", list(ReferenceKind))
def test_the_smallest_pictures_do_no_harm(size, kind):
    assert FINDER.find(memoryview(bytes(size[0] * size[1] * 4)), *size, kind) is None


def test_corners_put_by_hand_go_to_the_edges_near_them():
    one = posed(ReferenceKind.BANK_CARD, 8)
    by_hand = Reference(one.kind, tuple(Point(x + dx, y + dy) for (x, y), dx, dy in zip(one.corners, (4, -3, 2, -4), (-3, 3, 4, 1), strict=True)),
                        SIZES_MM[one.kind], 3.0)
    snapped = FINDER.snapped(memoryview(one.bgra.tobytes()), WIDTH_PX, HEIGHT_PX, by_hand)
    assert off_px(snapped, one.corners) < 1.0
    assert snapped.corner_px < by_hand.corner_px
    assert snapped.size_mm == by_hand.size_mm


def test_corners_on_a_plain_table_stay_where_the_hand_put_them():
    plain = np.full((480, 640, 4), 120, np.uint8)
    by_hand = Reference(ReferenceKind.A4, (Point(100, 100), Point(397, 100), Point(397, 310), Point(100, 310)), SIZES_MM[ReferenceKind.A4], 1.0)
    assert FINDER.snapped(memoryview(plain.tobytes()), 640, 480, by_hand) is None
    length = Reference(ReferenceKind.KNOWN_LENGTH, (Point(100, 100), Point(397, 100)), (100.0, 0.0))
    assert FINDER.snapped(memoryview(plain.tobytes()), 640, 480, length) is None


def test_a_corner_is_known_to_a_tenth_of_a_px_on_a_clean_picture():
    true = np.array([[303.4, 201.2], [901.7, 240.6], [880.3, 640.9], [290.5, 600.1]])
    x, y = np.meshgrid(np.arange(1200.0), np.arange(800.0))
    cover = np.ones((800, 1200))
    for one, two in zip(true, np.roll(true, -1, axis=0), strict=True):
        along = (two - one) / np.linalg.norm(two - one)
        cover = np.minimum(cover, np.clip((y - one[1]) * along[0] - (x - one[0]) * along[1] + 0.5, 0, 1))
    colours = np.array([60.0, 60, 60]) + cover[..., None] * (np.array([200.0, 210, 190]) - 60)
    picture = np.round(cv2.GaussianBlur(colours, (0, 0), 1.0)).astype(np.uint8)
    fitted = fitted_corners(picture, true + np.array([[3, -2], [-2, 3], [1, 4], [-4, 1]]))
    assert np.abs(fitted.corners - true).max() < 0.1
    assert fitted.support > 0.95


def test_a_frame_of_other_proportions_is_no_sheet():
    wall = np.full((720, 1280, 4), 200, np.uint8)
    wall[120:620, 220:1020] = 90  # 1.6 : 1, straight from the front
    assert FINDER.find(memoryview(wall.tobytes()), 1280, 720, ReferenceKind.A4) is None
    wall[120:686, 220:1020] = 90  # 1.414 : 1
    found = FINDER.find(memoryview(wall.tobytes()), 1280, 720, ReferenceKind.A4)
    assert off_px(found, (Point(220, 120), Point(1020, 120), Point(1020, 686), Point(220, 686))) < 0.3
