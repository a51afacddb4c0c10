"""Bags in ZIP files (RFC 8493, APPNOTE 6.3): written once, deterministic and streaming; read as hostile input.

resources/docs/PACKAGE.md, section 1, is the contract. Reading believes nothing: names, sizes and offsets are checked against the file
before anything is read, memory is bounded, and what a ZIP says of times, modes and checksums is not looked at (SHA-256 decides).
"""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from videodesk.core.vocabulary import SealVerdict

MAX_ENTRIES: Final = 20_000
MAX_NAME: Final = 240
_MAX_DIRECTORY: Final = 16 * 1024 * 1024
_INFLATE_ROOM: Final = 64 * 1024 * 1024
_INFLATE_RATIO: Final = 20
_PIECE: Final = 1024 * 1024
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(/[A-Za-z0-9][A-Za-z0-9._-]*)*", re.ASCII)
_EPOCH: Final = 0x0021_0000  # 1980-01-01 00:00:00, date before time
_MODE: Final = 0o100644 << 16
_ALL: Final = 0xFFFF_FFFF


class Refused(Exception):
    """A container that is refused as a whole, with the verdict and the code why."""

    def __init__(self, verdict: SealVerdict, code: str) -> None:
        super().__init__(code)
        self.verdict = verdict
        self.code = code


class Bag(Protocol):
    """The files of a bag by their names in it. `strange` are names that no package has, as they may be shown."""

    is_rezipped: bool
    strange: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """In the container's order."""
        ...

    def size_bytes(self, name: str) -> int:
        """How many bytes the file has."""
        ...

    def chunks(self, name: str) -> Iterator[bytes]:
        """The file's bytes in pieces; fewer than `size_bytes` when the container is damaged there."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


def write_bag(out: BinaryIO, folder: str, files: Iterable[tuple[str, int, Iterable[bytes]]]) -> None:
    """Write the files (name, size, pieces) below `folder`, in their order. `out` can seek and starts empty."""
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as made:
        for name, size, pieces in files:
            entry = zipfile.ZipInfo(f"{folder}/{name}")
            entry.create_system, entry.external_attr, entry.file_size = 3, _MODE, size
            with made.open(entry, "w") as file:
                for piece in pieces:
                    file.write(piece)


def open_bag(path: Path) -> Bag:
    """The bag in this ZIP file or folder. Refused when it cannot be read as one; OSError when the file cannot."""
    return FolderBag(path) if path.is_dir() else ZipBag(path.open("rb"))


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    raw_name: bytes
    method: int
    flags: int
    stored: int
    size: int
    offset: int
    start: int = 0
    is_plain: bool = True


class ZipBag:
    """A bag in a ZIP file. One thread."""

    def __init__(self, file: BinaryIO) -> None:
        """Take over `file`; it is closed at once when it is refused."""
        self._file = file
        with ExitStack() as stack:
            stack.callback(file.close)
            try:
                length = file.seek(0, 2)
                entries, directory_at, is_tidy = _directory(file, length)
                placed = [_placed(file, one, directory_at) for one in entries]
            except struct.error as problem:
                raise Refused(SealVerdict.INCOMPLETE, "truncated") from problem
            _require_apart(placed, directory_at, length)
            self._entries, self.strange = _inside(placed)
            self.is_rezipped = not (is_tidy and all(one.is_plain for one in placed) and _is_gapless(placed, directory_at))
            stack.pop_all()

    @property
    def names(self) -> tuple[str, ...]:
        """In the directory's order."""
        return tuple(self._entries)

    def size_bytes(self, name: str) -> int:
        """As the directory says."""
        return self._entries[name].size

    def chunks(self, name: str) -> Iterator[bytes]:
        """Pieces, never more than the size says."""
        entry = self._entries[name]
        self._file.seek(entry.start)
        pieces = _read(self._file, entry.stored)
        return pieces if entry.method == 0 else _inflated(pieces, entry.size)

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


