"""Measuring in the editor, on the real screen: a reference found, put by hand or known; what rulers say; what is kept."""

from __future__ import annotations

import asyncio
import math

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.desktop.drawn import damaged_parcel_jpeg
from tests.desktop.fakes import make_context, sample_case
from videodesk.annotation import schema
from videodesk.annotation.marks import Point, Reference, ReferenceKind, Ruler
from videodesk.annotation.measuring import BANK_CARD_MM
from videodesk.core.errors import Invalid, NotFound
from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n
from videodesk.desktop.annotating import Tool
from videodesk.desktop.views.annotate import make
from videodesk.desktop.views.annotate_measure import MeasurePanel

LEFT, NONE, SHIFT = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier
JPEG = damaged_parcel_jpeg()
# 400 × 252.24 px: 4.673 px a mm, straight from the front.
CORNERS = (Point(200, 200), Point(600, 200), Point(600, 200 + 400 * 53.98 / 85.6), Point(200, 200 + 400 * 53.98 / 85.6))
PX_PER_MM = 400 / 85.6


class FakeFinder:
    """Finds and snaps to what a test put there; `asked` lists what was looked for."""

    def __init__(self) -> None:
        self.found: Reference | None = Reference(ReferenceKind.BANK_CARD, CORNERS, BANK_CARD_MM, 0.2)
        self.snaps: Reference | None = None
        self.fails: Invalid | None = None
        self.asked: list[tuple[object, ...]] = []

    def find(self, bgra, width_px, height_px, kind):
        assert len(bgra) == width_px * height_px * 4
        self.asked.append(("find", kind))
        if self.fails is not None:
            raise self.fails
        return self.found

    def snapped(self, bgra, width_px, height_px, reference):
        assert len(bgra) == width_px * height_px * 4
        self.asked.append(("snapped", reference))
        return self.snaps


class Screen:
    def __init__(self, api, snapshot, finder):
        self.context = make_context(api, finder=finder)
        self.view = make(self.context)
        self.view.resize(1280, 800)
        self.view.show()
        self.view.opened(snapshot_id=snapshot.id)
        settle()
        self.panel = self.view.findChild(MeasurePanel)
        self.presenter = self.view.marks

    @property
    def rulers(self):
        return [mark for mark in self.presenter.state.document.marks if isinstance(mark, Ruler)]

    def ruler(self, start, end, mark_id="r"):
        self.presenter.add(Ruler(id=mark_id, start=Point(*start), end=Point(*end)))
        settle()
        return self.rulers[-1]

    def said(self):
        return self.panel.said.text()

    def choose(self, kind):
        self.panel.kind.setCurrentIndex(list(ReferenceKind).index(kind))
        self.panel.kind.activated.emit(self.panel.kind.currentIndex())
        settle()

    def press(self, button):
        assert button.isVisible()
        assert button.isEnabled()
        QTest.mouseClick(button, LEFT)
        settle()


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
    made.view.choose_tool(Tool.RULER)
    settle()
    return made


def test_the_ruler_turns_to_measuring_and_a_found_card_measures(screen, finder):
    assert screen.panel.isVisible()
    assert "no reference" in screen.said()
    screen.press(screen.panel.seek)
    assert finder.asked == [("find", ReferenceKind.BANK_CARD)]
    assert "Found" in screen.said()
    assert "85.6 × 54 mm" in screen.panel.in_use.text()
    ruler = screen.ruler((650, 300), (650, 300 + 50 * PX_PER_MM))
    assert ruler.measured.value_mm == pytest.approx(50.0)
    assert ruler.reference.kind is ReferenceKind.BANK_CARD
    assert screen.panel.value.text() == "50.0 mm"
    assert "Bank card" in screen.panel.interval.text()


def test_moving_an_end_measures_anew_and_one_undo_takes_both_back(screen):
    screen.press(screen.panel.seek)
    ruler = screen.ruler((650, 300), (650, 400))
    before = ruler.measured
    screen.presenter.change(Ruler(id="r", start=ruler.start, end=Point(650, 500), reference=ruler.reference))
    assert screen.rulers[0].measured.value_mm == pytest.approx(2 * before.value_mm)
    screen.presenter.undo()
    assert screen.rulers[0].measured == before


def test_a_ruler_drawn_before_gets_its_value_when_the_reference_comes_and_loses_it_when_it_goes(screen):
    ruler = screen.ruler((650, 300), (650, 400))
    assert ruler.measured is None
    assert screen.panel.value.text() == "This line has no length."
    screen.press(screen.panel.seek)
    assert screen.rulers[0].measured is not None
    screen.press(screen.panel.forget)
    assert screen.rulers[0].measured is None
    assert screen.rulers[0].reference is None
    assert not screen.panel.forget.isVisible()
    screen.presenter.undo()
    assert screen.rulers[0].measured is not None


