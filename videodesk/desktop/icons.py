"""Icons: Tabler outline pictures (MIT) tinted with the theme's colours, sharp at every scale."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

from videodesk.core.places import resources
from videodesk.desktop.theme import token

_SCALES: Final = (1.0, 1.5, 2.0)


@lru_cache(maxsize=512)
def _source(name: str) -> str:
    return (resources() / "icons" / f"{name}.svg").read_text(encoding="utf-8")


def pixmap(name: str, colour: str = "text", size_px: int = 20, ratio: float = 1.0) -> QPixmap:
    """Icon `name` in the token colour `colour` (or #rrggbb), `size_px` logical pixels. FileNotFoundError when there is no such icon."""
    return _pixmap(name, colour if colour.startswith("#") else token(colour).name(), size_px, ratio)


@lru_cache(maxsize=1024)
def _pixmap(name: str, colour: str, size_px: int, ratio: float) -> QPixmap:
    # A slightly thinner line than Tabler's 2 px sits better beside Inter at 14 px.
    source = _source(name).replace("currentColor", colour).replace('stroke-width="2"', 'stroke-width="1.75"')
    renderer = QSvgRenderer(QByteArray(source.encode()))
    made = QPixmap(QSize(round(size_px * ratio), round(size_px * ratio)))
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    renderer.render(painter, QRectF(0, 0, size_px * ratio, size_px * ratio))
    painter.end()
    made.setDevicePixelRatio(ratio)
    return made


def icon(name: str, colour: str = "text", size_px: int = 20, disabled: str = "text_disabled", room_px: int = 0) -> QIcon:
    """Icon `name` for buttons and menus, tinted for the theme in use; make it anew in `restyle()`. `room_px`: empty, at its right."""
    made = QIcon()
    for ratio in _SCALES:
        made.addPixmap(_with_room(pixmap(name, colour, size_px, ratio), room_px), QIcon.Mode.Normal)
        made.addPixmap(_with_room(pixmap(name, disabled, size_px, ratio), room_px), QIcon.Mode.Disabled)
    return made


def _with_room(picture: QPixmap, room_px: int) -> QPixmap:
    if not room_px:
        return picture
    ratio = picture.devicePixelRatio()
    made = QPixmap(picture.width() + round(room_px * ratio), picture.height())
    made.setDevicePixelRatio(ratio)
    made.fill(Qt.GlobalColor.transparent)
    painter = QPainter(made)
    painter.drawPixmap(0, 0, picture)
    painter.end()
    return made
