"""The tables of snapshots, their originals, annotations and renditions."""

from __future__ import annotations

from typing import Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    false,
)

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
    Column("leading", String(36), nullable=False, server_default=""),
    Column("is_chosen", Boolean, nullable=False, server_default=false()),
    Column("duration_s", Float),
    Column("taken_from", String(36)),
    Column("verdict", JSON, nullable=False, server_default="[]"),
    Column("review_state", String(32), nullable=False),
    Column("redact_first", Boolean, nullable=False, server_default=false()),
    Column("cleared", String(36), nullable=False, server_default=""),
    Index("ix_snapshots_case_id_captured_at", "case_id", "captured_at"),
    Index("ix_snapshots_review_state_stored_at", "review_state", "stored_at"),
    Index("ix_snapshots_stored_at_id", "stored_at", "id"),
)

originals: Final = Table(
    "originals", metadata,
    Column("id", String(36), primary_key=True),
    Column("snapshot_id", String(36), ForeignKey("snapshots.id"), nullable=False, index=True),
    Column("method", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("received_digest", String(64), nullable=False),
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
    Column("location", String(16), nullable=False),
    Column("duration_s", Float),
    Column("taken_from", String(36)),
    Column("verdict", JSON, nullable=False),
    Column("leads", Boolean, nullable=False),
    Column("is_readable", Boolean, nullable=False),
    Column("seal", String(16), nullable=False, server_default="none"),
    Column("seal_digest", String(64), nullable=False, server_default=""),
)

# A still may be awaited, and arrive, before its snapshot's frame: no foreign key.
awaited_stills: Final = Table(
    "awaited_stills", metadata,
    Column("snapshot_id", String(36), primary_key=True),
    Column("case_id", String(36), nullable=False, index=True),
    Column("call_id", String(36), nullable=False, index=True),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("asked_by", String(36), nullable=False),
    Column("state", String(16), nullable=False),
    Column("code", String(200), nullable=False),
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
    Column("seal", String(16), nullable=False, server_default="none"),
)

thumbnails: Final = Table(
    "thumbnails", metadata,
    Column("digest", String(64), primary_key=True),
    Column("thumbnail_digest", String(64), nullable=False),
)
