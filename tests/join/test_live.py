"""Live drawing on the customer's page: what is painted, answered and said; the frozen picture; drawing back; what a hostile desktop cannot do."""

from __future__ import annotations

import pytest

from tests.join.conftest import CHROMIUM, FLAGS, shot, until
from tests.join.live_lab import EVERY, PLACES, camera, draw, freeze, in_call, mark, seen

NO_WAIT = "const later = setTimeout; globalThis.setTimeout = (work, ms, ...more) => later(work, ms > 300 && ms < 5000 ? ms / 10 : ms, ...more);"


@pytest.fixture(scope="module")
def chromium(tmp_path_factory):
    from playwright.sync_api import sync_playwright

    film = camera(tmp_path_factory.mktemp("camera"), (1280, 720))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, f"--use-file-for-fake-video-capture={film}"])
        yield browser
        browser.close()


def on_screen(page):
    """What lies on the picture: by id its shape, hold and opacity."""
    return page.evaluate("""() => Object.fromEntries([...document.querySelectorAll('.live-marks g')].map((one) =>
      [one.dataset.id, [one.dataset.shape, one.dataset.hold, Number(one.getAttribute('opacity'))]]))""")


def said(page, text):
    until(page, lambda: text in page.locator("#polite").text_content())


def told(agent):
    """What the customer's page says is drawn: as the desktop puts it together from the batches."""
    return agent.page.evaluate("""() => {
      const marks = {};
      for (const one of desk.heard.filter((message) => message.type === 'live.marks')) {
        one.gone.forEach((id) => delete marks[id]);
        one.put.forEach((mark) => { marks[mark.id] = {...mark, points: [...mark.points]}; });
        one.more.forEach(({id, points}) => marks[id].points.push(...points));
      }
      return Object.values(marks);
    }""")


def test_every_shape_is_painted_and_answered(customer, agent):
    in_call(customer, agent)
    seq = draw(agent, *EVERY)
    assert seq == 1
    shapes = on_screen(customer.page)
    assert {name: look[0] for name, look in shapes.items()} == {one["id"]: one["shape"] for one in EVERY}
    assert shapes["leaning-round"][1:] == ["lost", 0.45]
    assert customer.page.locator(".live-tag:visible").inner_text() == "Niet in beeld"
    assert customer.page.evaluate("[...document.querySelectorAll('.live-marks .number')].map((one) => one.textContent).filter(Boolean)") == ["1", "12"]
    assert customer.page.evaluate("[...document.querySelectorAll('.live-marks .ink')].every((one) => one.getBBox().width > 3)")
    shot(customer.page, "live-shapes")
    customer.page.set_viewport_size({"width": 1280, "height": 800})
    shot(customer.page, "live-shapes-wide")
    answers = agent.page.evaluate("desk.heard")
    assert answers[-1] == {"type": "live.seen", "seq": 1, "freeze": "", "is_hidden": False}


def test_strokes_grow_marks_move_and_go(customer, agent):
    page = customer.page
    in_call(customer, agent)
    draw(agent, mark("pen", "pen", [[0.2, 0.5]]))
    length = "document.querySelector('[data-id=pen] .ink').getTotalLength()"
    before = page.evaluate(length)
    draw(agent, more=[{"id": "pen", "points": [[0.3, 0.5], [0.4, 0.5], [0.5, 0.5]]}])
    assert page.evaluate(length) - before == pytest.approx(0.3 * 390, abs=3)
    draw(agent, mark("box", "arrow", [[0.1, 0.1], [0.2, 0.5]]), moved=[{"id": "pen", "points": [[0.6, 0.5], [0.9, 0.5]], "hold": "following"}])
    assert page.locator("[data-id=pen] .ink").bounding_box()["x"] > 0.58 * 390
    draw(agent, gone=["pen"])
    assert set(on_screen(page)) == {"box"}
    agent.page.evaluate("desk.line.send(JSON.stringify({type: 'live.clear', by: 'agent'}))")
    until(page, lambda: on_screen(page) == {})
    said(page, "Anna heeft de tekening weggehaald")


