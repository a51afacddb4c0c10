"""Marks stick: followed through motion, lost rather than wrong, found again. On generated films whose true places are known."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.bench._sequences import Film, film, is_in_view, true_places
from tests.bench.sticky import MARKS, luma
from tests.unit.vision.drawn import product, wall
from videodesk.calls.pictures import Luma
from videodesk.calls.sticking_ports import Sticker
from videodesk.protocol.live import LiveHold
from videodesk.vision.sticking import PlaneSticker
from videodesk.vision.sticking_geometry import carry, fit, is_plausible, is_within
from videodesk.vision.sticking_patch import patch_around

TICKS = 3000
HELD_AT = 4


@pytest.fixture(autouse=True)
def _one_core():
    """Small pictures: more threads only wait for each other."""
    threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    yield
    cv2.setNumThreads(threads)


@cache
def made(kind: str, seconds: float) -> Film:
    return film(kind, 3, seconds)


def points_of(one: Film, number: int, mark_id: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in true_places(one, number, MARKS[mark_id])]


def off_pct(one: Film, number: int, mark_id: str, points) -> float:
    """How far the worst point is off, in % of the picture's width."""
    return 100 * float(np.linalg.norm((np.array(points) - true_places(one, number, MARKS[mark_id])) * (1, 9 / 16), axis=1).max())


def followed(one: Film):
    """(frame, mark, its place) of the whole film."""
    sticker: Sticker = PlaneSticker()
    for number, gray in enumerate(one.frames):
        places = sticker.put(luma(gray), number * TICKS)
        if number == HELD_AT:
            for mark_id in MARKS:
                assert sticker.hold(mark_id, points_of(one, number, mark_id), number * TICKS)
        else:
            assert set(places) == (set(MARKS) if number > HELD_AT else set())
            for mark_id, place in places.items():
                yield number, mark_id, place


@pytest.mark.parametrize("kind", ["rotate", "zoom", "tilt", "shake", "plain"])
def test_a_mark_stays_on_the_object(kind):
    one = made(kind, 1.4)
    off = []
    for number, mark_id, place in followed(one):
        if is_in_view(one, number, MARKS[mark_id]):
            assert place.hold is LiveHold.FOLLOWING
            off.append(off_pct(one, number, mark_id, place.points))
    assert len(off) > 70
    assert max(off) < 4
    assert np.percentile(off, 95) < 2
    assert np.median(off) < 0.5


@pytest.mark.parametrize("kind", ["hand", "twin"])
def test_a_mark_is_lost_and_found_but_never_wrong(kind):
    one = made(kind, 7.0)
    lost, found, last = set(), set(), {}
    for number, mark_id, place in followed(one):
        if place.hold is LiveHold.FOLLOWING:
            assert off_pct(one, number, mark_id, place.points) < 4, (number, mark_id)
            last[mark_id] = place.points
            if mark_id in lost:
                found.add(mark_id)
        else:
            lost.add(mark_id)
            assert np.array(place.points) == pytest.approx(np.array(last[mark_id]))  # where it was last: it does not wander
    assert lost
    assert found == lost


def test_a_mark_is_put_on_the_frame_that_was_on_screen():
    one = made("pan", 2.0)
    sticker = PlaneSticker()
    for number in range(40):
        sticker.put(luma(one.frames[number]), number * TICKS)
    assert sticker.hold("step", points_of(one, 30, "step"), 30 * TICKS)
    assert off_pct(one, 39, "step", points_of(one, 30, "step")) > 1  # it has moved since
    place = sticker.put(luma(one.frames[40]), 40 * TICKS)["step"]
    assert place.hold is LiveHold.FOLLOWING
    assert off_pct(one, 40, "step", place.points) < 0.5


def test_the_clock_of_the_frames_may_begin_anew_and_a_frame_may_be_missing():
    one = made("pan", 2.0)
    sticker = PlaneSticker()
    begin = 2**32 - 3 * TICKS
    for number in (0, 1, 2, 3, 5, 6):
        sticker.put(luma(one.frames[number]), (begin + number * TICKS) % 2**32)
    assert sticker.hold("step", points_of(one, 4, "step"), (begin + 4 * TICKS) % 2**32)
    place = sticker.put(luma(one.frames[7]), (begin + 7 * TICKS) % 2**32)["step"]
    assert off_pct(one, 7, "step", place.points) < 3  # it is held on the frame beside the missing one


def test_a_frame_that_is_gone_cannot_be_held():
    one = made("pan", 2.0)
    sticker = PlaneSticker()
    assert not sticker.hold("step", [(0.5, 0.5)], None)
    for number in range(30):
        sticker.put(luma(one.frames[number]), number * TICKS)
    assert not sticker.hold("step", points_of(one, 0, "step"), 0)
    assert sticker.put(luma(one.frames[30]), 30 * TICKS) == {}


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_a_bare_wall_holds_nothing(seed):
    flat = wall(seed)
    sticker = PlaneSticker()
    sticker.put(luma(flat), 0)
    assert not sticker.hold("a", [(0.5, 0.5)], 0)
    assert sticker.put(luma(flat), TICKS) == {}


def test_what_is_let_go_is_not_told_of():
    one = made("pan", 2.0)
    sticker = PlaneSticker()
    sticker.put(luma(one.frames[0]), 0)
    for mark_id in MARKS:
        sticker.hold(mark_id, points_of(one, 0, mark_id), 0)
    sticker.let_go("arrow")
    sticker.let_go("never there")
    assert set(sticker.put(luma(one.frames[1]), TICKS)) == {"step", "rectangle"}


