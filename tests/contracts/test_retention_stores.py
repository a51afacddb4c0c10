"""One contract for holds, certificates and the erasing of rows, run on SQLite and on the memory twin."""

from dataclasses import replace
from datetime import timedelta

import pytest

from videodesk.calls.invitations_model import Consent, Invitation
from videodesk.calls.model import Call, ChatEntry, Side
from videodesk.cases.model import Case, HistoryEntry, Note
from videodesk.core.clock import HandClock
from videodesk.core.errors import Conflict, NotFound
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CallState, CaseKind, CaseStatus, ConsentScope, Language, RetentionClass
from videodesk.evidence.retention import ClosedCase, Erasure, Hold

NOW = HandClock().now()
DAY = timedelta(days=1)


def a_case(uow, status=CaseStatus.CLOSED, moved=NOW, **changes):
    case_id = new_id()
    uow.cases.add(replace(Case(case_id, uow.cases.next_number(2026), CaseKind.PARCEL, status, Language.NL, new_id(), NOW, NOW + DAY), **changes))
    for at in (NOW - DAY, moved) if moved else ():
        uow.cases.add_history(HistoryEntry(case_id, at, "a", "A", "status", {}))
    uow.cases.add_history(HistoryEntry(case_id, NOW + 9 * DAY, "a", "A", "note", {}))
    return case_id


def an_erasure(**changes):
    made = Erasure(new_id(), new_id(), f"VD-2026-{new_id()[-6:]}", RetentionClass.CLAIM, NOW, new_id(), "Ünï", "why", 7, 8, 9, 10, ("tape",))
    return replace(made, **changes)


def test_a_hold_stands_until_it_is_released(store):
    hold = Hold(new_id(), "Ünï <b>", new_id(), "Saskia", NOW)
    with store.write() as uow:
        uow.retention.set_hold(hold)
        uow.retention.set_hold(replace(hold, reason="another"))
        assert uow.retention.hold(hold.case_id) == replace(hold, reason="another")
        assert uow.retention.hold(new_id()) is None
        assert [uow.retention.release(hold.case_id), uow.retention.release(hold.case_id)] == [True, False]
        assert uow.retention.hold(hold.case_id) is None


def test_days_count_from_the_last_change_of_status(store):
    with store.write() as uow:
        first, second = a_case(uow), a_case(uow, CaseStatus.WITHDRAWN, NOW + 2 * DAY)
        never_moved, open_ = a_case(uow, moved=None), a_case(uow, CaseStatus.SETTLED)
        held = a_case(uow)
        uow.retention.set_hold(Hold(held, "x", "a", "A", NOW))
    with store.read() as uow:
        told = [uow.retention.closed_at(one) for one in (first, second, never_moved, open_, new_id())]
        assert told == [NOW, NOW + 2 * DAY, NOW + DAY, None, None]
        assert [one.case_id for one in uow.retention.closed(NOW + 9 * DAY)] == [first, never_moved, second]
        assert uow.retention.closed(NOW) == [ClosedCase(first, uow.cases.get(first).number, CaseKind.PARCEL, NOW)]
        assert uow.retention.closed(NOW - timedelta(microseconds=1)) == []


def test_certificates_are_kept(store):
    made, done = an_erasure(), an_erasure(is_finished=True, erased_at=NOW + DAY)
    with store.write() as uow:
        for one in (made, done):
            uow.retention.add_erasure(one)
        with pytest.raises(Conflict, match=r"erasure\.exists"):
            uow.retention.add_erasure(an_erasure(case_id=made.case_id))
        with pytest.raises(NotFound, match=r"erasure\.unknown"):
            uow.retention.save_erasure(an_erasure())
    with store.write() as uow:
        assert uow.retention.erasure(made.id) == uow.retention.erasure_of(made.case_id) == uow.retention.erasure_of(made.case_number) == made
        assert uow.retention.erasure(new_id()) is uow.retention.erasure_of("VD-2026-000099") is None
        assert uow.retention.unfinished() == [made]
        uow.retention.save_erasure(replace(made, is_finished=True))
        assert uow.retention.unfinished() == []


def test_erasing_takes_the_rows_of_one_case(store):
    with store.write() as uow:
        mine, other = a_case(uow, serial="SN-1"), a_case(uow, serial="SN-2")
        for n, case_id in enumerate((mine, other)):
            call, invitation = new_id(), new_id()
            uow.invitations.add(Invitation(invitation, case_id, Language.NL, f"{n:064x}", f"{n:064x}", new_id(), "A", NOW, NOW + DAY))
            uow.invitations.add_consent(Consent(new_id(), invitation, "1", Language.NL, tuple(ConsentScope), NOW))
            uow.calls.add(Call(call, case_id, invitation, CallState.ENDED, NOW))
            uow.calls.add_chat(ChatEntry(new_id(), call, Side.CUSTOMER, "words", NOW))
            uow.cases.add_note(Note(new_id(), case_id, new_id(), "A", "words", NOW))
    with store.write() as uow:
        erased = uow.retention.erase_rows(mine)
        assert erased >= 9
        assert uow.retention.erase_rows(mine) == 0
        assert (uow.cases.get(mine), uow.calls.of_case(mine), uow.invitations.of_case(mine), uow.cases.notes(mine), uow.cases.history(mine)) == (
            None, [], [], [], [])
        (call,), (invitation,) = uow.calls.of_case(other), uow.invitations.of_case(other)
        assert (len(uow.calls.chat(call.id)), len(uow.invitations.consents(invitation.id)), len(uow.cases.notes(other))) == (1, 1, 1)
        assert uow.cases.get(other).serial == "SN-2"
