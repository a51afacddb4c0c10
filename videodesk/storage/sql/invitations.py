"""Invitations and consents in SQL."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import JSON, Column, Connection, ForeignKey, Integer, String, Table, func, insert, select, update

from videodesk.calls.invitations_model import Consent, Invitation
from videodesk.core.errors import NotFound
from videodesk.core.vocabulary import ConsentScope, Language
from videodesk.storage.sql.schema import UtcDateTime, metadata

invitations: Final = Table(
    "invitations", metadata,
    Column("id", String(36), primary_key=True),
    Column("case_id", String(36), ForeignKey("cases.id"), nullable=False, index=True),
    Column("language", String(8), nullable=False),
    Column("token_digest", String(64), nullable=False, unique=True),
    Column("code_digest", String(64), nullable=False, index=True),
    Column("created_by", String(36), nullable=False),
    Column("agent_name", String(200), nullable=False),
    Column("created_at", UtcDateTime, nullable=False, index=True),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("revoked_at", UtcDateTime),
    Column("used_at", UtcDateTime),
    Column("first_opened_at", UtcDateTime),
    Column("device_digest", String(64)),
    Column("session_digest", String(64), unique=True),
)
consents: Final = Table(
    "consents", metadata,
    Column("id", String(36), primary_key=True),
    Column("invitation_id", String(36), ForeignKey("invitations.id"), nullable=False, index=True),
    Column("text_version", String(200), nullable=False),
    Column("language", String(8), nullable=False),
    Column("granted", JSON, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    # The order of arrival: a clock may stand still or go back between two answers.
    Column("position", Integer, nullable=False),
)


class SqlInvitations:
    """InvitationRepository on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, invitation: Invitation) -> None:
        self._connection.execute(insert(invitations).values(**_row(invitation)))

    def save(self, invitation: Invitation) -> None:
        if self._connection.execute(update(invitations).where(invitations.c.id == invitation.id).values(**_row(invitation))).rowcount != 1:
            raise NotFound("invitation.unknown")

    def get(self, invitation_id: str) -> Invitation | None:
        return self._first(invitations.c.id == invitation_id)

    def by_token(self, token_digest: str) -> Invitation | None:
        return self._first(invitations.c.token_digest == token_digest)

    def by_code(self, code_digest: str) -> list[Invitation]:
        return self._all(invitations.c.code_digest == code_digest)

    def by_session(self, session_digest: str) -> Invitation | None:
        return self._first(invitations.c.session_digest == session_digest)

    def of_case(self, case_id: str) -> list[Invitation]:
        return self._all(invitations.c.case_id == case_id)

    def recent(self, limit: int) -> list[Invitation]:
        return self._all(invitations.c.id.is_not(None), limit)

    def add_consent(self, consent: Consent) -> None:
        before = self._connection.execute(
            select(func.count()).select_from(consents).where(consents.c.invitation_id == consent.invitation_id)).scalar_one()
        self._connection.execute(insert(consents).values(
            position=before + 1, id=consent.id, invitation_id=consent.invitation_id, text_version=consent.text_version, language=consent.language.value,
            granted=[scope.value for scope in consent.granted], at=consent.at))

    def consent(self, invitation_id: str) -> Consent | None:
        found = self.consents(invitation_id)
        return found[-1] if found else None

    def consents(self, invitation_id: str, /) -> list[Consent]:
        rows = self._connection.execute(
            select(consents).where(consents.c.invitation_id == invitation_id).order_by(consents.c.position))
        return [Consent(row.id, row.invitation_id, row.text_version, Language(row.language),
                        tuple(ConsentScope(scope) for scope in row.granted), row.at) for row in rows]

    def _first(self, condition: Any) -> Invitation | None:
        found = self._all(condition, 1)
        return found[0] if found else None

    def _all(self, condition: Any, limit: int | None = None) -> list[Invitation]:
        query = select(invitations).where(condition).order_by(invitations.c.created_at.desc(), invitations.c.id.desc()).limit(limit)
        return [Invitation(**{**row, "language": Language(row["language"])}) for row in self._connection.execute(query).mappings()]


def _row(invitation: Invitation) -> dict[str, Any]:
    return {column.name: getattr(invitation, column.name) for column in invitations.columns} | {"language": invitation.language.value}
