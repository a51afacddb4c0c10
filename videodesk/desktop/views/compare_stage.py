"""The stage of the compare screen: the pictures beside each other or over each other, all showing the same place."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import QWidget

from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.drawing.viewport import ZOOM_STEP, Viewport, draw_picture, frame_stage
from videodesk.desktop.i18n import error_text, t
from videodesk.desktop.presenters.compare import Compared, CompareMode, CompareState, Look
from videodesk.desktop.theme import token

_GAP: Final = 8
_NEAR_LINE: Final = 14
_STEP: Final = 0.05
_PAN: Final = 0.08


@dataclass(frozen=True, slots=True)
class _Pane:
    place: int
    rect: QRectF


def panes_of(count: int, room: QRectF) -> list[QRectF]:
    """Where `count` pictures lie beside each other: two and three in a row, or one above the other where the room is high; four in a square."""
    if count <= 0:
        return []
    columns = count if room.width() >= room.height() else 1
    if count == 4:
        columns = 2
    rows = math.ceil(count / columns)
    width, height = (room.width() - _GAP * (columns - 1)) / columns, (room.height() - _GAP * (rows - 1)) / rows
    return [QRectF(room.x() + (place % columns) * (width + _GAP), room.y() + (place // columns) * (height + _GAP), width, height) for place in range(count)]


def viewport_of(picture: Picture, rect: QRectF, look: Look, ratio: float) -> Viewport:
    """How the picture lies in a pane so that `look` is in the middle."""
    width, height = rect.width() * ratio, rect.height() * ratio
    zoom = min(width / picture.width_px, height / picture.height_px) * look.nearer
    left, top = rect.x() * ratio, rect.y() * ratio
    held = _centred(look, picture, zoom, width, height)
    return Viewport(zoom, left + width / 2 - held[0] * picture.width_px * zoom, top + height / 2 - held[1] * picture.height_px * zoom, ratio, is_fitted=False)


def _centred(look: Look, picture: Picture, zoom: float, width: float, height: float) -> tuple[float, float]:
    """No empty room beside a picture that is larger than its pane; one that is smaller lies in the middle."""
    def held(place: float, length: float, room: float) -> float:
        return 0.5 if length <= room else min(1 - room / length / 2, max(room / length / 2, place))

    return held(look.x, picture.width_px * zoom, width), held(look.y, picture.height_px * zoom, height)


class CompareStage(QWidget):
    """`zoomed(factor, x, y)` and `panned(dx, dy)` in shares of the picture; `split(share)`; `chosen(place)`; `fitted()`."""

    zoomed = Signal(float, float, float)
    panned = Signal(float, float)
    split = Signal(float)
    chosen = Signal(int)
    fitted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("compare.stage")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(320, 240)
        self._state = CompareState()
        self._titles: list[str] = []
        self._from: QPointF | None = None
        self._is_wiping = False

    def show_state(self, state: CompareState, titles: list[str]) -> None:
        """Show this; `titles` say what each picture is."""
        self._state, self._titles = state, titles
        self.setAccessibleName(t("compare.stage"))
        self.setAccessibleDescription("; ".join(titles))
        self.update()

    def panes(self) -> list[QRectF]:
        """Where the pictures lie, in the order of the state's items."""
        room = QRectF(self.rect())
        if self._state.mode is CompareMode.SIDE:
            return panes_of(len(self._state.items), room)
        return [room for _ in self._state.items]

    # ── painting ───────────────────────────────────────────────────────────────────────────────────────────────

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """The pictures in the chosen way, their names on top."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), token("stage"))
        state = self._state
        if state.items:
            if state.mode is CompareMode.SIDE:
                self._paint_side(painter)
            else:
                self._paint_over(painter)
        frame_stage(painter, QRectF(self.rect()), is_focused=self.hasFocus())
        painter.end()

    def _paint_side(self, painter: QPainter) -> None:
        for place, (item, rect) in enumerate(zip(self._state.items, self.panes(), strict=True)):
            self._paint_picture(painter, item, rect, rect)
            if len(self._state.items) > 2 and place == self._state.chosen:
                painter.setPen(QPen(token("accent"), 2))
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.drawRect(rect.adjusted(1, 1, -1, -1))
            self._paint_title(painter, place, rect.topLeft() + QPointF(12, 12), rect.width() - 24)

    def _paint_over(self, painter: QPainter) -> None:
        state, room = self._state, QRectF(self.rect())
        over = state.over if state.over < len(state.items) else 0
        self._paint_picture(painter, state.items[0], room, room)
        if state.mode is CompareMode.SWIPE:
            at = room.width() * state.split
            beyond = QRectF(at, 0, room.width() - at, room.height())
            painter.fillRect(beyond, token("stage"))
            self._paint_picture(painter, state.items[over], room, beyond)
            self._paint_line(painter, at)
        elif state.split > 0:
            layer = QImage(QSize(round(room.width() * self._ratio()), round(room.height() * self._ratio())), QImage.Format.Format_RGB32)
            layer.setDevicePixelRatio(self._ratio())
            layer.fill(token("stage"))
            inside = QPainter(layer)
            self._paint_picture(inside, state.items[over], room, room)
            inside.end()
            painter.setOpacity(state.split)
            painter.drawImage(QPointF(0, 0), layer)
            painter.setOpacity(1.0)
        self._paint_title(painter, 0, QPointF(12, 12), room.width() / 2 - 24)
        self._paint_title(painter, over, QPointF(room.width() - 12, 12), room.width() / 2 - 24, is_right=True)

    def _ratio(self) -> float:
        return self.devicePixelRatioF()

    def _paint_picture(self, painter: QPainter, item: Compared, pane: QRectF, clip: QRectF) -> None:
        painter.save()
        painter.setClipRect(clip)
        if item.picture is None:
            painter.setPen(token("on_stage"))
            words = t("compare.loading") if item.problem is None else error_text(item.problem)
            painter.drawText(pane.adjusted(24, 24, -24, -24), int(Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap), words)
        else:
            ratio = self._ratio()
            painter.scale(1 / ratio, 1 / ratio)
            draw_picture(painter, item.picture, viewport_of(item.picture, pane, self._state.look, ratio))
        painter.restore()

    def _paint_line(self, painter: QPainter, at: float) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        middle = self.height() / 2
        for colour, width in ((QColor(17, 20, 24, 200), 5.0), (QColor(255, 255, 255), 2.0)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(at, 0), QPointF(at, self.height()))
        painter.setPen(QPen(QColor(17, 20, 24, 200), 1.5))
        painter.setBrush(QColor(255, 255, 255))
        painter.drawEllipse(QPointF(at, middle), 15, 15)
        painter.setPen(QPen(QColor(17, 20, 24), 2, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
        for side in (-1, 1):
            tip = at + side * 9
            painter.drawLine(QPointF(tip, middle), QPointF(tip - side * 4, middle - 4))
            painter.drawLine(QPointF(tip, middle), QPointF(tip - side * 4, middle + 4))

    def _paint_title(self, painter: QPainter, place: int, corner: QPointF, most: float, *, is_right: bool = False) -> None:
        if not 0 <= place < len(self._titles):
            return
        font = self.font()
        font.setPixelSize(13)
        painter.setFont(font)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics = painter.fontMetrics()
        words = metrics.elidedText(self._titles[place], Qt.TextElideMode.ElideRight, max(40, int(most) - 24))
        width = metrics.horizontalAdvance(words) + 24
        pill = QRectF(corner.x() - (width if is_right else 0), corner.y(), width, 28)
        ground = QColor(token("stage_raised"))
        ground.setAlpha(225)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawRoundedRect(pill, 14, 14)
        painter.setPen(token("on_stage"))
        painter.drawText(pill, int(Qt.AlignmentFlag.AlignCenter), words)

    # ── pointer and keys ───────────────────────────────────────────────────────────────────────────────────────

    def _pane_at(self, place: QPointF) -> int:
        return next((number for number, rect in enumerate(self.panes()) if rect.contains(place)), 0)

    def _share_at(self, place: QPointF) -> tuple[float, float]:
        """The place under the pointer, in shares of the picture that lies there."""
        number = self._pane_at(place)
        items = self._state.items
        picture = items[number].picture if number < len(items) else None
        if picture is None:
            return self._state.look.x, self._state.look.y
        at = viewport_of(picture, self.panes()[number], self._state.look, self._ratio()).to_picture(place)
        return at.x / picture.width_px, at.y / picture.height_px

    def _is_on_line(self, place: QPointF) -> bool:
        return self._state.mode is CompareMode.SWIPE and abs(place.x() - self.width() * self._state.split) <= _NEAR_LINE

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom around the pointer, in every picture."""
        x, y = self._share_at(event.position())
        self.zoomed.emit(ZOOM_STEP ** (event.angleDelta().y() / 120), x, y)
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take hold of the line, or of the pictures."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        self._is_wiping = self._is_on_line(event.position())
        self._from = event.position()
        if self._state.mode is CompareMode.SIDE:
            self.chosen.emit(self._pane_at(event.position()))
        self._point(event.position())

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Wipe, or pan."""
        before, place = self._from, event.position()
        if before is None:
            self._point(place)
            return
        if self._is_wiping:
            self.split.emit(place.x() / max(1, self.width()))
            return
        (x0, y0), (x1, y1) = self._share_at(before), self._share_at(place)
        self._from = place
        self.panned.emit(x0 - x1, y0 - y1)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Let go."""
        self._from, self._is_wiping = None, False
        self._point(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Whole pictures ↔ four times nearer."""
        if self._state.look.nearer > 1.01:
            self.fitted.emit()
        else:
            self.zoomed.emit(4.0, *self._share_at(event.position()))

    def _point(self, place: QPointF) -> None:
        if self._is_wiping or (self._from is None and self._is_on_line(place)):
            self.setCursor(Qt.CursorShape.SplitHCursor)
        else:
            self.setCursor(Qt.CursorShape.OpenHandCursor if self._from is None else Qt.CursorShape.ClosedHandCursor)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows pan; in swipe and onion skin ← → move the line or the share, with Shift they pan there too."""
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        step = steps.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        elif self._state.mode is not CompareMode.SIDE and step[0] and not event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self.split.emit(self._state.split + step[0] * _STEP)
        else:
            reach = _PAN / self._state.look.nearer
            self.panned.emit(step[0] * reach, step[1] * reach)
