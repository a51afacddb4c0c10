"""The snapshot part of the call screen: S, the sharpest frame, the tray, the checklist items it fills. Works on the screen's state. No Qt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

from videodesk.calls.capture_ports import Vision
from videodesk.calls.ports import FrozenFrame, StillSource
from videodesk.client.api import DeskApi
from videodesk.client.outbox import Outbox, OutboxEntry
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.desktop.calling import CallHost
from videodesk.desktop.choosing import Choices
from videodesk.desktop.reading import Reading
from videodesk.desktop.snapshots import FrameEncoder, Looked, Shot, SnapshotTaker
from videodesk.desktop.tasks import Tasks, TaskScope
from videodesk.desktop.tray import (
    PendingStill,
    StillStage,
    TrayItem,
    TrayOriginal,
    TrayStage,
    from_case,
    from_outbox,
    settled,
    with_progress,
)
from videodesk.evidence.seal_ports import Sealer
from videodesk.protocol import messages as m
from videodesk.protocol import resources as r

_WORTH_RELOADING: Final = frozenset({
    "snapshot.added", "snapshot.changed", "still.awaited", "still.failed", "case.changed", "rendition.added", "annotation.added",
    "review.decided"})


class Capturing:
    """Snapshots of the call and of its case. GUI thread.

    `tasks` are the screen's own (they end with it), `all_tasks` the program's: what keeps an original must not stop with a screen.
    """

    def __init__(self, host: CallHost, api: DeskApi, tasks: TaskScope, all_tasks: Tasks, clock: Clock, *, outbox: Outbox | None,
                 vision: Vision | None, send: Callable[[m.Wire], None], me: r.PersonView, sealer: Sealer | None = None,
                 wait: Callable[[float], Awaitable[Any]] = asyncio.sleep) -> None:
        self._host, self._api, self._tasks, self._all_tasks, self._clock = host, api, tasks, all_tasks, clock
        self._outbox, self._vision, self._send, self._me = outbox, vision, send, me
        self._taker = SnapshotTaker(outbox, sealer=sealer, wait=wait) if outbox is not None else None
        self._choices = Choices(api, all_tasks, outbox, self._chosen, self.say_problem)
        self.reading = Reading(host, api, all_tasks, vision, self.say_problem)

    def say_problem(self, problem: DeskError) -> None:
        """Show an error on the screen."""
        self._host.change(error=problem)

    def choose_item(self, item_id: str | None) -> None:
        """The next snapshot belongs to this item; the chosen one again: back to what is suggested."""
        self._host.change(chosen_item=None if item_id == self._host.state.chosen_item else item_id, again=None)

    # ── the key press ──────────────────────────────────────────────────────────────────────────────────────────

    def snapshot(self) -> None:
        """Freeze the picture at once, keep the original on disk, then send it to the case."""
        state = self._host.state
        why = state.why_no_snapshot
        frame = state.peer.stills.freeze() if why is None and state.peer is not None else None
        if frame is None or state.peer is None or self._taker is None:
            self._host.change(notice=why or "call.why.no_picture")
            return
        self._take(frame, state.peer.stills, state.peer.stills)

    def take_rewound(self, frame: FrozenFrame, ring: FrameEncoder) -> None:
        """Take a frame of the ring: kept as it was received, with its own time. No still can be had of a moment that has passed."""
        if self._host.state.call is None or self._taker is None:
            self._host.change(notice="call.why.no_call")
            return
        self._take(frame, ring, None)

    def _take(self, frame: FrozenFrame, encoder: FrameEncoder, live: StillSource | None) -> None:
        state, taker = self._host.state, self._taker
        call = state.call
        if call is None or taker is None:
            return
        item, retake = state.next_item, state.next_retake
        shot = Shot(new_id(self._clock.now()), self._me.id, call.case_id, call.id, item.id if item else None, frame, encoder,
                    retake.snapshot_id if retake else None, consent_digest=call.consent_digest)
        wants_still = live is not None and call.customer.can_take_still
        taken = TrayItem(
            shot.snapshot_id, frame.captured_at, TrayStage.SAVING, shot.checklist_item, frame.preview,
            is_evidence_grade=frame.is_evidence_grade, retake_of=shot.retake_of, still=PendingStill() if wants_still else None,
            originals=(TrayOriginal(shot.snapshot_id, frame.method, frame.captured_at, TrayStage.SAVING, frame.width_px, frame.height_px,
                                    preview=frame.preview),))
        # First of all on its way to the disk, then shown. Not the screen's own task: leaving the screen must not stop it.
        self._host.prepare(tray=(*state.tray, taken), notice=None, again=None, latest=shot.snapshot_id)
        self._all_tasks.run("snapshot.keep", lambda: taker.keep(shot), partial(self._kept, shot, live),
                            partial(self._not_kept, shot.snapshot_id))
        self._host.change(frozen=frame.preview)
        self._send(m.AskPage(call_id=call.id, ask="take_still" if wants_still else "picture_taken", snapshot_id=shot.snapshot_id))
        if item is not None and next((c.is_done for c in self._host.state.checklist if c.view.id == item.id), False):
            self._host.change(chosen_item=None)

    def frozen_seen(self) -> None:
        """The frozen picture was shown long enough."""
        self._host.change(frozen=None)

    def _kept(self, shot: Shot, live: StillSource | None, entry: OutboxEntry) -> None:
        self.outbox_changed(entry)
        taker, vision = self._taker, self._vision
        if taker is None or vision is None or live is None:
            return
        # What it finds is a help: when it fails the clicked frame stands as it is.
        self._all_tasks.run("snapshot.look", lambda: taker.look(shot, live, vision.judge), partial(self._looked, shot),
                            lambda _problem: None)

    def _looked(self, shot: Shot, found: Looked) -> None:
        if found.entry is not None:
            self.outbox_changed(found.entry)
        item = self._shot(shot.snapshot_id)
        clicked = item.original(shot.snapshot_id) if item is not None else None
        if item is None or clicked is None:
            return
        item = item.with_original(replace(clicked, verdict=found.verdict))
        better = item.original(found.entry.original_id) if found.entry is not None else None
        if better is not None and found.better is not None:
            item = item.with_original(replace(better, verdict=found.better_verdict, preview=found.better.preview))
        self._put(item)
        if found.luma is not None:
            self.reading.look_at(found.luma, shot.snapshot_id)

    def _not_kept(self, snapshot_id: str, problem: DeskError) -> None:
        shot = self._shot(snapshot_id)
        clicked = shot.original(snapshot_id) if shot is not None else None
        if shot is not None and clicked is not None:
            self._put(shot.with_original(replace(clicked, stage=TrayStage.FAILED, error=problem)))
        self._host.change(error=problem)

    # ── which original leads ───────────────────────────────────────────────────────────────────────────────────

    def swap(self, snapshot_id: str | None = None) -> None:
        """Let the next original of this snapshot (else of the newest) stand for it: clicked, sharpest, still, and around again."""
        shot = self._shot(snapshot_id) if snapshot_id is not None else self._host.state.newest
        following = shot.next_original if shot is not None else None
        if shot is None or following is None:
            self._host.change(notice="call.why.nothing_to_swap")
            return
        self.lead(shot.snapshot_id, following.id)

    def lead(self, snapshot_id: str, original_id: str) -> None:
        """Let this original stand for its snapshot, whatever comes."""
        shot = self._shot(snapshot_id)
        if shot is None or shot.original(original_id) is None:
            return
        self._put(replace(shot, choice=original_id))
        self._choices.choose(snapshot_id, original_id)

    def _chosen(self, snapshot_id: str, view: r.SnapshotView | None) -> None:
        """The service knows the choice, or refused it (None)."""
        shot = self._shot(snapshot_id)
        if shot is None:
            return
        self._put(from_case(view, shot) if view is not None else replace(shot, choice=None))
        self._fetch_thumbnail(snapshot_id)

    # ── again ──────────────────────────────────────────────────────────────────────────────────────────────────

    def again(self, snapshot_id: str | None = None) -> None:
        """The next S is taken in the stead of this snapshot (else of the newest); pressed again: it is not."""
        newest = self._host.state.newest
        wanted = snapshot_id or (newest.snapshot_id if newest is not None else None)
        self._host.change(again=None if wanted == self._host.state.again else wanted, chosen_item=None, notice=None)

    # ── the camera's still ─────────────────────────────────────────────────────────────────────────────────────

    def ask_native(self, snapshot_id: str) -> None:
        """Ask for a still with the phone's own camera app."""
        shot, call = self._shot(snapshot_id), self._host.state.call
        if shot is not None and call is not None and self._host.state.is_talking:
            self._put(replace(shot, still=PendingStill(method=SnapshotMethod.NATIVE_CAMERA)))
            self._send(m.AskPage(call_id=call.id, ask="native_camera", snapshot_id=snapshot_id))

    def give_up(self, snapshot_id: str) -> None:
        """Nobody waits for this still any more; one that comes all the same is kept."""
        self._tasks.run("still.give_up", lambda: self._api.give_up_still(snapshot_id), self._gave_up, self.say_problem)

    def _gave_up(self, view: r.SnapshotView) -> None:
        shot = self._shot(view.id)
        if shot is not None:
            self._put(replace(from_case(view, shot), still=PendingStill(StillStage.FAILED, code="still.given_up")))
        if self._host.state.case is not None:
            self.load_case(view.case_id)

    def read_text(self, snapshot_id: str) -> None:
        """Read the printed text on what leads."""
        shot = self._shot(snapshot_id)
        leading = shot.leading if shot is not None else None
        if leading is None:
            return
        outbox = self._outbox
        is_here = outbox is not None and leading.path is not None
        self.reading.read_text(snapshot_id, leading.id, partial(outbox.original, leading.id) if is_here and outbox is not None else None)

    def save_as(self, snapshot_id: str, path: Path) -> None:
        """Write a copy of what leads to a file, wherever it is."""
        shot, outbox = self._shot(snapshot_id), self._outbox
        leading = shot.leading if shot is not None else None
        if leading is None:
            return
        if outbox is not None and leading.path is not None:
            self._all_tasks.run("snapshot.save_as", partial(asyncio.to_thread, outbox.save_as, leading.id, path), failed=self.say_problem)
        else:
            self._all_tasks.run("snapshot.save_as", lambda: self._api.save_original(snapshot_id, leading.id, path), failed=self.say_problem)

    # ── where it belongs ───────────────────────────────────────────────────────────────────────────────────────

    def retry(self, snapshot_id: str) -> None:
        """Send a refused one again."""
        outbox = self._outbox
        if outbox is not None:
            self._all_tasks.run("snapshot.retry", partial(asyncio.to_thread, outbox.retry, snapshot_id), failed=self.say_problem)

    def assign(self, snapshot_id: str, item_id: str | None) -> None:
        """Let a snapshot belong to another item, wherever it is by now."""
        shot = self._shot(snapshot_id)
        if shot is None or shot.item_id == item_id:
            return
        self._put(replace(shot, item_id=item_id))

        async def move() -> None:
            if shot.stage is not TrayStage.IN_CASE and self._outbox is not None and await asyncio.to_thread(
                    self._outbox.assign, snapshot_id, item_id) is not None:
                return
            await self._api.change_snapshot(snapshot_id, r.SnapshotPatch(checklist_item=item_id))

        def failed(problem: DeskError) -> None:
            self._put(shot)
            self.say_problem(problem)

        self._all_tasks.run("snapshot.assign", move, failed=failed)

    # ── what outbox, page and case say ─────────────────────────────────────────────────────────────────────────

    def outbox_changed(self, entry: OutboxEntry) -> None:
        """An original in the outbox is further than before."""
        self._choices.outbox_changed(entry)
        if self._host.state.call is None or entry.meta.case_id != self._host.state.call.case_id:
            return
        self._put(from_outbox(entry, self._shot(entry.snapshot_id)))

    def line_is_back(self) -> None:
        """What could not be said meanwhile goes now."""
        self._choices.again()

    def handle(self, message: m.Wire) -> None:
        """What the service says of the case and of stills."""
        case, call = self._host.state.case, self._host.state.call
        if isinstance(message, m.Happened) and message.name == "still.failed":
            self._still_failed(str(message.data.get("snapshot_id", "")), str(message.data.get("code", "")))
        if isinstance(message, m.Happened) and case is not None and message.case_id == case.id and message.name in _WORTH_RELOADING:
            self.load_case(case.id)
        elif isinstance(message, m.StillProgressed) and call is not None and message.call_id == call.id:
            shot = self._shot(message.snapshot_id)
            if shot is not None:
                self._put(with_progress(shot, message))

    def _still_failed(self, snapshot_id: str, code: str) -> None:
        shot = self._shot(snapshot_id)
        if shot is not None and shot.still is not None and not shot.still.is_failed:
            self._put(replace(shot, still=PendingStill(StillStage.FAILED, shot.still.method, code=code)))

    def put(self, shot: TrayItem) -> None:
        """Show this item in the tray, in the place of the one with its id; a new one is the newest from now on."""
        if self._shot(shot.snapshot_id) is None:
            self._host.prepare(latest=shot.snapshot_id)
        self._put(shot)

    def _shot(self, snapshot_id: str) -> TrayItem | None:
        return self._host.state.shot(snapshot_id)

    def _put(self, shot: TrayItem) -> None:
        others = tuple(known for known in self._host.state.tray if known.snapshot_id != shot.snapshot_id)
        self._host.change(tray=tuple(sorted((*others, settled(shot)), key=lambda one: (one.captured_at, one.snapshot_id))))

    def load_case(self, case_id: str) -> None:
        """Fetch the case and its snapshots anew."""
        async def load() -> tuple[r.CaseView, list[r.SnapshotView], list[OutboxEntry]]:
            here = [] if self._outbox is None else await asyncio.to_thread(self._outbox.entries, case_id)
            return await self._api.case(case_id), await self._api.snapshots(case_id), here

        self._tasks.run("call.case", load, self._case_loaded, self.say_problem, replaces=True)

    def _case_loaded(self, loaded: tuple[r.CaseView, list[r.SnapshotView], list[OutboxEntry]]) -> None:
        case, snapshots, here = loaded
        if self._host.state.call is None or case.id != self._host.state.call.case_id:
            return
        self._host.change(case=case, error=None if self._host.state.is_talking else self._host.state.error)
        for entry in here:
            self.outbox_changed(entry)
        for view in snapshots:
            before = self._shot(view.id)
            self._put(from_case(view, before))
            self._fetch_thumbnail(view.id)
            if before is not None and before.still is not None:
                self._still_came(view, before)

    def _still_came(self, view: r.SnapshotView, before: TrayItem) -> None:
        """A still that this screen waited for: what it shows is read and judged like a frame."""
        fresh = next((one for one in view.originals if one.method.is_still and before.original(one.id) is None), None)
        if fresh is not None:
            self.reading.read_still(view.id, fresh.id, partial(self._judged, view.id, fresh.id))

    def _judged(self, snapshot_id: str, original_id: str, verdict: tuple[str, ...]) -> None:
        shot = self._shot(snapshot_id)
        still = shot.original(original_id) if shot is not None else None
        if shot is not None and still is not None:
            self._put(shot.with_original(replace(still, verdict=verdict)))

    def _fetch_thumbnail(self, snapshot_id: str) -> None:
        shot = self._shot(snapshot_id)
        if shot is not None and shot.wants_thumbnail:
            leading = shot.leading.id if shot.leading is not None else ""
            self._tasks.run(f"thumbnail.{snapshot_id}", partial(self._api.thumbnail, snapshot_id),
                            partial(self._thumbnail_loaded, snapshot_id, leading))

    def _thumbnail_loaded(self, snapshot_id: str, leading: str, data: bytes) -> None:
        shot = self._shot(snapshot_id)
        if shot is None:
            return
        has_own = shot.leading is not None and shot.leading.preview is not None
        self._put(replace(shot, thumbnail=data, thumbnail_of=leading, preview=shot.preview if has_own or not data else None))
