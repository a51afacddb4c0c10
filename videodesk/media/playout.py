"""What is heard of the customer: packets in as they come, samples out as the speaker wants them, with as little delay as the line allows.

How libwebrtc's NetEq works, in our own words: the delay that is aimed at follows how unevenly packets came lately; what waits beyond
it is taken back by playing a little faster, too little is stretched; a lost packet is made up from the copy inside the next one
(in-band FEC), else by the decoder's concealment. Sound is decoded only when it is played. (aiortc's own buffer grows by 200 ms at
one lost packet and stays there: aiortc#543.)
"""

from __future__ import annotations

import math
import threading
from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np

from videodesk.core.clock import Clock
from videodesk.media.audio import loudness
from videodesk.media.opus import FRAME, RATE, OpusDecoder, Samples, has_copy, opus_decoder, samples_in
from videodesk.media.stretch import ALIKE, lengthen, shorten

MARGIN_S: Final = 0.01
"""For the speaker's own unevenness."""
LEAST_S, MOST_S = 0.02, 0.4
SHARE_IN_TIME: Final = 0.97
"""The share of packets for which the delay suffices; waiting for the rest would delay all the others."""
WINDOW_PACKETS: Final = 400
"""Arrivals that count: 8 s of sound, so that a disturbance is forgotten within ten."""
SLACK_S: Final = 0.01
"""By so much the delay may be off before it is mended; then it is, wholly."""
FAR_TOO_MUCH_S: Final = 0.1
OVERFLOW: Final = RATE
CONCEALED_AT_MOST: Final = RATE // 2
"""So long a silent line is made up for (the decoder fades it out); then playing begins anew when sound comes."""
UNHEARD_S: Final = 0.5
"""So long nobody reads (no speaker) before the sound is taken and thrown away, for the meter's sake."""
DTX_OCTETS: Final = 2
"""A packet as small as this says that nothing is said (RFC 6716 §2.1.9); what is then made up is the room's noise, no loss."""
GRAIN: Final = 120  # libopus makes multiples of 2.5 ms
_WRAP: Final = 1 << 32


@dataclass(slots=True)
class PlayoutCounters:
    """Samples since the start. `concealed` are made up; those `recovered` came from a copy in a later packet and are not among them."""

    played: int = 0
    concealed: int = 0
    recovered: int = 0
    shortened: int = 0
    lengthened: int = 0
    late_packets: int = 0
    dropped_packets: int = 0


class ArrivalDelays:
    """How late packets came lately, against the earliest of them: what the delay must cover. Seconds; not thread-safe."""

    def __init__(self) -> None:
        self._order: deque[float] = deque()
        self._sorted: list[float] = []

    def note(self, delay_s: float) -> None:
        """One packet's arrival less its media time."""
        self._order.append(delay_s)
        insort(self._sorted, delay_s)
        if len(self._order) > WINDOW_PACKETS:
            oldest = self._order.popleft()
            del self._sorted[bisect_left(self._sorted, oldest)]

    @property
    def earliest_s(self) -> float:
        """The least delay."""
        return self._sorted[0] if self._sorted else 0.0

    @property
    def spread_s(self) -> float:
        """By how much the latest of the SHARE_IN_TIME best was behind the earliest; 0 while little is known."""
        if len(self._sorted) < 2:
            return 0.0
        return self._sorted[min(len(self._sorted) - 1, math.floor(len(self._sorted) * SHARE_IN_TIME))] - self._sorted[0]


