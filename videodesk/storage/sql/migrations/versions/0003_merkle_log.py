"""The custody log becomes a Merkle tree: what the chain held is taken over, entry by entry."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from alembic import context, op

from videodesk.core.vocabulary import CustodyAction
from videodesk.evidence.custody import make_entry
from videodesk.evidence.vault_ports import DESK, MemoryVault
from videodesk.storage.sql.custody import SqlCustody, append_only_ddl
from videodesk.storage.sql.schema import UtcDateTime

revision: Final = "0003"
down_revision: Final = "0002"
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Step up. The chain's own digests are not kept: they were computed from what the leaves now commit to."""
    op.create_table("custody_leaves",
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("leaf", sa.Text(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("case_tag", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_custody_leaves")),
    )
    op.create_index("ix_custody_leaves_case_tag_action", "custody_leaves", ["case_tag", "action"], unique=False)
    op.create_table("custody_details",
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=True),
        sa.Column("snapshot_id", sa.String(length=36), nullable=True),
        sa.Column("data", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_custody_details")),
    )
    op.create_index(op.f("ix_custody_details_case_id"), "custody_details", ["case_id"], unique=False)
    op.create_index(op.f("ix_custody_details_snapshot_id"), "custody_details", ["snapshot_id"], unique=False)
    op.create_table("custody_heads",
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("root", sa.String(length=64), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("peaks", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("size", name=op.f("pk_custody_heads")),
    )
    for table in ("custody_leaves", "custody_details", "custody_heads"):
        for statement in append_only_ddl(op.get_bind().dialect.name, table):
            op.execute(sa.text(statement.replace(":", r"\:")))
    _take_over()
    op.drop_table("custody_entries")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION IF EXISTS custody_entries_refuse()")


def _take_over() -> None:
    attributes = context.config.attributes
    vault = attributes.get("vault") or MemoryVault()
    log = SqlCustody(op.get_bind(), vault, attributes.get("sign_head"))
    for row in op.get_bind().execute(sa.text('SELECT * FROM custody_entries ORDER BY "index"')).mappings().all():
        salt = vault.secrets_of(row["case_id"] or DESK).salt
        log.append(make_entry(
            log.size() + 1, _moment(row["at"]), CustodyAction(row["action"]), row["actor_id"], row["snapshot_id"], row["case_id"],
            _data(row["data"]), salt))
    log.close_head()


def _moment(told: Any) -> datetime:
    moment = datetime.fromisoformat(told) if isinstance(told, str) else told
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment


def _data(told: Any) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(told) if isinstance(told, str) else told
    return data


def downgrade() -> None:
    """There is no way back: restore the copy of before."""
    raise NotImplementedError
