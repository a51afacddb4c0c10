"""The call screen's presenter with fakes: negotiation by epochs, snapshots, consent, hold, chat, wrap-up."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from tests.desktop.fake_call import ANNA, CALL_ID, CASE_ID, NOW, FakeCallApi, call_view, case_view
from tests.desktop.fake_media import FakeMediaEngine, product
from videodesk.calls.ports import LocalMedia, PeerState, Quality, QualityLevel
from videodesk.client.delivery import Delivery
from videodesk.client.outbox import Outbox, OutboxState
from videodesk.core.clock import HandClock
from videodesk.core.errors import Conflict, NotAllowed, OutOfSpace
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CallState, ConsentScope, Disposition
from videodesk.desktop.calling import CallPhase, TrayStage
from videodesk.desktop.presenters.call import CallPresenter
from videodesk.desktop.tasks import FinishedHandle, ImmediateTasks
from videodesk.protocol import messages as m

PICTURE = product(320, 180)
OFFER = m.SessionDescription(type="offer", sdp="v=0")


class LateTasks(ImmediateTasks):
    """Runs `snapshot.keep` only when told: what the screen shows in between can be seen."""

    def __init__(self) -> None:
        super().__init__()
        self.late = []

    def run(self, name, work, done=None, failed=None):
        if name == "snapshot.keep":
            self.late.append(lambda: super(LateTasks, self).run(name, work, done, failed))
            return FinishedHandle()
        return super().run(name, work, done, failed)


class Screen:
    """A presenter over fakes; what it sent is in `sent`."""

    def __init__(self, folder) -> None:
        self.api, self.media, self.clock, self.sent = FakeCallApi(), FakeMediaEngine(), HandClock(NOW), []
        self.outbox = Outbox(folder, self.clock)
        self.presenter = CallPresenter(
            self.api, LateTasks(), self.clock, media=self.media, outbox=self.outbox, send=self.sent.append, post=lambda act: act(),
            me=ANNA, devices=LocalMedia)
        self.seq = 0

    @property
    def state(self):
        return self.presenter.state

    def tell(self, kind, **values) -> None:
        self.seq += 1
        self.presenter.handle(kind(seq=self.seq, **values))

    def peer_says(self, what, *values) -> None:
        async def say() -> None:
            getattr(self.media.peer.listener, what)(*values)

        asyncio.run(say())

    def finish(self) -> None:
        late, self.presenter._all_tasks.late = self.presenter._all_tasks.late, []
        for work in late:
            work()

    def shoot(self) -> None:
        self.presenter.capturing.snapshot()
        self.finish()

    def live(self, **changes) -> Screen:
        self.api.view = call_view(CallState.CONNECTED, connected_at=NOW, **changes)
        self.presenter.open(CALL_ID)
        self.peer_says("state_changed", PeerState.CONNECTED)
        self.media.peer.show(PICTURE)
        return self

    def sent_of(self, kind):
        return [message for message in self.sent if isinstance(message, kind)]


@pytest.fixture
def screen(tmp_path):
    made = Screen(tmp_path / "outbox")
    yield made
    made.outbox.close()


def test_opening_accepts_builds_a_peer_and_loads_the_case(screen):
    screen.presenter.open(CALL_ID)
    assert screen.state.phase is CallPhase.CONNECTING
    assert len(screen.media.peers) == 1
    assert screen.state.case.number == "VD-2026-000123"
    assert ("accept", CALL_ID) in screen.api.asked
    screen.tell(m.Signaled, call_id=CALL_ID, epoch=1, description=OFFER)
    [answer] = screen.sent_of(m.Signal)
    assert (answer.epoch, answer.description.type) == (1, "answer")
    screen.peer_says("state_changed", PeerState.CONNECTED)
    assert screen.state.phase is CallPhase.LIVE
    assert screen.sent_of(m.MyState)[-1].state.is_connected


def test_someone_else_was_faster(screen):
    screen.api.fails["accept"] = Conflict("call.already_taken")
    screen.presenter.open(CALL_ID)
    assert screen.state.phase is CallPhase.REFUSED
    assert screen.state.error.code == "call.already_taken"
    assert screen.media.peers == []


def test_a_higher_epoch_closes_the_old_peer_and_the_old_one_is_not_heard_any_more(screen):
    screen.live()
    old = screen.media.peer
    screen.tell(m.CallReady, call=call_view(CallState.CONNECTED, epoch=2, connected_at=NOW), ice_servers=[], is_polite=False)
    assert old.is_closed
    assert screen.state.peer is screen.media.peers[1]
    before = len(screen.sent)
    asyncio.run(_say(old.listener, PeerState.FAILED))
    assert screen.state.peer_state is PeerState.NEW
    assert len(screen.sent) == before
    screen.tell(m.Signaled, call_id=CALL_ID, epoch=1, description=OFFER)
    assert screen.media.peer.descriptions == []
    screen.tell(m.Signaled, call_id=CALL_ID, epoch=2, description=OFFER)
    assert screen.media.peer.descriptions == [OFFER]


async def _say(listener, state):
    listener.state_changed(state)


def test_a_restarted_service_does_not_disturb_a_healthy_peer(screen):
    screen.live()
    peer = screen.media.peer
    call = call_view(CallState.CONNECTED, connected_at=NOW)
    screen.presenter.channel_changed(is_online=False)
    screen.tell(m.Welcome, protocol=1, is_resumed=False, me="agent", my_id=ANNA.id, calls=[call], server_time=NOW)
    screen.tell(m.CallReady, call=call, ice_servers=[m.IceServer(urls=["turn:x"])], is_polite=False)
    assert screen.media.peers == [peer]
    assert not peer.is_closed
    assert screen.state.phase is CallPhase.LIVE


def test_an_offer_that_comes_before_its_epoch_is_not_lost(screen):
    screen.live()
    screen.tell(m.Signaled, call_id=CALL_ID, epoch=2, description=OFFER)
    screen.tell(m.CallReady, call=call_view(epoch=2), ice_servers=[], is_polite=False)
    assert screen.media.peers[1].descriptions == [OFFER]


def test_a_restart_of_the_other_side_and_one_of_our_own(screen):
    screen.live()
    screen.tell(m.Signaled, call_id=CALL_ID, epoch=4, restart=True)
    assert len(screen.media.peers) == 2
    screen.presenter.reconnect()
    assert screen.sent_of(m.Signal)[-1] == m.Signal(call_id=CALL_ID, epoch=5, restart=True)
    assert screen.media.peers[1].is_closed


def test_a_call_of_ours_that_is_announced_without_open_is_taken(screen):
    screen.tell(m.CallReady, call=call_view(), ice_servers=[], is_polite=False)
    assert screen.state.phase is CallPhase.CONNECTING
    assert len(screen.media.peers) == 1


def test_a_call_of_a_colleague_is_left_alone(screen):
    screen.tell(m.CallReady, call=call_view(agent_id=new_id()), ice_servers=[], is_polite=False)
    assert screen.media.peers == []
    assert screen.state.phase is CallPhase.NONE


def test_s_freezes_keeps_and_sends_and_belongs_to_the_item_that_is_missing(screen):
    screen.live()
    screen.presenter.capturing.snapshot()
    [shot] = screen.state.tray
    assert shot.stage is TrayStage.SAVING
    assert screen.state.frozen is shot.preview
    assert screen.outbox.entries() == []
    screen.finish()
    [shot] = screen.state.tray
    assert shot.stage is TrayStage.KEPT
    assert screen.state.frozen is shot.preview
    assert shot.item_id == "outside"
    assert shot.path.read_bytes() == screen.outbox.original(shot.snapshot_id)
    entry = screen.outbox.entry(shot.snapshot_id)
    assert (entry.state, entry.meta.case_id, entry.meta.call_id, entry.person_id) == (OutboxState.KEPT, CASE_ID, CALL_ID, ANNA.id)
    assert screen.sent_of(m.AskPage) == [m.AskPage(call_id=CALL_ID, ask="picture_taken", snapshot_id=shot.snapshot_id)]
    assert screen.state.next_item.id == "label"
    asyncio.run(Delivery(screen.outbox, screen.api).deliver_once(ANNA.id))
    assert screen.state.tray[0].stage is TrayStage.IN_CASE
    screen.presenter.capturing.frozen_seen()
    assert screen.state.frozen is None


def test_the_chosen_item_wins_until_it_is_there(screen):
    screen.live()
    screen.presenter.capturing.choose_item("receipt")
    screen.shoot()
    assert screen.state.tray[0].item_id == "receipt"
    assert screen.state.chosen_item is None
    assert screen.state.next_item.id == "outside"
    screen.presenter.capturing.choose_item("product")
    screen.presenter.capturing.choose_item("product")
    assert screen.state.next_item.id == "outside"


@pytest.mark.parametrize(("consents", "why"), [
    ([ConsentScope.VIDEO, ConsentScope.SOUND], "call.why.no_consent_stills"), ([ConsentScope.STILLS], "call.why.no_consent_video")])
def test_without_consent_nothing_is_captured_and_it_is_said_why(screen, consents, why):
    screen.live(consents=consents)
    screen.shoot()
    assert screen.state.tray == ()
    assert screen.outbox.entries() == []
    assert screen.state.notice == why
    assert screen.sent_of(m.AskPage) == []


@pytest.mark.parametrize(("prepare", "why"), [
    (lambda s: s.presenter.toggle_hold(), "call.why.on_hold"),
    (lambda s: s.peer_says("state_changed", PeerState.DISCONNECTED), "call.why.not_connected"),
    (lambda s: s.tell(m.CallChanged, call=call_view(CallState.CONNECTED, connected_at=NOW, customer=m.PartyState(video_muted=True))),
     "call.why.camera_off"),
    (lambda s: setattr(s.media.peer.stills, "bgr", None), "call.why.no_picture"),
    (lambda s: s.presenter.hang_up(), "call.why.no_call"),
])
def test_no_snapshot_without_a_live_picture(screen, prepare, why):
    screen.live()
    prepare(screen)
    screen.shoot()
    assert (screen.state.tray, screen.state.notice) == ((), why)


def test_a_full_disk_is_said_and_the_snapshot_is_not_called_kept(screen, monkeypatch):
    screen.live()

    def full(*_):
        raise OutOfSpace("outbox.full")

    monkeypatch.setattr(screen.outbox, "keep", full)
    screen.shoot()
    assert screen.state.tray[0].stage is TrayStage.FAILED
    assert screen.state.error.code == "outbox.full"
    assert screen.state.next_item.id == "outside"  # it does not count


def test_refused_by_the_service_is_shown_and_sent_again_when_asked(screen):
    screen.live()
    screen.shoot()
    screen.api.fails["put_snapshot"] = NotAllowed("consent.missing")
    asyncio.run(Delivery(screen.outbox, screen.api).deliver_once(ANNA.id))
    [shot] = screen.state.tray
    assert (shot.stage, shot.error.code) == (TrayStage.REFUSED, "consent.missing")
    screen.presenter.capturing.retry(shot.snapshot_id)
    asyncio.run(Delivery(screen.outbox, screen.api).deliver_once(ANNA.id))
    assert screen.state.tray[0].stage is TrayStage.IN_CASE


def test_moving_a_snapshot_to_another_item_before_and_after_it_was_sent(screen):
    screen.live()
    screen.shoot()
    shot_id = screen.state.tray[0].snapshot_id
    screen.presenter.capturing.assign(shot_id, "damage_near")
    assert screen.outbox.entry(shot_id).meta.checklist_item == "damage_near"
    asyncio.run(Delivery(screen.outbox, screen.api).deliver_once(ANNA.id))
    screen.presenter.capturing.assign(shot_id, "product")
    assert screen.api.asked[-1][0] == "change_snapshot"
    assert screen.state.tray[0].item_id == "product"
    assert [item.view.id for item in screen.state.checklist if item.is_done] == ["product"]


def test_controls_reach_the_peer_and_the_next_peer_too(screen):
    screen.live()
    screen.presenter.toggle_microphone()
    screen.presenter.toggle_camera()
    assert (screen.media.peer.microphone, screen.media.peer.camera) == (False, False)
    assert screen.sent_of(m.MyState)[-1].state.audio_muted
    screen.presenter.toggle_hold()
    assert screen.media.peer.hold
    assert screen.sent_of(m.HoldCall) == [m.HoldCall(call_id=CALL_ID, is_on_hold=True)]
    screen.tell(m.CallReady, call=call_view(CallState.ON_HOLD, epoch=2, connected_at=NOW), ice_servers=[], is_polite=False)
    assert (screen.media.peer.microphone, screen.media.peer.camera, screen.media.peer.hold) == (False, False, True)


def test_chat_stands_once_is_confirmed_and_said_again_after_a_drop(screen):
    screen.live()
    assert not screen.presenter.say("   ")
    assert screen.presenter.say(" <b>Hallo</b> ")
    [line] = screen.state.chat
    assert not line.is_sent
    screen.tell(m.Welcome, protocol=1, is_resumed=False, me="agent", my_id=ANNA.id, calls=[screen.api.view], server_time=NOW)
    assert [said.message_id for said in screen.sent_of(m.ChatSend)] == [line.message_id] * 2
    for _ in range(2):
        screen.tell(m.ChatLine, call_id=CALL_ID, message_id=line.message_id, sender="agent", text="<b>Hallo</b>", at=NOW)
    assert [(said.text, said.is_sent) for said in screen.state.chat] == [("<b>Hallo</b>", True)]
    screen.tell(m.ChatLine, call_id=CALL_ID, message_id=new_id(), sender="customer", text="dag", at=NOW)
    assert screen.state.unread == 1
    screen.presenter.chat_seen()
    assert screen.state.unread == 0


def test_a_stutter_is_no_lost_connection_and_a_restarted_service_is_told_again(screen):
    screen.live()
    before = len(screen.sent_of(m.MyState))
    screen.peer_says("state_changed", PeerState.UNSTABLE)
    assert len(screen.sent_of(m.MyState)) == before
    assert screen.state.why_no_snapshot is None
    screen.tell(m.Welcome, protocol=1, is_resumed=False, me="agent", my_id=ANNA.id, calls=[screen.api.view], server_time=NOW)
    assert screen.sent_of(m.MyState)[before:] == [m.MyState(call_id=CALL_ID, state=m.PartyState(is_connected=True))]
    screen.peer_says("state_changed", PeerState.DISCONNECTED)
    assert not screen.sent_of(m.MyState)[-1].state.is_connected


def test_quality_problems_and_reconnecting_are_shown(screen):
    screen.live()
    screen.peer_says("quality_changed", Quality(QualityLevel.BAD, ("loss",)))
    assert screen.state.quality.reasons == ("loss",)
    screen.peer_says("media_problem", "device.no_camera")
    screen.peer_says("media_problem", "device.no_camera")
    assert screen.state.problems == ("device.no_camera",)
    screen.presenter.dismiss_problem("device.no_camera")
    assert screen.state.problems == ()
    screen.peer_says("state_changed", PeerState.DISCONNECTED)
    assert screen.state.phase is CallPhase.RECONNECTING
    screen.peer_says("state_changed", PeerState.CONNECTED)
    assert screen.state.phase is CallPhase.LIVE


def test_hanging_up_wrapping_up_and_the_next_call(screen):
    screen.live()
    peer = screen.media.peer
    screen.shoot()
    screen.presenter.hang_up()
    assert screen.state.phase is CallPhase.WRAP_UP
    assert peer.is_closed
    assert len(screen.state.tray) == 1
    screen.api.fails["wrap_up"] = Conflict("call.wrong_state")
    screen.presenter.wrap_up(Disposition.FOLLOW_UP, "belt terug")
    assert screen.state.error.code == "call.wrong_state"
    assert screen.state.phase is CallPhase.WRAP_UP
    screen.presenter.wrap_up(Disposition.FOLLOW_UP, "belt terug")
    assert screen.api.asked[-1][1].note == "belt terug"
    assert (screen.state.phase, screen.state.call, screen.state.tray) == (CallPhase.NONE, None, ())


def test_the_customer_hangs_up(screen):
    screen.live()
    screen.tell(m.CallChanged, call=call_view(CallState.WRAP_UP, connected_at=NOW, ended_at=NOW + timedelta(minutes=1)))
    assert screen.state.phase is CallPhase.WRAP_UP
    assert screen.media.peer.is_closed


def test_what_the_case_already_has_and_what_waits_here_is_in_the_tray(screen):
    screen.live()
    screen.shoot()
    first = screen.state.tray[0].snapshot_id
    asyncio.run(Delivery(screen.outbox, screen.api).deliver_once(ANNA.id))
    screen.api.case_view = case_view(done={"outside": [first]})
    screen.media.peer.show(PICTURE, seq=2)
    screen.shoot()
    again = CallPresenter(screen.api, ImmediateTasks(), screen.clock, media=screen.media, outbox=screen.outbox, send=screen.sent.append,
                          post=lambda act: act(), me=ANNA, devices=LocalMedia)
    again.open(CALL_ID)
    assert [shot.stage for shot in again.state.tray] == [TrayStage.IN_CASE, TrayStage.KEPT]
    assert [item.count for item in again.state.checklist][:3] == [1, 1, 0]


def test_no_media_on_this_machine_is_a_message(screen, tmp_path):
    outbox = Outbox(tmp_path / "other", screen.clock)
    alone = CallPresenter(screen.api, ImmediateTasks(), screen.clock, media=None, outbox=outbox, send=screen.sent.append,
                          post=lambda act: act(), me=ANNA, devices=LocalMedia)
    alone.open(CALL_ID)
    assert alone.state.problems == ("device.no_media",)
    outbox.close()
