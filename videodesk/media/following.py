"""Follows the machine's devices while a call or a check runs: one thread that looks, and asks calls/device_choice.py what to do.

The sound adapter says when its devices change (`watch`); cameras are looked up in sysfs each LOOK_S, which costs a tenth of a
millisecond. What a running stream says of itself (`failed`) counts as well: a camera may be listed and give nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Final

from videodesk.calls.device_choice import MEDIA_ROLES, DeviceChange, Order, RoleWatch
from videodesk.calls.ports import Device
from videodesk.core.clock import Clock

LOOK_S: Final = 1.0


class DeviceFollower:
    """Looks until `close`. `found` is told once what is used at the start; then `changed` with each change, all in its own thread.

    `there` gives the devices and may take a moment; `changed` may take one too (it opens devices). None of them may raise.
    """

    def __init__(self, there: Callable[[], list[Device]], orders: Mapping[str, Order], clock: Clock,
                 found: Callable[[dict[str, str | None]], None], changed: Callable[[DeviceChange], None]) -> None:
        self._there, self._clock, self._found, self._changed = there, clock, found, changed
        self._lock = threading.Lock()
        self._watches = {role: RoleWatch(role, orders.get(role, ())) for role in MEDIA_ROLES}
        self._has_begun = False
        self._is_over = False
        self._fresh = threading.Event()
        self._thread = threading.Thread(target=self._run, name="devices", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def wake(self) -> None:
        """Something may have changed: look now. Any thread."""
        self._fresh.set()

    def failed(self, role: str) -> None:
        """The device in use for this role gives nothing, although it may still be listed. Any thread."""
        with self._lock:
            self._watches[role].fail(self._clock.monotonic())
        self.wake()

    def choose(self, orders: Mapping[str, Order]) -> None:
        """The person chose other devices. Any thread."""
        with self._lock:
            for role, watch in self._watches.items():
                if watch.order != orders.get(role, ()):
                    watch.choose(orders.get(role, ()))
                    self._has_begun = False
        self.wake()

    def close(self) -> None:
        """End it; idempotent, waits for nothing."""
        self._is_over = True
        self.wake()

    def look(self) -> None:
        """One look, as the thread takes them."""
        there = self._there()
        now_s = self._clock.monotonic()
        with self._lock:
            changes = [change for watch in self._watches.values() if (change := watch.look(there, now_s)) is not None]
            is_first, self._has_begun = not self._has_begun, True
            used = {role: watch.current.id if watch.current is not None else None for role, watch in self._watches.items()}
        if self._is_over:
            return
        if is_first:
            self._found(used)
        for change in changes:
            self._changed(change)

    def _run(self) -> None:
        while not self._is_over:
            self._fresh.clear()
            self.look()
            self._fresh.wait(LOOK_S)
