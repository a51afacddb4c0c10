"""Reviewing: the queue of snapshots by state, one of them large, the supervisor's decision on it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError, NotAllowed
from videodesk.core.ids import new_id
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, is_allowed
from videodesk.core.vocabulary import ReviewDecision, ReviewState
from videodesk.desktop.drawing.pictures import Picture, Pixels
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks
from videodesk.protocol import resources as r
from videodesk.protocol.messages import Happened, Welcome, Wire

Decode = Callable[[bytes, str], Picture]
DecodeSmall = Callable[[bytes, str, int], Pixels]
PAGE: Final = 100
THUMBNAIL_PX: Final = 320
_CHANGES: Final = frozenset({"snapshot.added", "snapshot.changed", "review.decided", "annotation.added", "rendition.added"})
_KEPT_PICTURES: Final = 4


class Ask(StrEnum):
    """What the screen asks the supervisor before a decision can go."""

    NOTHING = "nothing"
    WORDS = "words"
    REASON = "reason"


@dataclass(frozen=True, slots=True)
class ReviewScreenState:
    """What the review screen shows. `state` is the filter (None: all); pictures are those of the current snapshot.

    `original_id`: the one of its originals that is looked at; None: the one that leads.
    """

    items: tuple[r.SnapshotView, ...] = ()
    counts: tuple[tuple[ReviewState, int], ...] = ()
    state: ReviewState | None = ReviewState.PENDING
    case_id: str | None = None
    next_cursor: str | None = None
    current_id: str | None = None
    is_large: bool = False
    shows_original: bool = False
    original_id: str | None = None
    has_loupe: bool = False
    case: r.CaseView | None = None
    original: Picture | None = None
    rendition: Picture | None = None
    comment: str = ""
    reason: str = ""
    ask: Ask = Ask.NOTHING
    is_loading: bool = False
    is_deciding: bool = False
    problem: DeskError | None = None
    picture_problem: DeskError | None = None
    may_review: bool = True
    is_own: bool = False

    @property
    def current(self) -> r.SnapshotView | None:
        """The snapshot in hand."""
        return next((item for item in self.items if item.id == self.current_id), None)

    @property
    def seen_original(self) -> r.OriginalView | None:
        """The original that is looked at."""
        current = self.current
        if current is None:
            return None
        by_id = {one.id: one for one in current.originals}
        return by_id.get(self.original_id or current.leading) or by_id.get(current.leading)

    @property
    def is_leading(self) -> bool:
        """Whether the original looked at is the one that stands for the snapshot; marks are on that one only."""
        seen, current = self.seen_original, self.current
        return seen is None or current is None or seen.id == current.leading

    @property
    def shown(self) -> Picture | None:
        """The picture to show large: with marks where there are any, unless the original was asked for."""
        return self.original if self.shows_original or self.rendition is None or not self.is_leading else self.rendition

    @property
    def why_not(self) -> str | None:
        """The text key that says why no decision can be made now; None when one can."""
        if not self.may_review:
            return "review.why_not.role"
        if self.current is None:
            return "review.why_not.nothing"
        return "review.why_not.own" if self.is_own else None


class ReviewPresenter(Presenter[ReviewScreenState]):
    """Shows the queue, decides, and keeps up with what happens elsewhere."""

    def __init__(self, api: DeskApi, tasks: Tasks, clock: Clock, principal: Principal, *, decode: Decode, decode_small: DecodeSmall) -> None:
        super().__init__(ReviewScreenState(may_review=is_allowed(principal, Action.REVIEW)), tasks, clock)
        self._api = api
        self._principal = principal
        self._decode = decode
        self._decode_small = decode_small
        self._pictures: dict[str, Picture] = {}
        self._cases: dict[str, r.CaseView] = {}
        self._thumbnail_changed: list[Callable[[str], None]] = []

    # ── the queue ──────────────────────────────────────────────────────────────────────────────────────────────

    def open(self, snapshot_id: str | None = None, case_id: str | None = None) -> None:
        """Show the queue, of one case or of all, and a certain snapshot large."""
        self._set(case_id=case_id, problem=None)
        if snapshot_id is not None:
            self._set(state=None, current_id=snapshot_id, is_large=True)
        self.reload()

    def reload(self) -> None:
        """Fetch as much of the queue as was loaded, from its beginning."""
        state, wanted = self.state, max(PAGE, len(self.state.items))
        self._set(is_loading=True)

        async def load() -> tuple[list[r.SnapshotView], r.ReviewQueue]:
            page = await self._api.review_queue(state.state, state.case_id, None, PAGE)
            items = list(page.items)
            while page.next_cursor is not None and len(items) < wanted:
                page = await self._api.review_queue(state.state, state.case_id, page.next_cursor, PAGE)
                items += page.items
            return items, page

        self.tasks.run("review.load", load, lambda found: self._loaded(*found), self._failed, replaces=True)

    def load_more(self) -> None:
        """Fetch the next page, where there is one."""
        state = self.state
        if state.next_cursor is None or state.is_loading:
            return
        self._set(is_loading=True)

        def done(page: r.ReviewQueue) -> None:
            known = {item.id for item in self.state.items}
            self._loaded([*self.state.items, *(item for item in page.items if item.id not in known)], page)

        self.tasks.run("review.load", lambda: self._api.review_queue(state.state, state.case_id, state.next_cursor, PAGE), done, self._failed)

    def _loaded(self, items: list[r.SnapshotView], page: r.ReviewQueue) -> None:
        before = self.state
        current_id = before.current_id
        if all(item.id != current_id for item in items):
            current_id = _nearest(before.items, current_id, items)
        counts = tuple((value, page.counts.get(value, 0)) for value in ReviewState)
        self._set(items=tuple(items), counts=counts, next_cursor=page.next_cursor, is_loading=False, problem=None)
        self._take(current_id)

    def _failed(self, problem: DeskError) -> None:
        self._set(is_loading=False, is_deciding=False, problem=problem)

    def filter(self, state: ReviewState | None) -> None:
        """Show snapshots in this review state (None: all)."""
        if state != self.state.state:
            self._set(state=state, items=(), next_cursor=None, current_id=None)
            self.reload()

    def handle(self, message: Wire) -> None:
        """Keep up with new snapshots, marks and decisions."""
        if isinstance(message, Happened) and message.name in _CHANGES:
            snapshot_id = message.data.get("snapshot_id")
            if isinstance(snapshot_id, str) and message.name in {"annotation.added", "rendition.added"}:
                for tell in tuple(self._thumbnail_changed):
                    tell(snapshot_id)
            self.reload()
        elif isinstance(message, Welcome) and not message.is_resumed:
            self.reload()

    # ── the snapshot in hand ───────────────────────────────────────────────────────────────────────────────────

    def choose(self, snapshot_id: str | None) -> None:
        """Take a snapshot in hand."""
        if snapshot_id != self.state.current_id:
            self._take(snapshot_id)

    def _take(self, snapshot_id: str | None) -> None:
        before = self.state
        current = next((item for item in before.items if item.id == snapshot_id), None)
        is_other = snapshot_id != before.current_id
        self._set(
            current_id=None if current is None else current.id,
            is_own=current is not None and current.captured_by == self._principal.id,
            is_large=before.is_large and current is not None,
            case=None if current is None else self._cases.get(current.case_id),
            **({"comment": "", "reason": "", "ask": Ask.NOTHING, "picture_problem": None, "shows_original": False,
                "original_id": None} if is_other else {}),
        )
        self._show_pictures(current)
        if current is not None and current.case_id not in self._cases:
            self._fetch_case(current.case_id)

    def _fetch_case(self, case_id: str) -> None:
        def done(case: r.CaseView) -> None:
            self._cases[case_id] = case
            current = self.state.current
            if current is not None and current.case_id == case_id:
                self._set(case=case)

        # Without it the checklist item has no title; nothing else depends on it.
        self.tasks.run("review.case", lambda: self._api.case(case_id), done, lambda _problem: None, replaces=True)

    def _show_pictures(self, current: r.SnapshotView | None) -> None:
        if current is None or not self.state.is_large:
            self._set(original=None, rendition=None)
            return
        seen = self.state.seen_original
        wanted = {"original": seen.id if seen is not None else current.id}
        if current.rendition is not None:
            wanted["rendition"] = current.rendition.id
        have = {field: self._pictures.get(key) for field, key in wanted.items()}
        self._set(original=have["original"], rendition=have.get("rendition"))
        if all(picture is not None for picture in have.values()):
            return

        async def load() -> dict[str, Picture]:
            found = await asyncio.gather(*(self._seen_picture(current, field, key) for field, key in wanted.items()))
            return dict(zip(wanted, found, strict=True))

        def done(found: dict[str, Picture]) -> None:
            for field, picture in found.items():
                self._pictures[wanted[field]] = picture
            while len(self._pictures) > 2 * _KEPT_PICTURES:
                self._pictures.pop(next(iter(self._pictures)))
            if self.state.current_id == current.id and self.state.seen_original == seen:
                self._set(original=found["original"], rendition=found.get("rendition"))

        self.tasks.run("review.picture", load, done, lambda problem: self._set(picture_problem=problem), replaces=True)

    async def _seen_picture(self, snapshot: r.SnapshotView, field: str, key: str) -> Picture:
        """As `_picture`; where the original may not be seen because something was redacted, the redacted picture."""
        try:
            return await self._picture(snapshot, field, key)
        except NotAllowed as refusal:
            if refusal.code != "snapshot.only_redacted" or snapshot.rendition is None or field == "rendition":
                raise
            return await self._picture(snapshot, "rendition", snapshot.rendition.id)

    async def _picture(self, snapshot: r.SnapshotView, field: str, key: str) -> Picture:
        known = self._pictures.get(key)
        if known is not None:
            return known
        if field == "rendition" and snapshot.rendition is not None:
            data, media_type = await self._api.rendition(key), snapshot.rendition.media_type
        elif snapshot.duration_s is not None:  # a clip: a picture of it; the clip screen shows it whole
            data, media_type = await self._api.thumbnail(key), "image/jpeg"
        else:
            seen = next((one for one in snapshot.originals if one.id == key), None)
            media_type = seen.media_type if seen is not None else snapshot.media_type
            if media_type.startswith("video/"):  # a clip is looked at elsewhere; here its picture
                data, media_type = await self._api.thumbnail(snapshot.id), "image/jpeg"
            elif seen is None or key == snapshot.leading:
                data = await self._api.original(snapshot.id)
            else:
                data = await self._api.original_of(snapshot.id, key)
        return await asyncio.to_thread(self._decode, data, media_type)

    def step(self, by: int) -> None:
        """The next (1) or previous (-1) snapshot."""
        items = self.state.items
        if not items:
            return
        places = [item.id for item in items]
        place = places.index(self.state.current_id) + by if self.state.current_id in places else 0
        place = min(max(place, 0), len(items) - 1)
        self._take(places[place])
        if place >= len(items) - 5:
            self.load_more()

    def enlarge(self, *, is_large: bool) -> None:
        """Show the snapshot large, or the contact sheet."""
        if is_large and self.state.current is None:
            return
        self._set(is_large=is_large)
        self._show_pictures(self.state.current)

    def toggle_original(self) -> None:
        """Original ↔ with marks."""
        self._set(shows_original=not self.state.shows_original)

    def look_at(self, original_id: str) -> None:
        """Look at this original of the snapshot."""
        self._set(original_id=original_id)
        self._show_pictures(self.state.current)

    def next_original(self) -> None:
        """Look at the next original of the snapshot, and around again."""
        current, seen = self.state.current, self.state.seen_original
        if current is not None and seen is not None and len(current.originals) > 1:
            place = (current.originals.index(seen) + 1) % len(current.originals)
            self.look_at(current.originals[place].id)

    def toggle_loupe(self) -> None:
        """Loupe on or off; it needs the large view."""
        self.enlarge(is_large=True)
        self._set(has_loupe=not self.state.has_loupe)

    def thumbnail(self, snapshot_id: str, done: Callable[[Pixels], None], failed: Callable[[DeskError], None]) -> None:
        """Fetch a small picture."""
        async def load() -> Pixels:
            data = await self._api.thumbnail(snapshot_id)
            return await asyncio.to_thread(self._decode_small, data, "image/jpeg", THUMBNAIL_PX)

        self.tasks.run("review.thumbnail", load, done, failed)

    def on_thumbnail_changed(self, callback: Callable[[str], None]) -> None:
        """Call `callback` with a snapshot's id when its small picture is out of date."""
        self._thumbnail_changed.append(callback)

    # ── deciding ───────────────────────────────────────────────────────────────────────────────────────────────

    def write_comment(self, text: str) -> None:
        """The words that go with the decision."""
        self._set(comment=text)

    def write_reason(self, text: str) -> None:
        """The reason of a rejection."""
        self._set(reason=text)

    def accept(self) -> None:
        """Accept the snapshot."""
        self._decide(ReviewDecision.ACCEPTED)

    def request_retake(self) -> None:
        """Ask for another one; without words the screen asks for them first."""
        if self.state.why_not is None and not self.state.comment.strip():
            self._set(ask=Ask.WORDS)
        else:
            self._decide(ReviewDecision.RETAKE_REQUESTED)

    def reject(self) -> None:
        """Reject the snapshot; without a reason the screen asks for it first."""
        if self.state.why_not is None and not self.state.reason.strip():
            self._set(ask=Ask.REASON)
        else:
            self._decide(ReviewDecision.REJECTED)

    def stop_asking(self) -> None:
        """The supervisor thinks again."""
        self._set(ask=Ask.NOTHING)

    def _decide(self, decision: ReviewDecision) -> None:
        state, current = self.state, self.state.current
        if state.why_not is not None or state.is_deciding or current is None:
            return
        body = r.DecisionIn(
            id=new_id(self.clock.now()), original_id=current.leading, decision=decision, comment=state.comment.strip()[:10_000],
            reason=state.reason.strip()[:200] if decision is ReviewDecision.REJECTED else "")
        self._set(is_deciding=True, problem=None)
        self.tasks.run("review.decide", lambda: self._api.decide(current.id, body), lambda made: self._decided(current, made), self._failed)

    def _decided(self, snapshot: r.SnapshotView, made: r.DecisionView) -> None:
        fresh = snapshot.model_copy(update={"review_state": ReviewState(made.decision.value), "decisions": [*snapshot.decisions, made]})
        state = self.state
        place = [item.id for item in state.items].index(snapshot.id) if any(item.id == snapshot.id for item in state.items) else 0
        leaves = state.state is not None and fresh.review_state is not state.state
        items = tuple(fresh if item.id == snapshot.id else item for item in state.items if item.id != snapshot.id or not leaves)
        following = place if leaves else place + 1
        following_id = items[min(following, len(items) - 1)].id if items else None
        counts = tuple(
            (value, count + (value is fresh.review_state) - (value is snapshot.review_state)) for value, count in state.counts)
        self._state = replace(self._state, is_deciding=False, comment="", reason="", ask=Ask.NOTHING, counts=counts)
        self._set(items=items)
        self._take(following_id)


def _nearest(before: tuple[r.SnapshotView, ...], current_id: str | None, items: list[r.SnapshotView]) -> str | None:
    """Where the one in hand is gone: the one after it that is still there, else the one before, else the first."""
    if not items:
        return None
    here = {item.id for item in items}
    places = [item.id for item in before]
    if current_id in places:
        place = places.index(current_id)
        for candidate in (*places[place + 1:], *reversed(places[:place])):
            if candidate in here:
                return candidate
    return items[0].id
