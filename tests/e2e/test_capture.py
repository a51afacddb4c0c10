"""Capture that misses nothing, with real programs: the phone's still beside the frame, the sharpest one, looking back, clips, labels."""

from __future__ import annotations

import hashlib
import io

import av
import pytest
from PIL import Image

from tests.e2e.conftest import frame_in_original, start_call, until
from videodesk.media.synthetic import PRODUCT_EAN, write_camera_file

pytestmark = [pytest.mark.chromium, pytest.mark.timeout(400)]

SENSOR = (1920, 1080)
STILLS = {"take_photo", "full_frame", "native_camera"}


@pytest.fixture(scope="session")
def camera_file(tmp_path_factory):
    """A camera whose sensor is larger than the call's video, in a shaking hand."""
    folder = tmp_path_factory.mktemp("sensor")
    return write_camera_file(folder / "camera.mjpeg", width_px=SENSOR[0], height_px=SENSOR[1], frames=240, is_shaking=True)


def originals(running, shot):
    """By method."""
    return {one["method"]: one for one in fresh(running, shot)["originals"]}


def fresh(running, shot):
    return next(one for one in running.anna.snapshots(running.case) if one["id"] == shot["id"])


def data_of(running, shot, original):
    answer = running.anna.http.get(f"/snapshots/{shot['id']}/originals/{original['id']}")
    assert answer.status_code == 200, answer.text
    assert hashlib.sha256(answer.content).hexdigest() == original["digest"]
    return answer.content


def with_still(running):
    """S; the snapshot once the phone's photo has come."""
    shot = running.snapshot()
    until(lambda: fresh(running, shot)["still"] == "arrived", lambda: f"the still: {fresh(running, shot)}", within_s=90)
    return fresh(running, shot)


def key(running, keys):
    running.agent.key(keys, "call.video")


def test_the_phones_photo_takes_the_frames_place_once_and_again(running):
    for _ in range(2):
        shot = with_still(running)
        found = originals(running, shot)
        still = found["take_photo"]
        assert shot["leading"] == still["id"]
        assert (shot["width_px"], shot["height_px"]) == SENSOR == Image.open(io.BytesIO(data_of(running, shot, still))).size
        frame = data_of(running, shot, found["frame"])
        assert frame_in_original(frame) is not None
        assert Image.open(io.BytesIO(frame)).size != SENSOR
    assert len(running.anna.snapshots(running.case)) == 2
    running.frames_come()


def test_the_sharpest_frame_is_proposed_and_x_swaps(running):
    def sharper():
        shot = with_still(running)
        return shot if "sharpest" in originals(running, shot) else None

    shot = until(sharper, "a sharper frame beside a clicked one", within_s=90)
    found = originals(running, shot)
    clicked, sharpest = (frame_in_original(data_of(running, shot, found[method])) for method in ("frame", "sharpest"))
    assert 0 < abs(sharpest - clicked) <= 16, "a neighbour of the clicked frame"
    led = set()

    def swapped():
        before = fresh(running, shot)["leading"]
        key(running, "X")
        until(lambda: fresh(running, shot)["leading"] != before, "another original to lead")
        led.add(fresh(running, shot)["method"])
        return led >= {"frame", "sharpest", "take_photo"}

    until(swapped, lambda: f"each to have led; {led}", within_s=90)


