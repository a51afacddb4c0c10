"""Frames are picked from a clip as they were received, each with its own capture time."""

from datetime import timedelta
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.unit.media.material import FPS, Sender, numbered_frames, tone
from tests.unit.media.recording import BEGIN, NOON, Desk, both_codecs, live
from videodesk.calls.ports import Picture
from videodesk.core.errors import Invalid
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.media.clip import FileClip
from videodesk.media.synthetic import read_frame_number
from videodesk.media.tap import VideoUnit


def number_on(picture: Picture) -> int | None:
    rows = np.frombuffer(picture.buffer, np.uint8).reshape(-1, picture.stride_bytes)[:picture.height_px]
    return read_frame_number(rows[:, :picture.width_px * 4].reshape(picture.height_px, picture.width_px, 4))


@both_codecs
def test_each_moment_shows_its_own_frame(codec: str, tmp_path: Path) -> None:
    facts = live(Desk(), tmp_path / "clip", Sender(BEGIN, 0, 0).units(codec, numbered_frames(codec, 150), tone(440, 5)))
    assert facts is not None
    clip = FileClip(facts.path)
    assert clip.duration_s == pytest.approx(5, abs=0.05)
    for number in (0, 1, 29, 30, 31, 30, 149, 75, 74, 0):  # on, back, over keyframes
        for within in (0.001, 0.5 / FPS, 0.9 / FPS):
            frame = clip.frame_at(number / FPS + within)
            assert frame is not None
            assert number_on(frame.preview) == number
        assert abs(frame.captured_at - NOON - timedelta(seconds=number / FPS)) <= timedelta(milliseconds=1)
        assert (frame.method, frame.codec, frame.width_px, frame.height_px) == (SnapshotMethod.CLIP_FRAME, codec, 640, 360)
        assert frame.is_evidence_grade
        original = clip.encode(frame)
        assert original.method is SnapshotMethod.CLIP_FRAME
        assert read_frame_number(cv2.imdecode(np.frombuffer(original.data, np.uint8), cv2.IMREAD_COLOR)) == number
    clip.close()
    clip.close()


def test_outside_of_the_clip_it_is_the_first_or_the_last_frame(tmp_path: Path) -> None:
    facts = live(Desk(), tmp_path / "clip", Sender(BEGIN, 0, 0).units("VP8", numbered_frames("VP8", 60), ()))
    clip = FileClip(facts.path)
    assert number_on(clip.frame_at(-3).preview) == 0
    assert number_on(clip.frame_at(99).preview) == 59
    clip.close()


def test_the_strip_is_spread_over_it(tmp_path: Path) -> None:
    facts = live(Desk(), tmp_path / "clip", Sender(BEGIN, 0, 0).units("VP8", numbered_frames("VP8", 150), ()))
    clip = FileClip(facts.path)
    strip = clip.strip(5)
    assert [round(small.at_s, 2) for small in strip] == pytest.approx([0.5, 1.5, 2.5, 3.5, 4.5], abs=0.05)
    assert all(small.captured_at == NOON + timedelta(seconds=small.at_s) for small in strip)
    assert all(0 < small.picture.width_px <= 192 for small in strip)
    clip.close()


def test_a_damaged_frame_is_not_of_evidence_grade(tmp_path: Path) -> None:
    units = Sender(BEGIN, 0, 0).units("VP8", numbered_frames("VP8", 150), ())
    damaged = [VideoUnit(unit.codec, unit.data, unit.rtp_time, unit.received_at_s, unit.is_key, not 40 <= number < 50) for number, unit in enumerate(units)]
    facts = live(Desk(), tmp_path / "clip", damaged)
    clip = FileClip(facts.path)
    grades = [clip.frame_at((number + 0.5) / FPS).is_evidence_grade for number in (39, 40, 49, 50, 100)]
    assert grades == [True, False, False, True, True]
    clip.close()


@pytest.mark.parametrize("content", [b"", b"nonsense" * 100])
def test_what_is_no_clip_is_said_to_be_none(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "clip.webm").write_bytes(content)
    with pytest.raises(Invalid, match=r"clip\.unreadable"):
        FileClip(tmp_path / "clip.webm")
    with pytest.raises(Invalid, match=r"clip\.unreadable"):
        FileClip(tmp_path / "there_is_none.webm")
