"""Choosing what the next mark looks like, and giving it to the selected ones: tools, colours, widths, styles, the clipboard of marks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from videodesk.annotation.arranging import duplicated, pasted
from videodesk.annotation.marks import Kind, Mark, Stamp, StampKind, clamped_width, kind_of
from videodesk.annotation.shaping import Style
from videodesk.desktop.annotating import MAX_QUICK_STYLES, REDACTIONS, SHAPES, STAMP_COLOURS, QuickStyle, Tool, stamp_words
from videodesk.desktop.marking.editing import AnnotateEditing


class AnnotateChoosing(AnnotateEditing):
    """Tools and looks. What is chosen holds for new marks and for the selected ones. `styles_kept` is told of another gallery (to keep it)."""

    styles_kept: Callable[[tuple[QuickStyle, ...]], None] = staticmethod(lambda _styles: None)

    def choose_tool(self, tool: Tool) -> None:
        """Take a tool; drawing tools let go of the selection."""
        self._set(tool=tool, selected_ids=self.state.selected_ids if tool in {Tool.SELECT, Tool.PAN} else (), editing_id=None)

    def keep_tool(self, *, keeps: bool) -> None:
        """Keep the drawing tool after each mark, or go back to selecting."""
        self._set(keeps_tool=keeps)

    def cycle_shape(self, by: int = 1) -> bool:
        """Tab (by 1) or Shift+Tab (by -1) on the canvas: the next kind of shape. False when the tool is none of them: the key is not for us."""
        if self.state.tool not in SHAPES:
            return False
        self.choose_tool(SHAPES[(SHAPES.index(self.state.tool) + by) % len(SHAPES)])
        return True

    def choose_stamp(self, stamp: StampKind) -> None:
        """What new stamps say, and the selected ones; takes the stamp tool when none is selected."""
        self._set(stamp=stamp)
        words = stamp_words(stamp, self.state.serial)
        stamps = tuple(mark for mark in self.state.selection if isinstance(mark, Stamp))
        if stamps:
            self.change_several(replace(mark, stamp=stamp, text=words, colour=STAMP_COLOURS[stamp]) for mark in stamps)
        else:
            self.choose_tool(Tool.STAMP)

    def choose_colour(self, colour: str) -> None:
        """The colour of the selected marks and of the next ones of their kind; redactions and stamps keep theirs for the next."""
        kinds = self.kinds_at_hand() or {Kind.ARROW}
        if Kind.HIGHLIGHTER in kinds:
            self._set(highlight=colour)
        if kinds - REDACTIONS - {Kind.HIGHLIGHTER, Kind.STAMP}:
            self._set(colour=colour)
        self._restyle(colour=colour)

    def choose_width(self, width_px: float) -> None:
        """The width of the selected marks and of the next ones."""
        width_px = clamped_width(width_px)
        self._set(width_px=width_px)
        self._restyle(width_px=width_px)

    def _restyle(self, **look: Any) -> None:
        self.change_several(replace(mark, **look) for mark in self.state.selection)

    # ── own styles ─────────────────────────────────────────────────────────────────────────────────────────────

    def keep_style(self) -> None:
        """Put the look at hand (the selected mark's, else the next one's) into the person's own gallery."""
        mark, state = self.state.selected, self.state
        look = state.style_for(state.tool.kind or Kind.ARROW)
        colour, width_px = (look.colour, look.width_px) if mark is None else (mark.colour, mark.width_px)
        fresh = QuickStyle(colour, round(width_px / state.longest_px, 5))
        if fresh not in state.quick_styles and len(state.quick_styles) < MAX_QUICK_STYLES:
            self._keep_styles((*state.quick_styles, fresh))

    def drop_style(self, style: QuickStyle) -> None:
        """Take a style out of the gallery."""
        self._keep_styles(tuple(one for one in self.state.quick_styles if one != style))

    def take_style(self, style: QuickStyle) -> None:
        """Give a style of the gallery to the selected marks and the next ones."""
        self._give(style.colour, clamped_width(round(style.share * self.state.longest_px * 2) / 2))

    def _keep_styles(self, styles: tuple[QuickStyle, ...]) -> None:
        self._set(quick_styles=styles)
        self.styles_kept(styles)

    def _give(self, colour: str, width_px: float) -> None:
        self._set(width_px=width_px)
        if Kind.HIGHLIGHTER in self.kinds_at_hand():
            self._set(highlight=colour)
        else:
            self._set(colour=colour)
        self.change_several(
            replace(mark, width_px=width_px) if kind_of(mark) in REDACTIONS else replace(mark, colour=colour, width_px=width_px)
            for mark in self.state.selection)

    # ── style and marks on the clipboard ───────────────────────────────────────────────────────────────────────

    def copy_style(self) -> None:
        """Remember the look of the primary selected mark."""
        mark = self.state.selected
        if mark is not None:
            self._set(copied_style=Style(mark.colour, mark.width_px))

    def paste_style(self) -> None:
        """Give the remembered look to the selected marks, and to the next ones; redactions stay dark."""
        style = self.state.copied_style
        if style is None:
            return
        self._give(style.colour, style.width_px)

    def copy(self) -> None:
        """Put the selected marks on the clipboard; it keeps them from picture to picture."""
        if self.state.selection:
            snapshot = self.state.snapshot
            self._set(copied=self.state.selection, copied_from="" if snapshot is None else snapshot.id)

    def cut(self) -> None:
        """Put the selected marks on the clipboard and take them away."""
        self.copy()
        self.delete()

    def paste(self) -> None:
        """Put copies of the marks on the clipboard on this picture and select them; a scale does not go from picture to picture."""
        state = self.state
        is_other = state.snapshot is None or state.snapshot.id != state.copied_from
        if state.copied and self.has_room(len(state.copied)):
            offset = 0.0 if is_other else self._offset()
            command, ids = pasted(state.document, state.copied, self.fresh_id, (offset, offset), is_other_picture=is_other, measure=self.measure)
            self.do(command, *ids)

    def duplicate(self) -> None:
        """Put copies beside the selected marks."""
        state, offset = self.state, self._offset()
        if state.selection and self.has_room(len(state.selection)):
            command, ids = duplicated(state.document, state.selected_ids, self.fresh_id, (offset, offset), self.measure)
            self.do(command, *ids)

    def _offset(self) -> float:
        return 2 * self.state.widths[2]

    def copies(self, marks: Iterable[Mark]) -> tuple[Mark, ...]:
        """The same marks with ids (and groups) of their own, in place (a drag with Ctrl moves these)."""
        groups: dict[str, str] = {}
        return tuple(
            replace(mark, id=self.fresh_id(), group=groups.setdefault(mark.group, self.fresh_id()) if mark.group else "") for mark in marks)

    def kinds_at_hand(self) -> frozenset[Kind]:
        """The kinds of the selected marks and of the tool: what the panels beside the picture are about."""
        kind = self.state.tool.kind
        return frozenset(kind_of(mark) for mark in self.state.selection) | (frozenset() if kind is None else frozenset({kind}))
