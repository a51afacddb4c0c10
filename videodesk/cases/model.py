"""What a case is: a frozen record, changed only by the use cases, one revision at a time."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from videodesk.core.vocabulary import CaseKind, CaseStatus, CauseCode, Language, PartyRole


@dataclass(frozen=True, slots=True)
class Party:
    """A person or organisation of a case."""

    role: PartyRole
    name: str
    organisation: str = ""
    email: str = ""
    phone: str = ""
    language: Language = Language.NL


@dataclass(frozen=True, slots=True)
class Money:
    """An amount (two decimals) in a currency (ISO 4217); never a float."""

    amount: Decimal
    currency: str = "EUR"


@dataclass(frozen=True, slots=True)
class Incident:
    """When, where and how it happened."""

    on: date | None = None
    place: str = ""
    cause: CauseCode | None = None
    description: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One matter. `revision` starts at 1 and counts every change of the record; `skipped` maps a checklist item to the reason."""

    id: str
    number: str
    kind: CaseKind
    status: CaseStatus
    language: Language
    created_by: str
    created_at: datetime
    changed_at: datetime
    revision: int = 1
    title: str = ""
    parties: tuple[Party, ...] = ()
    order_number: str = ""
    product: str = ""
    brand: str = ""
    model: str = ""
    serial: str = ""
    ean: str = ""
    claim_ref: str = ""
    incident: Incident = Incident()
    claimed: Money | None = None
    estimated: Money | None = None
    decided: Money | None = None
    is_sensitive: bool = False
    assignee_id: str | None = None
    skipped: dict[str, str] = field(default_factory=dict)

    @property
    def customer_name(self) -> str:
        """The first customer's name, else the first organisation's, else nothing."""
        for role in (PartyRole.CUSTOMER, PartyRole.ORGANISATION):
            for party in self.parties:
                if party.role is role:
                    return party.name
        return ""


@dataclass(frozen=True, slots=True)
class Note:
    """A note on a case; it is never changed."""

    id: str
    case_id: str
    author_id: str
    author_name: str
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One thing that happened to a case. `what`: created, status, field, note, checklist, invitation, call, snapshot, review."""

    case_id: str
    at: datetime
    actor_id: str
    actor_name: str
    what: str
    data: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Which cases a list shows; `query` is full text, all words must be found (as prefixes)."""

    query: str = ""
    status: CaseStatus | None = None
    kind: CaseKind | None = None
    assignee_id: str | None = None
