"""Ports of the calls: what the desktop needs of media. Implemented by media/ (aiortc) and by FakeMediaPeer in tests.

What a call keeps and what looks at pictures is in calls/capture_ports.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from videodesk.calls.capture_ports import CallMemory, Clip, ClipFacts
from videodesk.calls.device_check import DeviceCheck
from videodesk.calls.device_choice import DeviceChange, Order, Remembered
from videodesk.calls.line_report import StepResult
from videodesk.calls.live_ports import LivePeer
from videodesk.calls.pictures import EncodedOriginal, FrozenFrame, Luma, Picture, PictureSlot, StillSource
from videodesk.protocol.messages import IceCandidate, IceServer, SessionDescription

__all__ = [
    "Device", "DevicePreview", "EncodedOriginal", "FrozenFrame", "LocalMedia", "Luma", "MediaEngine", "MediaPeer", "PeerListener",
    "PeerState", "Picture", "PictureSlot", "Quality", "QualityLevel", "SampleSink", "SampleSource", "SoundDevices", "SoundStream",
    "StillSource",
]


class PeerState(StrEnum):
    """RTCPeerConnectionState (W3C), as far as we tell it; `unstable`: no packet for 1.5 s though not yet disconnected."""

    NEW = "new"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    UNSTABLE = "unstable"
    DISCONNECTED = "disconnected"
    FAILED = "failed"
    CLOSED = "closed"


class QualityLevel(StrEnum):
    """The call's quality in a word."""

    UNKNOWN = "unknown"
    GOOD = "good"
    WEAK = "weak"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Quality:
    """A verdict in words: `reasons` are keys (`loss`, `low_bitrate`, `low_fps`, `frozen`, `no_sound`, `high_delay`, `small_picture`)."""

    level: QualityLevel = QualityLevel.UNKNOWN
    reasons: tuple[str, ...] = ()
    bitrate_kbps: float = 0.0
    fps: float = 0.0
    loss_pct: float = 0.0
    width_px: int = 0
    height_px: int = 0


@dataclass(frozen=True, slots=True)
class Device:
    """A camera, microphone or speaker. `id` is stable enough to be kept in the settings."""

    id: str
    label: str
    kind: str  # "camera" | "microphone" | "speaker"
    is_default: bool = False


@dataclass(frozen=True, slots=True)
class LocalMedia:
    """The devices the agent chose; None: as the system does. `orders`: what was chosen before, for when the chosen one is gone."""

    camera_id: str | None = None
    microphone_id: str | None = None
    speaker_id: str | None = None
    orders: Mapping[str, Order] = field(default_factory=dict)

    def all_orders(self) -> dict[str, Order]:
        """The order for each role; from the bare ids where nothing more is known."""
        bare = {"camera": self.camera_id, "microphone": self.microphone_id, "speaker": self.speaker_id}
        return {role: self.orders.get(role) or ((Remembered(device_id),) if device_id else ()) for role, device_id in bare.items()}


class PeerListener(Protocol):
    """What a MediaPeer tells; always called in the engine's event loop."""

    def description_made(self, description: SessionDescription) -> None:
        """An offer or answer to send to the other side."""
        ...

    def candidate_found(self, candidate: IceCandidate) -> None:
        """A local candidate to send (may come inside the description instead)."""
        ...

    def state_changed(self, state: PeerState) -> None:
        """The connection's state."""
        ...

    def quality_changed(self, quality: Quality) -> None:
        """About once a second while connected."""
        ...

    def media_problem(self, code: str) -> None:
        """A device failed or is missing (`device.no_camera`, `device.microphone_lost` …): a message, never a crash."""
        ...

    def device_changed(self, change: DeviceChange) -> None:
        """Another device is in use: one was unplugged, or the chosen one is back."""
        ...

    def level_changed(self, microphone: float, speaker: float) -> None:
        """Sound levels 0..1, about ten times a second."""
        ...


