"""Checks files against pinned roots: pictures by their seals, reports by their signatures, packages by everything (PACKAGE.md).

Whatever a file holds, the answer is a verdict: nothing of a hostile file is believed, fetched or run.
"""

from __future__ import annotations

import hashlib
import io
import json
from pathlib import Path
from typing import Any, Final

import c2pa

from videodesk.core.clock import Clock, SystemClock
from videodesk.core.vocabulary import SealVerdict
from videodesk.evidence.model import MAX_ORIGINAL_BYTES
from videodesk.evidence.seal_ports import Checked
from videodesk.sealing.bag import Refused, open_bag, shown
from videodesk.sealing.package_check import PackageCheck
from videodesk.sealing.pins import Pins
from videodesk.sealing.report_check import check_report
from videodesk.sealing.sealer import context
from videodesk.sealing.slack import REMAINS, is_slack_clean
from videodesk.sealing.structure import is_as_written
from videodesk.sealing.verdicts import Read, conclude

_HEAD: Final = 16


class Verifier:
    """A SealVerifier. Any thread, several at once."""

    def __init__(self, pins: Pins, clock: Clock | None = None) -> None:
        """Green only from one of `pins`; without any, nothing is."""
        self.pins = pins
        self.clock = clock or SystemClock()
        self._context = context(pins.pem)

    def check_picture(self, name: str, data: bytes) -> Checked:
        """One picture by its own seal; its SHA-256 is among the facts."""
        media_type = picture_type(data[:_HEAD])
        if not media_type:
            return Checked(name, SealVerdict.UNCHECKABLE, (("unknown_kind", {}),))
        if len(data) > MAX_ORIGINAL_BYTES:
            return Checked(name, SealVerdict.UNCHECKABLE, (("too_large", {}),))
        found = conclude(name, self._read(data, media_type), self.pins.fingerprint)
        facts = {**(found.facts or {}), "digest": hashlib.sha256(data).hexdigest()}
        return Checked(name, found.verdict, found.reasons, facts)

    def check_path(self, path: Path, name: str | None = None) -> list[Checked]:
        """A package (ZIP or folder), a picture or a report: one item, of a package one for each file. OSError when it cannot be read."""
        name = name or str(path)
        if path.is_dir():
            return self._package(path, name)
        with path.open("rb") as file:
            head = file.read(_HEAD)
            if not head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
                data = head + file.read(MAX_ORIGINAL_BYTES + 1 - len(head))
                if data.startswith(b"%PDF-"):
                    return [check_report(name, data, self.pins, self.clock.now())]
                return [self.check_picture(name, data)]
        return self._package(path, name)

    def _package(self, path: Path, name: str) -> list[Checked]:
        try:
            bag = open_bag(path)
        except Refused as refused:
            return [Checked(name, refused.verdict, ((refused.code, {}),))]
        try:
            return PackageCheck(bag, shown(name), self.pins, self.clock.now(), self.check_picture).items()
        finally:
            bag.close()

    def _read(self, data: bytes, media_type: str) -> Read:
        has_remains = REMAINS in data
        try:
            with c2pa.Reader(media_type, io.BytesIO(data), context=self._context) as reader:
                store: dict[str, Any] = json.loads(reader.json())
                state = str(reader.get_validation_state())
        except (c2pa.C2paError, ValueError):
            return Read(None, has_remains=has_remains)
        return Read(store, state, is_slack_clean(data) and is_as_written(data), has_remains)


def picture_type(head: bytes) -> str:
    """The kind of picture that these first bytes begin; empty when none that carries a seal."""
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    return "image/webp" if head.startswith(b"RIFF") and head[8:12] == b"WEBP" else ""
