"""The canvas with several marks, cut and turned pictures, and hands that zoom: by mouse, wheel, fingers and keys."""

import numpy as np
import pytest
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QNativeGestureEvent, QPointingDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu, QPlainTextEdit

from tests.desktop.test_annotate import CTRL, JPEG, LEFT, NONE, SHIFT, Screen, settle
from tests.desktop.test_annotate import screen as screen  # noqa: PLC0414 - a fixture
from videodesk.annotation.document import Framing
from videodesk.annotation.geometry import bounds
from videodesk.annotation.marks import Box, Callout, Line, Point, Rectangle, Step
from videodesk.desktop.annotating import Tool
from videodesk.desktop.drawing.pictures import decode
from videodesk.desktop.drawing.rendition import rendered_pixels
from videodesk.desktop.views import annotate_crop as crop
from videodesk.desktop.views.annotate_overlay import loupe_words

ALT = Qt.KeyboardModifier.AltModifier


def at(screen, x, y):
    """A place of the original in the widget, also when the picture is turned."""
    return screen.canvas.placing.to_widget(Point(x, y))


def mouse(screen, kind, place, button, modifiers):
    held = Qt.MouseButton.NoButton if kind is QEvent.Type.MouseButtonRelease else LEFT
    QApplication.sendEvent(screen.canvas, QMouseEvent(kind, place, screen.canvas.mapToGlobal(place), button, held, modifiers))


def drag(screen, start, end, modifiers=NONE, *, release=True):
    mouse(screen, QEvent.Type.MouseButtonPress, at(screen, *start), LEFT, modifiers)
    for step in range(1, 6):
        place = at(screen, start[0] + (end[0] - start[0]) * step / 5, start[1] + (end[1] - start[1]) * step / 5)
        mouse(screen, QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton, modifiers)
    if release:
        mouse(screen, QEvent.Type.MouseButtonRelease, at(screen, *end), LEFT, modifiers)
    settle()


def rested(screen):
    """The hand that zoomed rests, and the scene is painted sharp."""
    for _ in range(6000):
        if not screen.canvas._rest.isActive():
            break
        QTest.qWait(10)
    assert not screen.canvas._rest.isActive()


def two_boxes(screen):
    one = Rectangle(id="one", box=Box(200, 150, 200, 120))
    other = Rectangle(id="two", box=Box(600, 300, 200, 120))
    screen.presenter.add_several([one, other])
    screen.presenter.select(None)
    screen.presenter.choose_tool(Tool.SELECT)
    settle()
    return one, other


def by_id(screen):
    return {mark.id: mark for mark in screen.marks}


# ── several marks ────────────────────────────────────────────────────────────────────────────────────────────────


def test_a_rubber_band_takes_what_lies_inside_it_and_all_move_as_one_step(screen):
    two_boxes(screen)
    drag(screen, (150, 100), (850, 470))
    assert set(screen.presenter.state.selected_ids) == {"one", "two"}
    steps = len(screen.presenter.state.history.done)
    drag(screen, (300, 210), (340, 240))
    assert by_id(screen)["one"].box.x == pytest.approx(240, abs=3)
    assert by_id(screen)["two"].box.y == pytest.approx(330, abs=3)
    assert len(screen.presenter.state.history.done) == steps + 1
    screen.presenter.undo()
    assert by_id(screen)["two"].box == Box(600, 300, 200, 120)


def test_a_band_that_only_touches_takes_nothing_and_shift_adds(screen):
    two_boxes(screen)
    drag(screen, (100, 100), (300, 200))
    assert screen.presenter.state.selected_ids == ()
    screen.click(200, 210)
    assert screen.presenter.state.selected_ids == ("one",)
    mouse(screen, QEvent.Type.MouseButtonPress, at(screen, 600, 360), LEFT, SHIFT)
    mouse(screen, QEvent.Type.MouseButtonRelease, at(screen, 600, 360), LEFT, SHIFT)
    assert set(screen.presenter.state.selected_ids) == {"one", "two"}
    screen.click(50, 50)
    assert screen.presenter.state.selected_ids == ()


def test_several_are_stretched_together_by_the_box_around_them(screen):
    two_boxes(screen)
    screen.presenter.select_all()
    drag(screen, (800, 420), (1100, 555))
    grown = by_id(screen)
    assert grown["one"].box.width == pytest.approx(300, abs=6)
    assert grown["two"].box.right == pytest.approx(1100, abs=6)


