"""Blobs in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from types import TracebackType
from typing import Self

from videodesk.core.errors import NotFound
from videodesk.core.ids import require_id
from videodesk.evidence.vault_ports import CaseVault, MemoryVault
from videodesk.storage.blobs_local import require_digest, within_limit


class MemoryBlobs:
    """A BlobStore over a dictionary."""

    def __init__(self, require_key: Callable[[], object] = lambda: None) -> None:
        self._blobs: dict[str, bytes] = {}
        self._require_key = require_key

    def stage(self, chunks: Iterable[bytes], limit_bytes: int) -> MemoryStagedBlob:
        self._require_key()
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
        self._require_key()
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


class MemoryCaseBlobs:
    """CaseBlobs over dictionaries."""

    def __init__(self, vault: CaseVault | None = None) -> None:
        self._vault = vault or MemoryVault()
        self._stores: dict[str, MemoryBlobs] = {}

    def of_case(self, case_id: str) -> MemoryBlobs:
        return self._stores.setdefault(require_id(case_id), MemoryBlobs(lambda: self._vault.secrets_of(case_id)))

    def cases(self) -> list[str]:
        return list(self._stores)

    def remove_case(self, case_id: str) -> tuple[int, int]:
        store = self._stores.pop(case_id, None)
        sizes = [] if store is None else [len(data) for data in store._blobs.values()]  # noqa: SLF001 - also without the key
        return len(sizes), sum(sizes)


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
