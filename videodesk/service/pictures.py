"""Pictures of foreign origin: sniffed here, decoded only in a child process with limits (picture_child.py), never in the service.

The children are kept and reused; one that was killed, whoever killed it, is replaced at its next turn.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Final

from videodesk.core.errors import UnsupportedMedia, WorldError
from videodesk.evidence.model import THUMBNAIL_SIDE_PX, PictureFacts
from videodesk.service import picture_child

_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_KEPT_ENVIRONMENT: Final = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")
_TRIES: Final = 2  # a child may die of something else than this picture


class _ChildDied(Exception):
    """The child is gone; `code` is its return code (negative: the signal)."""

    def __init__(self, code: int, *, was_late: bool) -> None:
        super().__init__(code)
        self.code = code
        self.was_late = was_late


class LimitedPictures:
    """A small pool of decoding children. Any thread; a call blocks until its picture is done.

    `memory_bytes` is a child's address space (a picture of 50 megapixels needs about 500 MB), `cpu_s` and `wall_s` what one
    picture may take. Children start when first needed. Close it when the service stops.
    """

    def __init__(self, children: int = 2, memory_bytes: int = 1024**3, cpu_s: int = 10, wall_s: float = 30.0) -> None:
        self._memory_bytes = memory_bytes
        self._cpu_s = cpu_s
        self._wall_s = wall_s
        self._children = children
        self._idle: queue.LifoQueue[subprocess.Popen[bytes] | None] = queue.LifoQueue()
        for _ in range(children):
            self._idle.put(None)

    def thumbnail(self, picture: bytes, facts: PictureFacts, side_px: int = THUMBNAIL_SIDE_PX) -> bytes:
        """Decode all of `picture` (whose sniffed facts these are); its upright thumbnail as JPEG, longest side `side_px`.

        UnsupportedMedia("picture.broken" or "picture.too_heavy") for a picture that cannot be decoded within the limits;
        WorldError("picture.not_now") when the children are busy, die or are late for other reasons: try again later.
        """
        job = json.dumps({
            "format": _FORMATS[facts.media_type], "width_px": facts.width_px, "height_px": facts.height_px, "side_px": side_px,
            "cpu_s": self._cpu_s,
        }).encode()
        for _ in range(_TRIES):
            try:
                problem, thumbnail = self._run(job, picture)
            except _ChildDied as death:
                if hasattr(signal, "SIGXCPU") and death.code == -signal.SIGXCPU:
                    raise UnsupportedMedia("picture.too_heavy") from death
                if not death.was_late and death.code in {-signal.SIGSEGV, -signal.SIGABRT}:
                    raise UnsupportedMedia("picture.broken") from death
                continue
            if problem is not None:
                raise UnsupportedMedia(problem)
            return thumbnail
        raise WorldError("picture.not_now")

    def close(self) -> None:
        """End the children once they are idle; idempotent. A later call starts new ones."""
        for _ in range(self._children):
            try:
                child = self._idle.get(timeout=self._wall_s)
            except queue.Empty:
                break
            if child is not None:
                _end(child)
        for _ in range(self._children - self._idle.qsize()):
            self._idle.put(None)

    def _run(self, job: bytes, picture: bytes) -> tuple[str | None, bytes]:
        try:
            child = self._idle.get(timeout=self._wall_s)
        except queue.Empty as problem:
            raise WorldError("picture.not_now") from problem
        try:
            if child is None or child.poll() is not None:
                if child is not None:
                    _end(child)
                child = None
                child = self._start()
            return self._ask(child, job, picture)
        except _ChildDied:
            child = None
            raise
        except OSError as problem:  # no process to be had
            raise WorldError("picture.not_now") from problem
        finally:
            self._idle.put(child)

    def _ask(self, child: subprocess.Popen[bytes], job: bytes, picture: bytes) -> tuple[str | None, bytes]:
        assert child.stdin is not None
        assert child.stdout is not None
        late = threading.Event()

        def stop() -> None:
            late.set()
            child.kill()

        deadline = threading.Timer(self._wall_s, stop)
        deadline.start()
        try:
            picture_child.write_frame(child.stdin, job)  # type: ignore[arg-type]
            picture_child.write_frame(child.stdin, picture)  # type: ignore[arg-type]
            child.stdin.flush()
            answer = picture_child.read_frame(child.stdout)  # type: ignore[arg-type]
            thumbnail = picture_child.read_frame(child.stdout)  # type: ignore[arg-type]
        except OSError:
            answer = thumbnail = None
        finally:
            deadline.cancel()
        if answer is None or thumbnail is None:
            _end(child)
            raise _ChildDied(child.returncode, was_late=late.is_set())
        problem: str | None = json.loads(answer)["problem"]
        return problem, thumbnail

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - our own file, our own interpreter
            [sys.executable, "-I", str(Path(picture_child.__file__)), str(self._memory_bytes)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ},
        )


def _end(child: subprocess.Popen[bytes]) -> None:
    """Kill if it lives, reap, close the pipes."""
    child.kill()
    for pipe in (child.stdin, child.stdout):
        if pipe is not None:
            try:
                pipe.close()
            except OSError:
                continue  # what was buffered for the dead child
    child.wait()
