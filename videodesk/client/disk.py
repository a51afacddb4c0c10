"""Writing that lasts: fsync, rename, fsync of the folder; and the disk's failures as errors that say what a person can do."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from videodesk.core.errors import OutOfSpace, WorldError

UNFINISHED: Final = ".tmp"
_PIECE_BYTES: Final = 1024 * 1024
_FULL: Final = {errno.ENOSPC, errno.EFBIG, *([errno.EDQUOT] if hasattr(errno, "EDQUOT") else [])}

Fault = Callable[[str], None]


def no_fault(_point: str) -> None:
    """Named points at which a test may end the process."""


@contextmanager
def world() -> Iterator[None]:
    """The disk's and SQLite's failures as OutOfSpace("outbox.full") or WorldError("outbox.unwritable")."""
    try:
        yield
    except OSError as problem:
        if problem.errno in _FULL:
            raise OutOfSpace("outbox.full") from problem
        raise WorldError("outbox.unwritable") from problem
    except sqlite3.Error as problem:
        if "full" in str(problem):
            raise OutOfSpace("outbox.full") from problem
        raise WorldError("outbox.unwritable") from problem


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in pieces."""
    hasher = hashlib.sha256()
    with path.open("rb", buffering=0) as file:
        while piece := file.read(_PIECE_BYTES):
            hasher.update(piece)
    return hasher.hexdigest()


def write_file(path: Path, data: bytes, *, sync: bool = True, at: Fault = no_fault) -> None:
    """Write `data` beside `path`, flush it, give it its name. A failure leaves nothing behind. The folder is not flushed."""
    unfinished = path.with_name(path.name + UNFINISHED)
    try:
        with unfinished.open("wb") as file:
            file.write(data)
            file.flush()
            at(f"{path.suffix[1:]} unsynced")
            if sync:
                os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:  # a full disk needs the room more than we need half a file
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def copy_file(source: Path, path: Path) -> None:
    """Copy `source` to `path` as `write_file` does, in pieces."""
    unfinished = path.with_name(path.name + UNFINISHED)
    try:
        with source.open("rb") as given, unfinished.open("wb") as file:
            shutil.copyfileobj(given, file, _PIECE_BYTES)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
        raise


def move_file(source: Path, path: Path) -> None:
    """Give a flushed file another name; from another disk it is copied, and the source stays until its copy is flushed."""
    try:
        source.replace(path)
    except OSError as problem:
        if problem.errno != errno.EXDEV:
            raise
        copy_file(source, path)
        sync_folder(path.parent)
        source.unlink()


def sync_file(path: Path) -> None:
    """Flush a file that somebody else wrote."""
    with path.open("rb+") as file:  # Windows flushes only what may be written
        os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Flush a folder's names."""
    if os.name != "posix":  # elsewhere a folder cannot be opened; the rename is durable by itself
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
