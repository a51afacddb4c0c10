"""Drawing on the call's picture: the hand and the marks over the video, and the row of tools below it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from videodesk.core.clock import Clock
from videodesk.desktop.drawing.living import draw_cross, draw_live
from videodesk.desktop.i18n import t
from videodesk.desktop.live_drawing import LiveDrawer
from videodesk.desktop.live_state import LIVE_COLOURS, Live, LiveTool, Seen
from videodesk.desktop.theme import token
from videodesk.desktop.views.call_video import VideoView
from videodesk.desktop.widgets import ElidedLabel, Icon, IconButton

LIVE_BAR_PX: Final = 44
TOOL_ACTIONS: Final = {f"call.live_{tool.value}": tool for tool in LiveTool}
_SEEN: Final = {Seen.UNDER_WAY: ("send", "text_muted"), Seen.SEEN: ("eye-check", "ok"), Seen.HIDDEN: ("eye-off", "warning")}
_KEY_STEP: Final = 0.01
_KEY_LEAP: Final = 0.05
_ARROWS: Final = {Qt.Key.Key_Left: (-1, 0), Qt.Key.Key_Right: (1, 0), Qt.Key.Key_Up: (0, -1), Qt.Key.Key_Down: (0, 1)}
_CHECKED: Final = "IconButton:checked {{ background: {ground}; border: 2px solid {edge}; border-radius: 8px; }}"


class LiveHand(QObject):
    """Paints the marks on the VideoView and draws what mouse, pen and keyboard do there. A `VideoOver`.

    By keyboard: Return or Space shows a cross in the middle, arrows move it (Shift: far), Return or Space lowers and raises the pen,
    Esc lets go. `cross_changed` tells when the arrow keys are its own.
    """

    cross_changed = Signal()

    def __init__(self, drawer: LiveDrawer, video: VideoView, clock: Clock) -> None:
        super().__init__(video)
        self._drawer, self._video, self._clock = drawer, video, clock
        self.cross: tuple[float, float] | None = None
        self._is_down = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(drawer.tick)
        drawer.wake = self._wake
        video.over = self
        self._end = drawer.watch(self._changed)

    def shut(self) -> None:
        """The screen goes."""
        self._timer.stop()
        self._end()

    def _wake(self, seconds: float) -> None:
        self._timer.start(max(1, round(seconds * 1000)))

    def _changed(self, state: Live) -> None:
        if state.tool is None and self.cross is not None:
            self._drop_cross()
        cursor = Qt.CursorShape.CrossCursor if state.tool is not None else Qt.CursorShape.ArrowCursor
        if self._video.cursor().shape() is not cursor:
            self._video.setCursor(cursor)
        self._video.setAccessibleDescription(t("live.video.description", n=len(state.marks)) if state.has_marks else "")
        self._video.update()

    # ── VideoOver ─────────────────────────────────────────────────────────────────────────────────────────────────

    def paint(self, painter: QPainter, where: QRect) -> None:
        """Marks belong to the live picture or to the frozen one; over a rewound one there are none."""
        state, box = self._drawer.state, QRectF(where)
        marks = () if self._video.is_rewound and not state.is_frozen else state.marks
        if marks:
            draw_live(painter, box, marks, self._clock.monotonic())
        if self.cross is not None:
            draw_cross(painter, box, self.cross, state.colour)

    def press(self, at: QPointF) -> bool:
        """The mouse or a pen goes down."""
        place = self._place(at)
        if place is None or self._drawer.state.tool is None:
            return False
        self._is_down = self._drawer.press(place)
        return True

    def move(self, at: QPointF) -> None:
        """It moves; outside of the picture too."""
        place = self._place(at, is_bound=False)
        if self._is_down and place is not None:
            self._drawer.move(place)

    def release(self) -> None:
        """It goes up."""
        if self._is_down:
            self._is_down = False
            self._drawer.release()

    def key(self, event: QKeyEvent) -> bool:
        """The keyboard's hand."""
        if self._drawer.state.tool is None:
            return False
        key = Qt.Key(event.key())
        if key in {Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space}:
            self._lower_or_raise()
            return True
        if self.cross is None or key not in _ARROWS:
            return False
        far = _KEY_LEAP if event.modifiers() & Qt.KeyboardModifier.ShiftModifier else _KEY_STEP
        (dx, dy), (x, y) = _ARROWS[key], self.cross
        self.cross = (min(1.0, max(0.0, x + dx * far)), min(1.0, max(0.0, y + dy * far)))
        if self._is_down:
            self._drawer.move(self.cross)
        self._video.update()
        return True

    def let_go(self) -> bool:
        """Esc: no keyboard's hand any more; False when there was none."""
        if self.cross is None:
            return False
        self._drop_cross()
        return True

    def _lower_or_raise(self) -> None:
        if self.cross is None:
            self.cross = (0.5, 0.5)
            self.cross_changed.emit()
        elif self._is_down:
            self.release()
        else:
            self._is_down = self._drawer.press(self.cross)
        self._video.update()

    def _drop_cross(self) -> None:
        self.release()
        self.cross = None
        self.cross_changed.emit()
        self._video.update()

    def _place(self, at: QPointF, *, is_bound: bool = True) -> tuple[float, float] | None:
        where = QRectF(self._video.picture_rect())
        if where.isEmpty() or (is_bound and not where.contains(at)):
            return None
        return ((at.x() - where.x()) / where.width(), (at.y() - where.y()) / where.height())


