"""The frame around the screens: presence, the line to the service, what wants attention."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, Literal

from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError
from videodesk.core.vocabulary import CallState, Presence, ReviewState
from videodesk.desktop.context import Channel, Session
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks
from videodesk.protocol.messages import CallChanged, CallView, Happened, PresenceChanged, SetPresence, Welcome, Wire
from videodesk.protocol.resources import ReviewQueue

Line = Literal["online", "connecting", "offline"]
CHOSEN: Final = (Presence.AVAILABLE, Presence.BUSY, Presence.BREAK, Presence.OFFLINE)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to tell; `number` tells two equal ones apart."""

    key: str
    params: dict[str, object] = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True, slots=True)
class ShellState:
    """What the frame shows. `wanted` is the presence the person chose last: it is said again after a reconnect."""

    display_name: str
    presence: Presence = Presence.OFFLINE
    wanted: Presence = Presence.AVAILABLE
    line: Line = "connecting"
    line_problem: DeskError | None = None
    waiting: frozenset[str] = frozenset()
    retake_count: int = 0
    review_count: int = 0
    notice: Notice | None = None

    @property
    def inbox_count(self) -> int:
        """The number on the inbox."""
        return len(self.waiting) + self.retake_count


class ShellPresenter(Presenter[ShellState]):
    """Follows every message; `rang` is told of each customer who starts to wait."""

    def __init__(self, api: DeskApi, tasks: Tasks, clock: Clock, session: Session, channel: Channel) -> None:
        super().__init__(ShellState(session.person.display_name), tasks, clock)
        self._api = api
        self._session = session
        self._channel = channel
        self._notices = 0
        self.rang: Callable[[CallView], None] = _nobody

    def choose_presence(self, presence: Presence) -> None:
        """Say what one is doing. In a call and wrap-up the service decides."""
        if presence not in CHOSEN:
            return
        self._set(wanted=presence)
        self._channel.send(SetPresence(presence=presence))

    def line_changed(self, line: Line, problem: DeskError | None) -> None:
        """The line to the service went up or down."""
        changes: dict[str, object] = {"line": line, "line_problem": problem if line != "online" else None}
        if line != "online":
            changes["presence"] = Presence.OFFLINE
        self._set(**changes)

    def notify(self, key: str, **params: object) -> None:
        """Show a short notice."""
        self._notices += 1
        self._set(notice=Notice(key, params, self._notices))

    def load_counts(self) -> None:
        """Fetch the numbers on the rail."""
        self.tasks.run("shell.counts", lambda: self._api.review_queue(state=ReviewState.RETAKE_REQUESTED), self._counted, replaces=True)

    def handle(self, message: Wire) -> None:
        """Follow the channel."""
        if isinstance(message, Welcome):
            self._welcomed(message)
        elif isinstance(message, CallChanged):
            self._call_changed(message.call)
        elif isinstance(message, PresenceChanged):
            if message.person_id == self._session.person.id:
                self._set(presence=message.presence)
        elif isinstance(message, Happened) and message.name in {"review.decided", "snapshot.added", "snapshot.changed"}:
            self.load_counts()
            if message.name == "review.decided" and self._is_for_me(message):
                self.notify("shell.retake_asked")

    def _welcomed(self, message: Welcome) -> None:
        if message.presence is not None:
            self._set(presence=message.presence)
        waiting = [call for call in message.calls if call.state is CallState.WAITING]
        fresh = [call for call in waiting if call.id not in self.state.waiting]
        self._set(waiting=frozenset(call.id for call in waiting))
        if message.presence in {None, Presence.OFFLINE} and self.state.wanted is not Presence.OFFLINE:
            self.choose_presence(self.state.wanted)
        for call in fresh:
            self.rang(call)
        self.load_counts()

    def _call_changed(self, call: CallView) -> None:
        if call.state is CallState.WAITING:
            is_new = call.id not in self.state.waiting
            self._set(waiting=self.state.waiting | {call.id})
            if is_new:
                self.rang(call)
        else:
            self._set(waiting=self.state.waiting - {call.id})

    def _is_for_me(self, message: Happened) -> bool:
        data = message.data
        return data.get("decision") == "retake_requested" and data.get("captured_by") == self._session.person.id

    def _counted(self, queue: ReviewQueue) -> None:
        mine = sum(1 for snapshot in queue.items if snapshot.captured_by == self._session.person.id and snapshot.retaken_by is None)
        pending = queue.counts.get(ReviewState.PENDING, 0) if self._session.is_supervisor else 0
        self._set(retake_count=mine, review_count=pending)


def _nobody(call: CallView) -> None:
    """No one listens yet."""
    del call