def test_what_fades_is_gone_after_a_while(customers, agent):
    for motion in ("no-preference", "reduce"):
        customer = customers(reduced_motion=motion)
        in_call(customer, agent)
        page = customer.page
        page.evaluate("""() => { globalThis.opacities = new Set(); new MutationObserver((all) => all.forEach(({target}) => opacities.add(Number(target.getAttribute('opacity')))))
          .observe(document.querySelector('.live-marks'), {attributes: true, attributeFilter: ['opacity'], subtree: true}); }""")
        draw(agent, mark("stays", "line", [[0.1, 0.5], [0.4, 0.5]]), mark("fades", "line", [[0.5, 0.5], [0.9, 0.5]], fades=True))
        until(page, lambda page=page: set(on_screen(page)) == {"stays"})
        between = [one for one in page.evaluate("[...opacities]") if 0 < one < 1]
        assert bool(between) is (motion == "no-preference")
        customer.press("hang-up")
        customer.press("stop-yes")
        customer.screen("thanks")


def test_a_screen_reader_hears_what_is_drawn_and_where(customer, agent):
    in_call(customer, agent)
    page = customer.page
    draw(agent, mark("a", "arrow", [[0.5, 0.5], [0.1, 0.9]]))
    said(page, "Een pijl van Anna wijst iets aan: linksonder")
    assert page.locator(".live-marks").get_attribute("aria-label") == "Een pijl van Anna wijst iets aan: linksonder"
    customer.press("language")
    page.wait_for_selector('html[lang="en"]')
    seq = draw(agent, mark("b", "step", [[0.9, 0.5]], number=3))
    assert seq == 2
    said(page, "Anna puts number 3 at the right side")
    until(page, lambda: page.locator(".live-marks").get_attribute("aria-label") == "Anna’s arrow points at the lower left corner. Anna puts number 3 at the right side")
    draw(agent, moved=[{"id": "b", "points": [[0.9, 0.5]], "hold": "lost"}])
    said(page, "What Anna pointed at is out of view.")
    draw(agent, moved=[{"id": "b", "points": [[0.9, 0.5]], "hold": "following"}])
    said(page, "What Anna pointed at is in view again.")


def test_drawings_can_be_put_away_and_the_agent_knows(customer, agent):
    in_call(customer, agent)
    page = customer.page
    assert page.locator("[data-name=put-drawings]:visible").count() == 0
    draw(agent, mark("a", "arrow", [[0.5, 0.5], [0.1, 0.9]]))
    customer.press("put-drawings")
    until(page, lambda: on_screen(page) == {})
    agent.see("desk.heard.at(-1).is_hidden === true")
    assert page.locator("[data-name=put-drawings]").inner_text() == "Toon tekening"
    draw(agent, mark("b", "arrow", [[0.5, 0.5], [0.9, 0.9]]))
    assert on_screen(page) == {}
    customer.press("put-drawings")
    until(page, lambda: set(on_screen(page)) == {"a", "b"})
    agent.see("desk.heard.at(-1).is_hidden === false")


def test_a_frozen_picture_is_shown_whole_and_goes_again(customer, agent):
    in_call(customer, agent)
    page = customer.page
    draw(agent, mark("live", "line", [[0.1, 0.5], [0.4, 0.5]]))
    freeze(customer, agent, width=800, height=600)
    assert on_screen(page) == {}, "marks of the live picture are not of this one"
    draw(agent, mark("here", "pointer", [[0.25, 0.25]], freeze="f1"))
    box = page.locator("[data-id=here] .ink").bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    image = page.locator(".live img").bounding_box()
    scale = min(image["width"] / 800, image["height"] / 600)
    expected = (image["x"] + (image["width"] - 800 * scale) / 2 + 200 * scale, image["y"] + (image["height"] - 600 * scale) / 2 + 150 * scale)
    assert middle == pytest.approx(expected, abs=0.02 * 800 * scale)
    shot(page, "live-frozen")
    agent.page.evaluate("desk.line.send(JSON.stringify({type: 'live.thaw', id: 'f1'}))")
    until(page, lambda: set(on_screen(page)) == {"live"})
    said(page, "U ziet weer uw camera")
    assert page.locator(".live img").count() == 0


