"""Evidence and decisions as they go over the wire."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from videodesk.core.vocabulary import SnapshotMethod, StillState
from videodesk.evidence.model import Annotation, CustodyEntry, Original, Rendition, Snapshot
from videodesk.evidence.release import release_of
from videodesk.protocol import resources as r
from videodesk.review.model import Decision
from videodesk.service.desk import UnitOfWork


def snapshot_view(uow: UnitOfWork, snapshot: Snapshot) -> r.SnapshotView:
    """One snapshot."""
    return snapshot_views(uow, [snapshot])[0]


def snapshot_views(uow: UnitOfWork, snapshots: Sequence[Snapshot]) -> list[r.SnapshotView]:
    """Many snapshots, in the given order, with a handful of queries for all of them."""
    ids = [snapshot.id for snapshot in snapshots]
    names = Names(uow)
    revisions = uow.evidence.annotation_revisions(ids)
    retakes = uow.evidence.retakes_of(ids)
    awaited = uow.evidence.awaited_stills(ids)
    originals: dict[str, list[r.OriginalView]] = {}
    for original in uow.evidence.originals_of(ids):
        originals.setdefault(original.snapshot_id, []).append(original_view(original))
    newest = {rendition.snapshot_id: rendition for rendition in uow.evidence.renditions_of(ids)}
    decisions: dict[str, list[r.DecisionView]] = {}
    for decision in uow.reviews.of_snapshots(ids):
        decisions.setdefault(decision.snapshot_id, []).append(decision_view(names, decision))
    return [
        r.SnapshotView(
            id=snapshot.id, case_id=snapshot.case_id, case_number=names.case_number(snapshot.case_id), call_id=snapshot.call_id,
            method=snapshot.method, digest=snapshot.digest, media_type=snapshot.media_type, size_bytes=snapshot.size_bytes,
            width_px=snapshot.width_px, height_px=snapshot.height_px, captured_at=snapshot.captured_at, captured_by=snapshot.captured_by,
            captured_by_name=names.captor(snapshot), stored_at=snapshot.stored_at, frame_seq=snapshot.frame_seq,
            rtp_time=snapshot.rtp_time, codec=snapshot.codec, is_evidence_grade=snapshot.is_evidence_grade,
            checklist_item=snapshot.checklist_item, caption=snapshot.caption, retake_of=snapshot.retake_of,
            retaken_by=retakes.get(snapshot.id), leading=snapshot.leading, review_state=snapshot.review_state, annotation_revision=revisions.get(snapshot.id, 0),
            rendition=rendition_view(newest[snapshot.id]) if snapshot.id in newest else None, decisions=decisions.get(snapshot.id, []),
            originals=originals.get(snapshot.id, []), still=awaited[snapshot.id].state if snapshot.id in awaited else StillState.NONE,
            duration_s=snapshot.duration_s, taken_from=snapshot.taken_from, verdict=list(snapshot.verdict),
            release=release_of(uow, snapshot),
        )
        for snapshot in snapshots
    ]


def original_view(original: Original) -> r.OriginalView:
    """One original."""
    return r.OriginalView(
        id=original.id, method=original.method, digest=original.digest, media_type=original.media_type, size_bytes=original.size_bytes,
        width_px=original.width_px, height_px=original.height_px, captured_at=original.captured_at, captured_by=original.captured_by,
        stored_at=original.stored_at, frame_seq=original.frame_seq, rtp_time=original.rtp_time, codec=original.codec,
        is_evidence_grade=original.is_evidence_grade, location=original.location, duration_s=original.duration_s,
        verdict=list(original.verdict), is_readable=original.is_readable, seal=original.seal)


class Names:
    """Looks names and numbers up once each, for one answer."""

    def __init__(self, uow: UnitOfWork) -> None:
        self._uow = uow
        self._people: dict[str, str] = {}
        self._numbers: dict[str, str] = {}
        self._customers: dict[str, str] = {}

    def person(self, person_id: str) -> str:
        """A person's display name; empty for somebody who is no longer known."""
        if person_id not in self._people:
            person = self._uow.people.get(person_id)
            self._people[person_id] = person.display_name if person else ""
        return self._people[person_id]

    def case_number(self, case_id: str) -> str:
        """A case's number."""
        self._look_up(case_id)
        return self._numbers[case_id]

    def captor(self, snapshot: Snapshot) -> str:
        """Who captured it: a person of the desk or the case's customer."""
        if name := self.person(snapshot.captured_by):
            return name
        if snapshot.method is not SnapshotMethod.UPLOAD:
            return ""
        self._look_up(snapshot.case_id)
        return self._customers[snapshot.case_id]

    def _look_up(self, case_id: str) -> None:
        if case_id not in self._numbers:
            case = self._uow.cases.get(case_id)
            self._numbers[case_id] = case.number if case else ""
            self._customers[case_id] = case.customer_name if case else ""


def decision_view(names: Names, decision: Decision) -> r.DecisionView:
    """One decision."""
    return r.DecisionView(
        id=decision.id, snapshot_id=decision.snapshot_id, decision=decision.decision, reason=decision.reason, comment=decision.comment,
        decided_by=decision.decided_by, decided_by_name=names.person(decision.decided_by), at=decision.at,
    )


def rendition_view(rendition: Rendition) -> r.RenditionView:
    """One rendition."""
    return r.RenditionView(
        id=rendition.id, snapshot_id=rendition.snapshot_id, annotation_revision=rendition.annotation_revision, digest=rendition.digest,
        media_type=rendition.media_type, width_px=rendition.width_px, height_px=rendition.height_px, has_redaction=rendition.has_redaction,
        made_by=rendition.made_by, made_at=rendition.made_at,
    )


def annotation_view(annotation: Annotation) -> r.AnnotationView:
    """One revision of the marks."""
    return r.AnnotationView(
        snapshot_id=annotation.snapshot_id, revision=annotation.revision, document=annotation.document, made_by=annotation.made_by,
        made_at=annotation.made_at,
    )


def custody_log(entries: Iterable[CustodyEntry]) -> r.CustodyLog:
    """The entries of a case."""
    return r.CustodyLog(items=[
        r.CustodyEntryView(
            index=entry.index, at=entry.at, action=entry.action, actor_id=entry.actor_id, snapshot_id=entry.snapshot_id,
            case_id=entry.case_id, data=entry.data, leaf=entry.leaf, digest=entry.digest,
        )
        for entry in entries
    ])
