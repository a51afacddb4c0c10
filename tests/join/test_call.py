"""The whole way of a customer: link, consent, camera, waiting room, call, thank you; with a real service and a real peer."""

from __future__ import annotations

from tests.join.conftest import shot, until

CONNECTED = '.status[data-state="call.connected"]'


def in_call(customer, agent, **case):
    customer.come_in(agent.invite(agent.case(**case))["link"])
    call_id = agent.talk()
    customer.screen("call")
    customer.page.wait_for_selector(CONNECTED)
    return call_id


def moving(agent):
    """More frames arrive."""
    before = agent.frames()
    until(agent.page, lambda: agent.frames() > before + 3)


def test_from_link_to_thank_you(customer, agent):
    customer.come_in(agent.invite()["link"])
    assert "#" not in customer.page.url, "the token is out of the address bar"
    assert customer.page.title().endswith("Bol & Zonen")
    agent.talk()
    customer.screen("call")
    moving(agent)
    until(agent.page, lambda: agent.page.evaluate("desk.stats('audio')").get("packetsReceived", 0) > 10)
    assert agent.page.evaluate("desk.stats('video')")["frameWidth"] in {640, 960, 1280}
    customer.page.wait_for_selector(CONNECTED)
    shot(customer.page, "call")
    customer.press("hang-up")
    customer.press("stop-yes")
    customer.screen("thanks")
    assert customer.heading() == "Bedankt voor het gesprek"
    agent.see("desk.call.state === 'wrap_up'")
    assert customer.page.evaluate("document.querySelectorAll('video').length") == 0


def test_h264_comes_first_then_vp8_and_the_camera_gives_720p(customer, agent):
    in_call(customer, agent)
    offer = agent.page.evaluate("desk.offer")
    video = offer.partition("m=video")[2]
    payloads = video.splitlines()[0].split()[3:]
    names = {line.split(":")[1].split()[0]: line.split()[1].split("/")[0] for line in video.splitlines() if line.startswith("a=rtpmap")}
    order = [names[payload] for payload in payloads if names[payload] in {"H264", "VP8", "VP9", "AV1"}]
    assert order[0] in {"H264", "VP8"}
    assert "H264" not in order or order.index("H264") < order.index("VP8")
    until(agent.page, lambda: agent.page.evaluate("desk.call.customer.width_px") == 1280)
    assert agent.page.evaluate("desk.call.customer.height_px") == 720


def test_reload_comes_back_to_the_same_call(customer, agent):
    call_id = in_call(customer, agent)
    customer.page.reload()
    customer.screen("call")
    customer.page.wait_for_selector(CONNECTED)
    agent.see("desk.rebuilt === 2 && desk.call.state === 'connected'")
    assert agent.page.evaluate("desk.call.id") == call_id
    moving(agent)


def test_reload_in_the_waiting_room_waits_on(customer, agent):
    customer.come_in(agent.invite()["link"])
    call_id = agent.waiting_call()
    customer.page.reload()
    customer.screen("waiting")
    assert agent.talk() == call_id


def test_what_was_refused_is_not_sent(customer, agent):
    customer.open(agent.invite()["link"])
    customer.press("start")
    customer.consent("sound")
    customer.screen("check")
    customer.press("ready")
    agent.talk()
    customer.screen("call")
    offer = agent.page.evaluate("desk.offer")
    assert "a=recvonly" in offer.partition("m=video")[2]
    assert "a=sendrecv" in offer.partition("m=audio")[2].partition("m=video")[0]
    assert agent.page.evaluate("desk.call.consents") == ["sound"]
    assert customer.page.locator("[data-name=camera]:visible").count() == 0
    until(agent.page, lambda: agent.page.evaluate("desk.stats('audio')").get("packetsReceived", 0) > 10)


