"""The incoming banner: above every screen, with a sound.

The shell makes one by `make_banner(context)`, lays it above the screens, passes on every message of the channel, and tells by
tray or taskbar itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from videodesk.desktop.context import DesktopContext
from videodesk.desktop.i18n import duration, t, word
from videodesk.desktop.presenters.incoming import Incoming, IncomingPresenter
from videodesk.desktop.ringing import Bell
from videodesk.desktop.widgets import Button, ElidedLabel, Icon
from videodesk.protocol.messages import CallView, Wire

_READ_MS: Final = 5000


class IncomingBanner(QFrame):
    """Someone waits: who, how long, accept or not now. Hidden while nobody does."""

    def __init__(self, context: DesktopContext, open_call: Callable[[str], None] | None = None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("incoming")
        self.setProperty("banner", "accent")
        self._state = Incoming()
        self._bell: Bell | None = None
        self._preferences = context.preferences
        self.icon = Icon("phone-incoming", "accent_text", 24)
        self.title = ElidedLabel(role="heading")
        self.title.setObjectName("incoming.title")
        self.line = ElidedLabel(role="caption")
        self.line.setObjectName("incoming.line")
        self.later = Button("call.incoming.later", "ghost")
        self.later.setObjectName("incoming.later")
        self.take = Button("call.incoming.accept", "primary", icon_name="phone")
        self.take.setObjectName("incoming.accept")
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addWidget(self.title)
        words.addWidget(self.line)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 8, 12, 8)
        row.setSpacing(12)
        row.addWidget(self.icon)
        row.addLayout(words, 1)
        row.addWidget(self.later)
        row.addWidget(self.take)
        self.presenter = IncomingPresenter(
            context.api, context.tasks, context.clock, my_id=context.session.person.id, news=self._news,
            open_call=open_call or (lambda call_id: context.open("call", call_id=call_id)))
        self.later.clicked.connect(lambda _=False: self.presenter.put_off())
        self.take.clicked.connect(lambda _=False: self.presenter.accept())
        self._second = QTimer(self)
        self._second.setInterval(1000)
        self._second.timeout.connect(self.presenter.tick)
        self._read = QTimer(self)
        self._read.setSingleShot(True)
        self._read.setInterval(_READ_MS)
        self._read.timeout.connect(self.presenter.seen)
        self.hide()
        self.presenter.watch(self._render)

    def handle(self, message: Wire) -> None:
        """A message of the channel."""
        self.presenter.handle(message)

    def retranslate(self) -> None:
        """The language changed."""
        self._render(self._state)

    def shut(self) -> None:
        """The program ends, or the person signs out."""
        self._silence()
        self.presenter.close()

    def _render(self, state: Incoming) -> None:
        self._state = state
        past = state.taken or state.left
        for button in (self.take, self.later):
            button.setVisible(bool(state.shown))
        if state.shown:
            first, more = state.shown[0], len(state.shown) - 1
            name = first.customer_name or t("call.chat.customer")
            self.title.setText(t("call.incoming.title", name=name) + (f" {t('call.incoming.more', n=more)}" if more else ""))
            waited = duration((state.now - first.waiting_since).total_seconds()) if state.now else ""
            self.line.setText(t("call.incoming.waited", case=first.case_number, kind=word("kind", first.case_kind), time=waited))
            self._second.start()
        elif past is not None:
            self.title.setText(t("call.incoming.taken" if state.taken else "call.incoming.left"))
            self.line.setText(" · ".join(filter(None, (past.customer_name, past.case_number, past.agent_name if state.taken else ""))))
            self._read.start()
        self.setVisible(bool(state.shown) or past is not None)
        self.setAccessibleName(self.title.text())
        if not state.shown:
            self._second.stop()
        if not state.rings:
            self._silence()

    def _news(self, _call: CallView) -> None:
        """Someone new waits: a sound while the agent is free. Tray and taskbar are the shell's."""
        if self.presenter.state.rings:
            self._ring()

    def _ring(self) -> None:
        if self._bell is None:
            self._bell = Bell(self._preferences, self)
        self._bell.ring()

    def _silence(self) -> None:
        if self._bell is not None:
            self._bell.stop()


def make_banner(context: DesktopContext) -> QWidget:
    """The banner of this session."""
    return IncomingBanner(context)
