"""The agent's sound as plain samples: a capture ring and a track for what is said. What is heard has its own module, playout.py.

48 kHz, mono, 16 bits. No device is opened here: a SoundDevices adapter pushes into CaptureRing.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from videodesk.calls.ports import SampleSource
from videodesk.core.clock import Clock
from videodesk.media.opus import FRAME, RATE, Samples

OPUS_BIT_RATE: Final = 64_000
"""Mono. aiortc encodes 96 kbit/s stereo of the same sound twice: no better, and 1.2 to 1.4 times as many octets."""
NARROW_OPUS_BIT_RATE: Final = 24_000
"""On a line that carries no picture: a voice is still clear."""
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

    def __init__(self, application: str, bit_rate: int = OPUS_BIT_RATE) -> None:
        codec: Any = av.CodecContext.create("libopus", "w")
        self.bit_rate = bit_rate
        codec.bit_rate, codec.format, codec.layout, codec.sample_rate = bit_rate, "s16", "mono", RATE
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
        self.bit_rate = OPUS_BIT_RATE
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
        if self._encoding is None or self._encoding.bit_rate != self.bit_rate:
            self._encoding = OpusEncoding("voip", self.bit_rate)
        payload = self._encoding.encode(samples)
        if self.on_sent is not None:
            self.on_sent(payload, at, begun_s)
        packet: av.Packet[Any] = av.Packet(payload)
        packet.pts, packet.time_base = at, Fraction(1, RATE)
        return packet
