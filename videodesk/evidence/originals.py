"""The originals of a snapshot: adding one, and which of them leads.

Originals come in any order: the phone's still may be there before the frame of the video. So the lead is never a matter of arrival: of
all that are there the best one leads (`best`), until a person chose one or did something with the one that led.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from videodesk.cases.usecases import note_history
from videodesk.core.clock import iso
from videodesk.core.errors import Conflict, NotFound
from videodesk.core.events import Event
from videodesk.core.people import Principal
from videodesk.core.vocabulary import CustodyAction, LocationState, ReviewState, SealKind, SnapshotMethod
from videodesk.evidence import custody
from videodesk.evidence.model import Original, PictureFacts, Snapshot
from videodesk.evidence.ports import StagedBlob
from videodesk.evidence.unit import EvidenceUnit

MAX_ORIGINALS: Final = 24
RULE: Final = "rule"  # who chose the lead when nobody did: the rule of this module


@dataclass(frozen=True, slots=True)
class Received:
    """An original that was received: its staged bytes, what they are, and its thumbnail (staged as well) when it was made already.

    `received_digest` is of the bytes as they were sent, when the place was taken out of them since (`location`), or they were sealed. `seal` is
    what the bytes carry; a clip's is in its poster, `seal_blob`.
    """

    original: StagedBlob
    facts: PictureFacts
    thumbnail: StagedBlob | None = None
    location: LocationState = LocationState.NONE
    received_digest: str = ""
    seal: SealKind = SealKind.NONE
    seal_blob: StagedBlob | None = None

    @property
    def sent_digest(self) -> str:
        """The digest of the bytes as they were sent."""
        return self.received_digest or self.original.digest

    def keep(self) -> None:
        """Make the bytes durable: the last step of a transaction, before its commit.

        What was refused before leaves no bytes, and a row never names bytes that are not there.
        """
        if self.thumbnail is not None:
            self.thumbnail.keep()
        if self.seal_blob is not None:
            self.seal_blob.keep()
        self.original.keep()


def best(originals: Sequence[Original]) -> Original:
    """The one that leads when nobody chose: readable before not, meant to lead before not; a still before the sharpest before a frame.

    Of two alike the later captured one: a still that was asked for again. The order of `originals` does not matter.
    """
    return max(originals, key=lambda one: (one.is_readable, one.leads, _quality(one.method), one.captured_at, one.id))


def _quality(method: SnapshotMethod) -> int:
    return 3 if method.is_still else 2 if method is SnapshotMethod.SHARPEST else 1


def same_original(known: Original, snapshot_id: str, digest: str) -> None:
    """Conflict("snapshot.differs") unless the known original is of this snapshot and came as bytes with this digest."""
    if (known.snapshot_id, known.received_digest) != (snapshot_id, digest):
        raise Conflict("snapshot.differs")


def check_room(uow: EvidenceUnit, snapshot_id: str) -> None:
    """Conflict("snapshot.too_many_originals") when the snapshot has MAX_ORIGINALS."""
    if len(uow.evidence.originals_of([snapshot_id])) >= MAX_ORIGINALS:
        raise Conflict("snapshot.too_many_originals", limit=MAX_ORIGINALS)


def snapshot_of(original: Original, case_id: str, call_id: str | None, **place: Any) -> Snapshot:
    """The snapshot that `original` is the first of; `place` may say where it belongs and who took it."""
    made = Snapshot(
        id=original.snapshot_id, case_id=case_id, call_id=call_id, method=original.method, digest=original.digest,
        media_type=original.media_type, size_bytes=original.size_bytes, width_px=original.width_px, height_px=original.height_px,
        captured_at=original.captured_at, captured_by=original.captured_by, stored_at=original.stored_at)
    return replace(_led_by(made, original), **place)


def add_original(uow: EvidenceUnit, original: Original, first: Snapshot, principal: Principal) -> Snapshot:
    """Add `original` to its snapshot, which is made from `first` when there is none yet; the snapshot as it is then."""
    known = uow.evidence.snapshot(original.snapshot_id)
    if known is None:
        uow.evidence.add_snapshot(first)
        snapshot = first
    else:
        snapshot = known
    uow.evidence.add_original(original)
    _enter(uow, original, snapshot)
    if known is None:
        uow.emit(Event("snapshot.added", original.stored_at, {
            "snapshot_id": snapshot.id, "original_id": original.id, "method": snapshot.method.value, "captured_by": snapshot.captured_by,
            "checklist_item": snapshot.checklist_item, "retake_of": snapshot.retake_of,
        }, case_id=snapshot.case_id, call_id=snapshot.call_id))
        note_history(uow, snapshot.case_id, principal, "snapshot", original.stored_at, snapshot_id=snapshot.id, method=snapshot.method.value,
                     checklist_item=snapshot.checklist_item, retake_of=snapshot.retake_of)
        return snapshot
    led = elect(uow, snapshot, original.stored_at)
    tell_changed(uow, led, original.stored_at, original_id=original.id, **({"leading": led.leading} if led.leading != snapshot.leading else {}))
    return led


def elect(uow: EvidenceUnit, snapshot: Snapshot, now: datetime) -> Snapshot:
    """Let the best original lead, unless a person chose the lead, marked it or decided on it."""
    there = uow.evidence.originals_of([snapshot.id])
    leading = next((one for one in there if one.id == snapshot.leading), None)
    is_settled = snapshot.is_chosen and (leading is None or leading.is_readable)
    if is_settled or why_settled(uow, snapshot) is not None:
        return snapshot
    return lead(uow, snapshot, best(there), now)


def why_settled(uow: EvidenceUnit, snapshot: Snapshot) -> str | None:
    """The code of what keeps the lead where it is for good: the marks on it, or the decision on it. None when nothing does."""
    if snapshot.review_state is not ReviewState.PENDING:
        return "snapshot.lead_decided"
    return "snapshot.lead_marked" if uow.evidence.annotation_revisions([snapshot.id]) else None


def lead(uow: EvidenceUnit, snapshot: Snapshot, original: Original, now: datetime, by: str = RULE) -> Snapshot:
    """Let `original` lead; `by` is a person's id, who thereby chose. Nothing happens when it leads already (and was chosen)."""
    is_chosen = snapshot.is_chosen or by != RULE
    if snapshot.leading == original.id and snapshot.is_chosen == is_chosen:
        return snapshot
    led = replace(_led_by(snapshot, original), is_chosen=is_chosen)
    uow.evidence.save_snapshot(led)
    if snapshot.leading != original.id:
        custody.record(uow.custody, CustodyAction.CHOSEN, by, now, snapshot_id=snapshot.id, case_id=snapshot.case_id,
                       data={"from": snapshot.leading, "to": original.id, "by": by, "digest": original.digest})
    return led


