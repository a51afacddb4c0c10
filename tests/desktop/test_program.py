"""Engine, bridge, single instance, tokens, preferences, crash report, window places, the whole program over fakes."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from PySide6.QtCore import QRect
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.desktop.fakes import FakeDeskApi
from tests.desktop.sample import busy_desk
from videodesk.client.channel import ChannelState
from videodesk.core.clock import HandClock
from videodesk.core.errors import WorldError
from videodesk.desktop.bridge import Bridge
from videodesk.desktop.crash import CrashReporter, report_text
from videodesk.desktop.engine import SWITCH_INTERVAL_S, Engine
from videodesk.desktop.links import parse_link
from videodesk.desktop.parts import DesktopParts
from videodesk.desktop.preferences import PreferenceStore
from videodesk.desktop.presenters.entry import Stage
from videodesk.desktop.program import Program
from videodesk.desktop.session import TokenStore
from videodesk.desktop.single_instance import FirstInstance, hand_over
from videodesk.desktop.tasks import TaskScope
from videodesk.desktop.window import restore_place
from videodesk.protocol.messages import Pong
from videodesk.settings import Settings


def until(condition, wait_ms=60_000) -> bool:
    deadline = time.monotonic() + wait_ms / 1000
    while not condition():
        if time.monotonic() > deadline:
            return False
        QTest.qWait(5)
    return True


@pytest.fixture
def engine():
    made = Engine()
    made.start()
    yield made
    made.stop()
    assert not made.is_running


def test_work_runs_in_the_engine_and_answers_in_the_gui_thread(engine, qapp):
    assert sys.getswitchinterval() == pytest.approx(SWITCH_INTERVAL_S)
    bridge = Bridge(engine)
    seen = []

    async def work():
        await asyncio.sleep(0)
        return threading.current_thread().name

    bridge.run("test", work, lambda name: seen.append((name, threading.current_thread() is threading.main_thread())))
    assert until(lambda: seen)
    assert seen == [("engine", True)]


def test_failure_comes_as_an_error_and_a_cancelled_screen_hears_nothing(engine, qapp):
    bridge = Bridge(engine)
    failed, done = [], []
    started = threading.Event()

    async def fails():
        raise WorldError("service.offline")

    async def long():
        started.set()
        await asyncio.Event().wait()

    scope = TaskScope(bridge)
    handle = scope.run("long", long, done.append)
    assert until(started.is_set)
    scope.cancel_all()
    assert not handle.is_running
    bridge.run("fails", fails, done.append, failed.append)
    assert until(lambda: failed)
    assert failed[0].code == "service.offline"
    assert done == []


def test_messages_arrive_in_order_in_the_gui_thread(engine, qapp):
    bridge = Bridge(engine)
    seen = []
    end = bridge.subscribe(lambda message: seen.append(message.n))
    for n in range(100):
        engine.call(bridge.message_received, Pong(n=n))
    assert until(lambda: len(seen) == 100)
    assert seen == list(range(100))
    end()


def test_stop_runs_the_last_thing_and_cancels_the_rest():
    engine = Engine()
    engine.start()
    said = []

    async def waits():
        try:
            await asyncio.Event().wait()
        finally:
            said.append("cancelled")

    async def last():
        said.append("last")

    engine.submit(waits)
    engine.stop(last)
    engine.stop(last)
    assert said == ["last", "cancelled"]


def test_a_second_start_hands_its_link_over(qapp, tmp_path):
    name = f"videodesk-test-{tmp_path.name}"
    assert not hand_over(name, "videodesk://inbox")
    first = FirstInstance(name)
    assert first.is_listening
    heard = []
    first.handed_over.connect(heard.append)
    # another process: the waits of QLocalSocket hold the interpreter lock
    code = "import sys; from videodesk.desktop.single_instance import hand_over; sys.exit(0 if hand_over(*sys.argv[1:]) else 1)"
    second = subprocess.Popen([sys.executable, "-c", code, name, "videodesk://case/VD-2026-000001"])
    assert until(lambda: second.poll() is not None, 20_000)
    assert second.returncode == 0
    assert heard == ["videodesk://case/VD-2026-000001"]
    first.close()


LEAVERS = """
import os, socket, sys, threading
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from videodesk.desktop.single_instance import FirstInstance

