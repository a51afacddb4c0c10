"""The tap: encoded picture and sound of a call, as they came in, beside the decoder. Nothing is copied, transcoded or decoded for it.

The receivers and the sending microphone put units in (engine loop); the ring and the recorder are sinks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

Side = Literal["customer", "agent"]


@dataclass(frozen=True, slots=True)
class VideoUnit:
    """One encoded frame as the decoder gets it: `codec` "VP8" or "H264" (Annex B), `rtp_time` at 90 kHz, `received_at_s` monotonic.

    `is_whole`: everything that it refers to came too. `width_px`, `height_px` are those of the last keyframe; 0 before the first.
    """

    codec: str
    data: bytes
    rtp_time: int
    received_at_s: float
    is_key: bool
    is_whole: bool
    width_px: int = 0
    height_px: int = 0


@dataclass(frozen=True, slots=True)
class SoundUnit:
    """One Opus packet of 20 ms or so. `rtp_time` at 48 kHz; `received_at_s` monotonic, of the agent's own sound its first sample's time.

    `payload` is None where one was lost (the decoder conceals it).
    """

    side: Side
    payload: bytes | None
    rtp_time: int
    received_at_s: float


class TapSink(Protocol):
    """Who takes the units. Called in the engine's loop for each of them: it may only put them somewhere."""

    def video(self, unit: VideoUnit) -> None:
        """A frame of the customer's picture."""
        ...

    def sound(self, unit: SoundUnit) -> None:
        """A packet of either side's sound."""
        ...


class Tap:
    """Hands units on to its sinks, in the order they came. Sinks may be added and taken away from any thread."""

    def __init__(self) -> None:
        self._sinks: tuple[TapSink, ...] = ()
        self._size = (0, 0)

    def add(self, sink: TapSink) -> Callable[[], None]:
        """Hand on to `sink` from now on; returns what ends it."""
        self._sinks = (*self._sinks, sink)

        def end() -> None:
            self._sinks = tuple(one for one in self._sinks if one is not sink)

        return end

    def put_video(self, codec: str, data: bytes, rtp_time: int, received_at_s: float, *, is_key: bool, is_whole: bool) -> None:
        """A frame came in."""
        if is_key:
            self._size = frame_size(codec, data) or self._size
        if self._sinks:
            unit = VideoUnit(codec, data, rtp_time, received_at_s, is_key, is_whole, *self._size)
            for sink in self._sinks:
                sink.video(unit)

    def put_sound(self, side: Side, payload: bytes | None, rtp_time: int, received_at_s: float) -> None:
        """A packet came in, or went out."""
        if self._sinks:
            unit = SoundUnit(side, payload, rtp_time, received_at_s)
            for sink in self._sinks:
                sink.sound(unit)


def frame_size(codec: str, data: bytes) -> tuple[int, int] | None:
    """The size in a keyframe's header where it is cheap to read (VP8: RFC 6386 §9.1); None elsewhere."""
    if codec == "VP8" and len(data) >= 10 and data[3:6] == b"\x9d\x01\x2a":
        return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF
    return None
