"""What is drawn on a call's picture: the marks of both sides, gathered into few messages, fading, frozen. Pure; time (s, monotonic) is given.

Of live drawing nothing is kept. The service knows nothing of it; a mark that shall stay goes into a snapshot's annotation.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from videodesk.calls.sticking_ports import StuckPlace
from videodesk.protocol.live import (
    BATCH_MS,
    FADE_AFTER_MS,
    FADE_MS,
    MAX_LIVE_MARKS,
    MAX_STROKE_POINTS,
    LiveClear,
    LiveHold,
    LiveMark,
    LiveMarks,
    LiveMessage,
    LiveMore,
    LiveMoved,
    LiveSeen,
    LiveShape,
    Place,
)

BATCH_S: Final = BATCH_MS / 1000
MIN_STEP: Final = 0.003
"""A stroke goes on only this far (of the picture's width or height) from its last place: a hand that rests says nothing."""
PLACES_A_MESSAGE: Final = 760
"""So many places in a message at most, where a mark without its places counts as ten: 14 of the 16 kB that a message may have."""
_A_MARK: Final = 10
ENDS: Final = frozenset({LiveShape.ARROW, LiveShape.LINE, LiveShape.RECTANGLE, LiveShape.ELLIPSE})


@dataclass(frozen=True, slots=True)
class Shown:
    """A mark as it is shown: `at_s` is its last change (what fades counts from it); `is_done` once the hand let go of it."""

    mark: LiveMark
    at_s: float
    is_done: bool = True

    def opacity(self, now_s: float) -> float:
        """How much of it is there, 1 to 0."""
        if not self.mark.fades or not self.is_done:
            return 1.0
        return min(1.0, max(0.0, 1 - ((now_s - self.at_s) * 1000 - FADE_AFTER_MS) / FADE_MS))


@dataclass(slots=True)
class _Unsaid:
    """What the page was not told yet. Later changes of the same mark take the place of earlier ones."""

    put: dict[str, LiveMark] = field(default_factory=dict)
    more: dict[str, list[Place]] = field(default_factory=dict)
    moved: dict[str, LiveMoved] = field(default_factory=dict)
    gone: dict[str, None] = field(default_factory=dict)

    def forget(self, mark_id: str) -> None:
        self.put.pop(mark_id, None)
        self.more.pop(mark_id, None)
        self.moved.pop(mark_id, None)
        self.gone.pop(mark_id, None)

    def __bool__(self) -> bool:
        return bool(self.put or self.more or self.moved or self.gone)


class _Room:
    """What a message still has room for; an empty one takes any mark."""

    def __init__(self) -> None:
        self.left = PLACES_A_MESSAGE

    def takes(self, places: int) -> bool:
        if places + _A_MARK > self.left < PLACES_A_MESSAGE:
            return False
        self.left -= places + _A_MARK
        return True


class LiveDrawing:
    """The marks of one call's picture and what of it the page is still to be told. Not thread-safe; one per line to the page.

    `freeze` is the id of the frozen picture that is shown ("" the live video); marks belong to one of both.
    """

    def __init__(self) -> None:
        self._shown: dict[str, Shown] = {}
        self._unsaid = _Unsaid()
        self._told: set[str] = set()  # marks of the agent that the page may have
        self._count = 0
        self._seq = 0
        self._drawn_seq = 0  # of the last message that told of more than new places
        self._said_at_s = -math.inf
        self._frame_ms: float | None = None
        self.freeze = ""
        self.seen = LiveSeen(seq=0)

    # ── what is shown ─────────────────────────────────────────────────────────────────────────────────────────────

    def shown(self, now_s: float) -> tuple[Shown, ...]:
        """The marks on what is shown now, the lowest first, those that have faded left out."""
        return tuple(one for one in self._shown.values() if one.mark.freeze == self.freeze and one.opacity(now_s) > 0)

    def mark(self, mark_id: str) -> LiveMark | None:
        """The mark with this id, wherever it is."""
        found = self._shown.get(mark_id)
        return found.mark if found is not None else None

    @property
    def seq(self) -> int:
        """The number of what the page was told last; 0 before."""
        return self._seq

    @property
    def is_seen(self) -> bool:
        """Whether the page has painted all that was drawn. Where following marks are by now does not count: that is news with every frame."""
        is_told = not (self._unsaid.put or self._unsaid.more or self._unsaid.gone)
        return is_told and self.seen.seq >= self._drawn_seq and (self.seen.freeze == self.freeze or (not self.freeze and self._seq == 0))

    @property
    def next_number(self) -> int:
        """The number of the next step."""
        return 1 + max((one.mark.number for one in self._shown.values() if one.mark.freeze == self.freeze), default=0)

    @property
    def wakes_at_s(self) -> float | None:
        """When something fades next or goes, None when nothing does."""
        return min((one.at_s + FADE_AFTER_MS / 1000 for one in self._shown.values() if one.mark.fades and one.is_done), default=None)

    # ── the agent draws ───────────────────────────────────────────────────────────────────────────────────────────

    def begin(self, shape: LiveShape, place: Place, now_s: float, *, colour: str, width: float, fades: bool) -> str | None:
        """A new mark of the agent at `place`; its id. None when there are MAX_LIVE_MARKS already."""
        self._drop_faded(now_s)
        if len(self._shown) >= MAX_LIVE_MARKS:
            return None
        self._count += 1
        mark_id = f"a{self._count}"
        at = near(place)
        points = [at, at] if shape in ENDS else [at]
        number = self.next_number if shape is LiveShape.STEP else 0
        mark = LiveMark(id=mark_id, shape=shape, points=points, colour=colour, width=width, number=number, freeze=self.freeze,
                        fades=fades or shape is LiveShape.POINTER)
        self._put(Shown(mark, now_s, is_done=False))
        return mark_id

    def draw(self, mark_id: str, place: Place, now_s: float) -> None:
        """The hand is here now: a stroke goes on, an end or a pointer moves. Nothing for a mark that is gone."""
        found = self._shown.get(mark_id)
        if found is None:
            return
        mark, at = found.mark, near(place)
        if mark.shape is LiveShape.PEN:
            self._go_on(found, at, now_s)
        elif mark.shape in ENDS:
            self._put(replace(found, mark=mark.model_copy(update={"points": [mark.points[0], at]}), at_s=now_s))
        else:
            self._put(replace(found, mark=mark.model_copy(update={"points": [at]}), at_s=now_s))

    def finish(self, mark_id: str, now_s: float) -> bool:
        """The hand lets go: what fades counts from now. False for a mark without a length (a click): it is taken back."""
        found = self._shown.get(mark_id)
        if found is None:
            return False
        points = found.mark.points
        if found.mark.shape in ENDS and _apart(points[0], points[-1]) < MIN_STEP:
            self.remove(mark_id)
            return False
        self._shown[mark_id] = replace(found, at_s=now_s, is_done=True)
        return True

    def undo(self) -> str | None:
        """Take the agent's last mark on what is shown back (pointers go by themselves); its id, None when there is none."""
        mine = [one.mark.id for one in self._shown.values()
                if one.mark.by == "agent" and one.mark.freeze == self.freeze and one.mark.shape is not LiveShape.POINTER]
        if not mine:
            return None
        self.remove(mine[-1])
        return mine[-1]

    def remove(self, mark_id: str) -> None:
        """Take one mark of the agent away, on both sides."""
        if mark_id in self._shown and self._shown[mark_id].mark.by == "agent":
            del self._shown[mark_id]
            self._unsay(mark_id)

    def clear(self) -> LiveClear:
        """All marks of both sides go; the page is told this."""
        for mark_id in [*self._shown]:
            self._unsaid.forget(mark_id)
        self._shown.clear()
        self._told.clear()
        return LiveClear()

    def freeze_as(self, freeze_id: str) -> None:
        """A frozen picture is shown from now on ("" the live video). The marks of the one before are gone, as they are on the page."""
        for mark_id in [one.mark.id for one in self._shown.values() if one.mark.freeze not in {"", freeze_id}]:
            del self._shown[mark_id]
            self._unsaid.forget(mark_id)
            self._told.discard(mark_id)
        self.freeze = freeze_id

    # ── marks that follow ─────────────────────────────────────────────────────────────────────────────────────────

    def found(self, frame_ms: float | None, places: Mapping[str, StuckPlace]) -> None:
        """Where following marks are on the frame that was captured at `frame_ms` by the page's clock."""
        for mark_id, place in places.items():
            found = self._shown.get(mark_id)
            if found is None or found.mark.freeze or found.mark.by != "agent":
                continue
            points = [near(point) for point in place.points][:MAX_STROKE_POINTS]
            if not points:
                continue
            self._shown[mark_id] = replace(found, mark=found.mark.model_copy(update={"points": points, "hold": place.hold}))
            if mark_id in self._unsaid.put:
                self._unsaid.put[mark_id] = self._shown[mark_id].mark
            else:
                self._unsaid.moved[mark_id] = LiveMoved(id=mark_id, points=points, hold=place.hold)
        if self._unsaid.moved:
            self._frame_ms = frame_ms

    # ── the page says ─────────────────────────────────────────────────────────────────────────────────────────────

    def take(self, message: LiveMessage, now_s: float) -> None:
        """What the page said. Marks of the customer count on the frozen picture that is shown only; the agent's are nobody else's."""
        if isinstance(message, LiveSeen):
            self.seen = message
        elif isinstance(message, LiveClear):
            for mark_id in self._of_customer():
                del self._shown[mark_id]
        elif isinstance(message, LiveMarks):
            self._take_marks(message, now_s)

    def _take_marks(self, message: LiveMarks, now_s: float) -> None:
        self._drop_faded(now_s)
        for mark in message.put:
            own = "c-" + mark.id[-62:]
            if not self.freeze or mark.freeze != self.freeze or (own not in self._shown and len(self._shown) >= MAX_LIVE_MARKS):
                continue
            self._shown[own] = Shown(mark.model_copy(update={"id": own, "by": "customer", "hold": LiveHold.STILL}), now_s)
        for more in message.more:
            found = self._shown.get("c-" + more.id[-62:])
            if found is not None and len(found.mark.points) + len(more.points) <= MAX_STROKE_POINTS:
                points = [*found.mark.points, *more.points]
                self._shown[found.mark.id] = replace(found, mark=found.mark.model_copy(update={"points": points}), at_s=now_s)
        for mark_id in message.gone:
            self._shown.pop("c-" + mark_id[-62:], None)

    def _of_customer(self) -> list[str]:
        return [one.mark.id for one in self._shown.values() if one.mark.by == "customer"]

    # ── to the page ───────────────────────────────────────────────────────────────────────────────────────────────

    def due_in_s(self, now_s: float) -> float | None:
        """In how many seconds there is something to tell (0: now); None when there is nothing."""
        return max(0.0, self._said_at_s + BATCH_S - now_s) if self._unsaid else None

    def batch(self, now_s: float) -> LiveMarks | None:
        """What the page is to be told now; None when there is nothing, or it was told less than BATCH_MS ago.

        What a message has no room for goes with the next one.
        """
        self._drop_faded(now_s)
        if self.due_in_s(now_s) != 0.0:
            return None
        unsaid, room = self._unsaid, _Room()
        put = [unsaid.put.pop(mark_id) for mark_id, mark in [*unsaid.put.items()] if room.takes(len(mark.points))]
        more: list[LiveMore] = []
        for mark_id, points in [*unsaid.more.items()]:
            count = min(len(points), room.left - _A_MARK) if mark_id not in unsaid.put else 0
            if count > 0 and room.takes(count):
                more.append(LiveMore(id=mark_id, points=points[:count]))
                unsaid.more[mark_id] = points[count:]
                if count == len(points):
                    del unsaid.more[mark_id]
        moved = [unsaid.moved.pop(mark_id) for mark_id, one in [*unsaid.moved.items()] if room.takes(len(one.points))]
        gone, unsaid.gone = [*unsaid.gone][:MAX_LIVE_MARKS], dict.fromkeys([*unsaid.gone][MAX_LIVE_MARKS:])
        self._seq += 1
        if put or more or gone:
            self._drawn_seq = self._seq
        self._said_at_s = now_s
        self._told.update(mark.id for mark in put)
        return LiveMarks(seq=self._seq, frame_ms=self._frame_ms if moved else None, put=put, more=more, moved=moved, gone=gone)

    def forget(self) -> None:
        """The line is gone, and with it all that was drawn. Ids are not given out again: what an old page still says is of no mark of the new."""
        self._shown.clear()
        self._unsaid, self._told = _Unsaid(), set()
        self._seq, self._drawn_seq, self._said_at_s, self._frame_ms = 0, 0, -math.inf, None
        self.freeze, self.seen = "", LiveSeen(seq=0)

    # ── inside ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _put(self, shown: Shown) -> None:
        mark = shown.mark
        self._shown[mark.id] = shown
        self._unsaid.forget(mark.id)
        self._unsaid.put[mark.id] = mark

    def _go_on(self, found: Shown, at: Place, now_s: float) -> None:
        mark = found.mark
        if len(mark.points) >= MAX_STROKE_POINTS or _apart(mark.points[-1], at) < MIN_STEP:
            return
        longer = mark.model_copy(update={"points": [*mark.points, at]})
        self._shown[mark.id] = replace(found, mark=longer, at_s=now_s)
        if mark.id in self._unsaid.put:
            self._unsaid.put[mark.id] = longer
        else:
            self._unsaid.more.setdefault(mark.id, []).append(at)

    def _unsay(self, mark_id: str) -> None:
        self._unsaid.forget(mark_id)
        if mark_id in self._told:
            self._told.discard(mark_id)
            self._unsaid.gone[mark_id] = None

    def _drop_faded(self, now_s: float) -> None:
        for one in [*self._shown.values()]:
            if one.opacity(now_s) <= 0:
                del self._shown[one.mark.id]
                if one.mark.by == "agent":
                    self._unsay(one.mark.id)


def near(place: Sequence[float]) -> Place:
    """A place within what the protocol allows, as exact as a picture of 10,000 px needs it: short in the message."""
    x, y = (round(min(2.9, max(-1.9, value)), 4) for value in place)
    return (x, y)


def _apart(one: Place, other: Place) -> float:
    return max(abs(one[0] - other[0]), abs(one[1] - other[1]))
