"""Uploads in pieces as local files.

Of each there is ID.json (owner, size and purpose: written and renamed before the first byte is taken) and ID.part, the bytes so far. The
size of that file is the offset: nothing is buffered, so a killed process loses no byte it told of. At the end of each request the bytes are
flushed to the disk. Should a failing power falsify them all the same, their digest tells, and the sender begins anew.

The bytes are encrypted with AES-256-CTR, byte for byte, so that one can go on anywhere; the key is made of the case's (of the desk's own where an
upload is for no case yet) and a salt of this upload. What proves them is the sender's digest, when the whole file becomes a blob.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Final, Self

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from videodesk.core.errors import Conflict, Gone, NotFound, OutOfSpace, TooLarge
from videodesk.core.ids import is_id
from videodesk.evidence.ports import BlobStore, StagedBlob
from videodesk.evidence.upload_ports import PartialUpload, UploadLimits
from videodesk.evidence.vault_ports import DESK, CaseVault
from videodesk.storage.blobs_local import world, write_all
from videodesk.storage.records import from_record, to_record

_KEPT_FREE_BYTES: Final = 64 * 1024 * 1024
_CHUNK_BYTES: Final = 1024 * 1024
_SALT_BYTES: Final = 16
_BLOCK_BYTES: Final = 16


@dataclass(slots=True)
class _Entry:
    """An upload and its key. `writer` is the newest one."""

    upload: PartialUpload
    key: bytes = field(repr=False)
    writer: LocalUploadWriter | None = None


class LocalUploads:
    """PartialUploads in a folder of their own."""

    def __init__(self, root: Path, vault: CaseVault) -> None:
        self._root = root
        self._vault = vault
        self._lock = threading.RLock()
        self._entries: dict[str, _Entry] = {}
        with world():
            root.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._take_up()

    def create(self, wanted: PartialUpload, limits: UploadLimits, now: datetime) -> PartialUpload:
        """Reserve room, write down whose it is, make the file."""
        with self._lock, world():
            self.expire(now)
            if (known := self._entries.get(wanted.id)) is not None:
                if (known.upload.owner, known.upload.size_bytes) != (wanted.owner, wanted.size_bytes):
                    raise Conflict("upload.differs")
                return known.upload
            check_limits([entry.upload for entry in self._entries.values()], wanted, limits)
            waiting = sum(entry.upload.size_bytes - entry.upload.offset for entry in self._entries.values())
            if shutil.disk_usage(self._root).free < waiting + wanted.size_bytes + _KEPT_FREE_BYTES:
                raise OutOfSpace("storage.full")
            upload = replace(wanted, offset=0, created_at=now)
            entry = _Entry(upload, self._key(upload, salt := secrets.token_bytes(_SALT_BYTES)))
            self._write_down(upload, salt)
            self._entries[upload.id] = entry
            return upload

    def get(self, upload_id: str, owner: str, now: datetime) -> PartialUpload:
        """From memory; the files were looked at when the service started."""
        with self._lock:
            return self._own(upload_id, owner, now).upload

    def of_case(self, case_id: str, now: datetime) -> list[PartialUpload]:
        """The uploads that are for a case."""
        with self._lock:
            found = [entry.upload for entry in self._entries.values() if entry.upload.case_id == case_id and now < entry.upload.expires_at]
        return sorted(found, key=lambda one: (one.created_at, one.id))

    def writing(self, upload_id: str, owner: str, offset: int, now: datetime) -> LocalUploadWriter:
        """Open the file at its end; an older writer is shut out."""
        with self._lock, world():
            entry = self._own(upload_id, owner, now)
            if offset != entry.upload.offset:
                raise Conflict("upload.wrong_offset", offset=entry.upload.offset)
            self._shut_out(entry)
            entry.writer = LocalUploadWriter(self, entry, self._part(upload_id).open("ab", buffering=0))
            return entry.writer

    def whole(self, upload_id: str, owner: str, now: datetime, blobs: BlobStore) -> StagedBlob:
        """Decrypted and staged. Outside the lock: nobody writes to a whole file any more."""
        with self._lock, world():
            entry = self._own(upload_id, owner, now)
            if not entry.upload.is_whole:
                raise Conflict("upload.unfinished", offset=entry.upload.offset)
            self._shut_out(entry)
            file = self._part(upload_id).open("rb", buffering=0)
        return blobs.stage(_plain(file, entry.key, 0), entry.upload.size_bytes)

    def remove(self, upload_id: str, owner: str) -> None:
        """Forget it and unlink its files."""
        with self._lock:
            entry = self._entries.get(upload_id)
            if entry is not None and entry.upload.owner == owner:
                self._drop(upload_id)

    def forget_case(self, case_id: str) -> int:
        """Unlink all uploads for this case."""
        with self._lock:
            mine = [upload_id for upload_id, entry in self._entries.items() if entry.upload.case_id == case_id]
            for upload_id in mine:
                self._drop(upload_id)
            return len(mine)

    def expire(self, now: datetime) -> list[str]:
        """Remove the old ones."""
        with self._lock:
            old = [upload_id for upload_id, entry in self._entries.items() if now >= entry.upload.expires_at]
            for upload_id in old:
                self._drop(upload_id)
            return old

    def append(self, entry: _Entry, writer: LocalUploadWriter, file: FileIO, piece: bytes) -> None:
        """For the writer: the bytes go to the file, encrypted for where they come to stand."""
        with self._lock:
            if entry.writer is not writer:
                raise Conflict("upload.taken_over")
            if entry.upload.offset + len(piece) > entry.upload.size_bytes:
                raise TooLarge("upload.too_large", limit_bytes=entry.upload.size_bytes)
        # Outside the lock: a slow disk holds up this upload only. A newer writer begins where the file ends by then.
        with writer.lock:
            if writer.is_shut:
                raise Conflict("upload.taken_over")
            before = os.fstat(file.fileno()).st_size
            try:
                with world():
                    write_all(file.fileno(), _crypt(entry.key, before, piece))
            finally:
                written = os.fstat(file.fileno()).st_size - before
                entry.upload = replace(entry.upload, offset=before + written)

    def _own(self, upload_id: str, owner: str, now: datetime) -> _Entry:
        entry = self._entries.get(upload_id)
        if entry is None or entry.upload.owner != owner or now >= entry.upload.expires_at:
            raise NotFound("upload.unknown")
        return entry

    def _shut_out(self, entry: _Entry) -> None:
        if entry.writer is not None:
            entry.writer.shut()
            entry.writer = None

    def _key(self, upload: PartialUpload, salt: bytes) -> bytes:
        case = self._vault.secrets_of(upload.case_id or DESK)
        return HKDF(SHA256(), 32, salt, f"videodesk upload 1 {upload.id}".encode()).derive(case.key)

    def _write_down(self, upload: PartialUpload, salt: bytes) -> None:
        # Not flushed: where the power fails now, nothing was told yet that could not be sent again.
        place, fresh = self._note(upload.id), self._root / f"{upload.id}.new"
        fresh.write_bytes(json.dumps(to_record(upload, PartialUpload) | {"salt": salt.hex()}).encode())
        self._part(upload.id).touch(mode=0o600)
        fresh.replace(place)

    def _take_up(self) -> None:
        """What was there when the service stopped. Files without their other half go away."""
        for path in list(self._root.iterdir()):
            upload_id = path.name.partition(".")[0]
            if path.suffix != ".json" or not is_id(upload_id):
                if path.suffix != ".part" or not self._note(upload_id).is_file():
                    path.unlink(missing_ok=True)
                continue
            part = self._part(upload_id)
            try:
                told = json.loads(path.read_bytes())
                salt = bytes.fromhex(told.pop("salt"))  # there is none of an upload that began before they were encrypted: it begins anew
                upload = from_record(told, PartialUpload)
                key, size = self._key(upload, salt), part.stat().st_size
            except (OSError, ValueError, KeyError, AttributeError, TypeError, Gone):
                self._drop(upload_id)
                continue
            self._entries[upload_id] = _Entry(replace(upload, offset=min(size, upload.size_bytes)), key)
            if size > upload.size_bytes:
                os.truncate(part, upload.size_bytes)

    def _drop(self, upload_id: str) -> None:
        entry = self._entries.pop(upload_id, None)
        if entry is not None and entry.writer is not None:
            entry.writer.shut()
        for path in (self._note(upload_id), self._part(upload_id)):
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def _note(self, upload_id: str) -> Path:
        return self._root / f"{upload_id}.json"

    def _part(self, upload_id: str) -> Path:
        return self._root / f"{upload_id}.part"


class LocalUploadWriter:
    """Appends to one upload's file."""

    def __init__(self, uploads: LocalUploads, entry: _Entry, file: FileIO) -> None:
        self._uploads = uploads
        self._entry = entry
        self._file = file
        self.lock = threading.Lock()
        self.is_shut = False

    @property
    def offset(self) -> int:
        """How many bytes are there by now."""
        return self._entry.upload.offset

    def write(self, piece: bytes) -> None:
        """Append; see the port."""
        self._uploads.append(self._entry, self, self._file, piece)

    def shut(self) -> None:
        """Let nothing more be written; waits for the write that runs."""
        with self.lock:
            self.is_shut = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        # After a failure that one is told, not what flushing on the same disk says.
        with self._file, contextlib.suppress(OSError) if failure[0] else world():
            os.fsync(self._file.fileno())


