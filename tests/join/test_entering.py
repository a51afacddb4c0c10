"""How customers come in, and what they are told when they cannot. The real service says no."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.join.conftest import until
from videodesk.core.clock import HandClock


def test_code_typed_at_the_short_address(customer, agent, live):
    made = agent.invite()
    customer.open(live.url + "/")
    customer.screen("code")
    until(customer.page, lambda: "030 123 45 67" in customer.page.inner_text("#help"))
    customer.page.fill("#code", made["spoken_code"])
    customer.page.keyboard.press("Enter")
    customer.screen("welcome")
    assert customer.heading() == "Welkom, Mevrouw De Vries"


def test_wrong_code_says_so_and_locks_in_the_end(customer, agent, live):
    agent.invite()
    customer.open(live.url + "/")
    customer.screen("code")
    for _ in range(20):
        customer.page.fill("#code", "000000")
        customer.press("send-code")
        until(customer.page, lambda: customer.page.evaluate("!document.querySelector('[data-name=send-code]')?.disabled"))
        if customer.is_on("trouble"):
            break
        assert "klopt niet" in customer.page.inner_text("#code-problem")
        assert customer.page.evaluate("document.activeElement.id") == "code"
    assert customer.heading() == "Te vaak geprobeerd"
    assert "minuten" in customer.page.inner_text("#screen .lead")


def test_a_letter_in_the_code_asks_nobody(customer, live):
    customer.open(live.url + "/")
    customer.screen("code")
    customer.page.fill("#code", "12345")
    customer.press("send-code")
    assert "6 cijfers" in customer.page.inner_text("#code-problem")
    assert not [url for url in customer.requests if "exchange" in url]


def test_unknown_link(customer, live):
    customer.open(f"{live.url}/join#no-such-token-was-ever-made")
    customer.screen("trouble")
    assert customer.heading() == "Deze link klopt niet"
    customer.press("enter-code")
    customer.screen("code")


def test_revoked_before_and_during(customer, agent):
    made = agent.invite()
    customer.come_in(made["link"])
    agent.waiting_call()
    assert agent.http.delete(f"/invitations/{made['id']}").status_code < 300
    customer.screen("trouble")
    assert customer.heading() == "Deze link is ingetrokken"
    assert customer.page.evaluate("document.querySelectorAll('video').length") == 0, "the camera is let go"


def test_expired(customer, agent, live):
    made = agent.invite(expires_in_s=60)
    clock = HandClock(live.desk.clock.now() + timedelta(minutes=2))
    live.desk.clock = clock
    customer.open(made["link"])
    customer.screen("trouble")
    assert customer.heading() == "Deze link is verlopen"


def test_another_device(customers, agent):
    made = agent.invite()
    first = customers()
    first.open(made["link"])
    first.screen("welcome")
    second = customers()
    second.open(made["link"])
    second.screen("trouble")
    assert second.heading() == "Deze link is al geopend op een ander apparaat"
    first.page.goto("about:blank")
    first.open(made["link"])
    first.screen("welcome")


def test_used_up(customer, agent):
    made = agent.invite()
    customer.come_in(made["link"])
    call_id = agent.talk()
    customer.screen("call")
    customer.press("hang-up")
    customer.press("stop-yes")
    customer.screen("thanks")
    agent.see("desk.call.state === 'wrap_up'")
    assert agent.http.post(f"/calls/{call_id}/wrap-up", json={"disposition": "advice_given"}).status_code < 300
    customer.page.goto("about:blank")
    customer.open(made["link"])
    customer.screen("trouble")
    assert customer.heading() == "Deze link is al gebruikt"


def test_service_away_then_back(customer, agent):
    made = agent.invite()
    customer.page.route("**/api/v1/join/exchange", lambda route: route.abort())
    customer.open(made["link"])
    customer.screen("trouble")
    assert customer.heading() == "We zijn nu niet bereikbaar"
    customer.page.unroute("**/api/v1/join/exchange")
    customer.press("again")
    customer.screen("welcome")


def test_the_desk_answers_with_nonsense(customer, agent):
    made = agent.invite()
    customer.page.route("**/api/v1/join/exchange", lambda route: route.fulfill(status=502, content_type="text/html", body="<h1>Bad gateway</h1>"))
    customer.open(made["link"])
    customer.screen("trouble")
    assert customer.heading() == "We zijn nu niet bereikbaar"


def test_reload_before_consent_needs_no_link(customer, agent):
    customer.open(agent.invite()["link"])
    customer.screen("welcome")
    customer.page.reload()
    customer.screen("welcome")


def test_naughty_names_are_text(customer, agent):
    name = "<img src=x onerror=alert(1)><b>O'Brien</b>"
    customer.open(agent.invite(agent.case(parties=[{"role": "customer", "name": name}]))["link"])
    customer.screen("welcome")
    assert name in customer.heading()
    assert customer.page.locator("#screen img, #screen b").count() == 0


def test_language_is_the_invitations_unless_chosen(customers, agent):
    made = agent.invite(language="en")
    customer = customers(locale="nl-NL")
    customer.open(made["link"])
    customer.screen("welcome")
    assert customer.heading().startswith("Welcome")
    customer.press("language")
    customer.page.wait_for_selector("html[lang=nl]")
    assert customer.heading().startswith("Welkom")
    customer.page.reload()
    customer.screen("welcome")
    assert customer.heading().startswith("Welkom"), "the choice stays"


def test_consent_is_stored_before_the_camera_is_asked_for(customers, agent):
    order = """globalThis.order = []; const ask = fetch;
        globalThis.fetch = async (...all) => { const answer = await ask(...all); globalThis.order.push(String(all[0])); return answer; };
        const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = (wanted) => { globalThis.order.push('camera'); return real(wanted); };"""
    customer = customers(scripts=[order])
    customer.open(agent.invite()["link"])
    customer.press("start")
    assert "camera" not in customer.page.evaluate("order")
    customer.press("consent-all")
    customer.page.wait_for_selector(".stage video")
    seen = customer.page.evaluate("order")
    assert seen.index("camera") > next(place for place, what in enumerate(seen) if "consent" in what)


@pytest.mark.parametrize(("name", "heading"), [
    ("NotAllowedError", "Uw browser houdt de camera of microfoon tegen"), ("NotReadableError", "Een andere app gebruikt uw camera of microfoon"),
])
def test_go_on_with_sound_only(customers, agent, name, heading):
    script = f"""const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
        navigator.mediaDevices.getUserMedia = async (wanted) => {{ if (wanted.video) throw new DOMException('x', '{name}'); return real(wanted); }};"""
    customer = customers(scripts=[script])
    customer.open(agent.invite()["link"])
    customer.press("start")
    customer.press("consent-all")
    customer.page.wait_for_selector(".trouble-box")
    assert customer.page.inner_text(".trouble-box h2") == heading
    customer.press("sound-only")
    customer.press("ready")
    agent.talk()
    customer.screen("call")
    assert agent.page.evaluate("desk.call.customer.video_muted")
    until(agent.page, lambda: agent.page.evaluate("desk.stats('audio')").get("packetsReceived", 0) > 10)


def test_keyboard_alone_from_link_to_thank_you(customer, agent):
    page = customer.page

    def reach(name, tries=25):
        """Tab to the control; it must show that it has the focus."""
        for _ in range(tries):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement.dataset.name ?? document.activeElement.id") == name:
                style = page.evaluate("(() => { const style = getComputedStyle(document.activeElement.closest('.choice') ?? document.activeElement);"
                                      " return [style.outlineStyle, parseFloat(style.outlineWidth)]; })()")
                assert style[0] != "none", f"{name} shows no focus"
                assert style[1] >= 2, f"{name} shows no focus"
                return
        raise AssertionError(f"{name} cannot be reached by Tab")

    customer.open(agent.invite()["link"])
    customer.screen("welcome")
    reach("start")
    page.keyboard.press("Enter")
    customer.screen("consent")
    assert page.evaluate("document.activeElement.tagName") == "H1", "a new screen begins at its heading"
    for scope in ("video", "sound", "stills"):
        reach(f"scope-{scope}")
        page.keyboard.press("Space")
    reach("consent-chosen")
    page.keyboard.press("Enter")
    customer.screen("check")
    page.wait_for_selector(".stage video")
    reach("ready")
    page.keyboard.press("Enter")
    customer.screen("waiting")
    agent.talk()
    customer.screen("call")
    page.wait_for_selector("[data-name=mic]:visible")
    reach("mic")
    page.keyboard.press("Space")
    agent.see("desk.call.customer.audio_muted")
    reach("chat")
    page.keyboard.press("Enter")
    reach("chat-text")
    page.keyboard.type("Hallo")
    page.keyboard.press("Enter")
    agent.see("desk.chat.length === 1")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.name") == "chat", "the focus comes back to where it was"
    reach("hang-up")
    page.keyboard.press("Enter")
    until(page, lambda: page.evaluate("document.querySelector('dialog').open"))
    page.keyboard.press("Escape")
    until(page, lambda: not page.evaluate("document.querySelector('dialog').open"))
    assert customer.is_on("call")
    reach("hang-up")
    page.keyboard.press("Enter")
    until(page, lambda: page.evaluate("document.activeElement.dataset.name") == "stop-yes")
    page.keyboard.press("Enter")
    customer.screen("thanks")


def test_who_waits_can_get_a_measuring_sheet(customer, agent, live):
    live.desk.marker_page = lambda language: f"%PDF-1.7 {language.value}".encode()
    customer.come_in(agent.invite()["link"])
    link = customer.page.locator("[data-name=marker]")
    with customer.page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "videodesk-marker-nl.pdf"
    assert download.value.path().read_bytes() == b"%PDF-1.7 nl"
    customer.screen("waiting")
    agent.waiting_call()


def test_who_waits_for_advice_is_offered_no_measuring_sheet(customer, agent):
    customer.come_in(agent.invite(agent.case(kind="styling"))["link"])
    assert customer.page.locator("[data-name=marker]").count() == 0
