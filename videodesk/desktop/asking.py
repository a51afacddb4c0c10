"""What the agent asks of the customer's camera: light, the other camera, zoom. The page shows each time that we asked. No Qt."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from videodesk.desktop.calling import CallHost
from videodesk.protocol import messages as m

ZOOM_STEP: Final = 1.25
_SAME: Final = 0.02


class CameraAsks:
    """Intents of the camera's controls. GUI thread."""

    def __init__(self, host: CallHost, send: Callable[[m.Wire], None]) -> None:
        self._host, self._send = host, send

    def ask(self, what: Literal["torch_on", "torch_off", "turn_camera"]) -> None:
        """Ask for the light or the other camera."""
        state = self._host.state
        if state.call is not None and state.is_talking:
            self._send(m.AskPage(call_id=state.call.id, ask=what))

    def zoom_by(self, steps: int) -> None:
        """Nearer (> 0) or farther by steps of a quarter."""
        self.zoom_to(self._host.state.zoom * ZOOM_STEP**steps)

    def zoom_to(self, factor: float) -> None:
        """Ask for this zoom, as far as the camera goes."""
        state = self._host.state
        if state.call is None or not state.can_zoom:
            self._host.change(notice="call.why.no_zoom")
            return
        customer = state.call.customer
        factor = round(min(max(factor, customer.zoom_min), customer.zoom_max), 2)
        if abs(factor - state.zoom) > _SAME * factor:
            self._host.change(wanted_zoom=factor)
            self._send(m.AskPage(call_id=state.call.id, ask="zoom", zoom=factor))

    def told(self, customer: m.PartyState) -> None:
        """The page says how its camera is now."""
        wanted = self._host.state.wanted_zoom
        before = self._host.state.call.customer if self._host.state.call is not None else None
        if wanted is not None and (before is None or before.zoom != customer.zoom):
            self._host.change(wanted_zoom=None)  # it did what it could: what it says counts
