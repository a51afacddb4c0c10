"""The `?` sheet: every shortcut, made from the action table."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from videodesk.desktop.actions import SCOPES
from videodesk.desktop.i18n import t
from videodesk.desktop.keys import in_scope
from videodesk.desktop.kit.buttons import Button
from videodesk.desktop.kit.fields import LineEdit
from videodesk.desktop.kit.surfaces import Badge, scrolled
from videodesk.desktop.kit.text import label
from videodesk.desktop.theme import SPACE


class ShortcutTable(QWidget):
    """Shortcuts by screen; `filter` leaves those whose words hold the text."""

    def __init__(self, first: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._first = first
        self._query = ""
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, SPACE, 0)
        self._grid.setHorizontalSpacing(2 * SPACE)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(0, 1)
        self._fill()

    def filter(self, query: str) -> None:
        """Show only what matches."""
        self._query = query.strip().lower()
        self._fill()

    def retranslate(self) -> None:
        """All words anew."""
        self._fill()

    def _fill(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        row = 0
        scopes = sorted(SCOPES, key=lambda scope: (scope != self._first, scope != ""))
        for scope in scopes:
            specs = [s for s in in_scope(scope) if s.shortcut and self._query in f"{t(s.text_key)} {s.shortcut}".lower()]
            if not specs:
                continue
            heading = label(key="shell.everywhere" if scope == "" else f"shell.scope_{scope}", role="heading")
            heading.setContentsMargins(0, SPACE if row else 0, 0, 0)
            self._grid.addWidget(heading, row, 0, 1, 2)
            row += 1
            for spec in specs:
                keys = QKeySequence(spec.shortcut).toString(QKeySequence.SequenceFormat.NativeText) or spec.shortcut
                self._grid.addWidget(label(key=spec.text_key), row, 0)
                self._grid.addWidget(Badge(keys), row, 1, Qt.AlignmentFlag.AlignRight)
                row += 1
        if row == 0:
            self._grid.addWidget(label(key="shell.no_shortcut", role="muted"), 0, 0)
        self._grid.setRowStretch(row + 1, 1)


class ShortcutSheet(QDialog):
    """The table in a window of its own, with a search field."""

    def __init__(self, screen: str, parent: QWidget | None = None, change: Callable[[], None] | None = None) -> None:
        """`change` opens where keys are chosen."""
        super().__init__(parent)
        self.setObjectName("shortcuts")
        self.setWindowTitle(t("shell.shortcuts"))
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 2 * SPACE)
        column.setSpacing(2 * SPACE)
        column.addWidget(label(key="shell.shortcuts", role="title"))
        search = LineEdit("shell.find_shortcut", max_chars=40)
        table = ShortcutTable(screen)
        search.textChanged.connect(table.filter)
        column.addWidget(search)
        column.addWidget(scrolled(table), 1)
        row = QHBoxLayout()
        if change is not None:
            row.addWidget(Button("shell.change_shortcuts", "ghost", icon_name="keyboard", pressed=self.accept))
            self.accepted.connect(change)
        row.addStretch(1)
        row.addWidget(Button("common.close", "primary", pressed=self.reject))
        column.addLayout(row)
        self.resize(480, 600)
