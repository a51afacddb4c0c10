"""rewind: `jump`, a random second of the last 120 to its picture, ready to paint, while a live 720p30 call is decoded and shown beside it.

Floor: av alone decoding from the nearest keyframe before the same moment, beside the same call, in turns with ours. Also single
steps (`forward`, `back`), what the loop pays for keeping a frame (`keep`), and the memory. VP8 and H.264 in equal parts.
"""

import argparse
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from tests.bench._chromium import Report, figure, ratio
from videodesk.core.clock import SystemClock
from videodesk.media.decoding import DECODERS, VideoDecoding
from videodesk.media.frames import FrameSlot, from_bgr
from videodesk.media.jitter import EncodedFrame
from videodesk.media.keyframes import BASE_S
from videodesk.media.memory import DeskMemory
from videodesk.media.rewind import THREADS
from videodesk.media.synthetic import DrawnCamera
from videodesk.media.tap import VideoUnit

FPS = 30
SPAN_S = 120
MATERIAL_S = 12
BITRATE = 2_500_000
JUMPS = 100
STEPS = 100
_ENCODERS = {
    "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "error-resilient": "default", "auto-alt-ref": "0"}),
    "H264": ("libx264", {"preset": "veryfast", "tune": "zerolatency", "profile": "baseline"}),
}


@dataclass(frozen=True)
class Coded:
    """A coded frame of the material."""

    data: bytes
    is_key: bool


def material(codec: str, interval_s: float) -> list[Coded]:
    """A handheld product picture, 720p, coded as a call is, with a keyframe every so often."""
    camera = DrawnCamera(is_handheld=True)
    name, options = _ENCODERS[codec]
    encoder: Any = av.CodecContext.create(name, "w")
    encoder.width, encoder.height, encoder.pix_fmt, encoder.bit_rate = 1280, 720, "yuv420p", BITRATE
    encoder.time_base, encoder.framerate, encoder.gop_size, encoder.options = Fraction(1, FPS), Fraction(FPS), round(interval_s * FPS), options
    coded = []
    for number in range(MATERIAL_S * FPS):
        frame = from_bgr(camera.draw(number))
        frame.pts = number
        coded += [Coded(bytes(packet), packet.is_keyframe) for packet in encoder.encode(frame)]
    return coded + [Coded(bytes(packet), packet.is_keyframe) for packet in encoder.encode(None)]


class Filled:
    """A call's memory that holds its full time."""

    def __init__(self, codec: str, coded: list[Coded]) -> None:
        self.codec = codec
        self.clock = Shifted()
        self.memory = DeskMemory(self.clock)
        self.memory.allow(stills=True, recording=True)
        self.kept_ms: list[float] = []
        count = round((SPAN_S + 2 * BASE_S) * FPS)
        for number in range(count):
            frame = coded[number % len(coded)]
            start = time.perf_counter()
            self.memory.tap.put_video(codec, frame.data, number * 3000, number / FPS, is_key=frame.is_key, is_whole=True)
            self.kept_ms.append((time.perf_counter() - start) * 1000)
        self.clock.at_s = count / FPS


class Shifted(SystemClock):
    """A clock that stands where it is put: the ring is filled faster than time goes."""

    at_s = 0.0

    def monotonic(self) -> float:
        return self.at_s


@contextmanager
def live_call(codec: str, coded: list[Coded]) -> Iterator[None]:
    """A call that is decoded, and shown at 960x540, at 30 frames a second."""
    clock = SystemClock()
    slot = FrameSlot(clock)
    slot.ask_size(960, 540)
    slot.on_fresh(slot.take)
    decoding = VideoDecoding(slot.put, lambda: None)
    is_over = threading.Event()

    def play() -> None:
        begun, number = time.monotonic(), 0
        while not is_over.wait(max(0.0, begun + number / FPS - time.monotonic())):
            frame = coded[number % len(coded)]
            decoding.put(codec, EncodedFrame(frame.data, number * 3000, time.monotonic(), frame.is_key, is_whole=True))
            number += 1

    thread = threading.Thread(target=play, name="live")
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()
        decoding.stop()


def decode_alone(units: list[VideoUnit], threads: int) -> None:
    """What no way of looking back can do without."""
    decoder: Any = av.CodecContext.create(DECODERS[units[0].codec], "r")
    decoder.thread_count, decoder.thread_type = threads, "FRAME"
    for unit in units:
        decoder.decode(av.Packet(unit.data))
    decoder.decode(None)


def timed(work: Any, *arguments: Any) -> float:
    start = time.perf_counter()
    assert work(*arguments) is not None or work is decode_alone
    return (time.perf_counter() - start) * 1000


def run() -> Report:
    parser = argparse.ArgumentParser()
    parser.add_argument("--interval", type=float, default=BASE_S, help="seconds between keyframes")
    parser.add_argument("--jumps", type=int, default=JUMPS)
    given = parser.parse_args()
    lots: dict[str, list[float]] = {name: [] for name in ("jump", "floor", "forward", "back", "keep", "memory", "resident")}
    for codec in _ENCODERS:
        coded = material(codec, given.interval)
        before = _resident_mb()
        filled = Filled(codec, coded)
        lots["memory"].append(filled.memory.rewind.span().size_bytes / 1e6)
        lots["keep"] += filled.kept_ms
        with live_call(codec, coded):
            _jumps(filled, given.jumps, lots)
            _steps(filled, lots)
        lots["resident"].append(_resident_mb() - before)
        filled.memory.close()
    jump = {"unit": "ms", "ours": figure(lots["jump"]), "floor": figure(lots["floor"])}
    jump["ratio"] = ratio(jump["ours"], jump["floor"])
    figures: dict[str, Any] = {"jump": jump}
    figures |= {name: {"unit": "ms", "ours": figure(lots[name])} for name in ("forward", "back", "keep")}
    figures |= {name: {"unit": "MB", "ours": figure(lots[name])} for name in ("memory", "resident")}
    return {"name": "rewind", "figures": figures}


def _jumps(filled: Filled, jumps: int, lots: dict[str, list[float]]) -> None:
    rewind, chance = filled.memory.rewind, random.Random(1)
    span = rewind.span()
    assert span.from_s is not None
    assert span.to_s is not None
    assert span.to_s - span.from_s > SPAN_S - 2 * BASE_S - 1, "the ring is not full"
    ring = filled.memory.ring
    for _ in range(jumps):
        at_s = chance.uniform(span.from_s, span.to_s)
        place = ring.at(at_s)
        assert place is not None
        units = [kept.unit for kept in place.frames[:place.index + 1]]
        lots["jump"].append(timed(rewind.frame_at, at_s))
        lots["floor"].append(timed(decode_alone, units, THREADS))


def _steps(filled: Filled, lots: dict[str, list[float]]) -> None:
    rewind = filled.memory.rewind
    span = rewind.span()
    assert span.from_s is not None
    for name, towards in (("forward", 1), ("back", -1)):
        frame = rewind.frame_at(span.from_s + SPAN_S / 2)
        for _ in range(STEPS):
            assert frame is not None
            start = time.perf_counter()
            frame = rewind.step(frame, towards)
            lots[name].append((time.perf_counter() - start) * 1000)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * 4096 / 1e6
