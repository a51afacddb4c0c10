"""The network test: runs it, shows how far it is, keeps the reports."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass

from videodesk.calls.line_report import STEPS, LineReport, StepResult, cancelled, put
from videodesk.calls.ports import MediaEngine
from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock, SystemClock
from videodesk.desktop.line_testing import ReportStore, run_line_test
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Handle, Tasks


@dataclass(frozen=True, slots=True)
class LineState:
    """`steps` of the test that runs; `reports` the kept ones, the newest first; `shown` is the one to look at."""

    is_running: bool = False
    steps: tuple[StepResult, ...] = ()
    reports: tuple[LineReport, ...] = ()
    shown: int = 0

    @property
    def report(self) -> LineReport | None:
        """The report to show; None while a test runs, and before the first one."""
        return self.reports[self.shown] if not self.is_running and self.shown < len(self.reports) else None

    @property
    def done(self) -> int:
        """How many steps have an outcome."""
        return sum(1 for one in self.steps if one.is_done)


class LinePresenter(Presenter[LineState]):
    """`service` is the address that stands in the report; `own` the computer's own clock (the desk's follows the service)."""

    def __init__(self, api: DeskApi, media: MediaEngine | None, store: ReportStore, service: str, tasks: Tasks, clock: Clock,
                 own: Clock | None = None) -> None:
        super().__init__(LineState(), tasks, clock)
        self._api, self._media, self._store, self._service = api, media, store, service
        self._own = own or SystemClock()
        self._came: deque[StepResult] = deque()  # filled in the engine, emptied here
        self._running: Handle | None = None

    def load(self) -> None:
        """Read what was kept."""
        if not self.state.is_running:
            self.tasks.run("line.load", lambda: asyncio.to_thread(self._store.read), self._loaded, replaces=True)

    def start(self) -> None:
        """Test now."""
        if self.state.is_running:
            return
        came: deque[StepResult] = deque()
        self._came = came
        self._set(is_running=True, steps=tuple(StepResult(step) for step in STEPS))
        self._running = self.tasks.run("line.test", lambda: run_line_test(self._api, self._media, came.append, self._own),
                                       lambda _none: self._over(is_cancelled=False), lambda _problem: self._over(is_cancelled=True))

    def stop(self) -> None:
        """The person does not want to wait."""
        if self.state.is_running and self._running is not None:
            self._running.cancel()
            self._over(is_cancelled=True)

    def show(self, index: int) -> None:
        """Look at another report."""
        if 0 <= index < len(self.state.reports):
            self._set(shown=index)

    def tick(self) -> None:
        """A few times a second while it runs: what came meanwhile."""
        steps = self.state.steps
        while self._came:
            steps = put(steps, self._came.popleft())
        self._set(steps=steps)

    def close(self) -> None:
        """The screen goes."""
        self._running = None
        super().close()
        self._set(is_running=False)

    def _over(self, *, is_cancelled: bool) -> None:
        self.tick()
        self._running = None
        steps = cancelled(self.state.steps)
        report = LineReport(self.clock.now(), self._service, steps, is_cancelled)
        self._set(is_running=False, reports=(report, *self.state.reports), shown=0)
        self.tasks.run("line.keep", lambda: asyncio.to_thread(self._store.add, report), self._loaded)

    def _loaded(self, reports: tuple[LineReport, ...]) -> None:
        self._set(reports=reports, shown=0)
