"""The outbox: nothing that was kept is lost, whatever dies in between."""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import resource
import signal
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from videodesk.client.delivery import Delivery
from videodesk.client.outbox import Outbox, OutboxState
from videodesk.core.clock import HandClock
from videodesk.core.errors import Conflict, DeskError, Invalid, NotAllowed, OutOfSpace, WorldError
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.protocol.resources import SnapshotMeta

CASE, ME = new_id(), new_id()
CONTEXT = multiprocessing.get_context("fork")
POINTS = ["json unsynced", "metadata written", "jpg unsynced", "original renamed", "folder synced", "row written"]


def meta_of(data: bytes, **changes) -> SnapshotMeta:
    return SnapshotMeta(case_id=CASE, method=SnapshotMethod.FRAME, digest=hashlib.sha256(data).hexdigest(), media_type="image/jpeg",
                        width_px=1280, height_px=720, captured_at=datetime(2026, 1, 5, 9, tzinfo=UTC), **changes)


class Service:
    """The part of DeskApi that delivery uses: keeps what it is given, fails as told."""

    def __init__(self) -> None:
        self.stored: dict[str, str] = {}
        self.puts = 0
        self.failures: list[DeskError] = []
        self.lose_answers = 0

    async def put_snapshot(self, snapshot_id, meta, original):
        self.puts += 1
        if self.failures and (self.failures[0].retryable or snapshot_id not in self.stored):  # what it has, it does not refuse
            raise self.failures.pop(0)
        assert self.stored.setdefault(snapshot_id, meta.digest) == meta.digest
        if self.lose_answers:
            self.lose_answers -= 1
            raise WorldError("service.offline")
        return SimpleNamespace(digest=meta.digest, originals=[], checklist_item=meta.checklist_item)


@pytest.fixture
def outbox(tmp_path):
    made = Outbox(tmp_path / "outbox", HandClock())
    yield made
    made.close()


def _die_at(folder: Path, point: str, snapshot_id: str, data: bytes) -> None:
    def at(reached: str) -> None:
        if reached == point:
            os.kill(os.getpid(), signal.SIGKILL)

    Outbox(folder, HandClock(), at=at).keep(snapshot_id, ME, meta_of(data), data)
    os._exit(3)


@pytest.mark.parametrize("point", POINTS)
async def test_killed_at_any_point_after_the_bytes_were_written_nothing_is_lost(tmp_path, point):
    folder, data, snapshot_id = tmp_path / "outbox", os.urandom(50_000), new_id()
    child = CONTEXT.Process(target=_die_at, args=(folder, point, snapshot_id, data))
    child.start()
    child.join()
    assert child.exitcode == -signal.SIGKILL
    outbox = Outbox(folder, HandClock())
    try:
        found = outbox.entry(snapshot_id)
        if point in {"json unsynced", "metadata written"}:  # the original's bytes did not exist outside the process yet
            assert found is None
            return
        assert found is not None
        assert found.state is OutboxState.KEPT
        assert found.person_id == ME
        assert outbox.original(snapshot_id) == data
        service = Service()
        assert await Delivery(outbox, service).deliver_once(ME) is None
        assert service.stored == {snapshot_id: found.meta.digest}
        assert [p.name for p in (folder / "originals").iterdir() if p.suffix == ".tmp"] == []
    finally:
        outbox.close()


async def test_sent_without_an_answer_is_sent_again_after_a_restart_and_stands_once(tmp_path):
    data, snapshot_id, service = b"picture", new_id(), Service()
    first = Outbox(tmp_path, HandClock())
    first.keep(snapshot_id, ME, meta_of(data), data)
    first.mark(snapshot_id, OutboxState.SENT)
    service.stored[snapshot_id] = meta_of(data).digest  # it had arrived
    first.close()
    second = Outbox(tmp_path, HandClock())
    assert await Delivery(second, service).deliver_once(ME) is None
    assert second.entry(snapshot_id).state is OutboxState.CONFIRMED
    assert len(service.stored) == 1
    second.close()


