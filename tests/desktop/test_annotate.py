"""The annotate screen, driven by mouse and keys on the real view."""

import asyncio
import hashlib
import io

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.desktop.drawn import damaged_parcel_jpeg
from tests.desktop.fakes import make_context, sample_case
from videodesk.annotation import schema
from videodesk.annotation.geometry import bounds
from videodesk.annotation.marks import COLOURS, Arrow, Ellipse, Line, Pen, Point, Rectangle, Redaction, Step, Text
from videodesk.core.errors import NotFound, WorldError
from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n
from videodesk.desktop.annotating import Filed, Tool
from videodesk.desktop.drawing.painting import redacted_pixels, text_box
from videodesk.desktop.drawing.pictures import decode
from videodesk.desktop.drawing.rendition import render, rendered_pixels
from videodesk.desktop.presenters.annotate import AnnotatePresenter
from videodesk.desktop.views.annotate import AnnotateView
from videodesk.protocol import resources as r

NONE, SHIFT, CTRL = Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier, Qt.KeyboardModifier.ControlModifier
LEFT = Qt.MouseButton.LeftButton
JPEG = damaged_parcel_jpeg()


def settle():
    for _ in range(3):
        QApplication.processEvents()


class Screen:
    """The view on a fake desk, with what a person does to it."""

    def __init__(self, api, snapshot):
        self.api, self.snapshot = api, snapshot
        self.context = make_context(api)
        self.presenter = AnnotatePresenter(
            api, self.context.tasks, self.context.clock, decode=decode, render=render, measure=text_box, autosave_after_s=None,
            retry_after_s=(0.0, 0.0))
        self.view = AnnotateView(self.context, self.presenter)
        self.canvas = self.view.canvas
        self.view.resize(1280, 800)
        self.view.show()
        self.view.opened(snapshot_id=snapshot.id)
        settle()

    @property
    def marks(self):
        return self.presenter.state.document.marks

    def at(self, x, y) -> QPoint:
        return self.canvas.view.to_widget(Point(x, y)).toPoint()

    def drag(self, start, end, modifiers=NONE):
        QTest.mousePress(self.canvas, LEFT, modifiers, self.at(*start))
        for step in range(1, 6):
            place = self.at(start[0] + (end[0] - start[0]) * step / 5, start[1] + (end[1] - start[1]) * step / 5)
            event_move(self.canvas, place, modifiers)
        QTest.mouseRelease(self.canvas, LEFT, modifiers, self.at(*end))

    def click(self, x, y):
        QTest.mouseClick(self.canvas, LEFT, NONE, self.at(x, y))

    def key(self, key, modifiers=NONE, widget=None):
        QTest.keyClick(widget or self.canvas, key, modifiers)


def event_move(widget, place, modifiers):
    """A move with the button held and modifiers: QTest.mouseMove knows none."""
    from PySide6.QtCore import QEvent, QPointF
    from PySide6.QtGui import QMouseEvent

    at = QPointF(place)
    QApplication.sendEvent(widget, QMouseEvent(QEvent.Type.MouseMove, at, widget.mapToGlobal(at), Qt.MouseButton.NoButton, LEFT, modifiers))


@pytest.fixture
def screen(api):
    case = asyncio.run(api.add_case(sample_case()))
    return Screen(api, api.add_snapshot(case.id, JPEG, "damage"))


def near(value, expected, within=2.0):
    return abs(value - expected) <= within


