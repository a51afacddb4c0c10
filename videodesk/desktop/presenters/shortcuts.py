"""Choosing own keys: one action's key at a time, told when another action has it; reset; character keys off."""

from __future__ import annotations

from dataclasses import dataclass

from videodesk.core.clock import Clock
from videodesk.desktop import keys
from videodesk.desktop.actions import BY_ID
from videodesk.desktop.preferences import PreferenceStore
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks


@dataclass(frozen=True, slots=True)
class ShortcutsState:
    """`own`: the person's keys; `waits_for`: the action that the next key press is for; `clash`: who has that key; `wanted`: it."""

    own: tuple[tuple[str, str], ...] = ()
    has_character_keys: bool = True
    waits_for: str = ""
    wanted: str = ""
    clash: str = ""


class ShortcutsPresenter(Presenter[ShortcutsState]):
    """Keeps what is chosen in the preferences; keys.use makes it count at once."""

    def __init__(self, preferences: PreferenceStore, tasks: Tasks, clock: Clock) -> None:
        kept = preferences.value
        super().__init__(ShortcutsState(tuple(sorted(kept.shortcuts.items())), kept.has_character_keys), tasks, clock)
        self._preferences = preferences

    def wait_for(self, action_id: str) -> None:
        """The next key press is for this action."""
        self._set(waits_for=action_id, wanted="", clash="")

    def give_up(self) -> None:
        """Leave the key as it is."""
        self._set(waits_for="", wanted="", clash="")

    def press(self, shortcut: str) -> None:
        """A key for the action that waits; one that another action has is taken only by `take_over`."""
        action_id = self.state.waits_for
        if not action_id or shortcut in keys.FIXED:
            return
        other = keys.clash(action_id, shortcut, dict(self.state.own))
        if other is not None:
            self._set(wanted=shortcut, clash=other.id)
        else:
            self._choose({action_id: shortcut})

    def take_over(self) -> None:
        """Take the key from the action that has it: that one has none then."""
        state = self.state
        if state.clash:
            self._choose({state.waits_for: state.wanted, state.clash: ""})

    def clear(self) -> None:
        """No key for the action that waits."""
        if self.state.waits_for:
            self._choose({self.state.waits_for: ""})

    def reset(self, action_id: str) -> None:
        """The table's key again, unless another action has it by the person's choice: that one is asked about first."""
        own = dict(self.state.own)
        own.pop(action_id, None)
        other = keys.clash(action_id, BY_ID[action_id].shortcut, own)
        if other is not None:
            self._set(waits_for=action_id, wanted=BY_ID[action_id].shortcut, clash=other.id)
        else:
            self._keep(own)

    def reset_all(self) -> None:
        """Every key as the program came."""
        self._keep({})

    def allow_characters(self, *, are_on: bool) -> None:
        """Single letters do something, or nothing."""
        self._preferences.change(has_character_keys=are_on)
        keys.use(dict(self.state.own), has_characters=are_on)
        self._set(has_character_keys=are_on)

    def _choose(self, changes: dict[str, str]) -> None:
        own = dict(self.state.own) | changes
        self._keep({name: key for name, key in own.items() if key != BY_ID[name].shortcut})

    def _keep(self, own: dict[str, str]) -> None:
        self._preferences.change(shortcuts=own)
        keys.use(own, has_characters=self.state.has_character_keys)
        self._set(own=tuple(sorted(own.items())), waits_for="", wanted="", clash="")
