"""What of a case's evidence is not in the case yet, each piece by name: stills that are awaited, uploads, what is kept on this machine. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from videodesk.client.outbox import OutboxEntry, OutboxState
from videodesk.core.errors import DeskError
from videodesk.core.vocabulary import Language, SnapshotMethod
from videodesk.desktop.tray import TrayItem, TrayStage
from videodesk.protocol.resources import CaseView, SnapshotView


class PieceKind(StrEnum):
    """Where a missing piece is."""

    STILL = "still"
    UPLOAD = "upload"
    HERE = "here"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Piece:
    """One missing piece. `item`: the title of the checklist item it is for, by language; empty for none. `percent` is None where nobody knows."""

    kind: PieceKind
    since: datetime
    snapshot_id: str | None = None
    original_id: str | None = None
    method: SnapshotMethod | None = None
    item: tuple[tuple[Language, str], ...] = ()
    percent: int | None = None
    error: DeskError | None = None


def pieces_of_tray(case: CaseView | None, tray: Iterable[TrayItem]) -> tuple[Piece, ...]:
    """The same of what the call screen knows, oldest first: what is kept here and the stills that are awaited."""
    titles = {item.id: tuple(item.title.items()) for item in case.checklist.items} if case is not None else {}
    found: list[Piece] = []
    for shot in tray:
        item = titles.get(shot.item_id or "", ())
        for one in shot.originals:
            if one.stage is not TrayStage.IN_CASE:
                kind = PieceKind.REFUSED if one.stage.is_lost else PieceKind.HERE
                found.append(Piece(kind, one.captured_at, shot.snapshot_id, one.id, one.method, item, shot.percent, one.error))
        if shot.still is not None and not shot.still.is_failed:
            found.append(Piece(PieceKind.STILL, shot.captured_at, shot.snapshot_id, item=item, percent=shot.still.percent or None))
    return tuple(found)


def pieces_of(case: CaseView, snapshots: Iterable[SnapshotView], here: Iterable[OutboxEntry]) -> tuple[Piece, ...]:
    """All of them, oldest first. An upload that the outbox knows is counted once."""
    titles = {item.id: tuple(item.title.items()) for item in case.checklist.items}
    items = {view.id: titles.get(view.checklist_item or "", ()) for view in snapshots}
    found, known = [], set()
    for entry in here:
        if entry.state is OutboxState.CONFIRMED:
            continue
        known.add(entry.snapshot_id)
        kind = PieceKind.REFUSED if entry.state is OutboxState.REFUSED else PieceKind.HERE
        found.append(Piece(kind, entry.meta.captured_at, entry.snapshot_id, entry.original_id, entry.meta.method,
                           titles.get(entry.meta.checklist_item or "", ()), entry.percent, entry.error()))
    for piece in case.missing:
        if piece.kind == "upload" and piece.snapshot_id in known:
            continue
        percent = 100 * piece.sent_bytes // piece.size_bytes if piece.size_bytes else None
        found.append(Piece(PieceKind(piece.kind), piece.since, piece.snapshot_id, item=items.get(piece.snapshot_id or "", ()), percent=percent))
    return tuple(sorted(found, key=lambda one: one.since))