def test_mute_camera_off_and_on_and_turn(customer, agent):
    in_call(customer, agent)
    moving(agent)
    customer.press("mic")
    agent.see("desk.call.customer.audio_muted")
    customer.press("mic")
    agent.see("!desk.call.customer.audio_muted")
    customer.press("camera")
    agent.see("desk.call.customer.video_muted")
    customer.page.wait_for_selector(".no-picture")
    customer.press("camera")
    agent.see("!desk.call.customer.video_muted")
    moving(agent)
    device = "document.querySelector('.own video').srcObject.getVideoTracks()[0]?.getSettings().deviceId ?? null"
    before = customer.page.evaluate(device)
    customer.press("turn")
    until(customer.page, lambda: customer.page.evaluate(device) not in {before, None})
    moving(agent)


def test_hold_sends_nothing_and_says_so(customer, agent):
    call_id = in_call(customer, agent)
    moving(agent)
    agent.say(type="call.hold", call_id=call_id, is_on_hold=True)
    customer.page.wait_for_selector(".notice.hold")
    until(customer.page, lambda: "In de wacht" in customer.page.inner_text("#polite"))

    def stands_still():
        before = agent.frames()
        agent.page.wait_for_timeout(400)
        return agent.frames() == before

    until(agent.page, stands_still)
    agent.say(type="call.hold", call_id=call_id, is_on_hold=False)
    customer.page.wait_for_selector(CONNECTED)
    moving(agent)


def test_a_picture_taken_is_seen_heard_and_said(customers, agent):
    count = """const start = AudioBufferSourceNode.prototype.start; globalThis.shutters = 0;
        AudioBufferSourceNode.prototype.start = function (...all) { globalThis.shutters += 1; return start.apply(this, all); };"""
    customer = customers(scripts=[count])
    call_id = in_call(customer, agent)
    agent.say(type="page.ask", call_id=call_id, ask="picture_taken", snapshot_id=None)
    customer.page.wait_for_selector(".notice.event")
    assert customer.page.inner_text("#polite") == "Anna heeft een foto gemaakt"
    assert customer.page.evaluate("shutters") == 2, "two clicks of a shutter"
    assert customer.page.evaluate("getComputedStyle(document.querySelector('.flash')).animationName") == "flash"
    customer.page.emulate_media(reduced_motion="reduce")
    assert customer.page.evaluate("getComputedStyle(document.querySelector('.flash')).animationName") == "mark"


def test_light_where_the_camera_has_one(customers, agent):
    torch = """MediaStreamTrack.prototype.getCapabilities = function () { return {torch: true}; };
        MediaStreamTrack.prototype.applyConstraints = async function (wanted) { globalThis.torch = wanted.advanced[0].torch; };"""
    customer = customers(scripts=[torch])
    call_id = in_call(customer, agent)
    agent.see("desk.call.customer.has_torch")
    customer.press("light")
    agent.see("desk.call.customer.is_torch_on")
    assert customer.page.evaluate("torch") is True
    agent.say(type="page.ask", call_id=call_id, ask="torch_off", snapshot_id=None)
    agent.see("!desk.call.customer.is_torch_on")
    until(customer.page, lambda: "Anna heeft uw lamp uitgezet" in customer.page.inner_text(".notices"))


def test_no_light_button_without_a_light(customer, agent):
    in_call(customer, agent)
    assert customer.page.locator("[data-name=light]:visible").count() == 0


def test_chat_both_ways_with_naughty_text(customer, agent):
    call_id = in_call(customer, agent)
    text = "<img src=x onerror=alert(1)> & \u202e tekst"
    agent.say(type="chat.send", call_id=call_id, message_id="01890000-0000-7000-8000-00000000000a", text=text)
    until(customer.page, lambda: customer.page.locator(".badge:visible").count() == 1)
    assert text in customer.page.locator("#polite").text_content()
    customer.press("chat")
    until(customer.page, lambda: customer.page.locator(".line p").count() == 1)
    assert customer.page.locator(".line p").text_content() == text
    assert customer.page.locator("#screen img").count() == 0
    customer.page.fill("#chat-text", "Regel één")
    customer.page.keyboard.press("Enter")
    agent.see("desk.chat.some((line) => line.text === 'Regel één' && line.sender === 'customer')")
    until(customer.page, lambda: "wordt verstuurd" not in customer.page.inner_text(".lines"))
    customer.page.reload()
    customer.screen("call")
    customer.press("chat")
    until(customer.page, lambda: customer.page.locator(".line").count() == 2)


