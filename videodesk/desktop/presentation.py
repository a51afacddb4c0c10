"""Presenters: what a screen shows (one frozen State) and what the person can do there (methods). No Qt."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Generic, TypeVar

from videodesk.core.clock import Clock
from videodesk.desktop.tasks import Tasks, TaskScope
from videodesk.protocol.messages import Wire

S = TypeVar("S")


class Presenter(Generic[S]):
    """Base of all presenters. Lives in the GUI thread; `S` is a frozen dataclass.

    A view calls `watch(render)` once; `render` is called at once with the present state and after each change. Intents are methods
    of the subclass; they start work through `self.tasks` (a TaskScope: everything is cancelled by `close`).
    """

    def __init__(self, state: S, tasks: Tasks, clock: Clock) -> None:
        self._state = state
        self._watchers: list[Callable[[S], None]] = []
        self.tasks = TaskScope(tasks)
        self.clock = clock

    @property
    def state(self) -> S:
        """What the screen shows now."""
        return self._state

    def watch(self, callback: Callable[[S], None]) -> Callable[[], None]:
        """Call `callback` now and after each change; returns what ends it."""
        self._watchers.append(callback)
        callback(self._state)

        def end() -> None:
            if callback in self._watchers:
                self._watchers.remove(callback)

        return end

    def handle(self, message: Wire) -> None:
        """A message of the channel (CallChanged, Happened …). The base does nothing with it."""

    def close(self) -> None:
        """The screen goes: cancel its work. May be opened again."""
        self.tasks.cancel_all()

    def _set(self, **changes: Any) -> None:
        """Replace fields of the state and tell the watchers, unless nothing changed."""
        fresh: S = replace(self._state, **changes)  # type: ignore[type-var]
        if fresh == self._state:
            return
        self._state = fresh
        for callback in tuple(self._watchers):
            callback(fresh)
