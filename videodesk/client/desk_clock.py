"""The desktop's clock: the service's time, on a clock that cannot be set back.

When a picture was captured is compared with when the customer consented, which the service wrote down by its own clock. A computer whose
clock is off, or is set while a call goes on, must not make a picture look as if it was taken before.
"""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from typing import Final

from videodesk.core.clock import Clock

# The service tells whole seconds, and its answer takes a moment: what differs by less is no difference.
_TOLERANCE: Final = timedelta(seconds=3)


class DeskClock:
    """A Clock that goes on by the monotonic one, from the time that the service told first. Any thread."""

    def __init__(self, system: Clock) -> None:
        self._system = system
        self._lock = threading.Lock()
        self._now, self._at = system.now(), system.monotonic()
        self._has_heard = False

    def now(self) -> datetime:
        """The service's time, as far as it is known."""
        with self._lock:
            return self._now + timedelta(seconds=self._system.monotonic() - self._at)

    def monotonic(self) -> float:
        """The system's."""
        return self._system.monotonic()

    def hear(self, told: datetime) -> None:
        """The service says what time it is: taken over the first time, later only forward (this computer slept)."""
        difference = told - self.now()
        if (difference > _TOLERANCE) or (not self._has_heard and difference < -_TOLERANCE):
            with self._lock:
                self._now, self._at = told, self._system.monotonic()
        self._has_heard = True
