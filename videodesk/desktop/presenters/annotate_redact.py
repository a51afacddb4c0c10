"""Redacting in the editor: what the program proposes, what a person makes of it, and why. Nothing is redacted without a person."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final, Protocol

from videodesk.annotation.marks import REDACTION_COLOUR, Box, Mark, Redacting, Redaction, RedactionPen, RedactionReason
from videodesk.annotation.privacy_ports import PrivacyFinder, Proposal
from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError
from videodesk.core.vocabulary import ReleaseState
from videodesk.desktop.annotating import AnnotateState
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks
from videodesk.protocol import resources as r

_COVERED: Final = 0.85  # of a proposal that lies under a standing redaction: it is done


class Marks(Protocol):
    """The editor, as redacting sees it."""

    @property
    def state(self) -> AnnotateState:
        """What the editor shows."""
        ...

    def watch(self, callback: Callable[[AnnotateState], None]) -> Callable[[], None]:
        """Call `callback` now and after each change."""
        ...

    def add_several(self, marks: Iterable[Mark]) -> None:
        """Put these on top, in one step."""
        ...

    def has_room(self, marks: int) -> bool:
        """Whether so many more fit; says so where they do not."""
        ...

    def give_reason(self, reason: RedactionReason) -> None:
        """Why the selected redactions destroy what is under them."""
        ...

    def fresh_id(self) -> str:
        """An id for a new mark."""
        ...

    def snapshot_is(self, snapshot: r.SnapshotView) -> None:
        """The service says that the snapshot is this now."""
        ...


@dataclass(frozen=True, slots=True)
class RedactState:
    """What the panel shows.

    `proposals` are those on which nobody decided yet, `numbers` what each is called: a number stays with its proposal until all are found
    anew. `chosen` is the place of the one at hand (-1 none). `redactions` are the selected ones,
    `reason` theirs (None where they differ or there are none). `release`: whether others may see the picture; `is_releasing` while the
    person's "nothing to redact" is on its way. `has_redaction`: the marks redact, filed or not. `notice` is a text's key, with `count`.
    """

    can_find: bool = False
    reads_words: bool = False
    has_picture: bool = False
    is_finding: bool = False
    proposals: tuple[Proposal, ...] = ()
    numbers: tuple[int, ...] = ()
    chosen: int = -1
    redactions: int = 0
    reason: RedactionReason | None = None
    release: ReleaseState = ReleaseState.OPEN
    is_releasing: bool = False
    has_redaction: bool = False
    notice: str = ""
    count: int = 0
    problem: DeskError | None = None

    @property
    def at_hand(self) -> Proposal | None:
        """The chosen proposal."""
        return self.proposals[self.chosen] if 0 <= self.chosen < len(self.proposals) else None


class RedactPresenter(Presenter[RedactState]):
    """Finds by a `finder` (None: only by hand)."""

    def __init__(self, marks: Marks, api: DeskApi, tasks: Tasks, clock: Clock, finder: PrivacyFinder | None = None) -> None:
        super().__init__(RedactState(can_find=finder is not None, reads_words=finder is not None and finder.reads_words), tasks, clock)
        self._marks, self._api, self._finder = marks, api, finder
        self._picture: Picture | None = None
        marks.watch(self._follow)

    def _follow(self, state: AnnotateState) -> None:
        if state.picture is not self._picture:
            self._picture = state.picture
            self.tasks.cancel_all()
            self._set(is_finding=False, is_releasing=False, proposals=(), numbers=(), chosen=-1, notice="", problem=None, has_picture=state.picture is not None)
        chosen: list[Redacting] = [mark for mark in state.selection if isinstance(mark, Redaction | RedactionPen)]
        reasons = {mark.reason for mark in chosen}
        self._set(redactions=len(chosen), reason=reasons.pop() if len(reasons) == 1 else None,
                  release=_release_of(state.snapshot), has_redaction=state.document.has_redaction)

    # ── finding ────────────────────────────────────────────────────────────────────────────────────────────────

    def find(self) -> None:
        """Look for faces and private words; what lies under a standing redaction is not proposed again."""
        picture, finder = self._marks.state.picture, self._finder
        if picture is None or finder is None or self.state.is_finding:
            return
        self._set(is_finding=True, notice="", problem=None, proposals=(), numbers=(), chosen=-1)
        look = partial(finder.find, picture.pixels.data.cast("B"), picture.width_px, picture.height_px)
        self.tasks.run("redact.find", partial(asyncio.to_thread, look), self._found, self._not_found, replaces=True)

    def _found(self, found: tuple[Proposal, ...]) -> None:
        standing = [mark.box for mark in self._marks.state.document.marks if isinstance(mark, Redaction)]
        fresh = tuple(one for one in found if not any(covered(one.box, box) >= _COVERED for box in standing))
        notice = "redact.found" if fresh else "redact.found_none"
        self._set(is_finding=False, proposals=fresh, numbers=tuple(range(1, len(fresh) + 1)), chosen=0 if fresh else -1, notice=notice, count=len(fresh))

    def _not_found(self, problem: DeskError) -> None:
        self._set(is_finding=False, problem=problem)

    # ── deciding ───────────────────────────────────────────────────────────────────────────────────────────────

    def choose(self, place: int) -> None:
        """Have the proposal at `place` at hand."""
        if 0 <= place < len(self.state.proposals):
            self._set(chosen=place)

    def let_go(self) -> None:
        """Have none at hand; all stay."""
        self._set(chosen=-1)

    def accept(self) -> None:
        """Redact the proposal at hand."""
        one = self.state.at_hand
        if one is not None and self._marks.has_room(1):
            self._marks.add_several((self._mark_of(one),))
            self._drop(self.state.chosen)

    def accept_all(self) -> None:
        """Redact every proposal, in one step of the history."""
        found = self.state.proposals
        if found and self._marks.has_room(len(found)):
            self._marks.add_several([self._mark_of(one) for one in found])
            self._set(proposals=(), numbers=(), chosen=-1, notice="redact.accepted", count=len(found))

    def decline(self) -> None:
        """Leave the proposal at hand as it is."""
        if self.state.at_hand is not None:
            self._drop(self.state.chosen)

    def decline_all(self) -> None:
        """Leave all proposals as they are."""
        self._set(proposals=(), numbers=(), chosen=-1, notice="", problem=None)

    def _drop(self, place: int) -> None:
        rest, numbers = (kept[:place] + kept[place + 1:] for kept in (self.state.proposals, self.state.numbers))
        self._set(proposals=rest, numbers=numbers, chosen=min(place, len(rest) - 1), notice="redact.found" if rest else "redact.all_decided", count=len(rest))

    def _mark_of(self, one: Proposal) -> Redaction:
        return Redaction(id=self._marks.fresh_id(), colour=REDACTION_COLOUR, box=one.box, reason=one.reason, is_proposal=True)

    def give_reason(self, reason: RedactionReason | None) -> None:
        """Why the selected redactions are there."""
        if reason is not None:
            self._marks.give_reason(reason)

    # ── for others to see ──────────────────────────────────────────────────────────────────────────────────────

    def say_nothing_to_redact(self) -> None:
        """The person says that others may see this picture as it is."""
        snapshot = self._marks.state.snapshot
        if snapshot is None or self.state.release is not ReleaseState.HELD or self.state.has_redaction or self.state.is_releasing:
            return
        self._set(is_releasing=True, notice="", problem=None)
        body = r.ReleaseIn(original_id=snapshot.leading)

        def released(fresh: r.SnapshotView) -> None:
            self._set(is_releasing=False, notice="redact.released", count=0)
            self._marks.snapshot_is(fresh)

        self.tasks.run("redact.release", lambda: self._api.release_snapshot(snapshot.id, body), released, self._not_released)

    def _not_released(self, problem: DeskError) -> None:
        self._set(is_releasing=False, problem=problem)


def _release_of(snapshot: r.SnapshotView | None) -> ReleaseState:
    """As the service said; a redacted rendition that was filed since then counts."""
    if snapshot is None:
        return ReleaseState.OPEN
    rendition = snapshot.rendition
    is_redacted = rendition is not None and rendition.has_redaction and rendition.annotation_revision == snapshot.annotation_revision
    return ReleaseState.REDACTED if snapshot.release is ReleaseState.HELD and is_redacted else snapshot.release


def covered(one: Box, by: Box) -> float:
    """Which share of `one` lies under `by`, 0..1."""
    across = min(one.right, by.right) - max(one.x, by.x)
    down = min(one.bottom, by.bottom) - max(one.y, by.y)
    area = one.width * one.height
    return max(0.0, across) * max(0.0, down) / area if area > 0 else 0.0
