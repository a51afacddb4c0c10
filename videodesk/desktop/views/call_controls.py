"""The bar below the video: the controls by the names people know, how good the line is in words, and how long it lasts."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from videodesk.calls.ports import Quality, QualityLevel
from videodesk.desktop.actions import BY_ID
from videodesk.desktop.calling import CallPhase, CallScreen
from videodesk.desktop.i18n import t
from videodesk.desktop.icons import icon
from videodesk.desktop.keys import spec_of
from videodesk.desktop.live_state import Live
from videodesk.desktop.recording import Recording
from videodesk.desktop.theme import token
from videodesk.desktop.views.call_rewind import RecordingBadge
from videodesk.desktop.views.call_zoom import ZoomSlider
from videodesk.desktop.widgets import ElidedLabel, Icon, IconButton, label

BAR_PX: Final = 56
ICON_PX: Final = 46  # a control without its name
_GAP_PX: Final = 4
_QUALITY_PX: Final = 90
_LEVELS: Final = {
    QualityLevel.UNKNOWN: ("antenna-bars-1", "text_muted"), QualityLevel.GOOD: ("antenna-bars-5", "ok"),
    QualityLevel.WEAK: ("antenna-bars-3", "warning"), QualityLevel.BAD: ("antenna-bars-1", "danger"),
}
_SHEET: Final = """
QToolButton {{ border: 2px solid transparent; border-radius: 10px; padding: 3px 8px; font-size: 12px; font-weight: 500;
  color: {text}; background: {ground}; }}
QToolButton:hover {{ background: {hover}; }}
QToolButton:focus {{ border-color: {focus}; }}
QToolButton:disabled {{ color: {disabled}; background: transparent; }}
"""


class Control(QToolButton):
    """One control: an icon over its name. `kind`: plain, primary (snapshot) or danger (hang up). Off and alarming states stand out."""

    def __init__(self, action_id: str, kind: str = "plain", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._spec = BY_ID[action_id]
        self._kind = kind
        self._key, self._icon, self._is_alert = self._spec.text_key, self._spec.icon, False
        self._name_key = self._key
        self.setObjectName(action_id)
        self.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        self.setIconSize(QSize(22, 22))
        self.setFixedHeight(BAR_PX - 8)
        self._worded_px = 104 if kind == "primary" else 78
        self.setMinimumWidth(self._worded_px)
        self.setSizePolicy(QSizePolicy.Policy.Minimum, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.retranslate()
        self.restyle()

    def show_as(self, key: str, icon_name: str, *, name_key: str = "", is_alert: bool = False) -> None:
        """Another name and icon; loud when something is off.

        `key` is what a press would now do, for the tip and the screen reader; `name_key` stands below the icon where that is another
        thing: the device and its state.
        """
        shown = name_key or key
        if (key, shown, icon_name, is_alert) != (self._key, self._name_key, self._icon, self._is_alert):
            self._key, self._name_key, self._icon, self._is_alert = key, shown, icon_name, is_alert
            self.retranslate()
            self.restyle()

    def set_wordless(self, is_wordless: bool) -> None:
        """Only the icon where there is no room for the name; the tip and the screen reader still say it."""
        style = Qt.ToolButtonStyle.ToolButtonIconOnly if is_wordless else Qt.ToolButtonStyle.ToolButtonTextUnderIcon
        if style is not self.toolButtonStyle():
            self.setToolButtonStyle(style)
        self.setMinimumWidth(ICON_PX if is_wordless else max(self._worded_px, self.sizeHint().width()))

    def set_usable(self, why_not: str | None) -> None:
        """Usable, or not and why (a text key): the tip says it."""
        self.setEnabled(why_not is None)
        text = t(self._key)
        self.setToolTip(self._tip(text) if why_not is None else t(why_not))
        self.setAccessibleDescription("" if why_not is None else t(why_not))

    def retranslate(self) -> None:
        """Take the name anew."""
        text = t(self._key)
        self.setText(t(self._name_key).replace("&", "&&"))
        self.setAccessibleName(text)
        if self.isEnabled():
            self.setToolTip(self._tip(text))

    def _tip(self, text: str) -> str:
        key = spec_of(self._spec.id).shortcut
        return f"{text} ({key})" if key else text

    def restyle(self) -> None:
        """Colours of the theme in use."""
        grounds = {"plain": ("transparent", "hover", "text"), "primary": ("accent", "accent_hover", "on_accent"),
                   "danger": ("danger", "danger_hover", "on_danger")}
        ground, hover, text = ("danger_soft", "danger_soft", "danger") if self._is_alert else grounds[self._kind]
        self.setStyleSheet(_SHEET.format(
            text=token(text).name(), ground=ground if ground == "transparent" else token(ground).name(), hover=token(hover).name(),
            disabled=token("text_disabled").name(), focus=token("text" if self._kind != "plain" else "focus").name()))
        self.setIcon(icon(self._icon, text, 22))


class Meter(QWidget):
    """A thin bar of the sound level 0..1."""

    def __init__(self, name_key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._level = 0.0
        self._name_key = name_key
        self.setFixedSize(4, 32)
        self.retranslate()

    def put(self, level: float) -> None:
        """Show this level."""
        if abs(level - self._level) > 0.02:
            self._level = level
            self.update()

    def retranslate(self) -> None:
        """Name it for the screen reader."""
        self.setAccessibleName(t(self._name_key))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.fillRect(self.rect(), token("hover"))
        high = round(self.height() * min(1.0, self._level))
        painter.fillRect(0, self.height() - high, self.width(), high, token("ok"))


class QualityWords(QWidget):
    """good / weak / bad, and why."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._icon = Icon("antenna-bars-1", "text_muted", 20)
        self.word = label(role="strong")
        self.word.setObjectName("call.quality")
        self.why = ElidedLabel(role="caption")
        self.why.setObjectName("call.quality.why")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addStretch(1)
        words.addWidget(self.word)
        words.addWidget(self.why)
        words.addStretch(1)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self._icon)
        row.addLayout(words, 1)

    def put(self, quality: Quality, phase: CallPhase, time: str) -> None:
        """Show the verdict, or what goes on instead; `time` is how long the call lasts."""
        if phase is CallPhase.LIVE:
            symbol, colour = _LEVELS[quality.level]
            word = t(f"call.quality.{quality.level.value}")
            why = ", ".join(t(f"call.quality.why.{reason}") for reason in quality.reasons)
        else:
            symbol, colour = ("player-pause", "warning") if phase is CallPhase.ON_HOLD else ("plug-connected", "text_muted")
            word, why = t(f"call.phase.{phase.value}"), ""
        self._icon.set(symbol, colour)
        self.word.setText(word)
        self.why.setText(" · ".join(part for part in (time, why[:1].upper() + why[1:]) if part))
        self.why.setToolTip(self.why.text())


