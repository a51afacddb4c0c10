"""The table of a case's life: walked at random, drawn fresh."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videodesk.cases import usecases
from videodesk.cases.checklist import Checklists, is_complete, missing_count
from videodesk.cases.model import Case, Incident, Money
from videodesk.cases.status import TRANSITIONS, Facts, diagram, next_statuses, transition
from videodesk.core.errors import Conflict
from videodesk.core.ids import new_id
from videodesk.core.people import Principal, Role
from videodesk.core.places import resources
from videodesk.core.vocabulary import CaseKind, CaseStatus, CauseCode, Language
from videodesk.storage.memory.store import MemoryStore

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ANNA = Principal(new_id(), frozenset({Role.AGENT}), "Anna")


class NoBus:
    def publish(self, event):
        pass


def make(kind=CaseKind.PARCEL, status=CaseStatus.NEW, **changes):
    values = {"id": new_id(), "number": "VD-2026-000001", "kind": kind, "status": status, "language": Language.NL, "created_by": ANNA.id,
              "created_at": NOW, "changed_at": NOW}
    return Case(**(values | changes))


def test_the_diagram_is_fresh():
    page = resources() / "docs" / "case-status.md"
    assert page.read_text(encoding="utf-8") == diagram(), "run: python -m videodesk.cases.status"


def test_every_status_is_reached_and_every_arrow_stands_once():
    reached, frontier = {CaseStatus.NEW}, [CaseStatus.NEW]
    while frontier:
        here = frontier.pop()
        for arrow in TRANSITIONS:
            if arrow.source is here and arrow.target not in reached:
                reached.add(arrow.target)
                frontier.append(arrow.target)
    assert reached == set(CaseStatus)
    arrows = [(arrow.source, arrow.target) for arrow in TRANSITIONS]
    assert len(arrows) == len(set(arrows))


@given(
    st.sampled_from(CaseKind), st.booleans(), st.sampled_from([None, CauseCode.USE]), st.sampled_from([None, Money(Decimal(1))]),
    st.lists(st.tuples(st.sampled_from(CaseStatus), st.sampled_from(["", "  ", "because"])), max_size=40),
)
def test_a_walk_never_leaves_the_table(kind, is_full, cause, decided, steps):
    store = MemoryStore(NoBus())
    case = make(kind, incident=Incident(cause=cause), decided=decided)
    with store.write() as uow:
        uow.cases.add(case)
        told = Facts(is_checklist_complete=is_full)
        for target, reason in steps:
            before = uow.cases.get(case.id)
            offered = next_statuses(before, told)
            try:
                after = usecases.move_case(uow, ANNA, case.id, target, reason, told, NOW)
            except Conflict as refusal:
                assert uow.cases.get(case.id) == before, "what is refused changes nothing"
                assert target not in offered or refusal.code == "case.reason_missing"
                continue
            assert transition(before.status, target) is not None
            assert target in offered
            assert target not in {CaseStatus.WAITING, CaseStatus.IN_CALL}, "only a call does that"
            assert after.status is target
            assert after.revision == before.revision + 1
            if target is CaseStatus.DECIDED and kind.is_claim:
                assert decided is not None
            if target is CaseStatus.EVIDENCE_COMPLETE:
                assert is_full
        moves = [entry for entry in uow.cases.history(case.id) if entry.what == "status"]
        assert len(moves) == uow.cases.get(case.id).revision - 1, "each move stands in the history"


@pytest.mark.parametrize("status", CaseStatus)
@pytest.mark.parametrize("target", CaseStatus)
def test_by_itself_a_case_follows_automatic_arrows_only(status, target):
    store = MemoryStore(NoBus())
    case = make(status=status)
    arrow = transition(status, target)
    with store.write() as uow:
        uow.cases.add(case)
        usecases.follow(uow, case.id, target, ANNA, NOW, is_checklist_complete=True)
        moved = uow.cases.get(case.id).status
    assert moved is (target if arrow is not None and arrow.is_automatic else status)


# ── checklists ──


CHECKLISTS = Checklists.load(resources() / "checklists")


@pytest.mark.parametrize("kind", CaseKind)
def test_every_kind_has_a_list_in_every_language(kind):
    items = CHECKLISTS.items(kind)
    assert items
    assert len({item.id for item in items}) == len(items)
    for item in items:
        assert item.min_count >= 1
        for language in Language:
            assert item.title[language].strip()
            assert item.hint[language].strip()
    assert any(item.is_required for item in items) is kind.is_claim


def test_an_item_is_done_by_enough_snapshots_or_a_reason():
    states = CHECKLISTS.state(CaseKind.PARCEL, {"outside": ["a"]}, {})
    assert not next(state for state in states if state.item.id == "outside").is_done, "two are needed"
    required = [item.id for item in CHECKLISTS.items(CaseKind.PARCEL) if item.is_required]
    assert missing_count(states) == len(required)
    full = CHECKLISTS.state(CaseKind.PARCEL, {name: ["a", "b"] for name in required[1:]}, {required[0]: "box is gone"})
    assert is_complete(full)
    assert missing_count(full) == 0
