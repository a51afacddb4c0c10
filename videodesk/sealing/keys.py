"""The desk's keys in a folder: a root, a key that seals, a key that signs the custody log.

    keys/               0700
      current.json      which certificates are in use: {"root": FINGERPRINT, "seal": …, "log": …}
      certificates/     every certificate this desk ever used, FINGERPRINT.pem, with its chain up to the root
      private/          0700; KEY ID.key (0600), unless the keyring keeps them

Made beside its place and renamed, so it is whole or not there. A rotation makes new keys under the same root and destroys the old ones'
private halves: what they signed stays good.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from videodesk.core.errors import Invalid, WorldError
from videodesk.sealing.certificates import (
    RENEW_BEFORE,
    chain_of,
    checked_chain,
    fingerprint,
    key_of_owner,
    key_of_request,
    make_log_certificate,
    make_root,
    make_seal_certificate,
    make_station_certificate,
    may_sign_packages,
    pem_of,
)
from videodesk.sealing.private_keys import FindKeyring, PrivateKeys, key_id, no_keyring, sync_folder, write_secret
from videodesk.sealing.sealer import C2paSealer, Sign


@dataclass(frozen=True, slots=True)
class ExternalSeal:
    """A sealing key that is elsewhere (a key service, a token): its chain, and what signs with it (DER, ECDSA P-256 over SHA-256)."""

    chain_pem: str
    sign: Sign


@dataclass(frozen=True, slots=True)
class _Used:
    """A certificate with its chain, and the key if it is here."""

    chain: str
    key: ec.EllipticCurvePrivateKey | None

    @property
    def certificate(self) -> x509.Certificate:
        return chain_of(self.chain)[0]


class LocalDeskKeys:
    """DeskKeys in a folder. Any thread. Another process may rotate: whoever has them open goes on with what it has until it ends."""

    def __init__(self, folder: Path, private: PrivateKeys, external: ExternalSeal | None = None) -> None:
        """Use `open_keys`."""
        self._folder = folder
        self._private = private
        self._external = external
        self._load()

    @property
    def root_pem(self) -> str:
        """The root's certificate."""
        return self._root.chain

    @property
    def root_fingerprint(self) -> str:
        """What outsiders pin."""
        return fingerprint(self._root.certificate)

    @property
    def seal_chain_pem(self) -> str:
        """The sealing certificate's chain."""
        return self._external.chain_pem if self._external is not None else self._seal.chain

    @property
    def log_chain_pem(self) -> str:
        """The custody log's certificate's chain."""
        return self._log.chain

    @property
    def log_chains_pem(self) -> tuple[str, ...]:
        """The chains of all certificates that ever signed this desk's custody log, the one in use first."""
        return (self._log.chain, *(chain for chain in self._kept("custody log") if chain != self._log.chain))

    def sealer(self) -> C2paSealer:
        """Seals with the desk's own sealing key."""
        return C2paSealer(self.seal_chain_pem, self._external.sign if self._external is not None else _key_of(self._seal))

    def issue(self, csr_pem: str, station_id: str, now: datetime) -> str:
        """A sealing certificate for a station's key."""
        public = key_of_request(csr_pem)
        return pem_of(make_station_certificate(self._root.certificate, self._root_key(), public, station_id, now)) + self._root.chain

    def certify(self, pem: str, now: datetime) -> str:
        """The desk's own sealing certificate (its chain, PEM) for a key kept elsewhere, by its request or its public half.

        Invalid("seal.csr_invalid"), WorldError("seal.no_ca").
        """
        return pem_of(make_seal_certificate(self._root.certificate, self._root_key(), key_of_owner(pem), now)) + self._root.chain

    def sign_log(self, data: bytes) -> bytes:
        """By the custody log's key."""
        return _signed(self._log, data)

    def sign_log_again(self, data: bytes, signature: bytes) -> bytes:
        """The signature itself, or one by the key in use when an earlier log key of this desk made it."""
        makers = [chain_of(chain)[0] for chain in self.log_chains_pem]
        return self.sign_log(data) if any(_is_by(one, data, signature) for one in makers[1:]) else signature

    def sign_seal(self, data: bytes) -> bytes:
        """By the sealing key."""
        return self._external.sign(data) if self._external is not None else _signed(self._seal, data)

    def rotate(self, now: datetime) -> None:
        """New keys and certificates for seal and log under the same root. WorldError("seal.no_ca") when the root's key is not here."""
        root_key = self._root_key()
        old = [one.key for one in (self._seal, self._log) if one.key is not None]
        with _world_errors():
            _Maker(self._folder, self._private).make(self._root.certificate, root_key, now)
            self._load()
            for key in old:
                self._private.forget(key_id(key.public_key()))

    def renew(self, now: datetime) -> bool:
        """New certificates for the same keys once theirs no longer cover what is sealed today for long; whether that was done."""
        if self._root.key is None or min(one.certificate.not_valid_after_utc for one in (self._seal, self._log)) - now > RENEW_BEFORE:
            return False
        if self._root.certificate.not_valid_after_utc <= self._seal.certificate.not_valid_after_utc:
            return False  # nothing more to win
        with _world_errors():
            _Maker(self._folder, self._private).make(self._root.certificate, self._root.key, now, seal=self._seal.key, log=self._log.key)
            self._load()
        return True

    def places(self) -> dict[str, str]:
        """Where each private key lies: `file`, `keyring`, `external`, or empty when it is not to be had."""
        found = {name: self._private.place_of(_id_of(used.certificate)) for name, used in self._used().items()}
        return found | ({"seal": "external"} if self._external is not None else {})

    def expiries(self) -> dict[str, datetime]:
        """Until when each certificate is good."""
        found = {name: used.certificate.not_valid_after_utc for name, used in self._used().items()}
        return found | ({"seal": chain_of(self.seal_chain_pem)[0].not_valid_after_utc} if self._external is not None else {})

    def fingerprints(self) -> dict[str, str]:
        """SHA-256 of each certificate in use."""
        return {"root": self.root_fingerprint, "seal": fingerprint(self.seal_chain_pem), "log": fingerprint(self._log.certificate)}

    def _root_key(self) -> ec.EllipticCurvePrivateKey:
        if self._root.key is None:
            raise WorldError("seal.no_ca")
        return self._root.key

    def _used(self) -> dict[str, _Used]:
        return {"root": self._root, "seal": self._seal, "log": self._log}

    def _load(self) -> None:
        try:
            current = json.loads((self._folder / "current.json").read_text(encoding="ascii"))
            root, seal, log = (str(current[name]) for name in ("root", "seal", "log"))
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise WorldError("keys.unreadable", file="current.json") from problem
        self._root, self._seal, self._log = (self._read(name) for name in (root, seal, log))
        if self._log.key is None or (self._seal.key is None and self._external is None):
            raise WorldError("keys.unreadable", file="private")

    def _read(self, name: str) -> _Used:
        path = self._folder / "certificates" / f"{name}.pem"
        try:
            chain = path.read_text(encoding="ascii")
        except (OSError, ValueError) as problem:
            raise WorldError("keys.unreadable", file=path.name) from problem
        found = checked_chain(chain)
        if fingerprint(found[0]) != name:
            raise WorldError("keys.unreadable", file=path.name)
        return _Used(chain, self._private.load(_id_of(found[0])))

    def _kept(self, name: str) -> list[str]:
        chains = [path.read_text(encoding="ascii") for path in sorted((self._folder / "certificates").glob("*.pem"))]
        return [chain for chain in chains if name in chain_of(chain)[0].subject.rfc4514_string()]


