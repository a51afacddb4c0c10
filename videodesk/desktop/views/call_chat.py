"""The chat beside the video: plain text, whatever it holds."""

from __future__ import annotations

from math import ceil
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter, QPainterPath, QResizeEvent, QTextLayout, QTextOption
from PySide6.QtWidgets import QHBoxLayout, QListView, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from videodesk.desktop.calling import ChatItem
from videodesk.desktop.i18n import clock_time, t
from videodesk.desktop.theme import token
from videodesk.desktop.widgets import IconButton, LineEdit, label
from videodesk.protocol.messages import MAX_CHAT_CHARS

_PAD: Final = 9


class ChatModel(QAbstractListModel):
    """The lines of the chat."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines: tuple[ChatItem, ...] = ()

    def show_lines(self, lines: tuple[ChatItem, ...]) -> bool:
        """Show these; True when there are new ones."""
        if lines == self.lines:
            return False
        is_longer = len(lines) > len(self.lines)
        self.beginResetModel()
        self.lines = lines
        self.endResetModel()
        return is_longer

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.lines)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        line = self.lines[index.row()]
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return f"{head_of(line)}: {line.text}"
        return None


def head_of(line: ChatItem) -> str:
    """Who said it and when."""
    who = t("call.chat.you" if line.sender == "agent" else "call.chat.customer")
    return f"{who} · {clock_time(line.at) if line.is_sent else t('call.chat.sending')}"


class _Bubbles(QStyledItemDelegate):
    """Paints a line as a bubble: the customer's on the left, one's own on the right."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        view = self.parent()
        assert isinstance(view, QListView)
        model = index.model()
        assert isinstance(model, ChatModel)
        width = view.viewport().width()
        text = self._text_size(option.font, model.lines[index.row()].text, width)
        return QSize(width, text.height() + 2 * _PAD - 4 + 20)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        model = index.model()
        assert isinstance(model, ChatModel)
        line = model.lines[index.row()]
        rect: QRect = option.rect
        font = self._font(option.font)
        text = self._text_size(font, line.text, rect.width())
        is_mine = line.sender == "agent"
        bubble = QRect(rect.x(), rect.y(), text.width() + 2 * _PAD, text.height() + 2 * _PAD - 4)
        if is_mine:
            bubble.moveRight(rect.right() - 2)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(bubble, 10, 10)
        painter.fillPath(shape, token("accent_soft" if is_mine else "hover"))
        painter.setPen(token("text"))
        painter.setFont(font)
        painter.drawText(QRectF(bubble.adjusted(_PAD, _PAD - 2, 0, 0)).adjusted(0, 0, -_PAD + 1, 4), line.text, _wrapping())
        font.setPixelSize(11)
        painter.setFont(font)
        painter.setPen(token("text_muted"))
        side = Qt.AlignmentFlag.AlignRight if is_mine else Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRect(rect.x() + 2, bubble.bottom() + 1, rect.width() - 6, 16), side | Qt.AlignmentFlag.AlignVCenter, head_of(line))
        painter.restore()

    @staticmethod
    def _font(font: QFont) -> QFont:
        made = QFont(font)
        made.setPixelSize(13)
        return made

    def _text_size(self, font: QFont, text: str, width: int) -> QSize:
        layout = QTextLayout(text.replace("\n", "\u2028"), self._font(font))
        layout.setTextOption(_wrapping())
        room, high, wide = max(60.0, width * 0.84 - 2 * _PAD), 0.0, 0.0
        layout.beginLayout()
        while (line := layout.createLine()).isValid():
            line.setLineWidth(room)
            high += line.height()
            wide = max(wide, line.naturalTextWidth())
        layout.endLayout()
        return QSize(ceil(wide) + 1, ceil(high))


def _wrapping() -> QTextOption:
    """Lines break between words, and inside one only where it is longer than the line."""
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    return option


class _Lines(QListView):
    """The list; the newest line stays in view when there is less room."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()
        self.scrollToBottom()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.text() and event.text().isprintable():
            event.ignore()
        else:
            super().keyPressEvent(event)


class Chat(QWidget):
    """Lines and a field to say something."""

    said = Signal(str)
    seen = Signal()
    left = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = ChatModel(self)
        self.list = _Lines()
        self.list.setObjectName("call.chat")
        self.list.setModel(self._model)
        self.list.setItemDelegate(_Bubbles(self.list))
        self.list.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.empty = label(key="call.chat.empty", role="caption", wraps=True)
        self.field = LineEdit("call.chat.placeholder", max_chars=MAX_CHAT_CHARS)
        self.field.setObjectName("call.chat.field")
        self.send = IconButton("call.chat.send", "send", size_px=18, pressed=self._say)
        self.send.setObjectName("call.chat.send")
        self.field.returnPressed.connect(self._say)
        row = QHBoxLayout()
        row.setSpacing(4)
        row.addWidget(self.field, 1)
        row.addWidget(self.send)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self.empty, 1)
        column.addWidget(self.list, 1)
        column.addLayout(row)
        self.retranslate()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Esc leaves the field, so that single keys (S for a snapshot) are keys of the call again."""
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def show_lines(self, lines: tuple[ChatItem, ...], *, can_say: bool) -> None:
        """Show these; a new line scrolls into view."""
        if self._model.show_lines(lines):
            self.list.scrollToBottom()
            if self.isVisible() and self.window().isActiveWindow():
                self.seen.emit()
        self.empty.setVisible(not lines)
        self.list.setVisible(bool(lines))
        self.field.setEnabled(can_say)
        self.send.setEnabled(can_say)

    def retranslate(self) -> None:
        """Name the list for the screen reader."""
        self.list.setAccessibleName(t("call.chat.title"))
        self.list.viewport().update()

    def restyle(self) -> None:
        """The theme changed."""
        self.list.viewport().update()

    def _say(self) -> None:
        text = self.field.text().strip()
        if text:
            self.field.clear()
            self.said.emit(text)
