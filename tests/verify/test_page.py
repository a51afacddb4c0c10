"""verify.html from disk, without a network: what it says of pictures, and how it behaves as a page."""

from __future__ import annotations

import dataclasses
import hashlib
import json

import pytest
from playwright.sync_api import sync_playwright

from tests.sealing.keys import capture_facts, desk_keys, look_alike, picture, rendition_facts
from tests.verify.browser import OVERFLOW, PHONE, RUN_AXE, WIDE, Opened, axe_source, launched, shot
from videodesk.core.places import resources
from videodesk.core.vocabulary import Language
from videodesk.sealing.verify_page import verify_page

JPEG = "image/jpeg"


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        made = launched(playwright)
        yield made
        made.close()


@dataclasses.dataclass
class Desk:
    keys: object
    other: object
    original: bytes
    files: list[tuple[str, bytes]]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    folder = tmp_path_factory.mktemp("desk")
    keys, other = desk_keys(folder), None
    other = look_alike(folder, keys)
    original = keys.sealer().seal_capture(picture(size=(320, 240)), JPEG, capture_facts())
    altered = bytearray(original)
    altered[-2000] ^= 1
    files = [
        ("data/originals/01-frame.jpg", original),
        ("data/originals/02-opened.png", keys.sealer().seal_opened(picture("image/png"), "image/png", capture_facts())),
        ("data/originals/03-still.webp", keys.sealer().seal_capture(picture("image/webp"), "image/webp", capture_facts())),
        ("data/renditions/01.jpg", keys.sealer().seal_rendition(picture(seed=2), JPEG, original, JPEG, rendition_facts())),
        ("altered.jpg", bytes(altered)),
        ("foreign.jpg", other.sealer().seal_capture(picture(seed=3), JPEG, capture_facts())),
        ("bare.jpg", picture(seed=4)),
    ]
    return Desk(keys, other, original, files)


def made_page(tmp_path, desk, files=(), language=Language.NL, root=None):
    path = tmp_path / "verify.html"
    path.write_bytes(verify_page(language, desk.keys.root_pem if root is None else root, files))
    return path


@pytest.fixture
def open_page(browser, tmp_path, desk):
    """Opens pages; afterwards none may have asked for anything outside itself, or complained."""
    opened: list[Opened] = []

    def open_(files=(), **options):
        page_options = {key: options.pop(key) for key in ("language", "root") if key in options}
        one = Opened(browser, made_page(tmp_path, desk, files, **page_options), **options)
        opened.append(one)
        return one

    yield open_
    for one in opened:
        strangers, complaints = one.strangers(), one.complaints
        one.context.close()
        assert strangers == []
        assert complaints == []


def test_opening_it_shows_the_verdict_on_each_picture_in_it(open_page, desk):
    told = open_page(desk.files).told()
    assert {one["file"]: one["verdict"] for one in told["items"]} == {
        "data/originals/01-frame.jpg": "genuine",
        "data/originals/02-opened.png": "genuine",
        "data/originals/03-still.webp": "genuine",
        "data/renditions/01.jpg": "genuine-rendition",
        "altered.jpg": "altered",
        "foreign.jpg": "foreign-seal",
        "bare.jpg": "no-seal",
    }
    assert told["verdict"] == "altered"


def test_what_is_wrong_comes_first(open_page, desk):
    verdicts = [one["verdict"] for one in open_page(desk.files).told()["items"]]
    assert verdicts[:3] == ["altered", "foreign-seal", "no-seal"]


def test_without_a_pinned_root_nothing_is_good(open_page, desk):
    told = open_page(desk.files, root="").told()
    assert {one["verdict"] for one in told["items"]} == {"altered", "no-seal", "uncheckable"}


def test_dropped_and_chosen_files_are_checked(open_page, desk):
    opened = open_page()
    assert opened.told()["items"] == []
    assert [one["verdict"] for one in opened.drop(("a.jpg", desk.original))["items"]] == ["genuine"]
    assert [one["verdict"] for one in opened.choose(("b.jpg", picture()))["items"]] == ["no-seal"]


@pytest.mark.parametrize("data", [b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"PK\x05\x06" + bytes(18), b"RIFF\xff\xff\xff\xffWEBPVP8 ", bytes(2**16)])
def test_hostile_bytes_get_a_verdict_and_the_next_file_too(open_page, desk, data):
    opened = open_page()
    told = opened.drop(("hostile.bin", data), ("good.jpg", desk.original))
    assert {one["file"]: one["verdict"] in {"genuine", "genuine-rendition"} for one in told["items"]} == {"hostile.bin": False, "good.jpg": True}