def open_keys(
    folder: Path, now: datetime, *, organisation: str = "videodesk", find_keyring: FindKeyring = no_keyring,
    external: ExternalSeal | None = None,
) -> LocalDeskKeys:
    """The desk's keys in this folder, made when there are none. `find_keyring` is asked for one to keep private keys in.

    Invalid("keys.chain_foreign") for an external key that this desk's root does not vouch for: `issue` gives it a certificate. WorldError("keys.unreadable") when there are some that cannot be read: new ones are never made in their place.
    """
    with _world_errors():
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if _is_empty(folder):
            _make(folder, find_keyring, organisation, now)
    keys = LocalDeskKeys(folder, PrivateKeys(folder / "private", find_keyring), external)
    if external is not None:
        chain = checked_chain(external.chain_pem)
        if fingerprint(chain[-1]) != keys.root_fingerprint or not may_sign_packages(chain[0]):
            raise Invalid("keys.chain_foreign")  # outsiders pin one root
    keys.renew(now)
    return keys


class _Maker:
    """Makes keys and certificates below a folder, `current.json` last."""

    def __init__(self, folder: Path, private: PrivateKeys) -> None:
        self._folder = folder
        self._private = private

    def make(
        self, root: x509.Certificate, root_key: ec.EllipticCurvePrivateKey, now: datetime, *,
        seal: ec.EllipticCurvePrivateKey | None = None, log: ec.EllipticCurvePrivateKey | None = None,
    ) -> None:
        """Under this root: with these keys, or new ones."""
        seal, log = seal or self._private.make(), log or self._private.make()
        seal_certificate = make_seal_certificate(root, root_key, seal.public_key(), now)
        log_certificate = make_log_certificate(root, root_key, log.public_key(), now)
        names = {"root": self._write(root), "seal": self._write(seal_certificate, root), "log": self._write(log_certificate, root)}
        write_secret(self._folder / "current.json", json.dumps(names, indent=2).encode("ascii"))

    def _write(self, *chain: x509.Certificate) -> str:
        name = fingerprint(chain[0])
        write_secret(self._folder / "certificates" / f"{name}.pem", pem_of(*chain).encode("ascii"))
        return name


