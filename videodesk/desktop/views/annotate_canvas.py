"""The annotator's canvas: a painted widget with zoom and pan, in which marks are drawn, selected, moved and resized."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QImage,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QWidget

from videodesk.annotation.document import Document
from videodesk.annotation.geometry import bounds
from videodesk.annotation.marks import Box, Kind, Mark, Pen, Point, Step, Text
from videodesk.annotation.shaping import Handle, drawn, extended, handles, hit, is_worth_keeping, kept_inside
from videodesk.desktop.annotating import AnnotateState, Tool
from videodesk.desktop.drawing.painting import draw_document, draw_mark, text_box
from videodesk.desktop.drawing.viewport import ZOOM_STEP, Backdrop, Viewport, frame_stage
from videodesk.desktop.i18n import t
from videodesk.desktop.presenters.annotate import AnnotatePresenter
from videodesk.desktop.theme import token
from videodesk.desktop.views.annotate_gesture import Gesture
from videodesk.desktop.views.annotate_words import WordsEditor

_REACH: Final = 8.0  # logical pixels around a handle or a line that still hit it
_HANDLE: Final = 9.0
_CURSORS: Final = {
    Handle.NW: Qt.CursorShape.SizeFDiagCursor, Handle.SE: Qt.CursorShape.SizeFDiagCursor,
    Handle.NE: Qt.CursorShape.SizeBDiagCursor, Handle.SW: Qt.CursorShape.SizeBDiagCursor,
    Handle.N: Qt.CursorShape.SizeVerCursor, Handle.S: Qt.CursorShape.SizeVerCursor,
    Handle.E: Qt.CursorShape.SizeHorCursor, Handle.W: Qt.CursorShape.SizeHorCursor,
    Handle.START: Qt.CursorShape.CrossCursor, Handle.END: Qt.CursorShape.CrossCursor,
}


class AnnotateCanvas(QWidget):
    """Shows an AnnotateState and turns pointer and keys into the presenter's intents. `viewed` tells of another zoom or place."""

    viewed = Signal()

    def __init__(self, presenter: AnnotatePresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("annotate.canvas")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(320, 240)
        self._presenter = presenter
        self._state = AnnotateState()
        self._view = Viewport()
        self._backdrop = Backdrop()
        self._scene = QImage()
        self._scene_key: tuple[object, ...] = ()
        self._scene_of: Document | None = None  # held, so that its id stays its own
        self._gesture: Gesture | None = None
        self._is_space_held = False
        self._words = WordsEditor(self)
        self._words.finished.connect(self._presenter.set_text)

    # ── what it shows ──────────────────────────────────────────────────────────────────────────────────────────

    @property
    def view(self) -> Viewport:
        """Zoom and place."""
        return self._view

    def show_state(self, state: AnnotateState) -> None:
        """Show this state."""
        is_new = state.picture is not self._state.picture
        self._state = state
        if is_new:
            self._gesture = None
            self.fit()
        editing = None if state.editing_id is None else state.document.find(state.editing_id)
        if isinstance(editing, Text) and self._words.mark_id != editing.id:
            self._words.edit(editing, self._view)
        elif state.editing_id is None and self._words.is_standing:
            self._words.leave()
        self._describe()
        self._choose_cursor(self.mapFromGlobal(self.cursor().pos()).toPointF())
        self.update()

    def _describe(self) -> None:
        self.setAccessibleName(t("annotate.canvas"))
        self.setAccessibleDescription(t("annotate.canvas_holds", n=len(self._state.document.marks)))

    def retranslate(self) -> None:
        """Name it in the language chosen now."""
        self._describe()

    def restyle(self) -> None:
        """Take the theme's colours."""
        self.update()

    # ── zoom and pan ───────────────────────────────────────────────────────────────────────────────────────────

    def _picture_size(self) -> QSize:
        picture = self._state.picture
        return QSize(1, 1) if picture is None else QSize(picture.width_px, picture.height_px)

    def _look(self, view: Viewport) -> None:
        if view != self._view:
            self._view = view
            self._words.follow(view)
            self.update()
            self.viewed.emit()

    def fit(self) -> None:
        """Show the whole picture."""
        self._look(Viewport(ratio=self.devicePixelRatioF()).fitted(self._picture_size(), self.size()))

    def zoom_to(self, zoom: float, anchor: QPointF | None = None) -> None:
        """Another zoom (1 is 100 %), around `anchor` or the middle."""
        self._look(self._view.at_zoom(zoom, anchor or QRectF(self.rect()).center(), self._picture_size(), self.size()))

    def zoom_by(self, factor: float) -> None:
        """Nearer (> 1) or farther, around the middle."""
        self.zoom_to(self._view.zoom * factor)

    def pan_by(self, dx: float, dy: float) -> None:
        """Move the picture by logical pixels."""
        self._look(self._view.panned(QPointF(dx, dy), self._picture_size(), self.size()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the whole picture in sight where it was."""
        super().resizeEvent(event)
        if self._view.is_fitted or self._view.ratio != self.devicePixelRatioF():
            self.fit()
        else:
            self._look(self._view.kept(self._picture_size(), self.size()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A wheel zooms around the pointer; a touchpad pans, with Ctrl it zooms."""
        pixels, angle = event.pixelDelta(), event.angleDelta()
        if not pixels.isNull() and not event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.pan_by(pixels.x(), pixels.y())
        else:
            self.zoom_to(self._view.zoom * ZOOM_STEP ** (angle.y() / 120), event.position())
        event.accept()

    # ── painting ───────────────────────────────────────────────────────────────────────────────────────────────

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """Picture and standing marks from their image; the mark in hand and the handles on top."""
        painter = QPainter(self)
        ratio = self._view.ratio
        scene = self._painted_scene()
        painter.drawImage(QRectF(self.rect()), scene, QRectF(scene.rect()))
        painter.scale(1 / ratio, 1 / ratio)
        draft = self._gesture.draft if self._gesture else None
        if draft is not None:
            painter.save()
            self._view.apply(painter)
            draw_mark(painter, draft, self._state.document, self._number_of(draft))
            painter.restore()
        painter.scale(ratio, ratio)
        held = draft or self._state.selected
        if held is not None and self._state.editing_id is None and (draft is None or draft.id == self._state.selected_id):
            self._paint_handles(painter, held)
        frame_stage(painter, QRectF(self.rect()), is_focused=self.hasFocus())
        painter.end()

    def _painted_scene(self) -> QImage:
        state, view = self._state, self._view
        size = QSize(round(self.width() * view.ratio), round(self.height() * view.ratio))
        backdrop = self._backdrop.image(state.picture, view, size, token("stage"))
        draft = self._gesture.draft if self._gesture else None
        hidden = self._words.mark_id if self._words.is_standing else (draft.id if draft is not None else None)
        key = (id(backdrop), backdrop.cacheKey(), id(state.document), hidden)
        if self._scene_key != key:
            self._scene_key, self._scene_of = key, state.document
            self._scene = backdrop.copy()
            painter = QPainter(self._scene)
            view.apply(painter)
            draw_document(painter, state.document, without=hidden)
            painter.end()
        return self._scene

    def _number_of(self, mark: Mark) -> int:
        if not isinstance(mark, Step):
            return 0
        document = self._state.document
        if document.find(mark.id) is not None:
            return document.step_number(mark.id)
        return 1 + sum(isinstance(other, Step) for other in document.marks)

    def _paint_handles(self, painter: QPainter, mark: Mark) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        places = handles(mark, text_box)
        if Handle.NW in places:
            frame = QRectF(self._view.to_widget(places[Handle.NW]), self._view.to_widget(places[Handle.SE]))
            for colour, style in ((QColor(255, 255, 255), Qt.PenStyle.SolidLine), (QColor(47, 85, 212), Qt.PenStyle.DashLine)):
                painter.setPen(QPen(colour, 1.25, style))
                painter.drawRect(frame)
        painter.setPen(QPen(QColor(47, 85, 212), 1.75))
        painter.setBrush(QColor(255, 255, 255))
        for place in places.values():
            centre = self._view.to_widget(place)
            painter.drawEllipse(centre, _HANDLE / 2, _HANDLE / 2)

    # ── pointer ────────────────────────────────────────────────────────────────────────────────────────────────

    def _point(self, place: QPointF) -> Point:
        """A hundredth of a px is finer than any hand, and short in JSON."""
        exact = self._view.to_picture(place)
        return Point(round(exact.x, 2), round(exact.y, 2))

    def _slack(self) -> float:
        return _REACH * self._view.ratio / self._view.zoom

    def _handle_at(self, place: QPointF) -> Handle | None:
        mark = self._state.selected
        if mark is None:
            return None
        found = [((self._view.to_widget(point) - place).manhattanLength(), handle) for handle, point in handles(mark, text_box).items()]
        distance, handle = min(found)
        return handle if distance <= 1.5 * _REACH else None

    def _mark_at(self, place: QPointF) -> Mark | None:
        point = self._view.to_picture(place)
        mark = self._state.selected
        if mark is not None and not isinstance(mark, Pen) and bounds(mark, text_box).holds(point):
            return mark
        return hit(self._state.document, point, self._slack(), text_box)

    def _pans(self, event: QMouseEvent) -> bool:
        return self._is_space_held or self._state.tool is Tool.PAN or event.button() == Qt.MouseButton.MiddleButton

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to draw, move, resize or pan."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self._words.is_standing:
            self._words.finish()
            return
        if self._state.picture is None or event.button() not in {Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton}:
            return
        place = event.position()
        point = self._point(place)
        gesture = Gesture(point, place)
        kind = self._state.tool.kind
        if self._pans(event):
            pass
        elif (handle := self._handle_at(place)) is not None:
            gesture.mark, gesture.handle = self._state.selected, handle
        elif kind is Kind.TEXT:
            self._begin_words(point)
            return
        elif kind is not None:
            gesture.kind = kind
            gesture.draft = drawn(kind, self._presenter.fresh_id(), point, point, self._state.style_for(kind))
        elif (mark := self._mark_at(place)) is not None:
            gesture.mark = mark
            self._presenter.select(mark.id)
        else:
            self._presenter.select(None)
        self._gesture = gesture
        self._choose_cursor(place)
        self.update()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with what was begun."""
        gesture, place = self._gesture, event.position()
        if gesture is None:
            self._choose_cursor(place)
            return
        if not gesture.has_moved and (place - gesture.pressed_at).manhattanLength() < 3:
            return
        gesture.has_moved = True
        if gesture.is_pan:
            self.pan_by(place.x() - gesture.pressed_at.x(), place.y() - gesture.pressed_at.y())
            gesture.pressed_at = place
        else:
            gesture.follow(
                self._point(place), self._state, self._view.zoom, constrained=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier),
                from_centre=bool(event.modifiers() & Qt.KeyboardModifier.AltModifier))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish it: one gesture is one step of the history."""
        gesture, self._gesture = self._gesture, None
        if gesture is not None and gesture.draft is not None:
            self._settle(gesture, gesture.draft)
        self._choose_cursor(event.position())
        self.update()

    def _settle(self, gesture: Gesture, draft: Mark) -> None:
        if gesture.kind is None:
            if gesture.has_moved:
                self._presenter.change(kept_inside(draft, self._state.document, text_box))
        elif is_worth_keeping(draft, 4 / self._view.zoom):
            self._presenter.add(kept_inside(draft, self._state.document, text_box))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Edit the text under the pointer."""
        mark = self._mark_at(event.position())
        if isinstance(mark, Text) and self._state.tool.kind is None:
            self._gesture = None
            self._presenter.edit(mark.id)
        else:
            self.mousePressEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer left."""
        super().leaveEvent(event)
        self.unsetCursor()

    def _choose_cursor(self, place: QPointF) -> None:
        gesture = self._gesture
        is_panning = gesture is not None and gesture.is_pan
        if self._is_space_held or self._state.tool is Tool.PAN or is_panning:
            self.setCursor(Qt.CursorShape.ClosedHandCursor if gesture else Qt.CursorShape.OpenHandCursor)
        elif (handle := self._handle_at(place)) is not None:
            self.setCursor(_CURSORS[handle])
        elif self._state.tool is Tool.TEXT:
            self.setCursor(Qt.CursorShape.IBeamCursor)
        elif self._state.tool.kind is not None:
            self.setCursor(Qt.CursorShape.CrossCursor)
        elif self._mark_at(place) is not None:
            self.setCursor(Qt.CursorShape.SizeAllCursor)
        else:
            self.setCursor(Qt.CursorShape.ArrowCursor)

    # ── keys ───────────────────────────────────────────────────────────────────────────────────────────────────

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Arrows nudge the selected mark (Shift: ten times, Ctrl: its size) or pan; Enter places or edits; Esc lets go."""
        directions = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
        key = Qt.Key(event.key())
        if key in directions:
            self._arrow_key(*directions[key], event.modifiers())
        elif key == Qt.Key.Key_Space:
            self._is_space_held = True
            self._choose_cursor(self.mapFromGlobal(self.cursor().pos()).toPointF())
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.modifiers():
            self.place_or_edit()
        elif key == Qt.Key.Key_Escape:
            self.let_go()
        else:
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """The space bar is free again."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self._is_space_held = False
            self._choose_cursor(self.mapFromGlobal(self.cursor().pos()).toPointF())
        else:
            super().keyReleaseEvent(event)

    def _arrow_key(self, dx: int, dy: int, modifiers: Qt.KeyboardModifier) -> None:
        far = 10 if modifiers & Qt.KeyboardModifier.ShiftModifier else 1
        if self._state.selected is None:
            self.pan_by(-40.0 * dx * far, -40.0 * dy * far)
        elif modifiers & Qt.KeyboardModifier.ControlModifier:
            self._presenter.grow(dx * far, dy * far)
        else:
            self._presenter.nudge(dx * far, dy * far)

    def let_go(self) -> None:
        """Esc: give up the gesture, else the selection, else the tool."""
        if self._gesture is not None:
            self._gesture = None
            self.update()
        elif self._state.selected_id is not None:
            self._presenter.select(None)
        else:
            self._presenter.choose_tool(Tool.SELECT)

    def place_or_edit(self) -> None:
        """Without a pointer: put a mark of the chosen tool in the middle of what is seen, or edit the selected text."""
        kind, selected = self._state.tool.kind, self._state.selected
        if kind is None:
            if isinstance(selected, Text):
                self._presenter.edit(selected.id)
            return
        seen = self._seen()
        size = min(seen.width, seen.height) / 4
        start, end = seen.centre.plus(-size / 2, -size / 2), seen.centre.plus(size / 2, size / 2)
        if kind is Kind.TEXT:
            self._begin_words(seen.centre)
            return
        mark = drawn(kind, self._presenter.fresh_id(), start, seen.centre if kind is Kind.STEP else end, self._state.style_for(kind))
        if isinstance(mark, Pen):
            mark = extended(mark, end, spacing=0)
        self._presenter.add(mark)

    def _seen(self) -> Box:
        whole: Document = self._state.document
        one, two = self._view.to_picture(QPointF(0, 0)), self._view.to_picture(QPointF(self.width(), self.height()))
        left, top = max(0.0, one.x), max(0.0, one.y)
        return Box(left, top, max(1.0, min(whole.width_px, two.x) - left), max(1.0, min(whole.height_px, two.y) - top))

    def _begin_words(self, point: Point) -> None:
        style = self._state.style_for(Kind.TEXT)
        mark = drawn(Kind.TEXT, self._presenter.fresh_id(), point, point, style)
        assert isinstance(mark, Text)
        self._words.edit(mark, self._view)
