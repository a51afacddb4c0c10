"""Painting the canvas: the scene, what is in hand, and what lies over the picture while one edits."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter

from videodesk.annotation.geometry import bounds
from videodesk.annotation.marks import Mark, Step
from videodesk.annotation.shaping import Handle
from videodesk.desktop.annotating import Tool
from videodesk.desktop.drawing.painting import draw_mark, text_box
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.drawing.viewport import frame_stage
from videodesk.desktop.theme import token
from videodesk.desktop.views import annotate_overlay as overlay
from videodesk.desktop.views.annotate_gesture import Does, whole_of
from videodesk.desktop.views.annotate_scene import Wanted
from videodesk.desktop.views.annotate_surface import Surface


def paint_canvas(canvas: Surface, painter: QPainter, picture: Picture | None, *, is_moving: bool) -> bool:
    """Paint all of it; `picture` is turned as the document says. False when the scene has to be painted again once the hand rests."""
    state, placing = canvas.state, canvas.placing
    ratio, is_sharp = canvas.view.ratio, True
    painter.scale(1 / ratio, 1 / ratio)
    size = QSize(round(canvas.width() * ratio), round(canvas.height() * ratio))
    if picture is None:
        painter.fillRect(QRectF(0, 0, size.width(), size.height()), token("stage"))
    else:
        wanted = Wanted(picture, state.document, _hidden(canvas), placing, size, token("stage"))
        is_sharp = canvas.scene.paint(painter, wanted, is_moving=is_moving)
        painter.save()
        placing.apply(painter)
        for draft in canvas.gesture.drafts if canvas.gesture else ():
            draw_mark(painter, draft, state.document, _number_of(canvas, draft))
        painter.restore()
    painter.scale(ratio, ratio)
    _paint_over(canvas, painter)
    if canvas.has_loupe and picture is not None and canvas.rect().contains(canvas.pointer.toPoint()):
        at, exact = canvas.view.to_picture(canvas.pointer), placing.to_picture(canvas.pointer)
        overlay.paint_loupe(painter, picture, at, canvas.pointer, QRectF(canvas.rect()), ratio, overlay.loupe_words(picture, at, exact))
    frame_stage(painter, QRectF(canvas.rect()), is_focused=canvas.hasFocus())
    return is_sharp


def _hidden(canvas: Surface) -> frozenset[str]:
    """Marks that stand elsewhere at the moment: in a hand, or in the editor of words."""
    gesture, words = canvas.gesture, canvas.words.mark_id
    held = frozenset() if gesture is None or gesture.copies else frozenset(mark.id for mark in gesture.drafts)
    return held if words is None else held | {words}


def _paint_over(canvas: Surface, painter: QPainter) -> None:
    state, gesture, placing = canvas.state, canvas.gesture, canvas.placing
    canvas.proposals.paint(painter)
    is_cutting = state.tool is Tool.CROP
    crop_box = gesture.box if gesture is not None and gesture.box is not None and gesture.does is not Does.BAND else state.framing.crop
    if state.picture is not None and (crop_box is not None or is_cutting):
        overlay.paint_crop(painter, placing, crop_box or whole_of(state), whole_of(state), is_edited=is_cutting)
    if gesture is not None and gesture.does is Does.BAND and gesture.box is not None:
        overlay.paint_band(painter, placing.rect(gesture.box))
    if is_cutting or state.editing_id is not None or (gesture is not None and gesture.does is Does.DRAW):
        return
    chosen = gesture.drafts if gesture is not None and gesture.drafts and not gesture.copies else state.selection
    if not chosen:
        return
    if len(chosen) > 1:
        for mark in chosen:
            overlay.paint_frame(painter, placing.rect(bounds(mark, text_box)))
    places = canvas.places.handle_places(chosen)
    if Handle.NW in places:
        overlay.paint_frame(painter, QRectF(places[Handle.NW], places[Handle.SE]).normalized())
    overlay.paint_handles(painter, places, canvas.held_handle)


def _number_of(canvas: Surface, mark: Mark) -> int:
    if not isinstance(mark, Step):
        return 0
    document = canvas.state.document
    if document.find(mark.id) is not None:
        return document.step_number(mark.id)
    return 1 + sum(isinstance(other, Step) for other in document.marks)