class MediaPeer(LivePeer, Protocol):
    """One peer connection of a call. Coroutines run in the engine's loop; the slots and `stills` may be used from any thread."""

    @property
    def remote_pictures(self) -> PictureSlot:
        """The customer's video."""
        ...

    @property
    def local_pictures(self) -> PictureSlot:
        """The self-view."""
        ...

    @property
    def stills(self) -> StillSource:
        """Where snapshots come from."""
        ...

    async def take_description(self, description: SessionDescription) -> None:
        """A description of the other side; an offer is answered by `description_made`."""
        ...

    async def take_candidate(self, candidate: IceCandidate) -> None:
        """A candidate of the other side."""
        ...

    def set_microphone(self, is_on: bool) -> None:
        """Send sound or silence."""
        ...

    def set_camera(self, is_on: bool) -> None:
        """Send the picture or nothing."""
        ...

    def set_hold(self, is_on_hold: bool) -> None:
        """While on hold neither sound nor picture go out, and what comes in is neither played nor shown."""
        ...

    async def choose_devices(self, media: LocalMedia) -> None:
        """Change devices during the call."""
        ...

    async def close(self) -> None:
        """End it; idempotent; at most about 100 ms."""
        ...


class MediaEngine(Protocol):
    """Makes peers and knows the devices. One for the program's life."""

    def devices(self) -> list[Device]:
        """The devices there are now. May take a moment: not in the GUI thread."""
        ...

    def remember(self, clips: Path) -> CallMemory:
        """What is kept of a new call; recordings that were cut off lie in `clips`. Hand it to every peer of that call. Engine loop."""
        ...

    def connect(self, ice_servers: list[IceServer], media: LocalMedia, listener: PeerListener, memory: CallMemory | None = None) -> MediaPeer:
        """A new peer that waits for an offer; what it receives goes to `memory` too. Engine loop."""
        ...

    def open_clip(self, path: Path) -> Clip:
        """A clip to look into; Invalid("clip.unreadable"). A worker calls it."""
        ...

    def recover_clips(self, clips: Path) -> list[ClipFacts]:
        """Finish the recordings in this folder that were cut off; all finished clips there, oldest first. Not while one runs. A worker calls it."""
        ...

    def preview(self, media: LocalMedia) -> DevicePreview:
        """Try the devices before a call: picture and sound level."""
        ...

    async def probe_servers(self, servers: list[IceServer], told: Callable[[StepResult], None]) -> None:
        """Ask each STUN and TURN server as a call does, side by side; `told` of each when it begins and when it is done. Engine loop."""
        ...


class DevicePreview(Protocol):
    """A running device check."""

    @property
    def pictures(self) -> PictureSlot:
        """The camera's picture."""
        ...

    def level(self) -> float:
        """The microphone's level now, 0..1."""
        ...

    def play_test_sound(self) -> None:
        """Play a short sound on the chosen speaker."""
        ...

    def problems(self) -> list[str]:
        """Codes of what is wrong, as in PeerListener.media_problem."""
        ...

    def changes(self) -> list[DeviceChange]:
        """What other devices came into use since it began, the newest of each role."""
        ...

    def record(self) -> None:
        """Record the microphone for RECORD_S; what was recorded before is forgotten."""
        ...

    def play_recording(self) -> None:
        """Play what was recorded on the chosen speaker."""
        ...

    def check(self) -> DeviceCheck:
        """How far it is and what it found."""
        ...

    def close(self) -> None:
        """Let go of the devices; idempotent."""
        ...


class SampleSource(Protocol):
    """Where a speaker takes its samples from: 48 kHz, mono, 16 bits, native order. Any thread."""

    def read(self, frames: int) -> bytes:
        """Exactly `frames` samples; silence where there are none. Never waits."""
        ...


class SampleSink(Protocol):
    """Where a microphone puts its samples: 48 kHz, mono, 16 bits, native order. Any thread."""

    def write(self, samples: bytes) -> None:
        """Samples as they come; never waits, drops the oldest when nobody reads."""
        ...


class SoundStream(Protocol):
    """A running speaker or microphone."""

    def close(self) -> None:
        """Let go of the device; idempotent."""
        ...


class SoundDevices(Protocol):
    """The machine's sound. Implemented by desktop/sound.py (QtMultimedia); media/ asks it and knows no toolkit. Any thread."""

    def devices(self) -> list[Device]:
        """Microphones and speakers there are now."""
        ...

    def open_speaker(self, speaker_id: str | None, source: SampleSource, problem: Callable[[str], None]) -> SoundStream | None:
        """Play from `source` on a speaker (None: the system's own). None or `problem(code)` when there is none or it is lost."""
        ...

    def open_microphone(self, microphone_id: str | None, sink: SampleSink, problem: Callable[[str], None]) -> SoundStream | None:
        """Record into `sink`. None or `problem(code)` as above."""
        ...

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` (in any thread) when a device came or went; returns what ends it."""
        ...