def test_the_customer_draws_back_with_a_finger(customers, agent):
    customer = customers(has_touch=True, is_mobile=True)
    in_call(customer, agent)
    page = customer.page
    freeze(customer, agent)
    box = page.locator(".live img").bounding_box()
    scale = min(box["width"] / 1280, box["height"] / 720)
    left, top = box["x"] + (box["width"] - 1280 * scale) / 2, box["y"] + (box["height"] - 720 * scale) / 2
    finger = page.context.new_cdp_session(page)

    def touch(kind, place=None):
        points = [] if place is None else [{"x": left + place[0] * 1280 * scale, "y": top + place[1] * 720 * scale}]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", (0.2, 0.2))
    for step in range(1, 31):
        touch("touchMove", (0.2 + 0.02 * step, 0.2 + 0.01 * step))
    touch("touchEnd")
    until(agent.page, lambda: [one["shape"] for one in told(agent)] == ["pen"] and told(agent)[0]["points"][-1][0] > 0.79)
    stroke = told(agent)[0]
    assert (stroke["by"], stroke["freeze"], stroke["hold"], stroke["fades"]) == ("customer", "f1", "still", False)
    assert stroke["points"][0] == pytest.approx([0.2, 0.2], abs=0.01)
    assert stroke["points"][-1] == pytest.approx([0.8, 0.5], abs=0.01)
    assert all(abs((y - 0.2) - (x - 0.2) / 2) < 0.01 for x, y in stroke["points"])
    batches = agent.page.evaluate("desk.heard.filter((one) => one.type === 'live.marks').map((one) => one.seq)")
    assert batches == list(range(1, len(batches) + 1))
    touch("touchStart", (0.5, 0.8))
    touch("touchEnd")
    until(agent.page, lambda: [one["shape"] for one in told(agent)] == ["pen", "ellipse"])
    shot(page, "live-drawn-back")
    customer.press("draw-undo")
    until(agent.page, lambda: [one["shape"] for one in told(agent)] == ["pen"])
    customer.press("draw-done")
    touch("touchStart", (0.5, 0.8))
    touch("touchEnd")
    customer.press("draw-on")
    assert page.evaluate("document.activeElement.dataset.name") == "draw-done"
    touch("touchStart", (0.1, 0.1))
    touch("touchEnd")
    until(agent.page, lambda: len(told(agent)) == 2)
    assert told(agent)[1]["points"][0][0] == pytest.approx(0.05, abs=0.01), "after Done a tap drew nothing"
    agent.page.evaluate("desk.line.send(JSON.stringify({type: 'live.clear', by: ''}))")
    until(page, lambda: on_screen(page) == {})
    assert page.locator("[data-name=draw-undo]").get_attribute("aria-disabled") == "true"


def test_the_customer_draws_back_with_keys(customer, agent):
    in_call(customer, agent)
    page = customer.page
    freeze(customer, agent)
    page.locator(".live-surface").focus()
    page.keyboard.press("Shift+ArrowLeft")
    until(page, lambda: page.locator(".live-cross").count() == 1)
    page.keyboard.press("Enter")
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    shot(page, "live-keys")
    page.keyboard.press("Enter")
    until(agent.page, lambda: [len(one["points"]) for one in told(agent)] == [4])
    stroke = told(agent)[0]
    assert stroke["points"][0] == pytest.approx([0.4, 0.5], abs=1e-3)
    assert stroke["points"][-1] == pytest.approx([0.4, 0.5 + 3 * 0.02 * 1280 / 720], abs=1e-3)
    page.keyboard.press("Enter")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Escape")
    until(agent.page, lambda: len(told(agent)) == 1)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    until(agent.page, lambda: [one["shape"] for one in told(agent)] == ["pen", "ellipse"])
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.name") == "draw-undo", "the keyboard is not held"
    agent.page.evaluate("desk.line.send(JSON.stringify({type: 'live.thaw', id: 'f1'}))")
    until(page, lambda: page.evaluate("document.activeElement.id") == "call-title")


def test_a_picture_to_look_at_only(customer, agent):
    in_call(customer, agent)
    freeze(customer, agent, mayDraw=False)
    assert customer.page.locator(".live-surface:visible, .live-tools button:visible").count() == 0
    assert customer.page.locator(".live-hint").inner_text() == "Anna bekijkt dit beeld met u."


