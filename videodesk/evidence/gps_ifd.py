"""The GPS directory of an EXIF block: its pointer is taken out of its directory, its bytes become zeros, and nothing else moves.

A TIFF structure is directories (IFD) of 12-byte entries that point at values by offset. The entries behind the removed one move up by one
place inside their own directory, so that every offset stays what it was. Where a hostile or careless structure lets things overlap, bytes
that something else uses are left alone.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Final

_GPS: Final = 0x8825
_DIRECTORIES: Final = frozenset({0x8769, 0xA005, 0x014A})  # Exif, interoperability, further pictures
_VERSION_TAG: Final = 0  # GPSVersionID alone says nothing about a place
_MAX_DIRECTORIES: Final = 32
_MAX_ENTRIES: Final = 4096
_MAX_GPS_ENTRIES: Final = 64
_MAX_BYTES: Final = 1024 * 1024
_SIZES: Final = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}


@dataclass(frozen=True, slots=True)
class _Entry:
    """One entry: where it stands, its tag, and where its value is (inside the block)."""

    at: int
    tag: int
    value_at: int
    value_end: int


@dataclass(slots=True)
class _Directory:
    at: int
    entries: list[_Entry]

    @property
    def end(self) -> int:
        """Where the directory ends, with the pointer to the next one."""
        return self.at + 2 + 12 * len(self.entries) + 4


@dataclass(slots=True)
class _Block:
    """A TIFF structure inside `work`, from `start` to `end`; offsets count from its start."""

    work: bytearray
    start: int
    size: int
    order: str
    directories: list[_Directory] = field(default_factory=list)

    def zero(self, begin: int, stop: int) -> None:
        """Zeros over a stretch."""
        self.work[self.start + begin:self.start + stop] = bytes(stop - begin)

    def number(self, kind: str, at: int) -> int:
        """A number at this offset."""
        value: int = struct.unpack_from(self.order + kind, self.work, self.start + at)[0]
        return value

    def directory(self, at: int) -> _Directory | None:
        """The directory at this offset; None where there cannot be one."""
        if at < 8 or at + 2 > self.size:
            return None
        count = self.number("H", at)
        if not 0 < count <= _MAX_ENTRIES or at + 2 + 12 * count > self.size:
            return None
        return _Directory(at, [self._entry(at + 2 + 12 * index) for index in range(count)])

    def _entry(self, at: int) -> _Entry:
        tag, kind, count = self.number("H", at), self.number("H", at + 2), self.number("I", at + 4)
        size = _SIZES.get(kind, 1) * count
        value_at = at + 8 if size <= 4 else self.number("I", at + 8)
        if value_at + size > self.size:
            return _Entry(at, tag, at + 8, at + 12)
        return _Entry(at, tag, value_at, value_at + size)

    def walk(self) -> None:
        """Find all directories but the GPS ones."""
        waiting, seen = [self.number("I", 4)], set[int]()
        while waiting and len(self.directories) < _MAX_DIRECTORIES and sum(len(one.entries) for one in self.directories) < _MAX_ENTRIES:
            at = waiting.pop(0)
            found = None if at in seen else self.directory(at)
            seen.add(at)
            if found is None:
                continue
            self.directories.append(found)
            for entry in found.entries:
                if entry.tag in _DIRECTORIES:
                    waiting += [self.number("I", place) for place in range(entry.value_at, min(entry.value_end, entry.value_at + 64) - 3, 4)]
            if found.end <= self.size:
                waiting.append(self.number("I", found.end - 4))

    def used(self, but: _Directory | None = None) -> list[tuple[int, int]]:
        """The stretches that the directories (`but` one) and their values use, sorted; not what only a GPS pointer leads to."""
        found = [(0, 8), *((one.at, min(one.end, self.size)) for one in self.directories if one is not but)]
        found += [
            (entry.value_at, entry.value_end) for one in self.directories for entry in one.entries
            if entry.tag != _GPS and entry.value_at != entry.at + 8
        ]
        return sorted(found)


def blank_gps(work: bytearray, start: int, end: int) -> bool:
    """Take the place out of the EXIF block (a TIFF structure) in `work`, in place; whether there was one. Never raises."""
    head = bytes(work[start:start + 4])
    if end - start < 8 or head not in {b"II*\x00", b"MM\x00*"}:
        return False
    block = _Block(work, start, min(end - start, _MAX_BYTES), "<" if head[:1] == b"I" else ">")
    block.walk()
    is_found = False
    for directory in block.directories:
        for entry in [one for one in directory.entries if one.tag == _GPS]:
            gps = block.directory(block.number("I", entry.value_at))
            if gps is not None and any(one.tag != _VERSION_TAG for one in gps.entries):
                _zero(block, gps)
                is_found = True
        if is_found:
            _remove_pointers(block, directory)
    return is_found


def _zero(block: _Block, gps: _Directory) -> None:
    """Zeros over the GPS directory and its values, but not over what anything else uses."""
    used = block.used()
    values = [(one.value_at, one.value_end) for one in gps.entries[:_MAX_GPS_ENTRIES]]
    for begin, stop in [(gps.at, min(gps.end, block.size)), *values]:
        at = begin
        for low, high in used:
            if low >= stop:
                break
            if low > at:
                block.zero(at, min(low, stop))
            at = max(at, high)
        if at < stop:
            block.zero(at, stop)


def _remove_pointers(block: _Block, directory: _Directory) -> None:
    """Take the GPS pointers out of a directory. Where its bytes are not all its own, they are led to where nothing is instead."""
    kept = [one for one in directory.entries if one.tag != _GPS]
    if len(kept) == len(directory.entries):
        return
    base = block.start
    if directory.end > block.size or any(low < directory.end and high > directory.at for low, high in block.used(but=directory)):
        for entry in directory.entries:
            if entry.tag == _GPS:
                struct.pack_into(block.order + "I", block.work, base + entry.at + 8, block.size)
        return
    fresh = b"".join(bytes(block.work[base + one.at:base + one.at + 12]) for one in kept)
    following = bytes(block.work[base + directory.end - 4:base + directory.end])
    body = struct.pack(block.order + "H", len(kept)) + fresh + following
    block.work[base + directory.at:base + directory.end] = body.ljust(directory.end - directory.at, b"\x00")
