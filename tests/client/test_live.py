"""The client against the real service: HTTP, channel and outbox through a whole call, and every method of DeskApi once."""

from __future__ import annotations

import asyncio
import hashlib
import json

import cv2
import numpy as np
import pytest
from websockets.asyncio.client import connect

from tests.client.test_channel import QUICK, Listener
from tests.service.conftest import DEVICE, PASSWORD, LiveService
from videodesk.annotation.document import Document
from videodesk.annotation.schema import to_json
from videodesk.client.channel import Channel, ChannelState
from videodesk.client.delivery import Delivery
from videodesk.client.http import HttpDeskApi, open_client
from videodesk.client.outbox import Outbox, OutboxState
from videodesk.core.clock import SystemClock
from videodesk.core.errors import Conflict, Invalid, NotAllowed, NotFound, NotSignedIn
from videodesk.core.ids import new_id
from videodesk.core.people import Role
from videodesk.core.vocabulary import (
    CallState,
    CaseKind,
    CaseStatus,
    ConsentScope,
    Disposition,
    PartyRole,
    ReviewDecision,
    ReviewState,
    SnapshotMethod,
)
from videodesk.protocol import messages as m
from videodesk.protocol import resources as r

PICTURE = cv2.imencode(".jpg", np.random.default_rng(1).integers(0, 255, (90, 160, 3), np.uint8))[1].tobytes()
CASE = r.CaseIn(kind=CaseKind.PARCEL, order_number="4711", parties=[r.Party(role=PartyRole.CUSTOMER, name="Fatima <b>el</b> Amrani")])


@pytest.fixture
async def service(tmp_path):
    made = await asyncio.to_thread(LiveService, tmp_path)
    yield made
    await asyncio.to_thread(made.close)


@pytest.fixture
async def as_person(service):
    """`await as_person("anna")`: the API as she has it, and who she is."""
    opened = []

    async def sign_in(name):
        api = HttpDeskApi(open_client(service.url))
        opened.append(api)
        return api, (await api.sign_in(r.SignInIn(name=name, password=PASSWORD))).person

    yield sign_in
    for api in opened:
        await api.close()


class Page:
    """The customer's page, as far as the service sees it."""

    def __init__(self, service) -> None:
        self.http, self.url = open_client(service.url), service.url

    async def join(self, link: str, *granted: ConsentScope) -> None:
        answer = await self.http.post("/api/v1/join/exchange", json={"token": link.partition("#")[2], "device": DEVICE})
        view = r.JoinView.model_validate_json(answer.content)
        self.headers, self.token = {"Authorization": f"Bearer {view.token}"}, view.token
        consent = {"text_version": view.consent_text.version, "language": "nl", "granted": list(granted)}
        assert (await self.http.post("/api/v1/join/consent", json=consent, headers=self.headers)).status_code == 200

    async def enter(self) -> None:
        self.socket = await connect(self.url.replace("http", "ws", 1) + "/ws/customer", proxy=None)
        await self.send(m.Hello(protocol=1, token=self.token, connection="page-of-the-test"))
        await self.until("welcome")
        await self.send(m.EnterWaitingRoom(has_camera=True, has_microphone=True))

    async def send(self, message) -> None:
        await self.socket.send(message.model_dump_json())

    async def until(self, kind: str) -> dict:
        async with asyncio.timeout(60):
            while (found := json.loads(await self.socket.recv()))["type"] != kind:
                pass
        return found

    async def close(self) -> None:
        await self.socket.close()
        await self.http.aclose()


def meta_of(case_id, call_id=None, **more) -> r.SnapshotMeta:
    return r.SnapshotMeta(case_id=case_id, call_id=call_id, method=SnapshotMethod.FRAME, digest=hashlib.sha256(PICTURE).hexdigest(),
                          media_type="image/jpeg", width_px=160, height_px=90, captured_at=SystemClock().now(), frame_seq=3, rtp_time=9000,
                          codec="VP8", **more)


async def in_call(service, api, *granted: ConsentScope):
    """A case with an accepted call; the customer consented to `granted`."""
    case = await api.add_case(CASE)
    page = Page(service)
    await page.join((await api.invite(case.id, r.InvitationIn())).join_link, *granted)
    await page.enter()
    await page.until("call.changed")
    [call] = await api.calls(case.id)
    await api.accept(call.id)
    return case, call, page


