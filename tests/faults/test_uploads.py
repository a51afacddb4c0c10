"""Hostile uploads: whatever the bytes and whatever the form, a clear refusal, nothing kept, and the service goes on."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.service.evidence_desk import EvidenceDesk, assert_problem, sha
from tests.service.pictures import claimed_jpeg, claimed_png, noisy_picture, picture
from videodesk.core.ids import new_id

BOUNDED = settings(max_examples=40, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
SOUND = [picture(64, 48), picture(64, 48, progressive=True), picture(64, 48, "PNG"), picture(64, 48, "WEBP"), noisy_picture(90, 70)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    made = EvidenceDesk(tmp_path_factory.mktemp("desk"))
    yield made
    made.close()


def kept_count(desk) -> int:
    return len(desk.ask("GET", f"/cases/{desk.case_id}/snapshots").json()["items"])


def assert_refused(answer):
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] != answer.json()["detail"], "the code has no text"


@BOUNDED
@given(sample=st.sampled_from(SOUND), data=st.data())
def test_mutated_pictures_are_kept_whole_or_refused(desk, sample, data):
    changed = bytearray(sample)
    for _ in range(data.draw(st.integers(1, 12))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    body = bytes(changed[: data.draw(st.integers(0, len(changed)))]) if data.draw(st.booleans()) else bytes(changed)
    before = kept_count(desk)
    answer = desk.photo(body)
    if answer.status_code == 200:
        assert desk.blobs.read(sha(body)) == body
    elif answer.status_code == 409:
        assert answer.json()["code"] == "photos.too_many"
    else:
        assert_refused(answer)
        assert kept_count(desk) == before
        assert not desk.blobs.has(sha(body))


@BOUNDED
@given(body=st.binary(max_size=3000), kind=st.sampled_from([
    "multipart/form-data", "multipart/form-data; boundary=x", "multipart/form-data; boundary=" + "y" * 500, "multipart/mixed; boundary=x",
    "application/json", "text/plain", "", "multipart/form-data; boundary=\x22", "multipart/form-data; charset=nonsense; boundary=x",
]))
def test_whatever_the_form(desk, body, kind):
    for method, path, who in [("PUT", f"/snapshots/{new_id()}", "anna"), ("POST", "/join/photos", "customer")]:
        for content in (body, b"--x\r\n" + body, b'--x\r\nContent-Disposition: form-data; name="photo"; filename="p"\r\n\r\n' + body):
            assert_refused(desk.ask(method, path, who, content=content, headers={"Content-Type": kind}))


@pytest.mark.parametrize("bomb", [claimed_jpeg(65_500, 65_500), claimed_jpeg(16_000, 16_000), claimed_png(2**31 - 1, 2**31 - 1)])
def test_pictures_that_claim_to_be_huge(desk, bomb):
    assert len(bomb) < 1000
    assert_problem(desk.photo(bomb), 413, "picture.too_many_pixels")
    meta = {"media_type": "image/jpeg", "width_px": 16_000, "height_px": 16_000, "digest": sha(bomb)}
    assert_problem(desk.put(bomb, meta=desk.metadata(picture()) | meta), 413, "picture.too_many_pixels")
    assert not desk.blobs.has(sha(bomb))


def test_too_many_bytes(desk):
    assert_problem(desk.photo(bytes(33 * 1024 * 1024)), 413, "upload.too_large")
    assert desk.ask("POST", "/join/photos", "customer", content=b"x", headers={
        "Content-Type": "multipart/form-data; boundary=x", "Content-Length": str(10**30),
    }).status_code in {400, 413}


def test_a_form_without_an_announced_length_is_bounded_while_it_arrives(desk):
    seen = 0

    async def endless():
        nonlocal seen
        yield b'--x\r\nContent-Disposition: form-data; name="photo"; filename="p"\r\n\r\n'
        while seen < 200 * 1024 * 1024:
            seen += 1024 * 1024
            yield bytes(1024 * 1024)

    answer = desk.ask("POST", "/join/photos", "customer", content=endless(), headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status_code == 413


@pytest.mark.parametrize("form", [
    {"metadata": (None, "{}")}, {"original": ("o", b"x", "image/jpeg")}, {"original": (None, "text"), "metadata": (None, "{}")},
    {"original": ("o", b""), "metadata": (None, "null")}, {"original": ("o", b"x"), "metadata": (None, "[" * 50_000)},
    {"original": ("o", b"x"), "metadata": (None, '{"case_id": 1e999}')}, {"original": ("o", b"x"), "metadata": ("m", b"{}", "application/json")},
    {"original": ("o", b"x"), "metadata": (None, "{" + '"a":1,' * 12_000 + '"b":1}')},
    {"original": ("o", b"x"), "metadata": (None, '{"codec": "\\ud800"}')},
])
def test_forms_that_lack_or_lie(desk, form):
    assert_refused(desk.ask("PUT", f"/snapshots/{new_id()}", files=form))


def test_many_files_and_fields(desk):
    files = [("original", (f"{n}", b"x")) for n in range(5)]
    assert_refused(desk.ask("PUT", f"/snapshots/{new_id()}", files=files))
    assert_refused(desk.ask("PUT", f"/snapshots/{new_id()}", files=[(f"f{n}", (None, "x")) for n in range(50)]))


TRICKS = ["..", "%2e%2e", "..%2f..%2fetc%2fpasswd", "%00", "a%00b", "-", "*", "%", "%ff", "'; DROP TABLE snapshots; --", "\\..\\..", "~root",
          "01a206bf-c701-7e97-b36f-8d34a9b4fd1f%0a", "01A206BF-C701-7E97-B36F-8D34A9B4FD1F", "01a206bf-c701-7e97-b36f-8d34a9b4fd1g", "NaN",
          "٠١a206bf-c701-7e97-b36f-8d34a9b4fd1f", "x" * 5000, "%2e%2e%2f" * 50]


@pytest.mark.parametrize("trick", TRICKS)
def test_path_tricks_in_ids(desk, trick):
    for method, path in [
        ("GET", f"/snapshots/{trick}"), ("GET", f"/snapshots/{trick}/original"), ("GET", f"/snapshots/{trick}/thumbnail"),
        ("PATCH", f"/snapshots/{trick}"), ("GET", f"/renditions/{trick}"), ("GET", f"/cases/{trick}"), ("GET", f"/cases/{trick}/snapshots"),
        ("GET", f"/cases/{trick}/custody"), ("GET", f"/calls/{trick}"), ("POST", f"/calls/{trick}/accept"), ("GET", f"/people/{trick}"),
        ("POST", f"/snapshots/{trick}/decisions"),
    ]:
        answer = desk.ask(method, path, "saskia", **({"json": {}} if method != "GET" else {}))
        if trick == ".." and method == "GET" and answer.status_code == 200:
            continue  # httpx resolved it to the list above
        assert 400 <= answer.status_code < 500, (path, answer.text[:200])
        assert answer.headers["content-type"] == "application/problem+json", (path, answer.text[:200])
    answer = desk.put(picture(64, 48), snapshot_id=trick)
    assert 400 <= answer.status_code < 500
    for name in ("case_id", "call_id", "retake_of", "digest", "checklist_item"):
        assert_refused(desk.put(picture(64, 48), **{name: trick}))
    assert_refused(desk.photo(picture(64, 48), id=trick))


def test_file_names_are_never_used(desk):
    for name in ("../../etc/passwd", "/dev/zero", "C:\\x", "\u202egpj.exe", "x" * 3000, "a\x01b"):
        data = noisy_picture(40, 40)
        meta = desk.metadata(data)
        answer = desk.ask("PUT", f"/snapshots/{new_id()}", files={"metadata": (None, json.dumps(meta)), "original": (name, data, "image/jpeg")})
        assert answer.status_code == 200, answer.text


def test_after_all_that_the_log_is_whole_and_the_desk_works(desk):
    from videodesk.evidence.custody_check import check_log, salts_of
    assert desk.put(noisy_picture(300, 200)).status_code == 200
    with desk.store.read() as uow:
        assert check_log(uow.custody, salts_of(uow.custody)).is_intact
        named = uow.evidence.named_digests()
    assert set(desk.blobs.digests()) == named
