"""The editor beyond one mark: several at once, looks, the clipboard, framing, stamps and the panels, on the real view."""

import asyncio
import json
import random

import pytest
from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.desktop.drawn import damaged_parcel_jpeg
from tests.desktop.fakes import sample_case
from tests.desktop.test_annotate import CTRL, JPEG, LEFT, NONE, SHIFT, Screen
from videodesk.annotation import schema
from videodesk.annotation.arranging import Alignment, Axis
from videodesk.annotation.document import Framing
from videodesk.annotation.marks import (
    COLOURS,
    REDACTION_COLOUR,
    Arrow,
    Box,
    Callout,
    Ellipse,
    Highlighter,
    Kind,
    Line,
    Measured,
    Pen,
    Point,
    Rectangle,
    Redaction,
    RedactionPen,
    RedactionReason,
    Reference,
    ReferenceKind,
    Ruler,
    Spotlight,
    Stamp,
    StampKind,
    Step,
    Text,
    kind_of,
)
from videodesk.core.vocabulary import Language
from videodesk.desktop import actions, i18n
from videodesk.desktop.annotating import MAX_QUICK_STYLES, SHAPES, Filed, QuickStyle, Tool
from videodesk.desktop.drawing.painting import text_box
from videodesk.desktop.drawing.pictures import decode
from videodesk.desktop.drawing.rendition import render
from videodesk.desktop.presenters.annotate import AnnotatePresenter
from videodesk.desktop.views.annotate import AnnotateView, make

ALT = Qt.KeyboardModifier.AltModifier
CARD = Reference(ReferenceKind.BANK_CARD, (Point(0, 0), Point(856, 0), Point(856, 540), Point(0, 540)), (85.6, 53.98))


@pytest.fixture
def screen(api):
    case = asyncio.run(api.add_case(sample_case()))
    return Screen(api, api.add_snapshot(case.id, JPEG, "damage"))


@pytest.fixture
def three(screen):
    """Three rectangles of different sizes, from the lowest."""
    for name, box in (("a", Box(100, 100, 60, 40)), ("b", Box(300, 160, 80, 80)), ("c", Box(700, 140, 40, 100))):
        screen.presenter.add(Rectangle(id=name, box=box))
    return screen


def ids(screen):
    return [mark.id for mark in screen.marks]


def boxes(screen):
    return [mark.box for mark in screen.marks]


def widget(screen, name):
    found = [one for one in screen.view.findChildren(QWidget, name) if one.isVisible()]
    assert len(found) == 1, name
    return found[0]


def press(screen, name):
    QTest.mouseClick(widget(screen, name), LEFT)


def type_into(screen, name, words):
    field = widget(screen, name)
    field.setFocus()
    field.selectAll()
    QTest.keyClicks(field, words)
    QTest.keyClick(field, Qt.Key.Key_Return)


# ── every action ─────────────────────────────────────────────────────────────────────────────────────────────────


def test_every_action_of_the_screen_does_something(screen):
    missing = [spec.id for spec in actions.in_scope("annotate") if not screen.view.knows(spec.id.removeprefix("annotate."))]
    assert missing == []
    assert not screen.view.act("annotate.no_such")


def test_every_tool_is_in_the_toolbar_with_a_name(screen):
    for tool in Tool:
        button = widget(screen, f"annotate.tool.{tool}")
        assert button.accessibleName() == i18n.t(f"annotate.{tool}")
        QTest.mouseClick(button, LEFT)
        assert screen.presenter.state.tool is tool


def test_the_toolbar_fits_a_window_of_1280(screen):
    for language in Language:
        i18n.set_language(language)
        assert screen.view.minimumSizeHint().width() <= 1280 - 92


@pytest.mark.parametrize(("key", "modifiers", "tool"), [
    (Qt.Key.Key_M, NONE, Tool.HIGHLIGHTER), (Qt.Key.Key_K, NONE, Tool.CALLOUT), (Qt.Key.Key_S, NONE, Tool.STAMP),
    (Qt.Key.Key_F, NONE, Tool.SPOTLIGHT), (Qt.Key.Key_U, NONE, Tool.RULER), (Qt.Key.Key_B, SHIFT, Tool.REDACTION_PEN),
    (Qt.Key.Key_X, NONE, Tool.CROP), (Qt.Key.Key_H, NONE, Tool.PAN), (Qt.Key.Key_5, NONE, Tool.ARROW), (Qt.Key.Key_C, NONE, Tool.ELLIPSE),
])
def test_keys_of_the_tools(screen, key, modifiers, tool):
    screen.key(key, modifiers)
    assert screen.presenter.state.tool is tool


