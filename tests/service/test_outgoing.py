"""The replay buffer: nothing lost, nothing twice, never unbounded."""

import asyncio
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from videodesk.protocol.messages import Pong, Refused
from videodesk.service.outgoing import MAX_KEPT, MAX_KEPT_BYTES, MAX_LOOSE, Finished, Outgoing, TooSlow


def said(number):
    return Refused(seq=0, code=f"m{number}")


async def drain(outgoing):
    outgoing.finish()
    texts = []
    try:
        while True:
            texts.append(json.loads(await outgoing.take()))
    except Finished:
        return texts


@given(st.integers(1, 2**40), st.lists(st.one_of(st.integers(1, 20), st.just("cut")), max_size=40), st.data())
def test_over_any_cuts_every_message_comes_once_in_order(first, script, data):
    async def run():
        outgoing, handled, got, put = Outgoing(first), first, [], 0
        for step in script:
            if step == "cut":
                # The peer handled what came, or less: what was on the way is lost with the line.
                handled = data.draw(st.integers(handled, first + len(got)))
                got = got[:handled - first]
                assert outgoing.can_resume(handled)
                outgoing.resume(handled)
                continue
            for _ in range(step):
                put += 1
                outgoing.put(said(put))
            for _ in range(data.draw(st.integers(0, outgoing.last - outgoing.given))):
                got.append(json.loads(await outgoing.take()))
        got += await drain(outgoing)
        assert [message["seq"] for message in got] == list(range(first + 1, first + put + 1))
        assert [message["code"] for message in got] == [f"m{number}" for number in range(1, put + 1)]

    if sum(step for step in script if step != "cut") <= MAX_KEPT:
        asyncio.run(run())


async def test_a_peer_that_takes_nothing_is_too_slow_and_costs_little():
    outgoing = Outgoing()
    for number in range(MAX_KEPT + 10):
        outgoing.put(said(number))
    assert not outgoing.can_resume(1)
    assert outgoing.can_resume(outgoing.last)
    with pytest.raises(TooSlow):
        await outgoing.take()


async def test_large_messages_are_bounded_by_their_size():
    outgoing = Outgoing()
    for _ in range(100):
        outgoing.put(Refused(seq=0, code="x" * 100_000))
    assert outgoing._kept_chars <= MAX_KEPT_BYTES


async def test_a_number_of_another_numbering_is_not_resumed():
    outgoing = Outgoing(41)
    outgoing.put(said(1))
    assert not outgoing.can_resume(40)
    assert outgoing.can_resume(41)
    assert not outgoing.can_resume(43)


async def test_pings_are_not_kept():
    outgoing = Outgoing()
    for number in range(MAX_LOOSE + 5):
        outgoing.put_loose(Pong(n=number))
    assert json.loads(await outgoing.take())["n"] == 5
    outgoing.resume(1)
    assert await drain(outgoing) == []
