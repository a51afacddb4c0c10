"""What stands beside the video: whose call it is, the self-view, messages, checklist, tray and chat."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from videodesk.core.errors import DeskError
from videodesk.desktop.calling import CallPhase, CallScreen, TrayStage
from videodesk.desktop.i18n import error_text, language, t, word
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.call_chat import Chat
from videodesk.desktop.views.call_checklist import ROW_PX, Checklist
from videodesk.desktop.views.call_tray import Tray, problem_text
from videodesk.desktop.views.call_video import VideoView
from videodesk.desktop.widgets import Badge, Banner, ElidedLabel, IconButton, Label, label, separator

SIDE_PX = 312


class Side(QFrame):
    """The panel on the right. Signals are the person's intents."""

    restart = Signal()
    dismissed = Signal(str)
    retry = Signal(str)
    open_case = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(SIDE_PX)
        self._problem: str | None = None
        self._refused: str | None = None
        self.banner = Banner("warning", can_close=False)
        self.banner.setObjectName("call.banner")
        self.banner.closer.clicked.connect(lambda: self.dismissed.emit(self._problem or ""))
        self.checklist, self.tray, self.chat = Checklist(), Tray(), Chat()
        self.hint = label(role="caption", wraps=True)
        self.hint.setObjectName("call.next_item")
        self.empty_tray = label(key="call.tray.empty", role="caption", wraps=True)
        self.missing = Badge()
        self.unread = Badge()
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE - 2, SPACE + 4, 2 * SPACE - 2, SPACE + 2)
        column.setSpacing(SPACE - 2)
        column.addLayout(self._head())
        column.addWidget(self.banner)
        column.addWidget(separator())
        column.addLayout(_heading("call.check.title", self.missing))
        column.addWidget(self.checklist)
        column.addWidget(self.hint)
        column.addWidget(separator())
        column.addLayout(_heading("call.tray.title"))
        column.addWidget(self.empty_tray)
        column.addWidget(self.tray, 5)
        column.addWidget(separator())
        column.addLayout(_heading("call.chat.title", self.unread))
        column.addWidget(self.chat, 4)
        self.tray.setMinimumHeight(118)
        self.chat.setMinimumHeight(96)

    def _head(self) -> QHBoxLayout:
        self.name = ElidedLabel(role="heading")
        self.name.setObjectName("call.customer")
        self.case_line = ElidedLabel(role="caption")
        self.product = ElidedLabel(role="body")
        self.open_button = IconButton("call.open_case", "folder", size_px=16, pressed=self.open_case.emit)
        self.open_button.setObjectName("call.open_case")
        words = QVBoxLayout()
        words.setSpacing(1)
        for text in (self.name, self.product, self.case_line):
            words.addWidget(text)
        self.self_view = VideoView("call.self_view", is_mirrored=True)
        self.self_view.setObjectName("call.self_view")
        self.self_view.setFixedSize(96, 60)
        row = QHBoxLayout()
        row.setSpacing(SPACE)
        row.addLayout(words, 1)
        row.addWidget(self.open_button, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.self_view, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def show_state(self, state: CallScreen) -> None:
        """Show it all."""
        call, case = state.call, state.case
        self.name.setText(call.customer_name or t("call.chat.customer") if call is not None else "")
        self.case_line.setText(" · ".join(filter(None, (
            call.case_number if call else "", word("kind", call.case_kind) if call else "", case.claim_ref if case else ""))))
        self.product.setText(" ".join(filter(None, (case.brand, case.product or case.model))) if case is not None else "")
        for text in (self.name, self.case_line, self.product):
            text.setVisible(bool(text.text()))
            text.setAccessibleName(text.text())
        self.open_button.setEnabled(call is not None)
        self._say(state)
        self.checklist.show_items(state.checklist)
        rows = len(state.checklist)
        self.checklist.setFixedHeight(max(1, min(rows, 7)) * ROW_PX + 2)
        self.missing.setVisible(bool(rows))
        self.missing.set(t("call.check.missing", n=state.missing) if state.missing else t("call.check.complete"),
                         "warning" if state.missing else "ok")
        item = state.next_item
        hint = item.hint.get(language(), "") if item is not None else ""
        self.hint.setText(hint)
        self.hint.setVisible(bool(hint) and state.is_talking)
        self.tray.show_state(state)
        self.empty_tray.setVisible(not state.tray)
        self.tray.setVisible(bool(state.tray))
        self.chat.show_lines(state.chat, can_say=state.is_talking)
        self.unread.setVisible(bool(state.unread))
        self.unread.set(str(state.unread), "accent")
        peer = state.peer
        self.self_view.set_slot(peer.local_pictures if peer is not None else None)
        self.self_view.set_off(not state.camera_on or peer is None)

    def _say(self, state: CallScreen) -> None:
        """The one message that matters most now."""
        self._problem = None
        refused = next((shot for shot in reversed(state.tray) if shot.stage in {TrayStage.REFUSED, TrayStage.FAILED}), None)
        self.banner.closer.hide()
        if state.phase is CallPhase.RECONNECTING:
            self.banner.say("call.banner.reconnecting", "warning", button_key="call.banner.restart", pressed=self.restart.emit)
        elif state.phase is CallPhase.WRAP_UP or (state.phase is CallPhase.REFUSED or state.call is None):
            self.banner.hide()
        elif refused is not None:
            shot_id = refused.snapshot_id
            can_retry = refused.stage is TrayStage.REFUSED
            self.banner.say_text(f"{t('call.banner.refused')} {problem_text(refused)}", "danger",
                                 button_key="common.retry" if can_retry else "", pressed=lambda: self.retry.emit(shot_id))
        elif state.error is not None:
            self.banner.say_text(error_text(state.error), "danger")
        elif state.problems:
            self._problem = state.problems[0]
            self.banner.say_text(error_text(DeskError(self._problem)), "warning")
            self.banner.closer.show()
        elif not state.is_online:
            self.banner.say("call.banner.offline", "warning")
        elif state.notice is not None:
            self.banner.say(state.notice, "warning")
        elif state.is_talking and state.why_no_snapshot in {"call.why.no_consent_stills", "call.why.no_consent_video"}:
            self.banner.say(state.why_no_snapshot, "neutral")
        elif state.call is not None and state.call.customer.is_page_hidden:
            self.banner.say("call.banner.page_hidden", "warning")
        else:
            self.banner.hide()


def _heading(key: str, badge: Badge | None = None) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(SPACE)
    text: Label = label(key=key, role="strong")
    text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    row.addWidget(text, 1)
    if badge is not None:
        row.addWidget(badge)
    return row
