"""Filing marks at the service: the revision first, then its rendition, each harmless when repeated. Engine loop; no Qt."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final, TypeVar

from videodesk.annotation import schema
from videodesk.annotation.document import Document
from videodesk.client.api import DeskApi
from videodesk.core.errors import Conflict, DeskError
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.sealed import sealed
from videodesk.protocol import resources as r

Render = Callable[[Picture, Document], bytes]
RETRY_AFTER_S: Final = (0.5, 2.0, 5.0)
T = TypeVar("T")
SealRendition = Callable[[bytes, str, int, Document], bytes]
"""Seals a rendition (PNG): its bytes, its id, the revision of the marks, the marks. Blocks; raises WorldError."""


@dataclass(slots=True)
class Filing:
    """One document on its way. `revision` is None until the marks are filed, so that trying again goes on where it stopped.

    Changed in the engine's thread only while `file` runs; the GUI thread reads it afterwards.
    """

    snapshot_id: str
    original_id: str
    base_revision: int
    document: Document
    rendition_id: str
    revision: int | None = None
    rendition: r.RenditionView | None = None
    seal: SealRendition | None = None
    _drawn: bytes = field(default=b"", repr=False)

    async def file(self, api: DeskApi, picture: Picture, render: Render, retry_after_s: tuple[float, ...] = RETRY_AFTER_S) -> Filing:
        """File marks and rendition, again after a while where the error is the world's. Conflict("annotation.stale") when others were first."""
        if self.revision is None:
            self.revision = await _with_retries(lambda: self._file_marks(api), retry_after_s)
        if self.rendition is None:
            self.rendition = await _with_retries(lambda: self._file_rendition(api, picture, render), retry_after_s)
        return self

    async def _file_marks(self, api: DeskApi) -> int:
        body = r.AnnotationIn(original_id=self.original_id, base_revision=self.base_revision, document=schema.to_json(self.document))
        try:
            return (await api.put_annotation(self.snapshot_id, body)).revision
        except Conflict:
            # The answer to an earlier try may have been lost: a newest revision equal to ours is ours.
            newest = await api.annotation(self.snapshot_id)
            if newest is not None and newest.revision > self.base_revision and newest.document == body.document:
                return newest.revision
            raise

    async def _file_rendition(self, api: DeskApi, picture: Picture, render: Render) -> r.RenditionView:
        assert self.revision is not None
        if not self._drawn:  # a seal is another one each time: what was perhaps kept already is sent again as it was
            self._drawn = await asyncio.to_thread(self._sealed, render, picture)
        data = self._drawn
        meta = r.RenditionMeta(
            annotation_revision=self.revision, digest=hashlib.sha256(data).hexdigest(), media_type="image/png",
            has_redaction=self.document.has_redaction,
        )
        return await api.put_rendition(self.snapshot_id, self.rendition_id, meta, data)


    def _sealed(self, render: Render, picture: Picture) -> bytes:
        data = render(picture, self.document)
        seal, revision = self.seal, self.revision
        return data if seal is None or revision is None else sealed(lambda: seal(data, self.rendition_id, revision, self.document), data)


async def _with_retries(attempt: Callable[[], Awaitable[T]], retry_after_s: tuple[float, ...]) -> T:
    for wait_s in retry_after_s:
        try:
            return await attempt()
        except DeskError as problem:
            if not problem.retryable:
                raise
        await asyncio.sleep(wait_s)
    return await attempt()
