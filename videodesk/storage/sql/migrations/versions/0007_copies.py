"""Copies that were handed out."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from videodesk.storage.sql.schema import UtcDateTime

revision: Final = "0007"
down_revision: Final = "0006"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Step up."""
    op.create_table("copies",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("call_id", sa.String(length=36), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("made_by", sa.String(length=36), nullable=False),
        sa.Column("made_by_name", sa.String(length=200), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_copies")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_copies_token_digest")),
    )
    op.create_index(op.f("ix_copies_case_id"), "copies", ["case_id"], unique=False)


def downgrade() -> None:
    """There is no way back: restore the copy of before."""
    raise NotImplementedError
