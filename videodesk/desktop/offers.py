"""What was read and is offered to a person: codes and lines of text. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from videodesk.calls.capture_ports import FoundText


@dataclass(frozen=True, slots=True)
class Offer:
    """A code that was found. `is_asking`: the person is asked whether it may replace what stands in the field."""

    kind: Literal["ean", "serial", "link", "other"]
    text: str
    format: str = ""
    snapshot_id: str | None = None
    is_asking: bool = False

    @property
    def field(self) -> Literal["serial", "ean"] | None:
        """The case's field that it fits."""
        match self.kind:
            case "serial" | "ean" as field:
                return field
            case _:
                return None


@dataclass(frozen=True, slots=True)
class FoundTexts:
    """The lines that were read on a snapshot."""

    snapshot_id: str
    lines: tuple[FoundText, ...]
