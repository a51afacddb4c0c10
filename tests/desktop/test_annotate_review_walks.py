"""Walks over the two screens: nothing renders markup, everything that can be operated has a name, every text exists."""

import asyncio
import json
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTabBar,
    QTextEdit,
    QWidget,
)

from tests.desktop.drawn import damaged_parcel_jpeg
from tests.desktop.fakes import make_context, sample_case
from tests.desktop.test_annotate_editing import EVERY_KIND
from videodesk.annotation.marks import Point, Text
from videodesk.core.places import resources
from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n, theme
from videodesk.desktop.annotating import Tool
from videodesk.desktop.shell import Shell
from videodesk.desktop.views.annotate import AnnotateView
from videodesk.desktop.views.annotate import make as make_annotate
from videodesk.desktop.views.review import make as make_review

HOSTILE = "<img src=/dev/zero><b>x</b> & co"
JPEG = damaged_parcel_jpeg(640, 360)


@pytest.fixture(params=["annotate", "review"])
def screen(request, api):
    case = asyncio.run(api.add_case(sample_case()))
    shot = api.add_snapshot(case.id, JPEG, "damage", size=(640, 360), captured_by=api.other.id, captured_by_name=HOSTILE, caption=HOSTILE)
    context = make_context(api)
    if request.param == "annotate":
        view = make_annotate(context)
        view.resize(1280, 800)
        view.show()
        view.opened(snapshot_id=shot.id)
        view.marks._autosave_after_s = None
        view.marks.add(Text(id="t", at=Point(20, 20), text=HOSTILE, name=HOSTILE))
        view.marks.keep_style()
    else:
        view = make_review(context)
        view.resize(1280, 800)
        view.show()
        view.opened()
        view.presenter.enlarge(is_large=True)
    for _ in range(5):
        QApplication.processEvents()
    return view


def stages(view):
    """The screen as it opens, and the annotate screen with other panels in sight."""
    yield
    if not isinstance(view, AnnotateView):
        return
    for tool in (Tool.STAMP, Tool.CROP, Tool.RULER, Tool.REDACTION):
        view.marks.choose_tool(tool)
        QApplication.processEvents()
        yield
    view.marks.choose_tool(Tool.SELECT)
    view.panel.tabs.setCurrentIndex(0)
    for mark in EVERY_KIND:
        if view.marks.state.document.find(mark.id) is None:
            view.marks.add(mark)
        view.marks.select(mark.id, alone=True)
        QApplication.processEvents()
        yield
    view.marks.select_all()
    QApplication.processEvents()
    yield


def all_widgets(view):
    return [view, *view.findChildren(QWidget)]


def test_every_text_is_plain(screen):
    for _stage in stages(screen):
        pass
    labels = [widget for widget in all_widgets(screen) if isinstance(widget, QLabel)]
    assert labels
    assert all(widget.textFormat() == Qt.TextFormat.PlainText for widget in labels)
    assert not [widget for widget in all_widgets(screen) if isinstance(widget, QTextEdit)]
    assert not [widget.toolTip() for widget in all_widgets(screen) if "<img" in widget.toolTip()]


def test_everything_that_can_be_operated_has_a_name(screen):
    kinds = (QAbstractButton, QLineEdit, QPlainTextEdit, QComboBox, QAbstractItemView)
    unnamed = set()
    for _stage in stages(screen):
        for widget in all_widgets(screen):
            is_inner = isinstance(widget.parentWidget(), QComboBox | QTabBar)
            if widget.isVisible() and not is_inner and (isinstance(widget, kinds) or widget.focusPolicy() & Qt.FocusPolicy.TabFocus):
                interface = QAccessible.queryAccessibleInterface(widget)
                if not interface.text(QAccessible.Text.Name):
                    unnamed.add((type(widget).__name__, widget.objectName()))
    assert unnamed == set()


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("name", ["light", "dark", "contrast"])
def test_no_key_shows_and_nothing_is_clipped(screen, qapp, language, name):
    theme.apply_theme(qapp, name)
    i18n.set_language(language)
    for widget in all_widgets(screen):
        if callable(getattr(widget, "retranslate", None)):
            widget.retranslate()
    for _ in range(5):
        QApplication.processEvents()
    for _stage in stages(screen):
        for widget in all_widgets(screen):
            text = widget.text() if isinstance(widget, QLabel | QAbstractButton) else ""
            for shown in (text, widget.accessibleName(), widget.toolTip()):
                assert not shown.startswith(("annotate.", "measure.", "redact.", "review.", "common.")), shown
            if isinstance(widget, QAbstractButton) and text and widget.isVisible():
                assert widget.width() >= widget.fontMetrics().horizontalAdvance(text), text


@pytest.mark.parametrize("area", ["annotate", "review"])
def test_both_languages_have_the_same_texts(area):
    found = [json.loads((Path(resources()) / "i18n" / language / f"{area}.json").read_text("utf-8")) for language in Language]
    assert found[0].keys() == found[1].keys()
    assert all(key.startswith(f"{area}.") for key in found[0])


def test_in_the_window_letters_in_the_comment_are_words_not_decisions(api):
    case = asyncio.run(api.add_case(sample_case()))
    shot = api.add_snapshot(case.id, JPEG, "damage", size=(640, 360), captured_by=api.other.id, captured_by_name="Bram")
    shell = Shell(lambda _shell: make_context(api), lambda: None)
    shell.show()
    shell.open("review")
    QApplication.processEvents()
    sheet = shell.findChild(QWidget, "review.sheet")
    QTest.keyClick(sheet, Qt.Key.Key_R)
    comment = shell.findChild(QWidget, "review.comment")
    QTest.keyClicks(comment, "arjxkc?")
    assert comment.toPlainText() == "arjxkc?"
    assert api.snapshots_by_id[shot.id].decisions == []
    QTest.keyClick(comment, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert api.snapshots_by_id[shot.id].decisions[0].comment == "arjxkc?"
    shell.shut()
    shell.close()
