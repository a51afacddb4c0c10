"""What the media benchmarks share: a Chromium whose camera is drawn, its CPU time, and pages that send and receive.

Capture time: the page shows its own camera, reads the frame number out of each shown frame and notes the frame's `captureTime`
(requestVideoFrameCallback). Both sides are on one machine, so wall clocks agree. A bare page's paint is `expectedDisplayTime`.
"""

import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from playwright.async_api import Browser, Page, Playwright, Route

FRAMES = 900
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required", "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
]

# The bar code of videodesk.media.synthetic: 36 cells along the lowest 8 %, guard 101100, 20 bits of number, 8 of checksum, 10.
SCRIPT = """
const CELLS = 36, GUARD = '101100';
const canvas = new OffscreenCanvas(36, 1), context = canvas.getContext('2d', {willReadFrequently: true});
function numberOf(source, width, height) {
  context.drawImage(source, 0, height * 0.95, width, height * 0.02, 0, 0, CELLS, 1);
  const data = context.getImageData(0, 0, CELLS, 1).data;
  let bits = '';
  for (let cell = 0; cell < CELLS; cell++) bits += data[cell * 4 + 1] > 128 ? '1' : '0';
  return bits.startsWith(GUARD) && bits.endsWith('10') ? parseInt(bits.slice(6, 26), 2) : null;
}
const now = () => performance.timeOrigin + performance.now();
const seen = {}, painted = {};
async function watchCamera(track) {
  const video = document.createElement('video');
  video.srcObject = new MediaStream([track]); video.autoplay = video.muted = true; video.style.width = '320px';
  document.body.append(video);
  const step = (at, data) => {
    const number = numberOf(video, video.videoWidth, video.videoHeight);
    if (number !== null && data.captureTime) seen[number] = performance.timeOrigin + data.captureTime;
    video.requestVideoFrameCallback(step);
  };
  video.requestVideoFrameCallback(step);
}
function watchVideo(video) {
  const step = (at, data) => {
    const number = numberOf(video, video.videoWidth, video.videoHeight);
    if (number !== null && !(number in painted)) painted[number] = performance.timeOrigin + data.expectedDisplayTime;
    video.requestVideoFrameCallback(step);
  };
  video.requestVideoFrameCallback(step);
}
async function openCamera(audio) {
  window.stream ??= await navigator.mediaDevices.getUserMedia({video: {width: 1280, height: 720, frameRate: 30}, audio});
  return window.stream;
}
async function call(onCandidate) {
  const pc = window.pc = new RTCPeerConnection({iceServers: []});
  pc.onicecandidate = e => onCandidate(JSON.stringify(e.candidate ? e.candidate.toJSON() : {candidate: ''}));
  for (const track of (await openCamera(true)).getTracks()) {
    const sender = pc.addTrack(track, window.stream);
    if (track.kind === 'video') {
      const parameters = sender.getParameters();
      parameters.degradationPreference = 'maintain-resolution';
      await sender.setParameters(parameters);
    }
  }
  await pc.setLocalDescription();
  return pc.localDescription.sdp;
}
async function answer(sdp, onCandidate, isWatching) {
  const pc = window.pc = new RTCPeerConnection({iceServers: []});
  pc.onicecandidate = e => onCandidate(JSON.stringify(e.candidate ? e.candidate.toJSON() : {candidate: ''}));
  pc.ontrack = e => {
    if (e.track.kind !== 'video') return;
    const video = document.createElement('video');
    video.srcObject = new MediaStream([e.track]); video.autoplay = video.muted = true; video.id = 'remote';
    video.style.width = '960px'; video.style.height = '540px';
    document.body.replaceChildren(video);
    video.requestVideoFrameCallback((at, data) => { window.firstFrameAt = performance.timeOrigin + data.expectedDisplayTime; });
    if (isWatching) watchVideo(video);
  };
  await pc.setRemoteDescription({type: 'offer', sdp});
  await pc.setLocalDescription();
  return pc.localDescription.sdp.replace(/(a=fmtp:\\d+ level-asymmetry[^\\r]*)/g, '$1;x-google-start-bitrate=2500');
}
"""


async def launch(playwright: Playwright, camera: Path) -> Browser:
    return await playwright.chromium.launch(
        executable_path="/usr/bin/chromium", headless=False, args=[*FLAGS, f"--use-file-for-fake-video-capture={camera}"])


async def open_page(browser: Browser) -> Page:
    page = await browser.new_page()

    async def fulfil(route: Route) -> None:
        await route.fulfill(body=f"<!doctype html><title>bench</title><body></body><script>{SCRIPT}</script>", content_type="text/html")

    await page.route("https://desk.test/*", fulfil)
    await page.goto("https://desk.test/")
    return page


class BareCall:
    """Two bare Chromium pages, joined by this program: the floor."""

    def __init__(self, sender: Page, receiver: Page) -> None:
        self.sender, self.receiver = sender, receiver

    async def prepare(self) -> None:
        async def to_receiver(text: str) -> None:
            await self.receiver.evaluate("c => window.pc?.remoteDescription ? pc.addIceCandidate(JSON.parse(c)).catch(() => 0) : (window.early ??= []).push(c)", text)

        async def to_sender(text: str) -> None:
            await self.sender.evaluate("c => window.pc?.remoteDescription ? pc.addIceCandidate(JSON.parse(c)).catch(() => 0) : (window.early ??= []).push(c)", text)

        await self.sender.expose_function("fromSender", to_receiver)
        await self.receiver.expose_function("fromReceiver", to_sender)

    async def connect(self, *, is_watching: bool) -> None:
        offer = await self.sender.evaluate("call(c => fromSender(c))")
        sdp = await self.receiver.evaluate("([sdp, watch]) => answer(sdp, c => fromReceiver(c), watch)", [offer, is_watching])
        await self.sender.evaluate("sdp => pc.setRemoteDescription({type: 'answer', sdp})", sdp)
        for page in (self.sender, self.receiver):
            await page.evaluate("(window.early ??= []).splice(0).forEach(c => pc.addIceCandidate(JSON.parse(c)).catch(() => 0))")


def figure(values: Sequence[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"median": statistics.median(ordered), "p95": ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))], "n": len(ordered)}


def ratio(ours: dict[str, float], floor: dict[str, float]) -> dict[str, float]:
    return {name: ours[name] / floor[name] if floor[name] else float("nan") for name in ("median", "p95")}


def chromium_cpu_s(receiver_only_of: Sequence[int]) -> float:
    """CPU seconds that these processes have used so far."""
    total = 0.0
    for pid in receiver_only_of:
        with _gone():
            times = psutil.Process(pid).cpu_times()
            total += times.user + times.system
    return total


def family(parent: psutil.Process) -> list[int]:
    """The process and all its descendants."""
    return [parent.pid, *(child.pid for child in parent.children(recursive=True))]


@contextmanager
def _gone() -> Iterator[None]:
    try:
        yield
    except psutil.NoSuchProcess:
        return


Report = dict[str, Any]
