"""Calls, chat and chosen presence in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from videodesk.calls.lifecycle import LIVE, OPEN, OVER
from videodesk.calls.model import Call, ChatEntry, ChosenPresence
from videodesk.core.errors import Conflict
from videodesk.core.vocabulary import CallState


@dataclass(slots=True)
class MemoryCalls:
    """CallRepository over dictionaries; the store around it serialises writers and undoes what fails."""

    calls: dict[str, Call] = field(default_factory=dict)
    lines: dict[str, list[ChatEntry]] = field(default_factory=dict)
    presences: dict[str, ChosenPresence] = field(default_factory=dict)

    def add(self, call: Call) -> None:
        if call.id in self.calls or self.of_invitation(call.invitation_id) is not None:
            raise Conflict("call.exists")
        self.calls[call.id] = call

    def get(self, call_id: str) -> Call | None:
        return self.calls.get(call_id)

    def of_invitation(self, invitation_id: str) -> Call | None:
        return next((call for call in self.calls.values() if call.invitation_id == invitation_id), None)

    def replace(self, call: Call) -> bool:
        stored = self.calls.get(call.id)
        if stored is None or stored.version != call.version - 1:
            return False
        self.calls[call.id] = call
        return True

    def waiting(self) -> list[Call]:
        return self._oldest_first(lambda call: call.state is CallState.WAITING)

    def open_of(self, agent_id: str) -> list[Call]:
        return self._oldest_first(lambda call: call.agent_id == agent_id and call.state in OPEN)

    def live(self) -> list[Call]:
        return self._oldest_first(lambda call: call.state in LIVE)

    def of_case(self, case_id: str) -> list[Call]:
        return self._oldest_first(lambda call: call.case_id == case_id)[::-1]

    def recent(self, limit: int) -> list[Call]:
        over: Iterable[Call] = (call for call in self.calls.values() if call.state in OVER)
        return sorted(over, key=lambda call: (call.ended_at or call.waiting_since, call.id), reverse=True)[:limit]

    def add_chat(self, entry: ChatEntry) -> bool:
        lines = self.lines.setdefault(entry.call_id, [])
        if any(line.id == entry.id for line in lines):
            return False
        lines.append(entry)
        return True

    def chat_line(self, call_id: str, entry_id: str) -> ChatEntry | None:
        return next((line for line in self.lines.get(call_id, []) if line.id == entry_id), None)

    def chat(self, call_id: str) -> list[ChatEntry]:
        return list(self.lines.get(call_id, []))

    def save_presence(self, chosen: ChosenPresence) -> None:
        self.presences[chosen.person_id] = chosen

    def presence_of(self, person_id: str) -> ChosenPresence | None:
        return self.presences.get(person_id)

    def _oldest_first(self, wanted: Callable[[Call], bool]) -> list[Call]:
        return sorted((call for call in self.calls.values() if wanted(call)), key=lambda call: (call.waiting_since, call.id))
