"""${message}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from videodesk.storage.sql.schema import UtcDateTime

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Step up."""
    ${upgrades if upgrades else "pass"}


def downgrade() -> None:
    """There is no way back: restore the copy of before."""
    raise NotImplementedError
