"""Which action of the table a pressed key stands for, for screens that handle their own keys."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractSpinBox, QApplication, QComboBox, QLineEdit, QPlainTextEdit

from videodesk.desktop.keys import in_scope

# Signs that need Shift on some keyboards come with that modifier: "Shift+1" arrives as "!" with Shift.
_SHIFTED_DIGITS = {"Shift+!": "Shift+1", "Ctrl+=": "Ctrl++", "Ctrl+Shift++": "Ctrl++", "Backspace": "Del"}


def _by_shortcut(scope: str) -> dict[str, str]:
    return {spec.shortcut: spec.id for spec in in_scope(scope) if spec.shortcut}


def action_of(event: QKeyEvent, scope: str) -> str | None:
    """The id of the action in `scope` whose shortcut this is; None while a person types (single keys are letters then)."""
    pressed = QKeySequence(event.keyCombination()).toString(QKeySequence.SequenceFormat.PortableText)
    pressed = _SHIFTED_DIGITS.get(pressed, pressed)
    found = _by_shortcut(scope).get(pressed)
    if found is not None and is_typing() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
        return None
    return found


def is_typing() -> bool:
    """Whether the focus is in something that takes letters."""
    focused = QApplication.focusWidget()
    if focused is None:
        # No window is active (no screen, or a driven program): where the letters would go.
        windows = [window for window in QApplication.topLevelWidgets() if window.isVisible()]
        focused = next((inside for window in windows if (inside := window.focusWidget()) is not None), None)
    return isinstance(focused, QLineEdit | QPlainTextEdit | QAbstractSpinBox) or (isinstance(focused, QComboBox) and focused.isEditable())
