"""The one routine that draws marks, for the screen and for renditions.

The painter's logical unit is one px of the original: the screen scales and moves the painter, a rendition does not. At 1:1 the two
are equal to the pixel. Words are drawn as outlines of the bundled font, so that they look the same at every scale and on every
machine. Any thread with its own painter.
"""

from __future__ import annotations

import itertools
import math
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath, QPen

from videodesk.annotation.document import Document
from videodesk.annotation.marks import (
    STEP_RADIUS_PER_WIDTH,
    TEXT_HEIGHT_PER_WIDTH,
    Arrow,
    Box,
    Ellipse,
    Line,
    Mark,
    Pen,
    Point,
    Rectangle,
    Redaction,
    Step,
    Text,
    Worded,
)

FAMILY: Final = "Inter"
_FONT_PX: Final = 100
_FONT_SHARE: Final = 0.8  # of a line's height
_CASING_SHARE: Final = 0.28  # the rim of contrasting colour, of the mark's width
_DARK: Final = QColor(17, 20, 24, 235)
_LIGHT: Final = QColor(255, 255, 255, 235)


def draw_document(painter: QPainter, document: Document, *, without: str | None = None) -> None:
    """Draw all marks, the lowest first, `without` the one with that id (it is being edited). The painter's state is kept."""
    for mark in document.marks:
        if mark.id != without:
            number = document.step_number(mark.id) if isinstance(mark, Step) else 0
            draw_mark(painter, mark, document, number)


def draw_mark(painter: QPainter, mark: Mark, document: Document, number: int = 0) -> None:
    """Draw one mark; `number` is what a step shows. Redactions are cut to whole pixels of `document`'s original."""
    painter.save()
    if isinstance(mark, Redaction):
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        painter.fillRect(QRectF(redacted_pixels(mark, document)), QColor(mark.colour))
        painter.restore()
        return
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    casing = max(1.0, mark.width_px * _CASING_SHARE)
    match mark:
        case Arrow():
            _filled(painter, _arrow_path(mark), mark.colour, casing, corner=mark.width_px * 0.35)
        case Line() | Rectangle() | Ellipse() | Pen():
            path = _stroke_path(mark)
            painter.strokePath(path, _pen(contrast_of(mark.colour), mark.width_px + 2 * casing))
            painter.strokePath(path, _pen(QColor(mark.colour), mark.width_px))
        case Text():
            _draw_words(painter, mark, casing)
        case Step():
            _draw_step(painter, mark, number, casing)
    painter.restore()


def redacted_pixels(mark: Redaction, document: Document) -> QRect:
    """The pixels of the original that the redaction destroys: all that its box touches."""
    left, top = max(0, math.floor(mark.box.x)), max(0, math.floor(mark.box.y))
    right = min(document.width_px, math.ceil(mark.box.right))
    bottom = min(document.height_px, math.ceil(mark.box.bottom))
    return QRect(left, top, max(0, right - left), max(0, bottom - top))


def text_box(mark: Worded) -> Box:
    """The box that the words take, in px of the original; a MeasureText."""
    height = mark.width_px * TEXT_HEIGHT_PER_WIDTH
    scale = height * _FONT_SHARE / _FONT_PX
    metrics = QFontMetricsF(_font())
    lines = mark.text.split("\n")
    width = max(metrics.horizontalAdvance(line) for line in lines) * scale
    return Box(mark.at.x, mark.at.y, max(width, height * 0.3), height * len(lines))


def text_font_px(mark: Text) -> float:
    """The size of the text's font, in px of the original."""
    return mark.width_px * TEXT_HEIGHT_PER_WIDTH * _FONT_SHARE


def contrast_of(colour: str) -> QColor:
    """The rim's colour for a mark of `colour`: light around dark marks, dark around light ones."""
    given = QColor(colour)
    return _DARK if 0.299 * given.red() + 0.587 * given.green() + 0.114 * given.blue() > 165 else _LIGHT


@lru_cache(maxsize=1)
def _font() -> QFont:
    font = QFont(FAMILY)
    font.setPixelSize(_FONT_PX)
    font.setWeight(QFont.Weight.DemiBold)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


def _pen(colour: QColor, width: float) -> QPen:
    return QPen(colour, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap, Qt.PenJoinStyle.RoundJoin)