def test_a_dead_track_is_asked_for_again(customer, agent):
    in_call(customer, agent)
    moving(agent)
    track = "document.querySelector('.own video').srcObject.getVideoTracks()[0]"
    before = customer.page.evaluate(f"{track}.id")
    customer.page.evaluate(f"(() => {{ const track = {track}; track.stop(); track.dispatchEvent(new Event('ended')); }})()")
    until(customer.page, lambda: customer.page.evaluate(f"{track}?.id ?? ''") not in {before, ""})
    moving(agent)


def test_the_line_breaks_and_comes_back_with_nothing_lost(customers, agent):
    sockets = """const Real = WebSocket; globalThis.sockets = [];
        globalThis.WebSocket = class extends Real { constructor(...all) { super(...all); globalThis.sockets.push(this); } };"""
    customer = customers(scripts=[sockets])
    call_id = in_call(customer, agent)
    customer.page.evaluate("sockets.at(-1).close()")
    agent.say(type="chat.send", call_id=call_id, message_id="01890000-0000-7000-8000-00000000000b", text="Bent u er nog?")
    until(customer.page, lambda: customer.page.evaluate("sockets.length") == 2)
    customer.press("chat")
    until(customer.page, lambda: customer.page.locator(".line").count() == 1)
    customer.page.locator("#chat-text").press("Escape")
    customer.page.wait_for_selector(CONNECTED)
    assert agent.page.evaluate("desk.rebuilt") == 1, "media went on: no new peer connection"
    moving(agent)


def test_a_failed_peer_connection_is_built_anew(customer, agent):
    in_call(customer, agent)
    agent.say(type="signal", call_id=agent.page.evaluate("desk.call.id"), epoch=2, restart=True)
    agent.see("desk.rebuilt === 2 && desk.call.state === 'connected'")
    customer.page.wait_for_selector(CONNECTED)
    moving(agent)


def test_opened_twice_the_newest_window_has_the_call(customer, agent):
    in_call(customer, agent)
    token = customer.page.evaluate("sessionStorage.getItem('videodesk.token')")
    second = customer.context.new_page()
    customer.watch(second)
    second.add_init_script(f"sessionStorage.setItem('videodesk.token', '{token}')")
    second.goto(f"{customer.service.url}/join")
    second.wait_for_selector('body[data-screen="call"]')
    customer.screen("trouble")
    assert customer.heading() == "Het gesprek gaat verder in een ander venster"
    second.close()
    customer.press("again")
    customer.screen("call")
    customer.page.wait_for_selector(CONNECTED)


def test_styling_asks_for_the_front_camera(customers, agent):
    record = """const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices); globalThis.asked = [];
        navigator.mediaDevices.getUserMedia = (wanted) => { globalThis.asked.push(wanted); return real(wanted); };"""
    for kind, facing in (("styling", "user"), ("parcel", "environment")):
        customer = customers(scripts=[record])
        customer.open(agent.invite(agent.case(kind=kind))["link"])
        customer.press("start")
        customer.press("consent-all")
        customer.page.wait_for_selector(".stage video")
        asked = customer.page.evaluate("asked")
        assert asked[0]["video"]["facingMode"] == {"ideal": facing}
        assert asked[0]["video"]["height"] == {"ideal": 720}


def test_leaving_and_coming_back_to_the_waiting_room(customer, agent):
    customer.come_in(agent.invite()["link"])
    agent.waiting_call()
    customer.press("leave")
    customer.screen("thanks")
    agent.see("desk.waiting() === null")
    customer.press("again")
    customer.press("turn-on")
    customer.press("ready")
    customer.screen("waiting")
    agent.talk()
    customer.screen("call")
