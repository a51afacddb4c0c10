"""What of a case's evidence is not in the case yet, each piece by name: stills that are awaited, uploads, what is kept on this machine. No Qt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from videodesk.client.outbox import OutboxEntry, OutboxState
from videodesk.core.errors import DeskError
from videodesk.core.vocabulary import Language, SnapshotMethod
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
