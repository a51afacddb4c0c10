"""`videodesk export` and `videodesk verify`: files out, verdicts in words and JSON, exit codes."""

from __future__ import annotations

import json

import pytest

from tests.sealing.keys import capture_facts, desk_keys, picture
from tests.verify.corpus import flipped
from tests.verify.sealed_case import SealedCase
from videodesk.cli import main
from videodesk.core.vocabulary import Language, SealVerdict
from videodesk.evidence.seal_ports import Checked
from videodesk.sealing.answers import Answer, in_words
from videodesk.sealing.embedded import unsealed
from videodesk.sealing.pins import read_fingerprint

JPEG = "image/jpeg"


@pytest.fixture
def keys(tmp_path):
    made = desk_keys(tmp_path / "desk")
    (tmp_path / "root.pem").write_text(made.root_pem)
    return made


@pytest.fixture
def sealed(keys, tmp_path):
    path = tmp_path / "sealed.jpg"
    path.write_bytes(keys.sealer().seal_capture(picture(), JPEG, capture_facts()))
    return path


def verify(capsys, *arguments):
    capsys.readouterr()  # what a desk of the test said
    code = main(["verify", *map(str, arguments)])
    return code, capsys.readouterr().out


def test_one_picture(capsys, keys, sealed, tmp_path):
    code, said = verify(capsys, sealed, "--root", tmp_path / "root.pem")
    assert code == 0
    assert said.splitlines()[0] == "Genuine and unaltered"
    assert keys.root_fingerprint in said
    code, said = verify(capsys, sealed, "--root", tmp_path / "root.pem", "--json")
    assert (code, json.loads(said)) == (0, {"verdict": "genuine", "items": [{"file": str(sealed), "verdict": "genuine", "reasons": []}]})


def test_in_dutch(capsys, sealed, tmp_path):
    assert verify(capsys, sealed, "--root", tmp_path / "root.pem", "--language", "nl")[1].startswith("Echt en ongewijzigd")


@pytest.mark.parametrize("write", [str, str.upper, lambda text: ":".join(text[at:at + 2] for at in range(0, 64, 2)).upper(),
                                   lambda text: "sha256 Fingerprint=" + ":".join(text[at:at + 2] for at in range(0, 64, 2)).upper()])
def test_a_fingerprint_is_enough(capsys, keys, sealed, write):
    assert verify(capsys, sealed, "--root", write(keys.root_fingerprint))[0] == 0


def test_without_a_root_nothing_is_good(capsys, sealed, tmp_path):
    code, said = verify(capsys, sealed, "--json", "--data-dir", tmp_path / "nobody")
    told = json.loads(said)
    assert (code, told["verdict"], told["items"][0]["reasons"][0]["code"]) == (1, "uncheckable", "no_pinned_root")
    assert told["items"][0]["reasons"][0]["text"]
    assert not (tmp_path / "nobody").exists(), "looking makes no keys"


def test_the_desk_on_this_computer_is_trusted_by_itself(capsys, keys, sealed, tmp_path):
    assert verify(capsys, sealed, "--data-dir", tmp_path / "desk")[0] == 0


def test_another_s_root(capsys, sealed, tmp_path):
    other = desk_keys(tmp_path / "other")
    (tmp_path / "other.pem").write_text(other.root_pem)
    for root in (tmp_path / "other.pem", other.root_fingerprint):
        code, said = verify(capsys, sealed, "--root", root, "--json")
        assert (code, json.loads(said)["verdict"]) == (1, "foreign-seal")


def test_several_files(capsys, keys, sealed, tmp_path):
    paths = {"bare": unsealed(sealed.read_bytes()), "broken": flipped(sealed.read_bytes(), -100)}
    for name, data in paths.items():
        (tmp_path / name).write_bytes(data)
    code, said = verify(capsys, sealed, tmp_path / "bare", tmp_path / "broken", "--root", keys.root_fingerprint, "--json")
    told = json.loads(said)
    assert (code, told["verdict"]) == (1, "altered")
    assert [(one["file"], one["verdict"]) for one in told["items"]] == [
        (str(sealed), "genuine"), (str(tmp_path / "bare"), "no-seal"), (str(tmp_path / "broken"), "altered")]


