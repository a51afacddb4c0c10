"""Thumbnails that are made when they are first wanted, or right after the answer: a large still must not wait for its own small picture."""

from __future__ import annotations

import threading
from typing import Final
from weakref import WeakValueDictionary

import structlog

from videodesk.core.errors import DeskError, NotFound, UnsupportedMedia
from videodesk.evidence.originals import note_unreadable
from videodesk.evidence.sniff import HEAD_BYTES, sniff
from videodesk.service.desk import Desk

_log = structlog.get_logger(__name__)


class _Turn:
    """One maker of a thumbnail at a time; the others find it made."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


_turns: Final[WeakValueDictionary[str, _Turn]] = WeakValueDictionary()
_turns_lock: Final = threading.Lock()


def thumbnail_of(desk: Desk, case_id: str, digest: str, media_type: str, original_id: str | None) -> str:
    """The digest of the thumbnail of the picture with this digest, made now if need be. Blocks.

    UnsupportedMedia when the picture cannot be decoded: then its original is noted down as unreadable. NotFound("thumbnail.none") for a
    clip whose thumbnail was lost: it was made of its poster.
    """
    blobs = desk.blobs.of_case(case_id)
    with _turns_lock:
        turn = _turns.setdefault(f"{case_id} {digest}", _Turn())
    with turn.lock:
        with desk.store.read() as uow:
            thumbnail = uow.evidence.thumbnail(digest)
        if thumbnail is not None and blobs.has(thumbnail):
            return thumbnail
        if media_type.startswith("video/"):
            raise NotFound("thumbnail.none")
        picture = blobs.read(digest)
        try:
            made = desk.pictures.thumbnail(picture, sniff(picture[:HEAD_BYTES]))
        except UnsupportedMedia:
            if original_id is not None:
                with desk.store.write() as uow:
                    note_unreadable(uow, original_id, desk.clock.now())
            raise
        # The row first names bytes that are there: inside the transaction, as sweeping takes a writer's turn too.
        with desk.store.write() as uow:
            thumbnail = blobs.put(made)
            uow.evidence.keep_thumbnail(digest, thumbnail)
        return thumbnail


def look_at(desk: Desk, case_id: str, digest: str, media_type: str, original_id: str) -> None:
    """After the answer: decode what was only looked at by its header. Never raises."""
    try:
        thumbnail_of(desk, case_id, digest, media_type, original_id)
    except DeskError as problem:
        _log.warning("thumbnail.failed", code=problem.code, original_id=original_id)
