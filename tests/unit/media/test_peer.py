"""Our peer against a stock aiortc connection, over real sockets on this machine."""

import asyncio
import gc
import threading
from typing import Self

import cv2
import numpy as np
import pytest

from tests.unit.media.fakes import NOTHING, Customer, Listener, camera_track, sound_track, synthetic_engine, until
from videodesk.calls.ports import PeerState
from videodesk.media.audio import loudness
from videodesk.media.connection import DeskConnection
from videodesk.media.devices import CameraTrack
from videodesk.media.engine import AiortcEngine
from videodesk.media.frames import from_bgr
from videodesk.media.peer import AiortcPeer
from videodesk.media.synthetic import DrawnCamera, read_frame_number
from videodesk.protocol.messages import IceCandidate, SessionDescription


class Sending:
    """Feeds a track with drawn frames at about `fps` until stopped; the size may be changed."""

    def __init__(self, track: CameraTrack, fps: float = 20) -> None:
        self.camera = DrawnCamera(320, 180)
        self.number = 0
        self._task = asyncio.create_task(self._run(track, fps))

    async def _run(self, track: CameraTrack, fps: float) -> None:
        while True:
            self.number += 1
            track.put(from_bgr(self.camera.draw(self.number)))
            await asyncio.sleep(1 / fps)

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class Call:
    """A running call: our peer, the customer, drawn frames under way."""

    def __init__(self) -> None:
        self.listener = Listener()
        self.peer: AiortcPeer = synthetic_engine().connect([], NOTHING, self.listener)
        self.track = camera_track()
        self.sending = Sending(self.track)
        self.customer = Customer(self.track, sound_track())

    async def __aenter__(self) -> Self:
        await self.customer.call(self.peer, self.listener)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.peer.close()
        await self.sending.stop()
        await self.customer.close()

    async def shown(self) -> int:
        await until(lambda: self.peer.remote_pictures.take() is not None, "a picture")
        return self.peer.remote_pictures.take().seq


def number_of(picture) -> int | None:
    rows = np.frombuffer(picture.buffer, np.uint8).reshape(-1, picture.stride_bytes)[:picture.height_px]
    return read_frame_number(rows[:, :picture.width_px * 4].reshape(picture.height_px, picture.width_px, 4))


async def test_pictures_and_sound_come_and_the_original_is_what_was_seen() -> None:
    async with Call() as call:
        call.peer.remote_pictures.ask_size(640, 360)
        await call.shown()
        await until(lambda: number_of(call.peer.remote_pictures.take()) is not None, "a readable number")
        picture = call.peer.remote_pictures.take()
        frozen = call.peer.stills.freeze()
        original = call.peer.stills.encode(frozen)
        image = cv2.imdecode(np.frombuffer(original.data, np.uint8), cv2.IMREAD_COLOR)
        assert read_frame_number(image) == number_of(picture)
        assert image.shape == (180, 320, 3)
        assert frozen.is_evidence_grade
        assert frozen.codec == "H264"
        await until(lambda: loudness(np.frombuffer(call.peer.playout.read(960), np.int16)) > 0.5, "the customer's tone")
        await until(lambda: call.listener.qualities, "a verdict")
        assert call.listener.states[-1] is PeerState.CONNECTED
        assert call.listener.problems == []


async def test_the_agents_camera_and_tone_reach_the_customer() -> None:
    listener = Listener()
    peer = synthetic_engine().connect([], NOTHING, listener)
    customer = Customer(camera_track(), sound_track())
    frames: dict[str, object] = {}

    @customer.connection.on("track")
    def take(track) -> None:
        async def read() -> None:
            frame = None
            while frame is None or (track.kind == "audio" and frame.to_ndarray().std() < 100):
                frame = await track.recv()
            frames[track.kind] = frame

        tasks.append(asyncio.ensure_future(read()))

    tasks: list[asyncio.Future] = []
    await customer.call(peer, listener)
    await until(lambda: set(frames) == {"audio", "video"}, "both")
    assert read_frame_number(frames["video"].to_ndarray(format="bgr24")) is not None
    await until(lambda: peer.local_pictures.take() is not None, "the self-view")
    await peer.close()
    await customer.close()
    await asyncio.gather(*tasks)


async def test_a_turned_phone_changes_the_size_in_mid_call() -> None:
    async with Call() as call:
        await call.shown()
        call.sending.camera = DrawnCamera(180, 320)
        await until(lambda: call.peer.remote_pictures.take().source_width_px == 180, "the new size")
        await until(lambda: number_of(call.peer.remote_pictures.take()) is not None, "a readable number")
        frozen = call.peer.stills.freeze()
        assert (frozen.width_px, frozen.height_px) == (180, 320)


async def test_on_hold_nothing_is_shown_and_nothing_is_sent() -> None:
    async with Call() as call:
        await call.shown()
        call.peer.set_hold(is_on_hold=True)
        await asyncio.sleep(0.1)  # what was under way
        seen = call.peer.stills.freeze().seq
        frames = call.peer.inbox.video.frames
        await until(lambda: call.peer.inbox.video.frames > frames + 5, "more frames coming in")
        assert call.peer.stills.freeze().seq == seen
        assert not call.peer._microphone.is_on
        assert not call.peer._camera.is_on
        call.peer.set_hold(is_on_hold=False)
        await until(lambda: call.peer.stills.freeze().seq > seen, "the picture after the hold")
        assert call.peer._microphone.is_on


