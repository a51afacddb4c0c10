"""The pictures of a moment ago on a busy phone: each has the moment at which that very picture was captured."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.async_api import async_playwright

from tests.e2e.live_lab import CHROMIUM, FLAGS
from videodesk.core.places import resources
from videodesk.media.synthetic import read_frame_number, write_camera_file

pytestmark = [pytest.mark.chromium, pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")]

FRAME_MS = 1000 / 30
KEEP = """async () => {
  const { Ring } = await import('/live_ring.js');
  const video = document.querySelector('video');
  video.srcObject = await navigator.mediaDevices.getUserMedia({video: {width: 640, height: 360}});
  await video.play();
  const ring = new Ring(video), kept = [];
  const keep = ring.keep.bind(ring);
  ring.keep = at => { keep(at); kept.push([at, ring.kept.at(-1).canvas.toDataURL('image/png')]); };
  let turn = 0;
  const newerBy = ring.newerBy.bind(ring);
  ring.newerBy = mediaMs => {  // the phone has other things to do before it comes to its picture
    for (const end = performance.now() + (turn++ % 3 === 2 ? 130 : 0); performance.now() < end;);
    return newerBy(mediaMs);
  };
  ring.start();
  while (kept.length < 30) await new Promise(done => setTimeout(done, 20));
  ring.stop();
  return kept;
}"""


async def test_what_is_kept_late_has_the_moment_of_what_is_seen_on_it(tmp_path: Path) -> None:
    camera = write_camera_file(tmp_path / "camera.mjpeg", width_px=640, height_px=360, frames=300)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), headless=False, args=[*FLAGS, f"--use-file-for-fake-video-capture={camera}"])
        page = await browser.new_page()
        await page.route("https://desk.test/", lambda route: route.fulfill(body="<video muted playsinline></video>", content_type="text/html"))
        await page.route("https://desk.test/live_ring.js", lambda route: route.fulfill(path=resources() / "join" / "live_ring.js", content_type="text/javascript"))
        await page.goto("https://desk.test/")
        kept = await page.evaluate(KEEP)
        await browser.close()
    read = [(at, read_frame_number(np.asarray(Image.open(io.BytesIO(base64.b64decode(url.partition(",")[2]))).convert("RGB")))) for at, url in kept]
    begun = [at - number * FRAME_MS for at, number in read if number is not None]
    assert len(begun) >= 20
    assert np.abs(np.array(begun) - np.median(begun)).max() < 1.5 * FRAME_MS, "the same beginning, whichever picture tells of it"
