"""Four corners put by hand on a picture: dragged or moved by keys, with a loupe at the one that is held."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen, QPolygonF, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractButton, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from videodesk.annotation.marks import Point
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.drawing.viewport import ZOOM_STEP, Viewport, draw_picture, frame_stage
from videodesk.desktop.i18n import t
from videodesk.desktop.theme import SPACE, token
from videodesk.desktop.widgets import Button, label

Corners = tuple[Point, ...]

_REACH: Final = 24.0  # logical pixels around a point that take hold of it
_LOUPE: Final = 150  # logical pixels across
_LOUPE_ZOOM: Final = 4.0  # screen pixels a px, at least
_PREVIEW: Final = 116  # logical pixels high
_YELLOW: Final = "#ffd43b"
_HAND: Final = 1.2  # logical pixels that a hand is off, one standard deviation


class CornersPreview(QAbstractButton):
    """The part of the picture around a reference with its outline: what was found is judged by eye. A press opens the corners."""

    def __init__(self, pressed: Callable[[], object]) -> None:
        super().__init__()
        self.setObjectName("measure.preview")
        self.setFixedHeight(_PREVIEW)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._picture: Picture | None = None
        self._corners: Corners = ()
        self.clicked.connect(lambda _checked=False: pressed())
        self.retranslate()

    def show_corners(self, picture: Picture | None, corners: Corners) -> None:
        """Show these; hidden without."""
        if picture is not self._picture or corners != self._corners:
            self._picture, self._corners = picture, corners
            self.update()
        self.setVisible(picture is not None and bool(corners))

    def retranslate(self) -> None:
        """Name it in the language chosen now."""
        self.setAccessibleName(t("measure.preview"))
        self.setToolTip(t("measure.preview"))

    def sizeHint(self) -> QSize:
        """As wide as it may be."""
        return QSize(200, _PREVIEW)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """The outline in the middle, with some of what is around it."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), token("stage"))
        if self._picture is None or not self._corners:
            painter.end()
            return
        ratio = self.devicePixelRatioF()
        across, down = ([part[axis] for part in self._corners] for axis in (0, 1))
        room = 1.5 * max(max(across) - min(across), (max(down) - min(down)) * self.width() / self.height(), 40.0)
        zoom = self.width() * ratio / room
        middle = Point((max(across) + min(across)) / 2, (max(down) + min(down)) / 2)
        view = Viewport(zoom=zoom, left=self.width() * ratio / 2 - middle.x * zoom, top=self.height() * ratio / 2 - middle.y * zoom, ratio=ratio)
        painter.save()
        painter.scale(1 / ratio, 1 / ratio)
        draw_picture(painter, self._picture, view)
        painter.restore()
        _draw_outline(painter, [view.to_widget(corner) for corner in self._corners])
        frame_stage(painter, QRectF(self.rect()), is_focused=self.hasFocus())
        painter.end()


