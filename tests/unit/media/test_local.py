"""The agent's own devices: unplugged, the next best is used and told; back again, the chosen one; nothing is ever raised."""

import asyncio
import threading
import time

import numpy as np
import pytest

from tests.unit.media.fake_sound import FakeCameras, FakeSound
from tests.unit.media.fakes import Customer, Listener, camera_track, sound_track
from tests.unit.media.fakes import until as soon
from videodesk.calls.device_check import RECORD_S, Sight, Voice
from videodesk.calls.device_choice import SETTLE_S, DeviceChange, Remembered, Why
from videodesk.calls.ports import Device, LocalMedia
from videodesk.core.clock import HandClock, SystemClock
from videodesk.media.device_check import Recording
from videodesk.media.engine import Preview
from videodesk.media.local import Equipment, LocalSide
from videodesk.media.opus import RATE
from videodesk.media.peer import AiortcPeer

HEADSET_MIC, DESK_MIC = Device("hm", "Headset", "microphone"), Device("dm", "Desk mic", "microphone", is_default=True)
HEADSET, LOUD = Device("hs", "Headset", "speaker"), Device("ls", "Loudspeakers", "speaker", is_default=True)
WEBCAM, BUILT_IN = Device("w", "Webcam", "camera"), Device("b", "Built in", "camera", is_default=True)
WANTED = LocalMedia(camera_id="w", microphone_id="hm", speaker_id="hs", orders={
    "camera": (Remembered("w", "Webcam"),), "microphone": (Remembered("hm", "Headset"),), "speaker": (Remembered("hs", "Headset"),)})


class Silence:
    def read(self, frames: int) -> bytes:
        return bytes(2 * frames)


def until(condition, what) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


class Room:
    """A LocalSide with everything plugged in."""

    def __init__(self, media=WANTED, cameras=(BUILT_IN, WEBCAM), sound=(HEADSET_MIC, DESK_MIC, HEADSET, LOUD)) -> None:
        self.clock = HandClock()
        self.cameras, self.sound = FakeCameras(*cameras), FakeSound(*sound)
        self.problems: list[str] = []
        self.changes: list[DeviceChange] = []
        self.equipment = Equipment(self.clock, self.sound, find_cameras=self.cameras.find, open_source=self.cameras.open)
        self.side = LocalSide(self.equipment, media, Silence(), self.problems.append, self.changes.append)

    def look(self) -> None:
        """The follower's next look, now."""
        self.side._follower.look()


@pytest.fixture
def rooms():
    made = []

    def make(**how) -> Room:
        made.append(Room(**how))
        return made[-1]

    yield make
    for room in made:
        room.side.close()
        until(lambda room=room: not room.sound.running(), "everything was let go of")


def test_the_chosen_ones_are_opened(rooms) -> None:
    room = rooms()
    until(lambda: room.sound.running() == {"hm", "hs"}, "both run")
    until(lambda: room.side.camera.slot.take() is not None, "a picture")
    assert room.cameras.sources[-1].camera_id == "w"
    assert (room.problems, room.changes) == ([], [])


def test_a_headset_that_is_unplugged_and_comes_back(rooms) -> None:
    room = rooms()
    until(lambda: room.sound.running() == {"hm", "hs"}, "both run")
    room.sound.there = [DESK_MIC, LOUD]
    room.sound._tell()
    until(lambda: room.sound.running() == {"dm", "ls"}, "the next best")
    until(lambda: len(room.changes) == 2, "both were told")
    assert {(one.role, one.why, one.left, one.now) for one in room.changes} == {
        ("microphone", Why.LOST, "Headset", "Desk mic"), ("speaker", Why.LOST, "Headset", "Loudspeakers")}
    room.changes.clear()
    room.sound.there = [HEADSET_MIC, DESK_MIC, HEADSET, LOUD]
    room.look()
    assert room.sound.running() == {"dm", "ls"}, "it has to stay a while first"
    room.clock.advance(SETTLE_S)
    room.look()
    until(lambda: room.sound.running() == {"hm", "hs"}, "the chosen one again")
    until(lambda: {one.why for one in room.changes} == {Why.BACK} and len(room.changes) == 2, "told")
    assert room.problems == []


