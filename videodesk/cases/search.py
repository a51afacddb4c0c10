"""What a case is found by: words without case and diacritics, the same on every database."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import fields
from typing import Final

from videodesk.cases.model import Case, Note

_WORD: Final = re.compile(r"[^\W_]+")


def words_of(text: str) -> list[str]:
    """The words of a text: runs of letters and digits, case-folded, without diacritics (São → sao)."""
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return _WORD.findall("".join(char for char in decomposed if not unicodedata.combining(char)))


def case_words(case: Case, notes: list[Note]) -> list[str]:
    """All words that full-text search looks through: the record, its parties, its notes."""
    parts: list[str] = [
        case.number, case.title, case.order_number, case.product, case.brand, case.model, case.serial, case.ean, case.claim_ref,
        case.incident.place, case.incident.description,
    ]
    for party in case.parties:
        parts += [str(getattr(party, field.name)) for field in fields(party) if field.name not in {"role", "language"}]
    return words_of(" ".join([*parts, *(note.text for note in notes)]))
