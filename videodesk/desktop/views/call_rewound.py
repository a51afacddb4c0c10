"""Ties rewinding, recording and drawing to the call screen: which picture is large and which in the corner, the keys, and looking now and then."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from videodesk.desktop.calling import CallScreen
from videodesk.desktop.keys import on_change, spec_of
from videodesk.desktop.live_state import Live
from videodesk.desktop.presenters.call import CallPresenter
from videodesk.desktop.recording import Recording
from videodesk.desktop.rewinding import Rewinding
from videodesk.desktop.views.call_controls import Controls
from videodesk.desktop.views.call_live import LIVE_BAR_PX, LiveBar, LiveHand, acts
from videodesk.desktop.views.call_rewind import LIVE_PX, RewindBar
from videodesk.desktop.views.call_video import VideoView

KEYS: Final = ("call.rewind_back", "call.rewind_forward", "call.rewind_frame_back", "call.rewind_frame_forward", "call.rewind_oldest",
               "call.rewind_live")
SHARE: Final = 0.6  # of the window: the video's, while it is live
_LOOK_MS: Final = 500
_NARROW: Final = 0.68


class RewoundStage(QObject):
    """See the module. `area` is the part of the screen in which the arrow keys rewind."""

    refit = Signal()
    """The row of tools came or went."""

    def __init__(self, presenter: CallPresenter, video: VideoView, bar: RewindBar, controls: Controls, tools: LiveBar, area: QWidget) -> None:
        super().__init__(area)
        self._tools = tools
        self._turn = presenter.rewinder.state.turn
        self.hand = LiveHand(presenter.live, video, presenter.clock)
        self.hand.cross_changed.connect(self._able)
        tools.coloured.connect(presenter.live.choose_colour)
        tools.closed.connect(presenter.live.put_away)
        self._presenter, self._video, self._bar, self._controls, self._area = presenter, video, bar, controls, area
        self._screen = CallScreen()
        self._freeze_id = ""
        bar.sought.connect(presenter.rewinder.go_to)
        self.shortcuts = [self._shortcut(spec_of(action).shortcut, action) for action in KEYS]
        self._escape = QShortcut(QKeySequence("Esc"), area)
        self._escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self._escape.activated.connect(self.leave)
        self._look = QTimer(self)
        self._look.setInterval(_LOOK_MS)
        self._look.timeout.connect(self.look)
        self._ends = [presenter.rewinder.watch(self._rewinding), presenter.recorder.watch(self._recording), presenter.live.watch(self._live),
                      on_change(self._rekey)]
        area.destroyed.connect(self._ends[-1])  # keys outlive every window: one that goes without a goodbye must not be asked

    def acts(self) -> dict[str, Callable[[], object]]:
        """What the actions do."""
        rewinder, recorder = self._presenter.rewinder, self._presenter.recorder
        return {
            "call.rewind_back": lambda: rewinder.step_seconds(-1), "call.rewind_forward": lambda: rewinder.step_seconds(1),
            "call.rewind_frame_back": lambda: rewinder.step_frames(-1), "call.rewind_frame_forward": lambda: rewinder.step_frames(1),
            "call.rewind_oldest": rewinder.go_oldest, "call.rewind_live": rewinder.go_live, "call.keep_clip": recorder.keep_last,
            "call.record": recorder.toggle,
        } | acts(self._presenter.live)

    def show_screen(self, screen: CallScreen) -> None:
        """The call's state changed."""
        self._screen = screen
        is_kept = screen.is_talking
        self._bar.setVisible(is_kept)
        if is_kept and not self._look.isActive():
            self._look.start()
        elif not is_kept:
            self._look.stop()
        self._able()
        self._pictures()
        self._show_tools(self._presenter.live.state)
        self._bar.show_state(self._presenter.rewinder.state, screen)

    def look(self) -> None:
        """See what is kept and how a recording goes."""
        self._presenter.rewinder.refresh()
        self._presenter.recorder.refresh()

    def fit(self, wide_px: int, high_px: int) -> None:
        """Give the strip the height that the video's share of the window leaves it; `wide_px` × `high_px` is for both together."""
        high_px -= 0 if self._tools.isHidden() else LIVE_BAR_PX
        window = self._area.window().size()
        needs_px = math.ceil(SHARE * window.width() * window.height() / max(1, wide_px))
        is_hopeless = needs_px > high_px and wide_px < _NARROW * window.width()  # the panel beside takes too much of a small window
        self._bar.set_room(LIVE_PX if is_hopeless else high_px - needs_px)

    def leave(self) -> bool:
        """Esc: the keyboard's hand, the tool, the frozen picture, then back to live; False when there was nothing of it."""
        if self.hand.let_go() or self._presenter.live.leave():
            return True
        if not self._presenter.rewinder.state.is_rewinding:
            return False
        self._presenter.rewinder.go_live()
        return True

    def shut(self) -> None:
        """The screen goes."""
        self._look.stop()
        self.hand.shut()
        for end in self._ends:
            end()
        self._bar.corner.forget()

    def _rewinding(self, state: Rewinding) -> None:
        if state.turn != self._turn:  # who looks elsewhere no longer shows the customer that picture
            self._turn = state.turn
            self._presenter.live.thaw()
        self._bar.show_state(state, self._screen)
        self._able()
        self._pictures()

    def _live(self, state: Live) -> None:
        self._tools.show_state(state)
        self._show_tools(state)
        if state.freeze_id != self._freeze_id:
            self._freeze_id = state.freeze_id
            self._pictures()
        self._able()

    def _show_tools(self, state: Live) -> None:
        self._controls.show_drawing(state)
        is_wanted = self._screen.is_talking and (state.tool is not None or state.is_frozen or state.notice is not None)
        if is_wanted is self._tools.isHidden():
            self._tools.setVisible(is_wanted)
            self.refit.emit()

    def _recording(self, state: Recording) -> None:
        self._bar.show_recording(state)
        self._controls.show_recording(state)

    def _pictures(self) -> None:
        """One slot, one view that it scales for: the corner while a rewound frame is large."""
        state, peer = self._presenter.rewinder.state, self._screen.peer
        slot = peer.remote_pictures if peer is not None else None
        frozen = self._presenter.live.state.frozen
        held = frozen or (state.frame if state.is_rewinding else None)
        shown = held.preview if held is not None else None
        live, other = (self._bar.corner, self._video) if shown is not None else (self._video, self._bar.corner)
        other.set_slot(None)
        live.set_slot(slot)
        self._video.set_rewound(shown)
        self._controls.snapshot.set_usable(self._screen.why_no_snapshot if shown is None or not self._screen.is_talking else None)
        if shown is None:
            self._bar.corner.forget()
        self._video.set_stale(not self._screen.is_connected)
        self._bar.corner.set_stale(not self._screen.is_connected)
        self._video.set_off(self._screen.is_on_hold and shown is None)
        self._bar.corner.set_off(self._screen.is_on_hold)

    def _shortcut(self, keys: str, action: str) -> QShortcut:
        made = QShortcut(QKeySequence(keys), self._area)
        made.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        made.activated.connect(lambda: self._bar.acted.emit(action))
        return made

    def _rekey(self) -> None:
        for action, shortcut in zip(KEYS, self.shortcuts, strict=True):
            shortcut.setKey(QKeySequence(spec_of(action).shortcut))

    def _able(self) -> None:
        state = self._presenter.rewinder.state
        can = self._screen.is_talking and state.has_pictures
        for shortcut in self.shortcuts:
            shortcut.setEnabled(can and self.hand.cross is None)
        live = self._presenter.live.state
        self._escape.setEnabled((can and state.is_rewinding) or live.tool is not None or live.is_frozen)
