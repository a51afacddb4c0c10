"""The slot keeps the newest, converts only for who looks, and the snapshot's colours are the camera's."""

import cv2
import numpy as np
import pytest

from videodesk.core.clock import HandClock
from videodesk.media.decoding import DecodedFrame
from videodesk.media.frames import FrameSlot, fit, from_bgr
from videodesk.media.synthetic import DrawnCamera, read_frame_number

PATCHES = {"red": (0, 0, 220), "green": (0, 200, 0), "blue": (220, 40, 0), "yellow": (0, 220, 220), "white": (255, 255, 255),
           "black": (0, 0, 0), "grey": (128, 128, 128), "skin": (150, 180, 225)}  # BGR


def decoded(image: np.ndarray, seq: int = 0, *, at_s: float = 0.0, good: bool = True) -> DecodedFrame:
    return DecodedFrame(picture=from_bgr(image), seq=seq, rtp_time=seq * 3000, received_at_s=at_s, is_evidence_grade=good, codec="VP8")


def plain(colour: tuple[int, int, int], width: int = 64, height: int = 48) -> np.ndarray:
    image = np.empty((height, width, 3), dtype=np.uint8)
    image[:] = colour
    return image


def pixels(picture) -> np.ndarray:
    rows = np.frombuffer(picture.buffer, dtype=np.uint8).reshape(-1, picture.stride_bytes)[:picture.height_px]
    return rows[:, :picture.width_px * 4].reshape(picture.height_px, picture.width_px, 4)


def test_an_empty_slot_gives_nothing() -> None:
    slot = FrameSlot(HandClock())
    assert slot.take() is None
    assert slot.freeze() is None


def test_the_newest_wins_and_only_the_wanted_is_converted() -> None:
    asked = []
    slot = FrameSlot(HandClock(), asked.append)
    woken = []
    slot.on_fresh(lambda: woken.append(1))
    for seq in range(5):
        slot.put(decoded(plain((seq * 40, 0, 0)), seq))
    assert len(woken) == 1, "frames 1 to 4 were not converted: nobody had taken frame 0"
    assert slot.take().seq == 0
    asked.pop()()  # what the slot asked the media thread to do
    assert slot.take().seq == 4
    assert len(woken) == 2
    assert not asked


@pytest.mark.parametrize("name", PATCHES)
@pytest.mark.parametrize("size", [(64, 48), (1280, 720)])
def test_colours_stay_right_on_screen_and_in_the_original(name: str, size: tuple[int, int]) -> None:
    colour = PATCHES[name]
    slot = FrameSlot(HandClock())
    slot.ask_size(*size)
    slot.put(decoded(plain(colour, *size)))
    shown = pixels(slot.take())
    assert np.abs(shown[5:-5, 5:-5, :3].astype(int) - colour).max() <= 3
    assert shown[:, :, 3].min() == 255
    original = slot.encode(slot.freeze())
    kept = cv2.imdecode(np.frombuffer(original.data, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert (original.width_px, original.height_px) == (kept.shape[1], kept.shape[0]) == size
    assert np.abs(kept.astype(int) - colour).max() <= 3


def test_the_picture_fits_what_was_asked_and_keeps_its_aspect() -> None:
    slot = FrameSlot(HandClock())
    slot.ask_size(500, 500)
    slot.put(decoded(plain((9, 9, 9), 1280, 720)))
    picture = slot.take()
    assert (picture.width_px, picture.height_px) == (500, 280)
    assert (picture.source_width_px, picture.source_height_px) == (1280, 720)
    slot.put(decoded(plain((9, 9, 9), 720, 1280), 1))
    picture = slot.take()
    assert (picture.width_px, picture.height_px) == (280, 500), "the customer turned the phone"


def test_fit_never_gives_an_impossible_size() -> None:
    assert fit((16, 9), (1, 1)) == (2, 2)
    assert fit((4000, 10), (100, 100)) == (100, 2)


def test_the_frozen_frame_is_the_one_on_screen_at_full_size() -> None:
    clock = HandClock()
    slot = FrameSlot(clock)
    slot.ask_size(320, 180)
    camera = DrawnCamera()
    slot.put(decoded(camera.draw(41), 41))
    shown = slot.take()
    slot.put(decoded(camera.draw(42), 42))
    clock.advance(0.25)
    frozen = slot.freeze()
    assert frozen.preview is shown
    assert frozen.seq == 41
    assert (clock.now() - frozen.captured_at).total_seconds() == pytest.approx(0.25)
    kept = cv2.imdecode(np.frombuffer(slot.encode(frozen).data, dtype=np.uint8), cv2.IMREAD_COLOR)
    assert kept.shape == (720, 1280, 3)
    assert read_frame_number(kept) == 41


def test_a_screen_that_lags_still_decides_what_is_kept_and_a_hidden_one_does_not() -> None:
    slot = FrameSlot(HandClock())
    slot.put(decoded(plain((0, 0, 0)), 0))
    slot.take()
    for seq in range(1, 31):
        slot.put(decoded(plain((0, 0, 0)), seq, at_s=seq / 31))
    assert slot.freeze().seq == 0
    slot.put(decoded(plain((0, 0, 0)), 31, at_s=1.1))
    assert slot.freeze().seq == 31


def test_when_nobody_looks_the_newest_frame_is_frozen() -> None:
    slot = FrameSlot(HandClock())
    for seq in range(10):
        slot.put(decoded(DrawnCamera(320, 180).draw(seq), seq, good=seq != 9))
    frozen = slot.freeze()
    assert frozen.seq == 9
    assert not frozen.is_evidence_grade
    assert read_frame_number(pixels(frozen.preview)) == 9


def test_on_hold_nothing_new_is_shown_or_frozen() -> None:
    slot = FrameSlot(HandClock())
    slot.put(decoded(plain((0, 0, 0)), 0))
    slot.is_on_hold = True
    slot.put(decoded(plain((0, 0, 0)), 1))
    assert slot.freeze().seq == 0
