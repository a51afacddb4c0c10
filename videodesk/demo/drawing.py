"""The play's act with pencils: the agent draws on the live picture, the customer sees it there and draws back on a frozen one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from videodesk.demo.play import Play

_VIDEO: Final = "call.video"
_WITHIN_MS: Final = 20_000


def live(play: Play) -> None:
    """An arrow and a number on the live picture; both read back on the customer's page. All is cleared at the end."""
    agent, page = play.desk(), play.customer.page
    agent.click("call.draw")
    agent.click("call.live_fades")  # they stay until they are cleared
    width, height = agent.look(_VIDEO)["size"]
    agent.click("call.live_arrow")
    agent.do("drag", name=_VIDEO, path=[_place(width, height, *at) for at in ((0.15, 0.25), (0.22, 0.38), (0.30, 0.50))])
    agent.click("call.live_step")
    agent.click(_VIDEO)
    page.wait_for_function("() => document.querySelectorAll('.live-marks g').length >= 2", timeout=_WITHIN_MS)
    play.screen(agent, "drawing")
    play.screen(play.customer, "drawing")
    agent.click("call.live_clear")
    page.wait_for_function("() => document.querySelectorAll('.live-marks g').length === 0", timeout=_WITHIN_MS)
    agent.click("call.live_freeze")
    page.wait_for_selector(".live.is-frozen img", timeout=_WITHIN_MS)
    box = page.locator(".live img").bounding_box() or {"x": 0, "y": 0, "width": 390, "height": 844}
    places = [(box["x"] + box["width"] * (0.35 + 0.03 * step), box["y"] + box["height"] * (0.46 + 0.01 * (step % 3))) for step in range(12)]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place)
    page.mouse.up()
    page.wait_for_function("() => document.querySelectorAll('.live-marks g').length >= 1", timeout=_WITHIN_MS)
    play.screen(play.customer, "drawing-back")
    play.screen(agent, "drawn-back")
    agent.click("call.live_freeze")
    page.wait_for_function("() => document.querySelector('.live img') === null", timeout=_WITHIN_MS)
    agent.click("call.live_fades")
    agent.click("live.close")


def _place(width: int, height: int, x: float, y: float) -> list[int]:
    """Where a place of the picture, 16 by 9 in the middle of the view, lies in the view."""
    picture_width = min(width, height * 16 / 9)
    picture_height = picture_width * 9 / 16
    return [round((width - picture_width) / 2 + picture_width * x), round((height - picture_height) / 2 + picture_height * y)]
