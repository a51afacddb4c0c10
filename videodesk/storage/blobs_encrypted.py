"""Blobs as local files, each case's in a folder of its own and under a key of its own: without the vault nobody reads them, also not from a backup.

    root/<case>/incoming/…       being received
    root/<case>/ab/cdef…         kept: named by the SHA-256 of the plain bytes, encrypted (chunk_cipher)

The order of steps is that of blobs_local: write, fsync, rename, fsync the folder. Nothing plain is ever written to the disk.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import secrets
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from io import FileIO
from pathlib import Path
from typing import Final

from videodesk.core.clock import Clock, SystemClock
from videodesk.core.errors import WorldError
from videodesk.core.ids import is_id, require_id
from videodesk.evidence.vault_ports import CaseVault
from videodesk.storage.blobs_local import (
    StagedFile,
    flush_folder,
    known_file,
    named_files,
    require_digest,
    sweep_incoming,
    within_limit,
    world,
    write_all,
)
from videodesk.storage.chunk_cipher import (
    CHUNK_BYTES,
    HEAD_BYTES,
    SEALED_BYTES,
    DamagedError,
    FileCipher,
    last_chunk,
)

_CHUNKS_AT_ONCE: Final = 4
_STEP_BYTES: Final = _CHUNKS_AT_ONCE * CHUNK_BYTES


class EncryptedCaseBlobs:
    """CaseBlobs in a folder. Folders are 0700 and files 0400."""

    def __init__(self, root: Path, vault: CaseVault, clock: Clock | None = None) -> None:
        """What a crash left behind is swept when it is a day old."""
        self._root = root
        self._vault = vault
        with world():
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            for case_id in self.cases():
                if (incoming := root / case_id / "incoming").is_dir():
                    sweep_incoming(incoming, clock or SystemClock())

    def of_case(self, case_id: str) -> EncryptedBlobs:
        """The blobs of this case; nothing is made on the disk before the first is staged."""
        return EncryptedBlobs(self._root / require_id(case_id), case_id, self._vault)

    def cases(self) -> list[str]:
        """The cases that have a folder."""
        with world():
            return [folder.name for folder in self._root.iterdir() if is_id(folder.name)]

    def remove_case(self, case_id: str) -> tuple[int, int]:
        """Unlink everything of this case, whole folders at once."""
        folder = self._root / require_id(case_id)
        with world():
            sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
            if folder.is_dir():
                shutil.rmtree(folder)
                flush_folder(self._root)
        return len(sizes), sum(sizes)


class EncryptedBlobs:
    """A BlobStore: the blobs of one case. Gone("case.erased") once its key was destroyed."""

    def __init__(self, folder: Path, case_id: str, vault: CaseVault) -> None:
        self._folder = folder
        self._case_id = case_id
        self._vault = vault

    def stage(self, chunks: Iterable[bytes], limit_bytes: int) -> EncryptedStagedBlob:
        """Encrypt the chunks into a file of their own while hashing, and flush it to the disk."""
        key = self._key()
        cipher = FileCipher(key)
        incoming = self._folder / "incoming"
        path = incoming / secrets.token_hex(16)
        hasher = hashlib.sha256()
        try:
            with world():
                for folder in (self._folder, incoming):  # one by one: `parents` would give the outer one another mode
                    folder.mkdir(mode=0o700, exist_ok=True)
                with path.open("xb", buffering=0) as file:
                    size_bytes = _write_sealed(file, cipher, within_limit(chunks, limit_bytes), hasher.update)
                    file.seek(0)
                    write_all(file.fileno(), cipher.head(size_bytes, hasher.hexdigest()))
                    if sys.platform != "win32":  # there a read-only file cannot be renamed over
                        path.chmod(0o400)
                    os.fsync(file.fileno())
        except BaseException:
            with contextlib.suppress(OSError):  # on a disk that became read-only the world's error is the one to tell
                path.unlink(missing_ok=True)
            raise
        return EncryptedStagedBlob(path, self._path(hasher.hexdigest()), key, hasher.hexdigest(), size_bytes)

    def put(self, data: bytes) -> str:
        """Stage and keep."""
        with self.stage([data], len(data)) as staged:
            staged.keep()
            return staged.digest

    def has(self, digest: str) -> bool:
        """Whether the file is there."""
        return self._path(digest).is_file()

    def size_bytes(self, digest: str) -> int:
        """As the head says."""
        path = self._path(digest)
        with world(), known_file():
            file = path.open("rb", buffering=0)
        with file:
            return _opened(file, self._key(), digest)[1]

    def read(self, digest: str) -> bytes:
        """All bytes. That they are those of this digest, the tags say."""
        return _joined(self.chunks(digest))

    def chunks(self, digest: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """Pieces of at most 256 KiB, decrypted as they are asked for. The file is opened now: what is removed meanwhile is still delivered."""
        path = self._path(digest)
        with world(), known_file():
            file = path.open("rb", buffering=0)
        try:
            cipher, size_bytes = _opened(file, self._key(), digest)
        except BaseException:
            file.close()
            raise
        return _pieces(file, cipher, size_bytes, start, size_bytes if end is None else min(end, size_bytes), digest)

    def remove(self, digest: str) -> None:
        """Unlink."""
        with world():
            self._path(digest).unlink(missing_ok=True)

    def digests(self) -> Iterator[str]:
        """Walk the folders."""
        return named_files(self._folder)

    def _key(self) -> bytes:
        return self._vault.secrets_of(self._case_id).key

    def _path(self, digest: str) -> Path:
        require_digest(digest)
        return self._folder / digest[:2] / digest[2:]


class EncryptedStagedBlob(StagedFile):
    """The encrypted one; digest and size are of the plain bytes. The case's own folder may be as new as the one below it."""

    FOLDERS = 2

    def __init__(self, path: Path, target: Path, key: bytes, digest: str, size_bytes: int) -> None:
        super().__init__(path, target, digest, size_bytes)
        self._key = key

    def head(self, size_bytes: int) -> bytes:
        """The beginning."""
        return b"".join(self._pieces(min(size_bytes, self.size_bytes)))

    def read(self) -> bytes:
        """All bytes."""
        return _joined(self._pieces(self.size_bytes))

    def _pieces(self, end: int) -> Iterator[bytes]:
        with world():
            file = self._place().open("rb", buffering=0)
        cipher, size_bytes = _opened(file, self._key, self.digest)
        return _pieces(file, cipher, size_bytes, 0, end, self.digest)


