"""soak: what thousands of calls, and a long one, leave behind: memory, threads, tasks, descriptors. Both ends are in this process.

`calls`: one after another, each up to its tenth picture and its first sound, then closed (`--calls 2000`). `long`: one call of
`--minutes 30`. The figures are growth: from a tenth of the way to the end, per 1,000 calls or per hour; the floor is an empty loop's
(none). Slow: not part of the test command.
"""

import argparse
import asyncio
import contextlib
import gc
import os
import sys
import threading
import time
from dataclasses import dataclass

import psutil
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack

from tests.bench._chromium import Report, figure
from tests.unit.media.fakes import NOTHING, Customer, Listener, camera_track, sound_track, synthetic_engine, until
from videodesk.media.frames import from_bgr
from videodesk.media.peer import AiortcPeer
from videodesk.media.synthetic import DrawnCamera


@dataclass(frozen=True)
class Left:
    """What this process holds."""

    rss_mb: float
    threads: int
    tasks: int
    descriptors: int
    peers: int

    def row(self) -> str:
        return f"{self.rss_mb:7.1f} MB, {self.threads} threads, {self.tasks} tasks, {self.descriptors} descriptors, {self.peers} peers"


def held() -> Left:
    gc.collect()
    me = psutil.Process(os.getpid())
    return Left(me.memory_info().rss / 1e6, threading.active_count(), len(asyncio.all_tasks()), me.num_fds(),
                sum(isinstance(one, AiortcPeer) for one in gc.get_objects()))


def run() -> Report:
    parser = argparse.ArgumentParser(prog="python -m tests.bench soak")
    parser.add_argument("--calls", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=30.0)
    given = parser.parse_args()
    return asyncio.run(_measure(given.calls, given.minutes))


async def _measure(calls: int, minutes: float) -> Report:
    figures = {}
    if calls:
        marks = []
        for number in range(calls + 1):
            if number % max(1, calls // 10) == 0:
                await asyncio.sleep(1.0)  # threads of closed devices end by themselves
                marks.append(held())
                print(f"{number:>6} calls: {marks[-1].row()}", file=sys.stderr, flush=True)
            if number < calls:
                await _call(0.0)
        figures |= _growth("calls", marks, calls * 0.9 / 1000, "per 1,000 calls")
    if minutes:
        marks = []
        begun_s = time.monotonic()

        def look() -> None:
            marks.append(held())
            print(f"{(time.monotonic() - begun_s) / 60:6.1f} min: {marks[-1].row()}", file=sys.stderr, flush=True)

        await _call(minutes * 60, look, every_s=minutes * 6)
        figures |= _growth("long", marks, minutes * 0.9 / 60, "per hour")
    return {"name": "soak", "figures": figures}


def _growth(name: str, marks: list[Left], span: float, unit: str) -> dict[str, dict[str, object]]:
    first, last = marks[1], marks[-1]
    return {f"{name} {what}": {"unit": f"{of} {unit}", "ours": figure([(getattr(last, key) - getattr(first, key)) / span])}
            for what, key, of in (("memory", "rss_mb", "MB"), ("threads", "threads", ""), ("tasks", "tasks", ""), ("descriptors", "descriptors", ""))}


async def _call(seconds: float, look: object = None, every_s: float = 60.0) -> None:
    listener = Listener()
    peer = synthetic_engine().connect([], NOTHING, listener)
    track = camera_track()
    customer = Customer(track, sound_track())
    camera, number = DrawnCamera(320, 180), 0
    readers: list[asyncio.Task[None]] = []

    @customer.connection.on("track")
    def take(received: MediaStreamTrack) -> None:
        readers.append(asyncio.ensure_future(_read(received)))

    await customer.call(peer, listener)

    async def film() -> None:
        nonlocal number
        while True:
            number += 1
            track.put(from_bgr(camera.draw(number)))
            await asyncio.sleep(1 / 30)

    filming = asyncio.create_task(film())
    await until(lambda: peer.inbox.video.frames >= 10 and peer.inbox.audio.frames > 0, "ten pictures and sound")
    begun_s = due_s = time.monotonic()
    while time.monotonic() - begun_s < seconds + 0.001:
        if callable(look) and time.monotonic() >= due_s:
            due_s += every_s
            look()
        peer.playout.read(480)
        listener.levels.clear()
        listener.qualities.clear()
        await asyncio.sleep(0.01)
        if not seconds:
            break
    if callable(look):
        look()
    filming.cancel()
    await peer.close()
    await customer.close()
    await asyncio.gather(filming, *readers, return_exceptions=True)


async def _read(track: MediaStreamTrack) -> None:
    """A stock track that nobody reads keeps all its frames."""
    with contextlib.suppress(MediaStreamError):
        while True:
            await track.recv()
