"""Events: what happened, in the past tense. The bus carries them; desktops get them over the WebSocket."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    `name` is a dotted past-tense name (`snapshot.added`, `case.changed`, `call.waiting`, `review.decided`). `data` is JSON
    that any desk principal may see: ids and states, no customer's name, no text of theirs.
    """

    name: str
    at: datetime
    data: dict[str, Any] = field(default_factory=dict)
    case_id: str | None = None
    call_id: str | None = None


class Subscription(Protocol):
    """A live subscription."""

    def close(self) -> None:
        """Stop it; idempotent."""
        ...


class EventBus(Protocol):
    """Carries events from use cases to whoever listens. Publishing never blocks and never raises."""

    def publish(self, event: Event) -> None:
        """Hand the event to every subscriber. Any thread."""
        ...

    def subscribe(self, listener: Callable[[Event], None], dropped: Callable[[], None] | None = None) -> Subscription:
        """Call `listener` for each event from now on; a listener too slow for its bounded queue is dropped and told by `dropped`."""
        ...

    def close(self) -> None:
        """End all subscriptions."""
        ...
