"""Small looks at evidence: a thumbnail, the marks. They are in the custody log once a person, snapshot and day, or it would hold little else."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime
from typing import Final

from videodesk.core.people import Principal

_REMEMBERED: Final = 50_000


class Looks:
    """Who looked at what today, as far as this process remembers; a restart makes one entry more, never one less. Any thread."""

    def __init__(self) -> None:
        self._seen: OrderedDict[tuple[str, ...], None] = OrderedDict()
        self._lock = threading.Lock()

    def is_first(self, principal: Principal, snapshot_id: str, what: str, now: datetime) -> bool:
        """Whether this is the first look of the day."""
        key = (principal.id, snapshot_id, what, now.date().isoformat())
        with self._lock:
            if key in self._seen:
                self._seen.move_to_end(key)
                return False
            self._seen[key] = None
            if len(self._seen) > _REMEMBERED:
                self._seen.popitem(last=False)
            return True

    def forget(self, principal: Principal, snapshot_id: str, what: str, now: datetime) -> None:
        """It could not be entered: the next look is the first again."""
        with self._lock:
            self._seen.pop((principal.id, snapshot_id, what, now.date().isoformat()), None)
