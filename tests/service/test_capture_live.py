"""Stills and recordings in a call between two fake peers over real WebSockets."""

from __future__ import annotations

import hashlib

import httpx

from tests.service.calling import Peer, RunningService
from tests.service.pictures import noisy_picture
from tests.service.test_calls_live import connected, http, service, two_sides
from tests.service.test_stills import told
from videodesk.calls.invitations_model import Consent
from videodesk.core.events import Event
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CallState, ConsentScope, Language, StillState

__all__ = ["service"]


def still_of(running: RunningService, snapshot_id):
    with running.desk.store.read() as uow:
        return uow.evidence.awaited_stills([snapshot_id]).get(snapshot_id)


async def answer_consent(running, invitation_id, *scopes):
    """The customer answers the consent question anew."""
    now = running.desk.clock.now()
    with running.desk.store.write() as uow:
        uow.invitations.add_consent(Consent(new_id(now), invitation_id, "1", Language.NL, scopes, now))
        invitation = uow.invitations.get(invitation_id)
        uow.emit(Event("consent.given", now, {"invitation_id": invitation_id}, case_id=invitation.case_id))


async def test_a_still_from_the_asking_to_the_case(service):
    async with two_sides(service) as (desktop, page):
        call_id, snapshot_id = await connected(service, desktop, page), new_id()
        await desktop.send({"type": "page.ask", "call_id": call_id, "ask": "take_still", "snapshot_id": snapshot_id})
        assert (await page.until("page.asked", lambda a: a.ask == "take_still")).snapshot_id == snapshot_id
        await desktop.until("event", lambda e: e.name == "still.awaited" and e.data["snapshot_id"] == snapshot_id)
        assert still_of(service, snapshot_id).state is StillState.AWAITED
        await page.send({"type": "still.progress", "call_id": call_id, "snapshot_id": snapshot_id, "stage": "taking"})
        assert (await desktop.until("still.progressed")).stage == "taking"
        data, upload_id = noisy_picture(320, 240), new_id()
        bearer = {"Authorization": f"Bearer {page.token}"}
        await http(lambda: httpx.post(f"{service.url}/api/v1/join/uploads", trust_env=False, content=data, headers=bearer | {
            "Tus-Resumable": "1.0.0", "Upload-Length": str(len(data)), "Upload-Metadata": told(id=upload_id, snapshot_id=snapshot_id),
            "Content-Type": "application/offset+octet-stream"}))
        kept = await http(lambda: httpx.put(f"{service.url}/api/v1/join/stills/{new_id()}", trust_env=False, headers=bearer, json={
            "call_id": call_id, "snapshot_id": snapshot_id, "upload_id": upload_id, "method": "full_frame",
            "digest": hashlib.sha256(data).hexdigest(), "captured_at": service.desk.clock.now().isoformat()}))
        assert kept.status_code == 200, kept.text
        added = await desktop.until("event", lambda e: e.name == "snapshot.added")
        assert added.data["snapshot_id"] == snapshot_id
        await page.send({"type": "still.progress", "call_id": call_id, "snapshot_id": snapshot_id, "stage": "sent", "method": "full_frame"})
        assert (await desktop.until("still.progressed", lambda p: p.stage == "sent")).method.value == "full_frame"
        assert still_of(service, snapshot_id).state is StillState.ARRIVED


async def test_a_still_that_fails_is_written_down(service):
    async with two_sides(service) as (desktop, page):
        call_id = await connected(service, desktop, page)
        for code, told_code in (("still.unsupported", "still.unsupported"), ("<script>", "still.camera_failed")):
            snapshot_id = new_id()
            await desktop.send({"type": "page.ask", "call_id": call_id, "ask": "take_still", "snapshot_id": snapshot_id})
            await page.until("page.asked")
            await page.send({"type": "still.progress", "call_id": call_id, "snapshot_id": snapshot_id, "stage": "failed", "code": code})
            await desktop.until("event", lambda e, snapshot_id=snapshot_id: e.name == "still.failed" and e.data["snapshot_id"] == snapshot_id)
            still = still_of(service, snapshot_id)
            assert (still.state, still.code) == (StillState.FAILED, told_code)
        await desktop.send({"type": "page.ask", "call_id": call_id, "ask": "native_camera", "snapshot_id": snapshot_id})
        await page.until("page.asked", lambda a: a.ask == "native_camera")
        assert still_of(service, snapshot_id).state is StillState.AWAITED


