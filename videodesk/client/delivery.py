"""Delivery: sends what is in the outbox to the service until it is confirmed or refused for good. Engine loop."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from typing import Final

from videodesk.client.api import DeskApi
from videodesk.client.http import WHOLE_BYTES
from videodesk.client.outbox import Outbox, OutboxEntry, OutboxState
from videodesk.core.errors import Conflict, DeskError, Invalid, NotFound, NotSignedIn, RateLimited, WorldError
from videodesk.protocol.resources import SnapshotPatch, SnapshotView

_FIRST_S: Final = 0.5
_MOST_S: Final = 60.0
_OUR_FAULT: Final = 500

# What sounds like a refusal and is none: it passes with time, with another's upload, or was not said by the desk service at all.
_LATER: Final = frozenset({
    "service.unexpected", "snapshot.digest_mismatch", "snapshot.in_the_future", "upload.cut", "upload.malformed", "upload.taken_over", "upload.too_many",
    "upload.unfinished", "upload.unknown", "upload.wrong_offset",
})
# When one of these stands in the way, nothing else gets through either.
_LINE: Final = frozenset({"service.offline", "service.slow", "service.certificate"})


class Delivery:
    """Delivers one person's originals: pictures oldest first, one at a time; clips after them, resumably, and never in their way.

    `start` at sign-in, `stop` at sign-out. Time is the loop's own: a wall clock that is set back delays nothing.
    """

    def __init__(self, outbox: Outbox, api: DeskApi, chance: Callable[[], float] = random.random,
                 first_s: float = _FIRST_S, most_s: float = _MOST_S) -> None:
        self._outbox = outbox
        self._api = api
        self._chance = chance
        self._first_s = first_s
        self._most_s = most_s
        self._fresh = asyncio.Event()
        self._fresh_clip = asyncio.Event()
        self._picture_waits = asyncio.Event()
        self._way_is_free = asyncio.Event()
        self._way_is_free.set()
        self._tasks: list[asyncio.Task[None]] = []
        self._unwatch: Callable[[], None] = lambda: None

    def start(self, person_id: str) -> None:
        """Deliver what this person captured, now and from now on."""
        for task in self._tasks:
            task.cancel()
        self._unwatch()
        loop = asyncio.get_running_loop()

        def changed(entry: OutboxEntry) -> None:
            if entry.state is OutboxState.KEPT and entry.error_code is None and not loop.is_closed():
                loop.call_soon_threadsafe((self._fresh_clip if entry.is_clip else self._fresh).set)

        self._unwatch = self._outbox.on_change(changed)
        self.nudge()
        self._tasks = [loop.create_task(self._deliver_pictures(person_id), name="delivery"),
                       loop.create_task(self._deliver_clips(person_id), name="delivery of clips")]

    def nudge(self) -> None:
        """The service is back: look now. What is newly kept needs no nudge. Engine loop."""
        self._fresh.set()
        self._fresh_clip.set()

    async def stop(self) -> None:
        """Stop; what is under way is sent again next time, a clip from where it ended."""
        self._unwatch()
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def deliver_once(self, person_id: str) -> float | None:
        """Try everything that waits, once, clips last. None when all is done, else after how many seconds another round makes sense.

        A line that is down ends the round (the next one would fail too); all else concerns that original alone.
        """
        pauses = [await self._round(person_id, clips=clips) for clips in (False, True)]
        if any(one.meta.taken_from for one in await asyncio.to_thread(self._outbox.waiting, person_id)):
            pauses[0] = await self._round(person_id, clips=False)  # what had to wait for its clip
        return min((pause for pause in pauses if pause is not None), default=None)

    async def _round(self, person_id: str, *, clips: bool) -> float | None:
        left = await asyncio.to_thread(self._outbox.waiting, person_id)
        pauses: list[float] = []
        for entry in [one for one in left if one.is_clip is clips]:
            if _comes_after(entry, left):
                continue
            try:
                await self._send(entry)
            except DeskError as problem:
                is_later = _is_later(problem)
                await asyncio.to_thread(self._outbox.mark, entry.original_id, OutboxState.KEPT if is_later else OutboxState.REFUSED, problem)
                if isinstance(problem, NotSignedIn | RateLimited) or problem.code in _LINE:
                    return self._pause(entry.tries, problem)
                if is_later:
                    pauses.append(self._pause(entry.tries, problem))
                    continue
            left.remove(entry)
        return min(pauses, default=None)

    async def _send(self, entry: OutboxEntry) -> None:
        sent = await asyncio.to_thread(self._ready, entry)
        try:
            stored = await self._put(sent)
        except DeskError as problem:
            # The case changed in between: better there without its item, or without what it takes the place of, than not at all.
            if problem.code == "checklist.unknown_item" and sent.meta.checklist_item is not None:
                without = "checklist_item"
            elif problem.code == "snapshot.retake_unknown" and sent.meta.retake_of is not None:
                without = "retake_of"
            else:
                raise
            await asyncio.to_thread(self._outbox.amend, entry.original_id, **{without: None})
            sent = await asyncio.to_thread(self._outbox.mark, entry.original_id, OutboxState.SENT)
            stored = await self._put(sent)
        await self._confirm(sent, stored)

    def _ready(self, entry: OutboxEntry) -> OutboxEntry:
        self._outbox.check(entry.original_id)
        return self._outbox.mark(entry.original_id, OutboxState.SENT)

    async def _put(self, sent: OutboxEntry) -> SnapshotView:
        if sent.is_first and not sent.is_clip and sent.size_bytes <= WHOLE_BYTES:
            return await self._api.put_snapshot(sent.original_id, sent.meta, await asyncio.to_thread(self._outbox.original, sent.original_id))
        poster = None if sent.poster is None else await asyncio.to_thread(sent.poster.read_bytes)
        return await self._api.put_original(
            sent.snapshot_id, sent.original_id, sent.meta, sent.path, poster, lambda done, of: self._outbox.tell_progress(sent, done, of))

    async def _confirm(self, sent: OutboxEntry, stored: SnapshotView) -> None:
        """Confirmed is what the service says it has, under this id and with these bytes."""
        digests = {one.id: one.digest for one in stored.originals} or {sent.original_id: stored.digest}
        if sent.original_id not in digests:
            raise WorldError("service.unexpected", status=200)
        if digests[sent.original_id] != sent.meta.digest:
            raise Conflict("snapshot.differs")
        now = await asyncio.to_thread(self._outbox.entry, sent.original_id)
        # It was put under another item after a try that had got through without our knowing.
        if now is not None and now.is_moved and now.is_first and stored.checklist_item != now.meta.checklist_item:
            with contextlib.suppress(Invalid, NotFound):
                await self._api.change_snapshot(sent.snapshot_id, SnapshotPatch(checklist_item=now.meta.checklist_item))
        await asyncio.to_thread(self._outbox.mark, sent.original_id, OutboxState.CONFIRMED)

    def _pause(self, tries: int, problem: DeskError) -> float:
        if isinstance(problem, NotSignedIn):
            return self._most_s
        after = problem.params.get("retry_after_s")
        if isinstance(after, int | float):
            return float(after)
        return float(min(self._most_s, self._first_s * 2 ** min(tries, 10)) * (0.5 + 0.5 * self._chance()))

    async def _deliver_pictures(self, person_id: str) -> None:
        with contextlib.suppress(DeskError):
            await asyncio.to_thread(self._outbox.tidy)

        async def deliver() -> float | None:
            waiting = await asyncio.to_thread(self._outbox.waiting, person_id)
            if all(one.is_clip or _comes_after(one, waiting) for one in waiting):
                return None
            self._way_is_free.clear()
            self._picture_waits.set()
            try:
                return await self._round(person_id, clips=False)
            finally:
                self._picture_waits.clear()
                self._way_is_free.set()

        await self._forever(self._fresh, deliver)

    async def _deliver_clips(self, person_id: str) -> None:
        async def deliver() -> float | None:
            """One round, which steps aside for every picture: an upload that is broken off goes on from where it was."""
            while True:
                await self._way_is_free.wait()
                sending = asyncio.ensure_future(self._round(person_id, clips=True))
                picture = asyncio.ensure_future(self._picture_waits.wait())
                try:
                    await asyncio.wait({sending, picture}, return_when=asyncio.FIRST_COMPLETED)
                    if sending.done():
                        if sending.result() is None:
                            self._fresh.set()  # a frame picked from a clip may have waited for it
                        return sending.result()
                finally:
                    for task in (sending, picture):
                        task.cancel()
                    await asyncio.wait({sending, picture})

        await self._forever(self._fresh_clip, deliver)

    async def _forever(self, fresh: asyncio.Event, deliver: Callable[[], Awaitable[float | None]]) -> None:
        pause: float | None = None
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(fresh.wait(), pause)
            fresh.clear()
            try:
                pause = await deliver()
            except DeskError:  # the outbox itself could not be read: the disk is gone, later perhaps not
                pause = self._most_s


def _comes_after(entry: OutboxEntry, left: list[OutboxEntry]) -> bool:
    """Whether the case first needs another one that is still to be sent: the clip it was picked from, or what it was taken in place of."""
    needed = {entry.meta.taken_from, entry.meta.retake_of} - {None, entry.snapshot_id}
    return any(one.snapshot_id in needed for one in left)


def _is_later(problem: DeskError) -> bool:
    """Whether trying again may help. Else it is the service's verdict on this original."""
    return isinstance(problem, NotSignedIn | WorldError | RateLimited) or problem.status >= _OUR_FAULT or problem.code in _LATER
