"""Port of the report: who sets its pages and signs them. Implemented by sealing/report.py."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from videodesk.core.vocabulary import Language
from videodesk.evidence.seal_ports import TimestampAuthority


@dataclass(frozen=True, slots=True)
class ReportContents:
    """What is in a report: `told` (evidence.report.tell, plain JSON: every text in it is data), and the pictures by the names it uses.

    A picture is a JPEG, PNG or WebP that some decoder has taken before. Names are letters, digits, `-` and one dot.
    """

    language: Language
    made_at: datetime
    title: str
    told: dict[str, Any] = field(repr=False)
    pictures: Mapping[str, bytes] = field(repr=False)


class ReportMaker(Protocol):
    """Sets a report as PDF/A-3 and PDF/UA-1 and signs it (PAdES) with the desk's sealing key. Any thread; under a second for twenty pictures."""

    def make(self, contents: ReportContents, authority: TimestampAuthority | None = None) -> bytes:
        """The signed PDF. With an `authority` its signature gets a time stamp, unless that fails: then it goes without.

        WorldError("report.failed") when a page cannot be set, or the key does not sign.
        """
        ...
