"""What the use cases of evidence need of a unit of work, and no more of each neighbour than they ask."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from videodesk.calls.store_ports import CallRepository
from videodesk.core.events import Event
from videodesk.core.vocabulary import CaseKind, ConsentScope
from videodesk.evidence.ports import CustodyRepository, EvidenceRepository


class KnownCase(Protocol):
    """A case, as far as evidence cares."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def number(self) -> str:
        """Its number."""
        ...

    @property
    def kind(self) -> CaseKind:
        """What it is about."""
        ...


class KnownCases(Protocol):
    """Where cases are looked up."""

    def get(self, case_id: str, /) -> KnownCase | None:
        """The case with this id."""
        ...


class KnownConsent(Protocol):
    """One answer to the consent question; the newest one before a moment counts at that moment."""

    @property
    def granted(self) -> Collection[ConsentScope]:
        """What was agreed to; what was refused is left out."""
        ...

    @property
    def at(self) -> datetime:
        """From when it counts."""
        ...


class KnownConsents(Protocol):
    """Where consents are looked up."""

    def consents(self, invitation_id: str, /) -> Sequence[KnownConsent]:
        """All answers given through this invitation, oldest first."""
        ...


class EvidenceUnit(Protocol):
    """One transaction over the evidence and what it hangs on."""

    @property
    def cases(self) -> KnownCases:
        """Cases."""
        ...

    @property
    def calls(self) -> CallRepository:
        """Calls."""
        ...

    @property
    def invitations(self) -> KnownConsents:
        """Consents."""
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


class Checklists(Protocol):
    """The checklists, as far as evidence cares."""

    def has_item(self, kind: CaseKind, item: str, /) -> bool:
        """Whether the checklist of this kind has this item."""
        ...
