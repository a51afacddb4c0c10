"""Whole calls between two fake peers that speak real WebSockets with a real service."""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.service.calling import NAUGHTY, Peer, RunningService, wait
from videodesk.core.ids import new_id
from videodesk.core.people import Role
from videodesk.core.vocabulary import CallState, CaseStatus, Disposition, Presence
from videodesk.protocol import messages as m
from videodesk.service.hub import Times

OFFER = {"description": {"type": "offer", "sdp": "v=0 offer"}}
ANSWER = {"description": {"type": "answer", "sdp": "v=0 answer"}}
CANDIDATE = {"candidate": {"candidate": "candidate:1 1 udp 1 127.0.0.1 9 typ host", "sdpMid": "0"}}


@pytest.fixture
def service(tmp_path):
    running = RunningService(tmp_path)
    yield running
    running.stop()


@contextlib.asynccontextmanager
async def two_sides(service):
    agent_token, agent_id = service.person()
    page_token, invitation_id = service.customer()
    async with Peer(service, "agent", agent_token) as desktop, Peer(service, "customer", page_token) as page:
        desktop.id, page.id = agent_id, invitation_id
        yield desktop, page


async def http(function, *arguments):
    return await asyncio.get_running_loop().run_in_executor(None, function, *arguments)


async def waiting(desktop, page):
    await page.send({"type": "waiting.enter", "has_camera": True, "has_microphone": True})
    changed = await desktop.until("call.changed", lambda c: c.call.state is CallState.WAITING)
    await page.until("call.changed", lambda c: c.call.state is CallState.WAITING)
    return changed.call.id


async def connected(service, desktop, page):
    call_id = await waiting(desktop, page)
    answer = await http(service.post, desktop.token, f"/calls/{call_id}/accept")
    assert answer.status_code == 200, answer.text
    await negotiate(desktop, page, call_id, 1)
    return call_id


async def negotiate(desktop, page, call_id, epoch):
    """The page offers in this epoch, the desktop answers, media run."""
    polite = await page.until("call.ready", lambda r: r.call.epoch == epoch)
    impolite = await desktop.until("call.ready", lambda r: r.call.epoch == epoch)
    assert (polite.is_polite, impolite.is_polite) == (True, False)
    await page.signal(call_id, epoch, **OFFER)
    await page.signal(call_id, epoch, **CANDIDATE)
    offer = await desktop.until("signaled", lambda s: s.epoch == epoch)
    assert offer.description.sdp == "v=0 offer"
    assert (await desktop.until("signaled")).candidate.candidate.startswith("candidate:1")
    await desktop.signal(call_id, epoch, **ANSWER)
    assert (await page.until("signaled", lambda s: s.epoch == epoch)).description.type == "answer"
    await page.state(call_id)
    for side in (desktop, page):
        await side.until("call.changed", lambda c: c.call.state is CallState.CONNECTED and c.call.customer.is_connected)