def known_original(uow: EvidenceUnit, snapshot: Snapshot, original_id: str) -> Original:
    """The snapshot's original with this id; NotFound("snapshot.unknown_original")."""
    original = uow.evidence.original(original_id)
    if original is None or original.snapshot_id != snapshot.id:
        raise NotFound("snapshot.unknown_original")
    return original


def note_unreadable(uow: EvidenceUnit, original_id: str, now: datetime) -> None:
    """The bytes cannot be decoded: they stay as they came, but another original leads where there is one. Done once."""
    original = uow.evidence.original(original_id)
    snapshot = uow.evidence.snapshot(original.snapshot_id) if original is not None else None
    if original is None or snapshot is None or not original.is_readable:
        return
    uow.evidence.mark_unreadable(original.id)
    led = elect(uow, snapshot, now)
    tell_changed(uow, led, now, original_id=original.id, **({"leading": led.leading} if led.leading != snapshot.leading else {}))


def tell_changed(uow: EvidenceUnit, snapshot: Snapshot, now: datetime, **data: str | int | None) -> None:
    """Emit snapshot.changed."""
    uow.emit(Event("snapshot.changed", now, {"snapshot_id": snapshot.id, **data}, case_id=snapshot.case_id, call_id=snapshot.call_id))


def _led_by(snapshot: Snapshot, original: Original) -> Snapshot:
    """The snapshot with the facts of its leading original; who took it stays."""
    return replace(
        snapshot, leading=original.id, method=original.method, digest=original.digest, media_type=original.media_type,
        size_bytes=original.size_bytes, width_px=original.width_px, height_px=original.height_px, captured_at=original.captured_at,
        stored_at=original.stored_at, frame_seq=original.frame_seq, rtp_time=original.rtp_time, codec=original.codec,
        is_evidence_grade=original.is_evidence_grade, duration_s=original.duration_s, taken_from=original.taken_from,
        verdict=original.verdict)


def _enter(uow: EvidenceUnit, original: Original, snapshot: Snapshot) -> None:
    """The custody entries of an original's coming in. The log takes whole numbers only."""
    named: dict[str, Any] = {"original_id": original.id, "digest": original.digest, "method": original.method.value}
    captured: dict[str, Any] = {"captured_at": iso(original.captured_at), "call_id": snapshot.call_id, "seal": original.seal.value}
    if original.seal_digest:
        captured["seal_digest"] = original.seal_digest
    if original.duration_s is not None:
        captured["duration_ms"] = round(original.duration_s * 1000)
    if original.taken_from is not None:
        captured["taken_from"] = original.taken_from
    stored: dict[str, Any] = {
        "size_bytes": original.size_bytes, "location": original.location.value, "received_digest": original.received_digest,
    }
    for action, data in ((CustodyAction.CAPTURED, captured), (CustodyAction.STORED, stored)):
        custody.record(uow.custody, action, original.captured_by, original.stored_at, snapshot_id=snapshot.id, case_id=snapshot.case_id,
                       data={**named, **data})