def _write_sealed(file: FileIO, cipher: FileCipher, chunks: Iterable[bytes], heard: Callable[[bytes | memoryview], None]) -> int:
    """Write all chunks sealed behind the room for the head; how many plain bytes they were."""
    file.seek(HEAD_BYTES)
    waiting = bytearray()
    size_bytes = number = 0
    for chunk in _steps(chunks):
        heard(chunk)
        size_bytes += len(chunk)
        waiting += chunk
        # One chunk is held back: only at the end it is known which is the last.
        whole = max(0, len(waiting) - 1) // CHUNK_BYTES
        if whole:
            with memoryview(waiting) as view:
                sealed = [cipher.seal(number + at, view[at * CHUNK_BYTES:(at + 1) * CHUNK_BYTES], is_last=False) for at in range(whole)]
            del waiting[:whole * CHUNK_BYTES]
            number += whole
            write_all(file.fileno(), b"".join(sealed))
    write_all(file.fileno(), cipher.seal(number, bytes(waiting), is_last=True))
    return size_bytes


def _steps(chunks: Iterable[bytes]) -> Iterator[bytes | memoryview]:
    """Large ones in steps: fresh memory for a whole picture costs more than encrypting it."""
    for chunk in chunks:
        if len(chunk) <= _STEP_BYTES:
            yield chunk
        else:
            whole = memoryview(chunk)
            yield from (whole[at:at + _STEP_BYTES] for at in range(0, len(chunk), _STEP_BYTES))


def _joined(pieces: Iterator[bytes]) -> bytes:
    """All bytes, without holding every piece until the end."""
    whole = io.BytesIO()
    for piece in pieces:
        whole.write(piece)
    return whole.getvalue()


def _opened(file: FileIO, key: bytes, digest: str) -> tuple[FileCipher, int]:
    """The file's cipher and the size of its plain bytes; WorldError("blob.damaged")."""
    try:
        with world():
            return FileCipher.of_head(key, file.read(HEAD_BYTES) or b"", digest, os.fstat(file.fileno()).st_size)
    except DamagedError as problem:
        raise WorldError("blob.damaged", digest=digest) from problem


def _pieces(file: FileIO, cipher: FileCipher, size_bytes: int, start: int, end: int, digest: str) -> Iterator[bytes]:
    """The plain bytes from `start` up to `end`; only the chunks they lie in are read."""
    last = last_chunk(size_bytes)
    with file:
        at = start
        while at < end:
            first = at // CHUNK_BYTES
            until = min(last, (end - 1) // CHUNK_BYTES, first + _CHUNKS_AT_ONCE - 1)
            with world():
                file.seek(HEAD_BYTES + first * SEALED_BYTES)
                sealed = memoryview(_whole(file, (until - first + 1) * SEALED_BYTES))
            try:
                plain = b"".join(
                    cipher.open(number, sealed[(number - first) * SEALED_BYTES:(number - first + 1) * SEALED_BYTES], is_last=number == last)
                    for number in range(first, until + 1))
            except DamagedError as problem:
                raise WorldError("blob.damaged", digest=digest) from problem
            skipped = at - first * CHUNK_BYTES
            piece = plain[skipped:skipped + end - at] if skipped or len(plain) > end - at else plain
            if not piece:
                raise WorldError("blob.damaged", digest=digest)
            at += len(piece)
            yield piece


def _whole(file: FileIO, size_bytes: int) -> bytes:
    read = file.read(size_bytes) or b""
    while len(read) < size_bytes and (more := file.read(size_bytes - len(read))):
        read += more
    return read
