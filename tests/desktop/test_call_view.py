"""The call screen's widgets: the video keeps its share and is never covered, plain text, names, keys, tray, windows."""

from __future__ import annotations

import asyncio
import itertools

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from tests.desktop.fake_call import ANNA, CALL_ID, NOW, FakeCallApi, call_view, case_view
from tests.desktop.fake_media import FakeMediaEngine, picture_of, product
from tests.desktop.fakes import make_context
from videodesk.calls.ports import PeerState, Quality, QualityLevel
from videodesk.client.channel import ChannelState
from videodesk.client.outbox import Outbox
from videodesk.core.clock import HandClock
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CallState, ConsentScope, Disposition, Language
from videodesk.desktop import i18n, theme
from videodesk.desktop.calling import CallPhase
from videodesk.desktop.context import Session
from videodesk.desktop.shell import Shell
from videodesk.desktop.views.call import CallScreenView
from videodesk.desktop.views.call_tray import mime_of
from videodesk.desktop.views.call_video import VideoView
from videodesk.protocol import messages as m

NAUGHTY = "<img src='/dev/zero'><b>Bobby</b> & Söns " + "ॐ" * 40


def context_for(tmp_path, api=None):
    context = make_context(media=FakeMediaEngine(), outbox=Outbox(tmp_path / "outbox", HandClock(NOW)))
    context.api, context.session = api or FakeCallApi(), Session(ANNA, "t" * 32)
    return context


def go_live(view, context, **changes):
    context.api.view = call_view(CallState.CONNECTED, connected_at=NOW, **changes)
    view.opened(call_id=CALL_ID)
    peer = context.media.peer

    async def connect():
        peer.listener.state_changed(PeerState.CONNECTED)
        peer.listener.quality_changed(Quality(QualityLevel.GOOD, (), 2000, 30, 0, 1280, 720))

    asyncio.run(connect())
    peer.show(product(640, 360))
    QApplication.processEvents()
    return peer


@pytest.fixture
def made(qapp, tmp_path):
    context = context_for(tmp_path)
    view = CallScreenView(context, post=lambda act: act())
    view.resize(1208, 752)
    view.show()
    view.context_, view.peer = context, go_live(view, context)
    yield view
    view.shut()
    context.outbox.close()


@pytest.fixture
def shelled(qapp, tmp_path):
    """The call screen in the shell, as people see it."""
    shells = []

    def make(size):
        context = context_for(tmp_path)
        shell = Shell(lambda shell: context, lambda: None)
        shells.append((shell, context))
        context.navigation = shell
        shell.resize(*size)
        shell.show()
        shell.open("call", call_id=CALL_ID)
        go_live(shell.view("call"), context)
        return shell, shell.view("call")

    yield make
    for shell, context in shells:
        shell.shut()
        shell.close()
        context.outbox.close()


@pytest.mark.parametrize("is_online", [True, False])
@pytest.mark.parametrize("size", [(1280, 800), (1440, 900), (1920, 1080)])
@pytest.mark.parametrize("language", list(Language))
def test_the_video_takes_at_least_60_percent_of_the_window_and_nothing_lies_over_it(shelled, size, language, is_online):
    i18n.set_language(language)
    shell, view = shelled(size)
    shell.line_changed(ChannelState.ONLINE if is_online else ChannelState.OFFLINE, None)
    QTest.qWait(0)
    assert (shell.width(), shell.height()) == size, "the window's contents need more room than it has"
    assert view.video.width() * view.video.height() / (size[0] * size[1]) >= 0.6
    corner = view.video.mapTo(shell, QPoint(0, 0))
    for x in range(2, view.video.width(), 40):
        for y in range(2, view.video.height(), 40):
            assert shell.childAt(corner + QPoint(x, y)) is view.video


@pytest.mark.parametrize("width", [900, 1000, 1100, 1280])
@pytest.mark.parametrize("language", list(Language))
def test_the_bar_gives_up_words_before_anything_overlaps(shelled, width, language):
    i18n.set_language(language)
    shell, view = shelled((width, 700))
    QTest.qWait(0)
    assert shell.width() == width
    bar = view.controls
    shown = sorted((w for w in bar.findChildren(QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly) if w.isVisible()), key=QWidget.x)
    assert all(left.geometry().right() < right.x() for left, right in itertools.pairwise(shown))
    assert shown[-1].geometry().right() < bar.width()
    for control in bar._controls:
        assert control.width() >= control.minimumSizeHint().width()
        assert control.accessibleName()
        assert control.toolTip()