def test_arrow_and_redaction_by_mouse_saved_and_reopened_identical_and_editable(screen):
    screen.key(Qt.Key.Key_A)
    screen.drag((1100, 120), (950, 330))
    screen.key(Qt.Key.Key_B)
    screen.drag((370, 338), (604, 446))
    arrow, redaction = screen.marks
    assert isinstance(arrow, Arrow)
    assert near(arrow.end.x, 950)
    assert near(arrow.end.y, 330)
    assert isinstance(redaction, Redaction)
    assert screen.presenter.state.filed is Filed.UNSAVED
    screen.key(Qt.Key.Key_S, CTRL)
    assert screen.presenter.state.filed is Filed.SAVED
    saved = screen.api.annotations[screen.snapshot.id][-1]
    assert schema.from_json(saved.document) == screen.presenter.state.document
    again = Screen(screen.api, screen.snapshot)
    assert again.marks == (arrow, redaction)
    again.click(487, 392)
    assert again.presenter.state.selected_id == redaction.id
    again.drag((487, 392), (587, 442))
    moved = again.presenter.state.document.find(redaction.id)
    assert near(moved.box.x, redaction.box.x + 100)
    assert near(moved.box.y, redaction.box.y + 50)
    again.key(Qt.Key.Key_S, CTRL)
    assert [a.revision for a in screen.api.annotations[screen.snapshot.id]] == [1, 2]


def test_the_original_never_changes_and_the_rendition_holds_nothing_of_what_was_redacted(screen):
    screen.key(Qt.Key.Key_B)
    screen.drag((370, 338), (604, 446))
    screen.presenter.save()
    redaction = screen.marks[0]
    assert hashlib.sha256(screen.api.originals[screen.snapshot.id]).hexdigest() == screen.snapshot.digest
    view = screen.api.snapshots_by_id[screen.snapshot.id].rendition
    assert view.has_redaction
    data = screen.api.renditions[view.id]
    assert hashlib.sha256(data).hexdigest() == view.digest
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.format == "PNG"
        assert not opened.info
        pixels = np.asarray(opened.convert("RGB"))
    area = redacted_pixels(redaction, screen.presenter.state.document)
    inside = pixels[area.y():area.y() + area.height(), area.x():area.x() + area.width()]
    assert (inside == inside[0, 0]).all()
    assert b"JFIF" not in data
    assert b"Exif" not in data
    outside = pixels[:, :300]
    assert np.array_equal(outside, decode(JPEG, "image/jpeg").pixels[:, :300, 2::-1])


@pytest.mark.parametrize(("key", "made"), [
    (Qt.Key.Key_A, Arrow), (Qt.Key.Key_L, Line), (Qt.Key.Key_D, Line), (Qt.Key.Key_R, Rectangle), (Qt.Key.Key_O, Ellipse),
    (Qt.Key.Key_E, Ellipse), (Qt.Key.Key_P, Pen), (Qt.Key.Key_B, Redaction), (Qt.Key.Key_N, Step),
])
def test_each_tool_has_its_key(screen, key, made):
    screen.key(key)
    screen.drag((300, 300), (500, 400))
    assert [type(mark) for mark in screen.marks] == [made]


def test_a_click_without_a_drag_draws_nothing(screen):
    screen.key(Qt.Key.Key_R)
    screen.click(400, 400)
    assert screen.marks == ()


def test_shift_constrains(screen):
    screen.key(Qt.Key.Key_R)
    screen.drag((300, 300), (500, 340), SHIFT)
    assert screen.marks[0].box.width == pytest.approx(screen.marks[0].box.height)
    screen.key(Qt.Key.Key_L)
    screen.drag((700, 300), (900, 310), SHIFT)
    assert screen.marks[1].start.y == pytest.approx(screen.marks[1].end.y)


def test_text_is_typed_on_the_canvas_and_edited_again(screen):
    screen.key(Qt.Key.Key_T)
    screen.click(800, 100)
    editor = screen.view.findChild(QWidget, "annotate.words")
    assert editor.isVisible()
    QTest.keyClicks(editor, "Deuk <b>A</b>")
    screen.key(Qt.Key.Key_Return, CTRL, editor)
    assert isinstance(screen.marks[0], Text)
    assert screen.marks[0].text == "Deuk <b>A</b>"
    assert screen.presenter.state.tool is Tool.SELECT
    screen.key(Qt.Key.Key_Return)
    assert editor.isVisible()
    QTest.keyClicks(editor, "Kras")
    screen.key(Qt.Key.Key_Escape, NONE, editor)
    assert screen.marks[0].text == "Kras"
    screen.key(Qt.Key.Key_Z, CTRL)
    assert screen.marks[0].text == "Deuk <b>A</b>"


