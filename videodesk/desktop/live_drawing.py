"""Drawing on the live picture or on a frozen one, so that the customer sees it on the own. The marks are calls/live.py's. No Qt.

What is drawn goes to the page by the peer's data channel; nothing of it passes the service, nothing is kept. A snapshot takes the
marks that are there into its annotation (desktop/live_filing.py).
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from videodesk.calls.live import LiveDrawing
from videodesk.calls.live_ports import Follower, WatchedFrame
from videodesk.calls.pictures import EncodedOriginal, FrozenFrame
from videodesk.calls.ports import MediaPeer
from videodesk.calls.sticking_ports import StuckPlace
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError
from videodesk.desktop.calling import CallHost, CallScreen
from videodesk.desktop.live_state import LIVE_COLOURS, Live, LiveTool, Seen
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks
from videodesk.protocol.live import LiveHold, LiveMark, LiveMessage, LiveShape

WIDTH: Final = 0.006
STEP_WIDTH: Final = 0.0075
_REMEMBERED_FRAMES: Final = 30
_NEAR_TICKS: Final = 9_000  # a tenth of a second of RTP time
_TICK_S: Final = 0.05  # while something fades
_ROOM_AGAIN_S: Final = 0.04


def _never(seconds: float) -> None:
    """No view, no timer."""
    del seconds


class _Ear:
    """The LiveListener of one peer's line: what an old one still says is dropped."""

    def __init__(self, drawer: LiveDrawer, peer: MediaPeer, post: Callable[[Callable[[], None]], None]) -> None:
        self._drawer, self._peer, self._post = drawer, peer, post

    def live_changed(self, *, is_open: bool) -> None:
        self._post(lambda: self._drawer.line_changed(self._peer, is_open=is_open))

    def live_said(self, message: LiveMessage) -> None:
        self._post(lambda: self._drawer.heard(self._peer, message))


