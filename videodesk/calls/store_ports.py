"""Where calls and their chat are kept."""

from __future__ import annotations

from typing import Protocol

from videodesk.calls.model import Call, ChatEntry, ChosenPresence


class CallRepository(Protocol):
    """Calls, chat lines and the presence that agents chose. Implemented by SqlCalls and MemoryCalls."""

    def add(self, call: Call) -> None:
        """Add a new call; Conflict("call.exists") when the id is known or its invitation has a call already."""
        ...

    def get(self, call_id: str) -> Call | None:
        """The call with this id."""
        ...

    def of_invitation(self, invitation_id: str) -> Call | None:
        """The one call of an invitation."""
        ...

    def replace(self, call: Call) -> bool:
        """Write `call` in place of the one stored with version `call.version - 1`; False, and nothing written, when that is not the stored one."""
        ...

    def waiting(self) -> list[Call]:
        """Calls in the waiting room, longest wait first."""
        ...

    def open_of(self, agent_id: str) -> list[Call]:
        """An agent's calls from accepted to wrap-up, oldest first."""
        ...

    def live(self) -> list[Call]:
        """All calls that wait or run (not wrap-up, ended, abandoned), oldest first."""
        ...

    def of_case(self, case_id: str) -> list[Call]:
        """A case's calls, newest first."""
        ...

    def recent(self, limit: int) -> list[Call]:
        """The newest calls that are over (ended, abandoned), newest first."""
        ...

    def add_chat(self, entry: ChatEntry) -> bool:
        """Keep a line of chat; False, and nothing written, when its id is known in this call."""
        ...

    def chat_line(self, call_id: str, entry_id: str) -> ChatEntry | None:
        """One line of a call's chat."""
        ...

    def chat(self, call_id: str) -> list[ChatEntry]:
        """A call's chat, oldest first."""
        ...

    def save_presence(self, chosen: ChosenPresence) -> None:
        """Keep what an agent chose to be, in place of the last choice."""
        ...

    def presence_of(self, person_id: str) -> ChosenPresence | None:
        """What an agent chose last."""
        ...
