"""Wrap-up: the outcome of the call in one click and a note, in the place where the video was."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QRadioButton, QVBoxLayout, QWidget

from videodesk.core.vocabulary import Disposition
from videodesk.desktop.calling import CallPhase, CallScreen
from videodesk.desktop.i18n import duration, error_text, t
from videodesk.desktop.missing import pieces_of_tray
from videodesk.desktop.views.missing import PieceList
from videodesk.desktop.widgets import Banner, Button, Card, Field, TextArea, label, scrolled

_PIECES_PX: Final = 128


class WrapUp(QWidget):
    """Choose a disposition, say more if there is more to say, done."""

    done = Signal(object, str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._call_id: str | None = None
        card = Card()
        card.setFixedWidth(480)
        self.title = label(key="call.wrap_up.title", role="title")
        self.text = label(role="muted", wraps=True)
        self.time = label(role="caption")
        self.time.setObjectName("call.wrap_up.time")
        self.group = QButtonGroup(self)
        self.choices: dict[Disposition, QRadioButton] = {}
        for widget in (self.title, self.text):
            card.body.addWidget(widget)
        for disposition in Disposition:
            choice = QRadioButton()
            choice.setObjectName(f"call.wrap_up.{disposition.value}")
            choice.toggled.connect(lambda _=False: self._refresh())
            self.choices[disposition] = choice
            self.group.addButton(choice)
            card.body.addWidget(choice)
        self.note = TextArea("call.wrap_up.note_placeholder", lines=3)
        self.note.setObjectName("call.wrap_up.note")
        card.body.addWidget(Field("call.wrap_up.note", self.note))
        self.missing = label(role="strong")
        self.missing.setObjectName("call.wrap_up.pieces")
        self.pieces = PieceList()
        self._area = scrolled(self.pieces)
        self._area.setFixedHeight(_PIECES_PX)
        self.missing.hide()
        self._area.hide()
        card.body.addWidget(self.missing)
        card.body.addWidget(self._area)
        self.banner = Banner("danger", can_close=False)
        self.finish = Button("call.wrap_up.done", "primary", icon_name="check", pressed=self._done)
        self.finish.setObjectName("call.wrap_up.done")
        card.body.addWidget(self.banner)
        card.body.addWidget(self.time)
        card.body.addWidget(self.finish)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        page = QWidget()
        outer.addWidget(scrolled(page))  # a small window scrolls it; it never makes the window larger
        column = QVBoxLayout(page)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(card)
        row.addStretch(1)
        column.addStretch(1)
        column.addLayout(row)
        column.addStretch(1)
        self.retranslate()

    @property
    def chosen(self) -> Disposition | None:
        """The disposition chosen."""
        return next((disposition for disposition, choice in self.choices.items() if choice.isChecked()), None)

    def show_state(self, state: CallScreen, since_s: float) -> None:
        """Show how the call was; a new call starts with nothing chosen but what the checklist suggests."""
        call = state.call
        if call is None or state.phase is not CallPhase.WRAP_UP:
            return
        if call.id != self._call_id:
            self._call_id = call.id
            self.note.put("")
            suggested = Disposition.EVIDENCE_INCOMPLETE if state.missing else Disposition.EVIDENCE_COMPLETE
            self.choices[suggested].setChecked(bool(state.checklist))
        lasted = (call.ended_at - call.accepted_at).total_seconds() if call.ended_at and call.accepted_at else 0.0
        missing = t("call.wrap_up.missing", n=state.missing) if state.missing else t("call.wrap_up.complete")
        self.text.setText(t("call.wrap_up.text", name=call.customer_name or t("call.chat.customer"), time=duration(lasted), missing=missing))
        self.time.set_key("call.wrap_up.since", time=duration(since_s))
        self.finish.setEnabled(not state.is_filing and self.chosen is not None)
        pieces = pieces_of_tray(state.case, state.tray)
        self.missing.setVisible(bool(pieces))
        self.missing.setText(t("call.wrap_up.pieces", n=len(pieces)))
        self._area.setVisible(bool(pieces))
        self.pieces.put(pieces, call.ended_at or call.waiting_since)
        self.finish.set_key("call.wrap_up.anyway" if pieces else "call.wrap_up.done")
        if state.error is not None:
            self.banner.say_text(error_text(state.error), "danger")
        else:
            self.banner.hide()

    def retranslate(self) -> None:
        """Take the words anew."""
        for disposition, choice in self.choices.items():
            choice.setText(t(f"call.disposition.{disposition.value}").replace("&", "&&"))

    def _refresh(self) -> None:
        self.finish.setEnabled(self.chosen is not None)

    def _done(self) -> None:
        if self.chosen is not None:
            self.done.emit(self.chosen, self.note.toPlainText().strip())