def test_a_stream_that_dies_while_it_is_still_listed(rooms) -> None:
    room = rooms()
    until(lambda: "hm" in room.sound.running(), "it runs")
    stream = next(one for one in room.sound.streams if one.device_id == "hm")
    stream.problem("device.microphone_lost")
    until(lambda: "dm" in room.sound.running() and "hm" not in room.sound.running(), "the next best")
    until(lambda: [one.now for one in room.changes] == ["Desk mic"], "told")


def test_one_that_another_program_has_is_passed_over(rooms) -> None:
    sound = FakeSound(HEADSET_MIC, DESK_MIC, LOUD)
    sound.broken.add("hm")
    cameras = FakeCameras()
    changes: list[DeviceChange] = []
    problems: list[str] = []
    side = LocalSide(Equipment(HandClock(), sound, find_cameras=cameras.find, open_source=cameras.open), WANTED, Silence(), problems.append, changes.append)
    until(lambda: "dm" in sound.running(), "the next best")
    until(lambda: any(one.role == "microphone" and one.why is Why.LOST for one in changes), "told")
    until(lambda: "device.no_camera" in problems, "and there is no camera")
    side.close()


def test_a_camera_whose_cable_is_pulled(rooms) -> None:
    room = rooms()
    took = threading.Event()
    room.side.on_camera = lambda camera: took.set()
    until(lambda: room.side.camera.slot.take() is not None, "a picture")
    room.cameras.unplug(WEBCAM)
    assert took.wait(60)
    until(lambda: room.side.camera.slot.take() is not None, "a picture of the other one")
    until(lambda: [(one.role, one.now) for one in room.changes] == [("camera", "Built in")], "told")
    assert room.cameras.sources[-1].camera_id == "b"


def test_with_nothing_left_it_is_said_and_the_next_one_is_taken(rooms) -> None:
    room = rooms(sound=(HEADSET_MIC, LOUD))
    until(lambda: "hm" in room.sound.running(), "it runs")
    room.sound.unplug(HEADSET_MIC)
    until(lambda: any(one.role == "microphone" and one.now_id is None for one in room.changes), "told")
    assert "hm" not in room.sound.running()
    room.sound.plug(DESK_MIC)
    until(lambda: DESK_MIC in room.sound.there, "plugged")
    room.look()
    room.clock.advance(SETTLE_S)
    room.look()
    until(lambda: "dm" in room.sound.running(), "taken")


def test_a_machine_without_anything_says_so(rooms) -> None:
    room = rooms(cameras=(), sound=())
    until(lambda: set(room.problems) == {"device.no_camera", "device.no_microphone", "device.no_speaker"}, "all three")


def test_another_choice_counts_at_once(rooms) -> None:
    room = rooms()
    until(lambda: room.sound.running() == {"hm", "hs"}, "both run")
    room.side.change(LocalMedia(orders={**WANTED.orders, "microphone": (Remembered("dm", "Desk mic"), Remembered("hm", "Headset"))}))
    until(lambda: room.sound.running() == {"dm", "hs"}, "the other microphone, the same speaker")
    assert room.changes == []


