"""The desktop's whole program: run_desktop. Everything is injected (DesktopParts)."""

from __future__ import annotations

import locale
import os
import signal
import sys
from collections.abc import Callable

from PySide6.QtCore import QSocketNotifier, QTimer
from PySide6.QtWidgets import QApplication

from videodesk.core.vocabulary import Language
from videodesk.desktop import i18n, keys
from videodesk.desktop.crash import CrashReporter
from videodesk.desktop.parts import DesktopParts
from videodesk.desktop.preferences import PreferenceStore
from videodesk.desktop.program import Program
from videodesk.desktop.single_instance import FirstInstance, hand_over, server_name
from videodesk.desktop.theme import apply_theme

__all__ = ["DesktopParts", "run_desktop"]


def run_desktop(parts: DesktopParts) -> int:
    """Run the desktop until its window closes; returns the exit code. A second start hands its link to the first and returns 0."""
    preferences = PreferenceStore(parts.work_dir / "preferences.json")
    _scale(preferences.value.scale_pct)
    app = QApplication.instance() or QApplication([sys.argv[0]])
    if not isinstance(app, QApplication):
        raise TypeError("a QCoreApplication is there already")
    app.setApplicationName("videodesk")
    app.setDesktopFileName("videodesk")
    name = server_name(parts.settings.data_dir)
    if parts.is_single_instance and hand_over(name, parts.link):
        return 0
    crash = CrashReporter(parts.work_dir / "reports", parts.clock)
    crash.install()
    try:
        return _run(app, parts, preferences, crash, name)
    finally:
        crash.uninstall()


def _run(app: QApplication, parts: DesktopParts, preferences: PreferenceStore, crash: CrashReporter, name: str) -> int:
    i18n.set_language(choose_language(parts, preferences))
    chosen = parts.settings.theme if parts.settings.theme != "system" else preferences.value.theme
    apply_theme(app, chosen)
    keys.use(preferences.value.shortcuts, has_characters=preferences.value.has_character_keys)
    app.setQuitOnLastWindowClosed(False)
    program = Program(app, parts, preferences, crash.report)
    first = FirstInstance(name) if parts.is_single_instance else None
    if first is not None:
        first.handed_over.connect(program.take_link)
    driver = _driver(parts, program)
    restore = _quit_on_signals(program)
    program.start()
    try:
        return app.exec()
    finally:
        restore()
        del driver
        if first is not None:
            first.close()
        program.stop()
        if app.platformName() == "offscreen":
            app.clipboard().clear()  # kept there in a static that outlives Python, whose objects it would free too late


def choose_language(parts: DesktopParts, preferences: PreferenceStore) -> Language:
    """Flag or file, else what the person chose here, else the system's; English where that is neither."""
    if parts.settings.language is not None:
        return parts.settings.language
    kept = preferences.value.language
    if kept in set(Language):
        return Language(kept)
    system = (os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or "").lower()
    return Language.NL if system.startswith(("nl", "dutch")) else Language.EN


def _scale(scale_pct: int) -> None:
    """Qt's own scale factor, before the application exists; one from the environment is stronger."""
    if scale_pct != 100 and "QT_SCALE_FACTOR" not in os.environ and QApplication.instance() is None:
        os.environ["QT_SCALE_FACTOR"] = str(scale_pct / 100)


def _driver(parts: DesktopParts, program: Program) -> object:
    if parts.driver_socket is None:
        return None
    from videodesk.desktop.driver import Driver  # only with the hidden flag

    return Driver(parts.driver_socket, program.take_link, program.quit)


def _quit_on_signals(program: Program) -> Callable[[], None]:
    """Ctrl+C and SIGTERM close the window as a person would: Python's handlers only run when Qt's loop wakes up, so a pipe wakes it."""
    if sys.platform == "win32":
        timer = QTimer()
        timer.start(500)
        return timer.stop
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    before_fd = signal.set_wakeup_fd(writing)
    before = {number: signal.signal(number, lambda *_args: None) for number in (signal.SIGINT, signal.SIGTERM)}
    notifier = QSocketNotifier(reading, QSocketNotifier.Type.Read)

    def wake(*_args: object) -> None:
        os.read(reading, 64)
        program.quit()

    notifier.activated.connect(wake)

    def restore() -> None:
        notifier.setEnabled(False)
        signal.set_wakeup_fd(before_fd)
        for number, handler in before.items():
            signal.signal(number, handler)
        os.close(reading)
        os.close(writing)

    return restore
