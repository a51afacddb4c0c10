"""What may come into a case, and what is refused without a trace."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.unit.evidence.unit import CHECKLISTS, NOW, Scene, jpeg
from videodesk.core.errors import Conflict, DeskError, Gone, Invalid, NotAllowed, NotFound
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import ConsentScope, CustodyAction, ReviewState, SnapshotMethod
from videodesk.evidence.custody_check import check_log, salts_of
from videodesk.evidence.intake import MAX_PHOTOS, keep_photo, keep_snapshot


@pytest.fixture
def scene() -> Scene:
    return Scene()


def keep(scene, snapshot_id=None, data=None, who=None, **changes):
    data = jpeg() if data is None else data
    return keep_snapshot(scene.uow, who or scene.agent, chosen := snapshot_id or new_id(), chosen, scene.meta(data, **changes), scene.received(data), CHECKLISTS, NOW)


def assert_nothing_was_kept(scene):
    assert list(scene.blobs.digests()) == []
    assert scene.uow.evidence.snapshots == {}
    assert scene.uow.custody.entries == []
    assert scene.uow.events == []


def test_a_snapshot_is_kept_with_its_thumbnail_custody_and_event(scene):
    data = jpeg()
    kept = keep(scene, data=data)
    assert scene.uow.evidence.snapshot(kept.id) == kept
    assert (kept.captured_by, kept.stored_at, kept.size_bytes, kept.review_state) == (scene.agent.id, NOW, len(data), ReviewState.PENDING)
    assert scene.blobs.read(kept.digest) == data
    assert scene.blobs.has(scene.uow.evidence.thumbnail(kept.digest))
    assert [entry.action for entry in scene.uow.custody.of_case(scene.case.id)] == [CustodyAction.CAPTURED, CustodyAction.STORED]
    assert check_log(scene.uow.custody, salts_of(scene.uow.custody)).is_intact
    (event,) = scene.uow.events
    assert (event.name, event.case_id, event.call_id) == ("snapshot.added", scene.case.id, scene.call.id)
    assert event.data["snapshot_id"] == kept.id


def test_again_is_the_same(scene):
    first = keep(scene)
    again = keep(scene, first.id, who=scene.other_agent, captured_at=NOW - timedelta(seconds=3))
    assert again == first
    assert len(scene.uow.custody.entries) == 2
    assert len(scene.uow.events) == 1


def test_other_bytes_for_the_same_id(scene):
    first = keep(scene)
    with pytest.raises(Conflict, match=r"snapshot\.differs"):
        keep(scene, first.id, jpeg("red"))
    assert list(scene.blobs.digests()).count(first.digest) == 1
    assert len(list(scene.blobs.digests())) == 2


@pytest.mark.parametrize(("changes", "error", "code"), [
    ({"digest": "0" * 64}, Invalid, "snapshot.digest_mismatch"),
    ({"case_id": new_id()}, NotFound, "case.unknown"),
    ({"call_id": new_id()}, NotFound, "call.unknown"),
    ({"call_id": None}, Invalid, "snapshot.call_missing"),
    ({"call_id": None, "method": "upload"}, Invalid, "snapshot.call_missing"),
    ({"width_px": 65}, Invalid, "picture.mismatch"),
    ({"height_px": 47}, Invalid, "picture.mismatch"),
    ({"media_type": "image/png"}, Invalid, "picture.mismatch"),
    ({"captured_at": NOW + timedelta(minutes=6)}, Invalid, "snapshot.in_the_future"),
    ({"captured_at": NOW - timedelta(seconds=61)}, NotAllowed, "consent.missing"),
    ({"checklist_item": "serial_number"}, Invalid, "checklist.unknown_item"),
    ({"retake_of": new_id()}, Invalid, "snapshot.retake_unknown"),
])
def test_refusals_leave_no_trace(scene, changes, error, code):
    with pytest.raises(error) as caught:
        keep(scene, **changes)
    assert caught.value.code == code
    assert_nothing_was_kept(scene)


def test_a_call_of_another_case(scene):
    with pytest.raises(Invalid, match=r"snapshot\.call_of_other_case"):
        keep(scene, case_id=scene.other_case.id, checklist_item=None)
    assert_nothing_was_kept(scene)


@pytest.mark.parametrize("who", ["keeper", "customer"])
def test_who_may_not_capture(scene, who):
    with pytest.raises(NotAllowed, match=r"permission\.denied"):
        keep(scene, who=getattr(scene, who))
    assert_nothing_was_kept(scene)


@pytest.mark.parametrize("trick", ["", "..", "../../x", "0" * 36, new_id().upper(), new_id() + "\n", new_id() + "\0"])
def test_path_tricks_in_the_id(scene, trick):
    with pytest.raises(DeskError, match=r"id\.malformed"):
        keep_snapshot(scene.uow, scene.agent, trick, trick, scene.meta(jpeg()), scene.received(jpeg()), CHECKLISTS, NOW)
    assert_nothing_was_kept(scene)


def test_consent_counts_at_the_moment_of_capture(scene):
    scene.consent(-30, ConsentScope.VIDEO)  # stills taken back
    scene.consent(-10, ConsentScope.STILLS)  # and given again
    assert keep(scene, captured_at=NOW - timedelta(seconds=40))
    with pytest.raises(NotAllowed, match=r"consent\.missing"):
        keep(scene, captured_at=NOW - timedelta(seconds=20))
    assert keep(scene, captured_at=NOW - timedelta(seconds=10))


def test_no_answer_is_no_consent(scene):
    scene.uow.invitations.answers.clear()
    with pytest.raises(NotAllowed, match=r"consent\.missing"):
        keep(scene)
    assert_nothing_was_kept(scene)


def test_a_retake_names_what_it_retakes(scene):
    first = keep(scene)
    retake = keep(scene, data=jpeg("red"), retake_of=first.id)
    assert scene.uow.evidence.retakes_of([first.id]) == {first.id: retake.id}
    with pytest.raises(Invalid, match=r"snapshot\.retake_unknown"):
        other = scene.call.__class__(id=new_id(), case_id=scene.other_case.id, invitation_id=new_id(), state=scene.call.state, waiting_since=NOW)
        scene.uow.calls.add(other)
        scene.consent(-60, *ConsentScope, invitation_id=other.invitation_id)
        keep(scene, case_id=scene.other_case.id, call_id=other.id, checklist_item=None, retake_of=first.id)


def photo(scene, snapshot_id=None, data=None, who=None, item=None):
    return keep_photo(scene.uow, who or scene.customer, snapshot_id or new_id(), scene.received(data or jpeg()), item, CHECKLISTS, NOW)


def test_a_photo_belongs_to_the_invitations_case(scene):
    kept = photo(scene, item="label")
    assert (kept.case_id, kept.call_id, kept.method) == (scene.case.id, scene.call.id, SnapshotMethod.UPLOAD)
    assert (kept.captured_by, kept.checklist_item, kept.width_px, kept.height_px) == (scene.customer.id, "label", 64, 48)
    assert photo(scene, kept.id) == kept
    assert len(scene.uow.events) == 1


def test_a_photo_before_any_call(scene):
    scene.uow.calls.calls.clear()
    assert photo(scene).call_id is None


def test_a_photo_needs_consent_to_stills(scene):
    scene.consent(-1, ConsentScope.VIDEO, ConsentScope.SOUND)
    with pytest.raises(NotAllowed, match=r"consent\.missing"):
        photo(scene)
    assert_nothing_was_kept(scene)


def test_no_photos_once_the_invitation_is_used_up_or_revoked(scene):
    first = photo(scene)
    invitation = scene.uow.invitations.get(scene.customer.id)
    for ended in (replace(invitation, used_at=NOW), replace(invitation, revoked_at=NOW), replace(invitation, expires_at=NOW)):
        scene.uow.invitations.save(ended)
        with pytest.raises(Gone):
            photo(scene)
        assert photo(scene, first.id) == first  # a repeated upload still gets its answer
    assert len(scene.uow.evidence.snapshots) == 1


def test_people_of_the_desk_upload_no_photos(scene):
    for who in (scene.agent, scene.boss, scene.keeper):
        with pytest.raises(NotAllowed):
            photo(scene, who=who)
    assert_nothing_was_kept(scene)


def test_an_id_of_somebody_else_tells_nothing(scene):
    frame = keep(scene)
    with pytest.raises(Conflict, match=r"snapshot\.differs"):
        photo(scene, frame.id)


def test_photos_are_counted(scene):
    for _ in range(MAX_PHOTOS):
        photo(scene)
    with pytest.raises(Conflict, match=r"photos\.too_many"):
        photo(scene)
