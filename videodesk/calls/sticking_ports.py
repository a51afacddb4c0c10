"""The port of marks that stick: what follows the object under a live mark. Implemented by vision/, and by fakes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from videodesk.calls.pictures import Luma
from videodesk.protocol.live import LiveHold


@dataclass(frozen=True, slots=True)
class StuckPlace:
    """Where a mark is on a frame: its points as fractions of the frame, in the order they were given. With `LOST`: where it was last."""

    points: tuple[tuple[float, float], ...]
    hold: LiveHold


class Sticker(Protocol):
    """Holds marks to what lies under them. Slow (ms): a worker calls it, one call at a time."""

    def put(self, frame: Luma, rtp_time: int) -> dict[str, StuckPlace]:
        """The next frame of the video, of any size; where every mark that is held is on it. Frames may be left out."""
        ...

    def hold(self, mark_id: str, points: Sequence[tuple[float, float]], rtp_time: int | None = None) -> bool:
        """Hold the mark to what lies under its points (fractions) on the frame with this `rtp_time`, one of the last 24 put (None: the newest), or the nearest within 0.1 s.

        False: nothing there that can be followed (a bare wall, a frame that is gone); the mark is not told of then. A mark of this id that
        was held before is let go.
        """
        ...

    def let_go(self, mark_id: str) -> None:
        """Follow this mark no more; an unknown one is nothing."""
        ...
