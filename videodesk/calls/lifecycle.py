"""The life of a call as one table; resources/docs/call-lifecycle.md is drawn from it (`python -m videodesk.calls.lifecycle`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from videodesk.calls.model import Call, EndedBy
from videodesk.core.errors import Conflict
from videodesk.core.vocabulary import CallState


class CallEvent(StrEnum):
    """What can happen to a call."""

    ENTER = "enter"
    LEAVE = "leave"
    ACCEPT = "accept"
    CONNECT = "connect"
    HOLD = "hold"
    TAKE_BACK = "take_back"
    LOSE = "lose"
    COME_BACK = "come_back"
    EXPIRE = "expire"
    END = "end"
    REJOIN = "rejoin"
    FILE = "file"


EVENT_MEANINGS: Final[dict[CallEvent, str]] = {
    CallEvent.ENTER: "the customer comes (back) to the waiting room",
    CallEvent.LEAVE: "the customer leaves the waiting room",
    CallEvent.ACCEPT: "an agent takes the call",
    CallEvent.CONNECT: "sound and picture run",
    CallEvent.HOLD: "the agent puts the call on hold",
    CallEvent.TAKE_BACK: "the agent takes the call back",
    CallEvent.LOSE: "a side's signaling or its media is lost",
    CallEvent.COME_BACK: "all that was lost is there again",
    CallEvent.EXPIRE: "the grace time is over",
    CallEvent.END: "one side hangs up",
    CallEvent.REJOIN: "the customer comes back by the same link after the grace time",
    CallEvent.FILE: "the agent files the disposition",
}


def _is_held(call: Call) -> bool:
    return call.is_held


def _was_connected(call: Call) -> bool:
    return not call.is_held and call.connected_at is not None


def _never_connected(call: Call) -> bool:
    return not call.is_held and call.connected_at is None


def _was_lost(call: Call) -> bool:
    return call.ended_by is EndedBy.LOSS


@dataclass(frozen=True, slots=True)
class Transition:
    """One row: `event` moves a call from `source` to `target` when `guard` (if any) is true of the call as it is before."""

    source: CallState
    event: CallEvent
    target: CallState
    guard: Callable[[Call], bool] | None = None

    @property
    def guard_name(self) -> str:
        """The guard in words, empty without one."""
        return "" if self.guard is None else self.guard.__name__.strip("_").replace("_", " ")


_S = CallState
_E = CallEvent
TRANSITIONS: Final[tuple[Transition, ...]] = (
    Transition(_S.WAITING, _E.ACCEPT, _S.ACCEPTED),
    Transition(_S.WAITING, _E.LEAVE, _S.ABANDONED),
    Transition(_S.WAITING, _E.EXPIRE, _S.ABANDONED),
    Transition(_S.ABANDONED, _E.ENTER, _S.WAITING),
    Transition(_S.ACCEPTED, _E.CONNECT, _S.CONNECTED),
    Transition(_S.ACCEPTED, _E.LOSE, _S.RECONNECTING),
    Transition(_S.ACCEPTED, _E.END, _S.WRAP_UP),
    Transition(_S.CONNECTED, _E.HOLD, _S.ON_HOLD),
    Transition(_S.CONNECTED, _E.LOSE, _S.RECONNECTING),
    Transition(_S.CONNECTED, _E.END, _S.WRAP_UP),
    Transition(_S.ON_HOLD, _E.TAKE_BACK, _S.CONNECTED),
    Transition(_S.ON_HOLD, _E.LOSE, _S.RECONNECTING),
    Transition(_S.ON_HOLD, _E.END, _S.WRAP_UP),
    Transition(_S.RECONNECTING, _E.COME_BACK, _S.ON_HOLD, _is_held),
    Transition(_S.RECONNECTING, _E.COME_BACK, _S.CONNECTED, _was_connected),
    Transition(_S.RECONNECTING, _E.COME_BACK, _S.ACCEPTED, _never_connected),
    Transition(_S.RECONNECTING, _E.END, _S.WRAP_UP),
    Transition(_S.RECONNECTING, _E.EXPIRE, _S.WRAP_UP),
    Transition(_S.WRAP_UP, _E.REJOIN, _S.RECONNECTING, _was_lost),
    Transition(_S.WRAP_UP, _E.FILE, _S.ENDED),
)

# States in which the two sides talk to each other: negotiation, chat, hold and notices are relayed.
TALKING: Final = frozenset({_S.ACCEPTED, _S.CONNECTED, _S.ON_HOLD, _S.RECONNECTING})
# States that need the customer's page to be there.
LIVE: Final = TALKING | {_S.WAITING}
# States in which the call has an agent who is not done with it.
OPEN: Final = TALKING | {_S.WRAP_UP}
# States from which nothing leads back into a conversation.
OVER: Final = frozenset({_S.ENDED, _S.ABANDONED})


def target_of(call: Call, event: CallEvent) -> CallState | None:
    """Where `event` would take the call, or None when the table has no row for it now."""
    for row in TRANSITIONS:
        if row.source is call.state and row.event is event and (row.guard is None or row.guard(call)):
            return row.target
    return None


def next_state(call: Call, event: CallEvent) -> CallState:
    """Where `event` takes the call; Conflict("call.wrong_state") when it cannot happen now."""
    target = target_of(call, event)
    if target is None:
        raise Conflict("call.wrong_state", state=call.state.value, event=event.value)
    return target


def diagram() -> str:
    """The table as a Markdown page with a Mermaid state diagram."""
    lines = [
        "# The life of a call",
        "",
        "Made from the table in `videodesk/calls/lifecycle.py` by `python -m videodesk.calls.lifecycle`; a test keeps it fresh.",
        "",
        "```mermaid",
        "stateDiagram-v2",
        "    [*] --> waiting: enter",
    ]
    lines += [
        f"    {row.source.value} --> {row.target.value}: {row.event.value}{f' [{row.guard_name}]' if row.guard else ''}"
        for row in TRANSITIONS
    ]
    lines += ["    ended --> [*]", "```", "", "| event | when |", "|---|---|"]
    lines += [f"| {event.value} | {meaning} |" for event, meaning in EVENT_MEANINGS.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    import sys
    from pathlib import Path

    page = Path(__file__).resolve().parents[2] / "resources" / "docs" / "call-lifecycle.md"
    if "--check" in sys.argv:
        sys.exit(0 if page.is_file() and page.read_text(encoding="utf-8") == diagram() else 1)
    page.write_text(diagram(), encoding="utf-8")
