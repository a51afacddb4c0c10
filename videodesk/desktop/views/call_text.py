"""The text that was read on a snapshot: lines to copy, or to take over as the serial number."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QAbstractItemView, QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from videodesk.desktop.i18n import t
from videodesk.desktop.offers import FoundTexts
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Button, label

_LINE = int(Qt.ItemDataRole.UserRole)


class TextDialog(QDialog):
    """`serial` tells the line that is to be offered as the case's serial number."""

    serial = Signal(str)

    def __init__(self, found: FoundTexts, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("call.texts")
        self.setWindowTitle(t("call.read.texts_title"))
        self.resize(460, 380)
        self.lines = QListWidget()
        self.lines.setObjectName("call.texts.lines")
        self.lines.setAccessibleName(t("call.read.texts_title"))
        self.lines.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        for line in found.lines:
            mark = f"   ·  {t('call.read.serial_like')}" if line.is_serial_like else ""
            entry = QListWidgetItem(line.text + mark)
            entry.setData(_LINE, line.text)
            self.lines.addItem(entry)
        self.copy = Button("call.read.copy", "secondary", icon_name="copy", pressed=self._copy)
        self.take = Button("call.read.as_serial", "primary", icon_name="clipboard-check", pressed=self._take)
        close = Button("common.close", "ghost", pressed=self.reject)
        column = QVBoxLayout(self)
        column.setSpacing(SPACE)
        column.addWidget(label(key="call.read.texts_hint" if found.lines else "call.read.texts_none", role="muted", wraps=True))
        column.addWidget(self.lines, 1)
        row = QHBoxLayout()
        for button in (self.take, self.copy):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(close)
        column.addLayout(row)
        self.lines.itemSelectionChanged.connect(self._refresh)
        if found.lines:
            self.lines.setCurrentRow(0)
        self._refresh()

    def _chosen(self) -> list[str]:
        return [str(entry.data(_LINE)) for entry in self.lines.selectedItems()]

    def _refresh(self) -> None:
        self.copy.setEnabled(bool(self._chosen()))
        self.take.setEnabled(len(self._chosen()) == 1)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText("\n".join(self._chosen()))

    def _take(self) -> None:
        self.serial.emit(self._chosen()[0])
        self.accept()
