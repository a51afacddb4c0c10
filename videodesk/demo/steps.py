"""Telling how far the demonstration is: one line a step, and where it failed."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from videodesk.core.clock import Clock


class StepFailed(Exception):
    """A step of the demonstration failed; the cause is its __cause__."""

    def __init__(self, step: str) -> None:
        super().__init__(step)
        self.step = step


class Steps:
    """Prints `✓ step (seconds)` as it goes."""

    def __init__(self, clock: Clock, stream: TextIO | None = None) -> None:
        self._clock = clock
        self._stream = stream or sys.stdout
        self.done: list[tuple[str, float]] = []

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step; what goes wrong in it becomes StepFailed(name)."""
        begun = self._clock.monotonic()
        self._say(f"  … {name}", end="" if self._stream.isatty() else "\n")
        try:
            yield
        except Exception as problem:
            self._say(f"\r  ✗ {name}")
            raise StepFailed(name) from problem
        took_s = self._clock.monotonic() - begun
        self.done.append((name, took_s))
        self._say(f"\r  ✓ {name} ({took_s:.1f} s)")

    def _say(self, text: str, end: str = "\n") -> None:
        self._stream.write((text if self._stream.isatty() else text.replace("\r", "")) + end)
        self._stream.flush()