@pytest.mark.parametrize(("tool", "made"), [
    (Tool.HIGHLIGHTER, Highlighter), (Tool.STAMP, Stamp), (Tool.SPOTLIGHT, Spotlight), (Tool.RULER, Ruler), (Tool.REDACTION_PEN, RedactionPen),
])
def test_every_tool_draws_its_mark_with_the_mouse_and_with_enter(screen, tool, made):
    screen.presenter.choose_tool(tool)
    screen.drag((300, 300), (500, 400))
    assert [type(mark) for mark in screen.marks] == [made]
    screen.presenter.choose_tool(tool)
    screen.key(Qt.Key.Key_Return)
    assert [type(mark) for mark in screen.marks] == [made, made]
    assert all(mark.colour == screen.presenter.state.style_for(kind_of(mark)).colour for mark in screen.marks)


def test_a_callout_is_drawn_and_gets_its_words(screen):
    screen.key(Qt.Key.Key_K)
    screen.drag((700, 400), (900, 200))
    words = widget(screen, "annotate.words")
    QTest.keyClicks(words, "Deuk")
    screen.key(Qt.Key.Key_Return, CTRL, words)
    callout = screen.marks[0]
    assert isinstance(callout, Callout)
    assert callout.text == "Deuk"
    assert (callout.target.x, callout.target.y) == pytest.approx((700, 400), abs=2)


def test_tab_takes_the_next_shape_and_shift_tab_the_one_before(screen):
    screen.key(Qt.Key.Key_A)
    screen.key(Qt.Key.Key_Tab)
    assert screen.presenter.state.tool is Tool.LINE
    screen.key(Qt.Key.Key_Backtab, SHIFT)
    assert screen.presenter.state.tool is Tool.ARROW


def test_the_shape_goes_round(screen):
    screen.presenter.choose_tool(Tool.ARROW)
    seen = []
    for _ in SHAPES:
        assert screen.presenter.cycle_shape()
        seen.append(screen.presenter.state.tool)
    assert seen == [*SHAPES[1:], SHAPES[0]]
    screen.presenter.choose_tool(Tool.PEN)
    assert not screen.presenter.cycle_shape()
    assert screen.presenter.state.tool is Tool.PEN


# ── several marks ────────────────────────────────────────────────────────────────────────────────────────────────


def test_several_are_chosen_in_the_list_and_moved_as_one_step(three):
    marks = three.view.panel.list
    model = marks.selectionModel()
    model.select(marks.marks.index(0), QItemSelectionModel.SelectionFlag.Select)
    model.select(marks.marks.index(2), QItemSelectionModel.SelectionFlag.Select)
    assert {mark.id for mark in three.presenter.state.selection} == {"a", "c"}
    marks.setFocus()
    three.key(Qt.Key.Key_Right, CTRL, marks)
    assert [box.x for box in boxes(three)] == [101, 300, 701]
    assert {index.row() for index in model.selectedIndexes()} == {0, 2}
    three.presenter.undo()
    assert [box.x for box in boxes(three)] == [100, 300, 700]


def test_shift_and_arrows_widen_the_choice_in_the_list(three):
    marks = three.view.panel.list
    marks.setFocus()
    three.presenter.select("c")
    three.key(Qt.Key.Key_Down, SHIFT, marks)
    assert {mark.id for mark in three.presenter.state.selection} == {"b", "c"}
    assert three.presenter.state.selected_id == "b"


def test_letters_in_the_list_are_tools_not_a_search(three):
    three.view.panel.list.setFocus()
    three.key(Qt.Key.Key_P, NONE, three.view.panel.list)
    assert three.presenter.state.tool is Tool.PEN


def test_several_are_deleted_together_and_come_back_where_they_were(three):
    three.presenter.select_several(["a", "c"])
    three.key(Qt.Key.Key_Delete)
    assert ids(three) == ["b"]
    assert three.presenter.state.selected_id == "b"
    three.key(Qt.Key.Key_Z, CTRL)
    assert ids(three) == ["a", "b", "c"]


