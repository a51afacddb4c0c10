"""Help: fresh, whole in both languages, true to the screens, found by its words, shown as plain text."""

from __future__ import annotations

import json
import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel

from tests.desktop.fakes import FakeDeskApi
from tests.desktop.sample import busy_desk, make_shell
from videodesk.core.places import resources
from videodesk.core.vocabulary import Language
from videodesk.desktop import help_pages, i18n
from videodesk.desktop.actions import ACTIONS
from videodesk.desktop.help_pages import SLUGS, Block, parse


@pytest.fixture
def shell():
    made = make_shell(busy_desk(FakeDeskApi()))
    made.resize(1280, 800)
    made.show()
    made.activateWindow()
    assert QTest.qWaitForWindowActive(made)
    yield made
    made.shut()


def _words(shell) -> list[str]:
    QApplication.processEvents()
    return [one.text() for one in shell.view("help").findChildren(QLabel) if one.isVisible()]


# ── the pages ────────────────────────────────────────────────────────────────────────────────────────────────────


def test_the_page_of_shortcuts_is_fresh():
    assert help_pages.main(["--check"]) == 0, "run python -m videodesk.desktop.help_pages"


@pytest.mark.parametrize("language", list(Language))
def test_every_shortcut_stands_on_its_page(language):
    page = next(page for page in help_pages.pages(language) if page.slug == "shortcuts")
    rows = [(block.text, block.second) for block in page.blocks if block.kind == "row"]
    wanted = [(i18n.texts(language)[spec.text_key], help_pages.keys_in_words(spec.shortcut, language)) for spec in ACTIONS if spec.shortcut]
    assert sorted(rows) == sorted(wanted)


def test_both_languages_have_the_same_pages_of_the_same_shape():
    for dutch, english in zip(help_pages.pages(Language.NL), help_pages.pages(Language.EN), strict=True):
        assert [block.kind for block in dutch.blocks] == [block.kind for block in english.blocks], dutch.slug
        assert dutch.title
        assert english.title
    for language in Language:
        folder = resources() / "help" / language.value
        assert sorted(path.stem for path in folder.iterdir()) == sorted(SLUGS)


@pytest.mark.parametrize("language", list(Language))
def test_the_pages_hold_no_markup_that_would_be_shown(language):
    for page in help_pages.pages(language):
        for block in page.blocks:
            assert not re.search(r"\*\*|`|\]\(|^#|<\w+>", block.text), (page.slug, block.text)


@pytest.mark.parametrize(("language", "slug", "keys"), [
    (language, slug, keys) for language in Language for slug, keys in (
        ("start", ("shell.cases", "cases.new", "case.invite", "inbox.accept_call", "call.hang_up")),
        ("invitations", ("case.invite", "case.invite_language", "case.invitations")),
        ("call", ("inbox.accept_call", "call.hold", "call.take_back", "call.banner.restart", "call.wrap_up.done", "call.quality.weak")),
        ("snapshots", ("call.stage.saving", "call.stage.kept_here", "call.stage.sending", "call.stage.in_case", "call.tray.belongs")),
        ("annotate", ("annotate.arrow", "annotate.redaction", "annotate.select", "annotate.step")),
        ("measure", ("measure.title", "measure.find", "measure.corners", "measure.print", "measure.copy_link", "measure.use_ruler", "measure.kind.bank_card",
                     "measure.kind.marker", "measure.kind.a4", "measure.kind.known_length")),
        ("review", ("review.state.pending",)),
        ("evidence", ("case.proof", "proof.tab", "proof.package_make", "proof.report_make", "proof.copy_mail", "proof.copy_revoke", "proof.erase", "proof.certificate")),
        ("trouble", ("settings.devices", "line.tab", "line.start", "line.copy", "settings.play_back", "settings.about", "call.phase.connecting", "call.stage.kept_here")))])
def test_the_pages_use_the_words_that_stand_on_the_screens(language, slug, keys):
    page = next(page for page in help_pages.pages(language) if page.slug == slug)
    everything = " ".join(block.text for block in page.blocks).lower()
    for key in keys:
        assert i18n.texts(language)[key].lower() in everything, key


def test_every_single_key_named_on_a_page_is_that_tools_key():
    english = json.loads((resources() / "i18n" / "en" / "annotate.json").read_text(encoding="utf-8"))
    page = next(page for page in help_pages.pages(Language.EN) if page.slug == "annotate")
    named = dict(re.findall(r"([A-Z][a-z ]+) \(([A-Z])\)", " ".join(block.text for block in page.blocks)))
    assert len(named) == 15
    assert named == {english[spec.text_key]: spec.shortcut for spec in ACTIONS if english.get(spec.text_key) in named}


def test_parsing():
    page = parse("x", "# Title\n\ntwo\nlines\n\n## Head\n\n- one\n  more\n- two\n\n1. first\n2. second\n\n|  |  |\n|---|---|\n| a | ] |\n\n```\na  b\n```\nend\n")
    assert page.title == "Title"
    assert page.blocks == (
        Block("text", "two lines"), Block("heading", "Head"), Block("bullet", "one more"), Block("bullet", "two"), Block("step", "first", "1"),
        Block("step", "second", "2"), Block("row", "a", "]"), Block("code", "a  b"), Block("text", "end"))
    assert parse("x", "") == help_pages.HelpPage("x", "", ())


# ── the screen ───────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("screen", "title"), [("inbox", "Getting started"), ("cases", "Invitations and links"), ("settings", "When something fails")])
def test_f1_opens_the_page_about_the_screen_and_escape_goes_back(shell, screen, title):
    shell.open(screen)
    QTest.keyClick(shell, Qt.Key.Key_F1)
    assert shell.place == "help"
    assert title in _words(shell)
    QTest.keyClick(shell, Qt.Key.Key_F1)
    QTest.keyClick(shell.view("help").search, Qt.Key.Key_Escape)
    assert shell.place == screen


def test_search_leaves_the_pages_that_hold_the_words(shell):
    shell.open("help")
    view = shell.view("help")
    view.search.setText("QR scan")
    QApplication.processEvents()
    shown = [slug for slug, button in view._buttons.items() if button.isVisible()]
    assert shown == ["invitations"]
    assert "Invitations and links" in _words(shell)
    view.search.setText("zyxwvu")
    assert "Nothing found" in _words(shell)
    view.search.clear()
    assert all(button.isVisible() for button in view._buttons.values())


def test_the_page_changes_with_the_language_and_stays_the_same_page(shell):
    shell.open("help", about="review")
    assert "With the keyboard" in _words(shell)
    i18n.set_language(Language.NL)
    QApplication.processEvents()
    assert "Met het toetsenbord" in _words(shell)
    assert "With the keyboard" not in _words(shell)


def test_everything_is_plain_and_has_a_name(shell):
    shell.open("help")
    view = shell.view("help")
    for slug, button in view._buttons.items():
        button.click()
        assert button.isChecked(), slug
        assert button.accessibleName()
        assert button.accessibleName() in _words(shell)
    assert all(one.textFormat() is Qt.TextFormat.PlainText for one in view.findChildren(QLabel))
