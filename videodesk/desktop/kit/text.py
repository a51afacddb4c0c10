"""Labels. Every text of foreign origin goes through `label`: it is shown as plain text, whatever it holds."""

from __future__ import annotations

from typing import Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QLabel, QSizePolicy, QWidget

from videodesk.desktop.i18n import t

TextRole = Literal["title", "heading", "strong", "body", "muted", "caption", "mono", "code"]


class Label(QLabel):
    """A plain-text label; with a text key it translates itself. Long words wrap, nothing is ever markup."""

    def __init__(self, text: str = "", role: TextRole = "body", *, key: str | None = None, wraps: bool = False,
                 parent: QWidget | None = None, **params: object) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("role", role)
        self.setWordWrap(wraps)
        self._key = key
        self._params = params
        if key is None:
            self.setText(text)
        else:
            self.retranslate()

    def set_key(self, key: str | None, **params: object) -> None:
        """Show another text of the catalogue (None: nothing)."""
        self._key, self._params = key, params
        self.setText("" if key is None else t(key, **params))

    def set_role(self, role: TextRole) -> None:
        """Change the role it plays on the page."""
        if self.property("role") != role:
            self.setProperty("role", role)
            repolish(self)

    def retranslate(self) -> None:
        """Take the text anew from the catalogue."""
        if self._key is not None:
            self.setText(t(self._key, **self._params))


class ElidedLabel(Label):
    """A label of one line that ends in … where there is no room; the whole text is in its tool tip and its accessible name."""

    def __init__(self, text: str = "", role: TextRole = "body", *, parent: QWidget | None = None) -> None:
        super().__init__(text, role, parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def minimumSizeHint(self) -> QSize:
        """It can shrink to a few letters."""
        return QSize(24, super().minimumSizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """Draw what fits."""
        painter = QPainter(self)
        painter.setPen(self.palette().color(self.foregroundRole()))
        shown = QFontMetrics(self.font()).elidedText(self.text().replace("\n", " "), Qt.TextElideMode.ElideRight, self.width())
        self.style().drawItemText(painter, self.rect(), int(Qt.AlignmentFlag.AlignVCenter | self.alignment()), self.palette(),
                                  self.isEnabled(), shown, self.foregroundRole())


def label(text: str = "", role: TextRole = "body", *, key: str | None = None, wraps: bool = False, **params: object) -> Label:
    """A plain-text label: a fixed text of the catalogue by `key`, or foreign text."""
    made = Label(text, role, wraps=wraps)
    if key is not None:
        made.set_key(key, **params)
    return made


def repolish(widget: QWidget) -> None:
    """Let the style sheet look at a widget's properties again."""
    style = widget.style()
    style.unpolish(widget)
    style.polish(widget)
    widget.update()


def plain_tip(text: str) -> str:
    """`text` for setToolTip, which has no plain format of its own: shown as it stands, never as markup."""
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<span>{escaped}</span>" if escaped else ""
