"""Invitations and consents in memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from videodesk.calls.invitations_model import Consent, Invitation
from videodesk.core.errors import NotFound


@dataclass(slots=True)
class MemoryInvitations:
    """InvitationRepository over dictionaries."""

    invitations: dict[str, Invitation] = field(default_factory=dict)
    answers: list[Consent] = field(default_factory=list)

    def add(self, invitation: Invitation) -> None:
        self.invitations[invitation.id] = invitation

    def save(self, invitation: Invitation) -> None:
        if invitation.id not in self.invitations:
            raise NotFound("invitation.unknown")
        self.invitations[invitation.id] = invitation

    def get(self, invitation_id: str) -> Invitation | None:
        return self.invitations.get(invitation_id)

    def by_token(self, token_digest: str) -> Invitation | None:
        return next(iter(self._newest(lambda found: found.token_digest == token_digest)), None)

    def by_code(self, code_digest: str) -> list[Invitation]:
        return self._newest(lambda found: found.code_digest == code_digest)

    def by_session(self, session_digest: str) -> Invitation | None:
        return next(iter(self._newest(lambda found: found.session_digest == session_digest)), None)

    def of_case(self, case_id: str) -> list[Invitation]:
        return self._newest(lambda found: found.case_id == case_id)

    def recent(self, limit: int) -> list[Invitation]:
        return self._newest(lambda _found: True)[:limit]

    def add_consent(self, consent: Consent) -> None:
        self.answers.append(consent)

    def consent(self, invitation_id: str) -> Consent | None:
        found = self.consents(invitation_id)
        return found[-1] if found else None

    def consents(self, invitation_id: str, /) -> list[Consent]:
        return [answer for answer in self.answers if answer.invitation_id == invitation_id]

    def _newest(self, fits: Callable[[Invitation], bool]) -> list[Invitation]:
        return sorted((found for found in self.invitations.values() if fits(found)), key=lambda found: (found.created_at, found.id), reverse=True)
