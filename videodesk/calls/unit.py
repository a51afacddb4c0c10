"""What the use cases of calls need of a unit of work."""

from __future__ import annotations

from typing import Protocol

from videodesk.calls.invitations_ports import InvitationRepository
from videodesk.calls.store_ports import CallRepository
from videodesk.cases.ports import CaseRepository
from videodesk.core.events import Event


class CallUnit(Protocol):
    """One transaction over calls, the invitations that lead to them and the cases they belong to."""

    @property
    def calls(self) -> CallRepository:
        """Calls and their chat."""
        ...

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
