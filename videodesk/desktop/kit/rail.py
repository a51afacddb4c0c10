"""The left rail and the presence button."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QAction, QColor, QFont, QIcon, QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QFrame, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from videodesk.core.vocabulary import Presence
from videodesk.desktop.actions import BY_ID
from videodesk.desktop.i18n import t, word
from videodesk.desktop.icons import icon, pixmap
from videodesk.desktop.keys import spec_of
from videodesk.desktop.theme import SPACE, token
from videodesk.desktop.words import initials

RAIL_PX: Final = 92
PRESENCE_COLOURS: Final[dict[Presence, str]] = {
    Presence.AVAILABLE: "ok", Presence.IN_CALL: "danger", Presence.WRAP_UP: "warning", Presence.BUSY: "danger", Presence.BREAK: "warning",
    Presence.OFFLINE: "text_muted",
}


class RailButton(QToolButton):
    """One place of the program: icon over word, with a number where something wants attention."""

    def __init__(self, action_id: str, pressed: Callable[[], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec = BY_ID[action_id]
        self._count = 0
        self.setObjectName("rail." + action_id.rpartition(".")[2])
        self.setProperty("rail", True)
        self.setCheckable(True)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(QSize(24, 24))
        self.setFixedSize(QSize(RAIL_PX - 12, 60))
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.clicked.connect(lambda _checked=False: pressed())
        self.toggled.connect(lambda _checked: self.restyle())
        self.retranslate()
        self.restyle()

    def set_count(self, count: int) -> None:
        """Show a number; 0 shows none."""
        if count != self._count:
            self._count = count
            self.retranslate()
            self.update()

    def retranslate(self) -> None:
        """Its word, and how many for the screen reader."""
        text = t(self._spec.text_key)
        self.setText(text)
        key = spec_of(self._spec.id).shortcut
        self.setToolTip(f"{text} ({key})" if key else text)
        self.setAccessibleName(t("shell.with_count", name=text, n=self._count) if self._count else text)

    def restyle(self) -> None:
        """Tint the icon."""
        self.setIcon(icon(self._spec.icon, "accent_text" if self.isChecked() else "text_muted", 24))

    def paintEvent(self, event: QPaintEvent) -> None:
        """The number on top."""
        super().paintEvent(event)
        if not self._count:
            return
        text = str(self._count) if self._count < 100 else "99+"
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        font = QFont(self.font())
        font.setPixelSize(11)
        font.setWeight(QFont.Weight.DemiBold)
        painter.setFont(font)
        width = max(18, painter.fontMetrics().horizontalAdvance(text) + 10)
        spot = QRect(self.width() // 2 + 6, 4, width, 18)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(token("danger"))
        painter.drawRoundedRect(spot, 9, 9)
        painter.setPen(token("on_danger"))
        painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, text)
        painter.end()


class Rail(QFrame):
    """The places, the help at the bottom."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("rail")
        self.setFixedWidth(RAIL_PX)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(6, SPACE + 4, 6, SPACE)
        self._column.setSpacing(4)
        self.buttons: dict[str, RailButton] = {}
        self._column.addStretch(1)
        self.retranslate()

    def add(self, name: str, action_id: str, pressed: Callable[[], None]) -> RailButton:
        """Add a place."""
        button = RailButton(action_id, pressed)
        self.buttons[name] = button
        self._column.insertWidget(self._column.count() - 1, button, 0, Qt.AlignmentFlag.AlignHCenter)
        return button

    def add_below(self, widget: QWidget) -> None:
        """Add something at the bottom."""
        self._column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)

    def select(self, name: str) -> None:
        """Mark where we are."""
        for place, button in self.buttons.items():
            button.setChecked(place == name)

    def retranslate(self) -> None:
        """Name it for the screen reader."""
        self.setAccessibleName(t("shell.rail"))


class PresenceButton(QPushButton):
    """What the person is doing, with a menu to say something else."""

    def __init__(self, choices: tuple[Presence, ...], chosen: Callable[[Presence], None], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("presence")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._presence = Presence.OFFLINE
        self._name = ""
        self._menu = QMenu(self)
        self._actions: dict[Presence, QAction] = {}
        for presence in choices:
            action = self._menu.addAction("")
            action.triggered.connect(lambda _checked=False, presence=presence: chosen(presence))
            self._actions[presence] = action
        self._menu.addSeparator()
        self.sign_out = self._menu.addAction("")
        self.setMenu(self._menu)
        self.setIconSize(QSize(28, 28))
        self.retranslate()

    def put(self, presence: Presence, name: str) -> None:
        """Show it."""
        if (presence, name) != (self._presence, self._name):
            self._presence, self._name = presence, name
            self.retranslate()

    def retranslate(self) -> None:
        """All words anew."""
        text = word("presence", self._presence)
        self.setText(f" {text}")
        self.setAccessibleName(t("shell.presence_is", presence=text))
        self.setToolTip(self.accessibleName())
        for presence, action in self._actions.items():
            action.setText(word("presence", presence))
        self.sign_out.setText(t("shell.sign_out"))
        self.restyle()

    def restyle(self) -> None:
        """The round picture with the presence's dot, and the menu's dots."""
        self.setIcon(QIcon(_portrait(self._name, self._presence, self.devicePixelRatioF())))
        for presence, action in self._actions.items():
            action.setIcon(QIcon(_dot(presence, self.devicePixelRatioF())))
        self.sign_out.setIcon(QIcon(pixmap("logout", "text_muted", 16, self.devicePixelRatioF())))


def _portrait(name: str, presence: Presence, ratio: float) -> QPixmap:
    made = QPixmap(round(28 * ratio), round(28 * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(token("accent_soft"))
    painter.drawEllipse(0, 0, 26, 26)
    font = QFont("Inter")
    font.setPixelSize(11)
    font.setWeight(QFont.Weight.DemiBold)
    painter.setFont(font)
    painter.setPen(token("accent_text"))
    painter.drawText(QRect(0, 0, 26, 26), Qt.AlignmentFlag.AlignCenter, initials(name))
    _paint_dot(painter, presence, QPoint(22, 22), 5, token("surface"))
    painter.end()
    return made


def _dot(presence: Presence, ratio: float) -> QPixmap:
    made = QPixmap(round(16 * ratio), round(16 * ratio))
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    _paint_dot(painter, presence, QPoint(8, 8), 5, None)
    painter.end()
    return made


def _paint_dot(painter: QPainter, presence: Presence, middle: QPoint, radius: int, ring: QColor | None) -> None:
    painter.setPen(Qt.PenStyle.NoPen)
    if ring is not None:
        painter.setBrush(ring)
        painter.drawEllipse(middle, radius + 1, radius + 1)
    painter.setBrush(token(PRESENCE_COLOURS[presence]))
    painter.drawEllipse(middle, radius - 1, radius - 1)
    if presence is Presence.OFFLINE:  # a ring, not only another colour
        painter.setBrush(ring or token("surface_raised"))
        painter.drawEllipse(middle, radius - 3, radius - 3)
