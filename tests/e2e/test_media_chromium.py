"""A real Chromium sends its (drawn) camera to our peer: what it shows is what arrives, on screen and in the original."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Self

import cv2
import numpy as np
import pytest
from playwright.async_api import Page, Route, async_playwright

from tests.unit.media.fakes import NOTHING, Listener, synthetic_engine, until
from videodesk.calls.capture_ports import CallMemory
from videodesk.calls.ports import PeerState, Picture, PictureSlot
from videodesk.media.audio import loudness
from videodesk.media.synthetic import read_frame_number, write_camera_file
from videodesk.protocol.messages import IceCandidate, SessionDescription

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", "--autoplay-policy=no-user-gesture-required"]
FRAMES = 300
SEND = """async ({video, audio, codec}) => {
  const stream = await navigator.mediaDevices.getUserMedia({video: video && {width: 1280, height: 720, frameRate: 30}, audio});
  const pc = window.pc = new RTCPeerConnection({iceServers: []});
  pc.onicecandidate = e => candidate(JSON.stringify(e.candidate ? e.candidate.toJSON() : {candidate: ""}));
  pc.ontrack = e => {
    const element = document.createElement(e.track.kind);
    element.srcObject = new MediaStream([e.track]); element.autoplay = true; element.muted = e.track.kind === 'video'; element.id = 'agent-' + e.track.kind;
    document.body.append(element);
  };
  for (const track of stream.getTracks()) {
    const sender = pc.addTrack(track, stream);
    if (track.kind === 'video') {
      const parameters = sender.getParameters();
      parameters.degradationPreference = 'maintain-resolution';
      await sender.setParameters(parameters);
    }
  }
  if (codec) {
    const wanted = RTCRtpReceiver.getCapabilities('video').codecs.filter(c => c.mimeType === codec || c.mimeType === 'video/rtx');
    pc.getTransceivers().find(t => t.sender.track.kind === 'video').setCodecPreferences(wanted);
  }
  await pc.setLocalDescription();
  await offer(pc.localDescription.sdp);
}"""

pytestmark = [pytest.mark.chromium, pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")]


@pytest.fixture(scope="module")
def camera_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_camera_file(tmp_path_factory.mktemp("camera") / "camera.mjpeg", frames=FRAMES)


@pytest.fixture
async def page(camera_file: Path) -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), headless=False, args=[*FLAGS, f"--use-file-for-fake-video-capture={camera_file}"])
        page = await browser.new_page()

        async def answer(route: Route) -> None:
            await route.fulfill(body="<!doctype html><title>customer</title><body></body>", content_type="text/html")

        await page.route("https://desk.test/*", answer)
        await page.goto("https://desk.test/")
        yield page
        await browser.close()


class Call:
    def __init__(self, page: Page, memory: CallMemory | None = None) -> None:
        self.page = page
        self.listener = Listener()
        self.peer = synthetic_engine().connect([], NOTHING, self.listener, memory)
        self._answering: set[asyncio.Task] = set()

    async def start(self, *, video: bool = True, audio: bool = True, codec: str | None = None) -> None:
        async def offer(sdp: str) -> None:
            await self.peer.take_description(SessionDescription(type="offer", sdp=sdp))
            task = asyncio.ensure_future(self.page.evaluate(
                "sdp => pc.setRemoteDescription({type: 'answer', sdp})", self.listener.descriptions[-1].sdp))
            self._answering.add(task)

        async def candidate(text: str) -> None:
            await self.peer.take_candidate(IceCandidate(**json.loads(text)))

        await self.page.expose_function("offer", offer)
        await self.page.expose_function("candidate", candidate)
        await self.page.evaluate(SEND, {"video": video, "audio": audio, "codec": codec})

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.peer.close()
        await asyncio.gather(*self._answering)


class Viewer:
    """Takes every picture as it gets fresh, as a painting widget does."""

    def __init__(self, slot: PictureSlot) -> None:
        self._slot = slot
        self._loop = asyncio.get_running_loop()
        self._painted = asyncio.Event()
        self.picture: Picture | None = None
        slot.on_fresh(lambda: self._loop.call_soon_threadsafe(self._paint))

    def _paint(self) -> None:
        self.picture = self._slot.take()
        self._painted.set()

    async def next(self) -> None:
        self._painted.clear()
        await self._painted.wait()


def shown(picture) -> int | None:
    rows = np.frombuffer(picture.buffer, np.uint8).reshape(-1, picture.stride_bytes)[:picture.height_px]
    return read_frame_number(rows[:, :picture.width_px * 4].reshape(picture.height_px, picture.width_px, 4))


@pytest.mark.parametrize("codec", ["video/H264", "video/VP8"])
async def test_the_original_is_the_frame_on_screen(page: Page, codec: str) -> None:
    async with Call(page) as call:
        await call.start(codec=codec)
        call.peer.remote_pictures.ask_size(960, 540)
        viewer = Viewer(call.peer.remote_pictures)
        await until(lambda: (picture := call.peer.remote_pictures.take()) is not None and picture.seq > 20, "pictures")
        for _ in range(5):
            await viewer.next()
            await asyncio.sleep(0.015)  # the hand is slower than the frame rate
            on_screen, frozen = viewer.picture, call.peer.stills.freeze()
            original = call.peer.stills.encode(frozen)
            image = cv2.imdecode(np.frombuffer(original.data, np.uint8), cv2.IMREAD_COLOR)
            number = read_frame_number(image)
            assert number is not None
            seen = shown(on_screen)
            assert seen is not None
            assert min((number - seen) % FRAMES, (seen - number) % FRAMES) <= 2
            assert shown(frozen.preview) == number
            assert (original.width_px, original.height_px) == (1280, 720) == image.shape[1::-1]
            assert frozen.is_evidence_grade
            assert f"video/{frozen.codec}" == codec
            await asyncio.sleep(0.2)
        assert call.listener.states[-1] is PeerState.CONNECTED


async def test_sound_comes_both_ways_and_the_agents_picture_is_seen(page: Page) -> None:
    async with Call(page) as call:
        await call.start()
        heard = 0.0

        def hear() -> bool:
            nonlocal heard
            heard = max(heard, loudness(np.frombuffer(call.peer.playout.read(960), np.int16)))
            return heard > 0.3

        await until(hear, "Chromium's beep")
        await page.wait_for_function("document.getElementById('agent-video')?.videoWidth === 640")
        energy = """async () => { for (const r of (await pc.getStats()).values())
            if (r.type === 'inbound-rtp' && r.kind === 'audio') return r.totalAudioEnergy; return 0 }"""
        for _ in range(200):
            if await page.evaluate(energy) > 0.001:
                break
            await asyncio.sleep(0.05)
        else:
            pytest.fail("the page hears nothing of the agent")


@pytest.mark.parametrize(("video", "audio"), [(True, False), (False, True)])
async def test_a_customer_who_shares_only_one_is_connected_all_the_same(page: Page, video: bool, audio: bool) -> None:
    async with Call(page) as call:
        await call.start(video=video, audio=audio)
        await until(lambda: PeerState.CONNECTED in call.listener.states, "connected")
        counters = call.peer.inbox.video if video else call.peer.inbox.audio
        await until(lambda: counters.frames > 10, "media")
        await until(lambda: call.listener.qualities, "a verdict")


async def test_the_browser_uses_our_feedback_to_send_a_sharp_picture_at_once(page: Page) -> None:
    async with Call(page) as call:
        await call.start()
        await until(lambda: call.peer.inbox.video.frames > 60, "two seconds of pictures")
        report = await page.evaluate("""async () => { const out = {}; const stats = await pc.getStats(); for (const r of stats.values()) {
            // Several pairs can be nominated; only the one in use has an estimate.
            if (r.type === 'transport') out.estimate = stats.get(r.selectedCandidatePairId).availableOutgoingBitrate;
            if (r.type === 'outbound-rtp' && r.kind === 'video') out.width = r.frameWidth; } return out; }""")
        assert report["width"] == 1280
        assert report["estimate"] > 2_000_000
        assert call.peer.inbox.sends_feedback
