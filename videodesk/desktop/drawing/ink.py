"""Ink: how marks are stroked and filled so that they stand out on light and dark pictures alike."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPen

_CASING_SHARE: Final = 0.28  # the rim of contrasting colour, of the mark's width
_DARK: Final = QColor(17, 20, 24, 235)
_LIGHT: Final = QColor(255, 255, 255, 235)


def casing_of(width_px: float) -> float:
    """How far the contrasting rim reaches out of a mark of this width, in px of the original."""
    return max(1.0, width_px * _CASING_SHARE)


def contrast_of(colour: str) -> QColor:
    """The rim's colour for a mark of `colour`: light around dark marks, dark around light ones."""
    given = QColor(colour)
    return _DARK if 0.299 * given.red() + 0.587 * given.green() + 0.114 * given.blue() > 165 else _LIGHT


def opaque(colour: QColor) -> QColor:
    """The colour without its transparency."""
    return QColor(colour.red(), colour.green(), colour.blue())


def pen_of(colour: QColor, width: float) -> QPen:
    """A round pen."""
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def stroke(painter: QPainter, path: QPainterPath, colour: str, width: float, casing: float) -> None:
    """A line along `path`, with its rim."""
    painter.strokePath(path, pen_of(contrast_of(colour), width + 2 * casing))
    painter.strokePath(path, pen_of(QColor(colour), width))


def fill(painter: QPainter, path: QPainterPath, colour: str, casing: float, corner: float = 0.0) -> None:
    """A filled `path` with its rim; `corner` rounds its corners by a line of that width."""
    painter.strokePath(path, pen_of(contrast_of(colour), corner + 2 * casing))
    painter.fillPath(path, QColor(colour))
    if corner > 0:
        painter.strokePath(path, pen_of(QColor(colour), corner))
