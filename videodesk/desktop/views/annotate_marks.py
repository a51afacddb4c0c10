"""The list of marks beside the canvas: the keyboard's and the screen reader's way to every mark, with number fields for its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QIntValidator, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from videodesk.annotation.document import Document
from videodesk.annotation.geometry import bounds
from videodesk.annotation.marks import Box, Mark, Text, kind_of
from videodesk.desktop.actions import BY_ID
from videodesk.desktop.annotating import AnnotateState
from videodesk.desktop.drawing.painting import text_box
from videodesk.desktop.i18n import t
from videodesk.desktop.icons import pixmap
from videodesk.desktop.presenters.annotate import AnnotatePresenter
from videodesk.desktop.theme import SPACE, token
from videodesk.desktop.widgets import Badge, Field, IconButton, LineEdit, TextArea, label

_Index = QModelIndex | QPersistentModelIndex
MARK_ROLE: Final = int(Qt.ItemDataRole.UserRole)
_ROW_HEIGHT: Final = 48
_LARGEST: Final = 65_000


def mark_name(document: Document, mark: Mark) -> str:
    """What a mark is called: its own name, else its kind and which of that kind it is, with the words of a text."""
    if mark.name:
        return mark.name
    kind = kind_of(mark)
    number = 1 + [other.id for other in document.marks if kind_of(other) is kind].index(mark.id)
    name = t(f"annotate.{kind}_numbered", number=number)
    return f"{name}: {mark.text.splitlines()[0]}" if isinstance(mark, Text) and mark.text.strip() else name


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
            return f"{mark_name(self._document, mark)}, {mark_place(mark)}"
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
        words = rect.adjusted(48, 5, -8, -5)
        metrics = painter.fontMetrics()
        painter.setPen(token("text"))
        painter.drawText(words, int(Qt.AlignmentFlag.AlignTop), metrics.elidedText(str(index.data()), Qt.TextElideMode.ElideRight, int(words.width())))
        font = painter.font()
        font.setPixelSize(12)
        painter.setFont(font)
        painter.setPen(token("text_muted"))
        painter.drawText(words, int(Qt.AlignmentFlag.AlignBottom), mark_place(mark))
        painter.restore()


class _MarksList(QListView):
    """The list; Del, Enter, Alt+arrows and Ctrl+arrows work on the mark in it."""

    key = Signal(object)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Offer the key to the panel first."""
        event.setAccepted(False)
        self.key.emit(event)
        if not event.isAccepted():
            super().keyPressEvent(event)


