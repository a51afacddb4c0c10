"""The case screen: record, evidence and history at the left; checklist, invitations and notes at the right."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QTabWidget, QVBoxLayout, QWidget

from videodesk.client.outbox import Outbox
from videodesk.core.permissions import Action
from videodesk.core.vocabulary import CallState, CaseStatus
from videodesk.desktop.context import DesktopContext
from videodesk.desktop.drawing.pictures import decode
from videodesk.desktop.i18n import clock_time, error_text, t, word
from videodesk.desktop.presenters.case import CasePresenter, CaseState
from videodesk.desktop.presenters.handover import HandoverPresenter
from videodesk.desktop.presenters.keeping import KeepingPresenter
from videodesk.desktop.presenters.proof import ProofPresenter
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.case_checklist import ChecklistCard
from videodesk.desktop.views.case_evidence import EvidenceGrid
from videodesk.desktop.views.case_history import HistoryList
from videodesk.desktop.views.case_notes import NotesCard
from videodesk.desktop.views.case_originals import OriginalDialog
from videodesk.desktop.views.case_record import RecordForm
from videodesk.desktop.views.dialogs import ask_reason
from videodesk.desktop.views.handover import HandoverPage
from videodesk.desktop.views.invitation import InvitationDialog, InvitationsCard
from videodesk.desktop.views.missing import ClosingDialog
from videodesk.desktop.widgets import Badge, Banner, Button, ElidedLabel, Spinner, View, label, scrolled
from videodesk.desktop.words import STATUS_TONES, who
from videodesk.protocol.messages import Wire

AUTOSAVE_MS = 1500
NEWS_MS = 200  # one change often brings several events
WIDE_PX = 860
_NEEDS_REASON = {CaseStatus.WITHDRAWN, CaseStatus.CHANGES_REQUESTED}
_OPEN_CALLS = {CallState.ACCEPTED, CallState.CONNECTED, CallState.ON_HOLD, CallState.RECONNECTING, CallState.WRAP_UP}


def _nothing() -> None:
    """There is no outbox to listen to."""


def make(context: DesktopContext) -> View:
    """The case screen for the person signed in."""
    presenter = CasePresenter(context.api, context.tasks, context.clock, context.open, outbox=context.outbox, decode=decode)
    api, tasks, clock, session = context.api, context.tasks, context.clock, context.session
    proof = ProofPresenter(api, tasks, clock)
    handover = HandoverPage(HandoverPresenter(api, tasks, clock, may_share=session.can(Action.SHARE)),
                            KeepingPresenter(api, tasks, clock, session.principal))
    handover.keeping.erased.connect(lambda: context.open("cases"))
    view = CaseView(presenter, proof, handover, session.person.id, context.outbox)
    view.evidence.compared.connect(lambda ids: context.open("compare", snapshot_ids=ids))
    return view


class CaseView(View):
    """See the module. Saves by itself 1.5 s after the last change, when one leaves, and at Ctrl+S."""

    title_key = "case.title_bar"
    _kept = Signal(str)

    def __init__(self, presenter: CasePresenter, proof: ProofPresenter, handover: HandoverPage, my_id: str = "",
                 outbox: Outbox | None = None) -> None:
        super().__init__()
        self.setObjectName("case")
        self._case = presenter
        self._my_id = my_id
        self._dialog: InvitationDialog | None = None
        self._closing: ClosingDialog | None = None
        self._original: OriginalDialog | None = None
        self._wants_invitation = ""
        self._invites: set[str] = set()
        outer = QVBoxLayout(self)
        outer.setContentsMargins(3 * SPACE, SPACE, 3 * SPACE, SPACE)
        outer.setSpacing(SPACE + 4)
        outer.addWidget(self._make_head())
        self._banner = Banner("danger")
        self._banner.closer.clicked.connect(presenter.dismiss)
        outer.addWidget(self._banner)
        self._spinner = Spinner(32)
        outer.addWidget(self._spinner, 1, Qt.AlignmentFlag.AlignCenter)
        self._body = QWidget()
        self._columns = QHBoxLayout(self._body)
        self._columns.setContentsMargins(0, 0, 0, 0)
        self._columns.setSpacing(2 * SPACE)
        self.record = RecordForm(presenter)
        self.handover = handover
        self._proof = proof
        self.evidence = EvidenceGrid(presenter, proof)
        self.evidence.open_clip.connect(presenter.open_clip)
        self.history = HistoryList()
        self.tabs = QTabWidget()
        self.tabs.setObjectName("case.tabs")
        self.tabs.setDocumentMode(True)
        self.tabs.tabBar().setDrawBase(False)
        for page in (scrolled(self.record), self.evidence, scrolled(self.handover), scrolled(self.history)):
            self.tabs.addTab(page, "")
        self.checklist = ChecklistCard(presenter)
        self.invitations = InvitationsCard(presenter)
        self.notes = NotesCard(presenter)
        side = QWidget()
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, SPACE, 0)
        column.setSpacing(2 * SPACE)
        for card in (self.checklist, self.invitations, self.notes):
            column.addWidget(card)
        column.addStretch(1)
        self._side = scrolled(side)
        self._columns.addWidget(self.tabs, 5)
        self._columns.addWidget(self._side, 3)
        self._is_wide = True
        outer.addWidget(self._body, 1)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(AUTOSAVE_MS)
        self._timer.timeout.connect(presenter.save)
        self._news = QTimer(self)
        self._news.setSingleShot(True)
        self._news.setInterval(NEWS_MS)
        self._news.timeout.connect(presenter.reload)
        self._news.timeout.connect(handover.reload)
        self._kept.connect(self._news_of, Qt.ConnectionType.QueuedConnection)
        self._end_outbox = outbox.on_change(lambda entry: self._kept.emit(entry.meta.case_id)) if outbox is not None else _nothing
        self.attach(presenter)

    def _make_head(self) -> QWidget:
        self._head = QWidget()
        row = QHBoxLayout(self._head)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(SPACE)
        words = QVBoxLayout()
        words.setSpacing(0)
        first = QHBoxLayout()
        first.setSpacing(SPACE)
        self._name = ElidedLabel("", "heading")
        self._status = Badge()
        first.addWidget(self._status)
        first.addWidget(self._name, 1)
        words.addLayout(first)
        second = QHBoxLayout()
        second.setSpacing(SPACE)
        self._line = label("", "caption")
        self._saved = label("", "caption")
        self._saved.setObjectName("case.saved")
        second.addWidget(self._line)
        second.addWidget(self._saved)
        second.addStretch(1)
        words.addLayout(second)
        row.addLayout(words, 1)
        self._move = Button("case.move", icon_name="chevron-down")
        self._move.setObjectName("case.move")
        self._move.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
        self._menu = QMenu(self._move)
        self._move.setMenu(self._menu)
        self._call = Button("case.to_call", icon_name="phone-call", pressed=self._to_call)
        self._invite = Button("case.invite", "primary", pressed=self._start_invitation)
        for button, name in ((self._move, "case.move"), (self._call, "case.to_call"), (self._invite, "case.invite")):
            button.setObjectName(name)
            row.addWidget(button)
        return self._head

    def opened(self, case_id: str = "", tab: str = "", invite: str = "", **params: Any) -> None:
        """Show a case, at its evidence with tab="evidence". `invite`, a name for this once, makes a new invitation: not again on the way back."""
        del params
        if case_id:
            self._case.show(case_id)
        else:
            self._case.reload()
        if tab == "evidence":
            self.tabs.setCurrentWidget(self.evidence)
        self._wants_invitation = case_id if invite and invite not in self._invites else ""
        self._invites.add(invite)
        self._invite_when_shown()

    def _invite_when_shown(self) -> None:
        case = self._case.state.case
        if self._wants_invitation and case is not None and case.id == self._wants_invitation:
            self._wants_invitation = ""
            self._start_invitation()

    def handle(self, message: Wire) -> None:
        """Follow while it is seen; opening it fetches anew."""
        if self.isVisible() and self._case.concerns(message):
            self._news.start()

    def _news_of(self, case_id: str) -> None:
        """An original of a case came further on this machine."""
        case = self._case.state.case
        if self.isVisible() and case is not None and case.id == case_id:
            self._news.start()

    def left(self) -> None:
        """Nothing typed is lost."""
        self._timer.stop()
        self._news.stop()
        self._case.save()

    @property
    def is_saving(self) -> bool:
        """Whether fields are on their way."""
        return self._case.state.is_saving

    def shut(self) -> None:
        """No timer outlives the screen."""
        self._end_outbox()
        self._timer.stop()
        self._news.stop()
        self.handover.shut()
        self.evidence.proof.shut()
        self._proof.close()
        super().shut()

    def may_leave(self) -> bool:
        """Leaving saves; a mistake in a field keeps the text there and says so."""
        self._timer.stop()
        self._case.save()
        return True

    def act(self, action_id: str) -> bool:
        """Save, invite, note; package, report, what is proven."""
        if action_id == "case.save":
            self._case.save()
        elif action_id == "case.invite":
            self._start_invitation()
        elif action_id == "case.note":
            self.notes.focus()
        elif action_id in {"case.package", "case.report"}:
            self._show_handover()
            (self.handover.package if action_id == "case.package" else self.handover.report).ask()
        elif action_id == "case.compare":
            self.tabs.setCurrentWidget(self.evidence)
            self.evidence.compare()
        elif action_id == "case.proof":
            self.tabs.setCurrentWidget(self.evidence)
            self.evidence.proof.show_details()
        else:
            return False
        return True

    def _show_handover(self) -> None:
        """Its tab to the front."""
        for index in range(self.tabs.count()):
            page = self.tabs.widget(index)
            if page is not None and page.isAncestorOf(self.handover):
                self.tabs.setCurrentIndex(index)

    def panes(self) -> list[QWidget]:
        """Head, tabs, side."""
        return [self._head, self.tabs, self._side] if self._is_wide else [self._head, self.tabs]

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is no room beside, checklist and notes become a tab."""
        super().resizeEvent(event)
        is_wide = self.width() >= WIDE_PX
        if is_wide == self._is_wide:
            return
        self._is_wide = is_wide
        if is_wide:
            self.tabs.removeTab(self.tabs.indexOf(self._side))
            self._columns.addWidget(self._side, 3)
            self._side.show()
        else:
            self.tabs.addTab(self._side, t("case.checklist"))

    def restyle(self) -> None:
        """The grid paints by hand."""
        self.evidence.restyle()

    def render_state(self, state: CaseState) -> None:
        """All parts."""
        self._body.setVisible(state.case is not None)
        self._head.setVisible(state.case is not None)
        self._spinner.setVisible(state.case is None and state.problem is None)
        if state.is_stale:
            self._banner.say("case.stale", "warning", button_key="common.save", pressed=self._save_again)
        elif state.problem is not None:
            self._banner.say_text(error_text(state.problem), "danger", button_key="common.retry", pressed=self._case.reload)
        else:
            self._banner.hide()
        for index, key in enumerate(("case.record", "case.evidence", "proof.tab", "case.history", "case.checklist")[:self.tabs.count()]):
            count = f" ({len(state.snapshots)})" if key == "case.evidence" and state.snapshots else ""
            self.tabs.setTabText(index, t(key) + count)
        self.tabs.setAccessibleName(t("case.title_bar"))
        if state.case is None:
            return
        self._render_head(state)
        self.record.put(state)
        self.evidence.put(state)
        self.handover.show_case(state.case)
        self.history.put(state)
        self.checklist.put(state)
        self.invitations.put(state)
        self._invite_when_shown()
        self.notes.put(state)
        if self._dialog is not None:
            self._dialog.put(state)
        self._render_dialogs(state)
        if state.is_dirty and not state.is_saving and not state.mistakes:
            self._timer.start()

    def _render_dialogs(self, state: CaseState) -> None:
        """The question before closing, and an original shown large."""
        if state.closing is not None and self._closing is None:
            self._closing = made = ClosingDialog(self.window())
            made.anyway.connect(self._case.close_anyway)
            made.waits.connect(self._case.stop_closing)
            made.list.give_up.connect(self._case.give_up_still)
            made.list.retry.connect(self._case.retry)
            made.finished.connect(self._end_closing)
            made.open()
        if self._closing is not None:
            self._closing.put(state.pieces, state.now)
        if state.opened is not None and self._original is None:
            self._original = shown = OriginalDialog(self._case, self.window())
            shown.finished.connect(self._end_original)
            shown.open()
        if self._original is not None:
            self._original.put(state)

    def _end_closing(self) -> None:
        dialog, self._closing = self._closing, None
        if dialog is not None:
            dialog.deleteLater()

    def _end_original(self) -> None:
        dialog, self._original = self._original, None
        if dialog is not None:
            dialog.deleteLater()

    def _render_head(self, state: CaseState) -> None:
        case = state.case
        if case is None:
            return
        name = who(state.form.customer_name)
        self._name.setText(f"{name} · {state.form.title}" if state.form.title else name)
        self._status.set(word("status", case.status), STATUS_TONES[case.status])
        self._line.setText(f"{case.number} · {word('kind', case.kind)}")
        if state.mistakes:
            key, tone = "case.has_mistakes", "danger"
        elif state.is_saving:
            key, tone = "case.saving", ""
        elif state.is_dirty:
            key, tone = "case.unsaved", "warning"
        else:
            key, tone = ("case.saved_at", "ok") if state.saved_at else ("", "")
        self._saved.setText(("· " + t(key, time=clock_time(state.saved_at) if state.saved_at else "")) if key else "")
        if self._saved.property("tone") != tone:
            self._saved.setProperty("tone", tone)
            self._saved.style().unpolish(self._saved)
            self._saved.style().polish(self._saved)
        self._menu.clear()
        for status in case.next_statuses:
            action = self._menu.addAction(t("case.move_to", status=word("status", status)))
            action.triggered.connect(lambda _checked=False, status=status: self._move_to(status))
        self._move.setEnabled(bool(case.next_statuses))
        mine = [call for call in state.calls if call.agent_id == self._my_id and call.state in _OPEN_CALLS]
        self._call.setVisible(bool(mine))
        self._invite.setEnabled(not state.is_inviting)

    def _to_call(self) -> None:
        mine = [call for call in self._case.state.calls if call.agent_id == self._my_id and call.state in _OPEN_CALLS]
        if mine:
            self._case.open_call(mine[0].id)

    def _move_to(self, status: CaseStatus) -> None:
        if status in _NEEDS_REASON:
            ask_reason(self, t("case.move_to", status=word("status", status)), "case.reason_why", lambda reason: self._case.move(status, reason))
        else:
            self._case.move(status)

    def _save_again(self) -> None:
        self._case.dismiss()
        self._case.save()

    def _start_invitation(self) -> None:
        if self._dialog is None:
            self._dialog = InvitationDialog(self._case, self.window())
            self._dialog.finished.connect(self._end_invitation)
            self._dialog.open()
        self._case.save()
        self._case.invite()

    def _end_invitation(self) -> None:
        dialog, self._dialog = self._dialog, None
        if dialog is not None:
            dialog.deleteLater()
        self._case.forget_invitation()
