"""The customer's copy: made at the call's end, opened by its link alone, never showing what was redacted, every look and file in the log."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest

from tests.sealing.keys import capture_facts
from tests.service.evidence_desk import EvidenceDesk, assert_problem, sha
from tests.service.packing import can_pack
from tests.service.pictures import picture
from tests.service.test_clips import put_clip
from videodesk.annotation import schema
from videodesk.annotation.document import Document
from videodesk.annotation.marks import Box, Point, Redaction, RedactionPen, RedactionReason
from videodesk.core.clock import iso
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import ConsentScope, SealVerdict
from videodesk.sealing.pins import pins_of
from videodesk.sealing.verifier import Verifier


@pytest.fixture
def desk(tmp_path):
    made = EvidenceDesk(tmp_path)
    made.desk.public_url = "https://desk.example.nl"
    made.keys = can_pack(made.desk, tmp_path)
    with made.store.write() as uow:
        call = uow.calls.get(made.call_id)
        uow.calls.replace(replace(call, version=call.version + 1, accepted_at=made.clock.now()))
    yield made
    made.close()


def end(desk):
    answer = desk.ask("POST", f"/calls/{desk.call_id}/end")
    assert answer.status_code == 200, answer.text


def mine(desk):
    answer = desk.ask("GET", "/join/copy", "customer")
    assert answer.status_code == 200, answer.text
    return answer.json()


def key(link):
    return link.partition("#")[2]


def open_(desk, token):
    return desk.ask("POST", "/copy/open", None, json={"token": token})


def cookie(answer):
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


def fetch(desk, answer, path):
    return desk.ask("GET", path.removeprefix("/api/v1"), None, headers=cookie(answer))


def ended(desk, **kept):
    snapshot = desk.kept(**kept)
    end(desk)
    answer = open_(desk, key(mine(desk)["link"]))
    assert answer.status_code == 200, answer.text
    return snapshot, answer


REDACTIONS = [
    Redaction(id="m1", box=Box(1, 2, 3, 4)), RedactionPen(id="m1", points=(Point(1, 2), Point(9, 9)), reason=RedactionReason.PLATE),
]


def redact(desk, snapshot_id, mark=REDACTIONS[0]):
    document = schema.to_json(Document(64, 48, (mark,)))
    made = desk.ask("POST", f"/snapshots/{snapshot_id}/annotation", json={"base_revision": 0, "document": document})
    assert made.status_code == 200, made.text
    return made.json()["revision"], picture(64, 48, colour="black")


def test_the_end_of_a_call_makes_one_copy_for_its_customer(desk):
    desk.kept()
    end(desk)
    view = mine(desk)
    assert view["link"].startswith("https://desk.example.nl/copy#")
    assert view["pictures"] == 1
    assert [one["id"] for one in desk.ask("GET", f"/cases/{desk.case_id}/copies").json()] == [view["id"]]
    assert view["link"] in view["texts"]["nl"]["body"]


def test_without_consent_to_pictures_there_is_none(desk):
    with desk.store.write() as uow:
        uow.invitations._connection.exec_driver_sql("DELETE FROM consents")
    desk.consent(ConsentScope.VIDEO)
    end(desk)
    assert_problem(desk.ask("GET", "/join/copy", "customer"), 404, "copy.unknown")
    assert_problem(desk.ask("POST", f"/cases/{desk.case_id}/copies", json={"id": new_id()}), 409, "copy.no_consent")


def test_the_token_is_nowhere_in_the_database(desk):
    desk.kept()
    end(desk)
    token = key(mine(desk)["link"])
    with desk.store.write() as uow:
        rows = uow.copies._connection.exec_driver_sql("SELECT * FROM copies").all()
    assert token not in str(rows)
    assert sha(token.encode()) in str(rows)
    for file in desk.folder.glob("desk.db*"):
        assert token.encode() not in file.read_bytes()


def test_its_pictures_come_as_they_are_kept(desk):
    snapshot, answer = ended(desk)
    (shown,) = answer.json()["pictures"]
    assert shown["id"] == snapshot["id"]
    got = fetch(desk, answer, shown["file"])
    assert got.status_code == 200
    assert sha(got.content) == snapshot["digest"]
    assert got.headers["content-disposition"] == f'attachment; filename="{shown["file_name"]}"'
    small = fetch(desk, answer, shown["preview"])
    assert small.headers["content-type"] == "image/jpeg"


def test_the_cookie_goes_to_this_copy_only_and_no_script_sees_it(desk):
    _, answer = ended(desk)
    said = answer.headers["set-cookie"].lower()
    assert "httponly" in said
    assert "samesite=strict" in said
    assert f"path=/api/v1/copy/{answer.json()['id']}" in said


def test_nothing_without_the_cookie_and_nothing_of_another_copy(desk):
    snapshot, answer = ended(desk)
    (shown,) = answer.json()["pictures"]
    desk.client._client.cookies.clear()
    bare = desk.ask("GET", shown["file"].removeprefix("/api/v1"), None)
    assert_problem(bare, 404, "copy.unknown")
    other = desk.ask("GET", f"/copy/{new_id()}/pictures/{snapshot['id']}/file", None, headers=cookie(answer))
    assert_problem(other, 404, "copy.unknown")
    stranger = desk.ask("GET", f"/copy/{answer.json()['id']}/pictures/{new_id()}/file", None, headers=cookie(answer))
    assert_problem(stranger, 404, "copy.unknown_picture")


def test_pictures_of_another_call_are_not_in_it(desk):
    desk.put(picture(64, 48, colour="red"), call_id=None, method="upload")
    _, answer = ended(desk)
    assert len(answer.json()["pictures"]) == 1


@pytest.mark.parametrize("mark", REDACTIONS, ids=["box", "stroke"])
def test_of_a_redacted_picture_only_the_redacted_rendition_is_given(desk, mark):
    snapshot = desk.kept()
    revision, redacted = redact(desk, snapshot["id"], mark)
    end(desk)
    answer = open_(desk, key(mine(desk)["link"]))
    assert answer.json()["pictures"] == [], "the marks redact, and the picture in which they do is not here yet"
    meta = {"annotation_revision": revision, "digest": sha(redacted), "media_type": "image/jpeg", "has_redaction": True}
    put = desk.ask("PUT", f"/snapshots/{snapshot['id']}/renditions/{new_id()}", files={
        "metadata": (None, json.dumps(meta), "application/json"), "picture": ("p.jpg", redacted, "image/jpeg")})
    assert put.status_code == 200, put.text
    answer = open_(desk, key(mine(desk)["link"]))
    (shown,) = answer.json()["pictures"]
    assert shown["is_redacted"]
    assert sha(fetch(desk, answer, shown["file"]).content) == sha(redacted)
    archive = zipfile.ZipFile(io.BytesIO(fetch(desk, answer, answer.json()["archive"]).content))
    digests = {sha(archive.read(name)) for name in archive.namelist()}
    assert sha(redacted) in digests
    assert snapshot["digest"] not in digests


def test_every_look_and_every_file_is_in_the_custody_log(desk):
    snapshot, answer = ended(desk)
    (shown,) = answer.json()["pictures"]
    before = len(desk.custody())
    for _ in range(3):
        fetch(desk, answer, shown["preview"])
    fetch(desk, answer, shown["file"])
    fetch(desk, answer, answer.json()["archive"])
    entries = desk.custody()[before:]
    assert [(one["action"], one["snapshot_id"]) for one in entries] == [("viewed", snapshot["id"]), ("shared", snapshot["id"]), ("shared", snapshot["id"])]
    assert {one["actor_id"] for one in entries} == {desk.invitation_id}


def test_a_link_ends_by_itself_and_by_being_taken_back(desk):
    _, answer = ended(desk)
    token = key(mine(desk)["link"])
    desk.clock.advance(timedelta(days=31).total_seconds())
    assert_problem(open_(desk, token), 410, "copy.expired")
    assert_problem(fetch(desk, answer, answer.json()["archive"]), 410, "copy.expired")
    desk.sign_in_again()
    fresh = desk.ask("POST", f"/cases/{desk.case_id}/copies", json={"id": new_id()})
    assert fresh.status_code == 201, fresh.text
    again = open_(desk, key(fresh.json()["link"]))
    assert again.status_code == 200
    gone = desk.ask("DELETE", f"/cases/{desk.case_id}/copies/{fresh.json()['id']}")
    assert gone.json()["link"] == ""
    assert_problem(open_(desk, key(fresh.json()["link"])), 410, "copy.revoked")
    assert_problem(fetch(desk, again, again.json()["archive"]), 410, "copy.revoked")


def test_an_unknown_link_is_a_404(desk):
    assert_problem(open_(desk, "x" * 43), 404, "copy.unknown")


def test_after_erasure_the_link_says_so(desk):
    desk.kept()
    end(desk)
    token = key(mine(desk)["link"])
    desk.desk.vault.secrets_of(desk.case_id)
    desk.desk.vault.destroy(desk.case_id)
    assert_problem(open_(desk, token), 410, "case.erased")


def test_making_one_is_idempotent_and_an_id_belongs_to_its_case(desk):
    copy_id = new_id()
    first = desk.ask("POST", f"/cases/{desk.case_id}/copies", json={"id": copy_id})
    second = desk.ask("POST", f"/cases/{desk.case_id}/copies", json={"id": copy_id})
    assert first.json()["link"] == second.json()["link"]
    assert_problem(desk.ask("POST", f"/cases/{desk.other_case_id}/copies", json={"id": copy_id}), 409, "copy.exists")
    assert_problem(desk.ask("POST", f"/cases/{desk.other_case_id}/copies", json={"id": new_id()}), 409, "copy.no_call")


def test_an_administrator_shares_nothing(desk):
    assert_problem(desk.ask("POST", f"/cases/{desk.case_id}/copies", "adam", json={"id": new_id()}), 403, "permission.denied")
    assert_problem(desk.ask("GET", f"/cases/{desk.case_id}/copies", "adam"), 403, "permission.denied")


def test_a_clip_goes_along_unless_it_shows_what_was_redacted_elsewhere(desk):
    desk.clock.advance(60)
    clip_id = put_clip(desk).json()["id"]
    within = iso(desk.clock.now() - timedelta(seconds=7))
    end(desk)
    token = key(mine(desk)["link"])
    (shown,) = open_(desk, token).json()["pictures"]
    assert (shown["id"], shown["media_type"]) == (clip_id, "video/webm")
    picked = desk.kept(method="clip_frame", call_id=None, taken_from=clip_id, captured_at=within)
    assert len(open_(desk, token).json()["pictures"]) == 2
    redact(desk, picked["id"])
    assert open_(desk, token).json()["pictures"] == [], "the clip shows what is unreadable in the picture taken from it"


def sealed_shot(desk, colour="teal"):
    """A frame as a desktop keeps it: sealed before it is sent."""
    snapshot_id = new_id()
    facts = capture_facts(snapshot_id=snapshot_id, original_id=snapshot_id, case_id=desk.case_id, call_id=desk.call_id, captured_at=desk.clock.now())
    data = desk.keys.sealer().seal_capture(picture(64, 48, colour=colour), "image/jpeg", facts)
    answer = desk.put(data, snapshot_id)
    assert answer.status_code == 200, answer.text
    return answer.json()


def checked(desk, answer, folder):
    path = folder / "copy.zip"
    path.write_bytes(fetch(desk, answer, answer.json()["archive"]).content)
    return {one.file: one for one in Verifier(pins_of(desk.keys.root_pem), desk.clock).check_path(path)}


def test_the_zip_is_a_package_that_anybody_can_check(desk, tmp_path):
    sealed_shot(desk)
    end(desk)
    answer = open_(desk, key(mine(desk)["link"]))
    found = checked(desk, answer, tmp_path)
    assert {one.verdict for one in found.values()} <= {SealVerdict.GENUINE}, [one for one in found.values() if not one.verdict.is_good]
    names = " ".join(found)
    assert "verify.html" in names
    assert "HOW-TO-VERIFY.txt" in names
    assert answer.json()["root_fingerprint"] == desk.keys.root_fingerprint


def test_nothing_that_the_desk_wrote_for_itself_is_in_the_zip(desk, tmp_path):
    shot = sealed_shot(desk)
    desk.ask("PATCH", f"/snapshots/{shot['id']}", json={"caption": "looks like fraud"})
    sealed_shot(desk, "red")
    end(desk)
    answer = open_(desk, key(mine(desk)["link"]))
    found = checked(desk, answer, tmp_path)
    assert not any("record" in name or "report" in name or "marks" in name for name in found)
    data = fetch(desk, answer, answer.json()["archive"]).content
    assert b"fraud" not in data
    assert b"Klaas" not in data
