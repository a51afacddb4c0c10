"""Which module makes which screen. A screen is made when it is first opened: `make(context) -> View`."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from importlib.util import find_spec
from typing import Final, cast

from PySide6.QtWidgets import QWidget

from videodesk.desktop.context import DesktopContext
from videodesk.desktop.kit.view import View

Maker = Callable[[DesktopContext], View]

SCREENS: Final[dict[str, str]] = {
    name: f"videodesk.desktop.views.{name}" for name in ("inbox", "cases", "case", "call", "clip", "annotate", "compare", "review", "settings", "help")
}
RAIL: Final = ("inbox", "cases", "review", "settings")


def maker(screen: str) -> Maker | None:
    """What makes `screen`, or None when this build has no such screen."""
    module = SCREENS.get(screen)
    if module is None or find_spec(module) is None:
        return None
    return cast(Maker, import_module(module).make)


def banner_maker() -> Callable[[DesktopContext], QWidget] | None:
    """What makes the banner of incoming calls (views.incoming.IncomingBanner), or None when this build has none."""
    name = "videodesk.desktop.views.incoming"
    if find_spec(name) is None:
        return None
    return cast(Callable[[DesktopContext], QWidget], import_module(name).IncomingBanner)
