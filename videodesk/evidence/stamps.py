"""Time stamps: which digests have one, which still want one, and how late one is against the capture's clock. Nothing here asks an authority."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from videodesk.evidence.seal_ports import Stamp

LATE_S: Final = 60.0


@dataclass(frozen=True, slots=True)
class Covering:
    """A stamp on the head of a custody log of `log_size` entries: it covers the entries 1 … `log_size`."""

    log_size: int
    stamp: Stamp


class TimestampRepository(Protocol):
    """Where tokens are kept, and what waits for one. A token is never changed and never taken away."""

    def want(self, digest: str, now: datetime) -> None:
        """Have this SHA-256 stamped as soon as an authority can be reached; idempotent, and nothing when it has a stamp."""
        ...

    def wanted(self) -> list[str]:
        """What waits for a stamp, oldest first."""
        ...

    def add(self, stamp: Stamp, log_size: int | None = None) -> None:
        """Keep a stamp (of a custody head: with the log's size): its digest no longer waits. One for each digest and authority, the first counts."""
        ...

    def of(self, digest: str) -> list[Stamp]:
        """The stamps on this digest, earliest first."""
        ...

    def covering(self, index: int) -> Covering | None:
        """The earliest stamp on a head that covers the custody entry with this index."""
        ...

    def newest_head(self) -> Covering | None:
        """The stamp on the largest log so far."""
        ...


@dataclass(frozen=True, slots=True)
class Lateness:
    """How much later the authority's time is than the capture's clock; negative where the capture's clock runs ahead of it."""

    late_s: float
    is_late: bool


def lateness(captured_at: datetime, stamped_at: datetime) -> Lateness:
    """The difference to show. More than a minute, either way, warns: a stamp cannot be older than what it covers but for a wrong clock."""
    late_s = (stamped_at - captured_at).total_seconds()
    return Lateness(round(late_s, 3), abs(late_s) > LATE_S)
