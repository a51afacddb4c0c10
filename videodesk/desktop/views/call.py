"""The call screen: the video with its controls, and beside it the case. The video is never covered."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from videodesk.client.delivery import Delivery
from videodesk.core.vocabulary import Disposition
from videodesk.desktop.calling import CallPhase, CallScreen
from videodesk.desktop.context import DesktopContext
from videodesk.desktop.device_words import follow_devices
from videodesk.desktop.drawing.rendition import render
from videodesk.desktop.i18n import duration, error_text, t
from videodesk.desktop.offers import FoundTexts
from videodesk.desktop.presenters.call import FROZEN_S, CallPresenter
from videodesk.desktop.sticking import Sticking
from videodesk.desktop.views.call_controls import Controls
from videodesk.desktop.views.call_live import LiveBar
from videodesk.desktop.views.call_rewind import RewindBar
from videodesk.desktop.views.call_rewound import KEYS, RewoundStage
from videodesk.desktop.views.call_side import Side
from videodesk.desktop.views.call_text import TextDialog
from videodesk.desktop.views.call_video import VideoView
from videodesk.desktop.views.call_window import VideoWindow
from videodesk.desktop.views.call_wrap_up import WrapUp
from videodesk.desktop.views.saving import ask_where
from videodesk.desktop.widgets import Button, EmptyState, Label, Spinner, View, label
from videodesk.protocol.messages import Welcome, Wire

_WITH_VIDEO: Final = {CallPhase.CONNECTING, CallPhase.LIVE, CallPhase.ON_HOLD, CallPhase.RECONNECTING}


class _Post(QObject):
    """Brings a call from any thread into the GUI thread, in order."""

    _posted = Signal(object)

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._posted.connect(_call, Qt.ConnectionType.QueuedConnection)

    def __call__(self, act: Callable[[], None]) -> None:
        try:
            self._posted.emit(act)
        except RuntimeError:  # the program ends: there is no GUI any more
            return


def _call(act: Callable[[], None]) -> None:
    act()


class CallScreenView(View):
    """See the module. `opened(call_id=…)` takes the call."""

    title_key = "call.title"
    own_actions = frozenset(KEYS)
    is_immersive = True  # the shell's title line gives its room to the video

    def __init__(self, context: DesktopContext, post: Callable[[Callable[[], None]], None] | None = None,
                 parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._state = CallScreen()
        self._window: VideoWindow | None = None
        self._wrap_up_since: float | None = None
        make_sticker = context.vision.make_sticker if context.vision is not None else None
        self.call_presenter = CallPresenter(
            context.api, context.tasks, context.clock, media=context.media, outbox=context.outbox, send=context.channel.send,
            post=post or _Post(self), me=context.session.person, devices=context.local_media, vision=context.vision,
            clips=context.work_dir / "clips", sealer=context.sealer, render=render,
            follower=Sticking(make_sticker) if make_sticker is not None else None)
        self._build()
        self._connect()
        self.attach(self.call_presenter)
        self._end_devices = follow_devices(context.preferences, self.call_presenter.devices_chosen)

    # ── building ───────────────────────────────────────────────────────────────────────────────────────────────

    def _build(self) -> None:
        self.video = VideoView("call.video")
        self.video.setObjectName("call.video")
        self.stage = QFrame()
        self.stage.setProperty("surface", "stage")
        self.stage.setStyleSheet("QFrame { border-radius: 0; }")
        self._stage_column = QVBoxLayout(self.stage)
        self._stage_column.setContentsMargins(0, 0, 0, 0)
        self._stage_column.addWidget(self.video)
        self.away = self._away()
        self.words = self._words()
        self.wrap_up = WrapUp()
        self.empty = EmptyState("phone", "call.empty.title", "call.empty.text", button="call.empty.button",
                                pressed=lambda: self._context.open("inbox"))
        self.refused = EmptyState("phone-off", "call.refused.title", "call.refused.text", button="call.empty.button",
                                  pressed=lambda: self._context.open("inbox"))
        self.place = QStackedWidget()
        for widget in (self.stage, self.away, self.words, self.wrap_up, self.empty, self.refused):
            self.place.addWidget(widget)
        self.rewind = RewindBar()
        self.tools = LiveBar()
        self.controls = Controls()
        self.side = Side()
        self.stage_side = QWidget()
        left = QVBoxLayout(self.stage_side)
        left.setContentsMargins(0, 0, 0, 0)
        left.setSpacing(0)
        left.addWidget(self.place, 1)
        left.addWidget(self.tools)
        left.addWidget(self.rewind)
        left.addWidget(self.controls)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.stage_side, 1)
        row.addWidget(self.side)
        self.rewound = RewoundStage(self.call_presenter, self.video, self.rewind, self.controls, self.tools, self.stage_side)
        self._tick = QTimer(self)
        self._tick.setInterval(100)
        self._tick.timeout.connect(self._ticked)
        self._thaw = QTimer(self)
        self._thaw.setSingleShot(True)
        self._thaw.setInterval(round(FROZEN_S * 1000))
        self._thaw.timeout.connect(self.call_presenter.capturing.frozen_seen)

    def _away(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        text = label(key="call.away", role="muted", wraps=True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        back = Button("call.bring_back", "secondary", icon_name="picture-in-picture-off", pressed=self._bring_back)
        back.setObjectName("call.bring_back")
        column.addStretch(1)
        column.addWidget(text)
        column.addWidget(back, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        return page

    def _words(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.addStretch(1)
        column.addWidget(Spinner(32), 0, Qt.AlignmentFlag.AlignHCenter)
        self.word: Label = label(role="heading", wraps=True)
        self.word.setAlignment(Qt.AlignmentFlag.AlignCenter)
        column.addWidget(self.word)
        column.addStretch(1)
        return page

    def _connect(self) -> None:
        presenter, side = self.call_presenter, self.side
        self.controls.pressed.connect(self.act)
        self.rewind.acted.connect(self.act)
        self.tools.acted.connect(self.act)
        self.rewound.refit.connect(self._fit)
        self.video.double_clicked.connect(lambda: self.act("call.full_screen"))
        side.restart.connect(presenter.reconnect)
        side.retry.connect(presenter.capturing.retry)
        side.dismissed.connect(presenter.dismiss_problem)
        side.open_case.connect(lambda: self._context.open("case", case_id=self._state.call.case_id) if self._state.call else None)
        side.checklist.chosen.connect(presenter.capturing.choose_item)
        side.tray.annotate.connect(lambda snapshot_id: self._context.open("annotate", snapshot_id=snapshot_id))
        side.tray.open_clip.connect(lambda snapshot_id: self._context.open("clip", snapshot_id=snapshot_id))
        side.tray.retry.connect(presenter.capturing.retry)
        side.tray.assign.connect(presenter.capturing.assign)
        capturing = presenter.capturing
        for source in (side.tray, side.note):
            source.again.connect(capturing.again)
            source.native.connect(capturing.ask_native)
            source.give_up.connect(capturing.give_up)
        side.note.swap.connect(capturing.swap)
        side.tray.lead.connect(capturing.lead)
        side.tray.read_text.connect(capturing.read_text)
        side.tray.save_as.connect(self._save_as)
        side.offer.taken.connect(capturing.reading.take_over)
        side.offer.dismissed.connect(capturing.reading.dismiss)
        self.controls.zoom.zoomed.connect(presenter.camera.zoom_to)
        side.chat.said.connect(presenter.say)
        side.chat.seen.connect(presenter.chat_seen)
        side.chat.left.connect(self.video.setFocus)
        self.wrap_up.done.connect(self._filed)
        self.wrap_up.pieces.give_up.connect(capturing.give_up)
        self.wrap_up.pieces.retry.connect(capturing.retry)
        self.wrap_up.pieces.save_as.connect(self._save_piece)

    # ── the shell's calls ──────────────────────────────────────────────────────────────────────────────────────

    def opened(self, call_id: str | None = None, **params: Any) -> None:
        """Take call `call_id`; without one, show the call that runs."""
        del params
        if call_id is not None:
            self.call_presenter.open(call_id)
        self._tick.start()
        if self._state.unread:
            self.call_presenter.chat_seen()
        if self._state.is_talking:
            self.video.setFocus()

    def handle(self, message: Wire) -> None:
        """A message of the channel; the line being back is also the moment to send what waits in the outbox."""
        super().handle(message)
        delivery = self._context.delivery
        if isinstance(message, Welcome) and delivery is not None:
            self._context.tasks.run("delivery.nudge", lambda: _nudge(delivery))

    def left(self) -> None:
        """Another screen comes; the call goes on."""
        self._tick.stop()

    def panes(self) -> list[QWidget]:
        """Controls, checklist, tray, chat."""
        return [self.controls.snapshot, self.side.checklist, self.side.tray, self.side.chat.field]

    def act(self, action_id: str) -> bool:
        """The actions of the call."""
        presenter = self.call_presenter
        customer = self._state.call.customer if self._state.call is not None else None
        acts: dict[str, Callable[[], object]] = {
            "call.snapshot": presenter.snapshot, "call.microphone": presenter.toggle_microphone, "call.camera": presenter.toggle_camera,
            "call.hold": presenter.toggle_hold, "call.hang_up": presenter.hang_up, "call.chat": self.side.chat.field.setFocus,
            "call.pop_out": self._pop_out, "call.full_screen": self._full_screen,
            "call.turn_camera": partial(presenter.camera.ask, "turn_camera"),
            "call.torch": partial(presenter.camera.ask, "torch_off" if customer is not None and customer.is_torch_on else "torch_on"),
            "call.zoom_in": partial(presenter.camera.zoom_by, 1), "call.zoom_out": partial(presenter.camera.zoom_by, -1),
            "call.swap": partial(presenter.capturing.swap, self.side.tray.chosen_id()),
            "call.again": partial(presenter.capturing.again, self.side.tray.chosen_id()),
            "call.read": presenter.capturing.reading.live, "call.take_over": presenter.capturing.reading.take_over,
        }
        act = (acts | self.rewound.acts()).get(action_id)
        if act is None:
            return False
        act()
        return True

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The strip may have to make room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        self.rewound.fit(self.width() - self.side.width(), self.height() - self.controls.height())

    def retranslate(self) -> None:
        if self._window is not None:
            self._window.retranslate()
        super().retranslate()

    def shut(self) -> None:
        self._bring_back()
        self._end_devices()
        self.rewound.shut()
        self.video.forget()
        self.side.self_view.forget()
        super().shut()

    # ── showing ────────────────────────────────────────────────────────────────────────────────────────────────

    def render_state(self, state: CallScreen) -> None:
        before, self._state = self._state, state
        if state.phase is CallPhase.WRAP_UP and before.phase is not CallPhase.WRAP_UP:
            self._wrap_up_since = self._context.clock.monotonic()
            self.video.forget()
            self.side.self_view.forget()
            self._bring_back()
        self.video.set_frozen(state.frozen)
        if state.frozen is not None and state.frozen is not before.frozen:
            self._thaw.start()
        self.place.setCurrentWidget(self._face(state))
        self.controls.setVisible(state.phase in _WITH_VIDEO)
        self.controls.show_state(state, self._time())
        self.rewound.show_screen(state)
        self.side.setVisible(state.call is not None and state.phase is not CallPhase.REFUSED)
        self.side.show_state(state)
        self.wrap_up.show_state(state, self._wrapped_s())
        if state.texts is not None and state.texts is not before.texts:
            QTimer.singleShot(0, self, partial(self._show_texts, state.texts))
        if state.is_talking and not before.is_talking and self.isVisible():
            self.video.setFocus()

    def _face(self, state: CallScreen) -> QWidget:
        if state.phase is CallPhase.WRAP_UP:
            return self.wrap_up
        if state.phase is CallPhase.REFUSED:
            self.refused.text.setText(error_text(state.error) if state.error is not None else t("call.refused.text"))
            return self.refused
        if state.phase is CallPhase.NONE:
            return self.empty
        if self._window is not None:
            return self.away
        has_picture = self.video.shown is not None or state.is_connected
        if state.phase is CallPhase.OPENING or not has_picture:
            self.word.setText(t(f"call.phase.{state.phase.value}"))
            return self.words
        return self.stage

    def _ticked(self) -> None:
        self.controls.meter.put(self.call_presenter.microphone_level if self._state.microphone_on else 0.0)
        if self._state.phase in _WITH_VIDEO:
            self.controls.quality.put(self._state.quality, self._state.phase, self._time())
        elif self._state.phase is CallPhase.WRAP_UP:
            self.wrap_up.time.set_key("call.wrap_up.since", time=duration(self._wrapped_s()))

    def _time(self) -> str:
        call = self._state.call
        if call is None or call.connected_at is None:
            return ""
        return duration((self._context.clock.now() - call.connected_at).total_seconds())

    def _wrapped_s(self) -> float:
        return 0.0 if self._wrap_up_since is None else self._context.clock.monotonic() - self._wrap_up_since

    def _filed(self, disposition: Disposition, note: str) -> None:
        self.call_presenter.wrap_up(disposition, note)
        if self.call_presenter.state.phase is CallPhase.NONE:
            self._context.open("inbox")

    def _save_as(self, snapshot_id: str) -> None:
        shot = self._state.shot(snapshot_id)
        if shot is not None:
            name = f"{self._state.call.case_number if self._state.call else 'videodesk'} {shot.captured_at:%H%M%S}"
            suffix = shot.path.suffix if shot.path is not None else ".jpg"
            ask_where(self, name + suffix, partial(self.call_presenter.capturing.save_as, snapshot_id))

    def _save_piece(self, original_id: str) -> None:
        shot = next((shot for shot in self._state.tray if shot.original(original_id) is not None), None)
        if shot is not None:
            self._save_as(shot.snapshot_id)

    def _show_texts(self, found: FoundTexts) -> None:
        reading = self.call_presenter.capturing.reading
        dialog = TextDialog(found, self)
        dialog.serial.connect(reading.offer_serial)
        dialog.finished.connect(lambda _result: dialog.deleteLater())
        dialog.open()
        reading.texts_seen()

    # ── its own window ─────────────────────────────────────────────────────────────────────────────────────────

    def _pop_out(self) -> None:
        if self._window is not None:
            self._bring_back()
        elif self._state.is_talking:
            self._take_out().show()

    def _full_screen(self) -> None:
        if self._window is not None and self._window.isFullScreen():
            self._bring_back()
        elif self._state.is_talking:
            self._take_out().showFullScreen()

    def _take_out(self) -> VideoWindow:
        if self._window is None:
            self._window = VideoWindow(self.video, self.act, self.rewound.leave)
            self._window.closed.connect(self._bring_back)
            self.video.show()
            self.render_state(self._state)
        return self._window

    def _bring_back(self) -> None:
        window, self._window = self._window, None
        if window is None:
            return
        self._stage_column.addWidget(self.video)
        window.closed.disconnect(self._bring_back)
        window.close()
        window.deleteLater()
        self.render_state(self._state)


async def _nudge(delivery: Delivery) -> None:
    delivery.nudge()


def make(context: DesktopContext) -> View:
    """The call screen of this session."""
    view = CallScreenView(context)
    view.call_presenter.recorder.recover(lambda count: context.navigation.notify("call.recovered", n=count) if count else None)
    return view
