"""Words on pictures: the bundled font's outlines, and the marks that consist of words, signs and numbers.

Words are drawn as outlines taken at the font's own size (2048 units), where every coordinate is whole: no machine's font engine has
anything to round, so that they look the same at every scale and on every platform. What the font does not hold (emoji, Arabic,
Chinese) is taken from the machine's fonts: readable words go before equal pixels there.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter, QPainterPath

from videodesk.annotation.marks import (
    STEP_RADIUS_PER_WIDTH,
    TEXT_HEIGHT_PER_WIDTH,
    Box,
    Callout,
    Measured,
    Point,
    Ruler,
    Stamp,
    StampKind,
    Step,
    Text,
    Worded,
)
from videodesk.desktop.drawing.ink import casing_of, contrast_of, fill, opaque, pen_of, stroke

FAMILY: Final = "Inter"
_FONT_PX: Final = 2048
_FONT_SHARE: Final = 0.8  # of a line's height
_LINE: Final = _FONT_PX / _FONT_SHARE
# Of a line's height:
_BUBBLE_ASIDE: Final = 0.45
_BUBBLE_ABOVE: Final = 0.2
_STAMP_ASIDE: Final = 0.4
_STAMP_ABOVE: Final = 0.22
_SIGN: Final = 0.9
_SIGN_GAP: Final = 0.28
_RULER_LINE_SHARE: Final = 0.8
_SMALL_SHARE: Final = 0.72


def line_height(mark: Worded) -> float:
    """The height of a line of the mark's words, in px of the original."""
    return mark.width_px * TEXT_HEIGHT_PER_WIDTH


def text_font_px(mark: Worded) -> float:
    """The size of the words' font, in px of the original."""
    return line_height(mark) * _FONT_SHARE


def text_box(mark: Worded) -> Box:
    """The box that the words take, in px of the original; a MeasureText. A callout's is its bubble, a stamp's the whole label."""
    height = line_height(mark)
    width, lines = words_size(mark.text, height)
    match mark:
        case Text():
            return Box(mark.at.x, mark.at.y, max(width, height * 0.3), lines)
        case Callout():
            return Box(mark.at.x, mark.at.y, max(width, height * 0.3) + 2 * height * _BUBBLE_ASIDE, lines + 2 * height * _BUBBLE_ABOVE)
        case Stamp():
            across = height * (_SIGN + 2 * _STAMP_ASIDE) + (width + height * _SIGN_GAP if mark.text else 0.0)
            down = max(lines, height * _SIGN) + 2 * height * _STAMP_ABOVE
            return Box(mark.at.x - across / 2, mark.at.y - down / 2, across, down)


def words_at(mark: Worded) -> Point:
    """Where the first line of the mark's words begins (upper left), in px of the original: there an editor of the words lies."""
    height = line_height(mark)
    match mark:
        case Text():
            return mark.at
        case Callout():
            return mark.at.plus(height * _BUBBLE_ASIDE, height * _BUBBLE_ABOVE)
        case Stamp():
            box = text_box(mark)
            lines = height * (mark.text.count("\n") + 1)
            return Point(box.x + height * (_STAMP_ASIDE + _SIGN + _SIGN_GAP), box.y + (box.height - lines) / 2)


def words_size(text: str, height: float) -> tuple[float, float]:
    """Width and height in px of `text` in lines of `height` px."""
    metrics = _metrics()
    lines = text.split("\n")
    return max(metrics.horizontalAdvance(line) for line in lines) * height / _LINE, height * len(lines)


def draw_words(painter: QPainter, mark: Text) -> None:
    """Words with a rim."""
    _put_words(painter, mark.text, mark.at, line_height(mark), QColor(mark.colour), contrast_of(mark.colour), casing_of(mark.width_px))


def draw_callout(painter: QPainter, mark: Callout) -> None:
    """A bubble in the mark's colour with words in the contrasting one, and its tail."""
    height, box = line_height(mark), text_box(mark)
    radius = min(height * 0.4, box.height / 2)
    shape = QPainterPath()
    shape.setFillRule(Qt.FillRule.WindingFill)
    shape.addRoundedRect(QRectF(*box), radius, radius)
    if not box.holds(mark.target):
        shape.addPath(_tail(box, mark.target, min(box.width, box.height) * 0.24))
    fill(painter, shape, mark.colour, casing_of(mark.width_px))
    _put_words(painter, mark.text, words_at(mark), height, opaque(contrast_of(mark.colour)))


