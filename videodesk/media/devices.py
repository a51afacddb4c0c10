"""Cameras: which there are, and one running in its own thread. Microphones and speakers come through the SoundDevices port.

A camera is read with OpenCV (V4L2, Media Foundation, AVFoundation; PyAV's wheels have no V4L2): it works without a GUI thread.
"""

from __future__ import annotations

import asyncio
import contextlib
import platform
import threading
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Final, Protocol

import av
import cv2
import numpy as np
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from numpy.typing import NDArray

from videodesk.calls.ports import Device
from videodesk.core.clock import Clock
from videodesk.media.decoding import DecodedFrame
from videodesk.media.frames import FrameSlot, from_bgr
from videodesk.media.synthetic import DrawnCamera
from videodesk.media.yielding import FULL, STEPS

SYNTHETIC_CAMERA: Final = "synthetic"
WIDTH_PX, HEIGHT_PX, FPS = 640, 360, 15
"""What the agent sends: a face beside the call needs no more, and the customer's picture has the machine's power."""


class CameraSource(Protocol):
    """Something that gives pictures at its own pace."""

    def read(self) -> NDArray[np.uint8] | None:
        """The next picture (BGR); waits for it. None when the camera is lost. Camera thread."""
        ...

    def close(self) -> None:
        """Let go."""
        ...


class DrawnSource:
    """The drawn camera as a source, at FPS."""

    def __init__(self, clock: Clock, scene: str = "portrait") -> None:
        self._camera = DrawnCamera(WIDTH_PX, HEIGHT_PX, scene=scene)
        self._clock = clock
        self._start_s = clock.monotonic()
        self._number = 0
        self._closed = threading.Event()

    def read(self) -> NDArray[np.uint8] | None:
        self._number += 1
        wait_s = self._start_s + self._number / FPS - self._clock.monotonic()
        if wait_s > 0:
            self._closed.wait(wait_s)
        return self._camera.draw(self._number)

    def close(self) -> None:
        self._closed.set()


class CaptureSource:
    """A real camera."""

    def __init__(self, camera_id: str) -> None:
        self._capture = cv2.VideoCapture(int(camera_id) if camera_id.isdigit() else camera_id)
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, WIDTH_PX)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, HEIGHT_PX)
        self._capture.set(cv2.CAP_PROP_FPS, FPS)

    @property
    def is_open(self) -> bool:
        """Whether the camera could be opened."""
        return bool(self._capture.isOpened())

    def read(self) -> NDArray[np.uint8] | None:
        is_read, image = self._capture.read()
        return image.astype(np.uint8, copy=False) if is_read and image is not None else None

    def close(self) -> None:
        self._capture.release()


def cameras() -> list[Device]:
    """The cameras of this machine. On Linux from sysfs; elsewhere the first that opens, since OpenCV cannot list."""
    if platform.system() == "Linux":
        found: list[Device] = []
        for entry in sorted(Path("/sys/class/video4linux").glob("video*")):
            with contextlib.suppress(OSError):
                if (entry / "index").read_text().strip() == "0":  # the others are metadata nodes of the same camera
                    found.append(Device(id=f"/dev/{entry.name}", label=(entry / "name").read_text().strip(), kind="camera",
                                        is_default=not found))
        return found
    return [Device(id="0", label="Camera", kind="camera", is_default=True)]


def open_camera(camera_id: str | None, clock: Clock, *, is_synthetic: bool) -> CameraSource | None:
    """This camera; None when it does not open (gone, or another program has it). May take a second: camera thread."""
    if is_synthetic or camera_id == SYNTHETIC_CAMERA:
        return DrawnSource(clock)
    if camera_id is None:
        return None
    source = CaptureSource(camera_id)
    if source.is_open:
        return source
    source.close()
    return None


class CameraThread:
    """Runs a camera: pictures go to the self-view's slot and to `listeners` (called in the camera's thread). Never raises.

    `problem` gets `device.no_camera` or `device.camera_lost`, in the camera's thread.
    """

    def __init__(self, open_source: Callable[[], CameraSource | None], clock: Clock, problem: Callable[[str], None]) -> None:
        self.slot = FrameSlot(clock)
        self.is_on = True
        self._open_source = open_source
        self._clock = clock
        self._problem = problem
        self._stop = threading.Event()
        self.listener: Callable[[av.VideoFrame], None] | None = None
        self._thread = threading.Thread(target=self._run, name="camera", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End it; waits briefly for the camera to let go."""
        self._stop.set()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=0.2)

    def _run(self) -> None:
        source = self._open_source()
        if source is None:
            self._problem("device.no_camera")
            return
        seq = 0
        try:
            while not self._stop.is_set():
                image = source.read()
                if image is None:
                    self._problem("device.camera_lost")
                    return
                if not self.is_on:
                    continue
                frame = from_bgr(image)
                now_s = self._clock.monotonic()
                self.slot.put(DecodedFrame(picture=frame, seq=seq, rtp_time=int(now_s * 90000) & 0xFFFFFFFF, received_at_s=now_s,
                                           is_evidence_grade=False, codec="camera"))
                seq += 1
                if self.listener is not None:
                    self.listener(frame)
        finally:
            source.close()


class CameraTrack(MediaStreamTrack):
    """The outgoing picture: the newest camera frame when aiortc asks for one, no more of them than `limit` allows.

    `put` may be called in any thread; the rest is the loop's.
    """

    kind = "video"

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._wakes: asyncio.AbstractEventLoop = asyncio.get_running_loop()
        self._frame: av.VideoFrame | None = None
        self._fresh = asyncio.Event()
        self._start_s: float | None = None
        self._next_s = 0.0
        self.is_on = True
        self.limit = STEPS[FULL]

    def put(self, frame: av.VideoFrame) -> None:
        """A camera frame; replaces one that was not sent yet."""
        now_s = self._clock.monotonic()
        if not self.is_on or self.limit.bps == 0 or now_s < self._next_s:
            return
        self._next_s = now_s + 1 / self.limit.fps if self.limit.fps else 0.0
        self._frame = frame
        with contextlib.suppress(RuntimeError):  # the loop is closed: the program ends
            self._wakes.call_soon_threadsafe(self._fresh.set)

    def close(self) -> None:
        """End it, also when somebody waits for a frame. Loop."""
        self.stop()
        self._fresh.set()

    async def recv(self) -> av.VideoFrame:
        """The newest frame not sent yet; waits for one."""
        while True:
            if self.readyState != "live":
                raise MediaStreamError
            await self._fresh.wait()
            if self.readyState == "live":
                self._fresh.clear()
            frame, self._frame = self._frame, None
            if frame is None:
                continue
            now_s = self._clock.monotonic()
            if self._start_s is None:
                self._start_s = now_s
            frame.pts = round((now_s - self._start_s) * 90000)
            frame.time_base = Fraction(1, 90000)
            return frame
