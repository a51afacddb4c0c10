"""The frame: tokens' contrast, texts in both languages, names for the screen reader, plain text everywhere, language at run time."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QLineEdit, QWidget

from tests.desktop.fakes import FakeDeskApi, make_context
from tests.desktop.sample import busy_desk, make_shell
from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n, theme
from videodesk.desktop.actions import ACTIONS, SCOPES
from videodesk.desktop.case_form import FIELDS
from videodesk.desktop.icons import icon
from videodesk.desktop.shell import Shell
from videodesk.desktop.tokens import SHAPE_PAIRS, TEXT_PAIRS, THEMES, contrast, names
from videodesk.desktop.widgets import Label

PACKAGE = Path(i18n.__file__).parent
HOSTILE = '<b>x</b><img src="/dev/zero"> & "quoted" {n} %1 \u202eevil'
MINE = ("inbox", "cases", "case", "settings")


# ── colours ──────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", THEMES)
def test_contrast_of_every_pair(name):
    tokens = THEMES[name]
    thin = [(a, b, round(contrast(getattr(tokens, a), getattr(tokens, b)), 2)) for a, b in TEXT_PAIRS
            if contrast(getattr(tokens, a), getattr(tokens, b)) < 4.5]
    thin += [(a, b, round(contrast(getattr(tokens, a), getattr(tokens, b)), 2)) for a, b in SHAPE_PAIRS
             if contrast(getattr(tokens, a), getattr(tokens, b)) < 3]
    assert thin == []
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


def test_every_token_is_a_colour_and_the_sheet_is_filled():
    for tokens in THEMES.values():
        assert all(re.fullmatch("#[0-9a-f]{6}", getattr(tokens, name)) for name in names())
        assert "$" not in theme.style_sheet(tokens)


# ── texts ────────────────────────────────────────────────────────────────────────────────────────────────────────


def _literals() -> tuple[set[str], set[str]]:
    """Every string literal of the desktop, and every literal start of an f-string."""
    whole: set[str] = set()
    starts: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                whole.add(node.value)
            elif isinstance(node, ast.JoinedStr) and node.values and isinstance(node.values[0], ast.Constant):
                starts.add(str(node.values[0].value))
    return whole, starts


def test_both_languages_have_the_same_keys_and_parameters():
    dutch, english = i18n.texts(Language.NL), i18n.texts(Language.EN)
    assert set(dutch) ^ set(english) == set()
    for key, text in dutch.items():
        other = english[key]
        assert isinstance(text, dict) == isinstance(other, dict), key
        assert _parameters(text) == _parameters(other), key
        assert (text if isinstance(text, str) else text["other"]).strip(), key


def _parameters(text) -> set[str]:
    return set(re.findall(r"{(\w+)}", text if isinstance(text, str) else text["other"]))


def test_every_key_used_exists_and_none_is_unused():
    whole, starts = _literals()
    keys = set(i18n.texts(Language.EN))
    areas = {key.split(".")[0] for key in keys}
    looks_like_key = re.compile(rf"({'|'.join(areas)})\.[a-z_][a-z0-9_.]*")
    called = set()
    worded: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        called |= set(re.findall(r"""(?<![\w.])t\(\s*"([a-z_0-9.]+)\"""", source))
        called |= set(re.findall(r"""key="([a-z_0-9.]+)\"""", source))
        worded |= set(re.findall(r"""(?:word|Choice)\(\s*"([a-z_.]+)\"""", source))
    called |= {spec.text_key for spec in ACTIONS} | {f"shell.scope_{scope}" for scope in SCOPES if scope}
    assert sorted(key for key in called if looks_like_key.fullmatch(key) and key not in keys) == []
    # word("status", value) and Choice("status", …) use every status.*; f"shell.line_{…}" every shell.line_*; f"case.{field}" only the fields
    prefixes = {start for start in starts if re.match(r"[a-z]+\.[a-z]|(annotate|review)\.$", start)} | {f"{name}." for name in worded}
    whole |= {f"case.{name}" for name in FIELDS}
    unused = sorted(key for key in keys if key not in whole and not any(key.startswith(prefix) for prefix in prefixes))
    assert unused == []


