"""Work that comes again and again in a thread of its own: each turn says when the next one shall be."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Turns:
    """Takes turns from `start` until `stop`. Any thread. A bug ends its turn, for all to see, and not the loop: the next comes after `retry_s`."""

    def __init__(self, name: str, step: Callable[[], float], *, retry_s: float, stop_s: float) -> None:
        """`stop_s`: how long `stop` waits for a turn that runs."""
        self._name, self._step, self._retry_s, self._stop_s = name, step, retry_s, stop_s
        self._lock = threading.Lock()
        self._turn: threading.Timer | None = None
        self.is_running = False

    def start(self, first_s: float) -> None:
        """Begin, with the first turn after `first_s`. Idempotent."""
        with self._lock:
            if self.is_running:
                return
            self.is_running = True
        self._schedule(first_s)

    def stop(self) -> None:
        """End it. Idempotent."""
        with self._lock:
            self.is_running = False
            turn, self._turn = self._turn, None
        if turn is not None:
            turn.cancel()
            turn.join(self._stop_s)

    def _schedule(self, wait_s: float) -> None:
        with self._lock:
            if not self.is_running:
                return
            self._turn = threading.Timer(wait_s, self._take)
            self._turn.daemon = True
            self._turn.name = self._name
            self._turn.start()

    def _take(self) -> None:
        wait_s = self._retry_s
        try:
            wait_s = self._step()
        finally:
            self._schedule(wait_s)
