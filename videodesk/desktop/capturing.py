"""The snapshot part of the call screen: S, the tray, the checklist items it fills. Works on the screen's state (CallHost). No Qt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial

from videodesk.client.api import DeskApi
from videodesk.client.outbox import Outbox, OutboxEntry
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError
from videodesk.core.ids import new_id
from videodesk.desktop.calling import CallHost, TrayItem, TrayStage, from_case, from_outbox
from videodesk.desktop.snapshots import Shot, SnapshotTaker
from videodesk.desktop.tasks import Tasks, TaskScope
from videodesk.protocol import messages as m
from videodesk.protocol import resources as r


class Capturing:
    """Snapshots of the call and of its case. GUI thread.

    `tasks` are the screen's own (they end with it), `all_tasks` the program's: what keeps an original must not stop with a screen.
    """

    def __init__(self, host: CallHost, api: DeskApi, tasks: TaskScope, all_tasks: Tasks, clock: Clock, *, outbox: Outbox | None,
                 send: Callable[[m.Wire], None], me: r.PersonView) -> None:
        self._host, self._api, self._tasks, self._all_tasks, self._clock = host, api, tasks, all_tasks, clock
        self._outbox, self._send, self._me = outbox, send, me
        self._taker = SnapshotTaker(outbox) if outbox is not None else None

    def say_problem(self, problem: DeskError) -> None:
        """Show an error on the screen."""
        self._host.change(error=problem)

    def choose_item(self, item_id: str | None) -> None:
        """The next snapshot belongs to this item; the chosen one again: back to what is suggested."""
        self._host.change(chosen_item=None if item_id == self._host.state.chosen_item else item_id)

    def snapshot(self) -> None:
        """Freeze the picture at once, keep the original on disk, then send it to the case."""
        state, taker = self._host.state, self._taker
        why = state.why_no_snapshot
        frame = state.peer.stills.freeze() if why is None and state.peer is not None else None
        if frame is None or state.call is None or state.peer is None or taker is None:
            self._host.change(notice=why or "call.why.no_picture")
            return
        item, retake = state.next_item, state.next_retake
        shot = Shot(new_id(self._clock.now()), self._me.id, state.call.case_id, state.call.id, item.id if item else None, frame,
                    state.peer.stills, retake.snapshot_id if retake else None)
        taken = TrayItem(shot.snapshot_id, frame.captured_at, TrayStage.SAVING, shot.checklist_item, frame.preview,
                         is_evidence_grade=frame.is_evidence_grade, retake_of=shot.retake_of)
        # First of all on its way to the disk, then shown. Not the screen's own task: leaving the screen must not stop it.
        self._host.prepare(tray=(*state.tray, taken), notice=None)
        self._all_tasks.run("snapshot.keep", lambda: taker.keep(shot), self.outbox_changed, partial(self._not_kept, shot.snapshot_id))
        self._host.change(frozen=frame.preview)
        self._send(m.AskPage(call_id=state.call.id, ask="picture_taken", snapshot_id=shot.snapshot_id))
        if item is not None and next((c.is_done for c in self._host.state.checklist if c.view.id == item.id), False):
            self._host.change(chosen_item=None)

    def frozen_seen(self) -> None:
        """The frozen picture was shown long enough."""
        self._host.change(frozen=None)

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

    def _not_kept(self, snapshot_id: str, problem: DeskError) -> None:
        shot = self._shot(snapshot_id)
        if shot is not None:
            self._put(replace(shot, stage=TrayStage.FAILED, error=problem))
        self._host.change(error=problem)

    def outbox_changed(self, entry: OutboxEntry) -> None:
        """An original in the outbox is further than before."""
        if self._host.state.call is None or entry.meta.case_id != self._host.state.call.case_id:
            return
        self._put(from_outbox(entry, self._shot(entry.snapshot_id)))

    def _shot(self, snapshot_id: str) -> TrayItem | None:
        return next((shot for shot in self._host.state.tray if shot.snapshot_id == snapshot_id), None)

    def _put(self, shot: TrayItem) -> None:
        others = tuple(known for known in self._host.state.tray if known.snapshot_id != shot.snapshot_id)
        self._host.change(tray=tuple(sorted((*others, shot), key=lambda one: (one.captured_at, one.snapshot_id))))

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
            self._put(from_case(view, self._shot(view.id)))
            shot = self._shot(view.id)
            if shot is not None and shot.preview is None and shot.thumbnail is None:
                self._tasks.run(f"thumbnail.{view.id}", partial(self._api.thumbnail, view.id), partial(self._thumbnail_loaded, view.id))

    def _thumbnail_loaded(self, snapshot_id: str, data: bytes) -> None:
        shot = self._shot(snapshot_id)
        if shot is not None:
            self._put(replace(shot, thumbnail=data))
