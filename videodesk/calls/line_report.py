"""The network test: its steps, their results, and what they mean for calls. Pure; the words are in resources/i18n (line.…).

What is done is elsewhere: client/line_http.py asks the service, media/relay_check.py the STUN and TURN servers, desktop/line_testing.py runs
both side by side. `advise` turns the results into advice, the most serious first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Literal

KEEP: Final = 20
SERVICE_STEPS: Final = ("service", "channel", "certificate", "clock", "down", "up")
RELAY_STEPS: Final = ("stun", "turn_udp", "turn_tcp", "turn_tls")
STEPS: Final = (*SERVICE_STEPS, *RELAY_STEPS)

UP_BAD_KBPS, UP_WEAK_KBPS = 300.0, 1000.0
DOWN_BAD_KBPS, DOWN_WEAK_KBPS = 600.0, 2500.0
SLOW_MS: Final = 300.0
CLOCK_APART_S: Final = 5.0
CERTIFICATE_DAYS: Final = 14

Level = Literal["ok", "neutral", "warning", "danger"]
_SEVERITY: Final[dict[str, int]] = {"ok": 0, "neutral": 1, "warning": 2, "danger": 3}


class StepState(StrEnum):
    """Where a step stands."""

    WAITING = "waiting"
    RUNNING = "running"
    OK = "ok"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class StepResult:
    """One step. `where` is the address asked; `reason` a key below line.reason, for what failed, was skipped or went only half way.

    `ms` is a round trip, `kbps` a speed, `seconds` how far this computer's clock is ahead, `days` how long the certificate is still good,
    `seen_as` our own address as that server sees it.
    """

    step: str
    state: StepState = StepState.WAITING
    where: str = ""
    ms: float | None = None
    kbps: float | None = None
    seconds: float | None = None
    days: int | None = None
    reason: str = ""
    seen_as: str = ""

    @property
    def is_done(self) -> bool:
        """Whether it has an outcome."""
        return self.state in {StepState.OK, StepState.FAILED, StepState.SKIPPED}


@dataclass(frozen=True, slots=True)
class LineReport:
    """A whole test. `at` in UTC; `service` is the address of the service."""

    at: datetime
    service: str
    steps: tuple[StepResult, ...] = ()
    is_cancelled: bool = False

    def of(self, step: str) -> tuple[StepResult, ...]:
        """The results of a step; several where there are several servers."""
        return tuple(one for one in self.steps if one.step == step)

    @property
    def level(self) -> Level:
        """How it is, in a word."""
        return max((one.level for one in advise(self)), key=_SEVERITY.__getitem__)


@dataclass(frozen=True, slots=True)
class Advice:
    """One sentence: the text `line.advice.<key>`, filled with `params`."""

    level: Level
    key: str
    params: dict[str, str] = field(default_factory=dict)


def put(steps: Iterable[StepResult], fresh: StepResult) -> tuple[StepResult, ...]:
    """The steps with a new result in the place of the old one of the same step and address, else at its step's place."""
    known = list(steps)
    for at, one in enumerate(known):
        if one.step == fresh.step and one.where in {"", fresh.where}:
            known[at] = fresh
            return tuple(known)
    known.append(fresh)
    return tuple(sorted(known, key=lambda one: STEPS.index(one.step) if one.step in STEPS else len(STEPS)))


def cancelled(steps: Iterable[StepResult]) -> tuple[StepResult, ...]:
    """The steps after the person stopped it: what has no outcome was skipped."""
    return tuple(one if one.is_done else StepResult(one.step, StepState.SKIPPED, one.where, reason="cancelled") for one in steps)


def advise(report: LineReport) -> tuple[Advice, ...]:
    """What the results mean for calls and what to do; at least one sentence, the most serious first."""
    found = [*_about_service(report), *_about_relay(report), *_about_speed(report), *_about_clock(report)]
    if report.is_cancelled:
        found.append(Advice("neutral", "cancelled"))
    if not any(_SEVERITY[one.level] >= _SEVERITY["neutral"] for one in found):
        found.insert(0, Advice("ok", "good"))
    return tuple(sorted(found, key=lambda one: -_SEVERITY[one.level]))


def _failed(report: LineReport, step: str) -> StepResult | None:
    return next((one for one in report.of(step) if one.state is StepState.FAILED), None)


