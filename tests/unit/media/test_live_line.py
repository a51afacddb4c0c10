"""The line of live drawing against a stock aiortc connection that makes the channel as the page does, and what is taken off the video for it."""

import asyncio
import base64
import json
from typing import Self

import cv2
import numpy as np
import pytest

from tests.unit.media.fakes import NOTHING, Customer, Listener, camera_track, synthetic_engine, until
from tests.unit.media.test_peer import Sending
from videodesk.calls.live_ports import WatchedFrame
from videodesk.calls.pictures import EncodedOriginal
from videodesk.core.clock import HandClock
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.media.decoding import DecodedFrame
from videodesk.media.frames import from_bgr, frozen, later_picture
from videodesk.media.live_line import BURST, NTP_EPOCH_S, PageClock, Sluice, encode_live
from videodesk.media.tap import SenderReport
from videodesk.protocol.live import LIVE_LABEL, MAX_FREEZE_BYTES, LiveMark, LiveMarks, LiveSeen, LiveShape

ARROW = LiveMark(id="a1", shape=LiveShape.ARROW, points=[(0.1, 0.9), (0.5, 0.5)], colour="#e5352b")


class Ear:
    """A LiveListener that keeps what it hears."""

    def __init__(self) -> None:
        self.states: list[bool] = []
        self.heard: list[object] = []

    def live_changed(self, *, is_open: bool) -> None:
        self.states.append(is_open)

    def live_said(self, message: object) -> None:
        self.heard.append(message)


class Joined:
    """Our peer and a page that made its channel in the offer."""

    def __init__(self, label: str = LIVE_LABEL) -> None:
        self.listener, self.ear = Listener(), Ear()
        self.peer = synthetic_engine().connect([], NOTHING, self.listener)
        self.peer.live.listen(self.ear)
        self.track = camera_track()
        self.sending = Sending(self.track)
        self.customer = Customer(self.track)
        self.page = self.customer.connection.createDataChannel(label)
        self.said: list[dict] = []
        self.page.on("message", lambda text: self.said.append(json.loads(text)))

    async def __aenter__(self) -> Self:
        await self.customer.call(self.peer, self.listener)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.peer.close()
        await self.sending.stop()
        await self.customer.close()


async def test_an_arrow_goes_over_and_what_is_seen_comes_back() -> None:
    async with Joined() as call:
        await until(lambda: call.ear.states == [True], "the channel")
        call.peer.live.say(LiveMarks(seq=1, put=[ARROW]))
        await until(lambda: call.said, "the arrow")
        assert LiveMarks.model_validate(call.said[0]).put == [ARROW]
        call.page.send(LiveSeen(seq=1).model_dump_json())
        await until(lambda: call.ear.heard, "what is seen")
        assert call.ear.heard == [LiveSeen(seq=1)]


async def test_what_is_not_of_the_protocol_is_dropped_and_the_line_stays() -> None:
    async with Joined() as call:
        await until(lambda: call.peer.live.is_open, "the channel")
        for rubbish in ("", "{", "[]", '{"type":"live.marks"}', b"\x00\x01", "9" * 20_000, '{"type":"live.seen","seq":NaN}'):
            call.page.send(rubbish)
        call.page.send(LiveSeen(seq=3).model_dump_json())
        await until(lambda: call.ear.heard, "the one that is right")
        assert call.ear.heard == [LiveSeen(seq=3)]


async def test_a_channel_of_another_name_is_none_of_ours() -> None:
    async with Joined("files") as call:
        await until(lambda: call.page.readyState == "closed", "its end")
        assert call.ear.states == []
        call.peer.live.say(LiveMarks(seq=1, put=[ARROW]))  # nobody hears; nothing breaks
        assert not call.peer.live.is_open


async def test_a_frozen_picture_arrives_whole_and_a_stroke_does_not_wait_for_it() -> None:
    data = np.random.default_rng(5).bytes(300_000)
    async with Joined() as call:
        await until(lambda: call.peer.live.is_open, "the channel")
        call.peer.live.show("f1", EncodedOriginal(data, "image/jpeg", 1280, 720, SnapshotMethod.FRAME), may_draw=True)
        call.peer.live.say(LiveMarks(seq=1, put=[ARROW]))
        await until(lambda: sum(len(base64.b64decode(one["data"])) for one in call.said if one["type"] == "live.freeze_part") == len(data), "all of it")
        parts = [one for one in call.said if one["type"] == "live.freeze_part"]
        assert b"".join(base64.b64decode(one["data"]) for one in parts) == data
        assert [one["index"] for one in parts] == list(range(len(parts)))
        assert next(one for one in call.said if one["type"] == "live.freeze")["size_bytes"] == len(data)
        assert [one["type"] for one in call.said].index("live.marks") < 10
        call.peer.live.drop("f1")
        await until(lambda: call.said[-1]["type"] == "live.thaw", "the thaw")


