"""One desktop per account and data folder: a second start hands its link over to the first and ends."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

_WAIT_MS: Final = 1500
_MAX_BYTES: Final = 2048
_ANSWER: Final = b"taken\n"


def server_name(data_dir: Path) -> str:
    """The local server's name for a data folder."""
    return "videodesk-" + hashlib.sha256(str(data_dir.resolve()).encode()).hexdigest()[:16]


def hand_over(name: str, link: str | None) -> bool:
    """Give `link` (or just the wish to be seen) to a running desktop; False when there is none."""
    socket = QLocalSocket()
    socket.connectToServer(name)
    if not socket.waitForConnected(_WAIT_MS):
        return False
    socket.write((link or "").encode()[:_MAX_BYTES] + b"\n")
    socket.flush()
    # Without an answer the first one is hanging or ending: then this start goes on by itself.
    answer = b""
    while not answer.endswith(b"\n") and (socket.bytesAvailable() or socket.waitForReadyRead(_WAIT_MS)):
        answer += bytes(socket.readAll().data())
    socket.disconnectFromServer()
    return answer == _ANSWER


class FirstInstance(QObject):
    """Listens for later starts; `handed_over` carries their link ("" for none)."""

    handed_over = Signal(str)

    def __init__(self, name: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._connections: list[QLocalSocket] = []
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._welcome)
        QLocalServer.removeServer(name)  # left over from a crash; a living one was asked before
        self.is_listening = self._server.listen(name)

    def close(self) -> None:
        """Stop listening."""
        self._server.close()

    # No slot holds a connection itself: the one that `deleteLater` was connected to was deleted twice when its other end left meanwhile.

    def _welcome(self) -> None:
        while (connection := self._server.nextPendingConnection()) is not None:
            self._connections.append(connection)
            connection.readyRead.connect(self._read_all)
            connection.disconnected.connect(self._let_go)

    def _let_go(self) -> None:
        for connection in [one for one in self._connections if one.state() is QLocalSocket.LocalSocketState.UnconnectedState]:
            self._connections.remove(connection)
            connection.deleteLater()

    def _read_all(self) -> None:
        for connection in [*self._connections]:
            self._read(connection)

    def _read(self, connection: QLocalSocket) -> None:
        if connection.bytesAvailable() > _MAX_BYTES + 1:
            connection.abort()
        elif connection.canReadLine():
            line = bytes(connection.readLine().data()).decode("utf-8", "replace").strip()
            connection.write(_ANSWER)
            connection.flush()
            self.handed_over.emit(line)
