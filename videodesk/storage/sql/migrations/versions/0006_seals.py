"""What the seal of an original or a rendition says it is; a clip's seal stands in its poster."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

revision: Final = "0006"
down_revision: Final = "0005"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Step up. What is there came without a seal."""
    op.add_column("originals", sa.Column("seal", sa.String(length=16), server_default="none", nullable=False))
    op.add_column("originals", sa.Column("seal_digest", sa.String(length=64), server_default="", nullable=False))
    op.add_column("renditions", sa.Column("seal", sa.String(length=16), server_default="none", nullable=False))
