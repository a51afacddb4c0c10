"""Typing words on the canvas: a plain-text field that lies exactly where the text mark will be."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QFont, QKeyEvent
from PySide6.QtWidgets import QFrame, QPlainTextEdit, QWidget

from videodesk.annotation.marks import Callout, Text
from videodesk.annotation.schema import MAX_TEXT_CHARS
from videodesk.desktop.drawing.painting import FAMILY, contrast_of, text_box, text_font_px, words_at
from videodesk.desktop.drawing.turned import Placing
from videodesk.desktop.i18n import t

_PADDING: Final = 6


class WordsEditor(QPlainTextEdit):
    """Edits one text. Ctrl+Enter, Esc or a click elsewhere finishes it: `finished(mark, words)`."""

    finished = Signal(object, str)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("annotate.words")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setTabChangesFocus(True)
        self.document().setDocumentMargin(_PADDING)
        self.textChanged.connect(self._fit)
        self._mark: Text | Callout | None = None
        self._placing: Placing | None = None
        self.hide()

    @property
    def is_standing(self) -> bool:
        """Whether a text is being edited."""
        return self._mark is not None

    @property
    def mark_id(self) -> str | None:
        """The id of the text that is being edited."""
        return None if self._mark is None else self._mark.id

    def edit(self, mark: Text | Callout, placing: Placing) -> None:
        """Begin to edit `mark` where it lies in the widget."""
        self._mark = mark
        self.setAccessibleName(t("annotate.words"))
        self.setPlainText(mark.text)
        self.selectAll()
        self.follow(placing)
        self.show()
        self.raise_()
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def follow(self, placing: Placing) -> None:
        """The canvas shows another part, or larger."""
        self._placing = placing
        if self._mark is None:
            return
        view = placing.view
        font = QFont(FAMILY)
        font.setPixelSize(max(9, round(text_font_px(self._mark) * view.zoom / view.ratio)))
        font.setWeight(QFont.Weight.DemiBold)
        ground = contrast_of(self._mark.colour)
        self.setStyleSheet(
            f"QPlainTextEdit {{ font-family: '{FAMILY}'; font-size: {font.pixelSize()}px; font-weight: 600; color: {self._mark.colour};"
            f" background: {QColor(ground.red(), ground.green(), ground.blue()).name()}; border: 0; border-radius: 4px; padding: 0; }}")
        self.setFont(font)
        self._fit()

    def finish(self) -> None:
        """Take the words as they are."""
        mark, words = self._mark, self.toPlainText()[:MAX_TEXT_CHARS]
        self.leave()
        if mark is not None:
            self.finished.emit(mark, words)

    def leave(self) -> None:
        """Go away without a word."""
        if self._mark is None:
            return
        self._mark = None
        self.hide()
        parent = self.parentWidget()
        if parent is not None:
            parent.setFocus(Qt.FocusReason.OtherFocusReason)

    def _fit(self) -> None:
        if self._mark is None or self._placing is None:
            return
        view = self._placing.view
        metrics = self.fontMetrics()
        lines = self.toPlainText().split("\n")
        width = max(metrics.horizontalAdvance(line) for line in lines) + metrics.averageCharWidth() * 2 + 2 * _PADDING
        height = metrics.lineSpacing() * len(lines) + 2 * _PADDING + 2
        lead = (text_box(self._mark).height / max(1, self._mark.text.count("\n") + 1) * view.zoom / view.ratio
                - metrics.height()) / 2
        place = self._placing.to_widget(words_at(self._mark))
        self.setGeometry(round(place.x()) - _PADDING, round(place.y() + lead) - _PADDING, max(width, 60), height)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Ctrl+Enter and Esc finish."""
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if event.key() == Qt.Key.Key_Escape or (is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier):
            self.finish()
            return
        super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """While typing, keys that are shortcuts elsewhere are letters here."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Another field was chosen: the words stand."""
        super().focusOutEvent(event)
        if event.reason() not in {Qt.FocusReason.PopupFocusReason, Qt.FocusReason.ActiveWindowFocusReason}:
            self.finish()


