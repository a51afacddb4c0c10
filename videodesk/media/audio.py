"""Sound both ways as plain samples: a playout ring for what is heard, a capture ring and a track for what is said.

48 kHz, mono, 16 bits. No device is opened here: a SoundDevices adapter pulls from PlayoutRing and pushes into CaptureRing.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections import deque
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from numpy.typing import NDArray

from videodesk.calls.ports import SampleSource
from videodesk.core.clock import Clock

RATE: Final = 48000
FRAME: Final = 960  # 20 ms, as Opus
Samples = NDArray[np.int16]

START_DEPTH: Final = 60 * RATE // 1000
MAX_DEPTH: Final = 240 * RATE // 1000
STEP: Final = 20 * RATE // 1000
SURPLUS: Final = 60 * RATE // 1000
CALM_READS: Final = 250
FADE: Final = 120

OPUS_BIT_RATE: Final = 64_000
"""Mono. aiortc encodes 96 kbit/s stereo of the same sound twice: no better, and 1.2 to 1.4 times as many octets."""
OPUS_DELAY_S: Final = 0.006
"""By which libopus is late (312 samples, 6.5 ms): a packet's sound begins so much before its time. Whole milliseconds, as files count."""

SentSound = Callable[[bytes, int, float], None]
"""An Opus packet as it was sent, its time in samples since the track began, and the monotonic clock at its first sample."""


def loudness(samples: Samples) -> float:
    """A level from 0 to 1 for a meter: 0 at -60 dBFS and below, 1 at full scale."""
    if not len(samples):
        return 0.0
    power = float(np.mean(np.square(samples.astype(np.float32) / 32768.0)))
    return max(0.0, min(1.0, 1.0 + 10.0 * math.log10(power + 1e-12) / 60.0))


class PlayoutRing:
    """A SampleSource between the network and the speaker that adapts its depth to the line.

    Starts when START_DEPTH has come in; running dry makes it deeper by a step; a lasting surplus is cut by a short cross-fade, so
    delay does not stay after a disturbance. Thread-safe; never waits.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._chunks: deque[Samples] = deque()
        self._depth = 0
        self._target = START_DEPTH
        self._is_playing = False
        self._lowest = MAX_DEPTH
        self._reads = 0
        self._level = 0.0
        self.underruns = 0
        self.is_muted = False

    @property
    def depth_s(self) -> float:
        """Seconds of sound that wait for the speaker; 0 while nothing plays."""
        return self._depth / RATE if self._is_playing else 0.0

    @property
    def level(self) -> float:
        """The level of what was put last, 0..1."""
        return 0.0 if self.is_muted else self._level

    def put(self, samples: Samples) -> None:
        """Decoded samples, in order."""
        self._level = loudness(samples)
        if self.is_muted or not len(samples):
            return
        with self._lock:
            self._chunks.append(samples)
            self._depth += len(samples)
            while self._depth > 2 * MAX_DEPTH:  # nobody plays: keep the newest
                self._depth -= len(self._chunks.popleft())

    def read(self, frames: int) -> bytes:
        with self._lock:
            return self._read(frames).tobytes()

    def _read(self, frames: int) -> Samples:
        if not self._is_playing:
            if self._depth < max(self._target, frames):
                return np.zeros(frames, dtype=np.int16)
            self._is_playing = True
        if self._depth < frames:
            self.underruns += 1
            self._is_playing = False
            self._target = min(MAX_DEPTH, self._target + STEP)
            out = np.zeros(frames, dtype=np.int16)
            rest = self._pop(self._depth)
            fade = min(FADE, len(rest))
            if fade:
                rest = rest.copy()
                rest[-fade:] = (rest[-fade:] * np.linspace(1, 0, fade)).astype(np.int16)
            out[:len(rest)] = rest
            return out
        self._shorten(frames)
        return self._pop(frames)

    def _shorten(self, frames: int) -> None:
        """Cut a step when more than the target waited all through the last reads."""
        self._lowest = min(self._lowest, self._depth - frames)
        self._reads += 1
        if self._reads < CALM_READS // 5:
            return
        if self._lowest > self._target + SURPLUS - STEP and self._depth > frames + STEP + FADE:
            before = self._pop(FADE).astype(np.float32)
            self._pop(STEP - FADE)
            after = self._pop(FADE).astype(np.float32)
            ramp = np.linspace(0, 1, FADE, dtype=np.float32)
            self._push_front((before * (1 - ramp) + after * ramp).astype(np.int16))
        elif self._lowest > self._target and self._target > START_DEPTH and self._reads >= CALM_READS:
            self._target = max(START_DEPTH, self._target - STEP)
        elif self._reads < CALM_READS:
            return
        self._reads, self._lowest = 0, MAX_DEPTH * 2

    def _pop(self, count: int) -> Samples:
        parts: list[Samples] = []
        self._depth -= count
        while count > 0:
            chunk = self._chunks.popleft()
            if len(chunk) > count:
                self._chunks.appendleft(chunk[count:])
                chunk = chunk[:count]
            parts.append(chunk)
            count -= len(chunk)
        return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int16)

    def _push_front(self, samples: Samples) -> None:
        self._chunks.appendleft(samples)
        self._depth += len(samples)


class CaptureRing:
    """A SampleSink for the microphone and the SampleSource of the outgoing track: at most 200 ms wait. Thread-safe; never waits."""

    LIMIT = RATE // 5 * 2

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._data = bytearray()
        self.heard: Callable[[bytes], None] | None = None  # a device check records

    def write(self, samples: bytes) -> None:
        if self.heard is not None:
            self.heard(samples)
        with self._lock:
            self._data += samples
            surplus = len(self._data) - self.LIMIT
            if surplus > 0:
                del self._data[:surplus + (surplus & 1)]

    def read(self, frames: int) -> bytes:
        with self._lock:
            out = bytes(self._data[:frames * 2])
            del self._data[:frames * 2]
        return out + bytes(frames * 2 - len(out))

    def newest(self, frames: int) -> Samples:
        """The newest `frames` samples or fewer, without taking them (a meter)."""
        with self._lock:
            return np.frombuffer(bytes(self._data[-frames * 2:]), dtype=np.int16)


class OpusEncoding:
    """Mono samples to Opus packets of 20 ms. `application`: `voip` or `audio` (RFC 6716 §2.1.1). Not thread-safe."""

    def __init__(self, application: str) -> None:
        codec: Any = av.CodecContext.create("libopus", "w")
        codec.bit_rate, codec.format, codec.layout, codec.sample_rate = OPUS_BIT_RATE, "s16", "mono", RATE
        codec.time_base = Fraction(1, RATE)
        codec.options = {"application": application, "frame_duration": "20"}
        self._codec = codec
        self._at = 0

    def encode(self, samples: Samples) -> bytes:
        """The packet of exactly FRAME samples; 0.06 ms."""
        frame = audio_frame(samples, self._at)
        self._at += FRAME
        return b"".join(bytes(packet) for packet in self._codec.encode(frame))


def audio_frame(samples: Samples, at: int) -> av.AudioFrame:
    """Mono samples as FFmpeg's frame, `at` samples after the begin."""
    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate, frame.pts, frame.time_base = RATE, at, Fraction(1, RATE)
    return frame


