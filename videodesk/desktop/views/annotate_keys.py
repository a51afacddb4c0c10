"""The canvas from the keyboard: whatever a drag does, keys do too."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QKeyEvent

from videodesk.annotation.marks import Box, Callout, Text
from videodesk.annotation.shaping import dragged
from videodesk.desktop.annotating import AnnotateState, Tool
from videodesk.desktop.drawing.painting import text_box
from videodesk.desktop.views import annotate_crop as crop
from videodesk.desktop.views.annotate_gesture import whole_of
from videodesk.desktop.views.annotate_surface import Surface

_DIRECTIONS: Final = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_PAN_PX: Final = 40.0
_CTRL: Final = Qt.KeyboardModifier.ControlModifier


class CanvasKeys:
    """Arrows move the selected marks (Shift: ten times, Ctrl: their size) or pan; Tab takes the next handle, which the arrows then move.

    Enter places or edits; Esc lets go, step by step. The canvas' `held_handle` is the one that the arrows move.
    """

    def __init__(self, canvas: Surface) -> None:
        self._canvas = canvas
        self._held_ids: tuple[str, ...] = ()

    def show_state(self, state: AnnotateState) -> None:
        """Another selection has handles of its own."""
        if state.selected_ids != self._held_ids or state.tool is not Tool.SELECT:
            self._canvas.held_handle, self._held_ids = None, state.selected_ids

    def width_at_hand(self) -> float:
        """The width that the wheel changes."""
        selected = self._canvas.state.selected
        return self._canvas.state.width_px if selected is None else selected.width_px

    def press(self, event: QKeyEvent) -> bool:
        """Whether the key was ours."""
        canvas, key = self._canvas, Qt.Key(event.key())
        if canvas.proposals.press(event):
            return True
        if key in _DIRECTIONS:
            self._arrow(*_DIRECTIONS[key], event.modifiers())
        elif key == Qt.Key.Key_Space:
            canvas.is_space_held = True
            canvas.update()
        elif key in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and not event.modifiers():
            self._enter()
        elif key == Qt.Key.Key_Escape:
            self._let_go()
        else:
            return False
        return True

    def tab(self, event: QKeyEvent) -> bool:
        """Tab and Shift+Tab: the next shape of the tool, else the next handle; after the last one the focus goes on as everywhere."""
        step = {Qt.Key.Key_Tab: 1, Qt.Key.Key_Backtab: -1}.get(Qt.Key(event.key()))
        canvas = self._canvas
        if step is None or event.modifiers() & _CTRL:
            return False
        if canvas.presenter.cycle_shape(step):
            return True
        if canvas.state.tool is not Tool.SELECT or not canvas.state.selection:
            return False
        found = list(canvas.places.handle_points(canvas.state.selection))
        place = (found.index(self._canvas.held_handle) if self._canvas.held_handle in found else -1 if step > 0 else len(found)) + step
        self._canvas.held_handle = found[place] if 0 <= place < len(found) else None
        canvas.update()
        return self._canvas.held_handle is not None

    def _arrow(self, dx: int, dy: int, modifiers: Qt.KeyboardModifier) -> None:
        canvas = self._canvas
        far = 10 if modifiers & Qt.KeyboardModifier.ShiftModifier else 1
        # The way the arrow points on the screen, also on a turned picture.
        x, y = canvas.placing.along(dx * far, dy * far)
        is_size = bool(modifiers & _CTRL)
        if canvas.state.tool is Tool.CROP:
            self._crop(x, y, is_size=is_size)
        elif not canvas.state.selection:
            self._pan(dx * far, dy * far)
        elif self._canvas.held_handle is not None:
            self._move_handle(x, y)
        elif is_size:
            canvas.presenter.grow(x, y)
        else:
            canvas.presenter.nudge(x, y)

    def _pan(self, dx: int, dy: int) -> None:
        canvas = self._canvas
        if canvas.has_loupe:
            moved = canvas.pointer + QPointF(dx, dy)
            canvas.pointer = QPointF(min(max(moved.x(), 0), canvas.width() - 1), min(max(moved.y(), 0), canvas.height() - 1))
            canvas.update()
        else:
            canvas.pan_by(-_PAN_PX * dx, -_PAN_PX * dy)

    def _crop(self, dx: float, dy: float, *, is_size: bool) -> None:
        state = self._canvas.state
        whole = whole_of(state)
        box = state.framing.crop or whole
        if is_size:
            made = crop.held(Box(box.x, box.y, max(crop.SMALLEST_PX, box.width + dx), max(crop.SMALLEST_PX, box.height + dy)), whole)
        else:
            made = crop.shifted(box, dx, dy, whole)
        self._canvas.presenter.crop(made)

    def _move_handle(self, dx: float, dy: float) -> None:
        canvas, handle = self._canvas, self._canvas.held_handle
        points = canvas.places.handle_points(canvas.state.selection)
        only = canvas.state.only
        if handle is None or handle not in points:
            return
        to = points[handle].plus(dx, dy)
        if only is not None:
            canvas.presenter.change_several((canvas.presenter.kept(dragged(only, handle, to, measure=text_box)),))
        else:
            canvas.presenter.change_several(canvas.presenter.fitted_selection(crop.stretched(canvas.presenter.common_box(), handle, to, _EVERYWHERE)))

    def _enter(self) -> None:
        canvas, state = self._canvas, self._canvas.state
        if state.tool is Tool.CROP:
            canvas.presenter.choose_tool(Tool.SELECT)
            canvas.fit()
        elif state.tool.kind is not None:
            canvas.place_mark(state.tool.kind)
        elif isinstance(state.only, Text | Callout):
            canvas.presenter.edit(state.only.id)

    def _let_go(self) -> None:
        """Esc: give up the gesture, else the handle, the loupe, the selection, the tool."""
        canvas = self._canvas
        if canvas.gesture is not None:
            canvas.gesture = None
        elif self._canvas.held_handle is not None:
            self._canvas.held_handle = None
        elif canvas.has_loupe:
            canvas.has_loupe = False
        elif canvas.state.selected_ids:
            canvas.presenter.select(None)
        else:
            was_crop = canvas.state.tool is Tool.CROP
            canvas.presenter.choose_tool(Tool.SELECT)
            if was_crop:
                canvas.fit()
        canvas.update()


_EVERYWHERE: Final = Box(-1e6, -1e6, 2e6, 2e6)
