"""What stands on the canvas, kept as one image: the picture with its finished marks.

Painting 500 marks takes longer than a frame may. So the scene is painted with room around what is seen, and moved while one pans; while
one zooms, the last scene is shown larger or smaller, and painted sharp once the hand rests. A mark put on top of all others is painted on
the scene there is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF
from PySide6.QtGui import QColor, QImage, QPainter

from videodesk.annotation.document import Document
from videodesk.annotation.geometry import bounds
from videodesk.annotation.marks import HIGHLIGHTER_WIDTHS, Box, Callout, Mark, Point, Ruler, Spotlight, Step
from videodesk.desktop.drawing.painting import draw_dimming, draw_mark, text_box
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.drawing.turned import Placing
from videodesk.desktop.drawing.viewport import Viewport, draw_picture

_ROOM: Final = 0.35  # of the widget's size, painted beyond each side
_LABEL_WIDTHS: Final = 60.0  # how far a ruler's words reach from its line, in widths


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the scene shows. `hidden`: the marks that a hand or an editor holds; `size` is the widget's, in screen pixels."""

    picture: Picture
    document: Document
    hidden: frozenset[str]
    placing: Placing
    size: QSize
    ground: QColor


class Scene:
    """Paints and keeps the scene. GUI thread."""

    def __init__(self) -> None:
        self._image = QImage()
        self._view = Viewport()
        self._offset = (0, 0)
        self._source: tuple[Picture, Document, frozenset[str], int] | None = None
        self._turn: object = None
        self.painted = 0  # how often all of it was painted anew, for tests

    def paint(self, painter: QPainter, wanted: Wanted, *, is_moving: bool) -> bool:
        """Paint it with a painter on screen pixels. `is_moving`: a hand zooms, a blurred one will do. False when it has to be painted again at rest."""
        if not self._holds(wanted):
            if is_moving and self._is_same(wanted) and not self._image.isNull():
                self._paint_stretched(painter, wanted)
                return False
            self._paint_anew(wanted)
        left, top = self._offset
        at = QPointF(wanted.placing.view.left - self._view.left - left, wanted.placing.view.top - self._view.top - top)
        painter.drawImage(at, self._image)
        return True

    def forget(self) -> None:
        """Another picture, or other colours."""
        self._source = None

    # ── what the kept image can do ─────────────────────────────────────────────────────────────────────────────

    def _is_same(self, wanted: Wanted) -> bool:
        source = self._source
        if source is None or source[0] is not wanted.picture or source[3] != wanted.ground.rgb() or self._turn != wanted.placing.turn:
            return False
        return source[1] is wanted.document and source[2] == wanted.hidden

    def _holds(self, wanted: Wanted) -> bool:
        view = wanted.placing.view
        if view.zoom != self._view.zoom or view.ratio != self._view.ratio or self._image.isNull():
            return False
        if not self._is_same(wanted) and not self._adds(wanted):
            return False
        left, top = self._offset
        x, y = self._view.left + left - view.left, self._view.top + top - view.top
        return 0 <= x <= self._image.width() - wanted.size.width() and 0 <= y <= self._image.height() - wanted.size.height()

    def _adds(self, wanted: Wanted) -> bool:
        """Whether the document only has one mark more, on top; then it is painted on."""
        source = self._source
        if source is None or source[0] is not wanted.picture or source[2] or wanted.hidden or source[3] != wanted.ground.rgb() or self._turn != wanted.placing.turn:
            return False
        before, now = source[1], wanted.document
        if len(now.marks) != len(before.marks) + 1 or now.framing != before.framing or any(a is not b for a, b in zip(before.marks, now.marks, strict=False)):
            return False
        added = now.marks[-1]
        if isinstance(added, Spotlight):
            return False
        painter = self._painter(wanted)
        draw_mark(painter, added, now, now.step_number(added.id) if isinstance(added, Step) else 0)
        painter.end()
        self._source = (wanted.picture, now, wanted.hidden, wanted.ground.rgb())
        return True

    # ── painting ───────────────────────────────────────────────────────────────────────────────────────────────

    def _painter(self, wanted: Wanted) -> QPainter:
        """On the kept image, in px of the original."""
        painter = QPainter(self._image)
        painter.translate(self._offset[0], self._offset[1])
        Placing(self._view, wanted.document.width_px, wanted.document.height_px, wanted.document.framing.turns).apply(painter)
        return painter

    def _paint_anew(self, wanted: Wanted) -> None:
        """All of it, with room around. `_offset`: where the widget's corner lies in the image."""
        self.painted += 1
        room_x, room_y = round(wanted.size.width() * _ROOM), round(wanted.size.height() * _ROOM)
        size = QSize(wanted.size.width() + 2 * room_x, wanted.size.height() + 2 * room_y)
        if self._image.size() != size:
            self._image = QImage(size, QImage.Format.Format_RGB32)
        self._image.fill(wanted.ground)
        self._view, self._offset, self._turn = wanted.placing.view, (room_x, room_y), wanted.placing.turn
        self._source = (wanted.picture, wanted.document, wanted.hidden, wanted.ground.rgb())
        painter = QPainter(self._image)
        view = self._view
        draw_picture(painter, wanted.picture, Viewport(view.zoom, view.left + room_x, view.top + room_y, view.ratio, is_fitted=False))
        painter.end()
        painter = self._painter(wanted)
        seen = self._seen(wanted, room_x, room_y)
        document = wanted.document
        draw_dimming(painter, document, without=wanted.hidden)
        number = 0
        for mark in document.marks:
            number += isinstance(mark, Step)
            if mark.id not in wanted.hidden and touches(mark, seen):
                draw_mark(painter, mark, document, number)
        painter.end()

    @staticmethod
    def _seen(wanted: Wanted, room_x: int, room_y: int) -> Box:
        """The part of the original that lies in the image."""
        ratio = wanted.placing.view.ratio
        one = wanted.placing.to_picture(QPointF(-room_x / ratio, -room_y / ratio))
        other = wanted.placing.to_picture(QPointF((wanted.size.width() + room_x) / ratio, (wanted.size.height() + room_y) / ratio))
        return Box.between(one, other)

    def _paint_stretched(self, painter: QPainter, wanted: Wanted) -> None:
        """The kept image as large as it would be now; beyond it the bare picture."""
        view, scale = wanted.placing.view, wanted.placing.view.zoom / self._view.zoom
        left = view.left - (self._view.left + self._offset[0]) * scale
        top = view.top - (self._view.top + self._offset[1]) * scale
        target = QRectF(QPointF(left, top), QSizeF(self._image.width() * scale, self._image.height() * scale))
        whole = QRectF(QPointF(0, 0), QSizeF(wanted.size))
        if not target.contains(whole):
            painter.fillRect(whole, wanted.ground)
            draw_picture(painter, wanted.picture, view)
        visible = target.intersected(whole)
        if not visible.isEmpty():
            source = QRectF((visible.x() - left) / scale, (visible.y() - top) / scale, visible.width() / scale, visible.height() / scale)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, on=False)
            painter.drawImage(visible, self._image, source)


def touches(mark: Mark, seen: Box) -> bool:
    """Whether something of `mark` may lie in `seen`, with its strokes, rims and words."""
    box, reach = bounds(mark, text_box), mark.width_px * (HIGHLIGHTER_WIDTHS + 1)
    if isinstance(mark, Ruler):
        reach = mark.width_px * _LABEL_WIDTHS
    if isinstance(mark, Callout):
        box = Box.between(Point(min(box.x, mark.target.x), min(box.y, mark.target.y)), Point(max(box.right, mark.target.x), max(box.bottom, mark.target.y)))
    grown = box.grown(reach)
    return grown.x <= seen.right and grown.right >= seen.x and grown.y <= seen.bottom and grown.bottom >= seen.y
