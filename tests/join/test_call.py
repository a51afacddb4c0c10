"""The whole way of a customer: link, consent, camera, waiting room, call, thank you; with a real service and a real peer."""

from __future__ import annotations

from tests.join.conftest import shot


def test_from_link_to_thank_you(customer, agent):
    customer.come_in(agent.invite()["link"])
    assert "#" not in customer.page.url, "the token is out of the address bar"
    agent.talk()
    customer.screen("call")
    agent.see("desk.frames().then((count) => count > 5)")
    sent = agent.page.evaluate("desk.stats('video')")
    assert max(sent["frameWidth"], sent["frameHeight"]) in {1280, 640, 960, 320}
    customer.page.wait_for_selector('.status[data-state="call.connected"]')
    shot(customer.page, "call")
    customer.press("hang-up")
    customer.press("stop-yes")
    customer.screen("thanks")
    agent.see("desk.call.state === 'wrap_up'")
    assert customer.page.evaluate("document.querySelectorAll('video').length") == 0
