"""A unit of work with calls in memory and just enough of a case and a consent around them."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from videodesk.calls.invitations_model import Consent
from videodesk.calls.model import Call
from videodesk.cases.model import Case
from videodesk.core.ids import new_id
from videodesk.core.people import Principal, Role
from videodesk.core.vocabulary import CallState, CaseKind, CaseStatus, ConsentScope, Language
from videodesk.storage.memory.calls import MemoryCalls

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def later(seconds):
    return NOW + timedelta(seconds=seconds)


def agent(name="Anna"):
    return Principal(new_id(NOW), frozenset({Role.AGENT}), name)


def customer(case_id=None):
    return Principal(new_id(NOW), frozenset({Role.CUSTOMER}), "", case_id or new_id(NOW))


def a_call(**values):
    given = {"id": new_id(NOW), "case_id": new_id(NOW), "invitation_id": new_id(NOW), "state": CallState.WAITING, "waiting_since": NOW}
    return Call(**{**given, **values})


def all_granted(invitation_id):
    return Consent(new_id(NOW), invitation_id, "1", Language.NL, tuple(ConsentScope), NOW)


@dataclass
class Consents:
    given: dict = field(default_factory=dict)

    def get(self, _invitation_id):
        return None

    def consents(self, invitation_id):
        return self.given.get(invitation_id, [])


@dataclass
class Cases:
    cases: dict = field(default_factory=dict)
    entries: list = field(default_factory=list)

    def get(self, case_id):
        if case_id not in self.cases:
            self.cases[case_id] = Case(case_id, "VD-2026-000001", CaseKind.PARCEL, CaseStatus.NEW, Language.NL, "x", NOW, NOW)
        return self.cases[case_id]

    def replace(self, case):
        self.cases[case.id] = case

    def add_history(self, entry):
        self.entries.append(entry)


@dataclass
class Unit:
    calls: MemoryCalls = field(default_factory=MemoryCalls)
    invitations: Consents = field(default_factory=Consents)
    cases: Cases = field(default_factory=Cases)
    events: list = field(default_factory=list)

    def emit(self, event):
        self.events.append(event)

    def names(self):
        names, self.events = [event.name for event in self.events if not event.name.startswith("case.")], []
        return names

    def consent(self, who):
        self.invitations.given[who.id] = [all_granted(who.id)]

    def put(self, call, **changes):
        call = replace(call, version=call.version + 1, **changes)
        assert self.calls.replace(call)
        return call
