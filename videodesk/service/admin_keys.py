"""What `videodesk admin keys` does: the desk's root and the keys below it. Private keys are never printed."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Protocol

from videodesk.core.errors import Invalid, WorldError
from videodesk.evidence.seal_ports import DeskKeys


class KeptKeys(DeskKeys, Protocol):
    """The desk's keys, as whoever looks after them sees them."""

    def places(self) -> dict[str, str]:
        """Where each private key lies: `file`, `keyring`, `external`, or empty when it is not to be had."""
        ...

    def expiries(self) -> dict[str, datetime]:
        """Until when each certificate is good."""
        ...

    def fingerprints(self) -> dict[str, str]:
        """SHA-256 of each certificate."""
        ...

    def certify(self, pem: str, now: datetime) -> str:
        """The desk's own sealing certificate for a key kept elsewhere."""
        ...

    def rotate(self, now: datetime) -> None:
        """New keys for seal and log under the same root."""
        ...


def show(keys: KeptKeys) -> list[str]:
    """One line per key, the root first: what outsiders pin."""
    places, expiries = keys.places(), keys.expiries()
    lines = [
        f"{name:<5} {fingerprint}  until {expiries[name]:%Y-%m-%d}  private key: {places[name] or 'not here'}"
        for name, fingerprint in keys.fingerprints().items()]
    return [*lines, "The first line is the desk's root: publish its fingerprint where outsiders find it."]


def rotate(keys: KeptKeys, now: datetime) -> list[str]:
    """Other keys from now on. WorldError("seal.no_ca")."""
    keys.rotate(now)
    return [*show(keys), "What the old keys signed stays good. A running service uses the new ones after its next start."]


def export(keys: KeptKeys, out: Path | None) -> list[str]:
    """The root's certificate (PEM), into a file or as it is, and its fingerprint. WorldError("storage.unwritable")."""
    if out is None:
        return [*keys.root_pem.splitlines(), f"SHA-256 {keys.root_fingerprint}"]
    _write(out, keys.root_pem)
    return [f"SHA-256 {keys.root_fingerprint}", f"Written to {out}."]


def certify(keys: KeptKeys, request: Path, out: Path | None, now: datetime) -> list[str]:
    """A sealing certificate for a key kept elsewhere (seal_chain), by its request or its public half (PEM). Invalid("seal.csr_invalid")."""
    try:
        csr = request.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as problem:
        raise Invalid("seal.csr_invalid") from problem
    chain = keys.certify(csr, now)
    if out is None:
        return chain.splitlines()
    _write(out, chain)
    return [f"Written to {out}."]


def _write(path: Path, text: str) -> None:
    try:
        with path.open("w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    except OSError as problem:
        raise WorldError("storage.unwritable", folder=str(path.parent)) from problem
