"""The loop that fetches time stamps: covers each original within a minute, bears any authority, and is in nobody's way."""

from __future__ import annotations

import asyncio
import subprocess
import threading
from datetime import timedelta

import pytest

from tests.sealing.authority import root, root_pem, running
from tests.service.conftest import CHEAP, close_desk, make_desk
from tests.service.evidence_desk import EvidenceDesk
from videodesk.core.clock import SystemClock
from videodesk.core.errors import WorldError
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CustodyAction
from videodesk.evidence import custody
from videodesk.evidence.custody import bytes_of_head
from videodesk.evidence.seal_ports import Stamp
from videodesk.evidence.stamps import lateness
from videodesk.sealing.timestamp import HttpTimestampAuthority
from videodesk.service.app import create_app
from videodesk.service.server import ServiceServer
from videodesk.service.stamping import FIRST_RETRY_S, LAST_RETRY_S, PERIOD_S, Stamping


class HandAuthority:
    """Answers at once by the desk's clock, or fails with `code`."""

    def __init__(self, clock, name="https://tsa.example/"):
        self.name = name
        self.clock = clock
        self.code = ""
        self.asked = []
        self.takes_s = 0.0

    def stamp(self, digest):
        self.asked.append(digest)
        self.clock.advance(self.takes_s)
        if self.code:
            raise WorldError(self.code)
        return Stamp(digest, self.name, b"token", self.clock.now())


@pytest.fixture
def desk(tmp_path):
    made = EvidenceDesk(tmp_path)
    yield made
    made.close()


@pytest.fixture
def authority(desk):
    made = HandAuthority(desk.clock)
    desk.desk.authorities = (made,)
    return made


def stored_index(desk, snapshot_id):
    return next(entry["index"] for entry in desk.custody() if entry["action"] == "stored" and entry["snapshot_id"] == snapshot_id)


def covering(desk, index):
    with desk.store.read() as uow:
        return uow.timestamps.covering(index)


def test_every_original_is_covered_within_a_minute_of_its_capture(desk, authority):
    """A quarter of an hour of a call, an original every seven seconds."""
    authority.takes_s = 2.0
    stamping = Stamping(desk.desk)
    ends = desk.clock.monotonic() + 900
    next_turn = next_capture = 0.0
    kept = []
    while desk.clock.monotonic() < ends:
        if desk.clock.monotonic() >= next_capture and desk.clock.monotonic() < ends - 60:
            kept.append(desk.kept())
            next_capture = desk.clock.monotonic() + 7
        if desk.clock.monotonic() >= next_turn:
            next_turn = stamping.step() + desk.clock.monotonic()
        desk.clock.advance(0.5)
    assert len(kept) > 100
    from datetime import datetime
    for one in kept:
        covered = covering(desk, stored_index(desk, one["id"]))
        told = lateness(datetime.fromisoformat(one["captured_at"]), covered.stamp.stamped_at)
        assert not told.is_late, told


def test_a_quiet_desk_asks_nothing(desk, authority):
    desk.kept()
    stamping = Stamping(desk.desk)
    assert stamping.step() == PERIOD_S
    assert len(authority.asked) == 1
    assert stamping.step() == PERIOD_S
    assert len(authority.asked) == 1


def test_what_is_wanted_is_stamped_too(desk, authority):
    digest = "e" * 64
    with desk.store.write() as uow:
        uow.timestamps.want(digest, desk.clock.now())
    Stamping(desk.desk).step()
    with desk.store.read() as uow:
        assert [one.authority for one in uow.timestamps.of(digest)] == [authority.name]
        assert uow.timestamps.wanted() == []


def test_a_failing_authority_is_tried_again_ever_more_patiently_and_then_one_stamp_catches_up(desk, authority):
    authority.code = "timestamp.unreachable"
    first = desk.kept()
    stamping = Stamping(desk.desk)
    waits = []
    for _ in range(7):
        waits.append(stamping.step())
        assert stamping.step() <= waits[-1], "asked again too early it does nothing"
        desk.clock.advance(waits[-1])
    assert len(authority.asked) == 7
    assert waits[0] == pytest.approx(FIRST_RETRY_S)
    assert waits == sorted(waits)
    assert max(waits) <= LAST_RETRY_S
    second = desk.kept("navy")
    authority.code = ""
    desk.clock.advance(LAST_RETRY_S)
    stamping.step()
    for one in (first, second):
        assert covering(desk, stored_index(desk, one["id"])) is not None
    assert len(authority.asked) == 8, "one stamp covers all that was missed"


def test_while_one_fails_the_next_is_asked(desk, authority):
    authority.code = "timestamp.refused"
    other = HandAuthority(desk.clock, "https://other.example/")
    desk.desk.authorities = (authority, other)
    one = desk.kept()
    stamping = Stamping(desk.desk)
    assert stamping.step() == PERIOD_S
    assert covering(desk, stored_index(desk, one["id"])).stamp.authority == other.name