async def test_a_whole_call(service):
    async with two_sides(service) as (desktop, page):
        call_id = await connected(service, desktop, page)
        assert [event.call_id for event in desktop.seen if event.type == "event" and event.name == "call.accepted"] == [call_id]

        message_id = new_id()
        await page.send({"type": "chat.send", "call_id": call_id, "message_id": message_id, "text": NAUGHTY})
        for side in (desktop, page):
            line = await side.until("chat.line")
            assert (line.text, line.sender, line.message_id) == (NAUGHTY, "customer", message_id)

        snapshot_id = new_id()
        await desktop.send({"type": "page.ask", "call_id": call_id, "ask": "picture_taken", "snapshot_id": snapshot_id})
        assert (await page.until("page.asked")).snapshot_id == snapshot_id

        await desktop.send({"type": "call.hold", "call_id": call_id, "is_on_hold": True})
        await page.until("call.changed", lambda c: c.call.state is CallState.ON_HOLD)
        await desktop.send({"type": "call.hold", "call_id": call_id, "is_on_hold": False})
        await page.until("call.changed", lambda c: c.call.state is CallState.CONNECTED)
        await page.state(call_id, video_muted=True, has_torch=True, facing="environment", width_px=1280, height_px=720)
        changed = await desktop.until("call.changed", lambda c: c.call.customer.video_muted)
        assert changed.call.customer_name == NAUGHTY

        await page.send({"type": "call.leave", "call_id": call_id})
        for side in (desktop, page):
            await side.until("call.changed", lambda c: c.call.state is CallState.WRAP_UP)
        body = {"disposition": Disposition.EVIDENCE_COMPLETE.value, "note": NAUGHTY}
        filed = await http(service.post, desktop.token, f"/calls/{call_id}/wrap-up", body)
        assert filed.json()["state"] == "ended"
        await page.until("call.changed", lambda c: c.call.state is CallState.ENDED)
        stored = service.call(call_id)
        assert (stored.disposition, stored.note) == (Disposition.EVIDENCE_COMPLETE, NAUGHTY)
        with service.desk.store.read() as uow:
            assert uow.cases.get(stored.case_id).status is CaseStatus.EVIDENCE_INCOMPLETE
        assert not [s for s in (desktop, page) if s.count("error")]


async def test_two_agents_accept_over_http_exactly_one_wins_fifty_rounds(service):
    agents = [service.person(f"agent{index}") for index in range(4)]
    pool = ThreadPoolExecutor(len(agents))
    page_of = {}
    for _ in range(50):
        token, invitation_id = service.customer()
        page = Peer(service, "customer", token)
        await page.come()
        await page.send({"type": "waiting.enter", "has_camera": True, "has_microphone": True})
        call_id = (await page.until("call.changed")).call.id
        page_of[call_id] = invitation_id
        loop = asyncio.get_running_loop()
        answers = await asyncio.gather(*(loop.run_in_executor(pool, service.post, token, f"/calls/{call_id}/accept") for token, _ in agents))
        assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409], [answer.text for answer in answers]
        assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"call.already_taken"}
        winner = next(index for index, answer in enumerate(answers) if answer.status_code == 200)
        assert service.call(call_id).agent_id == agents[winner][1]
        again = await http(service.post, agents[winner][0], f"/calls/{call_id}/accept")
        assert again.json()["call"]["agent_id"] == agents[winner][1]
        ended = await http(service.post, agents[winner][0], f"/calls/{call_id}/end")
        assert ended.status_code == 200, ended.text
        await page.cut()
    pool.shutdown()


async def test_a_cut_line_resumes_without_losing_or_repeating_anything(service):
    async with two_sides(service) as (desktop, page):
        call_id = await connected(service, desktop, page)
        await page.cut()
        await desktop.until("call.changed", lambda c: c.call.state is CallState.RECONNECTING)
        lines = [f"regel {number}" for number in range(30)]
        for text in lines:
            await desktop.send({"type": "chat.send", "call_id": call_id, "message_id": new_id(), "text": text})
        await desktop.round_trip()
        before = page.handled
        welcome = await page.come()
        assert (welcome.is_resumed, welcome.seq) == (True, before)
        assert [(await page.until("chat.line")).text for _ in lines] == lines
        for side in (desktop, page):
            await side.until("call.changed", lambda c: c.call.state is CallState.CONNECTED)
        await page.round_trip()
        assert page.count("chat.line") == len(lines)
        assert page.count("call.ready") == desktop.count("call.ready") == 1, "a healthy peer connection is left alone"


async def test_a_desktop_that_was_cut_resumes_too(service):
    async with two_sides(service) as (desktop, page):
        call_id = await connected(service, desktop, page)
        await desktop.cut()
        await page.until("call.changed", lambda c: c.call.state is CallState.RECONNECTING)
        await page.signal(call_id, 1, **CANDIDATE)
        assert (await desktop.come()).is_resumed
        assert (await desktop.until("signaled")).candidate is not None
        await page.until("call.changed", lambda c: c.call.state is CallState.CONNECTED)
        assert service.call(call_id).epoch == 1


