"""The rewind bar between video and controls: the film strip of the last minutes, what keeps clips, and while rewinding the live picture."""

from __future__ import annotations

from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from videodesk.desktop.calling import CallPhase, CallScreen
from videodesk.desktop.i18n import duration, error_text, number, t
from videodesk.desktop.recording import Recording
from videodesk.desktop.rewinding import Rewinding
from videodesk.desktop.theme import SPACE
from videodesk.desktop.views.call_video import VideoView
from videodesk.desktop.views.film_strip import FULL_PX, THIN_PX, Film, FilmStrip, ago_words
from videodesk.desktop.widgets import Badge, Button, ElidedLabel, Icon, IconButton, label

LIVE_PX: Final = FULL_PX + 4  # the bar's height while live
LEAST_PX: Final = 44  # lower it has no pictures
REWOUND_PX: Final = FULL_PX + 50
CORNER: Final = QSize(128, 66)
_RIGHT_PX: Final = 140
_LEFT_PX: Final = 76
_EDGE_S: Final = 0.4
_AXES: Final = (0.25, 0.5, 1.0)  # parts of the ring's length: the strip is never mostly empty, and rarely changes its scale


class RewindBar(QFrame):
    """See the module. `acted` tells an action's id; the strip's signals pass through `strip`. It never lies over the video."""

    acted = Signal(str)
    sought = Signal(float)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("call.rewind")
        self._state = Rewinding()
        self._room_px = LIVE_PX
        self.strip = FilmStrip("call.rewind.strip")
        self.strip.setObjectName("call.rewind.strip")
        self.strip.sought.connect(self.sought)
        self.strip.let_go.connect(self._let_go)
        self.strip.turned.connect(self._turned)
        row = QHBoxLayout(self)
        row.setContentsMargins(SPACE + 4, 2, SPACE + 4, 2)
        row.setSpacing(SPACE)
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addStretch(1)
        left.addWidget(self._make_head())
        below = QHBoxLayout()
        below.setSpacing(SPACE)
        below.addWidget(self._make_keepers())
        below.addWidget(self.strip, 1)
        left.addLayout(below)
        row.addLayout(left, 1)
        row.addWidget(self._make_right())
        self.setFixedHeight(LIVE_PX)

    def _make_head(self) -> QWidget:
        self.head = QWidget()
        row = QHBoxLayout(self.head)
        row.setContentsMargins(0, 2, 0, 2)
        row.setSpacing(SPACE)
        self._clock = Icon("history", "accent_text", 20)
        self.when = label(role="strong")
        self.when.setObjectName("call.rewind.when")
        self.words = ElidedLabel(role="caption")
        self.words.setObjectName("call.rewind.words")
        row.addWidget(self._clock)
        row.addWidget(self.when)
        row.addWidget(self.words, 1)
        self.steps: list[IconButton] = []
        for action, symbol in (("call.rewind_oldest", "player-skip-back"), ("call.rewind_back", "player-track-prev"),
                               ("call.rewind_frame_back", "chevron-left"), ("call.rewind_frame_forward", "chevron-right"),
                               ("call.rewind_forward", "player-track-next")):
            button = IconButton(action, symbol, size_px=18, pressed=partial(self.acted.emit, action))
            button.setObjectName(action)
            self.steps.append(button)
            row.addWidget(button)
        self.head.hide()
        return self.head

    def _make_keepers(self) -> QWidget:
        place = QWidget()
        place.setFixedWidth(_LEFT_PX)
        row = QHBoxLayout(place)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(2)
        self.clip = IconButton("call.keep_clip", pressed=partial(self.acted.emit, "call.keep_clip"))
        self.record = IconButton("call.record", pressed=partial(self.acted.emit, "call.record"))
        for button, name in ((self.clip, "call.keep_clip"), (self.record, "call.record")):
            button.setObjectName(name)
            row.addWidget(button)
        return place

    def _make_right(self) -> QWidget:
        place = QWidget()
        place.setFixedWidth(_RIGHT_PX)
        column = QVBoxLayout(place)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        self.corner = _Corner("call.rewind.live_picture")
        self.corner.setObjectName("call.rewind.corner")
        self.corner.setFixedSize(CORNER)
        self.corner.clicked.connect(partial(self.acted.emit, "call.rewind_live"))
        self.corner.hide()
        self.live = Badge()
        self.live.setObjectName("call.rewind.live")
        self.back = Button("call.rewind.to_live", "primary", pressed=partial(self.acted.emit, "call.rewind_live"))
        self.back.setObjectName("call.rewind.to_live")
        self.back.setFixedSize(CORNER.width(), 30)
        self.back.hide()
        self.memory = label(role="caption")
        self.memory.setObjectName("call.rewind.memory")
        self.memory.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        for widget in (self.corner, self.live, self.back, self.memory):
            column.addWidget(widget, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        return place

    def set_room(self, high_px: int) -> None:
        """So much room there is while live: less high, then a line, then nothing. Rewinding takes what it needs."""
        if high_px != self._room_px:
            self._room_px = high_px
            self._fit()

    def show_state(self, state: Rewinding, screen: CallScreen) -> None:
        """Show it all."""
        before, self._state = self._state, state
        if before.is_rewinding != state.is_rewinding:
            self._fit()
        self.strip.show_film(film_of(state), self._said(state, screen))
        megabytes = t("call.rewind.memory", used=number(state.size_bytes / 1e6), limit=number(state.limit_bytes / 1e6))
        self.memory.setText(megabytes if state.limit_bytes else "")
        self.memory.setToolTip(t("call.rewind.memory_tip", time=duration(state.length_s), limit=duration(state.limit_s)))
        is_live = screen.phase is CallPhase.LIVE and not (screen.call is not None and screen.call.customer.video_muted)
        self.live.set(f"●  {t('call.rewind.live')}" if is_live else t("call.rewind.no_picture"), "ok" if is_live else "neutral")
        if not state.is_rewinding:
            return
        self.when.setText(badge_text(state))
        self.words.setText(self._words(state))
        self.words.setAccessibleName(self.words.text())
        self._clock.set("alert-triangle" if state.error is not None else "history", "danger" if state.error is not None else "accent_text")

    def show_recording(self, recording: Recording) -> None:
        """What K and Shift+R would do now, and why not."""
        self.record.set_key("call.stop_recording" if recording.is_recording else "call.record_start")
        self.record.set_icon("player-stop" if recording.is_recording else "player-record", "danger" if recording.is_recording else "text")
        for button, why, spelled in ((self.clip, recording.why_no_clip, "K"), (self.record, recording.why_no_recording, "Shift+R")):
            button.setEnabled(why is None and not (button is self.clip and recording.is_keeping))
            button.setToolTip(f"{button.accessibleName()} ({spelled})" if why is None else f"{button.accessibleName()}: {t(why)}")
            button.setAccessibleDescription("" if why is None else t(why))

    def retranslate(self) -> None:
        """The kit translates itself; the rest comes with the next state."""
        self.corner.retranslate()

    def restyle(self) -> None:
        """What is painted by hand."""
        self.strip.restyle()

    def _fit(self) -> None:
        is_rewinding = self._state.is_rewinding
        is_thin = self._room_px < LEAST_PX and not is_rewinding
        self.head.setVisible(is_rewinding)
        self.corner.setVisible(is_rewinding)
        self.back.setVisible(is_rewinding)
        self.live.setVisible(not is_rewinding and not is_thin)
        self.memory.setVisible(not is_rewinding and not is_thin)
        self.clip.setVisible(not is_thin)
        self.record.setVisible(not is_thin)
        margin = 0 if is_thin else 2
        high = min(LIVE_PX, self._room_px) if not is_thin else THIN_PX if self._room_px >= THIN_PX else 0
        self.strip.set_room(FULL_PX if is_rewinding else high - 2 * margin)
        layout = self.layout()
        if layout is not None:
            layout.setContentsMargins(SPACE + 4, margin, SPACE + 4, margin)
        self.setFixedHeight(REWOUND_PX if is_rewinding else high)

    def _said(self, state: Rewinding, screen: CallScreen) -> str:
        """Where the playhead is, for a screen reader."""
        if state.is_rewinding:
            return badge_text(state)
        if not state.has_pictures:
            return t("call.rewind.nothing")
        return t("call.rewind.live") if screen.phase is CallPhase.LIVE else t(f"call.phase.{screen.phase.value}")

    @staticmethod
    def _words(state: Rewinding) -> str:
        if state.error is not None:
            return error_text(state.error)
        gap = state.gap
        if gap is not None:
            return t("call.rewind.in_gap", reason=t(f"call.rewind.gap.{gap.reason.value}"))
        memory = t("call.rewind.memory", used=number(state.size_bytes / 1e6), limit=number(state.limit_bytes / 1e6))
        return f"{t('call.rewind.hint')} · {memory}"

    def _let_go(self, at_s: float) -> None:
        """Dragged to the very end: live again."""
        if self._state.to_s is not None and at_s >= self._state.now_s - _EDGE_S:
            self.acted.emit("call.rewind_live")

    def _turned(self, notches: int, by_frame: bool) -> None:
        steps = ("call.rewind_frame_back", "call.rewind_frame_forward") if by_frame else ("call.rewind_back", "call.rewind_forward")
        for _ in range(min(5, abs(notches))):
            self.acted.emit(steps[0] if notches < 0 else steps[1])


class _Corner(VideoView):
    """The live picture while rewinding; a click goes back to it."""

    clicked = Signal()

    def mouseReleaseEvent(self, event: QEvent) -> None:
        """Back to live."""
        del event
        self.clicked.emit()


class RecordingBadge(Badge):
    """Says that it records, how long and how much; hidden otherwise."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent=parent)
        self.setObjectName("call.recording")
        self._recording, self._is_brief = Recording(), False
        self.hide()

    def show_recording(self, recording: Recording) -> None:
        """Time and size."""
        self._recording = recording
        told = {"time": duration(recording.seconds), "size": number(recording.size_bytes / 1e6, 1)}
        self.set("●  " + (told["time"] if self._is_brief else t("call.recording_short", **told)), "danger")
        self.setAccessibleName(t("call.recording", **told))
        self.setToolTip(self.accessibleName())
        self.setVisible(recording.is_recording)

    def set_brief(self, is_brief: bool) -> None:
        """Only the time where there is no room for the size; the tip and the screen reader still say it."""
        if is_brief != self._is_brief:
            self._is_brief = is_brief
            self.show_recording(self._recording)


def film_of(state: Rewinding) -> Film:
    """The strip's film: the last 30, 60 or 120 seconds, as much as there is."""
    wanted = max(1.0, state.limit_s)
    length_s = next((part * wanted for part in _AXES if state.length_s <= part * wanted), wanted)
    begin_s = state.now_s - length_s
    gaps = state.gaps_within(begin_s, state.now_s)
    return Film(begin_s, state.now_s, state.from_s, state.to_s, state.position_s if state.is_rewinding else None, state.pictures, gaps,
                counts_back=True)


def badge_text(state: Rewinding) -> str:
    """`12 s ago · 14:03:22`: the playhead's moment, by this machine's clock."""
    ago = ago_words(state.ago_s)
    if state.frame is None:
        return ago
    return t("call.rewind.badge", ago=ago, time=state.frame.captured_at.astimezone().strftime("%H:%M:%S"))
