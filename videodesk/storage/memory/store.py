"""MemoryStore: units of work over dictionaries, one writer at a time, undone when it raises."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from videodesk.core.events import Event, EventBus
from videodesk.storage.memory.calls import MemoryCalls
from videodesk.storage.memory.cases import MemoryCases
from videodesk.storage.memory.copies import MemoryCopies
from videodesk.storage.memory.custody import MemoryCustody
from videodesk.storage.memory.evidence import MemoryEvidence
from videodesk.storage.memory.invitations import MemoryInvitations
from videodesk.storage.memory.people import MemoryPeople
from videodesk.storage.memory.retention import MemoryRetention
from videodesk.storage.memory.reviews import MemoryReviews
from videodesk.storage.memory.timestamps import MemoryTimestamps


@dataclass(slots=True)
class MemoryUnit:
    """The repositories; `events` are published by the store once the unit is over."""

    people: MemoryPeople = field(default_factory=MemoryPeople)
    cases: MemoryCases = field(default_factory=MemoryCases)
    invitations: MemoryInvitations = field(default_factory=MemoryInvitations)
    calls: MemoryCalls = field(default_factory=MemoryCalls)
    evidence: MemoryEvidence = field(default_factory=MemoryEvidence)
    custody: MemoryCustody = field(default_factory=MemoryCustody)
    reviews: MemoryReviews = field(default_factory=MemoryReviews)
    copies: MemoryCopies = field(default_factory=MemoryCopies)
    timestamps: MemoryTimestamps = field(default_factory=MemoryTimestamps)
    events: list[Event] = field(default_factory=list)
    retention: MemoryRetention = field(init=False)

    def __post_init__(self) -> None:
        """Erasing goes through all of them."""
        self.retention = MemoryRetention(self.cases, self.invitations, self.calls, self.evidence, self.reviews, self.copies)

    def emit(self, event: Event) -> None:
        """Publish `event` once this unit is committed."""
        self.events.append(event)


class MemoryStore:
    """Keeps nothing over a restart. A writer works on a copy that takes the place of the original when it ends cleanly."""

    def __init__(self, bus: EventBus) -> None:
        self._bus = bus
        self._writer = threading.Lock()
        self._state = MemoryUnit()

    @contextmanager
    def read(self) -> Iterator[MemoryUnit]:
        """What is committed now; changes to it go nowhere."""
        yield copy.deepcopy(self._state)

    @contextmanager
    def write(self) -> Iterator[MemoryUnit]:
        """The one writer's unit."""
        with self._writer:
            unit = copy.deepcopy(self._state)
            yield unit
            unit.custody.close_head()
            events, unit.events = unit.events, []
            self._state = unit
        for event in events:
            self._bus.publish(event)

    def scrub(self) -> None:
        """There is no disk."""

    def close(self) -> None:
        """Nothing to let go of."""