class LiveDrawer(Presenter[Live]):
    """Intents of live drawing. GUI thread; `post` brings a call from any thread into it.

    `rewound` says which rewound frame is shown, if one is: who draws on it shows it to the customer first. `follower` keeps marks on
    what lies under them; without one they lie where they were put.
    """

    def __init__(self, host: CallHost, tasks: Tasks, clock: Clock, *, post: Callable[[Callable[[], None]], None],
                 rewound: Callable[[], FrozenFrame | None] = lambda: None, follower: Follower | None = None) -> None:
        super().__init__(Live(), tasks, clock)
        self._host, self._all_tasks, self._post, self._rewound, self._follower = host, tasks, post, rewound, follower
        self.drawing = LiveDrawing()
        self._peer: MediaPeer | None = None
        self._hand: str | None = None
        self._freezes = 0
        self._held: set[str] = set()  # what the follower follows
        self._found: deque[tuple[int, Mapping[str, StuckPlace]]] = deque(maxlen=_REMEMBERED_FRAMES)
        self.wake: Callable[[float], None] = _never
        """Asks for a `tick` in so many seconds, in the stead of what was asked before; set by the view, whose timer ends with the screen."""
        if follower is not None:
            follower.on_found(lambda frame, places: post(lambda: self.found(frame, places)))

    # ── the call ──────────────────────────────────────────────────────────────────────────────────────────────────

    def follow(self, screen: CallScreen) -> None:
        """The call's state changed: another peer, on hold, over."""
        if screen.peer is not self._peer:
            self._use(screen.peer)
        why = _why_not(screen, is_open=self.state.is_open, is_frozen=self.state.is_frozen)
        if why != self.state.why_not:
            if why is not None:
                self._let_go()
            self._set(why_not=why, tool=None if why is not None else self.state.tool)

    def _use(self, peer: MediaPeer | None) -> None:
        old, self._peer = self._peer, peer
        if old is not None:
            old.live.listen(None)
            old.watch(None)
        self._start_over()
        self._set(is_open=False)
        if peer is not None:
            peer.live.listen(_Ear(self, peer, self._post))
            if self._follower is not None:
                peer.watch(self._follower.watched)

    def _start_over(self) -> None:
        self._hand = None
        self.drawing.forget()
        self._forget_held()
        self._set(frozen=None, freeze_id="", notice=None)
        self._show()

    def line_changed(self, peer: MediaPeer, *, is_open: bool) -> None:
        """The page's channel opened or went."""
        if peer is not self._peer:
            return
        if not is_open:
            self._start_over()
        self._set(is_open=is_open)
        self.follow(self._host.state)

    def heard(self, peer: MediaPeer, message: LiveMessage) -> None:
        """The page said this."""
        if peer is self._peer:
            self.drawing.take(message, self.clock.monotonic())
            self._show()

    # ── tools ─────────────────────────────────────────────────────────────────────────────────────────────────────

    def choose(self, tool: LiveTool) -> None:
        """Draw with this; with the same one again: no more."""
        if self.state.why_not is not None:
            self._set(notice=self.state.why_not)
            return
        self._let_go()
        self._set(tool=None if tool is self.state.tool else tool, last_tool=tool, notice=None)

    def toggle(self) -> None:
        """Draw with the tool used last, or stop drawing."""
        self.choose(self.state.tool or self.state.last_tool)

    def leave(self) -> bool:
        """Esc: first the tool goes, then the frozen picture; False when there was neither."""
        if self.state.tool is not None:
            self.choose(self.state.tool)
            return True
        if self.state.is_frozen:
            self.thaw()
            return True
        return False

    def put_away(self) -> None:
        """No tool, no frozen picture; what lies on the live video stays there."""
        self._let_go()
        self.thaw()
        self._set(tool=None, notice=None)
        self._show()

    def choose_colour(self, colour: str) -> None:
        """Draw in this colour from now on."""
        self._set(colour=colour)

    def next_colour(self) -> None:
        """The next of the palette."""
        place = LIVE_COLOURS.index(self.state.colour) if self.state.colour in LIVE_COLOURS else -1
        self.choose_colour(LIVE_COLOURS[(place + 1) % len(LIVE_COLOURS)])

    def toggle_fades(self) -> None:
        """New marks fade after a while, or stay."""
        self._set(fades=not self.state.fades)

    # ── the hand ──────────────────────────────────────────────────────────────────────────────────────────────────

    def press(self, place: tuple[float, float]) -> bool:
        """The hand goes down at `place` (fractions of the picture); whether something is drawn now."""
        state = self.state
        if state.tool is None or state.why_not is not None:
            return False
        if not state.is_frozen and self._rewound() is not None:
            self.freeze()
        self._let_go()
        shape = LiveShape(state.tool.value)
        width = STEP_WIDTH if shape is LiveShape.STEP else WIDTH
        # On a frozen picture there is time to look: only the pointer fades there.
        self._hand = self.drawing.begin(shape, place, self.clock.monotonic(), colour=state.colour, width=width,
                                        fades=state.fades and not self.state.is_frozen)
        self._set(notice="live.why.too_many" if self._hand is None else None)
        self._show()
        return self._hand is not None

    def move(self, place: tuple[float, float]) -> None:
        """The hand moves on."""
        if self._hand is not None:
            self.drawing.draw(self._hand, place, self.clock.monotonic())
            self._show()

    def release(self) -> None:
        """The hand goes up."""
        self._let_go()
        self._show()

    def _let_go(self) -> None:
        hand, self._hand = self._hand, None
        if hand is not None and self.drawing.finish(hand, self.clock.monotonic()):
            self._hold(hand)

    def _hold(self, mark_id: str) -> None:
        mark = self.drawing.mark(mark_id)
        if self._follower is not None and mark is not None and not mark.freeze and mark.shape is not LiveShape.POINTER:
            shown = self._peer.remote_pictures.take() if self._peer is not None else None
            self._held.add(mark_id)
            self._follower.hold(mark_id, corners(mark), shown.rtp_time if shown is not None else None)

    def undo(self) -> None:
        """Take the last mark back."""
        self._hand = None
        self.drawing.undo()
        self._show()

    def clear(self) -> None:
        """All marks go, the customer's too."""
        self._hand = None
        message = self.drawing.clear()
        if self._peer is not None:
            self._peer.live.say(message)
        self._show()

    # ── frozen ────────────────────────────────────────────────────────────────────────────────────────────────────

    def toggle_freeze(self) -> None:
        """Show the customer what is on screen, live or rewound, as a still picture; again: the live video."""
        if self.state.is_frozen:
            self.thaw()
        else:
            self.freeze()

    def freeze(self) -> None:
        """Both look at the picture that is on screen now."""
        peer = self._peer
        if self.state.why_not is not None or peer is None:
            self._set(notice=self.state.why_not)
            return
        frame = self._rewound() or peer.stills.freeze()
        if frame is None:
            self._set(notice="call.why.no_picture")
            return
        self._let_go()
        self._freezes += 1
        freeze_id = f"f{self._freezes}"
        self.drawing.freeze_as(freeze_id)
        self._set(frozen=frame, freeze_id=freeze_id, notice=None)
        self.follow(self._host.state)
        self._show()
        self._all_tasks.run("live.freeze", lambda: asyncio.to_thread(peer.encode_live, frame),
                            lambda picture: self._encoded(peer, freeze_id, picture), self._not_encoded)

    def _encoded(self, peer: MediaPeer, freeze_id: str, picture: EncodedOriginal) -> None:
        if peer is self._peer and self.state.freeze_id == freeze_id:
            peer.live.show(freeze_id, picture, may_draw=True)

    def _not_encoded(self, problem: DeskError) -> None:
        del problem
        self.thaw()
        self._set(notice="live.why.not_frozen")

    def thaw(self) -> None:
        """Both look at the live video again; what was drawn on the picture is gone."""
        if not self.state.is_frozen:
            return
        self._let_go()
        freeze_id = self.state.freeze_id
        self.drawing.freeze_as("")
        self._set(frozen=None, freeze_id="", notice=None)
        if self._peer is not None:
            self._peer.live.drop(freeze_id)
        self.follow(self._host.state)
        self._show()

    # ── marks that follow, and time ───────────────────────────────────────────────────────────────────────────────

    def found(self, frame: WatchedFrame, places: Mapping[str, StuckPlace]) -> None:
        """Where the following marks are on a frame."""
        self._found.append((frame.rtp_time, places))
        self.drawing.found(frame.captured_ms, places)
        self._show()

    def kept_marks(self) -> tuple[LiveMark, ...]:
        """What a snapshot taken now has on it: marks of both sides that are there and held where they belong; no pointer.

        Following marks lie where they are on the frame that is on screen, which may be another than the one that was looked at last.
        """
        now_s, frame = self.clock.monotonic(), None if self.state.is_frozen or self._peer is None else self._peer.stills.freeze()
        places = self._places_at(frame.rtp_time) if frame is not None else {}
        marks = [(one.mark, places.get(one.mark.id)) for one in self.drawing.shown(now_s) if one.mark.shape is not LiveShape.POINTER and one.is_done]
        return tuple(mark if place is None else mark.model_copy(update={"points": list(place.points), "hold": place.hold})
                     for mark, place in marks if (mark.hold if place is None else place.hold) is not LiveHold.LOST)

    def _places_at(self, rtp_time: int) -> Mapping[str, StuckPlace]:
        def apart(found: tuple[int, object]) -> int:
            ticks = (found[0] - rtp_time) & 0xFFFFFFFF
            return min(ticks, (1 << 32) - ticks)

        nearest = min(self._found, key=apart, default=None)
        return nearest[1] if nearest is not None and apart(nearest) <= _NEAR_TICKS else {}

    def _forget_held(self) -> None:
        self._held.clear()
        self._found.clear()
        if self._follower is not None:
            self._follower.forget()

    def _let_gone_go(self) -> None:
        """Marks that faded, or were taken back or cleared, are followed no more."""
        for mark_id in [one for one in self._held if self.drawing.mark(one) is None]:
            self._held.discard(mark_id)
            if self._follower is not None:
                self._follower.let_go(mark_id)

    def tick(self) -> None:
        """Time passes: something fades, or the line has room again."""
        self._show()

    def _show(self) -> None:
        """Tell the page what is due, and the view what there is."""
        now_s = self.clock.monotonic()
        self._say(now_s)
        self._let_gone_go()
        marks = self.drawing.shown(now_s)
        wakes = self.drawing.wakes_at_s
        is_seen = Seen.HIDDEN if self.drawing.seen.is_hidden else Seen.SEEN if self.drawing.is_seen else Seen.UNDER_WAY
        self._set(marks=marks, has_marks=bool(marks), turn=self.state.turn + 1, is_fading=wakes is not None and wakes <= now_s,
                  lost=sum(one.mark.hold is LiveHold.LOST for one in marks), seen=is_seen if marks or self.state.is_frozen else Seen.NOTHING)
        due_s = self.drawing.due_in_s(now_s)
        if due_s is not None:
            due_s = max(due_s, 0.001 if self._has_room() else _ROOM_AGAIN_S)
        fading_s = None if wakes is None else max(_TICK_S, wakes - now_s)
        soonest = min((one for one in (due_s, fading_s) if one is not None), default=None)
        if soonest is not None and self._peer is not None:
            self.wake(soonest)

    def _say(self, now_s: float) -> None:
        peer = self._peer
        if peer is not None and self._has_room() and (message := self.drawing.batch(now_s)) is not None:
            peer.live.say(message)

    def _has_room(self) -> bool:
        return self._peer is not None and self.state.is_open and self._peer.live.has_room


def corners(mark: LiveMark) -> Sequence[tuple[float, float]]:
    """The points of a mark that a follower is to find again: a box by its four corners, clockwise from the upper left."""
    if mark.shape not in {LiveShape.RECTANGLE, LiveShape.ELLIPSE} or len(mark.points) != 2:
        return mark.points
    (x, y), (u, v) = mark.points
    left, right, top, bottom = min(x, u), max(x, u), min(y, v), max(y, v)
    return ((left, top), (right, top), (right, bottom), (left, bottom))


def _why_not(screen: CallScreen, *, is_open: bool, is_frozen: bool) -> str | None:
    if screen.call is None or not screen.is_talking:
        return "live.why.no_call"
    if screen.is_on_hold:
        return "live.why.on_hold"
    if not screen.is_connected:
        return "live.why.not_connected"
    if not is_open:
        return "live.why.no_line"
    return "call.why.camera_off" if screen.call.customer.video_muted and not is_frozen else None
