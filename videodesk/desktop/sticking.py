"""Marks that stick, beside the video: a thread of its own runs a Sticker while something is held. Implements Follower (calls/live_ports.py)."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from videodesk.calls.live_ports import WatchedFrame
from videodesk.calls.sticking_ports import Sticker, StuckPlace

Told = Callable[[WatchedFrame, Mapping[str, StuckPlace]], None]

_RECENT_FRAMES: Final = 24  # a mark is put on a frame that was on screen a little ago
_MAX_WAITING: Final = 3  # when the thread is behind, the oldest frames go


@dataclass(frozen=True, slots=True)
class _Hold:
    mark_id: str
    points: tuple[tuple[float, float], ...]
    rtp_time: int | None


class Sticking:
    """A Follower over the Stickers that `make_sticker` makes. No thread runs and no picture is looked at while nothing is held."""

    def __init__(self, make_sticker: Callable[[], Sticker]) -> None:
        self._make_sticker = make_sticker
        self._lock = threading.Lock()
        self._recent: deque[WatchedFrame] = deque(maxlen=_RECENT_FRAMES)
        self._held: set[str] = set()
        self._run: _Run | None = None
        self._told: Told | None = None

    def watched(self, frame: WatchedFrame) -> None:
        """As Follower.watched says: it is put somewhere, nothing more."""
        with self._lock:
            self._recent.append(frame)
            if self._run is not None:
                self._run.put(frame)

    def hold(self, mark_id: str, points: Sequence[tuple[float, float]], rtp_time: int | None) -> None:
        """As Follower.hold says. A mark on something that cannot be followed (a bare wall) is not told of; it stays where it was put."""
        with self._lock:
            self._held.add(mark_id)
            if self._run is None:
                self._run = _Run(self._make_sticker, self._tell, tuple(self._recent))
            self._run.order(_Hold(mark_id, tuple(points), rtp_time))

    def let_go(self, mark_id: str) -> None:
        """As Follower.let_go says."""
        with self._lock:
            self._held.discard(mark_id)
            if self._run is None:
                return
            if self._held:
                self._run.order(mark_id)
            else:
                self._end()

    def forget(self) -> None:
        """As Follower.forget says; the frames go too."""
        with self._lock:
            self._held.clear()
            self._recent.clear()
            self._end()

    def on_found(self, told: Told | None) -> None:
        """As Follower.on_found says; `told` is called in the following thread."""
        with self._lock:
            self._told = told

    def _end(self) -> None:
        if self._run is not None:
            self._run.end()
            self._run = None

    def _tell(self, run: _Run, frame: WatchedFrame, places: Mapping[str, StuckPlace]) -> None:
        with self._lock:
            told = self._told if run is self._run else None
            mine = {mark_id: place for mark_id, place in places.items() if mark_id in self._held}
        if told is not None and mine:
            told(frame, mine)


class _Run:
    """One thread with one Sticker, from the first mark that is held to the last one."""

    def __init__(self, make_sticker: Callable[[], Sticker], tell: Callable[[_Run, WatchedFrame, Mapping[str, StuckPlace]], None],
                 recent: Sequence[WatchedFrame]) -> None:
        self._make_sticker, self._tell = make_sticker, tell
        self._changed = threading.Condition()
        # In the order in which it came: an order is about a frame before it.
        self._work: deque[WatchedFrame | _Hold | str] = deque(recent)
        self._is_over = False
        threading.Thread(target=self._go, name="sticking", daemon=True).start()

    def put(self, frame: WatchedFrame) -> None:
        """The next frame. Where the thread is behind, the oldest one after the last order goes."""
        with self._changed:
            waiting = 0
            while waiting < len(self._work) and isinstance(self._work[-1 - waiting], WatchedFrame):
                waiting += 1
            if waiting >= _MAX_WAITING:
                del self._work[len(self._work) - waiting]
            self._work.append(frame)
            self._changed.notify()

    def order(self, order: _Hold | str) -> None:
        """Hold a mark, or let one go. The frames before it are looked at first, all of them."""
        with self._changed:
            self._work.append(order)
            self._changed.notify()

    def end(self) -> None:
        """The thread ends by itself, after what it is at; nothing is waited for."""
        with self._changed:
            self._is_over = True
            self._work.clear()
            self._changed.notify()

    def _go(self) -> None:
        sticker = self._make_sticker()
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_over or self._work)
                if self._is_over:
                    return
                item = self._work.popleft()
            if isinstance(item, WatchedFrame):
                places = sticker.put(item.luma, item.rtp_time)
                if places:
                    self._tell(self, item, places)
            elif isinstance(item, _Hold):
                sticker.hold(item.mark_id, item.points, item.rtp_time)
            else:
                sticker.let_go(item)
