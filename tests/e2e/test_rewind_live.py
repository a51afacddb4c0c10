"""A real Chromium's call is looked back into while it goes on: what is found at a moment is what was on screen then."""

import asyncio
from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.async_api import Page

from tests.e2e.test_media_chromium import CHROMIUM, FRAMES, Call, Viewer, camera_file, page, shown  # noqa: F401 - fixtures
from tests.unit.media.fakes import synthetic_engine, until
from videodesk.calls.capture_ports import GapReason
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.media.keyframes import MAX_S
from videodesk.media.memory import DeskMemory
from videodesk.media.synthetic import read_frame_number
from videodesk.media.tap import SoundUnit, VideoUnit

pytestmark = [pytest.mark.chromium, pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")]


def pictures(memory: DeskMemory) -> list[VideoUnit]:
    return [unit for unit in memory.ring.units() if isinstance(unit, VideoUnit)]


async def watch(call: Call, seen: dict[float, tuple[int, int]], until_s: float) -> None:
    """What a view shows: the number in each picture, by the time at which it came."""
    viewer = Viewer(call.peer.remote_pictures)
    call.peer.remote_pictures.take()  # the one that waited for a view
    while len(seen) < 20 or max(seen) < until_s:
        await asyncio.wait_for(viewer.next(), 20)
        number = shown(viewer.picture)
        if number is not None:
            seen[viewer.picture.received_at_s] = (number, viewer.picture.rtp_time)


@pytest.mark.parametrize("codec", ["video/H264", "video/VP8"])
async def test_the_rewound_frame_is_the_one_that_was_shown(page: Page, codec: str) -> None:  # noqa: F811 - the fixture
    memory = synthetic_engine().remember(Path())
    async with Call(page, memory) as call:
        await call.start(codec=codec)
        call.peer.remote_pictures.ask_size(960, 540)
        await until(lambda: call.peer.inbox.video.frames > 20, "pictures")
        assert memory.rewind.span().from_s is None, "nothing before consent"
        consent_s = call.peer.inbox.video.last_frame_at_s
        memory.allow(stills=True, recording=True)
        await until(lambda: memory.rewind.span().from_s is not None, "a keyframe, that was asked for")
        seen: dict[float, tuple[int, int]] = {}
        await watch(call, seen, memory.rewind.span().from_s + 6.0)
        span = memory.rewind.span()
        assert span.from_s > consent_s
        moments = [at_s for at_s in seen if at_s >= span.from_s][::2]
        assert len(moments) > 5
        for at_s in moments:
            frame = await asyncio.to_thread(memory.rewind.frame_at, at_s)
            number, rtp_time = seen[at_s]
            original = memory.rewind.encode(frame)
            image = cv2.imdecode(np.frombuffer(original.data, np.uint8), cv2.IMREAD_COLOR)
            assert read_frame_number(image) == number
            assert shown(frame.preview) == number
            assert (frame.rtp_time, frame.method, f"video/{frame.codec}") == (rtp_time, SnapshotMethod.REWOUND, codec)
            assert frame.captured_at == memory.wall(at_s)
            assert (original.width_px, original.height_px) == (1280, 720) == image.shape[1::-1]
            assert original.method is SnapshotMethod.REWOUND
        earlier = await asyncio.to_thread(memory.rewind.step, frame, -1)
        assert 0 < (shown(frame.preview) - shown(earlier.preview)) % FRAMES <= 15, "the one before it"
        assert call.peer.inbox.video.frames > 60, "the call went on meanwhile"
        assert len(memory.rewind.strip()) >= 4


async def test_keyframes_come_without_a_loss_and_both_sides_are_heard(page: Page) -> None:  # noqa: F811 - the fixture
    memory = synthetic_engine().remember(Path())
    async with Call(page, memory) as call:
        memory.allow(stills=True, recording=True)
        await call.start()
        await until(lambda: sum(unit.is_key for unit in pictures(memory)) >= 4, "keyframes that nobody needed for the live picture", 4 * MAX_S + 10)
        sides = {unit.side for unit in memory.ring.units() if isinstance(unit, SoundUnit) and unit.payload}
        assert sides == {"customer", "agent"}
        assert call.peer.inbox.video.damaged_frames == 0


async def test_on_hold_nothing_is_kept_and_what_was_stays(page: Page) -> None:  # noqa: F811 - the fixture
    memory = synthetic_engine().remember(Path())
    async with Call(page, memory) as call:
        memory.allow(stills=True, recording=True)
        await call.start()
        await until(lambda: len(pictures(memory)) > 30, "pictures")
        memory.allow(stills=True, recording=True, off=GapReason.ON_HOLD)
        call.peer.set_hold(True)
        kept = len(memory.ring.units())
        packets = call.peer.inbox.video.packets
        await until(lambda: call.peer.inbox.video.packets > packets + 60, "the page still sends")
        assert len(memory.ring.units()) == kept
        call.peer.set_hold(False)
        memory.allow(stills=True, recording=True)
        held_until_s = call.peer.inbox.video.last_packet_at_s
        await until(lambda: pictures(memory)[-1].received_at_s > held_until_s + 0.5, "pictures after the hold")
        first = next(unit for unit in pictures(memory) if unit.received_at_s > held_until_s)
        assert first.is_key
        (gap,) = memory.rewind.span().gaps
        assert gap.reason is GapReason.ON_HOLD
        assert gap.to_s == first.received_at_s
        assert memory.rewind.frame_at(memory.rewind.span().from_s) is not None


async def test_a_reconnect_goes_on_in_the_same_memory(page: Page) -> None:  # noqa: F811 - the fixture
    memory = synthetic_engine().remember(Path())
    memory.allow(stills=True, recording=False)
    async with Call(page, memory) as call:
        await call.start(codec="video/VP8")
        await until(lambda: len(pictures(memory)) > 20, "pictures")
    before = pictures(memory)[-1]
    second = await page.context.browser.new_page()
    second_route = "<!doctype html><title>customer</title><body></body>"
    await second.route("https://desk.test/*", lambda route: route.fulfill(body=second_route, content_type="text/html"))
    await second.goto("https://desk.test/")
    async with Call(second, memory) as call:
        await call.start(codec="video/H264")
        await until(lambda: pictures(memory)[-1].codec == "H264" and len(pictures(memory)) > 60, "pictures of the new connection")
        assert memory.rewind.frame_at(before.received_at_s).codec == "VP8"
        assert memory.rewind.frame_at(pictures(memory)[-1].received_at_s).codec == "H264"
        assert all(gap.reason is GapReason.LOST for gap in memory.rewind.span().gaps)
    memory.close()
    assert memory.rewind.frame_at(before.received_at_s) is None
