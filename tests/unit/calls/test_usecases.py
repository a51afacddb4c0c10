"""What may be done with a call, by whom, when; in memory."""

import pytest

from tests.unit.calls.desk_of_calls import NOW, Unit, agent, customer, later
from videodesk.calls import usecases as u
from videodesk.calls.invitations_model import consent_digest
from videodesk.calls.model import EndedBy, Side
from videodesk.calls.presence import shown_presence
from videodesk.calls.queue import queue, wait_s
from videodesk.calls.views import call_view
from videodesk.core.errors import Conflict, DeskError, Gone, NotAllowed, NotFound
from videodesk.core.ids import new_id
from videodesk.core.people import Principal, Role
from videodesk.core.vocabulary import CallState, CaseStatus, ConsentScope, Disposition, Presence

ADMIN = Principal(new_id(NOW), frozenset({Role.ADMINISTRATOR}), "Adam")


@pytest.fixture
def unit():
    return Unit()


def enter(unit, who, at=NOW):
    return u.enter_waiting_room(unit, who, has_camera=True, has_microphone=True, now=at)


def waiting(unit):
    who = customer()
    unit.consent(who)
    return who, enter(unit, who)


def running(unit):
    who, call = waiting(unit)
    anna = agent()
    u.accept_call(unit, anna, call.id, later(5))
    call = u.connect_call(unit, call.id, later(6))
    unit.names()
    return who, anna, call


def test_no_waiting_room_before_the_consent_question_is_answered(unit):
    with pytest.raises(NotAllowed, match=r"consent\.missing"):
        enter(unit, customer())
    assert unit.calls.waiting() == []


def test_one_call_per_invitation_found_again(unit):
    who, call = waiting(unit)
    assert call.state is CallState.WAITING
    assert unit.names() == ["call.waiting"]
    assert enter(unit, who, later(10)) == call
    assert unit.names() == []
    assert unit.cases.get(call.case_id).status is CaseStatus.WAITING


def test_an_agent_does_not_enter(unit):
    with pytest.raises(NotAllowed, match=r"permission\.denied"):
        enter(unit, agent())


def test_accept_has_one_winner_who_may_ask_again(unit):
    _, call = waiting(unit)
    anna, bram = agent(), agent("Bram")
    won = u.accept_call(unit, anna, call.id, later(3))
    assert (won.state, won.agent_id, won.agent_name, won.epoch) == (CallState.ACCEPTED, anna.id, "Anna", 1)
    with pytest.raises(Conflict, match=r"call\.already_taken"):
        u.accept_call(unit, bram, call.id, later(4))
    assert u.accept_call(unit, anna, call.id, later(5)) == won
    assert unit.names() == ["call.waiting", "call.accepted"]
    assert unit.cases.get(call.case_id).status is CaseStatus.IN_CALL


@pytest.mark.parametrize("step", ["accepted", "connected", "on hold", "reconnecting"])
def test_who_talks_does_not_take_a_second_call(unit, step):
    _, anna, first = running(unit)
    if step == "accepted":
        unit.put(unit.calls.get(first.id), state=CallState.ACCEPTED, connected_at=None)
    elif step == "on hold":
        u.hold_call(unit, anna, first.id, is_on_hold=True, now=NOW)
    elif step == "reconnecting":
        u.lose_call(unit, first.id, NOW)
    unit.names()
    _, second = waiting(unit)
    with pytest.raises(Conflict, match=r"call\.agent_busy"):
        u.accept_call(unit, anna, second.id, later(10))
    assert unit.calls.get(second.id) == second
    assert u.accept_call(unit, anna, first.id, later(11)).id == first.id, "the own call again is no second one"
    assert unit.names() == ["call.waiting"]
    u.end_call(unit, anna, first.id, later(12))
    assert u.accept_call(unit, anna, second.id, later(13)).agent_id == anna.id, "what only waits to be filed is no hindrance"


def test_a_busy_agent_is_no_obstacle_to_a_colleague(unit):
    _, anna, _first = running(unit)
    _, second = waiting(unit)
    with pytest.raises(Conflict, match=r"call\.agent_busy"):
        u.accept_call(unit, anna, second.id, later(10))
    assert u.accept_call(unit, agent("Bram"), second.id, later(11)).agent_name == "Bram"


@pytest.mark.parametrize("who", [customer(), ADMIN])
def test_accept_needs_permission(unit, who):
    _, call = waiting(unit)
    with pytest.raises(NotAllowed, match=r"permission\.denied"):
        u.accept_call(unit, who, call.id, NOW)


def test_accept_of_nothing_and_of_one_who_left(unit):
    with pytest.raises(NotFound, match=r"call\.unknown"):
        u.accept_call(unit, agent(), new_id(NOW), NOW)
    who, call = waiting(unit)
    assert u.end_call(unit, who, call.id, later(1)).state is CallState.ABANDONED
    with pytest.raises(Conflict, match=r"call\.customer_left"):
        u.accept_call(unit, agent(), call.id, later(2))


