"""Surfaces: cards, banners, badges, empty states, the spinner."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtGui import QHideEvent, QPainter, QPaintEvent, QPen, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from videodesk.desktop.i18n import t
from videodesk.desktop.icons import pixmap
from videodesk.desktop.kit.buttons import Button, IconButton
from videodesk.desktop.kit.text import Label, label, repolish
from videodesk.desktop.theme import SPACE, token

Tone = Literal["neutral", "accent", "ok", "warning", "danger"]
_TONE_COLOUR: Final[dict[str, str]] = {
    "neutral": "text_muted", "accent": "accent_text", "ok": "ok", "warning": "warning", "danger": "danger",
}


class Icon(QLabel):
    """A picture beside words; tinted for the theme. Not for the screen reader: the words say it."""

    def __init__(self, name: str, colour: str = "text_muted", size_px: int = 20, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self._name, self._colour, self._size_px = name, colour, size_px
        self.setFixedSize(QSize(size_px, size_px))
        self.restyle()

    def set(self, name: str, colour: str = "text_muted") -> None:
        """Show another one."""
        self._name, self._colour = name, colour
        self.restyle()

    def restyle(self) -> None:
        """Tint it for the theme in use."""
        self.setPixmap(pixmap(self._name, self._colour, self._size_px, self.devicePixelRatioF()))


class Card(QFrame):
    """A raised surface with an optional heading; put things into `body`, small buttons into `head`."""

    def __init__(self, title_key: str = "", *, parent: QWidget | None = None, is_flat: bool = False) -> None:
        super().__init__(parent)
        self.setProperty("surface", "flat" if is_flat else "card")
        outer = QVBoxLayout(self)
        outer.setContentsMargins(2 * SPACE, 2 * SPACE, 2 * SPACE, 2 * SPACE)
        outer.setSpacing(SPACE + 4)
        self.head = QHBoxLayout()
        self.head.setSpacing(SPACE)
        self.title: Label | None = None
        if title_key:
            self.title = label(key=title_key, role="heading")
            self.head.addWidget(self.title)
            self.head.addStretch(1)
            outer.addLayout(self.head)
        self.body = QVBoxLayout()
        self.body.setSpacing(SPACE)
        outer.addLayout(self.body, 1)


class Badge(QLabel):
    """A word on a coloured ground: a status, a count."""

    def __init__(self, text: str = "", tone: Tone = "neutral", parent: QWidget | None = None) -> None:
        super().__init__(text, parent)
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setProperty("badge", tone)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)  # a row that is short of room may not cut the word

    def set(self, text: str, tone: Tone = "neutral") -> None:
        """Show another word."""
        self.setText(text)
        if self.property("badge") != tone:
            self.setProperty("badge", tone)
            repolish(self)
        self.updateGeometry()


class Banner(QFrame):
    """A message across the screen with at most one button; hidden until `say` (a key) or `say_text` (a finished sentence)."""

    def __init__(self, tone: Tone = "neutral", *, can_close: bool = True, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(2 * SPACE, SPACE, SPACE, SPACE)
        row.setSpacing(SPACE + 4)
        self._icon = Icon("info-circle")
        self._label = label(wraps=True)
        self._label.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._action: Callable[[], None] | None = None
        self.button = Button("common.close", "secondary", pressed=self._act)
        self.closer = IconButton("common.close", "x", size_px=16, pressed=self.hide)
        self.closer.setVisible(can_close)
        for widget in (self._icon, self._label, self.button, self.closer):
            row.addWidget(widget, 1 if widget is self._label else 0)
        self._said: tuple[str, dict[str, object]] | None = None
        self.set_tone(tone)
        self.button.hide()
        self.hide()

    @property
    def text(self) -> str:
        """What it says now."""
        return self._label.text()

    def set_tone(self, tone: Tone) -> None:
        """How loud it is."""
        self.setProperty("banner", tone)
        symbol = {"ok": "circle-check", "warning": "alert-triangle", "danger": "alert-circle"}.get(tone, "info-circle")
        self._icon.set(symbol, _TONE_COLOUR[tone])
        repolish(self)

    def say(self, key: str, tone: Tone = "neutral", *, button_key: str = "", pressed: Callable[[], None] | None = None, **params: object) -> None:
        """Show a text of the catalogue."""
        self._said = (key, params)
        self._show(t(key, **params), tone, button_key, pressed)

    def say_text(self, text: str, tone: Tone = "neutral", *, button_key: str = "", pressed: Callable[[], None] | None = None) -> None:
        """Show a finished text."""
        self._said = None
        self._show(text, tone, button_key, pressed)

    def retranslate(self) -> None:
        """Say it in the language chosen now."""
        if self._said is not None:
            key, params = self._said
            self._label.setText(t(key, **params))
            self.setAccessibleName(self._label.text())

    def _show(self, text: str, tone: Tone, button_key: str, pressed: Callable[[], None] | None) -> None:
        self.set_tone(tone)
        self._label.setText(text)
        self.setAccessibleName(text)
        self._action = pressed
        self.button.setVisible(bool(button_key))
        if button_key:
            self.button.set_key(button_key)
        self.show()

    def _act(self) -> None:
        if self._action is not None:
            self._action()


class BannerStack(QWidget):
    """Banners above each other; takes no room while none of them is shown."""

    def __init__(self, *banners: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACE, 3, 3 * SPACE, 3)  # in a call every pixel belongs to the video
        column.setSpacing(3)
        self._banners = banners
        for banner in banners:
            column.addWidget(banner)
            banner.installEventFilter(self)
        self._fit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Come and go with the banners."""
        if event.type() in {QEvent.Type.ShowToParent, QEvent.Type.HideToParent}:
            self._fit()
        return super().eventFilter(watched, event)

    def _fit(self) -> None:
        self.setVisible(any(not banner.isHidden() for banner in self._banners))


