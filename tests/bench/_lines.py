"""A call over a link of chosen quality: a phone's Chromium sends, and either the desk's own engine or a bare Chromium page receives.

Both receive the same film and the same voice, H.264 first, with the same start bitrate; the link's chance begins with the same seed.
What was painted and heard comes back with the wall clock's time. Needs root (network namespaces).
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import stat
import threading
import time
import wave
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from playwright.async_api import Browser, Page, Playwright

from tests.bench._chromium import FLAGS, open_page
from tests.bench._link import Link, Quality, enter
from tests.bench._window import Desk
from tests.unit.media.spoken import voice
from videodesk.calls.ports import LocalMedia
from videodesk.core.places import resources
from videodesk.media.opus import RATE
from videodesk.media.peer import AiortcPeer
from videodesk.media.synthetic import DrawnCamera, read_frame_number, write_camera_file
from videodesk.protocol.messages import IceCandidate, SessionDescription

WIDTH_PX, HEIGHT_PX = 640, 360
FILM_FRAMES = 900
VOICE_S = 60.0
SAMPLE_EVERY_S = 0.5
Gray = NDArray[np.uint8]

_SCRIPT = """
async function openMedia(withVideo) {
  window.stream = await navigator.mediaDevices.getUserMedia({video: withVideo && {width: 640, height: 360, frameRate: 30},
    audio: {echoCancellation: false, noiseSuppression: false, autoGainControl: false}});
}
const tapes = {};
async function tape(track, name) {
  const tape = tapes[name] = {at: [], count: [], parts: []};
  const reader = new MediaStreamTrackProcessor({track}).readable.getReader();
  for (;;) {
    const {value, done} = await reader.read();
    if (done) return;
    const part = new Float32Array(value.numberOfFrames);
    value.copyTo(part, {planeIndex: 0, format: 'f32-planar'});
    tape.at.push(now()); tape.count.push(value.numberOfFrames); tape.rate = value.sampleRate; tape.parts.push(part);
    value.close();
  }
}
function takeTape(name) {
  const tape = tapes[name];
  const all = new Int16Array(tape.count.reduce((sum, n) => sum + n, 0));
  let at = 0;
  for (const part of tape.parts) { for (let i = 0; i < part.length; i++) all[at + i] = Math.max(-1, Math.min(1, part[i])) * 32767; at += part.length; }
  const bytes = new Uint8Array(all.buffer);
  let text = '';
  for (let i = 0; i < bytes.length; i += 32768) text += String.fromCharCode.apply(null, bytes.subarray(i, i + 32768));
  return {at: tape.at, count: tape.count, rate: tape.rate, samples: btoa(text)};
}
function preferH264(pc) {
  for (const one of pc.getTransceivers()) {
    if (one.sender.track?.kind !== 'video') continue;
    const all = RTCRtpReceiver.getCapabilities('video').codecs;
    one.setCodecPreferences([...all.filter(c => /42e01f.*/.test(c.sdpFmtpLine ?? '') && /packetization-mode=1/.test(c.sdpFmtpLine)),
      ...all.filter(c => !(/42e01f/.test(c.sdpFmtpLine ?? '') && /packetization-mode=1/.test(c.sdpFmtpLine)))]);
  }
}
function yieldToSound(pc, expectedBps) {  // as the customer's page does (resources/join/peer.js)
  const sender = pc.getSenders().find(one => one.track?.kind === 'video');
  if (!sender) return;
  window.steps = [];
  const apply = ({bps, fps}) => {
    steps.push([now(), bps]);
    const parameters = sender.getParameters();
    for (const encoding of parameters.encodings) {
      encoding.active = bps > 0; encoding.maxBitrate = Math.max(bps, 1);
      if (fps > 0) encoding.maxFramerate = fps; else delete encoding.maxFramerate;
    }
    sender.setParameters(parameters).catch(() => 0);
  };
  const soundFirst = new SoundFirst(pc, apply, expectedBps);
  if (expectedBps !== null) apply(soundFirst.step);
}
async function dial(onCandidate, yields = false, expectedBps = null) {
  const pc = window.pc = new RTCPeerConnection({iceServers: []});
  pc.onicecandidate = e => onCandidate(JSON.stringify(e.candidate ? e.candidate.toJSON() : {candidate: ''}));
  for (const track of stream.getTracks()) pc.addTrack(track, stream);
  preferH264(pc);
  if (yields) yieldToSound(pc, expectedBps);
  await pc.setLocalDescription();
  return pc.localDescription.sdp;
}
async function pickUp(sdp, onCandidate) {
  const pc = window.pc = new RTCPeerConnection({iceServers: []});
  pc.onicecandidate = e => onCandidate(JSON.stringify(e.candidate ? e.candidate.toJSON() : {candidate: ''}));
  pc.ontrack = e => {
    const element = document.createElement(e.track.kind);
    element.srcObject = new MediaStream([e.track]); element.autoplay = true;
    document.body.append(element);
    if (e.track.kind === 'video') { element.muted = true; element.id = 'remote'; element.style.width = '640px'; watchVideo(element); }
    else { element.play(); tape(e.track, 'heard'); }
  };
  await pc.setRemoteDescription({type: 'offer', sdp});
  await pc.setLocalDescription();
  return pc.localDescription.sdp.replace(/(a=fmtp:\\d+ level-asymmetry[^\\r]*)/g, '$1;x-google-start-bitrate=2500');
}
const sampled = [];
function sample() {
  const video = document.getElementById('remote');
  if (!video || !video.videoWidth) return;
  const board = new OffscreenCanvas(640, 360), pen = board.getContext('2d', {willReadFrequently: true});
  pen.drawImage(video, 0, 0, 640, 360);
  const data = pen.getImageData(0, 0, 640, 360).data;
  const gray = new Uint8Array(640 * 360);
  for (let i = 0; i < gray.length; i++) gray[i] = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
  let text = '';
  for (let i = 0; i < gray.length; i += 32768) text += String.fromCharCode.apply(null, gray.subarray(i, i + 32768));
  sampled.push(btoa(text));
}
async function received() {
  const out = {};
  for (const r of (await pc.getStats()).values()) if (r.type === 'inbound-rtp') out[r.kind] = r;
  return JSON.stringify(out);
}
"""


@dataclass
class Tape:
    """Sound with the wall clock's time of its first sample, as if all of it had come at the even pace of its earliest pieces."""

    samples: NDArray[np.int16]
    begun_at_s: float

    @staticmethod
    def of(taken: dict[str, Any]) -> Tape:
        samples = np.frombuffer(base64.b64decode(taken["samples"]), np.int16)
        rate = taken["rate"]
        ends = np.cumsum(taken["count"]) / rate
        if rate != RATE:
            places = np.arange(int(len(samples) * RATE / rate)) * rate / RATE
            samples = np.interp(places, np.arange(len(samples)), samples).astype(np.int16)
        return Tape(samples, float(np.min(np.array(taken["at"]) / 1000 - ends)))


