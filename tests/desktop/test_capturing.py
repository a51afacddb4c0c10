"""What surrounds a snapshot: the sharpest frame and its swap, the verdict, the camera's still, zoom, codes and text."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import cv2
import pytest

from tests.desktop.fake_call import ANNA, CALL_ID, CASE_ID, NOW, FakeCallApi, asked_again, call_view, original_view
from tests.desktop.fake_media import FakeMediaEngine, product
from tests.desktop.fake_vision import make_vision, serial
from videodesk.calls.capture_ports import FoundCode, FoundText
from videodesk.calls.ports import LocalMedia, PeerState
from videodesk.client.delivery import Delivery
from videodesk.client.outbox import Outbox, OutboxState
from videodesk.core.clock import HandClock
from videodesk.core.errors import Conflict, OutOfSpace, WorldError
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CallState, SnapshotMethod, StillState
from videodesk.desktop.presenters.call import CallPresenter
from videodesk.desktop.tasks import ImmediateTasks
from videodesk.desktop.tray import StillStage, TrayStage
from videodesk.protocol import messages as m
from videodesk.protocol import resources as r

SHARP = product(320, 180)
BLURRED = cv2.GaussianBlur(SHARP, (0, 0), 6)
CAMERA = m.PartyState(facing="environment", can_take_still=True, zoom_min=1.0, zoom_max=4.0)


class Desk:
    """A live call over fakes; the picture on screen is the blurred one, a sharp one stood there a moment before."""

    def __init__(self, folder, *, has_texts=False) -> None:
        self.api, self.media, self.clock, self.sent = FakeCallApi(), FakeMediaEngine(), HandClock(NOW), []
        self.outbox, self.vision, self.waited = Outbox(folder / "outbox", self.clock), make_vision(has_texts=has_texts), []
        self.screen = CallPresenter(
            self.api, ImmediateTasks(), self.clock, media=self.media, outbox=self.outbox, vision=self.vision, send=self.sent.append,
            post=lambda act: act(), me=ANNA, devices=LocalMedia, wait=self._wait)
        self.capturing, self.reading, self.seq = self.screen.capturing, self.screen.capturing.reading, 0

    async def _wait(self, seconds) -> None:
        self.waited.append((seconds, len(self.outbox.entries())))

    @property
    def state(self):
        return self.screen.state

    @property
    def shot(self):
        return self.state.newest

    def tell(self, kind, **values) -> None:
        self.seq += 1
        self.screen.handle(kind(seq=self.seq, **values))

    def live(self, customer=CAMERA, **changes):
        self.api.view = call_view(CallState.CONNECTED, connected_at=NOW, customer=customer, **changes)
        self.screen.open(CALL_ID)

        async def connect() -> None:
            self.media.peer.listener.state_changed(PeerState.CONNECTED)

        asyncio.run(connect())
        self.media.peer.show(BLURRED, seq=9)
        self.media.peer.stills.near = [(4, SHARP)]
        return self

    def press(self):
        self.capturing.snapshot()
        return self.shot

    def deliver(self) -> None:
        asyncio.run(Delivery(self.outbox, self.api, chance=lambda: 0.0).deliver_once(ANNA.id))

    def asks(self):
        return [(message.ask, message.snapshot_id) for message in self.sent if isinstance(message, m.AskPage)]

    def still_comes(self, shot_id, size=(4000, 3000)) -> str:
        """The service has the page's still: it leads."""
        still_id = new_id(NOW + timedelta(seconds=2))
        found = next(view for view in self.api.stored if view.id == shot_id)
        meta = r.SnapshotMeta(case_id=CASE_ID, call_id=CALL_ID, method=SnapshotMethod.TAKE_PHOTO, digest="ab" * 32, media_type="image/jpeg",
                              width_px=size[0], height_px=size[1], captured_at=found.captured_at)
        self.api.has_still(shot_id, original_view(still_id, meta))
        self.tell(m.Happened, name="snapshot.changed", at=NOW, case_id=CASE_ID, data={"snapshot_id": shot_id, "original_id": still_id})
        return still_id


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made.live()
    made.outbox.close()


