"""What stands on the canvas, kept as one image: the picture with its finished marks.

Painting 500 marks takes longer than a frame may. So the scene is painted with room around what is seen, and moved while one pans; beyond the
room only the strip that comes into sight is painted. Where marks come, go or change, only their places are painted anew. While one zooms,
the last scene is shown larger or smaller, and painted sharp once the hand rests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, QSizeF
from PySide6.QtGui import QColor, QImage, QPainter, QRegion, QTransform

from videodesk.annotation.document import Document
from videodesk.annotation.marks import Box
from videodesk.desktop.drawing.painting import draw_dimming, draw_mark
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.drawing.turned import Placing
from videodesk.desktop.drawing.viewport import Viewport, draw_picture
from videodesk.desktop.views.annotate_damage import damage, reach_of, shown

_ROOM: Final = 0.35  # of the widget's size, painted beyond each side
_STRIP: Final = 240  # screen pixels that are painted ahead of a pan
_MANY: Final = 24  # rectangles; of more the box around them is painted


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
        if self._is_as_large(wanted) and self._is_of(wanted):
            self._mend(wanted)
            self._scroll(wanted)
        elif is_moving and self._is_same(wanted) and not self._image.isNull():
            self._paint_stretched(painter, wanted)
            return False
        else:
            self._paint_anew(wanted)
        painter.drawImage(QPointF(*self._corner(wanted)) * -1, self._image)
        return True

    def forget(self) -> None:
        """Another picture, or other colours."""
        self._source = None

    # ── what the kept image can do ─────────────────────────────────────────────────────────────────────────────

    def _is_of(self, wanted: Wanted) -> bool:
        """Whether the kept image is of the same picture, turned the same way, in the same colours."""
        source = self._source
        return source is not None and source[0] is wanted.picture and source[3] == wanted.ground.rgb() and self._turn == wanted.placing.turn

    def _is_same(self, wanted: Wanted) -> bool:
        source = self._source
        return source is not None and self._is_of(wanted) and source[1] is wanted.document and source[2] == wanted.hidden

    def _is_as_large(self, wanted: Wanted) -> bool:
        view = wanted.placing.view
        return (view.zoom, view.ratio) == (self._view.zoom, self._view.ratio) and self._image.size().expandedTo(wanted.size) == self._image.size()

    def _corner(self, wanted: Wanted) -> tuple[int, int]:
        """Where the widget's corner lies in the kept image; whole, since a viewport stands on whole screen pixels."""
        view, (left, top) = wanted.placing.view, self._offset
        return round(self._view.left + left - view.left), round(self._view.top + top - view.top)

    def _mend(self, wanted: Wanted) -> None:
        """Paint anew only where the marks look different from before."""
        source = self._source
        if source is None or (source[1] is wanted.document and source[2] == wanted.hidden):
            return
        boxes = damage(list(shown(source[1], source[2])), list(shown(wanted.document, wanted.hidden)))
        self._source = (wanted.picture, wanted.document, wanted.hidden, wanted.ground.rgb())
        if boxes is None:
            self._paint_anew(wanted)
            return
        whole, region = self._image.rect(), QRegion()
        on_image = self._on_image(wanted)
        for box in boxes:
            region += on_image.mapRect(QRectF(*box)).toAlignedRect().adjusted(-2, -2, 2, 2).intersected(whole)
        self._paint_region(wanted, region)

    def _scroll(self, wanted: Wanted) -> None:
        """Where the view goes beyond the kept image, move what there is and paint the rest: a strip, and a little more than is needed."""
        x, y = self._corner(wanted)
        across, down = _beyond(x, self._image.width() - wanted.size.width()), _beyond(y, self._image.height() - wanted.size.height())
        if not (across or down):
            return
        kept = self._image.rect().translated(-across, -down).intersected(self._image.rect())
        if kept.isEmpty():
            self._paint_anew(wanted)
            return
        self._image = self._image.copy(self._image.rect().translated(across, down))
        self._offset = (self._offset[0] - across, self._offset[1] - down)
        self._paint_region(wanted, QRegion(self._image.rect()) - QRegion(kept))

    # ── painting ───────────────────────────────────────────────────────────────────────────────────────────────

    def _placed(self, wanted: Wanted) -> Placing:
        """How the original's px lie in the kept image."""
        view, (left, top), document = self._view, self._offset, wanted.document
        shifted = Viewport(view.zoom, view.left + left, view.top + top, view.ratio, is_fitted=False)
        return Placing(shifted, document.width_px, document.height_px, document.framing.turns)

    def _on_image(self, wanted: Wanted) -> QTransform:
        placing = self._placed(wanted)
        view = placing.view
        return placing.turn * QTransform(view.zoom, 0, 0, view.zoom, view.left, view.top)

    def _paint_anew(self, wanted: Wanted) -> None:
        """All of it, with room around. `_offset`: where the widget's corner lies in the image."""
        self.painted += 1
        size = _with_room(wanted.size)
        if self._image.size() != size:
            self._image = QImage(size, QImage.Format.Format_RGB32)
        self._offset = ((size.width() - wanted.size.width()) // 2, (size.height() - wanted.size.height()) // 2)
        self._view, self._turn = wanted.placing.view, wanted.placing.turn
        self._source = (wanted.picture, wanted.document, wanted.hidden, wanted.ground.rgb())
        self._paint_region(wanted, QRegion(self._image.rect()))

    def _paint_region(self, wanted: Wanted, region: QRegion) -> None:
        """A part of the kept image; equal to the pixel to what painting all of it gives."""
        if region.isEmpty():
            return
        placing = self._placed(wanted)
        painter = QPainter(self._image)
        painter.setClipRegion(region)
        painter.fillRect(self._image.rect(), wanted.ground)
        painter.save()
        draw_picture(painter, wanted.picture, placing.view)
        painter.restore()
        placing.apply(painter)
        draw_dimming(painter, wanted.document, without=wanted.hidden)
        back, _is_possible = self._on_image(wanted).inverted()
        rects: list[QRect] = list(region) if region.rectCount() <= _MANY else [region.boundingRect()]  # type: ignore[call-overload]
        parts = [Box(part.x(), part.y(), part.width(), part.height()) for part in (back.mapRect(QRectF(rect)) for rect in rects)]
        for mark, number in shown(wanted.document, wanted.hidden):
            reach = reach_of(mark)
            if any(_meet(reach, part) for part in parts):
                draw_mark(painter, mark, wanted.document, number)
        painter.end()

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


def _with_room(size: QSize) -> QSize:
    return QSize(size.width() + 2 * round(size.width() * _ROOM), size.height() + 2 * round(size.height() * _ROOM))


def _beyond(corner: int, most: int) -> int:
    """How far the image has to go on so that 0 <= corner <= most, and a little farther: not a strip for each frame."""
    if corner < 0:
        return corner - min(_STRIP, most)
    return corner - most + min(_STRIP, most) if corner > most else 0


def _meet(one: Box, other: Box) -> bool:
    return one.x <= other.right and one.right >= other.x and one.y <= other.bottom and one.bottom >= other.y
