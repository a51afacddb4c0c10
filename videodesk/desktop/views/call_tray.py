"""The snapshot tray: thumbnails with how far each is; drag out as a file, copy as a picture, choose what leads, open in annotate."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QItemSelectionModel, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QApplication, QListView, QMenu, QWidget

from videodesk.desktop.calling import CallScreen
from videodesk.desktop.i18n import clock_time, t, word
from videodesk.desktop.tray import TrayItem, TrayStage
from videodesk.desktop.views.tray_model import TrayModel, mime_of, problem_text, size_text, title_of
from videodesk.desktop.views.tray_tiles import TrayTiles

__all__ = ["Tray", "problem_text", "title_of"]


class Tray(QListView):
    """The snapshots of the case, newest first. Enter or a double click annotates, Ctrl+C copies, dragging out gives the file."""

    annotate = Signal(str)
    retry = Signal(str)
    assign = Signal(str, object)
    lead = Signal(str, str)
    again = Signal(str)
    native = Signal(str)
    give_up = Signal(str)
    read_text = Signal(str)
    save_as = Signal(str)
    open_clip = Signal(str)
    chosen_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("call.tray")
        self._model = TrayModel(self)
        self._state = CallScreen()
        self.setModel(self._model)
        self.setItemDelegate(TrayTiles(self))
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
        self.selectionModel().selectionChanged.connect(lambda *_: self.chosen_changed.emit())
        self.retranslate()

    def show_state(self, state: CallScreen) -> None:
        """Show this state's tray; a new snapshot scrolls into view."""
        before, kept = len(self._model.shots), [shot.snapshot_id for shot in self.chosen()]
        self._state = state
        self._model.show_state(state)
        if len(state.tray) > before:  # the newest is what X, R and the words above are about from now on
            self.scrollToTop()
            self.clearSelection()
        else:
            for row, shot in enumerate(self._model.shots):
                if shot.snapshot_id in kept:
                    self.selectionModel().select(self._model.index(row), QItemSelectionModel.SelectionFlag.Select)
        self._tips()

    def chosen(self) -> list[TrayItem]:
        """The selected shots."""
        return [self._model.shots[index.row()] for index in sorted(self.selectedIndexes(), key=lambda index: index.row())]

    def chosen_id(self) -> str | None:
        """The one selected shot; None when none or several are: then the newest is meant."""
        found = self.chosen()
        return found[0].snapshot_id if len(found) == 1 else None

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
        if shot.duration_s is not None:
            self.open_clip.emit(shot.snapshot_id)
        elif shot.stage is TrayStage.IN_CASE:
            self.annotate.emit(shot.snapshot_id)

    def _menu(self, at: QPoint) -> None:
        shots = self.chosen()
        if not shots:
            return
        menu = QMenu(self)
        shot = shots[0]
        is_clip = shot.duration_s is not None
        first = self._entry(menu, "call.tray.open_clip" if is_clip else "call.tray.annotate", lambda: self._annotate(shot))
        first.setEnabled(is_clip or shot.stage is TrayStage.IN_CASE)
        self._entry(menu, "call.tray.copy", self.copy)
        if shot.path is not None:
            self._entry(menu, "call.tray.save_as", lambda: self.save_as.emit(shot.snapshot_id))
        if any(one.stage is TrayStage.REFUSED for one in shot.originals) or shot.stage is TrayStage.REFUSED:
            self._entry(menu, "call.tray.retry", lambda: self.retry.emit(shot.snapshot_id))
        self._pictures(menu, shot)
        belongs = menu.addMenu(t("call.tray.belongs"))
        for item in self._state.checklist:
            entry = belongs.addAction(title_of(item.view).replace("&", "&&"))
            entry.setCheckable(True)
            entry.setChecked(item.view.id == shot.item_id)
            entry.triggered.connect(lambda _=False, item_id=item.view.id: self.assign.emit(shot.snapshot_id, item_id))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.viewport().mapToGlobal(at))

    def _pictures(self, menu: QMenu, shot: TrayItem) -> None:
        """What leads, taking it again, the phone's camera, reading text."""
        if len(shot.originals) > 1:
            originals = menu.addMenu(t("call.tray.originals"))
            for one in shot.originals:
                text = t("call.tray.original_line", method=word("call.method", one.method), size=size_text(one), time=clock_time(one.captured_at))
                entry = originals.addAction(text.replace("&", "&&"))
                entry.setCheckable(True)
                entry.setChecked(shot.leading is one)
                entry.setEnabled(not one.stage.is_lost)
                entry.triggered.connect(lambda _=False, original_id=one.id: self.lead.emit(shot.snapshot_id, original_id))
        if self._state.is_talking:
            self._entry(menu, "call.tray.again", lambda: self.again.emit(shot.snapshot_id))
            if shot.duration_s is None:
                self._entry(menu, "call.still.native", lambda: self.native.emit(shot.snapshot_id))
        if shot.still is not None:
            self._entry(menu, "call.still.give_up", lambda: self.give_up.emit(shot.snapshot_id))
        if shot.duration_s is None:
            self._entry(menu, "call.tray.read_text", lambda: self.read_text.emit(shot.snapshot_id))

    @staticmethod
    def _entry(menu: QMenu, key: str, act: Callable[[], object]) -> QAction:
        entry = menu.addAction(t(key))
        entry.triggered.connect(lambda _=False: act())
        return entry
