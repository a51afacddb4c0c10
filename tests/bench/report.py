"""`report`: the signed report of a case with twenty sealed pictures of 720p, from the request to the PDF, on SQLite and local files.

The floor is typst alone: the same pages of the same facts and pictures, neither checked nor signed. Figures: `nl` and `en`. Ours and the
floor take turns. Flag: `--rounds`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.bench._chromium import figure, ratio
from tests.service.conftest import quiet_logs
from tests.service.report_desk import ReportDesk, furnished
from videodesk.core.vocabulary import Language
from videodesk.evidence.report_ports import ReportContents
from videodesk.evidence.seal_ports import TimestampAuthority
from videodesk.sealing.report import TypstReport, set_pages

PICTURES = 20


class _Listening(TypstReport):
    """Remembers what it was asked for."""

    asked: ReportContents | None = None

    def make(self, contents: ReportContents, authority: TimestampAuthority | None = None) -> bytes:
        self.asked = contents
        return super().make(contents, authority)


def run() -> dict[str, Any]:
    """Measure `--rounds` reports in each language."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench report")
    parser.add_argument("--rounds", type=int, default=15)
    given, _ = parser.parse_known_args()
    quiet_logs()
    with tempfile.TemporaryDirectory() as folder:
        desk = furnished(Path(folder), PICTURES)
        maker = _Listening(desk.keys)
        desk.desk.reports = maker
        try:
            figures = {language.value: _measure(desk, maker, language, given.rounds) for language in Language}
        finally:
            desk.close()
    return {"name": "report", "figures": figures}


def _measure(desk: ReportDesk, maker: _Listening, language: Language, rounds: int) -> dict[str, Any]:
    desk.report(language.value)  # fonts are read once in a service's life
    ours, floor = [], []
    for turn in range(rounds):
        began = time.perf_counter()
        desk.report(language.value)
        ours.append(time.perf_counter() - began)
        assert maker.asked is not None
        # typst remembers what it set before: the floor gets a text on every page that it has not seen either.
        other = replace(maker.asked, told={**maker.asked.told, "desk": f"{maker.asked.told['desk']} {turn}"})
        began = time.perf_counter()
        set_pages(other)
        floor.append(time.perf_counter() - began)
    mine, least = figure(ours), figure(floor)
    return {"unit": "s", "ours": mine, "floor": least, "ratio": ratio(mine, least)}
