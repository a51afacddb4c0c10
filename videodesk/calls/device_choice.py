"""Which microphone, speaker and camera are used when some are gone: what was chosen before, else the system's own, else any.

Pure. `pick` says which of the devices that are there now is the best for a role. `RoleWatch` follows one role while a call or a check
runs: a lost device is left at once (silence is worse than another device), a better one is taken when it has been there for a while, and
one that comes and goes has to wait longer each time, so that the call does not flap with it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, Protocol

KIND_OF: Final[dict[str, str]] = {"microphone": "microphone", "speaker": "speaker", "camera": "camera", "ringer": "speaker"}
"""The kind of device that a role needs. `ringer` is where a waiting call rings."""
MEDIA_ROLES: Final = ("microphone", "speaker", "camera")
REMEMBERED: Final = 6
SETTLE_S: Final = 2.0
SETTLE_MOST_S: Final = 30.0
FORGET_S: Final = 60.0


class Present(Protocol):
    """A device that is there (calls.ports.Device)."""

    @property
    def id(self) -> str:
        """The adapter's name for it."""
        ...

    @property
    def label(self) -> str:
        """Its name for people."""
        ...

    @property
    def kind(self) -> str:
        """microphone, speaker or camera."""
        ...

    @property
    def is_default(self) -> bool:
        """Whether the system would take it."""
        ...


@dataclass(frozen=True, slots=True)
class Remembered:
    """A device that was chosen once. The empty one is "as the system does"."""

    id: str = ""
    label: str = ""

    @property
    def is_system(self) -> bool:
        """Whether it stands for the system's own choice."""
        return not self.id and not self.label


SYSTEM: Final = Remembered()
Order = tuple[Remembered, ...]
"""What was chosen for a role, the last choice first. Empty: the system's own."""


def chosen(order: Order) -> Remembered:
    """What the person wants now."""
    return order[0] if order else SYSTEM


def learn(order: Order, choice: Remembered) -> Order:
    """The order after this choice: it comes first, and the older ones stay for when it is gone."""
    others = tuple(one for one in order if one != choice and not (one.id and one.id == choice.id and not one.label))
    return (choice, *others)[:REMEMBERED]


def find(wanted: Remembered, there: Iterable[Present], kind: str) -> Present | None:
    """The device that is meant: by id and name, then by name (its id changes with the socket), then by id alone.

    By id alone not where a camera has another name: /dev/video0 may be another camera after the next start.
    """
    same = [one for one in there if one.kind == kind]
    if wanted.is_system:
        return next((one for one in same if one.is_default), None)
    exact = [one for one in same if one.id == wanted.id and one.label == wanted.label]
    named = [one for one in same if wanted.label and one.label == wanted.label]
    by_id = [one for one in same if wanted.id and one.id == wanted.id and (kind != "camera" or not wanted.label)]
    return next(iter((*exact, *named, *by_id)), None)


def pick(role: str, order: Order, there: Iterable[Present]) -> Present | None:
    """The best device for a role: the chosen ones in their order, else the system's own, else any; None when there is none."""
    kind = KIND_OF[role]
    same = [one for one in there if one.kind == kind]
    for wanted in (order or (SYSTEM,)):
        if (found := find(wanted, same, kind)) is not None:
            return found
    return next((one for one in same if one.is_default), same[0] if same else None)


def _rank(device: Present, order: Order, there: list[Present], kind: str) -> int:
    """The place of a device in the order; beyond its end for what was never chosen."""
    wants = order or (SYSTEM,)
    return next((at for at, wanted in enumerate(wants) if find(wanted, there, kind) == device), len(wants))


class Why(StrEnum):
    """Why another device is in use."""

    LOST = "lost"
    ABSENT = "absent"
    BACK = "back"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class DeviceChange:
    """Another device is in use for a role. `left` and `now` are names for people, empty for none; `now_id` is None when nothing is left."""

    role: str
    why: Why
    left: str = ""
    now: str = ""
    now_id: str | None = None


@dataclass(slots=True)
class _Known:
    """What a watch knows of one device."""

    since_s: float
    losses: int = 0
    lost_at_s: float = 0.0
    is_there: bool = True
    is_broken: bool = False

    def settle_s(self) -> float:
        """How long it has to be there before it is taken."""
        return min(SETTLE_MOST_S, SETTLE_S * 2.0 ** max(0, self.losses - 1)) if self.losses else SETTLE_S


