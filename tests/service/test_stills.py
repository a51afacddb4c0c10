"""The phone's still: uploaded in pieces, in either order with the frame, leading by quality, never lost and never doubled."""

from __future__ import annotations

import base64
import errno
import io
import json
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from PIL import Image

from tests.service.evidence_desk import EvidenceDesk, assert_problem, sha
from tests.service.pictures import noisy_picture, picture
from videodesk.core.clock import iso
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CallState, ConsentScope, StillState
from videodesk.evidence.model import AwaitedStill
from videodesk.evidence.stills import await_still
from videodesk.evidence.upload_ports import UPLOAD_LIFE
from videodesk.storage import uploads_local

TUS = {"Tus-Resumable": "1.0.0"}
CONTENT = {"Content-Type": "application/offset+octet-stream"}


@pytest.fixture
def desk(tmp_path):
    made = EvidenceDesk(tmp_path)
    yield made
    made.close()


def told(**values):
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())


def begin(desk, size, upload_id=None, who="customer", body=b"", **purpose):
    headers = TUS | {"Upload-Length": str(size), "Upload-Metadata": told(id=upload_id or new_id(), **purpose)} | (CONTENT if body else {})
    return desk.ask("POST", doors(who), who, headers=headers, content=body)


def doors(who):
    return "/join/uploads" if who == "customer" else "/uploads"


def send(desk, upload_id, offset, body, who="customer"):
    return desk.ask("PATCH", f"{doors(who)}/{upload_id}", who, headers=TUS | CONTENT | {"Upload-Offset": str(offset)}, content=body)


def offset_of(desk, upload_id, who="customer"):
    answer = desk.ask("HEAD", f"{doors(who)}/{upload_id}", who, headers=TUS)
    return int(answer.headers["upload-offset"]) if answer.status_code == 200 else None


def uploaded(desk, data, who="customer", **purpose):
    upload_id = new_id()
    answer = begin(desk, len(data), upload_id, who, data, **purpose)
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(data))), answer.text
    return upload_id


def asked(desk, snapshot_id=None):
    """The agent asked for a still of this snapshot."""
    snapshot_id = snapshot_id or new_id()
    with desk.store.write() as uow:
        agent = uow.people.get(desk.people["anna"]).principal()
        await_still(uow, agent, uow.calls.get(desk.call_id), snapshot_id, desk.clock.now())
    return snapshot_id


def put_still(desk, snapshot_id, data, original_id=None, upload_id=None, who="customer", **changes):
    meta = {"call_id": desk.call_id, "snapshot_id": snapshot_id, "upload_id": upload_id or uploaded(desk, data), "method": "take_photo",
            "digest": sha(data), "captured_at": iso(desk.clock.now())} | changes
    return desk.ask("PUT", f"/join/stills/{original_id or new_id()}", who, json=meta)


def put_original(desk, snapshot_id, data, original_id=None, who="anna", **changes):
    meta = desk.metadata(data, **changes)
    return desk.ask("PUT", f"/snapshots/{snapshot_id}/originals/{original_id or new_id()}", who, files={
        "metadata": (None, json.dumps(meta), "application/json"), "original": ("o", data, meta["media_type"])})


