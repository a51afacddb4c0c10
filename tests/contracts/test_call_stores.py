"""One contract for the repository of calls, run on SQLite and on the memory twin; and the race for a waiting call."""

import threading
from dataclasses import replace

import pytest

from tests.unit.calls.desk_of_calls import NOW, a_call, agent, later
from videodesk.calls.model import Call, ChatEntry, ChosenPresence, EndedBy, Side
from videodesk.calls.usecases import accept_call, add_chat
from videodesk.cases.model import Case
from videodesk.core.errors import Conflict
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CallState, CaseKind, CaseStatus, Disposition, Language, Presence


def put(store, *calls):
    with store.write() as uow:
        for call in calls:
            uow.calls.add(call)
    return calls[0]


FULL = a_call(
    state=CallState.ENDED, agent_id=new_id(), agent_name="Ünï <b>", has_camera=False, has_microphone=False, epoch=7, agent_connection="desk",
    customer_connection="page", is_held=True, accepted_at=later(1), connected_at=later(2), lost_at=later(3), ended_at=later(4),
    ended_by=EndedBy.LOSS, disposition=Disposition.FOLLOW_UP, note="x\ny", closed_at=later(5), version=9,
)


@pytest.mark.parametrize("call", [a_call(), FULL], ids=["new", "full"])
def test_what_is_added_is_found_as_it_was(store, call):
    put(store, call)
    with store.read() as uow:
        assert uow.calls.get(call.id) == call
        assert uow.calls.of_invitation(call.invitation_id) == call
        assert uow.calls.get(new_id()) is None
        assert uow.calls.of_invitation(new_id()) is None


def test_one_call_per_invitation(store):
    call = put(store, a_call())
    for twin in (a_call(invitation_id=call.invitation_id), a_call(id=call.id)):
        with store.write() as uow:
            with pytest.raises(Conflict, match=r"call\.exists"):
                uow.calls.add(twin)
            other = a_call()
            uow.calls.add(other)  # a refused row does not spoil the transaction
        with store.read() as uow:
            assert uow.calls.get(other.id) == other
            assert uow.calls.get(call.id) == call


def test_replace_is_conditional(store):
    call = put(store, a_call())
    second = replace(call, version=2, state=CallState.ACCEPTED)
    with store.write() as uow:
        assert uow.calls.replace(second)
        assert not uow.calls.replace(replace(second, state=CallState.ABANDONED)), "made from the first version again"
        assert not uow.calls.replace(replace(a_call(), version=2)), "nothing there to replace"
    with store.read() as uow:
        assert uow.calls.get(call.id) == second


def test_what_is_rolled_back_never_was(store):
    call = put(store, a_call())
    with pytest.raises(RuntimeError), store.write() as uow:
        uow.calls.replace(replace(call, version=2, note="x"))
        raise RuntimeError
    with store.read() as uow:
        assert uow.calls.get(call.id) == call


def test_lists(store):
    anna, bram, case_id = new_id(), new_id(), new_id()

    def call(state: CallState, at: float, **values: object) -> Call:
        return a_call(state=state, waiting_since=later(at), **values)

    late, early = call(CallState.WAITING, 20, case_id=case_id), call(CallState.WAITING, 10)
    hers = [call(state, at, agent_id=anna) for at, state in enumerate(
        (CallState.WRAP_UP, CallState.ACCEPTED, CallState.CONNECTED, CallState.ON_HOLD, CallState.RECONNECTING))]
    his = call(CallState.CONNECTED, 15, agent_id=bram, case_id=case_id)
    over = [call(CallState.ENDED, 1, agent_id=anna, ended_at=later(100)), call(CallState.ABANDONED, 2, ended_at=later(300)),
            call(CallState.ENDED, 3, agent_id=bram, ended_at=later(200), case_id=case_id)]
    put(store, late, early, *hers, his, *over)
    with store.read() as uow:
        assert uow.calls.waiting() == [early, late]
        assert uow.calls.open_of(anna) == hers
        assert uow.calls.open_of(bram) == [his]
        assert uow.calls.live() == [*hers[1:], early, his, late]
        assert uow.calls.of_case(case_id) == [late, his, over[2]]
        assert uow.calls.recent(2) == [over[1], over[2]]
        assert uow.calls.recent(50) == [over[1], over[2], over[0]]


