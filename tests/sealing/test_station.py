"""A desktop's own key: asked a certificate for once, used without the network from then on."""

from __future__ import annotations

import os
import stat
from datetime import timedelta

import pytest

from tests.sealing.keys import NOW, capture_facts, desk_keys, look_alike, picture, rendition_facts
from tests.sealing.reading import state_of
from videodesk.core.clock import HandClock
from videodesk.core.errors import Invalid, NotAllowed, WorldError
from videodesk.core.vocabulary import SealKind
from videodesk.desktop.sealing import enrol, keep_enrolled
from videodesk.protocol import resources as r
from videodesk.sealing.certificates import chain_of, fingerprint, make_request
from videodesk.sealing.private_keys import PrivateKeys
from videodesk.sealing.sealer import seal_kind, unsealed
from videodesk.sealing.station import LocalStation


class Desk:
    """The part of DeskApi that enrolment asks, over real keys; `troubles` are raised first, one at each asking."""

    def __init__(self, keys, clock) -> None:
        self.keys = keys
        self.clock = clock
        self.asked: list[r.CertificateIn] = []
        self.troubles: list[Exception] = []

    async def seal_root(self):
        if self.troubles:
            raise self.troubles.pop(0)
        return r.SealRoot(root_pem=self.keys.root_pem, fingerprint=self.keys.root_fingerprint)

    async def certify(self, body):
        self.asked.append(body)
        chain = self.keys.issue(body.csr_pem, body.station_id, self.clock.now())
        made = chain_of(chain)[0]
        return r.CertificateView(chain_pem=chain, fingerprint=fingerprint(made), expires_at=made.not_valid_after_utc)


@pytest.fixture
def clock():
    return HandClock(NOW)


@pytest.fixture
def desk(tmp_path, clock):
    return Desk(desk_keys(tmp_path), clock)


@pytest.fixture
def station(tmp_path, clock):
    return LocalStation(tmp_path / "station", clock)


async def test_unsealed_until_enrolled_then_sealed(station, desk, clock):
    data = picture()
    assert not station.is_ready
    assert station.seal_capture(data, "image/jpeg", capture_facts()) == data
    await keep_enrolled(station, "https://desk", desk, clock)
    assert station.is_ready
    sealed = station.seal_capture(data, "image/jpeg", capture_facts())
    assert (seal_kind(sealed), unsealed(sealed)) == (SealKind.CAPTURE, data)
    assert state_of(sealed, desk.keys.root_pem) == "Trusted"
    drawn = station.seal_rendition(picture(seed=2), "image/jpeg", sealed, "image/jpeg", rendition_facts())
    assert state_of(drawn, desk.keys.root_pem) == "Trusted"


async def test_the_next_start_seals_without_the_network(station, desk, clock, tmp_path):
    await keep_enrolled(station, "https://desk", desk, clock)
    later = LocalStation(tmp_path / "station", clock)
    later.use("https://desk")
    assert later.is_ready
    assert later.certificate_fingerprint == station.certificate_fingerprint
    assert await enrol(later, desk, clock) is False
    assert len(desk.asked) == 1


async def test_renewed_while_what_is_sealed_still_has_long_to_go(station, desk, clock):
    await keep_enrolled(station, "https://desk", desk, clock)
    first = station.certificate_fingerprint
    clock.advance(timedelta(days=2 * 365 + 1).total_seconds())
    assert await enrol(station, desk, clock) is True
    assert station.certificate_fingerprint != first
    assert desk.asked[0].station_id == desk.asked[1].station_id
    assert await enrol(station, desk, clock) is False


async def test_not_asked_again_and_again_when_the_root_itself_nears_its_end(station, desk, clock):
    clock.advance(timedelta(days=20 * 365).total_seconds())
    await keep_enrolled(station, "https://desk", desk, clock)
    assert await enrol(station, desk, clock) is False


async def test_a_new_root_gives_a_new_certificate(station, desk, clock, tmp_path):
    await keep_enrolled(station, "https://desk", desk, clock)
    desk.keys = look_alike(tmp_path, desk.keys)
    await keep_enrolled(station, "https://desk", desk, clock)
    assert len(desk.asked) == 2
    assert state_of(station.seal_capture(picture(), "image/jpeg", capture_facts()), desk.keys.root_pem) == "Trusted"


async def test_never_seals_for_one_desk_with_the_certificate_of_another(station, desk, clock):
    await keep_enrolled(station, "https://desk", desk, clock)
    station.use("https://other")
    assert not station.is_ready
    station.use("https://desk")
    assert station.is_ready


async def test_an_answer_for_another_key_or_by_another_root_is_not_taken(station, desk, clock, tmp_path):
    station.use("https://desk")
    wanted = station.wanted(desk.keys.root_fingerprint, NOW)
    other = look_alike(tmp_path, desk.keys)
    strange = PrivateKeys(tmp_path).make()
    for chain in (
        other.issue(wanted.csr_pem, wanted.station_id, NOW), desk.keys.issue(make_request(strange), wanted.station_id, NOW),
        desk.keys.issue(wanted.csr_pem, wanted.station_id, NOW).split("-----END CERTIFICATE-----\n")[0] + "-----END CERTIFICATE-----\n", "no",
    ):
        with pytest.raises(Invalid):
            station.accept(chain, desk.keys.root_fingerprint)
        assert not station.is_ready


async def test_tries_again_until_the_desk_answers(station, desk, clock):
    desk.troubles = [WorldError("service.offline"), WorldError("seal.no_ca")]
    waits: list[float] = []

    async def wait(seconds: float) -> None:
        waits.append(seconds)

    await keep_enrolled(station, "https://desk", desk, clock, wait=wait)
    assert station.is_ready
    assert waits == [2.0, 10.0]


async def test_who_may_not_capture_is_not_asked_about_it_again(station, desk, clock):
    desk.troubles = [NotAllowed("permission.denied", action="evidence.capture")]
    await keep_enrolled(station, "https://desk", desk, clock)
    assert not station.is_ready


async def test_a_lost_or_broken_key_is_replaced(station, desk, clock, tmp_path):
    await keep_enrolled(station, "https://desk", desk, clock)
    for damage in (lambda: (tmp_path / "station" / "station.json").write_text("{"), lambda: [one.unlink() for one in (tmp_path / "station").glob("*.key")]):
        damage()
        again = LocalStation(tmp_path / "station", clock)
        again.use("https://desk")
        assert not again.is_ready
        await enrol(again, desk, clock)
        assert state_of(again.seal_capture(picture(), "image/jpeg", capture_facts()), desk.keys.root_pem) == "Trusted"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
async def test_only_this_account_reads_the_key(station, desk, clock, tmp_path):
    await keep_enrolled(station, "https://desk", desk, clock)
    folder = tmp_path / "station"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(one.stat().st_mode) for one in folder.iterdir()} == {0o600}


async def test_a_full_or_closed_disk_leaves_pictures_unsealed(desk, clock, tmp_path):
    (tmp_path / "station").write_text("in the way")
    station = LocalStation(tmp_path / "station", clock)
    with pytest.raises(WorldError, match=r"storage\.unwritable"):
        station.use("https://desk")
    assert station.seal_capture(b"x", "image/jpeg", capture_facts()) == b"x"
