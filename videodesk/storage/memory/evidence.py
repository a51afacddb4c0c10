"""Snapshots, annotations and renditions in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from videodesk.core.errors import Conflict, NotFound
from videodesk.core.vocabulary import ReviewState
from videodesk.evidence.model import Annotation, AwaitedStill, Original, QueuePosition, Rendition, Snapshot


@dataclass(slots=True)
class MemoryEvidence:
    """EvidenceRepository over dictionaries; the store around it serialises writers and undoes what fails."""

    snapshots: dict[str, Snapshot] = field(default_factory=dict)
    annotations: dict[str, tuple[Annotation, ...]] = field(default_factory=dict)
    renditions: dict[str, Rendition] = field(default_factory=dict)
    thumbnails: dict[str, str] = field(default_factory=dict)
    originals: dict[str, Original] = field(default_factory=dict)
    awaited: dict[str, AwaitedStill] = field(default_factory=dict)

    def add_snapshot(self, snapshot: Snapshot) -> None:
        if snapshot.id in self.snapshots:
            raise Conflict("snapshot.differs")
        self.snapshots[snapshot.id] = snapshot

    def snapshot(self, snapshot_id: str) -> Snapshot | None:
        return self.snapshots.get(snapshot_id)

    def save_snapshot(self, snapshot: Snapshot) -> None:
        self.snapshots[snapshot.id] = replace(snapshot, review_state=self._known(snapshot.id).review_state)

    def add_original(self, original: Original) -> None:
        if original.id in self.originals:
            raise Conflict("snapshot.differs")
        self.originals[original.id] = original

    def original(self, original_id: str) -> Original | None:
        return self.originals.get(original_id)

    def originals_of(self, snapshot_ids: Sequence[str]) -> list[Original]:
        found = [one for one in self.originals.values() if one.snapshot_id in set(snapshot_ids)]
        return sorted(found, key=lambda one: (one.captured_at, one.stored_at, one.id))

    def mark_unreadable(self, original_id: str) -> None:
        if original_id not in self.originals:
            raise NotFound("snapshot.unknown_original")
        self.originals[original_id] = replace(self.originals[original_id], is_readable=False)

    def save_awaited(self, awaited: AwaitedStill) -> None:
        self.awaited[awaited.snapshot_id] = awaited

    def awaited_stills(self, snapshot_ids: Sequence[str]) -> dict[str, AwaitedStill]:
        return {snapshot_id: self.awaited[snapshot_id] for snapshot_id in snapshot_ids if snapshot_id in self.awaited}

    def awaited_of(self, case_id: str) -> list[AwaitedStill]:
        found = [one for one in self.awaited.values() if one.case_id == case_id]
        return sorted(found, key=lambda one: (one.asked_at, one.snapshot_id))

    def place_snapshot(self, snapshot_id: str, checklist_item: str | None, caption: str) -> None:
        self.snapshots[snapshot_id] = replace(self._known(snapshot_id), checklist_item=checklist_item, caption=caption)

    def set_review_state(self, snapshot_id: str, state: ReviewState) -> None:
        self.snapshots[snapshot_id] = replace(self._known(snapshot_id), review_state=state)

    def snapshots_of(self, case_id: str) -> list[Snapshot]:
        found = [snapshot for snapshot in self.snapshots.values() if snapshot.case_id == case_id]
        return sorted(found, key=lambda snapshot: (snapshot.captured_at, snapshot.id))

    def snapshot_counts(self, case_ids: Sequence[str]) -> dict[str, int]:
        wanted = set(case_ids)
        return dict(Counter(snapshot.case_id for snapshot in self.snapshots.values() if snapshot.case_id in wanted))

    def retakes_of(self, snapshot_ids: Sequence[str]) -> dict[str, str]:
        retakes = sorted(self.snapshots.values(), key=lambda snapshot: (snapshot.stored_at, snapshot.id))
        return {snapshot.retake_of: snapshot.id for snapshot in retakes if snapshot.retake_of in set(snapshot_ids) and snapshot.retake_of}

    def review_page(self, state: ReviewState | None, case_id: str | None, after: QueuePosition | None, limit: int) -> list[Snapshot]:
        found = [
            snapshot for snapshot in self.snapshots.values()
            if (state is None or snapshot.review_state is state) and (case_id is None or snapshot.case_id == case_id)
            and (after is None or (snapshot.stored_at, snapshot.id) < (after.stored_at, after.snapshot_id))
        ]
        return sorted(found, key=lambda snapshot: (snapshot.stored_at, snapshot.id), reverse=True)[:limit]

    def review_counts(self, case_id: str | None) -> dict[ReviewState, int]:
        found = Counter(s.review_state for s in self.snapshots.values() if case_id is None or s.case_id == case_id)
        return {state: found[state] for state in ReviewState}

    def add_annotation(self, annotation: Annotation) -> None:
        known = self.annotations.get(annotation.snapshot_id, ())
        if any(one.revision == annotation.revision for one in known):
            raise Conflict("annotation.stale")
        self.annotations[annotation.snapshot_id] = (*known, annotation)

    def annotation(self, snapshot_id: str, revision: int | None = None) -> Annotation | None:
        known = self.annotations.get(snapshot_id, ())
        if revision is None:
            return max(known, key=lambda one: one.revision, default=None)
        return next((one for one in known if one.revision == revision), None)

    def annotation_revisions(self, snapshot_ids: Sequence[str]) -> dict[str, int]:
        return {
            snapshot_id: max(one.revision for one in known)
            for snapshot_id in snapshot_ids if (known := self.annotations.get(snapshot_id))
        }

    def add_rendition(self, rendition: Rendition) -> None:
        if rendition.id in self.renditions:
            raise Conflict("rendition.differs")
        self.renditions[rendition.id] = rendition

    def rendition(self, rendition_id: str) -> Rendition | None:
        return self.renditions.get(rendition_id)

    def renditions_of(self, snapshot_ids: Sequence[str]) -> list[Rendition]:
        found = [rendition for rendition in self.renditions.values() if rendition.snapshot_id in set(snapshot_ids)]
        return sorted(found, key=lambda one: (one.annotation_revision, one.made_at, one.id))

    def thumbnail(self, digest: str) -> str | None:
        return self.thumbnails.get(digest)

    def keep_thumbnail(self, digest: str, thumbnail_digest: str) -> None:
        self.thumbnails[digest] = thumbnail_digest

    def named_digests(self) -> set[str]:
        return {
            *(snapshot.digest for snapshot in self.snapshots.values()),
            *(original.digest for original in self.originals.values()),
            *(original.seal_digest for original in self.originals.values() if original.seal_digest),
            *(rendition.digest for rendition in self.renditions.values()),
            *self.thumbnails.values(),
        }

    def digests_by_case(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        case_of = {snapshot.id: snapshot.case_id for snapshot in self.snapshots.values()}
        for snapshot in self.snapshots.values():
            found.setdefault(snapshot.case_id, set()).add(snapshot.digest)
        for original in self.originals.values():
            found[case_of[original.snapshot_id]] |= {original.digest, original.seal_digest} - {""}
        for rendition in self.renditions.values():
            found[case_of[rendition.snapshot_id]].add(rendition.digest)
        for named in found.values():
            named |= {self.thumbnails[digest] for digest in named if digest in self.thumbnails}
        return found

    def _known(self, snapshot_id: str) -> Snapshot:
        if (snapshot := self.snapshots.get(snapshot_id)) is None:
            raise NotFound("snapshot.unknown")
        return snapshot
