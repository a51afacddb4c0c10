"""videodesk:// links: what may be opened from outside. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from videodesk.core.ids import is_case_number, is_id

SCHEME: Final = "videodesk"


@dataclass(frozen=True, slots=True)
class Target:
    """A screen and what to show there."""

    screen: str
    params: dict[str, str] = field(default_factory=dict)


def parse_link(link: str) -> Target | None:
    """`videodesk://case/VD-2026-000001` (or the case's id), `videodesk://inbox`; anything else, hostile or mistyped, is None."""
    try:
        parts = urlsplit(link.strip())
    except ValueError:
        return None
    if parts.scheme != SCHEME or parts.query or parts.fragment or len(link) > 500:
        return None
    rest = parts.path.strip("/")
    if parts.netloc == "case" and (is_id(rest) or is_case_number(rest)):
        return Target("case", {"case_id": rest})
    if parts.netloc in {"inbox", "cases", "review", "settings"} and not rest:
        return Target(parts.netloc)
    return None


def case_link(number: str) -> str:
    """The link that opens a case."""
    return f"{SCHEME}://case/{number}"
