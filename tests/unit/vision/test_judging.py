"""The sharpest of several, and what is wrong with a picture: on pictures whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.vision.drawn import defocused, encoded, jpeg, lit, luma, moved, noisy, product, video_range, wall
from videodesk.calls.pictures import Luma
from videodesk.core.errors import DeskError, TooLarge, UnsupportedMedia
from videodesk.vision.blur import edge_width_px
from videodesk.vision.judging import Judge, judge
from videodesk.vision.planes import plane_of, working_size
from videodesk.vision.reading_process import looking_process
from videodesk.vision.sharpness import tenengrad


@pytest.fixture(scope="module")
def eyes():
    process = looking_process()
    yield Judge(process)
    process.close()


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("padding", [0, 24])
def test_the_sharpest_is_found_among_moved_and_defocused_ones(eyes, seed, padding):
    sharp = product(seed)
    frames = [noisy(moved(sharp, 9, 30 * at), 2, at) for at in range(3)] + [noisy(defocused(sharp, 2), 2, 3), noisy(sharp, 2, 4), noisy(moved(sharp, 4, 80), 2, 5)]
    assert eyes.sharpest([luma(frame, padding) for frame in frames]) == 4


def test_a_brighter_frame_is_not_a_sharper_one(eyes):
    sharp = product(1)
    blurred = np.clip(moved(sharp, 6, 20) * 1.15, 0, 255).astype(np.uint8)
    assert eyes.sharpest([luma(blurred), luma(sharp)]) == 1


def test_the_score_is_the_verdicts_too(eyes):
    sharp, blurred = product(1), moved(product(1), 8, 10)
    assert eyes.verdict(luma(sharp)).sharpness > 1.5 * eyes.verdict(luma(blurred)).sharpness


def test_of_equals_the_first_and_none_of_none(eyes):
    assert eyes.sharpest([luma(product(0))] * 3) == 0
    with pytest.raises(ValueError, match="empty"):
        eyes.sharpest([])


def test_padding_is_not_looked_at():
    assert tenengrad(working_size(plane_of(luma(product(0), 100)))) == tenengrad(working_size(product(0)))


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("quality", [95, 60])
def test_a_sharp_product_is_fine(eyes, seed, quality):
    assert eyes.verdict_of(jpeg(product(seed), quality)).problems == ()
    assert eyes.verdict(luma(video_range(product(seed)))).problems == ()


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("spoil", [lambda p, n: defocused(p, 4), lambda p, n: defocused(p, 8), lambda p, n: moved(p, 20, 25 + 35 * n), lambda p, n: moved(p, 36, 20 + 50 * n)])
def test_a_blurred_product_is_blurred(eyes, seed, spoil):
    assert eyes.verdict_of(jpeg(noisy(spoil(product(seed), seed), 3, seed), 80)).problems == ("blurred",)


@pytest.mark.parametrize("seed", range(18))
def test_a_plain_wall_is_never_called_blurred(eyes, seed):
    picture = wall(seed)
    assert "blurred" not in eyes.verdict(luma(picture)).problems
    assert "blurred" not in eyes.verdict_of(jpeg(defocused(picture, 3), 40)).problems


@pytest.mark.parametrize("seed", range(4))
def test_low_light_is_too_dark_and_nothing_else(eyes, seed):
    assert eyes.verdict_of(jpeg(noisy(product(seed) * 0.2, 4, seed))).problems == ("too_dark",)


def test_a_black_product_in_a_lit_room_is_not_too_dark(eyes):
    picture = product(0)
    picture[80:640, 150:1130] = picture[80:640, 150:1130] // 9
    assert "too_dark" not in eyes.verdict_of(jpeg(picture)).problems


@pytest.mark.parametrize("seed", range(4))
def test_a_lamp_on_the_product_is_glare_and_white_paper_is_not(eyes, seed):
    assert "glare" in eyes.verdict_of(jpeg(lit(product(seed), 60, seed))).problems
    paper = product(seed)
    paper[200:500, 400:900] = 255
    paper[230:470:30, 430:870] = 20
    assert eyes.verdict_of(jpeg(paper)).problems == ()


@pytest.mark.parametrize(("size", "is_small"), [((320, 240), True), ((640, 359), True), ((640, 360), False), ((360, 640), False)])
def test_a_small_picture_is_too_small(size, is_small):
    plane = product(0)[:size[1], :size[0]]
    assert ("too_small" in judge(working_size(plane), *size).problems) is is_small


def test_an_edges_width_is_that_of_its_ramp():
    bars = np.zeros((360, 640), np.float32)
    bars[:, (np.arange(640) // 40) % 2 == 0] = 200
    sharp = edge_width_px(defocused(bars.astype(np.uint8), 0.6))
    soft = edge_width_px(defocused(bars.astype(np.uint8), 2.4))
    assert sharp is not None
    assert soft is not None
    assert sharp < 3.75 < soft
    assert soft == pytest.approx(2.4 * (2 * np.pi) ** 0.5, rel=0.15)  # the steepest slope of a Gaussian's edge


@pytest.mark.parametrize("suffix", [".png", ".webp"])
def test_other_formats(eyes, suffix):
    assert eyes.verdict_of(encoded(product(2), suffix)).problems == ()


def test_a_still_is_judged_at_the_size_at_which_it_is_looked_at(eyes):
    import cv2

    large = cv2.resize(product(2), (4000, 2250), interpolation=cv2.INTER_CUBIC)
    assert eyes.verdict_of(jpeg(large)).problems == ()
    assert eyes.verdict_of(jpeg(defocused(large, 16))).problems == ("blurred",)


def test_sizes_that_the_bytes_do_not_hold_are_refused(eyes):
    for width, height, stride in ((64, 64, 64), (10, 0, 10), (20, 4, 10), (0, 4, 10)):
        with pytest.raises(ValueError):
            eyes.verdict(Luma(memoryview(bytes(64 * 63)), width, height, stride))


@pytest.mark.parametrize("size", [(1, 1), (3, 900), (900, 2), (12, 12)])
def test_tiny_and_thin_frames_have_a_verdict(eyes, size):
    picture = np.random.default_rng(0).integers(0, 256, (size[1], size[0]), dtype=np.uint8)
    assert "too_small" in eyes.verdict(luma(picture)).problems


def test_a_bomb_is_refused_by_its_header(eyes):
    bomb = bytearray(jpeg(product(0)))
    at = bomb.index(b"\xff\xc0")
    bomb[at + 5:at + 9] = b"\xff\xdc\xff\xdc"
    with pytest.raises(TooLarge):
        eyes.verdict_of(bytes(bomb))


@settings(deadline=None)
@given(st.binary(max_size=400), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF\x20\0\0\0WEBPVP8 "]))
def test_any_bytes_are_refused_in_our_own_words(eyes, rest, head):
    with pytest.raises(DeskError):
        eyes.verdict_of(head + rest)


@settings(deadline=None)
@given(st.data())
def test_damaged_pictures_are_judged_or_refused(eyes, data):
    sound = data.draw(st.sampled_from(DAMAGED))
    broken = bytearray(sound[:data.draw(st.integers(20, len(sound)))])
    for _ in range(data.draw(st.integers(0, 6))):
        broken[data.draw(st.integers(12, len(broken) - 1))] = data.draw(st.integers(0, 255))
    try:
        verdict = eyes.verdict_of(bytes(broken))
    except (UnsupportedMedia, TooLarge):
        return
    assert verdict.sharpness >= 0


DAMAGED = [jpeg(product(0)[:90, :120]), encoded(product(0)[:60, :80], ".png"), encoded(product(0)[:60, :80], ".webp")]
