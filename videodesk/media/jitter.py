"""Putting packets back into frames: the jitter buffers of picture and sound. Pure logic; time is an argument.

Why not aiortc's own (jitterbuffer.py of 1.16): it releases a frame only when the next one begins (a frame interval of delay),
asks for a lost packet once, forgets it after 128 packets while waiting for 512, and after an overflow hands delta frames without
their reference to the decoder, unmarked (aiortc#58, #335). For sound one lost packet leaves 200 ms of delay for the rest of the
call (aiortc#543). These can go when upstream releases on the marker bit and repeats its NACKs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

HALF: Final = 1 << 15
ROUND: Final = 1 << 16

JUMP_TO_KEY_S: Final = 0.05
"""How old a gap must be before a complete keyframe behind it is preferred to waiting for what is missing."""
GIVE_UP_S: Final = 0.35
"""After this time a gap is not expected to be filled: a keyframe is asked for."""
SHOW_DAMAGED_S: Final = 1.2
"""After this time without a keyframe the picture goes on damaged (and marked so) instead of standing still."""
ASK_KEY_EVERY_S: Final = 0.4
MAX_PACKETS: Final = 2048
MAX_NACKED: Final = 250
MAX_TRIES: Final = 12
QUICK_TRIES: Final = 3
"""After so many the next waits twice as long each time: what does not come now is held up, and asking fills the line."""
ASK_AGAIN_AT_LEAST_S: Final = 0.02
ASK_AGAIN_AT_MOST_S: Final = 0.3
HEAVY_LOSS: Final = 0.05
"""From this share of lost packets on what we ask is likely to be lost too: it is asked twice, TWICE_AFTER_S apart."""
TWICE_AFTER_S: Final = 0.01
LOSS_PACKETS: Final = 200
"""About so many packets are looked at for that."""


class SequenceNumbers:
    """Unwraps 16-bit RTP sequence numbers (RFC 3550 §A.1) into numbers that only grow over the wraps."""

    def __init__(self) -> None:
        self._last: int | None = None

    def unwrap(self, number: int) -> int:
        """`number` as the extended number nearest to the last one."""
        if self._last is None:
            self._last = number + ROUND  # room for what arrives before it
            return self._last
        delta = (number - self._last) % ROUND
        if delta >= HALF:
            delta -= ROUND
        extended = self._last + delta
        self._last = max(self._last, extended)
        return extended


@dataclass(frozen=True, slots=True)
class Part:
    """One video packet without its payload descriptor. `starts_key`: the first packet of a keyframe; `starts_frame`: of any frame."""

    number: int
    rtp_time: int
    is_last: bool
    data: bytes
    starts_frame: bool
    starts_key: bool
    received_at_s: float
    is_repair: bool = False
    """It came because it was asked for (RTX)."""


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """A complete coded frame. `is_whole`: everything it refers to was released too, so what it decodes to is what the camera saw."""

    data: bytes
    rtp_time: int
    received_at_s: float
    is_key: bool
    is_whole: bool


@dataclass(slots=True)
class Missing:
    """A packet that has not come; `asked_at_s` is None until it was asked for."""

    since_s: float
    asked_at_s: float | None = None
    tries: int = 0
    was_doubled: bool = False


@dataclass(frozen=True, slots=True)
class Wishes:
    """What to ask the sender for: extended numbers of missing packets, and whether a keyframe is needed."""

    nack: tuple[int, ...] = ()
    keyframe: bool = False


@dataclass(slots=True)
class VideoJitter:
    """Orders video packets, releases each frame with its last packet, and says what to ask for.

    Bounded: at most MAX_PACKETS are kept; then everything is dropped and a keyframe awaited. Not thread-safe.
    """

    gaps: int = 0
    """How many times packets were missing when a later one came."""
    skips: int = 0
    """How many times something was given up (a jump over a gap, an overflow)."""
    loss: float = 0.0
    """The share of packets that did not come at the first try, lately."""
    rtt_s: float = 0.1
    """From asking to getting, smoothed."""
    _has_rtt: bool = False
    _packets: dict[int, Part] = field(default_factory=dict)
    _keys: set[int] = field(default_factory=set)
    _missing: dict[int, Missing] = field(default_factory=dict)
    _parts: list[Part] = field(default_factory=list)
    _next: int | None = None
    _highest: int = 0
    _awaits_key: bool = True
    _is_damaged: bool = False
    _wants_key: bool = False
    _key_asked_at_s: float = -1e9

    @property
    def has_gap(self) -> bool:
        """Whether something is missing or a keyframe awaited, so that `wishes` wants calling on a timer."""
        return bool(self._missing) or self._wants_key

    def add(self, part: Part) -> list[EncodedFrame]:
        """Take a packet; gives the frames that are complete now, in order."""
        number = part.number
        if self._next is None:
            self._next = self._highest = number
        elif abs(number - self._highest) > MAX_PACKETS:
            self._drop_everything()
            self._next = self._highest = number
        if number < self._next or number in self._packets:
            return []
        self._note_missing(part)
        self._packets[number] = part
        if part.starts_key:
            self._keys.add(number)
        if len(self._packets) > MAX_PACKETS:
            self._drop_everything()
            return []
        return self.release(part.received_at_s)

    def release(self, now_s: float) -> list[EncodedFrame]:
        """The frames that are complete now; jumps over a gap that is old enough. Call it also on the timer while `has_gap`."""
        frames = list(self._in_order())
        if self._missing and self._skip_gap(now_s):
            frames.extend(self._in_order())
        return frames

    def wishes(self, now_s: float) -> Wishes:
        """What to ask the sender for now; asking again is timed here."""
        nack: list[int] = []
        needs_key = self._wants_key
        base_s = min(ASK_AGAIN_AT_MOST_S, max(ASK_AGAIN_AT_LEAST_S, 1.1 * self.rtt_s + 0.005))
        if len(self._missing) > MAX_NACKED:
            needs_key = True
        else:
            for number, missing in self._missing.items():
                if missing.asked_at_s is not None:
                    age_s = now_s - missing.asked_at_s
                    repeat_s = base_s * 2 ** max(0, missing.tries - QUICK_TRIES)
                    if not missing.was_doubled and self.loss > HEAVY_LOSS and TWICE_AFTER_S <= age_s < repeat_s:
                        missing.was_doubled = True
                        nack.append(number)
                    if age_s < repeat_s or missing.tries >= MAX_TRIES:
                        continue
                missing.asked_at_s = now_s
                missing.was_doubled = False
                missing.tries += 1
                nack.append(number)
        if self._missing and now_s - self._oldest_gap_s() > GIVE_UP_S:
            needs_key = True
        keyframe = needs_key and now_s - self._key_asked_at_s >= ASK_KEY_EVERY_S
        if keyframe:
            self._key_asked_at_s = now_s
        return Wishes(tuple(nack), keyframe)

    def decoder_failed(self) -> None:
        """The decoder could not use a frame: what follows is damaged until a keyframe, which is wanted."""
        self._is_damaged = True
        self._wants_key = True

    def await_key(self) -> None:
        """Frames were dropped after release (the decoder fell behind): nothing more until a keyframe."""
        self._awaits_key = True
        self._wants_key = True

    def _note_missing(self, part: Part) -> None:
        number, now_s = part.number, part.received_at_s
        if number > self._highest:
            if number > self._highest + 1:
                self.gaps += 1
            for absent in range(max(self._highest + 1, self._next or 0), number):
                self._missing[absent] = Missing(since_s=now_s)
                self.loss += (1.0 - self.loss) / LOSS_PACKETS
            self.loss -= self.loss / LOSS_PACKETS
            self._highest = number
            return
        missing = self._missing.pop(number, None)
        if missing is None:
            return
        if not part.is_repair:  # overtaken, not lost
            self.loss = max(0.0, self.loss - 1.0 / LOSS_PACKETS)
        elif missing.asked_at_s is not None and missing.tries == 1:
            took_s = now_s - missing.asked_at_s
            self.rtt_s += (took_s - self.rtt_s) / (8 if self._has_rtt else 1)
            self._has_rtt = True

    def _in_order(self) -> Iterator[EncodedFrame]:
        while self._next is not None and (part := self._packets.pop(self._next, None)) is not None:
            if self._parts and self._parts[-1].rtp_time != part.rtp_time:  # a sender without marker bits
                yield from self._finish()
            self._keys.discard(part.number)
            self._next += 1
            if part.data or self._parts:  # bandwidth probes are empty packets between frames
                self._parts.append(part)
            if part.is_last and self._parts:
                yield from self._finish()

    def _finish(self) -> Iterator[EncodedFrame]:
        parts, self._parts = self._parts, []
        is_key = parts[0].starts_key
        if is_key:
            self._awaits_key = self._is_damaged = self._wants_key = False
        elif self._awaits_key:
            self._wants_key = True
            return
        yield EncodedFrame(
            data=b"".join(part.data for part in parts), rtp_time=parts[0].rtp_time,
            received_at_s=max(part.received_at_s for part in parts), is_key=is_key, is_whole=not self._is_damaged)

    def _oldest_gap_s(self) -> float:
        return next(iter(self._missing.values())).since_s

    def _skip_gap(self, now_s: float) -> bool:
        age_s = now_s - self._oldest_gap_s()
        if age_s >= JUMP_TO_KEY_S:
            for number in sorted(self._keys, reverse=True):
                if self._is_complete_from(number):
                    self._jump(number)
                    return True
        if age_s >= SHOW_DAMAGED_S and not self._awaits_key:
            for number in sorted(self._packets):
                if self._packets[number].starts_frame:
                    self._jump(number)
                    self._is_damaged = self._wants_key = True
                    return True
        return False

    def _is_complete_from(self, number: int) -> bool:
        while (part := self._packets.get(number)) is not None:
            if part.is_last:
                return True
            number += 1
        return False

    def _jump(self, number: int) -> None:
        self.skips += 1
        self._parts = []
        self._next = number
        self._packets = {n: part for n, part in self._packets.items() if n >= number}
        self._keys = {n for n in self._keys if n >= number}
        self._missing = {n: missing for n, missing in self._missing.items() if n >= number}

    def _drop_everything(self) -> None:
        self.skips += 1
        self._packets.clear()
        self._keys.clear()
        self._missing.clear()
        self._parts = []
        self._next = self._highest + 1
        self._awaits_key = self._wants_key = True


@dataclass(frozen=True, slots=True)
class SoundPart:
    """One sound packet in order; `data` is None for one that is lost."""

    data: bytes | None
    rtp_time: int
    received_at_s: float


@dataclass(slots=True)
class AudioJitter:
    """Orders sound packets for what is kept of a call. A missing one is waited for WAIT_S, then told as lost.

    What is heard does not pass here: playout.py has its own patience.
    """

    lost: int = 0
    _packets: dict[int, SoundPart] = field(default_factory=dict)
    _next: int | None = None

    WAIT_S = 0.06
    MAX_CONCEALED = 5
    MAX_PACKETS = 64
    USUAL_SAMPLES = 960

    def add(self, number: int, data: bytes, rtp_time: int, now_s: float) -> list[SoundPart]:
        """Take a packet; gives what is in order now, the lost ones among it."""
        if self._next is None:
            self._next = number
        if number < self._next or number in self._packets:
            return []
        self._packets[number] = SoundPart(data, rtp_time, now_s)
        return self.release(now_s)

    def release(self, now_s: float) -> list[SoundPart]:
        """What is in order now."""
        out: list[SoundPart] = []
        while self._packets and self._next is not None:
            if (found := self._packets.pop(self._next, None)) is not None:
                out.append(found)
                self._next += 1
                continue
            first = min(self._packets)
            behind = self._packets[first]
            if now_s - behind.received_at_s < self.WAIT_S and len(self._packets) < self.MAX_PACKETS:
                break
            absent = first - self._next
            self.lost += absent
            out.extend(SoundPart(None, (behind.rtp_time - back * self.USUAL_SAMPLES) & 0xFFFFFFFF, behind.received_at_s)
                       for back in range(min(absent, self.MAX_CONCEALED), 0, -1))
            self._next = first
        return out
