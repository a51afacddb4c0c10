"""A desktop's own sealing key: made once, certified by each desk it signs in to, kept in the keyring or in a file. Seals without the network.

    station/          0700
      station.json    {"id": random, "key": KEY ID}
      NAME.pem        the certificate that a desk gave, with its chain; NAME is a digest of what the desk is called here
      KEY ID.key      0600, unless the keyring keeps it

A lost key is no loss: the next sign-in certifies another one, and what the old one sealed stays good.
"""

from __future__ import annotations

import hashlib
import json
import logging
import threading
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError, Invalid, WorldError
from videodesk.core.ids import new_id
from videodesk.evidence.seal_ports import CaptureFacts, NoSealer, RenditionFacts, Sealer
from videodesk.protocol.seal_bodies import CertificateIn
from videodesk.sealing.certificates import RENEW_BEFORE, chain_of, checked_chain, fingerprint, make_request
from videodesk.sealing.private_keys import FindKeyring, PrivateKeys, key_id, no_keyring, write_secret
from videodesk.sealing.sealer import C2paSealer

_NONE: Final = NoSealer()
_log = logging.getLogger("videodesk.sealing")


class LocalStation:
    """The desktop's Station in a folder. Nothing touches the disk before `use`. Any thread; a seal takes the sealer there was at its begin."""

    def __init__(self, folder: Path, clock: Clock, find_keyring: FindKeyring = no_keyring) -> None:
        self._folder = folder
        self._clock = clock
        self._private = PrivateKeys(folder, find_keyring)
        self._lock = threading.Lock()
        self._sealer: Sealer = _NONE
        self._id = ""
        self._key: ec.EllipticCurvePrivateKey | None = None
        self._desk = ""
        self._chain = ""

    @property
    def is_ready(self) -> bool:
        """Whether there is a certificate of the desk in use."""
        return self._sealer.is_ready

    @property
    def certificate_fingerprint(self) -> str:
        """Of the certificate in use."""
        return self._sealer.certificate_fingerprint

    def seal_capture(self, picture: bytes, media_type: str, facts: CaptureFacts) -> bytes:
        """See Sealer."""
        return self._sealer.seal_capture(picture, media_type, facts)

    def seal_opened(self, picture: bytes, media_type: str, facts: CaptureFacts) -> bytes:
        """See Sealer."""
        return self._sealer.seal_opened(picture, media_type, facts)

    def seal_rendition(self, picture: bytes, media_type: str, parent: bytes, parent_media_type: str, facts: RenditionFacts) -> bytes:
        """See Sealer."""
        return self._sealer.seal_rendition(picture, media_type, parent, parent_media_type, facts)

    def use(self, desk: str) -> None:
        """Seal for this desk, from what is on the disk."""
        with self._lock:
            if desk != self._desk:
                self._sealer, self._chain = _NONE, ""  # never another desk's certificate
            self._desk = desk
            try:
                key = self._opened()
                chain = self._kept(desk)
                if chain:
                    self._take(chain, key)
            except OSError as problem:
                raise WorldError("storage.unwritable", folder=self._folder.name) from problem

    def wanted(self, root_fingerprint: str, now: datetime) -> CertificateIn | None:
        """A request, unless what is here is by this root and good for long."""
        with self._lock:
            if self._key is None:
                raise WorldError("storage.unwritable", folder=self._folder.name)
            if self._chain:
                chain = chain_of(self._chain)
                if fingerprint(chain[-1]) == root_fingerprint and _is_good(chain[0].not_valid_after_utc, chain[-1].not_valid_after_utc, now):
                    return None
            return CertificateIn(csr_pem=make_request(self._key), station_id=self._id)

    def accept(self, chain_pem: str, root_fingerprint: str) -> None:
        """Check it, keep it, use it."""
        with self._lock:
            if self._key is None or fingerprint(checked_chain(chain_pem)[-1]) != root_fingerprint:
                raise Invalid("keys.chain_broken")
            self._take(chain_pem, self._key)
            try:
                write_secret(self._path(self._desk), chain_pem.encode("ascii"))
            except OSError as problem:
                raise WorldError("storage.unwritable", folder=self._folder.name) from problem

    def _take(self, chain_pem: str, key: ec.EllipticCurvePrivateKey) -> None:
        if checked_chain(chain_pem)[0].public_key() != key.public_key():
            raise Invalid("keys.chain_broken")
        self._sealer, self._chain = C2paSealer(chain_pem, key), chain_pem

    def _opened(self) -> ec.EllipticCurvePrivateKey:
        """The key; a new one, with a new id, where there is none any more: any desk gives it a certificate."""
        if self._key is None:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            note = self._folder / "station.json"
            try:
                said = json.loads(note.read_text(encoding="ascii"))
                self._id, self._key = str(said["id"]), self._private.load(str(said["key"]))
            except FileNotFoundError:
                pass
            except (ValueError, KeyError, TypeError, DeskError) as problem:
                _log.warning("this desktop's sealing key cannot be read: %r; it gets another one", problem)
        if self._key is None:
            self._id, self._key = new_id(self._clock.now()), self._private.make()
            write_secret(self._folder / "station.json", json.dumps({"id": self._id, "key": key_id(self._key.public_key())}).encode("ascii"))
        return self._key

    def _kept(self, desk: str) -> str:
        try:
            chain = self._path(desk).read_text(encoding="ascii")
            if self._key is not None and checked_chain(chain)[0].public_key() == self._key.public_key():
                return chain
        except FileNotFoundError:
            pass
        except (OSError, ValueError, DeskError) as problem:
            _log.warning("a kept certificate cannot be read: %r", problem)
        return ""

    def _path(self, desk: str) -> Path:
        return self._folder / f"{hashlib.sha256(desk.encode()).hexdigest()[:32]}.pem"


def _is_good(until: datetime, root_until: datetime, now: datetime) -> bool:
    """Whether a certificate covers what is sealed today for long, or for as long as its root can."""
    return until - now > RENEW_BEFORE or until >= root_until
