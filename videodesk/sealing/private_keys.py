"""Where private keys lie: in the system's keyring where there is one that works, else in files that only this account reads."""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final, Protocol

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from videodesk.core.errors import WorldError

SERVICE_NAME: Final = "videodesk keys"
_PATIENCE_S: Final = 5.0  # a locked keyring asks a person, and a service has none at its screen
_UNLOCKING_S: Final = 60.0  # but what lies in it has to come from it


class Keyring(Protocol):
    """The part of `keyring` that we use."""

    def get_password(self, service_name: str, username: str) -> str | None:
        """The secret, or None."""
        ...

    def set_password(self, service_name: str, username: str, password: str) -> None:
        """Keep a secret."""
        ...

    def delete_password(self, service_name: str, username: str) -> None:
        """Forget a secret."""
        ...


FindKeyring = Callable[[], Keyring | None]


def no_keyring() -> None:
    """Keys in files."""


class PrivateKeys:
    """P-256 keys by the SHA-256 of their public half: a file `<id>.key` (0600), or an entry in the keyring."""

    def __init__(self, folder: Path, find_keyring: FindKeyring = no_keyring) -> None:
        """`find_keyring` is asked when a key is made, or is not among the files."""
        self._folder = folder
        self._find = find_keyring
        self._is_broken = False

    def make(self) -> ec.EllipticCurvePrivateKey:
        """A new key, kept before it is returned."""
        key = ec.generate_private_key(ec.SECP256R1())
        text = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode("ascii")
        name = key_id(key.public_key())
        if not self._in_keyring(name, text):
            write_secret(self._folder / f"{name}.key", text.encode("ascii"))
        return key

    def load(self, name: str) -> ec.EllipticCurvePrivateKey | None:
        """The key with this id; None when it is nowhere. WorldError("keys.unreadable") when what is there is no key."""
        path = self._folder / f"{name}.key"
        try:
            found = path.read_bytes() if path.is_file() else self._from_keyring(name)
            if found is None:
                return None
            key = serialization.load_pem_private_key(found, None)
        except (OSError, ValueError, TypeError) as problem:
            raise WorldError("keys.unreadable", file=path.name) from problem
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key_id(key.public_key()) != name:
            raise WorldError("keys.unreadable", file=path.name)
        return key

    def forget(self, name: str) -> None:
        """Destroy it wherever it lies."""
        path = self._folder / f"{name}.key"
        is_file = path.is_file()
        with contextlib.suppress(OSError):
            size = path.stat().st_size
            with path.open("r+b") as file:
                file.write(b"\0" * size)
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
        ring = None if is_file else self._find()
        if ring is not None:
            with contextlib.suppress(Exception):  # one that was never there is forgotten as well
                ring.delete_password(SERVICE_NAME, name)

    def place_of(self, name: str) -> str:
        """`file`, `keyring`, or empty when it is nowhere."""
        if (self._folder / f"{name}.key").is_file():
            return "file"
        return "keyring" if self._from_keyring(name) is not None else ""

    def _in_keyring(self, name: str, text: str) -> bool:
        """Whether the keyring took it and gives it back, at once: one that asks a person first is of no use to a service."""
        ring = None if self._is_broken else self._find()
        if ring is None:
            return False

        def keep() -> str | None:
            ring.set_password(SERVICE_NAME, name, text)
            return ring.get_password(SERVICE_NAME, name)

        is_kept = _in_time(keep, _PATIENCE_S) == [text]
        self._is_broken = not is_kept
        return is_kept

    def _from_keyring(self, name: str) -> bytes | None:
        """The entry; None when there is no keyring, or none such in it. WorldError("keys.keyring_closed") when it does not answer."""
        ring = self._find()
        if ring is None:
            return None
        said = _in_time(lambda: ring.get_password(SERVICE_NAME, name), _UNLOCKING_S)
        if not said:
            raise WorldError("keys.keyring_closed")
        return None if said[0] is None else said[0].encode("ascii", "replace")


def key_id(key: ec.EllipticCurvePublicKey) -> str:
    """The first 32 hexadecimal digits of the SHA-256 of the public key (SubjectPublicKeyInfo, DER)."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()[:32]


def write_secret(path: Path, content: bytes) -> None:
    """A file that only this account reads (0600), whole or not at all, on the disk before this returns."""
    beside = path.with_name(f"{path.name}.{secrets.token_hex(4)}.new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError:
        beside.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the folder's entries survive the power's failure, where folders can be synced."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _in_time(work: Callable[[], str | None], patience_s: float) -> list[str | None]:
    """What `work` gives, in a list; none when it failed or took longer: then its thread is left alone."""
    said: list[str | None] = []

    def run() -> None:
        with contextlib.suppress(Exception):  # every backend raises its own errors; all mean: not usable
            said.append(work())

    thread = threading.Thread(target=run, name="keyring", daemon=True)
    thread.start()
    thread.join(patience_s)
    return said.copy()
