"""The capture on the call screen: what the strip above the tray says, the marks on a tile, the offer, keys, and that all fits."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from tests.desktop.fake_call import CALL_ID, NOW, call_view
from tests.desktop.fake_vision import make_vision, serial
from tests.desktop.test_call_view import NAUGHTY, context_for, go_live
from tests.desktop.test_capturing import BLURRED, CAMERA, SHARP
from videodesk.calls.capture_ports import FoundCode, FoundText
from videodesk.core.vocabulary import CallState, Language
from videodesk.desktop import i18n
from videodesk.desktop.shell import Shell
from videodesk.desktop.views.call_text import TextDialog
from videodesk.protocol import messages as m


async def _at_once(_seconds) -> None:
    return None


class CallShell:
    """The call screen in the shell, as people see it, with what looks at pictures."""

    def __init__(self, folder, *, has_texts=False) -> None:
        self.context, self.seq = context_for(folder), 10
        self.vision = self.context.vision = make_vision(has_texts=has_texts)
        self.shell = Shell(lambda shell: self.context, lambda: None)
        self.context.navigation = self.shell
        self.shell.resize(1280, 800)
        self.shell.show()
        self.context.api.view = call_view(CallState.CONNECTED, connected_at=NOW, customer=CAMERA)
        self.shell.open("call", call_id=CALL_ID)
        self.view = self.shell.view("call")
        self.view.call_presenter.capturing._taker._wait = _at_once
        self.peer = go_live(self.view, self.context, customer=CAMERA)
        self.side = self.view.side

    @property
    def newest(self):
        return self.view.call_presenter.state.newest

    def press(self):
        self.seq += 10
        self.peer.show(BLURRED, seq=self.seq)
        self.peer.stills.near = [(self.seq - 4, SHARP)]
        self.view.act("call.snapshot")
        QApplication.processEvents()
        return self.newest

    def still(self, **values) -> None:
        self.view.handle(m.StillProgressed(seq=self.seq, call_id=CALL_ID, snapshot_id=self.newest.snapshot_id, **values))
        QApplication.processEvents()

    def name_of(self, row=0) -> str:
        model = self.side.tray._model
        return model.data(model.index(row), Qt.ItemDataRole.AccessibleTextRole)


@pytest.fixture
def call(qapp, tmp_path):
    i18n.set_language(Language.EN)
    made = CallShell(tmp_path)
    yield made
    made.shell.shut()
    made.shell.close()
    made.context.outbox.close()


def test_the_still_on_its_way_is_said_on_the_tile_and_above_it(call):
    call.press()
    call.still(stage="sending", sent_bytes=43, size_bytes=100, width_px=4000, height_px=3000)
    assert "43 %" in call.side.note.text.text()
    assert call.side.note.bar.isVisible()
    assert call.side.note.bar.value() == 43
    assert "43 %" in call.name_of()
    assert "sharpest picture" in call.name_of()


def test_a_failed_still_gives_its_reason_and_one_button_for_the_phones_camera(call):
    call.press()
    call.still(stage="failed", code="still.camera_failed")
    assert "the camera gave no photo" in call.side.note.text.text()
    QTest.mouseClick(call.side.note.buttons["native"], Qt.MouseButton.LeftButton)
    assert [one.ask for one in call.context.channel.sent if isinstance(one, m.AskPage)] == ["take_still", "native_camera"]


def test_x_swaps_the_newest_and_a_chosen_one_where_one_is_chosen(call):
    first = call.press()
    second = call.press()
    call.view.act("call.swap")
    assert call.newest.leading.id == second.snapshot_id
    call.side.tray.setCurrentIndex(call.side.tray._model.index(1))
    call.view.act("call.swap")
    assert call.view.call_presenter.state.shot(first.snapshot_id).leading.id == first.snapshot_id
    call.view.act("call.swap")
    assert call.view.call_presenter.state.shot(first.snapshot_id).leading.id != first.snapshot_id
    third = call.press()
    assert call.side.tray.chosen_id() is None  # what is new is what is meant from now on
    call.view.act("call.swap")
    assert call.newest.leading.id == third.snapshot_id


def test_a_verdict_asks_and_r_takes_it_again(call):
    call.vision.judge.problems = ("blurred", "too_dark")
    first = call.press()
    assert call.side.note.text.text() == "Blurred, too dark. Take again?"
    assert "Blurred" in call.name_of()
    QTest.mouseClick(call.side.note.buttons["again"], Qt.MouseButton.LeftButton)
    assert call.view.call_presenter.state.again == first.snapshot_id
    assert call.press().retake_of == first.snapshot_id


def test_an_offer_is_plain_text_says_what_stands_there_and_takes_one_key(call):
    call.vision.codes.codes = [serial("SN-1"), FoundCode(NAUGHTY, "QRCode", "link")]
    call.press()
    bar = call.side.offer
    assert bar.isVisible()
    assert "SN-1" in bar.text.text()
    call.view.act("call.take_over")
    assert call.context.api.case_view.serial == "SN-1"
    assert NAUGHTY[:40] in bar.text.text()
    assert not bar.take.isVisible()
    QTest.mouseClick(bar.copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == NAUGHTY
    QTest.mouseClick(bar.closer, Qt.MouseButton.LeftButton)
    assert not bar.isVisible()


def test_z_zooms_and_the_slider_follows(call):
    assert call.view.controls.zoom.isVisible()
    before = call.view.controls.zoom.slider.value()
    call.view.act("call.zoom_in")
    assert call.view.controls.zoom.slider.value() > before
    assert [one.zoom for one in call.context.channel.sent if isinstance(one, m.AskPage)] == [1.25]


@pytest.mark.parametrize("language", list(Language))
def test_the_window_stays_as_large_as_it_is_with_everything_said_at_once(call, language):
    i18n.set_language(language)
    call.vision.judge.problems = ("too_dark", "glare")
    call.vision.codes.codes = [serial("SN-48213-XC-2026"), FoundCode("https://example.nl/p/1", "QRCode", "link")]
    call.press()
    call.view.act("call.again")
    call.context.api.case_view = call.context.api.case_view.model_copy(update={"serial": "A8801442"})
    call.view.call_presenter.capturing.load_case(call.context.api.case_view.id)
    call.view.act("call.take_over")
    QTest.qWait(0)
    assert (call.shell.width(), call.shell.height()) == (1280, 800)
    for part in (call.side.offer, call.side.note):
        assert part.isVisible()
        assert part.height() >= part.heightForWidth(part.width()) - 1
    call.view.act("call.hang_up")
    QTest.qWait(0)
    assert (call.shell.width(), call.shell.height()) == (1280, 800)
    assert call.view.wrap_up.missing.isVisible()


def test_what_was_read_can_be_taken_as_serial(qapp, tmp_path):
    call = CallShell(tmp_path, has_texts=True)
    call.vision.texts.lines = [FoundText("SN 4711", 0.9, True), FoundText(NAUGHTY, 0.9, False)]
    shot = call.press()
    call.side.tray.read_text.emit(shot.snapshot_id)
    QTest.qWait(0)
    dialog = call.view.findChild(TextDialog)
    assert dialog.lines.count() == 2
    dialog.take.click()
    assert call.view.call_presenter.state.offers[0].text == "SN 4711"
    call.shell.shut()
    call.shell.close()
    call.context.outbox.close()
