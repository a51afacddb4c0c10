"""Which keys do what now: the action table's, with a person's own in their place. GUI thread; no Qt.

Character keys (one character, with or without Shift) can be switched off as a whole (WCAG 2.1.4): the actions stay in menus, on buttons
and in the command palette. What a person chose lies in the preferences as {action id: shortcut}; "" takes the key away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from videodesk.desktop import actions
from videodesk.desktop.actions import ActionSpec

# These belong to every program, or would lock a person out.
FIXED: Final = frozenset({"Esc", "Tab", "Shift+Tab", "Return", "Enter", "Space", "Alt+F4"})
_own: dict[str, str] = {}
_has_characters: list[bool] = [True]
_watchers: list[Callable[[], None]] = []


def use(own: Mapping[str, str], *, has_characters: bool = True) -> None:
    """These keys from now on. What is not of the table, or no text, is left out: the file may be of another version."""
    fresh = {name: key for name, key in own.items() if name in actions.BY_ID and isinstance(key, str)}
    if fresh == _own and has_characters == _has_characters[0]:
        return
    _own.clear()
    _own.update(fresh)
    _has_characters[0] = has_characters
    for watcher in tuple(_watchers):
        watcher()


def on_change(watcher: Callable[[], None]) -> Callable[[], None]:
    """Call `watcher` after each change; returns what ends it."""
    _watchers.append(watcher)

    def end() -> None:
        if watcher in _watchers:
            _watchers.remove(watcher)

    return end


def is_character(shortcut: str) -> bool:
    """Whether typing would trigger it: one character, alone or with Shift."""
    return len(shortcut.removeprefix("Shift+")) == 1


def spec_of(action_id: str) -> ActionSpec:
    """The action with the key that counts now; KeyError when there is none."""
    return _now(actions.BY_ID[action_id])


def all_specs() -> tuple[ActionSpec, ...]:
    """Every action with the key that counts now."""
    return tuple(_now(spec) for spec in actions.ACTIONS)


def in_scope(scope: str) -> tuple[ActionSpec, ...]:
    """The actions of one screen, or those that work everywhere (""), with the keys that count now."""
    return tuple(_now(spec) for spec in actions.in_scope(scope))


def is_own(action_id: str) -> bool:
    """Whether the person chose this key."""
    return action_id in _own


def clash(action_id: str, shortcut: str, own: Mapping[str, str]) -> ActionSpec | None:
    """The action that has this key already where both would work: the same screen, or one of them everywhere."""
    scope = actions.BY_ID[action_id].scope
    for spec in actions.ACTIONS:
        if spec.id == action_id or (spec.scope and scope and spec.scope != scope):
            continue
        if shortcut and own.get(spec.id, spec.shortcut).lower() == shortcut.lower():
            return spec
    return None


def _now(spec: ActionSpec) -> ActionSpec:
    key = _own.get(spec.id, spec.shortcut)
    if not _has_characters[0] and is_character(key):
        key = ""
    return spec if key == spec.shortcut else replace(spec, shortcut=key)
