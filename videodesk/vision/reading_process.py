"""A child process for pictures of strangers: started when first needed, limited, ended after idle time, replaced after a crash."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

from videodesk.core.errors import TooLarge
from videodesk.evidence.sniff import HEAD_BYTES, sniff
from videodesk.vision import reading_child

MAX_BYTES: Final = 64 * 1024 * 1024  # of a picture; 50 megapixels of a camera are below it
_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
# Its libraries' thread pools stay small: the call's own threads need the cores.
_ENVIRONMENT: Final = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "1"}
_KEPT_ENVIRONMENT: Final = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT")


class ProcessLost(Exception):
    """The child died, was too late, or none could be had."""


def picture_job(data: bytes) -> dict[str, Any]:
    """What a job says of an encoded picture, from its header alone.

    UnsupportedMedia for what is no sound JPEG, PNG or WebP, TooLarge past 50 megapixels or 64 MB: refused before anything is decoded.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge("picture.too_large", megapixels=50)
    facts = sniff(data[:HEAD_BYTES])
    return {"format": _FORMATS[facts.media_type], "width_px": facts.width_px, "height_px": facts.height_px}


def looking_process() -> ReadingProcess:
    """The child that decodes pictures and reads codes: 50 megapixels need about 600 MB."""
    return ReadingProcess("look", memory_bytes=1024**3, cpu_s=15, wall_s=30.0, idle_s=120.0)


def ocr_process() -> ReadingProcess:
    """The child that reads printed text: its models and their run need about 500 MB of memory, and more of address space."""
    return ReadingProcess("ocr", memory_bytes=5 * 1024**3 // 2, cpu_s=60, wall_s=40.0, start_s=60.0)


def privacy_process(model: Path) -> ReadingProcess:
    """The child that finds faces and places with text; `model` is the ONNX file that it loads."""
    return ReadingProcess("privacy", memory_bytes=2 * 1024**3, cpu_s=30, wall_s=40.0, idle_s=60.0, arguments=(str(model),))


class ReadingProcess:
    """One child of reading_child.py in `mode` `look`, `ocr` or `privacy` (which takes its model's path as an argument). Any thread; one job at a time, the others wait.

    `memory_bytes` is its address space, `cpu_s` and `wall_s` what one job may take, `start_s` what its start may take; after `idle_s` without
    a job it is ended and the next job starts a new one.
    """

    def __init__(self, mode: str, *, memory_bytes: int, cpu_s: int, wall_s: float, start_s: float = 30.0, idle_s: float = 60.0,
                 arguments: tuple[str, ...] = ()) -> None:
        self._mode, self._arguments = mode, arguments
        self._memory_bytes = memory_bytes
        self._cpu_s, self._wall_s, self._start_s, self._idle_s = cpu_s, wall_s, start_s, idle_s
        self._turn = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._idle: threading.Timer | None = None
        self._job = 0

    @property
    def pid(self) -> int | None:
        """The child's process id, None when there is none now."""
        child = self._child
        return None if child is None or child.poll() is not None else child.pid

    def ask(self, job: dict[str, Any], body: bytes | memoryview) -> tuple[dict[str, Any], bytes]:
        """Its answer. ProcessLost when it died or was late; a second try gets a new child."""
        with self._turn:
            self._job += 1
            if self._idle is not None:
                self._idle.cancel()
            try:
                if self._child is None or self._child.poll() is not None:
                    self._end()
                    self._child = self._start()
                return self._ask(self._child, {**job, "cpu_s": self._cpu_s}, body)
            except (OSError, ProcessLost) as problem:
                self._end()
                raise ProcessLost from problem
            finally:
                self._idle = threading.Timer(self._idle_s, self._end_if_idle, (self._job,))
                self._idle.daemon = True
                self._idle.start()

    def close(self) -> None:
        """End the child once its job is done; idempotent. A later job starts a new one."""
        with self._turn:
            if self._idle is not None:
                self._idle.cancel()
            self._end()

    def _end_if_idle(self, job: int) -> None:
        with self._turn:
            if job == self._job:
                self._end()

    def _start(self) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(  # noqa: S603 - our own file, our own interpreter
            [sys.executable, "-I", str(Path(reading_child.__file__)), self._mode, str(self._memory_bytes), *self._arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env={**_ENVIRONMENT, **{name: os.environ[name] for name in _KEPT_ENVIRONMENT if name in os.environ}})
        self._child = child
        deadline = self._deadline(child, self._start_s)
        try:
            assert child.stdout is not None
            if reading_child.read_frame(child.stdout) is None:  # type: ignore[arg-type]
                raise ProcessLost
        finally:
            deadline.cancel()
        return child

    def _ask(self, child: subprocess.Popen[bytes], job: dict[str, Any], body: bytes | memoryview) -> tuple[dict[str, Any], bytes]:
        assert child.stdin is not None
        assert child.stdout is not None
        deadline = self._deadline(child, self._wall_s)
        try:
            reading_child.write_frame(child.stdin, json.dumps(job).encode())  # type: ignore[arg-type]
            reading_child.write_frame(child.stdin, bytes(body))  # type: ignore[arg-type]
            child.stdin.flush()
            answer = reading_child.read_frame(child.stdout)  # type: ignore[arg-type]
            rest = reading_child.read_frame(child.stdout)  # type: ignore[arg-type]
        finally:
            deadline.cancel()
        if answer is None or rest is None:
            raise ProcessLost
        said: dict[str, Any] = json.loads(answer)
        return said, rest

    def _deadline(self, child: subprocess.Popen[bytes], seconds: float) -> threading.Timer:
        timer = threading.Timer(seconds, child.kill)
        timer.daemon = True
        timer.start()
        return timer

    def _end(self) -> None:
        """Kill it if it lives, reap it, close the pipes."""
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except OSError:
                    continue  # what was buffered for the dead child
        child.wait()
