"""HTTP bodies of cases and their checklists."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from videodesk.core.vocabulary import CaseKind, CaseStatus, CauseCode, Language, PartyRole
from videodesk.protocol.fields import Amount, Currency, Line, Name, Text
from videodesk.protocol.messages import Id, Wire


class Party(Wire):
    """A person or organisation of a case."""

    role: PartyRole
    name: Name
    organisation: Line = ""
    email: Line = ""
    phone: Line = ""
    language: Language = Language.NL


class Money(Wire):
    """An amount in a currency (ISO 4217); a JSON string, never a float."""

    amount: Amount
    currency: Currency = "EUR"


class Incident(Wire):
    """When, where and how it happened."""

    on: date | None = None
    place: Line = ""
    cause: CauseCode | None = None
    description: Text = ""


class CaseIn(Wire):
    """A new case. `id` may be made by the sender: the same case sent twice stands once."""

    id: Id | None = None
    kind: CaseKind
    title: Line = ""
    language: Language = Language.NL
    parties: Annotated[list[Party], Field(max_length=20)] = []
    order_number: Line = ""
    product: Line = ""
    brand: Line = ""
    model: Line = ""
    serial: Line = ""
    ean: Line = ""
    claim_ref: Line = ""
    incident: Incident = Incident()
    claimed: Money | None = None
    estimated: Money | None = None
    decided: Money | None = None
    is_sensitive: bool = False


class CasePatch(Wire):
    """What to change; what is left out stays. `revision` is the one the change was made from, else 409 case.stale."""

    revision: Annotated[int, Field(ge=1)]
    kind: CaseKind | None = None
    title: Line | None = None
    language: Language | None = None
    parties: Annotated[list[Party], Field(max_length=20)] | None = None
    order_number: Line | None = None
    product: Line | None = None
    brand: Line | None = None
    model: Line | None = None
    serial: Line | None = None
    ean: Line | None = None
    claim_ref: Line | None = None
    incident: Incident | None = None
    claimed: Money | None = None
    estimated: Money | None = None
    decided: Money | None = None
    is_sensitive: bool | None = None
    assignee_id: Id | None = None


class ChecklistItemView(Wire):
    """One item of a case's checklist with what is there for it."""

    id: str
    title: dict[Language, str]
    hint: dict[Language, str]
    is_required: bool
    min_count: int = 1
    snapshot_ids: list[Id] = []
    skipped_reason: str | None = None
    is_done: bool = False


class ChecklistView(Wire):
    """A case's checklist. Complete when every required item is done or skipped with a reason."""

    kind: CaseKind
    items: list[ChecklistItemView]
    is_complete: bool


class ChecklistSkip(Wire):
    """Skip an item with a reason; an empty reason takes the skip back."""

    reason: Line


class NoteIn(Wire):
    """A note on a case; `id` is made by the sender."""

    id: Id
    text: Annotated[str, StringConstraints(min_length=1, max_length=10_000)]


class NoteView(Wire):
    """A note on a case."""

    id: Id
    author_id: Id
    author_name: str
    text: str
    at: datetime


class HistoryEntry(Wire):
    """One change of a case. `what`: status, field, note, invitation, call, snapshot, review; `data` is small and JSON."""

    at: datetime
    actor_id: str
    actor_name: str
    what: str
    data: dict[str, Any] = {}


class TransitionIn(Wire):
    """Move a case to another status; which are open now is `CaseView.next_statuses`."""

    to: CaseStatus
    reason: Line = ""


class MissingPiece(Wire):
    """Something of the evidence that is still on its way to the desk: a `still` that the customer's camera owes, or an unfinished `upload`."""

    kind: Literal["still", "upload"]
    snapshot_id: Id | None = None
    since: datetime
    sent_bytes: int = 0
    size_bytes: int = 0


class CaseView(Wire):
    """A case. `missing`: what must be there, or be given up, before it is closed."""

    id: Id
    number: str
    revision: int
    kind: CaseKind
    status: CaseStatus
    next_statuses: list[CaseStatus]
    title: str
    language: Language
    parties: list[Party]
    order_number: str
    product: str
    brand: str
    model: str
    serial: str
    ean: str
    claim_ref: str
    incident: Incident
    claimed: Money | None
    estimated: Money | None
    decided: Money | None
    is_sensitive: bool
    assignee_id: Id | None
    created_by: Id
    created_at: datetime
    changed_at: datetime
    checklist: ChecklistView
    notes: list[NoteView]
    missing: list[MissingPiece] = []


class CaseSummary(Wire):
    """A case in a list."""

    id: Id
    number: str
    kind: CaseKind
    status: CaseStatus
    title: str
    customer_name: str
    product: str
    order_number: str
    assignee_id: Id | None
    is_sensitive: bool
    changed_at: datetime
    snapshot_count: int = 0
    missing_count: int = 0


class CasePage(Wire):
    """A page of a list, newest change first; `next_cursor` goes into ?cursor= for the next one."""

    items: list[CaseSummary]
    next_cursor: str | None = None
    total: int
