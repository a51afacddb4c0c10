"""verify.html and `videodesk verify` say the same of the same files: verdicts, and the reasons for them."""

from __future__ import annotations

import io
import random
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import sync_playwright

from tests.sealing.keys import NOW, capture_facts, careless_rendition, desk_keys, look_alike, picture, rendition_facts
from tests.verify.browser import Opened, launched
from tests.verify.corpus import files_of, make_corpus
from tests.verify.sealed_case import SealedCase
from videodesk.core.clock import HandClock
from videodesk.core.vocabulary import Language
from videodesk.evidence.package_ports import Contents, Part
from videodesk.sealing.packer import BagPacker
from videodesk.sealing.pins import pins_of
from videodesk.sealing.verifier import Verifier
from videodesk.sealing.verify_page import verify_page

JPEG = "image/jpeg"
BROWSERS_OWN = {"time_unchecked"}  # a browser leaves the tokens' own signatures to other programs
CASE = capture_facts().case_id


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        made = launched(playwright)
        yield made
        made.close()


@pytest.fixture(scope="module")
def keys(tmp_path_factory):
    return desk_keys(tmp_path_factory.mktemp("desk"))


@pytest.fixture(scope="module")
def other(tmp_path_factory, keys):
    return look_alike(tmp_path_factory.mktemp("other"), keys)


@pytest.fixture(scope="module")
def page(browser, keys, tmp_path_factory):
    path = tmp_path_factory.mktemp("page") / "verify.html"
    path.write_bytes(verify_page(Language.NL, keys.root_pem))
    opened = Opened(browser, path)
    yield opened
    strangers, complaints = opened.strangers(), opened.complaints
    opened.context.close()
    assert strangers == []
    assert complaints == []


