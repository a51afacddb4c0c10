"""Blobs in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

from videodesk.core.errors import NotFound
from videodesk.storage.blobs_local import require_digest, within_limit


class MemoryBlobs:
    """A BlobStore over a dictionary."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def stage(self, chunks: Iterable[bytes], limit_bytes: int) -> MemoryStagedBlob:
        return MemoryStagedBlob(self._blobs, b"".join(within_limit(chunks, limit_bytes)))

    def put(self, data: bytes) -> str:
        with self.stage([data], len(data)) as staged:
            staged.keep()
            return staged.digest

    def has(self, digest: str) -> bool:
        return require_digest(digest) in self._blobs

    def size_bytes(self, digest: str) -> int:
        return len(self.read(digest))

    def read(self, digest: str) -> bytes:
        try:
            return self._blobs[require_digest(digest)]
        except KeyError as problem:
            raise NotFound("blob.unknown") from problem

    def chunks(self, digest: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        data = self.read(digest)[start:end]
        return iter([data] if data else [])

    def remove(self, digest: str) -> None:
        self._blobs.pop(require_digest(digest), None)

    def digests(self) -> Iterator[str]:
        return iter(list(self._blobs))


class MemoryStagedBlob:
    """Bytes that wait for their place in the dictionary."""

    def __init__(self, blobs: dict[str, bytes], data: bytes) -> None:
        self._blobs = blobs
        self._data = data
        self.digest = hashlib.sha256(data).hexdigest()
        self.size_bytes = len(data)

    def head(self, size_bytes: int) -> bytes:
        return self._data[:size_bytes]

    def read(self) -> bytes:
        return self._data

    def keep(self) -> None:
        self._blobs[self.digest] = self._data

    def discard(self) -> None:
        """Nothing was written."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        self.discard()