class FolderBag:
    """A bag that somebody unpacked. Links are not followed."""

    is_rezipped = False

    def __init__(self, folder: Path) -> None:
        found: dict[str, Path] = {}
        strange: list[str] = []
        for path in sorted(folder.rglob("*")):
            if len(found) + len(strange) > MAX_ENTRIES:
                raise Refused(SealVerdict.UNCHECKABLE, "too_large")
            if path.is_dir() and not path.is_symlink():
                continue
            name = path.relative_to(folder).as_posix()
            if is_name(name) and path.is_file() and not path.is_symlink():
                found[name] = path
            else:
                strange.append(shown(name))
        base = _base(list(found))
        self._files = {name[len(base):]: path for name, path in found.items() if name.startswith(base)}
        self.strange = (*strange, *(name for name in found if not name.startswith(base)))

    @property
    def names(self) -> tuple[str, ...]:
        """Sorted."""
        return tuple(self._files)

    def size_bytes(self, name: str) -> int:
        """Of the file."""
        return self._files[name].stat().st_size

    def chunks(self, name: str) -> Iterator[bytes]:
        """Pieces."""
        with self._files[name].open("rb") as file:
            while piece := file.read(_PIECE):
                yield piece

    def close(self) -> None:
        """Nothing is open."""


def is_name(name: str) -> bool:
    """Whether a file of a package may have this name."""
    return len(name) <= MAX_NAME and _NAME.fullmatch(name) is not None


def shown(name: str | bytes) -> str:
    """A foreign name as it may be shown."""
    text = name if isinstance(name, str) else name.decode("utf-8", "replace")
    return text.encode("ascii", "backslashreplace").decode("ascii").translate(dict.fromkeys(range(32), "?"))[:MAX_NAME]


def _directory(file: BinaryIO, length: int) -> tuple[list[_Entry], int, bool]:
    """The entries of the central directory, where it lies, and whether it ends the file without a comment."""
    tail_at = max(0, length - 65_557)
    file.seek(tail_at)
    tail = file.read(65_557)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or at + 22 > len(tail):
        raise Refused(SealVerdict.INCOMPLETE, "truncated")
    _, _, _, count, size, offset, comment = struct.unpack_from("<HHHHIIH", tail, at + 4)
    end_at = tail_at + at
    if at >= 20 and tail[at - 20:at - 16] == b"PK\x06\x07":
        (record_at,) = struct.unpack_from("<Q", tail, at - 12)
        if record_at + 56 > length:
            raise Refused(SealVerdict.INCOMPLETE, "truncated")
        file.seek(record_at)
        record = file.read(56)
        if record[:4] != b"PK\x06\x06":
            raise Refused(SealVerdict.ALTERED, "container_damaged")
        count, size, offset = struct.unpack_from("<QQQ", record, 32)
        end_at = record_at
    if count > MAX_ENTRIES or size > _MAX_DIRECTORY:
        raise Refused(SealVerdict.UNCHECKABLE, "too_large")
    if offset + size > length:
        raise Refused(SealVerdict.INCOMPLETE, "truncated")
    file.seek(offset)
    data = file.read(size)
    entries: list[_Entry] = []
    place = 0
    for _ in range(count):
        entry, place = _central(data, place)
        entries.append(entry)
    return entries, offset, comment == 0 and place == size and offset + size == end_at and tail_at + at + 22 == length


def _central(data: bytes, at: int) -> tuple[_Entry, int]:
    if data[at:at + 4] != b"PK\x01\x02":
        raise Refused(SealVerdict.ALTERED, "container_damaged")
    (_, _, flags, method, clock, date, _, stored, size, name_size, extra_size, comment_size, _, _, mode, offset) = struct.unpack_from(
        "<HHHHHHIIIHHHHHII", data, at + 4)
    name_at = at + 46
    raw = data[name_at:name_at + name_size]
    extra = data[name_at + name_size:name_at + name_size + extra_size]
    after = name_at + name_size + extra_size + comment_size
    if after > len(data):
        raise Refused(SealVerdict.INCOMPLETE, "truncated")
    big = _zip64(extra)
    given = []
    for value in (size, stored, offset):
        if value == _ALL and len(big) >= 8:
            given.append(struct.unpack_from("<Q", big)[0])
            big = big[8:]
        else:
            given.append(value)
    if flags & 1 or method not in {0, 8}:
        raise Refused(SealVerdict.ALTERED, "container_damaged")
    is_plain = method == 0 and flags == 0 and date << 16 | clock == _EPOCH and mode == _MODE and comment_size == 0
    return _Entry(raw.decode("utf-8", "replace"), raw, method, flags, given[1], given[0], given[2], is_plain=is_plain), after


