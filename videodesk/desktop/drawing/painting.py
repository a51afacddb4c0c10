"""The one routine that draws marks, for the screen and for renditions.

The painter's logical unit is one px of the original: the screen scales and moves the painter, a rendition only frames it (see
`framing_transform`). At 1:1 the two are equal to the pixel. Draw on the picture itself, never on a see-through layer: the highlighter
and the spotlight mix with what is under them. Any thread with its own painter.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QTransform

from videodesk.annotation.document import Document
from videodesk.annotation.marks import (
    HIGHLIGHTER_WIDTHS,
    Arrow,
    Callout,
    Ellipse,
    Highlighter,
    Line,
    Mark,
    Pen,
    Point,
    Rectangle,
    Redaction,
    RedactionPen,
    Ruler,
    Spotlight,
    Stamp,
    Step,
    Text,
)
from videodesk.desktop.drawing.ink import casing_of, contrast_of, fill, pen_of, stroke
from videodesk.desktop.drawing.redacting import redacted_pixels, redacted_rects
from videodesk.desktop.drawing.words import (
    FAMILY,
    draw_callout,
    draw_ruler,
    draw_stamp,
    draw_step,
    draw_words,
    ruler_label,
    text_box,
    text_font_px,
    words_at,
)

__all__ = [
    "FAMILY", "contrast_of", "draw_dimming", "draw_document", "draw_mark", "framing_transform", "redacted_pixels", "redacted_rects", "ruler_label",
    "text_box", "text_font_px", "words_at",
]

_DIMMED: Final = QColor(9, 11, 14, 158)
_HIGHLIGHT_SHARE: Final = 0.62  # how much of the highlighter's colour is left of paper's white
_HIGHLIGHT_HAZE: Final = 44  # of 255: what is seen of it on dark ground, where multiplying changes nothing


def draw_document(painter: QPainter, document: Document, *, without: Collection[str] = frozenset()) -> None:
    """Draw all marks, the lowest first, `without` those with these ids (they are in a hand). The painter's state is kept."""
    draw_dimming(painter, document, without=without)
    number = 0
    for mark in document.marks:
        number += isinstance(mark, Step)
        if mark.id not in without:
            draw_mark(painter, mark, document, number)


def draw_dimming(painter: QPainter, document: Document, *, without: Collection[str] = frozenset()) -> None:
    """Dim all of the original that no spotlight holds; nothing when there is no spotlight. It lies under all marks."""
    spotlights = tuple(mark for mark in document.marks if isinstance(mark, Spotlight) and mark.id not in without)
    if not spotlights:
        return
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(_outside(spotlights, document.width_px, document.height_px), _DIMMED)
    painter.restore()


@lru_cache(maxsize=8)
def _outside(spotlights: tuple[Spotlight, ...], width_px: int, height_px: int) -> QPainterPath:
    """All of the original that none of these holds. Kept: where many overlap it takes milliseconds, and the screen asks for each frame."""
    bright, everything = QPainterPath(), QPainterPath()
    bright.setFillRule(Qt.FillRule.WindingFill)
    for mark in spotlights:
        bright.addPath(_box_path(mark))
    everything.addRect(QRectF(0, 0, width_px, height_px))
    return everything.subtracted(bright.simplified())


def draw_mark(painter: QPainter, mark: Mark, document: Document, number: int = 0) -> None:  # noqa: C901 - one arm a kind
    """Draw one mark; `number` is what a step shows. Redactions are cut to whole pixels of `document`'s original.

    Of a spotlight this is its rim only: the dimming belongs to all of them together.
    """
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    match mark:
        case Arrow():
            fill(painter, _arrow_path(mark), mark.colour, casing_of(mark.width_px), corner=mark.width_px * 0.35)
        case Line() | Rectangle() | Ellipse() | Pen():
            stroke(painter, _stroke_path(mark), mark.colour, mark.width_px, casing_of(mark.width_px))
        case Spotlight():
            stroke(painter, _box_path(mark), mark.colour, mark.width_px * 0.4, casing_of(mark.width_px) * 0.5)
        case Highlighter():
            _draw_highlighter(painter, mark)
        case Text():
            draw_words(painter, mark)
        case Callout():
            draw_callout(painter, mark)
        case Stamp():
            draw_stamp(painter, mark)
        case Step():
            draw_step(painter, mark, number)
        case Ruler():
            draw_ruler(painter, mark)
        case Redaction() | RedactionPen():
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(mark.colour))
            painter.drawRects([*redacted_rects(mark, document)])
    painter.restore()


def framing_transform(document: Document) -> QTransform:
    """From px of the original to px of the framed picture (cut and turned): what a painter needs to draw on it. Exact, nothing is scaled."""
    frame, turns = document.framed, document.framing.turns % 4
    cut = QTransform.fromTranslate(-frame.x, -frame.y)
    turned = (
        QTransform(),
        QTransform(0, 1, -1, 0, frame.height, 0),
        QTransform(-1, 0, 0, -1, frame.width, frame.height),
        QTransform(0, -1, 1, 0, 0, frame.width),
    )[turns]
    return cut * turned


def _draw_highlighter(painter: QPainter, mark: Highlighter) -> None:
    """As ink on paper: dark words under it stay dark. The colour is lightened, so that even dark ink leaves them readable."""
    path, width = QPainterPath(), mark.width_px * HIGHLIGHTER_WIDTHS
    _smooth(path, mark.points)
    given = QColor(mark.colour)
    light = QColor(*(round(255 - (255 - part) * _HIGHLIGHT_SHARE) for part in (given.red(), given.green(), given.blue())))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_Multiply)
    painter.strokePath(path, pen_of(light, width))
    painter.setCompositionMode(QPainter.CompositionMode.CompositionMode_SourceOver)
    given.setAlpha(_HIGHLIGHT_HAZE)
    painter.strokePath(path, pen_of(given, width))


def _stroke_path(mark: Line | Rectangle | Ellipse | Pen) -> QPainterPath:
    path = QPainterPath()
    match mark:
        case Line():
            path.moveTo(*mark.start)
            path.lineTo(*mark.end)
        case Rectangle():
            return _box_path(mark)
        case Ellipse():
            path.addEllipse(QRectF(*mark.box))
        case Pen():
            _smooth(path, mark.points)
    return path


def _box_path(mark: Rectangle | Spotlight) -> QPainterPath:
    path = QPainterPath()
    radius = min(mark.width_px, mark.box.width / 2, mark.box.height / 2)
    path.addRoundedRect(QRectF(*mark.box), radius, radius)
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
