"""What no peer should send: the service answers, closes, or takes no notice; it never breaks, and the next call is clean."""

import asyncio
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.service.calling import Peer, RunningService
from tests.service.test_calls_live import connected, two_sides
from videodesk.core.ids import new_id
from videodesk.protocol import messages as m
from videodesk.service.hub import Times
from videodesk.service.signaling import BURST, MAX_BAD


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    running = RunningService(tmp_path_factory.mktemp("desk"), Times(hello_s=0.5, ping_s=0.2, silence_s=1.0, tick_s=0.05))
    yield running
    running.stop()


@pytest.fixture
def no_bug(caplog):
    """Our own mistakes are logged; here there may be none."""
    yield
    assert not [record for record in caplog.records if "bug" in record.getMessage() or record.exc_info], caplog.text


async def a_clean_call_works(service):
    async with two_sides(service) as (desktop, page):
        await connected(service, desktop, page)


class Stranger(Peer):
    """Somebody at the door."""

    async def __aenter__(self):
        await self.open()
        return self


async def test_silence_at_the_door(service, no_bug):
    async with Stranger(service, "customer", "") as peer:
        assert await peer.closed() == m.CLOSE_TOO_SLOW


@pytest.mark.parametrize(("said", "code", "close"), [
    ("no json", "protocol.not_json", m.CLOSE_BAD_MESSAGE),
    (b"\x00\xff", "protocol.not_text", m.CLOSE_BAD_MESSAGE),
    ("[]", "protocol.no_type", m.CLOSE_BAD_MESSAGE),
    ({"type": "ping", "n": 1}, "protocol.hello_first", m.CLOSE_BAD_MESSAGE),
    ({"type": "hello", "protocol": 99, "token": "t" * 43, "connection": "12345678"}, "protocol.version", m.CLOSE_BAD_MESSAGE),
    ({"type": "hello", "protocol": 1, "token": "t" * 43, "connection": "12345678"}, "session.unknown", m.CLOSE_NOT_SIGNED_IN),
    ({"type": "hello", "protocol": 1, "token": "' OR 1=1; --       ", "connection": "12345678"}, "session.unknown", m.CLOSE_NOT_SIGNED_IN),
])
@pytest.mark.parametrize("door", ["agent", "customer"])
async def test_a_wrong_hello_is_told_and_closed(service, no_bug, door, said, code, close):
    async with Stranger(service, door, "") as peer:
        await peer.send(said)
        assert (await peer.until("error")).code == code
        assert await peer.closed() == close


async def test_the_wrong_door(service, no_bug):
    agent_token, _ = service.person(f"agent-{new_id()}")
    page_token, _ = service.customer()
    for door, token in (("customer", agent_token), ("agent", page_token)):
        async with Stranger(service, door, token) as peer:
            await peer.send({"type": "hello", "protocol": 1, "token": token, "connection": "12345678"})
            assert (await peer.until("error")).code == "protocol.wrong_door"
            assert await peer.closed() == m.CLOSE_NOT_ALLOWED


async def test_a_message_too_large(service, no_bug):
    token, _ = service.customer()
    async with Peer(service, "customer", token) as peer:
        await peer.send("x" * (m.MAX_MESSAGE_BYTES + 1))
        assert await peer.closed() == m.CLOSE_TOO_LARGE
        await peer.come()
        await peer.send("\N{PILE OF POO}" * (m.MAX_MESSAGE_BYTES // 4 + 1))
        assert await peer.closed() == m.CLOSE_TOO_LARGE


async def test_nonsense_is_borne_for_a_while(service, no_bug):
    token, _ = service.customer()
    async with Peer(service, "customer", token) as peer:
        for _ in range(MAX_BAD - 1):
            await peer.send("{")
            assert (await peer.until("error")).code == "protocol.not_json"
        await peer.round_trip()
        await peer.send("{")
        assert (await peer.until("error")).code == "protocol.not_json"
        assert await peer.closed() == m.CLOSE_BAD_MESSAGE
        assert (await peer.come()).is_resumed, "a new connection is a new chance"
        await peer.round_trip()


async def test_a_flood_is_dropped_and_then_closed(service, no_bug):
    token, _ = service.customer()
    async with Peer(service, "customer", token) as peer:
        with_many = json.dumps({"type": "call.leave", "call_id": new_id()})
        try:
            for _ in range(int(BURST) * 5):
                await peer.send(with_many)
        except Exception:
            assert peer.close_code is not None or peer.socket.close_code is not None
        assert await peer.closed() == m.CLOSE_RATE_LIMITED
        assert any(message.type == "error" and message.code == "protocol.too_fast" for message in peer.seen)
    await a_clean_call_works(service)


async def test_a_silent_peer_is_let_go(service, no_bug):
    token, _ = service.customer()
    peer = Peer(service, "customer", token)
    await peer.open()
    peer._task.cancel()  # it reads nothing and answers nothing
    await peer.send({"type": "hello", "protocol": 1, "token": token, "connection": peer.connection})
    async with asyncio.timeout(60):
        await peer.socket.wait_closed()
    assert peer.socket.close_code == m.CLOSE_TOO_SLOW
    await peer.cut()


async def test_second_hello_is_refused_and_the_conversation_goes_on(service, no_bug):
    token, _ = service.customer()
    async with Peer(service, "customer", token) as peer:
        await peer.send({"type": "hello", "protocol": 1, "token": token, "connection": peer.connection})
        assert (await peer.until("error")).code == "protocol.hello_again"
        await peer.round_trip()


async def test_absurd_resume_numbers(service, no_bug):
    token, _ = service.customer()
    peer = Peer(service, "customer", token)
    for number in (0, 1, 17, 2**31, 2**52):
        peer.handled = None
        welcome = await peer.come(resume_from=number)
        assert not welcome.is_resumed or number == 1
        assert welcome.seq >= 1
        await peer.cut()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30), lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4), max_leaves=15)
