"""A call through Debian's coturn and nothing else: a real Chromium, our engine, credentials as the service makes them."""

import asyncio
import contextlib
import json
import os
import socket
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Page, Route, async_playwright

from tests.e2e.turn_lab import AGENT, CUSTOMER, NOBODY, PORTS, RELAY, SECRET, Lab, coturn, why_not
from tests.unit.media.fakes import NOTHING, Listener, synthetic_engine, until
from videodesk.calls.ports import PeerState
from videodesk.core.clock import SystemClock
from videodesk.media.peer import AiortcPeer
from videodesk.media.synthetic import read_frame_number, write_camera_file
from videodesk.protocol.messages import IceCandidate, IceServer, SessionDescription
from videodesk.service.turn import ice_servers
from videodesk.settings import Settings

pytestmark = [pytest.mark.coturn, pytest.mark.chromium]
CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    "--autoplay-policy=no-user-gesture-required", "--ignore-certificate-errors",  # the lab's authority is not in Chromium's store
]
CALL = """async (iceServers) => {
  const stream = await navigator.mediaDevices.getUserMedia({video: {width: 640, height: 360, frameRate: 30}, audio: true});
  const pc = window.pc = new RTCPeerConnection({iceServers});
  window.waiting = [];
  window.take = c => { const what = JSON.parse(c); pc.remoteDescription ? pc.addIceCandidate(what) : waiting.push(what); };
  pc.onicecandidate = e => candidate(JSON.stringify(e.candidate ? e.candidate.toJSON() : {candidate: ""}));
  pc.ontrack = e => {
    if (e.track.kind !== 'video') return;
    const element = document.createElement('video');
    element.srcObject = new MediaStream([e.track]); element.autoplay = element.muted = true; element.id = 'agent';
    document.body.append(element);
  };
  for (const track of stream.getTracks()) pc.addTrack(track, stream);
  await pc.setLocalDescription();
  await offer(pc.localDescription.sdp);
}"""
ANSWER = "async sdp => { await pc.setRemoteDescription({type: 'answer', sdp}); waiting.splice(0).forEach(c => pc.addIceCandidate(c)); }"
PATH = """async () => {
  const all = await pc.getStats();
  for (const r of all.values()) if (r.type === 'transport' && r.selectedCandidatePairId) {
    const pair = all.get(r.selectedCandidatePairId), local = all.get(pair.localCandidateId), remote = all.get(pair.remoteCandidateId);
    return {type: local.candidateType, by: local.relayProtocol, remote: remote.address};
  }
}"""


@pytest.fixture(params=["udp", "tcp", "tls"])
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    reason = why_not() or (None if CHROMIUM.exists() else "Chromium is not installed")
    if reason is not None:
        if os.environ.get("CI"):
            pytest.fail(f"TURN is not tested here: {reason}")
        pytest.skip(f"TURN IS NOT TESTED on this machine: {reason}")
    network = Lab(request.param, tmp_path)
    try:
        network.open()
        with coturn(network):
            yield network
    finally:
        network.close()


def url(transport: str, host: str = RELAY) -> str:
    scheme = "turns" if transport == "tls" else "turn"
    return f"{scheme}:{host}:{PORTS[transport]}?transport={'udp' if transport == 'udp' else 'tcp'}"


def servers(lab: Lab, who: str, *before: str) -> list[IceServer]:
    """As the service hands them out."""
    settings = Settings(data_dir=lab.folder, turn_urls=(*before, url(lab.transport)), turn_secret=SECRET)
    return ice_servers(settings, SystemClock(), who)


@pytest.fixture
async def page(lab: Lab) -> AsyncIterator[Page]:
    camera = write_camera_file(lab.folder / "camera.mjpeg", frames=90)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=str(lab.program_in(lab.customer, CHROMIUM)), headless=False, args=[*FLAGS, f"--use-file-for-fake-video-capture={camera}"])
        page = await browser.new_page()

        async def answer(route: Route) -> None:
            await route.fulfill(body="<!doctype html><title>customer</title><body></body>", content_type="text/html")

        await page.route("https://desk.test/*", answer)
        await page.goto("https://desk.test/")
        yield page
        await browser.close()