# ── the sharpest frame ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_clicked_frame_is_kept_first_and_the_sharper_one_beside_it_leads(desk):
    shot = desk.press()
    assert desk.waited == [(0.3, 1)]  # when the look began, the clicked frame was in the outbox already
    clicked, better = desk.outbox.entries(CASE_ID)
    assert (clicked.original_id, clicked.meta.method) == (shot.snapshot_id, SnapshotMethod.FRAME)
    assert (better.snapshot_id, better.meta.method, better.meta.leads) == (shot.snapshot_id, SnapshotMethod.SHARPEST, True)
    assert better.meta.captured_at < clicked.meta.captured_at
    assert shot.leading.id == better.original_id
    assert shot.preview is shot.leading.preview
    assert shot.preview.seq == 4


def test_a_frame_that_is_hardly_sharper_is_not_proposed(desk):
    desk.media.peer.stills.near = [(4, cv2.GaussianBlur(SHARP, (0, 0), 5.9))]
    shot = desk.press()
    assert [one.method for one in shot.originals] == [SnapshotMethod.FRAME]
    assert desk.capturing.swap() is None
    assert desk.state.notice == "call.why.nothing_to_swap"


def test_when_the_judge_fails_the_clicked_frame_stands(desk):
    desk.vision.judge.fails = WorldError("picture.not_now")
    shot = desk.press()
    assert [one.method for one in shot.originals] == [SnapshotMethod.FRAME]
    assert shot.stage is TrayStage.KEPT
    assert desk.state.error is None


def test_a_full_disk_loses_the_proposal_and_not_the_snapshot(desk):
    keep = desk.outbox.keep

    def full(original_id, person_id, meta, original, snapshot_id=None):
        if snapshot_id is not None:
            raise OutOfSpace("outbox.full")
        return keep(original_id, person_id, meta, original)

    desk.outbox.keep = full
    assert desk.press().stage is TrayStage.KEPT


def test_x_swaps_and_swaps_back_and_the_choice_goes_when_both_are_in_the_case(desk):
    shot = desk.press()
    sharpest = shot.leading.id
    desk.capturing.swap()
    assert desk.shot.leading.id == shot.snapshot_id
    assert desk.shot.preview.seq == 9
    assert not [what for name, what in desk.api.asked if name == "change_snapshot"]  # nothing there yet to choose from
    desk.deliver()
    assert desk.api.led == [(shot.snapshot_id, shot.snapshot_id)]
    assert desk.shot.choice is None
    assert desk.shot.leading.id == shot.snapshot_id
    desk.capturing.swap()
    assert desk.api.led[-1] == (shot.snapshot_id, sharpest)
    assert desk.shot.leading.id == sharpest


def test_only_the_last_choice_goes(desk):
    desk.press()
    desk.capturing.swap()
    desk.capturing.swap()
    sharpest = desk.shot.leading.id
    desk.deliver()
    assert desk.api.led[-1][1] == sharpest
    assert desk.shot.leading.id == sharpest


def test_a_choice_outlives_the_call_and_a_line_that_is_down(desk):
    shot = desk.press()
    desk.capturing.swap()
    desk.screen.hang_up()
    desk.screen._clear(desk.state.phase)
    desk.api.fails["change_snapshot"] = WorldError("service.offline")
    desk.deliver()
    assert desk.api.led == []
    desk.tell(m.Welcome, protocol=1, is_resumed=False, me="agent", my_id=ANNA.id, calls=[], server_time=NOW)
    assert desk.api.led == [(shot.snapshot_id, shot.snapshot_id)]


def test_a_choice_that_the_service_refuses_is_taken_back_and_said(desk):
    shot = desk.press()
    desk.deliver()
    sharpest = desk.shot.leading.id
    desk.api.fails["change_snapshot"] = Conflict("snapshot.differs")
    desk.capturing.swap()
    assert desk.shot.leading.id == sharpest
    assert desk.state.error.code == "snapshot.differs"
    assert shot.snapshot_id == desk.shot.snapshot_id