def test_where_nothing_is_found_the_panel_says_so_and_what_stood_stays(screen, finder):
    screen.press(screen.panel.seek)
    finder.found = None
    screen.press(screen.panel.seek)
    assert "Not found" in screen.said()
    assert screen.presenter.state.reference is not None
    finder.fails = Invalid("picture.unreadable")
    screen.press(screen.panel.seek)
    assert "Not found" not in screen.said()
    assert screen.said()


def test_why_a_line_is_not_measured_is_said_in_words(screen):
    screen.press(screen.panel.seek)
    screen.ruler((650, 300), (654, 300))
    assert "too short" in screen.panel.interval.text()
    i18n.set_language(Language.NL)
    screen.panel.retranslate()
    assert "te kort" in screen.panel.interval.text()


def test_corners_put_by_keys_and_mouse(screen, finder):
    dialog = screen.panel.open_corners()
    settle()
    canvas = dialog.canvas
    assert canvas.hasFocus()
    first = canvas.corners[0]
    QTest.keyClick(canvas, Qt.Key.Key_Right)
    QTest.keyClick(canvas, Qt.Key.Key_Down, SHIFT)
    assert canvas.corners[0] == Point(first.x + 1, first.y + 10)
    QTest.keyClick(canvas, Qt.Key.Key_Tab)
    QTest.keyClick(canvas, Qt.Key.Key_Tab)
    assert canvas.active == 2
    assert "Point 3 of 4" in canvas.accessibleDescription()
    QTest.keyClick(canvas, Qt.Key.Key_Backtab)
    assert canvas.active == 1
    for at, corner in enumerate(CORNERS):
        place = canvas.view.to_widget(canvas.corners[at]).toPoint()
        QTest.mousePress(canvas, LEFT, NONE, place)
        QTest.mouseMove(canvas, canvas.view.to_widget(corner).toPoint())
        QTest.mouseRelease(canvas, LEFT, NONE, canvas.view.to_widget(corner).toPoint())
        assert math.dist(canvas.corners[at], corner) < 3 / canvas.view.zoom
    dialog.confirm.click()
    settle()
    (_, asked), = finder.asked
    assert asked.kind is ReferenceKind.BANK_CARD
    assert asked.corner_px == pytest.approx(canvas.hand_px)
    assert screen.presenter.state.reference == asked, "no edges there: it stays as it was put"
    assert "where you put them" in screen.said()


def test_the_points_stay_on_the_picture_and_the_picture_zooms_under_them(screen):
    dialog = screen.panel.open_corners()
    canvas = dialog.canvas
    canvas.move_to(Point(-500, 99_999))
    assert canvas.corners[0] == Point(0, canvas.picture.height_px)
    before = canvas.view.zoom
    QTest.keyClick(canvas, Qt.Key.Key_Plus)
    assert canvas.view.zoom > before
    assert canvas.hand_px > 0
    dialog.reject()
    assert screen.presenter.state.reference is None


def test_corners_near_edges_snap_to_them(screen, finder):
    finder.snaps = finder.found
    dialog = screen.panel.open_corners()
    dialog.confirm.click()
    settle()
    assert screen.presenter.state.reference == finder.found
    assert "on the edges" in screen.said()


def test_corners_that_no_card_has_are_refused(screen):
    dialog = screen.panel.open_corners()
    settle()
    dialog.canvas.corners = (CORNERS[1], CORNERS[0], CORNERS[2], CORNERS[3])
    dialog.confirm.click()
    settle()
    assert screen.presenter.state.reference is None
    assert "cannot belong" in screen.said()


def test_a_known_length(screen):
    screen.choose(ReferenceKind.KNOWN_LENGTH)
    assert not screen.panel.seek.isVisible()
    assert not screen.panel.use.isEnabled(), "there is no line yet"
    screen.ruler((600, 400), (900, 400), "known")
    screen.press(screen.panel.use)
    assert "how long" in screen.said()
    screen.panel.length.setText("150")
    screen.press(screen.panel.use)
    assert screen.panel.in_use.text() == "Reference: Known length, 150 mm"
    ruler = screen.ruler((650, 500), (750, 500), "other")
    assert ruler.measured.value_mm == pytest.approx(50.0)
    assert ruler.measured.high_mm > 50.3


