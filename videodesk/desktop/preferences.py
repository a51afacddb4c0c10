"""What a person chose for this desktop: language, colours, scale, devices, window places. A JSON file; losing it loses no work. No Qt."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from videodesk.calls.device_choice import MEDIA_ROLES, Order, Remembered, kept_of, learn, orders_of

SCALES: Final = (100, 125, 150, 175, 200)


@dataclass(frozen=True, slots=True)
class Preferences:
    """Choices. `language` "" follows the system; `windows` is Qt's geometry per window name, in hexadecimal.

    `shortcuts` are own keys per action id; `has_character_keys` whether single letters do anything (keys.py). `annotate_styles` is the
    annotator's own gallery (QuickStyle.spelled). `devices` are the choices of each role, the last one first (calls.device_choice.kept_of);
    `device_check` is "" until the check before the first call was offered and answered.
    """

    language: str = ""
    theme: str = "system"
    scale_pct: int = 100
    camera_id: str | None = None
    microphone_id: str | None = None
    speaker_id: str | None = None
    devices: dict[str, Any] = field(default_factory=dict)
    device_check: str = ""
    has_seen_welcome: bool = False
    windows: dict[str, str] = field(default_factory=dict)
    shortcuts: dict[str, str] = field(default_factory=dict)
    has_character_keys: bool = True
    annotate_styles: list[str] = field(default_factory=list)


class PreferenceStore:
    """Keeps Preferences in `path`; with None only in memory. GUI thread."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._value = self._read()
        self._watchers: list[Callable[[Preferences], None]] = []

    @property
    def value(self) -> Preferences:
        """The choices now."""
        return self._value

    def change(self, **changes: Any) -> Preferences:
        """Change some, keep them, tell the watchers."""
        fresh = replace(self._value, **changes)
        if fresh != self._value:
            self._value = fresh
            self._write()
            for watcher in tuple(self._watchers):
                watcher(fresh)
        return fresh

    def watch(self, callback: Callable[[Preferences], None]) -> Callable[[], None]:
        """Call `callback` after each change; returns what ends it."""
        self._watchers.append(callback)

        def end() -> None:
            if callback in self._watchers:
                self._watchers.remove(callback)

        return end

    def orders(self) -> dict[str, Order]:
        """What was chosen for each role, the last choice first."""
        kept = orders_of(self._value.devices)
        older = {"camera": self._value.camera_id, "microphone": self._value.microphone_id, "speaker": self._value.speaker_id}
        return {role: (Remembered(device_id),) for role, device_id in older.items() if device_id} | kept

    def choose_device(self, role: str, choice: Remembered) -> None:
        """Use this device for this role from now on; the older choices stay for when it is gone."""
        orders = self.orders()
        orders[role] = learn(orders.get(role, ()), choice)
        same = {f"{role}_id": choice.id or None} if role in MEDIA_ROLES else {}
        self.change(devices=kept_of(orders), **same)

    def _read(self) -> Preferences:
        if self._path is None or not self._path.is_file():
            return Preferences()
        try:
            loaded = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return Preferences()
        if not isinstance(loaded, dict):
            return Preferences()
        blank = asdict(Preferences())
        known = {f.name for f in fields(Preferences)}
        kept = {name: value for name, value in loaded.items() if name in known and _fits(value, blank[name])}
        found = Preferences(**kept)
        return found if found.scale_pct in SCALES else replace(found, scale_pct=100)

    def _write(self) -> None:
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            beside = self._path.with_suffix(".new")
            beside.write_text(json.dumps(asdict(self._value), indent=2), encoding="utf-8")
            os.replace(beside, self._path)  # noqa: PTH105 - the atomic rename, by its name
        except OSError:
            return  # a full disk costs the window's place, not the program


def _fits(value: object, example: object) -> bool:
    return value is None or isinstance(value, str) if example is None else type(value) is type(example)
