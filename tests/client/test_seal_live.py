"""A desktop enrols at a real service, and seals on with no line to it."""

from __future__ import annotations

import asyncio

import pytest

from tests.sealing.keys import capture_facts, desk_keys, picture
from tests.sealing.reading import state_of
from tests.service.conftest import PASSWORD, LiveService
from videodesk.client.http import HttpDeskApi, open_client
from videodesk.core.errors import NotAllowed
from videodesk.desktop.sealing import enrol, keep_enrolled
from videodesk.protocol import resources as r
from videodesk.sealing.station import LocalStation


@pytest.fixture
async def service(tmp_path):
    made = await asyncio.to_thread(LiveService, tmp_path)
    made.desk.keys = desk_keys(tmp_path, now=made.desk.clock.now())
    yield made
    await asyncio.to_thread(made.close)


async def signed_in(service, name) -> HttpDeskApi:
    api = HttpDeskApi(open_client(service.url))
    await api.sign_in(r.SignInIn(name=name, password=PASSWORD))
    return api


async def test_enrolled_over_http_then_on_its_own(service, tmp_path):
    api, clock = await signed_in(service, "anna"), service.desk.clock
    station = LocalStation(tmp_path / "desktop" / "station", clock)
    await keep_enrolled(station, service.url, api, clock)
    root = (await api.seal_root()).root_pem
    await api.close()
    later = LocalStation(tmp_path / "desktop" / "station", clock)
    later.use(service.url)
    assert root == service.desk.keys.root_pem
    assert state_of(later.seal_capture(picture(), "image/jpeg", capture_facts()), root) == "Trusted"


async def test_who_may_not_capture_gets_no_certificate(service, tmp_path):
    api, clock = await signed_in(service, "adam"), service.desk.clock
    station = LocalStation(tmp_path / "desktop" / "station", clock)
    station.use(service.url)
    with pytest.raises(NotAllowed):
        await enrol(station, api, clock)
    assert not station.is_ready
    await api.close()
