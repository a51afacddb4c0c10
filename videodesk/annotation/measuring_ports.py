"""Port of measuring: what finds a thing of known size on a picture. Implemented by vision/, and by fakes."""

from __future__ import annotations

from typing import Protocol

from videodesk.annotation.marks import Reference, ReferenceKind


class ReferenceFinder(Protocol):
    """Finds bank cards, printed markers and sheets of A4. Slow (10-500 ms): a worker calls it."""

    def find(self, bgra: memoryview, width_px: int, height_px: int, kind: ReferenceKind) -> Reference | None:
        """The one of this kind that is surest, with its corners to a fraction of a px; None where there is none, and for a known length.

        `bgra`: height × width × 4 bytes in rows without gaps, upright.
        """
        ...

    def snapped(self, bgra: memoryview, width_px: int, height_px: int, reference: Reference) -> Reference | None:
        """`reference`, put by hand, with its corners where the edges near them meet; None where no edges are seen there."""
        ...
