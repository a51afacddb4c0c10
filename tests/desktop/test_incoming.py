"""The incoming banner: who waits, exactly once, put off, taken by someone else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.desktop.fake_call import ANNA, NOW, FakeCallApi, call_view
from tests.desktop.fakes import make_context
from videodesk.core.clock import HandClock
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CallState, Presence
from videodesk.desktop.context import Session
from videodesk.desktop.presenters.incoming import IncomingPresenter
from videodesk.desktop.tasks import ImmediateTasks
from videodesk.desktop.views.incoming import make_banner
from videodesk.protocol import messages as m


def waiting(name: str = "Fatima", **changes) -> m.CallView:
    return call_view(CallState.WAITING, id=new_id(NOW), customer_name=name, agent_id=None, agent_name="", accepted_at=None, **changes)


@pytest.fixture
def made():
    opened, news = [], []
    presenter = IncomingPresenter(FakeCallApi(), ImmediateTasks(), HandClock(NOW + timedelta(seconds=75)), my_id=ANNA.id,
                                  open_call=opened.append, news=lambda call: news.append(call.id))
    presenter.opened, presenter.heard = opened, news
    return presenter


def changed(presenter, call, **changes) -> None:
    presenter.handle(m.CallChanged(seq=1, call=call.model_copy(update=changes)))


def test_the_longest_wait_comes_first_and_each_is_news_once(made):
    late, early = waiting("Bo"), waiting("Al", waiting_since=NOW - timedelta(minutes=1))
    for call in (late, early, late):
        changed(made, call)
    assert [call.customer_name for call in made.state.shown] == ["Al", "Bo"]
    assert made.heard == [late.id, early.id]
    made.accept()
    assert made.opened == [early.id]


def test_taken_by_someone_else_is_said_by_oneself_is_not(made):
    first, second = waiting(), waiting()
    changed(made, first)
    changed(made, first, state=CallState.ACCEPTED, agent_id=new_id(), agent_name="Bram")
    assert made.state.taken.agent_name == "Bram"
    assert made.state.shown == ()
    changed(made, second)
    assert made.state.taken is None
    changed(made, second, state=CallState.ACCEPTED, agent_id=ANNA.id)
    assert made.state.my_calls == {second.id}
    assert (made.state.taken, made.state.shown) == (None, ())


def test_the_customer_leaves_and_comes_back(made):
    call = waiting()
    changed(made, call)
    changed(made, call, state=CallState.ABANDONED)
    assert made.state.left.id == call.id
    changed(made, call)
    assert (made.state.left, len(made.state.shown), len(made.heard)) == (None, 1, 2)


def test_put_off_is_quiet_until_someone_else_comes_and_busy_does_not_ring(made):
    changed(made, waiting())
    assert made.state.rings
    made.put_off()
    assert not made.state.rings
    changed(made, waiting())
    assert len(made.state.shown) == 1
    made.handle(m.PresenceChanged(seq=2, person_id=ANNA.id, display_name="Anna", presence=Presence.BUSY, since=NOW))
    assert not made.state.rings
    assert made.state.shown


def test_a_conversation_is_not_disturbed(made):
    mine, other = waiting(), waiting()
    changed(made, mine, state=CallState.CONNECTED, agent_id=ANNA.id)
    changed(made, other)
    assert (made.state.shown, made.state.rings) == ((), False)
    changed(made, mine, state=CallState.WRAP_UP, agent_id=ANNA.id)
    assert made.state.shown == ()
    changed(made, mine, state=CallState.ENDED, agent_id=ANNA.id)
    assert [call.id for call in made.state.shown] == [other.id]


def test_after_a_drop_welcome_is_the_truth(made):
    gone, stays = waiting(), waiting()
    changed(made, gone)
    changed(made, stays)
    made.handle(m.Welcome(seq=1, protocol=1, is_resumed=False, me="agent", my_id=ANNA.id, calls=[stays], server_time=NOW))
    assert [call.id for call in made.state.shown] == [stays.id]


def test_the_banner_shows_a_hostile_name_as_it_stands_and_opens_the_call(qapp):
    context = make_context()
    context.api, context.session = FakeCallApi(), Session(ANNA, "t" * 32)
    banner = make_banner(context)
    assert banner.isHidden()
    call = waiting("<img src=/dev/zero>")
    banner.handle(m.CallChanged(seq=1, call=call))
    assert not banner.isHidden()
    assert banner.title.text() == "<img src=/dev/zero> is waiting for a call"
    banner.take.click()
    assert context.navigation.opened == [("call", {"call_id": call.id})]
    banner.later.click()
    assert banner.isHidden()
    banner.shut()