def test_only_a_quick_and_good_authority_may_be_waited_for(desk, authority):
    stamping = Stamping(desk.desk)
    assert stamping.prompt() is None, "nothing is known of it yet"
    desk.kept()
    stamping.step()
    assert stamping.prompt() is authority
    authority.takes_s = 3.0
    desk.kept("navy")
    stamping.step()
    assert stamping.prompt() is None, "it is slow"
    authority.takes_s, authority.code = 0.0, "timestamp.unreachable"
    desk.kept("red")
    stamping.step()
    assert stamping.prompt() is None


@pytest.mark.parametrize(("late", "warns"), [(-90, True), (-3, False), (0, False), (60, False), (60.5, True)])
def test_more_than_a_minute_between_the_clocks_warns(desk, late, warns):
    now = desk.clock.now()
    told = lateness(now, now + timedelta(seconds=late))
    assert (told.late_s, told.is_late) == (late, warns)


@pytest.mark.parametrize("mode", ["hanging", "refusing", "garbage", "wrong_nonce", "wrong_imprint", "expired"])
def test_while_an_authority_misbehaves_captures_go_on_and_stopping_is_quick(desk, mode):
    with running(mode) as authority:
        desk.desk.authorities = (HttpTimestampAuthority(authority.url, [root()]),)
        stamping = Stamping(desk.desk)
        desk.kept()
        stamping.start()
        try:
            assert authority.arrived.wait(60)
            kept = desk.kept("navy")
            assert covering(desk, stored_index(desk, kept["id"])) is None
        finally:
            stamping.stop()
        assert covering(desk, 1) is None


def test_a_real_token_comes_by_itself_and_checks(desk):
    with running() as authority:
        asked = HttpTimestampAuthority(authority.url, [root()])
        desk.desk.authorities = (asked,)
        kept = desk.kept()
        stamping = Stamping(desk.desk, period_s=0.01)
        stamping.start()
        index = stored_index(desk, kept["id"])
        desk.wait_for(lambda: covering(desk, index) is not None)
        later = stored_index(desk, desk.kept("navy")["id"])
        desk.wait_for(lambda: covering(desk, later) is not None)
        stamping.stop()
    desk.wait_for(lambda: not any(thread.name == "stamping" for thread in threading.enumerate()))


def test_openssl_alone_can_check_when_the_log_was_there(desk, tmp_path):
    with running() as authority:
        desk.desk.authorities = (HttpTimestampAuthority(authority.url, [root()]),)
        desk.kept()
        Stamping(desk.desk).step()
    with desk.store.read() as uow:
        head, stamp = uow.custody.newest_head(), uow.timestamps.newest_head().stamp
    (tmp_path / "head.json").write_bytes(bytes_of_head(head))
    (tmp_path / "token.tsr").write_bytes(stamp.token)
    (tmp_path / "root.pem").write_text(root_pem())
    done = subprocess.run(["openssl", "ts", "-verify", "-in", "token.tsr", "-data", "head.json", "-CAfile", "root.pem"], cwd=tmp_path,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


async def test_a_running_service_stamps_and_stops(tmp_path):
    made = make_desk(tmp_path, SystemClock(), host="127.0.0.1")
    with running() as authority:
        made.authorities = (HttpTimestampAuthority(authority.url, [root()]),)
        with made.store.write() as uow:
            custody.record(uow.custody, CustodyAction.VIEWED, new_id(), made.clock.now())
        server = ServiceServer(made, app=create_app(made, CHEAP))
        await server.start()
        try:
            async with asyncio.timeout(60):
                while True:
                    with made.store.read() as uow:
                        if uow.timestamps.newest_head() is not None:
                            break
                    await asyncio.sleep(0.02)
            authority.mode = "hanging"
            authority.arrived.clear()
            with made.store.write() as uow:
                custody.record(uow.custody, CustodyAction.VIEWED, new_id(), made.clock.now())
            server.stamping.stop()
            server.stamping.start()
            assert await asyncio.to_thread(authority.arrived.wait, 10)
        finally:
            await server.stop()
        assert server.stamping.prompt() is not None, "what was under way was let go of"
    close_desk(made)


def test_a_desk_without_authorities_starts_no_thread(desk):
    stamping = Stamping(desk.desk)
    stamping.start()
    assert not any(thread.name == "stamping" for thread in threading.enumerate())
    stamping.stop()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_bug_ends_one_turn_and_not_the_loop(desk, monkeypatch):
    from videodesk.service import stamping as module
    monkeypatch.setattr(module, "LAST_RETRY_S", 0.01)

    class Broken:
        name = "https://tsa.example/"
        asked = 0

        def stamp(self, digest):
            self.asked += 1
            if self.asked == 1:
                raise ZeroDivisionError
            return Stamp(digest, self.name, b"token", desk.clock.now())

    desk.desk.authorities = (Broken(),)
    desk.kept()
    stamping = Stamping(desk.desk)
    stamping.start()
    desk.wait_for(lambda: covering(desk, 1) is not None)
    stamping.stop()
