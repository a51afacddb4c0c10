"""Sealed pictures: what two independent engines say of them, the rules for generators, and that nothing else is in them."""

from __future__ import annotations

import hashlib
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import c2pa
import pytest
from PIL import Image

from tests.sealing.keys import FORMATS, NOW, capture_facts, desk_keys, look_alike, picture, rendition_facts
from tests.sealing.reading import assertion, manifest_of, media_type_of, other_state_of, report_of, state_of
from videodesk.core.errors import WorldError
from videodesk.core.vocabulary import LocationState, SealKind, SnapshotMethod
from videodesk.sealing.certificates import chain_of
from videodesk.sealing.embedded import CAPTURE_LABEL, OPENED_LABEL, RENDITION_LABEL, manifest_store
from videodesk.sealing.manifests import capture_manifest
from videodesk.sealing.sealer import C2paSealer, context, seal_kind, unsealed

KINDS = {"capture": SealKind.CAPTURE, "opened": SealKind.OPENED, "rendition": SealKind.RENDITION}


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return desk_keys(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def sealer(keys):
    return keys.sealer()


def sealed_as(sealer, kind, media_type="image/jpeg"):
    """(the picture, sealed)."""
    plain = picture(media_type)
    if kind == "capture":
        return plain, sealer.seal_capture(plain, media_type, capture_facts())
    if kind == "opened":
        return plain, sealer.seal_opened(plain, media_type, capture_facts(method=SnapshotMethod.UPLOAD, frame_seq=None, rtp_time=None, codec=""))
    parent = sealer.seal_capture(plain, media_type, capture_facts())
    drawn = picture(media_type, seed=2)
    return drawn, sealer.seal_rendition(drawn, media_type, parent, media_type, rendition_facts())


@pytest.fixture(params=[(kind, media_type) for kind in KINDS for media_type in FORMATS], ids=lambda one: f"{one[0]}-{one[1][6:]}")
def made(request, sealer):
    """(kind, the picture, sealed) for each kind of seal and each format."""
    kind, media_type = request.param
    return kind, *sealed_as(sealer, kind, media_type)


def test_both_engines_trust_it_from_the_pinned_root(made, keys):
    _, _, sealed = made
    assert state_of(sealed, keys.root_pem) == "Trusted"
    assert other_state_of(sealed, keys.root_pem) == "Trusted"
    results = report_of(sealed, keys.root_pem)["validation_results"]
    assert results["activeManifest"]["failure"] == []
    assert [one["validationDeltas"]["failure"] for one in results.get("ingredientDeltas", []) if one["validationDeltas"]["failure"]] == []


def test_without_its_seal_it_is_byte_for_byte_what_went_in(made):
    kind, plain, sealed = made
    assert sealed != plain
    assert unsealed(sealed) == plain
    assert unsealed(plain) == plain
    assert (seal_kind(sealed), seal_kind(plain)) == (KINDS[kind], SealKind.NONE)
    assert Image.open(io.BytesIO(sealed)).tobytes() == Image.open(io.BytesIO(plain)).tobytes()


def test_a_look_alike_is_trusted_by_nobody(made, keys, tmp_path):
    kind, _, _ = made
    other = look_alike(tmp_path, keys)
    assert [one.subject for one in chain_of(other.seal_chain_pem)] == [one.subject for one in chain_of(keys.seal_chain_pem)]
    _, sealed = sealed_as(other.sealer(), kind, media_type_of(made[2]))
    for state in (state_of, other_state_of):
        assert state(sealed, keys.root_pem) != "Trusted"
        assert state(sealed, other.root_pem) == "Trusted"


@pytest.mark.parametrize("kind", KINDS)
def test_a_changed_picture_is_found(sealer, keys, kind):
    _, sealed = sealed_as(sealer, kind)
    store_ends = sealed.index(manifest_store(sealed)[-64:]) + 64
    for at in range(store_ends, len(sealed), 97):
        touched = bytearray(sealed)
        touched[at] ^= 1
        assert state_of(bytes(touched), keys.root_pem) == "Invalid", at


# The rules for generators: C2PA conformance programme 0.2, asset rubric for specification 2.4, and 2.2's that it takes over.
ALLOWED_ASSERTIONS = {"c2pa.hash.data", "c2pa.actions.v2", "c2pa.ingredient.v3"}
ALLOWED_ACTIONS = {"c2pa.created", "c2pa.opened", "c2pa.cropped", "c2pa.orientation", "c2pa.drawing", "c2pa.edited"}
STANDARD_PARAMETERS = {"ingredients"}
URN = re.compile(r"urn:c2pa:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def crjson_of(sealed, keys):
    with c2pa.Reader(media_type_of(sealed), io.BytesIO(sealed), context=context(keys.root_pem)) as reader:
        return json.loads(reader.crjson())["manifests"]


def test_the_rules_for_generators(made, keys):
    kind, _, sealed = made
    manifests = crjson_of(sealed, keys)
    assert len(manifests) == (2 if kind == "rendition" else 1)
    for manifest in manifests:
        assert URN.fullmatch(manifest["label"])
        claim, assertions = manifest["claim.v2"], manifest["assertions"]
        assert claim["claim_generator_info"]["specVersion"] == "2.4.0"
        assert "specVersion" not in claim
        assert {label for label in assertions if label.startswith("c2pa.")} <= ALLOWED_ASSERTIONS
        assert {label for label in assertions if not label.startswith("c2pa.")} < {CAPTURE_LABEL, OPENED_LABEL, RENDITION_LABEL}
        assert "url" not in assertions["c2pa.hash.data"]
        check_actions(claim, assertions["c2pa.actions.v2"])
        check_ingredient(assertions.get("c2pa.ingredient.v3"))
    assert manifests[0]["validationResults"]["failure"] == []


def check_actions(claim, actions):
    assert actions["allActionsIncluded"] is True
    assert claim["created_assertions"][0]["url"].endswith("c2pa.actions.v2")
    names = [one["action"] for one in actions["actions"]]
    assert set(names) <= ALLOWED_ACTIONS
    assert names[0] in {"c2pa.created", "c2pa.opened"}
    assert not {"c2pa.created", "c2pa.opened"} & set(names[1:])
    for one in actions["actions"]:
        given = one.get("parameters", {})
        assert all(name in STANDARD_PARAMETERS or "." in name for name in given), given
        if one["action"] == "c2pa.opened":
            assert "digitalSourceType" not in one
            assert len(given["ingredients"]) == 1
        else:
            expected = "digitalCapture" if one["action"] == "c2pa.created" else "humanEdits"
            assert one["digitalSourceType"] == f"http://cv.iptc.org/newscodes/digitalsourcetype/{expected}"


def check_ingredient(ingredient):
    if ingredient is None:
        return
    assert ingredient["relationship"] == "parentOf"
    assert ("activeManifest" in ingredient) is ("validationResults" in ingredient)
    assert not {"digitalSourceType", "dc:title", "thumbnail"} & set(ingredient)


def test_no_picture_and_no_address_is_in_a_seal(made):
    store = manifest_store(made[2])
    assert store
    for never in (b"thumbnail", b"bfdb", b"\xff\xd8\xff", b"\x89PNG", b"WEBP", b"http://localhost", b"https://"):
        assert never not in store, never
    # The vocabulary's own names are all the addresses there are.
    assert {one.split(b"digitalsourcetype")[0] for one in re.findall(rb"http://[\x21-\x7e]+", store)} <= {b"http://cv.iptc.org/newscodes/"}
    assert store.count(b"provenance") == 0


def test_a_seal_says_what_is_known_of_the_capture(sealer, keys):
    facts = capture_facts(
        method=SnapshotMethod.CLIP, taken_from="0f6e6c2e-54f1-4f0a-9d5c-3b6c0f6d8a09", duration_s=4.2, content_digest="cd" * 32,
        content_media_type="video/webm", received_digest="ef" * 32, location=LocationState.STRIPPED, is_evidence_grade=False)
    said = assertion(manifest_of(sealer.seal_capture(picture(), "image/jpeg", facts), keys.root_pem), CAPTURE_LABEL)
    assert said == {
        "v": 1, "original_id": facts.original_id, "snapshot_id": facts.snapshot_id, "case_id": facts.case_id, "call_id": facts.call_id,
        "method": "clip", "captured_at": "2026-01-05T09:00:00.000Z", "width_px": 64, "height_px": 48, "frame_seq": 12, "rtp_time": 2**32 - 1,
        "codec": "VP8", "is_evidence_grade": False, "consent_digest": "ab" * 32, "received_digest": "ef" * 32, "location": "stripped",
        "taken_from": facts.taken_from, "duration_s": 4.2, "content_digest": "cd" * 32, "content_media_type": "video/webm"}


def test_what_is_not_known_is_not_said():
    facts = capture_facts(call_id=None, frame_seq=None, rtp_time=None, codec="", consent_digest="")
    said = capture_manifest(facts)["assertions"][1]["data"]
    assert not {"call_id", "frame_seq", "rtp_time", "codec", "consent_digest", "received_digest", "taken_from", "duration_s"} & set(said)


def test_a_rendition_names_its_parent(sealer, keys):
    parent = sealer.seal_capture(picture(), "image/jpeg", capture_facts())
    manifest = manifest_of(sealer.seal_rendition(picture(seed=2), "image/jpeg", parent, "image/jpeg", rendition_facts()), keys.root_pem)
    assert assertion(manifest, RENDITION_LABEL)["parent_digest"] == hashlib.sha256(parent).hexdigest()
    assert manifest["ingredients"][0]["active_manifest"] == report_of(parent, keys.root_pem)["active_manifest"]


@pytest.mark.parametrize(("marks", "framed", "expected"), [
    (("arrow",), {}, ["drawing"]), (("redaction",), {}, ["edited"]), (("redaction_pen",), {}, ["edited"]), ((), {}, []),
    (("arrow", "redaction"), {}, ["drawing", "edited"]), (("ruler", "stamp"), {"turns": 3}, ["orientation", "drawing"]),
    ((), {"is_cropped": True}, ["cropped"]), (("redaction_pen", "text"), {"is_cropped": True, "turns": 1}, ["cropped", "orientation", "drawing", "edited"]),
])
def test_a_renditions_actions_are_what_was_done(sealer, keys, marks, framed, expected):
    facts = rendition_facts(mark_kinds=marks, has_redaction=any(kind.startswith("redaction") for kind in marks), **framed)
    parent = sealer.seal_capture(picture(), "image/jpeg", capture_facts())
    sealed = sealer.seal_rendition(picture(seed=2), "image/jpeg", parent, "image/jpeg", facts)
    actions = assertion(manifest_of(sealed, keys.root_pem), "c2pa.actions.v2")["actions"]
    assert [one["action"] for one in actions] == ["c2pa.opened", *(f"c2pa.{action}" for action in expected)]
    named = [kind for one in actions for kind in one.get("parameters", {}).get("nl.videodesk.marks", ())]
    assert sorted(named) == sorted(marks)
    assert state_of(sealed, keys.root_pem) == other_state_of(sealed, keys.root_pem) == "Trusted"


def phones_own(media_type, keys):
    """A photo with a manifest of its maker's: a thumbnail of the whole picture, its owner's name."""
    settings = {"builder": {"thumbnail": {"enabled": True}}, "verify": {"verify_after_sign": False}}
    manifest = {
        "claim_generator_info": [{"name": "phone", "version": "1"}], "title": "Mevrouw De Vries, Dorpsstraat 1",
        "assertions": [{"label": "c2pa.actions.v2", "data": {"actions": [{
            "action": "c2pa.created", "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}]}}]}
    out = io.BytesIO()
    with c2pa.Builder(json.dumps(manifest), c2pa.Context.from_dict(settings)) as builder:
        builder.sign(keys.sealer()._signer, media_type, io.BytesIO(picture(media_type, (512, 384))), out)
    sealed = out.getvalue()
    assert b"c2pa.thumbnail" in manifest_store(sealed)
    return sealed


@pytest.mark.parametrize("media_type", ["image/jpeg", "image/png"])
def test_anothers_manifest_is_taken_out_and_that_is_said(sealer, keys, media_type, tmp_path):
    phone = phones_own(media_type, look_alike(tmp_path, keys))
    assert seal_kind(phone) is SealKind.NONE
    for seal, label in ((sealer.seal_capture, CAPTURE_LABEL), (sealer.seal_opened, OPENED_LABEL)):
        sealed = seal(phone, media_type, capture_facts(received_digest=hashlib.sha256(phone).hexdigest()))
        assert unsealed(sealed) == unsealed(phone)
        assert b"thumbnail" not in sealed
        assert b"De Vries" not in sealed
        said = assertion(manifest_of(sealed, keys.root_pem), label)
        assert said["removed_manifest"] is True
        assert said["received_digest"] == hashlib.sha256(phone).hexdigest()
        assert state_of(sealed, keys.root_pem) == other_state_of(sealed, keys.root_pem) == "Trusted"


def test_nothing_is_sealed_that_was_drawn_on_what_is_not_this_desks(sealer, keys, tmp_path):
    """It would look proven; and a phone's thumbnail would show what the rendition hides."""
    other = look_alike(tmp_path, keys)
    ours = bytearray(sealer.seal_capture(picture(), "image/jpeg", capture_facts()))
    ours[-100] ^= 1
    parents = {
        "bare": picture(), "a phone's": phones_own("image/jpeg", other), "altered": bytes(ours), "nothing": b"",
        "a look-alike's": other.sealer().seal_capture(picture(), "image/jpeg", capture_facts())}
    for name, parent in parents.items():
        with pytest.raises(WorldError, match=r"seal\.parent_unsealed"):
            pytest.fail(f"sealed on {name}: {len(sealer.seal_rendition(picture(seed=2), 'image/jpeg', parent, 'image/jpeg', rendition_facts()))}")


def test_many_threads_seal_at_once(sealer, keys):
    def one(seed):
        plain = picture(seed=seed)
        sealed = sealer.seal_capture(plain, "image/jpeg", capture_facts(frame_seq=seed))
        drawn = sealer.seal_rendition(plain, "image/jpeg", sealed, "image/jpeg", rendition_facts())
        return seed, plain, sealed, drawn

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(one, range(120)))
    for seed, plain, sealed, drawn in results:
        assert unsealed(sealed) == plain == unsealed(drawn)
        manifest = manifest_of(sealed, keys.root_pem)
        assert assertion(manifest, CAPTURE_LABEL)["frame_seq"] == seed
        assert state_of(sealed, keys.root_pem) == state_of(drawn, keys.root_pem) == "Trusted"


@pytest.mark.parametrize(("data", "media_type"), [
    (b"", "image/jpeg"), (b"\xff\xd8", "image/jpeg"), (b"no picture", "image/png"), (picture(), "image/png"), (picture(), "image/gif"),
    (picture("image/webp")[:30], "image/webp")])
def test_what_cannot_be_sealed_says_so(sealer, data, media_type):
    for seal in (sealer.seal_capture, sealer.seal_opened):
        with pytest.raises(WorldError, match=r"seal\.failed"):
            seal(data, media_type, capture_facts())


def test_the_seal_of_a_key_elsewhere_is_the_same(keys):
    away = C2paSealer(keys.seal_chain_pem, keys.sign_seal)
    sealed = away.seal_capture(picture(), "image/jpeg", capture_facts())
    assert state_of(sealed, keys.root_pem) == other_state_of(sealed, keys.root_pem) == "Trusted"
    assert away.certificate_fingerprint == keys.sealer().certificate_fingerprint


def test_a_key_elsewhere_that_fails_is_seal_failed(keys):
    def broken(data):
        raise WorldError("keys.signer_failed")

    with pytest.raises(WorldError, match=r"seal\.failed"):
        C2paSealer(keys.seal_chain_pem, broken).seal_capture(picture(), "image/jpeg", capture_facts())


def test_what_a_rotated_key_sealed_stays_trusted(tmp_path):
    keys = desk_keys(tmp_path)
    before = keys.sealer().seal_capture(picture(), "image/jpeg", capture_facts())
    keys.rotate(NOW + timedelta(days=1))
    after = keys.sealer().seal_rendition(picture(seed=2), "image/jpeg", before, "image/jpeg", rendition_facts())
    assert state_of(before, keys.root_pem) == state_of(after, keys.root_pem) == "Trusted"