async def test_refused_for_good_is_kept_and_told_and_can_be_tried_again(outbox):
    told = []
    outbox.on_change(lambda entry: told.append((entry.state, entry.error_code)))
    bad, good, service = new_id(), new_id(), Service()
    service.failures = [NotAllowed("consent.missing", scope="stills")]
    outbox.keep(bad, ME, meta_of(b"a"), b"a")
    outbox.keep(good, ME, meta_of(b"b"), b"b")
    await Delivery(outbox, service).deliver_once(ME)
    assert outbox.entry(bad).state is OutboxState.REFUSED
    assert outbox.entry(bad).error().params == {"scope": "stills"}
    assert outbox.original(bad) == b"a"
    assert outbox.entry(good).state is OutboxState.CONFIRMED  # one refusal does not hold up the others
    assert (OutboxState.REFUSED, "consent.missing") in told
    outbox.retry(bad)
    await Delivery(outbox, service).deliver_once(ME)
    assert outbox.entry(bad).state is OutboxState.CONFIRMED


async def test_offline_is_retried_later_and_later(outbox):
    service, pauses = Service(), []
    service.failures = [WorldError("service.offline") for _ in range(6)]
    outbox.keep(new_id(), ME, meta_of(b"a"), b"a")
    delivery = Delivery(outbox, service, chance=lambda: 1.0)
    while (pause := await delivery.deliver_once(ME)) is not None:
        pauses.append(pause)
    assert pauses == sorted(pauses)
    assert pauses[-1] > 8 * pauses[0]
    assert outbox.waiting(ME) == []


async def test_only_the_one_who_captured_delivers(outbox):
    service, other = Service(), new_id()
    outbox.keep(new_id(), other, meta_of(b"a"), b"a")
    assert await Delivery(outbox, service).deliver_once(ME) is None
    assert service.stored == {}
    assert len(outbox.waiting(other)) == 1


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.sampled_from(["keep", "offline", "lost_answer", "refuse", "deliver", "restart", "retry"]), max_size=25))
async def test_whatever_happens_every_kept_original_is_confirmed_in_the_end_or_shown_as_refused(steps):
    with tempfile.TemporaryDirectory() as folder:
        clock, service, kept = HandClock(), Service(), {}
        outbox = Outbox(Path(folder), clock)
        for n, step in enumerate([*steps, "restart"]):
            clock.advance(1)
            if step == "keep":
                data = f"picture {n}".encode()
                kept[new_id()] = data
                outbox.keep(list(kept)[-1], ME, meta_of(data), data)
            elif step == "offline":
                service.failures.append(WorldError("service.offline"))
            elif step == "lost_answer":
                service.lose_answers += 1
            elif step == "refuse":
                service.failures.append(NotAllowed("consent.missing"))
            elif step == "deliver":
                await Delivery(outbox, service).deliver_once(ME)
            elif step == "restart":
                outbox.close()
                outbox = Outbox(Path(folder), clock)
            elif step == "retry":
                for entry in outbox.entries():
                    if entry.state is OutboxState.REFUSED:
                        outbox.retry(entry.snapshot_id)
        while await Delivery(outbox, service).deliver_once(ME) is not None:
            pass
        assert {e.snapshot_id for e in outbox.entries()} == set(kept)
        for entry in outbox.entries():
            assert outbox.original(entry.snapshot_id) == kept[entry.snapshot_id]
            assert entry.state in {OutboxState.CONFIRMED, OutboxState.REFUSED}
            assert (entry.state is OutboxState.REFUSED) == (entry.snapshot_id not in service.stored)
        outbox.close()


def _fill(folder: Path) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    outbox = Outbox(folder, HandClock())
    resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))  # writes beyond this fail as on a full disk
    data = os.urandom(400_000)
    try:
        outbox.keep(new_id(), ME, meta_of(data), data)
    except OutOfSpace as problem:
        small = os.urandom(1000)
        outbox.keep(new_id(), ME, meta_of(small), small)  # and what still fits is kept
        os._exit(0 if problem.code == "outbox.full" and len(outbox.entries()) == 1 else 4)
    os._exit(5)