def test_another_picture_loses_the_mark_at_once():
    sticker = PlaneSticker()
    sticker.put(luma(product(1)), 0)
    assert sticker.hold("a", [(0.5, 0.5)], 0)
    for number in range(1, 30):
        place = sticker.put(luma(product(2)), number * TICKS)["a"]
        assert place.hold is LiveHold.LOST
        assert np.array(place.points) == pytest.approx(np.array([[0.5, 0.5]]), abs=1e-6)


def test_a_camera_that_turns_to_portrait_finds_the_mark_again():
    sticker = PlaneSticker()
    upright = product(1)
    sticker.put(luma(upright), 0)
    assert sticker.hold("a", [(0.4, 0.45)], 0)
    portrait = cv2.rotate(upright, cv2.ROTATE_90_CLOCKWISE)
    holds = []
    for number in range(1, 12):
        place = sticker.put(luma(portrait), number * TICKS)["a"]
        holds.append(place.hold)
        if number == 1:
            assert place.points == ((pytest.approx(0.4), pytest.approx(0.45)),)
    assert holds[0] is LiveHold.LOST
    assert holds[-1] is LiveHold.FOLLOWING
    assert np.array(place.points) == pytest.approx(np.array([[1 - 0.45, 0.4]]), abs=0.01)


def test_a_frame_of_any_stride_is_copied():
    rows = np.zeros((200, 400), np.uint8)
    rows[:, :320] = cv2.resize(product(1), (320, 200))
    sticker = PlaneSticker()
    frame = Luma(memoryview(rows.data).cast("B"), 320, 200, 400, rows)
    sticker.put(frame, 0)
    assert sticker.hold("a", [(0.5, 0.5)], 0)
    rows[:] = 0  # the media use their memory again
    again = np.ascontiguousarray(cv2.resize(product(1), (320, 200)))
    place = sticker.put(Luma(memoryview(again.data).cast("B"), 320, 200, 320, again), TICKS)["a"]
    assert place.hold is LiveHold.FOLLOWING


# ── plane motions ──────────────────────────────────────────────────────────────────────────────────────────────────

SQUARE = np.array([[0.0, 0.0], [200.0, 0.0], [200.0, 200.0], [0.0, 200.0]])


@settings(max_examples=60, deadline=None)
@given(angle=st.floats(-3.1, 3.1), scale=st.floats(0.3, 3), x=st.floats(-300, 300), y=st.floats(-300, 300), seed=st.integers(0, 1000))
def test_a_motion_is_found_among_wrong_pairs(angle, scale, x, y, seed):
    random = np.random.default_rng(seed)
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    motion = np.array([[cos, -sin, x], [sin, cos, y], [0, 0, 1]])
    start = random.uniform(0, 200, (60, 2))
    end = carry(motion, start)
    end[:15] += random.uniform(30, 90, (15, 2))
    found = fit(start, end, 1.5, 200.0 * 200.0)
    assert found is not None
    assert carry(found[0], SQUARE) == pytest.approx(carry(motion, SQUARE), abs=0.5)
    assert is_plausible(found[0], SQUARE)


def test_few_points_turn_and_scale_but_do_not_tilt():
    random = np.random.default_rng(1)
    start = random.uniform(0, 200, (12, 2))
    found = fit(start, start + np.array([5.0, -3.0]) + random.normal(0, 0.5, start.shape), 2.0, 200.0 * 200.0)
    assert found is not None
    assert found[0][2].tolist() == [0.0, 0.0, 1.0]
    assert fit(start[:5], start[:5], 2.0, 200.0 * 200.0) is None


@pytest.mark.parametrize("corners", [
    [[0, 0], [0, 200], [200, 200], [200, 0]],  # mirrored
    [[0, 0], [200, 0], [20, 20], [0, 200]],  # folded
    [[0, 0], [10, 0], [10, 10], [0, 10]],  # a dot
    [[0, 0], [2000, 0], [2000, 2000], [0, 2000]],  # a wall
    [[0, 0], [200, 0], [200, 8], [0, 8]],  # a line
])
def test_what_no_camera_sees_is_refused(corners):
    motion = cv2.getPerspectiveTransform(SQUARE.astype(np.float32), np.array(corners, dtype=np.float32))
    assert not is_plausible(motion, SQUARE)
    assert is_plausible(np.eye(3), SQUARE)


def test_behind_the_camera_is_nowhere():
    behind = np.array([[1.0, 0, 0], [0, 1, 0], [0, -0.01, 1]])
    seen = carry(behind, np.array([[10.0, 50.0], [10.0, 150.0]]))
    assert np.isfinite(seen[0]).all()
    assert np.isnan(seen[1]).all()
    assert is_within(seen, 640, 360).tolist() == [True, False]


def test_a_patch_is_no_larger_than_its_texture_asks_for():
    gray = cv2.resize(product(1), (640, 360), interpolation=cv2.INTER_AREA)
    rich = patch_around(gray, np.array([[320.0, 180.0]]))
    plain = cv2.GaussianBlur(gray, (0, 0), 14)
    plain[:, :120] = gray[:, :120]
    far = patch_around(plain, np.array([[400.0, 180.0]]))
    assert rich is not None
    assert far is None or far.area_px2 > 2 * rich.area_px2
