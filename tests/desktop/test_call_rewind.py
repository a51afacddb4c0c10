"""The film strip on the call screen: keys, mouse, wheel; which picture is large; what it says; recording controls."""

from __future__ import annotations

import itertools

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.desktop.fake_call import CALL_ID, NOW
from tests.desktop.fake_memory import FakeMemory
from tests.desktop.test_call_view import context_for, go_live
from videodesk.calls.capture_ports import GapReason
from videodesk.core.vocabulary import ConsentScope, Language, SnapshotMethod
from videodesk.desktop import i18n, theme
from videodesk.desktop.shell import Shell
from videodesk.desktop.views.call import CallScreenView
from videodesk.desktop.views.call_rewind import LIVE_PX, REWOUND_PX
from videodesk.protocol import messages as m


def pass_time(view, context, seconds):
    context.clock.advance(seconds)
    context.media.memory.rewind.grow((context.clock.now() - NOW).total_seconds())
    view.rewound.look()
    QApplication.processEvents()


@pytest.fixture
def made(qapp, tmp_path):
    context = context_for(tmp_path)
    context.work_dir = tmp_path
    view = CallScreenView(context, post=lambda act: act())
    view.resize(1208, 852)
    view.show()
    view.activateWindow()
    view.context_, view.peer = context, go_live(view, context)
    pass_time(view, context, 60)
    yield view
    view.shut()
    context.outbox.close()


@pytest.fixture
def memory(made) -> FakeMemory:
    return made.context_.media.memory


def state(view):
    return view.call_presenter.rewinder.state


def x_of(view, at_s):
    return QPoint(round(view.rewind.strip.x_of(at_s)), 20)


def test_arrows_home_end_and_escape(made):
    made.video.setFocus()
    QTest.keyClick(made.video, Qt.Key.Key_Left)
    QTest.keyClick(made.video, Qt.Key.Key_Left)
    assert state(made).ago_s == pytest.approx(2)
    before = state(made).frame.seq
    QTest.keyClick(made.video, Qt.Key.Key_Left, Qt.KeyboardModifier.ShiftModifier)
    assert state(made).frame.seq == before - 1
    QTest.keyClick(made.video, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert state(made).frame.seq == before
    QTest.keyClick(made.video, Qt.Key.Key_Home)
    assert state(made).position_s == 0
    QTest.keyClick(made.video, Qt.Key.Key_Right)
    assert state(made).position_s == 1
    QTest.keyClick(made.video, Qt.Key.Key_Escape)
    assert not state(made).is_rewinding
    QTest.keyClick(made.video, Qt.Key.Key_Left)
    QTest.keyClick(made.video, Qt.Key.Key_End)
    assert not state(made).is_rewinding


def test_arrows_in_the_lists_and_in_the_chat_stay_theirs(made):
    made.act("call.snapshot")
    made.act("call.snapshot")
    for widget in (made.side.tray, made.side.checklist, made.side.chat.field):
        widget.setFocus()
        QTest.keyClick(widget, Qt.Key.Key_Left)
        QTest.keyClick(widget, Qt.Key.Key_Home)
        assert not state(made).is_rewinding, widget.objectName()


def test_the_same_in_the_shell_which_has_shortcuts_of_its_own(qapp, tmp_path):
    context = context_for(tmp_path)
    shell = Shell(lambda shell: context, lambda: None)
    context.navigation = shell
    shell.show()
    shell.open("call", call_id=CALL_ID)
    view = shell.view("call")
    go_live(view, context)
    pass_time(view, context, 30)
    shell.activateWindow()
    view.video.setFocus()
    QTest.keyClick(view.video, Qt.Key.Key_Left)
    assert state(view).ago_s == pytest.approx(1)
    view.side.checklist.setFocus()
    QTest.keyClick(view.side.checklist, Qt.Key.Key_Left)
    assert state(view).ago_s == pytest.approx(1)
    QTest.keyClick(view.video, Qt.Key.Key_R, Qt.KeyboardModifier.ShiftModifier)
    assert view.call_presenter.recorder.state.is_recording
    shell.shut()
    shell.close()
    context.outbox.close()


def test_the_rewound_frame_is_large_and_the_live_one_in_the_corner_and_back(made):
    slot = made.peer.remote_pictures
    live_height = made.rewind.height()
    made.act("call.rewind_back")
    assert made.video.shown is state(made).frame.preview
    assert made.rewind.corner.isVisible()
    assert slot.asked[-1] == (made.rewind.corner.width(), made.rewind.corner.height()), "the media scales for the corner now"
    made.peer.show(state(made).frame.handle, 99)
    QApplication.processEvents()
    assert made.rewind.corner.shown.seq == 99
    assert made.video.shown is state(made).frame.preview
    assert not made.video.geometry().intersects(made.rewind.corner.geometry().translated(made.rewind.corner.mapTo(made, QPoint(0, 0))))
    assert made.rewind.height() == REWOUND_PX > live_height == LIVE_PX
    QTest.mouseClick(made.rewind.corner, Qt.MouseButton.LeftButton)
    assert not state(made).is_rewinding
    assert slot.asked[-1] == (made.video.width(), made.video.height())
    assert made.rewind.corner.shown is None
    assert made.rewind.height() == LIVE_PX


def test_a_press_and_a_drag_on_the_strip_go_there_and_the_very_end_is_live(made):
    strip = made.rewind.strip
    QTest.mousePress(strip, Qt.MouseButton.LeftButton, pos=x_of(made, 20))
    assert state(made).position_s == pytest.approx(20, abs=0.2)
    pass_time(made, made.context_, 20)  # the axis stands still while it is held
    QTest.mouseMove(strip, x_of(made, 30))
    assert state(made).position_s == pytest.approx(30, abs=0.2)
    assert strip.is_dragged
    QTest.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=x_of(made, 30))
    assert state(made).is_rewinding
    QTest.mousePress(strip, Qt.MouseButton.LeftButton, pos=QPoint(strip.width() - 1, 20))
    QTest.mouseRelease(strip, Qt.MouseButton.LeftButton, pos=QPoint(strip.width() - 1, 20))
    assert not state(made).is_rewinding


