"""The printable page with measuring markers, set by typst (PDF/UA-1) from resources/report/marker.typ. The same bytes each time."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import typst

from videodesk.annotation.measuring import MARKER_MM, MARKER_PATTERNS
from videodesk.core.errors import WorldError
from videodesk.core.places import resources
from videodesk.core.vocabulary import Language

_NAMES: Final = {100.0: "large", 40.0: "small"}
_MADE_AT: Final = datetime(2026, 1, 1, tzinfo=UTC)  # nothing of the day it is asked for is on it


@cache
def marker_page(language: Language) -> bytes:
    """The PDF: a marker of 100 mm, two of 40 mm and a control line of 100 mm on a sheet of A4. Any thread. WorldError("report.failed")."""
    return _typeset(language, format="pdf", pdf_standards=["ua-1"], timestamp=_MADE_AT)


def marker_picture(language: Language, dots_per_inch: float) -> bytes:
    """The same page as a PNG."""
    return _typeset(language, format="png", ppi=dots_per_inch)


def _typeset(language: Language, **how: Any) -> bytes:
    told = {"language": language.value} | {
        _NAMES[side]: {"mm": round(side), "pattern": MARKER_PATTERNS[number]} for number, side in MARKER_MM.items()}
    with tempfile.TemporaryDirectory(prefix="videodesk-marker-") as made:
        folder = Path(made)
        (folder / "marker.typ").write_bytes((resources() / "report" / "marker.typ").read_bytes())
        (folder / "words.json").write_bytes((resources() / "i18n" / language.value / "marker.json").read_bytes())
        (folder / "told.json").write_text(json.dumps(told), encoding="utf-8")
        fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(resources() / "fonts")])
        try:
            made_page: bytes = typst.compile(str(folder / "marker.typ"), root=str(folder), font_paths=fonts, **how)
        except typst.TypstError as problem:
            raise WorldError("report.failed") from problem
        return made_page
