"""Snapshots, annotations and renditions in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    RowMapping,
    Select,
    String,
    Table,
    and_,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from videodesk.core.errors import Conflict, NotFound
from videodesk.core.vocabulary import ReviewState, SnapshotMethod
from videodesk.evidence.model import Annotation, QueuePosition, Rendition, Snapshot
from videodesk.storage.sql.schema import UtcDateTime, metadata

snapshots: Final = Table(
    "snapshots", metadata,
    Column("id", String(36), primary_key=True),
    Column("case_id", String(36), nullable=False),
    Column("call_id", String(36), index=True),
    Column("method", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("media_type", String(32), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("captured_at", UtcDateTime, nullable=False),
    Column("captured_by", String(36), nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    Column("frame_seq", BigInteger),
    Column("rtp_time", BigInteger),
    Column("codec", String(200), nullable=False),
    Column("is_evidence_grade", Boolean, nullable=False),
    Column("checklist_item", String(64)),
    Column("caption", String(200), nullable=False),
    Column("retake_of", String(36), ForeignKey("snapshots.id"), index=True),
    Column("review_state", String(32), nullable=False),
    Index("ix_snapshots_case_id_captured_at", "case_id", "captured_at"),
    Index("ix_snapshots_review_state_stored_at", "review_state", "stored_at"),
    Index("ix_snapshots_stored_at_id", "stored_at", "id"),
)

revisions: Final = Table(
    "annotations", metadata,
    Column("snapshot_id", String(36), ForeignKey("snapshots.id"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("document", JSON, nullable=False),
    Column("made_by", String(36), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)

renditions: Final = Table(
    "renditions", metadata,
    Column("id", String(36), primary_key=True),
    Column("snapshot_id", String(36), ForeignKey("snapshots.id"), nullable=False, index=True),
    Column("annotation_revision", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("media_type", String(32), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("width_px", Integer, nullable=False),
    Column("height_px", Integer, nullable=False),
    Column("has_redaction", Boolean, nullable=False),
    Column("made_by", String(36), nullable=False),
    Column("made_at", UtcDateTime, nullable=False),
)

thumbnails: Final = Table(
    "thumbnails", metadata,
    Column("digest", String(64), primary_key=True),
    Column("thumbnail_digest", String(64), nullable=False),
)


class SqlEvidence:
    """EvidenceRepository over one connection, inside the unit's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add_snapshot(self, snapshot: Snapshot) -> None:
        self._add(snapshots, {
            "id": snapshot.id, "case_id": snapshot.case_id, "call_id": snapshot.call_id, "method": snapshot.method.value,
            "digest": snapshot.digest, "media_type": snapshot.media_type, "size_bytes": snapshot.size_bytes,
            "width_px": snapshot.width_px, "height_px": snapshot.height_px, "captured_at": snapshot.captured_at,
            "captured_by": snapshot.captured_by, "stored_at": snapshot.stored_at, "frame_seq": snapshot.frame_seq,
            "rtp_time": snapshot.rtp_time, "codec": snapshot.codec, "is_evidence_grade": snapshot.is_evidence_grade,
            "checklist_item": snapshot.checklist_item, "caption": snapshot.caption, "retake_of": snapshot.retake_of,
            "review_state": snapshot.review_state.value,
        }, "snapshot.differs")

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
        }, "rendition.differs")

    def rendition(self, rendition_id: str) -> Rendition | None:
        row = self._connection.execute(select(renditions).where(renditions.c.id == rendition_id)).mappings().first()
        return None if row is None else Rendition(**row)

    def renditions_of(self, snapshot_ids: Sequence[str]) -> list[Rendition]:
        query = (
            select(renditions).where(renditions.c.snapshot_id.in_(snapshot_ids))
            .order_by(renditions.c.annotation_revision, renditions.c.made_at, renditions.c.id)
        )
        return [Rendition(**row) for row in self._connection.execute(query).mappings()]

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
        columns = (snapshots.c.digest, renditions.c.digest, thumbnails.c.thumbnail_digest)
        return {digest for column in columns for digest in self._connection.execute(select(column)).scalars()}

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


def _snapshot_of(row: RowMapping) -> Snapshot:
    values = dict(row)
    values["method"] = SnapshotMethod(values["method"])
    values["review_state"] = ReviewState(values["review_state"])
    return Snapshot(**values)