def test_every_action_has_an_icon_that_exists_and_no_shortcut_twice(qapp):
    seen: dict[tuple[str, str], str] = {}
    for spec in ACTIONS:
        if spec.icon:
            assert not icon(spec.icon).isNull()
        for scope in {spec.scope, ""} if spec.scope else {""}:
            if spec.shortcut and scope == spec.scope:
                assert (scope, spec.shortcut) not in seen, spec.id
                seen[scope, spec.shortcut] = spec.id
    for (scope, shortcut), action in seen.items():
        assert not scope or ("", shortcut) not in seen, action


# ── the screens, over a busy desk ────────────────────────────────────────────────────────────────────────────────


def _opened(api: FakeDeskApi) -> Shell:
    shell = make_shell(api)
    shell.show()
    _visit(shell, api)
    return shell


def _visit(shell: Shell, api: FakeDeskApi) -> None:
    for screen in MINE:
        shell.open(screen, **({"case_id": next(iter(api.cases_by_id))} if screen == "case" else {}))
        QApplication.processEvents()


def _walk(root) -> Iterator[object]:
    for i in range(root.childCount()):
        child = root.child(i)
        if child is not None and child.isValid():
            yield child
            yield from _walk(child)


@pytest.mark.parametrize("screen", MINE)
def test_no_control_without_a_name(screen):
    api = busy_desk()
    shell = make_shell(api)
    shell.show()
    shell.open(screen, **({"case_id": next(iter(api.cases_by_id))} if screen == "case" else {}))
    QApplication.processEvents()
    roles = QAccessible.Role
    controls = {roles.Button, roles.CheckBox, roles.ComboBox, roles.EditableText, roles.List, roles.PageTab, roles.Slider, roles.ProgressBar,
                roles.ListItem, roles.ButtonMenu, roles.RadioButton}
    view = shell.view(screen)
    unnamed = []
    count = 0
    for node in _walk(QAccessible.queryAccessibleInterface(shell)):
        if node.role() in controls and not node.state().invisible:
            count += 1
            if not node.text(QAccessible.Text.Name).strip():
                owner = node.object()
                unnamed.append((node.role().name, owner.objectName() if owner is not None else "?", type(owner).__name__))
    assert view is not None
    assert count >= 8
    assert unnamed == []
    shell.shut()


def test_every_label_is_plain_text_also_with_hostile_words():
    api = busy_desk(rename=lambda text: f"{text} {HOSTILE}"[:200])
    shell = _opened(api)
    shell.open("case", case_id=next(iter(api.cases_by_id)))
    view = shell.view("case")
    assert view is not None
    view.act("case.invite")
    QApplication.processEvents()
    labels = [w for top in QApplication.topLevelWidgets() for w in top.findChildren(QLabel)]
    assert len(labels) > 80
    assert any(HOSTILE[:20] in made.text() for made in labels)
    rich = [(made.text(), made.objectName(), type(made.parent()).__name__) for made in labels
            if made.textFormat() != Qt.TextFormat.PlainText and made.objectName() != "qt_msgbox_label"]
    assert rich == []
    tips = [w.toolTip() for top in QApplication.topLevelWidgets() for w in top.findChildren(QWidget) if "<img" in w.toolTip()]
    assert tips == []
    shell.shut()


def _visible_texts(shell: Shell) -> dict[int, str]:
    found = {}
    for widget in shell.findChildren(QWidget):
        if isinstance(widget, QLabel | QAbstractButton):
            found[id(widget)] = widget.text()
        elif isinstance(widget, QLineEdit):
            found[id(widget)] = widget.placeholderText()
    return found


@pytest.mark.parametrize("screen", MINE)
def test_language_at_run_time_changes_every_text(screen):
    """Changed to Dutch while open, a screen says the same as one that was opened in Dutch."""
    params = {}
    texts = []
    for start in (Language.EN, Language.NL):
        i18n.set_language(start)
        api = busy_desk()
        shell = make_shell(api)
        if screen == "case":
            params = {"case_id": next(iter(api.cases_by_id))}
        shell.open(screen, **params)
        shell.show()
        QApplication.processEvents()
        before = sorted(_visible_texts(shell).values())
        i18n.set_language(Language.NL)
        QApplication.processEvents()
        view = shell.view(screen)
        assert view is not None
        texts.append(sorted(_shown(shell, view)))
        if start is Language.EN:
            assert sorted(_visible_texts(shell).values()) != before
        shell.shut()
        shell.close()
    assert texts[0] == texts[1]


