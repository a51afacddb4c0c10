"""Time stamps: the tokens, and what waits for one."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from videodesk.storage.sql.schema import UtcDateTime

revision: Final = "0004"
down_revision: Final = "0003"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Step up."""
    op.create_table("timestamps",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("authority", sa.String(length=500), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("stamped_at", UtcDateTime(), nullable=False),
        sa.Column("log_size", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("digest", "authority", name=op.f("pk_timestamps")),
    )
    op.create_index("ix_timestamps_log_size", "timestamps", ["log_size"], unique=False)
    op.create_table("timestamps_wanted",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("wanted_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_timestamps_wanted")),
    )


def downgrade() -> None:
    """There is no way back: restore the copy of before."""
    raise NotImplementedError