def test_ctrl_while_dragging_leaves_the_marks_and_moves_copies(screen):
    two_boxes(screen)
    screen.click(200, 210)
    drag(screen, (250, 150), (350, 250), CTRL)
    assert len(screen.marks) == 3
    assert by_id(screen)["one"].box == Box(200, 150, 200, 120)
    copy = screen.presenter.state.selected
    assert copy.id not in {"one", "two"}
    assert copy.box.x == pytest.approx(300, abs=3)


def test_a_click_takes_the_group_and_a_double_click_one_of_it(screen):
    two_boxes(screen)
    screen.presenter.select_all()
    screen.presenter.group()
    screen.presenter.select(None)
    screen.click(200, 210)
    assert set(screen.presenter.state.selected_ids) == {"one", "two"}
    QTest.mouseDClick(screen.canvas, LEFT, NONE, at(screen, 200, 210).toPoint())
    assert screen.presenter.state.selected_ids == ("one",)


def test_alt_stretches_from_the_middle(screen):
    two_boxes(screen)
    screen.click(200, 210)
    drag(screen, (400, 270), (450, 300), ALT)
    box = by_id(screen)["one"].box
    assert box.centre.x == pytest.approx(300, abs=2)
    assert box.centre.y == pytest.approx(210, abs=2)
    assert box.width == pytest.approx(300, abs=6)


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────


def test_tab_takes_the_handles_one_after_the_other_and_arrows_move_them(screen):
    screen.presenter.add(Line(id="line", start=Point(200, 200), end=Point(500, 300)))
    screen.presenter.choose_tool(Tool.SELECT)
    screen.presenter.select("line")
    screen.canvas.setFocus()
    screen.key(Qt.Key.Key_Tab)
    screen.key(Qt.Key.Key_Right)
    screen.key(Qt.Key.Key_Tab)
    screen.key(Qt.Key.Key_Down, SHIFT)
    line = by_id(screen)["line"]
    assert (line.start, line.end) == (Point(201, 200), Point(500, 310))
    screen.key(Qt.Key.Key_Escape)
    screen.key(Qt.Key.Key_Right)
    assert by_id(screen)["line"].start == Point(202, 200)
    assert screen.canvas.hasFocus()
    for _ in range(3):
        screen.key(Qt.Key.Key_Tab)
    assert not screen.canvas.hasFocus(), "after the last handle Tab goes on: nobody is caught in the picture"


def test_words_of_a_callout_are_typed_in_its_bubble(screen):
    screen.presenter.choose_tool(Tool.CALLOUT)
    drag(screen, (300, 400), (500, 200))
    words = screen.view.findChild(QPlainTextEdit, "annotate.words")
    assert words.isVisible()
    QTest.keyClicks(words, "Scheur")
    QTest.keyClick(words, Qt.Key.Key_Return, CTRL)
    made = screen.marks[-1]
    assert isinstance(made, Callout)
    assert made.text == "Scheur"
    assert made.target.x == pytest.approx(300, abs=2)
    assert made.at.y == pytest.approx(200, abs=2)


# ── cutting and turning ──────────────────────────────────────────────────────────────────────────────────────────


