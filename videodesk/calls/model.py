"""What a call is: frozen records, changed only by the use cases through the table in lifecycle.py."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from videodesk.core.vocabulary import CallState, Disposition, Presence


class Side(StrEnum):
    """The two sides of a call."""

    AGENT = "agent"
    CUSTOMER = "customer"

    @property
    def other(self) -> Side:
        """The one at the far end."""
        return Side.CUSTOMER if self is Side.AGENT else Side.AGENT


class EndedBy(StrEnum):
    """Who or what ended the conversation."""

    AGENT = "agent"
    CUSTOMER = "customer"
    LOSS = "loss"


@dataclass(frozen=True, slots=True)
class Call:
    """One video conversation; it keeps its id through drops, reloads and restarts of the service.

    `version` counts writes: a write whose predecessor was not the stored one is refused (CallRepository.replace). `epoch`
    numbers the peer connections, 0 before the first. `agent_connection` and `customer_connection` are the names that the two
    peers gave themselves when the newest epoch was announced to them: a peer that comes back under the same name still has its
    peer connection, one with another name (a reloaded page, a restarted desktop) needs a fresh one.
    """

    id: str
    case_id: str
    invitation_id: str
    state: CallState
    waiting_since: datetime
    version: int = 1
    agent_id: str | None = None
    agent_name: str = ""
    has_camera: bool = True
    has_microphone: bool = True
    epoch: int = 0
    agent_connection: str = ""
    customer_connection: str = ""
    is_held: bool = False
    is_recording: bool = False
    accepted_at: datetime | None = None
    connected_at: datetime | None = None
    lost_at: datetime | None = None
    ended_at: datetime | None = None
    ended_by: EndedBy | None = None
    disposition: Disposition | None = None
    note: str = ""
    closed_at: datetime | None = None

    def connection_of(self, side: Side) -> str:
        """The name under which `side` got the newest epoch."""
        return self.agent_connection if side is Side.AGENT else self.customer_connection


@dataclass(frozen=True, slots=True)
class ChatEntry:
    """A stored line of chat; `id` was made by its sender."""

    id: str
    call_id: str
    sender: Side
    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ChosenPresence:
    """What an agent chose to be; what is shown also depends on the calls (presence.py)."""

    person_id: str
    presence: Presence
    since: datetime
