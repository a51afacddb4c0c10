"""Own keys, and the command palette, from the keyboard as a person uses them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QDialog, QListView, QPushButton

from tests.desktop.sample import busy_desk, make_shell
from videodesk.core.errors import WorldError
from videodesk.desktop import keys
from videodesk.desktop.actions import ACTIONS, BY_ID
from videodesk.desktop.preferences import PreferenceStore
from videodesk.desktop.presenters.palette import score

CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture(autouse=True)
def _keys_as_they_came():
    yield
    keys.use({})


@pytest.fixture
def shell(qapp):
    made = make_shell(busy_desk())
    made.resize(1280, 800)
    made.show()
    made.activateWindow()
    assert QTest.qWaitForWindowActive(made)
    yield made
    made.shut()
    made.close()


def dialog(shell, name):
    return next((one for one in shell.findChildren(QDialog) if one.objectName() == name and one.isVisible()), None)


def press(shell, key, modifier=Qt.KeyboardModifier.NoModifier):
    """A key in the window, which a dialog may have left inactive."""
    shell.activateWindow()
    assert QTest.qWaitForWindowActive(shell)
    QTest.keyClick(shell, key, modifier)


def choose(shell, action_id, key, modifier=Qt.KeyboardModifier.NoModifier):
    """As a person does it: settings, the action's key, the new key."""
    shell.open("settings", page="shortcuts")
    shell.findChild(QPushButton, f"shortcut.{action_id}").click()
    asked = dialog(shell, "shortcuts.key")
    QTest.keyClick(asked, key, modifier)
    QApplication.processEvents()
    return asked


# ── own keys ─────────────────────────────────────────────────────────────────────────────────────────────────────


def test_another_key_counts_at_once_and_the_old_one_no_longer(shell):
    choose(shell, "go.cases", Qt.Key.Key_F8)
    shell.open("inbox")
    press(shell, Qt.Key.Key_2, CTRL)
    assert shell.place == "inbox"
    press(shell, Qt.Key.Key_F8)
    assert shell.place == "cases"
    assert "F8" in shell.rail.buttons["cases"].toolTip()
    assert shell.context.preferences.value.shortcuts == {"go.cases": "F8"}


def test_a_letter_for_a_screen(shell):
    choose(shell, "review.accept", Qt.Key.Key_Y)
    assert keys.spec_of("review.accept").shortcut == "Y"
    done = []
    shell.open("review")
    shell._current().act = lambda action: done.append(action) or True
    assert shell.press_key("y")
    assert shell.press_key("a") is False
    assert done == ["review.accept"]


def test_a_key_that_another_action_has_is_told_and_taken_only_on_purpose(shell):
    asked = choose(shell, "go.cases", Qt.Key.Key_1, CTRL)
    assert asked.isVisible()
    assert shell.context.preferences.value.shortcuts == {}
    asked.findChild(QPushButton, "shortcuts.take_over").click()
    assert dialog(shell, "shortcuts.key") is None
    assert shell.context.preferences.value.shortcuts == {"go.cases": "Ctrl+1", "go.inbox": ""}
    press(shell, Qt.Key.Key_1, CTRL)
    assert shell.place == "cases"


def test_leaving_the_question_changes_nothing(shell):
    asked = choose(shell, "go.cases", Qt.Key.Key_1, CTRL)
    QTest.keyClick(asked, Qt.Key.Key_Escape)
    assert shell.context.preferences.value.shortcuts == {}
    choose(shell, "go.cases", Qt.Key.Key_F8)
    assert shell.context.preferences.value.shortcuts == {"go.cases": "F8"}


def test_back_to_the_key_it_came_with(shell):
    choose(shell, "go.cases", Qt.Key.Key_F8)
    shell.findChild(QPushButton, "shortcuts.reset_all").click()
    assert shell.context.preferences.value.shortcuts == {}
    assert keys.spec_of("go.cases") == BY_ID["go.cases"]


def test_single_letters_off(shell):
    shell.open("settings", page="shortcuts")
    box = shell.findChild(type(shell._views["settings"]._shortcuts.characters), "shortcuts.characters")
    box.click()
    assert not shell.context.preferences.value.has_character_keys
    assert [spec.id for spec in keys.all_specs() if keys.is_character(spec.shortcut)] == []
    assert shell.press_key("?") is False
    box.click()
    assert shell.press_key("?")


def test_own_keys_are_there_after_a_restart_and_strange_files_do_no_harm(tmp_path):
    path = tmp_path / "preferences.json"
    PreferenceStore(path).change(shortcuts={"go.cases": "F8"}, has_character_keys=False)
    kept = PreferenceStore(path).value
    keys.use(kept.shortcuts, has_characters=kept.has_character_keys)
    assert keys.spec_of("go.cases").shortcut == "F8"
    path.write_text(json.dumps({"shortcuts": {"go.cases": 5, "no.such": "F9"}}))
    keys.use(PreferenceStore(path).value.shortcuts)
    assert keys.spec_of("go.cases") == BY_ID["go.cases"]


def test_no_two_actions_have_one_key_where_both_work():
    assert {spec.id: keys.clash(spec.id, spec.shortcut, {}) for spec in ACTIONS if keys.clash(spec.id, spec.shortcut, {})} == {}


# ── the palette ──────────────────────────────────────────────────────────────────────────────────────────────────


def opened(shell):
    press(shell, Qt.Key.Key_K, CTRL)
    return dialog(shell, "palette")


def lines(palette):
    model = palette.findChild(QListView, "palette.list").model()
    return [model.index(row).data() for row in range(model.rowCount())]


def test_what_can_be_done_here_comes_first_and_is_done(shell):
    shell.open("cases")
    palette = opened(shell)
    assert lines(palette)[0] == "New case"
    QTest.keyClicks(palette.search, "sett")
    assert lines(palette)[0] == "Settings"
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert shell.place == "settings"


def test_a_case_is_found_by_its_number(shell):
    case = next(iter(shell.context.api.cases_by_id.values()))
    palette = opened(shell)
    QTest.keyClicks(palette.search, case.number)
    assert case.number in lines(palette)
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert shell.place == "case"


def test_without_the_service_actions_are_there_all_the_same(shell):
    palette = opened(shell)
    shell.context.api.fail_next = WorldError("api.unreachable")
    palette.search.setText("settings")
    assert lines(palette)[0] == "Settings"
    QTest.keyClick(palette.search, Qt.Key.Key_Escape)
    assert dialog(shell, "palette") is None
    QApplication.processEvents()


def test_nothing_fits(shell):
    palette = opened(shell)
    palette.search.setText("qqqq")
    assert lines(palette) == []
    QTest.keyClick(palette.search, Qt.Key.Key_Return)
    assert palette.isVisible()


@given(st.text(max_size=12), st.text(max_size=30))
def test_any_letters_have_a_score(query, text):
    assert score(query, text) >= 0
    assert score(text, text) > 0
    assert score(text[:3], text) > 0


def test_better_fits_come_first():
    assert score("sav", "Save now") > score("sav", "Do save") > score("sav", "unsaved") > score("sav", "so many adverbs, very") > score("sav", "vas") == 0
