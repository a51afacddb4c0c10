"""Uploads in pieces, in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from videodesk.core.errors import Conflict, NotFound, TooLarge
from videodesk.evidence.ports import BlobStore, StagedBlob
from videodesk.evidence.upload_ports import PartialUpload, UploadLimits
from videodesk.storage.uploads_local import check_limits


@dataclass(slots=True)
class _Entry:
    upload: PartialUpload
    data: bytearray
    writer: MemoryUploadWriter | None = None


class MemoryUploads:
    """PartialUploads over a dictionary."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def create(self, wanted: PartialUpload, limits: UploadLimits, now: datetime) -> PartialUpload:
        self.expire(now)
        if (known := self._entries.get(wanted.id)) is not None:
            if (known.upload.owner, known.upload.size_bytes) != (wanted.owner, wanted.size_bytes):
                raise Conflict("upload.differs")
            return known.upload
        check_limits([entry.upload for entry in self._entries.values()], wanted, limits)
        upload = replace(wanted, offset=0, created_at=now)
        self._entries[upload.id] = _Entry(upload, bytearray())
        return upload

    def get(self, upload_id: str, owner: str, now: datetime) -> PartialUpload:
        return self._own(upload_id, owner, now).upload

    def of_case(self, case_id: str, now: datetime) -> list[PartialUpload]:
        found = [entry.upload for entry in self._entries.values() if entry.upload.case_id == case_id and now < entry.upload.expires_at]
        return sorted(found, key=lambda one: (one.created_at, one.id))

    def writing(self, upload_id: str, owner: str, offset: int, now: datetime) -> MemoryUploadWriter:
        entry = self._own(upload_id, owner, now)
        if offset != entry.upload.offset:
            raise Conflict("upload.wrong_offset", offset=entry.upload.offset)
        entry.writer = MemoryUploadWriter(entry)
        return entry.writer

    def whole(self, upload_id: str, owner: str, now: datetime, blobs: BlobStore) -> StagedBlob:
        entry = self._own(upload_id, owner, now)
        if not entry.upload.is_whole:
            raise Conflict("upload.unfinished", offset=entry.upload.offset)
        return blobs.stage([bytes(entry.data)], entry.upload.size_bytes)

    def remove(self, upload_id: str, owner: str) -> None:
        entry = self._entries.get(upload_id)
        if entry is not None and entry.upload.owner == owner:
            entry.writer = None
            del self._entries[upload_id]

    def forget_case(self, case_id: str) -> int:
        mine = [upload_id for upload_id, entry in self._entries.items() if entry.upload.case_id == case_id]
        for upload_id in mine:
            self._entries.pop(upload_id).writer = None
        return len(mine)

    def expire(self, now: datetime) -> list[str]:
        old = [upload_id for upload_id, entry in self._entries.items() if now >= entry.upload.expires_at]
        for upload_id in old:
            del self._entries[upload_id]
        return old

    def _own(self, upload_id: str, owner: str, now: datetime) -> _Entry:
        entry = self._entries.get(upload_id)
        if entry is None or entry.upload.owner != owner or now >= entry.upload.expires_at:
            raise NotFound("upload.unknown")
        return entry


class MemoryUploadWriter:
    """Appends to one upload."""

    def __init__(self, entry: _Entry) -> None:
        self._entry = entry

    @property
    def offset(self) -> int:
        """How many bytes are there by now."""
        return self._entry.upload.offset

    def write(self, piece: bytes) -> None:
        """Append; see the port."""
        if self._entry.writer is not self:
            raise Conflict("upload.taken_over")
        upload = self._entry.upload
        if upload.offset + len(piece) > upload.size_bytes:
            raise TooLarge("upload.too_large", limit_bytes=upload.size_bytes)
        self._entry.data += piece
        self._entry.upload = replace(upload, offset=len(self._entry.data))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        """Nothing to flush."""
