"""Text at 200 %, a phone on its side, a narrow phone: nothing is cut off, every control can be reached."""

from __future__ import annotations

import pytest

from tests.join.conftest import shot, until
from tests.join.live_lab import draw, freeze, in_call, mark
from tests.join.looking import OVERFLOW

NARROW = {"width": 320, "height": 640}
PHONE = {"width": 390, "height": 844}
SIDE = {"width": 844, "height": 390}


def fits(page, name, size, percent):
    page.set_viewport_size(size)
    page.evaluate(f"document.documentElement.style.fontSize = '{percent}%'")
    shot(page, f"reflow-{name}-{size['width']}-{percent}")
    assert page.evaluate(OVERFLOW) == [], f"{name} at {size} and {percent} %"
    if name.startswith("call"):
        stop = page.locator("[data-name=hang-up]").bounding_box()
        assert stop["y"] + stop["height"] <= size["height"], "hanging up is always in sight"
    for control in page.locator("#screen button:visible").all():
        control.scroll_into_view_if_needed()
        box = control.bounding_box()
        assert box["y"] >= -1, f"{name} at {size} and {percent} %: {control.text_content()}"
        assert box["y"] + box["height"] <= size["height"] + 1, f"{name} at {size} and {percent} %: {control.text_content()}"
        middle = f"document.elementFromPoint({box['x'] + box['width'] / 2}, {box['y'] + box['height'] / 2})"
        assert page.evaluate(f"{middle}?.closest('button')?.dataset.name ?? ''") == (control.get_attribute("data-name") or ""), f"{name}: covered"


@pytest.mark.parametrize(("size", "percent"), [(NARROW, 100), (PHONE, 200), (SIDE, 100)])
def test_everything_fits(customer, agent, size, percent):
    page = customer.page
    customer.open(agent.invite()["link"])
    customer.screen("welcome")
    fits(page, "welcome", size, percent)
    customer.press("start")
    customer.screen("consent")
    fits(page, "consent", size, percent)
    customer.press("consent-all")
    page.wait_for_selector(".stage video")
    fits(page, "check", size, percent)
    customer.press("ready")
    customer.screen("waiting")
    fits(page, "waiting", size, percent)
    call_id = agent.talk()
    customer.screen("call")
    until(page, lambda: page.evaluate("document.querySelector('.own video')?.videoWidth > 0"))
    fits(page, "call", size, percent)
    agent.say(type="call.record", call_id=call_id, is_recording=True)
    agent.say(type="page.ask", call_id=call_id, ask="native_camera", snapshot_id="01890000-0000-7000-8000-0000000001aa")
    page.wait_for_selector("[data-name=native-take]:visible")
    page.wait_for_selector(".recording:visible")
    fits(page, "call-native", size, percent)


def test_rotation_keeps_the_call(customer, agent):
    customer.come_in(agent.invite()["link"])
    agent.talk()
    customer.screen("call")
    customer.page.wait_for_selector('.status[data-state="call.connected"]')
    for size in (SIDE, PHONE):
        customer.page.set_viewport_size(size)
        before = agent.frames()
        until(agent.page, lambda before=before: agent.frames() > before + 5)
    assert agent.page.evaluate("desk.rebuilt") == 1


@pytest.mark.parametrize(("size", "percent"), [(NARROW, 100), (PHONE, 200), (SIDE, 100)])
def test_a_frozen_picture_fits(customer, agent, size, percent):
    page = customer.page
    in_call(customer, agent)
    page.set_viewport_size(size)
    page.evaluate(f"document.documentElement.style.fontSize = '{percent}%'")
    draw(agent, mark("a", "arrow", [[0.1, 0.1], [0.5, 0.5]]))
    fits(page, "call-drawn", size, percent)
    freeze(customer, agent)
    draw(agent, mark("b", "arrow", [[0.1, 0.1], [0.5, 0.5]], freeze="f1"))
    fits(page, "call-frozen", size, percent)
    page.locator(".live img").scroll_into_view_if_needed()
    image = page.locator(".live img").bounding_box()
    assert image["height"] >= 90, image
    assert image["width"] >= 200, image
