"""Packets of people who were not invited: they reach nothing, and the call goes on."""

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator

import pytest
from aioice import stun
from OpenSSL import SSL

from tests.unit.media.fakes import NOTHING, Customer, Listener, sound_track, synthetic_engine, until
from tests.unit.media.test_peer import Sending, camera_track
from videodesk.calls.ports import PeerState
from videodesk.media.gathering import GuardedProtocol
from videodesk.media.peer import AiortcPeer


def client_hello() -> bytes:
    """The first flight of a real DTLS client."""
    connection = SSL.Connection(SSL.Context(SSL.DTLS_METHOD))
    connection.set_connect_state()
    with contextlib.suppress(SSL.WantReadError):
        connection.do_handshake()
    return connection.bio_read(2000)


def alert() -> bytes:
    """A fatal DTLS alert (handshake_failure) of epoch 0, which nobody has to sign."""
    return bytes([21, 254, 253]) + bytes(8) + bytes([0, 2, 2, 40])


JUNK = [
    client_hello(), alert(), bytes([128, 96]) + os.urandom(200), bytes([129, 200]) + os.urandom(60), bytes([2]) + os.urandom(90),
    bytes([20]), bytes([255]) * 50, b"\x00\x01\x00\x00!\x12\xa4B" + os.urandom(11), b"",
]


class Stranger:
    """Sends junk to every address of the answer, until stopped."""

    def __init__(self, sdp: str) -> None:
        self.targets = [(fields[4], int(fields[5])) for line in sdp.splitlines() if line.startswith("a=candidate:") and (fields := line.split())]
        self.sockets = {family: socket.socket(family, socket.SOCK_DGRAM) for family in (socket.AF_INET, socket.AF_INET6)}
        for one in self.sockets.values():
            one.setblocking(False)
        self.sent = 0
        self._task = asyncio.create_task(self._run())

    def burst(self) -> None:
        for data in JUNK:
            for host, port in self.targets:
                with contextlib.suppress(OSError):
                    self.sockets[socket.AF_INET6 if ":" in host else socket.AF_INET].sendto(data, (host, port))
                    self.sent += 1

    async def _run(self) -> None:
        while True:
            self.burst()
            await asyncio.sleep(0.003)

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        for one in self.sockets.values():
            one.close()


@contextlib.asynccontextmanager
async def under_fire() -> AsyncIterator[tuple[AiortcPeer, Listener, Stranger]]:
    """A call whose stranger is there from the answer on, before any check."""
    listener = Listener()
    strangers: list[Stranger] = []
    made = listener.description_made

    def description_made(description) -> None:
        made(description)
        strangers.append(Stranger(description.sdp))
        strangers[0].burst()

    listener.description_made = description_made
    peer = synthetic_engine().connect([], NOTHING, listener)
    track = camera_track()
    sending = Sending(track)
    customer = Customer(track, sound_track())
    await customer.call(peer, listener)
    yield peer, listener, strangers[0]
    await strangers[0].stop()
    await peer.close()
    await sending.stop()
    await customer.close()


async def test_a_strangers_flood_neither_prevents_nor_ends_the_call() -> None:
    async with under_fire() as (peer, listener, stranger):
        await until(lambda: PeerState.CONNECTED in listener.states or PeerState.FAILED in listener.states, "the handshake's end")
        assert listener.states[-1] is PeerState.CONNECTED
        await until(lambda: peer.inbox.video.frames > 20, "pictures")
        assert stranger.sent > 100
        assert peer._connection.ice[0].refused > 20
        assert set(listener.states) <= {PeerState.CONNECTING, PeerState.CONNECTED}
        assert listener.problems == []


@pytest.fixture
async def guarded():
    class Receiver:
        refused = 0

        def __init__(self) -> None:
            self.taken: list[bytes] = []
            self.asked: list[stun.Message] = []

        def data_received(self, data, component) -> None:
            self.taken.append(data)

        def request_received(self, message, addr, protocol) -> None:
            self.asked.append(message)

    receiver = Receiver()
    protocol = GuardedProtocol(receiver)
    protocol.local_candidate = type("Local", (), {"component": 1})()
    return protocol, receiver


async def test_only_a_checked_address_is_listened_to(guarded) -> None:
    protocol, receiver = guarded
    protocol.peers.add(("192.0.2.7", 4000))
    hello = client_hello()
    for stranger in (("192.0.2.7", 4001), ("192.0.2.8", 4000), ("192.0.2.8", 1)):
        protocol.datagram_received(hello, stranger)
    assert (receiver.taken, receiver.refused) == ([], 3)
    protocol.datagram_received(hello, ("192.0.2.7", 4000))
    protocol.datagram_received(hello, ("192.0.2.7", 4000, 0, 3))
    assert receiver.taken == [hello, hello]


async def test_a_check_is_taken_from_anyone_because_ice_must(guarded) -> None:
    protocol, receiver = guarded
    protocol.datagram_received(bytes(stun.Message(stun.Method.BINDING, stun.Class.REQUEST)), ("203.0.113.1", 9))
    assert len(receiver.asked) == 1


async def test_a_check_with_a_wrong_password_opens_nothing() -> None:
    async with under_fire() as (peer, listener, stranger):
        await until(lambda: peer.inbox.video.frames > 0, "pictures")
        (ice,) = peer._connection.ice
        await stranger.stop()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knocking:
            knocking.setblocking(False)
            knocking.bind(("0.0.0.0", 0))
            request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
            request.attributes["USERNAME"] = f"{ice.local_username}:{ice.remote_username}"
            request.attributes["PRIORITY"] = 1
            request.add_message_integrity(b"not the password")
            target = next(target for target in stranger.targets if ":" not in target[0])
            knocking.sendto(bytes(request), target)
            answer = await asyncio.wait_for(asyncio.get_running_loop().sock_recv(knocking, 2000), 10)
            assert stun.parse_message(answer).attributes["ERROR-CODE"][0] == 401
            port = knocking.getsockname()[1]
            refused = ice.refused
            knocking.sendto(client_hello(), target)
            await until(lambda: ice.refused > refused, "the hello is refused")
        known = {address for protocol in ice._protocols for address in protocol.peers}
        assert known
        assert port not in {address[1] for address in known}
        assert listener.states[-1] is PeerState.CONNECTED
