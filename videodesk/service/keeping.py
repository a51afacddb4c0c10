"""The loop that erases what is due, in threads of its own, and finishes what was begun. Never a case that is held."""

from __future__ import annotations

from typing import Final

import structlog

from videodesk.core.errors import DeskError
from videodesk.service.desk import Desk
from videodesk.service.erasing import ForgetPackages, erase_due, unfinished_erasures
from videodesk.service.turns import Turns

_log = structlog.get_logger(__name__)

FIRST_S: Final = 60.0
PERIOD_S: Final = 3600.0
RETRY_S: Final = 60.0
AT_ONCE: Final = 20
_STOP_S: Final = 10.0


class Keeping:
    """The loop. `start` once, `stop` at the end; `step` is one turn of it, which tests take by hand."""

    def __init__(self, desk: Desk, forget: ForgetPackages, *, first_s: float = FIRST_S) -> None:
        self._desk = desk
        self._forget = forget
        self._first_s = first_s
        self._turns = Turns("keeping", self.step, retry_s=RETRY_S, stop_s=_STOP_S)

    def start(self) -> None:
        """Begin; the first turn comes when a start has settled. Idempotent."""
        self._turns.start(self._first_s)

    def stop(self) -> None:
        """End it; waits for the turn that runs. Idempotent."""
        self._turns.stop()

    def step(self) -> float:
        """Erase what is due, now. Seconds until the next turn; never raises but for a bug."""
        try:
            done = erase_due(self._desk, self._forget, AT_ONCE)
            return RETRY_S if len(done) >= AT_ONCE or unfinished_erasures(self._desk) else PERIOD_S
        except DeskError as problem:  # the store or the disk: locked, full, gone
            _log.warning("erasure.not_done", code=problem.code)
            return RETRY_S
