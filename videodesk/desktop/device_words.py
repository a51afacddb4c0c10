"""What the call screen and the device check say of devices that came and went. No Qt."""

from __future__ import annotations

from collections.abc import Callable

from videodesk.calls.device_choice import DeviceChange
from videodesk.desktop.i18n import t
from videodesk.desktop.preferences import Preferences, PreferenceStore


def fresh_news(known: tuple[DeviceChange, ...], change: DeviceChange) -> tuple[DeviceChange, ...]:
    """The newest word on each role, the newest last."""
    return (*(one for one in known if one.role != change.role), change)


def solved(problems: tuple[str, ...], change: DeviceChange) -> tuple[str, ...]:
    """What is still wrong after this change: with a microphone in use there is no missing microphone."""
    if change.now_id is None:
        return problems
    return tuple(code for code in problems if code not in {f"device.no_{change.role}", f"device.{change.role}_lost"})


def device_text(change: DeviceChange) -> str:
    """A sentence or two: what is gone, what is in use now."""
    key = "none" if change.now_id is None else "again" if change.why == "back" and change.left in {"", change.now} else change.why.value
    return t(f"call.device.{change.role}.{key}", left=change.left, now=change.now)


def device_tone(change: DeviceChange) -> str:
    """How loud to say it."""
    return "danger" if change.now_id is None else "warning" if change.why.value in {"lost", "absent"} else "neutral"


def follow_devices(preferences: PreferenceStore, changed: Callable[[], None]) -> Callable[[], None]:
    """Call `changed` when the person chose other devices; returns what ends it."""
    known = [preferences.value.devices]

    def compare(now: Preferences) -> None:
        if now.devices != known[0]:
            known[0] = now.devices
            changed()

    return preferences.watch(compare)