def test_all_are_deleted_and_one_undo_brings_them_back(three):
    before = three.presenter.state.document
    three.key(Qt.Key.Key_Delete, CTRL | SHIFT)
    assert three.marks == ()
    three.key(Qt.Key.Key_Z, CTRL)
    assert three.presenter.state.document == before


@pytest.mark.parametrize(("side", "expected"), [
    (Alignment.LEFT, [(100, 100), (100, 160), (100, 140)]), (Alignment.RIGHT, [(680, 100), (660, 160), (700, 140)]),
    (Alignment.CENTRE, [(390, 100), (380, 160), (400, 140)]), (Alignment.TOP, [(100, 100), (300, 100), (700, 100)]),
    (Alignment.BOTTOM, [(100, 200), (300, 160), (700, 140)]), (Alignment.MIDDLE, [(100, 150), (300, 130), (700, 120)]),
])
def test_alignment(three, side, expected):
    three.key(Qt.Key.Key_A, CTRL)
    press(three, f"annotate.align_{side}")
    assert [tuple(box[:2]) for box in boxes(three)] == expected
    three.presenter.undo()
    assert [tuple(box[:2]) for box in boxes(three)] == [(100, 100), (300, 160), (700, 140)]


def test_alignment_by_keys(three):
    three.key(Qt.Key.Key_A, CTRL)
    three.key(Qt.Key.Key_L, ALT | SHIFT)
    assert [box.x for box in boxes(three)] == [100, 100, 100]


def test_distributing_makes_the_gaps_equal_and_leaves_the_outermost(three):
    three.presenter.select_all()
    press(three, "annotate.distribute_across")
    first, second, third = boxes(three)
    assert (first.x, third.x) == (100, 700)
    assert second.x - first.right == pytest.approx(third.x - second.right)
    press(three, "annotate.distribute_down")
    first, second, third = sorted(boxes(three), key=lambda box: box.centre.y)
    assert second.y - first.bottom == pytest.approx(third.y - second.bottom)


def test_a_group_is_chosen_aligned_and_copied_as_one(three):
    three.presenter.select_several(["a", "b"])
    three.key(Qt.Key.Key_G, CTRL)
    three.presenter.select("a")
    assert set(three.presenter.state.selected_ids) == {"a", "b"}
    three.presenter.select("a", alone=True)
    assert three.presenter.state.selected_ids == ("a",)
    three.presenter.select_several(["a", "b", "c"])
    three.presenter.align(Alignment.LEFT)
    assert [box.x for box in boxes(three)] == [100, 300, 100]
    three.presenter.select("a")
    three.presenter.duplicate()
    copies = three.presenter.state.selection
    assert len(copies) == 2
    assert copies[0].group == copies[1].group != three.marks[0].group
    three.key(Qt.Key.Key_G, CTRL | SHIFT)
    assert {mark.group for mark in three.presenter.state.selection} == {""}


def test_the_order_of_several(three):
    three.presenter.add(Rectangle(id="d", box=Box(0, 0, 50, 50)))
    three.presenter.select_several(["a", "c"])
    three.key(Qt.Key.Key_BracketRight)
    assert ids(three) == ["b", "a", "d", "c"]
    three.key(Qt.Key.Key_BracketRight)
    assert ids(three) == ["b", "d", "a", "c"]
    three.key(Qt.Key.Key_BracketRight)
    assert ids(three) == ["b", "d", "a", "c"]
    press(three, "annotate.several_to_back")
    assert ids(three) == ["a", "c", "b", "d"]
    three.key(Qt.Key.Key_BracketRight, CTRL)
    assert ids(three) == ["b", "d", "a", "c"]
    three.presenter.raise_selected(-1)
    assert ids(three) == ["b", "a", "c", "d"]


def test_a_document_that_is_full_takes_no_more_and_says_so(three, monkeypatch):
    said = []
    three.presenter.tell = said.append
    monkeypatch.setattr(schema, "MAX_MARKS", 4)
    three.presenter.select_all()
    three.presenter.duplicate()
    three.presenter.copy()
    three.presenter.paste()
    three.presenter.add_several(three.presenter.copies(three.marks))
    assert len(three.marks) == 3
    assert said == ["annotate.too_many"] * 3
    three.presenter.add(Step(id="s", at=Point(5, 5)))
    three.presenter.add(Step(id="t", at=Point(5, 5)))
    assert len(three.marks) == 4
    assert len(said) == 4


