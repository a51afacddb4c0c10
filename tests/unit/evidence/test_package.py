"""The record of a case, and sweeping."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta

from tests.unit.evidence.test_usecases import decide, document, keep, render, usecases, wanted
from tests.unit.evidence.unit import CHECKLISTS, NOW, Scene, jpeg
from videodesk.core.vocabulary import ReviewDecision
from videodesk.evidence.package import case_record
from videodesk.evidence.sweep import sweep_blobs


def test_the_record_tells_the_whole_story():
    scene = Scene()
    one = keep(scene)
    usecases.add_annotation(scene.uow, scene.agent, one.id, 0, document("redaction"), NOW)
    rendition = render(scene, one.id, has_redaction=True)
    decide(scene.uow, scene.boss, one.id, wanted(ReviewDecision.RETAKE_REQUESTED, comment="scherper"), NOW)
    again = keep(scene, jpeg("red"), retake_of=one.id, captured_at=NOW + timedelta(seconds=1))
    decide(scene.uow, scene.boss, again.id, wanted(ReviewDecision.ACCEPTED), NOW)
    record = json.loads(json.dumps(case_record(scene.uow, scene.case.number, CHECKLISTS)))
    assert record["case"]["id"] == scene.case.id
    assert [entry["decision"] for entry in record["decisions"]] == ["retake_requested", "accepted"]
    assert [snapshot["review_state"] for snapshot in record["snapshots"]] == ["retake_requested", "accepted"]
    assert record["snapshots"][1]["retake_of"] == one.id
    assert record["snapshots"][0]["renditions"][0]["id"] == rendition.id
    assert record["snapshots"][0]["annotation"]["document"] == document("redaction")
    assert record["consents"][0]["granted"] == ["video", "sound", "stills", "recording", "location"]
    assert record["calls"][0]["id"] == scene.call.id
    assert record["checklist"]["items"][0]["snapshot_ids"] == [again.id]
    assert not record["checklist"]["is_complete"]
    assert record["custody"]["is_intact"]
    assert case_record(scene.uow, scene.case.id)["checklist"]["snapshots"] == {"label": [again.id]}


def test_a_custody_digest_can_be_computed_from_the_record_alone():
    scene = Scene()
    keep(scene)
    entries = json.loads(json.dumps(case_record(scene.uow, scene.case.id)))["custody"]["entries"]
    for entry in entries:
        assert hashlib.sha256(b"\0" + entry["leaf"].encode()).hexdigest() == entry["digest"]
        leaf = json.loads(entry["leaf"])
        assert [leaf[key] for key in ("index", "at", "action", "actor")] == [entry[key] for key in ("index", "at", "action", "actor_id")]
        assert entry["case_id"] not in entry["leaf"], "a leaf names nothing that is erased with the case"


def test_sweeping_takes_only_what_no_record_names():
    scene = Scene()
    one = keep(scene)
    lost = scene.blobs.put(b"its transaction failed")
    assert sweep_blobs(scene.uow.evidence, scene.uow.case_blobs) == [lost]
    assert scene.blobs.has(one.digest)
    assert scene.blobs.has(scene.uow.evidence.thumbnail(one.digest))
