"""When there is a bug: a report on this machine, without personal data, and a dialog that says so. Nothing is sent anywhere."""

from __future__ import annotations

import faulthandler
import platform
import sys
import threading
import traceback
from collections import deque
from pathlib import Path
from types import TracebackType
from typing import Final, TextIO

from PySide6.QtCore import QMessageLogContext, QObject, Qt, QtMsgType, QUrl, Signal, qInstallMessageHandler, qVersion
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QDialog, QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

import videodesk
from videodesk.core.clock import Clock, iso
from videodesk.core.personal import redact_text
from videodesk.desktop.i18n import t
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Button, label

KEPT_REPORTS: Final = 10


def report_text(problem: BaseException, clock: Clock, messages: list[str]) -> str:
    """The report: versions, the traceback, the last messages of Qt; cleaned of personal data."""
    trace = "".join(traceback.format_exception(problem))
    lines = [
        f"videodesk {videodesk.__version__}", f"at {iso(clock.now())}", f"{platform.system()} {platform.release()} {platform.machine()}",
        f"Python {platform.python_version()}, Qt {qVersion()}", "", trace, *messages,
    ]
    return redact_text("\n".join(lines))


class CrashReporter(QObject):
    """Hears of every bug, in any thread; writes the report and asks for the dialog in the GUI thread."""

    happened = Signal(str, str)

    def __init__(self, folder: Path, clock: Clock) -> None:
        super().__init__()
        self.folder = folder
        self._clock = clock
        self._messages: deque[str] = deque(maxlen=40)
        self._fault_file: TextIO | None = None
        self._dialog: CrashDialog | None = None
        self.happened.connect(self._show, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Take over the hooks of Python, its threads, faulthandler and Qt's messages."""
        sys.excepthook = self.hook
        threading.excepthook = lambda about: self.report(about.exc_value) if about.exc_value is not None else None
        qInstallMessageHandler(self._qt_message)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._fault_file = (self.folder / "fault.txt").open("w", encoding="utf-8")
            faulthandler.enable(self._fault_file)
        except OSError:
            faulthandler.enable()

    def uninstall(self) -> None:
        """Give the hooks back."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__
        qInstallMessageHandler(None)
        faulthandler.disable()
        if self._fault_file is not None:
            self._fault_file.close()
            self._fault_file = None

    def hook(self, kind: type[BaseException], problem: BaseException, trace: TracebackType | None) -> None:
        """sys.excepthook."""
        del kind, trace
        if isinstance(problem, KeyboardInterrupt):
            return
        self.report(problem)

    def report(self, problem: BaseException) -> None:
        """Write a report and have it shown. Any thread; never raises."""
        text = report_text(problem, self._clock, list(self._messages))
        sys.stderr.write(text + "\n")
        path: Path | None = None
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            path = self.folder / f"crash-{iso(self._clock.now()).replace(':', '')}.txt"
            path.write_text(text, encoding="utf-8")
            for old in sorted(self.folder.glob("crash-*.txt"))[:-KEPT_REPORTS]:
                old.unlink(missing_ok=True)
        except OSError:
            path = None
        self.happened.emit(text, str(path or ""))

    def _qt_message(self, kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
        del context
        line = f"Qt {kind.name}: {text}"
        self._messages.append(line)
        if kind is not QtMsgType.QtDebugMsg:
            sys.stderr.write(redact_text(line) + "\n")

    def _show(self, text: str, path: str) -> None:
        if self._dialog is not None and self._dialog.isVisible():
            return  # one is enough: the others are in their files
        self._dialog = CrashDialog(text, path)
        self._dialog.show()


class CrashDialog(QDialog):
    """Says that something went wrong, what is safe, and shows the report before anyone is asked to send it."""

    def __init__(self, text: str, path: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("crash")
        self.setWindowTitle(t("shell.crash_title"))
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 3 * SPACE)
        column.setSpacing(2 * SPACE)
        column.addWidget(label(key="shell.crash_title", role="title"))
        column.addWidget(label(key="shell.crash_text", wraps=True))
        self._report = QPlainTextEdit(text)
        self._report.setReadOnly(True)
        self._report.setAccessibleName(t("shell.crash_report"))
        self._report.setTabChangesFocus(True)
        column.addWidget(self._report, 1)
        if path:
            column.addWidget(label(t("shell.crash_file", file=path), "caption", wraps=True))
        row = QHBoxLayout()
        if path:
            row.addWidget(Button("shell.crash_folder", pressed=lambda: _open_folder(path)))
        row.addStretch(1)
        row.addWidget(Button("common.close", "primary", pressed=self.accept))
        column.addLayout(row)
        self.resize(680, 480)


def _open_folder(path: str) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(Path(path).parent)))
