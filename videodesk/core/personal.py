"""Personal data stays out of logs and crash reports."""

from __future__ import annotations

import re
from typing import Any, Final

# Fields that hold personal data or secrets wherever they appear in a log line's key.
PERSONAL_KEYS: Final = frozenset({
    "address", "authorization", "code", "cookie", "credential", "display_name", "email", "name", "note", "notes", "party",
    "password", "phone", "sdp", "text", "token", "url",
})
_EMAIL: Final = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{22,}")
_PHONE: Final = re.compile(r"(?<![\w-])\+?\d[\d ()-]{7,}\d(?![\w-])")
_ADDRESS: Final = re.compile(r"(?<![\d.])(?:\d{1,3}\.){3}\d{1,3}(?![\d.])")
_HOME: Final = re.compile(r"(/home/|/Users/|\\Users\\)[^/\\\s]+")
HIDDEN: Final = "‹hidden›"


def redact_text(text: str) -> str:
    """`text` without e-mail addresses, phone numbers, IP addresses, home folders and things as long as a token."""
    text = _EMAIL.sub(HIDDEN, text)
    text = _HOME.sub(r"\1" + HIDDEN, text)
    text = _ADDRESS.sub(HIDDEN, text)
    text = _PHONE.sub(HIDDEN, text)
    return _TOKEN.sub(lambda m: m[0] if "-" in m[0] and len(m[0]) == 36 else HIDDEN, text)


def redact(values: dict[str, Any]) -> dict[str, Any]:
    """A copy of `values` in which personal keys are hidden and strings are cleaned, at any depth."""
    return {key: HIDDEN if key.lower() in PERSONAL_KEYS else _redact_value(value) for key, value in values.items()}


def _redact_value(value: Any) -> Any:
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, dict):
        return redact(value)
    if isinstance(value, list | tuple):
        return [_redact_value(item) for item in value]
    return value
