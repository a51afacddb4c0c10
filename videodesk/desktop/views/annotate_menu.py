"""The menu of a right click on the canvas: what can be done with the marks that are chosen, and their colour."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QMenu, QWidget

from videodesk.annotation.marks import COLOURS
from videodesk.desktop.annotating import AnnotateState
from videodesk.desktop.i18n import t
from videodesk.desktop.icons import icon
from videodesk.desktop.keys import spec_of

_WITH_MARKS: Final = ("cut", "copy", "duplicate", "delete", "", "copy_style", "paste_style", "", "to_front", "forward", "backward", "to_back", "", "group", "ungroup")
_ALWAYS: Final = ("paste", "select_all", "", "fit", "loupe", "copy_picture")
_COLOUR_NAMES: Final = ("red", "amber", "green", "blue", "black", "white")


def make_menu(state: AnnotateState, act: Callable[[str], None], colour_chosen: Callable[[str], None], parent: QWidget) -> QMenu:
    """The menu for what is selected now; it goes away by itself. `act` gets an action's name of the annotate scope."""
    menu = QMenu(parent)
    menu.setObjectName("annotate.menu")
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    chosen = len(state.selection)
    is_able = {
        "paste": bool(state.copied), "paste_style": state.copied_style is not None, "group": chosen > 1,
        "ungroup": any(mark.group for mark in state.selection), "select_all": bool(state.document.marks),
    }
    if chosen:
        colours = menu.addMenu(t("annotate.menu_colour"))
        for name, colour in zip(_COLOUR_NAMES, COLOURS, strict=True):
            colours.addAction(_disc(colour), t(f"annotate.colour.{name}")).triggered.connect(partial(_chosen, colour_chosen, colour))
        menu.addSeparator()
    for name in (*(_WITH_MARKS if chosen else ()), *(("",) if chosen else ()), *_ALWAYS):
        if not name:
            menu.addSeparator()
            continue
        spec = spec_of(f"annotate.{name}")
        words = t(spec.text_key).replace("&", "&&")
        entry = menu.addAction(icon(spec.icon, "text", 16), f"{words}\t{spec.shortcut}" if spec.shortcut else words)
        entry.setEnabled(is_able.get(name, True))
        entry.triggered.connect(partial(_chosen, act, name))
    return menu


def _chosen(does: Callable[[str], None], what: str, _checked: bool = False) -> None:
    does(what)


def _disc(colour: str) -> QIcon:
    pixmap = QPixmap(16, 16)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QColor(120, 126, 134))
    painter.setBrush(QColor(colour))
    painter.drawEllipse(2, 2, 12, 12)
    painter.end()
    return QIcon(pixmap)
