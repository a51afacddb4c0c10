"""The check of three seconds before a call, in a real Chromium: what it says, that it stands in nobody's way, keyboard and both languages."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess

import pytest

from tests.join.conftest import shot, texts
from tests.join.looking import Looking
from tests.service.conftest import LiveService
from videodesk.core.clock import SystemClock

SILENT_AND_BLACK = """const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => {
  const stream = new MediaStream();
  if (wanted.video) {
    const canvas = Object.assign(document.createElement('canvas'), {width: 640, height: 360});
    const paper = canvas.getContext('2d');
    setInterval(() => paper.fillRect(0, 0, 640, 360), 50);
    canvas.captureStream(15).getVideoTracks().forEach((track) => stream.addTrack(track));
  }
  if (wanted.audio) {
    const audio = new AudioContext();
    const quiet = new ConstantSourceNode(audio, {offset: 0});
    const out = audio.createMediaStreamDestination();
    quiet.connect(out); quiet.start();
    out.stream.getAudioTracks().forEach((track) => stream.addTrack(track));
  }
  return stream;
};"""
NO_CAMERA = """const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => { if (wanted.video) throw new DOMException('none', 'NotFoundError'); return real(wanted); };"""


def to_check(customer, agent, *scopes):
    customer.open(agent.invite()["link"])
    customer.press("start")
    if scopes:
        customer.consent(*scopes)
    else:
        customer.press("consent-all")
    customer.screen("check")


def said(customer, state):
    customer.page.wait_for_selector(f'[data-name="quick"][data-state="{state}"]')
    return customer.page.locator('[data-name="quick"] .quick-words').inner_text()


def test_all_is_fine_and_it_stays_said_in_the_waiting_room_and_in_the_other_language(customer, agent):
    to_check(customer, agent)
    assert said(customer, "good") == texts("nl")["quick.good_both"]
    assert customer.page.locator('[data-name="quick"] [role="status"]').count() == 1
    shot(customer.page, "quick-good")
    asked = [url for url in customer.requests if "/line" in url]
    assert len([url for url in asked if url.endswith("/line")]) == 1
    customer.press("language")
    assert said(customer, "good") == texts("en")["quick.good_both"]
    customer.press("ready")
    customer.screen("waiting")
    assert said(customer, "good") == texts("en")["quick.good_both"]
    assert [url for url in customer.requests if "/line" in url] == asked, "not asked again"
    shot(customer.page, "quick-waiting")


def test_a_muted_microphone_and_a_covered_camera_are_said_with_what_to_do(customers, agent):
    customer = customers(scripts=(SILENT_AND_BLACK,))
    to_check(customer, agent)
    words = said(customer, "amber")
    assert words.splitlines()[0] == texts("nl")["quick.silent"]
    assert texts("nl")["quick.black"] in words
    shot(customer.page, "quick-amber")
    looking = Looking(customer)
    looking.look("quick-amber")
    assert looking.problems == []
    customer.press("ready")
    customer.screen("waiting")


def test_with_one_device_missing_the_other_and_the_connection_are_checked(customers, agent):
    customer = customers(scripts=(NO_CAMERA,))
    to_check(customer, agent)
    customer.press("sound-only")
    assert said(customer, "good") == texts("nl")["quick.good_audio"]


def test_who_shares_nothing_has_the_connection_checked(customer, agent):
    to_check(customer, agent, "stills")
    assert said(customer, "good") == texts("nl")["quick.good_none"]


def test_a_service_that_does_not_answer_keeps_nobody_from_going_on_and_can_be_asked_again_by_keyboard(customer, agent):
    held = []
    customer.page.route("**/api/v1/line", lambda route: held.append(route))  # noqa: PLW0108 - Playwright wants to count its parameters
    to_check(customer, agent)
    assert said(customer, "running") == texts("nl")["quick.running"]
    assert customer.page.locator('[data-name="ready"]').is_enabled()
    assert said(customer, "amber").splitlines()[0] == texts("nl")["quick.no_service_phone"]
    customer.page.unroute("**/api/v1/line")
    customer.page.locator('[data-name="check-again"]').focus()
    customer.page.keyboard.press("Enter")
    assert said(customer, "good") == texts("nl")["quick.good_both"]
    assert customer.page.evaluate("document.activeElement !== document.body"), "the focus is not lost with the button"
    assert held


def test_going_on_while_it_runs_brings_the_outcome_to_the_waiting_room(customer, agent):
    held = []
    customer.page.route("**/api/v1/line", lambda route: held.append(route))  # noqa: PLW0108 - Playwright wants to count its parameters
    to_check(customer, agent)
    said(customer, "running")
    customer.press("ready")
    customer.screen("waiting")
    until_held = customer.page.locator('[data-name="quick"][data-state="running"]')
    until_held.wait_for()
    held.pop().continue_()
    said(customer, "good")


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class TestRelay:
    """The same with a TURN server in the service's settings."""

    @pytest.fixture
    def live(self, tmp_path, request):
        port = request.getfixturevalue("relay_port")
        service = LiveService(tmp_path, desk_name="Bol & Zonen", turn_urls=(f"turn:127.0.0.1:{port}?transport=tcp",), turn_secret="lab")
        yield service
        service.close()

    @pytest.fixture
    def relay_port(self, request, tmp_path):
        port = free_port()
        if request.node.get_closest_marker("coturn") is None:
            yield port  # nobody listens there
            return
        program = shutil.which("turnserver")
        if program is None:
            if os.environ.get("CI"):
                pytest.fail("coturn is missing")
            pytest.skip("coturn is not installed")
        process = subprocess.Popen([
            program, "-n", "--use-auth-secret", "--static-auth-secret=lab", "--realm=desk.test", f"--listening-port={port}", "--listening-ip=127.0.0.1",
            "--relay-ip=127.0.0.1", "--no-tls", "--no-dtls", "--no-cli", f"--pidfile={tmp_path / 'pid'}", f"--userdb={tmp_path / 'db'}",
            "--log-file=stdout", "--simple-log"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=tmp_path)
        deadline = SystemClock().monotonic() + 60
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "coturn ended"
                assert SystemClock().monotonic() < deadline, "coturn does not listen"
        yield port
        process.terminate()
        process.wait(timeout=10)

    def test_a_relay_that_cannot_be_reached_is_said(self, customer, agent):
        to_check(customer, agent)
        assert said(customer, "amber") == texts("nl")["quick.no_relay"]

    @pytest.mark.coturn
    def test_a_relay_that_answers_is_fine(self, customer, agent):
        to_check(customer, agent)
        assert said(customer, "good") == texts("nl")["quick.good_both"]