def test_on_hold_nobody_draws(customer, agent):
    call_id = in_call(customer, agent)
    freeze(customer, agent)
    agent.say(type="call.hold", call_id=call_id, is_on_hold=True)
    until(customer.page, lambda: customer.page.locator(".live-surface:visible").count() == 0)
    agent.say(type="call.hold", call_id=call_id, is_on_hold=False)
    until(customer.page, lambda: customer.page.locator(".live-surface:visible").count() == 1)


def test_a_new_connection_begins_with_a_clean_picture(customer, agent):
    in_call(customer, agent)
    draw(agent, mark("a", "arrow", [[0.5, 0.5], [0.1, 0.9]]))
    agent.say(type="signal", call_id=agent.page.evaluate("desk.call.id"), epoch=2, restart=True)
    agent.see("desk.rebuilt === 2 && desk.line?.readyState === 'open' && desk.heard.length === 0")
    until(customer.page, lambda: on_screen(customer.page) == {})
    assert draw(agent, mark("b", "line", [[0.5, 0.5], [0.1, 0.9]])) == 1
    assert set(on_screen(customer.page)) == {"b"}


HOSTILE = [
    "", "null", "[]", "{", '{"type": "live.marks"}', '{"type": "live.marks", "seq": 1, "put": [{}]}', '{"type": "eval", "code": "alert(1)"}',
    '{"type": "live.marks", "seq": 1, "put": [{"id": "<img src=x>", "shape": "pen", "points": [[0, 0]], "colour": "#ff0000"}]}',
    '{"type": "live.marks", "seq": 1, "put": [{"id": "x", "shape": "pen", "points": [[1e9, 0]], "colour": "#ff0000"}]}',
    '{"type": "live.marks", "seq": 1, "put": [{"id": "x", "shape": "pen", "points": [[0, null]], "colour": "#ff0000"}]}',
    '{"type": "live.marks", "seq": 1, "put": [{"id": "x", "shape": "pen", "points": [[0, 0]], "colour": "url(https://elsewhere.test/x)"}]}',
    '{"type": "live.marks", "seq": 1, "put": [{"id": "x", "shape": "constructor", "points": [[0, 0]], "colour": "#ff0000"}]}',
    '{"type": "live.marks", "seq": 1, "put": {"__proto__": {"a": 1}}}',
    '{"type": "live.freeze", "id": "f", "width_px": 100000, "height_px": 10, "size_bytes": 100}',
    '{"type": "live.freeze", "id": "f", "width_px": 10, "height_px": 10, "size_bytes": 100000000}',
]


def test_what_is_not_of_the_protocol_changes_nothing(customer, agent):
    in_call(customer, agent)
    draw(agent, mark("a", "arrow", [[0.5, 0.5], [0.1, 0.9]]))
    for text in HOSTILE:
        agent.page.evaluate("text => desk.line.send(text)", text)
    agent.page.evaluate("desk.line.send(new Uint8Array(9))")
    agent.page.evaluate("desk.line.send('x'.repeat(60000))")
    draw(agent, *[mark(f"m{number}", "line", [[0.1, 0.1], [0.2, 0.2]]) for number in range(60)])
    assert len(on_screen(customer.page)) == 60, "no more than sixty"


def test_a_picture_that_is_not_what_it_said_is_not_shown(customer, agent):
    in_call(customer, agent)
    page = agent.page
    page.evaluate("desk.freeze('lies', {width: 640, height: 480, change: {width_px: 320}})")
    page.evaluate("desk.line.send(JSON.stringify({type: 'live.freeze', id: 'text', width_px: 2, height_px: 2, size_bytes: 3, may_draw: true}))")
    page.evaluate("desk.line.send(JSON.stringify({type: 'live.freeze_part', id: 'text', index: 0, data: btoa('abc')}))")
    page.evaluate("desk.line.send(JSON.stringify({type: 'live.freeze', id: 'over', width_px: 2, height_px: 2, size_bytes: 3, may_draw: true}))")
    page.evaluate("desk.line.send(JSON.stringify({type: 'live.freeze_part', id: 'over', index: 0, data: btoa('abcdef')}))")
    page.evaluate("desk.line.send(JSON.stringify({type: 'live.freeze_part', id: 'over', index: 1, data: '%%%'}))")
    freeze(customer, agent, "good", width=640, height=480)
    assert page.evaluate("desk.heard.filter((one) => one.type === 'live.seen' && one.freeze).map((one) => one.freeze)") == ["good"]


