"""Fakes of calls/ports.py: a peer and an engine that do what a test tells them, with drawn pictures."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from videodesk.calls.capture_ports import CallMemory, Clip, ClipFacts
from videodesk.calls.device_check import DeviceCheck, Sight, Voice
from videodesk.calls.device_choice import DeviceChange
from videodesk.calls.line_report import StepResult
from videodesk.calls.live_ports import FrameWatcher, LiveListener
from videodesk.calls.ports import Device, EncodedOriginal, FrozenFrame, LocalMedia, Luma, PeerListener, PeerState, Picture, Quality
from videodesk.core.errors import Invalid
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.protocol.live import LiveMessage
from videodesk.protocol.messages import IceCandidate, IceServer, SessionDescription

if TYPE_CHECKING:
    from tests.desktop.fake_memory import FakeMemory


def product(width: int = 1280, height: int = 720, seed: int = 7) -> np.ndarray:
    """A parcel on a table with a dent and a torn corner, BGR: something to look at in screenshots."""
    rng = np.random.default_rng(seed)
    picture = np.zeros((height, width, 3), np.uint8)
    for y in range(height):  # a wall above, a wooden table below
        picture[y] = (196 - y // 9, 203 - y // 9, 206 - y // 8) if y < height * 0.55 else (88 + y // 16, 118 + y // 14, 150 + y // 14)
    for _ in range(90):
        y = int(rng.integers(int(height * 0.56), height))
        cv2.line(picture, (int(rng.integers(-200, width)), y), (int(rng.integers(0, width + 200)), y + int(rng.integers(-3, 4))),
                 (80, 108, 138), 1, cv2.LINE_AA)
    s = height / 720

    def at(*points: tuple[float, float]) -> np.ndarray:
        return np.array([[x * s + (width - 1280 * s) / 2, y * s] for x, y in points], np.int32)

    shadow = picture.copy()
    cv2.fillPoly(shadow, [at((330, 560), (760, 640), (1060, 520), (1100, 560), (780, 690), (320, 600))], (48, 62, 80))
    picture = cv2.GaussianBlur(cv2.addWeighted(shadow, 0.6, picture, 0.4, 0), (0, 0), 5)
    cv2.fillPoly(picture, [at((340, 260), (750, 330), (750, 640), (340, 560))], (92, 140, 184), cv2.LINE_AA)
    cv2.fillPoly(picture, [at((750, 330), (1050, 230), (1050, 510), (750, 640))], (70, 112, 152), cv2.LINE_AA)
    cv2.fillPoly(picture, [at((340, 260), (640, 180), (1050, 230), (750, 330))], (118, 168, 208), cv2.LINE_AA)
    cv2.fillPoly(picture, [at((490, 219), (540, 207), (905, 279), (905, 560), (850, 592), (850, 300))], (140, 188, 214), cv2.LINE_AA)
    cv2.fillPoly(picture, [at((400, 400), (560, 428), (560, 530), (400, 500))], (236, 240, 242), cv2.LINE_AA)
    for n in range(22):
        x = 412 + n * 6
        cv2.line(picture, tuple(at((x, 424 + n))[0]), tuple(at((x, 462 + n))[0]), (30, 30, 30), 1 + n % 3, cv2.LINE_AA)
    cv2.fillPoly(picture, [at((640, 520), (700, 470), (748, 500), (750, 640), (690, 622))], (44, 70, 98), cv2.LINE_AA)
    for a, b in (((640, 520), (720, 560)), ((700, 470), (690, 600)), ((660, 590), (748, 500)), ((610, 500), (640, 520))):
        cv2.line(picture, tuple(at(a)[0]), tuple(at(b)[0]), (26, 44, 66), 3, cv2.LINE_AA)
    noise = rng.normal(0, 4, picture.shape)
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def picture_of(bgr: np.ndarray, seq: int = 0) -> Picture:
    """The array as a Picture in memory of its own."""
    bgra = cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA)
    height, width = bgra.shape[:2]
    return Picture(memoryview(bgra).cast("B"), width, height, width * 4, seq, seq * 3000, 0.0, width, height, owner=bgra)


class FakeSlot:
    """A latest-wins slot filled by hand."""

    def __init__(self) -> None:
        self.picture: Picture | None = None
        self.asked: list[tuple[int, int]] = []
        self.wake: Callable[[], None] | None = None

    def ask_size(self, width_px: int, height_px: int) -> None:
        self.asked.append((width_px, height_px))

    def take(self) -> Picture | None:
        return self.picture

    def on_fresh(self, wake: Callable[[], None] | None) -> None:
        self.wake = wake

    def put(self, picture: Picture) -> None:
        self.picture = picture
        if self.wake is not None:
            self.wake()


class FakeStills:
    """Freezes the array shown; encodes it as a real JPEG."""

    def __init__(self) -> None:
        self.bgr: np.ndarray | None = None
        self.seq = 0
        self.is_evidence_grade = True
        self.preview: Picture | None = None  # made when the frame comes, as the media does: freezing itself takes no time
        self.near: list[tuple[int, np.ndarray]] = []  # what was decoded shortly before and after: (seq, picture)

    def freeze(self) -> FrozenFrame | None:
        if self.bgr is None:
            return None
        height, width = self.bgr.shape[:2]
        return FrozenFrame(self.bgr, self.seq, self.seq * 3000, datetime(2026, 1, 5, 9, 0, self.seq % 60, tzinfo=UTC), width, height, "H264",
                           self.is_evidence_grade, self.preview or picture_of(self.bgr, self.seq))

    def encode(self, frame: FrozenFrame) -> EncodedOriginal:
        done, data = cv2.imencode(".jpg", frame.handle, [cv2.IMWRITE_JPEG_QUALITY, 95])
        assert done
        return EncodedOriginal(data.tobytes(), "image/jpeg", frame.width_px, frame.height_px, frame.method)

    def around(self, frame: FrozenFrame, before_s: float, after_s: float) -> list[FrozenFrame]:
        del before_s, after_s
        near = [replace(frame, handle=bgr, seq=seq, preview=picture_of(bgr, seq), method=SnapshotMethod.SHARPEST,
                        captured_at=frame.captured_at + timedelta(seconds=(seq - frame.seq) / 15)) for seq, bgr in self.near]
        return sorted((*near, frame), key=lambda one: one.seq)

    def luma(self, frame: FrozenFrame) -> Luma:
        grey = cv2.cvtColor(frame.handle, cv2.COLOR_BGR2GRAY)
        height, width = grey.shape
        return Luma(memoryview(grey).cast("B"), width, height, width, owner=grey)


class FakeLiveLine:
    """The line of live drawing: keeps what is said, and says what a test lets the page say."""

    def __init__(self) -> None:
        self.said: list[LiveMessage] = []
        self.shown: list[tuple[str, EncodedOriginal]] = []
        self.dropped: list[str] = []
        self.is_open, self.has_room = False, True
        self.listener: LiveListener | None = None

    def listen(self, listener: LiveListener | None) -> None:
        self.listener = listener
        if listener is not None and self.is_open:
            listener.live_changed(is_open=True)

    def say(self, *messages: LiveMessage) -> None:
        self.said += messages

    def show(self, freeze_id: str, picture: EncodedOriginal, *, may_draw: bool) -> None:
        assert may_draw
        self.shown.append((freeze_id, picture))

    def drop(self, freeze_id: str) -> None:
        self.dropped.append(freeze_id)

    # what a test makes happen
    def become_open(self, *, is_open: bool = True) -> None:
        self.is_open = is_open
        if self.listener is not None:
            self.listener.live_changed(is_open=is_open)

    def hear(self, message: LiveMessage) -> None:
        assert self.listener is not None
        self.listener.live_said(message)


class FakeMediaPeer:
    """A MediaPeer that notes what it is told and says what a test wants it to say."""

    def __init__(self, ice_servers: list[IceServer], media: LocalMedia, listener: PeerListener) -> None:
        self.ice_servers, self.media, self.listener = ice_servers, media, listener
        self.remote_pictures, self.local_pictures, self.stills = FakeSlot(), FakeSlot(), FakeStills()
        self.descriptions: list[SessionDescription] = []
        self.candidates: list[IceCandidate] = []
        self.microphone, self.camera, self.hold, self.is_closed = True, True, False, False
        self.live, self.watcher = FakeLiveLine(), None

    async def take_description(self, description: SessionDescription) -> None:
        self.descriptions.append(description)
        if description.type == "offer":
            self.listener.description_made(SessionDescription(type="answer", sdp=f"answer to {description.sdp}"))

    async def take_candidate(self, candidate: IceCandidate) -> None:
        self.candidates.append(candidate)

    def set_microphone(self, is_on: bool) -> None:
        self.microphone = is_on

    def set_camera(self, is_on: bool) -> None:
        self.camera = is_on

    def set_hold(self, is_on_hold: bool) -> None:
        self.hold = is_on_hold

    async def choose_devices(self, media: LocalMedia) -> None:
        self.media = media

    async def close(self) -> None:
        self.is_closed = True

    def watch(self, watcher: FrameWatcher | None) -> None:
        self.watcher = watcher

    def encode_live(self, frame: FrozenFrame) -> EncodedOriginal:
        return self.stills.encode(frame)

    # what a test makes happen
    def show(self, bgr: np.ndarray, seq: int = 1) -> None:
        self.stills.bgr, self.stills.seq, self.stills.preview = bgr, seq, picture_of(bgr, seq)
        self.remote_pictures.put(self.stills.preview)

    def become(self, state: PeerState) -> None:
        self.listener.state_changed(state)

    def judge(self, quality: Quality) -> None:
        self.listener.quality_changed(quality)


class FakeMediaEngine:
    """Makes FakeMediaPeers and remembers them."""

    def __init__(self) -> None:
        self.peers: list[FakeMediaPeer] = []
        self.memories: list[FakeMemory] = []
        self.clips: dict[Path, Clip] = {}
        self.cut_off: list[ClipFacts] = []
        self.previews: list[FakePreview] = []
        self.wanted: list[LocalMedia] = []
        self.probed: list[list[IceServer]] = []
        self.servers_found: list[StepResult] = []
        self._numbers = itertools.count()

    @property
    def peer(self) -> FakeMediaPeer:
        return self.peers[-1]

    @property
    def memory(self) -> FakeMemory:
        return self.memories[-1]

    def devices(self) -> list[Device]:
        return [Device("cam", "Camera", "camera", True), Device("mic", "Microphone", "microphone", True), Device("spk", "Speaker", "speaker", True)]

    def remember(self, clips: Path) -> CallMemory:
        from tests.desktop.fake_memory import FakeMemory  # which draws with this module's pictures

        self.memories.append(FakeMemory(clips))
        return self.memories[-1]

    def connect(self, ice_servers: list[IceServer], media: LocalMedia, listener: PeerListener,
                memory: CallMemory | None = None) -> FakeMediaPeer:
        self.peers.append(FakeMediaPeer(ice_servers, media, listener))
        self.peers[-1].memory = memory
        return self.peers[-1]

    def open_clip(self, path: Path) -> Clip:
        if path not in self.clips:
            raise Invalid("clip.unreadable")
        return self.clips[path]

    def recover_clips(self, clips: Path) -> list[ClipFacts]:
        return [facts for facts in self.cut_off if facts.path.parent == clips and facts.path.is_file()]

    def preview(self, media: LocalMedia) -> FakePreview:
        self.wanted.append(media)
        self.previews.append(FakePreview())
        return self.previews[-1]

    async def probe_servers(self, servers: list[IceServer], told: Callable[[StepResult], None]) -> None:
        self.probed.append(servers)
        for result in self.servers_found:
            told(result)


class FakePreview:
    """A device check that finds everything in order, unless a test says otherwise."""

    def __init__(self) -> None:
        self.pictures = FakeSlot()
        self.news: list[DeviceChange] = []
        self.found = DeviceCheck(sight=Sight.WELL)
        self.sounds = self.plays = 0
        self.is_closed = False

    def level(self) -> float:
        return 0.4

    def play_test_sound(self) -> None:
        self.sounds += 1

    def problems(self) -> list[str]:
        return []

    def changes(self) -> list[DeviceChange]:
        return list(self.news)

    def record(self) -> None:
        self.found = replace(self.found, is_recording=True, recorded_s=0.0, voice=Voice.UNKNOWN)

    def play_recording(self) -> None:
        self.plays += 1

    def check(self) -> DeviceCheck:
        return self.found

    def close(self) -> None:
        self.is_closed = True
