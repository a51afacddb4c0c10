"""What there is to say and to do about the newest (or the chosen) snapshot, above the tray: a verdict, a still on its way, a swap."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from videodesk.desktop.calling import CallScreen
from videodesk.desktop.i18n import t, word
from videodesk.desktop.theme import SPACE
from videodesk.desktop.tray import StillStage, TrayItem
from videodesk.desktop.views.tray_model import still_text
from videodesk.desktop.widgets import Button, Icon, IconButton, label, repolish


class TrayNote(QFrame):
    """One sentence, at most two buttons. Hidden while there is nothing to say."""

    swap = Signal(str)
    again = Signal(str)
    native = Signal(str)
    give_up = Signal(str)

    def __init__(self, width_px: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("call.note")
        self._shot_id = ""
        self._icon = Icon("info-circle", size_px=16)
        self.text = label(wraps=True)
        self.text.setObjectName("call.note.text")
        self.text.setMinimumWidth(width_px - 92)  # Qt guesses a wrapped text's height from its narrowest width otherwise
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.bar.setRange(0, 100)
        self.swapper = IconButton("call.swap", size_px=18, pressed=lambda: self.swap.emit(self._shot_id))
        self.swapper.setObjectName("call.note.swap")
        self.buttons = {
            "again": Button("call.note.again", "secondary", pressed=lambda: self.again.emit(self._shot_id)),
            "native": Button("call.still.native", "secondary", pressed=lambda: self.native.emit(self._shot_id)),
            "give_up": Button("call.still.give_up", "ghost", pressed=lambda: self.give_up.emit(self._shot_id)),
        }
        words = QHBoxLayout()
        words.setSpacing(SPACE)
        words.addWidget(self._icon)
        words.addWidget(self.text, 1)
        words.addWidget(self.swapper)
        row = QHBoxLayout()
        row.setSpacing(4)
        for name, button in self.buttons.items():
            button.setObjectName(f"call.note.{name}")
            row.addWidget(button)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(SPACE, SPACE - 2, SPACE, SPACE - 2)
        column.setSpacing(4)
        column.addLayout(words)
        column.addWidget(self.bar)
        column.addLayout(row)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.hide()

    def show_state(self, state: CallScreen, chosen_id: str | None) -> None:
        """Speak about the chosen snapshot, else about the newest."""
        shot = state.shot(chosen_id) if chosen_id is not None else state.newest
        if shot is None:
            self.hide()
            return
        self._shot_id = shot.snapshot_id
        text, tone, symbol, shown = _say(state, shot)
        still = shot.still
        self.setVisible(bool(text))
        self.text.setText(text)
        self.setAccessibleName(text)
        self._icon.set(symbol, {"warning": "warning"}.get(tone, "text_muted"))
        self.bar.setVisible(still is not None and still.stage is StillStage.SENDING and symbol == "device-mobile")
        self.bar.setValue(still.percent if still is not None else 0)
        self.bar.setAccessibleName(text)
        self.buttons["again"].set_key("call.note.again_off" if state.again == shot.snapshot_id else "call.note.again")
        for name, button in self.buttons.items():
            button.setVisible(name in shown)
        self.swapper.setVisible("swap" in shown)
        if self.property("banner") != tone:
            self.setProperty("banner", tone)
            repolish(self)


def _say(state: CallScreen, shot: TrayItem) -> tuple[str, str, str, set[str]]:
    """What matters most about it: text, tone, icon and which buttons."""
    can_swap = {"swap"} if shot.next_original is not None else set()
    is_answered = shot.retaken_by is not None or any(one.retake_of == shot.snapshot_id and not one.is_lost for one in state.tray)
    still = shot.still
    if state.again == shot.snapshot_id and state.is_talking:
        return t("call.note.again_on"), "warning", "repeat", {"again"}
    if shot.verdict and state.is_talking and not is_answered:
        words = ", ".join(_lower(word("call.verdict", one), is_first=place == 0) for place, one in enumerate(shot.verdict))
        return t("call.note.verdict", verdict=words), "warning", "alert-triangle", {"again"} | can_swap
    if still is not None and still.is_failed:
        return still_text(still), "warning", "device-mobile-x", {"native"} if state.is_talking else set()
    if still is not None:
        return still_text(still), "neutral", "device-mobile", can_swap if state.is_talking else {"give_up"}
    leading = shot.leading
    if can_swap and leading is not None:
        return t("call.note.leads", method=word("call.method", leading.method)), "neutral", "photo-check", can_swap
    return "", "neutral", "info-circle", set()


def _lower(text: str, *, is_first: bool) -> str:
    return text if is_first else text[:1].lower() + text[1:]