def test_every_text_of_foreign_origin_is_plain_and_whole(made):
    context = made.context_
    context.api.case_view = case_view(name=NAUGHTY).model_copy(update={"product": NAUGHTY, "brand": NAUGHTY, "claim_ref": NAUGHTY})
    made.handle(m.Happened(seq=1, name="case.changed", at=NOW, case_id=context.api.case_view.id))
    made.handle(m.CallChanged(seq=2, call=context.api.view.model_copy(update={"customer_name": NAUGHTY})))
    made.handle(m.ChatLine(seq=3, call_id=CALL_ID, message_id=new_id(), sender="customer", text=NAUGHTY * 8, at=NOW))
    assert made.side.name.text() == NAUGHTY
    for found in made.findChildren(QLabel):
        assert found.textFormat() == Qt.TextFormat.PlainText, found.objectName()
    assert made.side.chat.list.model().index(0, 0).data().endswith(NAUGHTY)
    made.grab()


def test_every_control_has_a_name_and_a_role(made):
    made.act("call.snapshot")
    unnamed = []
    for widget in made.findChildren(QWidget):
        if widget.isVisible() and widget.focusPolicy() != Qt.FocusPolicy.NoFocus:
            seen = QAccessible.queryAccessibleInterface(widget)
            if not seen.text(QAccessible.Text.Name):
                unnamed.append(f"{type(widget).__name__} {widget.objectName()}")
    assert unnamed == []
    assert all(button.accessibleName() for button in made.findChildren(QAbstractButton) if button.isVisible() and button.objectName())


def test_the_video_shows_the_pixels_of_the_slot_without_a_copy_and_letterboxed(qapp):
    view = VideoView("call.video")
    view.resize(400, 400)
    bgr = np.zeros((90, 160, 3), np.uint8)
    bgr[:, :] = (10, 120, 240)
    picture = picture_of(bgr, 5)

    class Slot:
        def ask_size(self, w, h):
            self.size = (w, h)

        def take(self):
            return picture

        def on_fresh(self, wake):
            pass

    slot = Slot()
    view.set_slot(slot)
    image = view.grab().toImage()
    assert slot.size == (400, 400)
    assert view.picture_rect().size().toTuple() == (400, 225)
    assert image.pixelColor(200, 200).getRgb()[:3] == (240, 120, 10)
    assert image.pixelColor(200, 20) == theme.token("stage")
    assert view.painted_seq == 5
    view.set_stale(True)
    r, g, b = view.grab().toImage().pixelColor(200, 200).getRgb()[:3]
    assert r == g == b
    assert r < 120
    view.set_slot(None)  # a peer is rebuilt: the last picture stays
    assert view.shown is picture
    view.forget()
    assert view.grab().toImage().pixelColor(200, 200) == theme.token("stage")


def test_keys_and_buttons_do_what_they_say(made):
    made.controls.microphone.click()
    assert not made.peer.microphone
    assert made.controls.microphone.text() == "Muted", "what is"
    assert made.controls.microphone.accessibleName() == "Unmute", "what a press does"
    for action, check in (("call.camera", lambda: not made.peer.camera), ("call.snapshot", lambda: len(made._state.tray) == 1),
                          ("call.hold", lambda: made.peer.hold)):
        assert made.act(action)
        assert check(), action
    assert not made.act("annotate.pen")
    assert made.controls.hold.text() == "Resume"
    assert not made.controls.snapshot.isEnabled()
    assert made.controls.snapshot.toolTip() == "The customer is on hold."


def test_single_keys_work_in_the_tray_and_checklist_too_but_not_while_typing(shelled):
    shell, view = shelled((1280, 800))
    view.side.chat.field.setFocus()
    assert not shell.press_key("s")
    assert view._state.tray == ()
    view.side.checklist.setFocus()
    assert shell.press_key("s")
    assert len(view._state.tray) == 1
    assert shell.press_key("m")
    assert not view._state.microphone_on


def test_without_consent_the_button_is_disabled_and_says_why(made):
    made.handle(m.CallChanged(seq=1, call=made.context_.api.view.model_copy(update={"consents": [ConsentScope.VIDEO]})))
    assert not made.controls.snapshot.isEnabled()
    assert "does not want snapshots" in made.controls.snapshot.toolTip()
    assert "does not want snapshots" in made.side.banner.text


