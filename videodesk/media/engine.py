"""The media engine: makes peers, knows the devices, checks them. One for the program's life; lives in the engine's loop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from videodesk.calls.capture_ports import CallMemory, ClipFacts
from videodesk.calls.device_check import DeviceCheck
from videodesk.calls.device_choice import DeviceChange
from videodesk.calls.line_report import StepResult
from videodesk.calls.ports import Device, LocalMedia, PeerListener, SoundDevices
from videodesk.core.clock import Clock, SystemClock
from videodesk.media.audio import CaptureRing, loudness
from videodesk.media.clip import FileClip
from videodesk.media.device_check import Looker, Recording
from videodesk.media.devices import SYNTHETIC_CAMERA, CameraThread
from videodesk.media.frames import FrameSlot
from videodesk.media.local import Equipment, LocalSide
from videodesk.media.memory import DeskMemory
from videodesk.media.opus import RATE
from videodesk.media.peer import AiortcPeer
from videodesk.media.relay_check import probe_servers
from videodesk.media.remux import recover
from videodesk.media.ring import LIMIT_BYTES, LIMIT_S
from videodesk.media.synthetic import Tone
from videodesk.protocol.messages import IceServer


class AiortcEngine:
    """A MediaEngine over aiortc.

    `sound`: the adapter of microphones and speakers (None: calls are without own sound, and say so). `is_synthetic`: a drawn
    camera and a generated tone instead of devices. `rewind_s` and `rewind_bytes` bound what is kept of a call to look back into.
    """

    def __init__(self, *, sound: SoundDevices | None = None, is_synthetic: bool = False, clock: Clock | None = None,
                 rewind_s: float = LIMIT_S, rewind_bytes: int = LIMIT_BYTES) -> None:
        self._equipment = Equipment(clock=clock or SystemClock(), sound=sound, is_synthetic=is_synthetic)
        self._rewind_s, self._rewind_bytes = rewind_s, rewind_bytes

    def devices(self) -> list[Device]:
        if self._equipment.is_synthetic:
            found = [Device(id=SYNTHETIC_CAMERA, label="Drawn camera", kind="camera", is_default=True),
                     Device(id=SYNTHETIC_CAMERA, label="Tone", kind="microphone", is_default=True)]
        else:
            found = self._equipment.find_cameras()
        return found + (self._equipment.sound.devices() if self._equipment.sound is not None else [])

    def remember(self, clips: Path) -> DeskMemory:  # noqa: ARG002 - the recorder is told each file's path
        return DeskMemory(self._equipment.clock, limit_s=self._rewind_s, limit_bytes=self._rewind_bytes)

    def connect(self, ice_servers: list[IceServer], media: LocalMedia, listener: PeerListener, memory: CallMemory | None = None) -> AiortcPeer:
        return AiortcPeer(self._equipment, ice_servers, media, listener, memory if isinstance(memory, DeskMemory) else None)

    def open_clip(self, path: Path) -> FileClip:
        return FileClip(path)

    def recover_clips(self, clips: Path) -> list[ClipFacts]:
        return recover(clips)

    def preview(self, media: LocalMedia) -> Preview:
        return Preview(self._equipment, media)

    async def probe_servers(self, servers: list[IceServer], told: Callable[[StepResult], None]) -> None:
        await probe_servers(servers, told, self._equipment.clock)


class Chord:
    """Half a second of a soft chord, once per `play`; silence otherwise. A SampleSource."""

    def __init__(self) -> None:
        self._left = 0
        self._tones = (Tone(523.25, 0.15), Tone(659.25, 0.1))

    def play(self) -> None:
        """Start it."""
        self._left = 24000

    def read(self, frames: int) -> bytes:
        if self._left <= 0:
            return bytes(frames * 2)
        self._left -= frames
        mixed = sum(np.frombuffer(tone.read(frames), dtype=np.int16).astype(np.int32) for tone in self._tones)
        return np.asarray(mixed).astype(np.int16).tobytes()


class CheckSound:
    """What a device check plays: the chord, or what was recorded. A SampleSource."""

    def __init__(self, recording: Recording) -> None:
        self.chord = Chord()
        self._recording = recording

    def read(self, frames: int) -> bytes:
        return self._recording.read(frames) if self._recording.is_playing else self.chord.read(frames)


class Preview:
    """A DevicePreview: the chosen devices, running and followed, without a call."""

    def __init__(self, equipment: Equipment, media: LocalMedia) -> None:
        self._clock = equipment.clock
        self._problems: list[str] = []
        self._changes: dict[str, DeviceChange] = {}
        self._recording, self._looker = Recording(), Looker()
        self._sound = CheckSound(self._recording)
        self._side = LocalSide(equipment, media, self._sound, self._note, self._moved)
        self._side.on_camera = self._take_camera
        self._take_camera(self._side.camera)
        self._drawn_s = self._clock.monotonic()
        if isinstance(self._side.capture, CaptureRing):
            self._side.capture.heard = self._recording.write

    def _note(self, code: str) -> None:
        if code not in self._problems:
            self._problems.append(code)

    def _moved(self, change: DeviceChange) -> None:
        self._changes[change.role] = change
        if change.now_id is not None:  # there is one again
            self._problems = [code for code in self._problems if change.role not in code]

    def _take_camera(self, camera: CameraThread) -> None:
        camera.listener = self._looker.put

    @property
    def pictures(self) -> FrameSlot:
        return self._side.camera.slot

    def level(self) -> float:
        capture = self._side.capture
        if isinstance(capture, CaptureRing):
            return loudness(capture.newest(960))
        # A tone that is drawn, not captured: as much of it as time went by.
        now_s = self._clock.monotonic()
        drawn = np.frombuffer(capture.read(max(960, min(RATE, int((now_s - self._drawn_s) * RATE)))), dtype=np.int16)
        self._drawn_s = now_s
        self._recording.write(drawn.tobytes())
        return loudness(drawn)

    def play_test_sound(self) -> None:
        self._sound.chord.play()

    def problems(self) -> list[str]:
        return list(self._problems)

    def changes(self) -> list[DeviceChange]:
        return list(self._changes.values())

    def record(self) -> None:
        self._recording.begin()

    def play_recording(self) -> None:
        self._recording.play()

    def check(self) -> DeviceCheck:
        recording = self._recording
        return DeviceCheck(recording.recorded_s, recording.is_recording, recording.is_playing, recording.verdict(), self._looker.sight)

    def close(self) -> None:
        self._side.on_camera = None
        self._side.close()