def draw_stamp(painter: QPainter, mark: Stamp) -> None:
    """A label on contrasting ground with a frame, a sign and the words, as a rubber stamp leaves them."""
    height, box = line_height(mark), text_box(mark)
    frame = QPainterPath()
    radius = height * 0.24
    frame.addRoundedRect(QRectF(*box), radius, radius)
    painter.fillPath(frame, opaque(contrast_of(mark.colour)))
    stroke(painter, frame, mark.colour, mark.width_px * 0.6, casing_of(mark.width_px) * 0.6)
    middle = Point(box.x + height * (_STAMP_ASIDE + _SIGN / 2), box.centre.y)
    draw_sign(painter, mark.stamp, middle, height * _SIGN, QColor(mark.colour), opaque(contrast_of(mark.colour)))
    _put_words(painter, mark.text, words_at(mark), height, QColor(mark.colour))


def draw_sign(painter: QPainter, stamp: StampKind, middle: Point, size: float, ink: QColor, ground: QColor) -> None:
    """The sign of a stamp, `size` px high around `middle`: a tick in a disc, a warning triangle, a bar code."""
    painter.save()
    painter.translate(middle.x, middle.y)
    painter.scale(size / 20, size / 20)
    shape, on_it = QPainterPath(), QPainterPath()
    match stamp:
        case StampKind.OK:
            shape.addEllipse(QPointF(0, 0), 10, 10)
            on_it.moveTo(-4.6, 0.4)
            on_it.lineTo(-1.3, 3.8)
            on_it.lineTo(4.8, -3.4)
        case StampKind.DAMAGE:
            for x, y in ((0.0, -7.2), (8.4, 7.2), (-8.4, 7.2)):
                shape.lineTo(x, y) if shape.elementCount() else shape.moveTo(x, y)
            shape.closeSubpath()
            on_it.moveTo(0, -3.0)
            on_it.lineTo(0, 2.0)
            on_it.moveTo(0, 5.6)
            on_it.lineTo(0, 5.61)
        case StampKind.SERIAL:
            for left, width in ((-9.0, 2.6), (-5.0, 1.3), (-2.2, 3.2), (2.6, 1.3), (5.4, 3.6)):
                shape.addRect(QRectF(left, -7.5, width, 15))
    painter.fillPath(shape, ink)
    if stamp is StampKind.DAMAGE:
        painter.strokePath(shape, pen_of(ink, 3.0))
    painter.strokePath(on_it, pen_of(ground, 2.6))
    painter.restore()


def draw_step(painter: QPainter, mark: Step, number: int) -> None:
    """A number in a disc."""
    radius = mark.width_px * STEP_RADIUS_PER_WIDTH
    disc = QPainterPath()
    disc.addEllipse(QPointF(*mark.at), radius, radius)
    painter.strokePath(disc, pen_of(contrast_of(mark.colour), 2 * casing_of(mark.width_px)))
    painter.fillPath(disc, QColor(mark.colour))
    digits = QPainterPath()
    digits.addText(QPointF(0, 0), _font(), str(number))
    ink = digits.boundingRect()
    scale = min(radius * 0.95 / ink.height(), radius * 1.35 / ink.width())
    painter.save()
    painter.translate(mark.at.x, mark.at.y)
    painter.scale(scale, scale)
    painter.translate(-ink.center())
    painter.fillPath(digits, opaque(contrast_of(mark.colour)))
    painter.restore()


def draw_ruler(painter: QPainter, mark: Ruler) -> None:
    """A line with ends, and its value with the interval beside its middle when it is measured."""
    dx, dy = mark.end.x - mark.start.x, mark.end.y - mark.start.y
    length = math.hypot(dx, dy)
    aside_x, aside_y = (-dy / length, dx / length) if length > 0.01 else (0.0, 1.0)
    reach = mark.width_px * 2.2
    path = QPainterPath()
    path.moveTo(*mark.start)
    path.lineTo(*mark.end)
    for end in (mark.start, mark.end):
        path.moveTo(end.x - aside_x * reach, end.y - aside_y * reach)
        path.lineTo(end.x + aside_x * reach, end.y + aside_y * reach)
    stroke(painter, path, mark.colour, mark.width_px * 0.7, casing_of(mark.width_px))
    if mark.measured is not None:
        _draw_value(painter, mark, ruler_words(mark.measured))


def ruler_words(measured: Measured) -> tuple[str, str]:
    """What a ruler says: its value, and its interval. Tenths of a mm where it is known to 2 mm or better; the same in every language."""
    digits = 0 if (measured.high_mm - measured.low_mm) / 2 >= 2 else 1
    return f"{measured.value_mm:.{digits}f} mm", f"{measured.low_mm:.{digits}f}–{measured.high_mm:.{digits}f}"


