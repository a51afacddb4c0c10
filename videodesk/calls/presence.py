"""Presence as others see it: what the agent chose, what the calls say, and whether the desktop is there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from videodesk.calls.lifecycle import TALKING
from videodesk.core.vocabulary import CallState, Presence

# What an agent may choose; in_call and wrap_up come from the calls.
CHOOSABLE: Final = frozenset({Presence.AVAILABLE, Presence.BUSY, Presence.BREAK, Presence.OFFLINE})


def shown_presence(chosen: Presence | None, *, is_online: bool, states: Iterable[CallState]) -> Presence:
    """The presence to show for an agent with calls in `states`.

    Without a desktop connection an agent is offline whatever was chosen; a running call comes before a wrap-up, a wrap-up
    before the choice; who never chose is available.
    """
    if not is_online:
        return Presence.OFFLINE
    found = set(states)
    if found & TALKING:
        return Presence.IN_CALL
    if CallState.WRAP_UP in found:
        return Presence.WRAP_UP
    return chosen or Presence.AVAILABLE
