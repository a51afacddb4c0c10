"""The agent's own devices while a call or a device check runs: camera, microphone, speaker. Missing ones are told, never raised.

A DeviceFollower says which devices are used: at the start, when one is lost and when the chosen one comes back. What is drawn instead of
captured is not followed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from videodesk.calls.device_choice import DeviceChange, pick
from videodesk.calls.ports import Device, LocalMedia, SampleSource, SoundDevices, SoundStream
from videodesk.core.clock import Clock
from videodesk.media.audio import CaptureRing
from videodesk.media.devices import CameraSource, CameraThread, cameras, open_camera
from videodesk.media.following import DeviceFollower
from videodesk.media.synthetic import Tone

_ROLE_OF: Final = {
    f"device.{problem}": role for role in ("microphone", "speaker", "camera") for problem in (f"no_{role}", f"{role}_lost")}


@dataclass(frozen=True, slots=True)
class Equipment:
    """What this machine has: the sound adapter (None: no sound at all) and whether media are drawn instead of captured.

    `find_cameras` and `open_source` are how cameras are listed and opened (another way in tests).
    """

    clock: Clock
    sound: SoundDevices | None = None
    is_synthetic: bool = False
    find_cameras: Callable[[], list[Device]] = cameras
    open_source: Callable[[str | None], CameraSource | None] | None = None

    def there(self) -> list[Device]:
        """What can be captured and played now. May take a moment: not in the loop."""
        return self.find_cameras() + (self.sound.devices() if self.sound is not None else [])

    def open_camera(self, camera_id: str | None) -> CameraSource | None:
        """This camera, or None. Camera thread."""
        if self.open_source is not None:
            return self.open_source(camera_id)
        return open_camera(camera_id, self.clock, is_synthetic=self.is_synthetic)


class LocalSide:
    """Opens the devices of `media`, follows them and closes them. `problem`, `moved` and `on_camera` are called in any thread.

    `moved` is told when another device came into use; `on_camera` when another camera thread took the place of the last one.
    """

    def __init__(self, equipment: Equipment, media: LocalMedia, playout: SampleSource, problem: Callable[[str], None],
                 moved: Callable[[DeviceChange], None] | None = None) -> None:
        self._equipment = equipment
        self._problem = problem
        self._moved = moved or (lambda _change: None)
        self._playout = playout
        self._streams: dict[str, SoundStream] = {}
        self._used: dict[str, str | None] = {}
        self._turn = threading.Lock()
        self._is_closed = False
        self._end_watch: Callable[[], None] | None = None
        self.on_camera: Callable[[CameraThread], None] | None = None
        self.media = media
        self.capture: SampleSource = Tone() if equipment.is_synthetic else CaptureRing()
        self._follower: DeviceFollower | None = None
        if not equipment.is_synthetic:
            self._follower = DeviceFollower(equipment.there, media.all_orders(), equipment.clock, self._found, self._change)
        self.camera = self._open_camera(self._first_camera(media))
        if self._follower is None:
            self._open_unfollowed()
            return
        # Asking a sound server may take a second (it wakes up): the follower's own thread does it, and opens what it found.
        self._follower.start()
        if equipment.sound is not None:
            self._end_watch = equipment.sound.watch(self._follower.wake)

    def change(self, media: LocalMedia) -> None:
        """Other devices. Any thread; they come into use soon after."""
        old, self.media = self.media, media
        if self._follower is not None:
            self._follower.choose(media.all_orders())
        elif media.camera_id != old.camera_id:
            self._swap_camera(media.camera_id)

    def close(self) -> None:
        """Let go of everything; idempotent."""
        self._is_closed = True
        if self._end_watch is not None:
            self._end_watch()
        if self._follower is not None:
            self._follower.close()
        self.camera.close()
        if self._equipment.sound is not None:
            threading.Thread(target=self._close_sound, name="sound-close", daemon=True).start()

    # ── what the follower says, in its thread ─────────────────────────────────────────────────────────────────────

    def _found(self, used: dict[str, str | None]) -> None:
        with self._turn:
            if self._is_closed:
                return
            for role in ("speaker", "microphone"):
                if role not in self._used or used[role] != self._used[role]:
                    self._open_sound(role, used[role])
            if used["camera"] != self._used.get("camera"):
                self._swap_camera(used["camera"])
        for role in ("microphone", "speaker"):
            if used[role] is None:
                self._problem(f"device.no_{role}")

    def _change(self, change: DeviceChange) -> None:
        with self._turn:
            if self._is_closed:
                return
            if change.now_id != self._used.get(change.role) or change.role not in self._used:
                if change.role == "camera":
                    self._swap_camera(change.now_id)
                else:
                    self._open_sound(change.role, change.now_id)
        self._moved(change)

    # ── camera ────────────────────────────────────────────────────────────────────────────────────────────────────

    def _first_camera(self, media: LocalMedia) -> str | None:
        if self._equipment.is_synthetic:
            return media.camera_id
        best = pick("camera", media.all_orders()["camera"], self._equipment.find_cameras())
        return best.id if best is not None else None

    def _open_camera(self, camera_id: str | None) -> CameraThread:
        self._used["camera"] = camera_id
        equipment, opened = self._equipment, camera_id

        def problem(code: str) -> None:
            # What an old camera says while the next one runs already is nobody's concern.
            if self._used.get("camera") == opened:
                self._noted(code)

        return CameraThread(lambda: equipment.open_camera(opened), equipment.clock, problem)

    def _swap_camera(self, camera_id: str | None) -> None:
        old = self.camera
        if camera_id is None:  # the dead camera's thread stays: a slot without pictures
            self._used["camera"] = None
            old.close()
            return
        old.close()
        self.camera = self._open_camera(camera_id)
        if self._is_closed:  # meanwhile
            self.camera.close()
        elif self.on_camera is not None:
            self.on_camera(self.camera)

    # ── sound ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def _open_sound(self, role: str, device_id: str | None) -> None:
        self._used[role] = device_id
        old, sound = self._streams.pop(role, None), self._equipment.sound
        if old is not None:
            old.close()
        if sound is None or device_id is None:
            return
        opened: SoundStream | None = None
        if role == "speaker":
            opened = sound.open_speaker(device_id, self._playout, self._noted)
        elif isinstance(self.capture, CaptureRing):
            opened = sound.open_microphone(device_id, self.capture, self._noted)
        if opened is not None:
            self._streams[role] = opened

    def _open_unfollowed(self) -> None:
        """A drawn camera and a tone; a speaker there may be all the same, and it takes a second to open."""
        sound = self._equipment.sound
        if sound is not None:
            threading.Thread(target=self._open_plain_speaker, args=(sound,), name="sound-open", daemon=True).start()

    def _open_plain_speaker(self, sound: SoundDevices) -> None:
        with self._turn:
            opened = None if self._is_closed else sound.open_speaker(self.media.speaker_id, self._playout, self._noted)
            if opened is not None:
                self._streams["speaker"] = opened

    def _close_sound(self) -> None:
        with self._turn:
            for stream in self._streams.values():
                stream.close()
            self._streams.clear()

    def _noted(self, code: str) -> None:
        """A stream says that it is lost or could not begin: the follower finds another; without one to follow it is told as it is."""
        role = _ROLE_OF.get(code)
        if self._follower is not None and role is not None and self._used.get(role) is not None:
            self._follower.failed(role)
        else:
            self._problem(code)
