"""Annotating one snapshot: its picture, its marks with their history, and how far they are filed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from videodesk.annotation import schema
from videodesk.annotation.document import Add, Change, Command, Document, History, Remove, Reorder
from videodesk.annotation.geometry import MeasureText, bounds, estimated_text_box, fitted, moved
from videodesk.annotation.marks import (
    Box,
    Kind,
    Mark,
    Redaction,
    Text,
    clamped_width,
    kind_of,
    standard_widths,
)
from videodesk.annotation.shaping import kept_inside
from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.errors import Conflict, DeskError, Invalid
from videodesk.core.ids import new_id
from videodesk.desktop.annotating import AnnotateState, Filed, Tool
from videodesk.desktop.drawing.filing import RETRY_AFTER_S, Filing, Render, SealRendition
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks
from videodesk.evidence.seal_ports import NoSealer, RenditionFacts, Sealer
from videodesk.protocol import resources as r

Decode = Callable[[bytes, str], Picture]
AUTOSAVE_AFTER_S: Final = 2.0
# Tools that stay chosen after one mark; the others give way to selecting, so that the new mark can be adjusted at once.
_LASTING: Final = frozenset({Kind.PEN, Kind.STEP})


class AnnotatePresenter(Presenter[AnnotateState]):
    """Opens a snapshot, edits its marks, files them. `measure` is the drawing routine's; `autosave_after_s` None saves only when asked."""

    def __init__(self, api: DeskApi, tasks: Tasks, clock: Clock, *, decode: Decode, render: Render,
                 measure: MeasureText = estimated_text_box, autosave_after_s: float | None = AUTOSAVE_AFTER_S,
                 retry_after_s: tuple[float, ...] = RETRY_AFTER_S, tell: Callable[[str], None] | None = None,
                 sealer: Sealer | None = None) -> None:
        super().__init__(AnnotateState(), tasks, clock)
        self._api = api
        self._all_tasks = tasks
        self._decode = decode
        self._render = render
        self.measure = measure
        self._autosave_after_s = autosave_after_s
        self._retry_after_s = retry_after_s
        self._tell = tell
        self._sealer = sealer or NoSealer()
        self._filing: Filing | None = None
        self._leaving: dict[str, Filing] = {}  # under way without the screen, by snapshot
        self._unfiled: dict[str, Filing] = {}  # could not be filed without the screen: kept for when it opens again
        self._waits_for = ""
        self._original = b""  # what the marks are drawn on, for the seal of what comes of it
        self._filed_document = self.state.document

    # ── opening and filing ─────────────────────────────────────────────────────────────────────────────────────

    def open(self, snapshot_id: str) -> None:
        """Show a snapshot; what is unsaved of the one before is filed on the way."""
        self.close()
        self._filing = None
        kept = self.state
        self._state = replace(AnnotateState(), tool=kept.tool, colour=kept.colour, keeps_tool=kept.keeps_tool)
        self._set(is_loading=True)
        self._waits_for = snapshot_id if snapshot_id in self._leaving else ""
        if not self._waits_for:
            self._load(snapshot_id)

    def _load(self, snapshot_id: str) -> None:
        async def load() -> tuple[r.SnapshotView, Picture, r.AnnotationView | None]:
            snapshot, annotation = await asyncio.gather(self._api.snapshot(snapshot_id), self._api.annotation(snapshot_id))
            data = await self._api.original_of(snapshot_id, snapshot.leading)  # the lead may change while we ask
            self._original = data
            return snapshot, await asyncio.to_thread(self._decode, data, snapshot.media_type), annotation

        def failed(problem: DeskError) -> None:
            self._set(is_loading=False, problem=problem)

        self.tasks.run("annotate.open", load, lambda found: self._show(*found), failed, replaces=True)

    def _show(self, snapshot: r.SnapshotView, picture: Picture, annotation: r.AnnotationView | None) -> None:
        try:
            document = self._read(annotation, picture)
        except Invalid as problem:
            self._set(is_loading=False, problem=problem)
            return
        widths = standard_widths(picture.width_px, picture.height_px)
        self._filed_document = document
        kept = self._unfiled.pop(snapshot.id, None)
        revision = annotation.revision if annotation else 0
        if kept is not None and kept.revision is not None and kept.revision == revision:
            self._filing = kept
        self._set(
            snapshot=snapshot, picture=picture, history=History(document if kept is None else kept.document), widths=widths, width_px=widths[1], is_loading=False,
            problem=None, revision=revision, filed=Filed.SAVED if kept is None else Filed.UNSAVED, selected_id=None, editing_id=None,
        )

    @staticmethod
    def _read(annotation: r.AnnotationView | None, picture: Picture) -> Document:
        if annotation is None:
            return Document(picture.width_px, picture.height_px)
        document = schema.from_json(annotation.document)
        if (document.width_px, document.height_px) != (picture.width_px, picture.height_px):
            code = "annotation.other_size"
            raise Invalid(code)
        return document

    def reload(self) -> None:
        """Open the same snapshot anew (after an error, or to see what others saved); unsaved marks are dropped."""
        if self.state.snapshot is not None:
            snapshot_id = self.state.snapshot.id
            self._set(filed=Filed.SAVED)
            self.open(snapshot_id)

    def save(self) -> None:
        """File the marks and their rendition now; nothing happens when all is filed or already under way."""
        self._file(self.tasks.run)

    def save_over(self) -> None:
        """After a conflict: file these marks as the newest revision all the same; the other's revision stays in the record."""
        if self.state.filed is not Filed.CONFLICT or self.state.snapshot is None:
            return
        snapshot_id = self.state.snapshot.id

        def go_on(newest: r.AnnotationView | None) -> None:
            self._filing = None
            self._set(revision=newest.revision if newest else 0, filed=Filed.UNSAVED, problem=None)
            self.save()

        self.tasks.run("annotate.newest", lambda: self._api.annotation(snapshot_id), go_on, self._not_filed)

    def close(self) -> None:
        """The screen goes. What is not yet filed is filed without it."""
        if self.state.filed in {Filed.UNSAVED, Filed.FAILED}:
            self._file(self._all_tasks.run, is_leaving=True)
            self._set(filed=Filed.SAVED)
        elif self.state.filed is Filed.SAVING:
            # Its task must outlive the screen's others: start it again outside of them; filing is idempotent.
            self.tasks.cancel_all()
            self._set(filed=Filed.UNSAVED)
            self.close()
            return
        super().close()

    def _file(self, run: Callable[..., object], *, is_leaving: bool = False) -> None:
        state = self.state
        if state.snapshot is None or state.picture is None or state.filed not in {Filed.UNSAVED, Filed.FAILED}:
            return
        if self._filing is None or self._filing.document != state.document:
            base = self._filing.revision if self._filing and self._filing.revision else state.revision
            self._filing = Filing(state.snapshot.id, state.snapshot.leading, base, state.document, new_id(self.clock.now()),
                                  seal=self._seal_of(state.snapshot, self._original))
        filing, picture = self._filing, state.picture
        if is_leaving:
            self._leaving[filing.snapshot_id] = filing
        else:
            self._set(filed=Filed.SAVING, problem=None)
        run(
            "annotate.save",
            lambda: filing.file(self._api, picture, self._render, self._retry_after_s),
            self._left_filed if is_leaving else self._was_filed,
            (lambda _problem: self._left_unfiled(filing)) if is_leaving else self._not_filed,
        )

    def _seal_of(self, snapshot: r.SnapshotView, parent: bytes) -> SealRendition:
        """Seals what is drawn on this original."""
        def seal(picture: bytes, rendition_id: str, revision: int, document: Document) -> bytes:
            facts = RenditionFacts(rendition_id, snapshot.id, snapshot.case_id, revision, document.has_redaction,
                                   tuple(sorted({kind_of(mark).value for mark in document.marks})), self.clock.now())
            return self._sealer.seal_rendition(picture, "image/png", parent, snapshot.media_type, facts)

        return seal

    def _was_filed(self, filing: Filing) -> None:
        self._filed_document = filing.document
        self._filing = None
        is_all = filing.document == self.state.document
        snapshot = self.state.snapshot
        if snapshot is not None and filing.revision is not None:
            snapshot = snapshot.model_copy(update={"annotation_revision": filing.revision, "rendition": filing.rendition})
        self._set(revision=filing.revision, snapshot=snapshot, filed=Filed.SAVED if is_all else Filed.UNSAVED)
        if not is_all:
            self._autosave()

    def _left_filed(self, filing: Filing) -> None:
        self._leaving.pop(filing.snapshot_id, None)
        self._unfiled.pop(filing.snapshot_id, None)
        self._go_on_opening(filing.snapshot_id)

    def _left_unfiled(self, filing: Filing) -> None:
        self._leaving.pop(filing.snapshot_id, None)
        self._unfiled[filing.snapshot_id] = filing
        if self._tell is not None:
            self._tell("annotate.left_unsaved")
        self._go_on_opening(filing.snapshot_id)

    def _go_on_opening(self, snapshot_id: str) -> None:
        if self._waits_for == snapshot_id:
            self._waits_for = ""
            self._load(snapshot_id)

    def _not_filed(self, problem: DeskError) -> None:
        stale = isinstance(problem, Conflict) and problem.code == "annotation.stale"
        self._set(filed=Filed.CONFLICT if stale else Filed.FAILED, problem=problem)

    def _autosave(self) -> None:
        wait_s = self._autosave_after_s
        if wait_s is None:
            return
        self.tasks.run("annotate.autosave", lambda: asyncio.sleep(wait_s), lambda _nothing: self.save(), replaces=True)

    # ── editing ────────────────────────────────────────────────────────────────────────────────────────────────

    def do(self, command: Command, selected_id: str | None = None) -> None:
        """Carry out `command`; `selected_id` is selected afterwards (None: as before, where it still stands)."""
        self._changed(self.state.history.do(command), selected_id or self.state.selected_id)

    def undo(self) -> None:
        """Take the last edit back."""
        self._changed(self.state.history.undo(), self.state.selected_id)

    def redo(self) -> None:
        """Carry out again what was taken back."""
        self._changed(self.state.history.redo(), self.state.selected_id)

    def _changed(self, history: History, selected_id: str | None) -> None:
        is_there = selected_id is not None and history.document.find(selected_id) is not None
        filed = self.state.filed
        if filed in {Filed.SAVED, Filed.UNSAVED, Filed.FAILED}:
            filed = Filed.SAVED if history.document == self._filed_document else Filed.UNSAVED
        self._set(history=history, selected_id=selected_id if is_there else None, editing_id=None, filed=filed)
        if filed is Filed.UNSAVED:
            self._autosave()

    def fresh_id(self) -> str:
        """An id for a new mark."""
        return new_id(self.clock.now())

    def add(self, mark: Mark) -> None:
        """A mark was drawn."""
        self.do(Add(len(self.state.document.marks), mark), mark.id)
        kind = self.state.tool.kind
        if kind is not None and kind not in _LASTING and not self.state.keeps_tool:
            self._set(tool=Tool.SELECT)

    def change(self, mark: Mark) -> None:
        """A mark was moved, resized or edited; it is found by its id."""
        index = self.state.document.index(mark.id)
        self.do(Change(index, self.state.document.marks[index], mark), mark.id)

    def delete(self) -> None:
        """Take the selected mark away; its neighbour is selected, so that the keyboard stays at the place."""
        mark = self.state.selected
        if mark is None:
            return
        marks = self.state.document.marks
        index = self.state.document.index(mark.id)
        neighbour = marks[index + 1] if index + 1 < len(marks) else marks[index - 1]
        self.do(Remove(index, mark), neighbour.id)

    def duplicate(self) -> None:
        """Put a copy beside the selected mark."""
        mark = self.state.selected
        if mark is not None:
            offset = 2 * self.state.widths[2]
            copy = kept_inside(moved(replace(mark, id=self.fresh_id()), offset, offset), self.state.document, self.measure)
            self.do(Add(len(self.state.document.marks), copy), copy.id)

    def nudge(self, dx: float, dy: float) -> None:
        """Move the selected mark by px of the original."""
        mark = self.state.selected
        if mark is not None:
            self.change(kept_inside(moved(mark, dx, dy), self.state.document, self.measure))

    def grow(self, dx: float, dy: float) -> None:
        """Make the selected mark's box larger by px of the original (negative: smaller)."""
        mark = self.state.selected
        if mark is not None:
            box = bounds(mark, self.measure)
            self.place(Box(box.x, box.y, max(1.0, box.width + dx), max(1.0, box.height + dy)))

    def place(self, box: Box) -> None:
        """Give the selected mark this box (number fields)."""
        mark = self.state.selected
        if mark is not None and bounds(mark, self.measure) != box:
            self.change(kept_inside(fitted(mark, box, self.measure), self.state.document, self.measure))

    def raise_selected(self, by: int) -> None:
        """Move the selected mark up in the stack by `by` places (negative: down)."""
        mark = self.state.selected
        if mark is not None:
            index = self.state.document.index(mark.id)
            target = min(max(index + by, 0), len(self.state.document.marks) - 1)
            self.do(Reorder(index, target), mark.id)

    def rename(self, name: str) -> None:
        """Give the selected mark a name of its own."""
        mark = self.state.selected
        if mark is not None and name != mark.name:
            self.change(replace(mark, name=_drawable(name, schema.MAX_NAME_CHARS, may_break=False)))

    def set_text(self, mark: Text, text: str) -> None:
        """The words of `mark` (new or standing) are finished; without any it goes."""
        text = _drawable(text, schema.MAX_TEXT_CHARS, may_break=True)
        standing = self.state.document.find(mark.id)
        fresh = replace(mark, text=text)
        self._set(editing_id=None)
        if standing is None and text.strip():
            self.add(fresh)
        elif standing is not None and not text.strip():
            self.do(Remove(self.state.document.index(mark.id), standing))
        elif standing is not None:
            self.change(fresh)

    # ── choosing ───────────────────────────────────────────────────────────────────────────────────────────────

    def choose_tool(self, tool: Tool) -> None:
        """Take a tool; drawing tools let go of the selection."""
        self._set(tool=tool, selected_id=self.state.selected_id if tool.kind is None else None, editing_id=None)

    def keep_tool(self, *, keeps: bool) -> None:
        """Keep the drawing tool after each mark, or go back to selecting."""
        self._set(keeps_tool=keeps)

    def select(self, mark_id: str | None) -> None:
        """Select a mark, or none."""
        self._set(selected_id=mark_id, editing_id=None)

    def edit(self, mark_id: str | None) -> None:
        """Edit the words of a text on the canvas."""
        self._set(editing_id=mark_id, selected_id=mark_id or self.state.selected_id)

    def choose_colour(self, colour: str) -> None:
        """The colour of the selected mark and of the next ones."""
        mark = self.state.selected
        if not isinstance(mark, Redaction):
            self._set(colour=colour)
        if mark is not None and mark.colour != colour:
            self.change(replace(mark, colour=colour))

    def choose_width(self, width_px: float) -> None:
        """The width of the selected mark and of the next ones."""
        self._set(width_px=clamped_width(width_px))
        mark = self.state.selected
        if mark is not None and mark.width_px != width_px:
            self.change(replace(mark, width_px=clamped_width(width_px)))


def _drawable(text: str, longest: int, *, may_break: bool) -> str:
    """`text` as the schema takes it: no control characters, no halves of surrogate pairs, not too long."""
    text = text.replace("\r\n", "\n").replace("\t", " ").replace("\u2028", "\n").replace("\u2029", "\n")
    kept = (c for c in text if (c == "\n" and may_break) or not (ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 or 0xD800 <= ord(c) <= 0xDFFF))
    return "".join(kept)[:longest]
