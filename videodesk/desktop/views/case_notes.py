"""Notes on a case."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n
from videodesk.desktop.i18n import moment_text, t
from videodesk.desktop.presenters.case import CasePresenter, CaseState
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Button, Card, TextArea, label
from videodesk.protocol.resources import NoteView


class _NoteArea(TextArea):
    """Ctrl+Enter adds the note."""

    def __init__(self, owner: NotesCard) -> None:
        super().__init__("case.note_hint", lines=3)
        self._owner = owner

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self._owner.add()
            return
        super().keyPressEvent(event)


class NotesCard(Card):
    """The newest first, and a field for a new one. What is typed stays until it was added."""

    def __init__(self, presenter: CasePresenter) -> None:
        super().__init__("case.notes")
        self._presenter = presenter
        self._case_id = ""
        self._drafts: dict[str, str] = {}
        self._shown: tuple[tuple[NoteView, ...], Language] | None = None
        self._text = _NoteArea(self)
        self._text.setObjectName("case.note_text")
        self.body.addWidget(self._text)
        row = QHBoxLayout()
        row.addStretch(1)
        self._add = Button("case.add_note", pressed=self.add)
        self._add.setObjectName("case.add_note")
        row.addWidget(self._add)
        self.body.addLayout(row)
        self._list = QVBoxLayout()
        self._list.setSpacing(SPACE + 4)
        self.body.addLayout(self._list)

    def focus(self) -> None:
        """Begin to write."""
        self._text.setFocus()

    def add(self) -> None:
        """Add what stands there."""
        if self._presenter.add_note(self._text.toPlainText()):
            self._text.clear()

    def put(self, state: CaseState) -> None:
        """Show the notes."""
        if state.case is None:
            return
        if state.case.id != self._case_id:
            self._drafts[self._case_id] = self._text.toPlainText()
            self._case_id = state.case.id
            self._text.put(self._drafts.pop(self._case_id, ""))
        notes = tuple(reversed(state.case.notes))
        if self._shown == (notes, i18n.language()):
            return
        self._shown = (notes, i18n.language())
        while (item := self._list.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for note in notes:
            block = QWidget()
            column = QVBoxLayout(block)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(2)
            by = t("case.note_by", name=note.author_name, moment=moment_text(note.at, state.now))
            column.addWidget(label(by, "caption", wraps=True))
            column.addWidget(label(note.text, wraps=True))
            self._list.addWidget(block)