def test_a_crop_is_drawn_moved_and_stretched_and_is_undone(screen):
    screen.presenter.choose_tool(Tool.CROP)
    drag(screen, (200, 100), (900, 600))
    box = screen.presenter.state.framing.crop
    assert (box.x, box.right) == (pytest.approx(200, abs=3), pytest.approx(900, abs=3))
    drag(screen, (500, 350), (550, 380))
    moved = screen.presenter.state.framing.crop
    assert moved.x == pytest.approx(box.x + 50, abs=3)
    drag(screen, (moved.right, moved.bottom), (moved.right + 100, moved.bottom - 100))
    stretched = screen.presenter.state.framing.crop
    assert stretched.width == pytest.approx(moved.width + 100, abs=4)
    screen.key(Qt.Key.Key_Left, CTRL)
    assert screen.presenter.state.framing.crop.width == stretched.width - 1
    screen.key(Qt.Key.Key_Return)
    assert screen.presenter.state.tool is Tool.SELECT
    for _ in range(4):
        screen.presenter.undo()
    assert screen.presenter.state.framing == Framing()


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_on_a_turned_picture_the_hand_draws_where_it_points(screen, turns):
    screen.presenter.turn(turns)
    settle()
    screen.presenter.choose_tool(Tool.RECTANGLE)
    drag(screen, (300, 200), (500, 330))
    made = bounds(screen.marks[-1])
    assert (made.x, made.y) == (pytest.approx(300, abs=3), pytest.approx(200, abs=3))
    assert (made.width, made.height) == (pytest.approx(200, abs=5), pytest.approx(130, abs=5))
    before = at(screen, made.x, made.y)
    screen.key(Qt.Key.Key_Right, SHIFT)
    moved = bounds(screen.marks[-1])
    after = at(screen, moved.x, moved.y)
    assert after.x() > before.x()
    assert after.y() == pytest.approx(before.y(), abs=0.01)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_what_is_seen_at_100_per_cent_is_the_rendition(screen, turns):
    two_boxes(screen)
    screen.presenter.turn(turns)
    screen.canvas.zoom_to(1.0)
    rested(screen)
    shot = screen.canvas.grab().toImage()
    pixels = rendered_pixels(decode(JPEG, "image/jpeg"), screen.presenter.state.document)
    left, top = int(screen.canvas.view.left), int(screen.canvas.view.top)
    differing = 0
    for x in range(60, screen.canvas.width() - 60, 7):
        for y in range(60, screen.canvas.height() - 60, 7):
            px, py = x - left, y - top
            if 0 <= px < pixels.shape[1] and 0 <= py < pixels.shape[0]:
                seen = shot.pixelColor(x, y)
                differing += (seen.blue(), seen.green(), seen.red()) != tuple(pixels[py, px][:3])
    assert differing == 0


def test_crop_geometry_stays_inside():
    whole = Box(0, 0, 100, 80)
    assert crop.held(Box(-20, -20, 500, 500), whole) == whole
    assert crop.shifted(Box(10, 10, 50, 50), 500, -500, whole) == Box(50, 0, 50, 50)
    small = crop.stretched(Box(10, 10, 50, 50), crop.Handle.E, Point(-50, 0), whole)
    assert small.width == crop.SMALLEST_PX
    assert crop.drawn_crop(Point(90, 70), Point(300, 300), whole, constrained=False, from_centre=False).right == 100


# ── looking ──────────────────────────────────────────────────────────────────────────────────────────────────────


def wheel(screen, turned, modifiers=NONE):
    place = QPointF(screen.canvas.rect().center())
    QApplication.sendEvent(screen.canvas, QWheelEvent(
        place, screen.canvas.mapToGlobal(place), QPoint(), QPoint(0, turned), Qt.MouseButton.NoButton, modifiers, Qt.ScrollPhase.NoScrollPhase, False))


def test_the_scene_is_not_painted_anew_while_one_pans_or_zooms(screen):
    two_boxes(screen)
    screen.canvas.zoom_to(2.0)
    screen.canvas.grab()
    rested(screen)
    screen.canvas.grab()
    painted = screen.canvas.scene.painted
    for _ in range(10):
        screen.canvas.pan_by(7, 5)
        screen.canvas.grab()
    assert screen.canvas.scene.painted == painted
    for _ in range(4):
        wheel(screen, 30)
        screen.canvas.grab()
    assert screen.canvas.scene.painted == painted
    rested(screen)
    screen.canvas.grab()
    assert screen.canvas.scene.painted == painted + 1


def seen_and_anew(screen):
    """What is seen, and what is seen when the whole scene is painted anew; the first must not have painted all of it."""
    painted = screen.canvas.scene.painted
    one = screen.canvas.grab().toImage()
    assert screen.canvas.scene.painted == painted
    screen.canvas.scene.forget()
    other = screen.canvas.grab().toImage()
    assert screen.canvas.scene.painted == painted + 1
    return one, other


def sharp_at_100_per_cent(screen):
    screen.canvas.zoom_to(1.0)
    rested(screen)
    screen.canvas.grab()


def a_mark_on_top(screen):
    screen.presenter.add(Line(id="line", start=Point(200, 200), end=Point(500, 300)))


def a_mark_below_changed(screen):
    screen.presenter.change_several((Rectangle(id="one", box=Box(560, 260, 200, 120), colour="#1c7ed6", width_px=14),))