def test_several_are_stretched_by_the_numbers_of_their_box(three):
    three.presenter.select_several(["a", "b"])
    type_into(three, "annotate.several_width", "560")
    first, second, third = boxes(three)
    assert (first.x, first.width) == (100, 120)
    assert (second.x, second.width) == (500, 160)
    assert third == Box(700, 140, 40, 100)


def test_several_cannot_be_lost_outside_and_keep_their_distances(three):
    three.presenter.select_all()
    three.presenter.nudge(5000, -5000)
    first, second, third = boxes(three)
    assert (second.x - first.x, third.x - first.x) == (200, 600)
    assert first.x <= three.presenter.state.document.width_px
    assert third.bottom >= 0


# ── looks and the clipboard ──────────────────────────────────────────────────────────────────────────────────────


def test_style_goes_from_one_mark_to_others_but_redactions_stay_dark(three):
    three.presenter.add(Redaction(id="r", box=Box(10, 10, 50, 50), colour=REDACTION_COLOUR))
    three.presenter.select("a")
    three.presenter.choose_colour(COLOURS[3])
    three.presenter.choose_width(11)
    three.key(Qt.Key.Key_C, CTRL | ALT)
    three.presenter.select_several(["b", "r"])
    three.key(Qt.Key.Key_V, CTRL | ALT)
    found = {mark.id: (mark.colour, mark.width_px) for mark in three.marks}
    assert found["b"] == (COLOURS[3], 11)
    assert found["r"] == (REDACTION_COLOUR, 11)
    three.key(Qt.Key.Key_Z, CTRL)
    assert three.presenter.state.document.find("b").width_px != 11


def test_marks_go_to_another_picture(three, api):
    other = api.add_snapshot(three.snapshot.case_id, damaged_parcel_jpeg(), "label")
    three.presenter.select_several(["a", "b"])
    three.key(Qt.Key.Key_X, CTRL)
    assert ids(three) == ["c"]
    three.view.opened(snapshot_id=other.id)
    three.key(Qt.Key.Key_V, CTRL)
    three.key(Qt.Key.Key_V, CTRL)
    assert len(three.marks) == 4
    assert len(set(ids(three))) == 4
    assert not {"a", "b"} & set(ids(three))
    assert [mark.box.width for mark in three.marks] == [60, 80, 60, 80]


def test_own_styles_are_kept_taken_and_dropped(api):
    case = asyncio.run(api.add_case(sample_case()))
    shot = api.add_snapshot(case.id, JPEG, "damage")
    screen = Screen(api, shot)
    view = make(screen.context)
    view.resize(1280, 800)
    view.show()
    view.opened(snapshot_id=shot.id)
    presenter = view.marks
    presenter.choose_colour(COLOURS[3])
    presenter.choose_width(12.8)
    QTest.mouseClick(view.findChild(QWidget, "annotate.keep_style"), LEFT)
    assert screen.context.preferences.value.annotate_styles == ["#1c7ed6 0.01000"]
    presenter.choose_colour(COLOURS[0])
    presenter.choose_width(3)
    QTest.mouseClick(view.findChild(QWidget, "annotate.style.0"), LEFT)
    assert (presenter.state.colour, presenter.state.width_px) == (COLOURS[3], 13.0)
    again = make(screen.context)
    assert again.marks.state.quick_styles == (QuickStyle(COLOURS[3], 0.01),)
    chip = view.findChild(QWidget, "annotate.style.0")
    QTest.keyClick(chip, Qt.Key.Key_Delete)
    assert screen.context.preferences.value.annotate_styles == []
    for width in range(1, 10):
        presenter.choose_width(width)
        presenter.keep_style()
    assert len(presenter.state.quick_styles) == MAX_QUICK_STYLES


@pytest.mark.parametrize("kept", ["", "red 0.1", "#e5352b", "#e5352b x", "#e5352b nan", "#e5352b -1", "#e5352b 7", 12, None])
def test_styles_that_somebody_else_wrote_are_left_out(kept):
    assert QuickStyle.read(kept) is None


def test_the_highlighter_has_its_own_colour(screen):
    screen.presenter.choose_tool(Tool.HIGHLIGHTER)
    assert screen.presenter.state.style_for(Kind.HIGHLIGHTER).colour == COLOURS[1]
    screen.presenter.choose_colour(COLOURS[2])
    assert screen.presenter.state.style_for(Kind.HIGHLIGHTER).colour == COLOURS[2]
    assert screen.presenter.state.style_for(Kind.ARROW).colour == COLOURS[0]


