"""The network test against the real service: what is measured, what is said when it is gone, slow or not to be trusted."""

from __future__ import annotations

import asyncio
import socket
from datetime import timedelta

import pytest

from tests.service.conftest import PASSWORD, LiveService
from videodesk.calls.line_report import SERVICE_STEPS, StepResult, StepState
from videodesk.client.http import HttpDeskApi, open_client
from videodesk.client.tls import pinned_context
from videodesk.core.clock import SystemClock
from videodesk.protocol import resources as r
from videodesk.service.tls import self_signed


class Apart(SystemClock):
    """A computer whose clock is ahead."""

    def now(self):
        return super().now() + timedelta(seconds=90)


@pytest.fixture
async def service(tmp_path):
    made = await asyncio.to_thread(LiveService, tmp_path)
    yield made
    await asyncio.to_thread(made.close)


async def probed(api, clock=None) -> dict[str, StepResult]:
    told: list[StepResult] = []
    await api.probe_line(told.append, clock)
    for name in SERVICE_STEPS:
        states = [one.state for one in told if one.step == name]
        assert states[-1] in {StepState.OK, StepState.FAILED, StepState.SKIPPED}
        assert states[:-1] in ([], [StepState.RUNNING])
    return {one.step: one for one in told}


async def test_a_signed_in_person_measures_everything(service):
    api = HttpDeskApi(open_client(service.url))
    await api.sign_in(r.SignInIn(name="anna", password=PASSWORD))
    found = await probed(api)
    await api.close()
    assert {name for name, one in found.items() if one.state is StepState.OK} == {"service", "channel", "clock", "down", "up"}
    assert found["service"].ms > 0
    assert found["channel"].ms > 0
    assert abs(found["clock"].seconds) < 1
    assert found["down"].kbps > 1000
    assert found["up"].kbps > 1000
    assert (found["certificate"].state, found["certificate"].reason) == (StepState.SKIPPED, "plain")


async def test_the_clock_is_compared_with_the_computer_s_own_and_half_the_way_is_taken_off(service):
    api = HttpDeskApi(open_client(service.url))
    found = await probed(api, Apart())
    await api.close()
    assert found["clock"].seconds == pytest.approx(90, abs=1)
    assert (found["up"].state, found["up"].reason) == (StepState.SKIPPED, "signed_out")


async def test_a_test_does_not_take_the_place_of_the_desk_s_own_connection(service):
    from tests.client.test_channel import QUICK, Listener
    from videodesk.client.channel import Channel, ChannelState

    api = HttpDeskApi(open_client(service.url))
    await api.sign_in(r.SignInIn(name="anna", password=PASSWORD))
    listener = Listener()
    channel = Channel(service.url, listener, times=QUICK)
    channel.start(api.token)
    async with asyncio.timeout(60):
        while channel.state is not ChannelState.ONLINE:
            await asyncio.sleep(0.01)
    before = len(listener.states)
    assert (await probed(api))["channel"].state is StepState.OK
    assert channel.state is ChannelState.ONLINE
    assert len(listener.states) == before
    await channel.stop()
    await api.close()


async def test_a_service_that_is_not_there(tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    api = HttpDeskApi(open_client(f"http://127.0.0.1:{port}"), "a token")
    found = await probed(api)
    await api.close()
    assert (found["service"].state, found["channel"].state) == (StepState.FAILED, StepState.FAILED)
    assert found["channel"].reason == "closed"
    assert {found[name].reason for name in ("clock", "down", "up")} == {"no_service"}


async def test_a_pinned_certificate_is_good_and_has_its_days_and_a_strange_one_is_refused(tmp_path):
    tls = self_signed(tmp_path / "tls", ["localhost"], SystemClock().now())
    service = await asyncio.to_thread(LiveService, tmp_path / "desk", tls)
    try:
        context = await pinned_context(service.url, tls.fingerprint)
        known = HttpDeskApi(open_client(service.url, context)).with_tls(context)
        found = await probed(known)
        assert found["certificate"].state is StepState.OK
        assert found["certificate"].days > 30
        assert found["channel"].state is StepState.OK
        await known.close()
        stranger = HttpDeskApi(open_client(service.url))
        found = await probed(stranger)
        assert {name: found[name].reason for name in ("service", "channel", "certificate")} == dict.fromkeys(("service", "channel", "certificate"), "certificate")
        await stranger.close()
    finally:
        await asyncio.to_thread(service.close)


async def test_asked_too_often_is_said(service):
    api = HttpDeskApi(open_client(service.url))
    await api.sign_in(r.SignInIn(name="anna", password=PASSWORD))
    for _ in range(90):
        await api.line()
    assert (await probed(api))["down"].reason == "too_often"
    await api.close()


async def test_a_desk_behind_a_certificate_that_is_not_pinned_is_asked_by_the_system_s_authorities(tmp_path):
    """A name with a real certificate: no context is given, and the channel must not stumble over that."""
    from tests.client.test_channel import QUICK, Listener
    from videodesk.client.channel import Channel

    tls = self_signed(tmp_path / "tls", ["localhost"], SystemClock().now())
    service = await asyncio.to_thread(LiveService, tmp_path / "desk", tls)
    listener = Listener()
    channel = Channel(service.url, listener, times=QUICK)
    channel.start("a token")
    try:
        async with asyncio.timeout(60):
            while not any(why is not None for _, why in listener.states):
                await asyncio.sleep(0.01)
        assert next(why for _, why in listener.states if why is not None) == "service.certificate"
    finally:
        await channel.stop()
        await asyncio.to_thread(service.close)
