"""Every state of the page, in both languages and sizes: axe-core finds nothing, nothing is cut off, nothing is too small to touch."""

from __future__ import annotations

import json

import pytest

from tests.join.conftest import until
from tests.join.live_lab import EVERY, draw, freeze, in_call, mark
from tests.join.looking import Looking
from tests.join.test_stills import IDS, ask, camera, hold_uploads, jpeg, last

NO_ANSWER = "navigator.mediaDevices.getUserMedia = () => new Promise(() => {});"
REFUSES = """navigator.mediaDevices.getUserMedia = async (wanted) => {{
  throw new DOMException('for the test', '{name}');
}};"""
NO_CAMERA = """const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => { if (wanted.video) throw new DOMException('none', 'NotFoundError'); return real(wanted); };"""
TROUBLES = {
    "expired": (410, "invitation.expired"), "revoked": (410, "invitation.revoked"), "used": (410, "invitation.used"),
    "unknown": (404, "invitation.unknown"), "locked": (429, "invitation.code_locked"), "other_device": (410, "invitation.other_device"),
    "session": (401, "session.unknown"), "bug": (400, "service.bug"), "offline": (503, "storage.locked"),
}


def answer(route, status, code, **params):
    body = {"type": "about:blank", "title": "x", "status": status, "detail": "x", "code": code, "params": params}
    route.fulfill(status=status, content_type="application/problem+json", body=json.dumps(body))


@pytest.fixture
def looking(customer):
    looking = Looking(customer)
    yield looking
    assert looking.problems == []


def to_consent(customer, agent, **case):
    customer.open(agent.invite(agent.case(**case))["link"])
    customer.screen("welcome")
    customer.press("start")
    customer.screen("consent")


def test_code_entry(looking, customer, live):
    customer.open(live.url + "/")
    customer.screen("code")
    looking.look("code")
    customer.page.fill("#code", "123 45")
    customer.press("send-code")
    looking.look("code-short")
    customer.page.fill("#code", "123 456")
    customer.press("send-code")
    until(customer.page, lambda: customer.page.locator("#code-problem").inner_text())
    looking.look("code-wrong")


@pytest.mark.parametrize("kind", list(TROUBLES))
def test_troubles(looking, customer, live, kind):
    status, code = TROUBLES[kind]
    customer.page.route("**/api/v1/join/exchange", lambda route: answer(route, status, code, retry_after_s=130))
    customer.open(f"{live.url}/join#some-token-of-a-link")
    customer.screen("trouble")
    looking.look(f"trouble-{kind}")


def test_welcome_and_consent(looking, customer, agent):
    customer.open(agent.invite()["link"])
    customer.screen("welcome")
    looking.look("welcome")
    customer.press("start")
    customer.screen("consent")
    looking.look("consent")
    customer.page.route("**/api/v1/join/consent", lambda route: route.abort())
    customer.press("consent-all")
    until(customer.page, lambda: customer.page.locator(".problem").inner_text().endswith((".", "again.")) and not customer.page.locator("[data-name=consent-all]").is_disabled())
    looking.look("consent-failed")


@pytest.mark.parametrize(("name", "script"), [
    ("asking", NO_ANSWER), ("blocked", REFUSES.format(name="NotAllowedError")), ("busy", REFUSES.format(name="NotReadableError")),
    ("missing", NO_CAMERA), ("insecure", "Object.defineProperty(navigator, 'mediaDevices', {value: undefined});"),
])
def test_check_troubles(looking, customer, agent, name, script):
    customer.context.add_init_script(script)
    to_consent(customer, agent)
    customer.press("consent-all")
    customer.screen("check")
    customer.page.wait_for_selector(".asking" if name == "asking" else ".trouble-box")
    looking.look(f"check-{name}")


def test_check_waiting_and_leaving(looking, customer, agent):
    to_consent(customer, agent)
    customer.press("consent-all")
    customer.screen("check")
    customer.page.wait_for_selector(".stage video")
    looking.look("check-ready")
    customer.page.reload()
    customer.page.wait_for_selector("[data-name=turn-on]")
    looking.look("check-explain")
    customer.press("turn-on")
    customer.press("ready")
    agent.waiting_call()
    until(customer.page, lambda: "sinds" in customer.page.inner_text("#screen") or "since" in customer.page.inner_text("#screen"))
    looking.look("waiting")
    customer.press("leave")
    customer.screen("thanks")
    looking.look("thanks-left")


def test_refused_everything(looking, customer, agent):
    to_consent(customer, agent)
    customer.consent()
    customer.screen("check")
    looking.look("check-none")


def test_photos(looking, customer, agent, picture):
    to_consent(customer, agent)
    customer.consent("stills")
    customer.screen("check")
    customer.press("change-consent")
    customer.consent("video", "sound")  # stills are ticked already
    customer.page.wait_for_selector(".stage video")
    customer.page.reload()
    customer.press("photos")
    customer.screen("photos")
    looking.look("photos-empty")
    customer.page.set_input_files("#photo-input", [picture("doos.jpg")])
    until(customer.page, lambda: customer.page.locator(".photo-list .sent").count() == 1)
    customer.page.set_input_files("#photo-input", [{"name": "brief.jpg", "mimeType": "image/jpeg", "buffer": b"not a picture"}])
    until(customer.page, lambda: customer.page.locator(".photo-list .refused").count() == 1)
    looking.look("photos")
    customer.press("photos-done")
    customer.screen("thanks")
    looking.look("thanks-photos")


