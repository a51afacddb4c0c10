"""The originals of one snapshot: how each was made, its pixels, when, what was found wrong, which one counts; each can be opened."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QDialog, QHBoxLayout, QListWidget, QListWidgetItem, QSizePolicy, QVBoxLayout, QWidget

from videodesk.desktop.i18n import clock_tenths, day, duration, language, t, word
from videodesk.desktop.presenters.case import CasePresenter, CaseState
from videodesk.desktop.theme import SPACE, token
from videodesk.desktop.views.review_stage import ReviewStage
from videodesk.desktop.views.saving import ask_where
from videodesk.desktop.widgets import Button, Card, label
from videodesk.protocol.resources import OriginalView, SnapshotView

_ORIGINAL = int(Qt.ItemDataRole.UserRole)
_ROWS = 3
_ROW_PX = 30
_SHEET = """
QListWidget {{ border: none; background: transparent; outline: none; }}
QListWidget::item {{ padding: 5px 8px; border-radius: 6px; border: 2px solid transparent; color: {text}; }}
QListWidget::item:hover {{ background: {hover}; }}
QListWidget::item:selected {{ background: {soft}; color: {text}; }}
QListWidget::item:selected:focus {{ border-color: {focus}; }}
"""


def original_text(original: OriginalView, *, is_leading: bool, now: datetime) -> str:
    """`scherpste beeld · 1280 × 720 · 14:05:03,7 · Bewogen · geldt nu`."""
    parts = [word("call.method", original.method)]
    if original.width_px:
        parts.append(t("call.size", width=original.width_px, height=original.height_px))
    if original.duration_s is not None:
        parts.append(duration(original.duration_s))
    is_today = original.captured_at.astimezone().date() == now.astimezone().date()
    parts.append(clock_tenths(original.captured_at) if is_today else f"{day(original.captured_at.astimezone())} {clock_tenths(original.captured_at)}")
    parts += [word("call.verdict", problem) for problem in original.verdict]
    if is_leading:
        parts.append(t("case.original_leads"))
    return " · ".join(parts)


class _List(QListWidget):
    """Enter opens."""

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.currentItem() is not None:
            self.itemActivated.emit(self.currentItem())
        else:
            super().keyPressEvent(event)


class OriginalsPanel(Card):
    """Below the grid; hidden while no snapshot is chosen. `open_clip` tells a snapshot whose original is a clip."""

    open_clip = Signal(str)
    looked_at = Signal()

    def __init__(self, presenter: CasePresenter) -> None:
        super().__init__("case.originals")
        self.setObjectName("case.originals")
        self._presenter = presenter
        self._snapshot: SnapshotView | None = None
        self._shown: tuple[SnapshotView | None, object] = (None, None)
        self.list = _List()
        self.list.setObjectName("case.originals.list")
        self.list.setFixedHeight(_ROWS * _ROW_PX + 6)
        self.list.itemActivated.connect(lambda _item: self._open())
        self.list.currentRowChanged.connect(lambda _row: self._refresh())
        self.open = Button("case.original_open", "secondary", icon_name="maximize", pressed=self._open)
        self.lead = Button("case.original_lead", "ghost", icon_name="check", pressed=self._lead)
        self.save = Button("case.original_save", "ghost", icon_name="download", pressed=self._save)
        self.body.addWidget(self.list)
        row = QHBoxLayout()
        for button, name in ((self.open, "open"), (self.lead, "lead"), (self.save, "save")):
            button.setObjectName(f"case.originals.{name}")
            row.addWidget(button)
        row.addStretch(1)
        self.body.addLayout(row)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self.restyle()
        self.hide()

    def put(self, state: CaseState, snapshot: SnapshotView | None) -> None:
        """Show the originals of this snapshot."""
        self._snapshot = snapshot
        self.setVisible(snapshot is not None)
        if snapshot is None or (snapshot, language()) == self._shown:
            return
        is_same = self._shown[0] is not None and self._shown[0].id == snapshot.id
        row = self.list.currentRow() if is_same else -1
        self._shown = (snapshot, language())
        with QSignalBlocker(self.list):
            self.list.clear()
            for original in snapshot.originals:
                text = original_text(original, is_leading=original.id == snapshot.leading, now=state.now)
                entry = QListWidgetItem(text)
                entry.setData(_ORIGINAL, original.id)
                entry.setSizeHint(QSize(0, _ROW_PX))
                self.list.addItem(entry)
        self.list.setFixedHeight(min(_ROWS, max(1, len(snapshot.originals))) * _ROW_PX + 6)
        leading = next((place for place, one in enumerate(snapshot.originals) if one.id == snapshot.leading), 0)
        self.list.setCurrentRow(row if row >= 0 else leading)
        self.list.setAccessibleName(t("case.originals"))
        self._refresh()

    def restyle(self) -> None:
        """Colours of the theme in use."""
        self.list.setStyleSheet(_SHEET.format(text=token("text").name(), hover=token("hover").name(), soft=token("accent_soft").name(),
                                              focus=token("focus").name()))

    def _chosen(self) -> OriginalView | None:
        entry = self.list.currentItem()
        if entry is None or self._snapshot is None:
            return None
        return next((one for one in self._snapshot.originals if one.id == entry.data(_ORIGINAL)), None)

    @property
    def chosen_id(self) -> str | None:
        """The original in hand."""
        chosen = self._chosen()
        return None if chosen is None else chosen.id

    def _refresh(self) -> None:
        self.looked_at.emit()
        chosen, snapshot = self._chosen(), self._snapshot
        self.open.setEnabled(chosen is not None)
        self.save.setEnabled(chosen is not None)
        self.lead.setVisible(snapshot is not None and len(snapshot.originals) > 1)
        self.lead.setEnabled(chosen is not None and snapshot is not None and chosen.id != snapshot.leading)
        is_clip = chosen is not None and chosen.media_type.startswith("video/")
        self.open.set_key("case.clip_open" if is_clip else "case.original_open")

    def _open(self) -> None:
        chosen, snapshot = self._chosen(), self._snapshot
        if chosen is None or snapshot is None:
            return
        if chosen.media_type.startswith("video/"):
            self.open_clip.emit(snapshot.id)
        else:
            self._presenter.open_original(snapshot.id, chosen.id, chosen.media_type)

    def _lead(self) -> None:
        chosen, snapshot = self._chosen(), self._snapshot
        if chosen is not None and snapshot is not None:
            self._presenter.lead(snapshot.id, chosen.id)

    def _save(self) -> None:
        chosen, snapshot = self._chosen(), self._snapshot
        if chosen is None or snapshot is None:
            return
        suffix = {"image/png": ".png", "image/webp": ".webp", "video/webm": ".webm", "video/mp4": ".mp4"}.get(chosen.media_type, ".jpg")
        snapshot_id, original_id = snapshot.id, chosen.id

        def save(path: Path) -> None:
            self._presenter.save_original(snapshot_id, original_id, path)

        ask_where(self, f"{snapshot.case_number} {chosen.captured_at:%H%M%S}{suffix}", save)


class OriginalDialog(QDialog):
    """One original large, with zoom; Esc closes it."""

    def __init__(self, presenter: CasePresenter, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("case.original")
        self.resize(960, 640)
        self.stage = ReviewStage()
        self._text = label(role="caption")
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        column.addWidget(self.stage, 1)
        row = QHBoxLayout()
        row.addWidget(self._text, 1)
        row.addWidget(Button("common.close", "secondary", pressed=self.reject))
        column.addLayout(row)
        self.finished.connect(lambda _result: presenter.close_original())

    def put(self, state: CaseState) -> None:
        """Show the original that is opened."""
        opened = state.opened
        snapshot = next((one for one in state.snapshots if opened is not None and one.id == opened.snapshot_id), None)
        if opened is None or snapshot is None:
            return
        original = next((one for one in snapshot.originals if one.id == opened.original_id), None)
        text = "" if original is None else original_text(
            original, is_leading=original.id == snapshot.leading, now=state.now)
        self.setWindowTitle(text)
        self._text.setText(text)
        self.stage.show_picture(opened.picture, "" if opened.picture is not None else t("case.original_loading"), has_loupe=False)
