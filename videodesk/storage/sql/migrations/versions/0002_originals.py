"""A snapshot has several originals, one of which leads; stills are awaited; a call is recorded."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from videodesk.storage.sql.schema import UtcDateTime

revision: Final = "0002"
down_revision: Final = "0001"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Step up: every snapshot there is becomes its own first original."""
    op.add_column("calls", sa.Column("is_recording", sa.Boolean(), server_default=sa.false(), nullable=False))
    for column in (
        sa.Column("leading", sa.String(length=36), server_default="", nullable=False),
        sa.Column("is_chosen", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("taken_from", sa.String(length=36), nullable=True),
        sa.Column("verdict", sa.JSON(), server_default="[]", nullable=False),
    ):
        op.add_column("snapshots", column)
    _originals()
    op.create_table("awaited_stills",
        sa.Column("snapshot_id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("call_id", sa.String(length=36), nullable=False),
        sa.Column("asked_at", UtcDateTime(), nullable=False),
        sa.Column("asked_by", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("snapshot_id", name=op.f("pk_awaited_stills"))
    )
    op.create_index(op.f("ix_awaited_stills_call_id"), "awaited_stills", ["call_id"], unique=False)
    op.create_index(op.f("ix_awaited_stills_case_id"), "awaited_stills", ["case_id"], unique=False)
    op.execute(sa.text(
        "INSERT INTO originals (id, snapshot_id, method, digest, received_digest, media_type, size_bytes, width_px, height_px, captured_at,"
        " captured_by, stored_at, frame_seq, rtp_time, codec, is_evidence_grade, location, verdict, leads, is_readable)"
        " SELECT id, id, method, digest, digest, media_type, size_bytes, width_px, height_px, captured_at, captured_by, stored_at, frame_seq,"
        " rtp_time, codec, is_evidence_grade, 'none', '[]', :yes, :yes FROM snapshots").bindparams(yes=True))
    op.execute(sa.text("UPDATE snapshots SET leading = id"))


def downgrade() -> None:
    """There is no way back: restore the copy of before."""
    raise NotImplementedError


def _originals() -> None:
    op.create_table("originals",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("snapshot_id", sa.String(length=36), nullable=False),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("received_digest", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("captured_at", UtcDateTime(), nullable=False),
        sa.Column("captured_by", sa.String(length=36), nullable=False),
        sa.Column("stored_at", UtcDateTime(), nullable=False),
        sa.Column("frame_seq", sa.BigInteger(), nullable=True),
        sa.Column("rtp_time", sa.BigInteger(), nullable=True),
        sa.Column("codec", sa.String(length=200), nullable=False),
        sa.Column("is_evidence_grade", sa.Boolean(), nullable=False),
        sa.Column("location", sa.String(length=16), nullable=False),
        sa.Column("duration_s", sa.Float(), nullable=True),
        sa.Column("taken_from", sa.String(length=36), nullable=True),
        sa.Column("verdict", sa.JSON(), nullable=False),
        sa.Column("leads", sa.Boolean(), nullable=False),
        sa.Column("is_readable", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_originals_snapshot_id_snapshots")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_originals"))
    )
    op.create_index(op.f("ix_originals_snapshot_id"), "originals", ["snapshot_id"], unique=False)