def voice(amplitude: float, *, room: float = 0.001) -> bytes:
    """RECORD_S of speech-like sound: half of it voice, half the room's noise."""
    rng = np.random.default_rng(1)
    samples = rng.normal(0, room, int(RECORD_S * RATE))
    loud = (np.arange(len(samples)) // (RATE // 2)) % 2 == 0
    samples[loud] += amplitude * np.sin(np.arange(len(samples))[loud] * 2 * np.pi * 220 / RATE)
    return (np.clip(samples, -1, 1) * 32767).astype(np.int16).tobytes()


@pytest.mark.parametrize(("samples", "verdict"), [
    (voice(0.2), Voice.WELL), (voice(0.004, room=0.0005), Voice.SOFT), (voice(1.6), Voice.LOUD), (bytes(int(RECORD_S * RATE) * 2), Voice.NOTHING),
    (voice(0.05, room=0.06), Voice.NOISY)])
def test_a_recording_is_judged_in_words(samples, verdict) -> None:
    recording = Recording()
    recording.begin()
    assert recording.verdict() is Voice.UNKNOWN
    for at in range(0, len(samples) + 4000, 1920):
        recording.write(samples[at:at + 1920] or bytes(1920))
    assert not recording.is_recording
    assert recording.recorded_s == RECORD_S
    assert recording.verdict() is verdict
    recording.play()
    assert b"".join(recording.read(960) for _ in range(int(RECORD_S * 50))) == samples
    assert not recording.is_playing


def test_a_device_check_records_plays_back_and_looks_at_the_picture() -> None:
    cameras, sound = FakeCameras(WEBCAM), FakeSound(HEADSET_MIC, LOUD)
    cameras.grey = 8
    preview = Preview(Equipment(HandClock(), sound, find_cameras=cameras.find, open_source=cameras.open), LocalMedia())
    until(lambda: sound.running() == {"hm", "ls"}, "both run")
    until(lambda: preview.check().sight is Sight.BLACK, "a covered lens")
    cameras.grey = 150
    until(lambda: preview.check().sight is Sight.WELL, "uncovered")
    preview.record()
    microphone, speaker = (next(one for one in sound.streams if one.device_id == device_id).end for device_id in ("hm", "ls"))
    microphone.write(voice(0.2))
    assert preview.check().voice is Voice.WELL
    assert preview.level() > 0
    preview.play_recording()
    assert preview.check().is_playing
    assert speaker.read(48_000) != bytes(96_000)
    sound.unplug(HEADSET_MIC)
    until(lambda: [one.role for one in preview.changes()] == ["microphone"], "told in the check too")
    preview.close()
    until(lambda: not sound.running(), "let go")


async def test_in_a_call_the_customer_sees_the_next_camera_and_the_desk_is_told() -> None:
    cameras, sound = FakeCameras(BUILT_IN, WEBCAM), FakeSound(HEADSET_MIC, DESK_MIC, LOUD)
    listener = Listener()
    peer = AiortcPeer(Equipment(SystemClock(), sound, find_cameras=cameras.find, open_source=cameras.open), [], WANTED, listener)
    customer = Customer(camera_track(), sound_track())
    await customer.call(peer, listener)
    peer.local_pictures.ask_size(64, 36)
    await soon(lambda: peer.local_pictures.take() is not None, "a picture of oneself")
    assert cameras.sources[-1].camera_id == "w"
    cameras.unplug(WEBCAM)
    sound.unplug(HEADSET_MIC)
    await soon(lambda: {(one.role, one.now) for one in listener.changes} >= {("camera", "Built in"), ("microphone", "Desk mic")}, "told")
    before = peer.local_pictures.take()
    await soon(lambda: (now := peer.local_pictures.take()) is not None and (before is None or now.seq != before.seq), "the other camera's pictures")
    sender = next(one for one in peer._connection.getSenders() if one.kind == "video")
    sent = sum(report.packetsSent for report in (await sender.getStats()).values() if report.type == "outbound-rtp")
    for _ in range(2000):
        now = sum(report.packetsSent for report in (await sender.getStats()).values() if report.type == "outbound-rtp")
        if now > sent:
            break
        await asyncio.sleep(0.01)
    assert now > sent, "pictures go on to the customer"
    await peer.close()
    await customer.close()
    await soon(lambda: not sound.running(), "let go")
