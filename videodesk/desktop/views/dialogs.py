"""Small questions."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from videodesk.desktop.i18n import t
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Button, Field, TextArea, label


def ask_reason(parent: QWidget, title: str, label_key: str, done: Callable[[str], None]) -> QDialog:
    """Ask for a reason in words; `done` gets it, never an empty one. Not blocking."""
    dialog = QDialog(parent.window())
    dialog.setObjectName("reason")
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    dialog.setMinimumWidth(420)
    column = QVBoxLayout(dialog)
    column.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 2 * SPACE)
    column.setSpacing(2 * SPACE)
    column.addWidget(label(title, "heading", wraps=True))
    text = TextArea(lines=3)
    text.setObjectName("reason.text")
    field = Field(label_key, text)
    column.addWidget(field)
    row = QHBoxLayout()
    row.addStretch(1)

    def answer() -> None:
        words = text.toPlainText().strip()[:200]
        if not words:
            field.set_error(t("settings.fill_in"))
            return
        done(words)
        dialog.accept()

    row.addWidget(Button("common.cancel", "ghost", pressed=dialog.reject))
    confirm = Button("common.save", "primary", pressed=answer)
    confirm.setObjectName("reason.save")
    row.addWidget(confirm)
    column.addLayout(row)
    dialog.open()
    text.setFocus()
    return dialog