def test_a_colour_that_would_change_nothing_cannot_be_chosen(three):
    for tool, is_free in ((Tool.REDACTION, False), (Tool.STAMP, False), (Tool.PEN, True)):
        three.presenter.choose_tool(tool)
        assert widget(three, "annotate.colour.blue").isEnabled() is is_free
    three.presenter.select("a")
    assert widget(three, "annotate.colour.blue").isEnabled()


def test_the_width_is_typed_too(three):
    three.presenter.select("a")
    type_into(three, "annotate.width_px", "7,5")
    assert three.presenter.state.document.find("a").width_px == 7.5
    type_into(three, "annotate.width_px", "nonsense")
    assert three.presenter.state.document.find("a").width_px == 7.5
    assert widget(three, "annotate.width_px").text() == "7.5"


# ── stamps, words, geometry in numbers ───────────────────────────────────────────────────────────────────────────


def test_stamps_speak_the_language_and_know_the_serial_number(api):
    case = asyncio.run(api.add_case(sample_case(serial="SN-4711")))
    screen = Screen(api, api.add_snapshot(case.id, JPEG, "damage"))
    screen.key(Qt.Key.Key_S)
    press(screen, "annotate.stamp.serial")
    screen.click(400, 300)
    stamp = screen.marks[0]
    assert isinstance(stamp, Stamp)
    assert (stamp.stamp, stamp.text) == (StampKind.SERIAL, "S/N SN-4711")
    i18n.set_language(Language.NL)
    press(screen, "annotate.stamp.damage")
    assert screen.marks[0].text == "SCHADE"
    assert screen.marks[0].colour == COLOURS[0]
    assert screen.presenter.state.document.find(stamp.id).stamp is StampKind.DAMAGE


def test_without_a_serial_number_the_stamp_says_what_it_is(api):
    case = asyncio.run(api.add_case(sample_case(serial="")))
    screen = Screen(api, api.add_snapshot(case.id, JPEG, "damage"))
    screen.presenter.choose_stamp(StampKind.SERIAL)
    assert screen.presenter.state.style_for(Kind.STAMP).words == i18n.t("annotate.stamp_words.serial")


def test_a_case_that_does_not_come_keeps_nobody_from_drawing(screen, api):
    api.cases_by_id.clear()
    screen.presenter.reload()
    assert screen.presenter.state.picture is not None
    assert screen.presenter.state.serial == ""


def test_letters_typed_in_one_go_are_one_step(screen):
    screen.presenter.add(Text(id="t", at=Point(50, 50), text="Deuk"))
    field = widget(screen, "annotate.mark_words")
    field.setFocus()
    QTest.keyClicks(field, "abc ")
    assert "abc" in screen.marks[0].text
    steps = len(screen.presenter.state.history.done)
    assert steps == 2
    screen.presenter.undo()
    assert screen.marks[0].text == "Deuk"
    QTest.keyClicks(field, "x")
    screen.presenter.nudge(1, 0)
    QTest.keyClicks(field, "y")
    assert len(screen.presenter.state.history.done) == 4


def test_every_geometry_has_number_fields(screen):
    screen.presenter.add(Arrow(id="a", start=Point(100, 100), end=Point(200, 150)))
    type_into(screen, "annotate.end_x", "260")
    type_into(screen, "annotate.start_y", "90")
    assert (screen.marks[0].start, screen.marks[0].end) == (Point(100, 90), Point(260, 150))
    screen.presenter.add(Callout(id="c", at=Point(300, 300), target=Point(500, 500), text="hier"))
    type_into(screen, "annotate.target_x", "510")
    type_into(screen, "annotate.x", "290")
    callout = screen.presenter.state.document.find("c")
    assert callout.at.x == pytest.approx(290, abs=1)
    assert callout.target == Point(510, 500)
    screen.presenter.add(Spotlight(id="s", box=Box(10, 10, 100, 100)))
    type_into(screen, "annotate.width", "222")
    assert screen.presenter.state.document.find("s").box == Box(10, 10, 222, 100)


# ── framing ──────────────────────────────────────────────────────────────────────────────────────────────────────


