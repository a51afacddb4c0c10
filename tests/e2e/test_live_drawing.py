"""Live drawing between our media peer and the customer's page in a real Chromium: the same picture, the same place, the same moment on both sides."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.e2e.live_lab import CHROMIUM, LiveCall, grey, settled
from tests.join.live_lab import AS_IT_IS, camera, film, middle_of
from videodesk.media.synthetic import read_frame_number, write_camera_file
from videodesk.protocol.live import LiveHold, LiveMark, LiveShape

pytestmark = [pytest.mark.chromium, pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")]

MAGENTA = "#ff00ff"
FRAMES = 300
CORNERS = [(0.4, 0.4), (0.6, 0.4), (0.6, 0.6), (0.4, 0.6)]


def disc_in(picture: np.ndarray) -> tuple[float, float] | None:
    """Where the one disc is, by its difference from the grey around it; shares of the picture. Grey discs of 75 % on 50 %: green in luma."""
    _, _, stats, middles = cv2.connectedComponentsWithStats((cv2.GaussianBlur(picture, (5, 5), 0) > 142).astype(np.uint8))
    sizes = [(stat[cv2.CC_STAT_AREA], tuple(middle)) for stat, middle in zip(stats[1:], middles[1:], strict=True)
             if 0.75 < stat[cv2.CC_STAT_WIDTH] / stat[cv2.CC_STAT_HEIGHT] < 1.33]
    if not sizes:
        return None
    x, y = max(sizes)[1]
    return (x + 0.5) / picture.shape[1], (y + 0.5) / picture.shape[0]


@pytest.mark.parametrize("size", [(1280, 720), (720, 1280)], ids=["lying", "standing"])
async def test_what_the_desk_points_at_in_its_frame_is_what_the_customer_sees_pointed_at(tmp_path: Path, size: tuple[int, int]) -> None:
    place = (0.40, 0.42)
    async with LiveCall(tmp_path / "desk", camera(tmp_path, size, [place]), script=AS_IT_IS) as call:
        frame = call.watched[-1]
        assert frame.luma.width_px / frame.luma.height_px == pytest.approx(size[0] / size[1], rel=0.02)
        found = disc_in(grey(frame))
        assert found == pytest.approx(place, abs=0.01)
        await call.draw(LiveMark(id="here", shape=LiveShape.POINTER, points=[found], colour=MAGENTA))
        screen = await call.screen()
        width = 390 if size[0] > size[1] else 844 * size[0] / size[1]
        middle = (390 / 2 + (place[0] - 0.5) * width, 844 / 2 + (place[1] - 0.5) * width * size[1] / size[0])
        ring, disc = (middle_of(screen, middle, 40, colour) for colour in ("magenta", "green"))
        assert ring is not None
        assert disc is not None
        assert float(np.hypot(*(ring - disc))) / width <= 0.02


async def test_the_page_shows_the_frame_that_the_places_were_found_in(tmp_path: Path) -> None:
    """The drawn camera counts its frames: the number in the picture shown is the one that the desk read in the frame of that moment."""
    async with LiveCall(tmp_path / "desk", write_camera_file(tmp_path / "camera.mjpeg", width_px=640, height_px=360, frames=FRAMES)) as call:
        await call.draw(LiveMark(id="a", shape=LiveShape.RECTANGLE, points=CORNERS, colour=MAGENTA, hold=LiveHold.FOLLOWING))
        call.follow("a", lambda _frame: CORNERS)

        async def look() -> int | None:
            await call.frames(12)
            shown = await call.delayed_picture()
            number = None if shown is None else read_frame_number(shown[1])
            read = [(frame.captured_ms, one) for frame in call.watched[-60:] if frame.captured_ms is not None and (one := read_frame_number(grey(frame))) is not None]
            if shown is None or number is None or not read:
                return None
            captured_ms, ours = min(read, key=lambda one: abs(one[0] - shown[0]))
            # a frame that the desk did not see says nothing
            return (number - ours + FRAMES // 2) % FRAMES - FRAMES // 2 if abs(captured_ms - shown[0]) < 17 else None

        def is_right(frames: list[int]) -> bool:
            return bool(np.median(np.abs(frames)) == 0) and max(abs(one) for one in frames) <= 1

        frames = await settled(look, 8, is_right)
        print("frames off", frames)
        assert is_right(frames), frames


async def test_a_mark_stays_on_what_moves(tmp_path: Path) -> None:
    async with LiveCall(tmp_path / "desk", film(tmp_path), script=AS_IT_IS) as call:
        await call.draw(LiveMark(id="here", shape=LiveShape.POINTER, points=[(0.5, 0.5)], colour=MAGENTA, hold=LiveHold.FOLLOWING))
        call.follow("here", lambda frame: [place] if (place := disc_in(grey(frame))) else None)

        async def look() -> float | None:
            await call.frames(8)
            found = await call.ring_and_disc()
            return float(np.hypot(*(found[0] - found[1]))) / 390 if found is not None else None

        def is_right(errors: list[float]) -> bool:
            return bool(np.median(errors) <= 0.02) and max(errors) <= 0.03

        errors = await settled(look, 12, is_right)
        print("error, share of the width: median", np.median(errors), "worst", max(errors))
        assert is_right(errors), errors
