"""Texts of the desktop by key, in the language chosen now; dates and numbers as that language writes them. No Qt.

Texts are resources/i18n/<language>/<area>.json: flat {"area.key": "text {param}"}; a plural is {"one": …, "other": …} and
takes `n`. Errors (errors.json) have the error's code as key. GUI thread only.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, tzinfo
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import Any, Final

from videodesk.core.errors import DeskError
from videodesk.core.places import resources
from videodesk.core.vocabulary import Language

AREAS: Final = ("shell", "inbox", "cases", "case", "settings", "call", "live", "clip", "missing", "proof", "annotate", "measure", "redact", "compare", "review", "help", "line", "common")

_ERRORS: Final = "errors"
_VERIFY: Final = "verify"
_listeners: list[Callable[[], None]] = []
_now: list[Language] = [Language.EN]


@cache
def texts(language: Language) -> dict[str, str | dict[str, str]]:
    """Every text of the desktop in `language`, by key."""
    found: dict[str, str | dict[str, str]] = {}
    for area in AREAS:
        found.update(_load(language, area))
    return found


@cache
def _error_texts(language: Language) -> dict[str, str]:
    return _load(language, _ERRORS)


@cache
def _verify_texts(language: Language) -> dict[str, Any]:
    return _load(language, _VERIFY)


def _load(language: Language, area: str) -> dict[str, Any]:
    path = resources() / "i18n" / language.value / f"{area}.json"
    if not path.is_file():
        return {}
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def language() -> Language:
    """The language chosen now."""
    return _now[0]


def set_language(chosen: Language) -> None:
    """Change the language and tell everyone who asked."""
    if chosen == _now[0]:
        return
    _now[0] = chosen
    for callback in tuple(_listeners):
        callback()


def on_change(callback: Callable[[], None]) -> Callable[[], None]:
    """Call `callback` after each change of language; returns what ends it."""
    _listeners.append(callback)

    def end() -> None:
        if callback in _listeners:
            _listeners.remove(callback)

    return end


def t(key: str, **params: object) -> str:
    """The text of `key`, with `params` filled in; the key itself where there is none (a test finds those)."""
    found = texts(_now[0]).get(key)
    if found is None:
        return key
    if isinstance(found, dict):
        found = found["one" if params.get("n") == 1 else "other"]
    return _fill(found, params)


def word(prefix: str, value: StrEnum | str) -> str:
    """The text of one value of a word list: `word("status", CaseStatus.NEW)` is `t("status.new")`."""
    return t(f"{prefix}.{value}")


def error_text(problem: DeskError) -> str:
    """What to tell the person about an expected failure."""
    found = _error_texts(_now[0]).get(problem.code)
    if found is None:
        return t("common.error_unknown", code=problem.code)
    return _fill(found, dict(problem.params))


def verify_text(key: str, **params: object) -> str:
    """A text of the verifier's (verify.json), which the desktop shares with the command and the page; empty where there is none."""
    found = _verify_texts(_now[0]).get(key, "")
    if isinstance(found, dict):
        found = found["one" if str(params.get("n")) == "1" else "other"]
    return _fill(str(found), params)


def _fill(text: str, params: dict[str, Any]) -> str:
    for name, value in params.items():
        text = text.replace("{" + name + "}", str(value))
    return text


_MONTHS: Final = {
    Language.NL: ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"),
    Language.EN: ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
}


def day(moment: date) -> str:
    """A day as people write it: `5 jan 2026`."""
    return f"{moment.day} {_MONTHS[_now[0]][moment.month - 1]} {moment.year}"


def clock_time(moment: datetime, zone: tzinfo | None = None) -> str:
    """The time of day in `zone` (default: the machine's): `14:05`."""
    return moment.astimezone(zone).strftime("%H:%M")


def clock_tenths(moment: datetime, zone: tzinfo | None = None) -> str:
    """The time of day to a tenth of a second, for pictures of one moment: `14:05:03,7`."""
    local = moment.astimezone(zone)
    point = "," if _now[0] is Language.NL else "."
    return f"{local:%H:%M:%S}{point}{local.microsecond // 100_000}"


def moment_text(moment: datetime, now: datetime, zone: tzinfo | None = None) -> str:
    """A moment, as short as it can be: `14:05` today, `5 jan 14:05` this year, with the year before that."""
    local, today = moment.astimezone(zone), now.astimezone(zone)
    if local.date() == today.date():
        return local.strftime("%H:%M")
    short = f"{local.day} {_MONTHS[_now[0]][local.month - 1]}"
    if local.year == today.year:
        return f"{short} {local:%H:%M}"
    return f"{short} {local.year}"


def exact_moment(moment: datetime, zone: tzinfo | None = None) -> str:
    """A moment to the second, with its zone, for a record: `5 jan 2026 14:05:32 CET`."""
    local = moment.astimezone(zone)
    return f"{day(local)} {local:%H:%M:%S} {local.tzname() or ''}".rstrip()


def duration(seconds: float) -> str:
    """A duration: `0:42`, `12:05`, `1:02:05`."""
    whole = max(0, int(seconds))
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"


def number(value: float | Decimal, decimals: int = 0) -> str:
    """A number with this language's separators."""
    text = f"{value:,.{decimals}f}"
    return text.translate(str.maketrans(",.", ".,")) if _now[0] is Language.NL else text


def money(amount: Decimal, currency: str = "EUR") -> str:
    """An amount: `€ 1.249,00` in Dutch, `€1,249.00` in English."""
    sign = {"EUR": "€", "GBP": "£", "USD": "$"}.get(currency, currency + " ")
    return f"{sign} {number(amount, 2)}" if _now[0] is Language.NL else f"{sign}{number(amount, 2)}"
