"""A real Chromium is recorded, and a real Chromium plays what came of it: picture and sound together, both sides to be heard."""

import asyncio
import json
import statistics
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import Page, Route, async_playwright

from tests.e2e.test_media_chromium import CHROMIUM, FLAGS
from tests.unit.media.fakes import NOTHING, Listener, synthetic_engine, until
from tests.unit.media.material import Sender, agent_units, beginnings, flashes, heard, loudest_hz, numbered_frames, only, packets, tone
from tests.unit.media.recording import BEGIN, Desk, live
from videodesk.calls.capture_ports import ClipFacts
from videodesk.protocol.messages import IceCandidate, SessionDescription

FLASHES = 4
SEND = """async codec => {
  const canvas = document.createElement('canvas'); canvas.width = 640; canvas.height = 360; document.body.append(canvas);
  const paint = canvas.getContext('2d', {alpha: false}), audio = new AudioContext();
  const sound = audio.createMediaStreamDestination(), gain = audio.createGain(), tone = audio.createOscillator();
  tone.frequency.value = 1000; gain.gain.value = 0; tone.connect(gain).connect(sound); tone.start();
  let brightUntil = 0, at = 0;
  setInterval(() => {
    paint.fillStyle = performance.now() < brightUntil ? '#eee' : '#222'; paint.fillRect(0, 0, 640, 360);
    paint.fillStyle = '#666'; paint.fillRect(at++ % 600, 300, 40, 40);
  }, 1000 / 30);
  window.flash = () => {
    brightUntil = performance.now() + 150;
    paint.fillStyle = '#eee'; paint.fillRect(0, 0, 640, 360);
    gain.gain.setValueAtTime(0.5, audio.currentTime); gain.gain.setValueAtTime(0, audio.currentTime + 0.15);
  };
  const stream = new MediaStream([...canvas.captureStream(30).getTracks(), ...sound.stream.getTracks()]);
  const pc = window.pc = new RTCPeerConnection({iceServers: []});
  pc.onicecandidate = e => candidate(JSON.stringify(e.candidate ? e.candidate.toJSON() : {candidate: ""}));
  for (const track of stream.getTracks()) {
    const sender = pc.addTrack(track, stream);
    if (track.kind === 'video') await sender.setParameters({...sender.getParameters(), degradationPreference: 'maintain-resolution'});
  }
  const wanted = RTCRtpReceiver.getCapabilities('video').codecs.filter(c => c.mimeType === codec || c.mimeType === 'video/rtx');
  pc.getTransceivers().find(t => t.sender.track.kind === 'video').setCodecPreferences(wanted);
  await pc.setLocalDescription();
  await offer(pc.localDescription.sdp);
}"""
PLAY = """async () => {
  const video = window.video = document.createElement('video');
  video.src = URL.createObjectURL(await (await fetch('/clip')).blob());
  document.body.append(video);
  const audio = new AudioContext({sampleRate: 48000}), ears = audio.createAnalyser();
  ears.fftSize = 4096; ears.smoothingTimeConstant = 0;
  audio.createMediaElementSource(video).connect(ears); ears.connect(audio.destination);
  const loudest = {440: -200, 1000: -200}, bins = new Float32Array(ears.frequencyBinCount);
  const listening = setInterval(() => {
    ears.getFloatFrequencyData(bins);
    for (const hz of Object.keys(loudest)) loudest[hz] = Math.max(loudest[hz], bins[Math.round(hz * 4096 / 48000)]);
  }, 20);
  const ended = new Promise((done, failed) => { video.onended = done; video.onerror = () => failed(new Error(video.error.message)); });
  await video.play();
  await ended;
  clearInterval(listening);
  const at = video.currentTime, duration = video.duration, size = [video.videoWidth, video.videoHeight];
  const bright = async time => {
    const seeked = new Promise(done => { video.onseeked = done; });
    video.currentTime = time; await seeked;
    const canvas = document.createElement('canvas'); canvas.width = canvas.height = 1;
    const paint = canvas.getContext('2d'); paint.drawImage(video, 0, 0, 1, 1);
    return paint.getImageData(0, 0, 1, 1).data[1];
  };
  window.bright = bright;
  return {at, duration, size, loudest, frames: video.getVideoPlaybackQuality().totalVideoFrames};
}"""

pytestmark = [pytest.mark.chromium, pytest.mark.skipif(not CHROMIUM.exists(), reason="Chromium is not installed")]


@pytest.fixture
async def page() -> AsyncIterator[Page]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(CHROMIUM), headless=False, args=[*FLAGS, "--autoplay-policy=no-user-gesture-required"])
        page = await browser.new_page()

        async def answer(route: Route) -> None:
            await route.fulfill(body="<!doctype html><title>customer</title><body></body>", content_type="text/html")

        await page.route("https://desk.test/*", answer)
        await page.goto("https://desk.test/")
        yield page
        await browser.close()


