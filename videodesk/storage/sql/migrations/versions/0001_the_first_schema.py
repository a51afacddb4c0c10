"""The first schema."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from alembic import op

from videodesk.storage.sql.fulltext import FTS5_STATEMENTS
from videodesk.storage.sql.schema import UtcDateTime

revision: Final = "0001"
down_revision: Final = None
branch_labels: Final = None
depends_on: Final = None


def upgrade() -> None:
    """Step up."""
    _people()
    _cases()
    _invitations()
    _calls()
    _snapshots()
    _evidence()
    _custody()


def downgrade() -> None:
    """There is no way back: restore the copy of before."""
    raise NotImplementedError


def _people() -> None:
    """People and their sign-ins."""
    op.create_table("people",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("display_name", sa.String(length=200), nullable=False),
        sa.Column("roles", sa.JSON(), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_people")),
        sa.UniqueConstraint("name", name=op.f("uq_people_name"))
    )
    op.create_table("sign_ins",
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("device", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["people.id"], name=op.f("fk_sign_ins_person_id_people")),
        sa.PrimaryKeyConstraint("token_digest", name=op.f("pk_sign_ins"))
    )
    op.create_index(op.f("ix_sign_ins_person_id"), "sign_ins", ["person_id"], unique=False)


def _cases() -> None:
    """Cases, what they are found by, and what happened to them."""
    op.create_table("cases",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("status", sa.String(length=32), nullable=False),
        sa.Column("assignee_id", sa.String(length=36), nullable=True),
        sa.Column("is_sensitive", sa.Boolean(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
        sa.UniqueConstraint("number", name=op.f("uq_cases_number"))
    )
    op.create_index(op.f("ix_cases_assignee_id"), "cases", ["assignee_id"], unique=False)
    op.create_index(op.f("ix_cases_changed_at"), "cases", ["changed_at"], unique=False)
    op.create_index(op.f("ix_cases_status"), "cases", ["status"], unique=False)
    op.create_table("case_numbers",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year", name=op.f("pk_case_numbers"))
    )
    op.create_table("case_words",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_words")),
        sa.UniqueConstraint("case_id", name=op.f("uq_case_words_case_id"))
    )
    op.create_table("case_notes",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("author_id", sa.String(length=36), nullable=False),
        sa.Column("author_name", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_notes_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_notes"))
    )
    op.create_index(op.f("ix_case_notes_case_id"), "case_notes", ["case_id"], unique=False)
    op.create_table("case_history",
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor_id", sa.String(length=64), nullable=False),
        sa.Column("actor_name", sa.String(length=200), nullable=False),
        sa.Column("what", sa.String(length=32), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_case_history_case_id_cases")),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_case_history"))
    )
    op.create_index(op.f("ix_case_history_case_id"), "case_history", ["case_id"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        for statement in FTS5_STATEMENTS:
            op.execute(sa.text(statement.replace(":", r"\:")))


def _invitations() -> None:
    """Invitations and consents."""
    op.create_table("invitations",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("code_digest", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=36), nullable=False),
        sa.Column("agent_name", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("expires_at", UtcDateTime(), nullable=False),
        sa.Column("revoked_at", UtcDateTime(), nullable=True),
        sa.Column("used_at", UtcDateTime(), nullable=True),
        sa.Column("first_opened_at", UtcDateTime(), nullable=True),
        sa.Column("device_digest", sa.String(length=64), nullable=True),
        sa.Column("session_digest", sa.String(length=64), nullable=True),
        sa.ForeignKeyConstraint(["case_id"], ["cases.id"], name=op.f("fk_invitations_case_id_cases")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitations")),
        sa.UniqueConstraint("session_digest", name=op.f("uq_invitations_session_digest")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_invitations_token_digest"))
    )
    op.create_index(op.f("ix_invitations_case_id"), "invitations", ["case_id"], unique=False)
    op.create_index(op.f("ix_invitations_code_digest"), "invitations", ["code_digest"], unique=False)
    op.create_index(op.f("ix_invitations_created_at"), "invitations", ["created_at"], unique=False)
    op.create_table("consents",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("invitation_id", sa.String(length=36), nullable=False),
        sa.Column("text_version", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("granted", sa.JSON(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["invitation_id"], ["invitations.id"], name=op.f("fk_consents_invitation_id_invitations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_consents"))
    )
    op.create_index(op.f("ix_consents_invitation_id"), "consents", ["invitation_id"], unique=False)


def _calls() -> None:
    """Calls, their chat, and presence."""
    op.create_table("calls",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("invitation_id", sa.String(length=36), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("waiting_since", UtcDateTime(), nullable=False),
        sa.Column("agent_id", sa.String(length=36), nullable=True),
        sa.Column("agent_name", sa.String(length=200), nullable=False),
        sa.Column("has_camera", sa.Boolean(), nullable=False),
        sa.Column("has_microphone", sa.Boolean(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("agent_connection", sa.String(length=64), nullable=False),
        sa.Column("customer_connection", sa.String(length=64), nullable=False),
        sa.Column("is_held", sa.Boolean(), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=True),
        sa.Column("connected_at", UtcDateTime(), nullable=True),
        sa.Column("lost_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("ended_by", sa.String(length=16), nullable=True),
        sa.Column("disposition", sa.String(length=32), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("closed_at", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
        sa.UniqueConstraint("invitation_id", name=op.f("uq_calls_invitation_id"))
    )
    op.create_index("ix_calls_agent_id_state", "calls", ["agent_id", "state"], unique=False)
    op.create_index(op.f("ix_calls_case_id"), "calls", ["case_id"], unique=False)
    op.create_index("ix_calls_state_waiting_since", "calls", ["state", "waiting_since"], unique=False)
    op.create_table("chat_lines",
        sa.Column("call_id", sa.String(length=36), nullable=False),
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("sender", sa.String(length=16), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["call_id"], ["calls.id"], name=op.f("fk_chat_lines_call_id_calls"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("call_id", "id", name=op.f("pk_chat_lines"))
    )
    op.create_table("chosen_presence",
        sa.Column("person_id", sa.String(length=36), nullable=False),
        sa.Column("presence", sa.String(length=16), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_chosen_presence"))
    )


def _snapshots() -> None:
    """Snapshots."""
    op.create_table("snapshots",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("call_id", sa.String(length=36), nullable=True),
        sa.Column("method", sa.String(length=16), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
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
        sa.Column("checklist_item", sa.String(length=64), nullable=True),
        sa.Column("caption", sa.String(length=200), nullable=False),
        sa.Column("retake_of", sa.String(length=36), nullable=True),
        sa.Column("review_state", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(["retake_of"], ["snapshots.id"], name=op.f("fk_snapshots_retake_of_snapshots")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_snapshots"))
    )
    op.create_index(op.f("ix_snapshots_call_id"), "snapshots", ["call_id"], unique=False)
    op.create_index("ix_snapshots_case_id_captured_at", "snapshots", ["case_id", "captured_at"], unique=False)
    op.create_index(op.f("ix_snapshots_retake_of"), "snapshots", ["retake_of"], unique=False)
    op.create_index("ix_snapshots_review_state_stored_at", "snapshots", ["review_state", "stored_at"], unique=False)
    op.create_index("ix_snapshots_stored_at_id", "snapshots", ["stored_at", "id"], unique=False)
    op.create_table("thumbnails",
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("thumbnail_digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_thumbnails"))
    )


def _evidence() -> None:
    """What was made of snapshots and decided about them."""
    op.create_table("annotations",
        sa.Column("snapshot_id", sa.String(length=36), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("made_by", sa.String(length=36), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_annotations_snapshot_id_snapshots")),
        sa.PrimaryKeyConstraint("snapshot_id", "revision", name=op.f("pk_annotations"))
    )
    op.create_table("renditions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("snapshot_id", sa.String(length=36), nullable=False),
        sa.Column("annotation_revision", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=32), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("width_px", sa.Integer(), nullable=False),
        sa.Column("height_px", sa.Integer(), nullable=False),
        sa.Column("has_redaction", sa.Boolean(), nullable=False),
        sa.Column("made_by", sa.String(length=36), nullable=False),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_renditions_snapshot_id_snapshots")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renditions"))
    )
    op.create_index(op.f("ix_renditions_snapshot_id"), "renditions", ["snapshot_id"], unique=False)
    op.create_table("decisions",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("snapshot_id", sa.String(length=36), nullable=False),
        sa.Column("case_id", sa.String(length=36), nullable=False),
        sa.Column("decision", sa.String(length=32), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=36), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["snapshot_id"], ["snapshots.id"], name=op.f("fk_decisions_snapshot_id_snapshots")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions"))
    )
    op.create_index(op.f("ix_decisions_case_id"), "decisions", ["case_id"], unique=False)
    op.create_index(op.f("ix_decisions_snapshot_id"), "decisions", ["snapshot_id"], unique=False)


def _custody() -> None:
    """The custody log as a chain. Nothing guards it here: step 0003 takes it over and away."""
    op.create_table("custody_entries",
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("actor_id", sa.String(length=36), nullable=False),
        sa.Column("snapshot_id", sa.String(length=36), nullable=True),
        sa.Column("case_id", sa.String(length=36), nullable=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("previous", sa.String(length=64), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("index", name=op.f("pk_custody_entries")),
        sa.UniqueConstraint("previous", name=op.f("uq_custody_entries_previous"))
    )
    op.create_index(op.f("ix_custody_entries_case_id"), "custody_entries", ["case_id"], unique=False)
    op.create_index(op.f("ix_custody_entries_snapshot_id"), "custody_entries", ["snapshot_id"], unique=False)
