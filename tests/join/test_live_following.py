"""Marks that follow: the own picture is shown a moment later, so that a mark lies on the object although it was found in a picture of a moment ago."""

from __future__ import annotations

import numpy as np
import pytest

from tests.join.conftest import CHROMIUM, FLAGS, Agent, Customer, shot, until
from tests.join.live_lab import AS_IT_IS, draw, film, in_call, mark, middle_of, pixels

LOOKS = 12


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    from playwright.sync_api import sync_playwright

    path = film(tmp_path_factory.mktemp("film"))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, f"--use-file-for-fake-video-capture={path}"])
        yield browser
        browser.close()


def errors_on_screen(page, looks=LOOKS):
    """How far the ring is from the disc, share of the picture's width, in so many screenshots."""
    found = []
    for _ in range(looks):
        image, ratio = pixels(page)
        box = page.evaluate("(() => { const box = document.querySelector('.live-marks').getBoundingClientRect(); return [box.x, box.y, box.width, box.height]; })()")
        area = image[int(box[1] * ratio):int((box[1] + box[3]) * ratio), int(box[0] * ratio):int((box[0] + box[2]) * ratio)]
        whole = max(area.shape)
        ring, disc = (middle_of(area, (area.shape[1] / 2, area.shape[0] / 2), whole, colour) for colour in ("magenta", "green"))
        if ring is not None and disc is not None:
            found.append(float(np.hypot(*(ring - disc))) / (390 * ratio))
    assert len(found) >= looks * 2 // 3
    return found


@pytest.mark.parametrize("kind", ["parcel", "styling"], ids=["as-it-is", "mirrored"])
def test_a_following_mark_lies_on_the_object_in_every_picture_shown(chromium, live, kind):
    agent = Agent(chromium, live)
    customer = Customer(chromium, live, scripts=[AS_IT_IS], reduced_motion="reduce")
    try:
        in_call(customer, agent, kind=kind)
        page = customer.page
        draw(agent, mark("here", "pointer", [[0.5, 0.5]], hold="following"))
        agent.page.evaluate("desk.track('here')")
        agent.see("desk.tracked > 30")
        page.wait_for_selector(".live-delayed:visible")
        errors = errors_on_screen(page)
        shot(page, f"live-following-{kind}")
        print("median, p95 of the width", np.median(errors), np.percentile(errors, 95))
        assert np.median(errors) <= 0.02
        assert np.percentile(errors, 75) <= 0.04
    finally:
        customer.context.close()
        agent.context.close()
        agent.http.close()


def test_places_that_come_too_late_do_not_hold_the_picture_back(chromium, live):
    agent = Agent(chromium, live)
    customer = Customer(chromium, live, scripts=[AS_IT_IS], reduced_motion="reduce")
    try:
        in_call(customer, agent)
        page = customer.page
        draw(agent, mark("here", "pointer", [[0.5, 0.5]], hold="following"))
        agent.page.evaluate("desk.track('here', {lateMs: 900})")
        agent.see("desk.drawn > 30")
        page.wait_for_selector(".live-delayed:visible")
        ages = page.evaluate("""() => new Promise((done) => { const ages = []; const look = () => {
          ages.push(performance.timeOrigin + performance.now() - Number(document.querySelector('.live-delayed').dataset.at));
          if (ages.length < 40) requestAnimationFrame(look); else done(ages); }; look(); })""")
        assert np.median(ages) < 300, "the newest picture, not the one of 900 ms ago"
        agent.page.evaluate("desk.untrack(); desk.draw({moved: [{id: 'here', points: [[0.4, 0.4]], hold: 'lost'}]})")
        page.wait_for_selector(".live-tag:visible")
        draw(agent, gone=["here"])
        until(page, lambda: page.locator(".live-delayed:visible").count() == 0)
    finally:
        customer.context.close()
        agent.context.close()
        agent.http.close()
