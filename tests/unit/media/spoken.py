"""Material for sound: something like a voice, and a line that carries its packets to a player step by step."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

from videodesk.media.audio import audio_frame
from videodesk.media.opus import FRAME, RATE

Samples = NDArray[np.int16]
Floats = NDArray[np.float64]


def voice(seconds: float, seed: int = 1, *, level: float = 6000.0) -> Samples:
    """Syllables of a gliding, buzzing voice through three resonances, with hissing sounds and short pauses between. 48 kHz mono."""
    chance = np.random.default_rng(seed)
    count = int(seconds * RATE)
    out = np.zeros(count)
    at = 0
    while at < count:
        length = int(chance.uniform(0.12, 0.3) * RATE)
        time = np.arange(length) / RATE
        if chance.random() < 0.2:
            sound = chance.normal(0, 0.25, length)
            sound = np.diff(sound, prepend=0.0)
        else:
            pitch = chance.uniform(95, 210) * (1 + 0.15 * np.sin(2 * np.pi * chance.uniform(1, 3) * time))
            phase = 2 * np.pi * np.cumsum(pitch) / RATE
            formants = [(chance.uniform(300, 800), 90.0), (chance.uniform(900, 2200), 120.0), (chance.uniform(2300, 3000), 180.0)]
            sound = np.zeros(length)
            for harmonic in range(1, 30):
                heights = sum(1 / (1 + ((harmonic * pitch - centre) / width) ** 2) for centre, width in formants)
                sound += (heights + 0.02) * np.sin(harmonic * phase)
        sound *= np.hanning(length)
        end = min(count, at + length)
        out[at:end] += sound[:end - at]
        at += length + int(chance.uniform(0.0, 0.12) * RATE)
    out *= level / (np.sqrt(np.mean(out**2)) + 1e-9)
    return np.clip(out, -32000, 32000).astype(np.int16)


def packets_of(sound: Samples, *, loss_pct: int = 0, bit_rate: int = 32000) -> list[bytes]:
    """Opus packets of 20 ms, with copies inside (FEC) when `loss_pct` says that packets get lost."""
    codec: Any = av.CodecContext.create("libopus", "w")
    codec.bit_rate, codec.format, codec.layout, codec.sample_rate = bit_rate, "s16", "mono", RATE
    codec.time_base = Fraction(1, RATE)
    codec.options = {"application": "voip", "frame_duration": "20", "fec": "1" if loss_pct else "0", "packet_loss": str(loss_pct)}
    out: list[bytes] = []
    for at in range(0, len(sound) - FRAME + 1, FRAME):
        out += [bytes(packet) for packet in codec.encode(audio_frame(sound[at:at + FRAME], at))]
    return out


class Steps:
    """A clock that goes on when told."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def now(self) -> Any:
        raise NotImplementedError

    def monotonic(self) -> float:
        return self.now_s


def carry(packets: list[bytes], arrival_s: Callable[[int], float | None], player: Any, clock: Steps, *, seconds: float,
          step: int = FRAME // 2, each_read: Callable[[], None] = lambda: None, time_of: Callable[[int], int] = lambda number: number * FRAME) -> Samples:
    """Send packet n at n * 20 ms; it comes `arrival_s(n)` later (None: never). The player is read every `step` samples; gives all it played."""
    order = itertools.count()
    due = [(time_of(n) / RATE + late, next(order), n) for n in range(len(packets)) if (late := arrival_s(n)) is not None]
    heapq.heapify(due)
    base = clock.now_s
    out = []
    for turn in range(int(seconds * RATE / step)):
        clock.now_s = base + turn * step / RATE
        while due and base + due[0][0] <= clock.now_s:
            at, _, number = heapq.heappop(due)
            player.put(packets[number], (time_of(number) + 4_294_900_000) % (1 << 32), base + at)
        out.append(np.frombuffer(player.read(step), np.int16))
        each_read()
    return np.concatenate(out)


def best_match(heard: Samples, said: Samples, at_s: float, span_s: float = 0.2, most_s: float = 1.0) -> tuple[float, float]:
    """How alike (-1..1) the sound heard around `at_s` is to what was said, at the delay (s) where it is most alike."""
    piece = heard[int(at_s * RATE):int((at_s + span_s) * RATE):6].astype(float)
    begin = max(0, int((at_s - most_s) * RATE))
    source = said[begin:int((at_s + span_s) * RATE):6].astype(float)
    if len(source) < len(piece) or not piece.any():
        return 0.0, 0.0
    windows = np.lib.stride_tricks.sliding_window_view(source, len(piece))
    scores = windows @ piece / (np.sqrt((windows**2).sum(axis=1)) * np.sqrt(piece @ piece) + 1e-9)
    best = int(np.argmax(scores))
    return float(scores[best]), at_s - (begin + best * 6) / RATE
