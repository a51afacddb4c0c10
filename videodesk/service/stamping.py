"""Stamping: brings time stamps to the custody log's newest head and to whatever else wants one, in threads of its own.

Nothing waits for it. One stamp on a head covers every entry below, so an authority that was away for a day needs one stamp to catch up.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Final

import structlog

from videodesk.core.errors import DeskError, WorldError
from videodesk.evidence.seal_ports import Stamp, TimestampAuthority
from videodesk.service.custody_heads import newest_head
from videodesk.service.desk import Desk
from videodesk.service.turns import Turns

_log = structlog.get_logger(__name__)

PERIOD_S: Final = 15.0
FIRST_RETRY_S: Final = 2.0
LAST_RETRY_S: Final = 30.0
_LEAST_WAIT_S: Final = 1.0
_STOP_S: Final = 1.0
_PROMPT_S: Final = 0.5


@dataclass(slots=True)
class _Manners:
    """How one authority behaves: how often it failed in a row, from when it may be asked again, how long its last answer took."""

    failures: int = 0
    not_before: float = 0.0
    took_s: float | None = None


class Stamping:
    """The loop. `start` once, `stop` at the end; `step` is one turn of it, which tests take by hand.

    A desk whose log is quiet asks nothing. While it grows, a head is stamped every `period_s`, so that an original is covered within that
    time and one answer. A failed authority is left alone for 2, 4, … 30 s; meanwhile the next one in the settings is asked.
    """

    def __init__(self, desk: Desk, *, period_s: float = PERIOD_S) -> None:
        self._desk = desk
        self._period_s = period_s
        self._manners: defaultdict[str, _Manners] = defaultdict(_Manners)
        self._turns = Turns("stamping", self.step, retry_s=LAST_RETRY_S, stop_s=_STOP_S)

    def start(self) -> None:
        """Begin, if there is an authority to ask. Idempotent."""
        if self._desk.authorities:
            self._turns.start(0.0)

    def stop(self) -> None:
        """End it; blocks a second at most. An answer that is still under way is let go of. Idempotent."""
        self._turns.stop()

    def step(self) -> float:
        """Stamp what wants it, now. Seconds until the next turn; never raises but for a bug."""
        is_loop = self._turns.is_running
        try:
            for digest, log_size in self._wants():
                stamp = self._stamp(digest)
                if stamp is None:
                    break
                if is_loop and not self._turns.is_running:  # stopped meanwhile: the store may be closed by now
                    break
                with self._desk.store.write() as uow:
                    uow.timestamps.add(stamp, log_size)
                _log.info("timestamp.got", authority=stamp.authority, log_size=log_size)
            else:
                return self._period_s
        except DeskError as problem:  # the store: locked, full, gone
            _log.warning("timestamp.not_kept", code=problem.code)
        return self._next_chance_s()

    def prompt(self) -> TimestampAuthority | None:
        """An authority whose last answer was quick and good: one that a person who waits may be made to wait for."""
        for authority in self._desk.authorities:
            manners = self._manners[authority.name]
            if manners.failures == 0 and manners.took_s is not None and manners.took_s <= _PROMPT_S:
                return authority
        return None

    def _wants(self) -> list[tuple[str, int | None]]:
        """What wants a stamp: the newest head, when it covers more than the newest stamp, then the rest, oldest first."""
        with self._desk.store.read() as uow:
            head, known = newest_head(uow), uow.timestamps.newest_head()
            heads: list[tuple[str, int | None]] = []
            if head is not None and (known is None or head.size > known.log_size):
                heads.append((head.digest, head.size))
            return heads + [(digest, None) for digest in uow.timestamps.wanted()]

    def _stamp(self, digest: str) -> Stamp | None:
        clock = self._desk.clock
        for authority in self._desk.authorities:
            manners = self._manners[authority.name]
            begun = clock.monotonic()
            if begun < manners.not_before:
                continue
            try:
                stamp = authority.stamp(digest)
            except WorldError as problem:
                manners.failures += 1
                manners.took_s = None
                manners.not_before = clock.monotonic() + min(FIRST_RETRY_S * 2 ** min(manners.failures - 1, 10), LAST_RETRY_S)
                _log.warning("timestamp.failed", authority=authority.name, code=problem.code, failures=manners.failures)
                continue
            manners.failures, manners.not_before, manners.took_s = 0, 0.0, clock.monotonic() - begun
            return stamp
        return None

    def _next_chance_s(self) -> float:
        now = self._desk.clock.monotonic()
        return max(_LEAST_WAIT_S, min((manners.not_before - now for manners in list(self._manners.values())), default=self._period_s))


