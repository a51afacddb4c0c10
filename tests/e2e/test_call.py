"""A call between a real desktop app and a real Chromium: what is on the screen is what is kept, and it counts."""

from __future__ import annotations

import hashlib

import pytest

from tests.e2e.conftest import CAMERA_FRAMES, frame_in, frame_in_original, until, words_come

pytestmark = pytest.mark.chromium

# How loud the sound is that comes from the desk, by the page's own receiver.
HEARD = """async () => {
  let level = 0;
  (await window.lastPeer.getStats()).forEach((one) => { if (one.type === 'inbound-rtp' && one.kind === 'audio') level = Math.max(level, one.totalAudioEnergy); });
  return level;
}"""


def apart(one, other):
    """How many frames lie between, in a camera that starts over."""
    return min((one - other) % CAMERA_FRAMES, (other - one) % CAMERA_FRAMES)


def clicked_of(snapshot):
    """The clicked frame of a snapshot; it may be in the case later than the still or the sharper frame."""
    return next((one for one in snapshot["originals"] if one["id"] == snapshot["id"]), None)


def with_its_click(snapshots, number):
    """The snapshot after so many, once its clicked frame is there."""
    return len(snapshots) > number and clicked_of(snapshots[-1]) and snapshots[-1]


def test_the_stored_original_is_the_picture_of_the_click_and_counts_for_the_item(running, tmp_path):
    agent, anna = running.agent, running.anna
    agent.wait("call.checklist", lambda seen: (seen["rows"] or 0) > 5, why="to show what is to be seen")
    agent.do("choose", name="call.checklist", row=5)
    agent.wait("call.snapshot")
    for number in range(3):
        seen = tmp_path / f"seen-{number}.png"
        agent.do("key", keys="S", name="call.video", grab=str(seen))
        kept = until(lambda number=number: with_its_click(anna.snapshots(running.case), number), "the clicked frame to be in the case")
        on_screen = until(lambda seen=seen: frame_in(seen), "the grab of the click")
        data = anna.original_of(kept, kept["id"])  # the clicked frame; a sharper one may lead
        stored = frame_in_original(data)
        assert stored is not None, "the original carries a readable frame number"
        assert apart(stored, on_screen) <= 2, (stored, on_screen)
        clicked = clicked_of(kept)
        assert clicked["method"] == "frame"
        assert hashlib.sha256(data).hexdigest() == clicked["digest"]
        assert (clicked["width_px"], clicked["height_px"]) == (1280, 720)
        running.frames_come(3)
    items = {item["id"]: item for item in anna.get(f"/cases/{running.case['id']}")["checklist"]["items"]}
    first = anna.snapshots(running.case)[0]
    assert first["checklist_item"] == "damage"
    assert first["id"] in items["damage"]["snapshot_ids"]
    assert first["call_id"] == running.call["id"]


def test_a_page_that_is_loaded_again_comes_back_to_the_same_call(running):
    before = running.call
    running.customer.page.reload()
    until(lambda: running.call["epoch"] > before["epoch"], "the page to be back")
    running.agent.wait("call.snapshot", within_s=90)
    running.frames_come()
    assert running.call["id"] == before["id"]
    assert running.snapshot()["call_id"] == before["id"]
    assert len(running.anna.get("/cases")["items"]) == 1


def test_sound_arrives_the_picture_is_announced_and_quick_hands_can_file(running):
    agent, page = running.agent, running.customer.page
    before = page.evaluate(HEARD)
    until(lambda: page.evaluate(HEARD) > before + 0.001, "the agent's tone to be heard in the customer's page")
    agent.key("S", "call.video")
    words_come(page, "foto", of="#polite")
    agent.click("call.hang_up")
    agent.click("call.wrap_up.evidence_incomplete")
    agent.click("call.wrap_up.done")
    agent.wait("call.wrap_up.done", lambda seen: not seen["visible"], why="to be gone")
    assert running.call["state"] == "ended"
    running.customer.page.wait_for_selector('body[data-screen="thanks"]')
