"""The inbox screen."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from videodesk.desktop.context import DesktopContext
from videodesk.desktop.i18n import clock_time, duration, error_text, moment_text, t, word
from videodesk.desktop.preferences import PreferenceStore
from videodesk.desktop.presenters.inbox import InboxPresenter, InboxState
from videodesk.desktop.theme import SPACE
from videodesk.desktop.widgets import Badge, Banner, Button, Card, EmptyState, Icon, IconButton, View, label, scrolled
from videodesk.desktop.words import KIND_ICONS, who
from videodesk.protocol.messages import CallView, Wire
from videodesk.protocol.resources import InvitationView, SnapshotView

WIDE_PX = 860


def make(context: DesktopContext) -> View:
    """The inbox for the person signed in."""
    presenter = InboxPresenter(
        context.api, context.tasks, context.clock, context.session.person.id,
        open_call=lambda call_id: context.open("call", call_id=call_id), open_case=lambda case_id, **how: context.open("case", case_id=case_id, **how))
    view = InboxView(presenter, open_cases=lambda: context.open("cases"))
    if context.media is not None:
        view.offer_check(context.preferences, lambda: context.open("settings", page="devices"))
    return view


class InboxView(View):
    """Left what wants attention now; right who was invited and what was there lately."""

    title_key = "shell.inbox"

    def __init__(self, presenter: InboxPresenter, open_cases: Callable[[], None]) -> None:
        super().__init__()
        self.setObjectName("inbox")
        self._inbox = presenter
        outer = QVBoxLayout(self)
        outer.setContentsMargins(3 * SPACE, 2 * SPACE, 3 * SPACE, 2 * SPACE)
        outer.setSpacing(2 * SPACE)
        self._banner = Banner()
        self._banner.closer.clicked.connect(presenter.dismiss)
        outer.addWidget(self._banner)
        self._offer = Banner("accent")
        self._end_offer: Callable[[], None] = lambda: None
        outer.addWidget(self._offer)
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._columns.setSpacing(2 * SPACE)
        self._main, self._side = QWidget(), QWidget()
        left, right = QVBoxLayout(self._main), QVBoxLayout(self._side)
        for column in (left, right):
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(2 * SPACE)
        self._waiting = _Section("inbox.waiting")
        self._waiting.head.addWidget(IconButton("inbox.refresh", size_px=18, pressed=presenter.load))
        self._quiet = EmptyState("coffee", "inbox.empty_title", "inbox.empty_text", button="inbox.go_cases", pressed=open_cases)
        self._waiting.body.addWidget(self._quiet, 1)
        self._waiting.body.addStretch(0)
        self._retakes, self._invited, self._recent = _Section("inbox.retakes"), _Section("inbox.invited"), _Section("inbox.recent")
        self._no_invited = label(key="inbox.no_invited", role="muted", wraps=True)
        self._no_recent = label(key="inbox.no_recent", role="muted", wraps=True)
        self._invited.body.addWidget(self._no_invited)
        self._recent.body.addWidget(self._no_recent)
        left.addWidget(self._waiting, 1)
        left.addWidget(self._retakes)
        right.addWidget(self._invited)
        right.addWidget(self._recent)
        right.addStretch(1)
        self._columns.addWidget(self._main, 5)
        self._columns.addWidget(self._side, 3)
        content = QWidget()
        content.setLayout(self._columns)
        self._columns.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(scrolled(content), 1)
        self._timer = QTimer(self)
        self._timer.setInterval(1000)
        self._timer.timeout.connect(presenter.tick)
        self._shown: dict[str, object] = {}
        self.attach(presenter)

    def offer_check(self, preferences: PreferenceStore, check: Callable[[], None]) -> None:
        """Before the first call: offer the device check, until it was made or put away."""
        if preferences.value.device_check:
            return
        self._offer.closer.clicked.connect(lambda _checked=False: preferences.change(device_check="put_away"))
        self._end_offer = preferences.watch(lambda now: self._offer.hide() if now.device_check else None)
        self._offer.say("settings.offer_text", "accent", button_key="settings.offer_button", pressed=check)

    def opened(self, **params: object) -> None:
        """Fresh each time."""
        del params
        self._inbox.load()

    def handle(self, message: Wire) -> None:
        """Follow while it is seen; opening it fetches anew."""
        if self.isVisible():
            super().handle(message)

    def act(self, action_id: str) -> bool:
        """Accept the next, refresh."""
        if action_id == "inbox.accept":
            self._inbox.accept_next()
        elif action_id == "inbox.refresh":
            self._inbox.load()
        else:
            return False
        return True

    def panes(self) -> list[QWidget]:
        """Left, then right."""
        return [self._main, self._side]

    def showEvent(self, event: QShowEvent) -> None:
        """Wait times run while they are seen."""
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent) -> None:
        """And only then."""
        super().hideEvent(event)
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """One column where there is no room for two."""
        super().resizeEvent(event)
        is_wide = self.width() >= WIDE_PX
        self._columns.setDirection(QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom)

    def shut(self) -> None:
        """No offer any more."""
        self._end_offer()
        super().shut()

    def retranslate(self) -> None:
        """All rows anew."""
        self._shown.clear()
        super().retranslate()

    def render_state(self, state: InboxState) -> None:
        """Show it; rows are only made anew when they changed."""
        if state.problem is None:
            self._banner.hide()
        else:
            self._banner.say_text(error_text(state.problem), "danger", button_key="common.retry", pressed=self._inbox.load)
        self._fill(self._waiting, "waiting", (*state.waiting, *state.open_calls), self._call_row)
        self._quiet.setVisible(state.is_loaded and not state.waiting and not state.open_calls)
        self._waiting.count(len(state.waiting))
        self._fill(self._retakes, "retakes", tuple((one, state.can_invite(one.case_id)) for one in state.retakes), self._retake_row)
        self._retakes.setVisible(bool(state.retakes))
        self._retakes.count(len(state.retakes))
        self._fill(self._invited, "invited", state.invited, self._invited_row)
        self._no_invited.setVisible(state.is_loaded and not state.invited)
        self._fill(self._recent, "recent", state.recent, self._recent_row)
        self._no_recent.setVisible(state.is_loaded and not state.recent)
        for row in self._waiting.rows():
            row.tick(state)

    def _fill(self, section: _Section, name: str, items: tuple[object, ...], make_row: Callable[..., QWidget]) -> None:
        if self._shown.get(name) == items:
            return
        self._shown[name] = items
        section.put([make_row(item) for item in items])

    def _call_row(self, call: CallView) -> _CallRow:
        return _CallRow(call, self._inbox)

    def _retake_row(self, asked: tuple[SnapshotView, bool]) -> QWidget:
        snapshot, can_invite = asked
        decision = snapshot.decisions[-1] if snapshot.decisions else None
        words = decision.comment if decision is not None else ""
        by = t("inbox.asked_by", name=decision.decided_by_name) if decision is not None else ""
        row = _Row("repeat", "warning", words or t("inbox.retake_no_words"), f"{snapshot.case_number} · {by}", wraps=True)
        if can_invite:
            row.add(Button("inbox.invite_again", "secondary", pressed=lambda: self._inbox.invite_again(snapshot.case_id)))
        row.add(Button("inbox.open_case", pressed=lambda: self._inbox.show_evidence(snapshot.case_id)))
        return row

    def _invited_row(self, invitation: InvitationView) -> QWidget:
        until = t("inbox.valid_until", moment=moment_text(invitation.expires_at, self._inbox.clock.now()))
        key = "inbox.opened_at" if invitation.first_opened_at else ""
        seen = t(key, moment=clock_time(invitation.first_opened_at)) if invitation.first_opened_at else until
        row = _Row("link", "text_muted", who(invitation.customer_name), f"{invitation.case_number} · {seen}")
        row.add(IconButton("inbox.open_case", "chevron-right", size_px=18, pressed=lambda: self._inbox.show_case(invitation.case_id)))
        return row

    def _recent_row(self, call: CallView) -> QWidget:
        moment = moment_text(call.ended_at or call.waiting_since, self._inbox.clock.now())
        row = _Row(KIND_ICONS[call.case_kind], "text_muted", who(call.customer_name),
                   f"{call.case_number} · {moment} · {word('inbox.call_state', call.state)}")
        row.add(IconButton("inbox.open_case", "chevron-right", size_px=18, pressed=lambda: self._inbox.show_case(call.case_id)))
        return row


class _Section(Card):
    """A card with a heading, a count and rows."""

    def __init__(self, title_key: str) -> None:
        super().__init__(title_key)
        self._count = Badge("", "accent")
        self._count.hide()
        self.head.insertWidget(1, self._count)
        self._rows: list[QWidget] = []
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)

    def count(self, number: int) -> None:
        """Show how many."""
        self._count.set(str(number), "accent")
        self._count.setVisible(number > 0)

    def rows(self) -> list[_CallRow]:
        """The rows of calls."""
        return [row for row in self._rows if isinstance(row, _CallRow)]

    def put(self, rows: list[QWidget]) -> None:
        """Show these rows."""
        for row in self._rows:
            self.body.removeWidget(row)
            row.hide()
            row.deleteLater()
        self._rows = rows
        for index, row in enumerate(rows):
            self.body.insertWidget(index, row)


class _Row(QFrame):
    """Icon, two lines, buttons at the right."""

    def __init__(self, icon_name: str, colour: str, first: str, second: str, *, wraps: bool = False) -> None:
        super().__init__()
        self.setProperty("surface", "row")
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE, SPACE, SPACE, SPACE)
        row.setSpacing(SPACE + 4)
        row.addWidget(Icon(icon_name, colour, 22), 0, Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout()
        column.setSpacing(2)
        self.first, self.second = label(first, "strong", wraps=True), label(second, "caption", wraps=True)
        self.first.setWordWrap(wraps or len(first) > 30)
        column.addWidget(self.first)
        column.addWidget(self.second)
        row.addLayout(column, 1)
        self._row = row

    def add(self, widget: QWidget) -> None:
        """Put something at the right."""
        self._row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)


class _CallRow(_Row):
    """A customer who waits, or a call of one's own that goes on."""

    def __init__(self, call: CallView, presenter: InboxPresenter) -> None:
        kind = word("kind", call.case_kind)
        super().__init__(KIND_ICONS[call.case_kind], "accent_text", who(call.customer_name), f"{call.case_number} · {kind}")
        self._call = call
        self._is_waiting = call.agent_id is None
        self._wait = label("", "muted")
        self.add(self._wait)
        if self._is_waiting:
            self.button = Button("inbox.accept_call", "primary", icon_name="phone-incoming", pressed=lambda: presenter.accept(call.id))
        else:
            self.button = Button("inbox.back_to_call", "secondary", icon_name="phone-call", pressed=lambda: presenter.resume(call.id))
        name = who(call.customer_name)
        self.button.setAccessibleName(f"{self.button.text()} {name}")
        self.add(self.button)

    def tick(self, state: InboxState) -> None:
        """Show how long they wait now."""
        if self._is_waiting:
            self._wait.setText(t("inbox.waits", time=duration((state.now - self._call.waiting_since).total_seconds())))
            self.button.setEnabled(state.accepting is None)
        else:
            self._wait.setText(word("inbox.call_state", self._call.state))