# ── the verdict ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_what_is_wrong_is_said_and_goes_with_the_sharpest(desk):
    desk.vision.judge.problems = ("blurred", "too_dark")
    shot = desk.press()
    assert shot.verdict == ("blurred", "too_dark")
    assert [entry.meta.verdict for entry in desk.outbox.entries(CASE_ID)] == [[], ["blurred", "too_dark"]]


def test_again_makes_the_next_one_a_retake_of_it_for_the_same_item(desk):
    first = desk.press()
    desk.capturing.choose_item("receipt")
    desk.capturing.again(first.snapshot_id)
    assert desk.state.next_retake.snapshot_id == first.snapshot_id
    assert desk.state.next_item.id == first.item_id
    second = desk.press()
    assert (second.retake_of, second.item_id) == (first.snapshot_id, first.item_id)
    assert desk.state.again is None
    assert desk.press().retake_of is None


def test_again_pressed_twice_is_not_again(desk):
    desk.press()
    desk.capturing.again()
    assert desk.state.again == desk.shot.snapshot_id
    desk.capturing.again()
    assert desk.state.again is None


# ── the camera's still ─────────────────────────────────────────────────────────────────────────────────────────────


def test_the_still_is_asked_at_the_key_press_shown_on_its_way_and_takes_the_lead(desk):
    shot = desk.press()
    assert desk.asks() == [("take_still", shot.snapshot_id)]
    assert shot.still.stage is StillStage.ASKED
    desk.tell(m.StillProgressed, call_id=CALL_ID, snapshot_id=shot.snapshot_id, stage="sending", method=SnapshotMethod.TAKE_PHOTO,
              sent_bytes=430, size_bytes=1000, width_px=4000, height_px=3000)
    assert (desk.shot.still.stage, desk.shot.still.percent) == (StillStage.SENDING, 43)
    desk.deliver()
    desk.vision.judge.of_stills = ("glare",)
    still_id = desk.still_comes(shot.snapshot_id)
    assert len(desk.state.tray) == 1
    assert desk.shot.still is None
    assert (desk.shot.leading.id, desk.shot.leading.width_px, desk.shot.leading.height_px) == (still_id, 4000, 3000)
    assert desk.shot.verdict == ("glare",)
    assert desk.shot.preview is None  # from now on the service's picture of the still
    assert desk.shot.thumbnail == b"thumbnail of " + still_id.encode()
    assert [one.method for one in desk.shot.originals] == [SnapshotMethod.FRAME, SnapshotMethod.SHARPEST, SnapshotMethod.TAKE_PHOTO]


def test_x_goes_around_clicked_sharpest_and_still(desk):
    shot = desk.press()
    desk.deliver()
    still_id = desk.still_comes(shot.snapshot_id)
    seen = []
    for _ in range(3):
        desk.capturing.swap()
        seen.append(desk.shot.leading.method)
    assert seen == [SnapshotMethod.FRAME, SnapshotMethod.SHARPEST, SnapshotMethod.TAKE_PHOTO]
    assert desk.shot.leading.id == still_id


def test_a_still_that_fails_leaves_the_frame_and_may_be_asked_of_the_phones_own_camera(desk):
    shot = desk.press()
    desk.tell(m.StillProgressed, call_id=CALL_ID, snapshot_id=shot.snapshot_id, stage="failed", code="still.camera_failed")
    assert desk.shot.still.is_failed
    assert desk.shot.still.code == "still.camera_failed"
    assert desk.shot.leading is not None
    desk.capturing.ask_native(shot.snapshot_id)
    assert desk.asks()[-1] == ("native_camera", shot.snapshot_id)
    assert desk.shot.still.stage is StillStage.ASKED


