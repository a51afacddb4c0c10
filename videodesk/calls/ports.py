"""Ports of the calls: what the desktop needs of media. Implemented by media/ (aiortc) and by FakeMediaPeer in tests.

Arrays and codecs stay behind these doors: a picture crosses as bytes with a width, a height and a stride.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from videodesk.core.vocabulary import SnapshotMethod
from videodesk.protocol.messages import IceCandidate, IceServer, SessionDescription


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture ready to paint: BGRA, 8 bits a channel, opaque, rows of `stride_bytes`, in the media's own memory.

    `buffer` stays valid as long as this object lives. `seq` counts decoded frames of the call from 0. `source_width_px` and
    `source_height_px` are the frame's own size (the picture is scaled to what the view asked for). Times: `received_at_s` is the
    monotonic clock at the frame's last packet, `rtp_time` the 90 kHz RTP timestamp.
    """

    buffer: memoryview
    width_px: int
    height_px: int
    stride_bytes: int
    seq: int
    rtp_time: int
    received_at_s: float
    source_width_px: int
    source_height_px: int
    is_evidence_grade: bool = True
    owner: object = None


class PictureSlot(Protocol):
    """A latest-wins slot: the media thread puts, the view takes at paint time. No queue, no signal carries a picture."""

    def ask_size(self, width_px: int, height_px: int) -> None:
        """Ask for pictures that fit into this size in device pixels (aspect kept). GUI thread; from the next frame on."""
        ...

    def take(self) -> Picture | None:
        """The newest picture, or None when there was none yet. The same one may come twice: compare `seq`. GUI thread."""
        ...

    def on_fresh(self, wake: Callable[[], None] | None) -> None:
        """Call `wake` in the media thread when a picture is fresh and the last one was taken; it may only post, not work."""
        ...


@dataclass(frozen=True, slots=True)
class FrozenFrame:
    """A decoded frame kept whole for a snapshot. `handle` is the media's own; `preview` is what the eye sees at once."""

    handle: object
    seq: int
    rtp_time: int
    captured_at: datetime
    width_px: int
    height_px: int
    codec: str
    is_evidence_grade: bool
    preview: Picture


@dataclass(frozen=True, slots=True)
class EncodedOriginal:
    """An original's bytes as they will be kept forever."""

    data: bytes
    media_type: str
    width_px: int
    height_px: int
    method: SnapshotMethod


class StillSource(Protocol):
    """Where a snapshot's picture comes from."""

    def freeze(self) -> FrozenFrame | None:
        """The frame on screen (the newest decoded one where no view takes pictures) at full size, at once, without encoding.

        None before the first frame. Any thread, < 1 ms.
        """
        ...

    def encode(self, frame: FrozenFrame) -> EncodedOriginal:
        """Encode a frozen frame (JPEG, quality 95, BT.601 as the browser shows it). Slow (ms): a worker thread calls it."""
        ...


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
    """What the agent sends. None means: no such device, or not wanted; the call goes on without."""

    camera_id: str | None = None
    microphone_id: str | None = None
    speaker_id: str | None = None


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

    def level_changed(self, microphone: float, speaker: float) -> None:
        """Sound levels 0..1, about ten times a second."""
        ...


class MediaPeer(Protocol):
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

    def connect(self, ice_servers: list[IceServer], media: LocalMedia, listener: PeerListener) -> MediaPeer:
        """A new peer that waits for an offer. Engine loop."""
        ...

    def preview(self, media: LocalMedia) -> DevicePreview:
        """Try the devices before a call: picture and sound level."""
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
