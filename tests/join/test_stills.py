"""Stills of the customer's camera at its full size: how they are taken, that they arrive whatever happens, and what the customer sees of it."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from pathlib import Path

import pytest

from tests.join.conftest import until
from tests.join.test_call import CONNECTED, in_call

IDS = [f"01890000-0000-7000-8000-0000000001{n:02d}" for n in range(20)]
ORIENTED = 6  # EXIF: turned a quarter
TAKEN = """() => globalThis.taken ?? 0"""


def jpeg(size=(4000, 3000), orientation=ORIENTED, quality=90):
    """What a phone's camera gives: large, with an EXIF orientation."""
    from PIL import Image

    image = Image.effect_noise((size[0] // 8, size[1] // 8), 90).resize(size).convert("RGB")
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "Camera of the test"
    stream = io.BytesIO()
    image.save(stream, "JPEG", quality=quality, exif=exif)
    return stream.getvalue()


def camera(picture, *, largest=(4000, 3000), answer="return new Blob([bytes], {type: 'image/jpeg'});"):
    """A camera that gives this picture; `answer` is the body of its takePhoto."""
    text = base64.b64encode(picture).decode()
    return f"""const bytes = Uint8Array.from(atob('{text}'), (c) => c.charCodeAt(0));
        globalThis.taken = 0; globalThis.atOnce = 0; globalThis.mostAtOnce = 0; globalThis.asked = [];
        globalThis.ImageCapture = class {{
          constructor(track) {{ this.track = track; }}
          async getPhotoCapabilities() {{ return {{imageWidth: {{min: 640, max: {largest[0]}, step: 1}}, imageHeight: {{min: 480, max: {largest[1]}, step: 1}}, fillLightMode: ['off', 'flash']}}; }}
          async takePhoto(settings) {{
            globalThis.taken += 1; globalThis.asked.push(settings ?? null);
            globalThis.atOnce += 1; globalThis.mostAtOnce = Math.max(globalThis.mostAtOnce, globalThis.atOnce);
            try {{ {answer} }} finally {{ globalThis.atOnce -= 1; }}
          }}
        }};"""


NO_IMAGE_CAPTURE = "delete globalThis.ImageCapture;"


def ask(agent, call_id, snapshot_id, what="take_still", **more):
    agent.say(type="page.ask", call_id=call_id, ask=what, snapshot_id=snapshot_id, **more)


def told(agent, snapshot_id):
    """What the page told the agent of this still, in order."""
    return agent.page.evaluate("id => desk.seen.filter((one) => one.type === 'still.progressed' && one.snapshot_id === id)", snapshot_id)


def last(agent, snapshot_id, stage):
    """Wait until the still of this snapshot is at this stage; gives the message."""
    return until(agent.page, lambda: next((one for one in told(agent, snapshot_id) if one["stage"] == stage), None), patience_s=60)


def original(agent, snapshot_id):
    """The snapshot's still and its bytes, as the case has them."""
    view = agent.http.get(f"/snapshots/{snapshot_id}").json()
    [found] = [one for one in view["originals"] if one["method"] in {"take_photo", "full_frame", "native_camera"}]
    return found, agent.http.get(f"/snapshots/{snapshot_id}/originals/{found['id']}").content


def kept(page):
    """What lies in the browser's storage."""
    return page.evaluate("""() => new Promise((resolve) => {
      const request = indexedDB.open('videodesk', 1);
      request.onupgradeneeded = () => request.transaction.abort();
      request.onerror = () => resolve([]);
      request.onsuccess = () => {
        const all = request.result.transaction('stills').objectStore('stills').getAll();
        all.onsuccess = () => { request.result.close(); resolve(all.result.map((one) => [one.snapshot_id, one.bytes?.byteLength ?? 0])); };
      };
    })""")


def test_the_cameras_bytes_arrive_untouched(customers, agent):
    picture = jpeg()
    customer = customers(scripts=[camera(picture)])
    call_id = in_call(customer, agent)
    agent.see("desk.call.customer.can_take_still")
    ask(agent, call_id, IDS[0])
    sent = last(agent, IDS[0], "sent")
    assert (sent["method"], sent["width_px"], sent["height_px"], sent["size_bytes"]) == ("take_photo", 4000, 3000, len(picture))
    stages = [one["stage"] for one in told(agent, IDS[0])]
    assert stages[0] == "taking"
    assert stages[-1] == "sent"
    found, data = original(agent, IDS[0])
    assert data == picture, "no byte is another one: orientation and all"
    assert found["digest"] == hashlib.sha256(picture).hexdigest()
    assert customer.page.evaluate("asked") == [{"imageWidth": 4000, "imageHeight": 3000}], "the light is left as it is"
    until(customer.page, lambda: kept(customer.page) == [])
    assert "Anna heeft een foto gemaakt" in customer.page.inner_text(".notices") or customer.page.locator(".notice").count()


def test_without_image_capture_a_frame_of_the_largest_size(customers, agent):
    customer = customers(scripts=[NO_IMAGE_CAPTURE])
    call_id = in_call(customer, agent)
    agent.page.evaluate("desk.widths = [0]; desk.video.addEventListener('resize', () => desk.widths.push(desk.video.videoWidth))")
    ask(agent, call_id, IDS[0])
    sent = last(agent, IDS[0], "sent")
    assert (sent["method"], sent["width_px"], sent["height_px"]) == ("full_frame", 3840, 2160)
    assert max(agent.page.evaluate("desk.widths")) <= 1280, "the video stays as large as it was"
    found, data = original(agent, IDS[0])
    assert (found["media_type"], found["width_px"], found["height_px"]) == ("image/jpeg", 3840, 2160)
    assert data[:2] == b"\xff\xd8"
    track = "document.querySelector('.own video').srcObject.getVideoTracks()[0].getSettings()"
    until(customer.page, lambda: customer.page.evaluate(f"[{track}.width, {track}.height]") == [1280, 720])


def test_a_browser_that_cannot_cap_the_video_is_told_to_shrink_it(customers, agent):
    old = """const set = RTCRtpSender.prototype.setParameters; globalThis.factors = [];
        RTCRtpSender.prototype.setParameters = function (wanted) {
          for (const one of wanted.encodings) { delete one.scaleResolutionDownTo; globalThis.factors.push(one.scaleResolutionDownBy ?? null); }
          return set.call(this, wanted);
        };"""
    customer = customers(scripts=[NO_IMAGE_CAPTURE, old])
    call_id = in_call(customer, agent)
    ask(agent, call_id, IDS[0])
    assert last(agent, IDS[0], "sent")["width_px"] == 3840
    until(customer.page, lambda: len(customer.page.evaluate("factors")) >= 3)
    assert customer.page.evaluate("factors.slice(-2)") == [3, 1]


@pytest.mark.parametrize("answer", [
    "throw new DOMException('no', 'UnknownError');", "await new Promise(() => {});", "return new Blob([], {type: 'image/jpeg'});",
], ids=["refuses", "never answers", "gives nothing"])
def test_a_camera_that_takes_no_photo_gives_a_frame(customers, agent, answer):
    hurried = "const later = setTimeout; globalThis.setTimeout = (work, ms, ...more) => later(work, ms === 6000 ? 100 : ms, ...more);"
    customer = customers(scripts=[hurried, camera(jpeg((640, 480)), answer=answer)])
    call_id = in_call(customer, agent)
    ask(agent, call_id, IDS[0])
    assert last(agent, IDS[0], "sent")["method"] == "full_frame"
    ask(agent, call_id, IDS[1])
    assert last(agent, IDS[1], "sent")["method"] == "full_frame"
    assert customer.page.evaluate("mostAtOnce") <= 1, "never two at once, not even when the first hangs"


def test_a_photo_smaller_than_the_video_can_be_is_not_enough(customers, agent):
    customer = customers(scripts=[camera(jpeg((1280, 720)), largest=(1280, 720))])
    call_id = in_call(customer, agent)
    ask(agent, call_id, IDS[0])
    for snapshot_id in IDS[:3]:
        ask(agent, call_id, snapshot_id)
        sent = last(agent, snapshot_id, "sent")
        assert (sent["method"], sent["width_px"]) == ("full_frame", 3840)
    assert customer.page.evaluate(TAKEN) == 1, "what is known not to help is not tried again"


def test_the_call_gets_its_size_back_when_the_large_frame_fails(customers, agent):
    broken = "HTMLCanvasElement.prototype.toBlob = function (done, type) { done(null); };"
    customer = customers(scripts=[NO_IMAGE_CAPTURE, broken])
    call_id = in_call(customer, agent)
    ask(agent, call_id, IDS[0])
    assert last(agent, IDS[0], "failed")["code"] == "still.camera_failed"
    track = "document.querySelector('.own video').srcObject.getVideoTracks()[0].getSettings()"
    until(customer.page, lambda: customer.page.evaluate(f"{track}.width") == 1280)
    assert agent.page.evaluate("desk.call.state") == "connected"


def test_several_asked_quickly_are_taken_one_after_another(customers, agent):
    slow = "await new Promise((r) => setTimeout(r, 200)); return new Blob([bytes, new Uint8Array([globalThis.taken])], {type: 'image/jpeg'});"
    customer = customers(scripts=[camera(jpeg((2000, 1500)), largest=(3840, 2160), answer=slow)])
    # The track itself has no more than the photo here.
    customer.context.add_init_script("MediaStreamTrack.prototype.getCapabilities = () => ({width: {max: 1280}, height: {max: 720}});")
    call_id = in_call(customer, agent)
    for snapshot_id in IDS[:4]:
        ask(agent, call_id, snapshot_id)
    ask(agent, call_id, IDS[0])  # asked twice, done once
    for snapshot_id in IDS[:4]:
        last(agent, snapshot_id, "sent")
    assert customer.page.evaluate("[taken, mostAtOnce]") == [4, 1]
    digests = {original(agent, snapshot_id)[0]["digest"] for snapshot_id in IDS[:4]}
    assert len(digests) == 4, "each belongs to its own snapshot"


def test_a_broken_upload_goes_on_where_it_was(customers, agent):
    """The line breaks in the middle: the second request brings only what was missing."""
    picture = jpeg(quality=95)
    half = """const Real = XMLHttpRequest; globalThis.requests = [];
        globalThis.XMLHttpRequest = class extends Real {
          open(method, address, ...more) { this.what = {method, address, size: 0}; globalThis.requests.push(this.what); super.open(method, address, ...more); }
          send(body) {
            this.what.size = body?.size ?? 0;
            // Half of it arrives, and the answer does not: the service is left with a part of what was announced.
            if (this.what.method === 'POST' && this.what.address.endsWith('/uploads')) {
              super.addEventListener('load', () => undefined);
              body = body.slice(0, Math.floor(body.size / 2));
              Object.defineProperty(this, 'status', {value: 0});
            }
            super.send(body);
          }
        };"""
    customer = customers(scripts=[camera(picture), half])
    call_id = in_call(customer, agent)
    ask(agent, call_id, IDS[0])
    last(agent, IDS[0], "sent")
    requests = [one for one in customer.page.evaluate("requests") if "uploads" in one["address"] and one["method"] != "OPTIONS"]
    assert [one["method"] for one in requests] == ["POST", "HEAD", "PATCH"]
    assert requests[2]["size"] == len(picture) - len(picture) // 2
    assert original(agent, IDS[0])[1] == picture


@pytest.mark.parametrize("step", ["uploads", "stills/*"])
def test_a_lost_answer_doubles_nothing(customers, agent, step):
    picture = jpeg((2400, 1800))
    customer = customers(scripts=[camera(picture), "MediaStreamTrack.prototype.getCapabilities = () => ({});"])
    call_id = in_call(customer, agent)
    fails = {"left": 1}

    def flaky(route):
        if fails["left"] and route.request.method in {"POST", "PUT"}:
            fails["left"] -= 1
            route.fetch()  # it is in the case, only the answer was lost
            route.abort()
        else:
            route.continue_()

    if step == "stills/*":  # where the first request did not bring it into the case
        customer.page.route("**/api/v1/join/uploads", without_its_still)
    customer.page.route(f"**/api/v1/join/{step}", flaky)
    ask(agent, call_id, IDS[0])
    last(agent, IDS[0], "sent")
    assert fails["left"] == 0
    assert original(agent, IDS[0])[1] == picture


def without_its_still(route):
    """As if the bytes came in more than one request: the creation does not say what they are."""
    told = route.request.headers.get("upload-metadata", "")
    route.continue_(headers=route.request.headers | {"upload-metadata": ",".join(pair for pair in told.split(",") if not pair.startswith("still "))})


def hold_uploads(customer):
    """No upload gets through until `release`."""
    customer.context.route("**/api/v1/join/uploads*", lambda route: route.abort())
    customer.context.route("**/api/v1/join/uploads/*", lambda route: route.abort())

    def release():
        customer.context.unroute("**/api/v1/join/uploads*")
        customer.context.unroute("**/api/v1/join/uploads/*")
        customer.page.evaluate("dispatchEvent(new Event('online'))")

    return release


def in_call_with_unsent(customer, agent, snapshot_id=IDS[0]):
    """A call in which a still was taken and cannot be sent; gives what lets it go."""
    call_id = in_call(customer, agent)
    release = hold_uploads(customer)
    ask(agent, call_id, snapshot_id)
    until(customer.page, lambda: [size for one, size in kept(customer.page) if one == snapshot_id and size])
    until(customer.page, lambda: "zodra er weer verbinding is" in customer.page.inner_text(".notices"))
    return release


def test_a_reload_loses_nothing(customers, agent):
    picture = jpeg((2400, 1800))
    customer = customers(scripts=[camera(picture), "MediaStreamTrack.prototype.getCapabilities = () => ({});"])
    release = in_call_with_unsent(customer, agent)
    customer.page.on("dialog", lambda dialog: dialog.accept())
    customer.page.reload()
    customer.screen("call")
    customer.page.wait_for_selector(CONNECTED)
    release()
    last(agent, IDS[0], "sent")
    assert original(agent, IDS[0])[1] == picture
    until(customer.page, lambda: kept(customer.page) == [])


def test_hanging_up_first_still_brings_it(customers, agent):
    picture = jpeg((2400, 1800))
    customer = customers(scripts=[camera(picture), "MediaStreamTrack.prototype.getCapabilities = () => ({});"])
    release = in_call_with_unsent(customer, agent)
    customer.press("hang-up")
    customer.press("stop-yes")
    customer.screen("thanks")
    assert "Laat deze pagina open" in customer.page.inner_text("#screen .lead")
    until(customer.page, lambda: customer.page.locator("#polite").text_content().startswith("Er wordt een foto verstuurd"))
    assert customer.page.locator("#sending:visible").count() == 1
    agent.see("desk.call.state === 'wrap_up'")
    release()
    until(customer.page, lambda: "U kunt deze pagina sluiten" in customer.page.inner_text("#screen .lead"))
    until(customer.page, lambda: customer.page.locator("#sending:visible").count() == 0)
    assert customer.page.locator("#polite").text_content() == "De foto is verstuurd."
    assert original(agent, IDS[0])[1] == picture


def test_the_same_link_after_the_call_sends_what_was_left(customers, agent):
    """The browser died after the call; the link is used up, and what was taken arrives all the same, with a notice."""
    picture = jpeg((2400, 1800))
    customer = customers(scripts=[camera(picture), "MediaStreamTrack.prototype.getCapabilities = () => ({});"])
    made = agent.invite()
    customer.come_in(made["link"])
    call_id = agent.talk()
    customer.screen("call")
    release = hold_uploads(customer)
    ask(agent, call_id, IDS[0])
    until(customer.page, lambda: [size for _, size in kept(customer.page) if size])
    customer.press("hang-up")
    customer.press("stop-yes")
    customer.screen("thanks")
    agent.see("desk.call.state === 'wrap_up'")
    assert agent.http.post(f"/calls/{call_id}/wrap-up", json={"disposition": "advice_given"}).status_code < 300
    customer.page.close()  # no beforeunload: as if it crashed
    customer.page = customer.context.new_page()
    customer.watch(customer.page)
    customer.open(made["link"])
    customer.screen("trouble")
    assert customer.heading() == "Deze link is al gebruikt"
    until(customer.page, lambda: "zodra er weer verbinding is" in customer.page.inner_text("#sending"))
    release()
    until(customer.page, lambda: customer.page.locator("#sending:visible").count() == 0)
    assert original(agent, IDS[0])[1] == picture
    assert kept(customer.page) == []


def test_leaving_the_page_is_asked_about_while_something_is_unsent(customers, agent):
    customer = customers(scripts=[camera(jpeg((2400, 1800))), "MediaStreamTrack.prototype.getCapabilities = () => ({});"])
    release = in_call_with_unsent(customer, agent)
    prevented = "() => !dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    assert customer.page.evaluate(prevented)
    release()
    last(agent, IDS[0], "sent")
    assert not customer.page.evaluate(prevented)


def test_progress_is_told_to_both_sides_and_not_too_often(customers, agent):
    picture = jpeg(quality=95)
    slow = """const Real = XMLHttpRequest;
        globalThis.XMLHttpRequest = class extends Real {
          send(body) {
            if (!(body instanceof Blob)) { super.send(body); return; }
            let n = 0;
            const timer = setInterval(() => {
              n += 1;
              if (n < 40) { this.upload.onprogress?.(new ProgressEvent('progress', {lengthComputable: true, loaded: Math.floor(body.size * n / 40), total: body.size})); }
              else { clearInterval(timer); super.send(body); }
            }, 50);
          }
        };"""
    customer = customers(scripts=[camera(picture), slow])
    call_id = in_call(customer, agent)
    ask(agent, call_id, IDS[0])
    seen = set()

    def is_sent():
        seen.update(customer.page.inner_text(".notices").splitlines())
        return any(one["stage"] == "sent" for one in told(agent, IDS[0]))

    until(customer.page, is_sent)
    shown = [line for line in seen if line.startswith("Foto wordt verstuurd: ")]
    assert len(shown) > 2, seen
    sending = [one for one in told(agent, IDS[0]) if one["stage"] == "sending"]
    assert 3 <= len(sending) <= 12, "about two seconds of sending, at most four a second"
    assert [one["sent_bytes"] for one in sending] == sorted(one["sent_bytes"] for one in sending)
    assert {one["size_bytes"] for one in sending} == {len(picture)}


def test_without_consent_to_stills_none_is_taken(customers, agent):
    customer = customers(scripts=[camera(jpeg((640, 480)))])
    customer.open(agent.invite()["link"])
    customer.press("start")
    customer.consent("video", "sound")
    customer.page.wait_for_selector(".stage video")
    customer.press("ready")
    call_id = agent.talk()
    customer.screen("call")
    customer.page.wait_for_selector(CONNECTED)
    agent.see("desk.call.customer.width_px > 0 && !desk.call.customer.can_take_still")
    # The service refuses the ask; a page that is asked all the same takes nothing.
    ask(agent, call_id, IDS[0])
    until(agent.page, lambda: agent.page.evaluate("desk.seen.some((one) => one.type === 'error' && one.code === 'consent.missing')"))
    assert customer.page.evaluate(TAKEN) == 0


def test_the_phones_own_camera_on_request(customers, agent, picture):
    customer = customers()
    call_id = in_call(customer, agent)
    ask(agent, call_id, IDS[0], "native_camera")
    customer.page.wait_for_selector("[data-name=native-take]:visible")
    until(customer.page, lambda: "scherpe foto" in customer.page.locator("#polite").text_content())
    path = picture("telefoon.jpg", (3000, 4000))
    with customer.page.expect_file_chooser() as chooser:
        customer.press("native-take")
    # The camera app took the camera away from the page.
    track = "document.querySelector('.own video').srcObject.getVideoTracks()[0]"
    before = customer.page.evaluate(f"{track}.id")
    customer.page.evaluate(f"{track}.stop()")
    chooser.value.set_files(path)
    sent = last(agent, IDS[0], "sent")
    assert (sent["method"], sent["width_px"], sent["height_px"]) == ("native_camera", 3000, 4000)
    assert original(agent, IDS[0])[1] == Path(path).read_bytes()
    assert customer.page.locator("[data-name=native-take]:visible").count() == 0
    until(customer.page, lambda: customer.page.evaluate(f"{track}?.id ?? ''") not in {before, ""})
    frames = agent.frames()
    until(agent.page, lambda: agent.frames() > frames + 3)
    assert customer.is_on("call")


def test_the_phones_own_camera_declined_and_asked_again_after_a_reload(customer, agent):
    call_id = in_call(customer, agent)
    ask(agent, call_id, IDS[0], "native_camera")
    customer.press("native-decline")
    assert last(agent, IDS[0], "failed")["code"] == "still.declined"
    ask(agent, call_id, IDS[1], "native_camera")
    customer.page.wait_for_selector("[data-name=native-take]:visible")
    until(customer.page, lambda: [one for one, _ in kept(customer.page) if one == IDS[1]])
    customer.page.reload()  # the camera app pushed the page out of memory
    customer.screen("call")
    customer.page.wait_for_selector("[data-name=native-take]:visible")


def test_a_still_that_a_reload_cut_short_is_reported(customers, agent):
    customer = customers(scripts=[camera(jpeg((640, 480)), answer="await new Promise(() => {});")])
    call_id = in_call(customer, agent)
    ask(agent, call_id, IDS[0])
    last(agent, IDS[0], "taking")
    until(customer.page, lambda: kept(customer.page))
    customer.page.reload()
    customer.screen("call")
    assert last(agent, IDS[0], "failed")["code"] == "still.camera_failed"
    until(customer.page, lambda: kept(customer.page) == [])


def test_forbidden_storage_stops_no_still(customers, agent):
    picture = jpeg((2400, 1800))
    none = "Object.defineProperty(globalThis, 'indexedDB', {get() { throw new DOMException('no', 'SecurityError'); }});"
    customer = customers(scripts=[camera(picture), none, "MediaStreamTrack.prototype.getCapabilities = () => ({});"])
    call_id = in_call(customer, agent)
    ask(agent, call_id, IDS[0])
    last(agent, IDS[0], "sent")
    assert original(agent, IDS[0])[1] == picture


def test_zoom_from_the_agent(customers, agent):
    zoom = """globalThis.zoomed = 1; const settings = MediaStreamTrack.prototype.getSettings;
        MediaStreamTrack.prototype.getCapabilities = () => ({zoom: {min: 1, max: 5, step: 0.1}, torch: true});
        MediaStreamTrack.prototype.getSettings = function () { return {...settings.call(this), zoom: globalThis.zoomed}; };
        MediaStreamTrack.prototype.applyConstraints = async function (wanted) { globalThis.applied = wanted; if (wanted.advanced?.[0]?.zoom) globalThis.zoomed = wanted.advanced[0].zoom; };"""
    customer = customers(scripts=[zoom])
    call_id = in_call(customer, agent)
    agent.see("desk.call.customer.zoom_max === 5")
    agent.say(type="page.ask", call_id=call_id, ask="torch_on")
    agent.see("desk.call.customer.is_torch_on")
    agent.say(type="page.ask", call_id=call_id, ask="zoom", zoom=2.5)
    agent.see("desk.call.customer.zoom === 2.5")
    until(customer.page, lambda: "Anna zoomt in" in customer.page.inner_text(".notices"))
    assert customer.page.evaluate("applied") == {"advanced": [{"torch": True, "zoom": 2.5}]}, "the light stays on"
    agent.say(type="page.ask", call_id=call_id, ask="zoom", zoom=99)
    agent.see("desk.call.customer.zoom === 5")
    agent.say(type="page.ask", call_id=call_id, ask="zoom", zoom=1)
    until(customer.page, lambda: "Anna zoomt uit" in customer.page.inner_text(".notices"))


def test_a_recording_is_seen_and_said(customer, agent):
    call_id = in_call(customer, agent)
    assert customer.page.locator(".recording:visible").count() == 0
    agent.say(type="call.record", call_id=call_id, is_recording=True)
    customer.page.wait_for_selector(".recording:visible")
    until(customer.page, lambda: customer.page.locator("#polite").text_content() == "Vanaf nu wordt dit gesprek opgenomen.")
    agent.say(type="call.record", call_id=call_id, is_recording=False)
    until(customer.page, lambda: customer.page.locator(".recording:visible").count() == 0)
    until(customer.page, lambda: customer.page.locator("#polite").text_content() == "De opname is gestopt.")


def test_recording_and_location_are_asked_and_not_preselected(customer, agent):
    customer.open(agent.invite()["link"])
    customer.press("start")
    customer.screen("consent")
    assert customer.page.locator(".choice input").count() == 5
    assert customer.page.locator(".choice input:checked").count() == 0
    with customer.page.expect_request("**/join/consent") as sent:
        customer.consent("video", "recording")
    assert json.loads(sent.value.post_data)["granted"] == ["video", "recording"]
