"""Merkle trees as in RFC 6962, section 2.1, over leaf hashes: roots, audit paths, consistency proofs, and their checking.

A leaf's hash is SHA-256(0x00 ‖ leaf), a node's SHA-256(0x01 ‖ left ‖ right). Hashes are 32 bytes here; indexes count from 0.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Final

EMPTY: Final = hashlib.sha256(b"").digest()
_sha256: Final = hashlib.sha256


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf's bytes."""
    return _sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over two others."""
    return _sha256(b"\x01" + left + right).digest()


class Frontier:
    """The perfect subtrees that the leaves so far make: enough to append and to give the root. `peaks`: the largest first."""

    def __init__(self, size: int = 0, peaks: Iterable[bytes] = ()) -> None:
        """ValueError unless there is a peak for each bit of `size`."""
        self.size, self.peaks = size, list(peaks)
        if len(self.peaks) != size.bit_count():
            message = f"{len(self.peaks)} peaks for {size} leaves"
            raise ValueError(message)

    def append(self, hashed: bytes) -> None:
        """One more leaf, by its hash."""
        size = self.size
        while size & 1:
            hashed = node_hash(self.peaks.pop(), hashed)
            size >>= 1
        self.peaks.append(hashed)
        self.size += 1

    def root(self) -> bytes:
        """The root of all leaves so far."""
        if not self.peaks:
            return EMPTY
        found = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            found = node_hash(peak, found)
        return found


class Tree:
    """All leaf hashes in memory, with every level above them: proofs at the cost of their length. 100,000 leaves are built in 0.1 s."""

    def __init__(self, hashes: Iterable[bytes]) -> None:
        level = list(hashes)
        self.size = len(level)
        # A node without a right neighbour goes up as it is: the same tree as RFC 6962's, which splits at the largest power of two.
        self._levels = [level]
        while len(level) > 1:
            above = [_sha256(b"\x01" + level[at] + level[at + 1]).digest() for at in range(0, len(level) - 1, 2)]
            if len(level) % 2:
                above.append(level[-1])
            level = above
            self._levels.append(level)

    def root(self, size: int | None = None) -> bytes:
        """The root of all leaves, or of the first `size`."""
        return self._range(0, self.size if size is None else size)

    def path(self, index: int, size: int | None = None) -> list[bytes]:
        """The audit path (2.1.1) of the leaf at `index` in the tree of the first `size` leaves, from the leaf up. IndexError outside."""
        size = self.size if size is None else size
        if not 0 <= index < size <= self.size:
            raise IndexError(index)
        found: list[bytes] = []
        begin, end = 0, size
        while end - begin > 1:
            middle = begin + _split(end - begin)
            if index < middle:
                found.append(self._range(middle, end))
                end = middle
            else:
                found.append(self._range(begin, middle))
                begin = middle
        return found[::-1]

    def consistency(self, early: int, size: int | None = None) -> list[bytes]:
        """That the first `early` leaves are the beginning of the first `size` (2.1.2); empty for the same size. IndexError outside."""
        size = self.size if size is None else size
        if not 0 < early <= size <= self.size:
            raise IndexError(early)
        return self._consistency(early, 0, size, is_whole=True)

    def _consistency(self, early: int, begin: int, end: int, *, is_whole: bool) -> list[bytes]:
        if early == end - begin:
            return [] if is_whole else [self._range(begin, end)]
        split = _split(end - begin)
        if early <= split:
            return [*self._consistency(early, begin, begin + split, is_whole=is_whole), self._range(begin + split, end)]
        return [*self._consistency(early - split, begin + split, end, is_whole=False), self._range(begin, begin + split)]

    def _range(self, begin: int, end: int) -> bytes:
        size = end - begin
        if size <= 0:
            return EMPTY
        level = (size - 1).bit_length()
        if begin % (1 << level) == 0 and (size == 1 << level or end == self.size):
            return self._levels[level][begin >> level]
        split = _split(size)
        return node_hash(self._range(begin, begin + split), self._range(begin + split, end))


def is_included(hashed: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf with this hash is at `index` in the tree of `size` leaves with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, found = index, size - 1, hashed
    for other in path:
        if last == 0:
            return False
        if at % 2 or at == last:
            found = node_hash(other, found)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, other)
        at, last = at >> 1, last >> 1
    return last == 0 and found == root


def is_beginning(early: int, early_root: bytes, size: int, root: bytes, path: Sequence[bytes]) -> bool:
    """Whether the tree of `early` leaves is the beginning of the one of `size` (RFC 9162, 2.1.4.2)."""
    if early == size:
        return early_root == root and not path
    if not 0 < early < size or not path:
        return False
    nodes = list(path) if early & (early - 1) else [early_root, *path]
    at, last = early - 1, size - 1
    while at % 2:
        at, last = at >> 1, last >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if at % 2 or at == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while at % 2 == 0 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, node)
        at, last = at >> 1, last >> 1
    return last == 0 and old == early_root and new == root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