def _make(folder: Path, find_keyring: FindKeyring, organisation: str, now: datetime) -> None:
    beside = folder.with_name(f"{folder.name}.{secrets.token_hex(4)}.new")
    for one in (beside, beside / "certificates", beside / "private"):
        one.mkdir(mode=0o700)
    private = PrivateKeys(beside / "private", find_keyring)
    root_key = private.make()
    _Maker(beside, private).make(make_root(root_key, organisation, now), root_key, now)
    try:
        beside.rename(folder)
        sync_folder(folder.parent)
    except OSError:
        if folder.exists() and _is_empty(folder):  # a place that was mounted for it
            _move_in(beside, folder)
            return
        made = json.loads((beside / "current.json").read_text(encoding="ascii"))
        for name in made.values():
            chain = chain_of((beside / "certificates" / f"{name}.pem").read_text(encoding="ascii"))
            private.forget(_id_of(chain[0]))
        shutil.rmtree(beside, ignore_errors=True)
        if not folder.exists():
            raise


def _is_empty(folder: Path) -> bool:
    return not folder.exists() or not any(folder.iterdir())


def _move_in(beside: Path, folder: Path) -> None:
    """What cannot be renamed as a whole, piece by piece, `current.json` last."""
    with contextlib.suppress(OSError):  # not ours to say on every file system
        folder.chmod(0o700)
    for name in ("private", "certificates", "current.json"):
        shutil.move(beside / name, folder / name)
        sync_folder(folder)
    beside.rmdir()


@contextlib.contextmanager
def _world_errors() -> Iterator[None]:
    try:
        yield
    except OSError as problem:
        raise WorldError("storage.unwritable", folder="keys") from problem


def _signed(used: _Used, data: bytes) -> bytes:
    return _key_of(used).sign(data, ec.ECDSA(hashes.SHA256()))


def _key_of(used: _Used) -> ec.EllipticCurvePrivateKey:
    if used.key is None:
        raise WorldError("keys.unreadable", file="private")
    return used.key


def _is_by(certificate: x509.Certificate, data: bytes, signature: bytes) -> bool:
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    try:
        key.verify(signature, data, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _id_of(certificate: x509.Certificate) -> str:
    public = certificate.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    return key_id(public)
