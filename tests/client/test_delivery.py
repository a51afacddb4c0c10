"""Delivery: several originals of a snapshot, clips that give way to pictures, refusals told from what only has to wait."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sqlite3
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from videodesk.client.delivery import Delivery
from videodesk.client.outbox import Outbox, OutboxState
from videodesk.core.clock import HandClock
from videodesk.core.errors import (
    Conflict,
    DeskError,
    Gone,
    Invalid,
    NotAllowed,
    NotFound,
    NotSignedIn,
    OutOfSpace,
    RateLimited,
    TooLarge,
    WorldError,
)
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.protocol.resources import SnapshotMeta

CASE, ME = new_id(), new_id()
POSTER = b"\xff\xd8poster"


def meta_of(data: bytes, **changes) -> SnapshotMeta:
    known = {"method": SnapshotMethod.FRAME, "media_type": "image/jpeg"}
    return SnapshotMeta(case_id=CASE, digest=hashlib.sha256(data).hexdigest(), width_px=1280, height_px=720,
                        captured_at=datetime(2026, 1, 5, 9, tzinfo=UTC), **known | changes)


def clip_meta(data: bytes, **changes) -> SnapshotMeta:
    return meta_of(data, method=SnapshotMethod.CLIP, media_type="video/webm", duration_s=20.0, **changes)


class Service:
    """The part of DeskApi that delivery uses. `refuse` is asked before anything is stored; a clip waits for `open_gate`."""

    def __init__(self) -> None:
        self.stored: dict[str, dict[str, bytes]] = {}
        self.order: list[str] = []
        self.patched: list[str | None] = []
        self.items: dict[str, str | None] = {}
        self.problems: dict[str, list[DeskError]] = {}
        self.gate = asyncio.Event()
        self.gate.set()
        self.begun = asyncio.Event()

    def _store(self, snapshot_id, original_id, meta, data):
        waiting = self.problems.get(original_id)
        if waiting:
            raise waiting.pop(0)
        known = self.stored.setdefault(snapshot_id, {})
        if original_id not in known:
            known[original_id] = data
            self.order.append(original_id)
            self.items.setdefault(snapshot_id, meta.checklist_item)
        views = [SimpleNamespace(id=one, digest=hashlib.sha256(kept).hexdigest()) for one, kept in known.items()]
        return SimpleNamespace(digest=views[-1].digest, originals=views, checklist_item=self.items[snapshot_id])

    async def put_snapshot(self, snapshot_id, meta, original):
        return self._store(snapshot_id, snapshot_id, meta, original)

    async def put_original(self, snapshot_id, original_id, meta, original, poster=None, progress=None):
        if meta.media_type.startswith("video/"):
            assert poster == POSTER
            progress(1, 4)
            self.begun.set()
            await self.gate.wait()
            progress(4, 4)
        return self._store(snapshot_id, original_id, meta, original.read_bytes())

    async def change_snapshot(self, snapshot_id, body):
        self.patched.append(body.checklist_item)


@pytest.fixture
def outbox(tmp_path):
    made = Outbox(tmp_path / "outbox", HandClock())
    yield made
    made.close()


def keep_clip(outbox, folder, data=b"clip", **changes) -> str:
    path, clip_id = folder / f"{new_id()}.webm", new_id()
    path.write_bytes(data)
    outbox.keep_file(clip_id, ME, clip_meta(data, **changes), path, POSTER)
    assert not path.exists()
    return clip_id


def keep_picture(outbox, data=b"picture", snapshot_id=None, **changes) -> str:
    picture_id = new_id()
    outbox.keep(picture_id, ME, meta_of(data, **changes), data, snapshot_id)
    return picture_id


async def test_two_originals_of_a_snapshot_go_under_their_own_ids(outbox):
    service = Service()
    first = keep_picture(outbox, b"clicked")
    second = keep_picture(outbox, b"sharpest", first, method=SnapshotMethod.SHARPEST)
    assert [(one.original_id, one.is_first) for one in outbox.originals_of(first)] == [(first, True), (second, False)]
    assert await Delivery(outbox, service).deliver_once(ME) is None
    assert service.stored == {first: {first: b"clicked", second: b"sharpest"}}
    assert {one.state for one in outbox.entries()} == {OutboxState.CONFIRMED}


async def test_a_second_original_goes_its_own_way_when_the_first_is_refused_and_both_are_tried_again_together(outbox):
    service = Service()
    first = keep_picture(outbox, b"clicked")
    second = keep_picture(outbox, b"sharpest", first)
    service.problems = {first: [NotAllowed("consent.missing")], second: [NotAllowed("consent.missing")]}
    await Delivery(outbox, service).deliver_once(ME)
    assert [one.state for one in outbox.entries()] == [OutboxState.REFUSED] * 2
    outbox.retry(first)
    assert [one.state for one in outbox.entries()] == [OutboxState.KEPT] * 2
    service.problems = {first: [Invalid("picture.mismatch")]}
    assert await Delivery(outbox, service).deliver_once(ME) is None
    assert [one.state for one in outbox.entries()] == [OutboxState.REFUSED, OutboxState.CONFIRMED]


async def test_a_clip_is_taken_over_with_its_poster_and_found_again_without_its_row(tmp_path):
    outbox, data = Outbox(tmp_path / "outbox", HandClock()), os.urandom(100_000)
    clip_id = keep_clip(outbox, tmp_path, data)
    outbox.close()
    with sqlite3.connect(tmp_path / "outbox" / "outbox.sqlite3") as rows:
        rows.execute("DELETE FROM outbox")
    rows.close()
    again = Outbox(tmp_path / "outbox", HandClock())
    entry = again.entry(clip_id)
    assert (entry.state, entry.is_clip, entry.size_bytes, entry.poster.read_bytes()) == (OutboxState.KEPT, True, 100_000, POSTER)
    assert again.check(clip_id).path.read_bytes() == data
    assert again.set_aside == []
    again.close()


async def test_a_clip_that_cannot_be_kept_stays_where_it_was(outbox, tmp_path, monkeypatch):
    path = tmp_path / "recording.webm"
    path.write_bytes(b"clip")
    with pytest.raises(Invalid, match=r"snapshot\.digest"):
        outbox.keep_file(new_id(), ME, clip_meta(b"other"), path, POSTER)
    for point in ("clip synced", "clip announced", "clip moved", "folder synced"):
        def full(reached, point=point):
            if reached == point:
                raise OSError(28, "no space")

        monkeypatch.setattr(outbox, "_at", full)
        with pytest.raises(OutOfSpace, match=r"outbox\.full"):
            outbox.keep_file(new_id(), ME, clip_meta(b"clip"), path, POSTER)
        assert path.read_bytes() == b"clip"
        assert list((tmp_path / "outbox" / "originals").iterdir()) == []
    assert outbox.entries() == []


async def test_a_picture_goes_before_a_clip_that_is_on_its_way_and_the_clip_goes_on_after_it(outbox, tmp_path):
    service, seen = Service(), []
    outbox.on_change(lambda entry: seen.append((entry.is_clip, entry.state, entry.percent)))
    delivery = Delivery(outbox, service)
    service.gate.clear()
    clip_id = keep_clip(outbox, tmp_path)
    delivery.start(ME)
    async with asyncio.timeout(60):
        await service.begun.wait()
        assert outbox.entry(clip_id).percent == 25
        service.begun.clear()
        picture_id = keep_picture(outbox)
        await service.begun.wait()  # the clip was broken off and begun again
        assert service.order == [picture_id]
        service.gate.set()
        while outbox.entry(clip_id).state is not OutboxState.CONFIRMED:
            await asyncio.sleep(0.01)
    await delivery.stop()
    assert service.order == [picture_id, clip_id]
    assert (True, OutboxState.SENT, 25) in seen
    assert seen[-1] == (True, OutboxState.CONFIRMED, 100)
    assert all(percent < 100 for _, state, percent in seen if state is OutboxState.SENT and percent is not None)


async def test_a_frame_picked_from_a_clip_waits_for_the_clip_alone(outbox, tmp_path):
    service = Service()
    clip_id = keep_clip(outbox, tmp_path)
    picked = keep_picture(outbox, b"picked", taken_from=clip_id)
    other = keep_picture(outbox, b"other")
    assert await Delivery(outbox, service).deliver_once(ME) is None
    assert service.order == [other, clip_id, picked]


async def test_a_retake_waits_for_what_it_takes_the_place_of_and_goes_alone_when_that_is_refused(outbox):
    service = Service()
    first = keep_picture(outbox, b"first")
    again = keep_picture(outbox, b"again", retake_of=first)
    service.problems = {first: [DeskError("service.bug")]}
    assert await Delivery(outbox, service).deliver_once(ME) is not None
    assert service.order == []
    service.problems = {first: [NotAllowed("consent.missing")], again: [Invalid("snapshot.retake_unknown")]}
    assert await Delivery(outbox, service).deliver_once(ME) is None
    assert service.order == [again]
    assert outbox.entry(again).meta.retake_of is None


LATER = [NotSignedIn("session.expired"), WorldError("service.offline"), WorldError("storage.locked"), OutOfSpace("storage.full"),
         RateLimited("rate.limited", retry_after_s=3), DeskError("service.bug"), NotFound("service.unexpected", status=404),
         NotAllowed("service.unexpected", status=403), TooLarge("service.unexpected", status=413), Invalid("snapshot.in_the_future"),
         Conflict("upload.too_many", limit=100), NotFound("upload.unknown"), Invalid("snapshot.digest_mismatch")]
REFUSED = [NotAllowed("consent.missing"), NotAllowed("permission.denied"), NotFound("case.unknown"), NotFound("call.unknown"),
           Conflict("snapshot.differs"), Gone("invitation.revoked"), TooLarge("upload.too_large"), Invalid("picture.mismatch"),
           Invalid("snapshot.outside_clip"), Conflict("snapshot.too_many_originals")]


@pytest.mark.parametrize("problem", LATER + REFUSED, ids=lambda problem: f"{problem.status} {problem.code}")
async def test_what_passes_is_tried_again_and_what_is_refused_is_told(outbox, problem):
    service = Service()
    one = keep_picture(outbox)
    service.problems[one] = [problem]
    pause = await Delivery(outbox, service).deliver_once(ME)
    entry = outbox.entry(one)
    assert entry.error_code == problem.code
    assert (entry.state, pause is None) == ((OutboxState.KEPT, False) if problem in LATER else (OutboxState.REFUSED, True))
    if problem in LATER:
        assert await Delivery(outbox, service).deliver_once(ME) is None
        assert outbox.entry(one).state is OutboxState.CONFIRMED


@pytest.mark.parametrize("problem", [DeskError("service.bug"), OutOfSpace("storage.full"), NotFound("service.unexpected", status=404)])
async def test_one_that_the_service_stumbles_over_holds_up_no_other(outbox, problem):
    service = Service()
    bad, good = keep_picture(outbox, b"bad"), keep_picture(outbox, b"good")
    service.problems[bad] = [problem]
    assert await Delivery(outbox, service).deliver_once(ME) is not None
    assert service.order == [good]


async def test_moved_after_a_try_that_had_got_through_the_case_is_told(outbox):
    service = Service()
    one = keep_picture(outbox, checklist_item="label")
    await service.put_snapshot(one, outbox.entry(one).meta, b"picture")  # it arrived, and the answer was lost
    outbox.mark(one, OutboxState.SENT)
    outbox.mark(one, OutboxState.KEPT, WorldError("service.offline"))
    assert outbox.assign(one, "damage").meta.checklist_item == "damage"
    assert await Delivery(outbox, service).deliver_once(ME) is None
    assert service.patched == ["damage"]


class BackClock(HandClock):
    """A wall clock that is set back, as a person or a time server may do."""

    def set_back(self, by: timedelta) -> None:
        self._now -= by


async def test_a_clock_that_is_set_back_changes_no_order_and_keeps_nothing_for_ever(tmp_path):
    clock = BackClock()
    outbox, service = Outbox(tmp_path, clock), Service()
    kept = []
    for n in range(4):
        kept.append(keep_picture(outbox, f"{n}".encode()))
        clock.set_back(timedelta(days=3))
    assert await Delivery(outbox, service).deliver_once(ME) is None
    assert service.order == kept
    clock.set_back(timedelta(days=400))
    assert outbox.tidy() == 4
    outbox.close()


async def test_a_full_disk_stops_no_delivery_and_confirmed_ones_make_room(tmp_path, monkeypatch):
    outbox, service = Outbox(tmp_path, HandClock()), Service()
    one = keep_picture(outbox)
    with monkeypatch.context() as full:
        def cannot(*_):
            raise OutOfSpace("outbox.full")

        full.setattr(outbox._rows, "_write_mark", cannot)
        assert await Delivery(outbox, service).deliver_once(ME) is None
        assert outbox.entry(one).state is OutboxState.CONFIRMED
        assert outbox.waiting(ME) == []
    outbox.close()
    again = Outbox(tmp_path, HandClock())
    assert again.entry(one).state is OutboxState.CONFIRMED, "written down as soon as it could be"
    assert again.tidy(None) == 1
    again.close()


async def test_a_refused_original_can_be_taken_out_as_a_file(outbox, tmp_path):
    clip_id = keep_clip(outbox, tmp_path, b"clip" * 1000)
    outbox.mark(clip_id, OutboxState.REFUSED, NotAllowed("consent.missing"))
    outbox.save_as(clip_id, tmp_path / "taken out.webm")
    assert (tmp_path / "taken out.webm").read_bytes() == b"clip" * 1000
    with pytest.raises(WorldError, match=r"outbox\.unwritable"):
        outbox.save_as(clip_id, tmp_path / "nowhere" / "x.webm")
    outbox.entry(clip_id).path.unlink()
    with pytest.raises(NotFound):
        outbox.save_as(clip_id, tmp_path / "x.webm")


def test_an_outbox_of_the_first_version_is_taken_on_in_place(tmp_path):
    data, first, second = b"old", new_id(), new_id()
    (tmp_path / "originals").mkdir()
    for one in (first, second):
        (tmp_path / "originals" / f"{one}.jpg").write_bytes(data)
        (tmp_path / "originals" / f"{one}.json").write_text(json.dumps(
            {"person_id": ME, "kept_at": "2026-01-05T09:00:00.000Z", "metadata": meta_of(data).model_dump(mode="json")}))
    rows = sqlite3.connect(tmp_path / "outbox.sqlite3", isolation_level=None)
    rows.execute("""CREATE TABLE outbox (
        snapshot_id TEXT PRIMARY KEY, person_id TEXT NOT NULL, case_id TEXT NOT NULL, metadata TEXT NOT NULL, file TEXT NOT NULL,
        state TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, code TEXT, params TEXT NOT NULL DEFAULT '{}', kept_at TEXT NOT NULL,
        changed_at TEXT NOT NULL) STRICT""")
    rows.execute("INSERT INTO outbox VALUES (?,?,?,?,?,'sent',2,NULL,'{}','2026-01-05T09:00:00.000Z','2026-01-05T09:00:00.000Z')",
                 (first, ME, CASE, meta_of(data).model_dump_json(), f"{first}.jpg"))
    rows.close()
    for _ in range(2):
        outbox = Outbox(tmp_path, HandClock())
        assert {(one.original_id, one.snapshot_id, one.state, one.tries) for one in outbox.entries(CASE)} == {
            (first, first, OutboxState.KEPT, 2), (second, second, OutboxState.KEPT, 0)}
        assert outbox.original(first) == data
        outbox.close()


async def test_nothing_is_on_its_way_when_the_program_begins(tmp_path):
    outbox = Outbox(tmp_path, HandClock())
    one = keep_picture(outbox)
    outbox.mark(one, OutboxState.SENT)
    outbox.close()
    again = Outbox(tmp_path, HandClock())
    assert again.entry(one).state is OutboxState.KEPT
    again.close()