async def test_a_whole_call_with_a_snapshot(service, as_person, tmp_path):
    api, anna = await as_person("anna")
    listener = Listener()
    channel = Channel(service.url, listener, times=QUICK)
    channel.start(api.token)
    await listener.until(lambda: channel.state is ChannelState.ONLINE)
    case = await api.add_case(CASE)
    made = await api.invite(case.id, r.InvitationIn())
    page = Page(service)
    await page.join(made.join_link, *ConsentScope)
    await page.enter()

    def calls(state):
        return [message.call for message in listener.messages if isinstance(message, m.CallChanged) and message.call.state is state]

    await listener.until(lambda: calls(CallState.WAITING))
    call = calls(CallState.WAITING)[0]
    assert call.customer_name == "Fatima <b>el</b> Amrani"
    bram, _ = await as_person("bram")
    accepted = await api.accept(call.id)
    assert accepted.call.agent_id == anna.id
    assert (await api.accept(call.id)).call.epoch == accepted.call.epoch
    with pytest.raises(Conflict, match=r"call\.already_taken"):
        await bram.accept(call.id)
    await listener.until(lambda: any(isinstance(message, m.CallReady) for message in listener.messages))
    assert (await page.until("call.ready"))["call"]["epoch"] == accepted.call.epoch
    await page.send(m.Signal(call_id=call.id, epoch=accepted.call.epoch, description=m.SessionDescription(type="offer", sdp="v=0")))
    await listener.until(lambda: any(isinstance(message, m.Signaled) for message in listener.messages))
    channel.send(m.Signal(call_id=call.id, epoch=accepted.call.epoch, description=m.SessionDescription(type="answer", sdp="v=0")))
    assert (await page.until("signaled"))["description"]["type"] == "answer"
    await page.send(m.MyState(call_id=call.id, state=m.PartyState(is_connected=True, facing="environment")))
    await listener.until(lambda: calls(CallState.CONNECTED))

    outbox, snapshot_id = Outbox(tmp_path / "outbox", SystemClock()), new_id()
    delivery = Delivery(outbox, api)
    delivery.start(anna.id)
    outbox.keep(snapshot_id, anna.id, meta_of(case.id, call.id), PICTURE)  # the delivery notices by itself
    await listener.until(lambda: "snapshot.added" in listener.names())
    await delivery.stop()
    assert outbox.entry(snapshot_id).state in {OutboxState.SENT, OutboxState.CONFIRMED}
    assert await delivery.deliver_once(anna.id) is None  # again, without harm
    assert outbox.entry(snapshot_id).state is OutboxState.CONFIRMED
    outbox.close()
    [stored] = await api.snapshots(case.id)
    assert (stored.id, stored.captured_by, stored.frame_seq) == (snapshot_id, anna.id, 3)
    assert await api.original(snapshot_id) == PICTURE
    assert (await api.thumbnail(snapshot_id))[:2] == b"\xff\xd8"

    channel.send(m.ChatSend(call_id=call.id, message_id=new_id(), text="<i>dag</i>"))
    assert (await page.until("chat.line"))["text"] == "<i>dag</i>"
    assert (await api.end_call(call.id)).state is CallState.WRAP_UP
    assert (await api.wrap_up(call.id, r.WrapUpIn(disposition=Disposition.FOLLOW_UP, note="klaar"))).state is CallState.ENDED
    assert call.id in {found.id for found in await api.calls(case.id)}
    assert (await api.call(call.id)).state is CallState.ENDED
    await page.close()
    await channel.stop()


async def test_without_consent_to_stills_the_original_is_refused_and_kept(service, as_person, tmp_path):
    api, anna = await as_person("anna")
    case, call, page = await in_call(service, api, ConsentScope.VIDEO, ConsentScope.SOUND)
    outbox, snapshot_id = Outbox(tmp_path / "outbox", SystemClock()), new_id()
    outbox.keep(snapshot_id, anna.id, meta_of(case.id, call.id), PICTURE)
    await Delivery(outbox, api).deliver_once(anna.id)
    entry = outbox.entry(snapshot_id)
    assert (entry.state, entry.error_code) == (OutboxState.REFUSED, "consent.missing")
    assert outbox.original(snapshot_id) == PICTURE
    assert await api.snapshots(case.id) == []
    outbox.close()
    await page.close()


async def test_a_wrong_token_keeps_the_channel_away(service):
    listener = Listener()
    channel = Channel(service.url, listener, times=QUICK)
    channel.start("x" * 40)
    await listener.until(lambda: listener.states[-1:] == [(ChannelState.OFFLINE, "session.expired")])
    await channel.stop()


async def test_people_and_signing_in(service, as_person):
    adam, _ = await as_person("adam")
    stranger = HttpDeskApi(open_client(service.url))
    info = await stranger.info()
    assert (info.product, info.protocol, info.needs_setup) == ("videodesk", m.PROTOCOL_VERSION, False)
    with pytest.raises(NotSignedIn):
        await stranger.me()
    with pytest.raises(Conflict, match=r"setup\.done"):
        await stranger.set_up(r.SetUpIn(setup_code="setup-code-of-the-test", name="eva", display_name="Eva", password="long-enough-1"))
    added = await adam.add_person(r.PersonIn(name="eva", display_name="Eva", roles=[Role.AGENT], password="long-enough-1"))
    assert added.id in {person.id for person in await adam.people()}
    await stranger.sign_in(r.SignInIn(name="eva", password="long-enough-1"))
    assert (await stranger.me()).id == added.id
    assert (await adam.change_person(added.id, r.PersonPatch(display_name="Eva Bos"))).display_name == "Eva Bos"
    with pytest.raises(NotAllowed):
        await stranger.add_person(r.PersonIn(name="leo", display_name="Leo", roles=[Role.AGENT], password="long-enough-1"))
    await stranger.sign_out()
    with pytest.raises(NotSignedIn):
        await stranger.me()
    await stranger.close()