def test_the_call(looking, customer, agent, live):
    page = customer.page
    customer.come_in(agent.invite()["link"])
    call_id = agent.talk()
    customer.screen("call")
    page.wait_for_selector('.status[data-state="call.connected"]')
    until(page, lambda: page.evaluate("document.querySelector('.own video')?.videoWidth > 0 && document.querySelector('.tile video')?.videoWidth > 0"))
    looking.look("call")
    agent.say(type="page.ask", call_id=call_id, ask="picture_taken", snapshot_id=None)
    page.wait_for_selector(".notice.event")
    looking.look("call-picture-taken")
    customer.press("mic")
    customer.press("camera")
    page.wait_for_selector(".no-picture")
    looking.look("call-camera-off")
    customer.press("camera-again")
    page.wait_for_selector(".own video")
    customer.press("chat")
    page.fill("#chat-text", "Ik zie een scheur in de hoek van de doos.")
    page.keyboard.press("Enter")
    agent.see("desk.chat.length === 1")
    agent.say(type="chat.send", call_id=call_id, message_id="01890000-0000-7000-8000-000000000001", text="Kunt u iets dichterbij komen?")
    until(page, lambda: page.locator(".line").count() == 2)
    looking.look("call-chat")
    page.locator("#chat-text").press("Escape")
    agent.say(type="call.hold", call_id=call_id, is_on_hold=True)
    page.wait_for_selector(".notice.hold")
    looking.look("call-hold")
    agent.say(type="call.hold", call_id=call_id, is_on_hold=False)
    page.wait_for_selector('.status[data-state="call.connected"]')
    customer.press("hang-up")
    looking.look("call-stop", again=lambda: customer.press("hang-up"))
    page.keyboard.press("Escape")
    agent.page.evaluate("desk.socket.close()")
    page.wait_for_selector(".notice.warn")
    looking.look("call-reconnecting")
    customer.press("hang-up")
    customer.press("stop-yes")
    customer.screen("thanks")
    looking.look("thanks")


def test_stills(looking, customer, agent):
    """One is taken, is on its way, waits for the network, is refused; the phone's own camera is asked for; the call is recorded."""
    page = customer.page
    customer.context.add_init_script(camera(jpeg((2400, 1800)), answer="await new Promise((go) => { globalThis.go = go; }); return new Blob([bytes]);"))
    customer.context.add_init_script("MediaStreamTrack.prototype.getCapabilities = () => ({});")
    customer.context.add_init_script("const later = setTimeout; globalThis.setTimeout = (work, ms, ...more) => later(work, ms === 6000 ? 600000 : ms, ...more);")
    customer.come_in(agent.invite()["link"])
    call_id = agent.talk()
    customer.screen("call")
    page.wait_for_selector('.status[data-state="call.connected"]')
    until(page, lambda: page.evaluate("document.querySelector('.own video')?.videoWidth > 0"))
    agent.say(type="call.record", call_id=call_id, is_recording=True)
    page.wait_for_selector(".recording:visible")
    ask(agent, call_id, IDS[0])
    last(agent, IDS[0], "taking")
    looking.look("call-still-taking")
    release = hold_uploads(customer)
    page.evaluate("go()")
    page.wait_for_selector(".notice.still")
    ask(agent, call_id, IDS[1], "native_camera")
    page.wait_for_selector("[data-name=native-take]:visible")
    looking.look("call-native-camera")
    customer.press("native-decline")
    customer.press("hang-up")
    customer.press("stop-yes")
    customer.screen("thanks")
    looking.look("thanks-sending")
    release()
    until(page, lambda: page.locator("#sending:visible").count() == 0)
    looking.look("thanks-sent")


def test_a_refused_still(looking, customer, agent):
    page = customer.page
    customer.context.add_init_script(camera(b"not a picture at all", answer="return new Blob([bytes]);"))
    customer.context.add_init_script("globalThis.createImageBitmap = async () => ({width: 9000, height: 9000, close() {}});")
    customer.come_in(agent.invite()["link"])
    call_id = agent.talk()
    customer.screen("call")
    page.wait_for_selector('.status[data-state="call.connected"]')
    ask(agent, call_id, IDS[0])
    assert last(agent, IDS[0], "failed")["code"] == "still.camera_failed"
    until(page, lambda: "kon niet worden verstuurd" in page.inner_text(".notices"))
    customer.press("hang-up")
    customer.press("stop-yes")
    customer.screen("thanks")
    until(page, lambda: page.locator("#sending:visible").count() == 1)
    looking.look("thanks-refused")


def test_live_drawing(looking, customer, agent):
    """Marks of every shape, one of them lost; put away; a frozen picture with the pen, without it, to look at only."""
    page = customer.page
    page.set_viewport_size({"width": 390, "height": 844})
    in_call(customer, agent)
    draw(agent, *EVERY)
    looking.look("live-marks")
    customer.press("put-drawings")
    looking.look("live-put-away")
    customer.press("put-drawings")
    freeze(customer, agent)
    draw(agent, mark("here", "arrow", [[0.5, 0.9], [0.3, 0.5]], freeze="f1"))
    looking.look("live-frozen-drawing")
    customer.press("draw-done")
    looking.look("live-frozen-done")
    freeze(customer, agent, "f2", mayDraw=False)
    looking.look("live-frozen-looking")
