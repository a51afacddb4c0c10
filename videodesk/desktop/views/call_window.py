"""The video in a window of its own: popped out (perhaps on another screen), or on the full screen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QCloseEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QVBoxLayout, QWidget

from videodesk.desktop.i18n import t
from videodesk.desktop.keys import in_scope
from videodesk.desktop.views.call_video import VideoView


class VideoWindow(QWidget):
    """Holds the one VideoView while it is away from the call screen. The call's keys work here too; Esc brings it back."""

    closed = Signal()

    def __init__(self, video: VideoView, act: Callable[[str], bool], leave: Callable[[], bool] = lambda: False) -> None:
        """`leave`: what Esc does before it closes the window; False when there was nothing."""
        super().__init__(None, Qt.WindowType.Window)
        self.setObjectName("call.video_window")
        self._act, self._leave = act, leave
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(video)
        self.resize(960, 540)
        self.retranslate()

    def retranslate(self) -> None:
        """Name the window."""
        self.setWindowTitle(t("call.window"))
        self.setAccessibleName(t("call.window"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if not self._leave():
                self.close()
            return
        pressed = QKeySequence(event.keyCombination())
        for spec in in_scope("call"):
            if spec.shortcut and pressed == QKeySequence(spec.shortcut):
                self._act(spec.id)
                return
        super().keyPressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.closed.emit()
        super().closeEvent(event)
