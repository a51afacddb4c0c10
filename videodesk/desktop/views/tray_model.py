"""The tray's model: what each snapshot is called, how far it is, its thumbnail, and what goes along when it is dragged out."""

from __future__ import annotations

from collections.abc import Sequence
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
)
from PySide6.QtGui import QImage, QImageReader, QPixmap
from PySide6.QtWidgets import QWidget

from videodesk.desktop.calling import CallScreen
from videodesk.desktop.i18n import clock_time, duration, error_text, language, t, word
from videodesk.desktop.tray import PendingStill, StillStage, TrayItem, TrayOriginal, TrayStage
from videodesk.desktop.views.call_video import image_of
from videodesk.protocol.resources import ChecklistItemView

THUMBNAIL: Final = QSize(120, 68)
SHOT: Final = Qt.ItemDataRole.UserRole


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
            named = t("call.tray.name", item=self.title(shot), time=clock_time(shot.captured_at), stage=self.stage(shot))
            return ", ".join((named, *marks_of(shot)))
        if role == Qt.ItemDataRole.AccessibleDescriptionRole:
            return self.problem(shot)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self.problem(shot))
        return None

    def is_retake_asked(self, shot: TrayItem) -> bool:
        """Whether it is to be taken again, and was not yet."""
        return shot.snapshot_id in self._retakes

    def stage(self, shot: TrayItem) -> str:
        """How far it is, in words; that it is to be taken again is the news, or that it comes in the place of the next one."""
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
    if shot.stage is TrayStage.SENDING and shot.percent:
        return t("call.stage.sending_percent", percent=shot.percent)
    return t(f"call.stage.{shot.stage.value}")


def marks_of(shot: TrayItem) -> tuple[str, ...]:
    """What is to be said of its pictures: what leads, what is wrong with it, where the still is, how long a clip is."""
    leading = shot.leading
    found = [word("call.method", leading.method)] if leading is not None and leading.rank else []
    if leading is not None and leading.method.is_still and leading.width_px:
        found.append(size_text(leading))
    found += [word("call.verdict", problem) for problem in shot.verdict]
    if shot.still is not None:
        found.append(still_text(shot.still))
    if shot.duration_s is not None:
        found.append(duration(shot.duration_s))
    return tuple(found)


def size_text(original: TrayOriginal) -> str:
    """Its size in pixels: `4000 × 3000`."""
    return t("call.size", width=original.width_px, height=original.height_px)


def still_text(still: PendingStill) -> str:
    """How far the camera's still is, in a sentence."""
    if still.stage is StillStage.FAILED:
        key = f"call.still.why.{still.code}"
        why = t(key)
        return t("call.still.failed", why=why if why != key else t("call.still.why"))
    return t(f"call.still.{still.stage.value}", percent=still.percent)


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
