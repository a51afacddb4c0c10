"""What the person chose to lead, on its way to the service: it is told once it has both the snapshot and that original. No Qt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from videodesk.client.api import DeskApi
from videodesk.client.outbox import Outbox, OutboxEntry, OutboxState
from videodesk.core.errors import DeskError, WorldError
from videodesk.desktop.tasks import Tasks
from videodesk.protocol import resources as r


class Choices:
    """The newest choice of each snapshot. GUI thread. `told(snapshot_id, view)`: the service knows it; a None view: it refused."""

    def __init__(self, api: DeskApi, tasks: Tasks, outbox: Outbox | None, told: Callable[[str, r.SnapshotView | None], None],
                 failed: Callable[[DeskError], None]) -> None:
        self._api, self._tasks, self._outbox, self._told, self._failed = api, tasks, outbox, told, failed
        self._pending: dict[str, str] = {}

    def choose(self, snapshot_id: str, original_id: str) -> None:
        """Let this original lead; a choice before it that was not sent yet is forgotten."""
        self._pending[snapshot_id] = original_id
        self._try(snapshot_id)

    def outbox_changed(self, entry: OutboxEntry) -> None:
        """An original may have reached the service."""
        if entry.state is OutboxState.CONFIRMED and entry.snapshot_id in self._pending:
            self._try(entry.snapshot_id)

    def again(self) -> None:
        """The line is back: say what could not be said."""
        for snapshot_id in tuple(self._pending):
            self._try(snapshot_id)

    def _try(self, snapshot_id: str) -> None:
        original_id, outbox = self._pending[snapshot_id], self._outbox

        async def send() -> r.SnapshotView | None:
            here = [] if outbox is None else await asyncio.to_thread(outbox.originals_of, snapshot_id)
            if any(entry.is_waiting for entry in here):
                return None  # the outbox says when
            return await self._api.change_snapshot(snapshot_id, r.SnapshotPatch(leading=original_id))

        self._tasks.run("snapshot.lead", send, partial(self._sent, snapshot_id, original_id), partial(self._not_sent, snapshot_id, original_id))

    def _sent(self, snapshot_id: str, original_id: str, view: r.SnapshotView | None) -> None:
        if view is not None and self._pending.get(snapshot_id) == original_id:
            del self._pending[snapshot_id]
            self._told(snapshot_id, view)

    def _not_sent(self, snapshot_id: str, original_id: str, problem: DeskError) -> None:
        if isinstance(problem, WorldError) or self._pending.get(snapshot_id) != original_id:
            return  # no line now: `again`
        del self._pending[snapshot_id]
        self._told(snapshot_id, None)
        self._failed(problem)
