"""Port of the uploads that come in pieces: where a file waits until it is whole and somebody says what it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol, Self

from videodesk.evidence.ports import BlobStore, StagedBlob

UPLOAD_LIFE: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """How much one principal may have unfinished at once, and all together."""

    count: int
    size_bytes: int
    each_bytes: int
    total_bytes: int = 64 * 1024**3


@dataclass(frozen=True, slots=True)
class PartialUpload:
    """An upload: `offset` of `size_bytes` are there. `owner` is the principal who sends it; `case_id` and `snapshot_id` what it is for."""

    id: str
    owner: str
    size_bytes: int
    created_at: datetime
    offset: int = 0
    case_id: str | None = None
    snapshot_id: str | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all bytes are there."""
        return self.offset == self.size_bytes

    @property
    def expires_at(self) -> datetime:
        """When it goes away, finished or not."""
        return self.created_at + UPLOAD_LIFE


class UploadWriter(Protocol):
    """Takes the bytes that follow. As a context it flushes what came to the disk at its end, also when it is broken off."""

    @property
    def offset(self) -> int:
        """How many bytes are there by now."""
        ...

    def write(self, piece: bytes) -> None:
        """Append; TooLarge("upload.too_large") past the announced size, OutOfSpace("storage.full"), Conflict("upload.taken_over").

        What was written before it raised stays written.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *failure: object) -> None: ...


class PartialUploads(Protocol):
    """Uploads in pieces. An offset that was told is true: those bytes are there, also after the process was killed. Any thread."""

    def create(self, wanted: PartialUpload, limits: UploadLimits, now: datetime) -> PartialUpload:
        """Begin, once per id: the same wish again gives what is there.

        Conflict("upload.differs") for another owner or size, Conflict("upload.too_many"), TooLarge("upload.too_large"),
        OutOfSpace("storage.full") when it cannot fit.
        """
        ...

    def get(self, upload_id: str, owner: str, now: datetime) -> PartialUpload:
        """One's own upload as it is; NotFound("upload.unknown") for all others, and for one that expired."""
        ...

    def of_case(self, case_id: str, now: datetime) -> list[PartialUpload]:
        """The uploads that are for a case, oldest first."""
        ...

    def writing(self, upload_id: str, owner: str, offset: int, now: datetime) -> UploadWriter:
        """Append from `offset`; Conflict("upload.wrong_offset", offset=…) when that is not the next byte. The newest writer has it."""
        ...

    def whole(self, upload_id: str, owner: str, now: datetime, blobs: BlobStore) -> StagedBlob:
        """The finished file, staged in `blobs`; Conflict("upload.unfinished", offset=…). The upload stays until it is removed."""
        ...

    def remove(self, upload_id: str, owner: str) -> None:
        """Let go of it; nothing happens when there is none of this owner."""
        ...

    def forget_case(self, case_id: str) -> int:
        """Remove all uploads that are for this case, finished or not; how many there were."""
        ...

    def expire(self, now: datetime) -> list[str]:
        """Remove what is older than UPLOAD_LIFE; their ids."""
        ...