@dataclass(slots=True)
class RoleWatch:
    """Follows one role. `look` is told what is there, with the monotonic time; it gives a change when there is one to make."""

    role: str
    order: Order = ()
    current: Present | None = None
    _known: dict[str, _Known] = field(default_factory=dict)
    _has_looked: bool = False

    @property
    def kind(self) -> str:
        """The kind of device it is about."""
        return KIND_OF[self.role]

    def choose(self, order: Order) -> None:
        """The person chose: what they take now is taken at once, whatever it did before."""
        if order != self.order:
            self.order = order
            self.current = None
            self._known.clear()
            self._has_looked = False

    def fail(self, now_s: float) -> None:
        """The device in use is listed but gives nothing (unplugged this moment, or another program has it)."""
        if self.current is not None and (known := self._known.get(self.current.id)) is not None:
            self._lose(known, now_s)
            known.is_broken = True

    def look(self, there: Iterable[Present], now_s: float) -> DeviceChange | None:
        """What to change now; None to leave it."""
        same = [one for one in there if one.kind == self.kind]
        self._note(same, now_s)
        if not self._has_looked:
            self._has_looked = True
            return self._begin(same)
        current = self.current
        usable = [one for one in same if not self._known[one.id].is_broken]
        now = next((one for one in usable if current is not None and one.id == current.id), None)
        steady = [one for one in usable if one is now or self._is_steady(one, now_s)]
        best = pick(self.role, self.order, steady)
        if now is None:
            return self._replace(current, best)
        if best is None or best.id == now.id:
            self.current = now
            return None
        wants, mine = _rank(best, self.order, steady, self.kind), _rank(now, self.order, steady, self.kind)
        if wants >= mine:  # never chosen: no better than the one in use, whatever the system thinks of it meanwhile
            self.current = now
            return None
        is_chosen = wants == 0 and not chosen(self.order).is_system
        return self._take(best, Why.BACK if is_chosen else Why.MOVED, now.label)

    def _begin(self, same: list[Present]) -> DeviceChange | None:
        best = pick(self.role, self.order, same)
        self.current = best
        wanted = chosen(self.order)
        if best is None or wanted.is_system or find(wanted, same, self.kind) == best:
            return None
        return DeviceChange(self.role, Why.ABSENT, wanted.label or wanted.id, best.label, best.id)

    def _replace(self, lost: Present | None, best: Present | None) -> DeviceChange | None:
        if lost is None and best is None:
            return None
        if best is None:
            self.current = None
            return DeviceChange(self.role, Why.LOST, lost.label if lost is not None else "")
        if lost is None:
            return self._take(best, Why.BACK, "")
        return self._take(best, Why.LOST if best.id != lost.id else Why.BACK, lost.label)

    def _take(self, device: Present, why: Why, left: str) -> DeviceChange:
        self.current = device
        return DeviceChange(self.role, why, left, device.label, device.id)

    def _note(self, same: list[Present], now_s: float) -> None:
        ids = {one.id for one in same}
        for one in same:
            known = self._known.get(one.id)
            if known is None:
                # What is there at the first look has been there; what comes later has to stay a while.
                self._known[one.id] = _Known(now_s if self._has_looked else now_s - SETTLE_MOST_S)
            elif not known.is_there:
                known.is_there, known.is_broken, known.since_s = True, False, now_s
            elif known.is_broken and now_s - known.since_s >= known.settle_s():
                known.is_broken = False
            elif known.losses and not known.is_broken and now_s - known.lost_at_s > FORGET_S:
                known.losses = 0
        for device_id, known in self._known.items():
            if device_id not in ids and known.is_there:
                self._lose(known, now_s)
                known.is_there = False

    @staticmethod
    def _lose(known: _Known, now_s: float) -> None:
        known.losses, known.lost_at_s, known.since_s = known.losses + 1, now_s, now_s

    def _is_steady(self, device: Present, now_s: float) -> bool:
        known = self._known[device.id]
        # With nothing in use the wait is the short one: silence is worse.
        wait_s = known.settle_s() if self.current is not None else SETTLE_S
        return now_s - known.since_s >= wait_s


def orders_of(kept: Mapping[str, Any]) -> dict[str, Order]:
    """The orders as they were kept in a file, {role: [[id, label], …]}; what makes no sense is left out."""
    found: dict[str, Order] = {}
    for role in KIND_OF:
        given = kept.get(role)
        pairs = [one for one in given if isinstance(one, list) and len(one) == 2 and all(isinstance(text, str) for text in one)] if isinstance(given, list) else []
        if pairs:
            found[role] = tuple(Remembered(one[0], one[1]) for one in pairs[:REMEMBERED])
    return found


def kept_of(orders: Mapping[str, Order]) -> dict[str, list[list[str]]]:
    """The orders as they go into a file."""
    return {role: [[one.id, one.label] for one in order] for role, order in orders.items()}
