"""The network test's routes: for whoever is signed in or joined, bounded in size and number, with credentials that end soon."""

import os
from datetime import timedelta

import pytest

from tests.service.conftest import make_desk
from videodesk.core.clock import SystemClock
from videodesk.protocol.line_bodies import MAX_TRANSFER_BYTES
from videodesk.service import limits
from videodesk.service.api.line import CREDENTIAL_S
from videodesk.service.turn import turn_credential

URLS = ("stun:turn.example.nl:3478", "turn:turn.example.nl:3478?transport=udp", "turns:turn.example.nl:5349?transport=tcp")


@pytest.fixture
def desk(tmp_path, clock):
    from tests.service.conftest import close_desk

    made = make_desk(tmp_path, clock, turn_urls=URLS, turn_secret="a secret")
    yield made
    close_desk(made)


def test_the_servers_are_those_of_a_call_and_their_credentials_end_soon(client, clock):
    plain, relay = client.get("/line").json()["ice_servers"]
    assert (plain["urls"], relay["urls"]) == ([URLS[0]], list(URLS[1:]))
    expiry, _, name = relay["username"].partition(":")
    ends_at = clock.now() + timedelta(seconds=CREDENTIAL_S)
    assert int(expiry) == int(ends_at.timestamp())
    assert turn_credential("a secret", name, ends_at) == (relay["username"], relay["credential"])


def test_a_customer_may_ask_too_and_a_stranger_may_not(client):
    customer = client.join(client.invite(client.make_case()["id"]))
    assert customer.get("/line").status_code == 200
    assert customer.post("/line/up", content=b"x").json() == {"received_bytes": 1}
    for answer in (client.as_(None).get("/line"), client.as_(None).get("/line/down?size_bytes=1"), client.as_(None).post("/line/up", content=b"x")):
        assert answer.status_code == 401


def test_the_time_is_told_to_everyone(client, clock):
    assert client.as_(None).get("/line/time").json()["at"].startswith(f"{clock.now():%Y-%m-%dT%H:%M:%S}")


def test_noise_down_cannot_be_compressed_and_noise_up_is_counted(client):
    import zlib

    data = client.get("/line/down?size_bytes=100000").content
    assert len(data) == 100_000
    assert len(zlib.compress(data)) > 99_000
    assert client.post("/line/up", content=os.urandom(MAX_TRANSFER_BYTES)).json() == {"received_bytes": MAX_TRANSFER_BYTES}


@pytest.mark.parametrize("size", [0, -1, MAX_TRANSFER_BYTES + 1, "many"])
def test_no_other_size_is_sent(client, size):
    assert client.get(f"/line/down?size_bytes={size}").status_code == 422


def test_more_than_the_most_is_refused(client):
    assert client.post("/line/up", content=bytes(MAX_TRANSFER_BYTES + 1)).status_code == 413


def test_who_asks_too_often_has_to_wait_and_nobody_else(client):
    asked = 0
    while (answer := client.get("/line")).status_code == 200:
        asked += 1
    assert asked == limits.LINE_TESTS.amount
    assert (answer.status_code, answer.json()["code"]) == (429, "rate.limited")
    assert client.get("/line/down?size_bytes=1").status_code == 429
    assert client.as_("bram").get("/line").status_code == 200


def test_the_clock_is_the_service_s(client, clock):
    clock.advance(3600)
    assert clock.now() < SystemClock().now()
    assert f"{clock.now():%H:%M}" in client.get("/line/time").json()["at"]