def test_a_print_that_is_not_true_to_size_is_reckoned_with(screen, finder):
    square = (Point(300, 300), Point(500, 300), Point(500, 500), Point(300, 500))
    finder.found = Reference(ReferenceKind.MARKER, square, (100.0, 100.0), 0.2)
    screen.choose(ReferenceKind.MARKER)
    screen.press(screen.panel.seek)
    ruler = screen.ruler((550, 350), (550, 450))
    assert ruler.measured.value_mm == pytest.approx(50.0)
    screen.panel.printed.setText("97")
    screen.panel.printed.editingFinished.emit()
    settle()
    assert screen.rulers[0].measured.value_mm == pytest.approx(48.5)
    screen.press(screen.panel.seek)
    assert screen.presenter.state.reference.size_mm == pytest.approx((97.0, 97.0))


def test_by_hand_the_small_square_can_be_meant(screen, finder):
    screen.choose(ReferenceKind.MARKER)
    screen.panel.square.setCurrentIndex(1)
    screen.panel.square.activated.emit(1)
    screen.panel.open_corners().confirm.click()
    settle()
    assert finder.asked[-1][1].size_mm == (40.0, 40.0)


def test_the_link_to_the_measuring_card_is_the_service_s(screen, api):
    screen.choose(ReferenceKind.MARKER)
    screen.press(screen.panel.link)
    assert QGuiApplication.clipboard().text() == "https://desk.example.nl/api/v1/marker.pdf?language=en"
    assert "clipboard" in screen.said()
    api.fail_next = NotFound("case.unknown")
    screen.press(screen.panel.link)
    assert "clipboard" not in screen.said()


def test_what_was_measured_is_filed_and_reopened_as_it_was(screen, api, snapshot, finder):
    screen.press(screen.panel.seek)
    ruler = screen.ruler((650, 300), (650, 400))
    screen.presenter.save()
    saved = api.annotations[snapshot.id][-1]
    assert schema.from_json(saved.document).find(ruler.id) == ruler
    again = Screen(api, snapshot, finder)
    assert again.rulers == [ruler]
    assert again.presenter.state.reference == ruler.reference
    assert again.presenter.state.history.can_undo is False
    again.ruler((700, 300), (700, 400), "more")
    assert again.rulers[1].measured.value_mm == pytest.approx(ruler.measured.value_mm)


def test_without_a_finder_corners_are_put_by_hand(api, snapshot):
    screen = Screen(api, snapshot, None)
    screen.view.choose_tool(Tool.RULER)
    settle()
    assert not screen.panel.seek.isVisible()
    screen.press(screen.panel.corners)
    dialog = QApplication.activeModalWidget() or screen.panel._dialog
    dialog.canvas.corners = CORNERS
    dialog.confirm.click()
    settle()
    assert screen.presenter.state.reference.points == CORNERS


def test_another_picture_begins_without_what_was_said_of_the_last(screen, api):
    screen.press(screen.panel.seek)
    case = asyncio.run(api.add_case(sample_case()))
    other = api.add_snapshot(case.id, JPEG, "damage")
    screen.view.opened(snapshot_id=other.id)
    settle()
    assert screen.presenter.state.reference is None
    assert "no reference" in screen.said()


def test_every_control_is_reached_by_tab_and_named(screen):
    screen.choose(ReferenceKind.MARKER)
    named = [widget for widget in (screen.panel.kind, screen.panel.seek, screen.panel.corners, screen.panel.page, screen.panel.link,
                                   screen.panel.printed, screen.panel.square) if widget.isVisible()]
    assert len(named) == 7
    for widget in named:
        assert widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    assert screen.panel.rect().contains(screen.panel.seek.mapTo(screen.panel, QPoint(0, 0)))


def test_undoing_another_reference_brings_the_one_before_back_for_new_rulers_too(screen, finder):
    screen.press(screen.panel.seek)
    first = screen.presenter.state.reference
    screen.ruler((650, 300), (650, 400))
    finder.found = Reference(ReferenceKind.BANK_CARD, tuple(corner.plus(5, 0) for corner in CORNERS), BANK_CARD_MM, 0.2)
    screen.press(screen.panel.seek)
    second = screen.presenter.state.reference
    assert second != first
    assert screen.rulers[0].reference == second
    screen.presenter.undo()
    assert screen.rulers[0].reference == first
    assert screen.presenter.state.reference == first
    assert screen.presenter.state.history.can_redo
    screen.presenter.redo()
    assert screen.presenter.state.reference == second


def test_what_was_found_is_shown_and_a_press_on_it_opens_the_corners(screen):
    assert not screen.panel.preview.isVisible()
    screen.press(screen.panel.seek)
    shown = screen.panel.preview.grab().toImage()
    yellow = sum(shown.pixelColor(x, y).name() == "#ffd43b" for x in range(shown.width()) for y in range(shown.height()))
    assert yellow > 100
    screen.press(screen.panel.preview)
    assert screen.panel._dialog.canvas.corners == CORNERS
    screen.panel._dialog.reject()
    screen.press(screen.panel.forget)
    assert not screen.panel.preview.isVisible()
