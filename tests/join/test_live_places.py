"""What the agent draws on the picture that it receives lies on the same spot of the customer's own picture, however that is shown."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
import pytest
from playwright.sync_api import sync_playwright

from tests.join.conftest import CHROMIUM, FLAGS, Agent, Customer, shot, until
from tests.join.live_lab import AS_IT_IS, TURNED_CAMERA, camera, draw, in_call, mark, middle_of, pixels

UPRIGHT, SIDE, TABLET = {"width": 390, "height": 844}, {"width": 844, "height": 390}, {"width": 1280, "height": 800}
LYING, STANDING, OLD = (1280, 720), (720, 1280), (640, 480)


@pytest.fixture
def meet(tmp_path, live):
    """Brings a customer, whose camera shows the discs in this size, and an agent into a call."""
    with sync_playwright() as playwright, ExitStack() as closing:

        def make(size, script=AS_IT_IS, **case):
            chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, f"--use-file-for-fake-video-capture={camera(tmp_path, size)}"])
            closing.callback(chromium.close)
            agent = Agent(chromium, live)
            closing.callback(agent.http.close)
            customer = Customer(chromium, live, size=UPRIGHT, scripts=[script], device_scale_factor=2, reduced_motion="reduce")
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


def test_marks_lie_right_after_every_turn_of_the_phone(meet):
    customer, agent = meet(LYING, script=TURNED_CAMERA)
    page = customer.page
    worst = {}
    for turns in (0, 1, 2, 3, 0):
        page.evaluate("turns => turnCamera(turns)", turns)
        page.set_viewport_size(SIDE if turns % 2 == 0 else UPRIGHT)
        stands = turns % 2 == 1
        agent.see(f"desk.video.videoHeight > desk.video.videoWidth === {str(stands).lower()}")
        until(page, lambda stands=stands: page.evaluate("(() => { const {videoWidth, videoHeight} = document.querySelector('.own video'); return videoHeight > videoWidth; })()") is stands)
        place = [[0.15, 0.40], [0.60, 0.15], [0.85, 0.60], [0.40, 0.85]][turns]
        agent.see(f"desk.blobs('green').some(([x, y]) => Math.hypot(x - {place[0]}, y - {place[1]}) < 0.03)")  # the coded picture has turned as well
        worst[f"{turns} quarters"] = max(look_at_every_disc(customer, agent, f"turned-{turns}"))
    print(worst)
    assert max(worst.values()) <= 0.02, worst


def test_marks_lie_right_in_a_page_that_is_pinched_larger(meet):
    customer, agent = meet(LYING)
    page = customer.page
    eye = page.context.new_cdp_session(page)
    until(agent.page, lambda: len(agent.page.evaluate("desk.blobs('green')")) == 4)
    place = min(agent.page.evaluate("desk.blobs('green')"), key=lambda one: abs(one[0] - 0.4))
    draw(agent, mark("here", "pointer", [place]))
    for scale in (1.0, 1.8):
        eye.send("Emulation.setPageScaleFactor", {"pageScaleFactor": scale})
        until(page, lambda scale=scale: page.evaluate("visualViewport.scale") == pytest.approx(scale, abs=0.01))
        image, ratio = pixels(page)
        ring = middle_of(image, (image.shape[1] / 2, image.shape[0] / 2), max(image.shape), "magenta")
        assert ring is not None
        disc = middle_of(image, ring, 12 * ratio * scale, "green")
        assert disc is not None, scale
        assert float(np.hypot(*(ring - disc))) / (390 * ratio * scale) <= 0.02
