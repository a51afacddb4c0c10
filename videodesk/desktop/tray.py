"""The snapshots in the tray: each with its originals, which of them leads, and the still that the customer's camera owes. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Final

from videodesk.calls.pictures import Picture
from videodesk.client.outbox import OutboxEntry, OutboxState
from videodesk.core.errors import DeskError
from videodesk.core.vocabulary import ReviewDecision, ReviewState, SnapshotMethod, StillState
from videodesk.protocol.messages import StillProgressed
from videodesk.protocol.resources import OriginalView, SnapshotView


class TrayStage(StrEnum):
    """How far a snapshot is, in the words of the tray."""

    SAVING = "saving"
    KEPT = "kept_here"
    SENDING = "sending"
    IN_CASE = "in_case"
    REFUSED = "refused"
    FAILED = "failed"

    @property
    def is_lost(self) -> bool:
        """Whether it does not come into the case as things stand."""
        return self in {TrayStage.REFUSED, TrayStage.FAILED}


class StillStage(StrEnum):
    """How far the camera's still of a snapshot is."""

    ASKED = "asked"
    TAKING = "taking"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PendingStill:
    """A still that was asked of the customer's camera and is not there yet; `code` says why when it failed."""

    stage: StillStage = StillStage.ASKED
    method: SnapshotMethod | None = None
    percent: int = 0
    width_px: int = 0
    height_px: int = 0
    code: str = ""

    @property
    def is_failed(self) -> bool:
        """Whether the frame stands."""
        return self.stage is StillStage.FAILED


@dataclass(frozen=True, slots=True)
class TrayOriginal:
    """One original of a snapshot. `verdict` is None while nobody looked; `is_served`: the service has told of it."""

    id: str
    method: SnapshotMethod
    captured_at: datetime
    stage: TrayStage
    width_px: int = 0
    height_px: int = 0
    leads: bool = True
    verdict: tuple[str, ...] | None = None
    preview: Picture | None = None
    path: Path | None = None
    error: DeskError | None = None
    is_served: bool = False

    @property
    def rank(self) -> int:
        """The better one leads, whatever the order of arrival: still, sharpest frame, other frames."""
        return rank_of(self.method)


@dataclass(frozen=True, slots=True)
class TrayItem:
    """One snapshot in the tray. `preview`, `path` and `error` are those of what leads; `thumbnail` is JPEG of the service.

    `words` are the supervisor's when a retake is asked. `served_leading` is the leading original as the service knows it, `choice` what
    the person chose here and the service does not know yet; `thumbnail_of` the original that led when the thumbnail was made.
    """

    snapshot_id: str
    captured_at: datetime
    stage: TrayStage
    item_id: str | None = None
    preview: Picture | None = None
    path: Path | None = None
    thumbnail: bytes | None = None
    error: DeskError | None = None
    is_evidence_grade: bool = True
    review_state: ReviewState = ReviewState.PENDING
    retake_of: str | None = None
    retaken_by: str | None = None
    words: str = ""
    duration_s: float | None = None
    originals: tuple[TrayOriginal, ...] = ()
    served_leading: str = ""
    choice: str | None = None
    still: PendingStill | None = None
    thumbnail_of: str = ""
    percent: int | None = None

    @property
    def is_lost(self) -> bool:
        """Whether it does not come into the case as things stand."""
        return self.stage.is_lost

    @property
    def counts(self) -> bool:
        """Whether it fills its checklist item (as far as we know): what was rejected or is to be taken again shows nothing."""
        return not self.is_lost and self.review_state in {ReviewState.PENDING, ReviewState.ACCEPTED}

    @property
    def leading(self) -> TrayOriginal | None:
        """The original that stands for it: the chosen one, else what the service says or, not yet sent, the better one here."""
        by_id = {one.id: one for one in self.originals}
        if self.choice in by_id:
            return by_id[self.choice]
        best = by_id.get(self.served_leading)
        for one in self.originals:
            may = one.leads and not one.is_served and not one.stage.is_lost
            if may and (best is None or one.rank > best.rank):
                best = one
        return best or (self.originals[0] if self.originals else None)

    @property
    def next_original(self) -> TrayOriginal | None:
        """The one that leads after a swap; None when there is nothing to swap with."""
        able = [one for one in self.originals if not one.stage.is_lost]
        leading = self.leading
        if len(able) < 2 or leading not in able:
            return None
        return able[(able.index(leading) + 1) % len(able)]

    @property
    def verdict(self) -> tuple[str, ...]:
        """What is wrong with what leads, worst first."""
        leading = self.leading
        return () if leading is None or leading.verdict is None else leading.verdict

    @property
    def wants_thumbnail(self) -> bool:
        """Whether the service's picture of it is needed: nothing here shows what leads."""
        leading = self.leading
        if leading is None:
            return self.preview is None and self.thumbnail is None
        return leading.preview is None and leading.stage is TrayStage.IN_CASE and (self.thumbnail is None or self.thumbnail_of != leading.id)

    def original(self, original_id: str) -> TrayOriginal | None:
        """The original with this id."""
        return next((one for one in self.originals if one.id == original_id), None)

    def with_original(self, fresh: TrayOriginal) -> TrayItem:
        """With this original added, or in the place of the one with its id."""
        others = [one for one in self.originals if one.id != fresh.id]
        ordered = sorted((*others, fresh), key=lambda one: (one.rank, one.captured_at, one.id))
        return settled(replace(self, originals=tuple(ordered)))


