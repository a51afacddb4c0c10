"""The one place where the GUI thread and the engine meet: named operations one way, typed messages the other. No picture passes here."""

from __future__ import annotations

import concurrent.futures
import logging
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal

from videodesk.client.channel import ChannelState, Incoming, Outgoing
from videodesk.core.errors import DeskError
from videodesk.desktop.engine import Engine
from videodesk.desktop.tasks import Handle
from videodesk.protocol.messages import Wire

T = TypeVar("T")
_log = logging.getLogger("videodesk.desktop")


class Bridge(QObject):
    """Implements Tasks, Events and the channel's listener. Made in the GUI thread and lives there.

    `events` carries each message of the channel, `line_changed` the channel's state and why (a DeskError or None).
    """

    events = Signal(object)
    line_changed = Signal(object, object)
    _posted = Signal(object)

    def __init__(self, engine: Engine, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.engine = engine
        self.state = ChannelState.OFFLINE
        self._listeners: list[Callable[[Wire], None]] = []
        self._posted.connect(_call, Qt.ConnectionType.QueuedConnection)

    # Tasks, in the GUI thread
    def run(self, name: str, work: Callable[[], Awaitable[T]], done: Callable[[T], None] | None = None,
            failed: Callable[[DeskError], None] | None = None) -> Handle:
        """As Tasks.run says."""
        return _Operation(self, name, work, done, failed)

    # Events, in the GUI thread
    def subscribe(self, listener: Callable[[Wire], None]) -> Callable[[], None]:
        """As Events.subscribe says."""
        self._listeners.append(listener)

        def end() -> None:
            with suppress(ValueError):
                self._listeners.remove(listener)

        return end

    # ChannelListener, in the engine
    def channel_changed(self, state: ChannelState, why: DeskError | None) -> None:
        """The line went up or down."""
        self.post(lambda: self._line(state, why))

    def message_received(self, message: Incoming) -> None:
        """Pass it on to the GUI thread."""
        self.post(lambda: self._deliver(message))

    def post(self, call: Callable[[], None]) -> None:
        """Call something in the GUI thread, soon and in order. Any thread."""
        with suppress(RuntimeError):  # the program ends: there is no GUI any more
            self._posted.emit(call)

    def _deliver(self, message: Wire) -> None:
        self.events.emit(message)
        for listener in tuple(self._listeners):
            listener(message)

    def _line(self, state: ChannelState, why: DeskError | None) -> None:
        self.state = state
        self.line_changed.emit(state, why)


class BridgedChannel:
    """The channel as screens use it: `send` from any thread."""

    def __init__(self, engine: Engine, send: Callable[[Outgoing], None]) -> None:
        self._engine = engine
        self._send = send

    def send(self, message: Any) -> None:
        """Hand it to the channel in the engine. A full queue is dropped with a log line: the line has then been down for long."""
        self._engine.call(self._now, message)

    def _now(self, message: Outgoing) -> None:
        try:
            self._send(message)
        except DeskError as problem:
            _log.warning("not sent: %s", problem.code)


def _call(call: Callable[[], None]) -> None:
    call()


class _Operation:
    """One named operation. `done` and `failed` are only ever touched in the GUI thread."""

    def __init__(self, bridge: Bridge, name: str, work: Callable[[], Awaitable[Any]], done: Callable[[Any], None] | None,
                 failed: Callable[[DeskError], None] | None) -> None:
        self.name = name
        self._bridge = bridge
        self._done, self._failed = done, failed
        self._is_over = False
        self._future: concurrent.futures.Future[Any] = bridge.engine.submit(work)
        self._future.add_done_callback(lambda future: bridge.post(lambda: self._finish(future)))

    @property
    def is_running(self) -> bool:
        """Whether its outcome is still to come."""
        return not self._is_over

    def cancel(self) -> None:
        """Stop it."""
        self._is_over = True
        self._done = self._failed = None
        self._future.cancel()

    def _finish(self, future: concurrent.futures.Future[Any]) -> None:
        if self._is_over or future.cancelled():
            self._is_over = True
            return
        self._is_over = True
        done, failed = self._done, self._failed
        self._done = self._failed = None
        problem = future.exception()
        if problem is None:
            if done is not None:
                done(future.result())
        elif isinstance(problem, DeskError):
            _log.info("%s failed: %s", self.name, problem.code)
            if failed is not None:
                failed(problem)
        else:
            sys.excepthook(type(problem), problem, problem.__traceback__)
