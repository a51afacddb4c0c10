"""A machine's sound and cameras that a test plugs in and out by hand."""

from __future__ import annotations

import threading
from collections.abc import Callable

import numpy as np

from videodesk.calls.ports import Device, SampleSink, SampleSource


class FakeStream:
    """A running microphone or speaker."""

    def __init__(self, sound: FakeSound, device_id: str, end: SampleSink | SampleSource, problem: Callable[[str], None]) -> None:
        self.sound, self.device_id, self.end, self.problem = sound, device_id, end, problem
        self.is_closed = False

    def close(self) -> None:
        self.is_closed = True


class FakeSound:
    """A SoundDevices. `plug` and `unplug` tell the watchers, as Qt does; `broken` ids are listed and cannot be opened."""

    def __init__(self, *devices: Device) -> None:
        self.there = list(devices)
        self.broken: set[str] = set()
        self.streams: list[FakeStream] = []
        self.watchers: list[Callable[[], None]] = []

    def devices(self) -> list[Device]:
        return list(self.there)

    def open_speaker(self, speaker_id: str | None, source: SampleSource, problem: Callable[[str], None]) -> FakeStream | None:
        return self._open("speaker", speaker_id, source, problem)

    def open_microphone(self, microphone_id: str | None, sink: SampleSink, problem: Callable[[str], None]) -> FakeStream | None:
        return self._open("microphone", microphone_id, sink, problem)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        self.watchers.append(changed)
        return lambda: self.watchers.remove(changed)

    def _open(self, kind: str, device_id: str | None, end: SampleSink | SampleSource, problem: Callable[[str], None]) -> FakeStream | None:
        if device_id in self.broken or not any(one.id == device_id and one.kind == kind for one in self.there):
            problem(f"device.no_{kind}")
            return None
        self.streams.append(FakeStream(self, str(device_id), end, problem))
        return self.streams[-1]

    # what a test does and sees
    def plug(self, device: Device) -> None:
        self.there.append(device)
        self._tell()

    def unplug(self, device: Device) -> None:
        self.there.remove(device)
        self._tell()

    def _tell(self) -> None:
        for changed in tuple(self.watchers):
            changed()

    def running(self) -> set[str]:
        """The ids of what runs now."""
        return {stream.device_id for stream in self.streams if not stream.is_closed}


class FakeCameras:
    """Cameras by id; each gives even grey pictures until it is lost."""

    def __init__(self, *devices: Device) -> None:
        self.there = list(devices)
        self.sources: list[FakeSource] = []
        self.grey = 120

    def find(self) -> list[Device]:
        return list(self.there)

    def open(self, camera_id: str | None) -> FakeSource | None:
        if not any(one.id == camera_id for one in self.there):
            return None
        self.sources.append(FakeSource(self, str(camera_id)))
        return self.sources[-1]

    def unplug(self, device: Device) -> None:
        self.there.remove(device)
        for source in self.sources:
            if source.camera_id == device.id:
                source.lost.set()


class FakeSource:
    def __init__(self, cameras: FakeCameras, camera_id: str) -> None:
        self.cameras, self.camera_id = cameras, camera_id
        self.lost, self.is_closed = threading.Event(), False

    def read(self) -> np.ndarray | None:
        if self.lost.wait(0.01):
            return None
        picture = np.full((36, 64, 3), self.cameras.grey, np.uint8)
        picture[:18] //= 2
        return picture

    def close(self) -> None:
        self.is_closed = True
