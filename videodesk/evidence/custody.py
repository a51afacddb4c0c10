"""The custody log's chain: each entry's digest covers the entry and the digest before it.

So no entry can be changed, taken out or put in between without breaking every later one.

digest = SHA-256(canonical JSON of {index, at, action, actor_id, snapshot_id, case_id, data, previous}); canonical JSON here: UTF-8,
keys sorted by code point, no white space, only integers as numbers (so far RFC 8785 and this agree), times as RFC 3339 in UTC
with microseconds. The first entry's `previous` is 64 zeros.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from videodesk.core.vocabulary import CustodyAction
from videodesk.evidence.model import CustodyEntry
from videodesk.evidence.ports import CustodyRepository

GENESIS: Final = "0" * 64


def canonical(value: dict[str, Any]) -> bytes:
    """`value` as the bytes that are hashed. TypeError for anything but text, integers, booleans, null, lists and objects."""
    _require_plain(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def hashed_time(at: datetime) -> str:
    """A time in the words that are hashed: `2026-01-05T09:00:00.000000+00:00`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def digest_of(entry: CustodyEntry) -> str:
    """The digest that `entry` must have, from all its other fields."""
    return hashlib.sha256(canonical({
        "index": entry.index,
        "at": hashed_time(entry.at),
        "action": entry.action.value,
        "actor_id": entry.actor_id,
        "snapshot_id": entry.snapshot_id,
        "case_id": entry.case_id,
        "data": entry.data,
        "previous": entry.previous,
    })).hexdigest()


def record(
    log: CustodyRepository, action: CustodyAction, actor_id: str, now: datetime, *,
    snapshot_id: str | None = None, case_id: str | None = None, data: dict[str, Any] | None = None,
) -> CustodyEntry:
    """Append an entry to the log, in the caller's writing transaction. `data`: ids, digests, codes; nothing personal."""
    last = log.last()
    entry = CustodyEntry(
        index=last.index + 1 if last else 1, at=now, action=action, actor_id=actor_id, snapshot_id=snapshot_id, case_id=case_id,
        data=data or {}, previous=last.digest if last else GENESIS, digest="",
    )
    entry = replace(entry, digest=digest_of(entry))
    log.append(entry)
    return entry


@dataclass(frozen=True, slots=True)
class ChainVerdict:
    """What verify_chain found: how many entries are good from the start, the head's digest, and the first bad one, if any.

    `problem` is "gap" (an index is missing or out of order), "broken_link" (`previous` is not the digest before) or
    "changed" (the content does not have its digest).
    """

    good_count: int
    head: str
    bad_index: int | None = None
    problem: str | None = None

    @property
    def is_intact(self) -> bool:
        """Whether every entry holds."""
        return self.bad_index is None


def verify_chain(entries: Iterable[CustodyEntry]) -> ChainVerdict:
    """Check a whole log, oldest entry first, and name the first bad entry.

    An end that was cut off leaves a shorter, intact chain: compare `good_count` and `head` with what was noted elsewhere.
    """
    count, head = 0, GENESIS
    for entry in entries:
        if entry.index != count + 1:
            return ChainVerdict(count, head, entry.index, "gap")
        if entry.previous != head:
            return ChainVerdict(count, head, entry.index, "broken_link")
        if entry.digest != digest_of(entry):
            return ChainVerdict(count, head, entry.index, "changed")
        count, head = entry.index, entry.digest
    return ChainVerdict(count, head)


def _require_plain(value: object) -> None:
    match value:
        case None | bool() | int() | str():
            return
        case list():
            for item in value:
                _require_plain(item)
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    message = f"a key of the custody log is not text: {key!r}"
                    raise TypeError(message)
                _require_plain(item)
        case _:
            message = f"the custody log takes no {type(value).__name__}"
            raise TypeError(message)