app = QApplication([])
for number in range(250):
    first, has_left = FirstInstance(f"{sys.argv[1]}-{number}"), threading.Event()

    def come_and_go():
        with socket.socket(socket.AF_UNIX) as second:
            second.connect(first._server.fullServerName())
            second.sendall(b"videodesk://inbox\\n")
            second.recv(10)
            threading.Event().wait(number % 4 / 1000)
        has_left.set()

    second = threading.Thread(target=come_and_go)
    second.start()
    while not has_left.is_set():
        QTest.qWait(1)
    second.join()
    first.close()
    if number % 2:
        del first
    QTest.qWait(number % 3)
print("all came and went")
"""


@pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="speaks to the local socket by its path")
def test_who_leaves_at_any_moment_takes_nothing_along(tmp_path):
    done = subprocess.run([sys.executable, "-X", "faulthandler", "-c", LEAVERS, f"videodesk-test-{tmp_path.name}"], capture_output=True, text=True, timeout=200, check=False,
                          env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "MALLOC_PERTURB_": "165"})  # what is used after it was freed is found at once
    assert done.stdout == "all came and went\n", done.stderr


@pytest.mark.parametrize("link", [
    "https://example.nl", "videodesk://case/", "videodesk://case/..", "videodesk://case/1?x=1", "videodesk://evil/x", "videodesk:inbox",
    "videodesk://case/VD-2026-000001#x", "x" * 600, "videodesk://[", "videodesk://inbox/extra"])
def test_hostile_links_open_nothing(link):
    assert parse_link(link) is None


def test_links_open_cases_and_places():
    found = parse_link("videodesk://case/VD-2026-000001/")
    assert found is not None
    assert (found.screen, found.params) == ("case", {"case_id": "VD-2026-000001"})
    assert parse_link("videodesk://inbox") is not None


class BrokenKeyring:
    def get_password(self, service_name, username):
        raise OSError("locked")

    def set_password(self, service_name, username, password):
        raise OSError("locked")

    def delete_password(self, service_name, username):
        raise OSError("locked")


class WorkingKeyring(BrokenKeyring):
    def __init__(self):
        self.kept = {}

    def get_password(self, service_name, username):
        return self.kept.get(username)

    def set_password(self, service_name, username, password):
        self.kept[username] = password

    def delete_password(self, service_name, username):
        del self.kept[username]


async def test_tokens_go_to_the_keyring(tmp_path):
    ring = WorkingKeyring()
    store = TokenStore(tmp_path, ring)
    await store.keep("http://a", "secret")
    assert await store.read("http://a") == "secret"
    assert not store.is_in_file
    assert list(tmp_path.iterdir()) == []
    await store.forget("http://a")
    assert await store.read("http://a") is None


async def test_tokens_go_to_a_private_file_where_there_is_no_keyring(tmp_path):
    for ring in (None, BrokenKeyring()):
        store = TokenStore(tmp_path, ring)
        await store.keep("http://a", "secret")
        assert store.is_in_file
        path = tmp_path / "sign-in.json"
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert await TokenStore(tmp_path, None).read("http://a") == "secret"
        await store.forget("http://a")
        assert await store.read("http://a") is None


def test_preferences_survive_and_broken_ones_do_no_harm(tmp_path):
    path = tmp_path / "deep" / "preferences.json"
    PreferenceStore(path).change(theme="dark", scale_pct=150, camera_id="x")
    kept = PreferenceStore(path).value
    assert (kept.theme, kept.scale_pct, kept.camera_id) == ("dark", 150, "x")
    path.write_text('{"theme": 5, "scale_pct": 7000, "unknown": 1, "windows": []}')
    assert PreferenceStore(path).value.theme == "system"
    assert PreferenceStore(path).value.scale_pct == 100
    path.write_text("{")
    assert PreferenceStore(path).value.theme == "system"


def test_crash_report_hides_personal_data_and_is_kept(tmp_path, qapp, capsys):
    clock = HandClock()
    try:
        raise RuntimeError("klant fatima@example.nl +31 6 12345678 in /home/anna/x")
    except RuntimeError as problem:
        text = report_text(problem, clock, [])
        reporter = CrashReporter(tmp_path, clock)
        reporter.report(problem)
    assert "RuntimeError" in text
    assert "test_program" in text
    for secret in ("fatima", "12345678", "/home/anna"):
        assert secret not in text
    kept = list(tmp_path.glob("crash-*.txt"))
    assert len(kept) == 1
    assert "fatima" not in kept[0].read_text() + capsys.readouterr().err
    assert until(lambda: any(w.objectName() == "crash" and w.isVisible() for w in QApplication.topLevelWidgets()))


def test_a_window_that_would_be_off_screen_comes_back(qapp):
    store = PreferenceStore(None)
    there = QWidget()
    there.setGeometry(QRect(40, 60, 500, 300))
    there.show()
    store.change(windows={"main": bytes(there.saveGeometry().data()).hex()})
    again = QWidget()
    restore_place(again, "main", store, (600, 400))
    assert again.geometry().size() == there.geometry().size()
    for kept in ("zz", "00ff", ""):
        store.change(windows={"main": kept})
        lost = QWidget()
        restore_place(lost, "main", store, (600, 400))
        assert lost.screen().availableGeometry().contains(lost.geometry())


class Service:
    url = "http://desk"
    embedded_secret: str | None = "secret"
    setup_code = "code"

    def __init__(self):
        self.is_stopped = False

    async def stop(self):
        self.is_stopped = True


class LiveChannel:
    def __init__(self, listener):
        self.listener = listener
        self.sent = []
        self.is_started = self.is_stopped = False

    def start(self, token):
        self.is_started = True
        self.listener.channel_changed(ChannelState.ONLINE, None)

    async def stop(self):
        self.is_stopped = True

    def hurry(self):
        pass

    def send(self, message):
        self.sent.append(message)


def make_program(api: FakeDeskApi, tmp_path: Path, qapp, link: str | None = None):
    service, channels = Service(), []

    async def reach():
        return service

    def channel(_url, listener):
        channels.append(LiveChannel(listener))
        return channels[-1]

    parts = DesktopParts(settings=Settings(data_dir=tmp_path), clock=api.clock, work_dir=tmp_path, reach_service=reach,
                         make_api=lambda _url: api, make_channel=channel, link=link)
    bugs: list[BaseException] = []
    program = Program(qapp, parts, PreferenceStore(None), bugs.append)
    return program, service, channels, bugs


def test_program_signs_in_opens_the_link_and_ends_cleanly(qapp, tmp_path):
    api = busy_desk()
    api.is_embedded = True
    program, service, channels, bugs = make_program(api, tmp_path, qapp, "videodesk://case/VD-2026-000001")
    program.start()
    assert until(lambda: program.shell is not None and program.shell.place == "case")
    assert until(lambda: program.shell.view("case").presenter.state.case is not None)
    assert until(lambda: program.shell.presenter.state.line == "online")
    program.take_link("videodesk://inbox")
    assert program.shell.place == "inbox"
    program.stop()
    assert channels[0].is_started
    assert channels[0].is_stopped
    assert service.is_stopped
    assert bugs == []


def test_program_first_start_shows_the_wizard_and_sign_out_comes_back(qapp, tmp_path):
    api = FakeDeskApi()
    api.is_embedded = api.needs_setup = True
    program, _, channels, bugs = make_program(api, tmp_path, qapp)
    program.start()
    assert until(lambda: program._entry.state.stage is Stage.WELCOME)
    program._entry.go_on()
    program._entry.create_account("Anna", "anna", "")
    assert until(lambda: program.shell is not None)
    program.sign_out()
    assert program.shell is None
    assert until(lambda: program._entry.state.stage is Stage.WELCOME and "sign_out" in api.asked)
    assert channels[0].is_stopped
    program._entry.resume()
    assert until(lambda: program.shell is not None)
    program.stop()
    assert bugs == []


def test_what_was_typed_is_saved_before_the_window_closes(qapp, tmp_path):
    class Slow(FakeDeskApi):
        async def change_case(self, case_id, body):
            await asyncio.sleep(0.1)
            return await super().change_case(case_id, body)

    api = busy_desk(Slow())
    api.is_embedded = True
    program, _, _, bugs = make_program(api, tmp_path, qapp, "videodesk://case/VD-2026-000001")
    program.start()
    assert until(lambda: program.shell is not None and program.shell.view("case") is not None)
    presenter = program.shell.view("case").presenter
    assert until(lambda: presenter.state.case is not None)
    presenter.edit("brand", "Op het laatste moment")
    program.quit()
    assert until(lambda: not program.window.isVisible())
    program.stop()
    assert api.cases_by_id[presenter.state.case.id].brand == "Op het laatste moment"
    assert bugs == []