async def test_a_silent_line_is_unstable_at_once_and_connected_again_when_it_comes_back() -> None:
    async with Call() as call:
        await call.shown()
        transport = call.customer.connection.getSenders()[0].transport
        send = transport._send_rtp

        async def lose(_: bytes) -> None:
            return None

        transport._send_rtp = lose
        await until(lambda: call.listener.states[-1] is PeerState.UNSTABLE, "unstable")
        transport._send_rtp = send
        await until(lambda: call.listener.states[-1] is PeerState.CONNECTED, "connected again")
        before = call.peer.inbox.video.frames
        await until(lambda: call.peer.inbox.video.frames > before + 3, "pictures again")


@pytest.mark.parametrize("loss", [0.03, 0.15])
async def test_a_lossy_line_still_brings_pictures_and_no_damaged_one_counts_as_evidence(loss: float) -> None:
    rng = np.random.default_rng(11)
    async with Call() as call:
        await call.shown()
        transport = call.customer.connection.getSenders()[0].transport
        send = transport._send_rtp

        async def maybe(data: bytes) -> None:
            if rng.random() >= loss:
                await send(data)

        transport._send_rtp = maybe
        start = call.peer.inbox.video.frames
        checked = 0
        while call.peer.inbox.video.frames < start + 60 or not call.peer.inbox.video.nacks:  # by chance only sound may get lost for a while
            frozen = call.peer.stills.freeze()
            if frozen.is_evidence_grade:
                image = cv2.imdecode(np.frombuffer(call.peer.stills.encode(frozen).data, np.uint8), cv2.IMREAD_COLOR)
                assert read_frame_number(image) is not None
                checked += 1
            await asyncio.sleep(0.02)
        assert checked > 20


async def test_a_candidate_may_come_before_the_offer_and_nonsense_is_no_failure() -> None:
    listener = Listener()
    peer = synthetic_engine().connect([], NOTHING, listener)
    for text in ("", "candidate:nonsense", "candidate:1 1 udp 1 not-an-address 99999999 typ host", "\x00" * 50, "a=" * 300,
                 "candidate:1 1 udp 2122260223 192.0.2.9 50000 typ host generation 0 ufrag x"):
        await peer.take_candidate(IceCandidate(candidate=text, sdpMid="0"))
    customer = Customer(camera_track())
    await customer.call(peer, listener)
    for text in ("candidate:nonsense", "candidate:1 1 udp 99999999999999 x 1 typ host"):
        await peer.take_candidate(IceCandidate(candidate=text, sdpMLineIndex=7))
    assert listener.problems == []
    await peer.close()
    await customer.close()


@pytest.mark.parametrize("sdp", ["", "v=0", "nonsense\r\n" * 50, "v=0\r\nm=video 9 UDP/TLS/RTP/SAVPF 96\r\n", "v=0\r\nm=audio x y z\r\na=mid:0\r\n"])
async def test_an_offer_that_makes_no_sense_is_told_not_raised(sdp: str) -> None:
    listener = Listener()
    peer = synthetic_engine().connect([], NOTHING, listener)
    await peer.take_description(SessionDescription(type="offer", sdp=sdp))
    assert listener.descriptions == [] or "m=" not in sdp
    assert listener.problems == ["media.description_refused"] or listener.descriptions
    await peer.close()


async def test_no_device_at_hand_is_a_message() -> None:
    listener = Listener()
    engine = AiortcEngine()
    assert isinstance(engine.devices(), list)
    peer = engine.connect([], NOTHING, listener)
    await until(lambda: len(listener.problems) == 3 or engine.devices(), "the messages")
    if not engine.devices():
        assert sorted(listener.problems) == ["device.no_camera", "device.no_microphone", "device.no_speaker"]
    await peer.close()


async def test_the_answer_prefers_h264_and_asks_for_a_sharp_start() -> None:
    listener = Listener()
    peer = synthetic_engine().connect([], NOTHING, listener)
    customer = Customer(camera_track())
    await customer.call(peer, listener)
    answer = listener.descriptions[0].sdp
    video = answer[answer.index("m=video"):]
    first = video.split()[3]
    assert f"a=rtpmap:{first} H264/90000" in video
    assert "x-google-start-bitrate" in video
    assert "stun" not in answer
    await peer.close()
    await customer.close()


async def test_closing_is_quick_idempotent_and_ends_every_state_message() -> None:
    async with Call() as call:
        await call.shown()
        await call.peer.close()
        await call.peer.close()
        told = list(call.listener.states)
        await call.peer.take_description(SessionDescription(type="offer", sdp="v=0"))
        await call.peer.take_candidate(IceCandidate(candidate="x", sdpMid="0"))
        call.peer.set_microphone(is_on=False)
        assert call.listener.states == told
        assert told[-1] is PeerState.CLOSED


async def test_twenty_calls_leave_no_thread_task_or_connection_behind() -> None:
    async def one() -> None:
        async with Call() as call:
            await call.shown()

    def running() -> list[str]:
        return [thread.name for thread in threading.enumerate() if not thread.name.startswith("asyncio_")]  # the loop's pool stays

    await one()
    await asyncio.sleep(0.1)
    threads, tasks = len(running()), len(asyncio.all_tasks())
    for _ in range(20):
        await one()
    await until(lambda: len(running()) <= threads, "the threads ended")
    await until(lambda: len(asyncio.all_tasks()) <= tasks, "the tasks ended")
    gc.collect()
    assert sum(isinstance(thing, DeskConnection) for thing in gc.get_objects()) <= 1


async def test_the_device_check_shows_a_picture_and_a_level() -> None:
    preview = synthetic_engine().preview(NOTHING)
    await until(lambda: preview.pictures.take() is not None, "the camera's picture")
    await until(lambda: preview.level() > 0.3, "the level")
    preview.play_test_sound()
    assert preview.problems() == []
    preview.close()
    preview.close()
