"""A listener that keeps what it is told, and a way to wait for it; two peers joined in one process."""

import asyncio
import time
from collections.abc import Callable

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack

from videodesk.calls.device_choice import DeviceChange
from videodesk.calls.ports import LocalMedia, PeerState, Quality
from videodesk.core.clock import SystemClock
from videodesk.media.audio import MicrophoneTrack
from videodesk.media.devices import CameraTrack
from videodesk.media.engine import AiortcEngine
from videodesk.media.peer import AiortcPeer
from videodesk.media.synthetic import Tone
from videodesk.protocol.messages import IceCandidate, SessionDescription


class Listener:
    def __init__(self) -> None:
        self.descriptions: list[SessionDescription] = []
        self.states: list[PeerState] = []
        self.qualities: list[Quality] = []
        self.problems: list[str] = []
        self.changes: list[DeviceChange] = []
        self.levels: list[tuple[float, float]] = []
        self.candidates: list[IceCandidate] = []

    def description_made(self, description: SessionDescription) -> None:
        self.descriptions.append(description)

    def candidate_found(self, candidate: IceCandidate) -> None:
        assert self.descriptions, "a candidate before the answer"
        self.candidates.append(candidate)

    def state_changed(self, state: PeerState) -> None:
        self.states.append(state)

    def quality_changed(self, quality: Quality) -> None:
        self.qualities.append(quality)

    def media_problem(self, code: str) -> None:
        self.problems.append(code)

    def device_changed(self, change: DeviceChange) -> None:
        self.changes.append(change)

    def level_changed(self, microphone: float, speaker: float) -> None:
        self.levels.append((microphone, speaker))


async def until(condition: Callable[[], object], what: str, within_s: float = 60.0) -> None:
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, f"not within {within_s} s: {what}"
        await asyncio.sleep(0.01)


class Customer:
    """The other side: a stock aiortc connection that sends what it is given."""

    def __init__(self, *tracks: MediaStreamTrack) -> None:
        self.connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        self.received: list[object] = []
        for track in tracks:
            self.connection.addTrack(track)

    async def call(self, peer: AiortcPeer, listener: Listener) -> None:
        await self.connection.setLocalDescription(await self.connection.createOffer())
        await peer.take_description(SessionDescription(type="offer", sdp=self.connection.localDescription.sdp))
        assert listener.descriptions, listener.problems
        await self.connection.setRemoteDescription(RTCSessionDescription(sdp=listener.descriptions[-1].sdp, type="answer"))

    async def close(self) -> None:
        await self.connection.close()


def camera_track() -> CameraTrack:
    return CameraTrack(SystemClock())


def sound_track() -> MicrophoneTrack:
    return MicrophoneTrack(Tone(), SystemClock())


def synthetic_engine() -> AiortcEngine:
    return AiortcEngine(is_synthetic=True)


NOTHING = LocalMedia()
