"""Settings: devices with a check. Language, theme and scale are plain preferences, changed by the view's context."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from videodesk.calls.ports import Device, DevicePreview, LocalMedia, MediaEngine
from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.desktop.preferences import PreferenceStore
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks
from videodesk.protocol.resources import ServiceInfo

KINDS = ("camera", "microphone", "speaker")


@dataclass(frozen=True, slots=True)
class SettingsState:
    """What the device page shows. `preview` runs while the page is seen; `problems` are error codes."""

    has_media: bool = False
    is_loaded: bool = False
    devices: tuple[Device, ...] = ()
    camera_id: str | None = None
    microphone_id: str | None = None
    speaker_id: str | None = None
    preview: DevicePreview | None = None
    level: float = 0.0
    problems: tuple[str, ...] = ()
    public_url: str = ""
    why_not: str | None = None

    def of_kind(self, kind: str) -> tuple[Device, ...]:
        """The devices of a kind."""
        return tuple(device for device in self.devices if device.kind == kind)

    def chosen(self, kind: str) -> str | None:
        """The chosen one's id; None follows the system."""
        found: str | None = getattr(self, f"{kind}_id")
        return found


class SettingsPresenter(Presenter[SettingsState]):
    """`media` None: this machine has none, the page says so."""

    def __init__(self, media: MediaEngine | None, preferences: PreferenceStore, tasks: Tasks, clock: Clock, api: DeskApi | None = None) -> None:
        kept = preferences.value
        super().__init__(SettingsState(has_media=media is not None, camera_id=kept.camera_id, microphone_id=kept.microphone_id,
                                       speaker_id=kept.speaker_id), tasks, clock)
        self._media = media
        self._preferences = preferences
        self._is_wanted = False
        self._api = api

    def look_address(self) -> None:
        """Ask where customers reach the desk, and whether a browser would give them the camera there."""
        if self._api is not None:
            self.tasks.run("settings.address", self._api.info, self._show_address)

    def _show_address(self, info: ServiceInfo) -> None:
        self._set(public_url=info.public_url, why_not=info.why_not)

    def start_check(self) -> None:
        """The device page is seen: look for devices and let them run."""
        media = self._media
        if media is None:
            return
        self._is_wanted = True
        self.tasks.run("settings.devices", lambda: asyncio.to_thread(media.devices), self._found, lambda _problem: self._found([]), replaces=True)
        self._start_preview()

    def stop_check(self) -> None:
        """The page is left: let go of camera and microphone at once."""
        self._is_wanted = False
        self._drop()

    def choose(self, kind: str, device_id: str | None) -> None:
        """Use this device from now on, in calls too."""
        if kind not in KINDS or self.state.chosen(kind) == device_id:
            return
        self._preferences.change(**{f"{kind}_id": device_id})
        self._set(**{f"{kind}_id": device_id})
        if self._is_wanted:
            self._start_preview()

    def play_sound(self) -> None:
        """The test sound."""
        if (preview := self.state.preview) is not None:
            self.tasks.run("settings.sound", lambda: asyncio.to_thread(preview.play_test_sound))

    def tick(self) -> None:
        """Ten times a second while the page is seen: level and problems."""
        if (preview := self.state.preview) is not None:
            self._set(level=round(min(1.0, max(0.0, preview.level())), 2), problems=tuple(preview.problems()))

    def close(self) -> None:
        """Let go of the devices."""
        self.stop_check()
        super().close()

    def _start_preview(self) -> None:
        media = self._media
        if media is None:
            return
        self._drop()
        wanted = LocalMedia(self.state.camera_id, self.state.microphone_id, self.state.speaker_id)

        async def begin() -> DevicePreview:
            return media.preview(wanted)

        self.tasks.run("settings.preview", begin, self._running)

    def _running(self, preview: DevicePreview) -> None:
        if not self._is_wanted or self.state.preview is not None:
            self.tasks.run("settings.close", lambda: asyncio.to_thread(preview.close))
            return
        self._set(preview=preview, problems=())

    def _drop(self) -> None:
        preview = self.state.preview
        self._set(preview=None, level=0.0, problems=())
        if preview is not None:
            self.tasks.run("settings.close", lambda: asyncio.to_thread(preview.close))

    def _found(self, devices: list[Device]) -> None:
        self._set(devices=tuple(devices), is_loaded=True)
