"""Coded picture and sound as they come out of the receivers, made here: numbered frames, flashes, beeps, and a shaking network."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np

from videodesk.core.clock import HandClock
from videodesk.media.audio import FRAME, RATE, OpusEncoding
from videodesk.media.frames import from_bgr
from videodesk.media.synthetic import DrawnCamera
from videodesk.media.tap import SenderReport, SoundUnit, Tap, VideoUnit

FPS = 30
OPTIONS = {
    "VP8": ("libvpx", {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "auto-alt-ref": "0"}),
    "H264": ("libx264", {"tune": "zerolatency", "preset": "ultrafast"}),
}


@dataclass(frozen=True)
class Coded:
    data: bytes
    is_key: bool


@cache
def numbered_frames(codec: str, count: int, width: int = 640, height: int = 360, first: int = 0, key_every: int = 30) -> tuple[Coded, ...]:
    camera = DrawnCamera(width, height)
    return coded(codec, [camera.draw(first + number) for number in range(count)], key_every)


@cache
def flashing_frames(codec: str, count: int, flash_at: frozenset[int]) -> tuple[Coded, ...]:
    dark, bright = np.full((180, 320, 3), 20, np.uint8), np.full((180, 320, 3), 235, np.uint8)
    return coded(codec, [bright if number in flash_at else dark for number in range(count)], 30)


def coded(codec: str, images: list[np.ndarray], key_every: int) -> tuple[Coded, ...]:
    name, options = OPTIONS[codec]
    encoder = av.CodecContext.create(name, "w")
    encoder.height, encoder.width = images[0].shape[:2]
    encoder.pix_fmt, encoder.time_base, encoder.framerate = "yuv420p", Fraction(1, FPS), Fraction(FPS)
    encoder.bit_rate, encoder.gop_size, encoder.options = 1_500_000, key_every, options
    out = []
    for number, image in enumerate(images):
        frame = from_bgr(image)
        frame.pts, frame.time_base = number, Fraction(1, FPS)
        out += [Coded(bytes(packet), packet.is_keyframe) for packet in encoder.encode(frame)]
    out += [Coded(bytes(packet), packet.is_keyframe) for packet in encoder.encode(None)]
    assert len(out) == len(images)
    return tuple(out)


@cache
def tone(frequency_hz: float, seconds: float, level: float = 0.2) -> tuple[bytes, ...]:
    time_s = np.arange(round(seconds * RATE / FRAME) * FRAME) / RATE
    return opus(np.sin(2 * np.pi * frequency_hz * time_s) * level)


@cache
def beeps(seconds: float, at_s: tuple[float, ...]) -> tuple[bytes, ...]:
    samples = np.zeros(round(seconds * RATE / FRAME) * FRAME)
    for begin_s in at_s:
        start = round(begin_s * RATE)
        samples[start:start + RATE // 10] = np.sin(2 * np.pi * 1000 * np.arange(RATE // 10) / RATE) * 0.5
    return opus(samples)


def opus(samples: np.ndarray) -> tuple[bytes, ...]:
    encoding = OpusEncoding("audio")
    numbers = (samples * 32767).astype(np.int16)
    return tuple(encoding.encode(numbers[at:at + FRAME]) for at in range(0, len(numbers), FRAME))


@dataclass
class Sender:
    """What a customer's browser sends, as it arrives: each stream with a delay of its own that shakes; RTP times begin anywhere."""

    begun_s: float
    video_delay_s: float = 0.04
    sound_delay_s: float = 0.02
    shake_s: float = 0.0
    video_base: int = 0xFFFF_0000
    sound_base: int = 0xFFFF_F000
    seed: int = 1

    def units(self, codec: str, frames: tuple[Coded, ...], sounds: tuple[bytes, ...]) -> list[VideoUnit | SoundUnit]:
        chance = random.Random(self.seed)
        out: list[VideoUnit | SoundUnit] = []
        arrived_s = 0.0
        for number, frame in enumerate(frames):
            at_s = number / FPS
            arrived_s = max(arrived_s, self.begun_s + at_s + self.video_delay_s + chance.random() * self.shake_s)
            out.append(VideoUnit(codec, frame.data, (self.video_base + round(at_s * 90_000)) & 0xFFFFFFFF, arrived_s, frame.is_key, True))
        arrived_s = 0.0
        for number, payload in enumerate(sounds):
            at_s = number * FRAME / RATE
            arrived_s = max(arrived_s, self.begun_s + at_s + self.sound_delay_s + chance.random() * self.shake_s)
            out.append(SoundUnit("customer", payload, (self.sound_base + number * FRAME) & 0xFFFFFFFF, arrived_s))
        return sorted(out, key=lambda unit: unit.received_at_s)

    def reports(self, at_s: float) -> list[SenderReport]:
        """Its browser's word of how both clocks belong together, `at_s` after its begin; its wall clock is its own."""
        return [SenderReport("video", (self.video_base + round(at_s * 90_000)) & 0xFFFFFFFF, 3e9 + at_s),
                SenderReport("audio", (self.sound_base + round(at_s * RATE)) & 0xFFFFFFFF, 3e9 + at_s)]


