"""The compare screen: two to four pictures of a case, beside each other, wiped, or as onion skin."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QMenu, QSlider, QStackedWidget, QVBoxLayout, QWidget

from videodesk.desktop import i18n
from videodesk.desktop.context import DesktopContext
from videodesk.desktop.drawing.pictures import decode
from videodesk.desktop.drawing.viewport import ZOOM_STEP
from videodesk.desktop.i18n import error_text, moment_text, number, t
from videodesk.desktop.presenters.compare import CompareMode, ComparePresenter, CompareState, Look
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.compare_stage import CompareStage
from videodesk.desktop.views.screen_keys import action_of
from videodesk.desktop.widgets import Button, EmptyState, IconButton, Label, Spinner, View
from videodesk.protocol.resources import SnapshotView

_ICONS: Final = {CompareMode.SIDE: "columns-2", CompareMode.SWIPE: "arrows-exchange", CompareMode.ONION: "layers-intersect"}


class CompareView(View):
    """Opened with `snapshot_ids` (one to four)."""

    title_key = "compare.title"

    def __init__(self, context: DesktopContext, presenter: ComparePresenter) -> None:
        super().__init__()
        self.setObjectName("compare")
        self._context = context
        self._compare = presenter
        self.stage = CompareStage()
        self.stage.zoomed.connect(presenter.zoom_by)
        self.stage.panned.connect(presenter.pan_by)
        self.stage.split.connect(presenter.set_split)
        self.stage.chosen.connect(presenter.choose)
        self.stage.fitted.connect(presenter.fit)
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACE, SPACE, 3 * SPACE, 2 * SPACE)
        column.setSpacing(SPACE)
        self._bar = QWidget()
        self._bar.setLayout(self._make_bar())
        column.addWidget(self._bar)
        self._pages = QStackedWidget()
        waiting = QWidget()
        waiting_column = QVBoxLayout(waiting)
        waiting_column.addWidget(Spinner(32), 0, Qt.AlignmentFlag.AlignCenter)
        self._none = EmptyState("photo-x", "compare.none_title", "compare.none_text", button="shell.back", pressed=context.navigation.back)
        self._trouble = EmptyState("photo-x", "compare.trouble", "compare.none_text", button="common.retry", pressed=presenter.reload)
        for page in (self.stage, waiting, self._none, self._trouble):
            self._pages.addWidget(page)
        column.addWidget(self._pages, 1)
        self._hint = Label(role="caption")
        column.addWidget(self._hint)
        self.attach(presenter)

    def _make_bar(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        self._modes: dict[CompareMode, Button] = {}
        group = QButtonGroup(self)
        for mode in CompareMode:
            button = Button(f"compare.{mode}", "ghost", icon_name=_ICONS[mode], pressed=partial(self._compare.choose_mode, mode))
            button.setCheckable(True)
            button.setObjectName(f"compare.{mode}")
            group.addButton(button)
            self._modes[mode] = button
            row.addWidget(button)
        self._slider = QSlider(Qt.Orientation.Horizontal)
        self._slider.setObjectName("compare.split")
        self._slider.setRange(0, 100)
        self._slider.setFixedWidth(160)
        self._slider.valueChanged.connect(lambda value: self._compare.set_split(value / 100))
        row.addWidget(self._slider)
        row.addStretch(1)
        self._swap = IconButton("compare.swap", pressed=self._compare.swap)
        self._marks = IconButton("compare.marks", is_checkable=True, pressed=self._compare.toggle_marks)
        self._add = Button("compare.add", "secondary", icon_name="plus", pressed=self._offer)
        self._add.setObjectName("compare.add")
        self._remove = IconButton("compare.remove", pressed=lambda: self._compare.remove())  # noqa: PLW0108 - without the default's argument
        self._zoom = Label(role="muted")
        self._zoom.setMinimumWidth(64)
        self._zoom.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        fit = IconButton("compare.fit", pressed=self._compare.fit)
        for widget, name in ((self._swap, "swap"), (self._marks, "marks"), (self._remove, "remove"), (fit, "fit")):
            widget.setObjectName(f"compare.{name}")
        for each in (self._swap, self._marks, self._remove, self._add, self._zoom, fit):
            row.addWidget(each)
        return row

    # ── the shell's calls ──────────────────────────────────────────────────────────────────────────────────────

    def opened(self, snapshot_ids: tuple[str, ...] = (), **params: Any) -> None:
        """Show these snapshots; none: what was shown before."""
        del params
        if snapshot_ids:
            self._compare.open(tuple(snapshot_ids))
        self.stage.setFocus(Qt.FocusReason.OtherFocusReason)

    def panes(self) -> list[QWidget]:
        """The bar, the pictures."""
        return [self._bar, self.stage]

    def restyle(self) -> None:
        """The stage is painted."""
        self.stage.update()

    # ── showing ────────────────────────────────────────────────────────────────────────────────────────────────

    def render_state(self, state: CompareState) -> None:
        """Show the state."""
        page = 1 if state.is_loading else 3 if state.problem is not None else 0 if state.items else 2
        self._pages.setCurrentIndex(page)
        if state.problem is not None:
            self._trouble.text.setText(error_text(state.problem))
        is_pair = len(state.items) >= 2
        for mode, button in self._modes.items():
            button.setChecked(mode is state.mode)
            button.setEnabled(bool(state.items) and (is_pair or mode is CompareMode.SIDE))
        self._slider.setVisible(state.mode is not CompareMode.SIDE)
        self._slider.setAccessibleName(t(f"compare.share.{state.mode}") if state.mode is not CompareMode.SIDE else t("compare.title"))
        with QSignalBlocker(self._slider):
            self._slider.setValue(round(state.split * 100))
        self._swap.setEnabled(is_pair)
        self._remove.setEnabled(is_pair)
        self._marks.setChecked(state.shows_marks)
        self._marks.setEnabled(any(one.snapshot.rendition is not None for one in state.items))
        self._add.setEnabled(state.can_add)
        self._zoom.setText(f"{number(round(100 * state.look.nearer))} %")
        self._hint.setText(t(f"compare.hint.{state.mode}") if state.items else "")
        self.stage.show_state(state, [self._title(place, one.snapshot, has_marks=one.has_marks) for place, one in enumerate(state.items)])

    def _title(self, place: int, snapshot: SnapshotView, *, has_marks: bool = False) -> str:
        parts = [f"{place + 1}", self._words(snapshot)]
        if any(other.snapshot.id == snapshot.retake_of for other in self._compare.state.items):
            parts.append(t("compare.after"))
        elif any(other.snapshot.retake_of == snapshot.id for other in self._compare.state.items):
            parts.append(t("compare.before"))
        if has_marks:
            parts.append(t("compare.with_marks"))
        return " · ".join(parts)

    def _words(self, snapshot: SnapshotView) -> str:
        case = self._compare.state.case
        items = case.checklist.items if case is not None else []
        title = next((one.title.get(i18n.language(), "") for one in items if one.id == snapshot.checklist_item), "")
        return " · ".join(part for part in (snapshot.caption or title, moment_text(snapshot.captured_at, self._context.clock.now())) if part)

    def _offer(self) -> None:
        """The other pictures of the case, to choose from."""
        menu = QMenu(self)
        menu.setObjectName("compare.others")
        for snapshot in self._compare.state.others:
            chosen = menu.addAction(self._words(snapshot).replace("&", "&&"))
            chosen.triggered.connect(partial(self._take, snapshot.id))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self._add.mapToGlobal(self._add.rect().bottomLeft()))

    def _take(self, snapshot_id: str, _checked: bool = False) -> None:
        self._compare.add(snapshot_id)
        self.stage.setFocus(Qt.FocusReason.OtherFocusReason)

    # ── what the person can do ─────────────────────────────────────────────────────────────────────────────────

    def act(self, action_id: str) -> bool:
        """Do one of the screen's actions."""
        compare = self._compare
        actions: dict[str, Callable[[], object]] = {
            "compare.side": lambda: compare.choose_mode(CompareMode.SIDE), "compare.swipe": lambda: compare.choose_mode(CompareMode.SWIPE),
            "compare.onion": lambda: compare.choose_mode(CompareMode.ONION), "compare.swap": compare.swap, "compare.marks": compare.toggle_marks,
            "compare.add": self._offer, "compare.remove": compare.remove, "compare.fit": compare.fit,
            "compare.zoom_in": lambda: compare.zoom_by(ZOOM_STEP), "compare.zoom_out": lambda: compare.zoom_by(1 / ZOOM_STEP),
            "compare.next": lambda: compare.choose((compare.state.chosen + 1) % max(1, len(compare.state.items))),
        }
        if action_id not in actions:
            return False
        actions[action_id]()
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that no widget took; Escape shows the whole pictures, then goes back."""
        action_id = action_of(event, "compare")
        if action_id is not None and self.act(action_id):
            return
        if event.key() == Qt.Key.Key_Escape:
            if self._compare.state.look != Look():
                self._compare.fit()
            else:
                self._context.navigation.back()
            return
        super().keyPressEvent(event)


def make(context: DesktopContext) -> View:
    """The compare screen for this session."""
    return CompareView(context, ComparePresenter(context.api, context.tasks, context.clock, decode=decode))