call_ids = st.sampled_from(["CALL", new_id(), "../../etc/passwd", "", "' OR 1=1 --"])
plausible = st.one_of(
    st.fixed_dictionaries({"type": st.just("signal"), "call_id": call_ids, "epoch": st.integers(-1, 5)}, optional={
        "description": st.fixed_dictionaries({"type": st.sampled_from(["offer", "answer", "x"]), "sdp": st.text(max_size=50)}),
        "candidate": st.fixed_dictionaries({"candidate": st.text(max_size=50)}), "restart": st.booleans()}),
    st.fixed_dictionaries({"type": st.just("state.mine"), "call_id": call_ids, "state": st.fixed_dictionaries({}, optional={
        "is_connected": st.booleans(), "video_muted": st.booleans(), "facing": st.sampled_from(["user", "x"]), "width_px": st.integers(-5, 20000)})}),
    st.fixed_dictionaries({"type": st.just("chat.send"), "call_id": call_ids, "message_id": st.sampled_from([new_id(), new_id(), "x"]), "text": st.text(max_size=50)}),
    st.fixed_dictionaries({"type": st.just("waiting.enter"), "has_camera": st.booleans(), "has_microphone": st.booleans()}),
    st.fixed_dictionaries({"type": st.just("call.hold"), "call_id": call_ids, "is_on_hold": st.booleans()}),
    st.fixed_dictionaries({"type": st.just("page.ask"), "call_id": call_ids, "ask": st.sampled_from(["torch_on", "picture_taken", "x"])}),
    st.fixed_dictionaries({"type": st.just("presence.set"), "presence": st.sampled_from(["available", "break", "in_call", "x"])}),
    st.fixed_dictionaries({"type": st.just("ping"), "n": st.integers()}),
    st.fixed_dictionaries({"type": st.just("hello"), "protocol": st.integers(), "token": st.text(max_size=50), "connection": st.text(max_size=20)}),
)
mutated = st.builds(lambda message, key, value: {**message, key: value}, plausible, st.sampled_from(["type", "call_id", "epoch", "n", "extra", "text"]), json_values)
frames = st.one_of(
    plausible.map(json.dumps), plausible.map(json.dumps), mutated.map(json.dumps), json_values.map(json.dumps), st.text(max_size=60), st.binary(max_size=60),
    st.builds(lambda message, at: json.dumps(message)[:at], plausible, st.integers(0, 60)),
)


async def _bombard(service, sides):
    async with two_sides(service) as (desktop, page):
        call_id = await connected(service, desktop, page)
        peers = {True: desktop, False: page}
        for is_desktop, frame in sides:
            peer = peers[is_desktop]
            if peer.socket.close_code is not None or peer._task.done():
                await peer.come()
            await peer.send(frame.replace("CALL", call_id) if isinstance(frame, str) else frame)
        for peer in peers.values():
            try:
                await peer.round_trip()
            except (AssertionError, Exception):
                assert peer.close_code in {m.CLOSE_BAD_MESSAGE, m.CLOSE_RATE_LIMITED, m.CLOSE_TOO_LARGE}
        assert not [message for message in desktop.seen + page.seen if message.type == "error" and message.code == "service.bug"]
        if service.call(call_id).state.value not in {"wrap_up", "ended"}:
            service.post(desktop.token, f"/calls/{call_id}/end")


@given(st.lists(st.tuples(st.booleans(), frames), max_size=25))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_anything_may_be_sent_in_a_call(service, no_bug, sides):
    asyncio.run(_bombard(service, sides))


def test_and_a_clean_call_still_works(service, no_bug):
    asyncio.run(a_clean_call_works(service))


async def test_a_peer_that_does_not_read_is_dropped_while_the_others_go_on(service, no_bug):
    agent_token, _ = service.person(f"agent-{new_id()}")
    deaf = Peer(service, "agent", agent_token)
    await deaf.come()
    deaf._task.cancel()
    deaf.socket.transport.pause_reading()
    hub = service.hub
    big = m.Refused(seq=0, code="x" * 60_000)

    def flood():
        peer = next(peer for peer in hub.switchboard if peer.connection == deaf.connection)
        for _ in range(400):
            peer.put(big)
        return peer

    loop = hub._loop
    peer = await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(_call(flood), loop))
    assert peer.outgoing._kept_chars <= 4 * 1024 * 1024
    await a_clean_call_works(service)
    async with asyncio.timeout(60):
        while peer.is_connected:
            await asyncio.sleep(0.05)
    deaf.socket.transport.resume_reading()
    await deaf.cut()


async def _call(function):
    return function()