def agent_units(begun_s: float, sounds: tuple[bytes, ...]) -> list[SoundUnit]:
    return [SoundUnit("agent", payload, number * FRAME, begun_s + number * FRAME / RATE) for number, payload in enumerate(sounds)]


def play(tap: Tap, clock: HandClock, units: list[VideoUnit | SoundUnit], each: "Iterator[None] | None" = None) -> None:
    """Let the units arrive, each at its time."""
    for unit in sorted(units, key=lambda unit: unit.received_at_s):
        clock.advance(max(0.0, unit.received_at_s - clock.monotonic()))
        if isinstance(unit, VideoUnit):
            tap.put_video(unit.codec, unit.data, unit.rtp_time, unit.received_at_s, is_key=unit.is_key, is_whole=unit.is_whole)
        else:
            tap.put_sound(unit.side, unit.payload, unit.rtp_time, unit.received_at_s)
        if each is not None:
            next(each, None)


def packets(path: Path) -> list[list[tuple[float, bytes]]]:
    """Each track's packets with their times."""
    with av.open(str(path)) as container:
        tracks: list[list[tuple[float, bytes]]] = [[] for _ in container.streams]
        for packet in container.demux():
            if packet.pts is not None:
                tracks[packet.stream_index].append((float(packet.pts * packet.time_base), bytes(packet)))
        return tracks


def heard(path: Path, track: int) -> tuple[float, np.ndarray]:
    """A sound track decoded: its first sample's time and all its samples, mono, gaps filled with silence."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[track]
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        parts: list[tuple[float, np.ndarray]] = []
        for frame in container.decode(stream):
            at_s = float(frame.pts * frame.time_base)
            for out in resampler.resample(frame):
                parts.append((at_s, out.to_ndarray()[0]))
    begin_s = parts[0][0]
    length = round((parts[-1][0] - begin_s) * RATE) + len(parts[-1][1])
    samples = np.zeros(length + RATE, np.float32)
    end = 0
    for at_s, part in parts:
        start = round((at_s - begin_s) * RATE)
        start = end if abs(start - end) < RATE // 200 else start  # files count milliseconds
        end = start + len(part)
        samples[start:start + len(part)] = part
    return begin_s, samples


def loudest_hz(samples: np.ndarray, count: int = 1) -> set[int]:
    """The loudest frequencies, to 20 Hz."""
    power = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE)
    found: set[int] = set()
    for index in np.argsort(power)[::-1]:
        if all(abs(frequencies[index] - other) > 40 for other in found):
            found.add(round(float(frequencies[index]) / 20) * 20)
        if len(found) == count:
            break
    return found


def flashes(path: Path) -> list[float]:
    """When the picture became bright."""
    out, was_bright = [], False
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            is_bright = float(frame.to_ndarray()[:frame.height].mean()) > 120
            if is_bright and not was_bright:
                out.append(float(frame.time))
            was_bright = is_bright
    return out


def beginnings(begin_s: float, samples: np.ndarray) -> list[float]:
    """When a sound began after silence."""
    loud = np.abs(samples) > 0.1
    out, quiet_since = [], -RATE
    for index in np.flatnonzero(loud):
        if index - quiet_since > RATE // 20:
            out.append(begin_s + index / RATE)
        quiet_since = index
    return out


def only(samples: np.ndarray, frequency_hz: float) -> np.ndarray:
    """The sound near this frequency alone; where another one breaks off, hardly anything of it is left."""
    spectrum = np.fft.rfft(samples)
    frequencies = np.fft.rfftfreq(len(samples), 1 / RATE)
    spectrum[np.abs(frequencies - frequency_hz) > 150] = 0
    return np.fft.irfft(spectrum, len(samples))
