"""How live marks look on the call's picture: by the routine that draws annotations, with what only a moment has: pointers, fading, lost ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen

from videodesk.annotation.document import Document
from videodesk.calls.live import Shown
from videodesk.desktop.drawing.ink import contrast_of
from videodesk.desktop.drawing.painting import draw_mark
from videodesk.desktop.live_marks import annotation_mark
from videodesk.protocol.live import LiveHold, LiveMark, LiveShape

_LOST: Final = 0.35
_POINTER: Final = 0.014  # of the picture's width, its dot
_CROSS: Final = 12.0


def draw_live(painter: QPainter, where: QRectF, marks: Iterable[Shown], now_s: float) -> None:
    """Draw `marks` on the picture that lies at `where` (logical px of the widget). The painter's state is kept."""
    width, height = where.width(), where.height()
    document = Document(max(1, round(width)), max(1, round(height)))
    painter.save()
    painter.setClipRect(where)
    painter.translate(where.topLeft())
    for shown in marks:
        mark = shown.mark
        painter.setOpacity(shown.opacity(now_s) * (_LOST if mark.hold is LiveHold.LOST else 1.0))
        drawn = annotation_mark(mark, document.width_px, document.height_px, mark.id)
        if mark.shape is LiveShape.POINTER:
            _draw_pointer(painter, mark, width, height)
        elif drawn is not None:
            draw_mark(painter, drawn, document, mark.number)
    painter.restore()


def draw_cross(painter: QPainter, where: QRectF, place: tuple[float, float], colour: str) -> None:
    """The keyboard's hand at `place` (fractions of the picture)."""
    at = QPointF(where.x() + place[0] * where.width(), where.y() + place[1] * where.height())
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for ink, thick in ((contrast_of(colour), 4.0), (QColor(colour), 2.0)):
        painter.setPen(QPen(ink, thick))
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            painter.drawLine(at + QPointF(dx * 4, dy * 4), at + QPointF(dx * _CROSS, dy * _CROSS))
    painter.restore()


def _draw_pointer(painter: QPainter, mark: LiveMark, width: float, height: float) -> None:
    """A glowing dot in a ring, as a laser pointer's."""
    at = QPointF(mark.points[-1][0] * width, mark.points[-1][1] * height)
    radius = max(6.0, width * _POINTER)
    halo = QColor(mark.colour)
    halo.setAlpha(90)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(halo)
    painter.drawEllipse(at, radius * 1.8, radius * 1.8)
    painter.setBrush(QColor(mark.colour))
    painter.setPen(QPen(contrast_of(mark.colour), max(1.5, radius * 0.22)))
    painter.drawEllipse(at, radius, radius)
