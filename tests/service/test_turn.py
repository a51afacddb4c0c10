"""TURN credentials, alone and against Debian's coturn."""

import asyncio
import base64
import hashlib
import hmac
import os
import shutil
import socket
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from aioice import stun, turn

from videodesk.core.clock import HandClock, SystemClock
from videodesk.service.turn import LIFETIME_S, ice_servers, turn_credential
from videodesk.settings import Settings

SECRET = "a shared secret of the lab"
NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def test_the_credential_follows_the_rest_scheme():
    username, password = turn_credential(SECRET, "call-7", NOW)
    assert username == "1767603600:call-7"
    assert base64.b64decode(password) == hmac.new(SECRET.encode(), username.encode(), hashlib.sha1).digest()


def test_no_servers_without_turn(tmp_path):
    assert ice_servers(Settings(data_dir=tmp_path), HandClock(NOW), "x") == []


def test_servers_from_the_settings(tmp_path):
    urls = ("stun:stun.example.nl", "turn:turn.example.nl:3478?transport=udp", "turns:turn.example.nl:5349?transport=tcp")
    plain, relay = ice_servers(Settings(data_dir=tmp_path, turn_urls=urls, turn_secret=SECRET), HandClock(NOW), "call-7")
    assert (plain.urls, plain.username, plain.credential) == ([urls[0]], None, None)
    assert relay.urls == list(urls[1:])
    assert (relay.username, relay.credential) == turn_credential(SECRET, "call-7", NOW + timedelta(seconds=LIFETIME_S))


def test_turn_addresses_without_a_secret_are_not_handed_out(tmp_path):
    assert ice_servers(Settings(data_dir=tmp_path, turn_urls=("turn:turn.example.nl",)), HandClock(NOW), "x") == []


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def coturn(tmp_path_factory):
    program = shutil.which("turnserver")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("coturn is missing")
        pytest.skip("coturn is not installed")
    folder, port = tmp_path_factory.mktemp("coturn"), free_port()
    process = subprocess.Popen([
        program, "-n", "--use-auth-secret", f"--static-auth-secret={SECRET}", "--realm=desk.test", f"--listening-port={port}",
        "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", "--no-tls", "--no-dtls", "--no-cli", "--allow-loopback-peers",
        f"--pidfile={folder / 'pid'}", f"--userdb={folder / 'db'}", "--log-file=stdout", "--simple-log", "--min-port=49152", "--max-port=65535",
    ], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
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


class Receiver(asyncio.DatagramProtocol):
    """Takes what comes through the relay."""

    def __init__(self):
        self.came = asyncio.get_running_loop().create_future()

    def datagram_received(self, data, addr):
        if not self.came.done():
            self.came.set_result((data, addr))


async def allocate(port, transport, username, password):
    relay, receiver = await turn.create_turn_endpoint(
        Receiver, server_addr=("127.0.0.1", port), username=username, password=password, lifetime=600, ssl=False, transport=transport)
    return relay, receiver


def settings_of(tmp_path, port, transport):
    return Settings(data_dir=tmp_path, turn_urls=(f"turn:127.0.0.1:{port}?transport={transport}",), turn_secret=SECRET)


@pytest.mark.coturn
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_fresh_credential_relays(coturn, tmp_path, transport):
    (server,) = ice_servers(settings_of(tmp_path, coturn, transport), SystemClock(), "call-7-agent")
    relay, _ = await allocate(coturn, transport, server.username, server.credential)
    loop = asyncio.get_running_loop()
    far, far_protocol = await loop.create_datagram_endpoint(Receiver, local_addr=("127.0.0.1", 0))
    try:
        assert relay.get_extra_info("sockname")[0] == "127.0.0.1"
        relay.sendto(b"through the relay", far.get_extra_info("sockname"))
        async with asyncio.timeout(60):
            data, source = await far_protocol.came
        assert data == b"through the relay"
        assert source == relay.get_extra_info("sockname")
    finally:
        far.close()
        relay.close()
        await asyncio.sleep(0)


@pytest.mark.coturn
@pytest.mark.parametrize("transport", ["udp", "tcp"])
@pytest.mark.parametrize("what", ["wrong secret", "expired", "other name"])
async def test_a_wrong_or_expired_credential_is_refused(coturn, tmp_path, transport, what):
    now = SystemClock().now()
    username, password = {
        "wrong secret": lambda: turn_credential("another secret", "call-7", now + timedelta(hours=1)),
        "expired": lambda: turn_credential(SECRET, "call-7", now - timedelta(seconds=5)),
        "other name": lambda: (f"{int((now + timedelta(hours=9)).timestamp())}:call-7", turn_credential(SECRET, "call-7", now + timedelta(hours=1))[1]),
    }[what]()
    with pytest.raises((stun.TransactionFailed, stun.TransactionError)) as refused:
        await allocate(coturn, transport, username, password)
    assert refused.value.response.attributes["ERROR-CODE"][0] == 401