def test_the_one_who_left_the_waiting_room_may_come_back(unit):
    who, call = waiting(unit)
    u.end_call(unit, who, call.id, later(1))
    back = enter(unit, who, later(60))
    assert (back.id, back.state, back.waiting_since) == (call.id, CallState.WAITING, later(60))
    assert unit.names() == ["call.waiting", "call.ended", "call.waiting"]


def test_hold_and_take_back(unit):
    _, anna, call = running(unit)
    assert u.hold_call(unit, anna, call.id, is_on_hold=True, now=NOW).state is CallState.ON_HOLD
    assert u.hold_call(unit, anna, call.id, is_on_hold=True, now=NOW).state is CallState.ON_HOLD
    assert u.hold_call(unit, anna, call.id, is_on_hold=False, now=NOW).state is CallState.CONNECTED
    assert unit.names() == ["call.changed", "call.changed"]
    with pytest.raises(NotAllowed, match=r"call\.not_yours"):
        u.hold_call(unit, agent("Bram"), call.id, is_on_hold=True, now=NOW)


@pytest.mark.parametrize("is_held", [False, True])
def test_a_drop_comes_back_to_where_it_was(unit, is_held):
    _, anna, call = running(unit)
    u.hold_call(unit, anna, call.id, is_on_hold=is_held, now=NOW)
    lost = u.lose_call(unit, call.id, later(20))
    assert (lost.state, lost.lost_at) == (CallState.RECONNECTING, later(20))
    assert u.lose_call(unit, call.id, later(21)) == lost
    back = u.come_back(unit, call.id, later(22))
    assert (back.state, back.lost_at) == (CallState.ON_HOLD if is_held else CallState.CONNECTED, None)
    assert back.id == call.id


def test_a_drop_before_the_media_ran_comes_back_to_accepted(unit):
    _, call = waiting(unit)
    u.accept_call(unit, agent(), call.id, NOW)
    u.lose_call(unit, call.id, NOW)
    assert u.come_back(unit, call.id, NOW).state is CallState.ACCEPTED


def test_the_grace_time_ends_in_wrap_up_and_the_same_link_rejoins_the_same_call(unit):
    who, anna, call = running(unit)
    u.lose_call(unit, call.id, later(20))
    over = u.expire_call(unit, call.id, later(80))
    assert (over.state, over.ended_by) == (CallState.WRAP_UP, EndedBy.LOSS)
    again = enter(unit, who, later(100))
    assert (again.id, again.state, again.agent_id) == (call.id, CallState.RECONNECTING, anna.id)
    assert unit.cases.get(call.case_id).status is CaseStatus.IN_CALL


def test_a_call_that_was_ended_on_purpose_is_not_rejoined(unit):
    who, anna, call = running(unit)
    u.end_call(unit, anna, call.id, later(60))
    with pytest.raises(Gone, match=r"call\.over"):
        enter(unit, who, later(61))


def test_expiry_of_the_waiting_room(unit):
    who, call = waiting(unit)
    assert u.expire_call(unit, call.id, later(90)).state is CallState.ABANDONED
    assert unit.cases.get(call.case_id).status is CaseStatus.SCHEDULED
    assert enter(unit, who, later(100)).state is CallState.WAITING


def test_hang_up_from_either_side_is_idempotent(unit):
    who, anna, call = running(unit)
    ended = u.end_call(unit, who, call.id, later(60))
    assert (ended.state, ended.ended_by) == (CallState.WRAP_UP, EndedBy.CUSTOMER)
    assert u.end_call(unit, anna, call.id, later(61)) == ended
    assert unit.names() == ["call.ended"]


def test_strangers_learn_nothing(unit):
    _, _, call = running(unit)
    stranger = customer()
    for attempt in (
        lambda: u.end_call(unit, stranger, call.id, NOW),
        lambda: u.get_call(unit, stranger, call.id),
        lambda: u.add_chat(unit, stranger, call.id, message_id=new_id(NOW), text="x", now=NOW),
    ):
        with pytest.raises(NotFound, match=r"call\.unknown"):
            attempt()
    with pytest.raises(NotAllowed, match=r"call\.not_yours"):
        u.end_call(unit, agent("Bram"), call.id, NOW)


