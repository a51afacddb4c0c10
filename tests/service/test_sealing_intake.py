"""What the service seals, what it only takes in, and that the camera's bytes come back out of every sealed file."""

from __future__ import annotations

import json

import pytest

from tests.sealing.keys import capture_facts, desk_keys, look_alike
from tests.sealing.reading import manifest_of
from tests.service.evidence_desk import EvidenceDesk, sha
from tests.service.pictures import noisy_picture, picture
from tests.service.test_clips import WEBM
from tests.service.test_stills import asked, begin, put_still, uploaded, view
from videodesk.calls.invitations_model import consent_digest
from videodesk.core.clock import iso
from videodesk.core.errors import WorldError
from videodesk.core.ids import new_id
from videodesk.evidence.seal_ports import NoSealer
from videodesk.sealing.embedded import seal_kind, unsealed

STILL, PHOTO = noisy_picture(400, 300), noisy_picture(320, 240)


@pytest.fixture
def desk(tmp_path):
    made = EvidenceDesk(tmp_path)
    made.keys = desk_keys(tmp_path, now=made.clock.now())
    made.desk.sealer, made.desk.seal_kind = made.keys.sealer(), seal_kind
    yield made
    made.close()


def bytes_of(desk, snapshot_id, original_id):
    answer = desk.ask("GET", f"/snapshots/{snapshot_id}/originals/{original_id}")
    assert answer.status_code == 200
    return answer.content


def actions(data):
    """Of the newest manifest."""
    return [one["action"] for label, one in _actions(manifest_of(data, ""))]


def _actions(manifest):
    return [(one["label"], action) for one in manifest["assertions"] if one["label"].startswith("c2pa.actions") for action in one["data"]["actions"]]


def said(data, label="nl.videodesk.capture"):
    return next(one["data"] for one in manifest_of(data, "")["assertions"] if one["label"].startswith(label))


def only(desk, snapshot_id):
    (one,) = view(desk, snapshot_id)["originals"]
    return one


@pytest.mark.parametrize("way", ["put", "at_once"])
def test_a_customers_still_is_sealed_as_a_capture_and_its_bytes_come_back(desk, way):
    snapshot_id = asked(desk)
    if way == "put":
        assert put_still(desk, snapshot_id, STILL).status_code == 200
    else:
        upload_id = new_id()
        still = {"call_id": desk.call_id, "snapshot_id": snapshot_id, "upload_id": upload_id, "method": "take_photo", "digest": sha(STILL),
                 "captured_at": iso(desk.clock.now())}
        assert begin(desk, len(STILL), upload_id, body=STILL, snapshot_id=snapshot_id, still=json.dumps(still)).json()["snapshot_id"] == snapshot_id
    one = only(desk, snapshot_id)
    sealed = bytes_of(desk, snapshot_id, one["id"])
    assert (one["seal"], one["digest"]) == ("capture", sha(sealed))
    assert unsealed(sealed) == STILL
    assert actions(sealed) == ["c2pa.created"]
    told = said(sealed)
    assert (told["original_id"], told["case_id"], told["call_id"], told["method"], told["received_digest"]) == (
        one["id"], desk.case_id, desk.call_id, "take_photo", sha(STILL))
    with desk.store.read() as uow:
        consent = uow.invitations.consents(desk.invitation_id)[-1]
        entry = next(entry for entry in uow.custody.of_case(desk.case_id) if entry.action.value == "captured")
    assert told["consent_digest"] == consent_digest(consent)
    assert (entry.data["digest"], entry.data["seal"]) == (one["digest"], "capture")


def test_the_same_still_again_is_not_sealed_again(desk):
    snapshot_id, original_id, upload_id = asked(desk), new_id(), uploaded(desk, STILL)
    first = put_still(desk, snapshot_id, STILL, original_id, upload_id)
    again = put_still(desk, snapshot_id, STILL, original_id, upload_id)
    assert first.json() == again.json()
    assert len(view(desk, snapshot_id)["originals"]) == 1


