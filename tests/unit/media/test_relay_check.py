"""STUN and TURN servers asked as a call asks them: fakes for what goes wrong, Debian's coturn for what goes right."""

import os
import shutil
import socket
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from tests.e2e.turn_lab import SECRET, make_certificates
from tests.unit.media.fake_servers import FakeServer
from videodesk.calls.line_report import RELAY_STEPS, StepResult, StepState
from videodesk.core.clock import SystemClock
from videodesk.media.gathering import Server
from videodesk.media.relay_check import probe, probe_servers
from videodesk.protocol.messages import IceServer
from videodesk.service.turn import turn_credential

CLOCK = SystemClock()


async def asked(*servers: IceServer) -> dict[str, StepResult]:
    told: list[StepResult] = []
    await probe_servers(list(servers), told.append, CLOCK)
    assert all(one.is_done for one in {one.step: one for one in told}.values())
    return {one.step: one for one in told}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


async def test_a_stun_server_says_how_it_sees_us() -> None:
    async with FakeServer(mapped=("203.0.113.5", 5000)) as server:
        found = (await asked(server.as_stun()))["stun"]
    assert (found.state, found.seen_as, found.where) == (StepState.OK, "203.0.113.5:5000", f"127.0.0.1:{server.port}")
    assert found.ms is not None


async def test_what_the_service_does_not_offer_is_skipped_and_says_why() -> None:
    assert {one.reason for one in (await asked()).values()} == {"none_set"}
    async with FakeServer() as server:
        found = await asked(server.as_stun())
    assert {step for step in RELAY_STEPS if found[step].reason == "not_offered"} == {"turn_udp", "turn_tcp", "turn_tls"}


async def test_a_silent_server_has_a_time_limit() -> None:
    async with FakeServer(is_awake=False) as server:
        for way in ("stun", "udp"):
            result = await probe(Server(way, "127.0.0.1", server.port, "u", "p"), lambda _result: None, CLOCK, deadline_s=0.3)
            assert (result.state, result.reason) == (StepState.FAILED, "no_answer")


async def test_a_relay_that_gives_addresses_and_lets_nothing_through_is_told_apart() -> None:
    async with FakeServer() as server:
        found = (await asked(server.as_turn()))["turn_udp"]
        assert (found.state, found.reason) == (StepState.OK, "no_echo")
        assert server.allocated == 0, "both allocations were given back"


async def test_nothing_listens_and_no_such_name() -> None:
    closed = await probe(Server("tcp", "127.0.0.1", free_port(), "u", "p"), lambda _result: None, CLOCK)
    assert (closed.state, closed.reason) == (StepState.FAILED, "closed")
    unknown = await probe(Server("stun", "no-such-host.invalid", 3478), lambda _result: None, CLOCK)
    assert (unknown.state, unknown.reason) == (StepState.FAILED, "unknown_host")


@pytest.fixture(scope="module")
def coturn(tmp_path_factory):
    """Debian's coturn on this machine, over UDP, TCP and TLS."""
    program = shutil.which("turnserver")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("coturn is missing")
        pytest.skip("coturn is not installed")
    folder, port, tls_port = tmp_path_factory.mktemp("coturn"), free_port(), free_port()
    make_certificates(folder, "127.0.0.1")
    log = (folder / "log").open("wb")
    process = subprocess.Popen([
        program, "-n", "--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm=desk.test", f"--listening-port={port}",
        f"--tls-listening-port={tls_port}", f"--cert={folder / 'turn.pem'}", f"--pkey={folder / 'turn.key'}", "--listening-ip=127.0.0.1",
        "--relay-ip=127.0.0.1", "--no-dtls", "--no-cli", "--allow-loopback-peers", f"--pidfile={folder / 'pid'}", f"--userdb={folder / 'db'}",
        "--log-file=stdout", "--simple-log", "--min-port=49152", "--max-port=65535"], stdout=log, stderr=subprocess.STDOUT, cwd=folder)
    deadline = CLOCK.monotonic() + 60
    for one in (port, tls_port):
        while True:
            try:
                socket.create_connection(("127.0.0.1", one), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "coturn ended"
                assert CLOCK.monotonic() < deadline, "coturn does not listen"
    yield port, tls_port, folder / "ca.pem"
    process.terminate()
    process.wait(timeout=10)
    log.close()


def relays(port: int, tls_port: int, secret: str = SECRET) -> IceServer:
    username, password = turn_credential(secret, "check", CLOCK.now() + timedelta(minutes=5))
    urls = [f"turn:127.0.0.1:{port}?transport=udp", f"turn:127.0.0.1:{port}?transport=tcp", f"turns:127.0.0.1:{tls_port}?transport=tcp"]
    return IceServer(urls=urls, username=username, credential=password)


@pytest.mark.coturn
async def test_a_packet_goes_through_the_relay_over_udp_tcp_and_tls(coturn, monkeypatch: pytest.MonkeyPatch) -> None:
    port, tls_port, authority = coturn
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))
    found = await asked(IceServer(urls=[f"stun:127.0.0.1:{port}"]), relays(port, tls_port))
    for step in RELAY_STEPS:
        assert (found[step].state, found[step].reason) == (StepState.OK, ""), found[step]
        assert found[step].seen_as.startswith("127.0.0.1:")


@pytest.mark.coturn
async def test_wrong_credentials_and_an_unknown_authority_are_named(coturn, monkeypatch: pytest.MonkeyPatch) -> None:
    port, tls_port, _ = coturn
    monkeypatch.setenv("SSL_CERT_FILE", str(Path("/etc/ssl/certs/ca-certificates.crt")))
    found = await asked(relays(port, tls_port, "another secret"))
    assert {found["turn_udp"].reason, found["turn_tcp"].reason} == {"refused"}
    assert found["turn_tls"].reason == "certificate"
