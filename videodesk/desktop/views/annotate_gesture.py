"""One press of the pointer on the canvas, from down to up: what it draws, moves, stretches, selects or cuts. No painting."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from PySide6.QtCore import QPointF

from videodesk.annotation.geometry import bounds, fitted
from videodesk.annotation.marks import Box, Highlighter, Kind, Mark, Pen, Point, RedactionPen, Text
from videodesk.annotation.shaping import Handle, dragged, drawn, drawn_box, extended
from videodesk.desktop.annotating import AnnotateState
from videodesk.desktop.drawing.painting import text_box
from videodesk.desktop.presenters.annotate import AnnotatePresenter
from videodesk.desktop.views import annotate_crop as crop

_LINES = frozenset({Handle.START, Handle.END, Handle.TARGET})


class Does(StrEnum):
    """What a press is about."""

    PAN = "pan"
    DRAW = "draw"
    MOVE = "move"
    STRETCH = "stretch"
    BAND = "band"
    CROP_DRAW = "crop_draw"
    CROP_MOVE = "crop_move"
    CROP_STRETCH = "crop_stretch"


@dataclass(frozen=True, slots=True)
class Held:
    """The keys that are down: Shift keeps directions and proportions, Alt works from the middle, Ctrl copies or adds."""

    shift: bool = False
    alt: bool = False
    ctrl: bool = False


@dataclass(slots=True)
class Gesture:
    """See the module. `drafts` are the marks as they would become, `box` the rubber band or the crop. `zoom` is screen pixels per px."""

    does: Does
    start: Point
    pressed_at: QPointF
    kind: Kind | None = None
    handle: Handle | None = None
    before: Box | None = None
    drafts: tuple[Mark, ...] = ()
    box: Box | None = None
    copies: bool = False
    has_moved: bool = False
    clicked: str | None = None  # a mark of the selection that was pressed: alone selected when nothing moves
    held: Held = field(default_factory=Held)

    @property
    def draft(self) -> Mark | None:
        """The mark that is being drawn or dragged, when it is one."""
        return self.drafts[0] if len(self.drafts) == 1 else None

    def follow(self, point: Point, state: AnnotateState, presenter: AnnotatePresenter, zoom: float, held: Held) -> None:
        """The pointer is at `point` of the original now."""
        self.held = held
        match self.does:
            case Does.DRAW:
                self._draw(point, state, zoom, held)
            case Does.MOVE:
                self._move(point, state, presenter, held)
            case Does.STRETCH:
                self._stretch(point, state, presenter, held)
            case Does.BAND:
                self.box = drawn_box(self.start, point)
            case Does.CROP_DRAW:
                self.box = crop.drawn_crop(self.start, point, whole_of(state), constrained=held.shift, from_centre=held.alt)
            case Does.CROP_MOVE if self.before is not None:
                self.box = crop.shifted(self.before, point.x - self.start.x, point.y - self.start.y, whole_of(state))
            case Does.CROP_STRETCH if self.before is not None and self.handle is not None:
                self.box = crop.stretched(self.before, self.handle, point, whole_of(state))

    def _draw(self, point: Point, state: AnnotateState, zoom: float, held: Held) -> None:
        draft = self.draft
        if draft is None or self.kind is None:
            return
        if isinstance(draft, Pen | Highlighter | RedactionPen):
            if held.shift:  # a straight stroke
                self.drafts = (replace(draft, points=(draft.points[0], _straight(draft.points[0], point))),)
            else:
                self.drafts = (extended(draft, point, spacing=2 / zoom),)
            return
        self.drafts = (drawn(self.kind, draft.id, self.start, point, state.style_for(self.kind), constrained=held.shift, from_centre=held.alt),)

    def _move(self, point: Point, state: AnnotateState, presenter: AnnotatePresenter, held: Held) -> None:
        dx, dy = point.x - self.start.x, point.y - self.start.y
        if held.shift:
            dx, dy = (dx, 0.0) if abs(dx) >= abs(dy) else (0.0, dy)
        self.copies = held.ctrl
        self.drafts = presenter.moved_selection(dx, dy) if state.selection else ()

    def _stretch(self, point: Point, state: AnnotateState, presenter: AnnotatePresenter, held: Held) -> None:
        handle, only = self.handle, state.only
        if handle is None:
            return
        if only is not None:
            self.drafts = (_from_middle(only, handle, point, held) if held.alt and handle not in _LINES
                           else dragged(only, handle, point, constrained=held.shift, measure=text_box),)
            return
        if self.before is not None:
            self.drafts = presenter.fitted_selection(_stretched(self.before, handle, point, keeps_shape=held.shift, from_middle=held.alt))


def whole_of(state: AnnotateState) -> Box:
    """The whole picture as a box."""
    return Box(0, 0, state.document.width_px, state.document.height_px)


def _straight(start: Point, to: Point) -> Point:
    """Level or upright, whichever is nearer."""
    return Point(to.x, start.y) if abs(to.x - start.x) >= abs(to.y - start.y) else Point(start.x, to.y)


def _from_middle(mark: Mark, handle: Handle, to: Point, held: Held) -> Mark:
    return fitted(mark, _stretched(bounds(mark, text_box), handle, to, keeps_shape=held.shift or isinstance(mark, Text), from_middle=True), text_box)


def _stretched(box: Box, handle: Handle, to: Point, *, keeps_shape: bool, from_middle: bool) -> Box:
    """The box with one handle at `to`; turned over when it is dragged past the other side; never without an extent."""
    name, middle = handle.value, box.centre
    left, top, right, bottom = box.x, box.y, box.right, box.bottom
    if "w" in name:
        left = to.x
        right = 2 * middle.x - to.x if from_middle else right
    if "e" in name:
        right = to.x
        left = 2 * middle.x - to.x if from_middle else left
    if "n" in name:
        top = to.y
        bottom = 2 * middle.y - to.y if from_middle else bottom
    if "s" in name:
        bottom = to.y
        top = 2 * middle.y - to.y if from_middle else top
    made = Box.between(Point(left, top), Point(right, bottom))
    width, height = max(made.width, 1.0), max(made.height, 1.0)
    if keeps_shape and len(name) == 2 and box.width > 0 and box.height > 0:
        scale = max(width / box.width, height / box.height)
        width, height = box.width * scale, box.height * scale
        x = middle.x - width / 2 if from_middle else (box.right - width if "w" in name else box.x)
        y = middle.y - height / 2 if from_middle else (box.bottom - height if "n" in name else box.y)
        return Box(x, y, width, height)
    return Box(made.x, made.y, width, height)