def test_chat_keeps_order_and_stands_once(store):
    call = put(store, a_call(), other := a_call())
    first = ChatEntry(new_id(), call.id, Side.CUSTOMER, "hallo \U0001f44b", later(5))
    second = ChatEntry(new_id(), call.id, Side.AGENT, "dag", later(1))  # a clock that went back does not change the order
    with store.write() as uow:
        assert uow.calls.add_chat(first)
        assert uow.calls.add_chat(second)
        assert not uow.calls.add_chat(replace(first, text="anders"))
        assert uow.calls.add_chat(replace(first, call_id=other.id)), "an id counts within its call"
    with store.read() as uow:
        assert uow.calls.chat(call.id) == [first, second]
        assert uow.calls.chat_line(call.id, second.id) == second
        assert uow.calls.chat_line(other.id, second.id) is None
        assert uow.calls.chat(new_id()) == []


def test_presence_is_replaced(store):
    anna = new_id()
    with store.write() as uow:
        assert uow.calls.presence_of(anna) is None
        uow.calls.save_presence(ChosenPresence(anna, Presence.BUSY, NOW))
        uow.calls.save_presence(ChosenPresence(anna, Presence.BREAK, later(5)))
    with store.read() as uow:
        assert uow.calls.presence_of(anna) == ChosenPresence(anna, Presence.BREAK, later(5))


def waiting_calls(store, count):
    case = Case(new_id(), "VD-2026-000001", CaseKind.PARCEL, CaseStatus.NEW, Language.NL, new_id(), NOW, NOW)
    calls = [a_call(case_id=case.id) for _ in range(count)]
    with store.write() as uow:
        uow.cases.add(case)
        for call in calls:
            uow.calls.add(call)
    return calls


def race(store, call, agents):
    """All agents accept at once, in threads; the answers in the agents' order."""
    answers = [None] * len(agents)
    start = threading.Barrier(len(agents))

    def take(index):
        start.wait()
        try:
            with store.write() as uow:
                answers[index] = accept_call(uow, agents[index], call.id, NOW).agent_id
        except Conflict as refused:
            answers[index] = refused.code

    threads = [threading.Thread(target=take, args=(index,)) for index in range(len(agents))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def test_exactly_one_agent_wins_fifty_rounds(store):
    events = []
    store._bus.subscribe(events.append)
    for round_number, call in enumerate(waiting_calls(store, 50)):
        agents = [agent(f"agent {index}") for index in range(2 + round_number * 18 // 49)]
        answers = race(store, call, agents)
        winners = [answer for answer in answers if answer != "call.already_taken"]
        assert len(winners) == 1, answers
        with store.read() as uow:
            stored = uow.calls.get(call.id)
        assert stored.agent_id == winners[0] == agents[answers.index(winners[0])].id
        assert (stored.state, stored.epoch) == (CallState.ACCEPTED, 1)


def test_the_same_line_from_many_threads_stands_once(store):
    call = waiting_calls(store, 1)[0]
    anna = agent()
    with store.write() as uow:
        accept_call(uow, anna, call.id, NOW)
    message_id, news, start = new_id(), [], threading.Barrier(8)

    def say():
        start.wait()
        with store.write() as uow:
            news.append(add_chat(uow, anna, call.id, message_id=message_id, text="hallo", now=NOW)[1])

    threads = [threading.Thread(target=say) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(news) == [False] * 7 + [True]
    with store.read() as uow:
        assert len(uow.calls.chat(call.id)) == 1
