"""Snapshots that others may see only redacted, or after somebody said that there is nothing to redact."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0008"
down_revision: Final = "0007"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Step up."""
    op.add_column("snapshots", sa.Column("redact_first", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("snapshots", sa.Column("cleared", sa.String(length=36), server_default="", nullable=False))


def downgrade() -> None:
    """There is no way back: restore the copy of before."""
    raise NotImplementedError
