"""HTTP bodies of invitations, of the customer's page and of calls."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from videodesk.core.vocabulary import CaseKind, ConsentScope, Disposition, InvitationState, Language
from videodesk.protocol.fields import Digest, Line, Text
from videodesk.protocol.messages import CallView, IceServer, Id, Wire


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
