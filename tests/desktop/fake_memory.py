"""Fakes of what a call keeps: a ring, a recorder and clips of drawn pictures that show their second. Time is what a test says it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import cv2
import numpy as np

from tests.desktop.fake_media import product
from videodesk.calls.capture_ports import ClipFacts, Gap, GapReason, KeptSpan, RecordingState, StripPicture
from videodesk.calls.pictures import EncodedOriginal, FrozenFrame, Picture
from videodesk.core.errors import DeskError
from videodesk.core.vocabulary import SnapshotMethod

BEGIN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)  # captured_at of at_s == 0
FPS = 15
MEGABYTE = 1_000_000


def numbered(at_s: float, width: int = 640, height: int = 360) -> np.ndarray:
    """The drawn parcel, moved by the time, with its second written on it; BGR."""
    picture = np.ascontiguousarray(np.roll(_parcel(width, height), round(at_s * 3) % width, axis=1))
    cv2.putText(picture, f"{at_s:.2f}", (round(width * 0.04), round(height * 0.14)), cv2.FONT_HERSHEY_SIMPLEX, height / 360,
                (255, 255, 255), 3, cv2.LINE_AA)
    cv2.putText(picture, f"{at_s:.2f}", (round(width * 0.04), round(height * 0.14)), cv2.FONT_HERSHEY_SIMPLEX, height / 360,
                (20, 20, 160), 1, cv2.LINE_AA)
    return picture


_drawn: dict[tuple[int, int], np.ndarray] = {}


def _parcel(width: int, height: int) -> np.ndarray:
    if (width, height) not in _drawn:
        _drawn[width, height] = product(width, height)
    return _drawn[width, height]


def picture_at(bgr: np.ndarray, at_s: float, seq: int = 0) -> Picture:
    """The array as a Picture that was received at `at_s`."""
    bgra = cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA)
    height, width = bgra.shape[:2]
    return Picture(memoryview(bgra).cast("B"), width, height, width * 4, seq, seq * 6000 % 2**32, at_s, width, height, owner=bgra)


def moment(at_s: float) -> datetime:
    """The time at which the picture of `at_s` was captured."""
    return BEGIN + timedelta(seconds=at_s)


def frame_of(at_s: float, method: SnapshotMethod, size: tuple[int, int] = (640, 360)) -> FrozenFrame:
    """The frame at `at_s`: 15 a second."""
    seq = int(at_s * FPS + 1e-6)
    own_s = seq / FPS
    bgr = numbered(own_s, *size)
    return FrozenFrame(bgr, seq, seq * 6000 % 2**32, moment(own_s), size[0], size[1], "VP8", True, picture_at(bgr, own_s, seq), method)


def encoded(frame: FrozenFrame) -> EncodedOriginal:
    """A real JPEG of a frame."""
    done, data = cv2.imencode(".jpg", frame.handle, [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert done
    return EncodedOriginal(data.tobytes(), "image/jpeg", frame.width_px, frame.height_px, frame.method)


class FakeRewind:
    """A ring of the last 120 s. `grow` lets time pass; `gap` marks a time without pictures; `fails` makes the next decoding fail."""

    def __init__(self, size: tuple[int, int] = (640, 360)) -> None:
        self.size = size
        self.from_s: float | None = None
        self.to_s: float | None = None
        self.gaps: tuple[Gap, ...] = ()
        self.fails: DeskError | None = None
        self.decoded: list[float] = []
        self._strip: dict[int, StripPicture] = {}

    def grow(self, to_s: float, from_s: float = 0.0) -> None:
        """Everything up to `to_s` came in."""
        self.from_s = max(self.from_s if self.from_s is not None else from_s, to_s - 120.0)
        self.to_s = to_s

    def empty(self) -> None:
        """Let go of it all."""
        self.from_s = self.to_s = None

    def gap(self, from_s: float, to_s: float | None, reason: GapReason) -> None:
        """Nothing came in from `from_s` to `to_s`."""
        self.gaps = (*self.gaps, Gap(from_s, to_s, reason))

    def span(self) -> KeptSpan:
        size = 0 if self.from_s is None or self.to_s is None else round((self.to_s - self.from_s) * 0.26 * MEGABYTE)
        return KeptSpan(self.from_s, self.to_s, size, 60 * MEGABYTE, 120.0, self.gaps)

    def strip(self) -> Sequence[StripPicture]:
        if self.from_s is None or self.to_s is None:
            return ()
        return [self._small(second) for second in range(int(np.ceil(self.from_s)), int(self.to_s) + 1) if not self._is_in_gap(second)]

    def _small(self, second: int) -> StripPicture:
        if second not in self._strip:
            width, height = self.size
            bgr = cv2.resize(numbered(second, width, height), (round(80 * width / height), 80), interpolation=cv2.INTER_AREA)
            self._strip[second] = StripPicture(float(second), moment(second), picture_at(bgr, float(second)))
        return self._strip[second]

    def _is_in_gap(self, at_s: float) -> bool:
        return any(gap.from_s <= at_s and (gap.to_s is None or at_s < gap.to_s) for gap in self.gaps)

    def frame_at(self, at_s: float) -> FrozenFrame | None:
        if self.fails is not None:
            problem, self.fails = self.fails, None
            raise problem
        if self.from_s is None or self.to_s is None:
            return None
        self.decoded.append(at_s)
        return frame_of(min(max(at_s, self.from_s), self.to_s), SnapshotMethod.REWOUND, self.size)

    def step(self, frame: FrozenFrame, frames: int) -> FrozenFrame | None:
        at_s = (frame.seq + frames) / FPS
        if self.from_s is None or self.to_s is None or not self.from_s <= at_s <= self.to_s:
            return None
        return self.frame_at(at_s)

    def encode(self, frame: FrozenFrame) -> EncodedOriginal:
        return encoded(frame)


class FakeRecorder:
    """Writes files that say what they are; `fails` makes the next call fail. `stop` gives what ran, as it does after it stopped by itself."""

    def __init__(self, rewind: FakeRewind) -> None:
        self._rewind = rewind
        self.now = RecordingState()
        self.path: Path | None = None
        self.fails: DeskError | None = None
        self.told: list[str] = []
        self.content = b""

    def keep_last(self, seconds: float, path: Path) -> ClipFacts | None:
        self._fail("keep_last")
        span = self._rewind.span()
        if span.from_s is None or span.to_s is None:
            return None
        return self._write(path, min(seconds, span.to_s - span.from_s), max(span.from_s, span.to_s - seconds))

    def start(self, path: Path) -> None:
        self._fail("start")
        self.path = path
        path.with_suffix(".webm").write_bytes(b"half a recording")
        self.now = RecordingState(is_recording=True, since=moment(self._rewind.to_s or 0.0))

    def stop(self) -> ClipFacts | None:
        self._fail("stop")
        path, self.path = self.path, None
        begun = self.now.since
        self.now = replace(self.now, is_recording=False)
        if path is None or begun is None:
            return None
        begin_s = (begun - BEGIN).total_seconds()
        return self._write(path, max(0.1, (self._rewind.to_s or 0.0) - begin_s), begin_s)

    def state(self) -> RecordingState:
        return self.now

    def end_by_itself(self, problem: str | None = None) -> None:
        """Consent was withdrawn, or the disk is full."""
        self.now = replace(self.now, is_recording=False, problem=problem)

    def grow(self, size_bytes: int) -> None:
        """It wrote."""
        self.now = replace(self.now, size_bytes=size_bytes)

    def _fail(self, name: str) -> None:
        self.told.append(name)
        if self.fails is not None:
            problem, self.fails = self.fails, None
            raise problem

    def _write(self, path: Path, duration_s: float, begin_s: float) -> ClipFacts:
        made = path.with_suffix(".webm")
        made.write_bytes(self.content or b"\x1aE\xdf\xa3 clip of %.1f s from %.1f" % (duration_s, begin_s))
        width, height = self._rewind.size
        return ClipFacts(made, "video/webm", width, height, duration_s, moment(begin_s), "VP8", True,
                         encoded(frame_of(begin_s, SnapshotMethod.CLIP, self._rewind.size)).data)


class FakeMemory:
    """What a call keeps; notes what was allowed."""

    def __init__(self, clips: Path = Path(), size: tuple[int, int] = (640, 360)) -> None:
        self.clips = clips
        self.rewind = FakeRewind(size)
        self.recorder = FakeRecorder(self.rewind)
        self.allowed: list[tuple[bool, bool, GapReason | None]] = []
        self.is_closed = False

    def allow(self, *, stills: bool, recording: bool, off: GapReason | None = None) -> None:
        self.allowed.append((stills, recording, off))
        if not recording:
            self.recorder.end_by_itself()

    def close(self) -> None:
        self.is_closed = True
        self.rewind.empty()


class FakeClip:
    """A clip of drawn pictures; the time it shows counts from its begin."""

    def __init__(self, duration_s: float = 20.0, size: tuple[int, int] = (640, 360), begin_s: float = 0.0) -> None:
        self.duration_s = duration_s
        self._size, self._begin_s = size, begin_s
        self.is_closed = False
        self.decoded: list[float] = []

    def strip(self, count: int) -> Sequence[StripPicture]:
        made = []
        for number in range(count):
            at_s = self.duration_s * (number + 0.5) / count
            bgr = cv2.resize(numbered(at_s, *self._size), (round(80 * self._size[0] / self._size[1]), 80), interpolation=cv2.INTER_AREA)
            made.append(StripPicture(at_s, moment(self._begin_s + at_s), picture_at(bgr, at_s)))
        return made

    def frame_at(self, position_s: float) -> FrozenFrame | None:
        self.decoded.append(position_s)
        frame = frame_of(min(max(0.0, position_s), self.duration_s), SnapshotMethod.CLIP_FRAME, self._size)
        return replace(frame, captured_at=frame.captured_at + timedelta(seconds=self._begin_s))

    def encode(self, frame: FrozenFrame) -> EncodedOriginal:
        return encoded(frame)

    def close(self) -> None:
        self.is_closed = True
