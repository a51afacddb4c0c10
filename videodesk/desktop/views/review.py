"""The review screen: contact sheet with filters, one snapshot large, the decision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from videodesk.core.vocabulary import ReviewState
from videodesk.desktop.context import DesktopContext
from videodesk.desktop.drawing.pictures import decode, decode_small
from videodesk.desktop.i18n import duration, error_text, t, word
from videodesk.desktop.presenters.proof import ProofPresenter
from videodesk.desktop.presenters.review import ReviewPresenter, ReviewScreenState
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.review_panel import ReviewPanel
from videodesk.desktop.views.review_sheet import ContactSheet
from videodesk.desktop.views.review_stage import ReviewStage
from videodesk.desktop.views.screen_keys import action_of
from videodesk.desktop.widgets import Banner, Button, EmptyState, Spinner, View, label

_FILTERS: tuple[ReviewState | None, ...] = (*ReviewState, None)
WIDE_PX: Final = 1060


class ReviewView(View):
    """Opened with nothing, with `case_id`, or with `snapshot_id` to show that one large."""

    title_key = "review.title"

    def __init__(self, context: DesktopContext, presenter: ReviewPresenter, proof: ProofPresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("review")
        self._context = context
        self._review, self._proof = presenter, proof
        self._is_large = False
        self.sheet = ContactSheet(presenter, context.clock)
        self.stage = ReviewStage()
        self.details = ReviewPanel(presenter, proof, context.clock)
        self.banner = Banner("danger", can_close=True)
        self._filters: list[QPushButton] = []
        self._build()
        self.sheet.enlarged.connect(lambda: self._enlarge(is_large=True))
        self.sheet.wants_more.connect(presenter.load_more)
        self.details.left.connect(self._focus_pictures)
        self.details.annotate_pressed.connect(self._annotate)
        self.details.case_pressed.connect(self._open_case)
        self.attach(presenter)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(3 * SPACE, SPACE + 4, 3 * SPACE, SPACE + 4)
        column.setSpacing(SPACE)
        head = QHBoxLayout()
        head.setSpacing(4)
        self._add_filters(head)
        head.addStretch(1)
        self._original = Button("review.original", "ghost", pressed=self._review.toggle_original)
        self._original.setCheckable(True)
        self._original.setObjectName("review.original")
        self._loupe = Button("review.loupe", "ghost", pressed=self._review.toggle_loupe)
        self._loupe.setCheckable(True)
        self._loupe.setObjectName("review.loupe")
        self._back = Button("review.to_sheet", "secondary", icon_name="layout-grid", pressed=lambda: self._enlarge(is_large=False))
        self._back.setObjectName("review.to_sheet")
        for button in (self._original, self._loupe, self._back):
            head.addWidget(button)
        column.addLayout(head)
        column.addWidget(self.banner)
        row = QHBoxLayout()
        row.setSpacing(SPACE + 4)
        self._empty = EmptyState("eye-check", "review.empty", "review.empty_hint")
        waiting = QWidget()
        QVBoxLayout(waiting).addWidget(Spinner(32), 0, Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget()
        for page in (self.sheet, self._empty, waiting):
            self._pages.addWidget(page)
        row.addWidget(self._pages, 1)
        row.addWidget(self.stage, 3)
        row.addWidget(self.details)
        column.addLayout(row, 1)
        self._hint = label(role="caption")
        column.addWidget(self._hint)

    def _add_filters(self, head: QHBoxLayout) -> None:
        group = QButtonGroup(self)
        for state in _FILTERS:
            button = Button("review.all" if state is None else f"review.state.{state}", "ghost",
                            pressed=lambda state=state: self._review.filter(state))  # type: ignore[misc]
            button.setObjectName(f"review.filter.{state or 'all'}")
            button.setCheckable(True)
            group.addButton(button)
            self._filters.append(button)
            head.addWidget(button)

    # ── the screen's life ──────────────────────────────────────────────────────────────────────────────────────

    def opened(self, snapshot_id: str | None = None, case_id: str | None = None, **params: Any) -> None:
        """Show the queue."""
        del params
        self._review.open(snapshot_id, case_id)
        self._focus_pictures()

    def panes(self) -> list[QWidget]:
        """Sheet, large picture, details."""
        return [pane for pane in (self.sheet, self.stage, self.details) if pane.isVisible()]

    def _focus_pictures(self) -> None:
        (self.stage if self._review.state.is_large else self.sheet).setFocus(Qt.FocusReason.OtherFocusReason)

    # ── showing ────────────────────────────────────────────────────────────────────────────────────────────────

    def render_state(self, state: ReviewScreenState) -> None:
        """Show the state."""
        self._pages.setCurrentIndex(0 if state.items else 2 if state.is_loading else 1)
        is_large = state.is_large and state.current is not None
        self.stage.setVisible(is_large)
        if is_large is not self._is_large:
            self._is_large = is_large
            self._pages.setMaximumWidth(228 if is_large else 16_777_215)
            self.sheet.as_strip(is_strip=is_large)
        self.sheet.show_state(state)
        self.stage.show_picture(state.shown, self._caption(state), has_loupe=state.has_loupe and is_large)
        self.details.show_state(state)
        self._show_head(state, is_large=is_large)
        problem = state.problem or state.picture_problem
        if problem is None:
            self.banner.hide()
        else:
            self.banner.say_text(error_text(problem), "danger", button_key="common.retry", pressed=self._review.reload)
        self._hint.setText(t("review.hint_large" if is_large else "review.hint_sheet"))
        self._hint.setVisible(bool(state.items))

    def _show_head(self, state: ReviewScreenState, *, is_large: bool) -> None:
        counts = dict(state.counts)
        for button, value in zip(self._filters, _FILTERS, strict=True):
            count = sum(counts.values()) if value is None else counts.get(value, 0)
            name = t("review.all") if value is None else word("review.state", value)
            text = t("review.filter", name=name, n=count)
            button.setText(text)
            button.setAccessibleName(text)
            button.setChecked(value is state.state)
        self._original.setVisible(is_large)
        self._original.setEnabled(state.rendition is not None and state.is_leading)
        self._original.setChecked(state.shows_original and state.rendition is not None)
        self._loupe.setVisible(is_large)
        self._loupe.setChecked(state.has_loupe)
        self._back.setVisible(is_large)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """In a small window the large picture has the room: no strip beside it, no filters but the one in use."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        has_room = not self._is_large or self.width() >= WIDE_PX
        self._pages.setVisible(has_room)
        for button in self._filters:
            button.setVisible(has_room or button.isChecked())

    @staticmethod
    def _caption(state: ReviewScreenState) -> str:
        if state.shown is None:
            return t("review.loading_picture") if state.is_large and state.picture_problem is None else ""
        if state.current is not None and state.current.duration_s is not None:
            return t("review.caption.clip", time=duration(state.current.duration_s))
        if not state.is_leading and state.seen_original is not None:
            return t("review.caption.other", method=word("call.method", state.seen_original.method))
        if state.rendition is None:
            return t("review.caption.only_original")
        return t("review.caption.original" if state.shows_original else "review.caption.marks")

    # ── what the person can do ─────────────────────────────────────────────────────────────────────────────────

    def _enlarge(self, *, is_large: bool) -> None:
        self._review.enlarge(is_large=is_large)
        self._focus_pictures()

    def _annotate(self) -> None:
        if (current := self._review.state.current) is not None:
            self._context.open("annotate" if current.duration_s is None else "clip", snapshot_id=current.id)

    def _open_case(self) -> None:
        current = self._review.state.current
        if current is not None:
            self._context.open("case", case_id=current.case_id)

    def act(self, action_id: str) -> bool:
        """Do one of the screen's actions."""
        review = self._review
        actions: dict[str, Callable[[], None]] = {
            "review.accept": review.accept, "review.retake": review.request_retake, "review.reject": review.reject,
            "review.comment": self.details.write, "review.next": lambda: review.step(1), "review.previous": lambda: review.step(-1),
            "review.loupe": review.toggle_loupe, "review.original": review.toggle_original, "review.next_original": review.next_original,
            "review.proof": self.details.proof.toggle, "review.compare": self._compare,
        }
        if action_id not in actions:
            return False
        actions[action_id]()
        return True

    def _compare(self) -> None:
        """The picture in hand beside the one that it replaces, or that belongs beside it."""
        current = self._review.state.current
        if current is not None and current.duration_s is None:
            self._context.open("compare", snapshot_ids=(current.id,))

    def shut(self) -> None:
        """The panel's presenter ends with the screen."""
        self.details.proof.shut()
        self._proof.close()
        super().shut()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keys that no widget took."""
        action_id = action_of(event, "review")
        if action_id is not None and self.act(action_id):
            return
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter} and self._review.state.current is not None:
            self._enlarge(is_large=not self._is_large)
        elif event.key() == Qt.Key.Key_Escape and self._is_large:
            self._enlarge(is_large=False)
        else:
            super().keyPressEvent(event)


def make(context: DesktopContext) -> View:
    """The review screen for this session."""
    presenter = ReviewPresenter(
        context.api, context.tasks, context.clock, context.session.principal, decode=decode, decode_small=decode_small)
    return ReviewView(context, presenter, ProofPresenter(context.api, context.tasks, context.clock))
