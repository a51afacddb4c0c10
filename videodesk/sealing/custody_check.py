"""Checks a package's extract of the custody log: the rules of resources/docs/PACKAGE.md, section 9."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from videodesk.core.clock import iso
from videodesk.core.errors import Invalid, WorldError
from videodesk.core.vocabulary import SealVerdict
from videodesk.evidence.custody import canonical, case_commitment, detail_commitment
from videodesk.evidence.merkle import is_beginning, is_included, leaf_hash
from videodesk.evidence.seal_ports import Checked
from videodesk.sealing.certificates import chain_of, may_sign_heads
from videodesk.sealing.pins import Led, Pins, is_signed_by
from videodesk.sealing.timestamp import checked

File = Callable[[str], bytes | None]

_LATE_S: Final = 60
_MAX_PATH: Final = 128


class _Wrong(Exception):
    """The extract does not hold; the code says why."""

    def __init__(self, code: str, verdict: SealVerdict = SealVerdict.ALTERED) -> None:
        super().__init__(code)
        self.code = code
        self.verdict = verdict


@dataclass(frozen=True, slots=True)
class _Head:
    size: int
    root: str


def check_custody(name: str, extract: dict[str, Any], index: dict[str, Any], file: File, pins: Pins, now: datetime) -> Checked:
    """The verdict on the extract; its notes say since when time stamps cover it."""
    try:
        head = _head(extract["head"], file, pins, now)
        digests = _entries(extract, head)
        _require_all_in_log(index, digests)
        notes = _stamped(extract, head, file, pins, now, index, digests)
    except _Wrong as wrong:
        return Checked(name, wrong.verdict, ((wrong.code, {}),))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return Checked(name, SealVerdict.ALTERED, (("entry_wrong", {}),))
    return Checked(name, SealVerdict.GENUINE, tuple(notes), {"log_size": str(head.size)})


def _head(said: dict[str, Any], file: File, pins: Pins, now: datetime) -> _Head:
    """A signed head, checked."""
    data, signature, pem = file(said["file"]), file(said["signature"]), file("trust/log.pem")
    if data is None or signature is None or pem is None:
        raise _Wrong("head_wrong")
    try:
        chain = chain_of(pem.decode("ascii", "replace"))
    except Invalid as problem:
        raise _Wrong("head_wrong") from problem
    if not any(is_signed_by(one, data, signature) for one in chain[:1]):
        raise _Wrong("head_wrong")
    if pins.roots and (pins.leads_here(chain, now) is Led.ELSEWHERE or not may_sign_heads(chain[0])):
        raise _Wrong("other_root", SealVerdict.FOREIGN_SEAL)
    told = json.loads(data)
    if told["size"] != said["size"] or not isinstance(told["size"], int) or not isinstance(told["root"], str):
        raise _Wrong("head_wrong")
    return _Head(told["size"], told["root"])


def _entries(extract: dict[str, Any], head: _Head) -> dict[str, dict[str, int]]:
    """Every entry checked; per snapshot the digests that the log names, each with the first index that does."""
    salt, case_id = bytes.fromhex(extract["salt"]), str(extract["case_id"])
    case = case_commitment(salt, case_id)
    digests: dict[str, dict[str, int]] = {}
    last = 0
    for entry in extract["entries"]:
        at, text, snapshot_id, data = entry["index"], entry["leaf"], entry["snapshot_id"], entry["data"]
        leaf = json.loads(text)
        detail = detail_commitment(salt, snapshot_id, canonical(data).decode())
        if (
            not isinstance(at, int) or at <= last or leaf["index"] != at or leaf["case"] != case or leaf["detail"] != detail
            or canonical(leaf).decode() != text
            or not is_included(leaf_hash(text.encode()), at - 1, head.size, _hashes(entry["path"]), bytes.fromhex(head.root))
        ):
            raise _Wrong("entry_wrong")
        last = at
        if snapshot_id and isinstance(data.get("digest"), str):
            digests.setdefault(snapshot_id, {}).setdefault(data["digest"], at)
    return digests


def _require_all_in_log(index: dict[str, Any], digests: dict[str, dict[str, int]]) -> None:
    """Each original, clip and rendition of the index stands in the log by its digest."""
    for one in [*index.get("files", ()), *index.get("withheld", ())]:
        if one.get("role") in {"original", "clip", "rendition"} and one.get("sha256") not in digests.get(str(one.get("snapshot_id")), {}):
            raise _Wrong("not_in_log", SealVerdict.INCOMPLETE)


def _stamped(
    extract: dict[str, Any], head: _Head, file: File, pins: Pins, now: datetime, index: dict[str, Any], digests: dict[str, dict[str, int]],
) -> list[tuple[str, dict[str, str]]]:
    """The notes on time: the earliest stamp, and originals whose stamp came late."""
    tokens: list[tuple[int, datetime]] = []
    for said in extract.get("stamped", ()):
        stamped = _head(said, file, pins, now)
        if not is_beginning(stamped.size, bytes.fromhex(stamped.root), head.size, bytes.fromhex(head.root), _hashes(said["consistency"])):
            raise _Wrong("head_wrong")
        digest = hashlib.sha256(file(said["file"]) or b"").hexdigest()
        tokens += [(stamped.size, _time(file(path), digest, file("trust/tsa.pem"))) for path in said["tokens"]]
    if not tokens:
        return [("not_stamped", {})]
    size, newest = max(tokens, key=lambda one: one[0])
    notes = [("stamped", {"at": iso(newest), "n": str(size)})]
    late = _latest(index, digests, tokens)
    return [*notes, ("late", {"seconds": str(late)})] if late > _LATE_S else notes


def _time(token: bytes | None, digest: str, roots: bytes | None) -> datetime:
    """The time of a token over this digest."""
    try:
        return checked(token or b"", digest, chain_of((roots or b"").decode("ascii", "replace")))
    except (WorldError, Invalid) as problem:
        raise _Wrong("time_wrong") from problem


def _hashes(path: object) -> list[bytes]:
    if not isinstance(path, list) or len(path) > _MAX_PATH:
        raise TypeError
    return [bytes.fromhex(one) for one in path]


def _latest(index: dict[str, Any], digests: dict[str, dict[str, int]], tokens: list[tuple[int, datetime]]) -> int:
    """How much later than its capture an original was first covered, in seconds: the worst of them."""
    worst = 0
    for one in index.get("files", ()):
        if one.get("role") not in {"original", "clip"} or not isinstance(one.get("captured_at"), str):
            continue
        at = digests.get(str(one.get("snapshot_id")), {}).get(str(one.get("sha256")), 0)
        covering = [token for size, token in tokens if size >= at > 0]
        if covering:
            worst = max(worst, round((min(covering) - datetime.fromisoformat(one["captured_at"])).total_seconds()))
    return worst
