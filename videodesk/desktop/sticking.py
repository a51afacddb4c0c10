"""Marks that stick, beside the screens: a thread of its own runs the Sticker, the frames come in from the media, the places go to the GUI thread."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from videodesk.calls.pictures import Luma
from videodesk.calls.sticking_ports import Sticker, StuckPlace

# When the thread is behind, the oldest frames go.
_MAX_WAITING: Final = 3

Posted = Callable[[Callable[[], None]], None]


@dataclass(frozen=True, slots=True)
class Followed:
    """Where the held marks are on one frame. `frame_ms`: its capture by the page's clock, as it came with the frame.

    `unheld`: marks that found nothing to hold on to; they stay where they were put.
    """

    rtp_time: int
    frame_ms: float | None
    places: dict[str, StuckPlace]
    unheld: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Frame:
    picture: Luma
    rtp_time: int
    frame_ms: float | None


@dataclass(frozen=True, slots=True)
class _Hold:
    mark_id: str
    points: tuple[tuple[float, float], ...]
    rtp_time: int | None


@dataclass
class _Told:
    """What waits for the GUI thread: the newest frame's places, and all that found no hold since."""

    newest: Followed | None = None
    unheld: list[str] = field(default_factory=list)


class Sticking:
    """Feeds a Sticker in its own thread and tells `listener` through `post` (into the GUI thread); a busy GUI gets the newest places only.

    `put` from any thread, returns at once; the others from the GUI thread. What `let_go` names is not told of afterwards.
    """

    def __init__(self, sticker: Sticker, post: Posted, listener: Callable[[Followed], None]) -> None:
        self._sticker = sticker
        self._post, self._listener = post, listener
        self._changed = threading.Condition()
        self._work: deque[_Frame | _Hold | str] = deque()  # in the order in which it came: a hold is about a frame before it
        self._held: set[str] = set()
        self._told = _Told()
        self._is_over = False
        self._thread: threading.Thread | None = None

    def put(self, picture: Luma, rtp_time: int, frame_ms: float | None = None) -> None:
        """A frame of the video, as it was shown; `picture` is kept until the thread has looked at it."""
        with self._changed:
            if self._is_over:
                return
            waiting = [item for item in self._work if isinstance(item, _Frame)]
            if len(waiting) >= _MAX_WAITING:
                self._work.remove(waiting[0])
            self._work.append(_Frame(picture, rtp_time, frame_ms))
            self._begin()
            self._changed.notify()

    def hold(self, mark_id: str, points: Sequence[tuple[float, float]], rtp_time: int | None = None) -> None:
        """Hold a mark (fractions of the frame) to what lies under it on the frame with this RTP time (None: the newest), and tell where it is from now on."""
        with self._changed:
            self._held.add(mark_id)
            self._work.append(_Hold(mark_id, tuple(points), rtp_time))
            self._begin()
            self._changed.notify()

    def let_go(self, *mark_ids: str) -> None:
        """Follow these no more."""
        with self._changed:
            self._held.difference_update(mark_ids)
            self._work.extend(mark_ids)
            self._changed.notify()

    def close(self) -> None:
        """The call is over: nothing is told any more, the thread ends. Idempotent."""
        with self._changed:
            self._is_over = True
            self._held.clear()
            self._work.clear()
            self._changed.notify()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _begin(self) -> None:
        if self._thread is None and not self._is_over:
            self._thread = threading.Thread(target=self._run, name="sticking", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._is_over or self._work)
                if self._is_over:
                    return
                item = self._work.popleft()
            if isinstance(item, _Frame):
                places = self._sticker.put(item.picture, item.rtp_time)
                if places:
                    self._tell(Followed(item.rtp_time, item.frame_ms, places), None)
            elif isinstance(item, str):
                self._sticker.let_go(item)
            elif not self._sticker.hold(item.mark_id, item.points, item.rtp_time):
                self._sticker.let_go(item.mark_id)
                self._tell(None, item.mark_id)

    def _tell(self, newest: Followed | None, unheld: str | None) -> None:
        with self._changed:
            is_on_its_way = self._told.newest is not None or bool(self._told.unheld)
            self._told.newest = newest or self._told.newest
            if unheld is not None:
                self._told.unheld.append(unheld)
        if not is_on_its_way:
            self._post(self._deliver)

    def _deliver(self) -> None:
        """In the GUI thread."""
        with self._changed:
            told, self._told = self._told, _Told()
            if self._is_over:
                return
            newest = told.newest or Followed(0, None, {})
            places = {mark_id: place for mark_id, place in newest.places.items() if mark_id in self._held}
            unheld = tuple(mark_id for mark_id in told.unheld if mark_id in self._held)
            self._held.difference_update(unheld)
        if places or unheld:
            self._listener(Followed(newest.rtp_time, newest.frame_ms, places, unheld))
