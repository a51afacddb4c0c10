"""A call that is recorded, and the ways to keep it."""


import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.unit.media.material import (
    play,
)
from videodesk.calls.capture_ports import ClipFacts
from videodesk.core.clock import HandClock
from videodesk.media.h264 import units as nal_units
from videodesk.media.recorder import CallRecorder
from videodesk.media.tap import SoundUnit, Tap, VideoUnit

BEGIN = 100.0
NOON = datetime(2026, 1, 5, 12, 0, tzinfo=UTC)


class Desk:
    """A call's tap and recorder, with a ring that holds all that came."""

    def __init__(self) -> None:
        self.clock = HandClock(NOON - timedelta(seconds=BEGIN))
        self.clock.advance(BEGIN)
        self.tap = Tap()
        self.asked = 0
        self.tap.on_keyframe_asked(self._asked)
        self.kept: list[VideoUnit | SoundUnit] = []
        self.recorder = CallRecorder(self.clock, self.tap, lambda: self.kept, lambda at_s: NOON + timedelta(seconds=at_s - BEGIN))
        self.recorder.allow(True)
        self.tap.add(self)

    def _asked(self) -> None:
        self.asked += 1

    def video(self, unit: VideoUnit) -> None:
        self.kept.append(unit)

    def sound(self, unit: SoundUnit) -> None:
        self.kept.append(unit)

    def report(self, report: object) -> None:
        pass

    def play(self, units: list) -> None:
        play(self.tap, self.clock, units)


def live(desk: Desk, path: Path, units: list) -> ClipFacts | None:
    desk.recorder.start(path)
    desk.play(units)
    return desk.recorder.stop()


def cut(desk: Desk, path: Path, units: list) -> ClipFacts | None:
    desk.play(units)
    return desk.recorder.keep_last(60, path)


both_ways = pytest.mark.parametrize("keep", [live, cut], ids=["recorded", "cut from the ring"])
both_codecs = pytest.mark.parametrize("codec", ["VP8", "H264"])


def same(codec: str, written: bytes, received: bytes) -> bool:
    """VP8 byte for byte; of H.264 each unit, which a file precedes by its length instead of a start code."""
    if codec == "VP8":
        return written == received
    found = []
    while written:
        length = int.from_bytes(written[:4], "big")
        found.append(written[4:4 + length])
        written = written[4 + length:]
    return found == nal_units(received)


def probe(path: Path) -> dict:
    told = subprocess.run(["ffprobe", "-v", "error", "-of", "json", "-count_packets", "-show_streams", "-show_format", str(path)],
                          capture_output=True, text=True, check=True)
    assert told.stderr == ""
    found: dict = json.loads(told.stdout)
    return found
