"""What the agent draws on the picture that it receives lies on the same spot of the customer's own picture, however that is shown."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from tests.join.conftest import CHROMIUM, FLAGS, Agent, Customer, shot, until
from tests.join.live_lab import AS_IT_IS, camera, draw, in_call, mark, middle_of, pixels

UPRIGHT, SIDE, TABLET = {"width": 390, "height": 844}, {"width": 844, "height": 390}, {"width": 1280, "height": 800}
LYING, STANDING, OLD = (1280, 720), (720, 1280), (640, 480)


@pytest.fixture
def meet(tmp_path, live):
    """Brings a customer, whose camera shows the discs in this size, and an agent into a call."""
    with sync_playwright() as playwright, ExitStack() as closing:

        def make(size, **case):
            chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, f"--use-file-for-fake-video-capture={camera(tmp_path, size)}"])
            closing.callback(chromium.close)
            agent = Agent(chromium, live)
            closing.callback(agent.http.close)
            customer = Customer(chromium, live, size=UPRIGHT, scripts=[AS_IT_IS], device_scale_factor=2, reduced_motion="reduce")
            in_call(customer, agent, **case)
            return customer, agent

        yield make


# Whether words or a button lie over the ring somewhere.
COVERED = """([x, y, size]) => [...document.querySelectorAll('.call button, .call h1, .call .status, .tile')].some((one) => {
  const box = one.getBoundingClientRect();
  return box.right > x - 4 && box.left < x + size + 4 && box.bottom > y - 4 && box.top < y + size + 4;
})"""


def picture_on_screen(page):
    """The picture's width on the screen, CSS px: the whole of it, cut off or not."""
    return page.evaluate("""() => {
      const video = document.querySelector('.own video');
      const {width, height} = video.getBoundingClientRect();
      const [across, down] = [width / video.videoWidth, height / video.videoHeight];
      return video.videoWidth * (getComputedStyle(video).objectFit === 'cover' ? Math.max(across, down) : Math.min(across, down));
    }""")


def look_at_every_disc(customer, agent, name, at_least=3):
    """Point at each disc where the agent sees it; the ring must be around the same disc on the customer's screen. Gives the errors, share of the picture's width."""
    page = customer.page
    until(agent.page, lambda: len(agent.page.evaluate("desk.blobs('green')")) == 4)
    errors = []
    for index, place in enumerate(agent.page.evaluate("desk.blobs('green')")):
        draw(agent, mark("here", "pointer", [place]))
        image, ratio = pixels(page)
        box = page.locator('.live-marks [data-id="here"] .ink').bounding_box()
        claimed = (np.array([box["x"], box["y"]]) + np.array([box["width"], box["height"]]) / 2) * ratio
        ring = middle_of(image, claimed, 60 * ratio, "magenta")
        disc = middle_of(image, claimed, 60 * ratio, "green")
        if index == 0:
            shot(page, f"live-place-{name}")
        if page.evaluate(COVERED, [box["x"], box["y"], box["width"]]):
            continue
        assert ring is not None, f"{name}: no ring at {place}"
        assert disc is not None, f"{name}: no disc near the ring for {place}"
        errors.append(float(np.hypot(*(ring - disc)) / ratio / picture_on_screen(page)))
    assert len(errors) >= at_least, f"{name}: {errors}"
    return errors


@pytest.mark.parametrize("kind", ["parcel", "styling"], ids=["as-it-is", "mirrored"])
@pytest.mark.parametrize("size", [LYING, STANDING, OLD], ids=["lying", "standing", "4-to-3"])
def test_marks_lie_where_the_agent_put_them(meet, size, kind):
    customer, agent = meet(size, kind=kind)
    assert customer.page.evaluate("document.querySelector('.own video').classList.contains('mirrored')") is (kind == "styling")
    found, name = {}, f"{kind}-{size[0]}x{size[1]}"
    for turned, screen in (("upright", UPRIGHT), ("side", SIDE), ("tablet", TABLET), ("upright-again", UPRIGHT)):
        customer.page.set_viewport_size(screen)
        found[turned] = look_at_every_disc(customer, agent, f"{name}-{turned}")
    customer.page.set_viewport_size(TABLET)
    customer.page.evaluate("document.documentElement.style.fontSize = '200%'")
    found["large text"] = look_at_every_disc(customer, agent, f"{name}-large", at_least=2)
    customer.page.evaluate("document.documentElement.style.fontSize = '100%'")
    customer.press("chat")
    found["beside the chat"] = look_at_every_disc(customer, agent, f"{name}-chat")
    worst = {turned: max(errors) for turned, errors in found.items()}
    assert max(worst.values()) <= 0.02, worst
    print(worst)
