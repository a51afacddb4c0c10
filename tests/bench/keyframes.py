"""keyframes: what keyframes at an interval cost of a call's bits and sharpness: a real Chromium, its rate held, a handheld 720p camera.

For each codec, rate and interval: bits that keyframes take, bitrate, luma PSNR and SSIM of the decoded frames against the camera's own
(median and worst 5 %), their Tenengrad as a share of the camera's, frames a second, the longest pause. `--table` prints it all; the
report has the PSNR (`psnr <codec> <kbit/s> <interval>`).
"""

import argparse
import asyncio
import json
import statistics
import sys
import tempfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import av
import cv2
import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Page, async_playwright

from tests.bench._chromium import Report, figure, launch, open_page
from tests.bench._lines import ssim
from tests.unit.media.fakes import Listener
from videodesk.calls.ports import LocalMedia
from videodesk.media.decoding import DECODERS
from videodesk.media.engine import AiortcEngine
from videodesk.media.keyframes import KeyframePace
from videodesk.media.synthetic import DrawnCamera, read_frame_number, write_camera_file
from videodesk.media.tap import VideoUnit
from videodesk.protocol.messages import IceCandidate, SessionDescription

INTERVALS: Final[tuple[float | None, ...]] = (1.0, 1.5, 2.0, 3.0, 5.0, None)
RATES_KBPS: Final = (2500, 1000, 400)
CODECS: Final = ("H264", "VP8")
CAMERA_FRAMES: Final = 300
SETTLE_S: Final = 4.0
RUN_S: Final = 12.0
EVERY: Final = 4  # frames that are compared: each fourth

Gray = NDArray[np.uint8]

CALL = """async ([codec, kbps]) => {
  const pc = window.pc = new RTCPeerConnection({iceServers: []});
  pc.onicecandidate = e => toDesk(JSON.stringify(e.candidate ? e.candidate.toJSON() : {candidate: ''}));
  const track = (await openCamera(false)).getVideoTracks()[0];
  const sender = pc.addTrack(track, window.stream);
  const wanted = RTCRtpReceiver.getCapabilities('video').codecs.filter(c => c.mimeType === 'video/' + codec || c.mimeType === 'video/rtx');
  pc.getTransceivers()[0].setCodecPreferences(wanted);
  const parameters = sender.getParameters();
  parameters.degradationPreference = 'maintain-resolution';
  parameters.encodings[0].maxBitrate = kbps * 1000;
  await sender.setParameters(parameters);
  await pc.setLocalDescription();
  return pc.localDescription.sdp;
}"""


@dataclass(frozen=True)
class Outcome:
    """A run's figures."""

    codec: str
    kbps: int
    interval_s: float | None
    keys: int
    key_share: float
    rate_kbps: float
    fps: float
    longest_s: float
    psnr: tuple[float, float]
    ssim: tuple[float, float]
    tenengrad: tuple[float, float]

    @property
    def name(self) -> str:
        return f"{self.codec} {self.kbps} {'none' if self.interval_s is None else f'{self.interval_s:g} s'}"

    def row(self) -> str:
        return (f"{self.name:<16} keys {self.keys:>3} taking {self.key_share:>5.1%} of {self.rate_kbps:>6.0f} kbit/s, {self.fps:>4.1f} fps, longest pause "
                f"{self.longest_s * 1000:>4.0f} ms; PSNR {self.psnr[0]:.2f} (worst 5 % {self.psnr[1]:.2f}) dB; SSIM {self.ssim[0]:.4f} ({self.ssim[1]:.4f}); "
                f"Tenengrad {self.tenengrad[0]:.3f} ({self.tenengrad[1]:.3f})")


