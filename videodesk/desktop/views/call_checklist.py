"""The checklist beside the video: what is there, what is missing, and where the next snapshot goes."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPainterPath, QPen, QResizeEvent
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from videodesk.desktop.calling import CheckItem
from videodesk.desktop.i18n import language, t
from videodesk.desktop.icons import pixmap
from videodesk.desktop.theme import token
from videodesk.desktop.views.tray_model import plain_tip, title_of

ROW_PX: Final = 30


class ChecklistModel(QAbstractListModel):
    """The checklist's items."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.items: tuple[CheckItem, ...] = ()

    def show_items(self, items: tuple[CheckItem, ...]) -> None:
        """Show these; the rows stay when only their contents changed."""
        if items == self.items:
            return
        is_same = [item.view.id for item in items] == [item.view.id for item in self.items]
        if is_same:
            self.items = items
            self.dataChanged.emit(self.index(0), self.index(len(items) - 1))
            return
        self.beginResetModel()
        self.items = items
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.items)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        item = self.items[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return " · ".join(part for part in (title_of(item.view), self.word(item), t("call.check.next") if item.is_next else "") if part)
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return item.retake.words if item.retake is not None else item.view.hint.get(language(), "")
        if role == Qt.ItemDataRole.ToolTipRole:
            hint = item.retake.words if item.retake is not None else item.view.hint.get(language(), "")
            return plain_tip("\n".join(part for part in (title_of(item.view), hint) if part))
        return None

    @staticmethod
    def is_plain(item: CheckItem) -> bool:
        """Whether it is just needed and not there yet."""
        return item.view.is_required and not item.count and item.view.skipped_reason is None and item.retake is None

    @staticmethod
    def word(item: CheckItem) -> str:
        """What there is of it, in a word."""
        if item.retake is not None:
            return t("call.check.retake")
        if item.view.skipped_reason is not None:
            return t("call.check.skipped")
        if item.count:
            return t("call.check.count", n=item.count)
        return t("call.check.required") if item.view.is_required else t("call.check.optional")


class _Rows(QStyledItemDelegate):
    """Paints a row: a mark, the title, what there is."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: ARG002
        return QSize(120, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        model = index.model()
        assert isinstance(model, ChecklistModel)
        item = model.items[index.row()]
        state: QStyle.StateFlag = option.state
        rect: QRect = option.rect.adjusted(0, 1, 0, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(rect, 7, 7)
        if item.is_next:
            painter.fillPath(shape, token("accent_soft"))
        elif state & QStyle.StateFlag.State_MouseOver:
            painter.fillPath(shape, token("hover"))
        if state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(token("focus"), 2))
            painter.drawPath(shape)
        symbol, colour = "circle-dashed", "warning" if item.view.is_required and item.view.skipped_reason is None else "text_muted"
        if item.is_done:
            symbol, colour = "circle-check", "ok"
        elif item.is_next:
            symbol, colour = "camera", "accent_text"
        if item.retake is not None:
            symbol, colour = "repeat", "warning"
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(rect.x() + 7, rect.center().y() - 8, pixmap(symbol, colour, 18, ratio))
        font = painter.font()
        font.setPixelSize(12)
        painter.setFont(font)
        word = "" if model.is_plain(item) else model.word(item)  # most are needed: the word is for what is special
        wide = painter.fontMetrics().horizontalAdvance(word)
        painter.setPen(token("accent_text" if item.is_next else "text_muted"))
        painter.drawText(rect.adjusted(0, 0, -8, 0), Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, word)
        font.setPixelSize(13)
        font.setWeight(font.Weight.DemiBold if item.is_next else font.Weight.Normal)
        painter.setFont(font)
        painter.setPen(token("text_muted" if item.is_done and not item.is_next else "text"))
        words = rect.adjusted(32, 0, -wide - 16 if word else -8, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, painter.fontMetrics().elidedText(
            title_of(item.view), Qt.TextElideMode.ElideRight, words.width()))
        painter.restore()


class Checklist(QListView):
    """A click (or Enter) on an item lets the next snapshot belong to it; again: back to what is suggested."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("call.checklist")
        self._model = ChecklistModel(self)
        self.setModel(self._model)
        self.setItemDelegate(_Rows(self))
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.clicked.connect(self._choose)
        self.retranslate()

    def show_items(self, items: tuple[CheckItem, ...]) -> None:
        """Show these."""
        moved = next((item.view.id for item in items if item.is_next), None) != next(
            (item.view.id for item in self._model.items if item.is_next), None)
        self._model.show_items(items)
        if moved:
            row = next((row for row, item in enumerate(items) if item.is_next), 0)
            self.scrollTo(self._model.index(row))
        self.updateGeometry()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """What comes next stays in sight when there is less room."""
        super().resizeEvent(event)
        row = next((row for row, item in enumerate(self._model.items) if item.is_next), None)
        if row is not None:
            self.scrollTo(self._model.index(row))

    def sizeHint(self) -> QSize:
        """As high as its rows."""
        return QSize(200, max(1, len(self._model.items)) * ROW_PX + 2)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self._choose(self.currentIndex())
        elif event.text() and event.text().isprintable():
            event.ignore()  # single keys belong to the call, not to a search by first letter
        else:
            super().keyPressEvent(event)

    def retranslate(self) -> None:
        """Name it for the screen reader."""
        self.setAccessibleName(t("call.check.title"))
        self.viewport().update()

    def restyle(self) -> None:
        """The theme changed."""
        self.viewport().update()

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(self._model.items[index.row()].view.id)
