"""pointer: `seen_ms`, from the hand's move on the desk to the desk's knowing that the customer's page has painted it; floor: the bare channel.

The customer's real page, in Chromium, in a call with our peer over a real service; a pointer that is moved ten times a second through the
desktop's own drawing. The page answers after two animation frames, so that the time contains its painting and the way back. The floor
is an echo over a second connection between the same browser and a second peer, in turn with ours: the same way, without drawing.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.bench._chromium import Report, figure, ratio
from tests.e2e.live_lab import LiveCall
from tests.unit.media.fakes import NOTHING, Listener, synthetic_engine, until
from videodesk.calls.live import LiveDrawing
from videodesk.media.peer import AiortcPeer
from videodesk.media.synthetic import write_camera_file
from videodesk.protocol.live import LIVE_LABEL, LiveMarks, LiveSeen, LiveShape
from videodesk.protocol.messages import SessionDescription

ROUNDS = 150
PAUSE_S = 0.1
_ECHO = """async (label) => {
  const pc = window.echo = new RTCPeerConnection({iceServers: []});
  const channel = pc.createDataChannel(label);
  channel.onmessage = ({data}) => channel.send(JSON.stringify({type: 'live.seen', seq: JSON.parse(data).seq}));
  await pc.setLocalDescription();
  await new Promise((done) => { pc.onicecandidate = ({candidate}) => candidate ?? done(); });
  return pc.localDescription.sdp;
}"""


class Echo:
    """A peer of ours whose page only answers."""

    def __init__(self) -> None:
        self.listener = Listener()
        self.peer: AiortcPeer = synthetic_engine().connect([], NOTHING, self.listener)
        self.peer.live.listen(self)
        self.heard: list[tuple[int, float]] = []

    async def connect(self, page: Any) -> None:
        """`page` makes its channel."""
        await self.peer.take_description(SessionDescription(type="offer", sdp=await page.evaluate(_ECHO, LIVE_LABEL)))
        await page.evaluate("sdp => echo.setRemoteDescription({type: 'answer', sdp})", self.listener.descriptions[-1].sdp)
        await until(lambda: self.peer.live.is_open, "the bare channel")

    def live_changed(self, *, is_open: bool) -> None:
        """See LiveListener."""

    def live_said(self, message: Any) -> None:
        """See LiveListener."""
        if isinstance(message, LiveSeen):
            self.heard.append((message.seq, time.perf_counter()))


class Hearing(Echo):
    """The same for the call's own line, beside its lab."""

    def __init__(self, call: LiveCall) -> None:
        self.peer, self.heard = call.peer, []
        call.peer.live.listen(self)


async def _round_trip(line: Echo, message: LiveMarks, begun: float) -> float:
    line.peer.live.say(message)
    await until(lambda: any(seq >= message.seq for seq, _ in line.heard), "an answer")
    return (next(at for seq, at in line.heard if seq >= message.seq) - begun) * 1000


async def _measure() -> tuple[list[float], list[float]]:
    with tempfile.TemporaryDirectory() as folder:
        camera = write_camera_file(Path(folder) / "camera.mjpeg", frames=300)
        async with LiveCall(Path(folder) / "desk", camera) as call:
            ours, floor = Hearing(call), Echo()
            await floor.connect(call.page)
            drawing = LiveDrawing()
            begun = time.perf_counter()
            pointer = drawing.begin(LiveShape.POINTER, (0.2, 0.5), begun, colour="#e5352b", width=0.006, fades=True)
            assert pointer is not None
            seen, bare = [], []
            for round_ in range(ROUNDS + 10):
                await asyncio.sleep(PAUSE_S / 2)
                begun = time.perf_counter()
                drawing.draw(pointer, (0.2 + 0.6 * round_ / ROUNDS % 0.6, 0.5), begun)
                message = drawing.batch(begun)
                assert message is not None
                seen.append(await _round_trip(ours, message, begun))
                await asyncio.sleep(PAUSE_S / 2)
                begun = time.perf_counter()
                bare.append(await _round_trip(floor, LiveMarks(seq=round_ + 1, put=message.put), begun))
            await floor.peer.close()
            return seen[10:], bare[10:]


def run() -> Report:
    ours, floor = asyncio.run(_measure())
    result: dict[str, Any] = {"unit": "ms", "ours": figure(ours), "floor": figure(floor)}
    result["ratio"] = ratio(result["ours"], result["floor"])
    return {"name": "pointer", "figures": {"seen_ms": result}}
