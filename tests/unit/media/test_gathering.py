"""Candidates from many servers: none that is dead holds up or prevents one that works."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest
from aiortc import RTCConfiguration, RTCPeerConnection

from tests.unit.media.fake_servers import FakeServer
from tests.unit.media.fakes import NOTHING, Customer, Listener, camera_track, sound_track, synthetic_engine, until
from videodesk.calls.ports import PeerState
from videodesk.media import gathering
from videodesk.media.gathering import Server, servers_of
from videodesk.media.peer import AiortcPeer
from videodesk.protocol.messages import IceServer, SessionDescription


@contextlib.asynccontextmanager
async def answered(*servers: IceServer) -> AsyncIterator[tuple[AiortcPeer, Listener]]:
    """Our peer, asked by an offer and with its answer made."""
    listener = Listener()
    peer = synthetic_engine().connect(list(servers), NOTHING, listener)
    offering = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    offering.addTransceiver("video")
    await offering.setLocalDescription(await offering.createOffer())
    await peer.take_description(SessionDescription(type="offer", sdp=offering.localDescription.sdp))
    yield peer, listener
    await peer.close()
    await offering.close()


def lines(listener: Listener, kind: str) -> list[str]:
    return [line for line in listener.descriptions[-1].sdp.splitlines() if line.startswith("a=candidate:") and f" typ {kind}" in line]


async def test_a_dead_first_relay_does_not_prevent_the_second() -> None:
    async with FakeServer(is_awake=False) as dead, FakeServer() as alive, answered(dead.as_turn(), alive.as_turn()) as (_, listener):
        assert [" 203.0.113.9 6000 " in line for line in lines(listener, "relay")] == [True]
        assert dead.asked, "the first was asked as well"


async def test_all_relays_are_offered() -> None:
    async with FakeServer(relayed=("203.0.113.9", 1)) as one, FakeServer(relayed=("203.0.113.10", 2)) as two, answered(one.as_turn(), two.as_turn()) as (_, listener):
        assert len(lines(listener, "relay")) == 2
        assert "a=end-of-candidates" in listener.descriptions[-1].sdp


async def test_an_answer_does_not_wait_for_a_silent_stun_server_and_its_late_candidate_is_told() -> None:
    async with FakeServer(is_awake=False) as slow, answered(slow.as_stun()) as (_, listener):
        assert lines(listener, "host")
        assert slow.asked
        assert lines(listener, "srflx") == []
        assert "a=end-of-candidates" not in listener.descriptions[-1].sdp
        slow.wake()
        await until(lambda: listener.candidates, "the late candidate")
        assert " 203.0.113.5 5000 typ srflx" in listener.candidates[0].candidate
        assert listener.candidates[0].sdpMid == "0"
        await until(lambda: listener.candidates[-1].candidate == "", "the end of them")


async def test_a_relay_that_comes_late_is_checked_before_the_call_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakeServer(is_awake=False) as slow:
        listener = Listener()
        peer = synthetic_engine().connect([slow.as_turn()], NOTHING, listener)
        offering = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        offering.addTransceiver("video")
        await offering.setLocalDescription(await offering.createOffer())
        own = [line for line in offering.localDescription.sdp.splitlines(keepends=True) if not line.startswith("a=candidate:")]
        nowhere = "a=candidate:1 1 udp 100 203.0.113.77 9 typ host\r\n"
        sdp = "".join(own).replace("a=end-of-candidates\r\n", f"{nowhere}a=end-of-candidates\r\n")
        assert nowhere in sdp
        await peer.take_description(SessionDescription(type="offer", sdp=sdp))
        (ice,) = peer._connection.ice
        slow.wake()
        await until(lambda: any(pair.local_candidate.type == "relay" for pair in ice._check_list), "a pair with the relay")
        assert PeerState.FAILED not in listener.states
        await peer.close()
        await offering.close()


async def test_the_same_address_twice_is_one_candidate() -> None:
    async with FakeServer() as one, FakeServer() as two, answered(one.as_stun(), two.as_stun()) as (_, listener):
        assert len(lines(listener, "srflx")) == 1


async def test_nobody_to_answer_and_nonsense_are_no_obstacle_to_a_call() -> None:
    async with FakeServer(is_awake=False) as dead:
        listener = Listener()
        nonsense = IceServer(urls=["turn:", "stuns:x", "http://x", "turn:127.0.0.1:0", "turns:127.0.0.1?transport=udp"])
        peer = synthetic_engine().connect([nonsense, dead.as_turn(), dead.as_stun()], NOTHING, listener)
        customer = Customer(camera_track(), sound_track())
        await customer.call(peer, listener)
        await until(lambda: PeerState.CONNECTED in listener.states, "connected")
        assert peer._connection.ice[0].is_still_asking, "the dead ones were still asked when the call ran"
        await peer.close()
        await customer.close()


async def test_the_end_of_a_call_gives_its_relays_back() -> None:
    async with FakeServer() as alive:
        async with answered(alive.as_turn()):
            assert alive.allocated == 1
        assert alive.allocated == 0


async def test_a_relay_that_died_does_not_hold_up_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "GIVE_BACK_S", 0.05)
    async with FakeServer() as server:
        async with answered(server.as_turn()) as (peer, _):
            server.is_awake = False
            relays = [protocol for protocol in peer._connection.ice[0]._protocols if protocol.local_candidate.type == "relay"]
            assert len(relays) == 1
            asked = len(server.asked)
        await until(lambda: len(server.asked) > asked, "the allocation was to be given back")
    assert not [task for task in asyncio.all_tasks() if "TurnTransport" in repr(task)]


def test_addresses_are_read() -> None:
    given = [
        IceServer(urls=["stun:a.example", "stun:a.example:3478", "turn:t.example", "turn:t.example:80?transport=tcp", "turns:t.example"], username="u", credential="p"),
        IceServer(urls=["turns:[2001:db8::1]:443?transport=tcp", "turns:x?transport=udp", "turn:x:99999", "turn:u@x", "ftp:x", ""]),
    ]
    assert servers_of(given) == [
        Server("stun", "a.example", 3478), Server("udp", "t.example", 3478, "u", "p"), Server("tcp", "t.example", 80, "u", "p"),
        Server("tls", "t.example", 5349, "u", "p"), Server("tls", "2001:db8::1", 443)]
    assert len(servers_of([IceServer(urls=[f"turn:h{n}" for n in range(50)])])) == gathering.MAX_SERVERS
