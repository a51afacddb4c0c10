"""The device check and the network test in the settings: what a person sees and can do there."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from tests.desktop.fake_media import FakeMediaEngine, picture_of, product
from tests.desktop.fakes import FakeDeskApi, make_context
from tests.desktop.sample import make_shell
from videodesk.calls.device_check import RECORD_S, Sight, Voice
from videodesk.calls.device_choice import DeviceChange, Remembered, Why
from videodesk.calls.line_report import KEEP, STEPS, LineReport, StepResult, StepState
from videodesk.calls.ports import Device
from videodesk.core.clock import HandClock
from videodesk.core.errors import WorldError
from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n
from videodesk.desktop.line_testing import ReportStore
from videodesk.desktop.preferences import PreferenceStore
from videodesk.desktop.presenters.line_test import LinePresenter
from videodesk.desktop.presenters.settings import SettingsPresenter
from videodesk.desktop.tasks import ImmediateTasks
from videodesk.desktop.views.settings import make
from videodesk.protocol.messages import IceServer

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
SERVICE = [
    StepResult("service", StepState.OK, "desk.example.nl", ms=18.2), StepResult("channel", StepState.OK, "desk.example.nl", ms=19.0),
    StepResult("certificate", StepState.OK, "desk.example.nl", days=62), StepResult("clock", StepState.OK, "desk.example.nl", seconds=0.2),
    StepResult("down", StepState.OK, "desk.example.nl", kbps=41200), StepResult("up", StepState.OK, "desk.example.nl", kbps=9300)]
RELAY = [
    StepResult("stun", StepState.OK, "turn.example.nl:3478", ms=21, seen_as="203.0.113.5:50000"),
    StepResult("turn_udp", StepState.FAILED, "turn.example.nl:3478", reason="no_answer"),
    StepResult("turn_tcp", StepState.OK, "turn.example.nl:3478", ms=44, seen_as="203.0.113.5:50001"),
    StepResult("turn_tls", StepState.OK, "turn.example.nl:443", ms=51, seen_as="203.0.113.5:50002")]


@pytest.fixture(autouse=True)
def english():
    i18n.set_language(Language.EN)
    yield
    i18n.set_language(Language.EN)


class Desk:
    """The settings over fakes."""

    def __init__(self, folder) -> None:
        self.api, self.media = FakeDeskApi(), FakeMediaEngine()
        self.api.line_found, self.media.servers_found = list(SERVICE), list(RELAY)
        self.api.ice_servers = [IceServer(urls=["turn:turn.example.nl:3478"], username="u", credential="p")]
        self.context = make_context(self.api, media=self.media, work_dir=folder)
        self.view = make(self.context)
        self.view.resize(1208, 752)
        self.view.show()

    def named(self, name):
        return next(one for one in self.view.findChildren(object, name))

    def click(self, name):
        self.named(name).click()
        QApplication.processEvents()


@pytest.fixture
def desk(qapp, tmp_path):
    made = Desk(tmp_path)
    yield made
    made.view.shut()


# devices


def test_recording_playing_and_a_verdict_in_words(desk):
    desk.view.opened("devices")
    preview = desk.media.previews[-1]
    desk.click("settings.record")
    assert not desk.named("settings.record").isEnabled()
    assert "Recording" in desk.named("settings.voice").accessibleName()
    for voice, words in ((Voice.WELL, "hear you well"), (Voice.SOFT, "too softly"), (Voice.NOTHING, "hear nothing"), (Voice.LOUD, "Too loud"), (Voice.NOISY, "room")):
        preview.found = replace(preview.found, is_recording=False, recorded_s=RECORD_S, voice=voice)
        desk.view._settings.tick()
        assert words in desk.named("settings.voice").accessibleName()
    desk.click("settings.play_back")
    assert preview.plays == 1


def test_the_test_sound_asks_whether_it_was_heard(desk):
    desk.view.opened("devices")
    desk.click("settings.test_sound")
    assert desk.media.previews[-1].sounds == 1
    assert desk.named("settings.heard_no").isVisible()
    desk.click("settings.heard_no")
    assert not desk.named("settings.heard_no").isVisible()
    assert "volume" in next(one for one in desk.view.findChildren(object, "settings.heard")).accessibleName()


def test_a_dark_picture_and_a_lost_headset_are_said(desk):
    desk.view.opened("devices")
    preview = desk.media.previews[-1]
    preview.found = replace(preview.found, sight=Sight.BLACK)
    preview.news = [DeviceChange("microphone", Why.LOST, "Headset", "Laptop", "mic")]
    desk.view._settings.tick()
    assert "black" in desk.named("settings.sight").accessibleName()
    assert "Headset is gone" in desk.view._devices._problem.text


def test_the_bell_has_a_device_of_its_own_and_what_is_away_stays_chosen():
    store = PreferenceStore(None)
    media = FakeMediaEngine()
    presenter = SettingsPresenter(media, store, ImmediateTasks(), HandClock())
    presenter.start_check()
    previews = len(media.previews)
    presenter.choose("ringer", "spk")
    assert len(media.previews) == previews, "choosing where it rings does not interrupt the check"
    assert store.orders()["ringer"] == (Remembered("spk", "Speaker"),)
    presenter.choose("microphone", "mic")
    assert media.wanted[-1].orders["microphone"] == (Remembered("mic", "Microphone"),)
    media.devices = lambda: [Device("mic-on-another-socket", "Microphone", "microphone")]
    for _ in range(20):
        presenter.tick()
    assert presenter.state.chosen("microphone") == "mic-on-another-socket"
    assert presenter.state.chosen("ringer") == "spk"
    presenter.close()


def test_the_check_is_offered_once_before_the_first_call(qapp, tmp_path):
    context = make_context(media=FakeMediaEngine(), work_dir=tmp_path)
    from videodesk.desktop.views.inbox import make as make_inbox

    inbox = make_inbox(context)
    assert "first call" in inbox._offer.text
    inbox._offer.button.click()
    assert context.navigation.opened[-1][0] == "settings"
    settings = make(context)
    settings.show()
    settings.opened("devices")
    assert context.preferences.value.device_check == "done"
    assert inbox._offer.isHidden()
    settings.shut()
    assert make_inbox(context)._offer.isHidden()
    inbox.shut()


# the network


def test_the_test_says_what_it_means_keeps_it_and_copies_it_for_it(desk, tmp_path):
    desk.view.opened("network")
    assert "No test was made" in desk.named("line.word").text()
    desk.click("line.start")
    said = desk.named("line.advice.0").accessibleName()
    assert said.startswith("Needs attention: UDP to turn.example.nl:3478 is blocked")
    desk.click("line.copy")
    text = QGuiApplication.clipboard().text()
    assert "Ask IT to open UDP 3478" in text
    assert "[FAILED]  Relay over UDP  turn.example.nl:3478  No answer" in text
    assert "203.0.113.5:50001" in text
    assert "credential" not in text
    (kept,) = ReportStore(tmp_path).read()
    assert [one.step for one in kept.steps] == list(STEPS)
    assert desk.media.probed == [desk.api.ice_servers]


def test_a_service_that_is_gone_is_said_and_the_relay_is_not_blamed(desk):
    desk.api.line_found = [StepResult(step, StepState.FAILED, "desk.example.nl", reason="no_answer") for step in ("service", "channel")]
    desk.api.fail_next = None
    desk.api.line = lambda: _fail(WorldError("service.offline"))
    desk.view.opened("network")
    desk.click("line.start")
    assert "does not answer: no calls" in desk.named("line.advice.0").accessibleName()
    assert desk.media.probed == []


async def _fail(problem):
    raise problem


class LateTasks(ImmediateTasks):
    """A test that never ends by itself."""

    def run(self, name, work, done=None, failed=None):
        if name != "line.test":
            return super().run(name, work, done, failed)
        self.told = work

        class Running:
            is_running, was_cancelled = True, False

            def cancel(self):
                self.was_cancelled = True

        self.handle = Running()
        return self.handle


def test_it_can_be_stopped_and_what_was_not_done_says_nothing(tmp_path):
    tasks = LateTasks()
    presenter = LinePresenter(FakeDeskApi(), FakeMediaEngine(), ReportStore(tmp_path), "https://desk.example.nl", tasks, HandClock(NOW))
    presenter.start()
    presenter._came.append(SERVICE[0])
    presenter.tick()
    assert (presenter.state.is_running, presenter.state.done) == (True, 1)
    presenter.stop()
    assert tasks.handle.was_cancelled
    report = presenter.state.report
    assert report.is_cancelled
    assert {one.reason for one in report.steps if one.state is StepState.SKIPPED} == {"cancelled"}
    assert report.level == "neutral"


def test_the_last_twenty_are_kept_and_an_earlier_one_can_be_looked_at(tmp_path):
    store = ReportStore(tmp_path)
    clock = HandClock(NOW)
    for _ in range(KEEP + 3):
        clock.advance(60)
        store.add(LineReport(clock.now(), "desk", tuple(SERVICE)))
    assert len(store.read()) == KEEP
    assert store.read()[0].at == clock.now()
    presenter = LinePresenter(FakeDeskApi(), None, store, "desk", ImmediateTasks(), clock)
    presenter.load()
    presenter.show(3)
    assert presenter.state.report == store.read()[3]
    (tmp_path / "line-tests.json").write_text('[{"at": 1}, 7]', encoding="utf-8")
    assert store.read() == ()


def test_without_media_the_relay_is_skipped_and_the_rest_is_tested(tmp_path):
    api = FakeDeskApi()
    api.line_found = list(SERVICE)
    presenter = LinePresenter(api, None, ReportStore(tmp_path), "desk", ImmediateTasks(), HandClock(NOW))
    presenter.start()
    assert {one.reason for one in presenter.state.report.steps if one.step.startswith("turn")} == {"no_media"}


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("language", Language)
def test_a_picture_of_it(qapp, tmp_path, theme, language):
    """For a person to look at, where VIDEODESK_SHOTS names a folder; everything on it has a name in any case."""
    import os

    from videodesk.desktop.theme import apply_theme

    apply_theme(qapp, theme)
    i18n.set_language(language)
    api, media = FakeDeskApi(), FakeMediaEngine()
    api.line_found, media.servers_found, api.ice_servers = list(SERVICE), list(RELAY), [IceServer(urls=["turn:x"])]
    shell = make_shell(api, media=media, work_dir=tmp_path)
    shell.show()
    shell.open("inbox")
    folder = os.environ.get("VIDEODESK_SHOTS")

    def shot(name):
        for _ in range(3):
            QApplication.processEvents()
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            shell.grab().save(f"{folder}/{name}-{language.value}-{theme}.png")

    shot("inbox-offer")
    shell.open("settings", page="devices")
    preview = media.previews[-1]
    preview.pictures.put(picture_of(product(640, 360)))
    preview.found = replace(preview.found, recorded_s=RECORD_S, voice=Voice.SOFT)
    view = shell._views["settings"]
    view._settings.play_sound()
    view._settings.tick()
    shot("devices")
    view._settings.answer(heard=True)
    shell.open("settings", page="network")
    view.findChild(object, "line.start").click()
    shot("network")
    shell.shut()
    apply_theme(qapp, "light")
