"""Driving the app from outside, for the demonstration and the end-to-end tests: only with the hidden flag --driver SOCKET.

One JSON object a line in, one a line out, over a local socket that only this account can open. What it does goes through
Qt's own event delivery (QTest), so a disabled or hidden control cannot be used: it answers {"ok": false, "why": …}.

    {"do": "look", "name": N}                     → visible, enabled, text, kind, size
    {"do": "click" | "double_click", "name": N}   the widget's centre, or {"at": [x, y]} in its coordinates
    {"do": "key", "keys": "Ctrl+S", "name"?: N}   to the widget, or to the one that has the focus; {"grab": F}: a PNG of what is on
                                                  the widget in that very moment
    {"do": "type", "name": N, "text": T}          replaces what is there
    {"do": "drag", "name": N, "path": [[x, y], …]}
    {"do": "choose", "name": N, "data": D | "row": R}    a combo box's entry, a list's row
    {"do": "rows", "name": N}                     → the texts of a list's rows
    {"do": "grab", "file": F, "name"?: N}         a PNG of the window, or of one widget
    {"do": "names"}                               → every named visible widget
    {"do": "open", "link": "videodesk://…"} · {"do": "quit"}

A name is the widget's objectName; the newest visible one wins.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject, QPoint, Qt, QTimer
from PySide6.QtGui import QKeySequence
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTabWidget,
    QWidget,
)

Reply = dict[str, Any]


class _CannotDo(Exception):
    """A command that a person could not have done either; its text is the answer."""


class Driver(QObject):
    """The listening end. GUI thread."""

    def __init__(self, socket_name: str, open_link: Callable[[str], None], quit_app: Callable[[], None]) -> None:
        super().__init__()
        self._open_link = open_link
        self._quit_app = quit_app
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        QLocalServer.removeServer(socket_name)
        self._server.newConnection.connect(self._welcome)
        if not self._server.listen(socket_name):
            raise OSError(self._server.errorString())

    def _welcome(self) -> None:
        while (connection := self._server.nextPendingConnection()) is not None:
            connection.readyRead.connect(lambda connection=connection: self._read(connection))

    def _read(self, connection: QLocalSocket) -> None:
        while connection.canReadLine():
            line = bytes(connection.readLine().data())
            try:
                reply: Reply = {"ok": True, **self._do(json.loads(line))}
            except _CannotDo as reason:
                reply = {"ok": False, "why": str(reason)}
            except Exception as bug:  # noqa: BLE001 - one of the three places: whoever drives must get an answer
                reply = {"ok": False, "why": f"the driver failed: {bug!r}"}
            connection.write(json.dumps(reply, default=str).encode() + b"\n")
            connection.flush()

    def _do(self, command: dict[str, Any]) -> Reply:
        what = command.pop("do", "")
        action = getattr(self, f"_do_{what}", None)
        if action is None:
            raise _CannotDo(f"no such command: {what}")
        reply: Reply | None = action(**command)
        return reply or {}

    # ── finding ────────────────────────────────────────────────────────────────────────────────────────────────

    @staticmethod
    def _named(name: str) -> QWidget | None:
        found = [
            widget
            for window in QApplication.topLevelWidgets()
            for widget in ([window] if window.objectName() == name else []) + window.findChildren(QWidget, name)
        ]
        visible = [widget for widget in found if widget.isVisible()]
        return visible[-1] if visible else (found[-1] if found else None)

    def _usable(self, name: str) -> QWidget:
        widget = self._named(name)
        if widget is None:
            raise _CannotDo(f"{name} is not there")
        if not widget.isVisible():
            raise _CannotDo(f"{name} is not visible")
        if not widget.isEnabled():
            raise _CannotDo(f"{name} is disabled: {widget.toolTip()}")
        modal = QApplication.activeModalWidget()
        if modal is not None and modal is not widget.window():
            raise _CannotDo(f"{name} is behind the dialog {modal.objectName() or modal.windowTitle()}")
        return widget

    # ── commands ───────────────────────────────────────────────────────────────────────────────────────────────

    def _do_look(self, name: str) -> Reply:
        widget = self._named(name)
        if widget is None:
            return {"exists": False, "visible": False, "enabled": False, "text": ""}
        checked = widget.isChecked() if isinstance(widget, QAbstractButton) else None
        rows = widget.model().rowCount() if isinstance(widget, QAbstractItemView) and widget.model() else None
        return {
            "exists": True, "visible": widget.isVisible(), "enabled": widget.isEnabled(), "text": _text(widget), "checked": checked,
            "rows": rows, "kind": type(widget).__name__, "size": [widget.width(), widget.height()], "tool_tip": widget.toolTip(),
        }

    def _do_names(self) -> Reply:
        return {"names": sorted({
            f"{child.objectName()} ({type(child).__name__}{'' if child.isEnabled() else ', disabled'})"
            for window in QApplication.topLevelWidgets() if window.isVisible()
            for child in [window, *window.findChildren(QWidget)]
            if child.objectName() and not child.objectName().startswith("qt_") and child.isVisible()
        })}

    def _do_click(self, name: str, at: list[int] | None = None, button: str = "left") -> None:
        widget = self._usable(name)
        target, point = _target(widget, at)
        which = Qt.MouseButton.RightButton if button == "right" else Qt.MouseButton.LeftButton
        # After this answer: a click may open a dialog with an event loop of its own.
        QTimer.singleShot(0, target, lambda: QTest.mouseClick(target, which, Qt.KeyboardModifier.NoModifier, point))

    def _do_double_click(self, name: str, at: list[int] | None = None) -> None:
        target, point = _target(self._usable(name), at)

        def act() -> None:
            QTest.mouseClick(target, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)
            QTest.mouseDClick(target, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier, point)

        QTimer.singleShot(0, target, act)

    def _do_key(self, keys: str, name: str | None = None, grab: str | None = None) -> None:
        widget = self._usable(name) if name else (QApplication.focusWidget() or _front_window())
        if widget is None:
            raise _CannotDo("there is no window")
        if QApplication.activeWindow() is None:
            widget.activateWindow()  # nobody clicked yet: without a window manager no window is active
        combined = QKeySequence(keys)[0]  # type: ignore[index]  # the stub lacks __getitem__

        def act() -> None:
            seen = widget.grab() if grab else None
            QTest.keyClick(widget, combined.key(), combined.keyboardModifiers())
            if seen is not None and grab:
                seen.save(grab, "PNG")

        QTimer.singleShot(0, widget, act)

    def _do_type(self, name: str, text: str) -> None:
        widget = self._usable(name)
        widget.setFocus()
        if isinstance(widget, QLineEdit | QPlainTextEdit):
            widget.selectAll()
            QTest.keyClick(widget, Qt.Key.Key_Delete)
        QTest.keyClicks(widget, text)

    def _do_drag(self, name: str, path: list[list[int]]) -> None:
        widget = self._usable(name)
        points = [QPoint(x, y) for x, y in path]
        left, none = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
        QTest.mousePress(widget, left, none, points[0])
        for point in points[1:]:
            QTest.mouseMove(widget, point)
        QTest.mouseRelease(widget, left, none, points[-1])

    def _do_choose(self, name: str, data: Any = None, row: int | None = None) -> None:
        widget = self._usable(name)
        if isinstance(widget, QComboBox):
            index = row if row is not None else next((i for i in range(widget.count()) if _plain(widget.itemData(i)) == data), -1)
            if not 0 <= index < widget.count():
                raise _CannotDo(f"{name} has no entry {data!r}")
            widget.setFocus()
            widget.setCurrentIndex(index)
            widget.activated.emit(index)
            return
        if isinstance(widget, QTabWidget):
            if row is None or not 0 <= row < widget.count():
                raise _CannotDo(f"{name} has no tab {row}")
            widget.setCurrentIndex(row)
            return
        if isinstance(widget, QAbstractItemView):
            model = widget.model()
            if row is None or not 0 <= row < model.rowCount():
                raise _CannotDo(f"{name} has no row {row}")
            index_ = model.index(row, 0)
            widget.scrollTo(index_)
            self._do_click(name, at=[widget.visualRect(index_).center().x(), widget.visualRect(index_).center().y()])
            return
        raise _CannotDo(f"{name} has nothing to choose from")

    def _do_rows(self, name: str) -> Reply:
        widget = self._usable(name)
        if not isinstance(widget, QAbstractItemView):
            raise _CannotDo(f"{name} is not a list")
        model = widget.model()
        roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole)
        return {"rows": [next((str(text) for role in roles if (text := model.index(row, 0).data(role))), "") for row in range(model.rowCount())]}

    def _do_grab(self, file: str, name: str | None = None) -> None:
        widget = self._named(name) if name else _front_window()
        if widget is None or not widget.grab().save(file, "PNG"):
            raise _CannotDo(f"no picture of {name or 'the window'}")

    def _do_open(self, link: str) -> None:
        self._open_link(link)

    def _do_quit(self) -> None:
        QTimer.singleShot(0, self, self._quit_app)


def _target(widget: QWidget, at: list[int] | None) -> tuple[QWidget, QPoint]:
    # A scroll area gets its clicks on the viewport.
    target = widget.viewport() if isinstance(widget, QAbstractItemView) else widget
    return target, QPoint(*at) if at else target.rect().center()


def _front_window() -> QWidget | None:
    shown = (window for window in QApplication.topLevelWidgets() if window.isVisible() and window.isWindow())
    return QApplication.activeModalWidget() or QApplication.activeWindow() or next(shown, None)


def _text(widget: QWidget) -> str:
    if isinstance(widget, QLabel | QAbstractButton | QLineEdit):
        return widget.text()
    if isinstance(widget, QPlainTextEdit):
        return widget.toPlainText()
    if isinstance(widget, QComboBox):
        return widget.currentText()
    return widget.accessibleName() or widget.windowTitle()


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
