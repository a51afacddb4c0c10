"""Buttons, by text key or by action. They translate and tint themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

from videodesk.desktop.actions import BY_ID, ActionSpec
from videodesk.desktop.i18n import t
from videodesk.desktop.icons import icon
from videodesk.desktop.keys import spec_of
from videodesk.desktop.kit.text import repolish

ButtonKind = Literal["primary", "secondary", "danger", "ghost"]
_ROOM_PX: Final = 4  # Qt leaves too little between icon and words
_ICON_COLOUR: Final[dict[str, str]] = {"primary": "on_accent", "secondary": "text", "danger": "on_danger", "ghost": "text"}


class Button(QPushButton):
    """A button with a text of the catalogue; `what` is a text key or an ActionSpec's id."""

    def __init__(self, what: str, kind: ButtonKind = "secondary", *, icon_name: str = "", pressed: Callable[[], None] | None = None,
                 parent: QWidget | None = None, **params: object) -> None:
        super().__init__(parent)
        spec = BY_ID.get(what)
        self._key = spec.text_key if spec is not None and spec.text_key != what else what
        self._params = params
        self._icon = icon_name or (spec.icon if spec is not None else "")
        self._kind: ButtonKind = kind
        self._spec = spec
        self.setProperty("kind", kind)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAutoDefault(False)
        if pressed is not None:
            self.clicked.connect(lambda _checked=False: pressed())
        self.retranslate()
        self.restyle()

    def set_key(self, key: str, **params: object) -> None:
        """Show another text."""
        self._key, self._params = key, params
        self.retranslate()

    def set_kind(self, kind: ButtonKind) -> None:
        """Change how much it stands out."""
        if kind != self._kind:
            self._kind = kind
            self.setProperty("kind", kind)
            repolish(self)
            self.restyle()

    def set_icon(self, name: str) -> None:
        """Show another icon."""
        self._icon = name
        self.restyle()

    def retranslate(self) -> None:
        """Take text and tip anew from the catalogue. An & in a text is no mnemonic."""
        text = t(self._key, **self._params)
        self.setText(text.replace("&", "&&"))
        self.setAccessibleName(text)
        if self._spec is not None:
            self.setToolTip(_tip(text, self._spec))

    def restyle(self) -> None:
        """Tint the icon for the theme in use."""
        if self._icon:
            room_px = _ROOM_PX if self.text() else 0
            self.setIcon(icon(self._icon, _ICON_COLOUR[self._kind], 18, room_px=room_px))
            self.setIconSize(QSize(18 + room_px, 18))


class IconButton(QToolButton):
    """A button that shows only an icon; its text is its tip and its accessible name. `what`: a text key or an action's id."""

    def __init__(self, what: str, icon_name: str = "", *, size_px: int = 20, is_checkable: bool = False,
                 pressed: Callable[[], None] | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec = BY_ID.get(what)
        self._key = self._spec.text_key if self._spec is not None else what
        self._icon = icon_name or (self._spec.icon if self._spec is not None else "circle")
        self._colour = "text"
        self._size_px = size_px
        self.setCheckable(is_checkable)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setIconSize(QSize(size_px, size_px))
        self.setFixedSize(QSize(size_px + 16, size_px + 16))
        if pressed is not None:
            self.clicked.connect(lambda _checked=False: pressed())
        self.retranslate()
        self.restyle()

    def set_key(self, key: str) -> None:
        """Say something else (mute / unmute)."""
        self._key = key
        self.retranslate()

    def set_icon(self, name: str, colour: str = "text") -> None:
        """Show another icon, in a token colour."""
        self._icon, self._colour = name, colour
        self.restyle()

    def retranslate(self) -> None:
        """Take tip and name anew from the catalogue."""
        text = t(self._key)
        self.setAccessibleName(text)
        self.setToolTip(text if self._spec is None else _tip(text, self._spec))

    def restyle(self) -> None:
        """Tint the icon for the theme in use."""
        self.setIcon(icon(self._icon, self._colour, self._size_px))


def _tip(text: str, spec: ActionSpec) -> str:
    key = spec_of(spec.id).shortcut
    return f"{text} ({key})" if key else text
