"""The network test as a whole: the service and the servers of a call side by side, and the reports that are kept. Engine loop; no Qt."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from videodesk.calls.line_report import KEEP, RELAY_STEPS, LineReport, StepResult, StepState, from_kept, kept
from videodesk.calls.ports import MediaEngine
from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError
from videodesk.protocol.messages import IceServer

_FILE: Final = "line-tests.json"


async def run_line_test(api: DeskApi, media: MediaEngine | None, told: Callable[[StepResult], None], clock: Clock,
                        servers: list[IceServer] | None = None) -> None:
    """Ask everything; `told` as each step begins and is done. `clock`: the computer's own. `servers`: instead of those of the service."""
    await asyncio.gather(api.probe_line(told, clock), _test_relays(api, media, told, servers))


async def _test_relays(api: DeskApi, media: MediaEngine | None, told: Callable[[StepResult], None], servers: list[IceServer] | None) -> None:
    reason = "no_media"
    if servers is None and media is not None:
        try:
            servers = (await api.line()).ice_servers
        except DeskError as problem:
            reason = "signed_out" if problem.status == 401 else "old_service" if problem.status == 404 else "no_service"
    if media is None or servers is None:
        for step in RELAY_STEPS:
            told(StepResult(step, StepState.SKIPPED, reason=reason))
        return
    await media.probe_servers(servers, told)


class ReportStore:
    """The last KEEP reports in a file of the work folder, the newest first; losing it loses no work."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / _FILE

    def read(self) -> tuple[LineReport, ...]:
        """What is kept; what makes no sense is left out."""
        try:
            loaded = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ()
        found = [report for one in loaded if (report := from_kept(one)) is not None] if isinstance(loaded, list) else []
        return tuple(found[:KEEP])

    def add(self, report: LineReport) -> tuple[LineReport, ...]:
        """Keep one more; what is kept then, also where the disk refuses."""
        reports = (report, *self.read())[:KEEP]
        beside = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside.write_text(json.dumps([kept(one) for one in reports]), encoding="utf-8")
            os.replace(beside, self._path)  # noqa: PTH105 - the atomic rename, by its name
        except OSError:
            return reports
        return reports
