"""What is in a package: by the schema of its documentation, whole, and in a copy for outside nothing of what a redaction hides."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import re
import zipfile
import zlib
from contextlib import closing
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

from tests.sealing.keys import capture_facts
from tests.service.evidence_desk import sha
from tests.service.packing import can_pack
from tests.service.pictures import picture
from tests.service.report_desk import HIDDEN, ReportDesk, jpeg, parcel
from tests.service.test_clips import WEBM
from tests.verify.corpus import files_of, flipped, resigned, zipped
from tests.verify.sealed_case import SASKIA
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import SealVerdict
from videodesk.protocol.resources import PackageIn
from videodesk.sealing.embedded import seal_kind
from videodesk.sealing.verdicts import worst
from videodesk.service.packages import export_package

DOCUMENT = Path(__file__).parents[2] / "resources/docs/PACKAGE.md"


class Furnished(ReportDesk):
    """A case with a plain picture, one with something redacted, one annotated, and a clip."""

    def __init__(self, folder):
        super().__init__(folder)
        can_pack(self.desk, folder)
        self.desk.seal_kind = seal_kind
        self.capture(jpeg(parcel(1)))
        self.secret = self.capture(jpeg(parcel(2, label=True)))
        revision = self.annotate(self.secret["id"], "redaction")
        self.render(self.secret, jpeg(parcel(2, label=True, covered=True)), revision, has_redaction=True)
        drawn = self.capture(jpeg(parcel(3)))
        self.render(drawn, jpeg(parcel(3)), self.annotate(drawn["id"], "arrow"))
        self.clip_id = self.put_clip()

    def put_clip(self):
        snapshot_id = new_id()
        poster = self.keys.sealer().seal_capture(picture(64, 48), "image/jpeg", capture_facts(
            original_id=snapshot_id, snapshot_id=snapshot_id, case_id=self.case_id, content_digest=sha(WEBM), content_media_type="video/webm"))
        meta = self.metadata(picture(64, 48)) | {"method": "clip", "media_type": "video/webm", "duration_s": 2.0, "digest": sha(WEBM)}
        answer = self.ask("PUT", f"/snapshots/{snapshot_id}/originals/{snapshot_id}", "anna", files={
            "metadata": (None, json.dumps(meta), "application/json"), "original": ("o", WEBM, "video/webm"), "poster": ("p", poster, "image/jpeg")})
        assert answer.status_code == 200, answer.text
        return snapshot_id

    def package(self, name, **wishes):
        path = self.folder / name
        export_package(self.desk, SASKIA, self.case_id, PackageIn(id=new_id(), **wishes), path, lambda *_: None)
        return path

    def verdicts(self, path):
        return {one.file: one.verdict.value for one in self.desk.verifier.check_path(path)}


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    made = Furnished(tmp_path_factory.mktemp("desk"))
    yield made
    made.close()


@pytest.fixture(scope="module")
def whole(desk):
    return desk.package("whole.zip")


@pytest.fixture(scope="module")
def outside(desk):
    return desk.package("outside.zip", is_outside_copy=True, language="en")


def index_of(path):
    return json.loads(files_of(path.read_bytes())["package.json"])


def test_the_index_is_as_its_schema_says(whole, outside):
    (schema,) = re.findall(r"```json schema\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    for path in (whole, outside):
        index = index_of(path)
        jsonschema.Draft202012Validator(json.loads(schema)).validate(index)
        files = files_of(path.read_bytes())
        assert [one["path"] for one in index["files"]] == [name for name in files if name.startswith("data/")]
        for one in index["files"]:
            assert (one["sha256"], one["size_bytes"]) == (hashlib.sha256(files[one["path"]]).hexdigest(), len(files[one["path"]]))


def test_the_bag_is_a_bag(whole):
    """RFC 8493: one folder, both manifests, the sum of the payload."""
    files = files_of(whole.read_bytes())
    with zipfile.ZipFile(whole) as archive:
        assert {name.split("/")[0] for name in archive.namelist()} == {"VD-2026-000001-evidence"}
    payload = {name: data for name, data in files.items() if name.startswith("data/")}
    assert f"Payload-Oxum: {sum(map(len, payload.values()))}.{len(payload)}" in files["bag-info.txt"].decode()
    for manifest, named in (("manifest-sha256.txt", set(payload)), ("tagmanifest-sha256.txt", set(files) - set(payload) - {"tagmanifest-sha256.txt", "signature.der"})):
        lines = dict(reversed(line.split("  ")) for line in files[manifest].decode().splitlines())
        assert lines == {name: hashlib.sha256(files[name]).hexdigest() for name in named}


def test_everything_is_in_it_and_genuine(desk, whole):
    verdicts = desk.verdicts(whole)
    assert set(verdicts.values()) == {"genuine", "genuine-rendition"}
    roles = [one["role"] for one in index_of(whole)["files"]]
    assert {role: roles.count(role) for role in roles} == {
        "original": 3, "rendition": 2, "marks": 2, "clip": 1, "clip-seal": 1, "record": 1, "consent": 1, "report": 1, "custody": 1, "head": 1, "head-signature": 1}
    files = files_of(whole.read_bytes())
    record, consent = json.loads(files["data/record.json"]), json.loads(files["data/consent/consent.json"])
    assert (record["format"], len(record["snapshots"])) == ("videodesk.case-record", 4)
    assert len(consent["answers"]) == 1
    assert {"verify.html", "HOW-TO-VERIFY.txt"} <= set(files)
    exported = [entry for entry in json.loads(files["data/custody/log.json"])["entries"] if json.loads(entry["leaf"])["action"] == "exported"]
    assert len(exported) == 4


def test_the_same_contents_give_the_same_bytes_but_for_the_signatures(desk, tmp_path):
    import videodesk.sealing.bag as bag

    made = []
    for _ in range(2):
        out = io.BytesIO()
        bag.write_bag(out, "x-evidence", [("bagit.txt", 3, [b"a", b"bc"]), ("data/b", 1, [b"d"])])
        made.append(out.getvalue())
    assert made[0] == made[1]
    path = tmp_path / "x.zip"
    path.write_bytes(made[0])
    with closing(bag.open_bag(path)) as opened:
        assert not opened.is_rezipped


def test_a_clip_stands_or_falls_with_its_poster(desk, whole, tmp_path):
    files = files_of(whole.read_bytes())
    clip, seal = (next(name for name in files if name.startswith("data/clips/") and end in name) for end in ("clip.webm", "seal.jpg"))
    path = tmp_path / "changed.zip"
    for changed, verdict, reason in (
        ({clip: flipped(files[clip], 100)}, "altered", "clip_differs"), ({seal: flipped(files[seal], -300)}, "altered", "clip_seal_bad")):
        path.write_bytes(zipped(resigned(files | changed, desk.keys)))
        found = next(one for one in desk.desk.verifier.check_path(path) if one.file == clip)
        assert (found.verdict.value, found.reasons[0][0]) == (verdict, reason)


def test_an_outside_copy_is_whole_without_what_it_withholds(desk, outside):
    index = index_of(outside)
    assert set(desk.verdicts(outside).values()) == {"genuine", "genuine-rendition"}
    assert worst(one.verdict for one in desk.desk.verifier.check_path(outside)) is SealVerdict.GENUINE
    assert {(one["role"], one["snapshot_id"]) for one in index["withheld"]} == {("original", desk.secret["id"]), ("marks", desk.secret["id"])}
    assert next(one["sha256"] for one in index["withheld"] if one["role"] == "original") == desk.secret["digest"]
    assert [one["role"] for one in index["files"] if one.get("snapshot_id") == desk.secret["id"]] == ["rendition"]
    record = json.loads(files_of(outside.read_bytes())["data/record.json"])
    assert [told["annotation"] is None for told in record["snapshots"]] == [True, True, False, True]


def pictures_in(data, depth=0):
    """Every picture that can be dug out of some bytes: files in a ZIP, streams of a PDF, base64 in a page, pictures in pictures."""
    if depth > 4:
        return
    if data.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for one in archive.infolist():
                yield from pictures_in(archive.read(one), depth + 1)
        return
    for found in re.finditer(rb"[A-Za-z0-9+/]{400,}={0,2}", data):
        text = found[0].rstrip(b"=")
        text = text[:-1] if len(text) % 4 == 1 else text
        raw = base64.b64decode(text + b"=" * (-len(text) % 4))
        yield from pictures_in(gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw, depth + 1)
    for found in re.finditer(rb"stream\r?\n", data) if data.startswith(b"%PDF") else ():
        inflated = zlib.decompressobj()
        try:
            yield from pictures_in(inflated.decompress(data[found.end():]), depth + 1)
        except zlib.error:
            continue
    for magic in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"RIFF"):
        for found in re.finditer(re.escape(magic), data):
            try:
                with Image.open(io.BytesIO(data[found.start():])) as opened:
                    opened.load()
                    yield opened.convert("RGB")
            except (OSError, ValueError, SyntaxError):
                continue


def shows_what_is_hidden(shown):
    """Whether a colour that only stands where something was redacted is in a picture."""
    small = shown.resize((max(1, shown.width // 4), max(1, shown.height // 4)), Image.Resampling.BOX) if shown.width > 400 else shown
    return bool((abs(np.asarray(small, int) - HIDDEN).sum(axis=2) < 90).any())


def test_nothing_in_an_outside_copy_shows_what_was_redacted(whole, outside):
    found = list(pictures_in(outside.read_bytes()))
    assert len(found) >= 12, "the pictures, those of the page, those of the report"
    assert not [shown.size for shown in found if shows_what_is_hidden(shown)]
    assert any(shows_what_is_hidden(shown) for shown in pictures_in(whole.read_bytes())), "the search finds it where it is"
