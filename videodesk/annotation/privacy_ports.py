"""Port of redaction: what finds places on a picture that tell who somebody is. Implemented by vision/, and by fakes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from videodesk.annotation.marks import Box, RedactionReason


class Seen(StrEnum):
    """What a proposal is made of."""

    FACE = "face"
    WORDS = "words"  # read, and they look like what the reason says
    TEXT = "text"  # something is written there; nothing here can read it


@dataclass(frozen=True, slots=True)
class Proposal:
    """A place that a person may want to redact. `box` in px of the upright original, `confidence` 0..1. What was read is never kept."""

    box: Box
    reason: RedactionReason
    seen: Seen
    confidence: float


class PrivacyFinder(Protocol):
    """Finds faces and private words. Slow (0.2-5 s): a worker calls it, one picture at a time."""

    @property
    def reads_words(self) -> bool:
        """Whether text is read; otherwise every place with text is offered as Seen.TEXT."""
        ...

    def find(self, bgra: memoryview, width_px: int, height_px: int) -> tuple[Proposal, ...]:
        """All proposals, from the top down. WorldError("privacy.failed") when the process that looks was lost.

        `bgra`: height × width × 4 bytes in rows without gaps, upright.
        """
        ...

    def close(self) -> None:
        """End its process; idempotent. A later picture starts it again."""
        ...