def wheel(strip, notches, modifiers=Qt.KeyboardModifier.NoModifier):
    event = QWheelEvent(QPointF(50, 20), strip.mapToGlobal(QPointF(50, 20)), QPoint(), QPoint(0, 120 * notches), Qt.MouseButton.NoButton,
                        modifiers, Qt.ScrollPhase.NoScrollPhase, False)
    QApplication.sendEvent(strip, event)


def test_the_wheel_steps_seconds_and_with_shift_frames(made):
    wheel(made.rewind.strip, 2)
    assert state(made).ago_s == pytest.approx(2)
    seq = state(made).frame.seq
    wheel(made.rewind.strip, 1, Qt.KeyboardModifier.ShiftModifier)
    assert state(made).frame.seq == seq - 1
    wheel(made.rewind.strip, -1)
    assert state(made).ago_s == pytest.approx(1, abs=0.1)


def test_it_says_how_long_ago_at_what_time_and_how_much_is_kept(made):
    assert made.rewind.live.isVisible()
    assert "LIVE" in made.rewind.live.text()
    assert made.rewind.memory.text() == "16 of 60 MB"
    made.call_presenter.rewinder.go_to(48)
    at = state(made).frame.captured_at.astimezone().strftime("%H:%M:%S")
    assert made.rewind.when.text() == f"12 s ago · {at}"
    assert not made.rewind.live.isVisible()
    assert made.rewind.back.isVisible()
    i18n.set_language(Language.NL)
    made.retranslate()
    assert made.rewind.when.text() == f"12 s geleden · {at}"


def test_a_screen_reader_sees_a_slider_with_a_name_a_value_and_words(made):
    made.call_presenter.rewinder.go_to(48)
    seen = QAccessible.queryAccessibleInterface(made.rewind.strip)
    assert seen.role() == QAccessible.Role.Slider
    assert seen.text(QAccessible.Text.Name) == "Film strip of the last minutes"
    assert seen.text(QAccessible.Text.Description).startswith("12 s ago")
    assert (made.rewind.strip.minimum(), made.rewind.strip.value(), made.rewind.strip.maximum()) == (-60, -12, 0)
    made.rewind.strip.setValue(-30)  # as a screen reader does
    assert state(made).ago_s == pytest.approx(30)