def _draw_outline(painter: QPainter, places: list[QPointF]) -> None:
    """Yellow on black: seen on every picture."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for colour, width in ((QColor(0, 0, 0, 160), 4.0), (QColor(_YELLOW), 2.0)):
        painter.setPen(QPen(colour, width))
        painter.drawPolygon(QPolygonF(places))


class CornersCanvas(QWidget):
    """The picture with four points. `corners` are px of the picture, clockwise; `changed` hears of each move."""

    def __init__(self, picture: Picture, corners: Corners, changed: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName("measure.dialog_picture")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setMinimumSize(480, 320)
        self.setCursor(Qt.CursorShape.CrossCursor)
        self.picture, self.corners, self.active = picture, corners, 0
        self._changed = changed
        self._view = Viewport()
        self._grip: Point | None = None  # the pointer's distance from the point it holds
        self._pan: QPointF | None = None

    @property
    def view(self) -> Viewport:
        """How the picture lies."""
        return self._view

    @property
    def hand_px(self) -> float:
        """How exact a hand is at this zoom, in px of the picture (one standard deviation)."""
        return max(0.5, _HAND * self._view.ratio / max(self._view.zoom, _LOUPE_ZOOM / 2))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The whole picture, as long as nobody zoomed."""
        super().resizeEvent(event)
        ratio = self.devicePixelRatioF()
        size = QSize(self.picture.width_px, self.picture.height_px)
        self._view = Viewport(ratio=ratio).fitted(size, self.size(), 12) if self._view.is_fitted else self._view.kept(size, self.size())

    # ── pointer ────────────────────────────────────────────────────────────────────────────────────────────────

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the nearest point, or of the picture."""
        if event.button() is not Qt.MouseButton.LeftButton:
            self._pan = event.position()
            return
        places = [self._view.to_widget(corner) for corner in self.corners]
        distances = [math.hypot(place.x() - event.position().x(), place.y() - event.position().y()) for place in places]
        nearest = min(range(4), key=distances.__getitem__)
        if distances[nearest] > _REACH:
            self._pan = event.position()
            return
        self.active = nearest
        at, held = self.corners[nearest], self._view.to_picture(event.position())
        self._grip = Point(at.x - held.x, at.y - held.y)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Move what is held."""
        if self._grip is not None:
            place = self._view.to_picture(event.position())
            self.move_to(place.plus(self._grip.x, self._grip.y))
        elif self._pan is not None:
            self._view = self._view.panned(event.position() - self._pan, QSize(self.picture.width_px, self.picture.height_px), self.size())
            self._pan = event.position()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        del event
        self._grip = self._pan = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom at the pointer."""
        size = QSize(self.picture.width_px, self.picture.height_px)
        self._view = self._view.at_zoom(self._view.zoom * ZOOM_STEP ** (event.angleDelta().y() / 120), event.position(), size, self.size())
        event.accept()
        self.update()

    # ── keys ───────────────────────────────────────────────────────────────────────────────────────────────────

    def event(self, event: QEvent) -> bool:
        """Tab goes on to the next point, and after the last one to the buttons."""
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            step = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}.get(Qt.Key(event.key()))
            if step is not None and 0 <= self.active + step < 4:
                self.active += step
                self._tell()
                return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows move the point, plus and minus zoom at it."""
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        zooms = {Qt.Key.Key_Plus: ZOOM_STEP, Qt.Key.Key_Equal: ZOOM_STEP, Qt.Key.Key_Minus: 1 / ZOOM_STEP}
        key = Qt.Key(event.key())
        if key in steps:
            far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
            self.move_to(self.corners[self.active].plus(steps[key][0] * far, steps[key][1] * far))
        elif key in zooms:
            place = self._view.to_widget(self.corners[self.active])
            self._view = self._view.at_zoom(self._view.zoom * zooms[key], place, QSize(self.picture.width_px, self.picture.height_px), self.size())
            self.update()
        else:
            super().keyPressEvent(event)

    def move_to(self, place: Point) -> None:
        """Put the active point here; it stays on the picture."""
        inside = Point(min(max(place.x, 0.0), float(self.picture.width_px)), min(max(place.y, 0.0), float(self.picture.height_px)))
        self.corners = tuple(inside if at == self.active else corner for at, corner in enumerate(self.corners))
        self._tell()

    def _tell(self) -> None:
        at = self.corners[self.active]
        self.setAccessibleDescription(t("measure.dialog_corner", n=self.active + 1, x=round(at.x), y=round(at.y)))
        self._changed()
        self.update()

    # ── painting ───────────────────────────────────────────────────────────────────────────────────────────────

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """The picture, the outline, the points, and the loupe where the active one would be hidden by the pointer."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), token("stage"))
        painter.save()
        painter.scale(1 / self._view.ratio, 1 / self._view.ratio)
        draw_picture(painter, self.picture, self._view)
        painter.restore()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        places = [self._view.to_widget(corner) for corner in self.corners]
        _draw_outline(painter, places)
        for at, place in enumerate(places):
            painter.setPen(QPen(QColor(0, 0, 0, 200), 1.5))
            painter.setBrush(QColor(_YELLOW if at == self.active else "#ffffff"))
            painter.drawEllipse(place, 6, 6)
        self._draw_loupe(painter, places[self.active])
        frame_stage(painter, QRectF(self.rect()), is_focused=self.hasFocus())
        painter.end()

    def _draw_loupe(self, painter: QPainter, place: QPointF) -> None:
        """Around the active point, in the corner of the widget that is farthest from it."""
        left = 12.0 if place.x() > self.width() / 2 else self.width() - _LOUPE - 12.0
        top = 12.0 if place.y() > self.height() / 2 else self.height() - _LOUPE - 12.0
        rect = QRectF(left, top, _LOUPE, _LOUPE)
        ratio, at = self._view.ratio, self.corners[self.active]
        zoom = max(_LOUPE_ZOOM, 2 * self._view.zoom)
        middle = rect.center()
        inside = Viewport(zoom=zoom, left=middle.x() * ratio - at.x * zoom, top=middle.y() * ratio - at.y * zoom, ratio=ratio)
        painter.save()
        path = QPainterPath()
        path.addRoundedRect(rect, 10, 10)
        painter.setClipPath(path)
        painter.fillRect(rect, token("stage"))
        painter.scale(1 / ratio, 1 / ratio)
        draw_picture(painter, self.picture, inside)
        painter.scale(ratio, ratio)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(_YELLOW), 1.5))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolygon(QPolygonF([inside.to_widget(corner) for corner in self.corners]))
        painter.setPen(QPen(QColor(0, 0, 0, 200), 1))
        painter.drawLine(QPointF(middle.x(), rect.top()), QPointF(middle.x(), rect.bottom()))
        painter.drawLine(QPointF(rect.left(), middle.y()), QPointF(rect.right(), middle.y()))
        painter.restore()
        painter.setPen(QPen(QColor("#ffffff"), 2))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(rect, 10, 10)


class CornersDialog(QDialog):
    """Asks for four corners; `done` gets them and how exact they are. Not blocking."""

    def __init__(self, parent: QWidget, title: str, picture: Picture, corners: Corners, done: Callable[[Corners, float], None]) -> None:
        super().__init__(parent.window())
        self.setObjectName("measure.dialog")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self._done = done
        window = parent.window().size()
        self.resize(max(560, round(window.width() * 0.8)), max(460, round(window.height() * 0.85)))
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE + 4)
        column.addWidget(label(title, "heading"))
        column.addWidget(label(key="measure.dialog_hint", wraps=True))
        self._place = label(role="caption")
        self._place.setObjectName("measure.dialog_place")
        self.canvas = CornersCanvas(picture, corners, self._show_place)
        self.canvas.setAccessibleName(t("measure.dialog_picture"))
        column.addWidget(self.canvas, 1)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self._place)
        words.addWidget(label(key="measure.dialog_keys", role="caption"))
        row.addLayout(words, 1)
        row.addWidget(Button("common.cancel", "ghost", pressed=self.reject))
        self.confirm = Button("measure.dialog_done", "primary", pressed=self.accept)
        self.confirm.setObjectName("measure.dialog_done")
        self.confirm.setDefault(True)
        row.addWidget(self.confirm)
        column.addLayout(row)
        self._show_place()
        self.canvas.setFocus()

    def accept(self) -> None:
        """The corners are right."""
        self._done(self.canvas.corners, self.canvas.hand_px)
        super().accept()

    def _show_place(self) -> None:
        at = self.canvas.corners[self.canvas.active]
        self._place.setText(t("measure.dialog_corner", n=self.canvas.active + 1, x=round(at.x), y=round(at.y)))
