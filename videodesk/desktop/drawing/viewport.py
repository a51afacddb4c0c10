"""How a picture lies in a widget: zoom and place, and the picture drawn so that it stays fluid at 12 million pixels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPen

from videodesk.annotation.marks import Point
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.drawing.rendition import image_of
from videodesk.desktop.theme import token

MIN_ZOOM: Final = 0.02
MAX_ZOOM: Final = 16.0
ZOOM_STEP: Final = 1.25
STAGE_RADIUS: Final = 10.0


@dataclass(frozen=True, slots=True)
class Viewport:
    """`zoom` is screen pixels per px of the picture (1 is 100 %); `left`, `top` are where the picture begins, in screen pixels.

    Screen pixels are the device's own: `ratio` of them make one logical pixel of Qt.
    """

    zoom: float = 1.0
    left: float = 0.0
    top: float = 0.0
    ratio: float = 1.0
    is_fitted: bool = True

    def to_picture(self, place: QPointF) -> Point:
        """A place in the widget (logical pixels) as a place in the picture."""
        return Point((place.x() * self.ratio - self.left) / self.zoom, (place.y() * self.ratio - self.top) / self.zoom)

    def to_widget(self, point: Point) -> QPointF:
        """A place in the picture as a place in the widget (logical pixels)."""
        return QPointF((point.x * self.zoom + self.left) / self.ratio, (point.y * self.zoom + self.top) / self.ratio)

    def fitted(self, picture: QSize, widget: QSize, margin: int = 24) -> Viewport:
        """The whole picture, in the middle; small ones not larger than 100 %."""
        width, height = widget.width() * self.ratio, widget.height() * self.ratio
        room = 2 * margin * self.ratio
        zoom = min(max(32.0, width - room) / picture.width(), max(32.0, height - room) / picture.height(), 1.0)
        return self._centred(replace(self, zoom=zoom, is_fitted=True), picture, width, height)

    def at_zoom(self, zoom: float, anchor: QPointF, picture: QSize, widget: QSize) -> Viewport:
        """Another zoom, with the picture's place under `anchor` (logical pixels) kept there."""
        zoom = min(MAX_ZOOM, max(MIN_ZOOM, zoom))
        fixed = self.to_picture(anchor)
        moved = replace(self, zoom=zoom, is_fitted=False,
                        left=anchor.x() * self.ratio - fixed.x * zoom, top=anchor.y() * self.ratio - fixed.y * zoom)
        return moved.kept(picture, widget)

    def panned(self, by: QPointF, picture: QSize, widget: QSize) -> Viewport:
        """The picture moved by `by` logical pixels."""
        moved = replace(self, left=self.left + by.x() * self.ratio, top=self.top + by.y() * self.ratio, is_fitted=False)
        return moved.kept(picture, widget)

    def kept(self, picture: QSize, widget: QSize) -> Viewport:
        """On whole screen pixels, and never so far out that nothing of the picture is seen; where it is smaller it is centred."""
        width, height = widget.width() * self.ratio, widget.height() * self.ratio
        left = _held(self.left, picture.width() * self.zoom, width)
        top = _held(self.top, picture.height() * self.zoom, height)
        return replace(self, left=float(round(left)), top=float(round(top)))

    @staticmethod
    def _centred(view: Viewport, picture: QSize, width: float, height: float) -> Viewport:
        left, top = (width - picture.width() * view.zoom) / 2, (height - picture.height() * view.zoom) / 2
        return replace(view, left=float(round(left)), top=float(round(top)))

    def apply(self, painter: QPainter) -> None:
        """Make the painter's unit one px of the picture. For a painter on screen pixels (ratio 1)."""
        painter.translate(self.left, self.top)
        painter.scale(self.zoom, self.zoom)


def _held(start: float, length: float, room: float) -> float:
    if length <= room:
        return (room - length) / 2
    overscroll = room / 3
    return min(overscroll, max(room - length - overscroll, start))


class Backdrop:
    """The picture as it lies in the viewport, drawn once for each viewport into an image of the widget's size (screen pixels)."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._image = QImage()

    def image(self, picture: Picture | None, view: Viewport, size: QSize, ground: QColor) -> QImage:
        """The drawn picture on `ground`; `size` is in screen pixels. The same object as long as nothing changed."""
        key = (id(picture), view, size, ground.rgb())
        if key != self._key:
            self._key = key
            self._image = QImage(size, QImage.Format.Format_RGB32)
            self._image.fill(ground)
            if picture is not None:
                painter = QPainter(self._image)
                draw_picture(painter, picture, view)
                painter.end()
        return self._image


def draw_picture(painter: QPainter, picture: Picture, view: Viewport) -> None:
    """Draw the visible part of the picture, from the smallest level that has enough pixels. The painter is on screen pixels.

    At 100 % the pixels are copied as they are; from 200 % on they show as squares.
    """
    level = 0
    while level + 1 < len(picture.levels) and view.zoom <= 0.5 ** (level + 1):
        level += 1
    pixels = picture.levels[level]
    image = image_of(pixels)
    target = QRectF(QPointF(view.left, view.top), QSizeF(picture.width_px * view.zoom, picture.height_px * view.zoom))
    visible = target.intersected(QRectF(painter.viewport()))
    if visible.isEmpty():
        return
    across, down = image.width() / target.width(), image.height() / target.height()
    source = QRectF((visible.x() - target.x()) * across, (visible.y() - target.y()) * down, visible.width() * across, visible.height() * down)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, view.zoom != 1.0 and view.zoom < 2)
    painter.drawImage(visible, image, source)


def frame_stage(painter: QPainter, rect: QRectF, *, is_focused: bool) -> None:
    """Round the stage's corners into the window's colour, and show the focus. In logical pixels, as the last thing painted."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    corners, inside = QPainterPath(), QPainterPath()
    corners.addRect(rect)
    inside.addRoundedRect(rect, STAGE_RADIUS, STAGE_RADIUS)
    painter.fillPath(corners.subtracted(inside), token("surface"))
    if is_focused:
        painter.setPen(QPen(token("focus"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), STAGE_RADIUS - 1, STAGE_RADIUS - 1)