def test_letters_typed_into_a_text_are_no_shortcuts(screen):
    screen.key(Qt.Key.Key_T)
    screen.click(800, 100)
    QTest.keyClicks(screen.view.findChild(QWidget, "annotate.words"), "abnr")
    assert screen.presenter.state.tool is Tool.TEXT
    screen.click(200, 600)
    assert screen.marks[0].text == "abnr"


def test_undo_redo_delete_duplicate_nudge(screen):
    screen.key(Qt.Key.Key_R)
    screen.drag((300, 300), (500, 400))
    before = screen.marks[0]
    screen.key(Qt.Key.Key_Right)
    screen.key(Qt.Key.Key_Down, SHIFT)
    assert screen.marks[0].box[:2] == pytest.approx((before.box.x + 1, before.box.y + 10))
    screen.key(Qt.Key.Key_Right, CTRL)
    assert screen.marks[0].box.width == pytest.approx(before.box.width + 1)
    screen.key(Qt.Key.Key_D, CTRL)
    assert len(screen.marks) == 2
    screen.key(Qt.Key.Key_Delete)
    assert len(screen.marks) == 1
    for _ in range(5):
        screen.key(Qt.Key.Key_Z, CTRL)
    assert screen.marks == (before,)
    screen.key(Qt.Key.Key_Z, CTRL)
    assert screen.marks == ()
    for _ in range(6):
        screen.key(Qt.Key.Key_Z, CTRL | SHIFT)
    assert len(screen.marks) == 1
    assert screen.marks[0].box.width == pytest.approx(before.box.width + 1)


def test_resize_by_a_handle_is_one_step(screen):
    screen.key(Qt.Key.Key_O)
    screen.drag((300, 300), (500, 400))
    screen.drag((500, 400), (600, 450))
    box = screen.marks[0].box
    assert near(box.right, 600)
    assert near(box.bottom, 450)
    screen.key(Qt.Key.Key_Z, CTRL)
    assert near(screen.marks[0].box.right, 500)


def test_steps_count_up_and_renumber(screen):
    screen.key(Qt.Key.Key_N)
    for x in (200, 400, 600):
        screen.click(x, 200)
    names = [screen.view.panel.model.data(screen.view.panel.model.index(row)) for row in range(3)]
    assert names == ["Step 3", "Step 2", "Step 1"]
    screen.presenter.select(screen.marks[0].id)
    screen.key(Qt.Key.Key_Delete)
    assert screen.presenter.state.document.step_number(screen.marks[1].id) == 2


def test_esc_lets_go_of_the_mark_then_of_the_tool(screen):
    screen.key(Qt.Key.Key_R)
    screen.drag((300, 300), (500, 400))
    assert screen.presenter.state.selected_id is not None
    screen.key(Qt.Key.Key_Escape)
    assert screen.presenter.state.selected_id is None
    screen.key(Qt.Key.Key_P)
    screen.key(Qt.Key.Key_Escape)
    assert screen.presenter.state.tool is Tool.SELECT


def test_colour_and_width_by_the_toolbar(screen):
    screen.key(Qt.Key.Key_R)
    screen.drag((300, 300), (500, 400))
    QTest.mouseClick(screen.view.findChild(QWidget, "annotate.colour.blue"), LEFT)
    QTest.mouseClick(screen.view.findChild(QWidget, "annotate.width.thick"), LEFT)
    assert screen.marks[0].colour == COLOURS[3]
    assert screen.marks[0].width_px == screen.presenter.state.widths[2]


