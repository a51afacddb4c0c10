"""One press of the pointer on the canvas, from down to up: what it draws, moves or drags."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF

from videodesk.annotation.geometry import moved
from videodesk.annotation.marks import Kind, Mark, Pen, Point
from videodesk.annotation.shaping import Handle, dragged, drawn, extended
from videodesk.desktop.annotating import AnnotateState
from videodesk.desktop.drawing.painting import text_box


@dataclass(slots=True)
class Gesture:
    """Draws `kind`, drags `handle` of `mark`, moves `mark`, or pans (none of them). `draft` is the mark as it would become."""

    start: Point
    pressed_at: QPointF
    kind: Kind | None = None
    mark: Mark | None = None
    handle: Handle | None = None
    draft: Mark | None = None
    has_moved: bool = False

    @property
    def is_pan(self) -> bool:
        """Whether it moves the picture."""
        return self.kind is None and self.mark is None

    def follow(self, point: Point, state: AnnotateState, zoom: float, *, constrained: bool, from_centre: bool) -> None:
        """The pointer is at `point` of the picture now."""
        if self.kind is Kind.PEN and isinstance(self.draft, Pen):
            self.draft = extended(self.draft, point, spacing=2 / zoom)
        elif self.kind is not None and self.draft is not None:
            self.draft = drawn(self.kind, self.draft.id, self.start, point, state.style_for(self.kind),
                               constrained=constrained, from_centre=from_centre)
        elif self.mark is not None and self.handle is not None:
            self.draft = dragged(self.mark, self.handle, point, constrained=constrained, measure=text_box)
        elif self.mark is not None:
            dx, dy = point.x - self.start.x, point.y - self.start.y
            if constrained:
                dx, dy = (dx, 0.0) if abs(dx) >= abs(dy) else (0.0, dy)
            self.draft = moved(self.mark, dx, dy)
