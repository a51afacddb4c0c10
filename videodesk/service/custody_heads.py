"""The custody log's newest head, as what gets a time stamp."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from videodesk.evidence.custody import bytes_of_head
from videodesk.service.desk import UnitOfWork


@dataclass(frozen=True, slots=True)
class StampedHead:
    """A head of `size` entries, and the SHA-256 that a stamp on it is over."""

    size: int
    digest: str


def newest_head(uow: UnitOfWork) -> StampedHead | None:
    """The newest one; None while the log is empty."""
    head = uow.custody.newest_head()
    return None if head is None else StampedHead(head.size, hashlib.sha256(bytes_of_head(head)).hexdigest())
