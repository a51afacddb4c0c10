"""receive: `cpu`, CPU seconds per second of a 720p30 call up to the painted picture (media engine and window, one process).

Floor: the same coded frames decoded by av alone. Peer: Chromium receiving the same camera (all processes of its browser).
"""

import asyncio
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import av
import psutil
from playwright.async_api import async_playwright

from tests.bench._chromium import FRAMES, BareCall, Report, chromium_cpu_s, family, figure, launch, open_page, ratio
from tests.bench._window import Desk
from videodesk.media.decoding import DECODERS
from videodesk.media.jitter import EncodedFrame
from videodesk.media.synthetic import write_camera_file

SLICES = 8
SLICE_S = 2.0
SETTLE_S = 4.0
Coded = list[tuple[str, EncodedFrame]]


def run() -> Report:
    desk = Desk(is_synthetic=False)  # no camera of our own: what is measured is receiving

    async def measure() -> tuple[list[float], Coded, list[float]]:
        with tempfile.TemporaryDirectory() as folder:
            camera = write_camera_file(Path(folder) / "camera.mjpeg", frames=FRAMES // 2, is_handheld=True)
            async with async_playwright() as playwright:
                ours, coded = await _ours(desk, playwright, camera)
                return ours, coded, await _chromium(playwright, camera)

    ours, coded, peer = desk.run(measure)
    desk.close()
    result = {"unit": "s/s", "ours": figure(ours), "floor": figure(decode_alone(coded)), "peer": figure(peer)}
    result["ratio"] = ratio(result["ours"], result["floor"])
    return {"name": "receive", "figures": {"cpu": result}}


def decode_alone(coded: Coded) -> list[float]:
    """CPU seconds per second of the stream, a figure a slice of it."""
    decoder: Any = av.CodecContext.create(DECODERS[coded[0][0]], "r")
    decoder.thread_count = 1
    out = []
    per_slice = max(1, len(coded) // SLICES)
    for at in range(0, per_slice * SLICES, per_slice):
        part = coded[at:at + per_slice]
        start = time.process_time()
        for _, frame in part:
            decoder.decode(av.Packet(frame.data))
        spent = time.process_time() - start
        out.append(spent / (len(part) / 30))
    return out


async def _ours(desk: Desk, playwright: Any, camera: Path) -> tuple[list[float], Coded]:
    browser = await launch(playwright, camera)
    page = await open_page(browser)
    peer = await desk.make_peer()
    holder = {"peer": peer}
    await desk.expose(page, holder)
    coded: Coded = []
    await desk.connect(page, holder)
    receiver = next(r for r in peer._connection.desk_receivers if r._kind == "video")
    while receiver._decoding is None:
        await asyncio.sleep(0.001)
    put = receiver._decoding.put

    def keep(codec: str, frame: EncodedFrame) -> bool:
        coded.append((codec, frame))
        return put(codec, frame)

    receiver._decoding.put = keep
    await asyncio.sleep(SETTLE_S)
    out = []
    me = psutil.Process(os.getpid())
    for _ in range(SLICES):
        before, frames, start = sum(me.cpu_times()[:2]), desk.view.count, time.monotonic()
        await asyncio.sleep(SLICE_S)
        span = time.monotonic() - start
        out.append((sum(me.cpu_times()[:2]) - before) / span)
        assert (desk.view.count - frames) / span > 24, "not 30 frames a second: the machine is too busy for this figure"
    await desk.close_peer(peer)
    await browser.close()
    # from a keyframe on
    first = next(at for at, (_, frame) in enumerate(coded) if frame.is_key)
    return out, coded[first:]


async def _chromium(playwright: Any, camera: Path) -> list[float]:
    mine = {process.pid for process in psutil.Process().children(recursive=True)}
    sending = await launch(playwright, camera)
    others = {process.pid for process in psutil.Process().children(recursive=True)}
    receiving = await launch(playwright, camera)
    roots = [process for process in psutil.Process().children(recursive=True)
             if process.pid not in mine | others and "chrom" in process.name()]
    call = BareCall(await open_page(sending), await open_page(receiving))
    await call.prepare()
    await call.connect(is_watching=False)
    await asyncio.sleep(SETTLE_S)
    pids = sorted({pid for root in roots for pid in family(root)})
    out = []
    for _ in range(SLICES):
        before, start = chromium_cpu_s(pids), time.monotonic()
        await asyncio.sleep(SLICE_S)
        out.append((chromium_cpu_s(pids) - before) / (time.monotonic() - start))
    await receiving.close()
    await sending.close()
    return out
