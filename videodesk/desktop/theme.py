"""The look: own Fusion palettes and one style sheet made from the tokens, switched at run time. Fonts ship with the program.

Sizes are logical pixels on a grid of 4; the scale (100-200 %) is Qt's own device pixel ratio, set before the application starts.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from getpass import getuser
from pathlib import Path
from string import Template
from tempfile import gettempdir
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication, QStyleFactory, QWidget

from videodesk.core.places import resources
from videodesk.desktop.tokens import THEMES, Tokens

FONT_FAMILY: Final = "Inter"
SPACE: Final = 8  # the grid; half of it where things belong together
_chosen: list[str] = ["light"]
_listeners: list[Callable[[], None]] = []


def theme() -> str:
    """The theme in use: light, dark or contrast."""
    return _chosen[0]


def tokens() -> Tokens:
    """The colours in use."""
    return THEMES[_chosen[0]]


def token(name: str) -> QColor:
    """One colour in use, by its token's name."""
    return QColor(getattr(tokens(), name))


def on_theme(callback: Callable[[], None]) -> Callable[[], None]:
    """Call `callback` after each change of theme; returns what ends it."""
    _listeners.append(callback)

    def end() -> None:
        if callback in _listeners:
            _listeners.remove(callback)

    return end


def load_fonts() -> None:
    """Make the program's own fonts known. After the application exists."""
    for path in sorted((resources() / "fonts").glob("*.ttf")):
        QFontDatabase.addApplicationFont(str(path))


def resolve(name: str) -> str:
    """`system` as light or dark, where the platform says; anything unknown is light."""
    if name in THEMES:
        return name
    scheme = QApplication.styleHints().colorScheme()
    return "dark" if scheme == Qt.ColorScheme.Dark else "light"


def apply_theme(app: QApplication, name: str) -> None:
    """Give the whole program theme `name` (system, light, dark, contrast); views hear of it by `restyle()` and on_theme."""
    if not app.property("videodesk_styled"):
        app.setProperty("videodesk_styled", True)
        load_fonts()
        style = QStyleFactory.create("Fusion")
        if style is not None:
            app.setStyle(style)
        font = QFont(FONT_FAMILY)
        font.setPixelSize(14)
        font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
        app.setFont(font)
    _chosen[0] = resolve(name)
    app.setPalette(palette(tokens()))
    app.setStyleSheet(style_sheet(tokens()))
    for callback in tuple(_listeners):
        callback()
    for top in app.topLevelWidgets():
        for widget in [top, *top.findChildren(QWidget)]:
            restyle = getattr(widget, "restyle", None)
            if callable(restyle):
                restyle()


def palette(of: Tokens) -> QPalette:
    """A Fusion palette of these colours."""
    roles = QPalette.ColorRole
    colours = {
        roles.Window: of.surface, roles.WindowText: of.text, roles.Base: of.surface_raised, roles.AlternateBase: of.surface,
        roles.Text: of.text, roles.Button: of.surface_raised, roles.ButtonText: of.text, roles.BrightText: of.danger,
        roles.Highlight: of.accent, roles.HighlightedText: of.on_accent, roles.ToolTipBase: of.text, roles.ToolTipText: of.surface_raised,
        roles.PlaceholderText: of.text_muted, roles.Link: of.accent_text, roles.LinkVisited: of.accent_text, roles.Light: of.surface_raised,
        roles.Midlight: of.border, roles.Mid: of.border, roles.Dark: of.border_strong, roles.Shadow: of.border_strong, roles.Accent: of.accent,
    }
    made = QPalette()
    for role, colour in colours.items():
        made.setColor(role, QColor(colour))
    for role in (roles.WindowText, roles.Text, roles.ButtonText):
        made.setColor(QPalette.ColorGroup.Disabled, role, QColor(of.text_disabled))
    return made


def style_sheet(of: Tokens) -> str:
    """The program's one style sheet: resources/themes/desk.qss with the tokens filled in."""
    source = (resources() / "themes" / "desk.qss").read_text(encoding="utf-8")
    return Template(source).substitute(asdict(of), chevron=_tinted("chevron-down", of.text_muted),
                                       check=_tinted("check", of.on_accent))


def _tinted(name: str, colour: str) -> str:
    """A file with icon `name` in `colour`, for the style sheet, which takes pictures only from files."""
    made = Path(gettempdir()) / f"videodesk-{getuser()}-{name}-{colour[1:]}.svg"
    text = (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", colour)
    if not made.is_file() or made.read_text(encoding="utf-8") != text:
        made.write_text(text, encoding="utf-8")
    return made.as_posix()
