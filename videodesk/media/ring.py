"""The ring: the last minutes of a call as they came in, encoded; bounded in time and in memory, from a keyframe on.

Whole groups of pictures (a keyframe and what builds on it) come and go, so that whatever the ring holds can be decoded. What consent
does not cover is never taken in. Pure logic over units; a lock guards it for a few microseconds at a time, never while decoding.
"""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import merge
from operator import attrgetter
from typing import Final

from videodesk.calls.capture_ports import Gap, GapReason, KeptSpan, StripPicture
from videodesk.media.tap import SenderReport, SoundUnit, VideoUnit

LIMIT_S: Final = 120.0
LIMIT_BYTES: Final = 60_000_000
LOST_AFTER_S: Final = 1.5
"""No frame for longer, though there should be: a gap."""
UNIT_BYTES: Final = 256
"""What a unit costs besides its data."""
STRIP_EVERY_S: Final = 1.0
MAX_GAPS: Final = 200


@dataclass(frozen=True, slots=True)
class Kept:
    """A frame in the ring. `number` counts the frames that were taken in; `at_s` never goes back, as frames are shown in order."""

    unit: VideoUnit
    at_s: float
    number: int


@dataclass(slots=True)
class Group:
    """A keyframe and what builds on it."""

    frames: list[Kept]
    size_bytes: int

    @property
    def from_s(self) -> float:
        """The keyframe's time."""
        return self.frames[0].at_s


@dataclass(frozen=True, slots=True)
class Place:
    """A frame in its group: all that is needed to decode it."""

    frames: tuple[Kept, ...]
    index: int

    @property
    def kept(self) -> Kept:
        """The frame itself."""
        return self.frames[self.index]


@dataclass(slots=True)
class Gaps:
    """The times of which nothing is kept, in order; the last one may be open."""

    closed: deque[Gap] = field(default_factory=lambda: deque(maxlen=MAX_GAPS))
    open: Gap | None = None

    def begin(self, at_s: float, reason: GapReason) -> None:
        """Nothing is kept from now on; another reason than before begins another gap."""
        if self.open is not None and self.open.reason is reason:
            return
        self.end(at_s)
        self.open = Gap(at_s, None, reason)

    def end(self, at_s: float) -> None:
        """Something is kept again."""
        if self.open is not None and at_s > self.open.from_s:
            self.closed.append(Gap(self.open.from_s, at_s, self.open.reason))
        self.open = None

    def forget_before(self, at_s: float) -> None:
        """The ring begins here now."""
        while self.closed and (self.closed[0].to_s or 0.0) <= at_s:
            self.closed.popleft()


