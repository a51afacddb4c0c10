"""HTTP bodies of /api/v1, used by the service (validation, OpenAPI) and by the desktop's client. `…In` is sent, the rest comes back."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, Field, StringConstraints

from videodesk.core.people import Role
from videodesk.core.vocabulary import (
    CaseKind,
    CaseStatus,
    CauseCode,
    ConsentScope,
    CustodyAction,
    Disposition,
    InvitationState,
    Language,
    PartyRole,
    Presence,
    ReviewDecision,
    ReviewState,
    SnapshotMethod,
)
from videodesk.protocol.messages import CallView, IceServer, Id, Wire


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError as problem:  # the first or last hours of the calendar
        message = "outside the calendar in UTC"
        raise ValueError(message) from problem


Name = Annotated[str, StringConstraints(min_length=1, max_length=200, strip_whitespace=True)]
Line = Annotated[str, StringConstraints(max_length=200)]
Text = Annotated[str, StringConstraints(max_length=10_000)]
Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
SignInName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._@-]{0,63}$")]
Password = Annotated[str, StringConstraints(min_length=10, max_length=200)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]
# A moment that a sender names: with a time zone, kept in UTC.
Moment = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Amount = Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)]


class Problem(Wire):
    """RFC 9457 problem+json, with the error's code and parameters; `detail` is the English text."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    params: dict[str, str | int | float | bool | None] = {}
    retryable: bool = False


# ── people ─────────────────────────────────────────────────────────────────────────────────────────────────────────


class PersonView(Wire):
    """An account."""

    id: Id
    name: str
    display_name: str
    roles: list[Role]
    is_disabled: bool = False
    presence: Presence = Presence.OFFLINE


class SetUpIn(Wire):
    """The first account. `setup_code`: printed by `videodesk serve`, known to the embedded desktop."""

    setup_code: Line
    name: SignInName
    display_name: Name
    password: Password | None = None


class SignInIn(Wire):
    """A sign-in by password, or on the embedded desk by its secret instead (`embedded_secret`, no form)."""

    name: Annotated[str, StringConstraints(max_length=64)] = ""
    password: Annotated[str, StringConstraints(max_length=200)] = ""
    embedded_secret: Line | None = None
    device: Line = ""


class SignedIn(Wire):
    """`token` goes into `Authorization: Bearer …`."""

    token: str
    expires_at: datetime
    person: PersonView


class PersonIn(Wire):
    """A new account."""

    name: SignInName
    display_name: Name
    roles: Annotated[list[Literal[Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR]], Field(min_length=1, max_length=3)]
    password: Password


class PersonPatch(Wire):
    """What to change of an account; what is left out stays."""

    display_name: Name | None = None
    roles: Annotated[list[Literal[Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR]], Field(min_length=1, max_length=3)] | None = None
    is_disabled: bool | None = None
    password: Password | None = None


class ServiceInfo(Wire):
    """GET /api/v1/info, public: what this service is. `can_call` is false where a customer's browser would refuse the camera."""

    product: Literal["videodesk"] = "videodesk"
    version: str
    protocol: int
    needs_setup: bool
    is_embedded: bool
    public_url: str
    desk_name: str = ""
    phone_number: str = ""
    can_call: bool
    why_not: str | None = None


# ── cases ──────────────────────────────────────────────────────────────────────────────────────────────────────────


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


class CaseView(Wire):
    """A case."""

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


# ── invitations and the customer's page ────────────────────────────────────────────────────────────────────────────


class InvitationIn(Wire):
    """A new invitation. Default: 24 hours."""

    language: Language | None = None
    expires_in_s: Annotated[int, Field(ge=60, le=30 * 86_400)] = 86_400


class InvitationTexts(Wire):
    """Copy-ready texts in one language; `whatsapp_url` is a wa.me link with the text filled in."""

    email_subject: str
    email_body: str
    sms: str
    whatsapp: str
    whatsapp_url: str
    spoken: str


class InvitationMade(Wire):
    """Comes back once: token and code are kept hashed only. `join_link` has the token in its fragment."""

    id: Id
    case_id: Id
    join_link: str
    short_address: str
    spoken_code: str
    expires_at: datetime
    qr_svg: str
    texts: dict[Language, InvitationTexts]
    is_usable: bool
    why_not: str | None = None


class InvitationView(Wire):
    """An invitation, later."""

    id: Id
    case_id: Id
    case_number: str = ""
    customer_name: str = ""
    state: InvitationState
    created_by: Id
    created_at: datetime
    expires_at: datetime
    first_opened_at: datetime | None = None


class ExchangeIn(Wire):
    """Token from the URL's fragment, or the spoken code; `device` is random and kept by the page (binding to the first device)."""

    token: Annotated[str, StringConstraints(max_length=200)] | None = None
    code: Annotated[str, StringConstraints(max_length=20)] | None = None
    device: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22,64}$")]


class ConsentText(Wire):
    """The consent text shown, by version: what was agreed to can be read again years later."""

    version: str
    scopes: list[ConsentScope]


