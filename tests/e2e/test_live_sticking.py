"""A mark in a call with a moving camera: followed in the received video, told to the page by the frame's time, shown on the object there."""

from __future__ import annotations

import asyncio
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.e2e.live_lab import CHROMIUM, LiveCall, grey
from tests.e2e.test_live_drawing import disc_in
from tests.join.live_lab import AS_IT_IS, middle_of
from tests.unit.media.fakes import until
from videodesk.calls.live import LiveDrawing
from videodesk.calls.live_ports import WatchedFrame
from videodesk.desktop.sticking import Sticking
from videodesk.protocol.live import LiveHold, LiveShape
from videodesk.vision.sticking import PlaneSticker

pytestmark = [pytest.mark.chromium, pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")]

SIZE, FRAMES = (640, 360), 180
MAGENTA = "#ff00ff"


def swaying(folder: Path) -> Path:
    """A camera that pans to and fro over a table with things on it, and one bright green disc among them."""
    rng = np.random.default_rng(11)
    scene = np.full((720, 1200, 3), 60, np.uint8)
    for _ in range(240):
        x, y = int(rng.integers(0, 1200)), int(rng.integers(0, 720))
        cv2.rectangle(scene, (x, y), (x + int(rng.integers(10, 70)), y + int(rng.integers(10, 50))), tuple(int(one) for one in rng.integers(30, 105, 3)), -1)
    cv2.circle(scene, (600, 360), 34, (60, 60, 60), -1)
    cv2.circle(scene, (600, 360), 14, (0, 255, 0), -1, cv2.LINE_AA)
    parts = []
    for number in range(FRAMES):
        turn = 2 * np.pi * number / FRAMES
        x, y = round(280 + 120 * np.sin(turn)), round(180 + 50 * np.sin(2 * turn))
        parts.append(cv2.imencode(".jpg", scene[y:y + SIZE[1], x:x + SIZE[0]], [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes())
    path = folder / "swaying.mjpeg"
    path.write_bytes(b"".join(parts))
    return path


class Desk:
    """What the desktop does with a mark: its drawing and its follower, in the test's loop."""

    def __init__(self, call: LiveCall) -> None:
        self.call, self.drawing, self.follower = call, LiveDrawing(), Sticking(PlaneSticker)
        self.found: list[tuple[WatchedFrame, tuple[tuple[float, float], ...], LiveHold]] = []
        self.loop = asyncio.get_running_loop()
        self.follower.on_found(lambda frame, places: self.loop.call_soon_threadsafe(self.take, frame, places))
        call.peer.watch(lambda frame: (call.watched.append(frame), self.follower.watched(frame)))

    def take(self, frame, places) -> None:
        """The follower found these."""
        self.found += [(frame, place.points, place.hold) for place in places.values()]
        self.drawing.found(frame.captured_ms, places)
        self.say()

    def say(self) -> None:
        """Tell the page what is due."""
        message = self.drawing.batch(self.loop.time())
        if message is not None:
            self.call.peer.live.say(message)

    def put_on_disc(self) -> str:
        """A ring around the disc, on the newest frame."""
        frame = self.call.watched[-1]
        x, y = disc_in(grey(frame))
        mark_id = self.drawing.begin(LiveShape.ELLIPSE, (x - 0.05, y - 0.09), self.loop.time(), colour=MAGENTA, width=0.008, fades=False)
        self.drawing.draw(mark_id, (x + 0.05, y + 0.09), self.loop.time())
        assert self.drawing.finish(mark_id, self.loop.time())
        self.say()
        self.follower.hold(mark_id, [(x - 0.05, y - 0.09), (x + 0.05, y - 0.09), (x + 0.05, y + 0.09), (x - 0.05, y + 0.09)], frame.rtp_time)
        return mark_id


async def test_a_mark_stays_on_its_object_while_the_camera_moves_on_both_sides(tmp_path: Path) -> None:
    async with LiveCall(tmp_path / "desk", swaying(tmp_path), script=AS_IT_IS) as call:
        desk = Desk(call)
        await call.frames(6)  # that the follower has, too
        desk.put_on_disc()
        await until(lambda: len(desk.found) >= 90, "three seconds of following")
        off = []
        for frame, points, hold in desk.found:
            disc = disc_in(grey(frame))
            if hold is LiveHold.FOLLOWING and disc is not None:
                off.append(float(np.hypot(*((np.mean(points, axis=0) - disc) * (1, SIZE[1] / SIZE[0])))))
        assert len(off) >= 0.9 * len(desk.found)
        assert np.median(off) <= 0.01
        assert np.percentile(off, 95) <= 0.02
        rings: list[float] = []
        for _ in range(40):
            await call.frames(4)
            # Where this machine is too slow for places in time, the page shows the newest picture instead: then nothing belongs together.
            before, screen, after = await call.delayed_picture(), await call.screen(), await call.delayed_picture()
            disc = middle_of(screen, (390 / 2, 844 / 2), 300, "green")
            ring = None if disc is None else middle_of(screen, tuple(disc), 60, "magenta")
            if before is not None and after is not None and ring is not None:
                rings.append(float(np.hypot(*(ring - disc))) / 390)
            if len(rings) == 9:
                break
        assert len(rings) == 9
        assert np.median(rings) <= 0.02
        desk.follower.forget()
