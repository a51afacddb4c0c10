"""The generated documents say what the code says."""

import json
from pathlib import Path

from videodesk.calls import lifecycle
from videodesk.protocol import document
from videodesk.protocol.chapters import ERRORS

RESOURCES = Path(__file__).parents[2] / "resources"


def test_protocol_page_and_types_are_fresh():
    assert document.stale() == [], "run python -m videodesk.protocol.document"
    assert document.main(["--check"]) == 0


def test_the_lifecycle_diagram_is_fresh():
    page = RESOURCES / "docs" / "call-lifecycle.md"
    assert page.read_text(encoding="utf-8") == lifecycle.diagram(), "run python -m videodesk.calls.lifecycle"


def test_every_documented_error_has_a_text_in_both_languages():
    for language in ("nl", "en"):
        texts = json.loads((RESOURCES / "i18n" / language / "errors.json").read_text(encoding="utf-8"))
        assert set(ERRORS) - set(texts) == set(), language