class Controls(QFrame):
    """The bar. `pressed` tells the action's id."""

    pressed = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(BAR_PX)
        self.quality = QualityWords()
        self.meter = Meter("call.level.microphone")
        self.microphone, self.camera, self.hold = Control("call.microphone"), Control("call.camera"), Control("call.hold")
        self.snapshot = Control("call.snapshot", "primary")
        self.hang_up = Control("call.hang_up", "danger")
        self.torch = IconButton("call.torch_on", "bulb", pressed=lambda: self.pressed.emit("call.torch"))
        self.torch.setObjectName("call.torch")
        self.turn = IconButton("call.turn_camera", "camera-rotate", pressed=lambda: self.pressed.emit("call.turn_camera"))
        self.turn.setObjectName("call.turn_camera")
        self.draw = IconButton("call.draw", is_checkable=True, pressed=lambda: self.pressed.emit("call.draw"))
        self.draw.setObjectName("call.draw")
        self.pop_out = IconButton("call.pop_out", pressed=lambda: self.pressed.emit("call.pop_out"))
        self.full_screen = IconButton("call.full_screen", pressed=lambda: self.pressed.emit("call.full_screen"))
        for button, name in ((self.pop_out, "call.pop_out"), (self.full_screen, "call.full_screen")):
            button.setObjectName(name)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 8, 4)
        row.setSpacing(_GAP_PX)
        self.recording = RecordingBadge()
        row.addWidget(self.quality, 5)
        row.addWidget(self.recording)
        row.addWidget(self.meter)
        self._controls = (self.microphone, self.camera, self.snapshot, self.hold, self.hang_up)
        for control in self._controls:
            control.clicked.connect(partial(self._tell, control))
            row.addWidget(control)
        row.addStretch(2)
        self.zoom = ZoomSlider()
        for extra in (self.zoom, self.draw, self.torch, self.turn, self.pop_out, self.full_screen):
            row.addWidget(extra)

    def minimumSizeHint(self) -> QSize:
        """The room it needs without words: it gives those up before anything overlaps."""
        return QSize(self._needs(len(self._controls) * (ICON_PX + _GAP_PX), with_quality=False), BAR_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """With or without words."""
        super().resizeEvent(event)
        self._fit()

    def _needs(self, controls_px: int, *, with_quality: bool) -> int:
        extras = sum(extra.sizeHint().width() + _GAP_PX for extra in (self.draw, self.torch, self.turn, self.pop_out, self.full_screen))
        return controls_px + extras + 20 + (_QUALITY_PX if with_quality else 0) + self._recording_px() + self.meter.width() + 4 * _GAP_PX

    def show_drawing(self, state: Live) -> None:
        """Whether somebody draws, and why not."""
        self.draw.setChecked(state.tool is not None)
        self.draw.setEnabled(state.why_not is None)
        why = "" if state.why_not is None else t(state.why_not)
        if self.draw.accessibleDescription() != why:
            self.draw.setAccessibleDescription(why)
            self.draw.retranslate()
            if why:
                self.draw.setToolTip(why)

    def show_recording(self, recording: Recording) -> None:
        """Say that it records; the words make room."""
        before_px = self._recording_px()
        self.recording.show_recording(recording)
        if self._recording_px() != before_px:
            self._fit()

    def _recording_px(self) -> int:
        return 0 if self.recording.isHidden() else self.recording.sizeHint().width() + _GAP_PX

    def _fit(self) -> None:
        self.recording.set_brief(False)
        self.recording.set_brief(self.width() < self._needs(len(self._controls) * (ICON_PX + _GAP_PX), with_quality=False))
        for control in self._controls:
            control.set_wordless(False)
        worded = sum(control.sizeHint().expandedTo(control.minimumSize()).width() + _GAP_PX for control in self._controls)
        is_wordless = self.width() < self._needs(worded, with_quality=True)
        for control in self._controls:
            control.set_wordless(is_wordless)
        icons = len(self._controls) * (ICON_PX + _GAP_PX)
        self.quality.setVisible(not is_wordless or self.width() >= self._needs(icons, with_quality=True))

    def _tell(self, control: Control, _checked: bool = False) -> None:
        self.pressed.emit(control.objectName())

    def show_state(self, state: CallScreen, time: str) -> None:
        """Show what is on, what is off and what cannot be done now."""
        self.quality.put(state.quality, state.phase, time)
        no_call = None if state.is_talking else "call.why.no_call"
        mic, camera = state.microphone_on, state.camera_on
        self.microphone.show_as("call.mute" if mic else "call.unmute", "microphone" if mic else "microphone-off",
                                name_key="call.name.microphone" if mic else "call.name.microphone_off", is_alert=not mic)
        self.camera.show_as("call.camera_off" if camera else "call.camera_on", "video" if camera else "video-off",
                            name_key="call.name.camera" if camera else "call.name.camera_off", is_alert=not camera)
        self.hold.show_as("call.take_back" if state.is_on_hold else "call.hold", "player-play" if state.is_on_hold else "player-pause",
                          is_alert=state.is_on_hold)
        for control in (self.microphone, self.camera, self.hang_up):
            control.set_usable(no_call)
        can_hold = state.phase in {CallPhase.LIVE, CallPhase.ON_HOLD}
        self.hold.set_usable(None if can_hold else no_call or "call.why.not_connected")
        self.snapshot.set_usable(state.why_no_snapshot)
        customer = state.call.customer if state.call is not None else None
        self.zoom.show_state(state)
        self.torch.setVisible(customer is not None and customer.has_torch)
        self.torch.set_key("call.torch_off" if customer is not None and customer.is_torch_on else "call.torch_on")
        self.torch.set_icon("bulb-off" if customer is not None and customer.is_torch_on else "bulb")
        for extra in (self.torch, self.turn):
            extra.setEnabled(state.is_talking and state.is_connected)
        self._fit()  # another word may be longer
        self.pop_out.setEnabled(state.is_talking)
        self.full_screen.setEnabled(state.is_talking)