def test_without_such_a_camera_only_the_notice_goes_and_none_for_a_rewound_frame(tmp_path):
    desk = Desk(tmp_path).live(customer=m.PartyState(facing="environment"))
    shot = desk.press()
    assert desk.asks() == [("picture_taken", shot.snapshot_id)]
    assert shot.still is None
    desk.outbox.close()


def test_a_rewound_frame_has_its_own_time_and_no_still_and_no_look(desk):
    stills = desk.media.peer.stills
    frame = stills.around(stills.freeze(), 0.5, 0.3)[0]
    desk.capturing.take_rewound(frame, stills)
    shot = desk.shot
    assert (shot.captured_at, shot.still) == (frame.captured_at, None)
    assert desk.asks()[-1][0] == "picture_taken"
    assert desk.waited == []


def test_giving_up_waits_no_longer(desk):
    shot = desk.press()
    desk.deliver()
    desk.capturing.give_up(shot.snapshot_id)
    assert ("give_up_still", shot.snapshot_id) in desk.api.asked
    assert (desk.shot.still.is_failed, desk.shot.still.code) == (True, "still.given_up")


def test_a_still_awaited_since_before_is_shown_after_a_restart(desk):
    shot = desk.press()
    desk.deliver()
    desk.api.stored = [view.model_copy(update={"still": StillState.AWAITED}) for view in desk.api.stored]
    desk.screen._clear(desk.state.phase)
    desk.screen.open(CALL_ID)
    assert desk.shot.snapshot_id == shot.snapshot_id
    assert desk.shot.still.stage is StillStage.ASKED


def test_what_is_in_the_case_and_what_is_here_are_told_apart(desk):
    shot = desk.press()
    assert shot.stage is TrayStage.KEPT
    desk.outbox.mark(shot.snapshot_id, OutboxState.CONFIRMED)
    assert desk.shot.stage is TrayStage.KEPT  # the sharpest is still here only
    desk.outbox.mark(shot.leading.id, OutboxState.CONFIRMED)
    assert desk.shot.stage is TrayStage.IN_CASE


def test_a_refused_proposal_does_not_make_the_snapshot_refused(desk):
    shot = desk.press()
    desk.outbox.mark(shot.snapshot_id, OutboxState.CONFIRMED)
    desk.outbox.mark(shot.leading.id, OutboxState.REFUSED, Conflict("snapshot.differs"))
    assert desk.shot.stage is TrayStage.IN_CASE
    assert desk.shot.leading.id == shot.snapshot_id


# ── zoom ───────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_zoom_goes_in_steps_within_what_the_camera_can(desk):
    for _ in range(9):
        desk.screen.camera.zoom_by(1)
    wanted = [message.zoom for message in desk.sent if isinstance(message, m.AskPage) and message.ask == "zoom"]
    assert wanted[0] == 1.25
    assert wanted[-1] == 4.0
    assert len(wanted) == 7  # at the end nothing more is asked
    desk.tell(m.CallChanged, call=desk.state.call.model_copy(update={"customer": CAMERA.model_copy(update={"zoom": 3.9})}))
    assert desk.state.zoom == 3.9


def test_zoom_says_when_the_camera_has_none(desk):
    desk.tell(m.CallChanged, call=desk.state.call.model_copy(update={"customer": m.PartyState()}))
    desk.screen.camera.zoom_by(1)
    assert desk.state.notice == "call.why.no_zoom"


# ── codes and text ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_code_is_offered_and_only_taken_over_by_a_person(desk):
    desk.vision.codes.codes = [FoundCode("https://example.nl/p/1", "QRCode", "link"), serial()]
    desk.press()
    assert [(offer.kind, offer.text) for offer in desk.state.offers] == [("serial", "SN-123"), ("link", "https://example.nl/p/1")]
    assert desk.api.patches == []
    desk.reading.take_over()
    [patch] = desk.api.patches
    assert patch.model_dump(exclude_unset=True) == {"revision": 3, "serial": "SN-123"}
    assert desk.state.case.serial == "SN-123"
    assert [offer.kind for offer in desk.state.offers] == ["link"]
    desk.press()
    assert [offer.kind for offer in desk.state.offers] == ["link"]  # it stands in the case already


