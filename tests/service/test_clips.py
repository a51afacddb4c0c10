"""Clips over HTTP: in pieces, with a poster, only with consent to recording all the time; and the frames that are picked from them."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.service.evidence_desk import EvidenceDesk, assert_problem, sha
from tests.service.pictures import noisy_picture, picture
from tests.service.test_stills import uploaded
from tests.unit.evidence.test_containers import MP4, WEBM
from videodesk.core.clock import iso
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import ConsentScope

POSTER = noisy_picture(128, 96)


@pytest.fixture
def desk(tmp_path):
    made = EvidenceDesk(tmp_path)
    made.clock.advance(60)
    yield made
    made.close()


def put_clip(desk, data=WEBM, snapshot_id=None, poster=POSTER, *, by_upload=True, **changes):
    snapshot_id = snapshot_id or new_id()
    meta = {"case_id": desk.case_id, "call_id": desk.call_id, "method": "clip", "digest": sha(data), "media_type": "video/webm", "width_px": 64,
            "height_px": 48, "captured_at": iso(desk.clock.now() - timedelta(seconds=20)), "duration_s": 20.0, "codec": "VP8"} | changes
    parts = {"metadata": (None, json.dumps(meta), "application/json")}
    parts |= {"upload_id": (None, uploaded(desk, data, "anna"))} if by_upload else {"original": ("clip", data, "video/webm")}
    if poster is not None:
        parts["poster"] = ("poster.jpg", poster, "image/jpeg")
    return desk.ask("PUT", f"/snapshots/{snapshot_id}", files=parts)


@pytest.mark.parametrize("by_upload", [True, False])
def test_a_clip_is_evidence_like_a_snapshot(desk, by_upload):
    snapshot_id = new_id()
    for _ in range(2):
        answer = put_clip(desk, snapshot_id=snapshot_id, by_upload=by_upload)
        assert answer.status_code == 200, answer.text
    view = answer.json()
    assert (view["method"], view["media_type"], view["duration_s"], view["width_px"]) == ("clip", "video/webm", 20.0, 64)
    part = desk.ask("GET", f"/snapshots/{snapshot_id}/original", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content, part.headers["content-type"]) == (206, b"\x1aE\xdf\xa3", "video/webm")
    assert desk.ask("GET", f"/snapshots/{snapshot_id}/thumbnail").content.startswith(b"\xff\xd8")
    (captured,) = [entry for entry in desk.custody() if entry["action"] == "captured"]
    assert captured["data"]["duration_ms"] == 20_000
    record = desk.ask("POST", f"/cases/{desk.case_id}/exports").json()
    assert record["snapshots"][0]["originals"][0]["duration_s"] == 20.0


def test_mp4(desk):
    assert put_clip(desk, MP4, media_type="video/mp4", codec="H264").status_code == 200


@pytest.mark.parametrize(("changes", "status", "code"), [
    ({"media_type": "video/mp4"}, 422, "picture.mismatch"), ({"duration_s": None}, 422, "snapshot.method_mismatch"),
    ({"method": "frame"}, 422, "snapshot.method_mismatch"), ({"poster": None}, 422, "upload.file_missing"),
    ({"poster": b"%PDF"}, 415, "picture.unknown_type"), ({"data": b"\x1aE\xdf\xa3" + bytes(50)}, 415, "clip.broken"),
    ({"data": b"MZ" + bytes(50)}, 415, "clip.unknown_type"), ({"duration_s": -1.0}, 422, "request.invalid"), ({"call_id": None}, 422, "snapshot.call_missing"),
])
def test_what_is_refused_leaves_nothing(desk, changes, status, code):
    assert_problem(put_clip(desk, **changes), status, code)
    assert list(desk.blobs.digests()) == []
    assert desk.custody() == []


@pytest.mark.parametrize(("withdrawn_after_s", "again_after_s", "is_kept"), [
    (None, None, True), (0, None, False), (5, None, False), (5, 6, False), (19, None, True), (25, None, True),
])
def test_consent_to_recording_counts_all_the_time(desk, withdrawn_after_s, again_after_s, is_kept):
    begun = desk.clock.now()
    moments = [(s, scopes) for s, scopes in (
        (withdrawn_after_s, [ConsentScope.VIDEO, ConsentScope.STILLS]), (again_after_s, list(ConsentScope))) if s is not None]
    for after_s, scopes in moments:
        desk.clock.advance((begun + timedelta(seconds=after_s) - desk.clock.now()).total_seconds())
        desk.consent(*scopes)
    desk.clock.advance((begun + timedelta(seconds=30) - desk.clock.now()).total_seconds())
    answer = put_clip(desk, captured_at=iso(begun))
    if is_kept:
        assert answer.status_code == 200, answer.text
    else:
        assert_problem(answer, 403, "consent.missing")


def test_consent_to_stills_is_not_asked_of_a_clip(desk):
    desk.consent(ConsentScope.RECORDING)
    desk.clock.advance(30)
    assert put_clip(desk).status_code == 200


def test_a_frame_is_picked_from_a_clip_after_the_call(desk):
    begun = desk.clock.now() - timedelta(seconds=20)
    clip_id = put_clip(desk).json()["id"]
    frame = picture(64, 48)
    picked = {"method": "clip_frame", "call_id": None, "taken_from": clip_id, "captured_at": iso(begun + timedelta(seconds=7))}
    answer = desk.put(frame, **picked)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["taken_from"], answer.json()["call_id"]) == (clip_id, desk.call_id)
    for changes, code in (
        ({"taken_from": None}, "snapshot.clip_unknown"), ({"taken_from": answer.json()["id"]}, "snapshot.clip_unknown"),
        ({"taken_from": new_id()}, "snapshot.clip_unknown"), ({"captured_at": iso(begun - timedelta(seconds=1))}, "snapshot.outside_clip"),
        ({"captured_at": iso(begun + timedelta(seconds=30))}, "snapshot.outside_clip"),
    ):
        assert_problem(desk.put(frame, **(picked | changes)), 422, code)
    desk.consent(ConsentScope.RECORDING)
    assert desk.put(frame, **picked).status_code == 200  # it counts when it was captured