class Swatch(QToolButton):
    """A colour to choose."""

    def __init__(self, colour: str, name_key: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.colour, self._name_key = colour, name_key
        self.setObjectName(f"live.colour.{colour[1:]}")
        self.setCheckable(True)
        self.setAutoExclusive(True)
        self.setFixedSize(28, 28)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setStyleSheet("QToolButton { border: none; background: transparent; }")
        self.retranslate()

    def retranslate(self) -> None:
        """Name it."""
        self.setAccessibleName(t("live.colour.name", colour=t(self._name_key)))
        self.setToolTip(t(self._name_key))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: ARG002 - Qt's signature
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(self.colour))
        painter.setPen(QPen(token("border_strong"), 1))
        painter.drawEllipse(QRectF(6, 6, 16, 16))
        if self.isChecked() or self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(token("focus" if self.hasFocus() else "text"), 2))
            painter.drawEllipse(QRectF(2, 2, 24, 24))


_NAMES: Final = {"#e5352b": "live.colour.red", "#f5a400": "live.colour.yellow", "#23a455": "live.colour.green", "#1c7ed6": "live.colour.blue",
                 "#ffffff": "live.colour.white"}


class LiveBar(QFrame):
    """The row of tools. `acted` tells an action's id, `coloured` a colour, `closed` that it is to go. Shown while somebody draws or a picture is frozen."""

    acted = Signal(str)
    coloured = Signal(str)
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFixedHeight(LIVE_BAR_PX)
        self.setObjectName("live.bar")
        self.tools = {action: self._button(action, is_checkable=True) for action in TOOL_ACTIONS}
        self.fades = self._button("call.live_fades", is_checkable=True)
        self.undo, self.clear = self._button("call.live_undo"), self._button("call.live_clear")
        self.freeze = self._button("call.live_freeze", is_checkable=True)
        self.close_bar = IconButton("live.close", "x", size_px=18, pressed=self.closed.emit)
        self.close_bar.setObjectName("live.close")
        self.swatches = [Swatch(colour, _NAMES[colour]) for colour in LIVE_COLOURS]
        self.seen_icon = Icon("eye-check", "ok", 18)
        self.words = ElidedLabel(role="caption")
        self.words.setObjectName("live.words")
        row = QHBoxLayout(self)
        row.setContentsMargins(10, 2, 8, 2)
        row.setSpacing(0)
        for button in self.tools.values():
            row.addWidget(button)
        row.addSpacing(6)
        for swatch in self.swatches:
            swatch.clicked.connect(partial(self.coloured.emit, swatch.colour))
            row.addWidget(swatch)
        row.addSpacing(6)
        for button in (self.fades, self.undo, self.clear, self.freeze):
            row.addWidget(button)
        row.addSpacing(8)
        row.addWidget(self.seen_icon)
        row.addSpacing(6)
        row.addWidget(self.words, 1)
        row.addWidget(self.close_bar)
        self._fading_icon = ""
        self.restyle()

    def _button(self, action: str, *, is_checkable: bool = False) -> IconButton:
        made = IconButton(action, size_px=18, is_checkable=is_checkable, pressed=partial(self.acted.emit, action))
        made.setObjectName(action)
        return made

    def show_state(self, state: Live) -> None:
        """Which tool, which colour, and whether the customer sees it."""
        for action, tool in TOOL_ACTIONS.items():
            self.tools[action].setChecked(tool is state.tool)
            self.tools[action].setEnabled(state.why_not is None)
        for swatch in self.swatches:
            swatch.setChecked(swatch.colour == state.colour)
        self.fades.setChecked(state.fades)
        symbol_of_fading = "clock" if state.fades else "map-pin"
        if symbol_of_fading != self._fading_icon:
            self._fading_icon = symbol_of_fading
            self.fades.set_icon(symbol_of_fading)
        self.undo.setEnabled(state.has_marks)
        self.clear.setEnabled(state.has_marks)
        self.freeze.setChecked(state.is_frozen)
        self.freeze.setEnabled(state.why_not is None or state.is_frozen)
        self._say(state)

    def _say(self, state: Live) -> None:
        symbol, colour = _SEEN.get(state.seen, ("", ""))
        key = f"live.seen.{state.seen.value}" if symbol else ""
        if state.notice is not None or state.why_not is not None:
            symbol, colour, key = "alert-circle", "warning", state.notice or state.why_not or ""
        elif state.lost and state.seen is not Seen.HIDDEN:
            symbol, colour, key = "alert-circle", "warning", "live.lost"
        self.seen_icon.setVisible(bool(symbol))
        if symbol:
            self.seen_icon.set(symbol, colour)
        words = t(key) if key else t("live.frozen") if state.is_frozen else ""
        if self.words.text() != words:
            self.words.setText(words)
            self.words.setToolTip(words)

    def restyle(self) -> None:
        """Chosen tools stand out in every theme."""
        self.setStyleSheet(_CHECKED.format(ground=token("accent_soft").name(), edge=token("accent").name()))


def acts(drawer: LiveDrawer) -> dict[str, Callable[[], object]]:
    """What the actions of live drawing do."""
    tools: dict[str, Callable[[], object]] = {action: partial(drawer.choose, tool) for action, tool in TOOL_ACTIONS.items()}
    return tools | {
        "call.draw": drawer.toggle, "call.live_freeze": drawer.toggle_freeze, "call.live_clear": drawer.clear, "call.live_undo": drawer.undo,
        "call.live_colour": drawer.next_colour, "call.live_fades": drawer.toggle_fades,
    }
