"""The service's own texts: what an invitation says, in every language (resources/i18n/*/service.json)."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from videodesk.core.places import resources
from videodesk.core.vocabulary import Language


@cache
def _catalogue(language: Language) -> dict[str, Any]:
    texts: dict[str, Any] = json.loads((resources() / "i18n" / language.value / "service.json").read_text(encoding="utf-8"))
    return texts


def t(language: Language, key: str, **params: str | int) -> str:
    """The text with its parameters filled in; with a plural the parameter `n` decides. A missing key is a bug and raises KeyError."""
    found = _catalogue(language)["service." + key]
    if isinstance(found, dict):
        found = found["one" if params["n"] == 1 else "other"]
    return str(found).format_map(params)
