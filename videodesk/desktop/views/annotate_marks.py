"""The list of marks beside the canvas: the keyboard's and the screen reader's way to every mark, one or several."""

from __future__ import annotations

from typing import Any, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QRectF,
    QSignalBlocker,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from videodesk.annotation.document import Document
from videodesk.annotation.geometry import bounds
from videodesk.annotation.marks import Callout, Mark, Stamp, Text, kind_of
from videodesk.desktop.actions import BY_ID
from videodesk.desktop.annotating import AnnotateState
from videodesk.desktop.drawing.painting import text_box
from videodesk.desktop.i18n import t
from videodesk.desktop.icons import pixmap
from videodesk.desktop.presenters.annotate import AnnotatePresenter
from videodesk.desktop.theme import token

_Index = QModelIndex | QPersistentModelIndex
MARK_ROLE: Final = int(Qt.ItemDataRole.UserRole)
_ROW_HEIGHT: Final = 48


def mark_name(document: Document, mark: Mark) -> str:
    """What a mark is called: its own name, else its kind and which of that kind it is, with the words of a text."""
    if mark.name:
        return mark.name
    kind = kind_of(mark)
    number = 1 + [other.id for other in document.marks if kind_of(other) is kind].index(mark.id)
    name = t(f"annotate.{kind}_numbered", number=number)
    return f"{name}: {mark.text.splitlines()[0]}" if isinstance(mark, Text | Callout | Stamp) and mark.text.strip() else name


def mark_place(mark: Mark) -> str:
    """Where a mark is, in px of the original."""
    box = bounds(mark, text_box)
    return t("annotate.place", x=round(box.x), y=round(box.y), width=round(box.width), height=round(box.height))


class MarksModel(QAbstractListModel):
    """The marks of a document, the highest first."""

    def __init__(self) -> None:
        super().__init__()
        self._document = Document(1, 1)

    def show_document(self, document: Document) -> None:
        """Show this document; where only marks changed, the rows stay."""
        if document is self._document:
            return
        same_rows = [mark.id for mark in document.marks] == [mark.id for mark in self._document.marks]
        if same_rows:
            self._document = document
            self.refresh()
            return
        self.beginResetModel()
        self._document = document
        self.endResetModel()

    def refresh(self) -> None:
        """The words changed (another language)."""
        if self._document.marks:
            self.dataChanged.emit(self.index(0), self.index(len(self._document.marks) - 1))

    def mark(self, row: int) -> Mark:
        """The mark in `row`."""
        return self._document.marks[len(self._document.marks) - 1 - row]

    def row_of(self, mark_id: str | None) -> int:
        """The row of a mark, -1 where there is none."""
        if mark_id is None or self._document.find(mark_id) is None:
            return -1
        return len(self._document.marks) - 1 - self._document.index(mark_id)

    def rowCount(self, parent: _Index | None = None) -> int:
        """How many marks there are."""
        return 0 if parent is not None and parent.isValid() else len(self._document.marks)

    def data(self, index: _Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """A row's name, place and mark."""
        if not index.isValid() or not 0 <= index.row() < len(self._document.marks):
            return None
        mark = self.mark(index.row())
        if role == Qt.ItemDataRole.DisplayRole:
            return mark_name(self._document, mark)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            together = f", {t('annotate.grouped')}" if mark.group else ""
            return f"{mark_name(self._document, mark)}, {mark_place(mark)}{together}"
        return mark if role == MARK_ROLE else None


class _MarkRow(QStyledItemDelegate):
    """A row: the kind's icon, the name, the place below it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """All rows are equally high."""
        del option, index
        return QSize(120, _ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint it in the theme's colours."""
        mark = index.data(MARK_ROLE)
        if mark is None:
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = QRectF(option.rect).adjusted(1, 1, -1, -1)
        state = option.state
        is_chosen = bool(state & QStyle.StateFlag.State_Selected)
        if is_chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.setBrush(token("accent_soft" if is_chosen else "hover"))
            painter.setPen(QPen(token("focus"), 2) if is_chosen and state & QStyle.StateFlag.State_HasFocus else Qt.PenStyle.NoPen)
            painter.drawRoundedRect(rect, 8, 8)
        chip = QRectF(rect.x() + 10, rect.center().y() - 14, 28, 28)
        painter.setPen(QPen(token("border_strong"), 1))
        painter.setBrush(QColor(mark.colour))
        painter.drawRoundedRect(chip, 7, 7)
        bright = QColor(mark.colour).lightnessF() > 0.6
        spec = BY_ID[f"annotate.{kind_of(mark)}"]
        ratio = painter.device().devicePixelRatio()
        picture = pixmap(spec.icon, "#111418" if bright else "#ffffff", 18, ratio)
        painter.drawPixmap(int(chip.x()) + 5, int(chip.y()) + 5, picture)
        if mark.group:
            painter.drawPixmap(int(rect.right()) - 22, int(rect.y()) + 7, pixmap("link", "text_muted", 14, ratio))
        words = rect.adjusted(48, 5, -26 if mark.group else -8, -5)
        metrics = painter.fontMetrics()
        painter.setPen(token("text"))
        painter.drawText(words, int(Qt.AlignmentFlag.AlignTop), metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, int(words.width())))
        font = painter.font()
        font.setPixelSize(12)
        painter.setFont(font)
        painter.setPen(token("text_muted"))
        painter.drawText(words, int(Qt.AlignmentFlag.AlignBottom), mark_place(mark))
        painter.restore()


