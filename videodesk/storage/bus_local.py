"""The in-process EventBus: every subscriber has a bounded queue and a thread of its own."""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from typing import Final

import structlog

from videodesk.core.events import Event

_QUEUE_LENGTH: Final = 1000
_log = structlog.get_logger(__name__)


class LocalBus:
    """Publishing never blocks and never raises; a subscriber whose queue is full is dropped and told by `dropped`."""

    def __init__(self, queue_length: int = _QUEUE_LENGTH) -> None:
        self._queue_length = queue_length
        self._lock = threading.Lock()
        self._subscribers: list[_Subscriber] = []

    def publish(self, event: Event) -> None:
        """Hand the event to every subscriber's queue. Any thread."""
        with self._lock:
            subscribers = list(self._subscribers)
        for subscriber in subscribers:
            if not subscriber.offer(event):
                self._forget(subscriber)

    def subscribe(self, listener: Callable[[Event], None], dropped: Callable[[], None] | None = None) -> _Subscriber:
        """Call `listener` in the subscription's own thread for each event from now on."""
        subscriber = _Subscriber(listener, dropped, self._queue_length, self._forget)
        with self._lock:
            self._subscribers.append(subscriber)
        return subscriber

    def close(self) -> None:
        """End all subscriptions."""
        with self._lock:
            subscribers = list(self._subscribers)
        for subscriber in subscribers:
            subscriber.close()

    def _forget(self, subscriber: _Subscriber) -> None:
        with self._lock:
            if subscriber in self._subscribers:
                self._subscribers.remove(subscriber)


class _Subscriber:
    """One subscription."""

    def __init__(
        self, listener: Callable[[Event], None], dropped: Callable[[], None] | None, length: int, forget: Callable[[_Subscriber], None],
    ) -> None:
        self._listener = listener
        self._dropped = dropped
        self._forget = forget
        self._events: queue.Queue[Event | None] = queue.Queue(length)
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="events", daemon=True)
        self._thread.start()

    def offer(self, event: Event) -> bool:
        """Queue the event; False when this subscriber is too slow and was dropped."""
        if self._is_closed.is_set():
            return False
        try:
            self._events.put_nowait(event)
        except queue.Full:
            _log.warning("subscriber dropped", waiting=self._events.qsize())
            self._is_closed.set()
            if self._dropped is not None:
                self._dropped()
            return False
        return True

    def close(self) -> None:
        """Stop; events still queued are not delivered. Idempotent."""
        self._forget(self)
        self._is_closed.set()
        with contextlib.suppress(queue.Full):  # then the thread is busy and looks at _is_closed next
            self._events.put_nowait(None)
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=2)

    def _run(self) -> None:
        while (event := self._events.get()) is not None and not self._is_closed.is_set():
            try:
                self._listener(event)
            except Exception:  # noqa: BLE001 - one of the three places: a listener's bug may not stop the others' events
                _log.exception("listener failed", event_name=event.name)
