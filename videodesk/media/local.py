"""The agent's own devices while a call or a device check runs: camera, microphone, speaker. Missing ones are told, never raised."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from videodesk.calls.ports import LocalMedia, SampleSource, SoundDevices, SoundStream
from videodesk.core.clock import Clock
from videodesk.media.audio import CaptureRing
from videodesk.media.devices import CameraThread, open_camera
from videodesk.media.synthetic import Tone


@dataclass(frozen=True, slots=True)
class Equipment:
    """What this machine has: the sound adapter (None: no sound at all) and whether media are drawn instead of captured."""

    clock: Clock
    sound: SoundDevices | None = None
    is_synthetic: bool = False


class LocalSide:
    """Opens the devices of `media` and closes them. `problem` may be called in any thread."""

    def __init__(self, equipment: Equipment, media: LocalMedia, playout: SampleSource, problem: Callable[[str], None]) -> None:
        self._equipment = equipment
        self._problem = problem
        self._playout = playout
        self._microphone: SoundStream | None = None
        self._speaker: SoundStream | None = None
        self.media = media
        self.capture: SampleSource = Tone() if equipment.is_synthetic else CaptureRing()
        self.camera = self._open_camera(media)
        self._sound_turn = threading.Lock()
        self._is_closed = False
        self._start_sound(media)

    def change(self, media: LocalMedia) -> None:
        """Other devices. May take some 100 ms: not in the loop."""
        old, self.media = self.media, media
        if media.camera_id != old.camera_id:
            self.camera.close()
            self.camera = self._open_camera(media)
        if (media.microphone_id, media.speaker_id) != (old.microphone_id, old.speaker_id):
            self._start_sound(media)

    def close(self) -> None:
        """Let go of everything; idempotent."""
        self._is_closed = True
        self.camera.close()
        if self._equipment.sound is not None:
            threading.Thread(target=self._swap_sound, args=(None,), name="sound-close", daemon=True).start()

    def _open_camera(self, media: LocalMedia) -> CameraThread:
        equipment = self._equipment
        return CameraThread(
            lambda: open_camera(media.camera_id, equipment.clock, is_synthetic=equipment.is_synthetic), equipment.clock, self._problem)

    def _start_sound(self, media: LocalMedia) -> None:
        """Opening may take a second (a sound server wakes up), so a thread of its own does it."""
        if self._equipment.sound is not None:
            threading.Thread(target=self._swap_sound, args=(media,), name="sound-open", daemon=True).start()
        elif not self._equipment.is_synthetic:
            self._problem("device.no_microphone")
            self._problem("device.no_speaker")

    def _swap_sound(self, media: LocalMedia | None) -> None:
        with self._sound_turn:
            self._close_sound()
            if media is not None and media is self.media and not self._is_closed:
                self._open_sound(media)

    def _open_sound(self, media: LocalMedia) -> None:
        sound = self._equipment.sound
        if sound is None:
            return
        self._speaker = sound.open_speaker(media.speaker_id, self._playout, self._problem)
        if isinstance(self.capture, CaptureRing):
            self._microphone = sound.open_microphone(media.microphone_id, self.capture, self._problem)

    def _close_sound(self) -> None:
        for stream in (self._speaker, self._microphone):
            if stream is not None:
                stream.close()
        self._speaker = self._microphone = None
