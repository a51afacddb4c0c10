"""The snapshot tray: thumbnails with how far each is; drag out as a file, copy as a picture, open in annotate."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QBuffer,
    QByteArray,
    QMimeData,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    QUrl,
    Signal,
)
from PySide6.QtGui import QAction, QColor, QImage, QImageReader, QKeyEvent, QKeySequence, QPainter, QPainterPath, QPen, QPixmap
from PySide6.QtWidgets import QAbstractItemView, QApplication, QListView, QMenu, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from videodesk.desktop.calling import CallScreen, TrayItem, TrayStage
from videodesk.desktop.i18n import clock_time, error_text, language, t
from videodesk.desktop.icons import pixmap
from videodesk.desktop.theme import token
from videodesk.desktop.views.call_video import image_of
from videodesk.protocol.resources import ChecklistItemView

THUMBNAIL: Final = QSize(120, 68)
_CELL: Final = QSize(130, 110)
SHOT: Final = Qt.ItemDataRole.UserRole
_STAGE_ICON: Final = {
    TrayStage.SAVING: ("clock", "text_muted"), TrayStage.KEPT: ("device-floppy", "text_muted"), TrayStage.SENDING: ("cloud-up", "text_muted"),
    TrayStage.IN_CASE: ("circle-check", "ok"), TrayStage.REFUSED: ("alert-triangle", "danger"), TrayStage.FAILED: ("alert-circle", "danger"),
}


class TrayModel(QAbstractListModel):
    """The tray's items; only what changed is told to the view."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.shots: list[TrayItem] = []
        self._titles: dict[str, str] = {}
        self._retakes: frozenset[str] = frozenset()
        self._thumbnails: dict[str, tuple[object, QPixmap]] = {}

    def show_state(self, state: CallScreen) -> None:
        """Take the shots and the checklist's titles of this state."""
        self._titles = {item.view.id: title_of(item.view) for item in state.checklist}
        before, self._retakes = self._retakes, frozenset(shot.snapshot_id for shot in state.retakes)
        fresh = list(reversed(state.tray))  # the newest is what the agent looks for: it stands in front
        if [shot.snapshot_id for shot in fresh] == [shot.snapshot_id for shot in self.shots]:
            for row, shot in enumerate(fresh):
                if shot != self.shots[row] or shot.snapshot_id in before ^ self._retakes:
                    self.shots[row] = shot
                    self.dataChanged.emit(self.index(row), self.index(row))
            return
        self.beginResetModel()
        self.shots = fresh
        self._thumbnails = {key: made for key, made in self._thumbnails.items() if any(shot.snapshot_id == key for shot in fresh)}
        self.endResetModel()

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.shots)

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        return super().flags(index) | (Qt.ItemFlag.ItemIsDragEnabled if index.isValid() else Qt.ItemFlag.NoItemFlags)

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        shot = self.shots[index.row()]
        if role == SHOT:
            return shot
        if role in {Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole}:
            return t("call.tray.name", item=self.title(shot), time=clock_time(shot.captured_at), stage=self.stage(shot))
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return self.problem(shot)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self.problem(shot))
        return None

    def is_retake_asked(self, shot: TrayItem) -> bool:
        """Whether it is to be taken again, and was not yet."""
        return shot.snapshot_id in self._retakes

    def stage(self, shot: TrayItem) -> str:
        """How far it is, in words; that it is to be taken again is the news."""
        return t("call.tray.retake") if self.is_retake_asked(shot) else stage_text(shot)

    def problem(self, shot: TrayItem) -> str:
        """What stands in its way, or what the supervisor wants otherwise."""
        return t("call.tray.retake_words", words=shot.words) if self.is_retake_asked(shot) else problem_text(shot)

    def title(self, shot: TrayItem) -> str:
        """The title of the item the shot belongs to."""
        return self._titles.get(shot.item_id or "", t("call.tray.loose"))

    def thumbnail(self, shot: TrayItem, ratio: float) -> QPixmap | None:
        """The shot's thumbnail, made once."""
        source: object = shot.preview or shot.thumbnail
        if source is None or source == b"":
            return None
        kept = self._thumbnails.get(shot.snapshot_id)
        if kept is not None and kept[0] is source and kept[1].devicePixelRatio() == ratio:
            return kept[1]
        image = image_of(shot.preview) if shot.preview is not None else _jpeg(shot.thumbnail or b"")
        size = THUMBNAIL * ratio
        # Roughly first: a smooth step over the whole picture would hold the interpreter for milliseconds (12 MP: 100 ms).
        rough = image.scaled(size * 3, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.FastTransformation)
        scaled = rough.scaled(size, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation)
        cut = QRect(QPoint(0, 0), size)
        cut.moveCenter(scaled.rect().center())
        made = QPixmap.fromImage(scaled.copy(cut))
        made.setDevicePixelRatio(ratio)
        self._thumbnails[shot.snapshot_id] = (source, made)
        return made

    def mimeTypes(self) -> list[str]:
        return ["text/uri-list", "application/x-qt-image"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """What goes along when shots are dragged out: the originals as files, and one alone as a picture too."""
        return mime_of([self.shots[index.row()] for index in indexes])


def mime_of(shots: list[TrayItem]) -> QMimeData:
    """Files and picture for dragging and for the clipboard."""
    mime = QMimeData()
    paths = [shot.path for shot in shots if shot.path is not None and shot.path.is_file()]
    mime.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    if len(shots) == 1:
        image = _jpeg(paths[0].read_bytes()) if paths else (image_of(shots[0].preview).copy() if shots[0].preview else QImage())
        if not image.isNull():
            mime.setImageData(image)
    return mime


def _jpeg(data: bytes) -> QImage:
    """A JPEG; whatever else the bytes are, they are not opened as that."""
    buffer = QBuffer()
    buffer.setData(data)
    return QImageReader(buffer, QByteArray(b"jpeg")).read()


def stage_text(shot: TrayItem) -> str:
    """How far the shot is, in words."""
    return t(f"call.stage.{shot.stage.value}")


def problem_text(shot: TrayItem) -> str:
    """What stands in its way, in words; empty when nothing does."""
    if shot.error is not None and shot.stage is not TrayStage.IN_CASE:
        return error_text(shot.error)
    return "" if shot.is_evidence_grade else t("call.tray.not_evidence_grade")


def plain_tip(text: str) -> str:
    """A tip's text that Qt takes for plain text whatever stands in it: tips guess markup from a tag."""
    return text.replace("<", "\u2039")


def title_of(item: ChecklistItemView) -> str:
    """A checklist item's title in the language chosen now."""
    return item.title.get(language()) or next(iter(item.title.values()), item.id)


class _Thumbnails(QStyledItemDelegate):
    """Paints a shot: picture, stage with its icon, and the item it belongs to."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: ARG002
        return _CELL

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> None:
        model = index.model()
        assert isinstance(model, TrayModel)
        shot = model.shots[index.row()]
        rect: QRect = option.rect
        state: QStyle.StateFlag = option.state
        frame = QRect(rect.x() + (rect.width() - THUMBNAIL.width()) // 2, rect.y() + 5, THUMBNAIL.width(), THUMBNAIL.height())
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        shape = QPainterPath()
        shape.addRoundedRect(frame, 6, 6)
        painter.fillPath(shape, token("stage"))
        made = model.thumbnail(shot, painter.device().devicePixelRatioF())
        if made is not None:
            painter.setClipPath(shape)
            painter.setOpacity(0.55 if shot.stage is TrayStage.SAVING else 1.0)
            painter.drawPixmap(frame.topLeft(), made)
            painter.setOpacity(1.0)
            painter.setClipping(False)
        is_chosen, has_focus = bool(state & QStyle.StateFlag.State_Selected), bool(state & QStyle.StateFlag.State_HasFocus)
        if is_chosen or has_focus:
            painter.setPen(QPen(token("focus" if has_focus else "accent"), 3))
            painter.drawPath(shape)
        self._words(painter, rect, frame, shot, model)
        painter.restore()

    def _words(self, painter: QPainter, rect: QRect, frame: QRect, shot: TrayItem, model: TrayModel) -> None:
        is_asked = model.is_retake_asked(shot)
        symbol, colour = ("repeat", "warning") if is_asked else _STAGE_ICON[shot.stage]
        font = painter.font()
        font.setPixelSize(12)
        line = QRect(frame.x(), frame.bottom() + 4, frame.width(), 16)
        painter.drawPixmap(line.topLeft() + QPoint(0, 1), pixmap(symbol, colour, 14, painter.device().devicePixelRatioF()))
        painter.setPen(token("danger") if colour == "danger" else token("text"))
        font.setWeight(font.Weight.Medium)
        painter.setFont(font)
        words = line.adjusted(18, 0, 0, 0)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, painter.fontMetrics().elidedText(
            model.stage(shot), Qt.TextElideMode.ElideRight, words.width()))
        font.setWeight(font.Weight.Normal)
        painter.setFont(font)
        painter.setPen(QColor(token("text_muted")))
        below = QRect(frame.x(), line.bottom(), frame.width(), rect.bottom() - line.bottom())
        painter.drawText(below, Qt.AlignmentFlag.AlignVCenter, painter.fontMetrics().elidedText(
            model.title(shot), Qt.TextElideMode.ElideRight, below.width()))


class Tray(QListView):
    """The snapshots of the case, newest first. Enter or a double click annotates, Ctrl+C copies, dragging out gives the file."""

    annotate = Signal(str)
    retry = Signal(str)
    assign = Signal(str, object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("call.tray")
        self._model = TrayModel(self)
        self._state = CallScreen()
        self.setModel(self._model)
        self.setItemDelegate(_Thumbnails(self))
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setFlow(QListView.Flow.LeftToRight)
        self.setWrapping(True)
        self.setMovement(QListView.Movement.Static)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setUniformItemSizes(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setDefaultDropAction(Qt.DropAction.CopyAction)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._menu)
        self.activated.connect(lambda index: self._annotate(self._model.shots[index.row()]))
        self._model.dataChanged.connect(lambda *_: self._tips())
        self.retranslate()

    def show_state(self, state: CallScreen) -> None:
        """Show this state's tray; a new snapshot scrolls into view."""
        before = len(self._model.shots)
        self._state = state
        self._model.show_state(state)
        if len(state.tray) > before:
            self.scrollToTop()
        self._tips()

    def chosen(self) -> list[TrayItem]:
        """The selected shots."""
        return [self._model.shots[index.row()] for index in sorted(self.selectedIndexes(), key=lambda index: index.row())]

    def copy(self) -> bool:
        """Put the selected shots (or the newest) on the clipboard as picture and file."""
        shots = self.chosen() or self._model.shots[:1]
        if not shots:
            return False
        QApplication.clipboard().setMimeData(mime_of(shots))
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self.chosen():
            self._annotate(self.chosen()[0])
        elif event.text() and event.text().isprintable() and event.text() != " ":
            event.ignore()  # single keys belong to the call (S is a snapshot here too), not to a search by first letter
        else:
            super().keyPressEvent(event)

    def retranslate(self) -> None:
        """Name it for the screen reader."""
        self.setAccessibleName(t("call.tray.title"))
        self.viewport().update()

    def restyle(self) -> None:
        """The theme changed."""
        self.viewport().update()

    def _tips(self) -> None:
        worst = next((shot for shot in self._model.shots if self._model.problem(shot)), None)
        self.setAccessibleDescription("" if worst is None else self._model.problem(worst))

    def _annotate(self, shot: TrayItem) -> None:
        if shot.stage is TrayStage.IN_CASE:
            self.annotate.emit(shot.snapshot_id)

    def _menu(self, at: QPoint) -> None:
        shots = self.chosen()
        if not shots:
            return
        menu = QMenu(self)
        shot = shots[0]
        self._entry(menu, "call.tray.annotate", lambda: self._annotate(shot)).setEnabled(shot.stage is TrayStage.IN_CASE)
        self._entry(menu, "call.tray.copy", self.copy)
        if shot.stage is TrayStage.REFUSED:
            self._entry(menu, "call.tray.retry", lambda: self.retry.emit(shot.snapshot_id))
        belongs = menu.addMenu(t("call.tray.belongs"))
        for item in self._state.checklist:
            entry = belongs.addAction(title_of(item.view).replace("&", "&&"))
            entry.setCheckable(True)
            entry.setChecked(item.view.id == shot.item_id)
            entry.triggered.connect(lambda _=False, item_id=item.view.id: self.assign.emit(shot.snapshot_id, item_id))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.viewport().mapToGlobal(at))

    @staticmethod
    def _entry(menu: QMenu, key: str, act: Callable[[], object]) -> QAction:
        entry = menu.addAction(t(key))
        entry.triggered.connect(lambda _=False: act())
        return entry


