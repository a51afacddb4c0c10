"""The main window: remembers its place, holds the entry or the shell, tells by tray and taskbar."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QByteArray, QRect, Qt
from PySide6.QtGui import QCloseEvent, QGuiApplication, QIcon
from PySide6.QtWidgets import QApplication, QMainWindow, QSystemTrayIcon, QWidget

from videodesk.desktop.icons import pixmap
from videodesk.desktop.preferences import PreferenceStore

DEFAULT_PX = (1280, 800)
SMALLEST_PX = (1000, 640)  # no larger than the screen


class MainWindow(QMainWindow):
    """One window. `closed` is called when the person closes it; it answers whether it may."""

    def __init__(self, preferences: PreferenceStore, closed: Callable[[], bool]) -> None:
        super().__init__()
        self.setObjectName("main")
        self.setWindowTitle("videodesk")
        room = QGuiApplication.primaryScreen().availableGeometry()
        self.setMinimumSize(min(SMALLEST_PX[0], room.width()), min(SMALLEST_PX[1], room.height()))
        self._preferences = preferences
        self._closed = closed
        self._tray: QSystemTrayIcon | None = None
        self.restyle()
        restore_place(self, "main", preferences, DEFAULT_PX)

    def restyle(self) -> None:
        """The window's own icon."""
        self.setWindowIcon(QIcon(pixmap("video", "#2f55d4", 64, 1.0)))

    def put(self, content: QWidget) -> None:
        """Show entry or shell. The one before is deleted."""
        before = self.centralWidget()
        self.setCentralWidget(content)
        if before is not None and before is not content:
            before.deleteLater()

    def come_to_front(self) -> None:
        """Show it, wherever it was."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def alert(self, text: str) -> None:
        """Where the window is not in front: the taskbar blinks, and the tray says it where there is one."""
        if self.isActiveWindow():
            return
        QApplication.alert(self, 0)
        if self._tray is None and QSystemTrayIcon.isSystemTrayAvailable():
            self._tray = QSystemTrayIcon(self.windowIcon(), self)
            self._tray.setToolTip("videodesk")
            self._tray.activated.connect(lambda _reason: self.come_to_front())
            self._tray.messageClicked.connect(self.come_to_front)
            self._tray.show()
        if self._tray is not None:
            # Notification servers may take markup: what could start a tag is left out.
            self._tray.showMessage("videodesk", text.replace("<", "").replace("&", "+"), self.windowIcon())

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember the place."""
        if not self._closed():
            event.ignore()
            return
        keep_place(self, "main", self._preferences)
        super().closeEvent(event)


def keep_place(window: QWidget, name: str, preferences: PreferenceStore) -> None:
    """Remember where `window` is."""
    place = bytes(window.saveGeometry().data()).hex()
    preferences.change(windows={**preferences.value.windows, name: place})


def restore_place(window: QWidget, name: str, preferences: PreferenceStore, size: tuple[int, int]) -> None:
    """Put `window` where it was, if that place is still on a screen; else in the middle of the first one, no larger than it."""
    kept = preferences.value.windows.get(name, "")
    try:
        place = bytes.fromhex(kept)
    except ValueError:
        place = b""
    if place and window.restoreGeometry(QByteArray(place)) and _is_seen(window.frameGeometry()):
        return
    screen = QGuiApplication.primaryScreen()
    room = screen.availableGeometry()
    width, height = min(size[0], room.width()), min(size[1], room.height())
    window.setGeometry(QRect(room.x() + (room.width() - width) // 2, room.y() + (room.height() - height) // 2, width, height))


def _is_seen(frame: QRect) -> bool:
    """Whether enough of the title bar is on some screen to be dragged."""
    bar = QRect(frame.x(), frame.y(), frame.width(), 40)
    for screen in QGuiApplication.screens():
        part = screen.availableGeometry().intersected(bar)
        if part.width() >= 120 and part.height() >= 20:
            return True
    return False
