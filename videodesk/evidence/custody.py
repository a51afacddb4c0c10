"""The custody log: a Merkle tree (RFC 6962) whose leaves say that something happened, and hide to whom it matters.

A leaf is canonical JSON `{"v":1,"index","at","action","actor","case","detail"}`. `case` is HMAC-SHA256(salt, case id), `detail` that of
canonical JSON `{"snapshot_id","data"}`, both with the case's own salt: who has it (a package discloses it) can check them, and once it is destroyed
nobody can say any more whose they were. What people read (case, snapshot, data) is kept beside the leaves and goes with the case.

Canonical JSON here: UTF-8, keys sorted by code point, no white space, only integers as numbers (so far RFC 8785 and this agree), times as
RFC 3339 in UTC with microseconds. A head is the log at one size: its root, signed. Its bytes are canonical JSON `{"at","root","size"}`.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from json.encoder import encode_basestring
from typing import Any, Final

from videodesk.core.vocabulary import CustodyAction
from videodesk.evidence.merkle import Tree, leaf_hash
from videodesk.evidence.model import CustodyEntry
from videodesk.evidence.ports import CustodyRepository
from videodesk.evidence.seal_ports import Inclusion, TreeHead

VERSION: Final = 1


def canonical(value: dict[str, Any]) -> bytes:
    """`value` as the bytes that are hashed. TypeError for anything but text, integers, booleans, null, lists and objects."""
    _require_plain(value)
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def hashed_time(at: datetime) -> str:
    """A time in the words that are hashed: `2026-01-05T09:00:00.000000+00:00`."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def case_commitment(salt: bytes, case_id: str | None) -> str:
    """What a leaf says instead of the case's id (of an entry without a case: of the empty text, with the desk's salt)."""
    return hmac.digest(salt, (case_id or "").encode(), "sha256").hex()


def detail_commitment(salt: bytes, snapshot_id: str | None, data: str) -> str:
    """What a leaf says instead of the details; `data` is canonical JSON already."""
    told = "null" if snapshot_id is None else encode_basestring(snapshot_id)
    return hmac.digest(salt, f'{{"data":{data},"snapshot_id":{told}}}'.encode(), "sha256").hex()


def leaf_of(index: int, at: datetime, action: CustodyAction, actor_id: str, case: str, detail: str) -> str:
    """The canonical text of a leaf; `case` and `detail` are commitments."""
    return canonical({
        "v": VERSION, "index": index, "at": hashed_time(at), "action": action.value, "actor": actor_id, "case": case, "detail": detail,
    }).decode()


def make_entry(
    index: int, at: datetime, action: CustodyAction, actor_id: str, snapshot_id: str | None, case_id: str | None, data: dict[str, Any], salt: bytes,
) -> CustodyEntry:
    """The entry with its leaf and the leaf's hash."""
    detail = detail_commitment(salt, snapshot_id, canonical(data).decode())
    leaf = leaf_of(index, at, action, actor_id, case_commitment(salt, case_id), detail)
    return CustodyEntry(
        index=index, at=at, action=action, actor_id=actor_id, leaf=leaf, digest=leaf_hash(leaf.encode()).hex(), snapshot_id=snapshot_id,
        case_id=case_id, data=data)


def record(
    log: CustodyRepository, action: CustodyAction, actor_id: str, now: datetime, *,
    snapshot_id: str | None = None, case_id: str | None = None, data: dict[str, Any] | None = None,
) -> CustodyEntry:
    """Append an entry to the log, in the caller's writing transaction. `data`: ids, digests, codes; nothing personal.

    Gone("case.erased") for a case whose salt was destroyed.
    """
    entry = make_entry(log.size() + 1, now, action, actor_id, snapshot_id, case_id, data or {}, log.salt_of(case_id))
    log.append(entry)
    return entry


def bytes_of_head(head: TreeHead) -> bytes:
    """What the log's key signs, and what a time stamp covers (by its SHA-256)."""
    return canonical({"at": hashed_time(head.at), "root": head.root, "size": head.size})


@dataclass(frozen=True, slots=True)
class LogProofs:
    """All leaf hashes of a log up to one head, and proofs against it. Costs 0.1 s for 100,000 entries; keep it for one package."""

    head: TreeHead
    tree: Tree

    def inclusion(self, entry: CustodyEntry) -> Inclusion:
        """That this entry is in the log. IndexError when it came after the head."""
        return Inclusion(entry.index, entry.leaf, [one.hex() for one in self.tree.path(entry.index - 1, self.head.size)], self.head)

    def consistency(self, early: TreeHead) -> list[str]:
        """That `early` is a beginning of the head; empty for the same size. IndexError for a later one."""
        return [one.hex() for one in self.tree.consistency(early.size, self.head.size)]


def proofs(log: CustodyRepository, head: TreeHead) -> LogProofs:
    """Proofs against this head."""
    return LogProofs(head, Tree(log.leaf_hashes(head.size)))


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