def run() -> Report:
    parser = argparse.ArgumentParser()
    parser.add_argument("--table", action="store_true", help="print each run's line to standard error")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--codecs", nargs="+", default=CODECS)
    parser.add_argument("--rates", nargs="+", type=int, default=RATES_KBPS)
    parser.add_argument("--intervals", nargs="+", type=lambda text: None if text == "none" else float(text), default=INTERVALS)
    given = parser.parse_args()
    lots: dict[str, list[float]] = {}

    async def measure() -> None:
        with tempfile.TemporaryDirectory() as folder:
            camera = write_camera_file(Path(folder) / "camera.mjpeg", frames=CAMERA_FRAMES, is_handheld=True)
            source = Source()
            async with async_playwright() as playwright:
                browser = await launch(playwright, camera)
                for _ in range(given.rounds):
                    for rate in given.rates:
                        for codec in given.codecs:
                            for interval_s in given.intervals:
                                page = await open_page(browser)
                                units = await _call(page, codec, rate, interval_s)
                                await page.close()
                                outcome, psnr = await asyncio.to_thread(judge, source, units, codec, rate, interval_s)
                                lots.setdefault(outcome.name, []).extend(psnr)
                                if given.table:
                                    print(outcome.row(), file=sys.stderr, flush=True)
                await browser.close()

    asyncio.run(measure())
    return {"name": "keyframes", "figures": {f"psnr {name}": {"unit": "dB", "ours": figure(values)} for name, values in lots.items()}}


async def _call(page: Page, codec: str, kbps: int, interval_s: float | None) -> list[VideoUnit]:
    engine, listener = AiortcEngine(), Listener()
    memory = engine.remember(Path())
    peer = engine.connect([], LocalMedia(), listener, memory)
    peer.inbox.pace = KeyframePace(base_s=interval_s, is_fixed=True)

    async def to_desk(text: str) -> None:
        await peer.take_candidate(IceCandidate(**json.loads(text)))

    await page.expose_function("toDesk", to_desk)
    sdp = await page.evaluate(CALL, [codec, kbps])
    await peer.take_description(SessionDescription(type="offer", sdp=sdp))
    await page.evaluate("sdp => pc.setRemoteDescription({type: 'answer', sdp})", listener.descriptions[-1].sdp)
    memory.allow(stills=True, recording=False)
    await asyncio.sleep(SETTLE_S + RUN_S)
    units = [unit for unit in memory.ring.units() if isinstance(unit, VideoUnit)]
    await peer.close()
    memory.close()
    return units


class Source:
    """The brightness of the camera's own pictures, by number: JPEG's own, which Chromium's fake camera hands on as it is."""

    def __init__(self) -> None:
        self._camera = DrawnCamera(is_handheld=True)
        self._known: dict[int, Gray] = {}

    def luma(self, number: int) -> Gray:
        if number not in self._known:
            data = cv2.imencode(".jpg", self._camera.draw(number), [cv2.IMWRITE_JPEG_QUALITY, 82])[1]
            self._known[number] = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), dtype=np.uint8)
        return self._known[number]


def judge(source: Source, units: list[VideoUnit], codec: str, kbps: int, interval_s: float | None) -> tuple[Outcome, list[float]]:
    """The figures of a run, without the time in which Chromium finds its rate; and each compared frame's PSNR."""
    decoder: Any = av.CodecContext.create(DECODERS[codec], "r")
    begin_s = units[-1].received_at_s - RUN_S
    psnr, likeness, tenengrad = [], [], []
    for count, unit in enumerate(units):
        for frame in decoder.decode(av.Packet(unit.data)):
            if unit.received_at_s < begin_s or count % EVERY:
                continue
            seen = frame.to_ndarray()[:frame.height]
            number = read_frame_number(seen)
            if number is None or seen.shape != (720, 1280):
                continue
            clean = source.luma(number)
            psnr.append(float(cv2.PSNR(seen, clean)))
            likeness.append(ssim(seen, clean))
            tenengrad.append(_tenengrad(seen) / _tenengrad(clean))
    measured = [unit for unit in units if unit.received_at_s >= begin_s]
    octets = sum(len(unit.data) for unit in measured)
    keys = [len(unit.data) for unit in measured if unit.is_key]
    pauses = [later.received_at_s - earlier.received_at_s for earlier, later in pairwise(measured)]
    return Outcome(codec, kbps, interval_s, len(keys), sum(keys) / octets, octets * 8 / 1000 / RUN_S, len(measured) / RUN_S, max(pauses),
                   _middle_and_worst(psnr), _middle_and_worst(likeness), _middle_and_worst(tenengrad)), psnr


def _middle_and_worst(values: list[float]) -> tuple[float, float]:
    return statistics.median(values), sorted(values)[int(len(values) * 0.05)]


def _tenengrad(gray: Gray) -> float:
    across, down = cv2.Sobel(gray, cv2.CV_32F, 1, 0), cv2.Sobel(gray, cv2.CV_32F, 0, 1)
    return float(np.mean(across * across + down * down))