def test_cropping_and_turning_by_keys_and_numbers_can_be_reset_and_undone(screen):
    screen.key(Qt.Key.Key_X)
    type_into(screen, "annotate.crop_width", "640")
    type_into(screen, "annotate.crop_x", "100")
    assert screen.presenter.state.framing.crop == Box(100, 0, 640, 720)
    screen.canvas.setFocus()
    screen.key(Qt.Key.Key_R, SHIFT)
    assert screen.presenter.state.framing.turns == 1
    assert screen.presenter.state.document.rendition_size == (720, 640)
    screen.key(Qt.Key.Key_L, SHIFT)
    screen.key(Qt.Key.Key_L, SHIFT)
    assert screen.presenter.state.framing.turns == 3
    screen.presenter.save()
    again = Screen(screen.api, screen.snapshot)
    assert again.presenter.state.framing == Framing(Box(100, 0, 640, 720), 3)
    press(screen, "annotate.reset_framing")
    assert screen.presenter.state.framing == Framing()
    for _ in range(6):
        screen.presenter.undo()
    assert screen.presenter.state.framing == Framing()
    for _ in range(5):
        screen.presenter.redo()
    assert screen.presenter.state.framing == Framing(Box(100, 0, 640, 720), 3)


@pytest.mark.parametrize(("box", "crop"), [
    (Box(-50, -50, 200, 200), Box(0, 0, 150, 150)), (Box(0, 0, 5000, 5000), None), (Box(10.4, 20.6, 99.8, 50), Box(10, 21, 100, 50)),
    (Box(2000, 10, 50, 50), None), (Box(10, 10, 0.2, 50), None),
])
def test_a_crop_is_whole_pixels_inside_the_picture(screen, box, crop):
    screen.presenter.crop(box)
    assert screen.presenter.state.framing.crop == crop


# ── measuring and redacting, as the panels use them ──────────────────────────────────────────────────────────────


def test_a_ruler_is_measured_in_the_step_that_moved_it(screen):
    screen.presenter.remeasure = lambda ruler: ruler.__class__(
        id=ruler.id, colour=ruler.colour, width_px=ruler.width_px, start=ruler.start, end=ruler.end, reference=ruler.reference,
        measured=Measured(abs(ruler.end.x - ruler.start.x) / 10, 0, 1000))
    screen.presenter.set_reference(CARD)
    screen.key(Qt.Key.Key_U)
    screen.drag((100, 100), (300, 100))
    ruler = screen.marks[0]
    assert isinstance(ruler, Ruler)
    assert ruler.reference == CARD
    assert ruler.measured.value_mm == pytest.approx(20, abs=0.3)
    type_into(screen, "annotate.end_x", "500")
    assert screen.marks[0].measured.value_mm == pytest.approx(40, abs=0.3)
    screen.presenter.undo()
    assert screen.marks[0] == ruler
    screen.presenter.set_reference(None)
    assert screen.marks[0].measured is None
    screen.presenter.undo()
    assert screen.marks[0] == ruler


def test_proposals_that_are_accepted_come_as_one_step_and_get_their_reason(screen):
    screen.presenter.add_several(
        Redaction(id=f"r{n}", box=Box(10 * n, 10, 8, 8), colour=REDACTION_COLOUR, is_proposal=True) for n in range(3))
    assert len(screen.presenter.state.selection) == 3
    screen.presenter.give_reason(RedactionReason.FACE)
    assert {mark.reason for mark in screen.marks} == {RedactionReason.FACE}
    screen.presenter.undo()
    screen.presenter.undo()
    assert screen.marks == ()


EVERY_KIND = (
    Arrow(id="1", start=Point(1.25, 2), end=Point(300, 40)), Line(id="2", start=Point(5, 5), end=Point(9, 90), name="rand"),
    Rectangle(id="3", box=Box(10, 10, 50.5, 60), group="g"), Ellipse(id="4", box=Box(100, 10, 50, 60), group="g"),
    Pen(id="5", points=(Point(1, 1), Point(20.5, 33), Point(40, 2))), Highlighter(id="6", points=(Point(90, 90), Point(200, 95)), colour=COLOURS[1]),
    Text(id="7", at=Point(400, 50), text="één\nregel"), Step(id="8", at=Point(500, 500)), Callout(id="9", at=Point(600, 50), target=Point(700, 300), text="hier"),
    Stamp(id="10", at=Point(200, 600), stamp=StampKind.SERIAL, text="S/N 4"), Spotlight(id="11", box=Box(300, 300, 200, 200)),
    Ruler(id="12", start=Point(10, 700), end=Point(800, 690), reference=CARD, measured=Measured(78.9, 77.0, 80.8)),
    Redaction(id="13", box=Box(900, 500, 50, 50), colour=REDACTION_COLOUR, reason=RedactionReason.PLATE, is_proposal=True),
    RedactionPen(id="14", points=(Point(1000, 600), Point(1100, 610)), colour=REDACTION_COLOUR, reason=RedactionReason.FACE),
)


