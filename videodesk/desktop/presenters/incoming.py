"""Who waits for a call, on every screen: the banner, the sound and the notice. Accepting opens the call screen, which takes the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.vocabulary import CallState, Presence
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks
from videodesk.protocol import messages as m

_NOT_TALKING: Final = frozenset({CallState.WAITING, CallState.ENDED, CallState.ABANDONED})


@dataclass(frozen=True, slots=True)
class Incoming:
    """The waiting calls, the longest wait first. `is_free`: the agent may be rung; `my_calls`: conversations that are not to be disturbed."""

    waiting: tuple[m.CallView, ...] = ()
    put_off: frozenset[str] = frozenset()
    is_free: bool = True
    my_calls: frozenset[str] = frozenset()
    taken: m.CallView | None = None
    left: m.CallView | None = None
    now: datetime | None = None

    @property
    def shown(self) -> tuple[m.CallView, ...]:
        """The ones the banner speaks of; none while a conversation runs (the rail's count still says it)."""
        return () if self.my_calls else tuple(call for call in self.waiting if call.id not in self.put_off)

    @property
    def rings(self) -> bool:
        """Whether to make a sound."""
        return self.is_free and bool(self.shown)


class IncomingPresenter(Presenter[Incoming]):
    """Follows call.changed and welcome; `news` is called once for each call that newly waits."""

    def __init__(self, api: DeskApi, tasks: Tasks, clock: Clock, *, my_id: str, open_call: Callable[[str], None],
                 news: Callable[[m.CallView], None] | None = None) -> None:
        super().__init__(Incoming(now=clock.now()), tasks, clock)
        self._api, self._my_id, self._open_call = api, my_id, open_call
        self._news = news or (lambda _call: None)

    def load(self) -> None:
        """Ask who waits."""
        self.tasks.run("incoming.load", self._api.calls, self._loaded, lambda _problem: None, replaces=True)

    def handle(self, message: m.Wire) -> None:
        if isinstance(message, m.Welcome):
            self._set(my_calls=frozenset(call.id for call in message.calls if self._is_mine(call)))
            if message.presence is not None:
                self._set(is_free=message.presence is Presence.AVAILABLE)
            self._loaded(message.calls)
        elif isinstance(message, m.CallChanged | m.CallReady):
            self._take(message.call)
        elif isinstance(message, m.PresenceChanged) and message.person_id == self._my_id:
            self._set(is_free=message.presence is Presence.AVAILABLE)

    def accept(self, call_id: str | None = None) -> None:
        """Take this call, or the one that waits longest."""
        call_id = call_id or next((call.id for call in self.state.shown), None)
        if call_id is not None:
            self._open_call(call_id)

    def put_off(self) -> None:
        """Not now: the banner goes until someone else comes."""
        self._set(put_off=self.state.put_off | {call.id for call in self.state.waiting})

    def tick(self) -> None:
        """A second passed: the wait times are older."""
        if self.state.shown:
            self._set(now=self.clock.now())

    def seen(self) -> None:
        """The person has read who was faster, or who left."""
        self._set(taken=None, left=None)

    def _loaded(self, calls: list[m.CallView]) -> None:
        waiting = [call for call in calls if call.state is CallState.WAITING]
        for call in waiting:
            self._take(call)
        gone = {known.id for known in self.state.waiting} - {call.id for call in waiting}
        self._set(waiting=tuple(call for call in self.state.waiting if call.id not in gone))

    def _is_mine(self, call: m.CallView) -> bool:
        return call.agent_id == self._my_id and call.state not in _NOT_TALKING

    def _take(self, call: m.CallView) -> None:
        self._set(my_calls=self.state.my_calls | {call.id} if self._is_mine(call) else self.state.my_calls - {call.id})
        known = next((one for one in self.state.waiting if one.id == call.id), None)
        others = tuple(one for one in self.state.waiting if one.id != call.id)
        if call.state is CallState.WAITING:
            self._set(waiting=tuple(sorted((*others, call), key=lambda one: one.waiting_since)), now=self.clock.now())
            if known is None:
                self._set(taken=None, left=None)
                self._news(call)
        elif known is not None:
            was_shown = call.id not in self.state.put_off
            is_taken = call.agent_id is not None and call.agent_id != self._my_id
            self._set(waiting=others, put_off=self.state.put_off - {call.id}, taken=call if is_taken and was_shown else None,
                      left=call if call.state is CallState.ABANDONED and was_shown else None)
