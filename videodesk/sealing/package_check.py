"""Checks an evidence package file by file: the rules of resources/docs/PACKAGE.md, section 8."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from cryptography import x509

from videodesk.core.errors import Invalid
from videodesk.core.vocabulary import SealVerdict
from videodesk.evidence.model import MAX_ORIGINAL_BYTES
from videodesk.evidence.seal_ports import Checked
from videodesk.sealing.bag import Bag, is_name
from videodesk.sealing.certificates import chain_of, fingerprint, may_sign_packages
from videodesk.sealing.custody_check import check_custody
from videodesk.sealing.pins import Led, Pins, is_signed_by
from videodesk.sealing.report_check import check_report

CheckPicture = Callable[[str, bytes], Checked]

MAX_TEXT: Final = 64 * 1024 * 1024
MANIFEST: Final = "manifest-sha256.txt"
TAGS: Final = "tagmanifest-sha256.txt"
SIGNATURE: Final = "signature.der"
INDEX: Final = "package.json"
NEEDED: Final = ("bagit.txt", MANIFEST, TAGS, INDEX)
FORMAT: Final = "videodesk.package"
VERSION: Final = 1
PICTURES: Final = frozenset({"original", "clip-seal", "rendition"})

_LINE: Final = re.compile(r"([0-9a-f]{64})  (\S+)", re.ASCII)
_OUTSIDE_MANIFESTS: Final = frozenset({TAGS, SIGNATURE})

_Why = tuple[SealVerdict, str]


class PackageCheck:
    """One check of one package. `name` is what the package itself is called in answers."""

    def __init__(self, bag: Bag, name: str, pins: Pins, now: datetime, check_picture: CheckPicture) -> None:
        self._bag = bag
        self._name = name
        self._pins = pins
        self._now = now
        self._check_picture = check_picture
        self._digests: dict[str, str] = {}
        self._kept: dict[str, bytes] = {}
        self._expected: dict[str, str] = {}
        self._index: dict[str, Any] = {}
        self._files: dict[str, dict[str, Any]] = {}
        self._signed: _Why | None = None

    def items(self) -> list[Checked]:
        """The verdict on each file."""
        bag = self._bag
        if not set(bag.names) & {*NEEDED, SIGNATURE}:
            return [Checked(self._name, SealVerdict.UNCHECKABLE, (("unknown_kind", {}),))]
        if any(bag.size_bytes(name) > MAX_TEXT for name in bag.names if not name.startswith("data/")):
            return [Checked(self._name, SealVerdict.UNCHECKABLE, (("too_large", {}),))]
        self._expected = {**self._sums(TAGS, "", "data/"), **self._sums(MANIFEST, "data/", "")}
        self._index = self._json(INDEX)
        said = self._index.get("format"), self._index.get("version")
        if self._index and (said[0] != FORMAT or not isinstance(said[1], int) or said[1] > VERSION):
            return [Checked(self._name, SealVerdict.UNCHECKABLE, (("newer_version", {}),))]
        listed = self._index.get("files")
        for one in listed if isinstance(listed, list) else []:
            if isinstance(one, dict) and isinstance(one.get("path"), str) and is_name(one["path"]):
                self._files.setdefault(one["path"], one)
        self._signed = self._signature()
        names = list(dict.fromkeys([*self._files, *bag.names, *self._expected, *NEEDED, SIGNATURE]))
        found = {one.file: one for one in (self._checked(name) for name in names if self._files.get(name, {}).get("role") != "clip")}
        for name in names:
            if name not in found:
                found[name] = self._clip(name, found)
        strange = [Checked(name, SealVerdict.ALTERED, (("unlisted_file", {}),)) for name in bag.strange]
        return self._noted([*(found[name] for name in names), *strange])

    # files
    def _checked(self, name: str) -> Checked:
        if name == SIGNATURE:
            why = self._signed
            params = {"fingerprint": self._offered()} if why is not None and why[1] == "no_pinned_root" else {}
            return Checked(name, SealVerdict.GENUINE) if why is None else Checked(name, why[0], ((why[1], params),))
        bad = self._not_as_listed(name)
        if bad is None and name == INDEX and not self._index:
            bad = SealVerdict.UNCHECKABLE, "unreadable", {}
        return self._by_role(name) if bad is None else Checked(name, bad[0], ((bad[1], bad[2]),))

    def _by_role(self, name: str) -> Checked:
        """A file that is as it is listed."""
        entry = self._files.get(name, {})
        role = entry.get("role")
        if role in PICTURES:
            return self._picture(name, entry)
        if role == "custody":
            found = check_custody(name, self._kept_json(name), self._index, self._kept_file, self._pins, self._now)
            return found if not found.verdict.is_good or self._signed is None else self._plain(name)
        if role == "report" and self._signed is None:
            return check_report(name, self._whole(name), self._pins, self._now)
        return self._plain(name)

    def _not_as_listed(self, name: str) -> tuple[SealVerdict, str, dict[str, str]] | None:
        if name not in self._bag.names:
            return SealVerdict.INCOMPLETE, "file_missing", {}
        if name == TAGS:
            return None
        expected = self._expected.get(name)
        if expected is None:
            missing = MANIFEST if name.startswith("data/") else TAGS
            return None if missing not in self._bag.names else (SealVerdict.ALTERED, "unlisted_file", {})
        digest = self._digest(name)
        if digest != expected:
            other = next((other for other, wanted in self._expected.items() if wanted == digest), None)
            return (SealVerdict.ALTERED, "digest_differs", {}) if other is None else (SealVerdict.ALTERED, "swapped", {"other": other})
        if name.startswith("data/") and self._index:
            entry = self._files.get(name)
            if entry is None or entry.get("sha256") != digest or entry.get("size_bytes") != self._bag.size_bytes(name):
                return SealVerdict.ALTERED, "index_differs", {}
        return None

    def _plain(self, name: str) -> Checked:
        if self._signed is None:
            return Checked(name, SealVerdict.GENUINE)
        return Checked(name, self._signed[0], (("package_signature", {}),))

    def _picture(self, name: str, entry: dict[str, Any]) -> Checked:
        if self._bag.size_bytes(name) > MAX_ORIGINAL_BYTES:
            return Checked(name, SealVerdict.UNCHECKABLE, (("too_large", {}),))
        found = self._check_picture(name, self._whole(name))
        if found.verdict is SealVerdict.NO_SEAL and entry.get("seal") == "none":
            return replace(found, reasons=(("unsealed_original", {}),))
        if not found.verdict.is_good:
            return found
        facts = found.facts or {}
        case = self._index.get("case")
        wanted = {
            "seal": entry.get("seal"), "snapshot_id": entry.get("snapshot_id"), "case_id": case.get("id") if isinstance(case, dict) else None,
            **({"rendition_id": entry.get("rendition_id")} if entry.get("role") == "rendition" else {"original_id": entry.get("original_id")})}
        if any(facts.get(key) != value for key, value in wanted.items()):
            return replace(found, verdict=SealVerdict.ALTERED, reasons=(("facts_differ", {}),))
        return found

    def _clip(self, name: str, found: dict[str, Checked]) -> Checked:
        bad = self._not_as_listed(name)
        if bad is not None:
            return Checked(name, bad[0], ((bad[1], bad[2]),))
        seal = self._files[name].get("clip_seal")
        if not isinstance(seal, str) or seal not in found:
            return Checked(name, SealVerdict.NO_SEAL, (("unsealed_original", {}),))
        by = found[seal]
        if not by.verdict.is_good:
            return Checked(name, by.verdict, (("clip_seal_bad", {"other": seal}),))
        facts = by.facts or {}
        if facts.get("content_digest") != self._digest(name):
            return Checked(name, SealVerdict.ALTERED, (("clip_differs", {}),), facts)
        return Checked(name, SealVerdict.GENUINE, (), facts)

    def _noted(self, items: list[Checked]) -> list[Checked]:
        """What is to be known of a package as a whole stands with its signature."""
        notes: list[tuple[str, dict[str, str]]] = []
        withheld = self._index.get("withheld")
        if isinstance(withheld, list) and withheld:
            notes.append(("withheld", {"n": str(len(withheld))}))
        if self._bag.is_rezipped:
            notes.append(("rezipped", {}))
        return [replace(one, reasons=(*one.reasons, *notes)) if one.file == SIGNATURE else one for one in items]

    # the signature
    def _signature(self) -> _Why | None:
        """Why the package's signature is not good; None when it is."""
        if SIGNATURE not in self._bag.names:
            return SealVerdict.NO_SEAL, "no_signature"
        if TAGS not in self._bag.names or "trust/seal.pem" not in self._bag.names:
            return SealVerdict.INCOMPLETE, "file_missing"
        try:
            chain = chain_of(self._whole("trust/seal.pem").decode("ascii", "replace"))
        except Invalid:
            chain = []
        if not chain or not is_signed_by(chain[0], self._whole(TAGS), self._whole(SIGNATURE)):
            return SealVerdict.ALTERED, "signature_wrong"
        return self._signer(chain)

    def _signer(self, chain: list[x509.Certificate]) -> _Why | None:
        """Why who signed is not the desk; None when it is."""
        if not self._pins.roots:
            return SealVerdict.UNCHECKABLE, "no_pinned_root"
        led = self._pins.leads_here(chain, self._now)
        if led is Led.ELSEWHERE or not may_sign_packages(chain[0]):
            return SealVerdict.FOREIGN_SEAL, "other_root"  # a desktop's certificate is under the root too, and not for this
        return (SealVerdict.UNCHECKABLE, "certificate_expired") if led is Led.EXPIRED else None

    def _offered(self) -> str:
        """The fingerprint of the root that came along: what to compare before pinning it."""
        try:
            return fingerprint(self._whole("trust/root.pem").decode("ascii", "replace")) if "trust/root.pem" in self._bag.names else ""
        except Invalid:
            return ""

    # reading
    def _digest(self, name: str) -> str:
        if name not in self._digests:
            digest = hashlib.sha256()
            for piece in self._bag.chunks(name):
                digest.update(piece)
            self._digests[name] = digest.hexdigest()
        return self._digests[name]

    def _whole(self, name: str) -> bytes:
        """A file's bytes; small ones are kept for the next time."""
        if name in self._kept:
            return self._kept[name]
        if self._bag.size_bytes(name) > MAX_TEXT:
            return b""
        data = b"".join(self._bag.chunks(name))
        self._digests.setdefault(name, hashlib.sha256(data).hexdigest())
        if not name.startswith("data/") or name.startswith("data/custody/"):
            self._kept[name] = data
        return data

    def _kept_file(self, name: str) -> bytes | None:
        """A file by its name, if it is here and listed as it is."""
        return self._whole(name) if name in self._bag.names and self._not_as_listed(name) is None else None

    def _kept_json(self, name: str) -> dict[str, Any]:
        return self._json(name)

    def _json(self, name: str) -> dict[str, Any]:
        if name not in self._bag.names:
            return {}
        try:
            value = json.loads(self._whole(name))
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    def _sums(self, name: str, inside: str, outside: str) -> dict[str, str]:
        """What a manifest says of the files below `inside` that are not below `outside`."""
        if name not in self._bag.names:
            return {}
        found = {}
        for line in self._whole(name).decode("utf-8", "replace").splitlines():
            match = _LINE.fullmatch(line)
            if match and is_name(match[2]) and match[2].startswith(inside) and not (outside and match[2].startswith(outside)):
                found[match[2]] = match[1]
        return {path: digest for path, digest in found.items() if path not in _OUTSIDE_MANIFESTS}
