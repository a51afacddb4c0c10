"""One contract for the repositories of evidence, custody and review, run on SQLite and on the memory twins."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import create_engine, event

from videodesk.core.errors import Conflict, NotFound
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import LocationState, ReviewDecision, ReviewState, SnapshotMethod, StillState
from videodesk.evidence.model import Annotation, AwaitedStill, Original, QueuePosition, Rendition, Snapshot
from videodesk.evidence.ports import EvidenceRepository
from videodesk.review.model import Decision
from videodesk.review.ports import ReviewRepository
from videodesk.storage.memory.evidence import MemoryEvidence
from videodesk.storage.memory.reviews import MemoryReviews
from videodesk.storage.sql.evidence import SqlEvidence
from videodesk.storage.sql.reviews import SqlReviews
from videodesk.storage.sql.schema import metadata

NOW = datetime(2026, 1, 5, 9, 0, 0, 123456, tzinfo=UTC)
CASE, OTHER_CASE, AGENT, BOSS = (new_id() for _ in range(4))


@dataclass
class Stores:
    evidence: EvidenceRepository
    reviews: ReviewRepository


@pytest.fixture
def connection():
    engine = create_engine("sqlite://")

    @event.listens_for(engine, "connect")
    def _prepare(raw, _record):
        raw.isolation_level = None
        raw.execute("PRAGMA foreign_keys=ON")

    @event.listens_for(engine, "begin")
    def _begin(opened):
        opened.exec_driver_sql("BEGIN IMMEDIATE")

    tables = [metadata.tables[name] for name in ("snapshots", "originals", "awaited_stills", "annotations", "renditions", "thumbnails", "decisions")]
    with engine.begin() as opened:
        metadata.create_all(opened, tables)
        yield opened
    engine.dispose()


@pytest.fixture(params=["sql", "memory"])
def stores(request) -> Stores:
    if request.param == "memory":
        return Stores(MemoryEvidence(), MemoryReviews())
    opened = request.getfixturevalue("connection")
    return Stores(SqlEvidence(opened), SqlReviews(opened))


def snapshot(after_s: float = 0, **changes) -> Snapshot:
    at = NOW + timedelta(seconds=after_s)
    values = {
        "id": new_id(at), "case_id": CASE, "call_id": new_id(), "method": SnapshotMethod.FRAME, "digest": "a" * 64,
        "media_type": "image/jpeg", "size_bytes": 5_000_000_000, "width_px": 1280, "height_px": 720, "captured_at": at,
        "captured_by": AGENT, "stored_at": at, "frame_seq": 2**40, "rtp_time": 2**32 - 1, "codec": "VP8", "is_evidence_grade": False,
        "checklist_item": "whole", "caption": "<b>'; DROP TABLE snapshots; --", "retake_of": None,
    }
    return Snapshot(**(values | changes))


def test_a_snapshot_comes_back_equal(stores):
    one = snapshot()
    stores.evidence.add_snapshot(one)
    assert stores.evidence.snapshot(one.id) == one
    assert stores.evidence.snapshot(new_id()) is None


def test_a_snapshot_is_added_once(stores):
    one = snapshot()
    stores.evidence.add_snapshot(one)
    with pytest.raises(Conflict, match=r"snapshot\.differs"):
        stores.evidence.add_snapshot(replace(one, digest="b" * 64))
    assert stores.evidence.snapshot(one.id) == one


def test_place_and_review_state(stores):
    one = snapshot()
    stores.evidence.add_snapshot(one)
    stores.evidence.place_snapshot(one.id, None, "naar de hoek")
    stores.evidence.set_review_state(one.id, ReviewState.ACCEPTED)
    assert stores.evidence.snapshot(one.id) == replace(one, checklist_item=None, caption="naar de hoek", review_state=ReviewState.ACCEPTED)
    with pytest.raises(NotFound, match=r"snapshot\.unknown"):
        stores.evidence.place_snapshot(new_id(), None, "")
    with pytest.raises(NotFound, match=r"snapshot\.unknown"):
        stores.evidence.set_review_state(new_id(), ReviewState.ACCEPTED)


def original(of, after_s: float = 0, **changes) -> Original:
    at = NOW + timedelta(seconds=after_s)
    values = {
        "id": new_id(at), "snapshot_id": of.id, "method": SnapshotMethod.NATIVE_CAMERA, "digest": "b" * 64, "received_digest": "c" * 64,
        "media_type": "image/webp", "size_bytes": 5_000_000_000, "width_px": 4000, "height_px": 3000, "captured_at": at, "captured_by": AGENT,
        "stored_at": at, "frame_seq": 2**40, "rtp_time": 2**32 - 1, "codec": "VP8", "is_evidence_grade": False,
        "location": LocationState.STRIPPED, "duration_s": 20.5, "taken_from": new_id(), "verdict": ("blurred", "glare"), "leads": False,
    }
    return Original(**(values | changes))


def test_originals_come_back_equal_and_in_order(stores):
    one, two = snapshot(), snapshot(5)
    for made in (one, two):
        stores.evidence.add_snapshot(made)
    late, early, other = original(one, 9), original(one, 1, frame_seq=None, duration_s=None, verdict=()), original(two)
    for made in (late, early, other):
        stores.evidence.add_original(made)
    assert stores.evidence.original(late.id) == late
    assert stores.evidence.original(new_id()) is None
    assert stores.evidence.originals_of([one.id]) == [early, late]
    assert set(stores.evidence.originals_of([two.id, one.id])) == {early, late, other}
    assert stores.evidence.originals_of([]) == []
    with pytest.raises(Conflict, match=r"snapshot\.differs"):
        stores.evidence.add_original(replace(late, digest="d" * 64))
    assert stores.evidence.named_digests() == {"a" * 64, "b" * 64}


def test_an_original_turns_out_unreadable(stores):
    one = snapshot()
    stores.evidence.add_snapshot(one)
    stores.evidence.add_original(made := original(one))
    stores.evidence.mark_unreadable(made.id)
    assert stores.evidence.original(made.id) == replace(made, is_readable=False)
    with pytest.raises(NotFound, match=r"snapshot\.unknown_original"):
        stores.evidence.mark_unreadable(new_id())


def test_the_lead_and_what_goes_with_it(stores):
    one = snapshot()
    stores.evidence.add_snapshot(one)
    stores.evidence.set_review_state(one.id, ReviewState.REJECTED)
    led = replace(one, leading=new_id(), is_chosen=True, digest="e" * 64, method=SnapshotMethod.TAKE_PHOTO, width_px=4000, duration_s=1.5,
                  taken_from=new_id(), verdict=("too_dark",), captured_by=BOSS, checklist_item="box", retake_of=None, frame_seq=None)
    stores.evidence.save_snapshot(led)
    # The review's own word is not overwritten.
    assert stores.evidence.snapshot(one.id) == replace(led, review_state=ReviewState.REJECTED)
    with pytest.raises(NotFound, match=r"snapshot\.unknown"):
        stores.evidence.save_snapshot(replace(led, id=new_id()))


def test_awaited_stills(stores):
    first = AwaitedStill(new_id(), CASE, new_id(), NOW, AGENT, StillState.AWAITED)
    second = AwaitedStill(new_id(), CASE, new_id(), NOW + timedelta(seconds=1), AGENT, StillState.AWAITED)
    elsewhere = AwaitedStill(new_id(), OTHER_CASE, new_id(), NOW, AGENT, StillState.AWAITED)
    for awaited in (second, first, elsewhere):
        stores.evidence.save_awaited(awaited)
    failed = replace(first, state=StillState.FAILED, code="still.unsupported")
    stores.evidence.save_awaited(failed)
    assert stores.evidence.awaited_of(CASE) == [failed, second]
    assert stores.evidence.awaited_stills([first.snapshot_id, elsewhere.snapshot_id, new_id()]) == {
        first.snapshot_id: failed, elsewhere.snapshot_id: elsewhere}
    assert stores.evidence.awaited_stills([]) == {}


def test_snapshots_of_a_case_in_the_order_of_capture(stores):
    late, early, other = snapshot(20), snapshot(10), snapshot(case_id=OTHER_CASE)
    for one in (late, early, other):
        stores.evidence.add_snapshot(one)
    assert stores.evidence.snapshots_of(CASE) == [early, late]
    assert stores.evidence.snapshot_counts([CASE, OTHER_CASE, new_id()]) == {CASE: 2, OTHER_CASE: 1}
    assert stores.evidence.snapshot_counts([]) == {}


def test_retakes(stores):
    first = snapshot()
    again = snapshot(5, retake_of=first.id)
    once_more = snapshot(9, retake_of=first.id)
    for one in (first, again, once_more):
        stores.evidence.add_snapshot(one)
    assert stores.evidence.retakes_of([first.id, again.id]) == {first.id: once_more.id}


def test_review_pages(stores):
    all_of_them = [snapshot(n // 2) for n in range(10)]  # two at each moment: the id breaks the tie
    for one in all_of_them:
        stores.evidence.add_snapshot(one)
    stores.evidence.add_snapshot(snapshot(case_id=OTHER_CASE))
    stores.evidence.set_review_state(all_of_them[3].id, ReviewState.RETAKE_REQUESTED)
    expected = [one.id for one in sorted(all_of_them, key=lambda one: (one.stored_at, one.id), reverse=True)]
    seen, after = [], None
    while page := stores.evidence.review_page(None, CASE, after, 3):
        seen += [one.id for one in page]
        after = QueuePosition(page[-1].stored_at, page[-1].id)
    assert seen == expected
    assert [one.id for one in stores.evidence.review_page(ReviewState.RETAKE_REQUESTED, None, None, 5)] == [all_of_them[3].id]
    assert len(stores.evidence.review_page(ReviewState.PENDING, None, None, 50)) == 10
    assert stores.evidence.review_counts(CASE) == {
        ReviewState.PENDING: 9, ReviewState.RETAKE_REQUESTED: 1, ReviewState.ACCEPTED: 0, ReviewState.REJECTED: 0,
    }
    assert stores.evidence.review_counts(None)[ReviewState.PENDING] == 10


def test_annotations_have_revisions(stores):
    one = snapshot()
    stores.evidence.add_snapshot(one)
    assert stores.evidence.annotation(one.id) is None
    for revision in (1, 2):
        stores.evidence.add_annotation(Annotation(one.id, revision, {"marks": [revision, "é", None, 1.5]}, AGENT, NOW))
    with pytest.raises(Conflict, match=r"annotation\.stale"):
        stores.evidence.add_annotation(Annotation(one.id, 2, {}, AGENT, NOW))
    assert stores.evidence.annotation(one.id) == Annotation(one.id, 2, {"marks": [2, "é", None, 1.5]}, AGENT, NOW)
    assert stores.evidence.annotation(one.id, 1).revision == 1
    assert stores.evidence.annotation(one.id, 3) is None
    assert stores.evidence.annotation_revisions([one.id, new_id()]) == {one.id: 2}


def test_renditions_and_thumbnails(stores):
    one = snapshot()
    stores.evidence.add_snapshot(one)
    made = [
        Rendition(new_id(), one.id, revision, digest * 64, "image/png", 77, 3, 4, True, AGENT, NOW)
        for revision, digest in ((2, "c"), (1, "d"))
    ]
    for rendition in made:
        stores.evidence.add_rendition(rendition)
    with pytest.raises(Conflict, match=r"rendition\.differs"):
        stores.evidence.add_rendition(replace(made[0], digest="e" * 64))
    assert stores.evidence.rendition(made[0].id) == made[0]
    assert stores.evidence.rendition(new_id()) is None
    assert stores.evidence.renditions_of([one.id]) == made[::-1]
    assert stores.evidence.thumbnail("a" * 64) is None
    stores.evidence.keep_thumbnail("a" * 64, "f" * 64)
    stores.evidence.keep_thumbnail("a" * 64, "0" * 64)
    assert stores.evidence.thumbnail("a" * 64) == "0" * 64
    assert stores.evidence.named_digests() == {"a" * 64, "c" * 64, "d" * 64, "0" * 64}


def test_decisions_in_the_order_of_adding(stores):
    one, two = snapshot(), snapshot(case_id=OTHER_CASE)
    stores.evidence.add_snapshot(one)
    stores.evidence.add_snapshot(two)
    # The clock goes back between the two: the order of adding counts.
    first = Decision(new_id(), one.id, CASE, ReviewDecision.RETAKE_REQUESTED, "", "scherper, graag 🙏", BOSS, NOW)
    second = Decision(new_id(), one.id, CASE, ReviewDecision.ACCEPTED, "", "", BOSS, NOW - timedelta(hours=1))
    elsewhere = Decision(new_id(), two.id, OTHER_CASE, ReviewDecision.REJECTED, "onscherp", "", BOSS, NOW)
    for decision in (first, second, elsewhere):
        stores.reviews.add(decision)
    with pytest.raises(Conflict, match=r"decision\.differs"):
        stores.reviews.add(replace(first, comment="other"))
    assert stores.reviews.decision(first.id) == first
    assert stores.reviews.decision(new_id()) is None
    assert stores.reviews.of_snapshots([one.id]) == [first, second]
    assert stores.reviews.of_snapshots([two.id, one.id]) == [first, second, elsewhere]
    assert stores.reviews.of_snapshots([]) == []
    assert stores.reviews.of_case(CASE) == [first, second]
