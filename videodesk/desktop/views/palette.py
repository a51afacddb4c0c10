"""The command palette's window: a field, and the list of what fits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt
from PySide6.QtGui import QKeyEvent, QPainter
from PySide6.QtWidgets import QAbstractItemView, QDialog, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from videodesk.desktop.i18n import error_text, t
from videodesk.desktop.icons import pixmap
from videodesk.desktop.presenters.palette import Entry, PalettePresenter, PaletteState
from videodesk.desktop.theme import SPACE, token
from videodesk.desktop.widgets import LineEdit, label

_Index = QModelIndex | QPersistentModelIndex
_ENTRY: Final = int(Qt.ItemDataRole.UserRole)
_ROW_PX: Final = 40
_ICON_PX: Final = 18


class _Entries(QAbstractListModel):
    """The entries as rows."""

    def __init__(self) -> None:
        super().__init__()
        self.entries: tuple[Entry, ...] = ()

    def put(self, entries: tuple[Entry, ...]) -> None:
        """Show these."""
        self.beginResetModel()
        self.entries = entries
        self.endResetModel()

    def rowCount(self, parent: _Index | None = None) -> int:
        """How many."""
        return 0 if parent is not None and parent.isValid() else len(self.entries)

    def data(self, index: _Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """A row's words, and itself."""
        if not index.isValid() or index.row() >= len(self.entries):
            return None
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry.text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{entry.text}, {entry.more}" if entry.more else entry.text
        return entry if role == _ENTRY else None


class _Row(QStyledItemDelegate):
    """Icon, words, and at the right the key or what the case is about."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """All rows are equally high."""
        del option, index
        return QSize(200, _ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint it in the theme's colours."""
        entry = index.data(_ENTRY)
        if not isinstance(entry, Entry):
            return
        rect: QRect = option.rect
        is_chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        if is_chosen:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(token("accent_soft"))
            painter.drawRoundedRect(rect.adjusted(2, 1, -2, -1), 8, 8)
        if entry.icon:
            painter.drawPixmap(rect.left() + 14, rect.center().y() - _ICON_PX // 2 + 1, pixmap(entry.icon, "text_muted", _ICON_PX))
        inside = rect.adjusted(44, 0, -14, 0)
        metrics = painter.fontMetrics()
        more = metrics.elidedText(entry.more, Qt.TextElideMode.ElideRight, inside.width() // 2)
        painter.setPen(token("text_muted"))
        painter.drawText(inside, int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter), more)
        painter.setPen(token("text"))
        room = inside.width() - metrics.horizontalAdvance(more) - 2 * SPACE
        painter.drawText(inside, int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter), metrics.elidedText(entry.text, Qt.TextElideMode.ElideRight, room))
        painter.restore()


class Palette(QDialog):
    """`act` does an action by its id, `open_screen` shows a screen. Enter does what is chosen, Esc leaves, the arrows choose."""

    def __init__(self, presenter: PalettePresenter, act: Callable[[str], object], open_screen: Callable[..., object], parent: QWidget) -> None:
        super().__init__(parent.window())
        self.setObjectName("palette")
        self.setWindowTitle(t("shell.palette"))
        self._presenter = presenter
        self._act, self._open = act, open_screen
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        self.search = LineEdit("shell.palette_search", max_chars=80)
        self.search.setObjectName("palette.search")
        self.search.textChanged.connect(presenter.search)
        column.addWidget(self.search)
        self._model = _Entries()
        self.list = QListView()
        self.list.setObjectName("palette.list")
        self.list.setAccessibleName(t("shell.palette"))
        self.list.setModel(self._model)
        self.list.setItemDelegate(_Row(self.list))
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # the field keeps the keys; arrows are passed on
        self.list.clicked.connect(lambda index: self._do(index.row()))
        column.addWidget(self.list, 1)
        self._note = label("", "muted", wraps=True)
        column.addWidget(self._note)
        self.resize(560, 440)
        self._end = presenter.watch(self._render)
        self.finished.connect(self._over)
        self.search.setFocus()

    def _over(self, _result: int) -> None:
        self._end()
        self._presenter.close()

    def _render(self, state: PaletteState) -> None:
        if state.entries != self._model.entries:
            self._model.put(state.entries)
            if state.entries:
                self.list.setCurrentIndex(self._model.index(0))
        note = error_text(state.problem) if state.problem is not None else t("shell.palette_searching") if state.is_searching else (
            "" if state.entries else t("shell.palette_nothing"))
        self._note.setText(note)
        self._note.setVisible(bool(note))

    def _do(self, row: int) -> None:
        if not 0 <= row < len(self._model.entries):
            return
        entry = self._model.entries[row]
        self.accept()
        if entry.is_case:
            self._open("case", case_id=entry.id)
        else:
            self._act(entry.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The list's keys, while the field has the focus."""
        row, last = self.list.currentIndex().row(), len(self._model.entries) - 1
        steps = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1, Qt.Key.Key_PageDown: 8, Qt.Key.Key_PageUp: -8}
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._do(row)
        elif Qt.Key(event.key()) in steps and last >= 0:
            self.list.setCurrentIndex(self._model.index(min(max(row + steps[Qt.Key(event.key())], 0), last)))
        else:
            super().keyPressEvent(event)