def test_what_cannot_be_read_is_said_to_be_so(capsys, sealed, tmp_path):
    for arguments in (["verify", str(tmp_path / "nothing.jpg")], ["verify", str(sealed), "--root", "neither"]):
        assert main(arguments) == 1
        assert "videodesk:" in capsys.readouterr().err


def test_a_package_and_its_folder(capsys, tmp_path):
    case = SealedCase(tmp_path / "case")
    try:
        path = case.package(tmp_path / "package.zip")
        fingerprint = case.keys.root_fingerprint
    finally:
        case.close()
    code, said = verify(capsys, path, "--root", fingerprint)
    assert (code, said.splitlines()[0]) == (0, "Genuine and unaltered")
    assert "data/originals/001-1-frame.jpg" in said
    assert "bagit.txt" not in said
    assert "bagit.txt" in verify(capsys, path, "--root", fingerprint, "--all")[1]
    import zipfile

    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "unpacked")
    for folder in (tmp_path / "unpacked", tmp_path / "unpacked/VD-2026-000001-evidence"):
        code, said = verify(capsys, folder, "--root", fingerprint, "--json")
        assert (code, json.loads(said)["verdict"]) == (0, "genuine")
    code, said = verify(capsys, path, path, "--root", fingerprint, "--json")
    assert {one["file"].split("/data/")[0] for one in json.loads(said)["items"] if "/data/" in one["file"]} == {str(path)}


def test_without_a_pin_a_package_says_what_to_compare(capsys, tmp_path):
    case = SealedCase(tmp_path / "case")
    try:
        path = case.package(tmp_path / "package.zip")
        fingerprint = case.keys.root_fingerprint
    finally:
        case.close()
    code, said = verify(capsys, path, "--data-dir", tmp_path / "nobody")
    assert code == 1
    assert fingerprint in said


def test_export_writes_a_package_of_a_desk_s_own_database(capsys, tmp_path):
    from videodesk.bootstrap import make_desk
    from videodesk.cases.model import Case
    from videodesk.core.clock import SystemClock
    from videodesk.core.ids import new_id
    from videodesk.core.vocabulary import CaseKind, CaseStatus
    from videodesk.settings import Settings

    now = SystemClock().now()
    desk = make_desk(Settings(data_dir=tmp_path / "data", use_keyring=False), is_embedded=False)
    try:
        with desk.store.write() as uow:
            uow.cases.add(Case(new_id(), uow.cases.next_number(2026), CaseKind.PARCEL, CaseStatus.NEW, Language.NL, new_id(), now, now))
    finally:
        desk.pictures.close()
        desk.bus.close()
        desk.store.close()
    where = ["--data-dir", str(tmp_path / "data"), "--no-use-keyring"]
    assert main(["export", "VD-2026-000001", "--out", str(tmp_path / "out.zip"), "--language", "en", *where]) == 0
    assert "SHA-256" in capsys.readouterr().out
    assert main(["verify", str(tmp_path / "out.zip"), "--json", *where]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {"verify.html", "data/report.pdf", "data/custody/log.json"} <= {one["file"] for one in told["items"]}
    assert main(["export", "VD-2026-000099", "--out", str(tmp_path / "none.zip"), *where]) == 1
    assert not (tmp_path / "none.zip").exists()
    assert main(["export", "VD-2026-000001", "--out", str(tmp_path / "no" / "folder.zip"), *where]) == 1


def test_every_verdict_and_reason_has_words_in_both_languages():
    import re

    from tests.verify.test_package_contents import DOCUMENT

    section = DOCUMENT.read_text().split("## 10.")[1].split("The words are in")[0]
    codes = {code for code in re.findall(r"`([a-z_]+)`", section) if code not in {"fingerprint", "at", "seconds"}} - {verdict.value for verdict in SealVerdict}
    assert len(codes) > 35
    for language in Language:
        for verdict in SealVerdict:
            items = tuple(Checked("file", verdict, ((code, {"n": "2"}),)) for code in sorted(codes))
            for line in in_words(Answer(verdict, items), language, all_files=True):
                assert not re.search(r"\b(verdict|reason|verify)\.", line), line


@pytest.mark.parametrize("text", ["", "ab", "ab" * 31, "zz" * 32, "ab" * 33, "ab:" * 32, "root.pem"])
def test_what_is_no_fingerprint(text):
    assert read_fingerprint(text) == ""
