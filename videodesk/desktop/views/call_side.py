"""What stands beside the video: whose call it is, the self-view, messages, checklist, tray and chat."""

from __future__ import annotations

from collections.abc import Callable
from textwrap import shorten
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from videodesk.core.errors import DeskError
from videodesk.desktop.calling import CallPhase, CallScreen, TrayStage
from videodesk.desktop.device_words import device_text, device_tone
from videodesk.desktop.i18n import error_text, language, t, word
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.call_chat import Chat
from videodesk.desktop.views.call_checklist import ROW_PX, Checklist
from videodesk.desktop.views.call_offer import OfferBar
from videodesk.desktop.views.call_tray import Tray, problem_text, title_of
from videodesk.desktop.views.call_tray_note import TrayNote
from videodesk.desktop.views.call_video import VideoView
from videodesk.desktop.widgets import Badge, Button, ElidedLabel, Icon, IconButton, Label, label, repolish, separator

SIDE_PX: Final = 304  # with it the video keeps 60 % of 1280×800 even below a line banner
_TONES: Final = {"neutral": ("info-circle", "text_muted"), "warning": ("alert-triangle", "warning"), "danger": ("alert-circle", "danger")}


class Side(QFrame):
    """The panel on the right. Signals are the person's intents."""

    restart = Signal()
    dismissed = Signal(str)
    retry = Signal(str)
    open_case = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedWidth(SIDE_PX)
        self._state = CallScreen()
        self.banner = Notice()
        self.banner.setObjectName("call.banner")
        self.checklist, self.tray, self.chat = Checklist(), Tray(), Chat()
        self.offer, self.note = OfferBar(SIDE_PX - 146), TrayNote(SIDE_PX - 28)
        self.hint = label(role="caption", wraps=True)
        self.hint.setObjectName("call.next_item")
        self.empty_tray = label(key="call.tray.empty", role="caption", wraps=True)
        self.missing = Badge()
        self.unread = Badge()
        column = QVBoxLayout(self)
        column.setContentsMargins(2 * SPACE - 2, SPACE + 4, 2 * SPACE - 2, SPACE + 2)
        column.setSpacing(SPACE - 2)
        column.addLayout(self._head())
        column.addWidget(self.offer)
        column.addWidget(self.banner)
        column.addWidget(separator())
        column.addLayout(_heading("call.check.title", self.missing, self.open_button))
        column.addWidget(self.checklist, 9)
        column.addWidget(self.hint)
        column.addWidget(separator())
        column.addLayout(_heading("call.tray.title"))
        column.addWidget(self.empty_tray)
        column.addWidget(self.note)
        column.addWidget(self.tray, 5)
        column.addWidget(separator())
        column.addLayout(_heading("call.chat.title", self.unread))
        column.addWidget(self.chat, 4)
        self.tray.setMinimumHeight(118)
        self.tray.chosen_changed.connect(lambda: self.note.show_state(self._state, self.tray.chosen_id()))
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
        row.addWidget(self.self_view, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def show_state(self, state: CallScreen) -> None:
        """Show it all."""
        self._state = state
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
        self.checklist.setMaximumHeight(max(1, rows) * ROW_PX + 2)
        self.checklist.setMinimumHeight(min(max(1, rows), 3) * ROW_PX + 2)
        self.missing.setVisible(bool(rows))
        self.missing.set(t("call.check.missing", n=state.missing) if state.missing else t("call.check.complete"),
                         "warning" if state.missing else "ok")
        item = state.next_item
        hint = item.hint.get(language(), "") if item is not None else ""
        self.hint.setText(hint)
        self.offer.show_state(state)
        self.hint.setVisible(bool(hint) and state.is_talking and self.offer.isHidden())  # in a small window there is no room for both
        self.tray.show_state(state)
        self.note.show_state(state, self.tray.chosen_id())
        self.empty_tray.setVisible(not state.tray)
        self.tray.setVisible(bool(state.tray))
        self.chat.show_lines(state.chat, can_say=state.is_talking)
        self.unread.setVisible(bool(state.unread))
        self.unread.set(str(state.unread), "accent")
        peer = state.peer
        self.self_view.set_slot(peer.local_pictures if peer is not None else None)
        self.self_view.set_off(not state.camera_on)
        self.self_view.setVisible(state.is_talking)

    def _say(self, state: CallScreen) -> None:
        """The one message that matters most now."""
        refused = next((shot for shot in reversed(state.tray) if shot.stage in {TrayStage.REFUSED, TrayStage.FAILED}), None)
        if state.phase is CallPhase.RECONNECTING:
            self.banner.say(t("call.banner.reconnecting"), "warning", "call.banner.restart", self.restart.emit)
        elif state.call is None or state.phase in {CallPhase.WRAP_UP, CallPhase.REFUSED}:
            self.banner.hide()
        elif refused is not None:
            shot_id, is_here = refused.snapshot_id, refused.stage is TrayStage.REFUSED
            self.banner.say(f"{t('call.banner.refused')} {problem_text(refused)}", "danger", "common.retry" if is_here else "",
                            lambda: self.retry.emit(shot_id))
        elif state.error is not None:
            self.banner.say(error_text(state.error), "danger")
        elif state.problems or state.moved:
            self._say_of_devices(state)
        elif not state.is_online:
            self.banner.say(t("call.banner.offline"), "warning")
        elif state.notice is not None or (state.is_talking and state.retakes):
            self.banner.say(t(state.notice) if state.notice is not None else _asked(state), "warning")
        elif state.is_talking and state.why_no_snapshot in {"call.why.no_consent_stills", "call.why.no_consent_video"}:
            self.banner.say(t(state.why_no_snapshot), "neutral")
        elif state.call.customer.is_page_hidden:
            self.banner.say(t("call.banner.page_hidden"), "warning")
        else:
            self.banner.hide()

    def _say_of_devices(self, state: CallScreen) -> None:
        """What is missing, else which device came into use; the loudest first."""
        if state.problems:
            code = state.problems[0]
            self.banner.say(error_text(DeskError(code)), "warning", "common.close", lambda: self.dismissed.emit(code))
            return
        news = max(state.moved, key=lambda one: list(_TONES).index(device_tone(one)))
        self.banner.say(device_text(news), device_tone(news), "common.close", lambda: self.dismissed.emit(news.role))


def _asked(state: CallScreen) -> str:
    """Which snapshot is to be taken again, in the supervisor's words."""
    asked = state.next_retake or state.retakes[0]
    title = next((title_of(item.view) for item in state.checklist if item.view.id == asked.item_id), t("call.tray.loose"))
    return t("call.banner.retake", item=title, words=shorten(asked.words, 240, placeholder=" …"))


class Notice(QFrame):
    """A message in a narrow column: words over the whole width, the button below them. Hidden until it says something."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pressed: Callable[[], None] | None = None
        self._text = label(wraps=True)
        self._text.setObjectName("call.banner.text")
        self._icon = Icon("info-circle", size_px=18)
        self.button = Button("common.close", "secondary", pressed=self._press)
        self.button.setObjectName("call.banner.button")
        words = QHBoxLayout()
        words.setSpacing(SPACE)
        words.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignTop)
        words.addWidget(self._text, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE + 2, SPACE, SPACE + 2, SPACE)
        column.setSpacing(SPACE)
        column.addLayout(words)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._text.setMinimumWidth(SIDE_PX - 84)  # Qt guesses a wrapped text's height from its narrowest width otherwise
        self.hide()

    @property
    def text(self) -> str:
        """What it says now."""
        return self._text.text()

    def say(self, text: str, tone: str, button_key: str = "", pressed: Callable[[], None] | None = None) -> None:
        """Show a finished text, with a button where there is something to do."""
        symbol, colour = _TONES[tone]
        self._icon.set(symbol, colour)
        self._text.setText(text)
        self.setAccessibleName(text)
        if self.property("banner") != tone:
            self.setProperty("banner", tone)
            repolish(self)
        self._pressed = pressed
        if button_key:
            self.button.set_key(button_key)
        self.button.setVisible(bool(button_key))
        self.show()

    def _press(self) -> None:
        if self._pressed is not None:
            self._pressed()


def _heading(key: str, *beside: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(SPACE)
    text: Label = label(key=key, role="strong")
    text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
    row.addWidget(text, 1)
    for widget in beside:
        row.addWidget(widget)
    return row
