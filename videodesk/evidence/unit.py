"""What the use cases of evidence need of a unit of work."""

from __future__ import annotations

from typing import Protocol

from videodesk.calls.invitations_ports import InvitationRepository
from videodesk.calls.store_ports import CallRepository
from videodesk.cases.ports import CaseRepository
from videodesk.core.events import Event
from videodesk.evidence.ports import CustodyRepository, EvidenceRepository


class EvidenceUnit(Protocol):
    """One transaction over the evidence and what it hangs on."""

    @property
    def cases(self) -> CaseRepository:
        """Cases."""
        ...

    @property
    def calls(self) -> CallRepository:
        """Calls."""
        ...

    @property
    def invitations(self) -> InvitationRepository:
        """Invitations and consents."""
        ...

    @property
    def evidence(self) -> EvidenceRepository:
        """Snapshots, annotations, renditions."""
        ...

    @property
    def custody(self) -> CustodyRepository:
        """The custody log."""
        ...

    def emit(self, event: Event) -> None:
        """Publish `event` once this unit is committed."""
        ...