def apart(work, *given):
    """In a thread of its own: the signatures' library runs an event loop, and so does the browser's in this one."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(work, *given).result()


def by_python(checked):
    return {one.file: (one.verdict.value, [code for code, _ in one.reasons if code not in BROWSERS_OWN]) for one in checked}


def by_page(told):
    return {one["file"]: (one["verdict"], [code for code in one["reasons"] if code not in BROWSERS_OWN]) for one in told["items"]}


def verdicts(answers):
    """Of what was damaged by chance only the verdict: two readers may name different harm first."""
    return {file: verdict for file, (verdict, _) in answers.items()}


def pictures(keys, other):
    ours, theirs = keys.sealer(), other.sealer()
    original = ours.seal_capture(picture(), JPEG, capture_facts())
    broken = bytearray(original)
    broken[-300] ^= 1
    stranger = theirs.seal_capture(picture(), JPEG, capture_facts())
    made = {
        "original": original,
        "opened": ours.seal_opened(picture(), JPEG, capture_facts()),
        "clip poster": ours.seal_capture(picture(), JPEG, capture_facts(content_digest="ab" * 32)),
        "png": ours.seal_capture(picture("image/png"), "image/png", capture_facts()),
        "webp": ours.seal_capture(picture("image/webp"), "image/webp", capture_facts()),
        "rendition": ours.seal_rendition(picture(seed=2), JPEG, original, JPEG, rendition_facts()),
        "rendition of a stranger's": careless_rendition(keys, picture(seed=2), stranger, rendition_facts()),
        "rendition of a broken one": careless_rendition(keys, picture(seed=2), bytes(broken), rendition_facts()),
        "rendition of a bare one": careless_rendition(keys, picture(seed=2), picture(), rendition_facts()),
        "a stranger's rendition of ours": careless_rendition(other, picture(seed=2), original, rendition_facts()),
        "stranger": stranger,
        "bare": picture(),
        "no picture": b"hello",
        "empty": b"",
    }
    chance = random.Random(20)
    for name in ("original", "png", "webp", "rendition"):
        for n in range(40):
            flipped = bytearray(made[name])
            flipped[chance.randrange(len(flipped))] ^= 1 << chance.randrange(8)
            made[f"{name} flipped {n}"] = bytes(flipped)
        for n in range(8):
            made[f"{name} cut {n}"] = made[name][:chance.randrange(20, len(made[name]))]
    return list(made.items())


def test_pictures(page, keys, other):
    files = pictures(keys, other)
    verifier = Verifier(pins_of(keys.root_pem))
    wanted = by_python([verifier.check_picture(name, data) for name, data in files])
    assert len({verdict for verdict, _ in wanted.values()}) >= 5
    found = by_page(page.drop(*files))
    assert verdicts(found) == verdicts(wanted)
    named = [name for name, _ in files if "flipped" not in name and "cut" not in name]
    assert {name: found[name] for name in named} == {name: wanted[name] for name in named}


def test_pictures_when_no_root_is_pinned(browser, keys, other, tmp_path):
    path = tmp_path / "verify.html"
    path.write_bytes(verify_page(Language.EN, ""))
    files = pictures(keys, other)[:30]
    opened = Opened(browser, path)
    verifier = Verifier(pins_of(""))
    assert verdicts(by_page(opened.drop(*files))) == verdicts(by_python([verifier.check_picture(name, data) for name, data in files]))
    opened.context.close()


def part(path, role, data, **facts):
    import hashlib

    return Part(path, role, JPEG, len(data), hashlib.sha256(data).hexdigest(), lambda: iter([data]), facts)


def package(keys, *, spoil=None):
    facts, edited = capture_facts(), rendition_facts()
    original = keys.sealer().seal_capture(picture(), JPEG, facts)
    rendition = keys.sealer().seal_rendition(picture(seed=2), JPEG, original, JPEG, edited)
    parts = [
        part("data/originals/one.jpg", "original", original, snapshot_id=facts.snapshot_id, original_id=facts.original_id, seal="capture", title="Voorkant"),
        part("data/originals/bare.jpg", "original", picture(seed=5), snapshot_id=facts.snapshot_id, original_id="other", seal="none"),
        part("data/renditions/one.jpg", "rendition", rendition, snapshot_id=edited.snapshot_id, rendition_id=edited.rendition_id, seal="rendition"),
        part("data/record.json", "record", b'{"a": 1}\n'),
    ]
    if spoil:
        parts = spoil(parts)
    out = io.BytesIO()
    BagPacker(keys).pack(out, Contents("id", NOW, Language.NL, False, CASE, "VD-2026-000001", "parcel", "Voorbeeld", tuple(parts)), lambda *_: None)
    return out.getvalue()


def changed(data, change, *, deflated=False):
    """The same package with its files changed: `change` gets {name: bytes} and changes it in place."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        files = {one.filename: archive.read(one) for one in archive.infolist()}
    change(files)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def packages(keys, other):
    whole = package(keys)
    folder = "VD-2026-000001-evidence/"
    one, bare = (f"{folder}data/originals/{name}.jpg" for name in ("one", "bare"))

    def flip(name):
        def change(files):
            files[name] = files[name][:-1] + bytes([files[name][-1] ^ 1])
        return change

    def swap(files):
        files[one], files[bare] = files[bare], files[one]

    def unfold(files):
        for name in list(files):
            files[name.removeprefix(folder)] = files.pop(name)

    made = {
        "as made": whole,
        "a stranger's": package(other),
        "sealed only": package(keys, spoil=lambda parts: [one for one in parts if one.facts.get("seal") != "none"]),
        "of another snapshot": package(keys, spoil=lambda parts: [part(parts[0].path, "original", b"".join(parts[0].chunks()), **{**parts[0].facts, "snapshot_id": "other"})]),
        "deflated": changed(whole, lambda _: None, deflated=True),
        "stored again": changed(whole, lambda _: None),
        "without a folder": changed(whole, unfold),
        "swapped": changed(whole, swap),
        "one more": changed(whole, lambda files: files.update({f"{folder}data/more.txt": b"x"})),
        "one more outside": changed(whole, lambda files: files.update({f"{folder}more.txt": b"x"})),
        "a strange name": changed(whole, lambda files: files.update({f"{folder}data/../../x": b"x"})),
        "a directory": changed(whole, lambda files: files.update({f"{folder}data/": b""})),
        "empty": changed(whole, lambda files: files.clear()),
        "trailing bytes": whole + b"more",
        "leading bytes": b"PK\x03\x04" + whole,
    }
    names = [one.filename for one in zipfile.ZipFile(io.BytesIO(whole)).infolist()]
    made.update({f"flipped {name.removeprefix(folder)}": changed(whole, flip(name)) for name in names})
    made.update({f"without {name.removeprefix(folder)}": changed(whole, lambda files, name=name: files.pop(name)) for name in names})
    chance = random.Random(8)
    made.update({f"cut {n}": whole[:chance.randrange(100, len(whole))] for n in range(8)})
    for n in range(40):
        flipped = bytearray(whole)
        flipped[chance.randrange(len(flipped)) if n < 20 else len(flipped) - 1 - chance.randrange(2500)] ^= 1 << chance.randrange(8)
        made[f"flip {n}"] = bytes(flipped)
    return made