async def record(page: Page, codec: str, folder: Path) -> ClipFacts | None:
    """A call in which the customer's picture flashes and beeps at the same moments; the agent's microphone is a tone of 440 Hz."""
    engine, listener = synthetic_engine(), Listener()
    memory = engine.remember(folder)
    memory.allow(stills=True, recording=True)
    peer = engine.connect([], NOTHING, listener, memory=memory)
    answering: set[asyncio.Task[object]] = set()

    async def offer(sdp: str) -> None:
        await peer.take_description(SessionDescription(type="offer", sdp=sdp))
        answering.add(asyncio.ensure_future(page.evaluate(
            "sdp => pc.setRemoteDescription({type: 'answer', sdp})", listener.descriptions[-1].sdp)))

    async def candidate(text: str) -> None:
        await peer.take_candidate(IceCandidate(**json.loads(text)))

    await page.expose_function("offer", offer)
    await page.expose_function("candidate", candidate)
    await page.evaluate(SEND, f"video/{codec}")
    await until(lambda: peer.inbox.video.frames > 90 and peer.inbox.audio.frames > 150, "three seconds of a call")
    memory.recorder.start(folder / "clip")
    await until(lambda: memory.recorder.state().size_bytes > 0, "something on the disk")
    for number in range(FLASHES):
        frames = peer.inbox.video.frames
        await until(lambda frames=frames: peer.inbox.video.frames > frames + 24, f"a moment before flash {number}")
        await page.evaluate("flash()")
    frames = peer.inbox.video.frames
    await until(lambda: peer.inbox.video.frames > frames + 24, "the last flash")
    facts = await asyncio.to_thread(memory.recorder.stop)
    await peer.close()
    memory.close()
    await asyncio.gather(*answering)
    return facts


async def play(page: Page, facts: ClipFacts) -> dict:
    async def clip(route: Route) -> None:
        await route.fulfill(path=facts.path, content_type=facts.media_type)

    await page.route("https://desk.test/clip", clip)
    told: dict = await page.evaluate(PLAY)
    return told


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_a_recorded_call_plays_with_both_sides_and_in_step(page: Page, codec: str, tmp_path: Path) -> None:
    facts = await record(page, codec, tmp_path)
    assert facts is not None
    assert (facts.codec, facts.is_evidence_grade) == (codec, True)
    assert loudest_hz(heard(facts.path, 2)[1][48000:96000]) == {440}, "the agent's own track"
    seen = flashes(facts.path)
    assert len(seen) == FLASHES
    for track in (0, 1):
        at_s, samples = heard(facts.path, track)
        sounded = beginnings(at_s, only(samples, 1000))
        assert len(sounded) == FLASHES
        # The middle of them: where the browser itself was late with a picture, the recording can not know.
        assert statistics.median(abs(sound - sight) for sight, sound in zip(seen, sounded, strict=True)) <= 0.04
    told = await play(page, facts)
    assert told["at"] == pytest.approx(told["duration"], abs=0.3)
    assert told["duration"] == pytest.approx(facts.duration_s, abs=0.1)
    assert told["size"] == [facts.width_px, facts.height_px] == [640, 360]
    assert told["frames"] > len(packets(facts.path)[0]) * 0.5
    assert told["loudest"]["440"] > -60, "the agent is heard"
    assert told["loudest"]["1000"] > -60, "the customer is heard"
    assert await page.evaluate(f"bright({seen[1] + 0.06})") > 150, "one can jump to a flash"
    assert await page.evaluate(f"bright({seen[1] - 0.3})") < 100


@pytest.mark.parametrize("codec", ["VP8", "H264"])
async def test_it_plays_on_where_the_size_changed_and_where_nothing_came(page: Page, codec: str, tmp_path: Path) -> None:
    """The phone was turned; the camera was off for two seconds; the browser sent a smaller picture."""
    units = []
    for number, (width, height, begin_s) in enumerate([(640, 360, 0.0), (360, 640, 1.0), (320, 180, 4.0)]):
        sender = Sender(BEGIN + begin_s, video_base=1_000_000_000 * (number + 1), sound_base=1_000_000_000 * (number + 1))
        units += sender.units(codec, numbered_frames(codec, 30, width, height, first=30 * number), tone(1000, 1))
    facts = live(Desk(), tmp_path / "clip", [*units, *agent_units(BEGIN, tone(440, 5))])
    told = await play(page, facts)
    assert told["at"] == pytest.approx(5.0, abs=0.3)
    assert told["size"] == [320, 180]
    assert told["frames"] > 45
