"""`freeze`: the longest gap between two frames of the call's video at the receiver while the customer's camera takes a still.

The customer's page and a receiving page are Chromium with a real desk service between. `take_photo`: ImageCapture.takePhoto; `full_frame`:
the track at its largest size (3840 × 2160 of Chromium's made-up camera) and back; both with their upload. The floor is the longest gap in an
equally long time of the same call without a still. `--rounds` of each.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

from tests.bench._chromium import figure, ratio

_WATCH = """() => {
  globalThis.shown = [];
  const video = desk.video;
  const step = () => { globalThis.shown.push(performance.now()); video.requestVideoFrameCallback(step); };
  video.requestVideoFrameCallback(step);
}"""
# The longest gap of the frames shown since `from`; the time since the newest one counts.
_LONGEST = """(from) => {
  const end = performance.now();
  const all = [...globalThis.shown.filter((at) => at >= from), end];
  return Math.max(...all.map((at, index) => at - (index ? all[index - 1] : from)));
}"""
_AFTER_MS = 700
_SETTLE_MS = 6_000


def run() -> dict[str, Any]:
    """Measure `--rounds` stills of each way."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench freeze")
    parser.add_argument("--rounds", type=int, default=15)
    given, _ = parser.parse_known_args()
    from videodesk.media.synthetic import write_camera_file

    figures = {}
    with tempfile.TemporaryDirectory(prefix="freeze-") as name:
        camera = write_camera_file(Path(name) / "camera.mjpeg", frames=150)
        # The drawn camera has one size: what takePhoto gives of it is its largest. The made-up one films larger than it takes photos.
        figures["take_photo"] = _measure("take_photo", [f"--use-file-for-fake-video-capture={camera}"], [], given.rounds)
        figures["full_frame"] = _measure("full_frame", [], ["delete globalThis.ImageCapture;"], given.rounds)
    return {"name": "freeze", "figures": figures}


def _measure(method: str, flags: list[str], scripts: list[str], rounds: int) -> dict[str, Any]:
    from playwright.sync_api import sync_playwright

    from tests.join.conftest import CHROMIUM, FLAGS, Agent, Customer, until
    from tests.service.conftest import LiveService
    from videodesk.core.clock import SystemClock
    from videodesk.core.ids import new_id

    with tempfile.TemporaryDirectory(prefix="freeze-") as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags])
        service = LiveService(Path(folder))
        agent, customer = Agent(browser, service), Customer(browser, service, scripts=scripts)
        page = agent.page
        customer.come_in(agent.invite()["link"])
        call_id = agent.talk()
        until(page, lambda: agent.frames() > 60)
        page.evaluate(_WATCH)
        page.wait_for_timeout(_SETTLE_MS)  # the bitrate has found its place

        def still() -> float:
            snapshot_id = new_id(SystemClock().now())
            begun = float(page.evaluate("performance.now()"))
            agent.say(type="page.ask", call_id=call_id, ask="take_still", snapshot_id=snapshot_id)
            page.wait_for_function(
                "id => desk.seen.some((one) => one.type === 'still.progressed' && one.snapshot_id === id && one.stage === 'sent')", arg=snapshot_id)
            [original] = agent.http.get(f"/snapshots/{snapshot_id}").json()["originals"]
            assert original["method"] == method, original["method"]
            page.wait_for_timeout(_AFTER_MS)
            return begun

        ours, floor = [], []
        for n in range(rounds + 1):
            begun = still()
            took = float(page.evaluate("performance.now()")) - begun
            mine = float(page.evaluate(_LONGEST, begun))
            begun = float(page.evaluate("performance.now()"))
            page.wait_for_timeout(took)
            if n:  # the first one warms up
                ours.append(mine)
                floor.append(float(page.evaluate(_LONGEST, begun)))
        customer.context.close()
        agent.context.close()
        agent.http.close()
        service.close()
        browser.close()
    mine, theirs = figure(ours), figure(floor)
    return {"unit": "ms", "ours": mine | {"longest": max(ours)}, "floor": theirs | {"longest": max(floor)}, "ratio": ratio(mine, theirs)}
