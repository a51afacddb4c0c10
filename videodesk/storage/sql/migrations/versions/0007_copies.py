"""Copies that were handed out."""

from __future__ import annotations

from typing import Final

revision: Final = "0007"
down_revision: Final = "0006"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Step up."""