async def test_cases_notes_checklist_invitations_and_their_errors(as_person):
    api, anna = await as_person("anna")
    case = await api.add_case(CASE)
    assert (await api.case(case.number)).id == case.id
    assert [found.id for found in (await api.cases(query="4711", kind=CaseKind.PARCEL, status=case.status)).items] == [case.id]
    changed = await api.change_case(case.id, r.CasePatch(revision=case.revision, product="Koffie", assignee_id=anna.id))
    assert (changed.product, changed.order_number) == ("Koffie", "4711")
    assert (await api.change_case(case.id, r.CasePatch(revision=changed.revision, assignee_id=None))).assignee_id is None
    with pytest.raises(Conflict, match=r"case\.stale"):
        await api.change_case(case.id, r.CasePatch(revision=case.revision, product="Thee"))
    moved = await api.move_case(case.id, r.TransitionIn(to=changed.next_statuses[0], reason="test"))
    assert moved.status is changed.next_statuses[0]
    note = r.NoteIn(id=new_id(), text="<script>alert(1)</script>")
    assert (await api.add_note(case.id, note)).text == note.text
    assert (await api.add_note(case.id, note)).id == note.id
    assert len((await api.case(case.id)).notes) == 1
    item = case.checklist.items[0]
    view = await api.skip_item(case.id, item.id, r.ChecklistSkip(reason="niet te zien"))
    assert view.items[0].skipped_reason == "niet te zien"
    assert {entry.what for entry in await api.history(case.id)} >= {"note", "status"}
    made = await api.invite(case.id, r.InvitationIn())
    assert [found.id for found in await api.invitations(case.id)] == [made.id]
    await api.revoke(made.id)
    assert made.id not in {found.id for found in await api.invitations()}
    for wrong in (new_id(), "../people", "VD-2026-999999"):
        with pytest.raises((NotFound, Invalid)):
            await api.case(wrong)
    assert CaseStatus.NEW is case.status


async def test_annotation_rendition_and_review(service, as_person):
    api, anna = await as_person("anna")
    boss, _ = await as_person("saskia")
    case, call, page = await in_call(service, api, *ConsentScope)
    snapshot_id = new_id()
    stored = await api.put_snapshot(snapshot_id, meta_of(case.id, call.id), PICTURE)
    with pytest.raises(Conflict, match=r"snapshot\.differs"):
        await api.put_snapshot(snapshot_id, meta_of(case.id, call.id).model_copy(
            update={"digest": hashlib.sha256(PICTURE + b"x").hexdigest()}), PICTURE + b"x")
    assert stored.captured_by == anna.id
    assert await api.annotation(snapshot_id) is None
    item = case.checklist.items[0].id
    assert (await api.change_snapshot(snapshot_id, r.SnapshotPatch(checklist_item=item))).checklist_item == item
    assert (await api.change_snapshot(snapshot_id, r.SnapshotPatch(checklist_item=None))).checklist_item is None
    document = to_json(Document(160, 90))
    annotation = await api.put_annotation(snapshot_id, r.AnnotationIn(base_revision=0, document=document))
    with pytest.raises(Conflict, match=r"annotation\.stale"):
        await api.put_annotation(snapshot_id, r.AnnotationIn(base_revision=7, document=document))
    assert (await api.annotation(snapshot_id)).revision == annotation.revision
    meta = r.RenditionMeta(annotation_revision=annotation.revision, digest=hashlib.sha256(PICTURE).hexdigest(), media_type="image/jpeg",
                           has_redaction=False)
    rendition = await api.put_rendition(snapshot_id, new_id(), meta, PICTURE)
    assert await api.rendition(rendition.id) == PICTURE
    assert (await boss.review_queue(state=ReviewState.PENDING, case_id=case.id)).items[0].id == snapshot_id
    decision = r.DecisionIn(id=new_id(), decision=ReviewDecision.RETAKE_REQUESTED, comment="dichterbij")
    with pytest.raises(NotAllowed):
        await api.decide(snapshot_id, decision)
    assert (await boss.decide(snapshot_id, decision)).comment == "dichterbij"
    assert (await api.snapshot(snapshot_id)).review_state is ReviewState.RETAKE_REQUESTED
    assert len((await boss.custody(case.id)).items) >= 3
    await page.close()