def test_marks_of_every_kind_are_identical_when_opened_again_and_none_breaks_the_panels(screen):
    assert {kind_of(mark) for mark in EVERY_KIND} == set(Kind)
    screen.presenter.add_several(EVERY_KIND)
    for mark in EVERY_KIND:
        screen.presenter.select(mark.id, alone=True)
        QApplication.processEvents()
    screen.presenter.crop(Box(0, 0, 1200, 700))
    screen.presenter.turn(3)
    screen.presenter.save()
    again = Screen(screen.api, screen.snapshot)
    assert again.marks == EVERY_KIND
    assert again.presenter.state.document == screen.presenter.state.document
    assert again.presenter.state.filed is Filed.SAVED


# ── files of other programs ──────────────────────────────────────────────────────────────────────────────────────


def said(screen):
    return screen.context.navigation.said[-1]


def test_marks_go_to_a_file_and_come_back_equal_on_an_empty_picture(screen, tmp_path):
    screen.presenter.add_several(EVERY_KIND)
    screen.presenter.crop(Box(0, 0, 1200, 700))
    before = screen.presenter.state.document
    path = tmp_path / "marks.jsonld"
    screen.view.exchange.write(path)
    assert said(screen) == ("annotate.web_saved", {"name": "marks.jsonld"})
    assert json.loads(path.read_text("utf-8"))["type"] == "AnnotationPage"
    screen.presenter.delete_all()
    screen.presenter.reset_framing()
    screen.view.exchange.read(path)
    assert screen.presenter.state.document == before
    assert said(screen) == ("annotate.web_added", {"n": 14})
    screen.presenter.undo()
    assert screen.marks == ()
    screen.presenter.redo()
    screen.view.exchange.read(path)
    assert len(screen.marks) == len(set(ids(screen))) == 28


@pytest.mark.parametrize("data", [
    b"", b"{", b"[" * 100_000, b"\xff\xfe\x00", b'"x"', b"[]", b'{"type": "AnnotationPage", "items": []}', b"NaN", b'{"type": "Annotation"}',
    json.dumps({"type": "Annotation", "target": {"selector": {"type": "SvgSelector", "value": "<!DOCTYPE x [<!ENTITY a 'b'>]><svg>&a;</svg>"}}}).encode(),
])
def test_a_file_that_has_no_marks_changes_nothing_and_says_so(screen, tmp_path, data):
    path = tmp_path / "hostile.json"
    path.write_bytes(data)
    screen.view.exchange.read(path)
    assert screen.marks == ()
    assert said(screen)[0] in {"annotate.web_not_read", "annotate.web_none"}


def test_a_file_or_folder_that_is_not_there_is_told(screen, tmp_path):
    screen.view.exchange.read(tmp_path / "none.json")
    assert said(screen)[0] == "annotate.web_not_read"
    screen.view.exchange.write(tmp_path / "no" / "folder" / "x.jsonld")
    assert said(screen)[0] == "annotate.web_not_saved"


def test_a_rectangle_of_another_program_becomes_a_mark(screen, tmp_path):
    path = tmp_path / "other.json"
    path.write_text(json.dumps({
        "@context": "http://www.w3.org/ns/anno.jsonld", "type": "Annotation", "body": {"type": "TextualBody", "value": "Dent"},
        "target": {"source": "https://example.org/a.jpg", "selector": {"type": "FragmentSelector", "value": "xywh=10,20,30,40"}}}))
    screen.view.exchange.read(path)
    assert [(type(mark), mark.box) for mark in screen.marks] == [(Rectangle, Box(10, 20, 30, 40))]
    assert screen.presenter.state.filed is Filed.UNSAVED


# ── undo of everything ───────────────────────────────────────────────────────────────────────────────────────────


