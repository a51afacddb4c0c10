"""Checking the whole custody log: by its leaves, by what is told beside them, and by the heads that were signed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

from videodesk.core.errors import Gone
from videodesk.core.vocabulary import CustodyAction
from videodesk.evidence.custody import bytes_of_head, case_commitment, detail_commitment
from videodesk.evidence.merkle import Tree, leaf_hash
from videodesk.evidence.model import LogRow
from videodesk.evidence.seal_ports import TreeHead

Salts = Callable[[str | None], bytes | None]
"""The salt of a case (None: of the desk), None when it was destroyed."""
Signed = Callable[[bytes, bytes], bool]
"""Whether this signature is the log key's, over these bytes."""

_ERASED: Final = CustodyAction.ERASED.value
# Canonical JSON has one way to write a leaf; actors are ids.
_LEAF: Final = re.compile(
    r'\{"action":"([a-z_]+)","actor":"[^"\\]*","at":"[^"\\]*","case":"([0-9a-f]{64})","detail":"([0-9a-f]{64})","index":([0-9]+),"v":1\}')


class Salted(Protocol):
    """What knows the salts: a custody log."""

    def salt_of(self, case_id: str | None) -> bytes:
        """Gone("case.erased") when it was destroyed."""
        ...


def salts_of(log: Salted) -> Salts:
    """The salts that a log knows."""
    def salt(case_id: str | None) -> bytes | None:
        try:
            return log.salt_of(case_id)
        except Gone:
            return None

    return salt


class CheckableLog(Protocol):
    """What is checked."""

    def rows(self) -> Iterable[LogRow]:
        """Everything, by the stored index."""
        ...

    def head_roots(self) -> list[tuple[int, str]]:
        """Size and root of every head, smallest first."""
        ...

    def newest_head(self) -> TreeHead | None:
        """The newest head."""
        ...

    def missing_guards(self) -> list[str]:
        """What should keep the log from being changed and is not there (names of triggers)."""
        ...


@dataclass(frozen=True, slots=True)
class LogVerdict:
    """How many entries are good from the start, the root over all that are there, and the first bad entry, if any.

    `problem`: "removed" (an index is missing), "reordered" (a leaf stands at another one's index), "altered" (the leaf is not the one that a
    signed head covers, or its hash is not its own), "detail_altered" and "detail_removed" (what is told beside it), "truncated" (a head is
    larger than the log), "unsigned_tail" (no head covers the last entries), "head_altered" (a head's signature or root does not hold),
    "unguarded" (a trigger is gone). `is_signed`: the newest head carries the log key's signature, and it was checked.
    """

    good_count: int
    head: str
    bad_index: int | None = None
    problem: str | None = None
    is_signed: bool = False
    heads: int = 0
    erased_count: int = 0

    @property
    def is_intact(self) -> bool:
        """Whether every entry holds."""
        return self.problem is None


def check_log(
    log: CheckableLog, salts: Salts, signed: Signed | None = None, checkpoint: TreeHead | None = None, *, is_open: bool = False,
) -> LogVerdict:
    """Check everything; `checkpoint` is a head that was noted elsewhere. 100,000 entries take about a second.

    `is_open`: inside a writing transaction, whose own entries get their head when it ends.
    """
    reader = _Reader(salts)
    tree = Tree(reader.read(log.rows()))
    heads, newest = log.head_roots(), log.newest_head()
    problem = _first_problem(tree, reader, [*heads, *([(checkpoint.size, checkpoint.root)] if checkpoint else [])])
    if problem is None and newest is not None and newest.size < tree.size and not is_open:
        problem = newest.size + 1, "unsigned_tail"
    if problem is None and signed is not None:
        wrong = (head for head in (newest, checkpoint) if head is not None and head.signature and not signed(bytes_of_head(head), head.signature))
        problem = next(((head.size, "head_altered") for head in wrong), None)
    root, count = tree.root().hex(), len(heads)
    if problem is not None:
        return LogVerdict(problem[0] - 1, root, *problem, heads=count, erased_count=reader.erased_count)
    is_signed = newest is not None and signed is not None and bool(newest.signature)
    unguarded = f"unguarded: {', '.join(gone)}" if (gone := log.missing_guards()) else None
    return LogVerdict(tree.size, root, None, unguarded, is_signed, count, reader.erased_count)