async def test_a_reloaded_page_finds_the_same_call_and_gets_the_next_epoch(service):
    async with two_sides(service) as (desktop, page):
        call_id = await connected(service, desktop, page)
        await page.cut()
        async with Peer(service, "customer", page.token) as reloaded:
            welcome = reloaded.seen[0]
            assert not welcome.is_resumed
            assert [call.id for call in welcome.calls] == [call_id]
            await negotiate(desktop, reloaded, call_id, 2)
            assert service.call(call_id).epoch == 2


async def test_a_second_tab_replaces_the_first(service):
    async with two_sides(service) as (desktop, page):
        call_id = await connected(service, desktop, page)
        async with Peer(service, "customer", page.token) as tab:
            await page.until("replaced")
            assert await page.closed() == m.CLOSE_REPLACED
            await negotiate(desktop, tab, call_id, 2)


async def test_a_restarted_desktop_finds_its_call_and_gets_the_next_epoch(service):
    async with two_sides(service) as (desktop, page):
        call_id = await connected(service, desktop, page)
        await desktop.cut()
        async with Peer(service, "agent", desktop.token) as again:
            assert [call.id for call in again.seen[0].calls] == [call_id]
            await negotiate(again, page, call_id, 2)


async def test_the_service_restarts_during_a_call_and_media_are_left_alone(service):
    async with two_sides(service) as (desktop, page):
        call_id = await connected(service, desktop, page)
        message_id = new_id()
        await desktop.send({"type": "chat.send", "call_id": call_id, "message_id": message_id, "text": "voor"})
        await page.until("chat.line")
        await http(service.restart)
        for side in (page, desktop):
            assert await side.closed() in {m.CLOSE_GOING_AWAY, 1006, 1012}
        welcome = await desktop.come()
        assert not welcome.is_resumed
        assert [(call.id, call.state, call.epoch) for call in welcome.calls] == [(call_id, CallState.RECONNECTING, 1)]
        assert [line.message_id for line in welcome.chat] == [message_id]
        # What is signaled before the other side is back waits for it.
        await desktop.signal(call_id, 1, **CANDIDATE)
        assert not (await page.come()).is_resumed
        assert (await page.until("signaled")).candidate is not None
        for side in (desktop, page):
            await side.until("call.changed", lambda c: c.call.state is CallState.CONNECTED)
        await page.send({"type": "chat.send", "call_id": call_id, "message_id": new_id(), "text": "na"})
        await desktop.until("chat.line", lambda line: line.text == "na")
        assert desktop.count("call.ready") == page.count("call.ready") == 1
        assert service.call(call_id).epoch == 1


async def test_page_and_service_restart_together(service):
    async with two_sides(service) as (desktop, page):
        call_id = await connected(service, desktop, page)
        await http(service.restart)
        await desktop.closed()
        async with Peer(service, "customer", page.token) as reloaded:
            await reloaded.until("call.ready", lambda r: r.call.epoch == 2)
            # The desktop was not there for epoch 2: it gets one of its own.
            await desktop.come()
            await negotiate(desktop, reloaded, call_id, 3)


async def test_either_side_may_ask_for_a_fresh_peer_connection_once(service):
    async with two_sides(service) as (desktop, page):
        call_id = await connected(service, desktop, page)
        await asyncio.gather(page.signal(call_id, 2, restart=True), desktop.signal(call_id, 2, restart=True))
        await negotiate(desktop, page, call_id, 2)
        await page.signal(call_id, 1, **CANDIDATE)
        await page.signal(call_id, 4, restart=True)
        assert (await page.until("error")).code == "signal.epoch_ahead"
        await desktop.round_trip()
        assert service.call(call_id).epoch == 2
        assert not [s for s in desktop.seen if s.type == "signaled" and s.epoch == 1 and desktop.seen.index(s) > 20]