def test_the_list_edits_moves_and_deletes_by_keyboard(screen):
    for x in (200, 500):
        screen.key(Qt.Key.Key_R)
        screen.drag((x, 300), (x + 100, 400))
    panel = screen.view.panel
    panel.list.setFocus()
    screen.key(Qt.Key.Key_Down, NONE, panel.list)
    first = screen.marks[0].id
    assert screen.presenter.state.selected_id == first
    screen.key(Qt.Key.Key_Right, CTRL, panel.list)
    assert near(screen.marks[0].box.x, 201, 1.5)
    screen.key(Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier, panel.list)
    assert screen.marks[1].id == first
    screen.key(Qt.Key.Key_F2, NONE, panel.list)
    QTest.keyClicks(screen.view.findChild(QWidget, "annotate.name"), "Hoek")
    screen.key(Qt.Key.Key_Return, NONE, screen.view.findChild(QWidget, "annotate.name"))
    assert screen.marks[1].name == "Hoek"
    x = screen.view.findChild(QWidget, "annotate.x")
    x.selectAll()
    QTest.keyClicks(x, "40")
    screen.key(Qt.Key.Key_Return, NONE, x)
    assert screen.marks[1].box.x == 40
    screen.key(Qt.Key.Key_Delete, NONE, panel.list)
    assert first not in [mark.id for mark in screen.marks]


def test_without_a_pointer_enter_places_a_mark(screen):
    for key, made in ((Qt.Key.Key_A, Arrow), (Qt.Key.Key_B, Redaction), (Qt.Key.Key_N, Step), (Qt.Key.Key_P, Pen)):
        screen.key(Qt.Key.Key_Escape)
        screen.key(key)
        screen.key(Qt.Key.Key_Return)
        assert isinstance(screen.marks[-1], made)
        box = bounds(screen.marks[-1], text_box)
        assert 0 < box.centre.x < 1280
        assert 0 < box.centre.y < 720