def check_limits(there: list[PartialUpload], wanted: PartialUpload, limits: UploadLimits) -> None:
    """Whether one more fits: TooLarge("upload.too_large"), Conflict("upload.too_many"), OutOfSpace("storage.full") over the total."""
    own = [one for one in there if one.owner == wanted.owner]
    if wanted.size_bytes > limits.each_bytes:
        raise TooLarge("upload.too_large", limit_bytes=limits.each_bytes)
    if len(own) >= limits.count or sum(one.size_bytes for one in own) + wanted.size_bytes > limits.size_bytes:
        raise Conflict("upload.too_many", limit=limits.count)
    if sum(one.size_bytes for one in there) + wanted.size_bytes > limits.total_bytes:
        raise OutOfSpace("storage.full")


def _crypt(key: bytes, offset: int, data: bytes) -> bytes:
    """Encrypt, or decrypt, the bytes that stand at `offset`."""
    skipped = offset % _BLOCK_BYTES
    counter = (offset // _BLOCK_BYTES).to_bytes(_BLOCK_BYTES, "big")
    return Cipher(AES256(key), CTR(counter)).encryptor().update(bytes(skipped) + data)[skipped:]


def _plain(file: FileIO, key: bytes, offset: int) -> Iterator[bytes]:
    """The file's plain bytes from `offset` on."""
    with file:
        file.seek(offset)
        while piece := file.read(_CHUNK_BYTES):
            yield _crypt(key, offset, piece)
            offset += len(piece)
