"""The queue: who waits and for how long."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from videodesk.calls.model import Call
from videodesk.core.vocabulary import CallState


@dataclass(frozen=True, slots=True)
class Waiting:
    """A call in the waiting room, its place (1 is next) and its wait time."""

    call: Call
    place: int
    wait_s: float


def wait_s(call: Call, now: datetime) -> float:
    """How long the customer waits, or waited until an agent came or the customer left; never negative."""
    until = call.accepted_at or call.ended_at or now
    return max(0.0, (until - call.waiting_since).total_seconds())


def queue(calls: Iterable[Call], now: datetime) -> list[Waiting]:
    """The waiting among `calls`, longest wait first; the id decides between equals, so that all agents see one order."""
    waiting = sorted((call for call in calls if call.state is CallState.WAITING), key=lambda call: (call.waiting_since, call.id))
    return [Waiting(call, place, wait_s(call, now)) for place, call in enumerate(waiting, start=1)]
