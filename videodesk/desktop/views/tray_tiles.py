"""Paints a snapshot of the tray: its picture with the marks on it, below it how far it is and where it belongs."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from videodesk.core.vocabulary import SnapshotMethod
from videodesk.desktop.i18n import duration, t, word
from videodesk.desktop.icons import pixmap
from videodesk.desktop.theme import token
from videodesk.desktop.tray import StillStage, TrayItem, TrayStage
from videodesk.desktop.views.tray_model import THUMBNAIL, TrayModel, size_text

CELL: Final = QSize(130, 110)
_STAGE_ICON: Final = {
    TrayStage.SAVING: ("clock", "text_muted"), TrayStage.KEPT: ("device-floppy", "text_muted"), TrayStage.SENDING: ("cloud-up", "text_muted"),
    TrayStage.IN_CASE: ("circle-check", "ok"), TrayStage.REFUSED: ("alert-triangle", "danger"), TrayStage.FAILED: ("alert-circle", "danger"),
}
_PILL_PX: Final = 18
_ROUND: Final = 6
# On a picture, in every theme: light on dark, and dark on amber for what is wrong (11:1 and more).
_GROUND: Final = QColor(12, 16, 22, 215)
_INK, _LOUD, _LOUD_INK, _PROGRESS = "#ffffff", "#ffd257", "#201600", "#8fd0ff"


class TrayTiles(QStyledItemDelegate):
    """The delegate of the tray."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: ARG002
        return CELL

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        model = index.model()
        assert isinstance(model, TrayModel)
        shot = model.shots[index.row()]
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        frame = QRect(rect.x() + (rect.width() - THUMBNAIL.width()) // 2, rect.y() + 5, THUMBNAIL.width(), THUMBNAIL.height())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(frame, _ROUND, _ROUND)
        painter.fillPath(shape, token("stage"))
        painter.setClipPath(shape)
        made = model.thumbnail(shot, painter.device().devicePixelRatioF())
        if made is not None:
            painter.setOpacity(0.55 if shot.stage is TrayStage.SAVING else 1.0)
            painter.drawPixmap(frame.topLeft(), made)
            painter.setOpacity(1.0)
        Marks(painter, frame).paint(shot)
        painter.setClipping(False)
        is_chosen, has_focus = bool(state & QStyle.StateFlag.State_Selected), bool(state & QStyle.StateFlag.State_HasFocus)
        if is_chosen or has_focus:
            painter.setPen(QPen(token("focus" if has_focus else "accent"), 3))
            painter.drawPath(shape)
        self._words(painter, rect, frame, shot, model)
        painter.restore()

    def _words(self, painter: QPainter, rect: QRect, frame: QRect, shot: TrayItem, model: TrayModel) -> None:
        is_asked = model.is_retake_asked(shot)
        symbol, colour = ("repeat", "warning") if is_asked else _STAGE_ICON[shot.stage]
        font = painter.font()
        font.setPixelSize(12)
        line = QRect(frame.x(), frame.bottom() + 4, frame.width(), 16)
        painter.drawPixmap(line.topLeft() + QPoint(0, 1), pixmap(symbol, colour, 14, painter.device().devicePixelRatioF()))
        painter.setPen(token("danger") if colour == "danger" else token("text"))
        font.setWeight(font.Weight.Medium)
        painter.setFont(font)
        words = line.adjusted(18, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, painter.fontMetrics().elidedText(
            model.stage(shot), Qt.TextElideMode.ElideRight, words.width()))
        font.setWeight(font.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(token("text_muted")))
        below = QRect(frame.x(), line.bottom(), frame.width(), rect.bottom() - line.bottom())
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, painter.fontMetrics().elidedText(
            model.title(shot), Qt.TextElideMode.ElideRight, below.width()))


class Marks:
    """Small words on a picture: dark grounds, so that they can be read on any picture and in any theme."""

    def __init__(self, painter: QPainter, frame: QRect) -> None:
        self._painter, self._frame = painter, frame
        self._ratio = painter.device().devicePixelRatioF()
        font = QFont(painter.font())
        font.setPixelSize(11)
        font.setWeight(QFont.Weight.Medium)
        painter.setFont(font)

    def paint(self, shot: TrayItem) -> None:
        """All that is to be said: what is wrong above, what leads or comes below."""
        if shot.verdict:
            self._pill(word("call.verdict", shot.verdict[0]), "alert-triangle", is_above=True, is_loud=True)
        leading = shot.leading
        if shot.still is not None:
            self._still(shot)
        elif shot.duration_s is not None:
            self._pill(duration(shot.duration_s), "player-play")
        elif leading is not None and leading.method.is_still and leading.width_px:
            self._pill(size_text(leading), "device-mobile")
        elif leading is not None and leading.method is SnapshotMethod.SHARPEST:
            self._pill(t("call.method.sharpest"), "focus-2")
        elif leading is not None and leading.method is SnapshotMethod.REWOUND:
            self._pill(t("call.tray.rewound"), "history")

    def _still(self, shot: TrayItem) -> None:
        still = shot.still
        if still is None:
            return
        if still.is_failed:
            self._pill(t("call.still.none"), "device-mobile-x")
            return
        is_sending = still.stage in {StillStage.SENDING, StillStage.SENT}
        self._pill(t("call.still.short", percent=still.percent) if is_sending else t("call.still.waiting"), "device-mobile")
        track = QRectF(self._frame.x(), self._frame.bottom() - 2.5, self._frame.width(), 4)
        self._painter.fillRect(track, QColor(0, 0, 0, 150))
        track.setWidth(track.width() * still.percent / 100)
        self._painter.fillRect(track, QColor(_PROGRESS))

    def _pill(self, text: str, symbol: str, *, is_above: bool = False, is_loud: bool = False) -> None:
        painter, frame = self._painter, self._frame
        room = frame.width() - 8
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room - 26)
        width = painter.fontMetrics().horizontalAdvance(shown) + 26
        top = frame.y() + 4 if is_above else frame.bottom() - 5 - _PILL_PX
        pill = QRectF(frame.x() + 4, top, width, _PILL_PX)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(_LOUD) if is_loud else _GROUND)
        painter.drawRoundedRect(pill, _PILL_PX / 2, _PILL_PX / 2)
        ink = QColor(_LOUD_INK if is_loud else _INK)
        painter.drawPixmap(round(pill.x()) + 6, round(pill.y()) + 3, pixmap(symbol, ink.name(), 12, self._ratio))
        painter.setPen(ink)
        painter.drawText(pill.adjusted(21, 0, -4, 0), Qt.AlignmentFlag.AlignVCenter, shown)