def view(desk, snapshot_id):
    answer = desk.ask("GET", f"/snapshots/{snapshot_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def moment(text):
    return datetime.fromisoformat(text)


STILL = noisy_picture(800, 600)
FRAME = picture(64, 48)
SHARP = picture(64, 48, colour="red")


def in_one(desk, snapshot_id, data, upload_id=None, body=None, wrong=None):
    """All bytes with the creation, which also says what the still is."""
    upload_id = upload_id or new_id()
    still = {"call_id": desk.call_id, "snapshot_id": snapshot_id, "upload_id": upload_id, "method": "take_photo", "digest": sha(data),
             "captured_at": iso(desk.clock.now())} | (wrong or {})
    return begin(desk, len(data), upload_id, body=data if body is None else body, snapshot_id=snapshot_id, still=json.dumps(still))


def test_all_in_one_request_is_in_the_case_by_its_answer_and_again_it_stands_once(desk):
    snapshot_id, upload_id = asked(desk), new_id()
    answer = in_one(desk, snapshot_id, STILL, upload_id)
    assert (answer.status_code, answer.headers["upload-offset"]) == (201, str(len(STILL)))
    assert answer.json() == {"snapshot_id": snapshot_id, "digest": sha(STILL), "width_px": 800, "height_px": 600}
    assert [one["id"] for one in view(desk, snapshot_id)["originals"]] == [upload_id]
    assert offset_of(desk, upload_id) is None, "the upload went away"
    again = in_one(desk, snapshot_id, STILL, upload_id)
    assert again.json() == answer.json()
    assert put_still(desk, snapshot_id, STILL, upload_id, upload_id=new_id()).json() == answer.json()
    assert len(view(desk, snapshot_id)["originals"]) == 1
    assert [entry["action"] for entry in desk.custody()].count("stored") == 1


def test_a_first_request_with_only_some_of_the_bytes_keeps_nothing_yet(desk):
    snapshot_id, upload_id = asked(desk), new_id()
    answer = in_one(desk, snapshot_id, STILL, upload_id, body=STILL[:1000])
    assert (answer.status_code, answer.headers["upload-offset"], answer.content) == (201, "1000", b"")
    assert send(desk, upload_id, 1000, STILL[1000:]).status_code == 204
    assert put_still(desk, snapshot_id, STILL, upload_id, upload_id=upload_id).status_code == 200


@pytest.mark.parametrize("wrong", [{"snapshot_id": new_id()}, {"digest": "0" * 64}, {"upload_id": new_id()}, {"method": "frame"}])
def test_a_creation_that_says_something_wrong_keeps_nothing(desk, wrong):
    snapshot_id, upload_id = asked(desk), new_id()
    answer = in_one(desk, snapshot_id, STILL, upload_id, wrong=wrong)
    assert (answer.status_code, answer.headers["upload-offset"], answer.content) == (201, str(len(STILL)), b"")
    assert desk.ask("GET", f"/snapshots/{snapshot_id}").status_code == 404
    again = uploaded(desk, STILL) if "digest" in wrong else upload_id  # bytes of another digest are begun anew
    assert put_still(desk, snapshot_id, STILL, upload_id, upload_id=again).status_code == 200


@pytest.mark.parametrize("order", ["frame sharpest still", "still sharpest frame", "sharpest still frame", "still frame sharpest"])
def test_the_best_leads_whatever_the_order(desk, order):
    snapshot_id, sharp_id, still_id = asked(desk), new_id(), new_id()
    steps = {
        "frame": lambda: desk.put(FRAME, snapshot_id, checklist_item="label"),
        "sharpest": lambda: put_original(desk, snapshot_id, SHARP, sharp_id, method="sharpest"),
        "still": lambda: put_still(desk, snapshot_id, STILL, still_id),
    }
    for step in order.split():
        for _ in range(2):  # everything is sent twice
            answer = steps[step]()
            assert answer.status_code == 200, answer.text
    seen = view(desk, snapshot_id)
    assert (seen["leading"], seen["method"], seen["digest"], seen["width_px"]) == (still_id, "take_photo", sha(STILL), 800)
    assert (seen["still"], seen["captured_by"], seen["checklist_item"]) == ("arrived", desk.people["anna"], "label")
    assert {one["id"] for one in seen["originals"]} == {snapshot_id, sharp_id, still_id}
    assert sorted(entry["action"] for entry in desk.custody() if entry["action"] != "chosen") == sorted(["captured", "stored"] * 3)
    assert all(entry["data"]["to"] for entry in desk.custody() if entry["action"] == "chosen")
    for one, data in ((snapshot_id, FRAME), (sharp_id, SHARP), (still_id, STILL)):
        assert desk.ask("GET", f"/snapshots/{snapshot_id}/originals/{one}").content == data
    assert len(desk.ask("GET", f"/cases/{desk.case_id}/snapshots").json()["items"]) == 1
    assert desk.ask("GET", f"/snapshots/{snapshot_id}/thumbnail").content.startswith(b"\xff\xd8")
    assert desk.ask("GET", f"/snapshots/{snapshot_id}/original").content == STILL


def test_what_a_person_chose_stays(desk):
    snapshot_id = desk.kept()["id"]
    sharp_id = new_id()
    assert put_original(desk, snapshot_id, SHARP, sharp_id, method="sharpest").json()["leading"] == sharp_id
    chosen = desk.ask("PATCH", f"/snapshots/{snapshot_id}", json={"leading": snapshot_id}).json()
    assert (chosen["leading"], chosen["method"]) == (snapshot_id, "frame")
    asked(desk, snapshot_id)
    assert put_still(desk, snapshot_id, STILL).status_code == 200
    assert view(desk, snapshot_id)["leading"] == snapshot_id
    assert_problem(desk.ask("PATCH", f"/snapshots/{snapshot_id}", json={"leading": new_id()}), 404, "snapshot.unknown_original")
    lead = [(entry["data"]["to"], entry["data"]["by"]) for entry in desk.custody() if entry["action"] == "chosen"]
    assert lead == [(sharp_id, "rule"), (snapshot_id, desk.people["anna"])]


def test_what_is_marked_or_decided_stays(desk):
    document = {"schema": "videodesk.annotation", "version": 1, "width_px": 64, "height_px": 48, "marks": []}
    marked, decided = desk.kept()["id"], desk.kept("blue")["id"]
    assert desk.ask("POST", f"/snapshots/{marked}/annotation", json={"base_revision": 0, "document": document}).status_code == 200
    assert desk.ask("POST", f"/snapshots/{decided}/decisions", "saskia", json={"id": new_id(), "decision": "accepted"}).status_code == 200
    for snapshot_id, code in ((marked, "snapshot.lead_marked"), (decided, "snapshot.lead_decided")):
        asked(desk, snapshot_id)
        still_id = new_id()
        assert put_still(desk, snapshot_id, STILL, still_id).status_code == 200
        assert view(desk, snapshot_id)["leading"] == snapshot_id
        assert_problem(desk.ask("PATCH", f"/snapshots/{snapshot_id}", json={"leading": still_id}), 409, code)


def test_marks_stay_on_the_picture_they_were_drawn_on(desk):
    document = {"schema": "videodesk.annotation", "version": 1, "width_px": 64, "height_px": 48, "marks": []}
    snapshot_id, still_id = asked(desk, desk.kept()["id"]), new_id()
    assert put_still(desk, snapshot_id, STILL, still_id).status_code == 200
    assert view(desk, snapshot_id)["leading"] == still_id
    path = f"/snapshots/{snapshot_id}/annotation"
    # Drawn on the frame while the still came.
    assert_problem(desk.ask("POST", path, json={"base_revision": 0, "document": document, "original_id": new_id()}), 404, "snapshot.unknown_original")
    drawn = desk.ask("POST", path, json={"base_revision": 0, "document": document, "original_id": snapshot_id})
    assert drawn.status_code == 200, drawn.text
    assert view(desk, snapshot_id)["leading"] == snapshot_id
    assert_problem(desk.ask("POST", path, json={"base_revision": 1, "document": document, "original_id": still_id}), 409, "snapshot.lead_marked")


def test_a_decision_is_about_what_was_looked_at(desk):
    snapshot_id, still_id = asked(desk, desk.kept()["id"]), new_id()
    assert put_still(desk, snapshot_id, STILL, still_id).status_code == 200
    path, body = f"/snapshots/{snapshot_id}/decisions", {"id": new_id(), "decision": "accepted"}
    assert_problem(desk.ask("POST", path, "saskia", json=body | {"original_id": snapshot_id}), 409, "review.other_original")
    assert desk.ask("POST", path, "saskia", json=body | {"original_id": still_id}).status_code == 200
    (entry,) = [one for one in desk.custody() if one["action"] == "reviewed"]
    assert (entry["data"]["original_id"], entry["data"]["digest"]) == (still_id, sha(STILL))


def test_an_upload_is_resumed_where_it_ended(desk):
    upload_id, snapshot_id = new_id(), asked(desk)
    first = begin(desk, len(STILL), upload_id, body=STILL[:1000])
    assert (first.status_code, first.headers["location"]) == (201, f"/api/v1/join/uploads/{upload_id}")
    assert first.headers["upload-expires"].endswith("GMT")
    again = begin(desk, len(STILL), upload_id, body=STILL[:1000])
    assert (again.status_code, again.headers["upload-offset"]) == (201, "1000")
    assert_problem(begin(desk, len(STILL) + 1, upload_id), 409, "upload.differs")
    assert_problem(send(desk, upload_id, 999, b"x"), 409, "upload.wrong_offset")
    assert_problem(put_still(desk, snapshot_id, STILL, upload_id=upload_id), 409, "upload.unfinished")
    desk.restart_uploads()
    assert offset_of(desk, upload_id) == 1000
    rest = send(desk, upload_id, 1000, STILL[1000:])
    assert (rest.status_code, rest.headers["upload-offset"]) == (204, str(len(STILL)))
    assert put_still(desk, snapshot_id, STILL, upload_id=upload_id).status_code == 200
    assert offset_of(desk, upload_id) is None
    assert desk.blobs.read(sha(STILL)) == STILL


def test_more_than_announced_is_refused_and_what_fits_stays(desk):
    upload_id = new_id()
    assert begin(desk, 10, upload_id, body=b"12345").status_code == 201
    assert_problem(send(desk, upload_id, 5, b"123456"), 413, "upload.too_large")
    assert offset_of(desk, upload_id) == 5


def test_strangers_see_nothing_of_an_upload(desk):
    upload_id = new_id()
    begin(desk, 10, upload_id, who="anna", body=b"12345")
    assert offset_of(desk, upload_id, "bram") is None
    assert_problem(send(desk, upload_id, 5, b"12345", "bram"), 404, "upload.unknown")
    assert desk.ask("DELETE", f"/uploads/{upload_id}", "bram", headers=TUS).status_code == 404
    assert offset_of(desk, upload_id, "anna") == 5
    assert desk.ask("DELETE", f"/uploads/{upload_id}", "anna", headers=TUS).status_code == 204
    assert offset_of(desk, upload_id, "anna") is None


@pytest.mark.parametrize(("headers", "status", "code"), [
    ({}, 412, "upload.tus_version"), ({"Tus-Resumable": "0.2.2"}, 412, "upload.tus_version"),
    (TUS, 422, "upload.header"), (TUS | {"Upload-Length": "5"}, 422, "upload.header"),
    (TUS | {"Upload-Length": "5", "Upload-Metadata": "id !!!"}, 422, "upload.header"),
    (TUS | {"Upload-Length": "5", "Upload-Metadata": told(id="../../etc/passwd")}, 422, "upload.header"),
    (TUS | {"Upload-Length": "-5", "Upload-Metadata": told(id=new_id())}, 422, "upload.header"),
    (TUS | {"Upload-Length": "0", "Upload-Metadata": told(id=new_id())}, 422, "upload.header"),
    (TUS | {"Upload-Length": "9" * 40, "Upload-Metadata": told(id=new_id())}, 422, "upload.header"),
    (TUS | {"Upload-Length": str(2**33), "Upload-Metadata": told(id=new_id())}, 413, "upload.too_large"),
])
def test_wrong_beginnings(desk, headers, status, code):
    assert_problem(desk.ask("POST", "/uploads", "anna", headers=headers), status, code)
    assert_problem(desk.ask("POST", "/join/uploads", "customer", headers=headers), status, code)


def test_a_customer_may_have_so_many_at_once(desk):
    for _ in range(24):
        assert begin(desk, 10).status_code == 201
    assert_problem(begin(desk, 10), 409, "upload.too_many")
    desk.clock.advance(UPLOAD_LIFE.total_seconds())
    desk.sign_in_again()
    assert begin(desk, 10, who="anna").status_code == 201  # the old ones went away with it


def test_other_bytes_than_promised_are_begun_anew(desk):
    snapshot_id, upload_id = asked(desk), uploaded(desk, STILL[:-1] + b"!")
    assert_problem(put_still(desk, snapshot_id, STILL, upload_id=upload_id), 422, "snapshot.digest_mismatch")
    assert offset_of(desk, upload_id) is None
    assert list(desk.blobs.digests()) == []


def test_only_what_was_asked_for(desk):
    with desk.store.write() as uow:
        uow.evidence.save_awaited(AwaitedStill(other := new_id(), desk.other_case_id, new_id(), desk.clock.now(), new_id(), StillState.AWAITED))
    mine = asked(desk)
    assert_problem(put_still(desk, new_id(), STILL), 404, "still.not_asked")
    assert_problem(put_still(desk, other, STILL), 404, "still.not_asked")
    assert_problem(put_still(desk, mine, STILL, original_id=mine), 409, "snapshot.differs")  # that id is the frame's
    assert_problem(put_still(desk, mine, STILL, who="anna"), 403, "permission.denied")
    assert_problem(put_still(desk, mine, b"%PDF-1.7 " + bytes(100)), 415, "picture.unknown_type")
    assert list(desk.blobs.digests()) == []
    assert desk.ask("GET", f"/cases/{desk.case_id}/snapshots").json()["items"] == []
    kept = new_id()
    assert put_still(desk, mine, STILL, kept).status_code == 200
    assert_problem(put_still(desk, mine, SHARP, kept), 409, "snapshot.differs")


def test_consent_counts_when_it_was_taken_and_a_wrong_phone_clock_does_not(desk):
    snapshot_id = asked(desk)
    desk.clock.advance(5)
    taken = desk.clock.now()
    desk.clock.advance(5)
    desk.consent(ConsentScope.VIDEO)
    desk.clock.advance(5)
    assert_problem(put_still(desk, snapshot_id, STILL), 403, "consent.missing")
    still_id = new_id()
    assert put_still(desk, snapshot_id, STILL, still_id, captured_at=iso(taken)).status_code == 200
    # By a clock that stands an hour back it would be older than the asking, which cannot be.
    second = put_still(desk, snapshot_id, SHARP, other := new_id(), captured_at=iso(taken - timedelta(hours=1)))
    assert second.status_code == 200
    by_id = {one["id"]: one for one in view(desk, snapshot_id)["originals"]}
    assert moment(by_id[still_id]["captured_at"]) == taken
    assert moment(by_id[other]["captured_at"]) == taken - timedelta(seconds=5)


def test_after_the_call_the_still_comes_for_a_day(desk):
    snapshot_id, late = asked(desk), asked(desk)
    with desk.store.write() as uow:
        call = uow.calls.get(desk.call_id)
        assert uow.calls.replace(replace(call, version=call.version + 1, state=CallState.ENDED, ended_at=desk.clock.now()))
        uow.invitations.save(replace(desk.invitation, used_at=desk.clock.now(), expires_at=desk.clock.now() + timedelta(hours=1)))
    desk.clock.advance(23 * 3600)
    assert put_still(desk, snapshot_id, STILL, captured_at=iso(desk.clock.now() - timedelta(hours=23))).status_code == 200
    desk.clock.advance(2 * 3600)
    assert_problem(desk.ask("PUT", f"/join/stills/{new_id()}", "customer", json={
        "call_id": desk.call_id, "snapshot_id": late, "upload_id": new_id(), "method": "take_photo", "digest": "0" * 64,
        "captured_at": iso(desk.clock.now())}), 410, "invitation.used")


def test_a_still_that_cannot_be_decoded_is_kept_but_does_not_lead(desk):
    snapshot_id, still_id = asked(desk), new_id()
    broken = STILL[:9000]
    assert desk.put(FRAME, snapshot_id).status_code == 200
    assert put_still(desk, snapshot_id, broken, still_id).status_code == 200
    desk.wait_for(lambda: view(desk, snapshot_id)["leading"] == snapshot_id)
    unreadable = [one["id"] for one in view(desk, snapshot_id)["originals"] if not one["is_readable"]]
    assert unreadable == [still_id]
    assert desk.ask("GET", f"/snapshots/{snapshot_id}/originals/{still_id}").content == broken


def test_giving_up(desk):
    snapshot_id = desk.kept()["id"]
    assert_problem(desk.ask("DELETE", f"/snapshots/{snapshot_id}/still"), 404, "still.not_asked")
    asked(desk, snapshot_id)
    assert view(desk, snapshot_id)["still"] == "awaited"
    assert desk.ask("DELETE", f"/snapshots/{snapshot_id}/still").json()["still"] == "failed"
    assert put_still(desk, snapshot_id, STILL).status_code == 200
    assert view(desk, snapshot_id)["still"] == "arrived"


def test_what_is_missing_is_named(desk):
    def missing():
        found = desk.ask("GET", f"/cases/{desk.case_id}").json()["missing"]
        return [one | {"since": moment(one["since"])} for one in found]

    assert missing() == []
    snapshot_id, at = asked(desk), desk.clock.now()
    assert missing() == [{"kind": "still", "snapshot_id": snapshot_id, "since": at, "sent_bytes": 0, "size_bytes": 0}]
    upload_id = new_id()
    begin(desk, len(STILL), upload_id, body=STILL[:1000], snapshot_id=snapshot_id)
    assert missing() == [{"kind": "still", "snapshot_id": snapshot_id, "since": at, "sent_bytes": 1000, "size_bytes": len(STILL)}]
    begin(desk, 500, who="anna", body=b"x", case_id=desk.case_id)
    assert [(one["kind"], one["sent_bytes"], one["size_bytes"]) for one in missing()] == [("still", 1000, len(STILL)), ("upload", 1, 500)]
    assert desk.ask("DELETE", f"/snapshots/{snapshot_id}/still").status_code == 404  # no frame yet, but given up all the same
    assert [one["kind"] for one in missing()] == ["upload"]


def test_an_agents_original_by_upload(desk):
    snapshot_id = desk.kept()["id"]
    original_id, upload_id = new_id(), uploaded(desk, STILL, "anna", case_id=desk.case_id)
    meta = desk.metadata(STILL, method="sharpest")
    parts = {"metadata": (None, json.dumps(meta), "application/json"), "upload_id": (None, upload_id)}
    for _ in range(2):
        answer = desk.ask("PUT", f"/snapshots/{snapshot_id}/originals/{original_id}", files=parts)
        assert answer.status_code == 200, answer.text
    assert answer.json()["leading"] == original_id
    assert desk.ask("GET", f"/snapshots/{snapshot_id}/originals/{original_id}", headers={"Range": "bytes=5-9"}).content == STILL[5:10]
    assert offset_of(desk, upload_id, "anna") is None


def test_a_desktop_does_not_claim_what_only_the_camera_can(desk):
    assert_problem(put_original(desk, new_id(), FRAME, method="take_photo"), 422, "snapshot.method_mismatch")
    assert_problem(put_original(desk, new_id(), FRAME, method="clip", duration_s=5.0), 422, "snapshot.method_mismatch")


def located(data):
    """The picture with a place in its metadata."""
    with Image.open(io.BytesIO(data)) as opened:
        exif = opened.getexif()
        exif[0x0112], exif[0x0110] = 6, "Phone"
        exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 22.0, 12.5), 3: "E", 4: (4.0, 53.0, 42.0)})
        target = io.BytesIO()
        opened.save(target, "JPEG", exif=exif)
    return target.getvalue()