class Wired(Listener):
    """Sends what is found late to the page, as the desktop does."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self._page = page
        self.sending: set[asyncio.Future] = set()

    def candidate_found(self, candidate: IceCandidate) -> None:
        super().candidate_found(candidate)
        self.sending.add(asyncio.ensure_future(self._page.evaluate("c => take(c)", candidate.model_dump_json(exclude_none=True))))


@contextlib.asynccontextmanager
async def call(lab: Lab, page: Page, agent_servers: list[IceServer]) -> AsyncIterator[tuple[AiortcPeer, Wired]]:
    listener = Wired(page)

    async def offer(sdp: str) -> None:
        await peer.take_description(SessionDescription(type="offer", sdp=sdp))
        listener.sending.add(asyncio.ensure_future(page.evaluate(ANSWER, listener.descriptions[-1].sdp)))

    async def candidate(text: str) -> None:
        await peer.take_candidate(IceCandidate(**json.loads(text)))

    await page.expose_function("offer", offer)
    await page.expose_function("candidate", candidate)
    with lab.inside(lab.agent):
        peer = synthetic_engine().connect(agent_servers, NOTHING, listener)
        try:
            await page.evaluate(CALL, [server.model_dump(exclude_none=True) for server in servers(lab, "customer")])
            yield peer, listener
        finally:
            await peer.close()
            await asyncio.gather(*listener.sending)


def way_of(peer: AiortcPeer) -> str:
    """How our selected pair reaches its relay: udp, tcp or tls; empty when it is none."""
    protocol = peer._connection.ice[0]._nominated[1].protocol
    if protocol.local_candidate.type != "relay":
        return ""
    transport = protocol.transport._TurnTransport__inner_protocol.transport
    if transport.get_extra_info("ssl_object") is not None:
        return "tls"
    return "tcp" if transport.get_extra_info("socket").type == socket.SOCK_STREAM else "udp"


async def talks(lab: Lab, page: Page, peer: AiortcPeer, listener: Wired) -> None:
    """Frames arrive on both sides, and only through the relay."""
    await until(lambda: PeerState.CONNECTED in listener.states or PeerState.FAILED in listener.states, "connected", 40)
    assert listener.states[-1] is PeerState.CONNECTED
    await until(lambda: peer.inbox.video.frames > 30, "the customer's frames")
    peer.remote_pictures.ask_size(640, 360)
    await until(lambda: number_of(peer) is not None, "a frame whose number can be read")
    await page.wait_for_function("document.getElementById('agent')?.videoWidth === 640")
    assert way_of(peer) == lab.transport
    assert await page.evaluate(PATH) == {"type": "relay", "by": lab.transport, "remote": RELAY}
    assert {line.split()[4] for line in listener.descriptions[-1].sdp.splitlines() if line.startswith("a=candidate:")} <= {AGENT, RELAY}


def number_of(peer: AiortcPeer) -> int | None:
    picture = peer.remote_pictures.take()
    if picture is None:
        return None
    rows = np.frombuffer(picture.buffer, np.uint8).reshape(-1, picture.stride_bytes)[:picture.height_px]
    return read_frame_number(rows[:, :picture.width_px * 4].reshape(picture.height_px, picture.width_px, 4))


async def test_a_call_runs_through_the_relay_alone(lab: Lab, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(lab.folder / "ca.pem")) if lab.transport == "tls" else None
    async with call(lab, page, servers(lab, "agent")) as (peer, listener):
        await talks(lab, page, peer, listener)
        assert lab.refused_directly() > 0, "the direct way was tried"


@pytest.mark.parametrize("lab", ["udp"], indirect=True)
async def test_dead_servers_before_it_do_not_prevent_the_call(lab: Lab, page: Page) -> None:
    dead = (f"stun:{NOBODY}:3478", url("udp", NOBODY), url("tcp", NOBODY))
    async with call(lab, page, servers(lab, "agent", *dead)) as (peer, listener):
        await talks(lab, page, peer, listener)


@pytest.mark.parametrize("lab", ["tls"], indirect=True)
async def test_a_relay_with_a_strangers_certificate_gets_no_credential(lab: Lab) -> None:
    from videodesk.media.gathering import DeskIce, servers_of

    with lab.inside(lab.agent):
        ice = DeskIce(servers_of(servers(lab, "agent")), local_username="abcd", local_password="x" * 22)
        await ice.gather_candidates()
        await until(lambda: not ice.is_still_asking, "the refusal")
        assert {candidate.type for candidate in ice.local_candidates} == {"host"}
        await ice.close()
    assert "ALLOCATE processed, success" not in (lab.folder / "coturn.log").read_text()


@pytest.mark.parametrize("lab", ["udp"], indirect=True)
async def test_there_is_no_other_way(lab: Lab) -> None:
    with lab.inside(lab.customer):
        listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        listening.bind((CUSTOMER, 0))
        listening.setblocking(False)
    with lab.inside(lab.agent), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knocking:
        knocking.sendto(b"anybody?", listening.getsockname())
    await until(lambda: lab.refused_directly() == 1, "the firewall's refusal")
    with listening, pytest.raises(BlockingIOError):
        listening.recv(100)
