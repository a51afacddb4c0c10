"""What the customer refused does not happen: no track, no still, on no way."""

from __future__ import annotations

import hashlib
import io
import json

import pytest
from PIL import Image

from tests.desktop.drawn import damaged_parcel_jpeg
from tests.e2e.conftest import rows_of, until, words_come
from videodesk.core.clock import SystemClock, iso
from videodesk.core.ids import new_id

pytestmark = pytest.mark.chromium

TRACKS = "() => window.lastPeer.getSenders().map((one) => one.track?.kind ?? null).filter(Boolean).sort()"


def come_in(programs, customer, *granted):
    """A call with a customer who agreed to these scopes only; (agent, anna, case)."""
    agent, anna = programs.with_own_service()
    case = anna.case()
    page = customer.page
    customer.open(anna.invite(case)["link"])
    customer.press("start")
    customer.see("consent-chosen")
    for scope in granted:
        page.click(f"label[for=scope-{scope}]")
    customer.press("consent-chosen")
    page.wait_for_selector("[data-name=turn-on], [data-name=ready]:not([disabled])")
    if page.query_selector("[data-name=turn-on]"):
        customer.press("turn-on")
    page.wait_for_selector("[data-name=ready]:not([disabled])")
    customer.press("ready")
    agent.click("incoming.accept")
    agent.wait("call.hang_up", within_s=90)
    until(lambda: anna.calls(case)[0]["state"] == "connected", "the call to be connected", within_s=90)
    agent.wait("call.hold", why="to be connected")
    return agent, anna, case


def put_a_picture(anna, case, call):
    data = damaged_parcel_jpeg()
    width, height = Image.open(io.BytesIO(data)).size
    meta = {"case_id": case["id"], "call_id": call["id"], "method": "frame", "digest": hashlib.sha256(data).hexdigest(), "media_type": "image/jpeg",
            "width_px": width, "height_px": height, "captured_at": iso(SystemClock().now()), "frame_seq": 1}
    return anna.http.put(f"/snapshots/{new_id()}", files={
        "metadata": (None, json.dumps(meta), "application/json"), "original": ("original.jpg", data, "image/jpeg")})


def assert_no_capture(agent, anna, case):
    """S is disabled and says why; the key does nothing; the API refuses."""
    seen = agent.look("call.snapshot")
    assert seen["visible"]
    assert not seen["enabled"]
    assert seen["tool_tip"], "the control says why"
    agent.key("S", "call.video") if agent.look("call.video")["visible"] else agent.key("S")
    answer = put_a_picture(anna, case, anna.calls(case)[0])
    assert (answer.status_code, answer.json()["code"]) == (403, "consent.missing")
    assert anna.snapshots(case) == []
    assert agent.look("call.tray")["rows"] == 0
    return seen["tool_tip"]


def test_stills_refused(programs, customer):
    agent, anna, case = come_in(programs, customer, "video", "sound")
    assert "snapshot" in assert_no_capture(agent, anna, case).lower() or "still" in agent.look("call.snapshot")["tool_tip"].lower()
    assert customer.page.evaluate(TRACKS) == ["audio", "video"]


def test_video_refused(programs, customer):
    agent, anna, case = come_in(programs, customer, "sound", "stills")
    assert customer.page.evaluate(TRACKS) == ["audio"], "no camera track is sent"
    seen = agent.look("call.snapshot")
    assert not seen["enabled"]
    assert seen["tool_tip"]
    assert anna.snapshots(case) == []


def test_everything_refused_still_is_a_call_with_chat(programs, customer):
    agent, anna, case = come_in(programs, customer)
    assert customer.page.evaluate(TRACKS) == []
    assert_no_capture(agent, anna, case)
    agent.type("call.chat.field", "Kunt u mij lezen?")
    agent.click("call.chat.send")
    customer.press("chat")
    words_come(customer.page, "Kunt u mij lezen?")
    customer.page.fill("#chat-text", "Ja, dat kan")
    customer.page.locator("#chat-text").press("Enter")
    until(lambda: any("Ja, dat kan" in row for row in rows_of(agent, "call.chat")), "the answer to be on the agent's screen")
