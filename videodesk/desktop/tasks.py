"""Work for the engine, as the screens ask for it: named, cancellable, with its outcome in the GUI thread. No Qt."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

from videodesk.core.errors import DeskError

T = TypeVar("T")


class Handle(Protocol):
    """One running operation."""

    @property
    def is_running(self) -> bool:
        """Whether neither `done` nor `failed` was called yet and nobody cancelled it."""
        ...

    def cancel(self) -> None:
        """Stop it; idempotent. Afterwards neither `done` nor `failed` is called."""
        ...


class Tasks(Protocol):
    """Where operations run: `work` in the engine's loop, `done` and `failed` in the GUI thread."""

    def run(self, name: str, work: Callable[[], Awaitable[T]], done: Callable[[T], None] | None = None,
            failed: Callable[[DeskError], None] | None = None) -> Handle:
        """Start `work`. Exactly one of `done` and `failed` is called, unless it is cancelled first.

        A DeskError goes to `failed` (without one it is logged by its code); anything else is a bug and goes to the crash report.
        """
        ...


class FinishedHandle:
    """The handle of an operation that is over."""

    @property
    def is_running(self) -> bool:
        """Never."""
        return False

    def cancel(self) -> None:
        """Too late: nothing happens."""


class ImmediateTasks:
    """Tasks for tests: `work` runs to its end inside `run`, in the calling thread. `names` lists what was run."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def run(self, name: str, work: Callable[[], Awaitable[T]], done: Callable[[T], None] | None = None,
            failed: Callable[[DeskError], None] | None = None) -> Handle:
        """Run `work` now."""
        self.names.append(name)

        async def whole() -> T:
            return await work()

        try:
            value = _run_alone(whole())
        except DeskError as problem:
            if failed is not None:
                failed(problem)
            return FinishedHandle()
        if done is not None:
            done(value)
        return FinishedHandle()


def _run_alone(work: Any) -> Any:
    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


class TaskScope:
    """The operations of one screen: `cancel_all` when it closes. A second `run` under the same `replace` name cancels the first."""

    def __init__(self, tasks: Tasks) -> None:
        self._tasks = tasks
        self._handles: dict[str, list[Handle]] = {}

    def run(self, name: str, work: Callable[[], Awaitable[T]], done: Callable[[T], None] | None = None,
            failed: Callable[[DeskError], None] | None = None, *, replaces: bool = False) -> Handle:
        """Run `work` as Tasks.run does; with `replaces`, what still runs under this name is cancelled first."""
        running = [handle for handle in self._handles.get(name, []) if handle.is_running]
        if replaces:
            for handle in running:
                handle.cancel()
            running = []
        handle = self._tasks.run(name, work, done, failed)
        self._handles[name] = [*running, handle]
        return handle

    def cancel_all(self) -> None:
        """Cancel everything of this screen."""
        for handles in self._handles.values():
            for handle in handles:
                handle.cancel()
        self._handles.clear()
