"""The large view of a snapshot: zoom, pan, loupe."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.drawing.viewport import ZOOM_STEP, Backdrop, Viewport, draw_picture, frame_stage
from videodesk.desktop.i18n import t
from videodesk.desktop.theme import token

_LOUPE_RADIUS: Final = 130.0
_LOUPE_TIMES: Final = 3.0


class ReviewStage(QWidget):
    """Shows a Picture. The wheel zooms, dragging pans, the loupe follows the pointer or the arrow keys; `caption` says what is seen."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review.stage")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(320, 240)
        self._picture: Picture | None = None
        self._view = Viewport()
        self._backdrop = Backdrop()
        self._has_loupe = False
        self._loupe_at = QPointF()
        self._caption = ""
        self._dragged_from: QPointF | None = None
        self.setAccessibleName(t("review.stage"))

    def show_picture(self, picture: Picture | None, caption: str, *, has_loupe: bool) -> None:
        """Show this picture; another one of the same size keeps zoom and place, so that original and marks can be compared."""
        before, self._picture = self._picture, picture
        same_size = before is not None and picture is not None and (before.width_px, before.height_px) == (picture.width_px, picture.height_px)
        if picture is not None and not same_size:
            self.fit()
        if has_loupe and not self._has_loupe:
            self._loupe_at = QRectF(self.rect()).center()
        self._has_loupe = has_loupe
        self._caption = caption
        self.setAccessibleName(t("review.stage"))
        self.setAccessibleDescription(caption)
        self.update()

    @property
    def view(self) -> Viewport:
        """Zoom and place."""
        return self._view

    @property
    def has_loupe(self) -> bool:
        """Whether the loupe is there."""
        return self._has_loupe

    def _size(self) -> QSize:
        return QSize(1, 1) if self._picture is None else QSize(self._picture.width_px, self._picture.height_px)

    def _look(self, view: Viewport) -> None:
        self._view = view
        self.update()

    def fit(self) -> None:
        """Show the whole picture."""
        self._look(Viewport(ratio=self.devicePixelRatioF()).fitted(self._size(), self.size(), margin=12))

    def zoom_by(self, factor: float, anchor: QPointF | None = None) -> None:
        """Nearer (> 1) or farther."""
        self._look(self._view.at_zoom(self._view.zoom * factor, anchor or QRectF(self.rect()).center(), self._size(), self.size()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the whole picture in sight where it was."""
        super().resizeEvent(event)
        if self._view.is_fitted or self._view.ratio != self.devicePixelRatioF():
            self.fit()
        else:
            self._look(self._view.kept(self._size(), self.size()))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """Picture, loupe, caption."""
        painter = QPainter(self)
        ratio = self._view.ratio
        size = QSize(round(self.width() * ratio), round(self.height() * ratio))
        image = self._backdrop.image(self._picture, self._view, size, token("stage"))
        painter.drawImage(QRectF(self.rect()), image, QRectF(image.rect()))
        if self._has_loupe and self._picture is not None:
            self._paint_loupe(painter, self._picture)
        self._paint_caption(painter)
        frame_stage(painter, QRectF(self.rect()), is_focused=self.hasFocus())
        painter.end()

    def _paint_loupe(self, painter: QPainter, picture: Picture) -> None:
        place, ratio = self._loupe_at, self._view.ratio
        zoom = max(self._view.zoom * _LOUPE_TIMES, 1.0)
        fixed = self._view.to_picture(place)
        nearer = Viewport(zoom, place.x() * ratio - fixed.x * zoom, place.y() * ratio - fixed.y * zoom, ratio, is_fitted=False)
        disc = QPainterPath()
        disc.addEllipse(place, _LOUPE_RADIUS, _LOUPE_RADIUS)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setClipPath(disc)
        painter.fillPath(disc, token("stage"))
        painter.scale(1 / ratio, 1 / ratio)
        draw_picture(painter, picture, nearer)
        painter.restore()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(token("stage"), 5))
        painter.drawEllipse(place, _LOUPE_RADIUS, _LOUPE_RADIUS)
        painter.setPen(QPen(token("on_stage"), 2.5))
        painter.drawEllipse(place, _LOUPE_RADIUS, _LOUPE_RADIUS)

    def _paint_caption(self, painter: QPainter) -> None:
        if not self._caption:
            return
        font = self.font()
        font.setPixelSize(13)
        painter.setFont(font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = painter.fontMetrics().horizontalAdvance(self._caption) + 24
        pill = QRectF(12, 12, width, 28)
        ground = token("stage_raised")
        ground.setAlpha(225)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(pill, 14, 14)
        painter.setPen(token("on_stage"))
        painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), self._caption)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer."""
        self.zoom_by(ZOOM_STEP ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the picture."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._dragged_from = event.position()
        self.setCursor(Qt.CursorShape.ClosedHandCursor)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Pan, or move the loupe."""
        if self._dragged_from is not None:
            self._look(self._view.panned(event.position() - self._dragged_from, self._size(), self.size()))
            self._dragged_from = event.position()
        if self._has_loupe:
            self._loupe_at = event.position()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        del event
        self._dragged_from = None
        self.unsetCursor()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Whole picture ↔ 100 %."""
        if self._view.is_fitted:
            self.zoom_by(1 / self._view.zoom, event.position())
        else:
            self.fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrow keys move the loupe, or the enlarged picture."""
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        step = steps.get(Qt.Key(event.key()))
        if step is not None and self._has_loupe:
            moved = self._loupe_at + QPointF(step[0] * 24, step[1] * 24)
            self._loupe_at = QPointF(min(max(moved.x(), 0), self.width()), min(max(moved.y(), 0), self.height()))
            self.update()
        elif step is not None and not self._view.is_fitted:
            self._look(self._view.panned(QPointF(-step[0] * 60, -step[1] * 60), self._size(), self.size()))
        else:
            super().keyPressEvent(event)