def test_of_an_erased_case_only_what_never_arrived_stays(outbox):
    sent, waiting, other = b"sent", b"waiting", b"of another case"
    ids = [new_id() for _ in range(3)]
    for one, data in zip(ids, (sent, waiting, other), strict=True):
        meta = meta_of(data) if data is not other else meta_of(data).model_copy(update={"case_id": new_id()})
        outbox.keep(one, ME, meta, data)
    outbox.mark(ids[0], OutboxState.CONFIRMED)
    outbox.mark(ids[2], OutboxState.CONFIRMED)
    path = outbox.entry(ids[0]).path
    assert outbox.forget_case(CASE) == 1
    assert outbox.forget_case(CASE) == 0
    assert [entry.original_id for entry in outbox.entries()] == ids[1:]
    assert not path.exists()
    assert outbox.original(ids[1]) == waiting


def test_a_full_disk_says_so_and_leaves_no_rubbish(tmp_path):
    child = CONTEXT.Process(target=_fill, args=(tmp_path,))
    child.start()
    child.join()
    assert child.exitcode == 0
    assert list(tmp_path.glob("originals/*.tmp")) == []


def test_wrong_digest_other_bytes_and_path_tricks_are_refused(outbox):
    snapshot_id = new_id()
    with pytest.raises(Invalid, match=r"snapshot\.digest"):
        outbox.keep(snapshot_id, ME, meta_of(b"a"), b"b")
    with pytest.raises(Invalid, match=r"id\.malformed"):
        outbox.keep("../../etc/passwd", ME, meta_of(b"a"), b"a")
    outbox.keep(snapshot_id, ME, meta_of(b"a"), b"a")
    assert outbox.keep(snapshot_id, ME, meta_of(b"a"), b"a").state is OutboxState.KEPT
    with pytest.raises(Conflict):
        outbox.keep(snapshot_id, ME, meta_of(b"b"), b"b")


def test_damage_on_disk_is_noticed_and_strays_are_set_aside(tmp_path):
    outbox, snapshot_id = Outbox(tmp_path, HandClock()), new_id()
    outbox.keep(snapshot_id, ME, meta_of(b"a"), b"a").path.write_bytes(b"x")
    (tmp_path / "originals" / "stray.jpg").write_bytes(b"?")
    outbox.close()
    again = Outbox(tmp_path, HandClock())
    with pytest.raises(DeskError, match=r"outbox\.damaged"):
        again.original(snapshot_id)
    assert [p.name for p in again.set_aside] == ["stray.jpg"]
    again.close()


def test_another_checklist_item_until_it_is_sent_and_tidied_a_day_after_it_is_confirmed(tmp_path):
    clock, snapshot_id = HandClock(), new_id()
    outbox = Outbox(tmp_path, clock)
    entry = outbox.keep(snapshot_id, ME, meta_of(b"a", checklist_item="label"), b"a")
    assert outbox.assign(snapshot_id, "damage").meta.checklist_item == "damage"
    outbox.mark(snapshot_id, OutboxState.SENT)
    assert outbox.assign(snapshot_id, "label") is None
    assert outbox.entry(snapshot_id).meta.checklist_item == "damage"
    clock.advance(timedelta(days=9).total_seconds())
    assert outbox.tidy() == 0  # not confirmed: stays, however old
    outbox.mark(snapshot_id, OutboxState.CONFIRMED)
    outbox.mark(snapshot_id, OutboxState.KEPT)
    assert outbox.entry(snapshot_id).state is OutboxState.CONFIRMED
    clock.advance(timedelta(days=2).total_seconds())
    assert outbox.tidy() == 1
    assert not entry.path.exists()
    outbox.close()


@pytest.mark.parametrize("refusals", [1, 2])
async def test_an_item_the_case_no_longer_has_is_left_off_and_the_original_arrives(outbox, refusals):
    data, snapshot_id, service = b"picture", new_id(), Service()
    service.failures = [Invalid("checklist.unknown_item", item="label")] * refusals
    outbox.keep(snapshot_id, ME, meta_of(data, checklist_item="label"), data)
    assert await Delivery(outbox, service).deliver_once(ME) is None
    entry = outbox.entry(snapshot_id)
    assert entry.meta.checklist_item is None
    assert service.puts == 2, "once without the item, not for ever"
    assert entry.state is (OutboxState.CONFIRMED if refusals == 1 else OutboxState.REFUSED)