def test_another_value_in_the_field_is_said_and_asked(desk):
    desk.api.case_view = desk.api.case_view.model_copy(update={"serial": "OLD-1"})
    desk.tell(m.Happened, name="case.changed", at=NOW, case_id=CASE_ID)
    desk.vision.codes.codes = [serial()]
    desk.press()
    desk.reading.take_over()
    assert desk.api.patches == []
    assert desk.state.offers[0].is_asking
    desk.reading.take_over()
    assert desk.state.case.serial == "SN-123"


def test_somebody_else_wrote_there_meanwhile(desk):
    desk.vision.codes.codes = [serial()]
    desk.press()
    desk.api.case_view = desk.api.case_view.model_copy(update={"serial": "THEIRS", "revision": 9})
    desk.reading.take_over()
    assert desk.api.case_view.serial == "THEIRS"
    assert desk.state.case.serial == "THEIRS"
    assert [(offer.text, offer.is_asking) for offer in desk.state.offers] == [("SN-123", False)]


def test_a_stale_case_is_no_reason_to_ask_again(desk):
    desk.vision.codes.codes = [FoundCode("8712345678906", "EAN13", "ean")]
    desk.press()
    desk.api.case_view = desk.api.case_view.model_copy(update={"title": "another title", "revision": 9})
    desk.reading.take_over()
    assert desk.api.case_view.ean == "8712345678906"
    assert desk.state.notice == "call.read.taken_ean"


def test_a_declined_code_is_not_offered_again_by_itself_but_on_request(desk):
    desk.vision.codes.codes = [serial()]
    desk.press()
    desk.reading.dismiss()
    desk.press()
    assert desk.state.offers == ()
    desk.reading.live()
    assert [offer.text for offer in desk.state.offers] == ["SN-123"]


def test_reading_the_live_picture_keeps_nothing_and_says_when_it_finds_nothing(desk):
    desk.reading.live()
    assert desk.state.notice == "call.read.nothing"
    assert desk.state.reading is None
    assert desk.state.tray == ()
    assert desk.outbox.entries() == []


def test_the_stills_codes_are_read_when_it_comes(desk):
    shot = desk.press()
    desk.deliver()
    desk.vision.codes.codes = [serial("FROM-STILL")]
    desk.still_comes(shot.snapshot_id)
    assert [offer.text for offer in desk.state.offers] == ["FROM-STILL"]


def test_text_is_read_on_request_with_serials_first(tmp_path):
    desk = Desk(tmp_path, has_texts=True).live()
    shot = desk.press()
    desk.vision.texts.lines = [FoundText("Made in NL", 0.9, False), FoundText("SN 4711", 0.8, True)]
    desk.capturing.read_text(shot.snapshot_id)
    assert [line.text for line in desk.state.texts.lines] == ["SN 4711", "Made in NL"]
    desk.reading.offer_serial("SN 4711")
    assert desk.state.offers[0].field == "serial"
    desk.vision.texts.fails = WorldError("ocr.failed")
    desk.capturing.read_text(shot.snapshot_id)
    assert desk.state.error.code == "ocr.failed"
    assert desk.state.reading is None
    desk.outbox.close()


def test_without_the_extra_it_says_how_to_install_it(desk):
    shot = desk.press()
    desk.capturing.read_text(shot.snapshot_id)
    assert desk.state.notice == "call.read.ocr_missing"


def test_a_supervisors_wish_still_suggests_the_retake(desk):
    shot = desk.press()
    desk.deliver()
    desk.api.stored = [asked_again(view, "Dichterbij") for view in desk.api.stored]
    desk.tell(m.Happened, name="review.decided", at=NOW, case_id=CASE_ID)
    assert desk.state.next_retake.snapshot_id == shot.snapshot_id
