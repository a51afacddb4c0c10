"""The annotator's canvas: a painted widget with zoom and pan, in which marks are drawn, selected, moved, stretched and cut."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QNativeGestureEvent, QPainter, QPaintEvent, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QGestureEvent, QPinchGesture, QWidget

from videodesk.annotation.geometry import bounds
from videodesk.annotation.marks import Callout, Kind, Mark, Point, Text
from videodesk.annotation.shaping import Handle, drawn, extended, is_worth_keeping
from videodesk.desktop.annotating import AnnotateState, Tool
from videodesk.desktop.drawing.painting import text_box
from videodesk.desktop.drawing.turned import Placing, TurnedPicture
from videodesk.desktop.drawing.viewport import ZOOM_STEP, Viewport
from videodesk.desktop.i18n import t
from videodesk.desktop.presenters.annotate import AnnotatePresenter
from videodesk.desktop.views.annotate_cursors import cursor_of
from videodesk.desktop.views.annotate_gesture import Does, Gesture, Held, whole_of
from videodesk.desktop.views.annotate_keys import CanvasKeys
from videodesk.desktop.views.annotate_painting import paint_canvas
from videodesk.desktop.views.annotate_places import CanvasPlaces, is_in
from videodesk.desktop.views.annotate_proposals import CanvasProposals
from videodesk.desktop.views.annotate_scene import Scene
from videodesk.desktop.views.annotate_words import WordsEditor

_REST_MS: Final = 90  # a hand that zooms rests after this long
_STROKES: Final = frozenset({Kind.PEN, Kind.HIGHLIGHTER, Kind.REDACTION_PEN})
_GIVES_WAY: Final = 3  # logical pixels of a press that are still a click


class AnnotateCanvas(QWidget):
    """Shows an AnnotateState and turns pointer and keys into the presenter's intents.

    `viewed` tells of another zoom or place, `menu_asked` of a right click or the menu key (a place in the widget).
    """

    viewed = Signal()
    menu_asked = Signal(QPoint)

    def __init__(self, presenter: AnnotatePresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("annotate.canvas")
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(320, 240)
        self.grabGesture(Qt.GestureType.PinchGesture)
        self.presenter = presenter
        self.state = AnnotateState()
        self._view = Viewport()
        self._turned = TurnedPicture()
        self.scene = Scene()
        self.gesture: Gesture | None = None
        self.is_space_held = False
        self.has_loupe = False
        self.held_handle: Handle | None = None  # the one that the arrows move
        self.pointer = QPointF(-1, -1)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(_REST_MS)
        self._rest.timeout.connect(self.update)
        self.words = WordsEditor(self)
        self.words.finished.connect(self.presenter.set_text)
        self.places = CanvasPlaces(self)
        self.keys = CanvasKeys(self)
        self.proposals = CanvasProposals(self, self.update)

    # ── what it shows ──────────────────────────────────────────────────────────────────────────────────────────

    @property
    def view(self) -> Viewport:
        """Zoom and place of the (turned) picture."""
        return self._view

    @property
    def placing(self) -> Placing:
        """Where the original's px lie in the widget."""
        document = self.state.document
        return Placing(self._view, document.width_px, document.height_px, document.framing.turns)

    def show_state(self, state: AnnotateState) -> None:
        """Show this state."""
        is_other = state.picture is not self.state.picture
        is_reframed = state.framing != self.state.framing and state.tool is not Tool.CROP
        self.state = state
        if is_other:
            self.gesture = None
            self.scene.forget()
        if is_other or (is_reframed and self._view.is_fitted) or state.framing.turns != self._turns_seen:
            self.fit()
        editing = None if state.editing_id is None else state.document.find(state.editing_id)
        if isinstance(editing, Text | Callout) and self.words.mark_id != editing.id:
            self.words.edit(editing, self.placing)
        elif state.editing_id is None and self.words.is_standing and state.document.find(self.words.mark_id or "") is not None:
            self.words.leave()
        self.keys.show_state(state)
        self._describe()
        self._choose_cursor(self.mapFromGlobal(self.cursor().pos()).toPointF())
        self.update()

    _turns_seen = 0

    def _describe(self) -> None:
        self.setAccessibleName(t("annotate.canvas"))
        self.setAccessibleDescription(t("annotate.canvas_holds", n=len(self.state.document.marks)))

    def retranslate(self) -> None:
        """Name it in the language chosen now."""
        self._describe()
        self.update()

    def restyle(self) -> None:
        """Take the theme's colours."""
        self.scene.forget()
        self.update()

    # ── zoom and pan ───────────────────────────────────────────────────────────────────────────────────────────

    def _look(self, view: Viewport) -> None:
        if view != self._view:
            if view.zoom != self._view.zoom:
                self._rest.start()
            self._view = view
            self.words.follow(self.placing)
            self.update()
            self.viewed.emit()

    def fit(self) -> None:
        """Show the whole picture; once it is cut, what is left of it."""
        self._turns_seen = self.state.framing.turns
        document, ratio = self.state.document, self.devicePixelRatioF()
        placing = Placing(Viewport(ratio=ratio), document.width_px, document.height_px, document.framing.turns)
        view = Viewport(ratio=ratio).fitted(placing.size, self.size())
        if self.state.tool is not Tool.CROP and document.framing.crop is not None:
            shown = Placing(Viewport(), document.width_px, document.height_px, document.framing.turns).rect(document.framing.crop)
            inner = Viewport(ratio=ratio).fitted(shown.size().toSize(), self.size())
            view = Viewport(inner.zoom, float(round(inner.left - shown.x() * inner.zoom)), float(round(inner.top - shown.y() * inner.zoom)), ratio, is_fitted=True)
        self._rest.stop()
        self._look(view)
        self._rest.stop()

    def zoom_to(self, zoom: float, anchor: QPointF | None = None) -> None:
        """Another zoom (1 is 100 %), around `anchor` or the middle."""
        self._look(self._view.at_zoom(zoom, anchor or QRectF(self.rect()).center(), self.placing.size, self.size()))

    def zoom_by(self, factor: float) -> None:
        """Nearer (> 1) or farther, around the middle."""
        self.zoom_to(self._view.zoom * factor)

    def pan_by(self, dx: float, dy: float) -> None:
        """Move the picture by logical pixels."""
        self._look(self._view.panned(QPointF(dx, dy), self.placing.size, self.size()))

    def toggle_loupe(self) -> None:
        """The loupe at the pointer (or in the middle), or none."""
        self.has_loupe = not self.has_loupe
        if self.pointer.x() < 0:
            self.pointer = QRectF(self.rect()).center()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep the whole picture in sight where it was."""
        super().resizeEvent(event)
        if self._view.is_fitted or self._view.ratio != self.devicePixelRatioF():
            self.fit()
        else:
            self._look(self._view.kept(self.placing.size, self.size()))

    def wheelEvent(self, event: QWheelEvent) -> None:
        """A wheel zooms around the pointer, with Alt it changes the width; a touchpad pans, with Ctrl it zooms."""
        pixels, angle = event.pixelDelta(), event.angleDelta()
        modifiers = event.modifiers()
        if modifiers & Qt.KeyboardModifier.AltModifier:
            turned = angle.y() or angle.x()  # Alt turns the wheel on its side
            self.presenter.choose_width(self.keys.width_at_hand() * 1.12 ** (turned / 120))
        elif not pixels.isNull() and not modifiers & Qt.KeyboardModifier.ControlModifier:
            self.pan_by(pixels.x(), pixels.y())
        else:
            self.zoom_to(self._view.zoom * ZOOM_STEP ** (angle.y() / 120), event.position())
        event.accept()

    def event(self, event: QEvent) -> bool:
        """Two fingers zoom; Tab is the canvas' own while it has something to go on to."""
        if isinstance(event, QNativeGestureEvent) and event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
            self.zoom_to(self._view.zoom * (1 + event.value()), event.position())
            return True
        if isinstance(event, QGestureEvent) and isinstance(pinch := event.gesture(Qt.GestureType.PinchGesture), QPinchGesture):
            self.gesture = None
            self.zoom_to(self._view.zoom * pinch.scaleFactor(), self.mapFromGlobal(pinch.centerPoint()))
            event.accept()
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and self.keys.tab(event):
            return True
        return super().event(event)

    # ── painting ───────────────────────────────────────────────────────────────────────────────────────────────

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        """See paint_canvas."""
        painter = QPainter(self)
        picture = self._turned.get(self.state.picture, self.state.framing.turns)
        if not paint_canvas(self, painter, picture, is_moving=self._rest.isActive()) and not self._rest.isActive():
            self._rest.start()
        painter.end()

    # ── what lies where ────────────────────────────────────────────────────────────────────────────────────────

    def _point(self, place: QPointF) -> Point:
        """A hundredth of a px is finer than any hand, and short in JSON."""
        exact = self.placing.to_picture(place)
        return Point(round(exact.x, 2), round(exact.y, 2))

    # ── pointer ────────────────────────────────────────────────────────────────────────────────────────────────

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Begin to draw, select, move, stretch, cut or pan."""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if self.words.is_standing:
            self.words.finish()
            return
        if self.state.picture is None or event.button() not in {Qt.MouseButton.LeftButton, Qt.MouseButton.MiddleButton}:
            return
        place = event.position()
        held = _held(event.modifiers())
        self.held_handle = None
        pans = self.is_space_held or self.state.tool is Tool.PAN or event.button() == Qt.MouseButton.MiddleButton
        self.gesture = Gesture(Does.PAN, self._point(place), place) if pans else self._begun(place, held)
        self._choose_cursor(place)
        self.update()

    def _begun(self, place: QPointF, held: Held) -> Gesture | None:
        point, state, kind = self._point(place), self.state, self.state.tool.kind
        if state.tool is Tool.CROP:
            at, before = self.places.crop_at(place), state.framing.crop or whole_of(state)
            does = Does.CROP_STRETCH if isinstance(at, Handle) else Does.CROP_MOVE if at else Does.CROP_DRAW
            return Gesture(does, point, place, handle=at if isinstance(at, Handle) else None, before=before)
        if (handle := self.places.handle_at(place)) is not None:
            return Gesture(Does.STRETCH, point, place, handle=handle, before=self.presenter.common_box())
        if kind is Kind.TEXT:
            self.begin_words(point)
            return None
        if kind is not None:
            return Gesture(Does.DRAW, point, place, kind=kind, drafts=(drawn(kind, self.presenter.fresh_id(), point, point, state.style_for(kind)),))
        mark = None if self.proposals.is_tag_at(place) else self.places.mark_at(place)
        if mark is None:
            if not (held.shift or held.ctrl):
                self.presenter.select(None)
            return Gesture(Does.BAND, point, place, held=held)
        clicked = mark.id if mark.id in state.selected_ids else None
        if held.shift:
            self.presenter.select(mark.id, adds=True)
        elif clicked is None:
            self.presenter.select(mark.id, adds=held.ctrl)
        return Gesture(Does.MOVE, point, place, clicked=clicked, held=held)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Go on with what was begun."""
        gesture, place = self.gesture, event.position()
        self.pointer = place
        if gesture is None:
            self._choose_cursor(place)
            if self.has_loupe:
                self.update()
            return
        if not gesture.has_moved and (place - gesture.pressed_at).manhattanLength() < _GIVES_WAY:
            return
        gesture.has_moved = True
        if gesture.does is Does.PAN:
            self.pan_by(place.x() - gesture.pressed_at.x(), place.y() - gesture.pressed_at.y())
            gesture.pressed_at = place
        else:
            gesture.follow(self._point(place), self.state, self.presenter, self._view.zoom, _held(event.modifiers()))
        self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Finish it: one gesture is one step of the history."""
        gesture, self.gesture = self.gesture, None
        if gesture is not None and not self.proposals.take_click(gesture):
            self._settle(gesture)
        self._choose_cursor(event.position())
        self.update()

    def _settle(self, gesture: Gesture) -> None:
        match gesture.does:
            case Does.DRAW if gesture.draft is not None:
                self._settle_drawn(gesture.draft)
            case Does.MOVE if gesture.has_moved and gesture.copies:
                self.presenter.add_several(self.presenter.copies(gesture.drafts))
            case Does.MOVE | Does.STRETCH if gesture.has_moved:
                self.presenter.change_several(tuple(self.presenter.kept(mark) for mark in gesture.drafts))
            case Does.MOVE if gesture.clicked is not None and gesture.held.ctrl:
                self.presenter.select(gesture.clicked, adds=True)
            case Does.MOVE if gesture.clicked is not None and not gesture.held.shift:
                self.presenter.select(gesture.clicked)
            case Does.BAND if gesture.box is not None:
                inside = [mark.id for mark in self.state.document.marks if is_in(mark, gesture.box)]
                self.presenter.select_several(inside, adds=gesture.held.shift or gesture.held.ctrl)
            case Does.CROP_DRAW | Does.CROP_MOVE | Does.CROP_STRETCH if gesture.box is not None and gesture.has_moved:
                self.presenter.crop(gesture.box)

    def _settle_drawn(self, draft: Mark) -> None:
        if isinstance(draft, Callout):
            self.words.edit(draft, self.placing)
        elif is_worth_keeping(draft, 4 / self._view.zoom):
            self.presenter.add(self.presenter.kept(draft))

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Edit the words under the pointer; of a group, take the one mark alone."""
        mark = self.places.mark_at(event.position())
        if isinstance(mark, Text | Callout) and self.state.tool.kind is None:
            self.gesture = None
            self.presenter.edit(mark.id)
        elif mark is not None and mark.group and self.state.tool is Tool.SELECT:
            self.gesture = None
            self.presenter.select(mark.id, alone=True)
        else:
            self.mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """The menu of what lies here, or of the selection (menu key)."""
        place = event.pos().toPointF()
        if event.reason() is QContextMenuEvent.Reason.Mouse:
            mark = self.places.mark_at(place)
            if mark is not None and mark.id not in self.state.selected_ids:
                self.presenter.select(mark.id)
        elif self.state.selection:
            place = self.placing.to_widget(bounds(self.state.selection[-1], text_box).centre)
        if self.state.picture is not None and not self.words.is_standing:
            self.menu_asked.emit(place.toPoint())
        event.accept()

    def leaveEvent(self, event: QEvent) -> None:
        """The pointer left."""
        super().leaveEvent(event)
        self.unsetCursor()

    def _choose_cursor(self, place: QPointF) -> None:
        self.setCursor(cursor_of(self, place))

    # ── keys ───────────────────────────────────────────────────────────────────────────────────────────────────

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """See CanvasKeys."""
        if not self.keys.press(event):
            super().keyPressEvent(event)

    def keyReleaseEvent(self, event: QKeyEvent) -> None:
        """The space bar is free again."""
        if event.key() == Qt.Key.Key_Space and not event.isAutoRepeat():
            self.is_space_held = False
            self._choose_cursor(self.mapFromGlobal(self.cursor().pos()).toPointF())
        else:
            super().keyReleaseEvent(event)

    def begin_words(self, point: Point) -> None:
        """A new text here."""
        mark = drawn(Kind.TEXT, self.presenter.fresh_id(), point, point, self.state.style_for(Kind.TEXT))
        assert isinstance(mark, Text)
        self.words.edit(mark, self.placing)

    def place_mark(self, kind: Kind) -> None:
        """Without a pointer: a mark of this kind in the middle of what is seen."""
        seen = self.places.seen()
        size = min(seen.width, seen.height) / 4
        start, end = seen.centre.plus(-size / 2, -size / 2), seen.centre.plus(size / 2, size / 2)
        if kind is Kind.TEXT:
            self.begin_words(seen.centre)
            return
        at_middle = kind in {Kind.STEP, Kind.STAMP}
        mark = drawn(kind, self.presenter.fresh_id(), start, seen.centre if at_middle else end, self.state.style_for(kind))
        if isinstance(mark, Callout):
            self.words.edit(mark, self.placing)
            return
        if kind in _STROKES:
            mark = extended(mark, end, spacing=0)  # type: ignore[arg-type]
        self.presenter.add(mark)


def _held(modifiers: Qt.KeyboardModifier) -> Held:
    return Held(bool(modifiers & Qt.KeyboardModifier.ShiftModifier), bool(modifiers & Qt.KeyboardModifier.AltModifier),
                bool(modifiers & Qt.KeyboardModifier.ControlModifier))
