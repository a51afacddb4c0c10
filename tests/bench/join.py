"""join: `first_frame`, seconds from opening the link to the first frame painted by the desktop; floor: two bare Chromium pages.

The page here only opens its camera and calls (no consent screen, no waiting for an agent's click): what is measured is the media path.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from tests.bench._chromium import FRAMES, BareCall, Report, figure, launch, open_page, ratio
from tests.bench._window import Desk
from videodesk.media.synthetic import write_camera_file

ROUNDS = 8


def run() -> Report:
    desk = Desk()

    async def measure() -> tuple[list[float], list[float]]:
        with tempfile.TemporaryDirectory() as folder:
            camera = write_camera_file(Path(folder) / "camera.mjpeg", frames=FRAMES // 3)
            async with async_playwright() as playwright:
                ours, floor = [], []
                for _ in range(ROUNDS):  # in turn, so that what else the machine does meets both
                    ours.append(await _ours(desk, playwright, camera))
                    floor.append(await _bare(playwright, camera))
                return ours, floor

    ours, floor = desk.run(measure)
    desk.close()
    result = {"unit": "s", "ours": figure(ours), "floor": figure(floor)}
    result["ratio"] = ratio(result["ours"], result["floor"])
    return {"name": "join", "figures": {"first_frame": result}}


async def _ours(desk: Desk, playwright: Any, camera: Path) -> float:
    browser = await launch(playwright, camera)
    holder = {"peer": await desk.make_peer()}
    desk.view.first_at = None
    start = time.time()
    page = await open_page(browser)
    await desk.expose(page, holder)
    await desk.connect(page, holder)
    while desk.view.first_at is None:
        await asyncio.sleep(0.005)
        assert time.time() - start < 20, "no picture"
    await desk.close_peer(holder["peer"])
    await browser.close()
    return desk.view.first_at - start


async def _bare(playwright: Any, camera: Path) -> float:
    browser = await launch(playwright, camera)
    receiver = await open_page(browser)
    start = time.time()
    call = BareCall(await open_page(browser), receiver)
    await call.prepare()
    await call.connect(is_watching=False)
    await receiver.wait_for_function("window.firstFrameAt > 0")
    first_at: float = await receiver.evaluate("firstFrameAt")
    await browser.close()
    return first_at / 1000 - start