def test_a_snapshot_freezes_the_picture_and_its_thumbnail_drags_and_copies(made):
    made.act("call.snapshot")
    assert made.video.shown is made._state.tray[0].preview
    [shot] = made._state.tray
    mime = mime_of([shot])
    assert mime.urls()[0].toLocalFile() == str(shot.path)
    assert QImage(mime.imageData()).size().toTuple() == (640, 360)
    assert made.side.tray.copy()
    assert QApplication.clipboard().mimeData().hasImage()
    index = made.side.tray.model().index(0, 0)
    assert "kept here" in index.data()
    assert made.side.tray.model().mimeData([index]).hasUrls()
    made.call_presenter.capturing.frozen_seen()
    assert made.video.shown is made.peer.remote_pictures.picture


def test_clicking_a_checklist_item_lets_the_next_snapshot_belong_to_it(made):
    row = made.side.checklist.model().index(4, 0)
    made.side.checklist.clicked.emit(row)
    made.act("call.snapshot")
    assert made._state.tray[0].item_id == "filling"


def test_reconnecting_greys_the_picture_and_says_so_beside_it(made):
    async def lose():
        made.peer.listener.state_changed(PeerState.DISCONNECTED)

    before = made.video.size()
    asyncio.run(lose())
    assert made._state.phase is CallPhase.RECONNECTING
    assert "gone for a moment" in made.side.banner.text
    assert made.place.currentWidget() is made.stage
    QApplication.processEvents()
    assert made.video.size() == before
    colour = made.video.grab().toImage().pixelColor(made.video.picture_rect().center())
    assert colour.red() == colour.green() == colour.blue()
    assert made.side.banner.button.isVisible()
    made.side.banner.button.click()
    assert len(made.context_.media.peers) == 2


def test_quality_is_said_in_words(made):
    async def judge():
        made.peer.listener.quality_changed(Quality(QualityLevel.WEAK, ("low_bitrate", "low_fps")))

    asyncio.run(judge())
    assert made.controls.quality.word.text() == "Weak"
    assert made.controls.quality.why.text().endswith("Slow connection, picture is jerky")
    made.retranslate()
    i18n.set_language(Language.NL)
    made.retranslate()
    assert made.controls.quality.word.text() == "Matig"


def test_the_video_pops_out_and_comes_back_and_keys_work_there(made):
    made.act("call.pop_out")
    window = made._window
    assert window.isVisible()
    assert made.video.window() is window
    assert made.place.currentWidget() is made.away
    QTest.keyClick(window, Qt.Key.Key_M)
    assert not made.peer.microphone
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert made._window is None
    assert made.video.window() is made
    made.act("call.full_screen")
    assert made._window.isFullScreen()
    made.act("call.full_screen")
    assert made.video.window() is made
    assert made.place.currentWidget() is made.stage


def test_wrapping_up_takes_a_disposition_and_leads_to_the_inbox(made):
    made.act("call.pop_out")
    made.act("call.hang_up")
    assert made.place.currentWidget() is made.wrap_up
    assert made._window is None
    assert made.video.shown is None  # nothing of the customer stays on the screen
    assert made.wrap_up.chosen is Disposition.EVIDENCE_INCOMPLETE
    made.wrap_up.choices[Disposition.FOLLOW_UP].click()
    made.wrap_up.note.setPlainText("belt morgen terug")
    made.wrap_up.finish.click()
    assert made.context_.api.asked[-1][1].disposition is Disposition.FOLLOW_UP
    assert made.context_.navigation.opened[-1] == ("inbox", {})
    assert made._state.phase is CallPhase.NONE


def test_all_texts_exist_in_both_languages():
    nl, en = i18n.texts(Language.NL), i18n.texts(Language.EN)
    mine = {key for key in nl if key.startswith("call.")}
    assert mine == {key for key in en if key.startswith("call.")}
    for key in mine:
        assert type(nl[key]) is type(en[key]), key


def test_escape_leaves_the_chat_field_for_the_call(made):
    made.activateWindow()
    made.side.chat.field.setFocus()
    assert made.focusWidget() is made.side.chat.field
    QTest.keyClick(made.side.chat.field, Qt.Key.Key_Escape)
    assert made.focusWidget() is made.video
