"""Photos of the customer into the case."""

from __future__ import annotations

from tests.join.conftest import until


def at_photos(customer, agent, *scopes):
    case = agent.case()
    customer.open(agent.invite(case)["link"])
    customer.press("start")
    customer.consent(*scopes)
    customer.screen("check")
    return case


def test_no_camera_photos_go_into_the_same_case(customers, agent, picture):
    none = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('none', 'NotFoundError'); };"
    customer = customers(scripts=[none])
    case = at_photos(customer, agent, "video", "sound", "stills")
    customer.press("photos")
    customer.screen("photos")
    customer.page.set_input_files("#photo-input", [picture("een.jpg"), picture("twee.jpg", (800, 1200))])
    until(customer.page, lambda: customer.page.locator(".photo-list .sent").count() == 2)
    assert customer.page.inner_text("#polite") == "Uw foto is verstuurd."
    kept = agent.http.get(f"/cases/{case['id']}/snapshots").json()["items"]
    assert sorted((one["method"], one["width_px"], one["height_px"]) for one in kept) == [("upload", 800, 1200), ("upload", 1600, 1200)]
    customer.press("photos-done")
    assert customer.heading() == "Bedankt voor uw foto’s"


def test_a_lost_line_is_tried_again_and_the_photo_stands_once(customer, agent, picture):
    case = at_photos(customer, agent, "video", "stills")
    customer.page.wait_for_selector(".stage video")
    customer.page.reload()
    customer.press("photos")
    fails = {"left": 1}

    def flaky(route):
        if fails["left"]:
            fails["left"] -= 1
            route.fetch()  # it arrived, only the answer was lost
            route.abort()
        else:
            route.continue_()

    customer.page.route("**/api/v1/join/photos", flaky)
    customer.page.set_input_files("#photo-input", [picture("doos.jpg")])
    until(customer.page, lambda: customer.page.locator(".photo-list .sent").count() == 1)
    assert fails["left"] == 0
    assert len(agent.http.get(f"/cases/{case['id']}/snapshots").json()["items"]) == 1


def test_a_failed_photo_has_a_button_to_try_again(customers, agent, picture):
    # Only the waits between tries are hurried (1 s and 3 s), not the 15 s that an answer may take.
    hurried = "const later = setTimeout; globalThis.setTimeout = (work, ms, ...more) => later(work, ms <= 3000 ? Math.min(ms, 50) : ms, ...more);"
    customer = customers(scripts=[hurried])
    at_photos(customer, agent, "stills")
    customer.press("change-consent")
    customer.page.locator("label[for=scope-video]").click()
    customer.press("consent-chosen")
    customer.page.reload()
    customer.press("photos")
    customer.page.route("**/api/v1/join/photos", lambda route: route.abort())
    customer.page.set_input_files("#photo-input", [picture("doos.jpg")])
    until(customer.page, lambda: customer.page.locator(".photo-list .failed").count() == 1)
    assert "Controleer uw internet" in customer.page.inner_text(".photo-list")
    customer.page.unroute("**/api/v1/join/photos")
    customer.page.locator(".photo-list .failed button").click()
    until(customer.page, lambda: customer.page.locator(".photo-list .sent").count() == 1)


def test_refused_stills_refuse_photos_in_words(customers, agent):
    none = "navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('none', 'NotFoundError'); };"
    customer = customers(scripts=[none])
    at_photos(customer, agent, "video")
    customer.press("photos")
    assert "geen foto’s" in customer.page.inner_text("#screen")
    assert customer.page.locator("#photo-input").count() == 0
    customer.press("change-consent")
    customer.screen("consent")


def test_photos_during_the_call(customer, agent, picture):
    case = agent.case()
    customer.come_in(agent.invite(case)["link"])
    agent.talk()
    customer.screen("call")
    customer.press("camera")
    customer.press("send-photos")
    customer.page.set_input_files("#photo-input", [picture("doos.jpg")])
    until(customer.page, lambda: customer.page.locator(".photo-list .sent").count() == 1)
    assert customer.is_on("call")
    assert len(agent.http.get(f"/cases/{case['id']}/snapshots").json()["items"]) == 1


def test_leaving_is_asked_about_while_a_photo_is_on_its_way(customer, agent, picture):
    at_photos(customer, agent, "video", "stills")
    customer.page.wait_for_selector(".stage video")
    customer.page.reload()
    customer.press("photos")
    held = []

    def hold(route):
        held.append(route)

    customer.page.route("**/api/v1/join/photos", hold)
    prevented = "() => !dispatchEvent(new Event('beforeunload', {cancelable: true}))"
    assert not customer.page.evaluate(prevented)
    customer.page.set_input_files("#photo-input", [picture("doos.jpg")])
    until(customer.page, lambda: held)
    assert customer.page.evaluate(prevented)
    held[0].continue_()
    until(customer.page, lambda: customer.page.locator(".photo-list .sent").count() == 1)
    assert not customer.page.evaluate(prevented)