def test_zoom_keeps_the_place_and_100_percent_is_pixel_equal_to_the_rendition(screen):
    document_marks = (
        (Qt.Key.Key_A, (700, 200), (600, 330)), (Qt.Key.Key_O, (500, 300), (640, 420)), (Qt.Key.Key_B, (420, 350), (560, 400)),
        (Qt.Key.Key_P, (430, 250), (600, 280)), (Qt.Key.Key_N, (650, 420), (650, 420)),
    )
    for key, start, end in document_marks:
        screen.key(Qt.Key.Key_Escape)
        screen.key(key)
        screen.drag(start, end)
    screen.presenter.set_text(Text(id="t", at=Point(420.3, 430.7), text="Één kras\n4 cm"), "Één kras\n4 cm")
    screen.presenter.select(None)
    screen.presenter.choose_tool(Tool.SELECT)
    screen.key(Qt.Key.Key_0, CTRL)
    assert screen.canvas.view.zoom == 1
    screen.canvas.clearFocus()
    shot = screen.canvas.grab().toImage().convertToFormat(screen.canvas.grab().toImage().Format.Format_RGB32)
    seen = np.frombuffer(shot.constBits(), np.uint8).reshape(shot.height(), shot.bytesPerLine() // 4, 4)[:, :shot.width(), :3]
    left, top = int(-screen.canvas.view.left), int(-screen.canvas.view.top)
    expected = rendered_pixels(screen.presenter.state.picture, screen.presenter.state.document)[..., :3]
    rim = 14  # the stage's rounded corners
    x0, y0 = max(0, left) + rim, max(0, top) + rim
    x1, y1 = min(1280, left + shot.width()) - rim, min(720, top + shot.height()) - rim
    assert x1 - x0 > 600
    assert np.array_equal(seen[y0 - top:y1 - top, x0 - left:x1 - left], expected[y0:y1, x0:x1])


def test_wheel_free_zoom_and_fit(screen):
    fitted = screen.canvas.view
    screen.canvas.zoom_to(2.0, screen.at(640, 360).toPointF())
    assert screen.canvas.view.to_picture(screen.at(640, 360).toPointF()).x == pytest.approx(640, abs=2)
    screen.key(Qt.Key.Key_1, SHIFT)
    assert screen.canvas.view == fitted


def test_a_failed_save_is_tried_again_and_then_told(screen):
    screen.key(Qt.Key.Key_R)
    screen.drag((300, 300), (500, 400))
    screen.api.fail_next = WorldError("service.offline")
    screen.presenter.save()
    assert screen.presenter.state.filed is Filed.SAVED

    async def offline(*_args):
        raise WorldError("service.offline")

    screen.presenter.nudge(5, 0)
    real, screen.api.put_rendition = screen.api.put_rendition, offline
    screen.presenter.save()
    assert screen.presenter.state.filed is Filed.FAILED
    assert screen.view.banner.isVisible()
    screen.api.put_rendition = real
    QTest.mouseClick(screen.view.banner.button, LEFT)
    assert screen.presenter.state.filed is Filed.SAVED
    assert screen.api.snapshots_by_id[screen.snapshot.id].rendition.annotation_revision == 2
    assert len(screen.api.annotations[screen.snapshot.id]) == 2


def other_saves(screen):
    document = schema.to_json(screen.presenter.state.document) | {"marks": []}
    asyncio.run(screen.api.put_annotation(screen.snapshot.id, r.AnnotationIn(base_revision=0, document=document)))


def test_a_conflict_says_what_to_do(screen):
    screen.key(Qt.Key.Key_R)
    screen.drag((300, 300), (500, 400))
    other_saves(screen)
    screen.presenter.save()
    assert screen.presenter.state.filed is Filed.CONFLICT
    assert "Someone else" in screen.view.banner.text
    over = screen.view.findChild(QWidget, "annotate.save_over")
    assert over.isVisible()
    QTest.mouseClick(over, LEFT)
    assert screen.presenter.state.filed is Filed.SAVED
    assert len(screen.api.annotations[screen.snapshot.id][-1].document["marks"]) == 1


def test_a_conflict_can_take_the_others_marks(screen):
    screen.key(Qt.Key.Key_R)
    screen.drag((300, 300), (500, 400))
    other_saves(screen)
    screen.presenter.save()
    QTest.mouseClick(screen.view.banner.button, LEFT)
    assert screen.marks == ()
    assert len(screen.api.annotations[screen.snapshot.id]) == 1


def test_an_answer_that_got_lost_is_no_conflict(screen):
    screen.key(Qt.Key.Key_R)
    screen.drag((300, 300), (500, 400))
    real = screen.api.put_annotation

    async def lost(*args):
        await real(*args)
        screen.api.put_annotation = real
        raise WorldError("service.offline")

    screen.api.put_annotation = lost
    screen.presenter.save()
    assert screen.presenter.state.filed is Filed.SAVED
    assert screen.presenter.state.revision == 1


def test_leaving_saves_what_is_unsaved(screen):
    screen.key(Qt.Key.Key_R)
    screen.drag((300, 300), (500, 400))
    screen.view.left()
    assert len(screen.api.annotations[screen.snapshot.id]) == 1


def test_an_unknown_snapshot_says_so(screen):
    screen.api.fail_next = NotFound("snapshot.unknown")
    screen.view.opened(snapshot_id=screen.snapshot.id)
    assert screen.presenter.state.problem is not None
    assert screen.presenter.state.picture is None


def test_both_languages_at_run_time(screen):
    screen.key(Qt.Key.Key_R)
    screen.drag((300, 300), (500, 400))
    i18n.set_language(Language.NL)
    for widget in [screen.view, *screen.view.findChildren(QWidget)]:
        if callable(getattr(widget, "retranslate", None)):
            widget.retranslate()
    assert screen.view.panel.model.data(screen.view.panel.model.index(0)) == "Rechthoek 1"
    assert screen.view.findChild(QWidget, "annotate.tool.arrow").accessibleName() == "Pijl"


def test_hostile_words_stay_words(screen):
    hostile = "<img src=/dev/zero>\u202e\x00\ud800\tok"
    screen.presenter.set_text(Text(id="t", at=Point(10, 10), text=""), hostile)
    assert screen.marks[0].text == "<img src=/dev/zero>\u202e ok"
    screen.presenter.rename("<b>x</b>\n")
    screen.presenter.save()
    assert screen.presenter.state.filed is Filed.SAVED
    assert screen.view.panel.model.data(screen.view.panel.model.index(0)) == "<b>x</b>"


def test_twelve_million_pixels_open_and_are_drawn_from_a_small_level(api):
    case = asyncio.run(api.add_case(sample_case()))
    big = Screen(api, api.add_snapshot(case.id, damaged_parcel_jpeg(4000, 3000), size=(4000, 3000)))
    picture = big.presenter.state.picture
    assert (picture.width_px, picture.height_px) == (4000, 3000)
    assert [level.shape[:2] for level in picture.levels] == [(3000, 4000), (1500, 2000), (750, 1000), (375, 500)]
    assert big.canvas.view.zoom < 0.5
    big.key(Qt.Key.Key_B)
    big.drag((1000, 1000), (2000, 1500))
    assert near(big.marks[0].box.width, 1000, 8)


def test_what_could_not_be_saved_on_leaving_is_told_and_there_when_opened_again(screen):
    told = []
    screen.presenter._tell = told.append
    screen.key(Qt.Key.Key_R)
    screen.drag((300, 300), (500, 400))
    marks = screen.marks

    async def offline(*_args):
        raise WorldError("service.offline")

    real, screen.api.put_annotation = screen.api.put_annotation, offline
    screen.view.left()
    assert told == ["annotate.left_unsaved"]
    screen.api.put_annotation = real
    screen.view.opened(snapshot_id=screen.snapshot.id)
    assert screen.marks == marks
    assert screen.presenter.state.filed is Filed.UNSAVED
    screen.presenter.save()
    assert screen.presenter.state.filed is Filed.SAVED


class WaitingTasks:
    """Tasks that are finished by hand, in the order in which they were started."""

    def __init__(self):
        self.waiting = []

    def run(self, name, work, done=None, failed=None):
        handle = _Handle()
        self.waiting.append((name, work, done, failed, handle))
        return handle

    def finish(self, name):
        place = next(place for place, entry in enumerate(self.waiting) if entry[0] == name and not entry[4].is_cancelled)
        _, work, done, _failed, handle = self.waiting.pop(place)
        handle.is_running = False

        async def whole():
            return await work()

        value = asyncio.run(whole())
        if done is not None:
            done(value)

    def names(self):
        return [entry[0] for entry in self.waiting if not entry[4].is_cancelled]


class _Handle:
    is_running = True
    is_cancelled = False

    def cancel(self):
        self.is_cancelled, self.is_running = True, False


def test_opening_again_waits_for_the_save_that_leaving_began(api):
    case = asyncio.run(api.add_case(sample_case()))
    shot = api.add_snapshot(case.id, JPEG, "damage")
    tasks = WaitingTasks()
    presenter = AnnotatePresenter(api, tasks, api.clock, decode=decode, render=render, measure=text_box)
    presenter.open(shot.id)
    tasks.finish("annotate.open")
    presenter.add(Step(id="s", at=Point(10, 10)))
    assert tasks.names() == ["annotate.autosave"]
    presenter.close()
    presenter.open(shot.id)
    assert tasks.names() == ["annotate.save"]
    tasks.finish("annotate.save")
    tasks.finish("annotate.open")
    assert presenter.state.revision == 1
    assert presenter.state.filed is Filed.SAVED
    assert [mark.id for mark in presenter.state.document.marks] == ["s"]


def test_an_edit_while_saving_is_saved_too(api):
    case = asyncio.run(api.add_case(sample_case()))
    shot = api.add_snapshot(case.id, JPEG, "damage")
    tasks = WaitingTasks()
    presenter = AnnotatePresenter(api, tasks, api.clock, decode=decode, render=render, measure=text_box)
    presenter.open(shot.id)
    tasks.finish("annotate.open")
    presenter.add(Step(id="s", at=Point(10, 10)))
    presenter.save()
    presenter.add(Step(id="t", at=Point(20, 20)))
    assert presenter.state.filed is Filed.SAVING
    tasks.finish("annotate.save")
    assert presenter.state.filed is Filed.UNSAVED
    presenter.save()
    tasks.finish("annotate.save")
    assert presenter.state.filed is Filed.SAVED
    assert len(api.annotations[shot.id][-1].document["marks"]) == 2