def _first_problem(tree: Tree, reader: _Reader, heads: Sequence[tuple[int, str]]) -> tuple[int, str] | None:
    """What a row shows by itself, else what the heads show. A hole moves all behind it: it is named before what the heads make of that."""
    alone = reader.problem
    if alone is not None and alone[1] != "removed":
        return alone
    against = _against_heads(tree, heads)
    return against if alone is None or (against is not None and against[0] < alone[0]) else alone


def _against_heads(tree: Tree, heads: Sequence[tuple[int, str]]) -> tuple[int, str] | None:
    """The first entry that the signed heads do not know as it is: after the last head that holds, up to the first that does not."""
    heads = sorted(heads)
    holding = [head for head in heads if head[0] <= tree.size]
    wrong = _first_wrong(tree, holding)
    if wrong is not None:
        return max((size for size, _ in holding[:wrong]), default=0) + 1, "altered"
    return (tree.size + 1, "truncated") if len(holding) < len(heads) else None


def _first_wrong(tree: Tree, heads: Sequence[tuple[int, str]]) -> int | None:
    """By halving: from the first altered leaf on, no head holds any more."""
    def holds(at: int) -> bool:
        return tree.root(heads[at][0]).hex() == heads[at][1]

    if not heads or holds(-1):
        return None
    low, high = 0, len(heads) - 1
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            low = middle + 1
        else:
            high = middle
    return low


class _Reader:
    """Reads the rows once; remembers the first thing that is wrong with a row by itself."""

    def __init__(self, salts: Salts) -> None:
        self._salts = salts
        self._known: dict[str | None, tuple[bytes, str] | None] = {}
        self._without_detail: dict[str, int] = {}
        self._erased: set[str] = set()
        self.problem: tuple[int, str] | None = None
        self.erased_count = 0

    def read(self, rows: Iterable[LogRow]) -> list[bytes]:
        """The hashes of all leaves."""
        hashes: list[bytes] = []
        expected = 1
        for row in rows:
            if row.number != expected:
                self._note(expected, "removed")
                expected = row.number
            hashed = leaf_hash(row.leaf.encode())
            hashes.append(hashed)
            if hashed.hex() != row.hash:
                self._note(row.number, "altered")
            self._read_leaf(row)
            expected += 1
        for case, index in self._without_detail.items():
            if case not in self._erased:
                self._note(index, "detail_removed")
        return hashes

    def _read_leaf(self, row: LogRow) -> None:
        leaf = _LEAF.fullmatch(row.leaf)
        if leaf is None:
            self._note(row.number, "altered")
            return
        action, case, detail, index = leaf.groups()
        if index != str(row.number):
            self._note(row.number, "reordered")
            return
        if action == _ERASED:
            self._erased.add(case)
        if row.data is None:
            self.erased_count += 1
            self._without_detail.setdefault(case, row.number)
            return
        known = self._secret(row.case_id)
        if known is None:  # its salt is gone: nobody can say what it was, the erasure must stand in the log
            self._without_detail.setdefault(case, row.number)
        elif case != known[1] or detail != detail_commitment(known[0], row.snapshot_id, row.data):
            self._note(row.number, "detail_altered")

    def _secret(self, case_id: str | None) -> tuple[bytes, str] | None:
        if case_id not in self._known:
            salt = self._salts(case_id)
            self._known[case_id] = None if salt is None else (salt, case_commitment(salt, case_id))
        return self._known[case_id]

    def _note(self, index: int, problem: str) -> None:
        if self.problem is None or index < self.problem[0]:
            self.problem = index, problem
