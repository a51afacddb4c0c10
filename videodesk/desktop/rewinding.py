"""Rewinding the live call: what the ring holds, where the playhead stands, the frame that is shown. No Qt.

The call goes on meanwhile, its sound too. Frames are decoded by workers, one at a time: while one is under way only the newest wish
waits, so that dragging never piles up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from videodesk.calls.capture_ports import CallMemory, Gap, Rewind, StripPicture
from videodesk.calls.pictures import FrozenFrame
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks

_LIVE_EDGE_S: Final = 0.25  # a step that ends nearer to now than this is the live picture


@dataclass(frozen=True, slots=True)
class Rewinding:
    """What the film strip shows. Times are those of the ring (`capture_ports`); `now_s` is this moment in them.

    `frame` is what is shown in the place of the live picture; `position_s` where the playhead stands: ahead of it while `is_loading`.
    Pixels are never compared: `turn` counts the frames shown, `newest_s` is the time of the newest small picture.
    """

    is_rewinding: bool = False
    position_s: float | None = None
    frame: FrozenFrame | None = field(default=None, compare=False)
    turn: int = 0
    is_loading: bool = False
    from_s: float | None = None
    to_s: float | None = None
    now_s: float = 0.0
    gaps: tuple[Gap, ...] = ()
    pictures: tuple[StripPicture, ...] = field(default=(), compare=False)
    newest_s: float | None = None
    size_bytes: int = 0
    limit_bytes: int = 0
    limit_s: float = 0.0
    error: DeskError | None = None

    @property
    def has_pictures(self) -> bool:
        """Whether there is anything to go back to."""
        return self.from_s is not None and self.to_s is not None

    @property
    def length_s(self) -> float:
        """How far back it goes."""
        return 0.0 if self.from_s is None else max(0.0, self.now_s - self.from_s)

    @property
    def ago_s(self) -> float:
        """How long ago the playhead's moment is."""
        return 0.0 if self.position_s is None else max(0.0, self.now_s - self.position_s)

    @property
    def gap(self) -> Gap | None:
        """The gap in which the playhead stands."""
        return None if self.position_s is None else self.gap_at(self.position_s)

    def gap_at(self, at_s: float) -> Gap | None:
        """The gap at this moment."""
        return next((gap for gap in self.gaps if gap.from_s <= at_s and (gap.to_s is None or at_s < gap.to_s)), None)

    def gaps_within(self, from_s: float, to_s: float) -> tuple[Gap, ...]:
        """Those that touch this time."""
        return tuple(gap for gap in self.gaps if gap.from_s < to_s and (gap.to_s is None or gap.to_s > from_s))


@dataclass(frozen=True, slots=True)
class _Wish:
    """A frame that is wanted: at a moment, or so many frames from the one shown."""

    at_s: float | None = None
    frames: int = 0