class JoinView(Wire):
    """What the page needs to know."""

    token: str
    invitation_id: Id
    language: Language
    desk_name: str
    agent_name: str
    agent_has_picture: bool = False
    customer_name: str
    case_kind: CaseKind
    case_number: str
    prefers_rear_camera: bool
    phone_number: str = ""
    consent_text: ConsentText
    consents: list[ConsentScope] | None = None
    call: CallView | None = None
    expires_at: datetime


class ConsentIn(Wire):
    """The customer's choice; refused scopes are left out. Sent again, it replaces the earlier one from now on."""

    text_version: Line
    language: Language
    granted: list[ConsentScope]


class ConsentView(Wire):
    """A stored consent."""

    id: Id
    text_version: str
    language: Language
    granted: list[ConsentScope]
    at: datetime


class PhotoUploaded(Wire):
    """A customer's uploaded photo became a snapshot (method upload)."""

    snapshot_id: Id
    digest: Digest
    width_px: int
    height_px: int


# ── calls ──────────────────────────────────────────────────────────────────────────────────────────────────────────


class CallList(Wire):
    """Calls: waiting first, oldest first."""

    items: list[CallView]


class Accepted(Wire):
    """This agent has the call."""

    call: CallView
    ice_servers: list[IceServer]


class WrapUpIn(Wire):
    """What comes after a call."""

    disposition: Disposition
    note: Text = ""


# ── evidence ───────────────────────────────────────────────────────────────────────────────────────────────────────


class SnapshotMeta(Wire):
    """What is known of an original at capture. Goes as the JSON part `metadata` beside the part `original` (the bytes)."""

    case_id: Id
    call_id: Id | None = None
    method: SnapshotMethod
    digest: Digest
    media_type: Literal["image/jpeg", "image/png"]
    width_px: Annotated[int, Field(ge=1, le=16384)]
    height_px: Annotated[int, Field(ge=1, le=16384)]
    captured_at: Moment
    frame_seq: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    rtp_time: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    codec: Line = ""
    is_evidence_grade: bool = True
    checklist_item: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")] | None = None
    retake_of: Id | None = None


class SnapshotPatch(Wire):
    """Where a snapshot belongs; null takes it off its item."""

    checklist_item: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")] | None = None
    caption: Line | None = None


class RenditionView(Wire):
    """A derived picture of one annotation revision."""

    id: Id
    snapshot_id: Id
    annotation_revision: int
    digest: Digest
    media_type: str
    width_px: int
    height_px: int
    has_redaction: bool
    made_by: Id
    made_at: datetime


class DecisionView(Wire):
    """A supervisor's decision."""

    id: Id
    snapshot_id: Id
    decision: ReviewDecision
    reason: str
    comment: str
    decided_by: Id
    decided_by_name: str
    at: datetime


class SnapshotView(Wire):
    """A snapshot in the case record. `retaken_by`: the newest snapshot that was taken in its stead."""

    id: Id
    case_id: Id
    case_number: str
    call_id: Id | None
    method: SnapshotMethod
    digest: Digest
    media_type: str
    size_bytes: int
    width_px: int
    height_px: int
    captured_at: datetime
    captured_by: Id
    captured_by_name: str
    stored_at: datetime
    frame_seq: int | None
    rtp_time: int | None
    codec: str
    is_evidence_grade: bool
    checklist_item: str | None
    caption: str
    retake_of: Id | None
    retaken_by: Id | None = None
    review_state: ReviewState
    annotation_revision: int = 0
    rendition: RenditionView | None = None
    decisions: list[DecisionView] = []


class SnapshotList(Wire):
    """Snapshots, oldest first."""

    items: list[SnapshotView]


class AnnotationIn(Wire):
    """A new revision of the marks on a snapshot: `document` follows annotation/schema. `base_revision` is the one it was made from."""

    base_revision: Annotated[int, Field(ge=0)]
    document: dict[str, Any]


class AnnotationView(Wire):
    """One revision of the marks."""

    snapshot_id: Id
    revision: int
    document: dict[str, Any]
    made_by: Id
    made_at: datetime


class RenditionMeta(Wire):
    """What a rendition is of. Goes as JSON part `metadata` beside the part `picture`."""

    annotation_revision: Annotated[int, Field(ge=1)]
    digest: Digest
    media_type: Literal["image/jpeg", "image/png"]
    has_redaction: bool


class DecisionIn(Wire):
    """A decision; retake requested needs a comment (words for the agent), rejected a reason. `id` is made by the sender."""

    id: Id
    decision: ReviewDecision
    reason: Line = ""
    comment: Text = ""


class ReviewQueue(Wire):
    """Snapshots for the contact sheet, newest first, with counts per state."""

    items: list[SnapshotView]
    counts: dict[ReviewState, int]
    next_cursor: str | None = None


class CustodyEntryView(Wire):
    """One custody entry. `digest` chains it to the one before."""

    index: int
    at: datetime
    action: CustodyAction
    actor_id: str
    snapshot_id: Id | None = None
    case_id: Id | None = None
    data: dict[str, Any] = {}
    previous: str
    digest: str


class CustodyLog(Wire):
    """The custody entries of a case."""

    items: list[CustodyEntryView]