async def test_progress_goes_to_the_calls_agent_only_and_not_too_often(service):
    other_token, _ = service.person("Bram")
    async with two_sides(service) as (desktop, page), Peer(service, "agent", other_token) as stranger:
        call_id, snapshot_id = await connected(service, desktop, page), new_id()
        await desktop.send({"type": "page.ask", "call_id": call_id, "ask": "take_still", "snapshot_id": snapshot_id})
        await page.until("page.asked")
        for n in range(60):
            await page.send({"type": "still.progress", "call_id": call_id, "snapshot_id": snapshot_id, "stage": "sending", "sent_bytes": n, "size_bytes": 99})
        await page.send({"type": "still.progress", "call_id": call_id, "snapshot_id": new_id(), "stage": "taking"})
        assert (await page.until("error")).code == "still.not_asked"
        await page.round_trip()
        await desktop.round_trip()
        assert 1 <= desktop.count("still.progressed") < 30
        await stranger.round_trip()
        assert stranger.count("still.progressed") == 0


async def test_a_customer_tells_nothing_of_other_calls(service):
    async with two_sides(service) as (desktop, page):
        call_id = await connected(service, desktop, page)
        other_token, _ = service.customer()
        async with Peer(service, "customer", other_token) as other:
            await other.send({"type": "still.progress", "call_id": call_id, "snapshot_id": new_id(), "stage": "failed"})
            assert (await other.until("error")).code == "call.unknown"
        assert desktop.count("still.progressed") == 0


async def test_stills_are_asked_for_only_with_consent_and_an_id(service):
    async with two_sides(service) as (desktop, page):
        call_id = await connected(service, desktop, page)
        await desktop.send({"type": "page.ask", "call_id": call_id, "ask": "take_still"})
        assert (await desktop.until("error")).code == "still.snapshot_missing"
        await answer_consent(service, page.id, ConsentScope.VIDEO)
        await desktop.send({"type": "page.ask", "call_id": call_id, "ask": "take_still", "snapshot_id": (snapshot_id := new_id())})
        assert (await desktop.until("error")).code == "consent.missing"
        await page.round_trip()
        assert page.count("page.asked") == 0
        assert still_of(service, snapshot_id) is None


async def test_a_recording_lasts_as_long_as_the_consent_and_the_call(service):
    async with two_sides(service) as (desktop, page):
        call_id = await connected(service, desktop, page)
        for is_recording in (True, False, True):
            await desktop.send({"type": "call.record", "call_id": call_id, "is_recording": is_recording})
            for side in (desktop, page):
                await side.until("call.changed", lambda c, wanted=is_recording: c.call.is_recording is wanted)
        await answer_consent(service, page.id, ConsentScope.VIDEO, ConsentScope.STILLS)
        for side in (desktop, page):
            await side.until("call.changed", lambda c: not c.call.is_recording)
        await desktop.send({"type": "call.record", "call_id": call_id, "is_recording": True})
        assert (await desktop.until("error")).code == "consent.missing"
        await answer_consent(service, page.id, *ConsentScope)
        await desktop.send({"type": "call.record", "call_id": call_id, "is_recording": True})
        await page.until("call.changed", lambda c: c.call.is_recording)
        await page.send({"type": "call.leave", "call_id": call_id})
        over = await desktop.until("call.changed", lambda c: c.call.state is CallState.WRAP_UP)
        assert not over.call.is_recording
