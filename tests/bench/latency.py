"""latency: `painted`, milliseconds from a frame's capture in the customer's browser to the painted picture; floor: bare Chromium pages."""

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from playwright.async_api import async_playwright

from tests.bench._chromium import FRAMES, BareCall, Report, figure, launch, open_page, ratio
from tests.bench._window import Desk
from videodesk.media.synthetic import write_camera_file

SECONDS = 12.0
SETTLE_S = 3.0


def delays(seen: dict[str, float], painted: dict[int, float]) -> list[float]:
    """Milliseconds from capture to paint for each number that was both captured and painted in this round of the file."""
    out = []
    for number, at in painted.items():
        start = seen.get(str(number))
        if start is not None and 0 <= at - start < 5000:
            out.append(at - start)
    return out


def run() -> Report:
    desk = Desk()

    async def measure() -> tuple[list[float], list[float]]:
        with tempfile.TemporaryDirectory() as folder:
            camera = write_camera_file(Path(folder) / "camera.mjpeg", frames=FRAMES // 2, is_handheld=True)
            async with async_playwright() as playwright:
                return await _ours(desk, playwright, camera), await _bare(playwright, camera)

    ours, floor = desk.run(measure)
    desk.close()
    result = {"unit": "ms", "ours": figure(ours), "floor": figure(floor)}
    result["ratio"] = ratio(result["ours"], result["floor"])
    return {"name": "latency", "figures": {"painted": result}}


async def _ours(desk: Desk, playwright: Any, camera: Path) -> list[float]:
    browser = await launch(playwright, camera)
    page = await open_page(browser)
    holder = {"peer": await desk.make_peer()}
    await desk.expose(page, holder)
    await desk.connect(page, holder)
    await asyncio.sleep(SETTLE_S)
    await page.evaluate("() => { watchCamera(stream.getVideoTracks()[0].clone()); }")
    desk.view.reads_numbers = True
    await asyncio.sleep(SECONDS)
    desk.view.reads_numbers = False
    seen = await page.evaluate("seen")
    painted = {number: at * 1000 for number, at in desk.view.painted.items()}
    await desk.close_peer(holder["peer"])
    await browser.close()
    return delays(seen, painted)


async def _bare(playwright: Any, camera: Path) -> list[float]:
    browser = await launch(playwright, camera)
    call = BareCall(await open_page(browser), await open_page(browser))
    await call.prepare()
    await call.connect(is_watching=False)
    await asyncio.sleep(SETTLE_S)
    await call.sender.evaluate("() => { watchCamera(stream.getVideoTracks()[0].clone()); }")
    await call.receiver.evaluate("() => watchVideo(document.getElementById('remote'))")
    await asyncio.sleep(SECONDS)
    seen, painted = await call.sender.evaluate("seen"), await call.receiver.evaluate("painted")
    await browser.close()
    return delays(seen, {int(number): at for number, at in painted.items()})
