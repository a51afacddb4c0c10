"""What lies over the picture while one edits: handles, rubber band, crop, loupe. Never part of a rendition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

from videodesk.annotation.marks import Box, Point
from videodesk.annotation.shaping import Handle
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.drawing.turned import Placing
from videodesk.desktop.drawing.viewport import Viewport, draw_picture
from videodesk.desktop.i18n import t
from videodesk.desktop.theme import token
from videodesk.desktop.views import annotate_crop as crop

_HANDLE: Final = 9.0
_BLUE: Final = QColor(47, 85, 212)
_WHITE: Final = QColor(255, 255, 255)
_SHADE: Final = QColor(9, 11, 14, 176)
LOUPE_TIMES: Final = 8
_LOUPE_PX: Final = 19  # px of the original from side to side, times eight


def paint_frame(painter: QPainter, rect: QRectF) -> None:
    """The dashed frame around what is selected."""
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, style in ((_WHITE, Qt.PenStyle.SolidLine), (_BLUE, Qt.PenStyle.DashLine)):
        painter.setPen(QPen(colour, 1.25, style))
        painter.drawRect(rect)


def paint_handles(painter: QPainter, places: Mapping[Handle, QPointF], active: Handle | None) -> None:
    """Discs to take hold of; the one that the keys move is filled."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    for handle, place in places.items():
        painter.setPen(QPen(_BLUE if handle is not active else _WHITE, 1.75))
        painter.setBrush(_WHITE if handle is not active else _BLUE)
        size = _HANDLE / 2 if handle is not active else _HANDLE * 0.75
        painter.drawEllipse(place, size, size)


def paint_band(painter: QPainter, rect: QRectF) -> None:
    """The rubber band."""
    ground = QColor(_BLUE)
    ground.setAlpha(40)
    painter.setPen(QPen(_BLUE, 1))
    painter.setBrush(ground)
    painter.drawRect(rect)


def paint_crop(painter: QPainter, placing: Placing, box: Box, whole: Box, *, is_edited: bool) -> None:
    """What is cut off is dark; while one cuts, with thirds and handles."""
    inside, outside = placing.rect(box), placing.rect(whole)
    shade = QPainterPath()
    shade.addRect(outside)
    hole = QPainterPath()
    hole.addRect(inside)
    painter.fillPath(shade.subtracted(hole), _SHADE)
    if not is_edited:
        return
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.setPen(QPen(QColor(255, 255, 255, 110), 1))
    for third in (1, 2):
        x, y = inside.x() + inside.width() * third / 3, inside.y() + inside.height() * third / 3
        painter.drawLine(QPointF(x, inside.top()), QPointF(x, inside.bottom()))
        painter.drawLine(QPointF(inside.left(), y), QPointF(inside.right(), y))
    painter.setPen(QPen(_WHITE, 2))
    painter.drawRect(inside)
    paint_handles(painter, {handle: placing.to_widget(point) for handle, point in crop.places(box).items()}, None)


def paint_loupe(painter: QPainter, picture: Picture, turned_at: Point, where: QPointF, room: QRectF, ratio: float, words: str) -> None:
    """Eight times nearer around a px, with a cross, its place and its colour. `turned_at` is in px of the turned picture that is shown."""
    side = float(_LOUPE_PX * LOUPE_TIMES)
    x = where.x() + 24 if where.x() + 24 + side < room.right() else where.x() - 24 - side
    y = where.y() + 24 if where.y() + 24 + side + 28 < room.bottom() else where.y() - 24 - side - 28
    rect = QRectF(round(x), round(y), side, side)
    painter.save()
    shape = QPainterPath()
    shape.addRoundedRect(rect.adjusted(0, 0, 0, 28), 10, 10)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setClipPath(shape)
    painter.fillPath(shape, token("stage"))
    zoom = LOUPE_TIMES * ratio
    centre = rect.center()
    painter.scale(1 / ratio, 1 / ratio)
    painter.save()
    painter.setClipRect(QRectF(rect.x() * ratio, rect.y() * ratio, side * ratio, side * ratio))
    draw_picture(painter, picture, Viewport(zoom, centre.x() * ratio - (int(turned_at.x) + 0.5) * zoom, centre.y() * ratio - (int(turned_at.y) + 0.5) * zoom, ratio, is_fitted=False))
    painter.restore()
    painter.scale(ratio, ratio)
    cell = QRectF(centre.x() - LOUPE_TIMES / 2, centre.y() - LOUPE_TIMES / 2, LOUPE_TIMES, LOUPE_TIMES)
    for colour, width in ((QColor(17, 20, 24), 3.0), (_WHITE, 1.25)):
        painter.setPen(QPen(colour, width))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(cell)
    strip = QRectF(rect.x(), rect.bottom(), side, 28)
    painter.fillRect(strip, token("stage_raised"))
    painter.setPen(token("on_stage"))
    font = painter.font()
    font.setPixelSize(11)
    painter.setFont(font)
    painter.drawText(strip, int(Qt.AlignmentFlag.AlignCenter), words)
    painter.restore()
    painter.setPen(QPen(token("on_stage"), 1.5))
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawRoundedRect(rect.adjusted(0, 0, 0, 28), 10, 10)


def loupe_words(picture: Picture, turned: Point, exact: Point) -> str:
    """What the loupe says: the px of the original (`exact`), and its colour. `turned` is the same place in the picture as it is shown."""
    x, y = int(turned.x), int(turned.y)
    if not (0 <= x < picture.width_px and 0 <= y < picture.height_px):
        return ""
    blue, green, red = (int(value) for value in picture.pixels[y, x][:3])
    return t("annotate.loupe_says", x=int(exact.x), y=int(exact.y), colour=f"#{red:02x}{green:02x}{blue:02x}")
