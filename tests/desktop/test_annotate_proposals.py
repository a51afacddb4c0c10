"""Proposals to redact, outlined on the canvas: seen on any picture, taken by a click, decided by keys, painted where they change, never kept."""

from __future__ import annotations

import asyncio
import io

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.desktop.fakes import sample_case
from tests.desktop.test_annotate_redact import FACE, JPEG, LEFT, PLATE, TEXT, FakeFinder, Screen, settle
from videodesk.annotation.marks import Arrow, Box, Point, Redaction, RedactionPen
from videodesk.annotation.privacy_ports import Proposal
from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n
from videodesk.desktop.annotating import Tool
from videodesk.desktop.drawing.rendition import rendered_pixels
from videodesk.desktop.views.annotate_proposals import Outline

CTRL = Qt.KeyboardModifier.ControlModifier


class Found(Screen):
    """The editor after the search, the keys on the canvas."""

    def __init__(self, api, snapshot, finder):
        super().__init__(api, snapshot, finder)
        self.canvas = self.view.canvas
        self.press(self.panel.search)
        self.canvas.setFocus()
        settle()

    @property
    def outlines(self) -> list[Outline]:
        return sorted(self.canvas.proposals.outlines(), key=lambda one: one.place)

    @property
    def words(self) -> list[str]:
        return [one.words for one in self.outlines]

    @property
    def row(self) -> int:
        return self.panel.list.currentRow()

    def at(self, x: float, y: float) -> QPoint:
        return self.canvas.placing.to_widget(Point(x, y)).toPoint()

    def middle(self, one: Proposal) -> QPoint:
        return self.at(*one.box.centre)

    def click(self, place: QPoint) -> None:
        QTest.mouseClick(self.canvas, LEFT, Qt.KeyboardModifier.NoModifier, place)
        settle()

    def drag(self, start: QPoint, end: QPoint) -> None:
        QTest.mousePress(self.canvas, LEFT, Qt.KeyboardModifier.NoModifier, start)
        for step in range(1, 6):
            QTest.mouseMove(self.canvas, start + (end - start) * step / 5)
        QTest.mouseRelease(self.canvas, LEFT, Qt.KeyboardModifier.NoModifier, end)
        settle()

    def key(self, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
        QTest.keyClick(self.canvas, key, modifiers)
        settle()

    def pixels(self) -> np.ndarray:
        """The canvas as it looks, height × width × 3."""
        image = self.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        plain = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
        return plain[:, :image.width() * 3].reshape(image.height(), image.width(), 3).copy()


class Painted(QObject):
    """Which part of a widget was painted again."""

    def __init__(self, widget):
        super().__init__(widget)
        self.rects: list[QRect] = []
        widget.installEventFilter(self)

    def eventFilter(self, _watched, event):
        if event.type() == QEvent.Type.Paint:
            self.rects.append(event.region().boundingRect())
        return False


@pytest.fixture
def finder():
    return FakeFinder()


@pytest.fixture
def screen(api, finder):
    i18n.set_language(Language.EN)
    case = asyncio.run(api.add_case(sample_case()))
    made = Found(api, api.add_snapshot(case.id, JPEG, "damage"), finder)
    yield made
    made.view.close()


def test_each_is_outlined_where_it_lies_and_the_one_at_hand_says_what_it_is(screen):
    assert screen.words == ["1 · Face", "2", "3"]
    for outline, one in zip(screen.outlines, (FACE, PLATE, TEXT), strict=True):
        lies = screen.canvas.placing.rect(one.box)
        assert outline.rect.contains(lies)
        assert outline.rect.width() <= max(lies.width(), 14) + 5
        assert outline.rect.height() <= max(lies.height(), 14) + 5
        assert not outline.tag.intersects(outline.rect), "the tag hides nothing of it"
    assert [one.is_at_hand for one in screen.outlines] == [True, False, False]


@pytest.mark.parametrize("ground", [0, 90, 128, 200, 255])
def test_they_are_seen_on_any_picture(screen, api, ground):
    flat = io.BytesIO()
    Image.new("RGB", (1280, 720), (ground, ground, ground)).save(flat, "JPEG", quality=95)
    other = api.add_snapshot(screen.presenter.state.snapshot.case_id, flat.getvalue(), "damage")
    screen.view.opened(snapshot_id=other.id)
    settle()
    screen.press(screen.panel.search)
    assert len(screen.outlines) == 3
    pixels = screen.pixels().astype(int)
    for outline in screen.outlines:
        left, top, wide = round(outline.rect.left()), round(outline.rect.top()), round(outline.rect.width())
        along = pixels[top - 2:top + 4, left:left + wide].reshape(-1, 3).max(axis=1)
        assert max(abs(along.max() - ground), abs(along.min() - ground)) >= 110


def test_a_click_takes_one_in_the_list_and_enter_and_delete_decide(screen):
    screen.click(screen.middle(TEXT))
    assert screen.row == 2
    assert screen.words == ["1", "2", "3 · Text"]
    assert screen.canvas.hasFocus()
    screen.key(Qt.Key.Key_Delete)
    assert screen.rows() == ["1 · Face", "2 · Number plate"]
    assert screen.words == ["1", "2 · Number plate"], "the outline is gone, the neighbour is at hand"
    screen.key(Qt.Key.Key_Return)
    assert [mark.box for mark in screen.redactions] == [PLATE.box]
    assert screen.words == ["1 · Face"]
    screen.key(Qt.Key.Key_Backspace)
    assert screen.outlines == []
    assert len(screen.redactions) == 1, "Backspace left the proposal, not the mark"
    assert screen.panel.said.text() == "All proposals have been seen."


def test_the_tag_is_clicked_too_also_over_a_mark(screen):
    tag = screen.outlines[1].tag
    start, end = (screen.canvas.placing.to_picture(place) for place in (tag.topLeft(), tag.bottomRight()))
    screen.presenter.add_several([Redaction(id="under", box=Box.between(start, end).grown(8))])
    screen.presenter.choose_tool(Tool.SELECT)
    screen.presenter.select(None)
    settle()
    screen.click(tag.center().toPoint())
    assert screen.row == 1
    assert screen.presenter.state.selected_ids == ()


def test_of_two_on_one_place_the_smaller_is_meant(screen, finder):
    inner = Proposal(Box(320, 205, 30, 20), PLATE.reason, PLATE.seen, 0.5)
    finder.found = (PLATE, inner)
    screen.press(screen.panel.search)
    screen.click(screen.middle(inner))
    assert screen.row == 1
    screen.click(screen.at(410, 215))
    assert screen.row == 0


def test_with_marks_selected_the_keys_are_theirs(screen):
    screen.presenter.add_several([Arrow(id="a", start=Point(500, 500), end=Point(600, 560))])
    settle()
    screen.key(Qt.Key.Key_Delete)
    assert screen.presenter.state.document.marks == ()
    assert len(screen.outlines) == 3


def test_esc_lets_go_and_a_click_takes_it_again(screen):
    screen.presenter.choose_tool(Tool.REDACTION)
    screen.key(Qt.Key.Key_Escape)
    assert screen.words == ["1", "2", "3"]
    assert screen.presenter.state.tool is Tool.REDACTION
    assert screen.row == -1
    assert not screen.panel.accept.isEnabled()
    screen.key(Qt.Key.Key_Return)
    (own,) = screen.redactions
    assert not own.is_proposal, "Enter places one by hand, as without proposals"
    screen.click(screen.middle(PLATE))
    assert screen.row == 1
    screen.key(Qt.Key.Key_Return)
    assert screen.redactions[-1].box == PLATE.box


@pytest.mark.parametrize("tool", [Tool.REDACTION, Tool.REDACTION_PEN])
def test_dragging_over_one_draws_as_ever(screen, tool):
    screen.presenter.choose_tool(tool)
    screen.drag(screen.middle(TEXT), screen.at(300, 460))
    (mark,) = screen.redactions
    assert isinstance(mark, Redaction if tool is Tool.REDACTION else RedactionPen)
    assert not mark.is_proposal
    assert len(screen.outlines) == 3


def test_another_tool_draws_over_them_and_has_its_own_keys(screen):
    screen.presenter.choose_tool(Tool.ARROW)
    settle()
    assert screen.words == ["1", "2", "3"], "none is at hand while something else is drawn"
    screen.drag(screen.middle(FACE), screen.middle(PLATE))
    assert [type(mark) for mark in screen.presenter.state.document.marks] == [Arrow]
    assert len(screen.outlines) == 3


def test_a_click_turns_to_the_list_and_shows_its_row(screen, finder):
    finder.found = tuple(Proposal(Box(40 + 90 * n, 60 + 30 * (n % 9), 60, 20), TEXT.reason, TEXT.seen, 0.5) for n in range(12))
    screen.press(screen.panel.search)
    screen.presenter.choose_tool(Tool.SELECT)
    screen.view.panel.tabs.setCurrentIndex(0)
    settle()
    assert not screen.panel.isVisible()
    screen.click(screen.middle(finder.found[10]))
    assert screen.panel.isVisible()
    shown = screen.panel.list.visualItemRect(screen.panel.list.item(10))
    assert screen.panel.list.viewport().rect().contains(shown.center())
    assert not screen.panel.list.visibleRegion().isEmpty()


def test_the_list_brings_the_place_into_sight(screen):
    screen.canvas.zoom_to(6.0)
    screen.canvas.pan_by(9999, 9999)
    settle()
    assert screen.canvas.rect().contains(screen.middle(FACE)) is False
    screen.panel.list.setFocus()
    for key, one in ((Qt.Key.Key_Down, PLATE), (Qt.Key.Key_Down, TEXT), (Qt.Key.Key_Home, FACE)):
        QTest.keyClick(screen.panel.list, key)
        settle()
        assert screen.canvas.rect().contains(screen.middle(one))
    assert screen.canvas.view.zoom == pytest.approx(6.0)


@pytest.mark.parametrize("button", ["accept_all", "decline_all"])
def test_all_decided_leaves_no_outline(screen, button):
    before = screen.pixels()
    screen.press(getattr(screen.panel, button))
    assert screen.outlines == []
    screen.presenter.select(None)
    screen.presenter.undo()
    settle()
    assert (screen.pixels() != before).any()
    if button == "decline_all":
        around = screen.canvas.placing.rect(PLATE.box).toAlignedRect()
        clean = screen.pixels()[around.top() - 6:around.bottom() + 6, around.left() - 6:around.right() + 6].astype(int)
        assert clean.max(axis=(0, 1)).tolist() != [255, 212, 59]


def test_another_picture_has_none(screen, api):
    other = api.add_snapshot(screen.presenter.state.snapshot.case_id, JPEG, "damage")
    screen.view.opened(snapshot_id=other.id)
    settle()
    assert screen.outlines == []


def test_on_a_turned_picture_they_lie_on_the_same_thing(screen):
    screen.presenter.turn(1)
    settle()
    for outline, one in zip(screen.outlines, (FACE, PLATE, TEXT), strict=True):
        assert outline.rect.contains(screen.canvas.placing.rect(one.box))
    tall = screen.outlines[1].rect
    assert tall.height() > tall.width(), "the plate stands upright now"
    screen.click(screen.middle(TEXT))
    assert screen.row == 2


def test_a_change_paints_their_places_again_and_no_more(screen):
    screen.canvas.pointer = screen.canvas.rect().center().toPointF()
    QApplication.processEvents()
    painted = Painted(screen.canvas)
    screen.panel.list.setCurrentRow(1)
    settle()
    assert painted.rects, "something was painted"
    whole = screen.canvas.rect()
    places = [one.area.toAlignedRect() for one in screen.outlines[:2]]
    around = places[0].united(places[1]).adjusted(-60, -4, 60, 4)
    assert all(around.contains(rect) for rect in painted.rects), (painted.rects, around)
    assert all(rect.width() * rect.height() < whole.width() * whole.height() / 4 for rect in painted.rects)


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_what_is_painted_in_part_equals_what_is_painted_whole(screen, steps):
    target = QImage(screen.canvas.size(), QImage.Format.Format_RGB32)
    screen.canvas.render(target)
    areas = []

    def keep(region):
        areas.append(region)
        screen.canvas.update(region)

    screen.canvas.proposals._repaint = keep
    for _ in range(steps):
        screen.presenter.select(None)
        screen.panel.list.setCurrentRow((screen.row + 1) % 3)
        for region in areas:
            screen.canvas.render(target, region.boundingRect().topLeft(), region)
        areas.clear()
    fresh = QImage(screen.canvas.size(), QImage.Format.Format_RGB32)
    screen.canvas.render(fresh)
    assert target == fresh


def test_they_are_in_no_rendition_and_no_copy(screen):
    state = screen.presenter.state
    plain = rendered_pixels(state.picture, state.document)
    screen.click(screen.middle(PLATE))
    screen.key(Qt.Key.Key_C, CTRL | Qt.KeyboardModifier.ShiftModifier)
    for _ in range(3000):
        settle()
        if not QApplication.clipboard().image().isNull():
            break
        QTest.qWait(10)
    copied = QApplication.clipboard().image()
    assert not copied.isNull()
    colours = {copied.pixelColor(x, round(PLATE.box.y) + d).name() for x in range(300, 420) for d in range(-3, 4)}
    assert "#ffd43b" not in colours
    assert np.array_equal(rendered_pixels(screen.presenter.state.picture, screen.presenter.state.document), plain)


def test_in_dutch_the_tag_is_dutch(screen):
    i18n.set_language(Language.NL)
    screen.view.retranslate()
    screen.panel.retranslate()
    settle()
    assert screen.words[0] == "1 · Gezicht"
    assert screen.rows()[1] == "2 · Kenteken"
