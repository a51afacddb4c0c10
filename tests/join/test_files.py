"""The page as files: its weight, its texts, its rules."""

from __future__ import annotations

import gzip
import hashlib
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.join.conftest import texts
from videodesk.calls.invitations import CONSENT_SCOPES, CONSENT_TEXT_VERSION
from videodesk.core.places import resources

PAGE = resources() / "join"
BUDGET_BYTES = 150 * 1024
PURE = ("pure.test.mjs", "live.test.mjs")
# What was agreed to must be readable years later: who changes a consent text raises its version, and keeps the old row here.
CONSENT_TEXTS = {"2026-11": "2cd3", "2026-11.2": "aba5"}


def shipped():
    return [path for path in sorted(PAGE.rglob("*")) if path.is_file() and not path.name.endswith(".d.ts")]


def test_all_of_it_is_light():
    total = sum(len(gzip.compress(path.read_bytes(), 6)) for path in shipped())
    assert total <= BUDGET_BYTES


def test_both_languages_have_the_same_texts_with_the_same_gaps():
    nl, en = texts("nl"), texts("en")
    assert nl.keys() == en.keys()
    for key, text in nl.items():
        assert text.strip(), key
        assert en[key].strip(), key
        assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"\{(\w+)\}", en[key])), key


def test_every_text_named_in_the_code_is_there_and_every_text_is_used():
    code = "\n".join(path.read_text(encoding="utf-8") for path in PAGE.glob("*.js"))
    keys = texts("nl").keys()
    areas = "|".join(sorted({key.partition(".")[0] for key in keys}))
    named = {found for found in re.findall(rf'"((?:{areas})\.[a-z0-9_.]+)"', code) if not found.endswith(".")}
    codes = {"photo.too_large", "photos.too_many", "still.unsupported", "still.camera_failed", "still.declined", "still.consent",
             "copy.unknown", "copy.expired", "copy.revoked"}
    events = {"call.changed", "call.ready", "call.leave", "call.over", "chat.line", "chat.send", "waiting.enter", "page.asked", "page.ask", "consent.missing",
              "code.short", "still.progress"}
    assert named - keys - codes - events == set()
    made = [r"blocked\.\w+\.[123]", r"trouble\.\w+\.(title|next)", r"consent\.(video|sound|stills|recording|location)\.(title|text)", r"thanks\.(over|left|lost|photos)(_title)?",
            r"check\.(blocked|missing|missing_audio|busy|insecure)(_next)?", r"photos\.(waiting|sent|failed)", r"call\.agent_torch_(on|off)",
            r"copy\.(empty|unknown|expired|revoked|erased|locked|offline|bug)_(title|next)", r"copy\.lead(_one)?(_no_day)?",
            r"draw\.(own_mark|pointer|arrow|line|rectangle|ellipse|pen|step)", r"quick\.good_(both|video|audio|none)", r"draw\.part_(upper|middle|lower)_(left|middle|right)"]
    unused = [key for key in keys - named if not any(re.fullmatch(pattern, key) for pattern in made)]
    assert unused == []


def test_the_consent_texts_belong_to_their_version():
    shown = [texts(language)[f"consent.{scope.value}.{part}"] for language in ("nl", "en") for scope in CONSENT_SCOPES for part in ("title", "text")]
    digest = hashlib.sha256("\n".join(shown).encode()).hexdigest()
    assert CONSENT_TEXTS[CONSENT_TEXT_VERSION] == digest[:4], "a changed consent text needs a new version"


def test_no_inline_script_or_style_and_nobody_else_is_named():
    for path in shipped():
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?:src|href)=[\"']https?:|url\(\s*[\"']?https?:|import\(?\s*[\"']https?:", text), path.name
        if path.suffix == ".html":
            assert "<style" not in text
            assert not re.search(r"<script(?![^>]*\bsrc=)|\sstyle=|\son\w+=", text)


@pytest.mark.parametrize("path", [path for path in shipped() if path.suffix == ".js"], ids=lambda path: path.name)
def test_files_can_be_read_in_one_sitting(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 400


def test_the_pure_parts_in_node(tmp_path):
    """Screens, chat, codec order, browser help, live drawing: node's own test runner, no browser."""
    shutil.copytree(PAGE, tmp_path / "page")
    for name in PURE:
        shutil.copy(Path(__file__).parent / name, tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    done = subprocess.run(["node", "--test", "--test-reporter=tap", *PURE], cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    passed = int(re.search(r"^# pass (\d+)", done.stdout, re.MULTILINE)[1])
    assert passed >= 30
