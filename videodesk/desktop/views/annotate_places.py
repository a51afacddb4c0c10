"""What lies where on the canvas: marks, handles, the crop, and what is in sight."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF

from videodesk.annotation.document import Document
from videodesk.annotation.geometry import bounds
from videodesk.annotation.marks import Box, Highlighter, Mark, Pen, Point, RedactionPen
from videodesk.annotation.shaping import Handle, handles, hit
from videodesk.desktop.drawing.painting import text_box
from videodesk.desktop.views import annotate_crop as crop
from videodesk.desktop.views.annotate_gesture import whole_of
from videodesk.desktop.views.annotate_surface import Surface

_REACH: Final = 8.0  # logical pixels around a handle or a line that still hit it


class CanvasPlaces:
    """Looks at the canvas' state; changes nothing. Places in the widget are in logical pixels."""

    def __init__(self, canvas: Surface) -> None:
        self._canvas = canvas

    def handle_points(self, chosen: tuple[Mark, ...]) -> dict[Handle, Point]:
        """Where marks are taken hold of, in px of the original: one by its own handles, several by the box around them."""
        if not chosen:
            return {}
        return handles(chosen[0], text_box) if len(chosen) == 1 else crop.places(_around(chosen))

    def handle_places(self, chosen: tuple[Mark, ...]) -> dict[Handle, QPointF]:
        """The same, in the widget."""
        placing = self._canvas.placing
        return {handle: placing.to_widget(point) for handle, point in self.handle_points(chosen).items()}

    def handle_at(self, place: QPointF) -> Handle | None:
        """The handle of the selection under the pointer."""
        found = [((where - place).manhattanLength(), handle) for handle, where in self.handle_places(self._canvas.state.selection).items()]
        if not found:
            return None
        distance, handle = min(found)
        return handle if distance <= 1.5 * _REACH else None

    def crop_at(self, place: QPointF) -> Handle | bool:
        """The crop's handle under the pointer; else whether the pointer is in the crop."""
        state, placing = self._canvas.state, self._canvas.placing
        box = state.framing.crop or whole_of(state)
        for handle, point in crop.places(box).items():
            if (placing.to_widget(point) - place).manhattanLength() <= 1.5 * _REACH:
                return handle
        return state.framing.crop is not None and placing.rect(box).contains(place)

    def mark_at(self, place: QPointF) -> Mark | None:
        """The mark under the pointer; a selected one is taken before what lies over it."""
        canvas = self._canvas
        point = canvas.placing.to_picture(place)
        for mark in reversed(canvas.state.selection):
            if not isinstance(mark, Pen | Highlighter | RedactionPen) and bounds(mark, text_box).holds(point):
                return mark
        return hit(canvas.state.document, point, _REACH * canvas.view.ratio / canvas.view.zoom, text_box)

    def seen(self) -> Box:
        """The part of the picture that is in sight, in px of the original."""
        canvas = self._canvas
        whole: Document = canvas.state.document
        found = Box.between(canvas.placing.to_picture(QPointF(0, 0)), canvas.placing.to_picture(QPointF(canvas.width(), canvas.height())))
        left, top = max(0.0, found.x), max(0.0, found.y)
        return Box(left, top, max(1.0, min(whole.width_px, found.right) - left), max(1.0, min(whole.height_px, found.bottom) - top))


def is_in(mark: Mark, band: Box) -> bool:
    """Whether all of the mark lies in the box."""
    box = bounds(mark, text_box)
    return band.x <= box.x and box.right <= band.right and band.y <= box.y and box.bottom <= band.bottom


def _around(marks: tuple[Mark, ...]) -> Box:
    boxes = [bounds(mark, text_box) for mark in marks]
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    return Box(left, top, max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top)
