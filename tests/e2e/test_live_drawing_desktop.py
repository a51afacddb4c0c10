"""The agent draws with the mouse on the desktop's video, the customer sees it in a real Chromium, draws back, and a snapshot takes the marks with it."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.e2e.conftest import until

pytestmark = [pytest.mark.chromium, pytest.mark.skipif(not Path("/usr/bin/chromium").exists(), reason="Chromium is not installed")]

PICTURE = (1280, 720)


class Video:
    """Where the picture is on the call screen's video."""

    def __init__(self, agent):
        self.agent = agent
        width, height = agent.look("call.video")["size"]
        scale = min(width / PICTURE[0], height / PICTURE[1])
        self.wide, self.high = PICTURE[0] * scale, PICTURE[1] * scale
        self.left, self.top = (width - self.wide) / 2, (height - self.high) / 2

    def at(self, place):
        return [round(self.left + place[0] * self.wide), round(self.top + place[1] * self.high)]

    def drag(self, *places):
        self.agent.do("drag", name="call.video", path=[self.at(place) for place in places])

    def colour_at(self, place):
        file = self.agent.folder / "video.png"
        self.agent.grab(file, "call.video")
        x, y = self.at(place)
        return np.asarray(Image.open(file).convert("RGB"))[y - 2:y + 3, x - 2:x + 3].reshape(-1, 3).astype(int)


def marks_on_page(page):
    """By shape: the first place of each outline, as shares of the picture that the page shows, and the mark's colour."""
    found = page.evaluate("""() => [...document.querySelectorAll('.live-marks g')].map((one) => {
      const image = document.querySelector('.live img');
      const video = image ?? document.querySelector('.own video');
      const [width, height] = image ? [image.naturalWidth, image.naturalHeight] : [video.videoWidth, video.videoHeight];
      const box = document.querySelector('.live-picture').getBoundingClientRect();
      const [across, down] = [box.width / width, box.height / height];
      const scale = getComputedStyle(video).objectFit === 'cover' ? Math.max(across, down) : Math.min(across, down);
      const ink = one.querySelector('.ink');
      return [one.dataset.shape, ink.getAttribute('d'), ink.getAttribute('fill'), (box.width - width * scale) / 2, (box.height - height * scale) / 2, width * scale, height * scale];
    })""")
    places = {}
    for shape, path, colour, left, top, width, height in found:
        x, y = (float(one) for one in re.findall(r"-?[\d.]+", path)[:2])
        places[shape] = ((x - left) / width, (y - top) / height, colour)
    return places


def test_a_drawing_goes_over_and_comes_back(running):
    agent, page, anna = running.agent, running.customer.page, running.anna
    agent.click("call.draw")
    agent.click("call.live_fades")
    agent.click("call.live_arrow")
    video = Video(agent)
    video.drag((0.2, 0.3), (0.3, 0.4), (0.5, 0.6))
    until(lambda: marks_on_page(page).get("arrow", (0, 0))[:2] == pytest.approx((0.5, 0.6), abs=0.02), lambda: f"the arrow on the customer's page; there is {marks_on_page(page)}")
    assert marks_on_page(page)["arrow"][2] == "#e5352b"
    until(lambda: "customer sees it" in agent.look("live.words")["text"], lambda: f"the desk to know that it is seen: {agent.look('live.words')}")
    page.click("[data-name=put-drawings]")
    until(lambda: "put the drawings away" in agent.look("live.words")["text"], lambda: f"the desk to know that it is hidden: {agent.look('live.words')}")
    page.click("[data-name=put-drawings]")
    snapshot = running.snapshot()
    kept = until(lambda: (found := anna.http.get(f"/snapshots/{snapshot['id']}/annotation")).status_code == 200 and found.json(), "the arrow in the snapshot's annotation")
    assert "arrow" in str(kept)
    agent.click("call.live_clear")
    until(lambda: marks_on_page(page) == {}, "a clean picture")

    agent.click("call.live_freeze")
    page.wait_for_selector(".live.is-frozen img")
    box = page.locator(".live img").bounding_box()
    width, height = page.evaluate("(() => { const {naturalWidth, naturalHeight} = document.querySelector('.live img'); return [naturalWidth, naturalHeight]; })()")
    scale = min(box["width"] / width, box["height"] / height)
    left, top = box["x"] + (box["width"] - width * scale) / 2, box["y"] + (box["height"] - height * scale) / 2

    def go(place, *, act=None):
        page.mouse.move(left + place[0] * width * scale, top + place[1] * height * scale)
        if act:
            act()

    go((0.3, 0.7), act=page.mouse.down)
    for step in range(1, 11):
        go((0.3 + 0.04 * step, 0.7))
    page.mouse.up()

    def has_purple():
        red, green, blue = video.colour_at((0.5, 0.7)).T
        return bool(((red > 140) & (blue > 140) & (green < 90)).any())

    until(has_purple, "the customer's stroke on the agent's screen")
    page.click("[data-name=draw-undo]")
    until(lambda: not has_purple(), "the stroke to be gone again")
    agent.click("call.live_freeze")
    until(lambda: page.locator(".live img").count() == 0, "the live picture again")