def test_a_name_is_never_markup(open_page, desk):
    name = "<img src=x onerror=document.title='taken'>.jpg"
    opened = open_page()
    opened.drop((name, desk.original))
    assert opened.page.locator(".name").inner_text() == name
    assert opened.page.title() != "taken"


def test_it_is_put_together_safely_whatever_a_file_is_called(open_page, desk):
    name = "</script><script>document.title='taken'</script>.jpg"
    opened = open_page([(name, desk.original)])
    assert [one["file"] for one in opened.told()["items"]] == [name]
    assert opened.page.title() != "taken"


def test_the_code_to_compare_is_the_roots(open_page, desk):
    opened = open_page(desk.files[:1])
    shown = opened.page.locator("#fingerprint").inner_text()
    assert "".join(shown.split()).lower() == desk.keys.root_fingerprint
    field = opened.page.get_by_label("Of plak hier")
    field.fill(shown)
    assert opened.page.locator("#matches").get_attribute("class") == "same"
    assert opened.told()["verdict"] == "genuine"
    field.fill("0" + shown[1:] if shown[0] != "0" else "1" + shown[1:])
    assert opened.page.locator("#matches").get_attribute("class") == "other"
    assert opened.told()["verdict"] == "foreign-seal", "nothing is good when the code is not the report's"


def test_files_beyond_the_limit_are_left_out_and_said_so(browser, tmp_path, desk):
    path = tmp_path / "limited.html"
    path.write_bytes(verify_page(Language.NL, desk.keys.root_pem, desk.files[:4], limit=len(desk.original)))
    opened = Opened(browser, path)
    assert [one["file"] for one in opened.told()["items"]] == ["data/originals/01-frame.jpg"]
    assert opened.page.locator("#left-out").is_visible()
    opened.context.close()


def test_by_keyboard_alone(open_page, desk):
    page = open_page(desk.files[:1]).page
    reached = set()
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
    assert {"language", "print", "typed", "SUMMARY", "choose"} <= reached
    page.locator("#language").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate("document.activeElement.id") == "language"


def test_it_looks_right_in_both_languages_and_sizes(open_page, desk):
    opened = open_page(desk.files, bypass_csp=True)
    page, axe, problems = opened.page, axe_source(), []
    for language, size_name, size, scheme in [("nl", "phone", PHONE, "light"), ("nl", "wide", WIDE, "dark"), ("en", "wide", WIDE, "light"), ("en", "phone", PHONE, "dark")]:
        page.set_viewport_size(size)
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if page.evaluate("document.documentElement.lang") != language:
            page.click("#language")
        if not page.evaluate("typeof axe !== 'undefined'"):
            page.evaluate(axe + ";null")
        where = f"{language} {size_name} {scheme}"
        problems += [f"{where}: {found}" for found in page.evaluate(RUN_AXE)]
        problems += [f"{where}: over the edge: {found}" for found in page.evaluate(OVERFLOW)]
        words = page.locator("main").inner_text().split()
        problems += [f"{where}: a key instead of a text: {word}" for word in words if word.startswith(("page.", "verdict.", "reason."))]
        shot(page, f"verify-{language}-{size_name}-{scheme}", full_page=True)
    assert problems == []


def test_printed_it_has_the_verdicts_and_the_code_and_no_controls(open_page, desk):
    page = open_page(desk.files).page
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("#verdict h1").is_visible()
    assert page.locator("#fingerprint").is_visible()
    assert page.locator(".card dl").first.is_visible()
    assert not page.locator("#drop").is_visible()
    assert not page.locator("button:visible").count()
    assert page.pdf().startswith(b"%PDF")


def test_no_connection_is_allowed_by_the_page_itself(browser, tmp_path, desk):
    """The network is on here: what holds it back is the page's own policy."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(made_page(tmp_path, desk, desk.files[:1]).as_uri())
    page.wait_for_selector("body[data-state=done]")
    assert page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'went', (error) => error.message)") != "went"
    assert "connect-src 'none'" in page.locator("meta[http-equiv]").get_attribute("content")
    blocked = page.evaluate("""() => new Promise((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective));
      fetch('http://127.0.0.1:9/').catch(() => {});
    })""")
    assert blocked == "connect-src"
    context.close()


def test_what_was_built_belongs_to_its_sources():
    """packaging/verify/build notes the digests of the sources and of what it made of them; whoever changes one runs it again."""
    folder = resources() / "verify"
    noted = json.loads((folder / "VENDORED.json").read_text(encoding="utf-8"))["sha256"]
    there = {path.relative_to(folder).as_posix() for path in folder.glob("src/*.js")} | {"page.js", "worker.js", "c2pa.wasm.gz"}
    assert set(noted) == there
    assert {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in noted} == noted, "run packaging/verify/build"
