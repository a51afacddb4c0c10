"""Delivery: sends what is in the outbox to the service until it is confirmed or refused for good. Engine loop."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable
from typing import Final

from videodesk.client.api import DeskApi
from videodesk.client.outbox import Outbox, OutboxEntry, OutboxState
from videodesk.core.errors import Conflict, DeskError, NotSignedIn, RateLimited, WorldError

_FIRST_S: Final = 0.5
_MOST_S: Final = 60.0
_OUR_FAULT: Final = 500


class Delivery:
    """Delivers one person's originals, oldest first, one at a time. `start` at sign-in, `stop` at sign-out."""

    def __init__(self, outbox: Outbox, api: DeskApi, chance: Callable[[], float] = random.random,
                 first_s: float = _FIRST_S, most_s: float = _MOST_S) -> None:
        self._outbox = outbox
        self._api = api
        self._chance = chance
        self._first_s = first_s
        self._most_s = most_s
        self._fresh = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._unwatch: Callable[[], None] = lambda: None

    def start(self, person_id: str) -> None:
        """Deliver what this person captured, now and from now on."""
        if self._task is not None:
            self._task.cancel()
        self._unwatch()
        loop = asyncio.get_running_loop()

        def changed(entry: OutboxEntry) -> None:
            if entry.state is OutboxState.KEPT and entry.error_code is None and not loop.is_closed():
                loop.call_soon_threadsafe(self._fresh.set)

        self._unwatch = self._outbox.on_change(changed)
        self._fresh.set()
        self._task = loop.create_task(self._deliver_forever(person_id), name="delivery")

    def nudge(self) -> None:
        """The service is back: look now. What is newly kept needs no nudge. Engine loop."""
        self._fresh.set()

    async def stop(self) -> None:
        """Stop; what is under way is sent again next time."""
        self._unwatch()
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def deliver_once(self, person_id: str) -> float | None:
        """Try everything that waits, once. None when all is done, else after how many seconds another round makes sense.

        A failure of the world ends the round (the next one would fail too); a refusal concerns that original alone.
        """
        for entry in await asyncio.to_thread(self._outbox.waiting, person_id):
            try:
                await self._send(entry)
            except NotSignedIn as problem:
                await asyncio.to_thread(self._outbox.mark, entry.snapshot_id, OutboxState.KEPT, problem)
                return self._most_s
            except (WorldError, RateLimited) as problem:
                await asyncio.to_thread(self._outbox.mark, entry.snapshot_id, OutboxState.KEPT, problem)
                after = problem.params.get("retry_after_s")
                return float(after) if isinstance(after, int | float) else self._pause(entry.tries)
            except DeskError as problem:
                broken = problem.status >= _OUR_FAULT  # the service stumbled: not a verdict on the original
                state = OutboxState.KEPT if broken else OutboxState.REFUSED
                await asyncio.to_thread(self._outbox.mark, entry.snapshot_id, state, problem)
                if broken:
                    return self._pause(entry.tries)
        return None

    async def _send(self, entry: OutboxEntry) -> None:
        original = await asyncio.to_thread(self._outbox.original, entry.snapshot_id)
        # Marked as sent first, then read again: from now on the outbox changes no metadata any more.
        sent = await asyncio.to_thread(self._outbox.mark, entry.snapshot_id, OutboxState.SENT)
        try:
            stored = await self._api.put_snapshot(entry.snapshot_id, sent.meta, original)
        except DeskError as problem:
            if problem.code != "checklist.unknown_item" or sent.meta.checklist_item is None:
                raise
            # The case became of another kind in between: better in the case without an item than not there.
            await asyncio.to_thread(self._outbox.mark, entry.snapshot_id, OutboxState.KEPT)
            await asyncio.to_thread(self._outbox.assign, entry.snapshot_id, None)
            sent = await asyncio.to_thread(self._outbox.mark, entry.snapshot_id, OutboxState.SENT)
            stored = await self._api.put_snapshot(entry.snapshot_id, sent.meta, original)
        if stored.digest != sent.meta.digest:
            raise Conflict("snapshot.differs")
        await asyncio.to_thread(self._outbox.mark, entry.snapshot_id, OutboxState.CONFIRMED)

    def _pause(self, tries: int) -> float:
        return float(min(self._most_s, self._first_s * 2 ** min(tries, 10)) * (0.5 + 0.5 * self._chance()))

    async def _deliver_forever(self, person_id: str) -> None:
        pause: float | None = None
        with contextlib.suppress(DeskError):
            await asyncio.to_thread(self._outbox.tidy)
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._fresh.wait(), pause)
            self._fresh.clear()
            try:
                pause = await self.deliver_once(person_id)
            except DeskError:  # the outbox itself could not be read or written: the disk is full or gone, later perhaps not
                pause = self._most_s