class EmptyState(QWidget):
    """What a screen says when there is nothing: a picture, what this place is for, and what to do."""

    def __init__(self, icon_name: str, title_key: str, text_key: str, *, button: str = "", pressed: Callable[[], None] | None = None,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        column = QVBoxLayout(self)
        column.setSpacing(SPACE)
        column.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 3 * SPACE)
        self._icon = Icon(icon_name, "text_muted", 40)
        self.title = label(key=title_key, role="heading", wraps=True)
        self.text = label(key=text_key, role="muted", wraps=True)
        for text in (self.title, self.text):
            text.setAlignment(Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop)
        self.text.setMaximumWidth(420)
        self.text.setMinimumWidth(180)
        column.addStretch(1)
        column.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addSpacing(SPACE)
        column.addWidget(self.title)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.text, 100)
        row.addStretch(1)
        column.addLayout(row)
        self.button: Button | None = None
        if button:
            self.button = Button(button, "primary", pressed=pressed)
            column.addSpacing(SPACE)
            column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(2)


class Spinner(QWidget):
    """Something runs. Turns only while it is seen."""

    def __init__(self, size_px: int = 20, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedSize(QSize(size_px, size_px))
        self._step = 0
        self._timer = QTimer(self)
        self._timer.setInterval(60)
        self._timer.timeout.connect(self._turn)
        self.retranslate()

    def retranslate(self) -> None:
        """Name it for the screen reader."""
        self.setAccessibleName(t("common.loading"))

    def showEvent(self, event: QShowEvent) -> None:
        """Start turning."""
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """Stop turning."""
        super().hideEvent(event)
        self._timer.stop()

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """A three-quarter ring."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        pen = QPen(token("accent"), 2)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        painter.drawArc(self.rect().adjusted(3, 3, -3, -3), -self._step * 16 * 24, 270 * 16)
        painter.end()

    def _turn(self) -> None:
        self._step = (self._step + 1) % 15
        self.update()


def separator() -> QFrame:
    """A thin line."""
    line = QFrame()
    line.setProperty("surface", "line")
    line.setFixedHeight(1)
    return line


def scrolled(content: QWidget) -> QScrollArea:
    """`content` in a quiet scroll area that never scrolls sideways."""
    area = QScrollArea()
    area.setWidget(content)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
