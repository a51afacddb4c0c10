"""The parts of a device check that need samples and pictures: a recording of a few seconds, its playback, the look of the picture."""

from __future__ import annotations

import threading
from typing import Final

import av
import numpy as np

from videodesk.calls.device_check import RECORD_S, Sight, Voice, judge_sight, judge_voice
from videodesk.media.opus import FRAME, RATE, Samples

_LIMIT: Final = int(RECORD_S * RATE)
_FULL: Final = 32_600
_LOOK_EVERY: Final = 8


class Recording:
    """A SampleSink that keeps RECORD_S while it records, and a SampleSource that plays them. Thread-safe; never waits."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._data = bytearray()
        self._at: int | None = None
        self.is_recording = False

    @property
    def recorded_s(self) -> float:
        """How much there is."""
        return len(self._data) / 2 / RATE

    @property
    def is_playing(self) -> bool:
        """Whether `read` gives what was recorded."""
        return self._at is not None

    def begin(self) -> None:
        """Forget what there is and record."""
        with self._lock:
            self._data.clear()
            self._at = None
            self.is_recording = True

    def write(self, samples: bytes) -> None:
        with self._lock:
            if self.is_recording:
                self._data += samples[:2 * _LIMIT - len(self._data)]
                self.is_recording = len(self._data) < 2 * _LIMIT

    def play(self) -> None:
        """Play it from its begin."""
        with self._lock:
            self._at = 0 if self._data and not self.is_recording else None

    def read(self, frames: int) -> bytes:
        with self._lock:
            if self._at is None:
                return bytes(2 * frames)
            piece = bytes(self._data[self._at:self._at + 2 * frames])
            self._at += len(piece)
            if self._at >= len(self._data):
                self._at = None
            return piece + bytes(2 * frames - len(piece))

    def verdict(self) -> Voice:
        """How it sounds, once it is whole."""
        with self._lock:
            samples = np.frombuffer(bytes(self._data), dtype=np.int16)
            if self.is_recording or not len(samples):
                return Voice.UNKNOWN
        return judge_voice(levels_db(samples), float(np.mean(np.abs(samples.astype(np.int32)) >= _FULL)))


def levels_db(samples: Samples) -> list[float]:
    """The level of each 20 ms, in dBFS; the rest that fills none is left out."""
    frames = samples[:len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.float32) / 32768.0
    found: list[float] = (10.0 * np.log10(np.mean(np.square(frames), axis=1) + 1e-12)).tolist()
    return found


class Looker:
    """Judges a camera's pictures, two a second. `put` in the camera's thread."""

    def __init__(self) -> None:
        self.sight = Sight.UNKNOWN
        self._count = 0

    def put(self, frame: av.VideoFrame) -> None:
        """A picture."""
        self._count += 1
        if self._count % _LOOK_EVERY == 1:
            luma = frame.reformat(width=32, height=18, format="gray").to_ndarray()
            self.sight = judge_sight(float(luma.mean()), float(luma.std()))