def test_back_in_the_live_call_and_a_snapshot_of_then(running):
    until(lambda: "-" not in running.agent.look("call.rewind.memory")["text"] and running.agent.look("call.rewind.strip")["visible"], "a film strip")
    running.frames_come(60)  # there is something to go back to
    seen_then = running.frame_on_screen()
    for _ in range(3):
        key(running, "Left")
    running.agent.wait("call.rewind.when", lambda seen: bool(seen["visible"] and seen["text"]))

    seen = []

    def stands():
        seen.append(running.frame_on_screen())
        newest = set(seen[-8:])
        return len(seen) >= 8 and len(newest) == 1 and newest.pop()

    then = until(stands, lambda: f"the rewound frame to stand; seen {seen[-8:]}")
    assert then != seen_then
    before = {one["id"] for one in running.anna.snapshots(running.case)}
    key(running, "S")
    shot = until(lambda: next((one for one in running.anna.snapshots(running.case) if one["id"] not in before), None), "the rewound frame in the case")
    assert shot["method"] == "rewound"
    assert frame_in_original(data_of(running, shot, originals(running, shot)["rewound"])) == then
    assert shot["captured_at"] < shot["stored_at"]
    key(running, "End")
    running.frames_come()


def test_the_last_seconds_and_a_recording_come_into_the_case_with_the_sound_of_both(running):
    running.frames_come(30)
    key(running, "K")
    clip = until(lambda: next((one for one in running.anna.snapshots(running.case) if one["method"] == "clip"), None), "the clip", within_s=90)
    key(running, "Shift+R")
    until(lambda: running.call["is_recording"], "the service to know that it is recorded")
    running.frames_come(40)
    key(running, "Shift+R")
    until(lambda: sum(one["method"] == "clip" for one in running.anna.snapshots(running.case)) == 2, "the recording", within_s=90)
    for shot in [one for one in running.anna.snapshots(running.case) if one["method"] == "clip"]:
        data = data_of(running, shot, shot["originals"][0])
        with av.open(io.BytesIO(data)) as file:
            assert len(file.streams.video) == 1
            assert len(file.streams.audio) >= 2
            assert file.duration / 1e6 == pytest.approx(shot["duration_s"], abs=0.2)
            numbers = [frame_in_original_array(frame) for frame in file.decode(video=0)]
        seen = [number for number in numbers if number is not None]
        assert len(seen) > 0.8 * len(numbers) > 10
    assert clip["media_type"] in {"video/webm", "video/mp4"}


def frame_in_original_array(frame):
    from videodesk.media.synthetic import read_frame_number

    return read_frame_number(frame.to_ndarray(format="rgb24"))


def test_a_label_offers_itself_and_is_taken_over_by_a_key(running):
    assert running.anna.get(f"/cases/{running.case['id']}")["ean"] == ""

    def offered():
        key(running, "L")
        try:
            return until(lambda: PRODUCT_EAN in running.agent.look("call.offer.text")["text"], "an offer", within_s=4)
        except AssertionError:
            return False

    until(offered, "the EAN to be offered", within_s=90)
    assert running.anna.get(f"/cases/{running.case['id']}")["ean"] == "", "never silently"
    key(running, "E")
    until(lambda: running.anna.get(f"/cases/{running.case['id']}")["ean"] == PRODUCT_EAN, "the EAN in the case")


def test_hang_up_before_the_photo_is_sent_and_it_still_arrives(programs, customer):
    agent, anna = programs.with_own_service()
    running = start_call(agent, anna, customer)
    line = customer.context.new_cdp_session(customer.page)
    line.send("Network.enable")

    def limit(upload_bytes_s):
        line.send("Network.emulateNetworkConditions", {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload_bytes_s})

    limit(20_000)
    shot = running.snapshot()
    until(lambda: fresh(running, shot)["still"] == "awaited", "the still to be awaited")
    until(lambda: customer.page.locator("body").inner_text().find("%") >= 0, "the page to send it")
    agent.click("call.hang_up")
    agent.wait("call.wrap_up.done")
    assert fresh(running, shot)["still"] == "awaited"
    assert anna.get(f"/cases/{running.case['id']}")["missing"], "what is missing is counted"
    limit(-1)
    until(lambda: fresh(running, shot)["still"] == "arrived", lambda: f"the still after the call: {fresh(running, shot)}", within_s=90)
    assert STILLS & set(originals(running, shot))
    until(lambda: anna.get(f"/cases/{running.case['id']}")["missing"] == [], "nothing to be missing")