class Rewinder(Presenter[Rewinding]):
    """Intents of the film strip. GUI thread. `keep` takes a rewound frame as a snapshot; it is told the ring that can encode it."""

    def __init__(self, tasks: Tasks, clock: Clock, keep: Callable[[FrozenFrame, Rewind], None]) -> None:
        super().__init__(Rewinding(), tasks, clock)
        self._all_tasks = tasks
        self._keep = keep
        self._memory: CallMemory | None = None
        self._is_busy = False
        self._next: _Wish | None = None
        self._ahead_s: float | None = None  # wall clock minus the ring's clock

    @property
    def frame(self) -> FrozenFrame | None:
        """The frame that is shown while rewinding: what S takes."""
        return self.state.frame if self.state.is_rewinding else None

    @property
    def encoder(self) -> Rewind | None:
        """What makes an original of a frame of this ring."""
        return self._memory.rewind if self._memory is not None else None

    def remember(self, memory: CallMemory | None) -> None:
        """Another call's memory, or none: whatever was shown of the one before is gone."""
        if memory is self._memory:
            return
        self._memory = memory
        self._next = self._ahead_s = None
        self._set(is_rewinding=False, position_s=None, frame=None, turn=self.state.turn + 1, is_loading=False, from_s=None, to_s=None, now_s=0.0,
                  gaps=(), pictures=(), newest_s=None, size_bytes=0, limit_bytes=0, limit_s=0.0, error=None)
        self.refresh()

    def refresh(self) -> None:
        """Look at what is kept now; a few times a second. When there is nothing left to look back at, rewinding ends by itself."""
        memory = self._memory
        if memory is None:
            return
        span, pictures = memory.rewind.span(), tuple(memory.rewind.strip())
        if pictures:
            self._ahead_s = pictures[-1].captured_at.timestamp() - pictures[-1].at_s
        now_s = max(self.clock.now().timestamp() - self._ahead_s, span.to_s or 0.0) if self._ahead_s is not None else span.to_s or 0.0
        self._set(from_s=span.from_s, to_s=span.to_s, now_s=now_s, gaps=span.gaps, pictures=pictures,
                  newest_s=pictures[-1].at_s if pictures else None, size_bytes=span.size_bytes,
                  limit_bytes=span.limit_bytes, limit_s=span.limit_s)
        if self.state.is_rewinding and not self.state.has_pictures:
            self.go_live()

    # intents
    def go_to(self, at_s: float) -> None:
        """Show the frame of this moment (clamped to what is kept)."""
        self.refresh()
        state = self.state
        if state.from_s is None or state.to_s is None:
            return
        at_s = min(max(at_s, state.from_s), state.to_s)
        self._set(is_rewinding=True, position_s=at_s, error=None)
        self._want(_Wish(at_s=at_s))

    def step_seconds(self, seconds: float) -> None:
        """Back or forth; forth past the newest frame is live again."""
        self.refresh()
        state = self.state
        if state.to_s is None or (not state.is_rewinding and seconds >= 0):
            return
        begin = state.position_s if state.is_rewinding and state.position_s is not None else state.now_s
        if begin + seconds > state.to_s - _LIVE_EDGE_S and seconds > 0:
            self.go_live()
        else:
            self.go_to(begin + seconds)

    def step_frames(self, frames: int) -> None:
        """So many frames back or forth; from the live picture, back from the newest frame."""
        if self.state.is_rewinding and (self.state.frame is not None or self.state.is_loading):
            self._want(_Wish(frames=frames))
        elif frames < 0:
            self.refresh()
            if self.state.to_s is not None:
                self.go_to(self.state.to_s)

    def go_oldest(self) -> None:
        """The oldest frame that is kept."""
        self.refresh()
        if self.state.from_s is not None:
            self.go_to(self.state.from_s)

    def go_live(self) -> None:
        """Back to the live picture."""
        self._next = None
        self._set(is_rewinding=False, position_s=None, frame=None, turn=self.state.turn + 1, is_loading=False, error=None)

    def snapshot(self) -> bool:
        """Take the frame that is shown; False when there is none. What the eye sees is taken, also while a next one is decoded."""
        frame, memory = self.frame, self._memory
        if frame is None or memory is None:
            return False
        self._keep(frame, memory.rewind)
        return True

    # decoding, one at a time
    def _want(self, wish: _Wish) -> None:
        if self._is_busy:
            waiting = self._next
            if wish.at_s is None and waiting is not None:  # a step from where the waiting one will be
                wish = _Wish(waiting.at_s, waiting.frames + wish.frames)
            self._next = wish
            self._set(is_loading=True)
            return
        memory = self._memory
        if memory is None:
            return
        self._is_busy = True
        self._set(is_loading=True)
        frame = self.state.frame
        self._all_tasks.run("rewind.decode", lambda: asyncio.to_thread(_decode, memory.rewind, wish, frame),
                            lambda found: self._decoded(memory, wish, found), lambda problem: self._not_decoded(memory, problem))

    def _decoded(self, memory: CallMemory, wish: _Wish, found: FrozenFrame | None) -> None:
        if self._is_over(memory):
            return
        if found is None and wish.at_s is None:  # there is no frame beyond: forth means now
            if wish.frames > 0 and self._next is None:
                self.go_live()
                return
        elif found is not None:
            moved = self._next is None or self._next.at_s is None  # the playhead is at a newer wish already otherwise
            self._set(frame=found, turn=self.state.turn + 1, position_s=_at_s(found, wish) if moved else self.state.position_s)
        self._go_on()

    def _not_decoded(self, memory: CallMemory, problem: DeskError) -> None:
        if not self._is_over(memory):
            self._set(error=problem)
            self._go_on()

    def _is_over(self, memory: CallMemory) -> bool:
        """Nobody waits for this answer any more (live again, or another call); a wish that came since goes on."""
        self._is_busy = False
        if memory is self._memory and self.state.is_rewinding:
            return False
        self._go_on()
        return True

    def _go_on(self) -> None:
        waiting, self._next = self._next, None
        if waiting is not None:
            self._want(waiting)
        else:
            self._set(is_loading=False)


def _at_s(frame: FrozenFrame, wish: _Wish) -> float:
    """Where the playhead belongs: in a gap it stays where it was put, and the frame is the last one before."""
    own_s = frame.preview.received_at_s
    return own_s if wish.at_s is None else max(own_s, wish.at_s)


def _decode(rewind: Rewind, wish: _Wish, shown: FrozenFrame | None) -> FrozenFrame | None:
    """Slow: a worker."""
    frame = rewind.frame_at(wish.at_s) if wish.at_s is not None else shown
    if frame is None or not wish.frames:
        return frame
    stepped = rewind.step(frame, wish.frames)
    return stepped if stepped is not None or wish.at_s is None else frame
