"""What `videodesk verify` answers: the verdict on files, in words or as JSON. resources/docs/PACKAGE.md has the rules."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from cryptography import x509

from videodesk.core.clock import Clock
from videodesk.core.errors import Invalid
from videodesk.core.places import resources
from videodesk.core.vocabulary import Language, SealVerdict
from videodesk.evidence.model import MAX_ORIGINAL_BYTES
from videodesk.evidence.seal_ports import Checked
from videodesk.sealing.bag import Refused, open_bag
from videodesk.sealing.certificates import fingerprint, pem_of
from videodesk.sealing.pins import Pins, by_fingerprint, pins_of, read_fingerprint
from videodesk.sealing.report_check import certificates_in as report_certificates
from videodesk.sealing.slack import certificates_in
from videodesk.sealing.verdicts import worst
from videodesk.sealing.verifier import Verifier

_MAX_PEM: Final = 1024 * 1024
_PLAIN: Final = frozenset({SealVerdict.GENUINE})


@dataclass(frozen=True, slots=True)
class Trusted:
    """Whom to believe: certificates, and fingerprints of roots whose certificate the file itself may bring."""

    pins: Pins = field(default_factory=Pins)
    fingerprints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """The verdict on all files, and on each; `trusted`: the fingerprints of the roots it was measured against."""

    verdict: SealVerdict
    items: tuple[Checked, ...]
    trusted: tuple[str, ...] = ()

    def as_json(self, language: Language = Language.EN) -> dict[str, Any]:
        """What `--json` prints."""
        words = _Words(language)
        return {
            "verdict": self.verdict.value,
            "items": [
                {"file": one.file, "verdict": one.verdict.value, "reasons": [
                    {"code": code, "params": params, "text": words(f"reason.{code}", params)} for code, params in one.reasons]}
                for one in self.items],
        }


def trusted_roots(wishes: Sequence[str], own: Path) -> Trusted:
    """What `--root` names: files (PEM) and fingerprints; without any, the root of the desk whose keys lie in `own`, if there are any.

    Invalid("verify.root") for what is neither.
    """
    if not wishes:
        return Trusted(_own_root(own))
    pins: list[x509.Certificate] = []
    fingerprints: list[str] = []
    for wish in wishes:
        if found := read_fingerprint(wish):
            fingerprints.append(found)
            continue
        try:
            with Path(wish).open("rb") as file:
                pins += pins_of(file.read(_MAX_PEM).decode("ascii", "replace")).roots
        except (OSError, Invalid) as problem:
            raise Invalid("verify.root", root=wish) from problem
    return Trusted(Pins(tuple(dict.fromkeys(pins))), tuple(fingerprints))


def check_files(paths: Sequence[Path], trusted: Trusted, clock: Clock) -> Answer:
    """The verdict on these files. Invalid("verify.unreadable") for one that cannot be read at all."""
    items: list[Checked] = []
    for path in paths:
        try:
            found = _check(path, trusted, clock)
        except OSError as problem:
            raise Invalid("verify.unreadable", file=str(path)) from problem
        is_one = len(found) == 1 and found[0].file == str(path)
        items += found if is_one or len(paths) == 1 else [replace(one, file=f"{path}/{one.file}") for one in found]
    roots = dict.fromkeys([*(fingerprint(one) for one in trusted.pins.roots), *trusted.fingerprints])
    return Answer(worst(one.verdict for one in items), tuple(items), tuple(roots))


def in_words(answer: Answer, language: Language, *, all_files: bool = False) -> list[str]:
    """Lines for a person: the verdict, then each file that is more than a plain part of a package, then whom this trusts."""
    words = _Words(language)
    lines = [words(f"verdict.{answer.verdict.value}"), words(f"verdict.{answer.verdict.value}.lead"), ""]
    quiet = same = 0
    for one in answer.items:
        is_part = one.verdict in _PLAIN and not one.reasons and not (one.facts or {}).get("sealed_by")
        if is_part and len(answer.items) > 1 and not all_files:
            quiet += 1
            continue
        if [code for code, _ in one.reasons] == ["package_signature"] and not all_files:
            same += 1
            continue
        lines.append(f"{words(f'verdict.{one.verdict.value}')}: {one.file}")
        lines += [f"    {words(f'reason.{code}', params)}" for code, params in one.reasons]
    for key, count in (("verify.parts", quiet), ("verify.same", same)):
        if count:
            lines += ["", words(key, {"n": str(count)})]
    offered = next((params["fingerprint"] for one in answer.items for _, params in one.reasons if params.get("fingerprint")), "")
    trust = [f"{words('verify.root')}: {one}" for one in answer.trusted] or [words("verify.root_none")]
    return [*lines, "", *trust, *([words("verify.root_offered", {"fingerprint": offered})] if offered else [])]


def _check(path: Path, trusted: Trusted, clock: Clock) -> list[Checked]:
    pins = trusted.pins
    if trusted.fingerprints:
        pins = Pins((*pins.roots, *by_fingerprint(trusted.fingerprints, _offered(path)).roots))
    found = Verifier(pins, clock).check_path(path)
    if trusted.fingerprints and not pins.roots:
        # Somebody is trusted, but nothing in the file comes from them.
        return [_foreign(one) for one in found]
    return found


def _foreign(one: Checked) -> Checked:
    if one.verdict is not SealVerdict.UNCHECKABLE:
        return one
    reasons = tuple(("other_root", {}) if code == "no_pinned_root" else (code, params) for code, params in one.reasons)
    is_root = reasons != one.reasons or any(code == "package_signature" for code, _ in reasons)
    return replace(one, verdict=SealVerdict.FOREIGN_SEAL, reasons=reasons) if is_root else one


def _offered(path: Path) -> list[str]:
    """The certificates that come with a file, as PEM texts: who knows a root's fingerprint may take its certificate from anywhere."""
    if not path.is_dir():
        with path.open("rb") as file:
            data = file.read(4)
            if data != b"PK\x03\x04":
                data += file.read(MAX_ORIGINAL_BYTES)
                ders = report_certificates(data) if data.startswith(b"%PDF-") else certificates_in(data)
                return [pem for der in ders if (pem := _pem(der))]
    try:
        bag = open_bag(path)
    except Refused:
        return []
    try:
        name = "trust/root.pem"
        if name not in bag.names or bag.size_bytes(name) > _MAX_PEM:
            return []
        return [b"".join(bag.chunks(name)).decode("ascii", "replace")]
    finally:
        bag.close()


def _pem(der: bytes) -> str:
    try:
        return pem_of(x509.load_der_x509_certificate(der))
    except ValueError:
        return ""


def _own_root(keys: Path) -> Pins:
    """The root of a desk's own keys, without opening a key; none where there are none."""
    try:
        root = json.loads((keys / "current.json").read_text(encoding="utf-8"))["root"]
        return Pins(pins_of((keys / "certificates" / f"{root}.pem").read_text(encoding="ascii")).roots[-1:])
    except (OSError, ValueError, KeyError, TypeError, Invalid):
        return Pins()


class _Words:
    """The texts of verify.json in one language."""

    def __init__(self, language: Language) -> None:
        self._texts: dict[str, Any] = json.loads((resources() / "i18n" / language / "verify.json").read_text(encoding="utf-8"))

    def __call__(self, key: str, params: dict[str, str] | None = None) -> str:
        text = self._texts.get(key, key)
        if isinstance(text, dict):
            text = text["one" if (params or {}).get("n") == "1" else "other"]
        for name, value in (params or {}).items():
            text = text.replace(f"{{{name}}}", value)
        return str(text)
