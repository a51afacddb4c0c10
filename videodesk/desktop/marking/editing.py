"""Editing the marks of one snapshot: every change is a command of its history. The half of the annotate presenter that files nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, Final

from videodesk.annotation import schema
from videodesk.annotation.document import Add, Change, Command, Frame, Framing, History, Remove, Together
from videodesk.annotation.geometry import MeasureText, bounds, fitted, moved
from videodesk.annotation.marks import (
    Box,
    Callout,
    Highlighter,
    Kind,
    Mark,
    Measured,
    Pen,
    Redaction,
    RedactionPen,
    RedactionReason,
    Reference,
    Ruler,
    Stamp,
    Text,
)
from videodesk.annotation.shaping import kept_inside
from videodesk.annotation.smoothing import smoothed
from videodesk.core.clock import Clock
from videodesk.core.ids import new_id
from videodesk.desktop.annotating import AnnotateState, Tool
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks

# Tools that stay chosen after one mark; the others give way to selecting, so that the new mark can be adjusted at once.
_LASTING: Final = frozenset({Kind.PEN, Kind.HIGHLIGHTER, Kind.STEP, Kind.REDACTION_PEN})


def _as_it_is(mark: Ruler) -> Ruler:
    return mark


def _quiet(key: str) -> None:
    """Nobody to tell."""
    del key


class AnnotateEditing(Presenter[AnnotateState]):
    """Selecting and changing marks.

    `measure` is the drawing routine's; `remeasure` gives a ruler with a reference its value (set by who can); `tell` says a text of the
    catalogue to the person. Methods that take no mark work on all selected ones, and do nothing without any. Each is one step of the history.
    """

    def __init__(self, tasks: Tasks, clock: Clock, measure: MeasureText) -> None:
        super().__init__(AnnotateState(), tasks, clock)
        self.measure = measure
        self.remeasure: Callable[[Ruler], Ruler] = _as_it_is
        self._typing: Change | None = None
        self.tell: Callable[[str], None] = _quiet

    # ── history ────────────────────────────────────────────────────────────────────────────────────────────────

    def do(self, command: Command, *selected_ids: str) -> None:
        """Carry out `command`; `selected_ids` are selected afterwards (none: as before, where they still stand)."""
        self._changed(self.state.history.do(self._measured(command)), selected_ids or self.state.selected_ids)

    def undo(self) -> None:
        """Take the last edit back."""
        self._changed(self.state.history.undo(), self.state.selected_ids)

    def redo(self) -> None:
        """Carry out again what was taken back."""
        self._changed(self.state.history.redo(), self.state.selected_ids)

    def _changed(self, history: History, selected_ids: tuple[str, ...]) -> None:
        standing = {mark.id for mark in history.document.marks}
        self._set(history=history, selected_ids=tuple(one for one in selected_ids if one in standing), editing_id=None, **self._noted(history))

    def _noted(self, history: History) -> dict[str, Any]:
        """What else of the state changes with the history."""
        del history
        return {}

    def _measured(self, command: Command) -> Command:
        """The command with its rulers measured: the value belongs to the step that moved the line, so that one undo takes both back."""
        match command:
            case Add(index, Ruler(measured=None, reference=Reference()) as ruler):
                return Add(index, self.remeasure(ruler))
            case Change(index, before, Ruler(measured=None, reference=Reference()) as ruler):
                return Change(index, before, self.remeasure(ruler))
            case Together(commands):
                return Together(tuple(self._measured(part) for part in commands))
            case _:
                return command

    def _all(self, commands: Iterable[Command], *selected_ids: str) -> None:
        parts = tuple(commands)
        if parts:
            self.do(parts[0] if len(parts) == 1 else Together(parts), *selected_ids)

    def fresh_id(self) -> str:
        """An id for a new mark."""
        return new_id(self.clock.now())

    # ── selecting ──────────────────────────────────────────────────────────────────────────────────────────────

    def select(self, mark_id: str | None, *, adds: bool = False, alone: bool = False) -> None:
        """Select a mark with its group, or none. `adds`: to the others, or away from them; `alone`: without its group."""
        mark = None if mark_id is None else self.state.document.find(mark_id)
        found: tuple[str, ...] = ()
        if mark is not None:
            others = () if alone or not mark.group else tuple(m.id for m in self.state.document.marks if m.group == mark.group and m.id != mark.id)
            found = (*others, mark.id)
        if adds:
            before = self.state.selected_ids
            rest = tuple(one for one in before if one not in found)
            found = rest if mark is not None and mark.id in before else (*rest, *found)
        self._set(selected_ids=found, editing_id=None)

    def select_several(self, mark_ids: Iterable[str], *, adds: bool = False) -> None:
        """Select exactly these (a rubber band, the list), the last one as primary; `adds` keeps the others."""
        wanted = tuple(dict.fromkeys((*(self.state.selected_ids if adds else ()), *mark_ids)))
        standing = {mark.id for mark in self.state.document.marks}
        self._set(selected_ids=tuple(one for one in wanted if one in standing), editing_id=None)

    def select_all(self) -> None:
        """Select every mark."""
        self._set(tool=Tool.SELECT, selected_ids=tuple(mark.id for mark in self.state.document.marks), editing_id=None)

    def edit(self, mark_id: str | None) -> None:
        """Edit the words of a text or callout on the canvas; None: no more."""
        self._set(editing_id=mark_id, selected_ids=self.state.selected_ids if mark_id is None else (mark_id,))

    # ── adding, changing, taking away ──────────────────────────────────────────────────────────────────────────

    def has_room(self, more: int) -> bool:
        """Whether the document may have `more` marks; else the person is told."""
        if len(self.state.document.marks) + more <= schema.MAX_MARKS:
            return True
        self.tell("annotate.too_many")
        return False

    def add(self, mark: Mark) -> None:
        """A mark was drawn. A ruler without a reference gets the one at hand, a stroke loses the tremor of the hand."""
        if not self.has_room(1):
            return
        if isinstance(mark, Pen | Highlighter | RedactionPen):
            mark = smoothed(mark)
        if isinstance(mark, Ruler) and mark.reference is None and self.state.reference is not None:
            mark = replace(mark, reference=self.state.reference, measured=None)
        self.do(Add(len(self.state.document.marks), mark), mark.id)
        kind = self.state.tool.kind
        if kind is not None and kind not in _LASTING and not self.state.keeps_tool:
            self._set(tool=Tool.SELECT)

    def add_several(self, marks: Iterable[Mark]) -> None:
        """Put these on top (accepted proposals, copies, marks of another program); they are selected."""
        fresh = tuple(marks)
        if not self.has_room(len(fresh)):
            return
        first = len(self.state.document.marks)
        self._all((Add(first + place, mark) for place, mark in enumerate(fresh)), *(mark.id for mark in fresh))

    def change(self, mark: Mark) -> None:
        """A mark was moved, resized or edited; it is found by its id and selected."""
        index = self.state.document.index(mark.id)
        self.do(Change(index, self.state.document.marks[index], mark), mark.id)

    def change_several(self, marks: Iterable[Mark]) -> None:
        """These were moved, resized or edited together; they are found by their ids, the selection stays."""
        standing = {mark.id: (index, mark) for index, mark in enumerate(self.state.document.marks)}
        self._all(Change(*standing[mark.id], mark) for mark in marks if standing[mark.id][1] != mark)

    def delete(self) -> None:
        """Take the selected marks away; a neighbour is selected, so that the keyboard stays at the place."""
        chosen = self.state.selection
        if not chosen:
            return
        gone = {mark.id for mark in chosen}
        marks = self.state.document.marks
        places = [place for place, mark in enumerate(marks) if mark.id in gone]
        rest = [mark.id for mark in marks if mark.id not in gone]
        neighbour = (rest[min(places[0], len(rest) - 1)],) if rest else ()
        self._all((Remove(place, marks[place]) for place in reversed(places)), *neighbour)

    def delete_all(self) -> None:
        """Take every mark away; undo brings them back."""
        marks = self.state.document.marks
        self._all(Remove(place, marks[place]) for place in reversed(range(len(marks))))

    def nudge(self, dx: float, dy: float) -> None:
        """Move the selected marks by px of the original; some of them stays on the picture."""
        self.change_several(self.moved_selection(dx, dy))

    def moved_selection(self, dx: float, dy: float) -> tuple[Mark, ...]:
        """The selected marks moved by px of the original, as `nudge` would leave them (a draft while dragging)."""
        chosen, document = self.state.selection, self.state.document
        if not chosen:
            return ()
        box = self.common_box()
        dx = min(max(dx, -box.right), document.width_px - box.x)
        dy = min(max(dy, -box.bottom), document.height_px - box.y)
        return tuple(moved(mark, dx, dy) for mark in chosen)

    def kept(self, mark: Mark) -> Mark:
        """The mark moved so that some of it stays on the picture."""
        return kept_inside(mark, self.state.document, self.measure)

    def grow(self, dx: float, dy: float) -> None:
        """Make the box around the selected marks larger by px of the original (negative: smaller)."""
        if self.state.selection:
            box = self.common_box()
            self.place(Box(box.x, box.y, max(1.0, box.width + dx), max(1.0, box.height + dy)))

    def common_box(self) -> Box:
        """The box around all selected marks; there has to be one."""
        return around(self.state.selection, self.measure)

    def place(self, box: Box) -> None:
        """Give the selected marks together this box (number fields)."""
        if self.state.selection and self.common_box() != box:
            self.change_several(self.fitted_selection(box))

    def fitted_selection(self, box: Box) -> tuple[Mark, ...]:
        """The selected marks stretched so that the box around them is `box`, as `place` would leave them (a draft while dragging)."""
        chosen, document = self.state.selection, self.state.document
        if len(chosen) == 1:
            return (kept_inside(fitted(chosen[0], box, self.measure), document, self.measure),)
        old = self.common_box()
        scale_x = box.width / old.width if old.width > 0 else 1.0
        scale_y = box.height / old.height if old.height > 0 else 1.0

        def placed(mark: Mark) -> Mark:
            own = bounds(mark, self.measure)
            target = Box(box.x + (own.x - old.x) * scale_x, box.y + (own.y - old.y) * scale_y, own.width * scale_x, own.height * scale_y)
            return kept_inside(fitted(mark, target, self.measure), document, self.measure)

        return tuple(placed(mark) for mark in chosen)

    # ── words, redactions, rulers ──────────────────────────────────────────────────────────────────────────────

    def rename(self, name: str) -> None:
        """Give the selected mark a name of its own."""
        mark = self.state.only
        if mark is not None and name != mark.name:
            self.change(replace(mark, name=drawable(name, schema.MAX_NAME_CHARS, may_break=False)))

    def set_text(self, mark: Text | Callout | Stamp, text: str) -> None:
        """The words of `mark` (new or standing) are finished; without any it goes."""
        text = drawable(text, schema.MAX_TEXT_CHARS, may_break=not isinstance(mark, Stamp))
        standing = self.state.document.find(mark.id)
        fresh = replace(mark, text=text)
        self._set(editing_id=None)
        if standing is None and text.strip():
            self.add(fresh)
        elif standing is not None and not text.strip():
            self.do(Remove(self.state.document.index(mark.id), standing))
        elif standing is not None:
            self.change(fresh)

    def type_words(self, mark: Text | Callout | Stamp, text: str) -> None:
        """The words of a standing mark are being typed in a field: all letters of one go are one step of the history."""
        history = self.state.history
        if self._typing is not None and history.done and history.done[-1] is self._typing and self._typing.after.id == mark.id:
            history = history.undo()
        index = history.document.index(mark.id)
        text = drawable(text, schema.MAX_TEXT_CHARS, may_break=not isinstance(mark, Stamp))
        self._typing = Change(index, history.document.marks[index], replace(mark, text=text))
        self._changed(history.do(self._typing), (mark.id,))

    def give_reason(self, reason: RedactionReason) -> None:
        """Why the selected redactions destroy what is under them."""
        chosen = self.state.selection
        self.change_several(replace(mark, reason=reason) for mark in chosen if isinstance(mark, Redaction | RedactionPen))

    def set_reference(self, reference: Reference | None) -> None:
        """The scale of this picture: new rulers get it, those that stand are measured anew by it (one step)."""
        self._set(reference=reference)
        rulers = (mark for mark in self.state.document.marks if isinstance(mark, Ruler))
        self.change_several(replace(ruler, reference=reference, measured=None) for ruler in rulers if ruler.reference != reference)

    def set_measured(self, ruler_id: str, measured: Measured | None) -> None:
        """What a ruler says, where it was not known at the moment it was moved."""
        ruler = self.state.document.find(ruler_id)
        if isinstance(ruler, Ruler):
            self.change_several((replace(ruler, measured=measured),))

    # ── framing ────────────────────────────────────────────────────────────────────────────────────────────────

    def crop(self, box: Box | None) -> None:
        """Renditions show only `box`, cut to whole px of the original (None: all of it again)."""
        document = self.state.document
        if box is not None:
            left, top = max(0, round(box.x)), max(0, round(box.y))
            right, bottom = min(document.width_px, round(box.right)), min(document.height_px, round(box.bottom))
            if right <= left or bottom <= top:
                return
            box = Box(left, top, right - left, bottom - top)
            if box == Box(0, 0, document.width_px, document.height_px):
                box = None
        self._frame(replace(document.framing, crop=box))

    def turn(self, quarters: int) -> None:
        """Turn the picture by quarters clockwise (negative: the other way); marks turn with it."""
        framing = self.state.document.framing
        self._frame(replace(framing, turns=(framing.turns + quarters) % 4))

    def reset_framing(self) -> None:
        """All of the picture, upright as it was taken."""
        self._frame(Framing())

    def _frame(self, framing: Framing) -> None:
        before = self.state.document.framing
        if framing != before:
            self.do(Frame(before, framing))


def drawable(text: str, longest: int, *, may_break: bool) -> str:
    """`text` as the schema takes it: no control characters, no halves of surrogate pairs, not too long."""
    text = text.replace("\r\n", "\n").replace("\t", " ").replace("\u2028", "\n").replace("\u2029", "\n")
    kept = (c for c in text if (c == "\n" and may_break) or not (ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) <= 0xDFFF))
    return "".join(kept)[:longest]


def around(marks: Iterable[Mark], measure: MeasureText) -> Box:
    """The box around marks; there has to be one."""
    boxes = [bounds(mark, measure) for mark in marks]
    left, top = min(box.x for box in boxes), min(box.y for box in boxes)
    return Box(left, top, max(box.right for box in boxes) - left, max(box.bottom for box in boxes) - top)