def random_deed(chance, presenter):
    """One thing that a person could do now."""
    marks = presenter.state.document.marks
    x, y = chance.randrange(1200), chance.randrange(700)
    fresh = [
        Rectangle(id=presenter.fresh_id(), box=Box(x, y, 50, 40)), Pen(id=presenter.fresh_id(), points=(Point(x, y), Point(x + 9, y + 5))),
        Step(id=presenter.fresh_id(), at=Point(x, y)), Highlighter(id=presenter.fresh_id(), points=(Point(x, y), Point(x + 20, y))),
        RedactionPen(id=presenter.fresh_id(), points=(Point(x, y),), colour=REDACTION_COLOUR), Ruler(id=presenter.fresh_id(), start=Point(x, y), end=Point(3, 4)),
        Callout(id=presenter.fresh_id(), at=Point(x, y), target=Point(1, 2), text="x"), Stamp(id=presenter.fresh_id(), at=Point(x, y), stamp=StampKind.OK, text="OK"),
        Spotlight(id=presenter.fresh_id(), box=Box(x, y, 70, 30)),
    ]
    chosen = chance.sample([mark.id for mark in marks], k=min(len(marks), chance.randrange(4)))
    presenter.select_several(chosen)
    chance.choice([
        lambda: presenter.add(chance.choice(fresh)), lambda: presenter.add(chance.choice(fresh)), presenter.delete, presenter.duplicate,
        presenter.group, presenter.ungroup, presenter.to_front, presenter.to_back, lambda: presenter.raise_selected(chance.choice((-1, 1))),
        lambda: presenter.align(chance.choice(list(Alignment))), lambda: presenter.distribute(chance.choice(list(Axis))),
        lambda: presenter.nudge(chance.randrange(-99, 99), chance.randrange(-99, 99)), lambda: presenter.grow(5, -3), presenter.copy, presenter.paste,
        presenter.cut, lambda: presenter.choose_colour(chance.choice(COLOURS)), lambda: presenter.choose_width(chance.randrange(1, 20)),
        lambda: presenter.crop(Box(x, y, 300, 200)), lambda: presenter.turn(1), presenter.reset_framing, lambda: presenter.rename(f"n{x}"),
        lambda: presenter.set_reference(chance.choice((CARD, None))), lambda: chance.random() < 0.1 and presenter.delete_all(),
        lambda: chance.random() < 0.3 and presenter.undo(), lambda: presenter.give_reason(RedactionReason.PLATE),
    ])()


@pytest.mark.parametrize("seed", range(8))
def test_whatever_was_done_can_be_undone_to_the_first_document_and_redone_to_the_last(screen, seed):
    chance = random.Random(seed)
    presenter = screen.presenter
    first = presenter.state.document
    for _ in range(250):
        random_deed(chance, presenter)
    last = presenter.state.document
    assert schema.from_json(schema.to_json(last)) == last
    steps = 0
    while presenter.state.history.can_undo:
        presenter.undo()
        steps += 1
    assert steps >= 100
    assert presenter.state.document == first
    assert presenter.state.filed is Filed.SAVED
    while presenter.state.history.can_redo:
        presenter.redo()
    assert presenter.state.document == last
    QApplication.processEvents()


def test_the_view_takes_pages_of_others_and_turns_to_them_with_their_tools(api):
    from videodesk.desktop.views.annotate_side_panel import Page
    from videodesk.desktop.widgets import Label

    class Shown(Label):
        seen = 0

        def show_state(self, _state):
            self.seen += 1

    case = asyncio.run(api.add_case(sample_case()))
    screen = Screen(api, api.add_snapshot(case.id, JPEG, "damage"))
    page = Shown("measuring")
    presenter = AnnotatePresenter(api, screen.context.tasks, api.clock, decode=decode, render=render, measure=text_box, autosave_after_s=None)
    view = AnnotateView(screen.context, presenter, (Page("annotate.ruler", page, page, frozenset({Tool.RULER})),))
    view.show()
    view.opened(snapshot_id=screen.snapshot.id)
    assert not page.isVisible()
    presenter.choose_tool(Tool.RULER)
    assert page.isVisible()
    presenter.add(Ruler(id="r", start=Point(1, 1), end=Point(50, 50)))
    assert presenter.state.tool is Tool.SELECT
    assert page.isVisible()
    presenter.choose_tool(Tool.PEN)
    assert not page.isVisible()
    assert page.seen > 3
