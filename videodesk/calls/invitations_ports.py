"""Where invitations and consents are kept."""

from __future__ import annotations

from typing import Protocol

from videodesk.calls.invitations_model import Consent, Invitation
from videodesk.cases.ports import CaseRepository
from videodesk.core.events import Event


class InvitationRepository(Protocol):
    """Invitations and consents."""

    def add(self, invitation: Invitation) -> None:
        """Add an invitation."""
        ...

    def save(self, invitation: Invitation) -> None:
        """Replace an invitation; NotFound("invitation.unknown")."""
        ...

    def get(self, invitation_id: str) -> Invitation | None:
        """The invitation with this id."""
        ...

    def by_token(self, token_digest: str) -> Invitation | None:
        """The invitation this token opens."""
        ...

    def by_code(self, code_digest: str) -> list[Invitation]:
        """Invitations with this spoken code, newest first (codes come back after a while)."""
        ...

    def by_session(self, session_digest: str) -> Invitation | None:
        """The invitation whose page has this token."""
        ...

    def of_case(self, case_id: str) -> list[Invitation]:
        """A case's invitations, newest first."""
        ...

    def recent(self, limit: int) -> list[Invitation]:
        """The newest invitations."""
        ...

    def add_consent(self, consent: Consent) -> None:
        """Keep an answer."""
        ...

    def consent(self, invitation_id: str) -> Consent | None:
        """The newest answer."""
        ...

    def consents(self, invitation_id: str, /) -> list[Consent]:
        """All answers, oldest first."""
        ...


class InvitationUnit(Protocol):
    """One transaction over invitations and their cases."""

    @property
    def invitations(self) -> InvitationRepository:
        """Invitations and consents."""
        ...

    @property
    def cases(self) -> CaseRepository:
        """Cases."""
        ...

    def emit(self, event: Event) -> None:
        """Publish `event` once this unit is committed."""
        ...
