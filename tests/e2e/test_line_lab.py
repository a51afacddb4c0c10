"""The network test behind a firewall that lets one way through to the relay: what it finds, and what it tells IT to open."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.turn_lab import PORTS, RELAY, SECRET, Lab, coturn, why_not
from videodesk.calls.line_report import LineReport, StepResult, StepState, advise
from videodesk.core.clock import SystemClock
from videodesk.media.relay_check import probe_servers
from videodesk.service.turn import ice_servers
from videodesk.settings import Settings

pytestmark = pytest.mark.coturn
EXPECTED = {"udp": "one_relay_fails", "tcp": "relay_tcp", "tls": "relay_tls"}


@pytest.fixture(params=list(EXPECTED))
def lab(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Lab]:
    if (reason := why_not()) is not None:
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


async def test_the_one_way_that_is_open_is_found_and_the_advice_fits(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(lab.folder / "ca.pem"))
    urls = (f"turn:{RELAY}:{PORTS['udp']}?transport=udp", f"turn:{RELAY}:{PORTS['tcp']}?transport=tcp", f"turns:{RELAY}:{PORTS['tls']}?transport=tcp")
    servers = ice_servers(Settings(data_dir=lab.folder, turn_urls=urls, turn_secret=SECRET), SystemClock(), "anna-check")
    found: dict[str, StepResult] = {}
    with lab.inside(lab.agent):
        await probe_servers(servers, lambda one: found.__setitem__(one.step, one), SystemClock())
    works = {step for step, one in found.items() if one.state is StepState.OK}
    assert works == {f"turn_{lab.transport}"}, found
    # A packet from one relayed address to another and back: so the relay is good for a call where both sides need it.
    assert found[f"turn_{lab.transport}"].reason == ""
    (first, *_) = advise(LineReport(SystemClock().now(), "desk", tuple(found.values())))
    assert first.key == EXPECTED[lab.transport]