def test_a_flood_is_let_through_in_part_only_and_the_page_lives(customer, agent):
    in_call(customer, agent)
    seq = agent.page.evaluate("""() => { let last = 0;
      for (let n = 0; n < 5000; n++) last = desk.draw({put: [{id: 'm' + n % 40, shape: 'line', points: [[0.1, 0.1], [n / 5000, 0.5]], colour: '#ff0000'}]});
      return last; }""")
    until(customer.page, lambda: len(on_screen(customer.page)) == 40)
    until(agent.page, lambda: agent.page.evaluate("desk.heard.length") > 0)
    assert agent.page.evaluate("Math.max(...desk.heard.map((one) => one.seq))") < seq

    def goes_on():
        number = agent.page.evaluate("desk.draw({gone: []})")
        agent.page.wait_for_timeout(30)
        return agent.page.evaluate(f"desk.heard.some((one) => one.seq >= {number - 3} && one.seq > {seq})")

    until(agent.page, goes_on)


def test_a_mark_at_the_cut_off_edge_makes_the_picture_whole(customer, agent):
    in_call(customer, agent)
    page = customer.page
    page.set_viewport_size({"width": 844, "height": 390})
    fit = "getComputedStyle(document.querySelector('.own video')).objectFit"
    until(page, lambda: page.evaluate(fit) == "cover")
    draw(agent, mark("middle", "pointer", [[0.4, 0.5]]))
    assert page.evaluate(fit) == "cover"
    draw(agent, mark("edge", "pointer", [[0.4, 0.02]]))
    assert page.evaluate(fit) == "contain"
    box = page.locator("[data-id=edge] .ink").bounding_box()
    assert 0 <= box["y"] + box["height"] / 2 <= 20
    agent.page.evaluate("desk.line.send(JSON.stringify({type: 'live.clear', by: ''}))")
    until(page, lambda: page.evaluate(fit) == "cover")


def test_drawings_survive_a_change_of_language(customer, agent):
    in_call(customer, agent)
    draw(agent, *[mark(f"p{index}", "pointer", [place]) for index, place in enumerate(PLACES)])
    customer.press("language")
    customer.page.wait_for_selector('html[lang="en"]')
    until(customer.page, lambda: len(on_screen(customer.page)) == 4)
    seen(agent, 1)
    draw(agent, gone=["p0"])
    assert len(on_screen(customer.page)) == 3


def test_a_stroke_without_an_end_is_undone_as_one(customer, agent):
    in_call(customer, agent)
    page = customer.page
    freeze(customer, agent, width=800, height=600)
    box = page.locator(".live img").bounding_box()
    page.mouse.move(box["x"] + 20, box["y"] + box["height"] / 2)
    page.mouse.down()
    for step in range(600):
        page.mouse.move(box["x"] + 20 + (step * 7) % (box["width"] - 40), box["y"] + box["height"] / 2 + step % 50)
    page.mouse.up()
    until(agent.page, lambda: len(told(agent)) >= 2)
    assert max(len(one["points"]) for one in told(agent)) <= 500
    customer.press("draw-undo")
    until(agent.page, lambda: told(agent) == [])


def test_no_more_than_sixty_marks_and_the_customer_is_told(customer, agent):
    in_call(customer, agent)
    freeze(customer, agent)
    draw(agent, *[mark(f"m{number}", "line", [[0.1, 0.1], [0.2, 0.2]], freeze="f1") for number in range(60)])
    customer.page.locator(".live-surface").click()
    customer.page.wait_for_selector(".notice.event")
    assert "Er past geen tekening meer bij" in customer.page.inner_text(".notices")


def test_without_a_camera_nothing_is_drawn_over_the_words(customer, agent):
    in_call(customer, agent)
    page = customer.page
    draw(agent, mark("a", "arrow", [[0.5, 0.5], [0.1, 0.9]]))
    customer.press("camera")
    page.wait_for_selector(".no-picture")
    until(page, lambda: on_screen(page) == {})
    customer.press("camera-again")
    until(page, lambda: set(on_screen(page)) == {"a"})