def _filled(painter: QPainter, path: QPainterPath, colour: str, casing: float, corner: float) -> None:
    painter.strokePath(path, _pen(contrast_of(colour), corner + 2 * casing))
    painter.fillPath(path, QColor(colour))
    if corner > 0:
        painter.strokePath(path, _pen(QColor(colour), corner))


def _stroke_path(mark: Line | Rectangle | Ellipse | Pen) -> QPainterPath:
    path = QPainterPath()
    match mark:
        case Line():
            path.moveTo(*mark.start)
            path.lineTo(*mark.end)
        case Rectangle():
            radius = min(mark.width_px, mark.box.width / 2, mark.box.height / 2)
            path.addRoundedRect(QRectF(*mark.box), radius, radius)
        case Ellipse():
            path.addEllipse(QRectF(*mark.box))
        case Pen():
            _smooth(path, mark.points)
    return path


def _smooth(path: QPainterPath, points: tuple[Point, ...]) -> None:
    """Through the middles of the points' connections: round without leaving the hand's way."""
    path.moveTo(*points[0])
    if len(points) == 1:
        path.lineTo(points[0].x + 0.01, points[0].y)
        return
    for here, after in itertools.pairwise(points[1:]):
        path.quadTo(here.x, here.y, (here.x + after.x) / 2, (here.y + after.y) / 2)
    path.lineTo(*points[-1])


def _arrow_path(mark: Arrow) -> QPainterPath:
    """A shaft that widens towards a barbed head; short arrows are all head."""
    dx, dy = mark.end.x - mark.start.x, mark.end.y - mark.start.y
    length = math.hypot(dx, dy)
    path = QPainterPath()
    if length < 0.01:
        path.addEllipse(QPointF(*mark.end), mark.width_px / 2, mark.width_px / 2)
        return path
    ux, uy = dx / length, dy / length
    width = mark.width_px
    head = min(width * 4.2, length * 0.75)
    half_head = head * 0.46
    neck, half_neck, half_tail = length - head * 0.84, min(width * 0.55, half_head * 0.5), width * 0.22

    def at(along: float, aside: float) -> QPointF:
        return QPointF(mark.start.x + ux * along - uy * aside, mark.start.y + uy * along + ux * aside)

    corners = (
        at(length, 0), at(length - head, half_head), at(neck, half_neck), at(0, half_tail),
        at(0, -half_tail), at(neck, -half_neck), at(length - head, -half_head),
    )
    path.moveTo(corners[0])
    for corner in corners[1:]:
        path.lineTo(corner)
    path.closeSubpath()
    return path


@lru_cache(maxsize=512)
def _words_path(text: str) -> QPainterPath:
    """The outlines of `text` in 100 px letters; (0, 0) is the upper left corner, lines are 100 / _FONT_SHARE px apart."""
    metrics = QFontMetricsF(_font())
    line_height = _FONT_PX / _FONT_SHARE
    lead = (line_height - metrics.ascent() - metrics.descent()) / 2 + metrics.ascent()
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    for place, line in enumerate(text.split("\n")):
        path.addText(QPointF(0, place * line_height + lead), _font(), line)
    return path


def _draw_words(painter: QPainter, mark: Text, casing: float) -> None:
    scale = text_font_px(mark) / _FONT_PX
    painter.translate(mark.at.x, mark.at.y)
    painter.scale(scale, scale)
    _filled(painter, _words_path(mark.text), mark.colour, casing / scale, corner=0)


def _draw_step(painter: QPainter, mark: Step, number: int, casing: float) -> None:
    radius = mark.width_px * STEP_RADIUS_PER_WIDTH
    disc = QPainterPath()
    disc.addEllipse(QPointF(*mark.at), radius, radius)
    painter.strokePath(disc, _pen(contrast_of(mark.colour), 2 * casing))
    painter.fillPath(disc, QColor(mark.colour))
    digits = QPainterPath()
    digits.addText(QPointF(0, 0), _font(), str(number))
    ink = digits.boundingRect()
    scale = min(radius * 0.95 / ink.height(), radius * 1.35 / ink.width())
    painter.translate(mark.at.x, mark.at.y)
    painter.scale(scale, scale)
    painter.translate(-ink.center())
    ink_colour = contrast_of(mark.colour)
    ink_colour = QColor(ink_colour.red(), ink_colour.green(), ink_colour.blue())
    painter.fillPath(digits, ink_colour)
