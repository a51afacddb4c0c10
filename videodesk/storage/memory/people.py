"""People and sign-ins in memory."""

from __future__ import annotations

from dataclasses import dataclass, field

from videodesk.core.errors import Conflict, NotFound
from videodesk.core.people import Person, SignIn


@dataclass(slots=True)
class MemoryPeople:
    """PersonRepository over dictionaries."""

    people: dict[str, Person] = field(default_factory=dict)
    sign_ins: dict[str, SignIn] = field(default_factory=dict)

    def add(self, person: Person) -> None:
        if person.id in self.people or self.by_name(person.name) is not None:
            raise Conflict("person.name_taken")
        self.people[person.id] = person

    def save(self, person: Person) -> None:
        if person.id not in self.people:
            raise NotFound("person.unknown")
        self.people[person.id] = person

    def get(self, person_id: str) -> Person | None:
        return self.people.get(person_id)

    def by_name(self, name: str) -> Person | None:
        return next((person for person in self.people.values() if person.name == name), None)

    def all(self) -> list[Person]:
        return sorted(self.people.values(), key=lambda person: person.name)

    def add_sign_in(self, sign_in: SignIn) -> None:
        self.sign_ins[sign_in.token_digest] = sign_in

    def sign_in(self, token_digest: str) -> SignIn | None:
        return self.sign_ins.get(token_digest)

    def remove_sign_in(self, token_digest: str) -> None:
        self.sign_ins.pop(token_digest, None)

    def remove_sign_ins_of(self, person_id: str) -> None:
        self.sign_ins = {digest: found for digest, found in self.sign_ins.items() if found.person_id != person_id}
