"""Redacting in the editor, on the real screen: proposals, what a person makes of them, the reason, "nothing to redact"; and what a rendition keeps."""

from __future__ import annotations

import asyncio

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.desktop.drawn import damaged_parcel_jpeg
from tests.desktop.fakes import make_context, sample_case
from videodesk.annotation import schema
from videodesk.annotation.document import Document
from videodesk.annotation.marks import REDACTION_COLOUR, Box, Point, Rectangle, Redaction, RedactionPen, RedactionReason
from videodesk.annotation.privacy_ports import Proposal, Seen
from videodesk.core.errors import Conflict, WorldError
from videodesk.core.vocabulary import Language, ReleaseState
from videodesk.desktop import i18n
from videodesk.desktop.annotating import Tool
from videodesk.desktop.drawing.pictures import decode
from videodesk.desktop.views.annotate import make
from videodesk.desktop.views.annotate_redact import RedactPanel, crop_of

LEFT = Qt.MouseButton.LeftButton
JPEG = damaged_parcel_jpeg()
FACE = Proposal(Box(100, 80, 60, 80), RedactionReason.FACE, Seen.FACE, 0.9)
PLATE = Proposal(Box(300, 200, 120, 30), RedactionReason.PLATE, Seen.WORDS, 0.8)
TEXT = Proposal(Box(20, 400, 200, 24), RedactionReason.OTHER, Seen.TEXT, 0.6)


class FakeFinder:
    """Finds what a test put there."""

    reads_words = True

    def __init__(self) -> None:
        self.found: tuple[Proposal, ...] = (FACE, PLATE, TEXT)
        self.fails: WorldError | None = None

    def find(self, bgra, width_px, height_px):
        assert len(bgra) == width_px * height_px * 4
        if self.fails is not None:
            raise self.fails
        return self.found


class Screen:
    def __init__(self, api, snapshot, finder):
        self.context = make_context(api, privacy=finder)
        self.view = make(self.context)
        self.view.resize(1280, 800)
        self.view.show()
        self.view.opened(snapshot_id=snapshot.id)
        settle()
        self.panel = self.view.findChild(RedactPanel)
        self.presenter = self.view.marks
        self.view.choose_tool(Tool.REDACTION)
        settle()

    @property
    def redactions(self):
        return [mark for mark in self.presenter.state.document.marks if isinstance(mark, Redaction | RedactionPen)]

    def press(self, button):
        assert button.isVisible()
        assert button.isEnabled()
        QTest.mouseClick(button, LEFT)
        settle()

    def rows(self):
        return [self.panel.list.item(row).text() for row in range(self.panel.list.count())]


def settle():
    for _ in range(3):
        QApplication.processEvents()


@pytest.fixture
def finder():
    return FakeFinder()


@pytest.fixture
def snapshot(api):
    case = asyncio.run(api.add_case(sample_case()))
    return api.add_snapshot(case.id, JPEG, "damage")


@pytest.fixture
def screen(api, snapshot, finder):
    i18n.set_language(Language.EN)
    made = Screen(api, snapshot, finder)
    yield made
    made.view.close()


def test_finding_redacts_nothing(screen):
    assert screen.panel.isVisible()
    assert not screen.panel.list.isVisible()
    screen.press(screen.panel.search)
    assert screen.rows() == ["1 · Face", "2 · Number plate", "3 · Text"]
    assert screen.panel.said.text() == "3 proposals. You decide."
    assert screen.redactions == []
    assert not screen.panel.list.item(0).icon().isNull()


def test_one_is_accepted_with_its_reason_one_declined(screen):
    screen.press(screen.panel.search)
    screen.press(screen.panel.accept)
    (mark,) = screen.redactions
    assert (mark.box, mark.reason, mark.is_proposal, mark.colour) == (FACE.box, RedactionReason.FACE, True, REDACTION_COLOUR)
    assert screen.rows() == ["2 · Number plate", "3 · Text"], "a number stays with its proposal"
    screen.press(screen.panel.decline)
    assert screen.rows() == ["3 · Text"]
    assert len(screen.redactions) == 1
    screen.press(screen.panel.decline)
    assert not screen.panel.list.isVisible()
    assert screen.panel.said.text() == "All proposals have been seen."


def test_keys_decide_in_the_list(screen):
    screen.press(screen.panel.search)
    screen.panel.list.setFocus()
    QTest.keyClick(screen.panel.list, Qt.Key.Key_Down)
    QTest.keyClick(screen.panel.list, Qt.Key.Key_Return)
    settle()
    assert [mark.reason for mark in screen.redactions] == [RedactionReason.PLATE]
    QTest.keyClick(screen.panel.list, Qt.Key.Key_Delete)
    settle()
    assert screen.rows() == ["1 · Face"], "Delete leaves the proposal, not the mark"
    assert len(screen.redactions) == 1
    QTest.keyClick(screen.panel.list, Qt.Key.Key_Return)
    settle()
    assert len(screen.redactions) == 2
    assert screen.panel.search.hasFocus(), "the keyboard stays in the panel"