@dataclass
class Taken:
    """What came of a call: `seen` and `painted` by the frame's number in s of the wall clock."""

    seen: dict[int, float] = field(default_factory=dict)
    painted: dict[int, float] = field(default_factory=dict)
    pictures: list[Gray] = field(default_factory=list)
    said: Tape | None = None
    heard: Tape | None = None
    begun_at_s: float = 0.0
    ended_at_s: float = 0.0
    video_octets: int = 0
    steps: list[tuple[float, int]] = field(default_factory=list)
    """When the page's picture was allowed another rate (s since the begin, bit/s)."""
    concealed: float = 0.0
    """The share of the sound that was made up."""


class Lab:
    """The link, the phone's browser and the two that receive. `script(at_s)` may change the link while a call runs.

    `expected_bps`: what our page's check before the call would have found.
    """

    def __init__(self, desk: Desk, playwright: Playwright, folder: Path, link: Link, *, with_video: bool = True,
                 expected_bps: float | None = None) -> None:
        self._desk, self._playwright, self._folder, self.link = desk, playwright, folder, link
        self._with_video = with_video
        self._expected_bps = expected_bps
        self._cameras = folder / "film.mjpeg"
        self._voice = folder / "voice.wav"

    @staticmethod
    def draw(folder: Path) -> None:
        """The film and the voice, once for all calls."""
        write_camera_file(folder / "film.mjpeg", width_px=WIDTH_PX, height_px=HEIGHT_PX, frames=FILM_FRAMES, is_handheld=True)
        with wave.open(str(folder / "voice.wav"), "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(RATE)
            out.writeframes(voice(VOICE_S, seed=9).tobytes())

    @contextlib.asynccontextmanager
    async def _browser(self, name: str) -> AsyncIterator[Browser]:
        start = self._folder / f"chromium-{name}"
        start.write_text(f'#!/bin/sh\nexec {" ".join(self.link.inside(name))} /usr/bin/chromium "$@"\n')
        start.chmod(start.stat().st_mode | stat.S_IXUSR)
        browser = await self._playwright.chromium.launch(executable_path=start, headless=False, args=[
            *FLAGS, f"--use-file-for-fake-video-capture={self._cameras}", f"--use-file-for-fake-audio-capture={self._voice}"])
        try:
            yield browser
        finally:
            await browser.close()

    @contextlib.asynccontextmanager
    async def _phone(self) -> AsyncIterator[Page]:
        async with self._browser(self.link.phone) as browser:
            page = await open_page(browser)
            await page.add_script_tag(content=_SCRIPT)
            await page.add_script_tag(content=(resources() / "join" / "sound_first.js").read_text().replace("export ", ""))
            await page.evaluate("withVideo => openMedia(withVideo)", self._with_video)
            yield page

    async def _run(self, phone: Page, begin: Callable[[], Awaitable[None]], script: Callable[[float], None], seconds: float) -> Taken:
        await phone.evaluate("() => { stream.getVideoTracks().forEach(t => watchCamera(t.clone())); stream.getAudioTracks().forEach(t => tape(t.clone(), 'said')); }")
        taken = Taken(begun_at_s=time.time())
        await begin()
        while (at_s := time.time() - taken.begun_at_s) < seconds:
            script(at_s)
            await asyncio.sleep(0.05)
        taken.ended_at_s = time.time()
        taken.seen = {int(number): at / 1000 for number, at in (await phone.evaluate("seen")).items()}
        taken.said = Tape.of(await phone.evaluate("takeTape('said')"))
        return taken

    async def ours(self, script: Callable[[float], None], seconds: float) -> Taken:
        """A call to the desk's own engine and view."""
        desk = self._desk
        view = desk.view
        async with self._phone() as phone:
            async def move() -> None:
                enter(self.link.desk)

            await desk.in_engine(move)
            peer: AiortcPeer = await desk.make_peer()

            async def to_desk(text: str) -> None:
                await desk.in_engine(lambda: peer.take_candidate(IceCandidate(**json.loads(text))))

            async def begin() -> None:
                sdp = await phone.evaluate("expected => dial(c => toDesk(c), true, expected)", self._expected_bps)
                await desk.in_engine(lambda: peer.take_description(SessionDescription(type="offer", sdp=sdp)))
                await phone.evaluate("sdp => pc.setRemoteDescription({type: 'answer', sdp})", desk.listener.descriptions[-1].sdp)

            await phone.expose_function("toDesk", to_desk)
            view.painted.clear()
            view.reads_numbers = True
            pictures: list[Gray] = []
            ear = Ear(peer.playout.read)
            due = [0.0]

            def watch(at_s: float) -> None:
                script(at_s)
                if at_s >= due[0] and (picture := view.shown) is not None:
                    due[0] = at_s + SAMPLE_EVERY_S
                    rows = np.frombuffer(picture.buffer, np.uint8).reshape(-1, picture.stride_bytes)[:picture.height_px, :picture.width_px * 4]
                    pictures.append(cv2.resize(cv2.cvtColor(rows.reshape(picture.height_px, picture.width_px, 4), cv2.COLOR_BGRA2GRAY), (WIDTH_PX, HEIGHT_PX)))

            taken = await self._run(phone, begin, watch, seconds)
            taken.heard = ear.stop()
            taken.steps = [(at / 1000 - taken.begun_at_s, bps) for at, bps in await phone.evaluate("window.steps ?? []")]
            view.reads_numbers = False
            taken.painted, taken.pictures = dict(view.painted), pictures
            taken.video_octets = peer.inbox.video.octets
            taken.concealed = peer.playout.counters.concealed / max(1, peer.playout.counters.played)
            await desk.close_peer(peer)
        return taken

    async def bare(self, script: Callable[[float], None], seconds: float) -> Taken:
        """The same call to a bare page."""
        async with self._phone() as phone, self._browser(self.link.desk) as browser:
            page = await open_page(browser)
            await page.add_script_tag(content=_SCRIPT)

            def door(to: Page) -> Callable[[str], Awaitable[None]]:
                async def hand_on(text: str) -> None:
                    await to.evaluate("c => window.pc?.remoteDescription ? pc.addIceCandidate(JSON.parse(c)).catch(() => 0) : (window.early ??= []).push(c)", text)
                return hand_on

            await phone.expose_function("toOther", door(page))
            await page.expose_function("toOther", door(phone))

            async def begin() -> None:
                sdp = await phone.evaluate("dial(c => toOther(c))")
                answer = await page.evaluate("sdp => pickUp(sdp, c => toOther(c))", sdp)
                await phone.evaluate("sdp => pc.setRemoteDescription({type: 'answer', sdp})", answer)
                for one in (phone, page):
                    await one.evaluate("(window.early ??= []).splice(0).forEach(c => pc.addIceCandidate(JSON.parse(c)).catch(() => 0))")
                await page.evaluate(f"() => {{ setInterval(sample, {SAMPLE_EVERY_S * 1000:.0f}); }}")

            taken = await self._run(phone, begin, script, seconds)
            taken.painted = {int(number): at / 1000 for number, at in (await page.evaluate("painted")).items()}
            taken.pictures = [np.frombuffer(base64.b64decode(text), np.uint8).reshape(HEIGHT_PX, WIDTH_PX) for text in await page.evaluate("sampled")]
            taken.heard = Tape.of(await page.evaluate("takeTape('heard')"))
            stats = json.loads(await page.evaluate("received()"))
            taken.video_octets = stats.get("video", {}).get("bytesReceived", 0)
            sound = stats.get("audio", {})
            taken.concealed = (sound.get("concealedSamples", 0) - sound.get("silentConcealedSamples", 0)) / max(1, sound.get("totalSamplesReceived", 1))
        return taken


class Ear:
    """A speaker in a thread of its own: reads 10 ms each 10 ms, as the desktop's does, and keeps what it read."""

    STEP = 480

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read = read
        self._parts: list[bytes] = []
        self._is_over = threading.Event()
        self._begun_at_s = time.time()
        self._thread = threading.Thread(target=self._listen, name="bench-ear")
        self._thread.start()

    def _listen(self) -> None:
        begun_s = time.monotonic()
        while not self._is_over.is_set():
            self._parts.append(self._read(self.STEP))
            self._is_over.wait(max(0.0, begun_s + len(self._parts) * self.STEP / RATE - time.monotonic()))

    def stop(self) -> Tape:
        self._is_over.set()
        self._thread.join()
        return Tape(np.frombuffer(b"".join(self._parts), np.int16), self._begun_at_s)


class Film:
    """The film's own pictures, to compare with."""

    def __init__(self) -> None:
        self._camera = DrawnCamera(WIDTH_PX, HEIGHT_PX, is_handheld=True)

    def likeness(self, seen: Gray) -> float | None:
        """SSIM with the frame whose number it shows; None when none can be read (it is broken, or black)."""
        number = read_frame_number(seen)
        if number is None:
            return None
        return ssim(seen, cv2.cvtColor(self._camera.draw(number), cv2.COLOR_BGR2GRAY).astype(np.uint8))


def ssim(seen: Gray, clean: Gray) -> float:
    """Wang et al. 2004, windows of 8x8."""
    one, two = seen.astype(np.float32), clean.astype(np.float32)
    mean_1, mean_2 = cv2.blur(one, (8, 8)), cv2.blur(two, (8, 8))
    var_1, var_2 = cv2.blur(one * one, (8, 8)) - mean_1 * mean_1, cv2.blur(two * two, (8, 8)) - mean_2 * mean_2
    both = cv2.blur(one * two, (8, 8)) - mean_1 * mean_2
    c1, c2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    return float(np.mean((2 * mean_1 * mean_2 + c1) * (2 * both + c2) / ((mean_1 * mean_1 + mean_2 * mean_2 + c1) * (var_1 + var_2 + c2))))


def nothing(at_s: float) -> None:
    """A script for a link that stays as it is."""


__all__ = ["Film", "Lab", "LocalMedia", "Quality", "Taken", "Tape", "nothing", "ssim"]
