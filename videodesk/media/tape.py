"""What goes into a recording's file, in which order and at what time: picture, both sides mixed, each side as it was. No thread, no disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from videodesk.media.h264 import ParameterSets, avcc, parameter_sets, picture_size, to_length_prefixed
from videodesk.media.matroska import MAX_SPAN_MS, Block, TrackHeader, cluster, head, tag, vp8_size
from videodesk.media.mixing import Mixer
from videodesk.media.remux import DAMAGED, PICTURES, TRACKS

PICTURE, MIX, CUSTOMER, AGENT = 1, 2, 3, 4
SIDES: Final = {"customer": CUSTOMER, "agent": AGENT}
MAX_SPANS: Final = 200
NEAR_MS: Final = 1000
EARLY_S: Final = 0.01
"""A sound packet that began so little before the first keyframe belongs to it."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A coded frame of the customer's picture (`side` empty) or an Opus packet of a side, and when it was (our monotonic clock)."""

    at_s: float
    data: bytes
    side: str = ""
    codec: str = "opus"
    is_key: bool = True
    is_whole: bool = True


@dataclass(slots=True)
class Tape:
    """One part of a recording: one picture codec. Times are our monotonic clock in seconds; the part begins with its first keyframe.

    `bytes_since` gives what is to be appended to the file. Not thread-safe.
    """

    wall: Callable[[float], datetime]
    codec: str = ""
    begun_s: float = 0.0
    begun_at: datetime | None = None
    _blocks: list[Block] = field(default_factory=list)
    _head: bytes = b""
    _mixer: Mixer = field(default_factory=Mixer)
    _last_ms: dict[int, int] = field(default_factory=dict)
    _size: tuple[int, int] = (0, 0)
    _sets: ParameterSets | None = None
    _coded_size: tuple[int, int] | None = None
    _early: deque[Piece] = field(default_factory=lambda: deque(maxlen=8))
    _damaged: list[tuple[int, int]] = field(default_factory=list)
    _told: dict[str, str] = field(default_factory=dict)

    @property
    def has_begun(self) -> bool:
        """Whether the first keyframe came."""
        return self.begun_at is not None

    def put(self, piece: Piece) -> bool:
        """Take a piece, in order within its track; False when it does not fit into this part (a keyframe of another codec).

        What comes before the first keyframe is left out.
        """
        if piece.side:
            self._put_sound(piece)
            return True
        if not self.has_begun:
            if not piece.is_key or not self._begin(piece):
                return True
        elif piece.codec != self.codec:
            return not piece.is_key
        if piece.is_key:
            self._grow(piece.data)
        for early in self._early:
            self._put_sound(early)
        self._early.clear()
        data = piece.data if self.codec == "VP8" else to_length_prefixed(piece.data)
        at_ms = self._add(PICTURE, piece.at_s, data, is_key=piece.is_key)
        self._mixer.move_to(piece.at_s - self.begun_s)
        if not piece.is_whole:
            self._damage(at_ms)
        return True

    def bytes_since(self, now_s: float | None) -> bytes:
        """What came since the last time, as clusters; `now_s` None: it ends, so all of the mix too."""
        if not self.has_begun:
            return b""
        if now_s is not None:
            self._mixer.move_to(now_s - self.begun_s)
        for at_s, payload in self._mixer.take(everything=now_s is None):
            self._add(MIX, self.begun_s + at_s, payload, is_key=True)
        words = {
            TRACKS: " ".join(str(track) for track in sorted(self._last_ms)),
            PICTURES: f"{self.codec} {self._size[0]} {self._size[1]}",
            DAMAGED: " ".join(f"{start}-{end}" for start, end in self._damaged)}
        out, self._head = [self._head], b""
        out.extend(tag(name, value) for name, value in words.items() if value != self._told.get(name, ""))
        self._told = words
        blocks, self._blocks = sorted(self._blocks, key=lambda block: block.at_ms), []
        while blocks:
            within = [block for block in blocks if block.at_ms - blocks[0].at_ms < MAX_SPAN_MS]
            out.append(cluster(within))
            blocks = blocks[len(within):]
        return b"".join(out)

    # ── inside ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _put_sound(self, piece: Piece) -> None:
        if not self.has_begun:
            self._early.append(piece)
        elif piece.at_s >= self.begun_s - EARLY_S:
            self._add(SIDES[piece.side], piece.at_s, piece.data, is_key=True)
            self._mixer.put(piece.side, piece.at_s - self.begun_s, piece.data)

    def _begin(self, piece: Piece) -> bool:
        """False when the keyframe does not say what a file's head must."""
        codec, data = piece.codec, piece.data
        sets = parameter_sets(data) if codec == "H264" else None
        size = self._size_of(codec, data)
        if size is None or (codec == "H264" and sets is None):
            return False
        self.codec, self.begun_s, self.begun_at, self._size = codec, piece.at_s, self.wall(piece.at_s), size
        self._head = head([
            TrackHeader(PICTURE, "customer", codec, *size, private=avcc(sets) if sets is not None else b"", is_default=True),
            TrackHeader(MIX, "both", "opus", is_default=True),
            TrackHeader(CUSTOMER, "customer", "opus", channels=2),
            TrackHeader(AGENT, "agent", "opus"),
        ], self.begun_at)
        return True

    def _grow(self, data: bytes) -> None:
        size = self._size_of(self.codec, data)
        if size is not None and size[0] * size[1] > self._size[0] * self._size[1]:
            self._size = size

    def _size_of(self, codec: str, keyframe: bytes) -> tuple[int, int] | None:
        if codec == "VP8":
            return vp8_size(keyframe)
        sets = parameter_sets(keyframe)
        if sets is None or sets != self._sets:
            self._sets, self._coded_size = sets, picture_size(keyframe)
        return self._coded_size

    def _add(self, track: int, at_s: float, data: bytes, *, is_key: bool) -> int:
        """Times of a track only grow, whatever its clock did."""
        at_ms = max(round((at_s - self.begun_s) * 1000), self._last_ms.get(track, -1) + 1)
        self._last_ms[track] = at_ms
        self._blocks.append(Block(track, at_ms, data, is_key))
        return at_ms

    def _damage(self, at_ms: int) -> None:
        if self._damaged and (at_ms - self._damaged[-1][1] <= NEAR_MS or len(self._damaged) >= MAX_SPANS):
            self._damaged[-1] = (self._damaged[-1][0], at_ms)
        else:
            self._damaged.append((at_ms, at_ms))