def gps(data):
    with Image.open(io.BytesIO(data)) as opened:
        return dict(opened.getexif().get_ifd(0x8825))


@pytest.mark.parametrize("is_granted", [True, False])
def test_the_place_in_a_picture_stays_only_with_consent(desk, is_granted):
    desk.clock.advance(1)
    desk.consent(*(scope for scope in ConsentScope if is_granted or scope is not ConsentScope.LOCATION))
    desk.clock.advance(1)
    snapshot_id, still_id, photo_id = asked(desk), new_id(), new_id()
    data, photo = located(STILL), located(SHARP)
    for _ in range(2):
        assert put_still(desk, snapshot_id, data, still_id).status_code == 200
        assert desk.photo(photo, id=photo_id).status_code == 200
    for one, sent, path in ((still_id, data, f"/snapshots/{snapshot_id}/originals/{still_id}"), (photo_id, photo, f"/snapshots/{photo_id}/original")):
        kept = desk.ask("GET", path).content
        assert bool(gps(kept)) is is_granted
        assert (kept == sent) is is_granted
        (entry,) = [e for e in desk.custody() if e["action"] == "stored" and e["data"]["original_id"] == one]
        assert entry["data"]["location"] == ("kept" if is_granted else "stripped")
        assert (entry["data"]["received_digest"], entry["data"]["digest"]) == (sha(sent), sha(kept))
        with Image.open(io.BytesIO(kept)) as opened:
            assert (opened.getexif()[0x0112], opened.getexif()[0x0110]) == (6, "Phone")
    (original,) = view(desk, snapshot_id)["originals"]
    assert original["location"] == ("kept" if is_granted else "stripped")
    assert (original["width_px"], original["height_px"]) == (800, 600)  # the grid as it is stored
    with Image.open(io.BytesIO(desk.ask("GET", f"/snapshots/{snapshot_id}/thumbnail").content)) as opened:
        assert opened.height > opened.width  # the thumbnail is upright


def test_a_picture_without_a_place_says_so(desk):
    snapshot_id = asked(desk)
    assert put_still(desk, snapshot_id, STILL).status_code == 200
    assert view(desk, snapshot_id)["originals"][0]["location"] == "none"


def test_a_full_disk_is_told_in_words(desk, monkeypatch):
    upload_id = new_id()
    assert begin(desk, 100, upload_id, body=b"x" * 10).status_code == 201

    def full(_descriptor, _chunk):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(uploads_local, "write_all", full)
    problem = assert_problem(send(desk, upload_id, 10, b"y" * 90), 507, "storage.full")
    assert problem["retryable"]
    assert problem["detail"] != problem["code"]
    monkeypatch.undo()
    assert offset_of(desk, upload_id) == 10
    assert send(desk, upload_id, 10, b"y" * 90).status_code == 204
