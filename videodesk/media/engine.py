"""The media engine: makes peers, knows the devices, checks them. One for the program's life; lives in the engine's loop."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from videodesk.calls.capture_ports import CallMemory, ClipFacts
from videodesk.calls.ports import Device, LocalMedia, PeerListener, SoundDevices
from videodesk.core.clock import Clock, SystemClock
from videodesk.media.audio import CaptureRing, loudness
from videodesk.media.clip import FileClip
from videodesk.media.devices import SYNTHETIC_CAMERA, cameras
from videodesk.media.frames import FrameSlot
from videodesk.media.local import Equipment, LocalSide
from videodesk.media.memory import DeskMemory
from videodesk.media.peer import AiortcPeer
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
            found = cameras()
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


class Preview:
    """A DevicePreview: the chosen devices, running, without a call."""

    def __init__(self, equipment: Equipment, media: LocalMedia) -> None:
        self._problems: list[str] = []
        self._sound = Chord()
        self._side = LocalSide(equipment, media, self._sound, self._note)

    def _note(self, code: str) -> None:
        if code not in self._problems:
            self._problems.append(code)

    @property
    def pictures(self) -> FrameSlot:
        return self._side.camera.slot

    def level(self) -> float:
        capture = self._side.capture
        samples = capture.newest(960) if isinstance(capture, CaptureRing) else np.frombuffer(capture.read(960), dtype=np.int16)
        return loudness(samples)

    def play_test_sound(self) -> None:
        self._sound.play()

    def problems(self) -> list[str]:
        return list(self._problems)

    def close(self) -> None:
        self._side.close()