def _zip64(extra: bytes) -> bytes:
    at = 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            return extra[at + 4:at + 4 + size]
        at += 4 + size
    return b""


def _placed(file: BinaryIO, entry: _Entry, directory_at: int) -> _Entry:
    """The entry with where its bytes start, after its local header was compared."""
    if entry.offset + 30 > directory_at:
        raise Refused(SealVerdict.INCOMPLETE, "truncated")
    file.seek(entry.offset)
    head = file.read(30)
    if head[:4] != b"PK\x03\x04":
        raise Refused(SealVerdict.ALTERED, "container_damaged")
    flags, method = struct.unpack_from("<HH", head, 6)
    name_size, extra_size = struct.unpack_from("<HH", head, 26)
    if method != entry.method or flags & 1 or file.read(name_size) != entry.raw_name or (entry.method == 0 and entry.stored != entry.size):
        raise Refused(SealVerdict.ALTERED, "container_damaged")
    start = entry.offset + 30 + name_size + extra_size
    if start + entry.stored > directory_at:
        raise Refused(SealVerdict.INCOMPLETE, "truncated")
    return _Entry(entry.name, entry.raw_name, entry.method, entry.flags, entry.stored, entry.size, entry.offset, start, entry.is_plain)


def _require_apart(entries: list[_Entry], directory_at: int, length: int) -> None:
    """No two entries share bytes, and all are not too much: what would make a small file endless, or show two programs different things."""
    at = 0
    for entry in sorted(entries, key=lambda one: one.offset):
        if entry.offset < at:
            raise Refused(SealVerdict.ALTERED, "container_damaged")
        at = entry.start + entry.stored
    if at > directory_at:
        raise Refused(SealVerdict.ALTERED, "container_damaged")
    if sum(one.size for one in entries) > _INFLATE_ROOM + _INFLATE_RATIO * length:
        raise Refused(SealVerdict.UNCHECKABLE, "too_large")


def _is_gapless(entries: list[_Entry], directory_at: int) -> bool:
    at = 0
    for entry in entries:
        if entry.offset != at:
            return False
        at = entry.start + entry.stored
    return at == directory_at


def _inside(entries: list[_Entry]) -> tuple[dict[str, _Entry], tuple[str, ...]]:
    """The bag's files by their names in it, and the names of all else."""
    files = [one for one in entries if not (one.name.endswith("/") and one.size == 0)]
    named = [one for one in files if is_name(one.name)]
    base = _base([one.name for one in named])
    found: dict[str, _Entry] = {}
    strange = [shown(one.raw_name) for one in files if not is_name(one.name)]
    for one in named:
        if not one.name.startswith(base):
            strange.append(one.name)
        elif one.name[len(base):] in found:
            raise Refused(SealVerdict.ALTERED, "container_damaged")
        else:
            found[one.name[len(base):]] = one
    return found, tuple(strange)


def _base(names: list[str]) -> str:
    """What stands before the bag's own names: nothing, or the one folder with bagit.txt."""
    if "bagit.txt" in names:
        return ""
    folders = {name.split("/", 1)[0] for name in names if "/" in name}
    holding = [name for name in names if name.count("/") == 1 and name.endswith("/bagit.txt")]
    if len(holding) == 1:
        return holding[0].removesuffix("bagit.txt")
    return f"{folders.pop()}/" if len(folders) == 1 and all("/" in name for name in names) else ""


def _read(file: BinaryIO, size: int) -> Iterator[bytes]:
    while size > 0:
        piece = file.read(min(size, _PIECE))
        if not piece:
            return
        size -= len(piece)
        yield piece


def _inflated(pieces: Iterator[bytes], size: int) -> Iterator[bytes]:
    """At most one byte more than `size`, so that it shows."""
    inflater = zlib.decompressobj(-15)
    left = size + 1
    try:
        for piece in pieces:
            pending = piece
            while pending and left > 0:
                out = inflater.decompress(pending, min(left, _PIECE))
                left -= len(out)
                if out:
                    yield out
                pending = inflater.unconsumed_tail
    except zlib.error:
        return
