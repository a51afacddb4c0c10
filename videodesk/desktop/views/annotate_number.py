"""A number field that counts with Up and Down: the keyboard's way to every place, size and width."""

from __future__ import annotations

import math
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent

from videodesk.desktop.widgets import LineEdit

LARGEST: Final = 65_000


class NumberEdit(LineEdit):
    """A number from `smallest` to `largest`, with `decimals`. Up and Down count (Shift: tens); leaving it or Enter takes what was typed: `entered`.

    A comma and a point both part the decimals, whatever the language.
    """

    entered = Signal()

    def __init__(self, smallest: float, largest: float = LARGEST, *, decimals: int = 0) -> None:
        super().__init__(max_chars=8)
        self._smallest, self._largest, self._decimals = smallest, largest, decimals
        self._shown = ""
        self.editingFinished.connect(self._finish)

    def value(self) -> float:
        """The number within its limits; while nothing sensible stands there, what was shown before."""
        typed = _number_of(self.text())
        if typed is None:
            typed = _number_of(self._shown) or 0.0
        return min(self._largest, max(self._smallest, round(typed, self._decimals)))

    def put_value(self, value: float) -> None:
        """Show a number without a signal, unless it is being typed."""
        if self.hasFocus() and self.isModified():
            return
        self._shown = self._spelled(value)
        self.put(self._shown)

    def is_changed(self) -> bool:
        """Whether another number stands there than was shown: one that was only rounded for showing is no change."""
        return self.text() != self._shown

    def _spelled(self, value: float) -> str:
        return f"{round(value, self._decimals):.{self._decimals}f}".removesuffix(".0")

    def _finish(self) -> None:
        if not self.is_changed():
            return
        value = self.value()
        self.setModified(False)
        self.setText(self._spelled(value))
        self.entered.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Count with Up and Down."""
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
            return
        far = 10 if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else 1
        self.setText(self._spelled(min(self._largest, max(self._smallest, self.value() + step * far))))
        self._finish()


def _number_of(text: str) -> float | None:
    try:
        found = float(text.replace(",", ".").strip())
    except ValueError:
        return None
    return found if math.isfinite(found) else None
