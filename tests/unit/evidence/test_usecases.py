"""Annotation, renditions, custody and review, over memory."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.service.pictures import picture
from tests.unit.evidence.unit import CHECKLISTS, NOW, Scene, jpeg
from videodesk.annotation import schema
from videodesk.annotation.document import Document
from videodesk.cases.usecases import follow
from videodesk.core.errors import Conflict, Invalid, NotAllowed, NotFound
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CaseStatus, CustodyAction, ReviewDecision, ReviewState, SnapshotMethod
from videodesk.evidence import usecases
from videodesk.evidence.custody import canonical
from videodesk.evidence.custody_check import check_log, salts_of
from videodesk.evidence.intake import keep_photo, keep_snapshot
from videodesk.evidence.items import SnapshotsOfItems
from videodesk.protocol.resources import DecisionIn, RenditionMeta, SnapshotPatch
from videodesk.review.usecases import decide, see_queue


@pytest.fixture
def scene() -> Scene:
    return Scene()


def keep(scene, data=None, who=None, **changes):
    data = data or jpeg()
    return keep_snapshot(scene.uow, who or scene.agent, chosen := new_id(), chosen, scene.meta(data, **changes), scene.received(data), CHECKLISTS, NOW)


def document(*kinds: str) -> dict:
    marks = [
        {"kind": kind, "id": f"m{n}", "name": "", "colour": "#e5352b", "width_px": 6.0, "box": [1.0, 2.0, 3.0, 4.0]} for n, kind in enumerate(kinds)
    ]
    return {"schema": "videodesk.annotation", "version": 1, "width_px": 64, "height_px": 48, "marks": marks}


def test_annotations_are_revisions(scene):
    one = keep(scene)
    with pytest.raises(NotFound, match=r"annotation\.none"):
        usecases.see_annotation(scene.uow, scene.agent, one.id)
    first = usecases.add_annotation(scene.uow, scene.agent, one.id, 0, document("ellipse"), NOW)
    assert first.revision == 1
    assert usecases.add_annotation(scene.uow, scene.agent, one.id, 0, document("ellipse"), NOW) == first  # the answer was lost
    with pytest.raises(Conflict) as caught:
        usecases.add_annotation(scene.uow, scene.other_agent, one.id, 0, document("rectangle"), NOW)
    assert (caught.value.code, caught.value.params) == ("annotation.stale", {"revision": 1})
    assert usecases.add_annotation(scene.uow, scene.other_agent, one.id, 1, document("rectangle"), NOW).revision == 2
    assert usecases.see_annotation(scene.uow, scene.agent, one.id, 1) == first
    assert [event.name for event in scene.uow.events] == ["snapshot.added", "annotation.added", "annotation.added"]
    assert scene.uow.evidence.snapshot(one.id) == one


def test_marks_bring_back_the_original_they_were_drawn_on(scene):
    clicked = keep(scene)
    better = jpeg("navy")
    better_id = new_id()
    led = keep_snapshot(scene.uow, scene.agent, clicked.id, better_id, scene.meta(better, method=SnapshotMethod.SHARPEST), scene.received(better),
                        CHECKLISTS, NOW)
    assert led.leading == better_id  # while somebody draws on the clicked one
    usecases.add_annotation(scene.uow, scene.agent, clicked.id, 0, document("ellipse"), NOW, clicked.id)
    assert scene.uow.evidence.snapshot(clicked.id).leading == clicked.id
    with pytest.raises(Conflict, match=r"snapshot\.lead_marked"):
        usecases.add_annotation(scene.uow, scene.agent, clicked.id, 1, document("rectangle"), NOW, better_id)
    with pytest.raises(NotFound, match=r"snapshot\.unknown_original"):
        usecases.add_annotation(scene.uow, scene.agent, clicked.id, 1, document("rectangle"), NOW, new_id())


@pytest.mark.parametrize("bad", [{}, {"schema": "x"}, document("nonsense"), {**document(), "marks": [1]}, {**document(), "extra": 1}])
def test_only_annotation_documents(scene, bad):
    one = keep(scene)
    with pytest.raises(Invalid, match=r"annotation\."):
        usecases.add_annotation(scene.uow, scene.agent, one.id, 0, bad, NOW)


def render(scene, snapshot_id, rendition_id=None, data=None, **changes):
    data = data or jpeg("red")
    values = {"annotation_revision": 1, "digest": scene.meta(data).digest, "media_type": "image/jpeg", "has_redaction": False}
    meta = RenditionMeta(**(values | changes))
    return usecases.keep_rendition(scene.uow, scene.agent, snapshot_id, rendition_id or new_id(), meta, scene.received(data), NOW)


@pytest.mark.parametrize(("crop", "turns", "size"), [(None, 1, (48, 64)), ([4, 8, 30, 20], 0, (30, 20)), ([4, 8, 30, 20], 3, (20, 30))])
def test_a_rendition_is_as_large_as_its_marks_frame_it(scene, crop, turns, size):
    """What was cut off would else come back with the next rendition."""
    one = keep(scene)
    usecases.add_annotation(scene.uow, scene.agent, one.id, 0, schema.to_json(Document(64, 48)) | {"crop": crop, "turns": turns}, NOW)
    with pytest.raises(Invalid, match=r"rendition\.wrong_size") as refused:
        render(scene, one.id)
    assert (refused.value.params["width_px"], refused.value.params["height_px"]) == size
    data = picture(*size)
    kept = render(scene, one.id, data=data)
    assert (kept.width_px, kept.height_px) == size


def test_renditions(scene):
    one = keep(scene)
    usecases.add_annotation(scene.uow, scene.agent, one.id, 0, document("ellipse"), NOW)
    kept = render(scene, one.id)
    assert render(scene, one.id, kept.id) == kept
    assert scene.uow.evidence.renditions_of([one.id]) == [kept]
    with pytest.raises(Conflict, match=r"rendition\.differs"):
        render(scene, one.id, kept.id, jpeg("blue"))
    for changes, code in [
        ({"annotation_revision": 2}, "annotation.unknown_revision"), ({"digest": "0" * 64}, "rendition.digest_mismatch"),
        ({"media_type": "image/png"}, "picture.mismatch"),
    ]:
        with pytest.raises((Invalid, NotFound)) as caught:
            render(scene, one.id, **changes)
        assert caught.value.code == code


def test_a_redaction_must_be_in_the_rendition(scene):
    one = keep(scene)
    usecases.add_annotation(scene.uow, scene.agent, one.id, 0, document("ellipse", "redaction"), NOW)
    with pytest.raises(Invalid, match=r"rendition\.redaction_missing"):
        render(scene, one.id)
    render(scene, one.id, has_redaction=True)
    assert scene.uow.custody.entries[-1].action is CustodyAction.REDACTED


def test_where_a_snapshot_belongs(scene):
    one = keep(scene)
    changed = usecases.change_snapshot(scene.uow, scene.agent, one.id, SnapshotPatch(caption="de hoek"), CHECKLISTS, NOW)
    assert (changed.checklist_item, changed.caption) == ("label", "de hoek")
    changed = usecases.change_snapshot(scene.uow, scene.agent, one.id, SnapshotPatch(checklist_item=None), CHECKLISTS, NOW)
    assert (changed.checklist_item, changed.caption) == (None, "de hoek")
    with pytest.raises(Invalid, match=r"checklist\.unknown_item"):
        usecases.change_snapshot(scene.uow, scene.agent, one.id, SnapshotPatch(checklist_item="nonsense"), CHECKLISTS, NOW)
    assert [event.name for event in scene.uow.events] == ["snapshot.added", "snapshot.changed", "snapshot.changed"]


def test_looking_at_an_original_is_an_entry(scene):
    one = keep(scene)
    original = usecases.see_original(scene.uow, scene.boss, one.id)
    usecases.note_view(scene.uow, scene.boss, original, NOW)
    usecases.note_view(scene.uow, scene.boss, original, NOW, "0-99")
    usecases.note_denied(scene.uow, scene.keeper, one.id, "permission.denied", NOW)
    usecases.note_denied(scene.uow, scene.keeper, new_id(), "permission.denied", NOW)
    usecases.note_export(scene.uow, scene.agent, scene.case.id, NOW)
    entries = usecases.see_custody(scene.uow, scene.agent, scene.case.id)
    assert [entry.action.value for entry in entries] == ["captured", "stored", "viewed", "viewed", "access_denied", "exported"]
    assert entries[3].data["bytes"] == "0-99"
    assert check_log(scene.uow.custody, salts_of(scene.uow.custody)).is_intact


def test_administrators_see_no_evidence(scene):
    one = keep(scene)
    for ask in (
        lambda: usecases.see_snapshot(scene.uow, scene.keeper, one.id), lambda: usecases.list_snapshots(scene.uow, scene.keeper, scene.case.id),
        lambda: usecases.see_custody(scene.uow, scene.keeper, scene.case.id), lambda: see_queue(scene.uow, scene.keeper, None, None, None, 9),
    ):
        with pytest.raises(NotAllowed, match=r"permission\.denied"):
            ask()


def test_the_custody_log_takes_no_floats():
    for bad in ({"n": 1.5}, {1: 2}, {"deep": [{"x": float("nan")}]}, {"b": b""}):
        with pytest.raises(TypeError):
            canonical(bad)
    assert canonical({"b": "é", "a": [1, True, None]}) == '{"a":[1,true,null],"b":"é"}'.encode()


def wanted(decision: ReviewDecision, reason: str = "", comment: str = "", decision_id: str | None = None) -> DecisionIn:
    return DecisionIn(id=decision_id or new_id(), decision=decision, reason=reason, comment=comment)


def test_the_latest_decision_counts(scene):
    one = keep(scene)
    retake = decide(scene.uow, scene.boss, one.id, wanted(ReviewDecision.RETAKE_REQUESTED, comment="scherper graag"), NOW)
    assert scene.uow.evidence.snapshot(one.id).review_state is ReviewState.RETAKE_REQUESTED
    assert scene.uow.events[-1].name == "review.decided"
    assert scene.uow.events[-1].data["agent_id"] == scene.agent.id
    assert "scherper" not in str(scene.uow.events) + str(scene.uow.custody.entries)
    decide(scene.uow, scene.boss, one.id, wanted(ReviewDecision.ACCEPTED), NOW)
    assert scene.uow.evidence.snapshot(one.id).review_state is ReviewState.ACCEPTED
    # The first decision sent again, late, changes nothing.
    again = wanted(ReviewDecision.RETAKE_REQUESTED, comment="scherper graag", decision_id=retake.id)
    assert decide(scene.uow, scene.boss, one.id, again, NOW + timedelta(hours=1)) == retake
    assert scene.uow.evidence.snapshot(one.id).review_state is ReviewState.ACCEPTED
    with pytest.raises(Conflict, match=r"decision\.differs"):
        decide(scene.uow, scene.boss, one.id, wanted(ReviewDecision.ACCEPTED, decision_id=retake.id), NOW)
    assert len(scene.uow.reviews.decisions) == 2


@pytest.mark.parametrize(("decision", "reason", "comment", "code"), [
    (ReviewDecision.RETAKE_REQUESTED, "", "", "review.words_needed"), (ReviewDecision.RETAKE_REQUESTED, "dark", " \n", "review.words_needed"),
    (ReviewDecision.REJECTED, "", "words", "review.reason_needed"), (ReviewDecision.REJECTED, " ", "", "review.reason_needed"),
])
def test_words_and_reasons(scene, decision, reason, comment, code):
    one = keep(scene)
    with pytest.raises(Invalid) as caught:
        decide(scene.uow, scene.boss, one.id, wanted(decision, reason, comment), NOW)
    assert caught.value.code == code
    assert scene.uow.evidence.snapshot(one.id).review_state is ReviewState.PENDING


def test_four_eyes(scene):
    own = keep(scene, who=scene.boss)
    with pytest.raises(NotAllowed, match=r"review\.own_snapshot"):
        decide(scene.uow, scene.boss, own.id, wanted(ReviewDecision.ACCEPTED), NOW)
    with pytest.raises(NotAllowed, match=r"permission\.denied"):
        decide(scene.uow, scene.agent, own.id, wanted(ReviewDecision.ACCEPTED), NOW)


def test_a_retake_of_a_customers_photo_goes_to_the_agent_of_the_call(scene):
    photo = keep_photo(scene.uow, scene.customer, new_id(), scene.received(jpeg()), None, CHECKLISTS, NOW)
    decide(scene.uow, scene.boss, photo.id, wanted(ReviewDecision.RETAKE_REQUESTED, comment="x"), NOW)
    assert scene.uow.events[-1].data["agent_id"] == scene.agent.id


def test_the_queue_in_pages(scene):
    kept = [keep(scene, jpeg(colour)).id for colour in ("red", "green", "blue", "white", "black")]
    seen, cursor = [], None
    while True:
        page = see_queue(scene.uow, scene.boss, None, scene.case.id, cursor, 2)
        seen += [one.id for one in page.snapshots]
        if (cursor := page.next_cursor) is None:
            break
    assert seen == sorted(kept, reverse=True)
    assert page.counts[ReviewState.PENDING] == 5
    assert see_queue(scene.uow, scene.boss, ReviewState.ACCEPTED, None, None, 2).snapshots == []


@pytest.mark.parametrize("cursor", [
    "", "x", "é", "\ud800", "AAAA", "OTk5OS0xMi0zMVQyMzo1OTo1OS0xNDowMCAwMTliOGQyMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDA=",
    "MjAyNi0wMS0wNVQwOTowMDowMCAwMTliOGQyMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDA=",
])
def test_cursors_of_foreign_make(scene, cursor):
    with pytest.raises(Invalid, match=r"cursor\.invalid"):
        see_queue(scene.uow, scene.boss, None, None, cursor, 2)


def case_status(scene) -> CaseStatus:
    return scene.uow.cases.get(scene.case.id).status


def end_call(scene) -> None:
    follow(scene.uow, scene.case.id, CaseStatus.EVIDENCE_INCOMPLETE, scene.agent, NOW)


def test_the_case_follows_its_evidence(scene):
    keep(scene, jpeg("red"))
    box = keep(scene, jpeg("green"), checklist_item="box_outside")
    assert case_status(scene) is CaseStatus.IN_CALL  # never out of a running call
    end_call(scene)
    usecases.change_snapshot(scene.uow, scene.agent, box.id, SnapshotPatch(caption="x"), CHECKLISTS, NOW)
    assert case_status(scene) is CaseStatus.EVIDENCE_COMPLETE
    decide(scene.uow, scene.boss, box.id, wanted(ReviewDecision.RETAKE_REQUESTED, comment="scherper"), NOW)
    assert case_status(scene) is CaseStatus.CHANGES_REQUESTED
    assert SnapshotsOfItems(scene.uow.evidence).of_items(scene.case.id).keys() == {"label"}
    keep(scene, jpeg("blue"), checklist_item="box_outside", retake_of=box.id)
    assert case_status(scene) is CaseStatus.EVIDENCE_COMPLETE
    assert [entry.what for entry in scene.uow.cases.history(scene.case.id)][::-1] == [
        "snapshot", "snapshot", "status", "status", "review", "status", "snapshot", "status",
    ]
