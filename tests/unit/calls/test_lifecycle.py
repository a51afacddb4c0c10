"""The table of the call's life, walked."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.calls.desk_of_calls import NOW, a_call
from videodesk.calls import lifecycle
from videodesk.calls.lifecycle import LIVE, OPEN, OVER, TALKING, TRANSITIONS, CallEvent, next_state, target_of
from videodesk.calls.model import EndedBy
from videodesk.core.errors import Conflict
from videodesk.core.vocabulary import CallState

variants = st.builds(
    lambda state, held, connected, ended: a_call(state=state, is_held=held, connected_at=NOW if connected else None, ended_by=ended),
    st.sampled_from(CallState), st.booleans(), st.booleans(), st.sampled_from([None, *EndedBy]),
)


@given(variants, st.sampled_from(CallEvent))
def test_exactly_one_row_or_none_fits(call, event):
    rows = [row for row in TRANSITIONS if row.source is call.state and row.event is event and (row.guard is None or row.guard(call))]
    assert len(rows) <= 1
    if rows:
        assert next_state(call, event) is rows[0].target
    else:
        with pytest.raises(Conflict) as refused:
            next_state(call, event)
        assert refused.value.code == "call.wrong_state"


@given(st.lists(st.sampled_from(CallEvent), max_size=60))
def test_every_walk_ends_where_it_can_be_ended(events):
    call = a_call()
    for event in events:
        target = target_of(call, event)
        if target is None:
            continue
        call = replace(
            call, state=target,
            is_held=event is CallEvent.HOLD or (call.is_held and event is not CallEvent.TAKE_BACK),
            connected_at=NOW if event is CallEvent.CONNECT else call.connected_at,
            ended_by=EndedBy.LOSS if event is CallEvent.EXPIRE else EndedBy.AGENT if event is CallEvent.END else None,
        )
    ways = {CallState.WAITING: CallEvent.LEAVE, CallState.WRAP_UP: CallEvent.FILE, **dict.fromkeys(TALKING, CallEvent.END)}
    while call.state not in OVER:
        call = replace(call, state=next_state(call, ways[call.state]))


def test_every_state_is_reached_and_every_event_used():
    assert {row.target for row in TRANSITIONS} | {row.source for row in TRANSITIONS} == set(CallState)
    assert {row.event for row in TRANSITIONS} == set(CallEvent) == set(lifecycle.EVENT_MEANINGS)


def test_the_groups_of_states():
    assert TALKING < LIVE
    assert TALKING < OPEN
    assert set(CallState) == LIVE | OPEN | OVER
    assert not OVER & (LIVE | OPEN)


def test_nothing_leads_out_of_ended():
    assert not [row for row in TRANSITIONS if row.source is CallState.ENDED]
