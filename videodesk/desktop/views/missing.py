"""The list of missing pieces, with what can be done about each; and the question before a case is closed without them."""

from __future__ import annotations

from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFrame, QHBoxLayout, QVBoxLayout, QWidget

from videodesk.desktop.i18n import error_text, language, moment_text, t, word
from videodesk.desktop.missing import Piece, PieceKind
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Button, Icon, IconButton, label, scrolled

_SYMBOLS = {PieceKind.STILL: ("device-mobile", "text_muted"), PieceKind.UPLOAD: ("cloud-up", "text_muted"),
            PieceKind.HERE: ("device-floppy", "text_muted"), PieceKind.REFUSED: ("alert-triangle", "danger")}


def piece_text(piece: Piece) -> str:
    """Its name: what it is and for which item."""
    item = dict(piece.item).get(language(), "") or t("missing.no_item")
    if piece.kind is PieceKind.STILL:
        return t("missing.still", item=item)
    if piece.kind is PieceKind.UPLOAD:
        return t("missing.upload", item=item)
    return t("missing.here", method=word("call.method", piece.method) if piece.method is not None else "", item=item)


def piece_state(piece: Piece, now: datetime) -> str:
    """How it stands with it: since when, how far, what is in the way."""
    parts = [moment_text(piece.since, now)]
    if piece.percent is not None:
        parts.append(t("missing.percent", percent=piece.percent))
    parts.append(error_text(piece.error) if piece.error is not None else t(f"missing.state.{piece.kind.value}"))
    return " · ".join(parts)


class PieceList(QWidget):
    """One row for each piece."""

    give_up = Signal(str)
    retry = Signal(str)
    save_as = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._shown: tuple[tuple[Piece, ...], str] = ((), "")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE)
        self.setAccessibleName(t("missing.title"))

    def put(self, pieces: tuple[Piece, ...], now: datetime) -> None:
        """Show these."""
        if (pieces, language()) == self._shown:
            return
        self._shown = (pieces, language())
        while (item := self._column.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for piece in pieces:
            self._column.addWidget(self._row(piece, now))
        self.setAccessibleName(t("missing.title"))

    def _row(self, piece: Piece, now: datetime) -> QWidget:
        row = QFrame()
        row.setObjectName("missing.row")
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(SPACE)
        symbol, colour = _SYMBOLS[piece.kind]
        line.addWidget(Icon(symbol, colour, 18), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(label(piece_text(piece), "strong", wraps=True))
        words.addWidget(label(piece_state(piece, now), "caption", wraps=True))
        line.addLayout(words, 1)
        row.setAccessibleName(f"{piece_text(piece)}, {piece_state(piece, now)}")
        snapshot_id, original_id = piece.snapshot_id, piece.original_id
        if piece.kind is PieceKind.STILL and snapshot_id is not None:
            line.addWidget(Button("missing.give_up", "ghost", pressed=lambda: self.give_up.emit(snapshot_id)))
        if piece.kind is PieceKind.REFUSED and original_id is not None:
            line.addWidget(Button("missing.retry", "secondary", pressed=lambda: self.retry.emit(original_id)))
        if original_id is not None:
            line.addWidget(IconButton("missing.save_as", "download", size_px=18, pressed=lambda: self.save_as.emit(original_id)))
        return row


class ClosingDialog(QDialog):
    """Names what is missing before the case is closed: wait, give up, or close all the same."""

    anyway = Signal()
    waits = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("case.closing")
        self.setMinimumWidth(620)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACE, 3 * SPACE, 3 * SPACE, 2 * SPACE)
        column.setSpacing(2 * SPACE)
        self.title = label(role="heading", wraps=True)
        self.list = PieceList()
        column.addWidget(self.title)
        column.addWidget(label(key="missing.close_text", role="muted", wraps=True))
        area = scrolled(self.list)
        area.setMinimumHeight(210)
        column.addWidget(area, 1)
        row = QHBoxLayout()
        self.wait = Button("missing.wait", "primary", pressed=self.reject)
        self.wait.setObjectName("case.closing.wait")
        self.close_anyway = Button("missing.close_anyway", "secondary", pressed=self._anyway)
        self.close_anyway.setObjectName("case.closing.anyway")
        row.addWidget(self.close_anyway)
        row.addStretch(1)
        row.addWidget(self.wait)
        column.addLayout(row)
        self.rejected.connect(self.waits.emit)
        self.wait.setFocus()

    def put(self, pieces: tuple[Piece, ...], now: datetime) -> None:
        """Show what is missing now; when all came in or was given up, it says so."""
        self.setWindowTitle(t("missing.close_title"))
        self.title.setText(t("missing.count", n=len(pieces)) if pieces else t("missing.none"))
        self.list.put(pieces, now)
        self.close_anyway.set_key("missing.close_anyway" if pieces else "missing.close_now")
        self.close_anyway.set_kind("secondary" if pieces else "primary")

    def _anyway(self) -> None:
        self.anyway.emit()
        self.accept()
