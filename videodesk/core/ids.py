"""Identifiers: UUIDv7 (RFC 9562 §5.7) as canonical lower-case strings, and case numbers."""

from __future__ import annotations

import re
import secrets
from datetime import UTC, datetime
from typing import Final

from videodesk.core.errors import Invalid

_UUID: Final = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
UUID_PATTERN: Final = rf"^{_UUID.pattern}$"
_CASE_NUMBER: Final = re.compile(r"VD-(\d{4})-(\d{6,})")


def new_id(now: datetime | None = None) -> str:
    """Return a new UUIDv7: 48 bits of Unix milliseconds, then 74 random bits.

    Ids are made where the thing is made (a snapshot's on the desktop), so that a repeated write is recognised.
    """
    moment = now or datetime.now(tz=UTC)  # noqa: TID251 - the default clock of ids; callers with a Clock pass its time
    millis = int(moment.timestamp() * 1000) & ((1 << 48) - 1)
    bits = (
        (millis << 80)
        | (0x7 << 76)
        | (secrets.randbits(12) << 64)
        | (0b10 << 62)
        | secrets.randbits(62)
    )
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def is_id(text: str) -> bool:
    """Say whether `text` is a canonical UUID; anything else never reaches a path or a query."""
    return _UUID.fullmatch(text) is not None


def require_id(text: str, field: str = "id") -> str:
    """Return `text` when it is a canonical UUID, else raise Invalid("id.malformed")."""
    if not is_id(text):
        code = "id.malformed"
        raise Invalid(code, field=field)
    return text


def case_number(year: int, sequence: int) -> str:
    """Return the number people say on the phone: VD-2026-000123. `sequence` starts at 1 every year."""
    return f"VD-{year:04d}-{sequence:06d}"


def is_case_number(text: str) -> bool:
    """Say whether `text` has the form of a case number."""
    return _CASE_NUMBER.fullmatch(text) is not None
