"""The contact sheet: a virtualised list of small pictures, fetched when they come into sight."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRectF, QSignalBlocker, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QImage, QKeyEvent, QPainter, QPainterPath, QPen, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from videodesk.core.clock import Clock
from videodesk.core.vocabulary import ReviewState
from videodesk.desktop.drawing.pictures import Pixels
from videodesk.desktop.drawing.rendition import image_of
from videodesk.desktop.i18n import moment_text, t, word
from videodesk.desktop.icons import pixmap
from videodesk.desktop.presenters.review import ReviewPresenter, ReviewScreenState
from videodesk.desktop.theme import token
from videodesk.protocol import resources as r

_Index = QModelIndex | QPersistentModelIndex
SNAPSHOT_ROLE: Final = int(Qt.ItemDataRole.UserRole)
PICTURE_ROLE: Final = SNAPSHOT_ROLE + 1
_CELL: Final = QSize(212, 172)
_KEPT: Final = 600
_AT_ONCE: Final = 4
STATE_LOOK: Final = {
    ReviewState.PENDING: ("clock", "text_muted"), ReviewState.ACCEPTED: ("circle-check", "ok"),
    ReviewState.RETAKE_REQUESTED: ("repeat", "warning"), ReviewState.REJECTED: ("circle-x", "danger"),
}


class SheetModel(QAbstractListModel):
    """The snapshots of the queue. Small pictures are fetched for the rows that are asked for, the newest wish first, four at once."""

    def __init__(self, presenter: ReviewPresenter, clock: Clock) -> None:
        super().__init__()
        self._presenter = presenter
        self._clock = clock
        self._items: tuple[r.SnapshotView, ...] = ()
        self._pictures: OrderedDict[str, QImage | None] = OrderedDict()
        self._wanted: list[str] = []
        self._running: set[str] = set()
        presenter.on_thumbnail_changed(self.forget)

    @property
    def items(self) -> tuple[r.SnapshotView, ...]:
        """The snapshots, row by row."""
        return self._items

    def show_items(self, items: tuple[r.SnapshotView, ...]) -> None:
        """Show these snapshots; rows that stay keep their pictures."""
        if items is self._items:
            return
        before = [item.id for item in self._items]
        after = [item.id for item in items]
        if before == after:
            self._items = items
            self.refresh()
        elif after[:len(before)] == before:
            self.beginInsertRows(QModelIndex(), len(before), len(after) - 1)
            self._items = items
            self.endInsertRows()
        else:
            self.beginResetModel()
            self._items = items
            self.endResetModel()

    def refresh(self) -> None:
        """States or language changed."""
        if self._items:
            self.dataChanged.emit(self.index(0), self.index(len(self._items) - 1))

    def forget(self, snapshot_id: str) -> None:
        """A small picture is out of date."""
        self._pictures.pop(snapshot_id, None)
        self.refresh()

    def row_of(self, snapshot_id: str | None) -> int:
        """The row of a snapshot, -1 where there is none."""
        return next((row for row, item in enumerate(self._items) if item.id == snapshot_id), -1)

    def rowCount(self, parent: _Index | None = None) -> int:
        """How many snapshots there are."""
        return 0 if parent is not None and parent.isValid() else len(self._items)

    def data(self, index: _Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """A row's words, snapshot and picture (None until it is there)."""
        if not index.isValid() or not 0 <= index.row() < len(self._items):
            return None
        item = self._items[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return item.case_number
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return t("review.row", case=item.case_number, at=moment_text(item.captured_at, self._clock.now()), by=item.captured_by_name,
                     state=word("review.state", item.review_state))
        if role == PICTURE_ROLE:
            return self._picture(item.id)
        return item if role == SNAPSHOT_ROLE else None

    def _picture(self, snapshot_id: str) -> QImage | None:
        if snapshot_id in self._pictures:
            self._pictures.move_to_end(snapshot_id)
            return self._pictures[snapshot_id]
        if snapshot_id not in self._running and snapshot_id not in self._wanted:
            self._wanted.append(snapshot_id)
            # Not from inside a paint: what comes back at once would ask for another one.
            QTimer.singleShot(0, self, self._fetch)
        return None

    def _fetch(self) -> None:
        while self._wanted and len(self._running) < _AT_ONCE:
            snapshot_id = self._wanted.pop()
            self._running.add(snapshot_id)
            self._presenter.thumbnail(
                snapshot_id, lambda pixels, snapshot_id=snapshot_id: self._came(snapshot_id, pixels),  # type: ignore[misc]
                lambda _problem, snapshot_id=snapshot_id: self._came(snapshot_id, None))  # type: ignore[misc]
        # What was asked for long ago has scrolled out of sight.
        del self._wanted[:-60]

    def _came(self, snapshot_id: str, pixels: Pixels | None) -> None:
        self._running.discard(snapshot_id)
        self._pictures[snapshot_id] = None if pixels is None else image_of(pixels).copy()
        while len(self._pictures) > _KEPT:
            self._pictures.popitem(last=False)
        row = self.row_of(snapshot_id)
        if row >= 0:
            self.dataChanged.emit(self.index(row), self.index(row), [PICTURE_ROLE])
        self._fetch()


class _Cell(QStyledItemDelegate):
    """One snapshot: picture, case number and time, its state in a corner."""

    def __init__(self, clock: Clock, parent: QWidget) -> None:
        super().__init__(parent)
        self._clock = clock

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """All cells are equally large."""
        del option, index
        return _CELL

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint it in the theme's colours."""
        item = index.data(SNAPSHOT_ROLE)
        if item is None:
            return
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        rect = QRectF(option.rect).adjusted(4, 4, -4, -4)
        state = option.state
        is_current = bool(state & QStyle.StateFlag.State_Selected)
        if is_current or state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(QPen(token("accent"), 2) if is_current else Qt.PenStyle.NoPen)
            painter.setBrush(token("accent_soft" if is_current else "hover"))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 10, 10)
        frame = QRectF(rect.x() + 7, rect.y() + 7, rect.width() - 14, (rect.width() - 14) * 0.5625)
        self._paint_picture(painter, frame, index.data(PICTURE_ROLE))
        self._paint_state(painter, frame, item)
        self._paint_words(painter, QRectF(frame.x() + 2, frame.bottom() + 5, frame.width() - 4, rect.bottom() - frame.bottom() - 13), item)
        painter.restore()

    @staticmethod
    def _paint_picture(painter: QPainter, frame: QRectF, picture: QImage | None) -> None:
        path = QPainterPath()
        path.addRoundedRect(frame, 6, 6)
        painter.fillPath(path, token("stage"))
        if picture is None or picture.isNull():
            ratio = painter.device().devicePixelRatio()
            painter.drawPixmap(int(frame.center().x()) - 12, int(frame.center().y()) - 12, pixmap("photo", "#717b8b", 24, ratio))
            return
        scale = min(frame.width() / picture.width(), frame.height() / picture.height())
        size = (picture.width() * scale, picture.height() * scale)
        painter.setClipPath(path)
        painter.drawImage(QRectF(frame.center().x() - size[0] / 2, frame.center().y() - size[1] / 2, *size), picture)
        painter.setClipping(False)

    @staticmethod
    def _paint_state(painter: QPainter, frame: QRectF, item: r.SnapshotView) -> None:
        ratio = painter.device().devicePixelRatio()
        chips = [("movie", "text")] if item.duration_s is not None else []
        if item.review_state is not ReviewState.PENDING:
            chips.append(STATE_LOOK[item.review_state])
        if item.annotation_revision:
            chips.append(("pencil", "text"))
        if not item.is_evidence_grade:
            chips.append(("alert-triangle", "warning"))
        for place, (name, colour) in enumerate(chips):
            chip = QRectF(frame.right() - 30 - place * 28, frame.y() + 6, 24, 24)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(token("surface_raised"))
            painter.drawRoundedRect(chip, 12, 12)
            painter.drawPixmap(int(chip.x()) + 4, int(chip.y()) + 4, pixmap(name, colour, 16, ratio))

    def _paint_words(self, painter: QPainter, words: QRectF, item: r.SnapshotView) -> None:
        font = painter.font()
        font.setPixelSize(13)
        painter.setFont(font)
        painter.setPen(token("text"))
        title = item.caption or item.case_number
        metrics = painter.fontMetrics()
        painter.drawText(words, int(Qt.AlignmentFlag.AlignTop), metrics.elidedText(title, Qt.TextElideMode.ElideRight, int(words.width())))
        font.setPixelSize(12)
        painter.setFont(font)
        painter.setPen(token("text_muted"))
        text = f"{item.captured_by_name} · {moment_text(item.captured_at, self._clock.now())}"
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, int(words.width()))
        painter.drawText(words, int(Qt.AlignmentFlag.AlignBottom), shown)


