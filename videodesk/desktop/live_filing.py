"""What was drawn live at the moment of a snapshot, filed as the first revision of its annotation once the service has the snapshot. No Qt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial

from videodesk.annotation.document import Document
from videodesk.annotation.marks import kind_of
from videodesk.client.api import DeskApi
from videodesk.client.outbox import OutboxEntry, OutboxState
from videodesk.core.clock import Clock
from videodesk.core.errors import Conflict, DeskError
from videodesk.core.ids import new_id
from videodesk.desktop.drawing.filing import RETRY_AFTER_S, Filing, Render, SealRendition
from videodesk.desktop.drawing.pictures import Picture, decode
from videodesk.desktop.live_marks import annotation_of
from videodesk.desktop.tasks import Tasks
from videodesk.evidence.seal_ports import NoSealer, RenditionFacts, Sealer
from videodesk.protocol import resources as r
from videodesk.protocol.live import LiveMark


class LiveFiling:
    """Keeps the marks of snapshots that are on their way. GUI thread; the work is the program's: leaving the screen does not stop it.

    `lead` lets the frame that the marks were drawn on stand for its snapshot: a sharper frame or the camera's still shows another moment.
    """

    def __init__(self, api: DeskApi, tasks: Tasks, clock: Clock, *, render: Render | None, lead: Callable[[str, str], None],
                 failed: Callable[[DeskError], None], sealer: Sealer | None = None, retry_after_s: tuple[float, ...] = RETRY_AFTER_S) -> None:
        self._api, self._tasks, self._clock = api, tasks, clock
        self._render, self._lead, self._failed, self._retry_after_s = render, lead, failed, retry_after_s
        self._sealer = sealer or NoSealer()
        self._waiting: dict[str, tuple[LiveMark, ...]] = {}

    @property
    def is_waiting(self) -> bool:
        """Whether marks wait for their snapshot to arrive."""
        return bool(self._waiting)

    def note(self, snapshot_id: str, marks: tuple[LiveMark, ...]) -> None:
        """These lay on what this snapshot shows, which was taken a moment ago."""
        if marks and self._render is not None:
            self._waiting[snapshot_id] = marks

    def outbox_changed(self, entry: OutboxEntry) -> None:
        """An original may have reached the service, in whatever call we are by now."""
        if entry.state is OutboxState.CONFIRMED and entry.original_id == entry.snapshot_id and entry.snapshot_id in self._waiting:
            marks = self._waiting.pop(entry.snapshot_id)
            self._lead(entry.snapshot_id, entry.snapshot_id)
            self._tasks.run("live.file", partial(self._file, entry.snapshot_id, marks), failed=self._not_filed)

    async def _file(self, snapshot_id: str, marks: tuple[LiveMark, ...]) -> None:
        render = self._render
        assert render is not None
        snapshot = await self._api.snapshot(snapshot_id)
        original = next(one for one in snapshot.originals if one.id == snapshot_id)
        data = await self._api.original_of(snapshot_id, snapshot_id)
        picture: Picture = await asyncio.to_thread(decode, data, original.media_type)
        document = annotation_of(marks, picture.width_px, picture.height_px)
        filing = Filing(snapshot_id, snapshot_id, 0, document, new_id(self._clock.now()), seal=self._seal_of(snapshot, data, original.media_type))
        await filing.file(self._api, picture, render, self._retry_after_s)

    def _seal_of(self, snapshot: r.SnapshotView, parent: bytes, media_type: str) -> SealRendition:
        def seal(picture: bytes, rendition_id: str, revision: int, document: Document) -> bytes:
            kinds = tuple(sorted({kind_of(mark).value for mark in document.marks}))
            facts = RenditionFacts(rendition_id, snapshot.id, snapshot.case_id, revision, document.has_redaction, kinds, self._clock.now())
            return self._sealer.seal_rendition(picture, "image/png", parent, media_type, facts)

        return seal

    def _not_filed(self, problem: DeskError) -> None:
        if not isinstance(problem, Conflict):  # somebody annotated it meanwhile: theirs stands
            self._failed(problem)
