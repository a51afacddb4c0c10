"""Snapshots, annotations and renditions in SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, RowMapping, Select, Table, and_, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from videodesk.core.errors import Conflict, NotFound
from videodesk.core.vocabulary import LocationState, ReviewState, SealKind, SnapshotMethod, StillState
from videodesk.evidence.model import Annotation, AwaitedStill, Original, QueuePosition, Rendition, Snapshot
from videodesk.storage.sql.evidence_tables import awaited_stills, originals, renditions, revisions, snapshots, thumbnails


class SqlEvidence:
    """EvidenceRepository over one connection, inside the unit's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_snapshot(self, snapshot: Snapshot) -> None:
        self._add(snapshots, {
            "id": snapshot.id, "case_id": snapshot.case_id, "call_id": snapshot.call_id, "review_state": snapshot.review_state.value,
            **_changeable(snapshot),
        }, "snapshot.differs")

    def save_snapshot(self, snapshot: Snapshot) -> None:
        self._change_snapshot(snapshot.id, _changeable(snapshot))

    def add_original(self, original: Original) -> None:
        self._add(originals, {
            **_facts(original), "id": original.id, "snapshot_id": original.snapshot_id, "received_digest": original.received_digest,
            "location": original.location.value, "leads": original.leads, "is_readable": original.is_readable,
            "seal": original.seal.value, "seal_digest": original.seal_digest,
        }, "snapshot.differs")

    def original(self, original_id: str) -> Original | None:
        found = self._originals(select(originals).where(originals.c.id == original_id))
        return found[0] if found else None

    def originals_of(self, snapshot_ids: Sequence[str]) -> list[Original]:
        return self._originals(
            select(originals).where(originals.c.snapshot_id.in_(snapshot_ids))
            .order_by(originals.c.captured_at, originals.c.stored_at, originals.c.id))

    def mark_unreadable(self, original_id: str) -> None:
        changed = self._connection.execute(update(originals).where(originals.c.id == original_id).values(is_readable=False))
        if changed.rowcount == 0:
            raise NotFound("snapshot.unknown_original")

    def save_awaited(self, awaited: AwaitedStill) -> None:
        values = {
            "case_id": awaited.case_id, "call_id": awaited.call_id, "asked_at": awaited.asked_at, "asked_by": awaited.asked_by,
            "state": awaited.state.value, "code": awaited.code,
        }
        changed = self._connection.execute(update(awaited_stills).where(awaited_stills.c.snapshot_id == awaited.snapshot_id).values(values))
        if changed.rowcount == 0:
            self._connection.execute(insert(awaited_stills).values(snapshot_id=awaited.snapshot_id, **values))

    def awaited_stills(self, snapshot_ids: Sequence[str]) -> dict[str, AwaitedStill]:
        found = self._awaited(select(awaited_stills).where(awaited_stills.c.snapshot_id.in_(snapshot_ids)))
        return {one.snapshot_id: one for one in found}

    def awaited_of(self, case_id: str) -> list[AwaitedStill]:
        return self._awaited(
            select(awaited_stills).where(awaited_stills.c.case_id == case_id).order_by(awaited_stills.c.asked_at, awaited_stills.c.snapshot_id))

    def snapshot(self, snapshot_id: str) -> Snapshot | None:
        found = self._snapshots(select(snapshots).where(snapshots.c.id == snapshot_id))
        return found[0] if found else None

    def place_snapshot(self, snapshot_id: str, checklist_item: str | None, caption: str) -> None:
        self._change_snapshot(snapshot_id, {"checklist_item": checklist_item, "caption": caption})

    def set_review_state(self, snapshot_id: str, state: ReviewState) -> None:
        self._change_snapshot(snapshot_id, {"review_state": state.value})

    def snapshots_of(self, case_id: str) -> list[Snapshot]:
        return self._snapshots(select(snapshots).where(snapshots.c.case_id == case_id).order_by(snapshots.c.captured_at, snapshots.c.id))

    def snapshot_counts(self, case_ids: Sequence[str]) -> dict[str, int]:
        query = select(snapshots.c.case_id, func.count()).where(snapshots.c.case_id.in_(case_ids)).group_by(snapshots.c.case_id)
        return dict(self._pairs(query))

    def retakes_of(self, snapshot_ids: Sequence[str]) -> dict[str, str]:
        query = (
            select(snapshots.c.retake_of, snapshots.c.id).where(snapshots.c.retake_of.in_(snapshot_ids))
            .order_by(snapshots.c.stored_at, snapshots.c.id)
        )
        return dict(self._pairs(query))

    def review_page(self, state: ReviewState | None, case_id: str | None, after: QueuePosition | None, limit: int) -> list[Snapshot]:
        query = select(snapshots)
        if state is not None:
            query = query.where(snapshots.c.review_state == state.value)
        if case_id is not None:
            query = query.where(snapshots.c.case_id == case_id)
        if after is not None:
            query = query.where(or_(
                snapshots.c.stored_at < after.stored_at,
                and_(snapshots.c.stored_at == after.stored_at, snapshots.c.id < after.snapshot_id),
            ))
        return self._snapshots(query.order_by(snapshots.c.stored_at.desc(), snapshots.c.id.desc()).limit(limit))

    def review_counts(self, case_id: str | None) -> dict[ReviewState, int]:
        query = select(snapshots.c.review_state, func.count()).group_by(snapshots.c.review_state)
        if case_id is not None:
            query = query.where(snapshots.c.case_id == case_id)
        found = dict(self._pairs(query))
        return {state: found.get(state.value, 0) for state in ReviewState}

    def add_annotation(self, annotation: Annotation) -> None:
        self._add(revisions, {
            "snapshot_id": annotation.snapshot_id, "revision": annotation.revision, "document": annotation.document,
            "made_by": annotation.made_by, "made_at": annotation.made_at,
        }, "annotation.stale")

    def annotation(self, snapshot_id: str, revision: int | None = None) -> Annotation | None:
        query = select(revisions).where(revisions.c.snapshot_id == snapshot_id)
        query = query.order_by(revisions.c.revision.desc()).limit(1) if revision is None else query.where(revisions.c.revision == revision)
        row = self._connection.execute(query).mappings().first()
        return None if row is None else Annotation(**row)

    def annotation_revisions(self, snapshot_ids: Sequence[str]) -> dict[str, int]:
        query = (
            select(revisions.c.snapshot_id, func.max(revisions.c.revision)).where(revisions.c.snapshot_id.in_(snapshot_ids))
            .group_by(revisions.c.snapshot_id)
        )
        return dict(self._pairs(query))

    def add_rendition(self, rendition: Rendition) -> None:
        self._add(renditions, {
            "id": rendition.id, "snapshot_id": rendition.snapshot_id, "annotation_revision": rendition.annotation_revision,
            "digest": rendition.digest, "media_type": rendition.media_type, "size_bytes": rendition.size_bytes,
            "width_px": rendition.width_px, "height_px": rendition.height_px, "has_redaction": rendition.has_redaction,
            "made_by": rendition.made_by, "made_at": rendition.made_at,
            "seal": rendition.seal.value,
        }, "rendition.differs")

    def rendition(self, rendition_id: str) -> Rendition | None:
        row = self._connection.execute(select(renditions).where(renditions.c.id == rendition_id)).mappings().first()
        return None if row is None else _rendition_of(row)

    def renditions_of(self, snapshot_ids: Sequence[str]) -> list[Rendition]:
        query = (
            select(renditions).where(renditions.c.snapshot_id.in_(snapshot_ids))
            .order_by(renditions.c.annotation_revision, renditions.c.made_at, renditions.c.id)
        )
        return [_rendition_of(row) for row in self._connection.execute(query).mappings()]

    def thumbnail(self, digest: str) -> str | None:
        found: str | None = self._connection.execute(
            select(thumbnails.c.thumbnail_digest).where(thumbnails.c.digest == digest),
        ).scalar()
        return found

    def keep_thumbnail(self, digest: str, thumbnail_digest: str) -> None:
        changed = self._connection.execute(
            update(thumbnails).where(thumbnails.c.digest == digest).values(thumbnail_digest=thumbnail_digest),
        )
        if changed.rowcount == 0:
            self._connection.execute(insert(thumbnails).values(digest=digest, thumbnail_digest=thumbnail_digest))

    def named_digests(self) -> set[str]:
        columns = (snapshots.c.digest, originals.c.digest, originals.c.seal_digest, renditions.c.digest, thumbnails.c.thumbnail_digest)
        return {digest for column in columns for digest in self._connection.execute(select(column)).scalars() if digest}

    def digests_by_case(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for case_id, digest in self._connection.execute(select(snapshots.c.case_id, snapshots.c.digest)):
            found[case_id].add(digest)
        for table, column in ((originals, originals.c.digest), (originals, originals.c.seal_digest), (renditions, renditions.c.digest)):
            query = select(snapshots.c.case_id, column).select_from(table.join(snapshots, snapshots.c.id == table.c.snapshot_id))
            for case_id, digest in self._connection.execute(query):
                found[case_id].add(digest)
        made = {row.digest: row.thumbnail_digest for row in self._connection.execute(select(thumbnails))}
        return {case_id: (named | {made[digest] for digest in named if digest in made}) - {""} for case_id, named in found.items()}

    def _add(self, table: Table, values: dict[str, Any], code: str) -> None:
        try:
            # A savepoint: a refused row must not spoil the transaction around it (PostgreSQL aborts it otherwise).
            with self._connection.begin_nested():
                self._connection.execute(insert(table).values(values))
        except IntegrityError as problem:
            raise Conflict(code) from problem

    def _change_snapshot(self, snapshot_id: str, values: dict[str, Any]) -> None:
        changed = self._connection.execute(update(snapshots).where(snapshots.c.id == snapshot_id).values(values))
        if changed.rowcount == 0:
            raise NotFound("snapshot.unknown")

    def _pairs(self, query: Select[Any]) -> list[tuple[str, Any]]:
        return [(row[0], row[1]) for row in self._connection.execute(query)]

    def _snapshots(self, query: Select[Any]) -> list[Snapshot]:
        return [_snapshot_of(row) for row in self._connection.execute(query).mappings()]

    def _originals(self, query: Select[Any]) -> list[Original]:
        return [_original_of(row) for row in self._connection.execute(query).mappings()]

    def _awaited(self, query: Select[Any]) -> list[AwaitedStill]:
        return [AwaitedStill(**{**row, "state": StillState(row["state"])}) for row in self._connection.execute(query).mappings()]


def _facts(of: Snapshot | Original) -> dict[str, Any]:
    """What a snapshot repeats of its leading original."""
    return {
        "method": of.method.value, "digest": of.digest, "media_type": of.media_type, "size_bytes": of.size_bytes, "width_px": of.width_px,
        "height_px": of.height_px, "captured_at": of.captured_at, "captured_by": of.captured_by, "stored_at": of.stored_at,
        "frame_seq": of.frame_seq, "rtp_time": of.rtp_time, "codec": of.codec, "is_evidence_grade": of.is_evidence_grade,
        "duration_s": of.duration_s, "taken_from": of.taken_from, "verdict": list(of.verdict),
    }


def _changeable(snapshot: Snapshot) -> dict[str, Any]:
    return {
        **_facts(snapshot), "checklist_item": snapshot.checklist_item, "caption": snapshot.caption, "retake_of": snapshot.retake_of,
        "leading": snapshot.leading, "is_chosen": snapshot.is_chosen, "redact_first": snapshot.redact_first, "cleared": snapshot.cleared,
    }


def _original_of(row: RowMapping) -> Original:
    return Original(**{
        **row, "method": SnapshotMethod(row["method"]), "location": LocationState(row["location"]), "verdict": tuple(row["verdict"]),
        "seal": SealKind(row["seal"]),
    })


def _rendition_of(row: RowMapping) -> Rendition:
    return Rendition(**{**row, "seal": SealKind(row["seal"])})


def _snapshot_of(row: RowMapping) -> Snapshot:
    values = dict(row)
    values["method"] = SnapshotMethod(values["method"])
    values["review_state"] = ReviewState(values["review_state"])
    values["verdict"] = tuple(values["verdict"])
    return Snapshot(**values)
