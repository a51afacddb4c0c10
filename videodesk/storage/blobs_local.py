"""Plain blobs as local files, named by their SHA-256: write, fsync, rename, fsync the folder.

So desks kept everything before there was encryption at rest (blobs_encrypted); what is found like this is taken over at the next start.

    root/incoming/…          being received; what is left there by a crash is swept after a day
    root/ab/cdef…            kept; the first two digits are the folder

Measured for this order of steps (see the fault tests): no acknowledged blob was lost under kill -9 or when the disk's image was
copied at random instants.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import re
import secrets
import sys
from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Final, Self

from videodesk.core.clock import Clock, SystemClock
from videodesk.core.errors import Invalid, NotFound, OutOfSpace, TooLarge, WorldError

DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_CHUNK_BYTES: Final = 1024 * 1024
_STALE_AFTER_S: Final = 86_400
_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT}) if hasattr(errno, "EDQUOT") else frozenset({errno.ENOSPC})


def require_digest(digest: str) -> str:
    """Return `digest` when it is 64 lower-case hexadecimal digits, else raise Invalid("digest.malformed"): nothing else becomes a path."""
    if DIGEST.fullmatch(digest) is None:
        raise Invalid("digest.malformed")
    return digest


def within_limit(chunks: Iterable[bytes], limit_bytes: int) -> Iterator[bytes]:
    """The chunks, until they are more than `limit_bytes` together: then TooLarge("upload.too_large")."""
    size_bytes = 0
    for chunk in chunks:
        size_bytes += len(chunk)
        if size_bytes > limit_bytes:
            raise TooLarge("upload.too_large", limit_bytes=limit_bytes)
        yield chunk


def has_plain_blobs(root: Path) -> bool:
    """Whether this folder was made before blobs were encrypted."""
    with world():
        return root.is_dir() and any(one.name == "incoming" or len(one.name) == 2 for one in root.iterdir())


class LocalBlobs:
    """A BlobStore in a folder. Folders are 0700 and files 0400, so that only the service's own account reads them."""

    def __init__(self, root: Path, clock: Clock | None = None) -> None:
        self._root = root
        self._incoming = root / "incoming"
        with world():
            self._incoming.mkdir(mode=0o700, parents=True, exist_ok=True)
            sweep_incoming(self._incoming, clock or SystemClock())

    def stage(self, chunks: Iterable[bytes], limit_bytes: int) -> LocalStagedBlob:
        """Write the chunks to a file of their own while hashing, and flush it to the disk."""
        path = self._incoming / secrets.token_hex(16)
        hasher = hashlib.sha256()
        size_bytes = 0
        try:
            with world(), path.open("xb", buffering=0) as file:
                for chunk in within_limit(chunks, limit_bytes):
                    size_bytes += len(chunk)
                    hasher.update(chunk)
                    write_all(file.fileno(), chunk)
                if sys.platform != "win32":  # there a read-only file cannot be renamed over
                    path.chmod(0o400)
                os.fsync(file.fileno())
        except BaseException:
            with contextlib.suppress(OSError):  # on a disk that became read-only the world's error is the one to tell
                path.unlink(missing_ok=True)
            raise
        return LocalStagedBlob(path, self._path(hasher.hexdigest()), hasher.hexdigest(), size_bytes)

    def put(self, data: bytes) -> str:
        """Stage and keep."""
        with self.stage([data], len(data)) as staged:
            staged.keep()
            return staged.digest

    def has(self, digest: str) -> bool:
        """Whether the file is there."""
        return self._path(digest).is_file()

    def size_bytes(self, digest: str) -> int:
        """The file's size."""
        with world(), known_file():
            return self._path(digest).stat().st_size

    def read(self, digest: str) -> bytes:
        """All bytes, checked against their digest."""
        with world(), known_file():
            data = self._path(digest).read_bytes()
        if hashlib.sha256(data).hexdigest() != digest:
            raise WorldError("blob.damaged", digest=digest)
        return data

    def chunks(self, digest: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Pieces of at most 1 MiB. The file is opened now, so what is removed meanwhile is still delivered."""
        with world(), known_file():
            file = self._path(digest).open("rb", buffering=0)
        return _pieces(file, start, end)

    def remove(self, digest: str) -> None:
        """Unlink."""
        with world():
            self._path(digest).unlink(missing_ok=True)

    def digests(self) -> Iterator[str]:
        """Walk the folders."""
        return named_files(self._root)

    def close(self) -> None:
        """Take the empty folders away."""
        for folder in (self._incoming, *(one for one in self._root.iterdir() if len(one.name) == 2)):
            with contextlib.suppress(OSError):
                folder.rmdir()

    def _path(self, digest: str) -> Path:
        require_digest(digest)
        return self._root / digest[:2] / digest[2:]


def sweep_incoming(incoming: Path, clock: Clock) -> None:
    """Unlink what a crash left behind a day ago."""
    stale_before = clock.now().timestamp() - _STALE_AFTER_S
    for path in incoming.iterdir():
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_mtime < stale_before:
                path.unlink()


class StagedFile:
    """A flushed file in `incoming` that waits for its name. `FOLDERS` that name it may be new: so many are flushed above its own."""

    FOLDERS: ClassVar[int] = 1

    def __init__(self, path: Path, target: Path, digest: str, size_bytes: int) -> None:
        self._path = path
        self._target = target
        self._is_kept = False
        self.digest = digest
        self.size_bytes = size_bytes

    def keep(self) -> None:
        """Rename over the target (same name, same bytes) and flush the folders that name it."""
        if self._is_kept:
            return
        with world():
            folder = self._target.parent
            if not folder.is_dir():
                folder.mkdir(mode=0o700, exist_ok=True)
                for above in folder.parents[:self.FOLDERS]:
                    flush_folder(above)
            self._path.replace(self._target)
            flush_folder(folder)
        self._is_kept = True

    def discard(self) -> None:
        """Unlink what was not kept."""
        if not self._is_kept:
            with contextlib.suppress(OSError):
                self._path.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /) -> None:
        self.discard()

    def _place(self) -> Path:
        return self._target if self._is_kept else self._path


class LocalStagedBlob(StagedFile):
    """The plain one."""

    def head(self, size_bytes: int) -> bytes:
        """The file's beginning."""
        with world(), self._place().open("rb") as file:
            return file.read(size_bytes)

    def read(self) -> bytes:
        """The whole file."""
        with world():
            return self._place().read_bytes()


def named_files(root: Path) -> Iterator[str]:
    """The digests of the files that have their names below `root`."""
    with world():
        folders = [folder for folder in root.iterdir() if len(folder.name) == 2 and folder.is_dir()] if root.is_dir() else []
    for folder in folders:
        for path in folder.iterdir():
            if DIGEST.fullmatch(folder.name + path.name):
                yield folder.name + path.name


def write_all(descriptor: int, chunk: bytes) -> None:
    """Write all of `chunk`, however many calls it takes."""
    view = memoryview(chunk)
    while view:
        view = view[os.write(descriptor, view):]


def _pieces(file: FileIO, start: int, end: int | None) -> Iterator[bytes]:
    with file:
        file.seek(start)
        left = sys.maxsize if end is None else max(0, end - start)
        while left and (piece := file.read(min(left, _CHUNK_BYTES))):
            left -= len(piece)
            yield piece


def flush_folder(folder: Path) -> None:
    """Flush the names in a folder to the disk."""
    if sys.platform == "win32":
        return  # Windows has no handle to flush a folder by; NTFS journals the rename
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def world() -> Iterator[None]:
    """Tell the world's failures (disk full, no access) from ours."""
    try:
        yield
    except OSError as problem:
        if problem.errno in _FULL:
            raise OutOfSpace("storage.full") from problem
        raise WorldError("storage.unavailable") from problem


@contextlib.contextmanager
def known_file() -> Iterator[None]:
    """A file that is not there is a blob that nobody knows."""
    try:
        yield
    except FileNotFoundError as problem:
        raise NotFound("blob.unknown") from problem
