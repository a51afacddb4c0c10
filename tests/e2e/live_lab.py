"""A call between the customer's real page, in Chromium, and our own media peer, over a real service: for what is drawn live."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Self, TypeVar

import numpy as np
from PIL import Image
from playwright.async_api import async_playwright

from tests.join.live_lab import middle_of
from tests.service.conftest import LiveService
from tests.unit.media.fakes import NOTHING, Listener, synthetic_engine, until
from videodesk.calls.live_ports import WatchedFrame
from videodesk.client.channel import Channel
from videodesk.core.clock import SystemClock
from videodesk.protocol import messages as m
from videodesk.protocol.live import LiveHold, LiveMark, LiveMarks, LiveMessage, LiveMoved, LiveSeen
from videodesk.protocol.messages import IceCandidate, SessionDescription

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required",
]


Find = Callable[[WatchedFrame], list[tuple[float, float]] | None]
SETTLING_S = 90.0
Sample = TypeVar("Sample")


async def settled(look: Callable[[], Awaitable[Sample | None]], count: int, holds: Callable[[list[Sample]], bool]) -> list[Sample]:
    """The first `count` samples in a row of which `holds` is true; the last ones when it never is.

    A browser that was starved while its camera began reckons the moments of its pictures anew, over some hundred of them.
    """
    samples: list[Sample] = []
    clock = SystemClock()
    end_s = clock.monotonic() + SETTLING_S
    while len(samples) < count or (not holds(samples[-count:]) and clock.monotonic() < end_s):
        sample = await look()
        if sample is not None:
            samples.append(sample)
    return samples[-count:]


class Media(Listener):
    """Passes on what our peer finds after its answer."""

    def __init__(self, call: LiveCall) -> None:
        super().__init__()
        self.call = call

    def candidate_found(self, candidate: IceCandidate) -> None:
        super().candidate_found(candidate)
        self.call.signal(candidate=candidate)


class LiveCall:
    """`async with LiveCall(folder, camera_file)`: connected, with the channel open. `say`, `watched`, `heard` are the desk's; `page` the customer's."""

    def __init__(self, folder: Path, camera: Path, *, width_px: int = 390, height_px: int = 844, script: str = "") -> None:
        self.folder, self.camera, self.script = folder, camera, script
        self.size = {"width": width_px, "height": height_px}
        self.heard: list[LiveMessage] = []
        self.watched: list[WatchedFrame] = []
        self.seq = 0
        self.offers: list[SessionDescription] = []
        self.media = Media(self)
        self.peer: Any = None
        self.ready: m.CallReady | None = None
        self.calls: dict[str, m.CallView] = {}
        self._following: tuple[str, Find | None] = ("", None)
        self._work: set[asyncio.Task[Any]] = set()

    # ── what the channels tell ────────────────────────────────────────────────────────────────────────────────────

    def live_changed(self, is_open: bool) -> None:
        """See LiveListener."""

    def live_said(self, message: LiveMessage) -> None:
        """See LiveListener."""
        self.heard.append(message)

    def channel_changed(self, state: object, why: object) -> None:
        """See ChannelListener."""

    def message_received(self, message: Any) -> None:
        """See ChannelListener: the call's way, as the desktop goes it."""
        match message:
            case m.Welcome():
                self.calls |= {call.id: call for call in message.calls}
            case m.CallChanged():
                self.calls[message.call.id] = message.call
            case m.CallReady():
                self.ready = message
                self.peer = synthetic_engine().connect([], NOTHING, self.media)
                self.peer.live.listen(self)
                self.peer.watch(self._watch)
            case m.Signaled(description=SessionDescription() as offer):
                self._later(self._answer(offer))
            case m.Signaled(candidate=IceCandidate() as candidate):
                self._later(self.peer.take_candidate(candidate))

    def _watch(self, frame: WatchedFrame) -> None:
        self.watched.append(frame)
        name, find = self._following
        places = find(frame) if find is not None else None
        if places is not None:
            self.say(moved=(LiveMoved(id=name, points=places, hold=LiveHold.FOLLOWING),), frame_ms=frame.captured_ms)

    def _later(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._work.add(task)
        task.add_done_callback(self._work.discard)

    async def _answer(self, offer: SessionDescription) -> None:
        await self.peer.take_description(offer)
        self.signal(description=self.media.descriptions[-1])

    def signal(self, **step: Any) -> None:
        """Tell the page."""
        assert self.ready is not None
        self.channel.send(m.Signal(call_id=self.ready.call.id, epoch=self.ready.call.epoch, **step))

    # ── begin and end ─────────────────────────────────────────────────────────────────────────────────────────────

    async def __aenter__(self) -> Self:
        self.service = await asyncio.to_thread(LiveService, self.folder)
        self.http = await asyncio.to_thread(self.service.sign_in, "anna")
        self.channel = Channel(self.service.url, self)
        self.channel.start(self.http.headers["Authorization"].removeprefix("Bearer "))
        self.playwright = await async_playwright().start()
        self.browser = await self.playwright.chromium.launch(
            executable_path=str(CHROMIUM), headless=False, args=[*FLAGS, f"--use-file-for-fake-video-capture={self.camera}"])
        context = await self.browser.new_context(viewport=self.size, locale="nl-NL", reduced_motion="reduce")
        if self.script:
            await context.add_init_script(self.script)
        self.page = await context.new_page()
        await self._come_in()
        return self

    async def _come_in(self) -> None:
        case = await self._post("/cases", {"kind": "parcel", "parties": [{"role": "customer", "name": "Karin"}]})
        made = await self._post(f"/cases/{case['id']}/invitations", {})
        await self.page.goto(f"{self.service.url}/join#{made['join_link'].partition('#')[2]}")
        for name in ("start", "consent-all", "ready"):
            await self.page.click(f"[data-name={name}]:visible:not([disabled])")
        await until(lambda: [call for call in self.calls.values() if call.state == "waiting"], "somebody who waits")
        await self._post(f"/calls/{next(iter(self.calls))}/accept", None)
        await until(lambda: self.peer is not None and self.peer.live.is_open, "the line for drawing")
        await until(lambda: self.watched and self.watched[-1].captured_ms is not None, "frames with the page's time")

    async def _post(self, path: str, body: object) -> Any:
        answer = await asyncio.to_thread(lambda: self.http.post(path, json=body))
        assert answer.status_code < 300, answer.text
        return answer.json()

    async def __aexit__(self, *_: object) -> None:
        await self.browser.close()
        await self.playwright.stop()
        await self.channel.stop()
        if self.peer is not None:
            await self.peer.close()
        await asyncio.gather(*self._work)
        self.http.close()
        await asyncio.to_thread(self.service.close)

    # ── drawing and looking ───────────────────────────────────────────────────────────────────────────────────────

    def say(self, *put: LiveMark, moved: tuple[LiveMoved, ...] = (), frame_ms: float | None = None) -> int:
        """One message of changes; its seq."""
        self.seq += 1
        self.peer.live.say(LiveMarks(seq=self.seq, put=list(put), moved=list(moved), frame_ms=frame_ms))
        return self.seq

    def follow(self, mark_id: str, find: Find) -> None:
        """Say from now on where this mark is in every frame, as `find` tells it."""
        self._following = (mark_id, find)

    async def frames(self, count: int) -> None:
        """So many more came."""
        aim = len(self.watched) + count
        await until(lambda: len(self.watched) >= aim, "frames")

    async def draw(self, *put: LiveMark) -> None:
        """Comes back when the page has them on its screen."""
        seq = self.say(*put)
        await until(lambda: any(isinstance(one, LiveSeen) and one.seq >= seq for one in self.heard), "the page to have painted")

    async def screen(self) -> np.ndarray:
        """What the customer sees: RGB (height, width, 3)."""
        return np.asarray(Image.open(io.BytesIO(await self.page.screenshot())).convert("RGB")).astype(int)

    async def screen_together(self) -> np.ndarray | None:
        """What the customer sees while marks lie on the picture they were found in; None while places come too late for that and marks are pale."""
        is_together = "() => document.querySelector('.live-delayed').hidden === false"
        if not await self.page.evaluate(is_together):
            return None
        screen = await self.screen()
        return screen if await self.page.evaluate(is_together) else None

    async def ring_and_disc(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Where the magenta ring and the green disc are on the screen, px; None when one is not there, or marks are pale."""
        screen = await self.screen_together()
        if screen is None:
            return None
        ring, disc = (middle_of(screen, (195, 422), 200, colour) for colour in ("magenta", "green"))
        return None if ring is None or disc is None else (ring, disc)

    async def delayed_picture(self) -> tuple[float, np.ndarray] | None:
        """The own picture that is shown while marks follow, with the moment of its capture, ms since 1970; None while the video itself is shown."""
        found = await self.page.evaluate("""() => { const canvas = document.querySelector('.live-delayed');
          return canvas.hidden ? null : [Number(canvas.dataset.at), canvas.toDataURL('image/png')]; }""")
        if found is None:
            return None
        image = Image.open(io.BytesIO(base64.b64decode(found[1].partition(",")[2]))).convert("RGB")
        return found[0], np.asarray(image)


def grey(frame: WatchedFrame) -> np.ndarray:
    """A watched frame as (height, width) uint8."""
    luma = frame.luma
    return np.frombuffer(luma.buffer, np.uint8).reshape(-1, luma.stride_bytes)[:luma.height_px, :luma.width_px]
