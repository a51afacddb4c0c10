"""Annotating one snapshot: its picture, its marks with their history, and how far they are filed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from videodesk.annotation import schema
from videodesk.annotation.document import Document, History
from videodesk.annotation.geometry import MeasureText, estimated_text_box
from videodesk.annotation.marks import kind_of, standard_widths
from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.errors import Conflict, DeskError, Invalid
from videodesk.core.ids import new_id
from videodesk.desktop.annotating import AnnotateState, Filed, QuickStyle
from videodesk.desktop.drawing.filing import RETRY_AFTER_S, Filing, Render, SealRendition
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.marking.exchanging import AnnotateExchanging
from videodesk.desktop.tasks import Tasks
from videodesk.evidence.seal_ports import NoSealer, RenditionFacts, Sealer
from videodesk.protocol import resources as r

Decode = Callable[[bytes, str], Picture]
AUTOSAVE_AFTER_S: Final = 2.0


class AnnotatePresenter(AnnotateExchanging):
    """Opens a snapshot, edits its marks, files them. `measure` is the drawing routine's; `autosave_after_s` None saves only when asked."""

    def __init__(self, api: DeskApi, tasks: Tasks, clock: Clock, *, decode: Decode, render: Render,
                 measure: MeasureText = estimated_text_box, autosave_after_s: float | None = AUTOSAVE_AFTER_S,
                 retry_after_s: tuple[float, ...] = RETRY_AFTER_S, tell: Callable[[str], None] | None = None,
                 sealer: Sealer | None = None,
                 quick_styles: tuple[QuickStyle, ...] = (), styles_kept: Callable[[tuple[QuickStyle, ...]], None] | None = None) -> None:
        super().__init__(tasks, clock, measure)
        self._state = replace(self._state, quick_styles=quick_styles)
        if styles_kept is not None:
            self.styles_kept = styles_kept
        self._api = api
        self._all_tasks = tasks
        self._decode = decode
        self._render = render
        self._autosave_after_s = autosave_after_s
        self._retry_after_s = retry_after_s
        self._tell = tell
        if tell is not None:
            self.tell = tell
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
        self._state = replace(AnnotateState(), tool=kept.tool, colour=kept.colour, highlight=kept.highlight, keeps_tool=kept.keeps_tool, stamp=kept.stamp,
                              copied=kept.copied, copied_from=kept.copied_from, copied_style=kept.copied_style, quick_styles=kept.quick_styles)
        self._set(is_loading=True)
        self._waits_for = snapshot_id if snapshot_id in self._leaving else ""
        if not self._waits_for:
            self._load(snapshot_id)

    def _load(self, snapshot_id: str) -> None:
        async def load() -> tuple[r.SnapshotView, Picture, r.AnnotationView | None, str]:
            snapshot, annotation = await asyncio.gather(self._api.snapshot(snapshot_id), self._api.annotation(snapshot_id))
            data = await self._api.original_of(snapshot_id, snapshot.leading)  # the lead may change while we ask
            self._original = data
            serial = await self._serial_of(snapshot.case_id)
            return snapshot, await asyncio.to_thread(self._decode, data, snapshot.media_type), annotation, serial

        def failed(problem: DeskError) -> None:
            self._set(is_loading=False, problem=problem)

        self.tasks.run("annotate.open", load, lambda found: self._show(*found), failed, replaces=True)

    async def _serial_of(self, case_id: str) -> str:
        """The serial number that the case knows, for the stamp; a case that does not come keeps nobody from drawing."""
        try:
            return (await self._api.case(case_id)).serial
        except DeskError:
            return ""

    def _show(self, snapshot: r.SnapshotView, picture: Picture, annotation: r.AnnotationView | None, serial: str) -> None:
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
            serial=serial, problem=None, revision=revision, filed=Filed.SAVED if kept is None else Filed.UNSAVED, selected_ids=(), editing_id=None,
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

    def snapshot_is(self, snapshot: r.SnapshotView) -> None:
        """The service says that the snapshot is this now (others may see it, …); the marks stay."""
        if self.state.snapshot is not None and self.state.snapshot.id == snapshot.id:
            self._set(snapshot=snapshot)

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
                                   tuple(sorted({kind_of(mark).value for mark in document.marks})), self.clock.now(),
                                   is_cropped=document.framing.crop is not None, turns=document.framing.turns)
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

    def _noted(self, history: History) -> dict[str, Any]:
        filed = self.state.filed
        if filed in {Filed.SAVED, Filed.UNSAVED, Filed.FAILED}:
            filed = Filed.SAVED if history.document == self._filed_document else Filed.UNSAVED
        return {"filed": filed}

    def _changed(self, history: History, selected_ids: tuple[str, ...]) -> None:
        super()._changed(history, selected_ids)
        if self.state.filed is Filed.UNSAVED:
            self._autosave()