def a_mark_removed(screen):
    screen.presenter.select("one")
    screen.presenter.delete()


def the_lowest_put_on_top(screen):
    screen.presenter.change_several((Rectangle(id="one", box=Box(560, 260, 200, 120), colour="#1c7ed6", width_px=14),))
    screen.canvas.grab()
    screen.presenter.select("one")
    screen.presenter.to_front()


def steps_renumbered(screen):
    screen.presenter.add_several([Step(id="first", at=Point(300, 400)), Step(id="second", at=Point(500, 420))])
    screen.canvas.grab()
    screen.presenter.select("first")
    screen.presenter.delete()


@pytest.mark.parametrize("does", [a_mark_on_top, a_mark_below_changed, a_mark_removed, the_lowest_put_on_top, steps_renumbered])
def test_only_what_changed_is_painted_and_looks_as_if_all_were_painted_anew(screen, does):
    two_boxes(screen)
    sharp_at_100_per_cent(screen)
    before = screen.canvas.grab().toImage()
    does(screen)
    screen.presenter.select(None)
    one, other = seen_and_anew(screen)
    assert one == other
    assert one != before


@pytest.mark.parametrize("way", [(-30, -17), (30, 17), (-30, 17)])
def test_far_pans_paint_only_what_comes_into_sight(screen, way):
    two_boxes(screen)
    screen.canvas.zoom_to(3.0)
    rested(screen)
    screen.canvas.grab()
    for _ in range(40):
        screen.canvas.pan_by(*way)
        screen.canvas.grab()
    one, other = seen_and_anew(screen)
    assert one == other


def test_alt_and_the_wheel_change_the_width(screen):
    before = screen.presenter.state.width_px
    wheel(screen, 120, ALT)
    assert screen.presenter.state.width_px > before
    two_boxes(screen)
    screen.presenter.select("one")
    width = by_id(screen)["one"].width_px
    wheel(screen, -120, ALT)
    assert by_id(screen)["one"].width_px < width


def test_two_fingers_zoom(screen):
    before = screen.canvas.view.zoom
    place = QPointF(screen.canvas.rect().center())
    pinch = QNativeGestureEvent(Qt.NativeGestureType.ZoomNativeGesture, QPointingDevice.primaryPointingDevice(), 2, place, place,
                                screen.canvas.mapToGlobal(place), 0.5, QPointF())
    QApplication.sendEvent(screen.canvas, pinch)
    assert screen.canvas.view.zoom == pytest.approx(before * 1.5)


def test_the_loupe_says_the_px_and_its_colour(screen):
    screen.view.act("annotate.loupe")
    place = at(screen, 640.5, 360.5)
    mouse(screen, QEvent.Type.MouseMove, place, Qt.MouseButton.NoButton, NONE)
    picture = screen.presenter.state.picture
    words = loupe_words(picture, Point(640.5, 360.5), Point(640.5, 360.5))
    blue, green, red = (int(part) for part in picture.pixels[360, 640][:3])
    assert words == f"x 640, y 360  #{red:02x}{green:02x}{blue:02x}"
    with_loupe = np.array(screen.canvas.grab().toImage().constBits())
    screen.key(Qt.Key.Key_Escape)
    assert not screen.canvas.has_loupe
    assert not np.array_equal(with_loupe, np.array(screen.canvas.grab().toImage().constBits()))


def test_a_right_click_offers_what_can_be_done(screen):
    two_boxes(screen)
    place = at(screen, 200, 210).toPoint()
    QApplication.sendEvent(screen.canvas, QContextMenuEvent(QContextMenuEvent.Reason.Mouse, place, screen.canvas.mapToGlobal(place)))
    menu = screen.view.findChild(QMenu, "annotate.menu")
    assert screen.presenter.state.selected_ids == ("one",)
    entry = next(action for action in menu.actions() if action.text().startswith("Duplicate"))
    entry.trigger()
    assert len(screen.marks) == 3
    menu.close()


def test_a_new_picture_forgets_what_was_in_hand(screen):
    two_boxes(screen)
    drag(screen, (200, 210), (300, 300), release=False)
    assert screen.canvas.gesture is not None
    screen.presenter.open(screen.snapshot.id)
    settle()
    assert screen.canvas.gesture is None


__all__ = ["Screen"]