class Ring:
    """A TapSink that keeps the newest `limit_s` within `limit_bytes` (sound and film strip included). Any thread.

    Takes nothing in before `allow`. `ask_keyframe` is called when nothing can be kept until one comes.
    """

    def __init__(self, *, limit_s: float = LIMIT_S, limit_bytes: int = LIMIT_BYTES, ask_keyframe: Callable[[], None] | None = None) -> None:
        self._limit_s, self._limit_bytes = limit_s, limit_bytes
        self._ask_keyframe = ask_keyframe
        self._lock = threading.Lock()
        self._groups: deque[Group] = deque()
        self._sounds: deque[SoundUnit] = deque()
        self._strip: deque[StripPicture] = deque()
        self._gaps = Gaps()
        self._size_bytes = 0
        self._count = 0
        self._stills_since_s: float | None = None
        self._sound_since_s: float | None = None
        self._takes_from_s: float | None = None
        self._is_continued = False
        self._is_closed = False

    # ── what may be kept ──────────────────────────────────────────────────────────────────────────────────────────

    def allow(self, now_s: float, *, stills: bool, recording: bool, off: GapReason | None = None) -> None:
        """As CallMemory.allow."""
        with self._lock:
            if self._is_closed:
                return
            self._sound_since_s = None if not recording else now_s if self._sound_since_s is None else self._sound_since_s
            self._stills_since_s = None if not stills else now_s if self._stills_since_s is None else self._stills_since_s
            reason = GapReason.NO_CONSENT if not stills else off
            if reason is not None:
                self._takes_from_s, self._is_continued = None, False
                self._gaps.begin(now_s, reason)
                return
            if self._takes_from_s is not None:
                return
            self._takes_from_s = now_s
        self._want_keyframe()

    def allows_stills_at(self, at_s: float) -> bool:
        """Whether consent to stills covers this moment, by what is known now."""
        with self._lock:
            return self._stills_since_s is not None and at_s >= self._stills_since_s

    @property
    def is_taking(self) -> bool:
        """Whether pictures are kept now."""
        return self._takes_from_s is not None

    # ── what comes in (engine loop; the strip from the decoder's thread) ──────────────────────────────────────────

    def video(self, unit: VideoUnit) -> None:
        """Keep a frame, if it may be and what it builds on is kept."""
        with self._lock:
            if self._takes_from_s is None or unit.received_at_s < self._takes_from_s:
                self._is_continued = False
                return
            last = self._groups[-1].frames[-1] if self._groups else None
            if not unit.is_key and (not self._is_continued or last is None or last.unit.codec != unit.codec):
                self._is_continued = False
                return
            at_s = unit.received_at_s if last is None else max(last.at_s, unit.received_at_s)
            self._note_gap(last, at_s)
            kept = Kept(unit, at_s, self._count)
            self._count += 1
            if unit.is_key:
                self._groups.append(Group([kept], 0))
            else:
                self._groups[-1].frames.append(kept)
            self._is_continued = True
            size = len(unit.data) + UNIT_BYTES
            self._groups[-1].size_bytes += size
            self._size_bytes += size
            is_emptied = self._trim()
        if is_emptied:
            self._want_keyframe()

    def sound(self, unit: SoundUnit) -> None:
        """Keep a packet of sound, if a recording may be made and there are pictures to it."""
        with self._lock:
            since_s = self._sound_since_s
            if since_s is None or self._takes_from_s is None or not self._groups or unit.received_at_s < max(since_s, self._takes_from_s):
                return
            self._sounds.append(unit)
            self._size_bytes += _size(unit)
            while self._sounds and self._sounds[0].received_at_s < unit.received_at_s - self._limit_s:
                self._size_bytes -= _size(self._sounds.popleft())
            is_emptied = self._trim()
        if is_emptied:
            self._want_keyframe()

    def report(self, report: SenderReport) -> None:
        """Nothing here: the recorder follows the clocks."""

    def wants_strip(self, at_s: float) -> bool:
        """Whether a small picture of a frame of this moment is due."""
        with self._lock:
            if self._takes_from_s is None or not self._groups or at_s < max(self._takes_from_s, self._groups[0].from_s):
                return False
            return not self._strip or at_s - self._strip[-1].at_s >= STRIP_EVERY_S

    def put_strip(self, picture: StripPicture) -> None:
        """A small picture that was due; one that consent has overtaken meanwhile is dropped."""
        if not self.wants_strip(picture.at_s):
            return
        with self._lock:
            self._strip.append(picture)
            self._size_bytes += picture.picture.buffer.nbytes
            is_emptied = self._trim()
        if is_emptied:
            self._want_keyframe()

    # ── what is there ─────────────────────────────────────────────────────────────────────────────────────────────

    def span(self, now_s: float) -> KeptSpan:
        """As Rewind.span."""
        with self._lock:
            first = self._groups[0].from_s if self._groups else None
            last = self._groups[-1].frames[-1].at_s if self._groups else None
            gaps = list(self._gaps.closed)
            if self._gaps.open is not None:
                gaps.append(self._gaps.open)
            elif last is not None and now_s - last > LOST_AFTER_S and not self._is_closed:
                gaps.append(Gap(last, None, GapReason.LOST))
            return KeptSpan(first, last, self._size_bytes, self._limit_bytes, self._limit_s, tuple(gaps))

    def strip(self) -> tuple[StripPicture, ...]:
        """As Rewind.strip."""
        with self._lock:
            return tuple(self._strip)

    def at(self, at_s: float) -> Place | None:
        """The frame that was on screen then; the first or last one outside of the span."""
        with self._lock:
            if not self._groups:
                return None
            group = self._groups[0]
            for later in reversed(self._groups):
                if later.from_s <= at_s:
                    group = later
                    break
            index = max(0, bisect_right(group.frames, at_s, key=lambda kept: kept.at_s) - 1)
            return Place(tuple(group.frames), index)

    def numbered(self, number: int) -> Place | None:
        """The frame of this number; None when it is not there (any more)."""
        with self._lock:
            for group in reversed(self._groups):
                first = group.frames[0].number
                if first <= number:
                    index = number - first
                    return Place(tuple(group.frames), index) if index < len(group.frames) else None
            return None

    @property
    def first_number(self) -> int | None:
        """The oldest frame's number."""
        with self._lock:
            return self._groups[0].frames[0].number if self._groups else None

    def units(self) -> list[VideoUnit | SoundUnit]:
        """All that is kept, in the order in which it came: pictures from a keyframe on, and the sound of both sides."""
        with self._lock:
            pictures: list[VideoUnit | SoundUnit] = [kept.unit for group in self._groups for kept in group.frames]
            sounds: list[VideoUnit | SoundUnit] = list(self._sounds)
        return list(merge(pictures, sounds, key=attrgetter("received_at_s")))

    def close(self) -> None:
        """Let go of everything; nothing is taken in any more. Idempotent."""
        with self._lock:
            self._is_closed = True
            self._takes_from_s = self._stills_since_s = self._sound_since_s = None
            self._empty()

    # ── inside, under the lock ────────────────────────────────────────────────────────────────────────────────────

    def _note_gap(self, last: Kept | None, at_s: float) -> None:
        if self._gaps.open is not None:
            self._gaps.end(at_s)
            if last is None:
                self._gaps.forget_before(at_s)
        elif last is not None and at_s - last.at_s > LOST_AFTER_S:
            self._gaps.begin(last.at_s, GapReason.LOST)
            self._gaps.end(at_s)

    def _trim(self) -> bool:
        """Drop the oldest groups that are beyond the bounds; True when nothing is left (one group was beyond them by itself)."""
        while self._groups and self._is_beyond():
            group = self._groups.popleft()
            self._size_bytes -= group.size_bytes
            if not self._groups:
                self._empty()
                self._is_continued = False
                return True
            self._drop_before(self._groups[0].from_s)
        return False

    def _is_beyond(self) -> bool:
        is_old = self._groups[-1].frames[-1].at_s - self._groups[0].from_s > self._limit_s
        return is_old or self._size_bytes > self._limit_bytes

    def _drop_before(self, from_s: float) -> None:
        while self._sounds and self._sounds[0].received_at_s < from_s:
            self._size_bytes -= _size(self._sounds.popleft())
        while self._strip and self._strip[0].at_s < from_s:
            self._size_bytes -= self._strip.popleft().picture.buffer.nbytes
        self._gaps.forget_before(from_s)

    def _empty(self) -> None:
        self._groups.clear()
        self._sounds.clear()
        self._strip.clear()
        self._gaps.closed.clear()
        self._size_bytes = 0

    def _want_keyframe(self) -> None:
        if self._ask_keyframe is not None:
            self._ask_keyframe()


def _size(unit: SoundUnit) -> int:
    return len(unit.payload or b"") + UNIT_BYTES
