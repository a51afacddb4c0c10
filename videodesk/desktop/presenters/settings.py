"""Settings: devices with a check. Language, theme and scale are plain preferences, changed by the view's context."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from videodesk.calls.device_check import DeviceCheck
from videodesk.calls.device_choice import KIND_OF, SYSTEM, DeviceChange, Order, Remembered, chosen, find
from videodesk.calls.ports import Device, DevicePreview, LocalMedia, MediaEngine
from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.desktop.preferences import PreferenceStore
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks
from videodesk.protocol.resources import ServiceInfo

KINDS = ("camera", "microphone", "speaker", "ringer")
_LOOK_TICKS = 20


@dataclass(frozen=True, slots=True)
class SettingsState:
    """What the device page shows. `preview` runs while the page is seen; `problems` are error codes.

    `orders` are the choices of each role, the last one first; `heard` is the person's answer to whether they heard the test sound, and
    `is_asked` whether they are asked.
    """

    has_media: bool = False
    is_loaded: bool = False
    devices: tuple[Device, ...] = ()
    orders: dict[str, Order] = field(default_factory=dict)
    preview: DevicePreview | None = None
    level: float = 0.0
    problems: tuple[str, ...] = ()
    news: tuple[DeviceChange, ...] = ()
    check: DeviceCheck = field(default_factory=DeviceCheck)
    is_asked: bool = False
    heard: bool | None = None
    public_url: str = ""
    why_not: str | None = None

    def for_role(self, role: str) -> tuple[Device, ...]:
        """The devices that can take a role."""
        return tuple(device for device in self.devices if device.kind == KIND_OF[role])

    def wanted(self, role: str) -> Remembered:
        """What the person chose for a role."""
        return chosen(self.orders.get(role, ()))

    def chosen(self, role: str) -> str | None:
        """The chosen one's id as it is now (it may be on another socket); None follows the system."""
        wanted = self.wanted(role)
        if wanted.is_system:
            return None
        there = find(wanted, self.devices, KIND_OF[role])
        return there.id if there is not None else wanted.id


class SettingsPresenter(Presenter[SettingsState]):
    """`media` None: this machine has none, the page says so."""

    def __init__(self, media: MediaEngine | None, preferences: PreferenceStore, tasks: Tasks, clock: Clock, api: DeskApi | None = None) -> None:
        super().__init__(SettingsState(has_media=media is not None, orders=preferences.orders()), tasks, clock)
        self._media = media
        self._preferences = preferences
        self._is_wanted = False
        self._ticks = 0
        self._api = api

    def look_address(self) -> None:
        """Ask where customers reach the desk, and whether a browser would give them the camera there."""
        if self._api is not None:
            self.tasks.run("settings.address", self._api.info, self._show_address)

    def _show_address(self, info: ServiceInfo) -> None:
        self._set(public_url=info.public_url, why_not=info.why_not)

    def start_check(self) -> None:
        """The device page is seen: look for devices and let them run. The check before the first call needs no offer any more."""
        if self._media is None:
            return
        self._is_wanted = True
        self._look()
        self._start_preview()
        if self._preferences.value.device_check != "done":
            self._preferences.change(device_check="done")

    def stop_check(self) -> None:
        """The page is left: let go of camera and microphone at once."""
        self._is_wanted = False
        self._drop()

    def choose(self, role: str, device_id: str | None) -> None:
        """Use this device from now on, in calls too."""
        if role not in KINDS or self.state.chosen(role) == device_id:
            return
        label = next((one.label for one in self.state.for_role(role) if one.id == device_id), "")
        known = next((one for one in self.state.orders.get(role, ()) if one.id == device_id and one.label), None)
        self._preferences.choose_device(role, known or Remembered(device_id, label) if device_id is not None else SYSTEM)
        self._set(orders=self._preferences.orders())
        if self._is_wanted and role != "ringer":
            self._start_preview()

    def play_sound(self) -> None:
        """The test sound; then the person is asked whether they heard it."""
        if (preview := self.state.preview) is not None:
            self._set(is_asked=True, heard=None)
            self.tasks.run("settings.sound", lambda: asyncio.to_thread(preview.play_test_sound))

    def answer(self, *, heard: bool) -> None:
        """Whether they heard it."""
        self._set(is_asked=False, heard=heard)

    def record(self) -> None:
        """Record a few seconds of the microphone."""
        if (preview := self.state.preview) is not None:
            preview.record()
            self.tick()

    def play_recording(self) -> None:
        """Play what was recorded."""
        if (preview := self.state.preview) is not None:
            preview.play_recording()
            self.tick()

    def tick(self) -> None:
        """Ten times a second while the page is seen: level, what was found, what is wrong; every two seconds, what devices there are."""
        if (preview := self.state.preview) is None:
            return
        self._set(level=round(min(1.0, max(0.0, preview.level())), 2), problems=tuple(preview.problems()), news=tuple(preview.changes()),
                  check=preview.check())
        self._ticks += 1
        if self._ticks % _LOOK_TICKS == 0:
            self._look()

    def _look(self) -> None:
        if (media := self._media) is not None:
            self.tasks.run("settings.devices", lambda: asyncio.to_thread(media.devices), self._found, lambda _problem: self._found([]), replaces=True)

    def close(self) -> None:
        """Let go of the devices."""
        self.stop_check()
        super().close()

    def _start_preview(self) -> None:
        media = self._media
        if media is None:
            return
        self._drop()
        wanted = LocalMedia(orders=self._preferences.orders())

        async def begin() -> DevicePreview:
            return media.preview(wanted)

        self.tasks.run("settings.preview", begin, self._running)

    def _running(self, preview: DevicePreview) -> None:
        if not self._is_wanted or self.state.preview is not None:
            self.tasks.run("settings.close", lambda: asyncio.to_thread(preview.close))
            return
        self._set(preview=preview, problems=(), news=(), check=DeviceCheck(), is_asked=False, heard=None)

    def _drop(self) -> None:
        preview = self.state.preview
        self._set(preview=None, level=0.0, problems=(), news=(), check=DeviceCheck(), is_asked=False)
        if preview is not None:
            self.tasks.run("settings.close", lambda: asyncio.to_thread(preview.close))

    def _found(self, devices: list[Device]) -> None:
        self._set(devices=tuple(devices), is_loaded=True)