class MicrophoneTrack(MediaStreamTrack):
    """The outgoing sound: 20 ms from a SampleSource, silence while it is off. Engine loop.

    With `is_opus` (the other side takes Opus) it encodes itself, and aiortc's sender only packs: so `on_sent` can be told exactly
    what goes out. Otherwise samples, and nothing is told.
    """

    kind = "audio"

    def __init__(self, source: SampleSource, clock: Clock) -> None:
        super().__init__()
        self.source = source
        self.is_on = True
        self.is_opus = False
        self.level = 0.0
        self.on_sent: SentSound | None = None
        self._clock = clock
        self._encoding: OpusEncoding | None = None
        self._start_s: float | None = None
        self._at = 0

    async def recv(self) -> av.AudioFrame | av.Packet[Any]:
        """The next 20 ms, at their time."""
        if self.readyState != "live":
            raise MediaStreamError
        now_s = self._clock.monotonic()
        if self._start_s is None or now_s - self._start_s - self._at / RATE > 1.0:  # after a long stall do not hurry
            self._start_s = now_s - self._at / RATE
        wait_s = self._start_s + self._at / RATE - now_s
        if wait_s > 0:
            await asyncio.sleep(wait_s)
        data = self.source.read(FRAME)
        samples = np.frombuffer(data, dtype=np.int16) if self.is_on else np.zeros(FRAME, dtype=np.int16)
        self.level = loudness(samples)
        at, self._at = self._at, self._at + FRAME
        if not self.is_opus:
            return audio_frame(samples, at)
        return self._encode(samples, at, self._start_s + (at - FRAME) / RATE)

    def _encode(self, samples: Samples, at: int, begun_s: float) -> av.Packet[Any]:
        """A packet; its sound began a frame before it was read."""
        if self._encoding is None:
            self._encoding = OpusEncoding("voip")
        payload = self._encoding.encode(samples)
        if self.on_sent is not None:
            self.on_sent(payload, at, begun_s)
        packet: av.Packet[Any] = av.Packet(payload)
        packet.pts, packet.time_base = at, Fraction(1, RATE)
        return packet
