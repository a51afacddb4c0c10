"""Fields: a label, something to fill in, a hint or what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Generic, TypeVar

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget

from videodesk.desktop.i18n import t, word
from videodesk.desktop.kit.text import Label, label, repolish

V = TypeVar("V", bound=StrEnum)


class LineEdit(QLineEdit):
    """One line of text, at most `max_chars`; its placeholder is a text of the catalogue."""

    def __init__(self, placeholder_key: str = "", *, max_chars: int = 200, is_secret: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = placeholder_key
        self.setMaxLength(max_chars)
        if is_secret:
            self.setEchoMode(QLineEdit.EchoMode.Password)
        self.retranslate()

    def retranslate(self) -> None:
        """Take the placeholder anew."""
        if self._key:
            self.setPlaceholderText(t(self._key))
            if not self.property("is_in_field"):
                self.setAccessibleName(t(self._key))

    def put(self, text: str) -> None:
        """Show `text` without a signal, unless it is there already (the cursor stays)."""
        if self.text() != text:
            with QSignalBlocker(self):
                self.setText(text)
                self.setCursorPosition(0)


class TextArea(QPlainTextEdit):
    """Several lines of plain text. Tab leaves it."""

    def __init__(self, placeholder_key: str = "", *, lines: int = 4, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = placeholder_key
        self.setTabChangesFocus(True)
        self.setFixedHeight(lines * 20 + 18)
        self.retranslate()

    def retranslate(self) -> None:
        """Take the placeholder anew."""
        if self._key:
            self.setPlaceholderText(t(self._key))
            if not self.property("is_in_field"):
                self.setAccessibleName(t(self._key))

    def put(self, text: str) -> None:
        """Show `text` without a signal, unless it is there already."""
        if self.toPlainText() != text:
            with QSignalBlocker(self):
                self.setPlainText(text)


class ComboBox(QComboBox):
    """A combo box that the wheel only turns when it has the focus: scrolling a page past it changes nothing."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Pass the wheel on unless focused."""
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


class Choice(ComboBox, Generic[V]):
    """A choice of a word list; `prefix` is its texts' (`status` → `status.new`). `none_key`: a first entry that means no choice."""

    chosen = Signal(object)

    def __init__(self, prefix: str, values: Iterable[V], *, none_key: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._prefix, self._none_key = prefix, none_key
        self._values: list[V | None] = ([None] if none_key else []) + list(values)
        for value in self._values:
            self.addItem("", value.value if value is not None else "")
        self.retranslate()
        self.activated.connect(lambda _index: self.chosen.emit(self.value()))

    def value(self) -> V | None:
        """What is chosen."""
        return self._values[self.currentIndex()] if self.currentIndex() >= 0 else None

    def put(self, value: V | None) -> None:
        """Show `value`, without a signal."""
        if value in self._values and self.value() != value:
            with QSignalBlocker(self):
                self.setCurrentIndex(self._values.index(value))

    def retranslate(self) -> None:
        """Take the words anew."""
        for index, value in enumerate(self._values):
            self.setItemText(index, t(self._none_key) if value is None else word(self._prefix, value))


class Field(QWidget):
    """`control` under its label (its buddy: the screen reader says it), with a hint or an error below."""

    def __init__(self, label_key: str, control: QWidget, *, hint_key: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.control = control
        self._label_key = label_key
        control.setProperty("is_in_field", True)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._label = Label(key=label_key, role="caption")
        self._label.setBuddy(control)
        self._hint_key = hint_key
        self._hint = label(key=hint_key or None, role="caption", wraps=True)
        self._hint.setVisible(bool(hint_key))
        for widget in (self._label, control, self._hint):
            column.addWidget(widget)
        self.retranslate()

    def set_hint(self, hint_key: str) -> None:
        """Another hint below; an empty key means none. Say it before `set_error`."""
        self._hint_key = hint_key

    def set_error(self, text: str) -> None:
        """Say what is wrong; an empty text takes it back."""
        self._hint.setProperty("tone", "danger" if text else "")
        self.control.setProperty("invalid", bool(text))
        if text:
            self._hint.setText(text)
        else:
            self._hint.set_key(self._hint_key or None)
        self._hint.setVisible(bool(text or self._hint_key))
        self.control.setAccessibleDescription(text)
        repolish(self._hint)
        repolish(self.control)

    def retranslate(self) -> None:
        """Name the control."""
        self.control.setAccessibleName(t(self._label_key))
