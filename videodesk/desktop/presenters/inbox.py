"""The inbox: who waits now, who is invited, what was asked again, what was there lately."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CallState, ReviewState
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks
from videodesk.protocol.messages import CallChanged, CallView, Happened, Welcome, Wire
from videodesk.protocol.resources import Accepted, InvitationView, SnapshotView

RECENT: Final = 8
_OVER: Final = {CallState.ENDED, CallState.ABANDONED}
_RELOAD_ON: Final = ("invitation.", "review.", "call.", "snapshot.added")

Loaded = tuple[list[CallView], list[InvitationView], list[SnapshotView]]


@dataclass(frozen=True, slots=True)
class InboxState:
    """What the inbox shows. `open_calls` are one's own that are not over; `now` is for wait times."""

    now: datetime
    is_loaded: bool = False
    waiting: tuple[CallView, ...] = ()
    open_calls: tuple[CallView, ...] = ()
    invited: tuple[InvitationView, ...] = ()
    retakes: tuple[SnapshotView, ...] = ()
    recent: tuple[CallView, ...] = ()
    accepting: str | None = None
    problem: DeskError | None = None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing at all."""
        return not (self.waiting or self.open_calls or self.invited or self.retakes or self.recent)

    @property
    def attention_count(self) -> int:
        """How many things want something of the agent now: the rail's badge."""
        return len(self.waiting) + len(self.retakes)

    def can_invite(self, case_id: str) -> bool:
        """Whether a retake of this case needs a new invitation: nobody of it waits or talks."""
        return all(call.case_id != case_id for call in (*self.waiting, *self.open_calls))


class InboxPresenter(Presenter[InboxState]):
    """Loads once, then follows the channel. `open_call` and `open_case` show those screens; the case may open at its evidence and invite."""

    def __init__(self, api: DeskApi, tasks: Tasks, clock: Clock, my_id: str, open_call: Callable[[str], None],
                 open_case: Callable[..., None]) -> None:
        super().__init__(InboxState(clock.now()), tasks, clock)
        self._api = api
        self._my_id = my_id
        self._open_call, self._open_case = open_call, open_case

    def load(self) -> None:
        """Fetch everything anew."""
        self.tasks.run("inbox.load", self._fetch, self._loaded, self._failed, replaces=True)

    def tick(self) -> None:
        """A second passed."""
        self._set(now=self.clock.now())

    def accept(self, call_id: str) -> None:
        """Take this customer: exactly one agent gets them; the others are told."""
        if self.state.accepting is not None:
            return
        self._set(accepting=call_id, problem=None)
        self.tasks.run("inbox.accept", lambda: self._api.accept(call_id), self._accepted, self._not_accepted)

    def accept_next(self) -> None:
        """Take who waits longest."""
        if self.state.waiting:
            self.accept(self.state.waiting[0].id)

    def resume(self, call_id: str) -> None:
        """Back to one's own call."""
        self._open_call(call_id)

    def show_case(self, case_id: str) -> None:
        """Open a case."""
        self._open_case(case_id)

    def show_evidence(self, case_id: str) -> None:
        """Open a case at its evidence."""
        self._open_case(case_id, tab="evidence")

    def invite_again(self, case_id: str) -> None:
        """Open a case with a new invitation for its customer."""
        self._open_case(case_id, tab="evidence", invite=new_id(self.clock.now()))

    def dismiss(self) -> None:
        """The person read the problem."""
        self._set(problem=None)

    def handle(self, message: Wire) -> None:
        """Follow the channel."""
        if isinstance(message, CallChanged):
            known = [c for c in (*self.state.waiting, *self.state.open_calls, *self.state.recent) if c.id != message.call.id]
            self._sort([*known, message.call])
        elif isinstance(message, Welcome) or (isinstance(message, Happened) and message.name.startswith(_RELOAD_ON)):
            self.load()

    async def _fetch(self) -> Loaded:
        calls = await self._api.calls()
        invited = await self._api.invitations()
        asked = await self._api.review_queue(state=ReviewState.RETAKE_REQUESTED)
        return calls, invited, asked.items

    def _loaded(self, found: Loaded) -> None:
        calls, invited, asked = found
        mine = tuple(s for s in asked if s.captured_by == self._my_id and s.retaken_by is None)
        self._set(is_loaded=True, invited=tuple(invited), retakes=mine, now=self.clock.now())
        self._sort(calls)

    def _sort(self, calls: list[CallView]) -> None:
        waiting = sorted((c for c in calls if c.state is CallState.WAITING), key=lambda c: c.waiting_since)
        mine = [c for c in calls if c.agent_id == self._my_id and c.state not in _OVER and c.state is not CallState.WAITING]
        over = sorted((c for c in calls if c.state in _OVER), key=lambda c: c.ended_at or c.waiting_since, reverse=True)
        self._set(waiting=tuple(waiting), open_calls=tuple(mine), recent=tuple(over[:RECENT]))

    def _accepted(self, found: Accepted) -> None:
        self._set(accepting=None)
        self._open_call(found.call.id)

    def _not_accepted(self, problem: DeskError) -> None:
        self._set(accepting=None, problem=problem)
        self.load()

    def _failed(self, problem: DeskError) -> None:
        self._set(is_loaded=True, problem=problem)
