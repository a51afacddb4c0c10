"""People: who acts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Role(StrEnum):
    """What a principal is. `customer` never signs in: an invitation makes one."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"
    CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Principal:
    """Who acts, as every use case gets it.

    For a customer `id` is the invitation's id and `case_id` the one case the invitation opens.
    """

    id: str
    roles: frozenset[Role]
    display_name: str = ""
    case_id: str | None = None

    def has(self, role: Role) -> bool:
        """Whether the principal has `role`."""
        return role in self.roles

    @property
    def is_customer(self) -> bool:
        """Whether this is a customer."""
        return Role.CUSTOMER in self.roles


@dataclass(frozen=True, slots=True)
class Person:
    """An account of the desk. `name` is the sign-in name (lower case), `password_hash` an argon2 string."""

    id: str
    name: str
    display_name: str
    roles: frozenset[Role]
    password_hash: str
    created_at: datetime
    is_disabled: bool = False

    def principal(self) -> Principal:
        """This person as the one who acts."""
        return Principal(self.id, self.roles, self.display_name)


@dataclass(frozen=True, slots=True)
class SignIn:
    """One signed-in device. Only the SHA-256 of its token is kept."""

    token_digest: str
    person_id: str
    created_at: datetime
    expires_at: datetime
    device: str = ""


class PersonRepository(Protocol):
    """Where people and their sign-ins are kept."""

    def add(self, person: Person) -> None:
        """Add a person; Conflict("person.name_taken") when the name exists."""
        ...

    def save(self, person: Person) -> None:
        """Replace a person; NotFound("person.unknown") when there is none."""
        ...

    def get(self, person_id: str) -> Person | None:
        """The person with this id."""
        ...

    def by_name(self, name: str) -> Person | None:
        """The person with this sign-in name."""
        ...

    def all(self) -> list[Person]:
        """Everyone, by name."""
        ...

    def add_sign_in(self, sign_in: SignIn) -> None:
        """Keep a sign-in."""
        ...

    def sign_in(self, token_digest: str) -> SignIn | None:
        """The sign-in with this token digest, expired or not."""
        ...

    def remove_sign_in(self, token_digest: str) -> None:
        """Forget a sign-in; nothing happens when there is none."""
        ...

    def remove_sign_ins_of(self, person_id: str) -> None:
        """Forget all sign-ins of a person (disabled, password reset)."""
        ...