def test_wrap_up_files_once(unit):
    _, anna, call = running(unit)
    with pytest.raises(Conflict, match=r"call\.wrong_state"):
        u.wrap_up_call(unit, anna, call.id, disposition=Disposition.FOLLOW_UP, note="", now=NOW)
    u.end_call(unit, anna, call.id, later(60))
    filed = u.wrap_up_call(unit, anna, call.id, disposition=Disposition.FOLLOW_UP, note="belt terug", now=later(90))
    assert (filed.state, filed.disposition, filed.closed_at) == (CallState.ENDED, Disposition.FOLLOW_UP, later(90))
    assert u.wrap_up_call(unit, anna, call.id, disposition=Disposition.FOLLOW_UP, note="belt terug", now=later(91)) == filed
    with pytest.raises(Conflict, match=r"call\.already_filed"):
        u.wrap_up_call(unit, anna, call.id, disposition=Disposition.ADVICE_GIVEN, note="", now=later(92))
    with pytest.raises(NotAllowed, match=r"call\.not_yours"):
        u.wrap_up_call(unit, agent("Bram"), call.id, disposition=Disposition.FOLLOW_UP, note="belt terug", now=later(93))


def test_chat_stands_once_and_ids_cannot_be_stolen(unit):
    who, anna, call = running(unit)
    line = {"message_id": new_id(NOW), "text": "<b>hallo</b>", "now": NOW}
    entry, is_new = u.add_chat(unit, who, call.id, **line)
    assert (entry.sender, entry.text, is_new) == (Side.CUSTOMER, "<b>hallo</b>", True)
    assert u.add_chat(unit, who, call.id, **{**line, "now": later(5)}) == (entry, False)
    with pytest.raises(Conflict, match=r"chat\.id_taken"):
        u.add_chat(unit, anna, call.id, **line)
    assert unit.calls.chat(call.id) == [entry]
    u.end_call(unit, anna, call.id, later(9))
    assert u.add_chat(unit, who, call.id, **line) == (entry, False), "a repeated line is confirmed also after the end"
    with pytest.raises(Conflict, match=r"call\.wrong_state"):
        u.add_chat(unit, who, call.id, message_id=new_id(NOW), text="te laat", now=later(10))


def test_epochs_rise_by_one_and_asking_twice_gives_one(unit):
    _, _, call = running(unit)
    assert u.renew_epoch(unit, call.id, at_most=2, agent="a", customer="c").epoch == 2
    again = u.renew_epoch(unit, call.id, at_most=2, agent="a", customer="c")
    assert (again.epoch, again.agent_connection, again.customer_connection) == (2, "a", "c")
    assert u.renew_epoch(unit, call.id, customer="d").epoch == 3


def test_presence_is_remembered(unit):
    anna = agent()
    chosen = u.choose_presence(unit, anna, Presence.BREAK, NOW)
    assert u.choose_presence(unit, anna, Presence.BREAK, later(5)) == chosen
    assert unit.calls.presence_of(anna.id) == chosen
    with pytest.raises(NotAllowed):
        u.choose_presence(unit, ADMIN, Presence.BREAK, NOW)


@pytest.mark.parametrize(("chosen", "online", "states", "shown"), [
    (None, True, [], Presence.AVAILABLE),
    (Presence.BREAK, True, [], Presence.BREAK),
    (Presence.BREAK, True, [CallState.ON_HOLD], Presence.IN_CALL),
    (Presence.AVAILABLE, True, [CallState.WRAP_UP, CallState.CONNECTED], Presence.IN_CALL),
    (Presence.AVAILABLE, True, [CallState.WRAP_UP, CallState.ENDED], Presence.WRAP_UP),
    (Presence.AVAILABLE, False, [CallState.CONNECTED], Presence.OFFLINE),
])
def test_shown_presence(chosen, online, states, shown):
    assert shown_presence(chosen, is_online=online, states=states) is shown


def test_the_queue_is_fair_and_counts_the_wait(unit):
    calls = []
    for seconds in (30, 10, 20):
        who = customer()
        unit.consent(who)
        calls.append(enter(unit, who, later(seconds)))
    order = queue(unit.calls.calls.values(), later(100))
    assert [(place.call.id, place.place, place.wait_s) for place in order] == [
        (calls[1].id, 1, 90.0), (calls[2].id, 2, 80.0), (calls[0].id, 3, 70.0)]
    taken = u.accept_call(unit, agent(), calls[1].id, later(40))
    assert wait_s(taken, later(1000)) == 30.0
    assert wait_s(calls[0], NOW) == 0.0, "a clock that goes back makes no negative wait"


def test_the_view_says_what_case_and_consent_say(unit):
    who, call = waiting(unit)
    view = call_view(unit, call)
    assert view.case_number == "VD-2026-000001"
    assert set(view.consents) == set(ConsentScope)
    assert view.consent_digest == consent_digest(unit.invitations.consents(who.id)[-1])
    assert view.state is CallState.WAITING


def test_every_refusal_is_documented():
    from videodesk.protocol.chapters import ERRORS

    codes = {"call.already_taken", "call.agent_busy", "call.customer_left", "call.over", "call.unknown", "call.not_yours", "call.already_filed", "chat.id_taken"}
    assert codes <= set(ERRORS)
    assert issubclass(Conflict, DeskError)