def _shown(shell: Shell, view: QWidget) -> list[str]:
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    found = [shell._title.text()]
    for widget in view.findChildren(QWidget):
        if widget.isHidden():
            continue
        if isinstance(widget, QLabel | QAbstractButton):
            found.append(f"{widget.text()}|{widget.accessibleName()}|{widget.toolTip()}")
        elif isinstance(widget, QLineEdit):
            found.append(f"{widget.placeholderText()}|{widget.accessibleName()}")
    return found


def test_theme_at_run_time_reaches_every_icon(qapp):
    shell = _opened(busy_desk())
    light = shell.grab().toImage()
    theme.apply_theme(qapp, "dark")
    assert shell.grab().toImage().pixelColor(400, 700).lightness() < 60 < light.pixelColor(400, 700).lightness()
    shell.shut()


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_keys_places_panes_and_the_sheet():
    api = busy_desk()
    shell = make_shell(api)
    shell.show()
    shell.activateWindow()
    assert QTest.qWaitForWindowActive(shell)
    QTest.keyClick(shell, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    assert shell.place == "cases"
    QTest.keyClick(shell, Qt.Key.Key_1, Qt.KeyboardModifier.ControlModifier)
    assert shell.place == "inbox"
    shell.setFocus()
    seen = []
    for _ in range(4):
        QTest.keyClick(shell, Qt.Key.Key_F6)
        focus = QApplication.focusWidget()
        seen.append(focus)
    assert len({id(widget) for widget in seen}) == 4
    QTest.keyClicks(shell, "?")
    assert QApplication.activeModalWidget() is not None
    assert QApplication.activeModalWidget().objectName() == "shortcuts"
    QApplication.activeModalWidget().close()
    shell.open("cases")
    search = shell.findChild(QLineEdit, "cases.search")
    search.setFocus()
    QTest.keyClicks(search, "what?")
    assert search.text() == "what?"
    shell.shut()


def test_back_goes_where_one_came_from():
    api = busy_desk()
    shell = make_shell(api)
    shell.open("cases")
    shell.open("case", case_id=next(iter(api.cases_by_id)))
    shell.back()
    assert shell.place == "cases"
    shell.open_link("videodesk://case/VD-2026-000003")
    assert shell.place == "case"
    view = shell.view("case")
    assert view.presenter.state.case.number == "VD-2026-000003"
    shell.open_link("videodesk://case/../../etc/passwd")
    assert shell.place == "case"
    assert shell.presenter.state.notice.key == "shell.bad_link"
    shell.shut()


def test_invite_again_makes_one_invitation_at_the_evidence_and_none_on_the_way_back():
    api = busy_desk()
    shell = make_shell(api)
    case_id = next(iter(api.cases_by_id))
    shell.open("case", case_id=case_id, tab="evidence", invite="once")
    view = shell.view("case")
    assert view.tabs.currentWidget() is view.evidence
    made = view.presenter.state.invitation
    assert made is not None
    assert made.case_id == case_id
    view._dialog.accept()
    view.opened(case_id=case_id, tab="evidence", invite="once")
    assert shell.view("case").presenter.state.invitation is None
    shell.shut()


# ── the platform's trap ──────────────────────────────────────────────────────────────────────────────────────────


def test_qt_gives_back_its_references_to_none():
    """PySide6 6.12.0 on Python < 3.12 loses references to None with every ordinary call and aborts the process within minutes."""
    made = Label("")
    made.resize(80, 20)
    made.grab()
    before = sys.getrefcount(None)
    for i in range(1000):
        made.setText(str(i))
        made.repaint()
        made.grab()
    assert before - sys.getrefcount(None) <= 100


def test_a_context_can_be_made():
    assert make_context().session.person.name == "anna"
