"""The clip screen: fetching with progress, looking frame by frame, taking frames, playing, and what cannot be read."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import cv2
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.desktop.fake_media import FakeMediaEngine
from tests.desktop.fake_memory import BEGIN, FakeClip, numbered
from tests.desktop.fakes import FakeDeskApi, FakeNavigation, make_context, sample_case
from videodesk.client.outbox import Outbox
from videodesk.core.clock import HandClock
from videodesk.core.errors import WorldError
from videodesk.core.vocabulary import Language, SnapshotMethod
from videodesk.desktop import i18n, theme
from videodesk.desktop.presenters.clip import ClipStage
from videodesk.desktop.shell import Shell
from videodesk.desktop.tasks import FinishedHandle, ImmediateTasks
from videodesk.desktop.views.clip import ClipView, make

SECONDS = 20.0


class FileApi(FakeDeskApi):
    """Gives originals as files."""

    broken = None

    async def save_original(self, snapshot_id, original_id, path):
        self._enter("save_original")
        if self.broken is not None:
            raise self.broken
        path.write_bytes(self.originals[snapshot_id])


class LateTasks(ImmediateTasks):
    """Runs what is named only when told."""

    def __init__(self, *late) -> None:
        super().__init__()
        self.late, self.waiting = late, []

    def run(self, name, work, done=None, failed=None):
        if name not in self.late:
            return super().run(name, work, done, failed)
        self.waiting.append(lambda: ImmediateTasks.run(self, name, work, done, failed))
        return FinishedHandle()


class Clips(FakeMediaEngine):
    """Opens any file but one that says it is broken."""

    def open_clip(self, path):
        if path.read_bytes() == b"broken":
            return super().open_clip(path)
        self.opened = FakeClip(SECONDS)
        return self.opened


class Desk:
    def __init__(self, folder, tasks=None) -> None:
        self.api, self.media = FileApi(), Clips()
        self.outbox = Outbox(folder / "outbox", HandClock())
        self.case = asyncio.run(self.api.add_case(sample_case()))
        self.clip = self.add(b"a clip")
        self.context = make_context(self.api, tasks=tasks, media=self.media, outbox=self.outbox, work_dir=folder, navigation=FakeNavigation())
        self.folder = folder / "looking"
        self.view = make(self.context)
        assert isinstance(self.view, ClipView)
        self.view.resize(1180, 760)
        self.view.show()

    def add(self, data):
        return self.api.add_snapshot(self.case.id, data, "damage", method=SnapshotMethod.CLIP, media_type="video/webm", duration_s=SECONDS,
                                     captured_at=BEGIN)

    @property
    def state(self):
        return self.view.presenter.state

    def open(self):
        self.view.opened(snapshot_id=self.clip.id)
        QApplication.processEvents()
        return self


@pytest.fixture
def desk(qapp, tmp_path):
    made = Desk(tmp_path)
    yield made
    made.view.shut()
    made.outbox.close()


def test_it_is_fetched_opened_and_shows_its_first_frame_and_its_strip(desk):
    desk.open()
    assert desk.state.stage is ClipStage.READY
    assert desk.view.place.currentWidget() is desk.view.stage
    assert desk.view.stage.shown is desk.state.frame.preview
    assert len(desk.state.pictures) == 24
    assert desk.view.time.text() == "0:00.0 of 0:20"
    assert desk.case.number in desk.view.facts.text()
    assert len(list(desk.folder.iterdir())) == 1


def test_leaving_takes_the_copy_away_and_coming_back_fetches_it_again(desk):
    desk.open()
    desk.view.left()
    assert list(desk.folder.iterdir()) == []
    assert desk.media.opened.is_closed
    assert desk.view.stage.shown is None
    desk.open()
    assert desk.state.stage is ClipStage.READY


def test_what_a_crash_left_behind_goes(desk):
    desk.folder.mkdir()
    (desk.folder / "old.webm").write_bytes(b"someone's kitchen")
    desk.open()
    assert not (desk.folder / "old.webm").exists()


def test_while_it_comes_the_screen_says_how_much_of_it(qapp, tmp_path):
    tasks = LateTasks("clip.fetch")
    desk = Desk(tmp_path, tasks)
    desk.api.snapshots_by_id[desk.clip.id] = desk.clip.model_copy(update={"size_bytes": 4_000_000})
    desk.open()
    assert desk.state.stage is ClipStage.DOWNLOADING
    desk.folder.mkdir()
    (desk.folder / f"{desk.state.source.original_id}.webm.tmp").write_bytes(b"x" * 1_000_000)
    desk.view.presenter.look()
    assert desk.state.percent == 25
    assert desk.view.waiting_words.text() == "Fetching the clip: 25% of 4.0 MB"
    assert desk.view.progress.isVisible()
    assert not desk.view.bar.isVisible()
    tasks.waiting.pop()()
    assert desk.state.stage is ClipStage.READY
    desk.view.shut()
    desk.outbox.close()


def test_what_cannot_be_read_is_said_and_can_be_tried_again(desk):
    desk.api.originals[desk.clip.id] = b"broken"
    desk.open()
    assert desk.state.stage is ClipStage.BROKEN
    assert desk.view.place.currentWidget() is desk.view.broken
    desk.api.originals[desk.clip.id] = b"a clip"
    desk.view.broken.button.click()
    assert desk.state.stage is ClipStage.READY


def test_without_a_line_it_is_said(desk):
    desk.api.broken = WorldError("service.offline")
    desk.open()
    assert desk.state.stage is ClipStage.BROKEN
    assert desk.state.problem.code == "service.offline"


def test_arrows_home_end_and_frames(desk):
    desk.open()
    act = desk.view.act
    act("clip.forward")
    act("clip.forward")
    assert desk.state.position_s == 2
    act("clip.frame_forward")
    assert desk.state.frame.seq == 31
    act("clip.frame_back")
    act("clip.frame_back")
    assert desk.state.frame.seq == 29
    act("clip.end")
    assert desk.state.position_s == SECONDS
    act("clip.forward")
    assert desk.state.position_s == SECONDS
    act("clip.begin")
    act("clip.frame_back")
    assert desk.state.frame.seq == 0


def test_a_press_on_the_strip_goes_there(desk):
    desk.open()
    strip = desk.view.strip
    QTest.mouseClick(strip, Qt.MouseButton.LeftButton, pos=QPoint(strip.width() // 2, 20))
    assert desk.state.position_s == pytest.approx(SECONDS / 2, abs=0.1)
    assert desk.view.stage.shown.received_at_s == pytest.approx(SECONDS / 2, abs=0.1)


def test_while_one_is_decoded_only_the_newest_wish_waits(qapp, tmp_path):
    tasks = LateTasks("clip.decode")
    desk = Desk(tmp_path, tasks).open()
    for at_s in (3, 6, 9):
        desk.view.presenter.go_to(at_s)
    assert len(tasks.waiting) == 1
    while tasks.waiting:
        tasks.waiting.pop(0)()
    assert desk.media.opened.decoded == [0.0, 9]
    desk.view.shut()
    desk.outbox.close()


def test_a_frame_becomes_a_snapshot_of_its_own_that_names_the_clip(desk):
    desk.open()
    desk.view.presenter.go_to(7)
    desk.view.act("clip.take")
    [entry] = desk.outbox.entries()
    meta = entry.meta
    assert (meta.method, meta.taken_from, meta.case_id) == (SnapshotMethod.CLIP_FRAME, desk.clip.id, desk.case.id)
    assert meta.captured_at == BEGIN + timedelta(seconds=7)
    assert meta.checklist_item == "damage"
    assert meta.media_type == "image/jpeg"
    picture = cv2.imread(str(entry.path))
    assert cv2.PSNR(picture, numbered(7)) > 30
    assert "1 frame" in desk.view.taken.text()


def test_a_clip_that_is_still_on_its_way_is_looked_at_here(desk):
    desk.open()
    desk.view.presenter.take()  # something else in the outbox
    entry = desk.outbox.entries()[0]
    desk.view.left()
    clip = desk.folder.parent / "kept.webm"
    clip.write_bytes(b"kept here")
    from hashlib import sha256

    from videodesk.core.ids import new_id

    meta = entry.meta.model_copy(update={"method": SnapshotMethod.CLIP, "media_type": "video/webm", "duration_s": SECONDS,
                                         "digest": sha256(b"kept here").hexdigest(), "taken_from": None})
    kept = desk.outbox.keep_file(new_id(), entry.person_id, meta, clip, b"\xff\xd8")
    desk.view.opened(snapshot_id=kept.snapshot_id)
    assert desk.state.stage is ClipStage.READY
    assert "save_original" in desk.api.asked
    assert desk.api.asked.count("save_original") == 1, "the first one only"
    desk.view.left()
    assert kept.path.is_file(), "the outbox's own file stays"


def test_playing_follows_the_player_and_pausing_shows_the_exact_frame(desk):
    desk.open()
    desk.view.act("clip.play")  # the file is no video: the player says so, and looking still works
    for _ in range(2400):
        if desk.view.play.isEnabled():
            QTest.qWait(25)
    assert not desk.view.play.isEnabled()
    assert "Looking through the frames does" in desk.view.play.toolTip()
    desk.view.act("clip.forward")
    assert desk.state.position_s == 1


def test_every_control_has_a_name_and_the_slider_a_value(desk):
    desk.open()
    desk.view.presenter.go_to(7)
    for widget in desk.view.findChildren(QWidget):
        if widget.isVisible() and widget.focusPolicy() != Qt.FocusPolicy.NoFocus:
            assert QAccessible.queryAccessibleInterface(widget).text(QAccessible.Text.Name), widget.objectName()
    assert (desk.view.strip.minimum(), desk.view.strip.value(), desk.view.strip.maximum()) == (0, 7, 20)


@pytest.mark.parametrize("name", ["light", "dark", "contrast"])
@pytest.mark.parametrize("language", list(Language))
def test_it_fits_in_every_theme_and_language(qapp, desk, name, language):
    theme.apply_theme(qapp, name)
    i18n.set_language(language)
    desk.open()
    desk.view.retranslate()
    desk.view.resize(860, 560)
    QApplication.processEvents()
    assert desk.view.minimumSizeHint().width() <= 860
    assert desk.view.take.geometry().right() <= desk.view.bar.width()
    desk.view.grab()


def test_the_shell_opens_it_and_its_keys_work(qapp, tmp_path):
    api, media = FileApi(), Clips()
    case = asyncio.run(api.add_case(sample_case()))
    clip = api.add_snapshot(case.id, b"a clip", method=SnapshotMethod.CLIP, media_type="video/webm", duration_s=SECONDS)
    context = make_context(api, media=media, work_dir=tmp_path)
    shell = Shell(lambda shell: context, lambda: None)
    context.navigation = shell
    shell.show()
    shell.open("clip", snapshot_id=clip.id)
    shell.activateWindow()
    view = shell.view("clip")
    QApplication.processEvents()
    QTest.keyClick(view.strip, Qt.Key.Key_Right)
    QTest.keyClick(view.strip, Qt.Key.Key_Right, Qt.KeyboardModifier.ShiftModifier)
    assert view.presenter.state.frame.seq == 16
    shell.back()
    assert list((tmp_path / "looking").iterdir()) == []
    shell.shut()
    shell.close()
