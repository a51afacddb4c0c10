"""Programs that are not ours check the same package: sha256sum, openssl, exiftool, qpdf, pdfsig, a second C2PA engine, a clock years ahead."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.sealing.reading import other_state_of
from tests.verify.corpus import flipped
from tests.verify.sealed_case import SealedCase

FAKETIME = next((path for path in Path("/usr/lib").glob("*/faketime/libfaketime.so.1")), None)
ROOT = Path(__file__).parents[2]


def tool(name):
    """Its path; a loud skip where it is missing."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"NOT CHECKED: {name} is not installed")
    return found


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    made = SealedCase(folder, is_reported=True)
    made.stamp()
    yield made
    made.close()


@pytest.fixture(scope="module")
def package(case, tmp_path_factory):
    return case.package(tmp_path_factory.mktemp("package") / "package.zip")


@pytest.fixture
def bag(package, tmp_path):
    with zipfile.ZipFile(package) as archive:
        archive.extractall(tmp_path)
    (folder,) = tmp_path.iterdir()
    return folder


def commands(bag):
    """The commands that HOW-TO-VERIFY.txt tells people to give, by their step."""
    text = (bag / "HOW-TO-VERIFY.txt").read_text()
    told = text.split("THE COMMANDS")[1].split("=\n", 1)[1]
    return dict(re.findall(r"# (\d)\n((?:(?!# ).*\n?)*)", told))


def followed(bag, step):
    """What a shell says to one step: every line of it must succeed."""
    return subprocess.run(["bash", "-e", "-c", commands(bag)[step]], cwd=bag, capture_output=True, text=True, check=False)


def test_the_commands_in_the_package_do_what_it_says(case, bag):
    tool("sha256sum"), tool("openssl")
    assert sorted(commands(bag)) == ["1", "2", "3", "4", "5", "6"]
    said = {step: followed(bag, step) for step in "123456"}
    assert {step: one.returncode for step, one in said.items()} == dict.fromkeys("123456", 0), said
    assert said["1"].stdout.split("=")[1].strip().replace(":", "").lower() == case.keys.root_fingerprint
    for line in said["1"].stdout.split("=")[1].strip(), case.keys.root_fingerprint:
        printed = "".join((bag / "HOW-TO-VERIFY.txt").read_text().split()).replace(":", "").lower()
        assert line.replace(":", "").lower() in printed
    assert "OK" in said["2"].stdout
    assert "Verified OK" in said["3"].stdout
    assert "FAILED" not in said["4"].stdout
    assert said["5"].stdout.count("Verified OK") == len(list((bag / "data/custody/heads").glob("*.json")))
    assert "Verification: OK" in said["6"].stdout + said["6"].stderr
    assert f"{case.clock.now():%Y GMT}" in said["6"].stdout


@pytest.mark.parametrize(("name", "step"), [
    ("data/originals/001-1-frame.jpg", "4"), ("data/report.pdf", "4"), ("package.json", "4"), ("manifest-sha256.txt", "4"), ("tagmanifest-sha256.txt", "3"),
    ("signature.der", "3"), ("trust/seal.pem", "4"), ("data/custody/heads/{head}.json", "5"), ("data/custody/heads/{head}.sig", "5"), ("time/{stamp}.tsr", "6"),
])
def test_the_commands_fail_on_what_is_altered(bag, name, step):
    tool("sha256sum"), tool("openssl")
    head = max((bag / "data/custody/heads").glob("*.json")).stem
    path = bag / name.format(head=head, stamp=next((bag / "time").glob("*.tsr")).stem)
    data = path.read_bytes()
    # In a PEM the end of a line may become another blank, which says the same.
    path.write_bytes(flipped(data, next(at for at in range(len(data) // 4, len(data)) if data[at] not in b"\r\n")))
    done = followed(bag, step)
    told = done.stdout + done.stderr
    assert done.returncode != 0 or "FAILED" in told or "Verification Failure" in told or "failed" in told, told


def test_a_second_engine_agrees_on_every_picture(case, bag):
    pictures = [path for path in bag.glob("data/*/*") if path.suffix in {".jpg", ".png"}]
    assert len(pictures) == 5
    for path in pictures:
        assert other_state_of(path.read_bytes(), case.keys.root_pem) == "Trusted", path


def test_exiftool_finds_the_seals_and_no_thumbnail(bag):
    pictures = sorted(str(path) for path in bag.glob("data/originals/*"))
    done = subprocess.run([tool("exiftool"), "-j", "-G3", "-a", "-U", "-jumbf:all", *pictures], capture_output=True, text=True, check=True)
    for told in json.loads(done.stdout):
        text = json.dumps(told)
        assert "c2pa" in text
        assert "thumbnail" not in text.lower()


def test_qpdf_and_pdfsig_agree_on_the_report(case, bag, tmp_path):
    report = bag / "data/report.pdf"
    checked = subprocess.run([tool("qpdf"), "--check", report], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    told = subprocess.run([tool("pdfsig"), "-nocert", report], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid" in told
    assert "Total document signed" in told


PROGRAM = """
import datetime, sys
from videodesk.cli import main
print(datetime.datetime.now(datetime.UTC).year, file=sys.stderr)
sys.exit(main(sys.argv[1:]))
"""


def verified_after(years, *arguments):
    """The command in a process whose clock is ahead, with every address unreachable: (year, exit code, answer)."""
    environment = os.environ | {"LD_PRELOAD": str(FAKETIME), "FAKETIME": f"+{years}y", "FAKETIME_NO_CACHE": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", PROGRAM, "verify", "--json", *map(str, arguments)], env=environment, capture_output=True, text=True, check=False)
    return int(done.stderr.split()[0]), done.returncode, json.loads(done.stdout)


@pytest.mark.skipif(FAKETIME is None, reason="NOT CHECKED: needs libfaketime (Debian: faketime)")
@pytest.mark.parametrize("years", [2, 12])
def test_years_later_the_verdict_is_the_same(case, package, bag, years):
    root = case.folder / "root.pem"
    root.write_text(case.keys.root_pem)
    this_year = datetime.now(UTC).year
    year, code, answer = verified_after(years, package, "--root", root)
    assert (year, code, answer["verdict"]) == (this_year + years, 0, "genuine"), answer
    rendition = next((bag / "data/renditions").iterdir())
    assert verified_after(years, rendition, "--root", case.keys.root_fingerprint)[1:] == (
        0, {"verdict": "genuine-rendition", "items": [{"file": str(rendition), "verdict": "genuine-rendition", "reasons": []}]})
    assert verified_after(years, bag / "data/report.pdf", "--root", root)[1:][0] == 0


@pytest.mark.skipif(FAKETIME is None, reason="NOT CHECKED: needs libfaketime (Debian: faketime)")
def test_it_does_not_hold_for_ever(case, package):
    root = case.folder / "root.pem"
    root.write_text(case.keys.root_pem)
    _, code, answer = verified_after(16, package, "--root", root)
    assert (code, answer["verdict"]) == (1, "uncheckable")
    assert "certificate_expired" in json.dumps(answer)
