"""The evidence API: from a snapshot's PUT to its place in the case, its original, marks, renditions and custody."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from tests.service.evidence_desk import EvidenceDesk, assert_problem, sha
from tests.service.pictures import claimed_jpeg, noisy_picture, picture
from videodesk.core.clock import iso
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import ConsentScope


@pytest.fixture
def desk(tmp_path):
    made = EvidenceDesk(tmp_path)
    yield made
    made.close()


def document(*marks):
    return {"schema": "videodesk.annotation", "version": 1, "width_px": 64, "height_px": 48, "marks": list(marks)}


def box_mark(kind="rectangle"):
    return {"kind": kind, "id": "m1", "name": "", "colour": "#e5352b", "width_px": 6.0, "box": [1.0, 2.0, 3.0, 4.0]}


def test_put_list_get(desk):
    data = noisy_picture(1280, 720)
    snapshot_id = new_id()
    answer = desk.put(data, snapshot_id, checklist_item=first_item(desk))
    assert answer.status_code == 200, answer.text
    view = answer.json()
    assert (view["id"], view["digest"], view["size_bytes"]) == (snapshot_id, sha(data), len(data))
    assert (view["captured_by"], view["captured_by_name"], view["case_number"]) == (desk.people["anna"], "Anna", "VD-2026-000001")
    assert (view["review_state"], view["annotation_revision"], view["decisions"]) == ("pending", 0, [])
    assert desk.ask("GET", f"/cases/{desk.case_id}/snapshots").json()["items"] == [view]
    assert desk.ask("GET", f"/snapshots/{snapshot_id}", "saskia").json() == view
    assert desk.blobs.read(sha(data)) == data


def first_item(desk):
    from videodesk.core.vocabulary import CaseKind
    return desk.desk.checklists.items(CaseKind.PARCEL)[0].id


def test_put_is_idempotent(desk):
    data = picture(64, 48)
    first = desk.put(data, snapshot_id := new_id())
    assert desk.put(data, snapshot_id).json() == first.json()
    assert_problem(desk.put(picture(64, 48, colour="red"), snapshot_id), 409, "snapshot.differs")
    assert len(desk.ask("GET", f"/cases/{desk.case_id}/snapshots").json()["items"]) == 1
    assert [entry["action"] for entry in desk.custody()] == ["captured", "stored"]


@pytest.mark.parametrize(("changes", "status", "code"), [
    ({"digest": "0" * 64}, 422, "snapshot.digest_mismatch"), ({"case_id": new_id()}, 404, "case.unknown"),
    ({"call_id": new_id()}, 404, "call.unknown"), ({"call_id": None}, 422, "snapshot.call_missing"),
    ({"width_px": 65}, 422, "picture.mismatch"), ({"checklist_item": "nonsense"}, 422, "checklist.unknown_item"),
    ({"retake_of": new_id()}, 422, "snapshot.retake_unknown"), ({"extra": 1}, 422, "request.invalid"),
    ({"captured_at": "2026-01-05T09:00:00"}, 422, "request.invalid"), ({"captured_at": "9999-12-31T23:59:59-14:00"}, 422, "request.invalid"),
    ({"captured_at": "2027-01-05T09:00:00Z"}, 422, "snapshot.in_the_future"), ({"frame_seq": 2**70}, 422, "request.invalid"),
    ({"digest": "../../../etc/passwd"}, 422, "request.invalid"), ({"codec": "x" * 201}, 422, "request.invalid"),
])
def test_refused_snapshots_leave_nothing(desk, changes, status, code):
    assert_problem(desk.put(picture(64, 48), **changes), status, code)
    assert list(desk.blobs.digests()) == []
    assert desk.ask("GET", f"/cases/{desk.case_id}/snapshots").json()["items"] == []
    assert desk.custody() == []


def test_without_consent_to_stills_nothing_is_kept(desk):
    desk.clock.advance(10)
    desk.consent(ConsentScope.VIDEO, ConsentScope.SOUND)
    desk.clock.advance(10)
    assert_problem(desk.put(picture(64, 48)), 403, "consent.missing")
    assert_problem(desk.photo(picture(64, 48)), 403, "consent.missing")
    assert list(desk.blobs.digests()) == []
    # Captured while the consent held, sent later by the outbox: welcome.
    assert desk.put(picture(64, 48), captured_at=iso(desk.clock.now() - timedelta(seconds=15))).status_code == 200


@pytest.mark.parametrize("who", [None, "adam", "customer"])
def test_who_may_not(desk, who):
    one = desk.kept()
    status = {401, 403}
    for method, path in [
        ("GET", f"/snapshots/{one['id']}"), ("GET", f"/snapshots/{one['id']}/original"), ("GET", f"/snapshots/{one['id']}/thumbnail"),
        ("GET", f"/snapshots/{one['id']}/annotation"), ("GET", f"/cases/{desk.case_id}/snapshots"), ("GET", f"/cases/{desk.case_id}/custody"),
        ("GET", "/review"),
    ]:
        answer = desk.ask(method, path, who)
        assert answer.status_code in status, (path, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
    assert desk.put(picture(64, 48), who=who).status_code in status
    denied = [entry for entry in desk.custody() if entry["action"] == "access_denied"]
    assert len(denied) == (who == "adam")


def test_the_original_in_ranges(desk):
    data = noisy_picture(200, 100)
    one = desk.put(data).json()
    path = f"/snapshots/{one['id']}/original"
    whole = desk.ask("GET", path)
    assert (whole.status_code, whole.content, whole.headers["content-type"]) == (200, data, "image/jpeg")
    assert whole.headers["etag"] == f'"{sha(data)}"'
    assert whole.headers["accept-ranges"] == "bytes"
    size = len(data)
    for asked, start, end in [("bytes=0-0", 0, 1), ("bytes=5-9", 5, 10), ("bytes=-7", size - 7, size), (f"bytes={size - 3}-", size - 3, size),
                              ("bytes=0-999999999", 0, size), ("bytes=-999999999", 0, size), ("BYTES=1-2", 1, 3)]:
        part = desk.ask("GET", path, headers={"Range": asked})
        assert (part.status_code, part.content) == (206, data[start:end]), asked
        assert part.headers["content-range"] == f"bytes {start}-{end - 1}/{size}"
    for asked in (f"bytes={size}-", "bytes=-0"):
        beyond = desk.ask("GET", path, headers={"Range": asked})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}")
    for ignored in ("bytes=9-5", "items=0-1", "bytes=0-1,4-5", "bytes=x-y", "bytes=-", "bytes=", "bytes=--1", "bytes=" + "9" * 400 + "-"):
        assert desk.ask("GET", path, headers={"Range": ignored}).status_code == 200
    changed = desk.ask("GET", path, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert changed.status_code == 200
    known = desk.ask("GET", path, headers={"If-None-Match": f'"{sha(data)}"'})
    assert (known.status_code, known.content) == (304, b"")


def test_handing_out_an_original_is_in_the_log(desk):
    one = desk.kept()
    path = f"/snapshots/{one['id']}/original"
    desk.ask("GET", path, "saskia")
    desk.ask("GET", path, "saskia", headers={"Range": "bytes=2-9"})
    desk.ask("GET", path, "saskia", headers={"Range": "bytes=99999-"})
    desk.ask("GET", path, "saskia", headers={"If-None-Match": f'"{one["digest"]}"'})
    entries = desk.custody()
    viewed = [entry for entry in entries if entry["action"] == "viewed"]
    assert [(entry["actor_id"], entry["data"].get("bytes")) for entry in viewed] == [(desk.people["saskia"], None), (desk.people["saskia"], "2-9")]
    assert "Klaas" not in json.dumps(entries)
    assert "Anna" not in json.dumps(entries)


def test_thumbnails(desk):
    one = desk.put(noisy_picture(1000, 500)).json()
    path = f"/snapshots/{one['id']}/thumbnail"
    first = desk.ask("GET", path)
    assert (first.status_code, first.headers["content-type"]) == (200, "image/jpeg")
    assert first.content.startswith(b"\xff\xd8")
    assert len(first.content) < 60_000
    assert desk.ask("GET", path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    desk.blobs.remove(first.headers["etag"].strip('"'))  # a lost thumbnail is made again
    assert desk.ask("GET", path).content == first.content


def put_rendition(desk, snapshot_id, data, rendition_id=None, **changes):
    meta = {"annotation_revision": 1, "digest": sha(data), "media_type": "image/png", "has_redaction": True} | changes
    return desk.ask("PUT", f"/snapshots/{snapshot_id}/renditions/{rendition_id or new_id()}", files={
        "metadata": (None, json.dumps(meta), "application/json"), "picture": ("r.png", data, meta["media_type"]),
    })


def test_marks_and_renditions(desk):
    one = desk.kept()
    path = f"/snapshots/{one['id']}/annotation"
    assert_problem(desk.ask("GET", path), 404, "annotation.none")
    made = desk.ask("POST", path, json={"base_revision": 0, "document": document(box_mark("redaction"))})
    assert (made.status_code, made.json()["revision"]) == (200, 1)
    assert_problem(desk.ask("POST", path, "bram", json={"base_revision": 0, "document": document()}), 409, "annotation.stale")
    assert desk.ask("POST", path, json={"base_revision": 1, "document": document()}).json()["revision"] == 2
    assert desk.ask("GET", path).json()["document"] == document()
    assert desk.ask("GET", path, params={"revision": 1}).json()["document"] == document(box_mark("redaction"))
    assert_problem(desk.ask("POST", path, json={"base_revision": 2, "document": {"schema": "x"}}), 422, "annotation.invalid")
    data = picture(64, 48, "PNG", "black")
    rendition_id = new_id()
    kept = put_rendition(desk, one["id"], data, rendition_id)
    assert kept.status_code == 200, kept.text
    assert put_rendition(desk, one["id"], data, rendition_id).json() == kept.json()
    assert_problem(put_rendition(desk, one["id"], picture(64, 48, "PNG", "red"), rendition_id), 409, "rendition.differs")
    assert_problem(put_rendition(desk, one["id"], data, has_redaction=False), 422, "rendition.redaction_missing")
    assert_problem(put_rendition(desk, one["id"], data, annotation_revision=9), 404, "annotation.unknown_revision")
    assert_problem(put_rendition(desk, new_id(), data), 404, "snapshot.unknown")
    assert_problem(put_rendition(desk, one["id"], data, media_type="image/jpeg"), 422, "picture.mismatch")
    assert desk.ask("GET", f"/renditions/{rendition_id}").content == data
    assert desk.ask("GET", f"/renditions/{rendition_id}", headers={"Range": "bytes=0-3"}).content == data[:4]
    assert_problem(desk.ask("GET", f"/renditions/{new_id()}"), 404, "rendition.unknown")
    view = desk.ask("GET", f"/snapshots/{one['id']}").json()
    assert (view["digest"], view["annotation_revision"], view["rendition"]["id"]) == (one["digest"], 2, rendition_id)
    assert view["rendition"]["has_redaction"]
    assert [entry["action"] for entry in desk.custody()] == [
        "captured", "stored", "annotated", "annotated", "viewed", "redacted", "viewed", "viewed"]


def test_where_it_belongs(desk):
    one = desk.kept()
    path = f"/snapshots/{one['id']}"
    changed = desk.ask("PATCH", path, json={"checklist_item": first_item(desk), "caption": "de hoek <b>links</b>"}).json()
    assert (changed["checklist_item"], changed["caption"]) == (first_item(desk), "de hoek <b>links</b>")
    assert desk.ask("PATCH", path, json={"checklist_item": None}).json()["checklist_item"] is None
    assert_problem(desk.ask("PATCH", path, json={"checklist_item": "nonsense"}), 422, "checklist.unknown_item")
    assert_problem(desk.ask("PATCH", f"/snapshots/{new_id()}", json={}), 404, "snapshot.unknown")


def test_a_customers_photo(desk):
    data = picture(300, 200, "WEBP")
    answer = desk.photo(data, id=(photo_id := new_id()), checklist_item=first_item(desk))
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"snapshot_id": photo_id, "digest": sha(data), "width_px": 300, "height_px": 200}
    assert desk.photo(data, id=photo_id).json() == answer.json()
    (view,) = desk.ask("GET", f"/cases/{desk.case_id}/snapshots").json()["items"]
    assert (view["method"], view["media_type"], view["captured_by"]) == ("upload", "image/webp", desk.invitation_id)
    assert view["captured_by_name"] == "Klaas <b>Klant</b>"
    for who in (None, "anna", "saskia", "adam"):
        assert desk.photo(data, who).status_code in {401, 403}
    assert_problem(desk.photo(b"%PDF-1.7"), 415, "picture.unknown_type")
    assert_problem(desk.photo(claimed_jpeg(65_500, 65_500)), 413, "picture.too_many_pixels")
    assert_problem(desk.photo(noisy_picture(500, 500)[:9000]), 415, "picture.broken")
    assert_problem(desk.photo(data, id="../../etc"), 422, "id.malformed")
    assert len(desk.ask("GET", f"/cases/{desk.case_id}/snapshots").json()["items"]) == 1


def test_export(desk):
    one = desk.kept()
    record = desk.ask("POST", f"/cases/{desk.case_id}/exports", "saskia").json()
    assert [snapshot["digest"] for snapshot in record["snapshots"]] == [one["digest"]]
    assert [entry["action"] for entry in record["custody"]["entries"]] == ["captured", "stored", "exported"]
    assert record["custody"]["is_intact"]
    assert_problem(desk.ask("POST", f"/cases/{desk.case_id}/exports", "adam"), 403, "permission.denied")
    assert_problem(desk.ask("POST", f"/cases/{new_id()}/exports"), 404, "case.unknown")


def test_events_go_out_after_the_commit(desk):
    seen = []
    subscription = desk.bus.subscribe(seen.append)
    one = desk.kept()
    desk.put(picture(64, 48), digest="0" * 64)
    desk.ask("PATCH", f"/snapshots/{one['id']}", json={"caption": "x"})
    wait_for(lambda: [event.name for event in seen if event.name.startswith("snapshot.")] == ["snapshot.added", "snapshot.changed"])
    assert "Klaas" not in str(seen)
    subscription.close()


def wait_for(condition):
    import time
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_call_that_ends_with_a_complete_checklist_completes_its_case_at_once(desk):
    checklist = desk.ask("GET", f"/cases/{desk.case_id}").json()["checklist"]["items"]
    wanted = [item["id"] for item in checklist if item["is_required"] for _ in range(max(1, item["min_count"]))]
    for number, item in enumerate(wanted):
        desk.kept(f"#{number:06x}", checklist_item=item)
    assert desk.ask("GET", f"/cases/{desk.case_id}").json()["status"] == "in_call"
    assert desk.ask("POST", f"/calls/{desk.call_id}/end").status_code == 200
    assert desk.ask("GET", f"/cases/{desk.case_id}").json()["status"] == "evidence_complete"
    assert desk.ask("POST", f"/calls/{desk.call_id}/wrap-up", json={"disposition": "evidence_complete"}).status_code == 200
    assert desk.ask("GET", f"/cases/{desk.case_id}").json()["status"] == "evidence_complete"


def test_a_call_that_ends_with_something_missing_leaves_its_case_incomplete(desk):
    desk.kept(checklist_item="label")
    assert desk.ask("POST", f"/calls/{desk.call_id}/end").status_code == 200
    assert desk.ask("GET", f"/cases/{desk.case_id}").json()["status"] == "evidence_incomplete"
