"""The agents' presence as the desktops see it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from videodesk.calls.model import Side
from videodesk.calls.presence import shown_presence
from videodesk.core.clock import Clock
from videodesk.core.permissions import Action, is_allowed
from videodesk.core.vocabulary import CallState, Presence
from videodesk.protocol.messages import PresenceChanged
from videodesk.service.peers import Peer
from videodesk.service.switchboard import Switchboard


@dataclass(frozen=True, slots=True)
class _Shown:
    display_name: str
    presence: Presence
    since: datetime


class Presences:
    """Who is what, and who has been told. `states_of` gives the states of an agent's calls."""

    def __init__(self, clock: Clock, switchboard: Switchboard, states_of: Callable[[str], Iterable[CallState]], offline_s: float) -> None:
        self._clock = clock
        self._switchboard = switchboard
        self._states_of = states_of
        self._offline_s = offline_s
        self._chosen: dict[str, Presence] = {}
        self._shown: dict[str, _Shown] = {}

    def presence_of(self, person_id: str) -> Presence:
        """The presence of a person; offline when the hub never saw them. Any thread."""
        shown = self._shown.get(person_id)
        return Presence.OFFLINE if shown is None else shown.presence

    def after_hello(self, person_id: str, states: Iterable[CallState]) -> Presence:
        """What a person with calls in `states` is once their desktop is connected. Any thread."""
        return shown_presence(self._chosen.get(person_id), is_online=True, states=states)

    def choose(self, person_id: str, presence: Presence) -> None:
        """The agent chose; `refresh` tells the others."""
        self._chosen[person_id] = presence

    def refresh_all(self) -> None:
        """Find out what changed, also by time, and tell it."""
        known = {peer.id for peer in self._switchboard if peer.side is Side.AGENT}
        for person_id in known | set(self._shown):
            self.refresh(person_id)

    def refresh(self, person_id: str) -> None:
        """Find out what a person's presence is now and tell every desktop when it changed."""
        peer = self._switchboard.get(person_id)
        before = self._shown.get(person_id)
        if peer is not None and not is_allowed(peer.principal, Action.SET_PRESENCE):
            return
        if peer is None and before is None:
            return
        presence = shown_presence(
            self._chosen.get(person_id),
            is_online=self._switchboard.is_online(person_id, self._offline_s),
            states=self._states_of(person_id),
        )
        if before is not None and before.presence is presence:
            return
        name = peer.principal.display_name if peer is not None else before.display_name if before is not None else ""
        shown = _Shown(name, presence, self._clock.now())
        self._shown[person_id] = shown
        self._switchboard.to_desks(_message(person_id, shown), Action.SEE_PEOPLE)

    def tell_all_to(self, peer: Peer) -> None:
        """Tell a desktop that just came what everyone else is; a customer's page is told nothing."""
        if peer.side is not Side.AGENT or not is_allowed(peer.principal, Action.SEE_PEOPLE):
            return
        for person_id, shown in self._shown.items():
            if person_id != peer.id and shown.presence is not Presence.OFFLINE:
                peer.put(_message(person_id, shown))


def _message(person_id: str, shown: _Shown) -> PresenceChanged:
    return PresenceChanged(seq=0, person_id=person_id, display_name=shown.display_name, presence=shown.presence, since=shown.since)