_STAGES: Final = {OutboxState.KEPT: TrayStage.KEPT, OutboxState.SENT: TrayStage.SENDING, OutboxState.CONFIRMED: TrayStage.IN_CASE,
                  OutboxState.REFUSED: TrayStage.REFUSED}
_ORDER: Final = (TrayStage.SAVING, TrayStage.KEPT, TrayStage.SENDING, TrayStage.IN_CASE)


def rank_of(method: SnapshotMethod) -> int:
    """How good an original of this method is beside others of the same moment."""
    return 2 if method.is_still else int(method is SnapshotMethod.SHARPEST)


def settled(item: TrayItem) -> TrayItem:
    """The item with its stage, picture and file following from its originals."""
    leading = item.leading
    if leading is None:
        return item
    alive = [one.stage for one in item.originals if not one.stage.is_lost]
    first = item.original(item.snapshot_id)
    if first is not None and first.stage.is_lost and TrayStage.IN_CASE not in alive:
        stage = first.stage
    else:
        stage = min(alive, key=_ORDER.index) if alive else leading.stage
    problem = first if first is not None and stage.is_lost else leading
    preview = leading.preview
    if preview is None and (item.thumbnail is None or item.thumbnail_of != leading.id):
        preview = item.preview  # until the service's own picture of it comes
    path = leading.path or next((one.path for one in item.originals if one.path is not None), None)
    return replace(item, stage=stage, preview=preview, path=path, error=problem.error)


def from_outbox(entry: OutboxEntry, before: TrayItem | None = None) -> TrayItem:
    """The tray's item after an original of it in the outbox came further; what is in the case stays there."""
    meta = entry.meta
    item = before or TrayItem(entry.snapshot_id, meta.captured_at, TrayStage.KEPT)
    known = item.original(entry.original_id)
    is_there = known is not None and known.stage is TrayStage.IN_CASE
    fresh = TrayOriginal(
        entry.original_id, meta.method, meta.captured_at, TrayStage.IN_CASE if is_there else _STAGES[entry.state], meta.width_px,
        meta.height_px, meta.leads, tuple(meta.verdict) or (known.verdict if known else None), known.preview if known else None,
        entry.path, None if is_there else entry.error(), known.is_served if known else False)
    if entry.original_id == item.snapshot_id:
        item = replace(item, item_id=meta.checklist_item, is_evidence_grade=meta.is_evidence_grade, retake_of=meta.retake_of)
        if fresh.preview is None and before is not None and not before.originals:
            fresh = replace(fresh, preview=before.preview)
    duration_s = meta.duration_s if meta.duration_s is not None else item.duration_s
    return replace(item.with_original(fresh), duration_s=duration_s, percent=entry.percent)


def from_case(view: SnapshotView, before: TrayItem | None = None) -> TrayItem:
    """The tray's item of a snapshot that the case has."""
    item = before or TrayItem(view.id, view.captured_at, TrayStage.IN_CASE)
    asked = next((d for d in reversed(view.decisions) if d.decision is ReviewDecision.RETAKE_REQUESTED), None)
    item = replace(
        item, item_id=view.checklist_item, is_evidence_grade=view.is_evidence_grade, review_state=view.review_state,
        retake_of=view.retake_of, retaken_by=view.retaken_by, words=asked.comment if asked else "", duration_s=view.duration_s,
        served_leading=view.leading, still=_still(view, item.still), choice=None if view.leading == item.choice else item.choice)
    for original in view.originals:
        item = item.with_original(_served(original, item.original(original.id)))
    return settled(item) if view.originals else replace(item, stage=TrayStage.IN_CASE, error=None)


def _served(view: OriginalView, known: TrayOriginal | None) -> TrayOriginal:
    verdict = tuple(view.verdict) or (known.verdict if known else None)
    return TrayOriginal(
        view.id, view.method, view.captured_at, TrayStage.IN_CASE, view.width_px, view.height_px, verdict=verdict, is_served=True,
        preview=known.preview if known else None, path=known.path if known else None)


def _still(view: SnapshotView, before: PendingStill | None) -> PendingStill | None:
    if view.still is StillState.ARRIVED:
        return None
    if view.still is StillState.AWAITED:
        return before if before is not None and not before.is_failed else PendingStill()
    if view.still is StillState.FAILED:
        return before if before is not None and before.is_failed else PendingStill(StillStage.FAILED)
    return before


def with_progress(item: TrayItem, told: StillProgressed) -> TrayItem:
    """The item after the page told how far its still is; what is no longer awaited stays as it is."""
    if item.still is None:
        return item
    percent = 100 * told.sent_bytes // told.size_bytes if told.size_bytes else 0
    if told.stage == "sent":
        percent = 100
    return replace(item, still=PendingStill(StillStage(told.stage), told.method or item.still.method, min(100, percent), told.width_px,
                                            told.height_px, told.code))