class MarksList(QListView):
    """The list of a document's marks. Del, Enter, F2, Alt+arrows and Ctrl+arrows work on the marks chosen in it; `wanted`: their fields are asked for."""

    wanted = Signal()

    def __init__(self, presenter: AnnotatePresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presenter = presenter
        self.marks = MarksModel()
        self.setObjectName("annotate.marks")
        self.setModel(self.marks)
        self.setItemDelegate(_MarkRow(self))
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.setAccessibleName(t("annotate.marks"))
        self.selectionModel().selectionChanged.connect(self._rows_chosen)

    def show_state(self, state: AnnotateState) -> None:
        """Show the document's marks and which are selected; what is there already stays as it is."""
        model = self.selectionModel()
        with QSignalBlocker(model):
            self.marks.show_document(state.document)
            rows = sorted(self.marks.row_of(mark_id) for mark_id in state.selected_ids)
            rows = [row for row in rows if row >= 0]
            if rows != sorted(index.row() for index in model.selectedIndexes()):
                chosen = QItemSelection()
                for row in rows:
                    chosen.select(self.marks.index(row), self.marks.index(row))
                model.select(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            primary = self.marks.row_of(state.selected_id)
            if primary != model.currentIndex().row():
                model.setCurrentIndex(self.marks.index(primary) if primary >= 0 else QModelIndex(), QItemSelectionModel.SelectionFlag.NoUpdate)
                if primary >= 0:
                    self.scrollTo(self.marks.index(primary))
        self.viewport().update()

    def _rows_chosen(self) -> None:
        current = self.currentIndex().row()
        rows = [index.row() for index in self.selectionModel().selectedIndexes()]
        rows.sort(key=lambda row: (row == current, -row))
        self._presenter.select_several(self.marks.mark(row).id for row in rows)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """The keys that work on marks; the others are the list's."""
        key, modifiers = Qt.Key(event.key()), event.modifiers()
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        if key in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace} and not modifiers:
            self._presenter.delete()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2}:
            self.wanted.emit()
        elif key in steps and modifiers & Qt.KeyboardModifier.AltModifier:
            self._presenter.raise_selected(-steps[key][1])
        elif key in steps and modifiers & Qt.KeyboardModifier.ControlModifier:
            far = 10 if modifiers & Qt.KeyboardModifier.ShiftModifier else 1
            self._presenter.nudge(steps[key][0] * far, steps[key][1] * far)
        elif self._is_screens(event):
            event.ignore()
        else:
            super().keyPressEvent(event)

    @staticmethod
    def _is_screens(event: QKeyEvent) -> bool:
        """Letters and Ctrl+letters are the screen's; a list would look for a row that begins so, or copy its words."""
        return bool(event.text().strip()) or bool(event.modifiers() & (Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier))

    def retranslate(self) -> None:
        """Name everything in the language chosen now."""
        self.setAccessibleName(t("annotate.marks"))
        self.marks.refresh()
