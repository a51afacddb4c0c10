"""HTTP bodies of people, sign-ins and the service itself."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from videodesk.core.people import Role
from videodesk.core.vocabulary import Presence
from videodesk.protocol.fields import Line, Name, Password, SignInName
from videodesk.protocol.messages import Id, Wire


class Problem(Wire):
    """RFC 9457 problem+json, with the error's code and parameters; `detail` is the English text."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    params: dict[str, str | int | float | bool | None] = {}
    retryable: bool = False


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
