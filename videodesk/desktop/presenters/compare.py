"""Comparing two to four pictures: which, in which way, and where one looks: all of them show the same place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks
from videodesk.protocol import resources as r

MOST: Final = 4
MAX_NEARER: Final = 40.0
Decode = Callable[[bytes, str], Picture]


class CompareMode(StrEnum):
    """Beside each other; one wiped over the other; one showing through the other."""

    SIDE = "side"
    SWIPE = "swipe"
    ONION = "onion"


@dataclass(frozen=True, slots=True)
class Look:
    """Where one looks, as shares of each picture: its middle, and how much nearer than the whole picture (1 is all of it)."""

    x: float = 0.5
    y: float = 0.5
    nearer: float = 1.0

    def held(self) -> Look:
        """Within the picture, and not farther than the whole of it."""
        nearer = min(MAX_NEARER, max(1.0, self.nearer))
        edge = 0.5 / nearer
        return Look(min(1 - edge, max(edge, self.x)), min(1 - edge, max(edge, self.y)), nearer)


@dataclass(frozen=True, slots=True)
class Compared:
    """One of the pictures; `picture` is None while it loads, or when `problem` says why there is none. `has_marks`: a rendition is shown."""

    snapshot: r.SnapshotView
    picture: Picture | None = None
    has_marks: bool = False
    problem: DeskError | None = None


@dataclass(frozen=True, slots=True)
class CompareState:
    """What the screen shows. `chosen` is the picture that the keys mean; swipe and onion skin show the first and `over`."""

    items: tuple[Compared, ...] = ()
    others: tuple[r.SnapshotView, ...] = ()
    case: r.CaseView | None = None
    mode: CompareMode = CompareMode.SIDE
    look: Look = Look()
    split: float = 0.5
    over: int = 1
    chosen: int = 0
    shows_marks: bool = False
    is_loading: bool = False
    problem: DeskError | None = None

    @property
    def can_add(self) -> bool:
        """Whether there is room, and something to add."""
        return len(self.items) < MOST and bool(self.others)


class ComparePresenter(Presenter[CompareState]):
    """Opened with snapshots of one case; with one alone it finds the picture that belongs beside it."""

    def __init__(self, api: DeskApi, tasks: Tasks, clock: Clock, *, decode: Decode) -> None:
        super().__init__(CompareState(), tasks, clock)
        self._api = api
        self._decode = decode
        self._wanted: tuple[str, ...] = ()

    def open(self, snapshot_ids: tuple[str, ...]) -> None:
        """Show these (at most four, in this order)."""
        self.close()
        self._wanted = tuple(dict.fromkeys(snapshot_ids))[:MOST]
        self._state = replace(CompareState(), mode=self.state.mode)
        self._set(is_loading=True)
        if not self._wanted:
            self._set(is_loading=False)
            return

        async def load() -> tuple[r.SnapshotView, list[r.SnapshotView], r.CaseView]:
            first = await self._api.snapshot(self._wanted[0])
            return first, await self._api.snapshots(first.case_id), await self._api.case(first.case_id)

        self.tasks.run("compare.open", load, lambda found: self._show(*found), self._failed, replaces=True)

    def reload(self) -> None:
        """The same again, after an error."""
        self.open(self._wanted)

    def _failed(self, problem: DeskError) -> None:
        self._set(is_loading=False, problem=problem)

    def _show(self, first: r.SnapshotView, all_of_case: list[r.SnapshotView], case: r.CaseView) -> None:
        pictures = {one.id: one for one in all_of_case if one.duration_s is None}
        wanted = [pictures[one] for one in self._wanted if one in pictures]
        if len(wanted) == 1 and (partner := partner_of(first, list(pictures.values()))) is not None:
            # Before the retake at the left, after it at the right.
            wanted = sorted((wanted[0], partner), key=lambda one: one.captured_at)
        self._set(is_loading=False, problem=None, case=case, items=tuple(Compared(one) for one in wanted),
                  others=self._rest(list(pictures.values()), wanted), over=min(1, len(wanted) - 1))
        for one in wanted:
            self._fetch(one)

    @staticmethod
    def _rest(pictures: list[r.SnapshotView], shown: list[r.SnapshotView]) -> tuple[r.SnapshotView, ...]:
        ids = {one.id for one in shown}
        return tuple(one for one in pictures if one.id not in ids)

    def _fetch(self, snapshot: r.SnapshotView) -> None:
        wants_marks = self.state.shows_marks and snapshot.rendition is not None
        rendition = snapshot.rendition

        async def fetch() -> Picture:
            if wants_marks and rendition is not None:
                data, media_type = await self._api.rendition(rendition.id), rendition.media_type
            else:
                data, media_type = await self._api.original_of(snapshot.id, snapshot.leading), snapshot.media_type
            return await asyncio.to_thread(self._decode, data, media_type)

        self.tasks.run(f"compare.fetch.{snapshot.id}", fetch, lambda picture: self._put(snapshot.id, picture=picture, has_marks=wants_marks, problem=None),
                       lambda problem: self._put(snapshot.id, problem=problem), replaces=True)

    def _put(self, snapshot_id: str, **changes: object) -> None:
        self._set(items=tuple(replace(one, **changes) if one.snapshot.id == snapshot_id else one for one in self.state.items))  # type: ignore[arg-type]

    # ── what the person does ───────────────────────────────────────────────────────────────────────────────────

    def choose_mode(self, mode: CompareMode) -> None:
        """Another way of comparing; two pictures are needed for swipe and onion skin."""
        if mode is CompareMode.SIDE or len(self.state.items) >= 2:
            self._set(mode=mode)

    def look_at(self, look: Look) -> None:
        """All pictures show this place."""
        self._set(look=look.held())

    def zoom_by(self, factor: float, x: float | None = None, y: float | None = None) -> None:
        """Nearer (> 1) or farther; the place (x, y), in shares of the picture, stays where it is on the screen."""
        look = self.state.look
        nearer = min(MAX_NEARER, max(1.0, look.nearer * factor))
        fixed_x, fixed_y = (look.x if x is None else x), (look.y if y is None else y)
        keep = look.nearer / nearer
        self.look_at(Look(fixed_x + (look.x - fixed_x) * keep, fixed_y + (look.y - fixed_y) * keep, nearer))

    def pan_by(self, dx: float, dy: float) -> None:
        """Move the place by shares of the whole picture."""
        look = self.state.look
        self.look_at(Look(look.x + dx, look.y + dy, look.nearer))

    def fit(self) -> None:
        """The whole pictures."""
        self.look_at(Look())

    def set_split(self, split: float) -> None:
        """How far the upper picture is wiped away (swipe), or how much it shows (onion skin): 0 to 1."""
        self._set(split=min(1.0, max(0.0, split)))

    def choose(self, place: int) -> None:
        """The picture that the keys mean; in swipe and onion skin the one that lies over the first."""
        if 0 <= place < len(self.state.items):
            self._set(chosen=place, over=place if place > 0 else self.state.over)

    def swap(self) -> None:
        """Change the first picture and the one compared with it."""
        items, over = list(self.state.items), self.state.over
        if 0 < over < len(items):
            items[0], items[over] = items[over], items[0]
            self._set(items=tuple(items))

    def add(self, snapshot_id: str) -> None:
        """One more picture of the case."""
        found = next((one for one in self.state.others if one.id == snapshot_id), None)
        if found is None or not self.state.can_add:
            return
        items = (*self.state.items, Compared(found))
        self._set(items=items, others=tuple(one for one in self.state.others if one.id != snapshot_id), chosen=len(items) - 1,
                  over=len(items) - 1 if len(items) > 1 else 0)
        self._fetch(found)

    def remove(self, place: int | None = None) -> None:
        """Take a picture away (the chosen one); the last stays."""
        state = self.state
        place = state.chosen if place is None else place
        if len(state.items) < 2 or not 0 <= place < len(state.items):
            return
        gone = state.items[place].snapshot
        items = state.items[:place] + state.items[place + 1:]
        others = tuple(sorted((*state.others, gone), key=lambda one: one.captured_at))
        self._set(items=items, others=others, chosen=min(state.chosen, len(items) - 1), over=min(max(1, state.over), len(items) - 1),
                  mode=state.mode if len(items) >= 2 else CompareMode.SIDE)

    def toggle_marks(self) -> None:
        """The pictures with their marks, or as they were captured."""
        self._set(shows_marks=not self.state.shows_marks)
        for one in self.state.items:
            if one.snapshot.rendition is not None:
                self._fetch(one.snapshot)


def partner_of(snapshot: r.SnapshotView, pictures: list[r.SnapshotView]) -> r.SnapshotView | None:
    """What belongs beside a snapshot: what it replaces or is replaced by, else the newest other one of the same checklist item, else the one before."""
    by_id = {one.id: one for one in pictures}
    for related in (snapshot.retake_of, snapshot.retaken_by):
        if related is not None and related in by_id:
            return by_id[related]
    others = [one for one in pictures if one.id != snapshot.id]
    same = [one for one in others if snapshot.checklist_item is not None and one.checklist_item == snapshot.checklist_item]
    before = [one for one in others if one.captured_at <= snapshot.captured_at]
    found = same or before or others
    return max(found, key=lambda one: one.captured_at) if found else None
