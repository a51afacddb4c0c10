"""Files that were made to break the checker: it answers, in bounded time and memory, and never well."""

from __future__ import annotations

import io
import json
import random
import struct
import zipfile

import pytest

from tests.sealing.keys import look_alike
from tests.verify.corpus import FOLDER, files_of, flipped, resigned, zipped
from tests.verify.sealed_case import SealedCase
from videodesk.core.vocabulary import SealVerdict
from videodesk.sealing.answers import Trusted, check_files
from videodesk.sealing.bag import MAX_ENTRIES, is_name
from videodesk.sealing.pins import pins_of
from videodesk.sealing.verdicts import worst


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    made = SealedCase(tmp_path_factory.mktemp("desk"), is_reported=True)
    yield made
    made.close()


@pytest.fixture(scope="module")
def package(case, tmp_path_factory):
    return case.package(tmp_path_factory.mktemp("package") / "package.zip").read_bytes()


@pytest.fixture
def verdict(case, tmp_path):
    path = tmp_path / "hostile"

    def of(data):
        path.write_bytes(data)
        items = case.verifier.check_path(path)
        assert items
        for one in items:
            assert one.verdict.is_good or one.reasons
            assert all(32 <= ord(letter) < 127 for letter in one.file) or one.file == str(path)
        return worst(one.verdict for one in items)

    return of


def test_packages_that_were_chewed_on(verdict, package):
    chance = random.Random(11)
    for _ in range(120):
        data = bytearray(package)
        for _ in range(chance.randrange(1, 12)):
            at = chance.choice([chance.randrange(len(data)), len(data) - 1 - chance.randrange(3000)])
            size = chance.randrange(1, 9)
            data[at:at + size] = chance.choice([b"\xff" * size, b"\x00" * size, chance.randbytes(size), b""])
        assert not verdict(bytes(data)).is_good or bytes(data)[-3000:] != package[-3000:]


def test_noise_with_a_zip_s_beginning_and_end(verdict):
    chance = random.Random(12)
    for _ in range(200):
        end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, *(chance.choice([0, 1, 9, 0xFFFF]) for _ in range(2)),
                                          *(chance.choice([0, 46, 200, 0xFFFFFFFF]) for _ in range(2)), 0)
        assert not verdict(b"PK\x03\x04" + chance.randbytes(chance.randrange(300)) + end).is_good


@pytest.mark.parametrize("name", ["package.json", "data/custody/log.json"])
@pytest.mark.parametrize("value", [
    None, 5, "text", [], {}, [None, 5, "x", [], {}], {"path": 5}, {"path": None, "role": {}}, {"size": "x"}, [[[[]]]], True, 1e308, "\ud800", {"": {"": {}}},
])
def test_documents_that_say_anything_signed_by_the_desk_itself(case, verdict, package, name, value):
    """Even the desk's own key must not make the checker trip: each member is replaced in turn."""
    files = files_of(package)
    document = json.loads(files[name])
    for key in document:
        changed = files | {name: json.dumps(document | {key: value}).encode()}
        verdict(zipped(relisted(changed, case) if name == "package.json" else resigned(changed, case.keys)))


def relisted(files, case):
    """Only the outer manifest and the signature made to fit."""
    import hashlib

    lines = []
    for line in files["tagmanifest-sha256.txt"].decode().splitlines():
        name = line.split("  ")[1]
        lines.append(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n")
    tags = "".join(lines).encode()
    return files | {"tagmanifest-sha256.txt": tags, "signature.der": case.keys.sign_seal(tags)}


@pytest.mark.parametrize("text", [b"[" * 100_000, b'{"a":' * 50_000, b"\xff\xfe", b"", b'{"files": NaN}', b'{"version": 99999999999999999999999999}'])
def test_documents_that_are_hardly_json(case, verdict, package, text):
    files = files_of(package)
    assert not verdict(zipped(relisted(files | {"package.json": text}, case))).is_good


def test_reports_that_were_chewed_on(verdict, package):
    report = files_of(package)["data/report.pdf"]
    assert verdict(report) is SealVerdict.GENUINE
    chance = random.Random(13)
    for _ in range(60):
        assert not verdict(flipped(report, chance.randrange(len(report)), chance.randrange(8))).is_good
    for size in (5, 100, len(report) // 2, len(report) - 10):
        assert not verdict(report[:size]).is_good
    assert verdict(report + b"\n% and more\n") is not SealVerdict.GENUINE
    assert verdict(b"%PDF-1.7\n") is not SealVerdict.GENUINE


def test_a_report_of_another_desk_and_one_without_a_signature(case, tmp_path, verdict):
    from videodesk.sealing.report import TypstReport, set_pages

    pages = {}

    class Maker(TypstReport):
        def make(self, contents, authority=None):
            pages["plain"] = set_pages(contents)
            return super().make(contents, authority)

    desk = case.desk.desk
    was, other = desk.reports, look_alike(tmp_path, case.keys, case.clock.now())
    try:
        desk.reports = Maker(other)
        foreign = case.desk.ask("GET", f"/cases/{case.desk.case_id}/report").content
    finally:
        desk.reports = was
    assert verdict(foreign) is SealVerdict.FOREIGN_SEAL
    assert verdict(pages["plain"]) is SealVerdict.NO_SEAL


def test_a_directory_of_too_many(verdict):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        for number in range(MAX_ENTRIES + 1):
            made.writestr(f"{FOLDER}data/{number}", b"")
    assert verdict(out.getvalue()) is SealVerdict.UNCHECKABLE


@pytest.mark.parametrize("name", [
    "../up", "/abs", "a//b", "a/./b", "a/../b", "C:\\x", "a\\b", "a b", "", ".", "..", "a/", "-a", "a\x00b", "a\nb", "é", "a" * 241, "con/\u202eexe", ".git/x", "a/.b",
])
def test_names_that_no_package_has(name):
    assert not is_name(name)


def test_a_folder_with_links_out_of_it(case, package, tmp_path):
    with zipfile.ZipFile(io.BytesIO(package)) as archive:
        archive.extractall(tmp_path / "bag")
    trusted = Trusted(pins_of(case.keys.root_pem))
    assert check_files([tmp_path / "bag"], trusted, case.clock).verdict is SealVerdict.GENUINE
    (tmp_path / "secret").write_text("not yours")
    (tmp_path / "bag" / FOLDER / "data" / "link").symlink_to(tmp_path / "secret")
    answer = check_files([tmp_path / "bag"], trusted, case.clock)
    assert answer.verdict is SealVerdict.ALTERED
    assert [one.file for one in answer.items if one.verdict is SealVerdict.ALTERED] == [f"{FOLDER}data/link"]
