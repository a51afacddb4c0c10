"""The desktop's own sealing key, in the whole program over fakes: enrolled after signing in, in nobody's way."""

from __future__ import annotations

import asyncio

from tests.desktop.fakes import FakeDeskApi
from tests.desktop.sample import busy_desk
from tests.desktop.test_program import make_program, until
from tests.sealing.keys import capture_facts, desk_keys, picture
from tests.sealing.reading import state_of
from videodesk.core.errors import WorldError
from videodesk.protocol import resources as r
from videodesk.sealing.certificates import chain_of, fingerprint
from videodesk.sealing.station import LocalStation


class Sealing(FakeDeskApi):
    """A fake desk with real keys; `is_hanging` never answers, `is_bare` has no keys."""

    def __init__(self) -> None:
        super().__init__()
        self.is_embedded = True
        self.keys = None
        self.is_hanging = self.is_bare = False

    async def seal_root(self):
        self._enter("seal_root")
        if self.is_hanging:
            await asyncio.Event().wait()
        if self.is_bare:
            raise WorldError("seal.no_ca")
        return r.SealRoot(root_pem=self.keys.root_pem, fingerprint=self.keys.root_fingerprint)

    async def certify(self, body):
        self._enter("certify")
        chain = self.keys.issue(body.csr_pem, body.station_id, self.clock.now())
        made = chain_of(chain)[0]
        return r.CertificateView(chain_pem=chain, fingerprint=fingerprint(made), expires_at=made.not_valid_after_utc)


def started(qapp, tmp_path, api):
    busy_desk(api)
    api.keys = desk_keys(tmp_path, now=api.clock.now())
    program, _, _, bugs = make_program(api, tmp_path, qapp)
    program._parts.make_sealer = lambda: LocalStation(tmp_path / "station", api.clock)
    program.start()
    assert until(lambda: program.shell is not None)
    return program, bugs


def test_enrolled_after_signing_in_and_kept_over_a_sign_out(qapp, tmp_path):
    api = Sealing()
    program, bugs = started(qapp, tmp_path, api)
    sealer = program.shell.context.sealer
    assert until(lambda: sealer.is_ready)
    sealed = sealer.seal_capture(picture(), "image/jpeg", capture_facts())
    assert state_of(sealed, api.keys.root_pem) == "Trusted"
    program.sign_out()
    assert until(lambda: "sign_out" in api.asked)
    program._entry.resume()
    assert until(lambda: program.shell is not None and api.asked.count("seal_root") == 2)
    assert program.shell.context.sealer is sealer
    program.stop()
    assert api.asked.count("certify") == 1
    assert bugs == []


def test_a_desk_that_never_answers_holds_nothing_up(qapp, tmp_path):
    api = Sealing()
    api.is_hanging = True
    program, bugs = started(qapp, tmp_path, api)
    assert until(lambda: "seal_root" in api.asked)
    assert not program.shell.context.sealer.is_ready
    assert program.shell.context.sealer.seal_capture(b"as it is", "image/jpeg", capture_facts()) == b"as it is"
    program.stop()
    assert bugs == []


def test_a_desk_without_keys_leaves_pictures_unsealed(qapp, tmp_path):
    api = Sealing()
    api.is_bare = True
    program, bugs = started(qapp, tmp_path, api)
    assert until(lambda: "seal_root" in api.asked)
    assert not program.shell.context.sealer.is_ready
    program.stop()
    assert bugs == []
