"""The vault in a folder: a file for each case, wrapped by the desk's own key, written and flushed before anything is salted with it.

folder/wrap.key          32 bytes, made once (0600)
folder/<case>            12 bytes of nonce, then salt and key under AES-256-GCM, bound to the case's id (0600)
folder/<case>.gone       this case's secrets were destroyed; nobody makes others for it

Whoever copies the data folder without this one has bytes that nobody can read.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from videodesk.core.errors import Gone, Invalid, WorldError
from videodesk.evidence.vault_ports import CaseSecrets
from videodesk.storage.blobs_local import flush_folder, world, write_all

_NAME: Final = re.compile(r"desk|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SECRET_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_WRAP: Final = "wrap.key"


class LocalVault:
    """A CaseVault in `folder` (0700). Any thread, and several programs: who comes first makes a case's secrets, the others read them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._known: dict[str, CaseSecrets] = {}
        with world():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._wrap = AESGCM(self._made(folder / _WRAP, lambda: secrets.token_bytes(_SECRET_BYTES)))

    def secrets_of(self, case_id: str) -> CaseSecrets:
        """Made at the first asking, flushed, and kept in memory from then on."""
        with self._lock:
            if (known := self._known.get(case_id)) is not None:
                return known
            path = self._path(case_id)
            with world():
                if self._tombstone(case_id).exists():
                    raise Gone("case.erased")
                wrapped = self._made(path, lambda: self._wrapped(case_id))
            self._known[case_id] = self._unwrapped(case_id, wrapped)
            return self._known[case_id]

    def destroy(self, case_id: str) -> None:
        """First nobody gets them any more, then the bytes are overwritten, then the name goes; safe at any instant, and again."""
        with self._lock, world():
            path, tombstone = self._path(case_id), self._tombstone(case_id)
            self._known.pop(case_id, None)
            self._made(tombstone, lambda: b"")
            with contextlib.suppress(FileNotFoundError):
                handle = os.open(path, os.O_WRONLY)
                try:
                    write_all(handle, bytes(os.fstat(handle).st_size))
                    os.fsync(handle)
                finally:
                    os.close(handle)
                path.unlink()
            flush_folder(self._folder)

    def is_destroyed(self, case_id: str) -> bool:
        """Whether they were."""
        with world():
            return self._tombstone(case_id).exists()

    def _made(self, path: Path, content: Callable[[], bytes]) -> bytes:
        """The file's bytes; made whole and flushed, or not at all, when it is not there."""
        with contextlib.suppress(FileNotFoundError):
            return path.read_bytes()
        made = path.with_name(f".{secrets.token_hex(8)}")
        handle = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            try:
                write_all(handle, content())
                os.fsync(handle)
            finally:
                os.close(handle)
            with contextlib.suppress(FileExistsError):  # another program was faster: its secrets count
                _place(made, path)
        finally:
            made.unlink(missing_ok=True)
        flush_folder(self._folder)
        return path.read_bytes()

    def _wrapped(self, case_id: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._wrap.encrypt(nonce, secrets.token_bytes(2 * _SECRET_BYTES), case_id.encode())

    def _unwrapped(self, case_id: str, wrapped: bytes) -> CaseSecrets:
        try:
            both = self._wrap.decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], case_id.encode())
        except (InvalidTag, ValueError) as problem:
            raise WorldError("vault.damaged", case_id=case_id) from problem
        return CaseSecrets(both[:_SECRET_BYTES], both[_SECRET_BYTES:])

    def _path(self, case_id: str) -> Path:
        if _NAME.fullmatch(case_id) is None:  # nothing else becomes a path
            raise Invalid("id.malformed", field="case_id")
        return self._folder / case_id

    def _tombstone(self, case_id: str) -> Path:
        return self._path(case_id).with_name(f"{case_id}.gone")


def _place(made: Path, path: Path) -> None:
    """Give the finished file its name, unless it is taken: FileExistsError."""
    try:
        os.link(made, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links: the window between looking and renaming is one that only two first starts meet
        if path.exists():
            raise FileExistsError from None
        made.rename(path)