async def test_the_grace_time_ends_in_wrap_up_and_the_link_brings_the_call_back(tmp_path):
    service = RunningService(tmp_path, Times(hello_s=1, ping_s=0.2, silence_s=2, grace_s=0.3, tick_s=0.05))
    try:
        async with two_sides(service) as (desktop, page):
            call_id = await connected(service, desktop, page)
            await page.cut()
            await desktop.until("call.changed", lambda c: c.call.state is CallState.WRAP_UP)
            async with Peer(service, "customer", page.token) as back:
                assert back.seen[0].calls[0].state is CallState.WRAP_UP
                await back.send({"type": "waiting.enter", "has_camera": True, "has_microphone": True})
                await negotiate(desktop, back, call_id, 2)
    finally:
        service.stop()


async def test_who_leaves_the_waiting_room_is_missed_after_the_grace_time(tmp_path):
    service = RunningService(tmp_path, Times(hello_s=1, ping_s=0.2, silence_s=2, grace_s=0.2, tick_s=0.05))
    try:
        async with two_sides(service) as (desktop, page):
            call_id = await waiting(desktop, page)
            await page.cut()
            await desktop.until("call.changed", lambda c: c.call.state is CallState.ABANDONED)
            await page.come()
            await page.send({"type": "waiting.enter", "has_camera": True, "has_microphone": True})
            assert (await desktop.until("call.changed", lambda c: c.call.state is CallState.WAITING)).call.id == call_id
    finally:
        service.stop()


async def test_presence(service):
    bram_token, _ = service.person("Bram")
    async with two_sides(service) as (desktop, page), Peer(service, "agent", bram_token) as bram:
        assert bram.seen[0].presence is Presence.AVAILABLE
        await bram.until("presence.changed", lambda p: p.person_id == desktop.id and p.presence is Presence.AVAILABLE)
        await desktop.send({"type": "presence.set", "presence": "break"})
        await bram.until("presence.changed", lambda p: p.person_id == desktop.id and p.presence is Presence.BREAK)
        call_id = await connected(service, desktop, page)
        await bram.until("presence.changed", lambda p: p.person_id == desktop.id and p.presence is Presence.IN_CALL)
        await http(service.post, desktop.token, f"/calls/{call_id}/end")
        await bram.until("presence.changed", lambda p: p.person_id == desktop.id and p.presence is Presence.WRAP_UP)
        await http(service.post, desktop.token, f"/calls/{call_id}/wrap-up", {"disposition": "follow_up"})
        await bram.until("presence.changed", lambda p: p.person_id == desktop.id and p.presence is Presence.BREAK)
        await http(service.restart)
        await desktop.closed()
        assert (await desktop.come()).presence is Presence.BREAK, "kept over a restart"
        await bram.closed()
        assert wait(lambda: service.hub.presences.presence_of(desktop.id)) is Presence.BREAK


async def test_only_the_two_sides_are_heard(service):
    mallory_token, _ = service.customer()
    bram_token, _ = service.person("Bram")
    async with two_sides(service) as (desktop, page), Peer(service, "customer", mallory_token) as mallory, Peer(service, "agent", bram_token) as bram:
        call_id = await connected(service, desktop, page)
        attempts = [
            {"type": "signal", "call_id": call_id, "epoch": 1, **OFFER},
            {"type": "signal", "call_id": call_id, "epoch": 2, "restart": True},
            {"type": "state.mine", "call_id": call_id, "state": {"is_connected": False}},
            {"type": "chat.send", "call_id": call_id, "message_id": new_id(), "text": "x"},
            {"type": "call.leave", "call_id": call_id},
        ]
        for stranger, code in ((mallory, "call.unknown"), (bram, "call.not_yours")):
            for attempt in attempts:
                await stranger.send(attempt)
                refused = await stranger.until("error")
                assert (refused.code, refused.in_reply_to) == (code, attempt["type"])
        await bram.send({"type": "page.ask", "call_id": call_id, "ask": "torch_on"})
        assert (await bram.until("error")).code == "call.not_yours"
        await bram.send({"type": "call.hold", "call_id": call_id, "is_on_hold": True})
        assert (await bram.until("error")).code == "call.not_yours"
        await page.round_trip()
        assert page.count("chat.line") == page.count("page.asked") == 0
        assert not [message for message in mallory.seen if message.type in {"call.changed", "event", "presence.changed"}]
        assert service.call(call_id).state is CallState.CONNECTED


