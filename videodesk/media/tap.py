"""The tap: encoded picture and sound of a call, as they came in, beside the decoder. Nothing is copied, transcoded or decoded for it.

The receivers and the sending microphone put units in (engine loop); the ring and the recorder are sinks. One tap for a call: it
outlives the peers.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

Side = Literal["customer", "agent"]


@dataclass(frozen=True, slots=True)
class VideoUnit:
    """One encoded frame as the decoder gets it: `codec` "VP8" or "H264" (Annex B), `rtp_time` at 90 kHz, `received_at_s` monotonic.

    `is_whole`: everything that it refers to came too. `width_px`, `height_px` are those of the last keyframe where its header says them cheaply, else 0.
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


@dataclass(frozen=True, slots=True)
class SenderReport:
    """The customer's browser says: this RTP time of this stream was at `ntp_s` of its wall clock (RFC 3550 §6.4.1)."""

    kind: Literal["video", "audio"]
    rtp_time: int
    ntp_s: float


class TapSink(Protocol):
    """Who takes the units. Called in the engine's loop for each of them: it may only put them somewhere."""

    def video(self, unit: VideoUnit) -> None:
        """A frame of the customer's picture."""
        ...

    def sound(self, unit: SoundUnit) -> None:
        """A packet of either side's sound."""
        ...

    def report(self, report: SenderReport) -> None:
        """How the clocks of the customer's picture and sound belong together; every second or few."""
        ...


class Tap:
    """Hands units on to its sinks, in the order they came. Sinks may be added and taken away from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sinks: tuple[TapSink, ...] = ()
        self._asking: tuple[Callable[[], None], ...] = ()
        self._size = (0, 0)
        self._is_paused = False
        self._awaits_key = False
        self.keeps_pictures = False
        """Whether pictures are being kept, so that keyframes are worth what they cost. Any thread."""

    def add(self, sink: TapSink) -> Callable[[], None]:
        """Hand on to `sink` from now on; returns what ends it."""
        with self._lock:
            self._sinks = (*self._sinks, sink)

        def end() -> None:
            with self._lock:
                self._sinks = tuple(one for one in self._sinks if one is not sink)

        return end

    def ask_keyframe(self) -> None:
        """Ask the customer's browser for a keyframe soon (a recording begins, a ring begins). Any thread."""
        for ask in self._asking:
            ask()

    def on_keyframe_asked(self, ask: Callable[[], None]) -> Callable[[], None]:
        """Call `ask` (in whatever thread) when a keyframe is wanted; returns what ends it. The receiver's end of `ask_keyframe`."""
        with self._lock:
            self._asking = (*self._asking, ask)

        def end() -> None:
            with self._lock:
                self._asking = tuple(one for one in self._asking if one is not ask)

        return end

    def pause(self, is_paused: bool) -> None:
        """While paused (on hold) nothing is handed on; then pictures from the next keyframe on, so that no frame misses what it builds on."""
        if is_paused == self._is_paused:
            return
        self._is_paused = is_paused
        if is_paused:
            self._awaits_key = True
        elif self.keeps_pictures:
            self.ask_keyframe()

    def put_video(self, codec: str, data: bytes, rtp_time: int, received_at_s: float, *, is_key: bool, is_whole: bool) -> None:
        """A frame came in."""
        if is_key:
            self._size = frame_size(codec, data) or (0, 0)
            self._awaits_key = self._awaits_key and self._is_paused
        if self._sinks and not self._is_paused and not self._awaits_key:
            unit = VideoUnit(codec, data, rtp_time, received_at_s, is_key, is_whole, *self._size)
            for sink in self._sinks:
                sink.video(unit)

    def put_sound(self, side: Side, payload: bytes | None, rtp_time: int, received_at_s: float) -> None:
        """A packet came in, or went out."""
        if self._sinks and not self._is_paused:
            unit = SoundUnit(side, payload, rtp_time, received_at_s)
            for sink in self._sinks:
                sink.sound(unit)

    def put_report(self, report: SenderReport) -> None:
        """A sender report came in."""
        for sink in self._sinks:
            sink.report(report)


def frame_size(codec: str, data: bytes) -> tuple[int, int] | None:
    """The size in a keyframe's header where it is cheap to read (VP8: RFC 6386 §9.1); None elsewhere."""
    if codec == "VP8" and len(data) >= 10 and data[3:6] == b"\x9d\x01\x2a":
        return int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF
    return None