def test_a_photo_that_somebody_chose_is_opened_not_created(desk):
    answer = desk.ask("POST", "/join/photos", "customer", files={"photo": ("IMG_1.jpg", PHOTO, "image/jpeg")})
    assert answer.status_code == 200, answer.text
    one = only(desk, answer.json()["snapshot_id"])
    sealed = bytes_of(desk, answer.json()["snapshot_id"], one["id"])
    assert one["seal"] == "opened"
    assert actions(sealed) == ["c2pa.opened"]
    assert unsealed(sealed) == PHOTO
    assert said(sealed, "nl.videodesk.opened")["method"] == "upload"


def test_a_photo_with_somebodys_seal_is_still_only_opened(desk):
    theirs = desk.keys.sealer().seal_capture(PHOTO, "image/jpeg", capture_facts())
    answer = desk.ask("POST", "/join/photos", "customer", files={"photo": ("IMG_1.jpg", theirs, "image/jpeg")})
    one = only(desk, answer.json()["snapshot_id"])
    assert one["seal"] == "opened", "a file that is sent in does not become a capture by what it carries"
    assert actions(bytes_of(desk, answer.json()["snapshot_id"], one["id"])) == ["c2pa.opened"]


def test_an_agents_frame_is_never_sealed_here(desk):
    bare, sealed = picture(64, 48), desk.keys.sealer().seal_capture(picture(64, 48, colour="red"), "image/jpeg", capture_facts())
    for data, seal in ((bare, "none"), (sealed, "capture")):
        snapshot_id = new_id()
        assert desk.put(data, snapshot_id).status_code == 200
        one = only(desk, snapshot_id)
        assert (one["seal"], one["digest"]) == (seal, sha(data))
        assert bytes_of(desk, snapshot_id, one["id"]) == data


def test_a_clips_seal_is_in_its_poster_and_is_kept(desk):
    poster = desk.keys.sealer().seal_capture(picture(64, 48), "image/jpeg", capture_facts(content_digest=sha(WEBM), content_media_type="video/webm"))
    for image, seal in ((poster, "capture"), (picture(64, 48), "none")):
        snapshot_id = new_id()
        meta = desk.metadata(picture(64, 48)) | {"method": "clip", "media_type": "video/webm", "duration_s": 2.0, "digest": sha(WEBM)}
        answer = desk.ask("PUT", f"/snapshots/{snapshot_id}/originals/{snapshot_id}", "anna", files={
            "metadata": (None, json.dumps(meta), "application/json"), "original": ("o", WEBM, "video/webm"), "poster": ("p", image, "image/jpeg")})
        assert answer.status_code == 200, answer.text
        with desk.store.read() as uow:
            original = uow.evidence.original(snapshot_id)
            assert original.seal.value == seal
            assert original.seal_digest == (sha(poster) if seal == "capture" else "")
            assert seal == "none" or (desk.blobs.read(original.seal_digest) == poster and original.seal_digest in uow.evidence.named_digests())


class Broken(NoSealer):
    """A key that is away."""

    is_ready = True

    def seal_capture(self, picture, media_type, facts):
        raise WorldError("seal.failed")

    seal_opened = seal_capture


def test_a_picture_is_worth_more_than_its_seal(desk):
    desk.desk.sealer = Broken()
    snapshot_id = asked(desk)
    assert put_still(desk, snapshot_id, STILL).status_code == 200
    one = only(desk, snapshot_id)
    assert (one["seal"], one["digest"]) == ("none", sha(STILL))
    answer = desk.ask("POST", "/join/photos", "customer", files={"photo": ("IMG_1.jpg", PHOTO, "image/jpeg")})
    assert only(desk, answer.json()["snapshot_id"])["seal"] == "none"


def test_what_a_seal_says_is_looked_at_not_believed(desk, tmp_path):
    others = look_alike(tmp_path, desk.keys, now=desk.clock.now())
    data = others.sealer().seal_capture(picture(64, 48), "image/jpeg", capture_facts())
    snapshot_id = new_id()
    assert desk.put(data, snapshot_id).status_code == 200
    assert only(desk, snapshot_id)["seal"] == "capture"  # its kind; the verdict is the verifier's (integrity)