def test_all_are_accepted_in_one_step_that_undo_takes_back(screen):
    screen.press(screen.panel.search)
    screen.press(screen.panel.accept_all)
    assert [mark.box for mark in screen.redactions] == [FACE.box, PLATE.box, TEXT.box]
    assert screen.panel.said.text() == "3 places redacted."
    screen.presenter.undo()
    assert screen.redactions == []


def test_what_is_redacted_is_not_proposed_again(screen):
    screen.press(screen.panel.search)
    screen.press(screen.panel.accept_all)
    screen.press(screen.panel.search)
    assert screen.rows() == []
    assert screen.panel.said.text().startswith("Nothing found")


def test_a_failure_is_said_and_tried_again(screen, finder):
    finder.fails = WorldError("privacy.failed")
    screen.press(screen.panel.search)
    assert "did not work" in screen.panel.said.text()
    finder.fails = None
    screen.press(screen.panel.search)
    assert len(screen.rows()) == 3


def test_without_a_finder_there_is_no_button(api, snapshot):
    screen = Screen(api, snapshot, None)
    assert not screen.panel.search.isVisible()
    assert screen.panel.release_text.isHidden() or not screen.panel.release_text.isVisible()
    screen.view.close()


def test_the_reason_of_the_selected_redactions(screen):
    marks = [Redaction(id="a", box=Box(1, 1, 9, 9), colour=REDACTION_COLOUR),
             RedactionPen(id="b", points=(Point(50, 50), Point(80, 60)), colour=REDACTION_COLOUR, reason=RedactionReason.PLATE)]
    assert not screen.panel.reason.isVisible()
    screen.presenter.add_several(marks)
    settle()
    assert screen.panel.reason.isVisible()
    assert screen.panel.reason.value() is None, "they differ"
    screen.panel.reason.setCurrentIndex(screen.panel.reason.findData("card"))
    screen.panel.reason.activated.emit(screen.panel.reason.currentIndex())
    settle()
    assert {mark.reason for mark in screen.redactions} == {RedactionReason.CARD}
    assert screen.panel.reason.value() is RedactionReason.CARD
    screen.presenter.undo()
    assert {mark.reason for mark in screen.redactions} == {RedactionReason.OTHER, RedactionReason.PLATE}


def test_nothing_to_redact_is_said_to_the_service(api, snapshot, finder):
    i18n.set_language(Language.NL)
    api.snapshots_by_id[snapshot.id] = snapshot.model_copy(update={"release": ReleaseState.HELD})
    screen = Screen(api, snapshot, finder)
    assert "pas als je iets afdekt" in screen.panel.release_text.text()
    screen.press(screen.panel.nothing)
    assert api.snapshots_by_id[snapshot.id].release is ReleaseState.CLEARED
    assert "niets af te dekken" in screen.panel.release_text.text()
    assert not screen.panel.nothing.isVisible()
    screen.view.close()


def test_a_redaction_that_was_filed_lets_others_see_it(api, snapshot, finder):
    api.snapshots_by_id[snapshot.id] = snapshot.model_copy(update={"release": ReleaseState.HELD})
    screen = Screen(api, snapshot, finder)
    screen.press(screen.panel.search)
    screen.press(screen.panel.accept)
    assert not screen.panel.nothing.isVisible(), "there is something to redact"
    settle()  # saved by itself
    assert screen.panel.release_text.text() == "Colleagues see only the redacted picture."
    screen.view.close()


def test_a_refusal_is_said(api, snapshot, finder):
    i18n.set_language(Language.EN)
    api.snapshots_by_id[snapshot.id] = snapshot.model_copy(update={"release": ReleaseState.HELD})
    screen = Screen(api, snapshot, finder)

    async def refuse(_snapshot_id, _body):
        raise Conflict("snapshot.release_stale")

    api.release_snapshot = refuse
    screen.press(screen.panel.nothing)
    assert "better picture" in screen.panel.said.text()
    assert screen.panel.nothing.isEnabled()
    screen.view.close()


def test_another_picture_has_no_proposals_of_the_one_before(screen, api, snapshot):
    screen.press(screen.panel.search)
    other = api.add_snapshot(snapshot.case_id, JPEG, "damage")
    screen.view.opened(snapshot_id=other.id)
    settle()
    assert screen.rows() == []
    assert not screen.panel.list.isVisible()


def test_the_small_picture_shows_the_place_at_any_edge():
    picture = decode(JPEG, "image/jpeg")
    for box in (Box(0, 0, 5, 5), Box(picture.width_px - 3, picture.height_px - 2, 3, 2), Box(0, 0, picture.width_px, picture.height_px)):
        made = crop_of(picture, box)
        assert 0 < made.width() <= 96
        assert 0 < made.height() <= 64


def test_every_redaction_is_kept_in_the_schema():
    document = Document(640, 480, (
        Redaction(id="a", box=Box(1, 1, 9, 9), reason=RedactionReason.DOCUMENT, is_proposal=True), Rectangle(id="r", box=Box(0, 0, 5, 5)),
        RedactionPen(id="b", points=(Point(50, 50), Point(80, 60)), reason=RedactionReason.ADDRESS)))
    assert schema.from_json(schema.to_json(document)) == document
