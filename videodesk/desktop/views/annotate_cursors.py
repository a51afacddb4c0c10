"""The pointer's shape over the canvas: it says what a press would do."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, Qt

from videodesk.annotation.shaping import Handle
from videodesk.desktop.annotating import Tool
from videodesk.desktop.views.annotate_gesture import Does
from videodesk.desktop.views.annotate_surface import Surface

_CORNERS: Final = {
    Handle.NW: Qt.CursorShape.SizeFDiagCursor, Handle.SE: Qt.CursorShape.SizeFDiagCursor,
    Handle.NE: Qt.CursorShape.SizeBDiagCursor, Handle.SW: Qt.CursorShape.SizeBDiagCursor,
    Handle.N: Qt.CursorShape.SizeVerCursor, Handle.S: Qt.CursorShape.SizeVerCursor,
    Handle.E: Qt.CursorShape.SizeHorCursor, Handle.W: Qt.CursorShape.SizeHorCursor,
}
# Turned by a quarter, what was across is down.
_TURNED: Final = {
    Qt.CursorShape.SizeFDiagCursor: Qt.CursorShape.SizeBDiagCursor, Qt.CursorShape.SizeBDiagCursor: Qt.CursorShape.SizeFDiagCursor,
    Qt.CursorShape.SizeVerCursor: Qt.CursorShape.SizeHorCursor, Qt.CursorShape.SizeHorCursor: Qt.CursorShape.SizeVerCursor,
}


def cursor_of(canvas: Surface, place: QPointF) -> Qt.CursorShape:  # noqa: PLR0911 - one answer a case
    """The shape at `place` of the widget."""
    state, gesture = canvas.state, canvas.gesture
    if canvas.is_space_held or state.tool is Tool.PAN or (gesture is not None and gesture.does is Does.PAN):
        return Qt.CursorShape.ClosedHandCursor if gesture else Qt.CursorShape.OpenHandCursor
    if state.tool is Tool.CROP:
        at = canvas.places.crop_at(place)
        if isinstance(at, Handle):
            return _shape(at, state.framing.turns)
        return Qt.CursorShape.SizeAllCursor if at else Qt.CursorShape.CrossCursor
    if (handle := canvas.places.handle_at(place)) is not None:
        return _shape(handle, state.framing.turns)
    if state.tool is Tool.TEXT:
        return Qt.CursorShape.IBeamCursor
    if state.tool.kind is not None:
        return Qt.CursorShape.CrossCursor
    if canvas.places.mark_at(place) is not None:
        return Qt.CursorShape.SizeAllCursor
    return Qt.CursorShape.PointingHandCursor if canvas.proposals.at(place) is not None else Qt.CursorShape.ArrowCursor


def _shape(handle: Handle, turns: int) -> Qt.CursorShape:
    found = _CORNERS.get(handle, Qt.CursorShape.CrossCursor)
    return _TURNED.get(found, found) if turns % 2 else found
