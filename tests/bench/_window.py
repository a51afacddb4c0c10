"""The desktop's own video view in a window, with the media engine in its thread, as the desktop has them: what is painted, and when.

Needs a display or QT_QPA_PLATFORM=offscreen (set here when there is none).
"""

import asyncio
import json
import os
import threading
import time
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np

if not os.environ.get("DISPLAY") and not os.environ.get("WAYLAND_DISPLAY"):
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from playwright.async_api import Page
from PySide6.QtCore import QTimer
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QApplication

from tests.unit.media.fakes import Listener
from videodesk.calls.ports import LocalMedia
from videodesk.desktop.engine import Engine
from videodesk.desktop.views.call_video import VideoView
from videodesk.media.engine import AiortcEngine
from videodesk.media.peer import AiortcPeer
from videodesk.media.synthetic import read_frame_number
from videodesk.protocol.messages import IceCandidate, SessionDescription


class MeasuredView(VideoView):
    """Notes the wall clock when a picture was painted, and reads its number later."""

    def __init__(self) -> None:
        super().__init__("call.video")
        self.resize(960, 540)
        self.reads_numbers = False
        self.painted: dict[int, float] = {}
        self.first_at: float | None = None
        self.count = 0
        self._last = -1

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        at = time.time()
        picture = self.shown
        if picture is None or picture.seq == self._last:
            return
        self._last = picture.seq
        self.count += 1
        if self.first_at is None:
            self.first_at = at
        if self.reads_numbers:
            strip = np.frombuffer(picture.buffer, np.uint8).reshape(-1, picture.stride_bytes)[:picture.height_px, :picture.width_px * 4]
            number = read_frame_number(strip.reshape(picture.height_px, picture.width_px, 4)[:, :, 1])
            if number is not None:
                self.painted.setdefault(number, at)


class Desk:
    """A Qt application with a view, an engine thread, and peers that feed the view. `run` does asynchronous work beside Qt's loop."""

    def __init__(self, *, is_synthetic: bool = True) -> None:
        existing = QApplication.instance()
        self.app = existing if isinstance(existing, QApplication) else QApplication([])
        self.view = MeasuredView()
        self.view.show()
        self.engine = Engine()
        self.engine.start()
        self.media = AiortcEngine(is_synthetic=is_synthetic)
        self.listener = Listener()

    def run(self, work: Callable[[], Awaitable[Any]]) -> Any:
        """Run `work` in a loop of its own thread (Playwright's) while Qt's loop runs here; gives its result."""
        outcome: dict[str, Any] = {}

        def body() -> None:
            try:
                outcome["value"] = asyncio.run(work())  # type: ignore[arg-type]
            except BaseException as problem:
                outcome["problem"] = problem
            finally:
                QTimer.singleShot(0, self.app, self.app.quit)

        thread = threading.Thread(target=body, name="bench")
        thread.start()
        self.app.exec()
        thread.join()
        if "problem" in outcome:
            raise outcome["problem"]
        return outcome["value"]

    def close(self) -> None:
        self.view.close()
        self.engine.stop()

    async def in_engine(self, work: Callable[[], Awaitable[Any]]) -> Any:
        return await asyncio.wrap_future(self.engine.submit(work))

    async def make_peer(self) -> AiortcPeer:
        self.listener = Listener()

        async def make() -> AiortcPeer:
            return self.media.connect([], LocalMedia(), self.listener)

        peer = await self.in_engine(make)
        QTimer.singleShot(0, self.app, lambda: self.view.set_slot(peer.remote_pictures))
        return peer

    async def close_peer(self, peer: AiortcPeer) -> None:
        QTimer.singleShot(0, self.app, self.view.forget)
        await self.in_engine(peer.close)

    async def connect(self, page: Page, holder: dict[str, AiortcPeer]) -> None:
        """`page` calls the peer in `holder`, with trickled candidates."""
        peer = holder["peer"]
        sdp = await page.evaluate("call(c => toDesk(c))")
        await self.in_engine(lambda: peer.take_description(SessionDescription(type="offer", sdp=sdp)))
        await page.evaluate("sdp => pc.setRemoteDescription({type: 'answer', sdp})", self.listener.descriptions[-1].sdp)

    async def expose(self, page: Page, holder: dict[str, AiortcPeer]) -> None:
        async def to_desk(text: str) -> None:
            peer = holder["peer"]
            await self.in_engine(lambda: peer.take_candidate(IceCandidate(**json.loads(text))))

        await page.expose_function("toDesk", to_desk)
