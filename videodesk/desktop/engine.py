"""The engine: one asyncio loop in its own thread, for signaling, media, the embedded service and the outbox. No Qt."""

from __future__ import annotations

import asyncio
import concurrent.futures
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import Any, Final, TypeVar

T = TypeVar("T")
# Python hands the interpreter over every 0.5 ms instead of 5: with a busy GUI the media thread waits a fifth of the time.
SWITCH_INTERVAL_S: Final = 0.0005
STOP_S: Final = 5.0


class Engine:
    """Runs coroutines. `start` and `stop` once each, from the same thread; the rest from any."""

    def __init__(self, bug: Callable[[BaseException], None] | None = None) -> None:
        """`bug` hears of exceptions that nobody awaited, in the engine's thread."""
        self._bug = bug
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        self._ready = threading.Event()

    @property
    def loop(self) -> asyncio.AbstractEventLoop:
        """The loop; RuntimeError before `start`."""
        if self._loop is None:
            raise RuntimeError("the engine was not started")
        return self._loop

    @property
    def is_running(self) -> bool:
        """Whether the loop runs."""
        return self._thread.is_alive()

    def start(self) -> None:
        """Start the thread and wait until the loop runs."""
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._thread.start()
        self._ready.wait()

    def submit(self, work: Callable[[], Awaitable[T]]) -> concurrent.futures.Future[T]:
        """Run `work` in the loop. Cancelling the future cancels the task."""

        async def whole() -> T:
            return await work()

        return asyncio.run_coroutine_threadsafe(whole(), self.loop)

    def call(self, function: Callable[..., object], *arguments: object) -> None:
        """Call `function` in the loop, soon. Nothing happens once the loop has ended."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(function, *arguments)

    def stop(self, last: Callable[[], Coroutine[Any, Any, None]] | None = None) -> None:
        """Run `last` (at most 5 s), cancel what still runs, end the loop and its thread. Idempotent."""
        if self._loop is None or not self._thread.is_alive():
            return
        if last is not None:
            with suppress(concurrent.futures.TimeoutError, concurrent.futures.CancelledError, Exception):
                asyncio.run_coroutine_threadsafe(last(), self._loop).result(STOP_S)
        self.call(self._loop.stop)
        self._thread.join(STOP_S)

    def _run(self) -> None:
        loop = _new_loop()
        self._loop = loop
        asyncio.set_event_loop(loop)
        loop.set_exception_handler(self._unheard)
        loop.call_soon(self._ready.set)
        try:
            loop.run_forever()
        finally:
            _wind_down(loop)

    def _unheard(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        problem = context.get("exception")
        if self._bug is not None and isinstance(problem, Exception) and not isinstance(problem, OSError):
            self._bug(problem)
        else:
            loop.default_exception_handler(context)


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop
    except ImportError:  # Windows has none
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop


def _wind_down(loop: asyncio.AbstractEventLoop) -> None:
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
