"""What the outbox tells of an original: how far it is, and what stood in its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from videodesk.core.errors import DeskError
from videodesk.protocol.resources import SnapshotMeta


class OutboxState(StrEnum):
    """How far an original is. `sent`: on its way, no answer yet. `kept_here` after a try without an answer: the service may have it."""

    KEPT = "kept_here"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One original in the outbox. The first one of a snapshot has the snapshot's id.

    `error_code` says what the last try ran into; for a refused one it is the reason. `poster` is a clip's picture. `progress` is
    (sent, of) in bytes while a large one is on its way; it is not written down.
    """

    original_id: str
    snapshot_id: str
    person_id: str
    meta: SnapshotMeta
    path: Path
    state: OutboxState
    kept_at: datetime
    size_bytes: int = 0
    poster: Path | None = None
    tries: int = 0
    error_code: str | None = None
    error_params: tuple[tuple[str, str | int | float | bool | None], ...] = ()
    progress: tuple[int, int] | None = None
    is_moved: bool = False

    @property
    def is_first(self) -> bool:
        """Whether this is the original that made its snapshot."""
        return self.original_id == self.snapshot_id

    @property
    def is_clip(self) -> bool:
        """Whether it moves."""
        return self.meta.media_type.startswith("video/")

    @property
    def is_waiting(self) -> bool:
        """Whether it still has to go to the service."""
        return self.state in {OutboxState.KEPT, OutboxState.SENT}

    @property
    def percent(self) -> int | None:
        """How much of it is on the other side; 100 only when the service confirmed it. None while nothing is on its way."""
        if self.state is OutboxState.CONFIRMED:
            return 100
        if self.state is not OutboxState.SENT or self.progress is None or not self.progress[1]:
            return None
        return min(99, 100 * self.progress[0] // self.progress[1])

    def error(self) -> DeskError | None:
        """The last try's error, ready to be put into words."""
        return DeskError(self.error_code, **dict(self.error_params)) if self.error_code else None