def test_the_corpus(browser, tmp_path):
    corpus = apart(make_corpus, tmp_path)
    path = tmp_path / "verify.html"
    path.write_bytes(verify_page(Language.EN, corpus.root_pem))
    opened = Opened(browser, path)
    verifier = Verifier(pins_of(corpus.root_pem), HandClock(corpus.now))
    wrong = {}
    for one in corpus.specimens:
        wanted = by_python(apart(verifier.check_path, one.path, one.path.name))
        told = opened.drop((one.path.name, one.path.read_bytes()))
        found = by_page(told)
        if told["verdict"] != one.verdict.value or found != wanted:
            wrong[one.name] = told["verdict"], {file: (found.get(file), wanted.get(file)) for file in {*found, *wanted} if found.get(file) != wanted.get(file)}
    assert wrong == {}
    assert opened.complaints == []
    opened.context.close()


def reports(folder):
    """Reports and a package with one, and what the command says of them."""
    case, stranger = SealedCase(folder / "desk", is_reported=True), SealedCase(folder / "other", is_reported=True)
    case.stamp()
    whole = case.package(folder / "package.zip").read_bytes()
    report = files_of(whole)["data/report.pdf"]
    foreign = files_of(stranger.package(folder / "other.zip").read_bytes())["data/report.pdf"]
    chance = random.Random(4)
    made = {
        "package.zip": whole, "report.pdf": report, "foreign.pdf": foreign, "cut.pdf": report[:len(report) // 2], "bare.pdf": b"%PDF-1.7\n%%EOF\n",
        "more.pdf": report + b"\n% more\n"}
    before = report.index(b"/ByteRange") - 200
    for n in range(12):
        at = chance.randrange(200, before)
        made[f"flipped-{n}.pdf"] = report[:at] + bytes([report[at] ^ 1]) + report[at + 1:]
    wanted = {}
    for name, data in made.items():
        (folder / name).write_bytes(data)
        wanted[name] = by_python(case.verifier.check_path(folder / name, name))
    case.close()
    stranger.close()
    return case.keys.root_pem, made, wanted


def test_reports(browser, tmp_path):
    root_pem, made, wanted = apart(reports, tmp_path)
    path = tmp_path / "verify.html"
    path.write_bytes(verify_page(Language.EN, root_pem))
    opened = Opened(browser, path)
    found = {name: by_page(opened.drop((name, data))) for name, data in made.items()}
    opened.context.close()
    assert found == wanted
    assert wanted["report.pdf"]["report.pdf"][0] == wanted["package.zip"]["data/report.pdf"][0] == "genuine"
    assert wanted["foreign.pdf"]["foreign.pdf"][0] == "foreign-seal"


def test_packages(page, keys, other, tmp_path):
    verifier = Verifier(pins_of(keys.root_pem))
    differing = {}
    for name, data in packages(keys, other).items():
        path = tmp_path / "package.zip"
        path.write_bytes(data)
        wanted = by_python(verifier.check_path(path, "package.zip"))
        found = by_page(page.drop(("package.zip", data)))
        if verdicts(found) != verdicts(wanted) or (found != wanted and not name.startswith("flip ")):
            differing[name] = {file: (found.get(file), wanted.get(file)) for file in {*found, *wanted} if found.get(file) != wanted.get(file)}
    assert differing == {}
