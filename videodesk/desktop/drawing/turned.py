"""A picture turned by quarters in a viewport: where its px lie on the screen. Marks keep the upright original's coordinates."""

from __future__ import annotations

import cv2
from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtGui import QPainter, QTransform

from videodesk.annotation.marks import Box, Point
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.drawing.viewport import Viewport

_ROTATIONS = (None, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)


class TurnedPicture:
    """A picture and its turned copy, made once for each turn (about 20 ms at 12 million pixels)."""

    def __init__(self) -> None:
        self._source: Picture | None = None
        self._turns = 0
        self._turned: Picture | None = None

    def get(self, picture: Picture | None, turns: int) -> Picture | None:
        """`picture` turned clockwise by `turns` quarters; the same object as long as neither changes."""
        if picture is None or turns % 4 == 0:
            return picture
        if picture is not self._source or turns != self._turns or self._turned is None:
            rotation = _ROTATIONS[turns % 4]
            assert rotation is not None
            self._source, self._turns = picture, turns
            self._turned = Picture(tuple(cv2.rotate(level, rotation) for level in picture.levels))  # type: ignore[misc]
        return self._turned


class Placing:
    """How the original's px lie in a widget: turned, then as the viewport says."""

    def __init__(self, view: Viewport, width_px: int, height_px: int, turns: int) -> None:
        """`view` is of the turned picture; the sizes are the original's."""
        self.view = view
        turns %= 4
        self.size = QSize(height_px, width_px) if turns % 2 else QSize(width_px, height_px)
        self.turn = (
            QTransform(), QTransform(0, 1, -1, 0, height_px, 0), QTransform(-1, 0, 0, -1, width_px, height_px), QTransform(0, -1, 1, 0, 0, width_px),
        )[turns]
        self._back, _is_possible = self.turn.inverted()

    def to_picture(self, place: QPointF) -> Point:
        """A place in the widget (logical pixels) as a place in the original."""
        at = self.view.to_picture(place)
        back = self._back.map(QPointF(at.x, at.y))
        return Point(back.x(), back.y())

    def to_widget(self, point: Point) -> QPointF:
        """A place in the original as a place in the widget (logical pixels)."""
        turned = self.turn.map(QPointF(point.x, point.y))
        return self.view.to_widget(Point(turned.x(), turned.y()))

    def rect(self, box: Box) -> QRectF:
        """A box of the original as it lies in the widget (logical pixels)."""
        return QRectF(self.to_widget(Point(box.x, box.y)), self.to_widget(Point(box.right, box.bottom))).normalized()

    def along(self, dx: float, dy: float) -> tuple[float, float]:
        """A direction on the screen as one in the original (whole turns only: arrows move marks the way they point)."""
        back = self._back.map(QPointF(dx, dy)) - self._back.map(QPointF(0, 0))
        return back.x(), back.y()

    def apply(self, painter: QPainter) -> None:
        """Make the painter's unit one px of the original. For a painter on screen pixels (ratio 1)."""
        self.view.apply(painter)
        painter.setTransform(self.turn, combine=True)