def _about_service(report: LineReport) -> list[Advice]:
    found: list[Advice] = []
    service, channel, certificate = _failed(report, "service"), _failed(report, "channel"), _failed(report, "certificate")
    if certificate is not None:
        found.append(Advice("danger", "certificate", {"host": certificate.where}))
    elif service is not None:
        return [Advice("danger", "no_service", {"host": report.service})]
    elif channel is not None:
        found.append(Advice("danger", "no_channel", {"host": report.service}))
    found += [Advice("warning", "certificate_ends", {"host": one.where, "days": str(one.days)}) for one in report.of("certificate")
              if one.state is StepState.OK and one.days is not None and one.days < CERTIFICATE_DAYS]
    found += [Advice("warning", "far", {"ms": f"{one.ms:.0f}"}) for one in report.of("service")
              if one.state is StepState.OK and one.ms is not None and one.ms > SLOW_MS]
    return found


def _about_relay(report: LineReport) -> list[Advice]:
    asked = [one for step in RELAY_STEPS[1:] for one in report.of(step) if one.state in {StepState.OK, StepState.FAILED}]
    works = {one.step for one in asked if one.state is StepState.OK}
    stun = _failed(report, "stun")
    if not asked:
        if any(one.reason == "none_set" for step in RELAY_STEPS for one in report.of(step)):
            return [Advice("warning", "no_relay_set")]
        return [Advice("warning", "no_stun", {"where": stun.where})] if stun is not None else []
    where = {step: next((one.where for one in asked if one.step == step), "") for step in RELAY_STEPS}
    if not works:
        if all(one.reason == "refused" for one in asked):
            return [Advice("danger", "relay_refuses", {"where": asked[0].where})]
        return [Advice("danger", "no_relay", {"where": ", ".join(dict.fromkeys(one.where for one in asked))})]
    found: list[Advice] = []
    if "turn_udp" not in works:
        over = "tcp" if "turn_tcp" in works else "tls"
        key = f"relay_{over}" if where["turn_udp"] else f"only_{over}"
        found.append(Advice("warning", key, {"where": where["turn_udp"] or where[f"turn_{over}"], "port": _port(where["turn_udp"])}))
    elif stun is not None:
        found.append(Advice("neutral", "no_stun_but_relay", {"where": stun.where}))
    refused = [one for one in asked if one.reason == "no_echo" and one.step in works]
    if refused and len(refused) == len([one for one in asked if one.step in works]):
        found.append(Advice("neutral", "no_echo", {"where": refused[0].where}))
    broken = [one for one in asked if one.state is StepState.FAILED]
    found += [Advice("neutral", "relay_bad_certificate", {"where": one.where}) for one in broken if one.reason == "certificate"]
    if "turn_udp" in works:
        found += [Advice("neutral", "one_relay_fails", {"where": one.where}) for one in broken if one.reason != "certificate"]
    return found


def _port(where: str) -> str:
    return where.rpartition(":")[2] or "3478"


def _about_speed(report: LineReport) -> list[Advice]:
    found: list[Advice] = []
    for step, bad, weak in (("up", UP_BAD_KBPS, UP_WEAK_KBPS), ("down", DOWN_BAD_KBPS, DOWN_WEAK_KBPS)):
        speeds = [one.kbps for one in report.of(step) if one.state is StepState.OK and one.kbps is not None]
        found += [Advice("danger" if kbps < bad else "warning", f"{step}_{'bad' if kbps < bad else 'weak'}", {"kbps": f"{kbps:.0f}"})
                  for kbps in speeds if kbps < weak]
    return found


def _about_clock(report: LineReport) -> list[Advice]:
    return [Advice("warning", "clock", {"seconds": f"{abs(one.seconds):.0f}"}) for one in report.of("clock")
            if one.seconds is not None and abs(one.seconds) > CLOCK_APART_S]


def kept(report: LineReport) -> dict[str, Any]:
    """As it goes into a file."""
    return {"at": report.at.isoformat(), "service": report.service, "is_cancelled": report.is_cancelled,
            "steps": [asdict(one) for one in report.steps]}


def from_kept(data: object) -> LineReport | None:
    """A report of a file; None when it makes no sense."""
    try:
        assert isinstance(data, dict)
        names = {one.name for one in fields(StepResult)}
        steps = tuple(StepResult(**{name: value for name, value in one.items() if name in names and name != "state"}, state=StepState(one["state"]))
                      for one in data["steps"])
        return LineReport(datetime.fromisoformat(data["at"]), str(data["service"]), steps, bool(data["is_cancelled"]))
    except (AssertionError, KeyError, TypeError, ValueError, AttributeError):
        return None
