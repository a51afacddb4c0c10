"""The evidence of a case: a grid of snapshots."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QImage, QImageReader, QPainter, QPainterPath
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from videodesk.core.vocabulary import ReleaseState, SealKind
from videodesk.desktop import i18n
from videodesk.desktop.i18n import moment_text, t, word
from videodesk.desktop.icons import pixmap
from videodesk.desktop.presenters.case import CasePresenter, CaseState
from videodesk.desktop.presenters.compare import MOST
from videodesk.desktop.presenters.proof import ProofPresenter
from videodesk.desktop.proof_words import seal_word
from videodesk.desktop.theme import SPACE, token
from videodesk.desktop.tray import from_case
from videodesk.desktop.views.case_originals import OriginalsPanel
from videodesk.desktop.views.missing import PieceList
from videodesk.desktop.views.proof_panel import ProofCard
from videodesk.desktop.views.saving import ask_where
from videodesk.desktop.views.tray_model import marks_of
from videodesk.desktop.views.tray_tiles import Marks
from videodesk.desktop.widgets import Button, Card, EmptyState, label
from videodesk.desktop.words import REVIEW_TONES
from videodesk.protocol.resources import SnapshotView

CELL = QSize(212, 196)
PICTURE_PX = 112
_SNAPSHOT = int(Qt.ItemDataRole.UserRole)
_LARGEST_PX = 1024
_SYMBOLS = {"pending": "clock", "accepted": "circle-check", "retake_requested": "repeat", "rejected": "circle-x"}
_COLOURS = {"neutral": "text_muted", "ok": "ok", "warning": "warning", "danger": "danger", "accent": "accent_text"}
# Never green: what the seal is worth is checked when the picture is chosen.
_SEALS = {SealKind.NONE: ("shield-off", "warning"), SealKind.CAPTURE: ("shield-check", "text_muted"), SealKind.OPENED: ("shield", "text_muted"),
          SealKind.RENDITION: ("shield-check", "text_muted")}
Index = QModelIndex | QPersistentModelIndex


def seal_of(snapshot: SnapshotView) -> SealKind:
    """The seal of the original that stands for a snapshot."""
    return next((one.seal for one in snapshot.originals if one.id == snapshot.leading), SealKind.NONE)


class EvidenceGrid(QStackedWidget):
    """Thumbnails with their checklist item and review state; Enter or a double click opens one for annotation, a clip to look at.

    Above them what is not in the case yet, below them the originals of the chosen one. `open_clip` tells a snapshot's id, `compared` those of
    the pictures chosen together (Ctrl or Shift).
    """

    open_clip = Signal(str)
    compared = Signal(object)

    def __init__(self, presenter: CasePresenter, proof: ProofPresenter) -> None:
        super().__init__()
        self._presenter, self._proof = presenter, proof
        self._state: CaseState | None = None
        self._model = SnapshotModel()
        self.list = QListView()
        self.list.setObjectName("case.snapshots")
        self.list.setModel(self._model)
        self.list.setItemDelegate(SnapshotDelegate(self._model, self.list))
        self.list.setViewMode(QListView.ViewMode.IconMode)
        self.list.setResizeMode(QListView.ResizeMode.Adjust)
        self.list.setMovement(QListView.Movement.Static)
        self.list.setUniformItemSizes(True)
        self.list.setGridSize(CELL + QSize(SPACE, SPACE))
        self.list.setSelectionMode(QListView.SelectionMode.ExtendedSelection)
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.activated.connect(self._open)
        self._none = EmptyState("camera", "case.no_evidence_title", "case.no_evidence_text")
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, SPACE + 4, 0, 0)
        column.setSpacing(SPACE)
        self.pieces = PieceList()
        self.pieces.give_up.connect(presenter.give_up_still)
        self.pieces.retry.connect(presenter.retry)
        self.pieces.save_as.connect(self._save_here)
        self._card = Card("missing.title")
        self._card.setObjectName("case.missing")
        self._card.body.addWidget(self.pieces)
        self.originals = OriginalsPanel(presenter)
        self.originals.open_clip.connect(self.open_clip.emit)
        column.addWidget(self._card)
        head = QHBoxLayout()
        head.addWidget(label(key="case.compare_hint", role="caption"), 1)
        self._compare = Button("case.compare", "ghost", pressed=self.compare)
        self._compare.setObjectName("case.compare")
        head.addWidget(self._compare)
        column.addLayout(head)
        column.addWidget(self.list, 1)
        column.addWidget(self.originals)
        self.originals.looked_at.connect(self._look)
        self.proof = ProofCard(proof)
        column.addWidget(self.proof)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._choose())
        self.list.selectionModel().selectionChanged.connect(lambda *_: self._able())
        self._page = page
        self.addWidget(self._none)
        self.addWidget(page)

    def put(self, state: CaseState) -> None:
        """Show the snapshots."""
        self._state = state
        self._put_snapshots(state)
        pieces = state.pieces
        self.setCurrentWidget(self._page if state.snapshots or pieces else self._none)
        self._card.setVisible(bool(pieces))
        self.pieces.put(pieces, state.now)
        self._choose()
        self._able()
        self.list.setAccessibleName(t("case.evidence"))

    def _put_snapshots(self, state: CaseState) -> None:
        """Cells that come or go leave what is chosen as it is."""
        chosen = {one.id for one in self._chosen()}
        current = self.list.currentIndex().data(_SNAPSHOT)
        self._model.put(state)
        selection = self.list.selectionModel()
        if not chosen or selection.hasSelection():
            return
        for row in range(self._model.rowCount()):
            snapshot = self._model.index(row).data(_SNAPSHOT)
            if isinstance(current, SnapshotView) and snapshot.id == current.id:
                selection.setCurrentIndex(self._model.index(row), selection.SelectionFlag.NoUpdate)
            if snapshot.id in chosen:
                selection.select(self._model.index(row), selection.SelectionFlag.Select)

    def _chosen(self) -> list[SnapshotView]:
        rows = sorted(index.row() for index in self.list.selectionModel().selectedIndexes())
        found = [self._model.index(row).data(_SNAPSHOT) for row in rows]
        return [one for one in found if isinstance(one, SnapshotView)]

    def compare(self) -> None:
        """Put the chosen pictures beside each other; one alone beside what belongs to it."""
        if ids := self._comparable():
            self.compared.emit(ids)

    def _comparable(self) -> tuple[str, ...]:
        return tuple(one.id for one in self._chosen() if one.duration_s is None)[:MOST]

    def _able(self) -> None:
        pictures = [one for one in (self._state.snapshots if self._state else ()) if one.duration_s is None]
        self._compare.setEnabled(bool(self._comparable()) and len(pictures) > 1)

    def restyle(self) -> None:
        """Cells are painted."""
        self.list.viewport().update()

    def _choose(self) -> None:
        snapshot = self.list.currentIndex().data(_SNAPSHOT)
        if self._state is not None:
            chosen = snapshot if isinstance(snapshot, SnapshotView) else None
            self.originals.put(self._state, chosen)
            self._proof.show(chosen, self.originals.chosen_id)

    def _look(self) -> None:
        """Another original of the snapshot in hand is looked at."""
        self._proof.show(self._proof.state.snapshot, self.originals.chosen_id)

    def _open(self, index: QModelIndex) -> None:
        snapshot = index.data(_SNAPSHOT)
        if not isinstance(snapshot, SnapshotView):
            return
        if snapshot.duration_s is not None:
            self.open_clip.emit(snapshot.id)
        else:
            self._presenter.annotate(snapshot.id)

    def _save_here(self, original_id: str) -> None:
        entry = next((one for one in self._state.here if one.original_id == original_id), None) if self._state is not None else None
        if entry is not None:
            name = f"{entry.meta.captured_at:%Y-%m-%d %H%M%S}{entry.path.suffix}"
            ask_where(self, name, lambda path: self._presenter.save_here(original_id, path))


class SnapshotModel(QAbstractListModel):
    """The snapshots of the case shown."""

    def __init__(self) -> None:
        super().__init__()
        self._state: CaseState | None = None
        self._items: tuple[SnapshotView, ...] = ()
        self._titles: dict[str, str] = {}

    def put(self, state: CaseState) -> None:
        """Show this state; cells keep their place when only pictures came."""
        before, self._state = self._items, state
        items = state.case.checklist.items if state.case else []
        self._titles = {item.id: item.title.get(i18n.language(), item.id) for item in items}
        if [s.id for s in before] != [s.id for s in state.snapshots]:
            self.beginResetModel()
            self._items = state.snapshots
            self.endResetModel()
        elif state.snapshots:
            self._items = state.snapshots
            self.dataChanged.emit(self.index(0), self.index(len(self._items) - 1))

    def picture(self, snapshot: SnapshotView) -> QImage | None:
        """The thumbnail, decoded once."""
        data = self._state.thumbnails.get(snapshot.id) if self._state else None
        return _decode(data) if data else None

    def title(self, snapshot: SnapshotView) -> str:
        """Its checklist item, or words for none."""
        if snapshot.checklist_item is None:
            return t("case.no_item")
        return self._titles.get(snapshot.checklist_item, snapshot.checklist_item)

    @staticmethod
    def count(snapshot: SnapshotView) -> tuple[str, ...]:
        """How many originals it has, and that colleagues may not see it yet, where that is worth a word."""
        many = (t("case.original_count", n=len(snapshot.originals)),) if len(snapshot.originals) > 1 else ()
        return (*many, t("redact.held")) if snapshot.release is ReleaseState.HELD else many

    def moment(self, snapshot: SnapshotView) -> str:
        """When it was captured."""
        return moment_text(snapshot.captured_at, self._state.now) if self._state else ""

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """How many."""
        return 0 if parent.isValid() else len(self._items)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """The snapshot, or one line of text."""
        if not 0 <= index.row() < len(self._items):
            return None
        snapshot = self._items[index.row()]
        if role == _SNAPSHOT:
            return snapshot
        if role in {int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.AccessibleTextRole)}:
            said = (self.title(snapshot), self.moment(snapshot), word("review_state", snapshot.review_state), *marks_of(from_case(snapshot)))
            return ", ".join((*said, *self.count(snapshot), seal_word(seal_of(snapshot))))
        return None


class SnapshotDelegate(QStyledItemDelegate):
    """Paints a cell."""

    def __init__(self, model: SnapshotModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All the same."""
        del option, index
        return CELL

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Picture, item, when, review state."""
        snapshot = index.data(_SNAPSHOT)
        if not isinstance(snapshot, SnapshotView):
            return
        painter.save()
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        cell = option.rect.adjusted(2, 2, -2, -2)
        is_chosen = bool(option.state & (QStyle.StateFlag.State_Selected | QStyle.StateFlag.State_HasFocus))
        painter.setPen(token("focus") if is_chosen else token("border"))
        painter.setBrush(token("hover") if option.state & QStyle.StateFlag.State_MouseOver else token("surface_raised"))
        painter.drawRoundedRect(cell, 10, 10)
        place = QRect(cell.x() + 8, cell.y() + 8, cell.width() - 16, PICTURE_PX)
        self._picture(painter, snapshot, place)
        words = QRect(place.x() + 2, place.bottom() + 8, place.width() - 4, 18)
        self._text(painter, words, self._model.title(snapshot), "text" if snapshot.checklist_item else "text_muted", 13, QFont.Weight.Medium)
        marks = t("case.annotated") if snapshot.annotation_revision else ""
        grade = "" if snapshot.is_evidence_grade else t("case.not_evidence")
        seal = seal_of(snapshot)
        no_seal = seal_word(seal) if seal is SealKind.NONE else ""
        second = " · ".join(filter(None, (self._model.moment(snapshot), no_seal, *self._model.count(snapshot), marks, grade)))
        self._text(painter, words.translated(0, 19), second, "text_muted", 12)
        tone = _COLOURS[REVIEW_TONES[snapshot.review_state]]
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(words.x(), words.y() + 40, pixmap(_SYMBOLS[snapshot.review_state.value], tone, 16, ratio))
        self._text(painter, words.translated(22, 39).adjusted(0, 0, -44, 0), word("review_state", snapshot.review_state), tone, 12)
        sign, colour = _SEALS[seal]
        painter.drawPixmap(words.right() - 15, words.y() + 40, pixmap(sign, colour, 16, ratio))
        painter.restore()

    def _picture(self, painter: QPainter, snapshot: SnapshotView, place: QRect) -> None:
        path = QPainterPath()
        path.addRoundedRect(place, 6, 6)
        painter.fillPath(path, token("stage"))
        image = self._model.picture(snapshot)
        if image is None:
            ratio = painter.device().devicePixelRatioF()
            painter.drawPixmap(place.center().x() - 12, place.center().y() - 12, pixmap("photo", "on_stage", 24, ratio))
            return
        painter.save()
        painter.setClipPath(path)
        size = image.size().scaled(place.size(), Qt.AspectRatioMode.KeepAspectRatio)
        target = QRect(0, 0, size.width(), size.height())
        target.moveCenter(place.center())
        painter.drawImage(target, image)
        Marks(painter, place).paint(from_case(snapshot))
        painter.restore()

    @staticmethod
    def _text(painter: QPainter, rect: QRect, text: str, colour: str, size_px: int, weight: QFont.Weight = QFont.Weight.Normal) -> None:
        font = QFont("Inter")
        font.setPixelSize(size_px)
        font.setWeight(weight)
        painter.setFont(font)
        painter.setPen(token(colour))
        shown = QFontMetrics(font).elidedText(text.replace("\n", " "), Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)


@lru_cache(maxsize=256)
def _decode(data: bytes) -> QImage | None:
    """A thumbnail's bytes as a picture: only JPEG or PNG by name, only small ones; None for anything else."""
    from PySide6.QtCore import QBuffer, QByteArray

    kept = QByteArray(data)
    buffer = QBuffer(kept)
    reader = QImageReader(buffer, b"jpeg" if data[:2] == b"\xff\xd8" else b"png")
    reader.setAutoDetectImageFormat(False)
    size = reader.size()
    if not size.isValid() or max(size.width(), size.height()) > _LARGEST_PX:
        return None
    image = reader.read()
    return None if image.isNull() else image
