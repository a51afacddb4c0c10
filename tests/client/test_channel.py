"""The channel against a real WebSocket server on loopback: hello, order, resume, drops, refusals, bounds."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime

import pytest
from websockets.asyncio.server import ServerConnection, serve

from videodesk.client.channel import QUEUE_LENGTH, Channel, ChannelState, ChannelTimes
from videodesk.core.errors import Conflict, NotSignedIn, WorldError
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import Presence
from videodesk.protocol import messages as m

NOW = datetime(2026, 1, 5, 9, tzinfo=UTC)
ME, TOKEN = new_id(), "t" * 32
QUICK = ChannelTimes(connect_s=2, ping_s=0.05, lost_s=0.5, backoff_first_s=0.005, backoff_most_s=0.02)


class Listener:
    """Remembers, and lets a test wait for a condition."""

    def __init__(self) -> None:
        self.states: list[tuple[ChannelState, str | None]] = []
        self.messages: list = []
        self._changed = asyncio.Event()

    def channel_changed(self, state, why) -> None:
        self.states.append((state, why.code if why else None))
        self._changed.set()

    def message_received(self, message) -> None:
        self.messages.append(message)
        self._changed.set()

    async def until(self, condition) -> None:
        async with asyncio.timeout(60):
            while not condition():
                self._changed.clear()
                await self._changed.wait()

    def names(self):
        return [message.name for message in self.messages if isinstance(message, m.Happened)]


class Service:
    """A service that plays a script for each connection."""

    def __init__(self) -> None:
        self.hellos: list[dict] = []
        self.heard: list[dict] = []
        self.scripts: list = []
        self.socket: ServerConnection | None = None

    async def serve(self, socket: ServerConnection) -> None:
        self.socket = socket
        self.hellos.append(json.loads(await socket.recv()))
        script = self.scripts.pop(0) if self.scripts else welcome_and_stay
        await script(self, socket)
        async for text in socket:
            self.heard.append(json.loads(text))
            if self.heard[-1]["type"] == "ping":
                await socket.send(m.Pong(n=self.heard[-1]["n"]).model_dump_json())

    async def until_heard(self, kind: str, count: int = 1) -> list[dict]:
        async with asyncio.timeout(60):
            while len(found := [message for message in self.heard if message["type"] == kind]) < count:
                await asyncio.sleep(0.005)
        return found


def welcome(seq: int, *, is_resumed: bool = False) -> str:
    return m.Welcome(seq=seq, protocol=1, is_resumed=is_resumed, me="agent", my_id=ME, server_time=NOW).model_dump_json()


def happened(seq: int, name: str) -> str:
    return m.Happened(seq=seq, name=name, at=NOW).model_dump_json()


async def welcome_and_stay(_service, socket) -> None:
    await socket.send(welcome(1))


@pytest.fixture
async def service():
    made = Service()
    async with serve(made.serve, "127.0.0.1", 0) as server:
        made.port = server.sockets[0].getsockname()[1]
        made.url = f"http://127.0.0.1:{made.port}"
        yield made


@pytest.fixture
async def joined(service):
    listener = Listener()
    channel = Channel(service.url, listener, times=QUICK, chance=lambda: 0.0)
    yield service, channel, listener
    await channel.stop()


async def test_hello_welcome_and_messages_in_order(joined):
    service, channel, listener = joined

    async def script(_service, socket):
        for text in (welcome(1), happened(2, "a"), happened(3, "b")):
            await socket.send(text)

    service.scripts = [script]
    channel.send(m.SetPresence(presence=Presence.AVAILABLE))  # before there is a connection: kept
    channel.start(TOKEN)
    await listener.until(lambda: listener.names() == ["a", "b"])
    assert service.hellos[0]["token"] == TOKEN
    assert service.hellos[0]["resume_from"] is None
    assert channel.state is ChannelState.ONLINE
    assert (await service.until_heard("presence.set"))[0]["presence"] == "available"
    await service.until_heard("ping", 2)


async def test_after_a_drop_it_resumes_and_nothing_comes_twice(joined):
    service, channel, listener = joined

    async def first(_service, socket):
        for text in (welcome(1), happened(2, "a"), happened(3, "b")):
            await socket.send(text)
        socket.transport.abort()

    async def second(_service, socket):
        for text in (welcome(6, is_resumed=True), happened(3, "b"), happened(4, "c"), happened(5, "d"), happened(7, "e")):
            await socket.send(text)

    service.scripts = [first, second]
    channel.start(TOKEN)
    await listener.until(lambda: "e" in listener.names())
    assert listener.names() == ["a", "b", "c", "d", "e"]
    assert [hello["resume_from"] for hello in service.hellos] == [None, 3]
    assert len({hello["connection"] for hello in service.hellos}) == 1
    assert (ChannelState.CONNECTING, "service.offline") in listener.states


async def test_a_service_that_forgot_us_starts_the_count_anew(joined):
    service, channel, listener = joined

    async def first(_service, socket):
        await socket.send(welcome(40))
        await socket.send(happened(41, "a"))
        await socket.close(1012)

    async def second(_service, socket):
        await socket.send(welcome(1))
        await socket.send(happened(2, "b"))

    service.scripts = [first, second]
    channel.start(TOKEN)
    await listener.until(lambda: listener.names() == ["a", "b"])


@pytest.mark.parametrize(("code", "kind"), [(m.CLOSE_NOT_SIGNED_IN, NotSignedIn("session.expired")), (m.CLOSE_REPLACED, Conflict("channel.replaced"))])
async def test_refused_for_good_it_stays_away_and_says_why(joined, code, kind):
    service, channel, listener = joined

    async def script(_service, socket):
        await socket.close(code)

    service.scripts = [script]
    channel.start(TOKEN)
    await listener.until(lambda: listener.states and listener.states[-1][0] is ChannelState.OFFLINE)
    assert listener.states[-1] == (ChannelState.OFFLINE, kind.code)
    await channel._task
    assert len(service.hellos) == 1


async def test_a_silent_connection_counts_as_lost(joined):
    service, channel, listener = joined

    async def silent(_service, socket):
        await socket.send(welcome(1))
        async for _ in socket:  # hears, says nothing
            pass

    service.scripts = [silent]
    channel.start(TOKEN)
    await listener.until(lambda: len(service.hellos) == 2 and channel.state is ChannelState.ONLINE)


async def test_nonsense_of_the_service_is_passed_over(joined):
    service, channel, listener = joined

    async def script(_service, socket):
        for text in (welcome(1), "no json", '{"type": "of the future", "seq": 2}', '{"type": "event"}', happened(3, "a")):
            await socket.send(text)

    service.scripts = [script]
    channel.start(TOKEN)
    await listener.until(lambda: listener.names() == ["a"])
    assert len(service.hellos) == 1


async def test_nobody_there_then_somebody(service):
    listener = Listener()
    closed = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    port = closed.sockets[0].getsockname()[1]
    closed.close()
    await closed.wait_closed()
    channel = Channel(f"http://127.0.0.1:{port}", listener, times=QUICK, chance=lambda: 0.0)
    channel.start(TOKEN)
    await listener.until(lambda: len([why for _, why in listener.states if why == "service.offline"]) >= 3)
    async with serve(service.serve, "127.0.0.1", port):
        await listener.until(lambda: channel.state is ChannelState.ONLINE)
        await channel.stop()
    assert listener.states[-1] == (ChannelState.OFFLINE, None)


async def test_the_queue_is_bounded_and_keeps_its_order(joined):
    service, channel, listener = joined
    call = new_id()
    for n in range(QUEUE_LENGTH):
        channel.send(m.ChatSend(call_id=call, message_id=new_id(), text=str(n)))
    with pytest.raises(WorldError, match=r"channel\.queue_full"):
        channel.send(m.LeaveCall(call_id=call))
    channel.start(TOKEN)
    await listener.until(lambda: channel.state is ChannelState.ONLINE)
    said = await service.until_heard("chat.send", QUEUE_LENGTH)
    assert [message["text"] for message in said] == [str(n) for n in range(QUEUE_LENGTH)]


async def test_sending_from_another_thread(joined):
    service, channel, listener = joined
    channel.start(TOKEN)
    await listener.until(lambda: channel.state is ChannelState.ONLINE)
    await asyncio.to_thread(channel.send, m.LeaveCall(call_id=new_id()))
    await service.until_heard("call.leave")
