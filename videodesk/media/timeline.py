"""One clock for picture and sound: RTP times of several streams as seconds of our monotonic clock.

A stream's own clock is exact but begins anywhere; arrival times are true but shake. The fastest packets of the last half minute
say where the stream's clock lies (what came later was only held up). Where the sender says how its clocks belong together (sender
reports, RFC 3550 §6.4.1) its sound is laid to its picture by that instead, as far as it is believable.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

WINDOW_S: Final = 30
SETTLING_S: Final = 3.0
"""So long a new stream's clock is set at once when a faster packet shows that it lies earlier."""
SLEW: Final = 0.02
"""Afterwards it moves by at most this part of the time that passes: nothing jumps."""
SKEW_SLEW: Final = 0.1
"""The same for how sound lies to picture, once the sender says it: some 50 ms, once."""
JUMP_S: Final = 1.0
"""A change as large as this is followed at once: a way that became slower and stays so, not drift."""
ANEW_S: Final = 10.0
"""One frame that is off by so much: the sender counts anew."""
MAX_SKEW_S: Final = 0.5
"""How far a sender's report may move its sound against what the arrival says; more is not believed."""

VIDEO_RATE: Final = 90_000
SOUND_RATE: Final = 48_000


@dataclass(slots=True)
class StreamClock:
    """Where one RTP stream's times lie on our monotonic clock. `rate` in Hz. Not thread-safe."""

    rate: int
    _epoch: int = 0
    _last: int | None = None
    _lows: deque[tuple[int, float]] = field(default_factory=deque)  # (second, smallest offset in it)
    _anchor_s: float | None = None
    _first_s: float = 0.0
    _moved_s: float = 0.0
    _report: tuple[float, float] | None = None  # sender's wall clock, stream's seconds

    def note(self, rtp_time: int, arrived_s: float) -> None:
        """A frame with this RTP time is whole since `arrived_s`."""
        offset = arrived_s - self._seconds(rtp_time, remembers=True)
        if self._anchor_s is None or abs(offset - self._anchor_s) > ANEW_S:
            self._begin(offset, arrived_s)
        second = int(arrived_s)
        if self._lows and self._lows[-1][0] == second:
            self._lows[-1] = (second, min(offset, self._lows[-1][1]))
        else:
            self._lows.append((second, offset))
        while self._lows[0][0] < second - WINDOW_S:
            self._lows.popleft()
        self._move(min(low for _, low in self._lows), arrived_s)

    def settle(self) -> None:
        """Move to where the clock lies by all that is known, at once."""
        if self._lows:
            self._anchor_s = min(low for _, low in self._lows)

    def report(self, rtp_time: int, ntp_s: float) -> None:
        """The sender says: this RTP time was at this time of its wall clock."""
        self._report = (ntp_s, self._seconds(rtp_time))

    def at_s(self, rtp_time: int) -> float | None:
        """The monotonic time of a frame with this RTP time; None before the first `note`."""
        return None if self._anchor_s is None else self._anchor_s + self._seconds(rtp_time)

    @property
    def sender_offset_s(self) -> float | None:
        """Our monotonic clock less the sender's wall clock, as this stream shows it; None without a report."""
        if self._report is None or self._anchor_s is None:
            return None
        ntp_s, stream_s = self._report
        return self._anchor_s + stream_s - ntp_s

    def _begin(self, offset: float, arrived_s: float) -> None:
        self._lows.clear()
        self._report = None
        self._anchor_s, self._first_s, self._moved_s = offset, arrived_s, arrived_s

    def _move(self, target_s: float, now_s: float) -> None:
        anchor = self._anchor_s
        assert anchor is not None
        passed, self._moved_s = max(0.0, now_s - self._moved_s), max(now_s, self._moved_s)
        is_settling = now_s - self._first_s < SETTLING_S
        if (is_settling and target_s < anchor) or abs(target_s - anchor) > JUMP_S:
            self._anchor_s = target_s
        else:
            step = SLEW * passed
            self._anchor_s = anchor + max(-step, min(step, target_s - anchor))

    def _seconds(self, rtp_time: int, *, remembers: bool = False) -> float:
        """RTP time unwrapped (32 bits) against the newest one, in seconds."""
        if self._last is None:
            if not remembers:
                return rtp_time / self.rate
            self._last = rtp_time
        delta = (rtp_time - self._last) & 0xFFFFFFFF
        if delta >= 1 << 31:
            delta -= 1 << 32
        extended = self._epoch + self._last + delta
        if remembers and delta > 0:
            self._epoch = extended - rtp_time
            self._last = rtp_time
        return extended / self.rate


@dataclass(slots=True)
class SenderClocks:
    """Picture and sound of one sender (one peer connection of the customer)."""

    video: StreamClock = field(default_factory=lambda: StreamClock(VIDEO_RATE))
    sound: StreamClock = field(default_factory=lambda: StreamClock(SOUND_RATE))
    _skew_s: float = 0.0
    _at_s: float | None = None

    def sound_at_s(self, rtp_time: int) -> float | None:
        """As StreamClock.at_s for the sound, laid to the picture by the sender's reports where there are any."""
        at_s = self.sound.at_s(rtp_time)
        if at_s is None:
            return None
        return at_s + self._skew(at_s)

    def settle(self) -> None:
        """Nothing depends on the times so far: what is known counts at once."""
        self.video.settle()
        self.sound.settle()
        self._at_s = None

    @property
    def reported_skew_s(self) -> float:
        """By how much the sound lies later than its arrival says; 0 where reports do not say, or not believably."""
        picture, sound = self.video.sender_offset_s, self.sound.sender_offset_s
        if picture is None or sound is None or abs(picture - sound) > MAX_SKEW_S:
            return 0.0
        return picture - sound

    def _skew(self, now_s: float) -> float:
        wanted = self.reported_skew_s
        if self._at_s is None:
            self._skew_s = wanted
        else:
            step = SKEW_SLEW * max(0.0, min(1.0, now_s - self._at_s))
            self._skew_s += max(-step, min(step, wanted - self._skew_s))
        self._at_s = now_s
        return self._skew_s


def lay_out(frames: Sequence[tuple[int, float]], rate: int) -> list[float]:
    """The times of a stream's frames that are all there already, from their RTP times and arrivals, in order of arrival.

    A stream that counted anew in between (the customer came back) is laid out for itself.
    """
    seconds, lows, runs = list[float](), list[float](), list[int]()
    extended = 0
    for index, (rtp_time, arrived_s) in enumerate(frames):
        delta = (rtp_time - extended) & 0xFFFFFFFF
        extended = rtp_time if index == 0 else extended + (delta - (1 << 32) if delta >= 1 << 31 else delta)
        offset = arrived_s - extended / rate
        if not lows or abs(offset - lows[-1]) > ANEW_S:
            lows.append(offset)
        lows[-1] = min(lows[-1], offset)
        seconds.append(extended / rate)
        runs.append(len(lows) - 1)
    return [lows[run] + at_s for run, at_s in zip(runs, seconds, strict=True)]