class Playout:
    """A SampleSource between the network and the speaker. `put` in the engine's loop, `read` in the speaker's thread; never waits."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._level = 0.0
        self._read_at_s = clock.monotonic()
        self.counters = PlayoutCounters()
        self.is_muted = False
        self._begin()

    # ── for the speaker and the meter ─────────────────────────────────────────────────────────────────────────────

    @property
    def level(self) -> float:
        """The level of what was played last, 0..1."""
        return 0.0 if self.is_muted else self._level

    @property
    def depth_s(self) -> float:
        """Seconds of sound that wait for the speaker; 0 while nothing plays."""
        with self._lock:
            return max(0, self._waiting()) / RATE if self._is_playing else 0.0

    @property
    def target_s(self) -> float:
        """Seconds after the earliest that a packet could have come, at which it is to be played."""
        with self._lock:
            return self._target_s()

    def read(self, frames: int) -> bytes:
        self._read_at_s = self._clock.monotonic()
        with self._lock:
            return self._read(frames).tobytes()

    # ── for the network ───────────────────────────────────────────────────────────────────────────────────────────

    def restart(self) -> None:
        """Another stream begins."""
        with self._lock:
            self._begin()

    def put(self, payload: bytes, rtp_time: int, now_s: float) -> None:
        """A packet, in any order; twice is once."""
        duration = samples_in(payload)
        if duration == 0:
            return
        with self._lock:
            self._put(payload, rtp_time, duration, now_s)
            is_unheard = now_s - self._read_at_s > UNHEARD_S
            if is_unheard:
                self._read(duration)

    # ── inside, under the lock ────────────────────────────────────────────────────────────────────────────────────

    def _begin(self) -> None:
        self._decoder: OpusDecoder = opus_decoder()
        self._packets: dict[int, tuple[bytes, int]] = {}
        self._arrivals = ArrivalDelays()
        self._last_time: int | None = None
        self._newest_end = 0
        self._next = 0  # the stream's time of the first sample that was not played yet
        self._ahead = 0  # samples made up beyond it since the line fell silent
        self._is_playing = False
        self._out: Samples = np.zeros(0, dtype=np.int16)
        self._smooth_s = 0.0
        self._mends = False
        self._is_quiet = False  # the sender said that it says nothing (DTX)
        self._largest_read = FRAME // 2

    def _put(self, payload: bytes, rtp_time: int, duration: int, now_s: float) -> None:
        if self._last_time is None:
            time = rtp_time + _WRAP
        else:
            delta = (rtp_time - self._last_time) % _WRAP
            time = self._last_time + (delta if delta < _WRAP // 2 else delta - _WRAP)
            if abs(time - self._last_time) > 60 * RATE:  # no gap of this stream: its clock began anew
                self._begin()
                time = rtp_time + _WRAP
        self._last_time = max(self._last_time or 0, time)
        self._arrivals.note(now_s - time / RATE)
        if self._is_playing and time < self._next:
            self.counters.late_packets += 1
            return
        self._packets[time] = (payload, duration)
        self._newest_end = max(self._newest_end, time + duration)
        if not self._is_playing:
            self._next = min(self._packets)
        while self._waiting() > OVERFLOW and self._packets:
            oldest = min(self._packets)
            del self._packets[oldest]
            self.counters.dropped_packets += 1
            self._next = min(self._packets, default=self._newest_end)

    def _target_s(self) -> float:
        return min(MOST_S, max(LEAST_S, self._arrivals.spread_s + MARGIN_S + self._largest_read / RATE))

    def _delay_s(self) -> float:
        """By how much later than at the earliest possible moment the next sample will be played."""
        played_at_s = self._clock.monotonic() + len(self._out) / RATE
        return played_at_s - self._arrivals.earliest_s - (self._next + self._ahead) / RATE

    def _waiting(self) -> int:
        """Samples that are there to be played, what was made up in advance taken off."""
        return (max(0, self._newest_end - self._next) - self._ahead if self._packets else 0) + len(self._out)

    def _read(self, frames: int) -> Samples:
        if self._is_playing:
            self._largest_read = max(frames, self._largest_read - (self._largest_read >> 8))
        if self.is_muted:
            self._packets.clear()
            self._is_playing = False
            self._out = self._out[:0]
        if not self._is_playing and not self._starts():
            self._level = 0.0
            return np.zeros(frames, dtype=np.int16)
        parts, count = [self._out], len(self._out)
        while count < frames and self._is_playing:
            self._out = self._out[:0]
            block = self._block()
            parts.append(block)
            count += len(block)
        sound = np.concatenate(parts)
        self._out = sound[frames:]
        out = sound[:frames]
        if len(out) < frames:
            out = np.concatenate([out, np.zeros(frames - len(out), dtype=np.int16)])
        self._level = loudness(out)
        self.counters.played += frames
        return out

    def _starts(self) -> bool:
        if not self._packets:
            return False
        self._next, self._ahead = min(self._packets), 0
        self._smooth_s = self._delay_s()
        self._is_playing = self._smooth_s >= self._target_s()
        return self._is_playing

    def _block(self) -> Samples:
        """The next piece of sound, some 20 ms; empty when playing has ended."""
        delay_s, target_s = self._delay_s(), self._target_s()
        self._smooth_s += (delay_s - self._smooth_s) / 8
        first = min(self._packets, default=None)
        if first is None:
            return self._make_up()
        gap = first - self._next
        payload, duration = self._packets[first]
        if gap > self._ahead and delay_s < target_s + (SLACK_S if self._is_quiet else FAR_TOO_MUCH_S):
            return self._fill(gap - self._ahead, payload)
        del self._packets[first]
        if gap < self._ahead:  # it was late: so is all that follows
            self._smooth_s += (self._ahead - gap) / RATE
        self._next, self._ahead = first + duration, 0
        self._is_quiet = len(payload) <= DTX_OCTETS
        return self._fit(self._decoder.decode(payload), target_s)

    def _make_up(self) -> Samples:
        """Nothing is there: the line is late or silent (DTX, a cut)."""
        self._ahead += FRAME
        if self._ahead > CONCEALED_AT_MOST:
            self._is_playing, self._ahead = False, 0
            return np.zeros(0, dtype=np.int16)
        return self._conceal()

    def _fill(self, missing: int, behind: bytes) -> Samples:
        """Something is missing and what follows it is there: its last packet from the copy in `behind`, what was before it made up."""
        if missing > samples_in(behind) or not has_copy(behind):
            self._ahead += FRAME
            return self._conceal()
        self._ahead += missing
        self.counters.recovered += missing
        return self._decoder.recover(behind, max(GRAIN, missing - missing % GRAIN))

    def _conceal(self) -> Samples:
        if not self._is_quiet:
            self.counters.concealed += FRAME
        return self._decoder.conceal(FRAME)

    def _fit(self, block: Samples, target_s: float) -> Samples:
        """The block as it is, or a little shorter or longer to come nearer to the delay that is aimed at."""
        surplus_s = self._smooth_s - target_s
        self._mends = abs(surplus_s) > (SLACK_S / 4 if self._mends else SLACK_S)
        if not self._mends:
            return block
        most = int(abs(surplus_s) * RATE)
        if surplus_s > 0:
            out = shorten(block, alike=ALIKE if surplus_s < FAR_TOO_MUCH_S else 0.5, most=most)
            self.counters.shortened += len(block) - len(out)
        else:
            out = lengthen(block, most=most)
            self.counters.lengthened += len(out) - len(block)
        self._smooth_s += (len(out) - len(block)) / RATE
        return out
