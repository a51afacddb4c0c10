"""The disk under a life: what disk_shim.c recorded, and what a crash after each step would leave of it.

A crash is not run, it is computed: from the recorded changes up to a step follows what the system still has when the program alone
dies (`killed`), and what the disk has when the power fails. Of the latter there are the two ends of what is allowed: nothing reached the
disk that was not flushed, data and names alike (`power`), or the names did and the data did not (`names`). `torn` is a kill in the
middle of a write.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SOURCE = Path(__file__).with_name("disk_shim.c")
KINDS = ("killed", "torn", "power", "names")
_HEAD = struct.Struct("<cQqIII")
_CHANGES = b"CWTSRLUMD"


def build(folder: Path) -> Path:
    """Compile the shim; CalledProcessError or FileNotFoundError where there is no compiler."""
    made = folder / "disk_shim.so"
    subprocess.run(["cc", "-O1", "-shared", "-fPIC", "-w", "-o", str(made), str(SOURCE), "-ldl", "-lpthread"], check=True, capture_output=True)
    return made


class Shim:
    """The shim that this process runs on (LD_PRELOAD)."""

    def __init__(self) -> None:
        self._calls = ctypes.CDLL(os.environ["LD_PRELOAD"])
        self._calls.faults_count.restype = ctypes.c_long

    @contextlib.contextmanager
    def recording(self, folder: Path, log: Path | None) -> Iterator[None]:
        target = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600) if log else -1
        self._calls.faults_arm(str(folder).encode(), target)
        try:
            yield
        finally:
            self._calls.faults_disarm()
            if log:
                os.close(target)

    def note(self, text: str) -> None:
        self._calls.faults_note(text.encode())

    def fail(self, nth: int, error: int, below: Path, *, stays: bool) -> None:
        self._calls.faults_fail(ctypes.c_long(nth), error, int(stays), str(below).encode())

    def heal(self) -> None:
        self._calls.faults_heal()

    def kill(self, nth: int) -> None:
        self._calls.faults_kill(ctypes.c_long(nth))

    @property
    def count(self) -> int:
        return int(self._calls.faults_count())


@dataclass
class Step:
    """One recorded step: a change of the disk, or a note of what was promised."""

    kind: bytes
    handle: int
    offset: int
    path: str
    second: str
    data: bytes

    @property
    def is_change(self) -> bool:
        return self.kind in _CHANGES

    def __str__(self) -> str:
        return f"{self.kind.decode()} {Path(self.path).name} {Path(self.second).name} {len(self.data)}".strip()


def read_log(log: Path) -> list[Step]:
    raw, place, steps = log.read_bytes(), 0, []
    while place < len(raw):
        kind, handle, offset, *lengths = _HEAD.unpack_from(raw, place)
        place += _HEAD.size
        parts = []
        for length in lengths:
            parts.append(raw[place:place + length])
            place += length
        steps.append(Step(kind, handle, offset, parts[0].decode(), parts[1].decode(), parts[2]))
    return steps


@dataclass(eq=False)
class File:
    """A file's bytes now, and those that were flushed."""

    now: bytes = b""
    flushed: bytes = b""


@dataclass
class Disk:
    """Files and folders below `root`, replayed step by step. Names are of folders as flushed (`safe`) and as they are (`names`)."""

    root: str
    names: dict[str, File | None] = field(default_factory=dict)
    safe: dict[str, File | None] = field(default_factory=dict)
    open: dict[int, File] = field(default_factory=dict)

    @classmethod
    def of(cls, root: Path) -> Disk:
        """What is there at the beginning counts as flushed."""
        disk = cls(str(root))
        for path in root.rglob("*"):
            if path.name.endswith("-shm"):
                continue
            data = None if path.is_dir() else path.read_bytes()
            disk.names[str(path)] = None if data is None else File(data, data)
        disk.safe = dict(disk.names)
        return disk

    def started_again(self, root: Path) -> Disk:
        """The same disk after the program alone died: at another place, and what was not flushed still is not."""
        copies: dict[int, File | None] = {id(None): None}
        for file in (*self.names.values(), *self.safe.values()):
            if file is not None:
                copies.setdefault(id(file), File(file.now, file.flushed))

        def moved(names: dict[str, File | None]) -> dict[str, File | None]:
            return {str(root) + path[len(self.root):]: copies[id(file)] for path, file in names.items()}

        return Disk(str(root), moved(self.names), moved(self.safe))

    def apply(self, step: Step) -> None:
        match step.kind:
            case b"O":
                if (found := self.names.get(step.path)) is not None:
                    self.open[step.handle] = found
            case b"C":
                made = self.names[step.path] = File()
                self.open[step.handle] = made
            case b"W":
                self._write(step, step.data)
            case b"T":
                file = self.open[step.handle]
                file.now = file.now[:step.offset].ljust(step.offset, b"\0")
            case b"S":
                self._flush(step)
            case b"R":
                self.names[step.second] = self.names.pop(step.path)
            case b"L":
                self.names[step.second] = self.names[step.path]
            case b"U" | b"D":
                self.names.pop(step.path, None)
            case b"M":
                self.names[step.path] = None
                self.safe.setdefault(step.path, None)

    def _write(self, step: Step, data: bytes) -> None:
        if (file := self.open.get(step.handle)) is not None:
            before = file.now[:step.offset].ljust(step.offset, b"\0")
            file.now = before + data + file.now[step.offset + len(data):]

    def _flush(self, step: Step) -> None:
        if (file := self.open.get(step.handle)) is not None:
            file.flushed = file.now
            return
        folder = step.path
        inside = {path for path in {*self.names, *self.safe} if os.path.dirname(path) == folder}  # noqa: PTH120
        for path in inside:
            if path in self.names:
                self.safe[path] = self.names[path]
            else:
                self.safe.pop(path, None)

    def left(self, kind: str, step: Step | None = None) -> dict[str, bytes | None]:
        """What a crash leaves, by path below the root; `step` is the write in whose middle it comes (`torn`)."""
        if kind == "power":
            found = {path: None if file is None else file.flushed for path, file in self.safe.items()}
        elif kind == "names":
            found = {path: None if file is None else file.flushed for path, file in self.names.items()}
        else:
            found = {path: None if file is None else file.now for path, file in self.names.items()}
        if kind == "torn" and step is not None and (file := self.open.get(step.handle)) is not None:
            half = step.data[:len(step.data) // 2]
            torn = file.now[:step.offset].ljust(step.offset, b"\0") + half + file.now[step.offset + len(half):]
            found |= {path: torn for path, one in self.names.items() if one is file}
        return {path[len(self.root) + 1:]: data for path, data in found.items()}


def digest_of(left: dict[str, bytes | None]) -> str:
    hasher = hashlib.sha256()
    for path, data in sorted(left.items()):
        hasher.update(f"{path}\0{-1 if data is None else len(data)}\0".encode() + (data or b""))
    return hasher.hexdigest()


def lay_out(left: dict[str, bytes | None], folder: Path) -> None:
    """Write what is left to a fresh folder."""
    folder.mkdir(parents=True)
    for path, data in sorted(left.items()):
        place = folder / path
        if data is None:
            place.mkdir(parents=True, exist_ok=True)
        else:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
