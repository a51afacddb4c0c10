"""LineApi: what the network test asks of the desk service. Part of DeskApi."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from videodesk.calls.line_report import StepResult
from videodesk.core.clock import Clock
from videodesk.protocol import resources as r


class LineApi(Protocol):
    """As DeskApi's: engine's loop."""

    async def line(self) -> r.LineView:
        """GET /line: the STUN and TURN servers as a call would get them. DeskErrors."""
        ...

    async def probe_line(self, told: Callable[[StepResult], None], clock: Clock | None = None) -> None:
        """Reach, WebSocket, certificate, clock and both speeds; `told` as each begins and is done. Never raises for what the network does."""
        ...
