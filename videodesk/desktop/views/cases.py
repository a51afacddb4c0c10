"""The list of cases."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QRect, QSize, Qt, QTimer
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QListView,
    QStackedWidget,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from videodesk.core.clock import Clock
from videodesk.core.vocabulary import CaseKind, CaseStatus
from videodesk.desktop.context import DesktopContext
from videodesk.desktop.i18n import error_text, moment_text, number, t, word
from videodesk.desktop.icons import pixmap
from videodesk.desktop.presenters.cases import CasesPresenter, CasesState
from videodesk.desktop.theme import SPACE, token
from videodesk.desktop.views.new_case import NewCaseDialog
from videodesk.desktop.widgets import Banner, Button, Choice, EmptyState, LineEdit, Spinner, View, label
from videodesk.desktop.words import KIND_ICONS, STATUS_TONES, who
from videodesk.protocol.messages import Wire
from videodesk.protocol.resources import CaseSummary

ROW_PX = 64
SEARCH_WAIT_MS = 250
_CASE = int(Qt.ItemDataRole.UserRole)
_BADGES = {"neutral": ("hover", "text"), "accent": ("accent_soft", "accent_text"), "ok": ("ok_soft", "ok"),
           "warning": ("warning_soft", "warning"), "danger": ("danger_soft", "danger")}
Index = QModelIndex | QPersistentModelIndex


def make(context: DesktopContext) -> View:
    """The cases for the person signed in."""
    presenter = CasesPresenter(context.api, context.tasks, context.clock, context.session.person.id,
                               open_case=lambda case_id: context.open("case", case_id=case_id))
    return CasesView(presenter)


class CasesView(View):
    """Search and filters above, one row per case below."""

    title_key = "shell.cases"

    def __init__(self, presenter: CasesPresenter) -> None:
        super().__init__()
        self.setObjectName("cases")
        self._cases = presenter
        self._dialog: NewCaseDialog | None = None
        outer = QVBoxLayout(self)
        outer.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 2 * SPACE)
        outer.setSpacing(SPACE + 4)
        outer.addWidget(self._make_bar())
        self._banner = Banner("danger", can_close=False)
        outer.addWidget(self._banner)
        self._model = CaseModel(presenter.clock)
        self.list = QListView()
        self.list.setObjectName("cases.list")
        self.list.setModel(self._model)
        self.list.setItemDelegate(CaseDelegate(presenter.clock, self.list))
        self.list.setUniformItemSizes(True)
        self.list.setMouseTracking(True)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.activated.connect(self._open)
        self.list.clicked.connect(self._open)
        self.list.verticalScrollBar().valueChanged.connect(self._scrolled)
        self._none = EmptyState("folders", "cases.empty_title", "cases.empty_text", button="cases.new", pressed=self._new)
        self._nothing = EmptyState("search", "cases.nothing_title", "cases.nothing_text", button="cases.clear", pressed=self._clear)
        waiting = QWidget()
        QVBoxLayout(waiting).addWidget(Spinner(32), 0, Qt.AlignmentFlag.AlignCenter)
        self._pages = QStackedWidget()
        self._waiting = waiting
        for page in (waiting, self.list, self._none, self._nothing):
            self._pages.addWidget(page)
        outer.addWidget(self._pages, 1)
        self._count = label("", "caption")
        outer.addWidget(self._count)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SEARCH_WAIT_MS)
        self._timer.timeout.connect(lambda: presenter.search(self._search.text()))
        self.attach(presenter)
        self.retranslate()

    def _make_bar(self) -> QWidget:
        self._bar = QWidget()
        row = QHBoxLayout(self._bar)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        self._search = LineEdit("cases.search_hint", max_chars=100)
        self._search.setObjectName("cases.search")
        self._search.setClearButtonEnabled(True)
        self._search.setMinimumWidth(160)
        self._search.textChanged.connect(lambda _text: self._timer.start())
        self._status: Choice[CaseStatus] = Choice("status", CaseStatus, none_key="cases.any_status")
        self._kind: Choice[CaseKind] = Choice("kind", CaseKind, none_key="cases.any_kind")
        self._status.setObjectName("cases.status")
        self._kind.setObjectName("cases.kind")
        self._status.chosen.connect(self._cases.filter_status)
        self._kind.chosen.connect(self._cases.filter_kind)
        self._mine = QCheckBox()
        self._mine.setObjectName("cases.mine")
        self._mine.toggled.connect(self._cases.filter_mine)
        self._new_button = Button("cases.new", "primary", pressed=self._new)
        self._new_button.setObjectName("cases.new")
        for widget, stretch in ((self._search, 4), (self._status, 2), (self._kind, 2), (self._mine, 0), (self._new_button, 0)):
            row.addWidget(widget, stretch)
        return self._bar

    def opened(self, **params: Any) -> None:
        """Fresh each time."""
        del params
        self._cases.load()
        if self.focusWidget() is None:
            self._search.setFocus()

    def handle(self, message: Wire) -> None:
        """Follow while it is seen; opening it fetches anew."""
        if self.isVisible():
            super().handle(message)

    def act(self, action_id: str) -> bool:
        """New, search, refresh."""
        if action_id == "cases.new":
            self._new()
        elif action_id == "cases.search":
            self._search.setFocus()
            self._search.selectAll()
        elif action_id == "cases.refresh":
            self._cases.load()
        else:
            return False
        return True

    def panes(self) -> list[QWidget]:
        """The filters, then the list."""
        return [self._bar, self._pages]

    def retranslate(self) -> None:
        """Names for the screen reader, rows anew."""
        self._mine.setText(t("cases.only_mine"))
        self._mine.setAccessibleName(t("cases.only_mine"))
        self.list.setAccessibleName(t("shell.cases"))
        self._status.setAccessibleName(t("cases.any_status"))
        self._kind.setAccessibleName(t("cases.any_kind"))
        self._model.refresh()
        super().retranslate()

    def restyle(self) -> None:
        """Rows are painted."""
        self.list.viewport().update()

    def render_state(self, state: CasesState) -> None:
        """List, or why it is empty."""
        self._model.put(state.items)
        if state.problem is None:
            self._banner.hide()
        else:
            self._banner.say_text(error_text(state.problem), "danger", button_key="common.retry", pressed=self._cases.load)
        page: QWidget = self.list
        if not state.is_loaded:
            page = self._waiting
        elif not state.items:
            page = self._nothing if state.is_filtered else self._none
        self._pages.setCurrentWidget(page)
        self._count.setText(t("cases.count", n=state.total, total=number(state.total)) if state.items else "")
        self._status.put(state.status)
        self._kind.put(state.kind)
        if self._dialog is not None and self._dialog.isVisible():
            self._dialog.put(state)

    def _open(self, index: QModelIndex) -> None:
        case = index.data(_CASE)
        if isinstance(case, CaseSummary):
            self._cases.show(case.id)

    def _scrolled(self, value: int) -> None:
        bar = self.list.verticalScrollBar()
        if value >= bar.maximum() - 4 * ROW_PX:
            self._cases.more()

    def _clear(self) -> None:
        self._search.put("")
        self._mine.setChecked(False)
        self._cases.clear_filters()

    def _new(self) -> None:
        self._dialog = NewCaseDialog(self._cases.add, self.window())
        self._dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, on=False)
        self._dialog.open()


class CaseModel(QAbstractListModel):
    """The rows; what a screen reader says of one is its display text."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._items: tuple[CaseSummary, ...] = ()

    def put(self, items: tuple[CaseSummary, ...]) -> None:
        """Show these. Rows that are only added at the end keep selection and place."""
        before = self._items
        if items == before:
            return
        if before and items[:len(before)] == before:
            self.beginInsertRows(QModelIndex(), len(before), len(items) - 1)
            self._items = items
            self.endInsertRows()
        else:
            self.beginResetModel()
            self._items = items
            self.endResetModel()

    def refresh(self) -> None:
        """The words changed."""
        if self._items:
            self.dataChanged.emit(self.index(0), self.index(len(self._items) - 1))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        """How many."""
        return 0 if parent.isValid() else len(self._items)

    def data(self, index: Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        """The case itself, or one line of text."""
        if not 0 <= index.row() < len(self._items):
            return None
        case = self._items[index.row()]
        if role == _CASE:
            return case
        if role in {int(Qt.ItemDataRole.DisplayRole), int(Qt.ItemDataRole.AccessibleTextRole)}:
            return ", ".join(filter(None, (case.number, who(case.customer_name), case.title, word("status", case.status),
                                           moment_text(case.changed_at, self._clock.now()))))
        return None


class CaseDelegate(QStyledItemDelegate):
    """Paints a row: kind, customer and title, product, what is missing, status, when."""

    def __init__(self, clock: Clock, parent: QWidget) -> None:
        super().__init__(parent)
        self._clock = clock

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        """All the same height."""
        del option, index
        return QSize(200, ROW_PX)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """One row. Only drawText: a name is never markup."""
        case = index.data(_CASE)
        if not isinstance(case, CaseSummary):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        rect = option.rect.adjusted(2, 2, -2, -2)
        is_focused = bool(option.state & QStyle.StateFlag.State_HasFocus)
        ground = "hover" if option.state & QStyle.StateFlag.State_MouseOver else "surface_raised"
        if is_focused or option.state & QStyle.StateFlag.State_Selected:
            ground = "accent_soft"
        painter.setPen(token("focus") if is_focused else token("border"))
        painter.setBrush(token(ground))
        painter.drawRoundedRect(rect, 10, 10)
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(rect.x() + 14, rect.center().y() - 11, pixmap(KIND_ICONS[case.kind], "accent_text", 22, ratio))
        right = rect.right() - 14
        right -= self._texts_right(painter, case, rect, right)
        left = rect.x() + 52
        inside = QRect(left, rect.y() + 10, max(40, right - left - 16), 20)
        title = f"{who(case.customer_name)}  ·  {case.title}" if case.title else who(case.customer_name)
        self._text(painter, inside, title, "text", 14, QFont.Weight.DemiBold)
        second = " · ".join(filter(None, (case.number, case.order_number, case.product if case.product != case.title else "")))
        self._text(painter, inside.translated(0, 22), second, "text_muted", 12)
        painter.restore()

    def _texts_right(self, painter: QPainter, case: CaseSummary, rect: QRect, right: int) -> int:
        """Columns from the right: when, how complete (where there is room), status; returns the width used."""
        used = 92
        when = QRect(right - used, rect.y(), 92, rect.height())
        self._text(painter, when, moment_text(case.changed_at, self._clock.now()), "text_muted", 12, align=Qt.AlignmentFlag.AlignRight)
        if rect.width() > 760:
            used += 164
            shots = t("cases.shots", n=case.snapshot_count) if case.snapshot_count else ""
            missing = t("cases.missing", n=case.missing_count) if case.missing_count else t("cases.complete")
            facts = QRect(right - used, rect.y(), 156, rect.height())
            self._text(painter, facts, " · ".join(filter(None, (shots, missing))), "text_muted", 12)
        used += 176
        self._badge(painter, word("status", case.status), STATUS_TONES[case.status], right - used, rect)
        return used

    def _badge(self, painter: QPainter, text: str, tone: str, left: int, rect: QRect) -> None:
        back, front = _BADGES[tone]
        font = self._font(painter, 12, QFont.Weight.Medium)
        width = QFontMetrics(font).horizontalAdvance(text) + 20
        spot = QRect(left, rect.center().y() - 10, width, 22)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(token(back))
        painter.drawRoundedRect(spot, 11, 11)
        painter.setPen(token(front))
        painter.drawText(spot, Qt.AlignmentFlag.AlignCenter, text)

    def _text(self, painter: QPainter, rect: QRect, text: str, colour: str, size_px: int, weight: QFont.Weight = QFont.Weight.Normal,
              align: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft) -> None:
        font = self._font(painter, size_px, weight)
        painter.setPen(token(colour))
        shown = QFontMetrics(font).elidedText(text.replace("\n", " "), Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, align | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, shown)

    @staticmethod
    def _font(painter: QPainter, size_px: int, weight: QFont.Weight) -> QFont:
        font = QFont("Inter")
        font.setPixelSize(size_px)
        font.setWeight(weight)
        painter.setFont(font)
        return font