class ContactSheet(QListView):
    """The contact sheet; one column wide it is the film strip beside the large picture. `enlarged` on Enter or double click."""

    enlarged = Signal()
    wants_more = Signal()
    typed = Signal(object)

    def __init__(self, presenter: ReviewPresenter, clock: Clock, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review.sheet")
        self.sheet = SheetModel(presenter, clock)
        self._presenter = presenter
        self.setModel(self.sheet)
        self.setItemDelegate(_Cell(clock, self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setLayoutMode(QListView.LayoutMode.SinglePass)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMouseTracking(True)
        self.verticalScrollBar().valueChanged.connect(self._scrolled)
        self.selectionModel().currentChanged.connect(self._row_chosen)
        self.doubleClicked.connect(lambda _index: self.enlarged.emit())
        self.retranslate()

    def retranslate(self) -> None:
        """Name it in the language chosen now."""
        self.setAccessibleName(t("review.sheet"))
        self.sheet.refresh()

    def show_state(self, state: ReviewScreenState) -> None:
        """Show the queue with the current snapshot in it."""
        with QSignalBlocker(self.selectionModel()):
            self.sheet.show_items(state.items)
            row = self.sheet.row_of(state.current_id)
            if row < 0:
                self.selectionModel().clear()
            elif self.currentIndex().row() != row or not self.selectionModel().hasSelection():
                self.setCurrentIndex(self.sheet.index(row))
                self.scrollTo(self.sheet.index(row))
        self.viewport().update()

    def as_strip(self, *, is_strip: bool) -> None:
        """One column beside the large picture, or the whole width."""
        self.setFixedWidth(_CELL.width() + 16) if is_strip else self.setMaximumWidth(16_777_215)
        if not is_strip:
            self.setMinimumWidth(_CELL.width() + 16)
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    def _row_chosen(self, current: QModelIndex, _previous: QModelIndex) -> None:
        item = current.data(SNAPSHOT_ROLE)
        if item is not None:
            self._presenter.choose(item.id)

    def _scrolled(self, value: int) -> None:
        if value > self.verticalScrollBar().maximum() - 3 * _CELL.height():
            self.wants_more.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Lay out anew."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Letters are the screen's keys, not a search."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.enlarged.emit()
            return
        if event.text() and event.text().isprintable():
            event.ignore()
            return
        super().keyPressEvent(event)