async def test_a_picture_that_is_dropped_is_not_sent_on() -> None:
    data = np.random.default_rng(6).bytes(400_000)
    async with Joined() as call:
        await until(lambda: call.peer.live.is_open, "the channel")
        call.peer.live.show("f1", EncodedOriginal(data, "image/jpeg", 1280, 720, SnapshotMethod.FRAME), may_draw=False)
        call.peer.live.drop("f1")
        await until(lambda: call.said and call.said[-1]["type"] == "live.thaw", "the thaw")
        call.peer.live.say(LiveMarks(seq=1))
        await until(lambda: call.said[-1]["type"] == "live.marks", "the next word")
        assert len([one for one in call.said if one["type"] == "live.freeze_part"]) < 10


async def test_too_large_a_picture_is_refused_before_anything_is_sent() -> None:
    async with Joined() as call:
        with pytest.raises(ValueError, match="too many"):
            call.peer.live.show("f1", EncodedOriginal(bytes(MAX_FREEZE_BYTES + 1), "image/jpeg", 10, 10, SnapshotMethod.FRAME), may_draw=True)


async def test_the_line_says_that_it_ends() -> None:
    async with Joined() as call:
        await until(lambda: call.ear.states == [True], "the channel")
        call.page.close()
        await until(lambda: call.ear.states == [True, False], "its end")
        assert not call.peer.live.has_room


async def test_one_who_listens_later_hears_that_it_is_open() -> None:
    async with Joined() as call:
        await until(lambda: call.peer.live.is_open, "the channel")
        late = Ear()
        call.peer.live.listen(late)
        await until(lambda: late.states == [True], "the news")


async def test_watched_frames_are_small_grey_and_timed_by_the_page() -> None:
    async with Joined() as call:
        seen: list[WatchedFrame] = []
        call.peer.watch(seen.append)
        await until(lambda: any(frame.captured_ms is not None for frame in seen), "a frame after a sender report")
        call.peer.watch(None)
        count = len(seen)
        frame = seen[-1]
        assert (frame.luma.width_px, frame.luma.height_px) == (320, 180)
        rows = np.frombuffer(frame.luma.buffer, np.uint8).reshape(-1, frame.luma.stride_bytes)[:180, :320]
        assert rows.std() > 5
        await until(lambda: call.peer.inbox.video.frames > count + 3, "more frames")
        assert len(seen) <= count + 1


def test_frames_are_timed_by_the_last_report_also_where_the_rtp_time_wraps() -> None:
    clock = PageClock()
    assert clock.captured_ms(5) is None
    clock.report(SenderReport("audio", 1, NTP_EPOCH_S + 1.0))
    assert clock.captured_ms(5) is None
    clock.report(SenderReport("video", 0xFFFFFFFF - 899, NTP_EPOCH_S + 1000.0))
    assert clock.captured_ms(0xFFFFFFFF - 899) == pytest.approx(1_000_000)
    assert clock.captured_ms(900) == pytest.approx(1_000_020, abs=0.01)
    assert clock.captured_ms(0xFFFFFFFF - 899 - 9000) == pytest.approx(999_900)


def test_a_sluice_lets_a_burst_through_and_then_so_many_a_second() -> None:
    clock = HandClock()
    sluice = Sluice(clock)
    assert sum(sluice.passes() for _ in range(BURST * 3)) == BURST
    clock.advance(1.0)
    assert 50 <= sum(sluice.passes() for _ in range(BURST)) <= 61


@pytest.mark.parametrize("size", [(1920, 1080), (640, 360), (720, 1280)])
def test_a_frozen_picture_fits_whatever_is_on_it(size: tuple[int, int]) -> None:
    width, height = size
    noise = np.random.default_rng(3).integers(0, 255, (height, width, 3), dtype=np.uint8)  # the worst there is for JPEG
    decoded = DecodedFrame(from_bgr(noise), 0, 0, 0.0, is_evidence_grade=True, codec="VP8")
    picture = encode_live(frozen(decoded, later_picture(decoded, (10, 10)), HandClock().now(), SnapshotMethod.FRAME))
    assert len(picture.data) <= MAX_FREEZE_BYTES
    image = cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_COLOR)
    assert image.shape[:2] == (picture.height_px, picture.width_px)
    assert max(image.shape) <= 1280
    assert picture.width_px / picture.height_px == pytest.approx(width / height, rel=0.01)


async def test_after_close_nothing_is_said() -> None:
    async with Joined() as call:
        await until(lambda: call.peer.live.is_open, "the channel")
        await call.peer.close()
        call.peer.live.say(LiveMarks(seq=1, put=[ARROW]))
        await asyncio.sleep(0)
        assert not call.peer.live.is_open