def test_gaps_are_hatched_named_and_explained(made, memory):
    memory.rewind.gap(20, 35, GapReason.CAMERA_OFF)
    pass_time(made, made.context_, 0)
    assert made.rewind.strip.tip_at(x_of(made, 25)) == "35 s ago · camera off"
    made.call_presenter.rewinder.go_to(25)
    assert "camera off" in made.rewind.words.text()
    plain, hatched = made.rewind.strip.grab().toImage(), theme.token("border_strong")
    ratio = plain.devicePixelRatio()
    place = [plain.pixelColor(round(x_of(made, 22).x() * ratio) + x, 8 + y) for x in range(12) for y in range(12)]
    assert any(abs(colour.red() - hatched.red()) < 40 for colour in place)
    assert any(abs(colour.red() - theme.token("surface_raised").red()) < 10 for colour in place)


def test_s_takes_the_rewound_frame_and_flashes_it(made):
    made.call_presenter.rewinder.go_to(30)
    frame = state(made).frame
    made.act("call.snapshot")
    [entry] = made.context_.outbox.entries()
    assert entry.meta.method is SnapshotMethod.REWOUND
    assert entry.meta.captured_at == frame.captured_at
    assert made.video.shown is frame.preview
    assert made.controls.snapshot.isEnabled()


def test_on_hold_the_past_stays_and_can_be_taken_but_the_corner_is_dark(made):
    made.call_presenter.rewinder.go_to(30)
    made.act("call.hold")
    assert made.controls.snapshot.isEnabled(), "of the past"
    assert made.rewind.corner.grab().toImage().pixelColor(20, 20) == theme.token("stage")
    made.act("call.snapshot")
    assert len(made.context_.outbox.entries()) == 1
    made.act("call.rewind_live")
    assert not made.controls.snapshot.isEnabled()


def test_the_video_in_its_own_window_rewinds_too_and_escape_is_live_first(made):
    made.act("call.pop_out")
    window = made._window
    QTest.keyClick(window, Qt.Key.Key_Left)
    assert made.video.shown is state(made).frame.preview
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert made._window is window
    assert not state(made).is_rewinding
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert made._window is None


def test_recording_shows_time_and_size_and_the_controls_say_why_not(made, memory):
    assert not made.controls.recording.isVisible()
    made.act("call.record")
    memory.recorder.grow(3_100_000)
    pass_time(made, made.context_, 42)
    assert made.controls.recording.isVisible()
    assert made.controls.recording.text().endswith("0:42 · 3.1 MB")
    assert made.controls.recording.accessibleName() == "Recording 0:42 · 3.1 MB"
    assert made.rewind.record.accessibleName() == "Stop recording"
    made.act("call.record")
    assert not made.controls.recording.isVisible()
    made.handle(m.CallChanged(seq=9, call=made.context_.api.view.model_copy(update={"consents": [ConsentScope.VIDEO, ConsentScope.STILLS]})))
    for button in (made.rewind.clip, made.rewind.record):
        assert not button.isEnabled()
        assert "does not want recordings" in button.toolTip()
        assert "does not want recordings" in button.accessibleDescription()


@pytest.mark.parametrize("width", [900, 1000, 1280])
def test_the_words_of_the_bar_make_room_for_the_recording(qapp, tmp_path, width):
    context = context_for(tmp_path)
    view = CallScreenView(context, post=lambda act: act())
    view.resize(width - 92, 656)
    view.show()
    go_live(view, context)
    pass_time(view, context, 5)
    view.act("call.record")
    context.media.memory.recorder.grow(123_456_789)
    pass_time(view, context, 3700)
    badge = view.controls.recording
    assert badge.width() >= badge.sizeHint().width()
    shown = sorted((w for w in view.controls.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly) if w.isVisible()),
                   key=QWidget.x)
    assert all(left.geometry().right() < right.x() for left, right in itertools.pairwise(shown))
    view.shut()
    context.outbox.close()


def test_k_keeps_a_clip_that_stands_in_the_tray_with_its_duration(made):
    made.act("call.keep_clip")
    [shot] = made._state.tray
    assert shot.duration_s == pytest.approx(20)
    assert "0:20" in made.side.tray.model().index(0, 0).data()


def test_when_the_call_ends_nothing_of_the_past_stays(made):
    made.act("call.rewind_back")
    made.act("call.hang_up")
    assert not state(made).is_rewinding
    assert made.video.shown is None
    assert made.rewind.corner.shown is None
    assert not made.rewind.isVisible()


@pytest.mark.parametrize("name", ["light", "dark", "contrast"])
def test_it_is_painted_in_every_theme(qapp, made, name):
    theme.apply_theme(qapp, name)
    made.act("call.rewind_back")
    image = made.rewind.grab().toImage()
    assert len({image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 5)}) > 30