def ruler_label(mark: Ruler) -> Box | None:
    """The box of a measured ruler's label, in px of the original; None when it has none."""
    if mark.measured is None:
        return None
    value, interval = ruler_words(mark.measured)
    height = mark.width_px * TEXT_HEIGHT_PER_WIDTH * _RULER_LINE_SHARE
    width = max(words_size(value, height)[0], words_size(interval, height * _SMALL_SHARE)[0]) + 0.7 * height
    down = height * (1 + _SMALL_SHARE) + 0.2 * height
    dx, dy = mark.end.x - mark.start.x, mark.end.y - mark.start.y
    length = math.hypot(dx, dy)
    # Beside the line, on its upper side, and as far from it as the box is wide in that direction: what is measured stays to be seen.
    aside_x, aside_y = (dy / length, -dx / length) if length > 0.01 else (0.0, -1.0)
    if aside_y > 0 or (aside_y == 0 and aside_x < 0):
        aside_x, aside_y = -aside_x, -aside_y
    away = abs(aside_x) * width / 2 + abs(aside_y) * down / 2 + mark.width_px * 2
    middle = Point((mark.start.x + mark.end.x) / 2 + aside_x * away, (mark.start.y + mark.end.y) / 2 + aside_y * away)
    return Box(middle.x - width / 2, middle.y - down / 2, width, down)


def _draw_value(painter: QPainter, mark: Ruler, words: tuple[str, str]) -> None:
    box = ruler_label(mark)
    assert box is not None
    height = mark.width_px * TEXT_HEIGHT_PER_WIDTH * _RULER_LINE_SHARE
    pill = QPainterPath()
    pill.addRoundedRect(QRectF(*box), height * 0.3, height * 0.3)
    fill(painter, pill, mark.colour, casing_of(mark.width_px))
    ink, top = opaque(contrast_of(mark.colour)), box.y + 0.1 * height
    for text, high in zip(words, (height, height * _SMALL_SHARE), strict=True):
        _put_words(painter, text, Point(box.centre.x - words_size(text, high)[0] / 2, top), high, ink)
        top += high


def _tail(box: Box, target: Point, half: float) -> QPainterPath:
    """A triangle from inside the bubble to the target; its foot lies in the bubble's core, so that it leaves at the nearest side."""
    inside = min(box.width, box.height) / 2
    foot = Point(min(max(target.x, box.x + inside), box.right - inside), min(max(target.y, box.y + inside), box.bottom - inside))
    dx, dy = target.x - foot.x, target.y - foot.y
    length = math.hypot(dx, dy)
    aside_x, aside_y = -dy / length * half, dx / length * half
    tail = QPainterPath()
    # In the direction of the rounded rectangle's outline: with winding, the two are then one shape.
    tail.moveTo(foot.x + aside_x, foot.y + aside_y)
    tail.lineTo(foot.x - aside_x, foot.y - aside_y)
    tail.lineTo(*target)
    tail.closeSubpath()
    return tail


def _put_words(painter: QPainter, text: str, at: Point, height: float, ink: QColor, rim: QColor | None = None, casing: float = 0.0) -> None:
    scale = height / _LINE
    path = _words_path(text)
    painter.save()
    painter.translate(at.x, at.y)
    painter.scale(scale, scale)
    if rim is not None:
        painter.strokePath(path, pen_of(rim, 2 * casing / scale))
    painter.fillPath(path, ink)
    painter.restore()


@lru_cache(maxsize=1)
def _font() -> QFont:
    font = QFont(FAMILY)
    font.setPixelSize(_FONT_PX)
    font.setWeight(QFont.Weight.DemiBold)
    font.setHintingPreference(QFont.HintingPreference.PreferNoHinting)
    return font


@lru_cache(maxsize=1)
def _metrics() -> QFontMetricsF:
    return QFontMetricsF(_font())


@lru_cache(maxsize=512)
def _words_path(text: str) -> QPainterPath:
    """The outlines of `text` at the font's own size; (0, 0) is the upper left corner, lines are `_LINE` apart."""
    metrics = _metrics()
    lead = (_LINE - metrics.ascent() - metrics.descent()) / 2 + metrics.ascent()
    path = QPainterPath()
    path.setFillRule(Qt.FillRule.WindingFill)
    for place, line in enumerate(text.split("\n")):
        path.addText(QPointF(0, place * _LINE + lead), _font(), line)
    return path
