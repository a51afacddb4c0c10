"""What the use cases of calls need of a unit of work, and no more of each neighbour than they ask."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Protocol

from videodesk.calls.store_ports import CallRepository
from videodesk.cases.ports import CaseRepository
from videodesk.core.events import Event
from videodesk.core.vocabulary import ConsentScope


class KnownConsent(Protocol):
    """One answer to the consent question; the newest counts."""

    @property
    def granted(self) -> Collection[ConsentScope]:
        """What was agreed to; what was refused is left out."""
        ...


class KnownConsents(Protocol):
    """Where consents are looked up."""

    def consents(self, invitation_id: str, /) -> Sequence[KnownConsent]:
        """All answers given through this invitation, oldest first."""
        ...


class CallUnit(Protocol):
    """One transaction over calls, the consents they need and the cases they belong to."""

    @property
    def calls(self) -> CallRepository:
        """Calls and their chat."""
        ...

    @property
    def invitations(self) -> KnownConsents:
        """Consents."""
        ...

    @property
    def cases(self) -> CaseRepository:
        """Cases."""
        ...

    def emit(self, event: Event) -> None:
        """Publish `event` once this unit is committed."""
        ...
