"""One contract for the store and its people, cases and invitations, run on SQLite and in memory."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from videodesk.calls.invitations_model import Consent, Invitation
from videodesk.cases.model import Case, CaseFilter, HistoryEntry, Incident, Money, Note, Party
from videodesk.cases.search import words_of
from videodesk.core.errors import Conflict, NotFound, WorldError
from videodesk.core.events import Event
from videodesk.core.ids import case_number, new_id
from videodesk.core.people import Person, Role, SignIn
from videodesk.core.vocabulary import CaseKind, CaseStatus, CauseCode, ConsentScope, Language, PartyRole
from videodesk.storage.memory.store import MemoryStore
from videodesk.storage.sql import fulltext
from videodesk.storage.sql.engine import SqlStore

NOW = datetime(2026, 1, 5, 9, 0, 0, 123456, tzinfo=UTC)
NAUGHTY = "<b>'; DROP TABLE cases; --\u202e 💥 \" * NEAR( ^"


class SpyBus:
    def __init__(self):
        self.published = []

    def publish(self, event):
        self.published.append(event)

    def subscribe(self, listener, dropped=None):
        raise NotImplementedError


@pytest.fixture
def bus():
    return SpyBus()


@pytest.fixture(params=["sql", "memory"])
def store(request, tmp_path, bus):
    if request.param == "memory":
        made = MemoryStore(bus)
    else:
        made = SqlStore(f"sqlite:///{tmp_path / 'desk.db'}", bus)
        made.upgrade()
    yield made
    made.close()


def person(name="anna", **changes):
    return Person(**({"id": new_id(), "name": name, "display_name": NAUGHTY, "roles": frozenset({Role.AGENT, Role.SUPERVISOR}),
                      "password_hash": "x", "created_at": NOW} | changes))


def case(sequence=1, **changes):
    values = {
        "id": new_id(), "number": case_number(2026, sequence), "kind": CaseKind.PARCEL, "status": CaseStatus.NEW, "language": Language.NL,
        "created_by": new_id(), "created_at": NOW, "changed_at": NOW + timedelta(seconds=sequence),
    }
    return Case(**(values | changes))


def invitation(case_id, **changes):
    values = {
        "id": new_id(), "case_id": case_id, "language": Language.EN, "token_digest": new_id(), "code_digest": "c" * 64, "created_by": new_id(),
        "agent_name": NAUGHTY, "created_at": NOW, "expires_at": NOW + timedelta(days=1),
    }
    return Invitation(**(values | changes))


# ── units ──


def test_what_raises_leaves_nothing_and_tells_nobody(store, bus):
    with pytest.raises(ZeroDivisionError), store.write() as uow:
        uow.people.add(person())
        uow.emit(Event("case.added", NOW))
        _ = 1 / 0
    with store.read() as uow:
        assert uow.people.all() == []
    assert bus.published == []


def test_events_go_out_after_the_commit(store, bus):
    with store.write() as uow:
        uow.people.add(person())
        uow.emit(Event("case.added", NOW))
        assert bus.published == []
    assert [event.name for event in bus.published] == ["case.added"]


def test_reading_changes_nothing(store):
    with store.read() as uow:
        uow.people.add(person())
    with store.read() as uow:
        assert uow.people.all() == []


# ── people ──


def test_people_come_back_equal_and_names_are_unique(store):
    anna = person()
    with store.write() as uow:
        uow.people.add(anna)
    with pytest.raises(Conflict) as caught, store.write() as uow:
        uow.people.add(person())
    assert caught.value.code == "person.name_taken"
    with store.write() as uow:
        uow.people.add(person("bram"))
        uow.people.save(replace(anna, display_name="Anna", is_disabled=True))
        assert uow.people.get(anna.id) == replace(anna, display_name="Anna", is_disabled=True)
        assert uow.people.by_name("anna").id == anna.id
        assert uow.people.by_name("ANNA") is None
        assert [one.name for one in uow.people.all()] == ["anna", "bram"]
        with pytest.raises(NotFound):
            uow.people.save(person("carla"))


def test_sign_ins_are_kept_and_forgotten(store):
    anna, bram = person(), person("bram")
    first, second, other = (SignIn(letter * 64, who.id, NOW, NOW + timedelta(days=1), "desk") for letter, who in (("a", anna), ("b", anna), ("c", bram)))
    with store.write() as uow:
        uow.people.add(anna)
        uow.people.add(bram)
        for one in (first, second, other):
            uow.people.add_sign_in(one)
    with store.write() as uow:
        assert uow.people.sign_in(first.token_digest) == first
        uow.people.remove_sign_in(first.token_digest)
        uow.people.remove_sign_in(first.token_digest)
        assert uow.people.sign_in(first.token_digest) is None
        uow.people.remove_sign_ins_of(anna.id)
        assert uow.people.sign_in(second.token_digest) is None
        assert uow.people.sign_in(other.token_digest) == other


# ── cases ──


def test_a_case_comes_back_equal(store):
    full = case(
        parties=(Party(PartyRole.CUSTOMER, NAUGHTY, "org", "a@b.nl", "+31 6", Language.EN), Party(PartyRole.CARRIER, "PostNL")),
        incident=Incident(date(2026, 1, 2), "Den Haag", CauseCode.TRANSPORT, "gevallen"), claimed=Money(Decimal("0.10")),
        estimated=Money(Decimal("9999999999.99"), "GBP"), is_sensitive=True, assignee_id=new_id(), skipped={"box_maker": "weg"}, title=NAUGHTY)
    with store.write() as uow:
        uow.cases.add(full)
    with store.read() as uow:
        assert uow.cases.get(full.id) == full
        assert uow.cases.by_number(full.number) == full
        assert uow.cases.get(new_id()) is None
        assert isinstance(uow.cases.get(full.id).claimed.amount, Decimal)


def test_the_same_id_or_number_twice_is_a_conflict(store):
    first = case()
    with store.write() as uow:
        uow.cases.add(first)
    for twin in (replace(first, number=case_number(2026, 9)), replace(first, id=new_id())):
        with pytest.raises(Conflict) as caught, store.write() as uow:
            uow.cases.add(twin)
        assert caught.value.code == "case.exists"


def test_only_the_next_revision_is_written(store):
    first = case()
    with store.write() as uow:
        uow.cases.add(first)
        uow.cases.replace(replace(first, revision=2, title="two"))
        for stale in (2, 1, 4):
            with pytest.raises(Conflict) as caught:
                uow.cases.replace(replace(first, revision=stale, title="late"))
            assert caught.value.code == "case.stale"
        assert uow.cases.get(first.id).title == "two"


def test_numbers_have_no_gaps_however_many_open_cases_at_once(store):
    def open_one():
        try:
            with store.write() as uow:
                uow.cases.add(case(number=uow.cases.next_number(2026)))
        except WorldError:
            failures.append(1)

    failures = []
    with pytest.raises(RuntimeError), store.write() as uow:
        uow.cases.next_number(2026)
        raise RuntimeError  # a case that came to nothing takes no number along
    threads = [threading.Thread(target=open_one) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with store.write() as uow:
        assert failures == []
        numbers = sorted(one.number for one in uow.cases.page(CaseFilter(), None, 100))
        assert numbers == [case_number(2026, sequence) for sequence in range(1, 25)]
        assert uow.cases.next_number(2027) == "VD-2027-000001"


def test_pages_follow_each_other_without_loss(store):
    made = [case(sequence, changed_at=NOW + timedelta(seconds=sequence // 3)) for sequence in range(1, 21)]
    with store.write() as uow:
        for one in made:
            uow.cases.add(one)
    seen, after = [], None
    with store.read() as uow:
        while page := uow.cases.page(CaseFilter(), after, 7):
            seen += [one.id for one in page]
            after = (page[-1].changed_at, page[-1].id)
        assert uow.cases.count(CaseFilter()) == 20
    assert seen == [one.id for one in sorted(made, key=lambda one: (one.changed_at, one.id), reverse=True)]


def test_filters(store):
    me = new_id()
    wanted = case(1, kind=CaseKind.GLASS, status=CaseStatus.INTAKE, assignee_id=me)
    with store.write() as uow:
        for one in (wanted, case(2, kind=CaseKind.GLASS), case(3, status=CaseStatus.INTAKE), case(4, assignee_id=me)):
            uow.cases.add(one)
    with store.read() as uow:
        def found(**wish):
            return len(uow.cases.page(CaseFilter(**wish), None, 10))

        assert found(kind=CaseKind.GLASS) == found(status=CaseStatus.INTAKE) == found(assignee_id=me) == 2
        assert uow.cases.page(CaseFilter(kind=CaseKind.GLASS, status=CaseStatus.INTAKE, assignee_id=me), None, 10) == [wanted]


@pytest.mark.parametrize("query", [
    "vries", "VRIES", "de vri", "Müller", "muller", "VD-2026-000001", "000001", "ABC-123", "jan@example.nl", "brein noot", "kapot",
])
def test_search_finds(store, query):
    wanted = case(1, order_number="ABC-123", title="Kapotte vaas", parties=(
        Party(PartyRole.CUSTOMER, "Jan de Vries", email="jan@example.nl"), Party(PartyRole.EXPERT, "Dr. Müller")))
    with store.write() as uow:
        uow.cases.add(wanted)
        uow.cases.add(case(2, title="iets anders"))
        uow.cases.add_note(Note(new_id(), wanted.id, new_id(), "Anna", "Een breinbreker van een noot", NOW))
    with store.read() as uow:
        assert [one.id for one in uow.cases.page(CaseFilter(query=query), None, 10)] == [wanted.id]
        assert uow.cases.count(CaseFilter(query=query)) == 1


@pytest.mark.parametrize("query", ["zebra", "vries zebra", "ries", '"', "*", "a OR b", "NOT", "vries)", "^", "title:vries", "%", "_", "'; --", "\x00"])
def test_search_syntax_is_just_words(store, query):
    with store.write() as uow:
        uow.cases.add(case(1, parties=(Party(PartyRole.CUSTOMER, "De Vries"),)))
    with store.read() as uow:
        found = uow.cases.page(CaseFilter(query=query), None, 10)
        assert len(found) == uow.cases.count(CaseFilter(query=query))
        if any(char.isalnum() for char in query) and query not in {"vries)", "title:vries"}:
            assert found == []


def test_search_follows_changes(store):
    first = case(1, title="vaas")
    with store.write() as uow:
        uow.cases.add(first)
        uow.cases.replace(replace(first, revision=2, title="lamp"))
        assert uow.cases.page(CaseFilter(query="vaas"), None, 10) == []
        assert len(uow.cases.page(CaseFilter(query="lamp"), None, 10)) == 1


def test_a_thousand_cases_are_searched(store):
    with store.write() as uow:
        for sequence in range(1, 1001):
            uow.cases.add(case(sequence, product=f"product{sequence}", title="gewoon"))
    with store.read() as uow:
        assert [one.number for one in uow.cases.page(CaseFilter(query="product777"), None, 10)] == ["VD-2026-000777"]
        assert uow.cases.count(CaseFilter(query="product77")) == 11
        assert uow.cases.count(CaseFilter(query="gewoon")) == 1000


def test_notes_and_history(store):
    first = case()
    note = Note(new_id(), first.id, new_id(), "Anna", NAUGHTY, NOW)
    entries = [HistoryEntry(first.id, NOW, "a", NAUGHTY, "field", {"fields": ["title"], "n": n}) for n in range(3)]
    with store.write() as uow:
        uow.cases.add(first)
        assert uow.cases.add_note(note)
        assert not uow.cases.add_note(replace(note, text="other"))
        for entry in entries:
            uow.cases.add_history(entry)
    with store.read() as uow:
        assert uow.cases.notes(first.id) == [note]
        assert uow.cases.history(first.id) == entries[::-1]
        assert uow.cases.history(new_id()) == []


# ── invitations ──


def test_invitations_are_found_by_what_opens_them(store):
    first = case()
    old = invitation(first.id)
    new = invitation(first.id, created_at=NOW + timedelta(seconds=1), session_digest="s" * 64)
    with store.write() as uow:
        uow.cases.add(first)
        uow.invitations.add(old)
        uow.invitations.add(new)
    with store.write() as uow:
        assert uow.invitations.get(old.id) == old
        assert uow.invitations.by_token(new.token_digest) == new
        assert uow.invitations.by_token("-") is None
        assert uow.invitations.by_code("c" * 64) == [new, old]
        assert uow.invitations.by_session("s" * 64) == new
        assert uow.invitations.of_case(first.id) == [new, old]
        assert uow.invitations.recent(1) == [new]
        uow.invitations.save(replace(old, revoked_at=NOW))
        assert uow.invitations.get(old.id).revoked_at == NOW
        with pytest.raises(NotFound):
            uow.invitations.save(invitation(first.id))


def test_answers_to_the_consent_question_stand_in_their_order(store):
    first = case()
    opened = invitation(first.id)
    answers = [Consent(new_id(), opened.id, "1", Language.NL, granted, NOW) for granted in ((ConsentScope.VIDEO,), (), tuple(ConsentScope))]
    with store.write() as uow:
        uow.cases.add(first)
        uow.invitations.add(opened)
        assert uow.invitations.consent(opened.id) is None
        for answer in answers:
            uow.invitations.add_consent(answer)
    with store.read() as uow:
        assert uow.invitations.consents(opened.id) == answers
        assert uow.invitations.consent(opened.id) == answers[-1]


@pytest.mark.parametrize("query", ["vries", "uller", "de vri mull", "naam", "vrie zebra"])
def test_the_portable_search_finds_what_the_index_finds(tmp_path, bus, query):
    store = SqlStore(f"sqlite:///{tmp_path / 'desk.db'}", bus)
    store.upgrade()
    with store.write() as uow:
        uow.cases.add(case(1, parties=(Party(PartyRole.CUSTOMER, "De Vries-Müller"),)))
        uow.cases.add(case(2, title="Een naam"))
    with store.read() as uow:
        indexed = {one.id for one in uow.cases.page(CaseFilter(query=query), None, 10)}
    with store.engine.connect() as connection:
        assert set(connection.execute(fulltext.portable(words_of(query))).scalars()) == indexed
    store.close()