class _NumberEdit(LineEdit):
    """A whole number of px. Up and Down count (Shift: tens); leaving it or Enter takes what was typed: `entered`."""

    entered = Signal()

    def __init__(self, smallest: int) -> None:
        super().__init__(max_chars=6)
        self._smallest = smallest
        self.setValidator(QIntValidator(smallest, _LARGEST, self))
        self.editingFinished.connect(self.entered)

    def value(self) -> int:
        """The number; the smallest while nothing sensible stands there."""
        text = self.text()
        return int(text) if self.hasAcceptableInput() else self._smallest

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Count with Up and Down."""
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        self.setText(str(min(_LARGEST, max(self._smallest, self.value() + step * far))))
        self.entered.emit()


class MarksPanel(QFrame):
    """List, name, words, place of the marks. `presenter` gets every intent; `edit_on_canvas` is not needed: words are edited here too."""

    def __init__(self, presenter: AnnotatePresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("surface", "card")
        self.setObjectName("annotate.panel")
        self.setFixedWidth(276)
        self._presenter = presenter
        self._shown: Mark | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 14, 12, 12)
        column.setSpacing(SPACE)
        head = QHBoxLayout()
        head.setContentsMargins(4, 0, 4, 0)
        self._title = label(key="annotate.marks", role="heading")
        self._count = Badge()
        head.addWidget(self._title)
        head.addWidget(self._count)
        head.addStretch(1)
        column.addLayout(head)
        self.model = MarksModel()
        self.list = self._make_list()
        column.addWidget(self.list, 1)
        self._empty = label(key="annotate.no_marks", role="muted", wraps=True)
        self._empty.setContentsMargins(4, 0, 4, 0)
        self._empty.setAlignment(Qt.AlignmentFlag.AlignTop)
        column.addWidget(self._empty, 1)
        self._details = QWidget()
        self._build_details(QVBoxLayout(self._details))
        self._details.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        column.addWidget(self._details)

    def _make_list(self) -> _MarksList:
        made = _MarksList()
        made.setObjectName("annotate.marks")
        made.setModel(self.model)
        made.setItemDelegate(_MarkRow(made))
        made.setUniformItemSizes(True)
        made.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        made.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        made.setMouseTracking(True)
        made.setAccessibleName(t("annotate.marks"))
        made.selectionModel().currentChanged.connect(self._row_chosen)
        made.key.connect(self._list_key)
        return made

    def _build_details(self, column: QVBoxLayout) -> None:
        column.setContentsMargins(4, 0, 4, 0)
        column.setSpacing(SPACE)
        self.name = LineEdit(max_chars=200)
        self.name.setObjectName("annotate.name")
        self.name.editingFinished.connect(lambda: self._presenter.rename(self.name.text()))
        self.words = TextArea(lines=3)
        self.words.setObjectName("annotate.mark_words")
        self.words.textChanged.connect(self._words_typed)
        self._words_field = Field("annotate.words", self.words)
        for field in (Field("annotate.name", self.name), self._words_field):
            field.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            column.addWidget(field)
        grid = QGridLayout()
        grid.setHorizontalSpacing(SPACE)
        grid.setVerticalSpacing(4)
        self._numbers: dict[str, _NumberEdit] = {}
        for place, what in enumerate(("x", "y", "width", "height")):
            box = _NumberEdit(-_LARGEST if place < 2 else 0)
            box.setObjectName(f"annotate.{what}")
            box.entered.connect(self._number_typed)
            self._numbers[what] = box
            grid.addWidget(Field(f"annotate.box_{what}", box), place // 2, place % 2)
        column.addLayout(grid)
        row = QHBoxLayout()
        row.setSpacing(4)
        steps: tuple[tuple[str, Callable[[], None]], ...] = (
            ("annotate.forward", lambda: self._presenter.raise_selected(1)),
            ("annotate.backward", lambda: self._presenter.raise_selected(-1)),
            ("annotate.duplicate", self._presenter.duplicate),
        )
        for what, intent in steps:
            button = IconButton(what, size_px=18, pressed=intent)
            button.setObjectName(what)
            row.addWidget(button)
        row.addStretch(1)
        self._delete = IconButton("annotate.delete", size_px=18, pressed=self._presenter.delete)
        self._delete.setObjectName("annotate.delete")
        self._delete.set_icon("trash", "danger")
        row.addWidget(self._delete)
        column.addLayout(row)

    def show_state(self, state: AnnotateState) -> None:
        """Show the document's marks, and the selected one's details."""
        count = len(state.document.marks)
        self._count.set(str(count))
        self._count.setVisible(count > 0)
        self.list.setVisible(count > 0)
        self._empty.setVisible(count == 0)
        with QSignalBlocker(self.list.selectionModel()):
            self.model.show_document(state.document)
            row = self.model.row_of(state.selected_id)
            self.list.setCurrentIndex(self.model.index(row) if row >= 0 else QModelIndex())
            if row < 0:
                self.list.selectionModel().clear()
        self.list.viewport().update()
        self._show_details(state.selected)

    def _show_details(self, mark: Mark | None) -> None:
        self._shown = mark
        self._details.setVisible(mark is not None)
        if mark is None:
            return
        if not self.name.hasFocus() or self.name.text() != mark.name:
            self.name.put(mark.name)
        self._words_field.setVisible(isinstance(mark, Text))
        if isinstance(mark, Text):
            self.words.put(mark.text)
        box = bounds(mark, text_box)
        for name, value in (("x", box.x), ("y", box.y), ("width", box.width), ("height", box.height)):
            self._numbers[name].put(str(round(value)))

    def _row_chosen(self, current: QModelIndex, _previous: QModelIndex) -> None:
        mark = current.data(MARK_ROLE)
        if mark is not None:
            self._presenter.select(mark.id)

    def _words_typed(self) -> None:
        words = self.words.toPlainText()
        if isinstance(self._shown, Text) and words.strip() and words != self._shown.text:
            self._presenter.set_text(self._shown, words)

    def _number_typed(self) -> None:
        if self._shown is None:
            return
        old = bounds(self._shown, text_box)
        typed = [self._numbers[name].value() for name in ("x", "y", "width", "height")]
        # A number that was only shown rounded is not a change.
        values = [was if round(was) == now else float(now) for was, now in zip(old, typed, strict=True)]
        self._presenter.place(Box(*values))

    def _list_key(self, event: QKeyEvent) -> None:
        key, modifiers = Qt.Key(event.key()), event.modifiers()
        steps = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        event.accept()
        if key in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            self._presenter.delete()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_F2}:
            target = self.words if isinstance(self._shown, Text) else self.name
            target.setFocus(Qt.FocusReason.ShortcutFocusReason)
            target.selectAll()
        elif key in steps and modifiers & Qt.KeyboardModifier.AltModifier:
            self._presenter.raise_selected(-steps[key][1])
        elif key in steps and modifiers & Qt.KeyboardModifier.ControlModifier:
            far = 10 if modifiers & Qt.KeyboardModifier.ShiftModifier else 1
            self._presenter.nudge(steps[key][0] * far, steps[key][1] * far)
        else:
            event.ignore()

    def retranslate(self) -> None:
        """Name everything in the language chosen now."""
        self.list.setAccessibleName(t("annotate.marks"))
        self.model.refresh()