async def test_no_consent_no_waiting_room(service):
    token, invitation_id = service.customer(has_consented=False)
    async with Peer(service, "customer", token) as page:
        await page.send({"type": "waiting.enter", "has_camera": True, "has_microphone": True})
        assert (await page.until("error")).code == "consent.missing"
    with service.desk.store.read() as uow:
        assert uow.calls.of_invitation(invitation_id) is None


async def test_a_revoked_invitation_closes_the_page(service):
    token, invitation_id = service.customer()
    async with Peer(service, "customer", token) as page:
        await http(service.revoke, invitation_id)
        assert await page.closed() == m.CLOSE_GONE


async def test_http_calls(service):
    admin_token, _ = service.person("Adam", Role.ADMINISTRATOR)
    async with two_sides(service) as (desktop, page):
        call_id = await waiting(desktop, page)
        listed = (await http(service.get, desktop.token, "/calls")).json()["items"]
        assert [(call["id"], call["state"]) for call in listed] == [(call_id, "waiting")]
        assert (await http(service.get, desktop.token, f"/calls/{call_id}")).json()["customer_name"] == NAUGHTY
        assert (await http(service.get, desktop.token, f"/calls?case_id={listed[0]['case_id']}")).json()["items"] == listed
        assert (await http(service.get, admin_token, "/calls")).status_code == 403
        for path, status in ((f"/calls/{new_id()}", 404), ("/calls/..%2f..%2fetc", 404), ("/calls/x", 422)):
            assert (await http(service.get, desktop.token, path)).status_code in {status, 404}, path
        assert (await http(service.post, admin_token, f"/calls/{call_id}/accept")).status_code == 403
        assert (await http(service.post, "x" * 43, f"/calls/{call_id}/accept")).status_code == 401
        assert (await http(service.post, desktop.token, f"/calls/{call_id}/wrap-up", {"disposition": "advice_given"})).status_code == 403


async def test_events_reach_every_desktop_but_no_administrator(service):
    admin_token, _ = service.person("Adam", Role.ADMINISTRATOR)
    saskia_token, _ = service.person("Saskia", Role.SUPERVISOR)
    async with two_sides(service) as (desktop, page), Peer(service, "agent", saskia_token) as saskia, Peer(service, "agent", admin_token) as admin:
        call_id = await waiting(desktop, page)
        await saskia.until("call.changed", lambda c: c.call.id == call_id)
        await saskia.until("event", lambda e: e.name == "call.waiting")
        await admin.round_trip()
        assert {message.type for message in admin.seen} <= {"welcome", "pong", "presence.changed"}


async def test_who_is_signed_out_is_let_go(tmp_path):
    service = RunningService(tmp_path, Times(hello_s=1, ping_s=0.2, silence_s=2, recheck_s=0.1, tick_s=0.05))
    try:
        token, person_id = service.person()
        async with Peer(service, "agent", token) as desktop:
            with service.desk.store.write() as uow:
                uow.people.remove_sign_ins_of(person_id)
            assert await desktop.closed() == m.CLOSE_NOT_SIGNED_IN
    finally:
        service.stop()


async def test_an_ended_call_uses_the_link_up(service):
    async with two_sides(service) as (desktop, page):
        call_id = await connected(service, desktop, page)
        await http(service.post, desktop.token, f"/calls/{call_id}/end")
        await page.until("call.changed", lambda c: c.call.state is CallState.WRAP_UP)
        await page.send({"type": "waiting.enter", "has_camera": True, "has_microphone": True})
        assert (await page.until("error")).code == "call.over"
        with service.desk.store.read() as uow:
            assert uow.invitations.get(page.id).used_at is not None
