"""Time stamps in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from videodesk.evidence.seal_ports import Stamp
from videodesk.evidence.stamps import Covering


@dataclass(slots=True)
class MemoryTimestamps:
    """TimestampRepository over dictionaries."""

    stamps: dict[tuple[str, str], tuple[Stamp, int | None]] = field(default_factory=dict)
    waiting: dict[str, datetime] = field(default_factory=dict)

    def want(self, digest: str, now: datetime) -> None:
        if not self.of(digest):
            self.waiting.setdefault(digest, now)

    def wanted(self) -> list[str]:
        return sorted(self.waiting, key=lambda digest: (self.waiting[digest], digest))

    def add(self, stamp: Stamp, log_size: int | None = None) -> None:
        self.waiting.pop(stamp.digest, None)
        self.stamps.setdefault((stamp.digest, stamp.authority), (stamp, log_size))

    def of(self, digest: str) -> list[Stamp]:
        found = [stamp for stamp, _ in self.stamps.values() if stamp.digest == digest]
        return sorted(found, key=lambda stamp: (stamp.stamped_at, stamp.authority))

    def covering(self, index: int) -> Covering | None:
        found = [one for one in self._heads() if one.log_size >= index]
        return min(found, key=lambda one: (one.stamp.stamped_at, one.log_size), default=None)

    def newest_head(self) -> Covering | None:
        return min(self._heads(), key=lambda one: (-one.log_size, one.stamp.stamped_at), default=None)

    def _heads(self) -> list[Covering]:
        return [Covering(size, stamp) for stamp, size in self.stamps.values() if size is not None]
