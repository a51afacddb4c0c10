"""The thread that brings a recording to the disk, each half second, and finishes its file."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import threading
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from videodesk.calls.capture_ports import ClipFacts
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError, OutOfSpace, WorldError
from videodesk.media.remux import DISK_FAILED, DISK_FULL, finish_parts, part_path, sync_folder
from videodesk.media.tape import Piece, Tape

FLUSH_S: Final = 0.4
"""With the time of a sync this keeps what a crash can take below a second."""
MAX_WAITING_BYTES: Final = 24 << 20
RESERVE_BYTES: Final = 1 << 20

DISK_SLOW: Final = "recording.disk_slow"


class GrowingFile:
    """A file that is only appended to; what `append` returned from is on the disk. OSError when the disk does not take it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("xb", buffering=0)
        sync_folder(path.parent)
        self.size_bytes = 0

    def append(self, data: bytes) -> None:
        """Write and sync. When that fails the file is what it was before."""
        if shutil.disk_usage(self.path.parent).free < self.size_bytes + 2 * len(data) + RESERVE_BYTES:  # the finished file must fit beside it
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        view = memoryview(data)
        try:
            while view:
                view = view[self._file.write(view) or 0:]
            getattr(os, "fdatasync", os.fsync)(self._file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                os.truncate(self._file.fileno(), self.size_bytes)
                self._file.seek(self.size_bytes)
            raise
        self.size_bytes += len(data)

    def close(self) -> None:
        """Let go of it; idempotent."""
        self._file.close()


class Parts:
    """The files of one recording: one for each picture codec that came after another (a file has one). Not thread-safe."""

    def __init__(self, path: Path, wall: Callable[[float], datetime], open_file: Callable[[Path], GrowingFile] = GrowingFile) -> None:
        self._base = path.with_suffix("")
        self._wall = wall
        self._open = open_file
        self._tape = Tape(wall)
        self._file: GrowingFile | None = None
        self.paths: list[Path] = []
        self._closed_bytes = 0

    @property
    def size_bytes(self) -> int:
        """Of all parts, on the disk."""
        return self._closed_bytes + (self._file.size_bytes if self._file is not None else 0)

    def put(self, piece: Piece) -> None:
        """Take a piece; OSError when a part had to be ended and the disk did not take its rest."""
        if self._tape.put(piece):
            return
        self.end()
        self._tape = Tape(self._wall)
        self._tape.put(piece)

    def flush(self, now_s: float) -> None:
        """To the disk with what came; OSError when it does not take it."""
        self._append(self._tape.bytes_since(now_s))

    def end(self) -> None:
        """The rest of the part to the disk; OSError as above. What is there is closed in any case."""
        try:
            self._append(self._tape.bytes_since(None))
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the file; idempotent."""
        if self._file is not None:
            self._closed_bytes += self._file.size_bytes
            self._file.close()
            self._file = None

    def finish(self) -> ClipFacts | None:
        """What was made of all this: the first part, the others in its `more`."""
        return finish_parts(self.paths)

    def _append(self, data: bytes) -> None:
        if not data:
            return
        if self._file is None:
            path = part_path(self._base, len(self.paths) + 1)
            self._file = self._open(path)
            self.paths.append(path)
        self._file.append(data)


class Run:
    """One recording that goes on: a thread that writes, ends and finishes it. `put` and `end` may be called from any thread; never wait."""

    def __init__(self, parts: Parts, clock: Clock) -> None:
        self._parts = parts
        self._clock = clock
        self._wake = threading.Condition()
        self._waiting: deque[Piece] = deque()
        self._waiting_bytes = 0
        self._ends = False
        self._facts: ClipFacts | None = None
        self._failed: DeskError | None = None
        self.problem: str | None = None
        self.since = clock.now()
        self.size_bytes = 0
        self._thread = threading.Thread(target=self._run, name="recording", daemon=True)
        self._thread.start()

    @property
    def is_going(self) -> bool:
        """Whether it still takes something in."""
        return not self._ends

    def put(self, piece: Piece) -> None:
        """Hand on a piece; ends it with a problem when the disk is so slow that too much waits."""
        with self._wake:
            if self._ends:
                return
            if self._waiting_bytes + len(piece.data) > MAX_WAITING_BYTES:
                self._end(DISK_SLOW)
                return
            self._waiting.append(piece)
            self._waiting_bytes += len(piece.data)

    def end(self, problem: str | None = None) -> None:
        """No more comes; the thread writes the rest and finishes the file. Idempotent."""
        with self._wake:
            self._end(problem)

    def result(self) -> ClipFacts | None:
        """What came of it; waits for the thread. The DeskError that finishing met."""
        self._thread.join()
        if self._failed is not None:
            raise self._failed
        return self._facts

    def _end(self, problem: str | None) -> None:
        if not self._ends:
            self.problem = problem
        self._ends = True
        self._wake.notify()

    def _run(self) -> None:
        try:
            while self._write():
                pass
            self._parts.end()
        except OSError as error:
            self.end(problem_of(error))
        finally:
            self._parts.close()
        try:
            self._facts = self._parts.finish()
        except DeskError as error:
            self._failed = error

    def _write(self) -> bool:
        with self._wake:
            if not self._ends:
                self._wake.wait(FLUSH_S)
            pieces, self._waiting = self._waiting, deque()
            self._waiting_bytes = 0
            ends = self._ends
        for piece in pieces:
            self._parts.put(piece)
        if not ends:
            self._parts.flush(self._clock.monotonic())
        self.size_bytes = self._parts.size_bytes
        return not ends


def problem_of(error: OSError) -> str:
    """The code that says what the disk did."""
    return DISK_FULL if error.errno in {errno.ENOSPC, errno.EDQUOT} else DISK_FAILED


def trouble_of(error: OSError) -> WorldError:
    """The same as an error to raise."""
    code = problem_of(error)
    return OutOfSpace(code) if code == DISK_FULL else WorldError(code)
