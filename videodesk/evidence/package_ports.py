"""Ports of the evidence package: what goes into one, and who puts it together. resources/docs/PACKAGE.md is the format."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, BinaryIO, Protocol

from videodesk.core.vocabulary import Language

Step = Callable[[str, int, int], None]
"""Told how far it is: a step's code (`package.step.<code>` in verify.json), done, total."""


@dataclass(frozen=True, slots=True)
class Part:
    """One payload file: its entry in the index, and its bytes. `chunks` gives them from the start each time it is asked."""

    path: str
    role: str
    media_type: str
    size_bytes: int
    sha256: str
    chunks: Callable[[], Iterator[bytes]] = field(repr=False)
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def entry(self) -> dict[str, Any]:
        """What `package.json` says of it."""
        return {
            "path": self.path, "role": self.role, "media_type": self.media_type, "size_bytes": self.size_bytes, "sha256": self.sha256,
            **self.facts}


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes into a package. `tokens` are named below `time/`; `authorities_pem` are the roots of who gave them."""

    id: str
    made_at: datetime
    language: Language
    is_outside_copy: bool
    case_id: str
    case_number: str
    case_kind: str
    desk_name: str
    parts: tuple[Part, ...]
    withheld: tuple[dict[str, Any], ...] = ()
    tokens: tuple[tuple[str, bytes], ...] = ()
    authorities_pem: str = ""


class Packer(Protocol):
    """Puts packages together and signs them. Any thread; as slow as the disk for clips."""

    def pack(self, out: BinaryIO, contents: Contents, step: Step) -> None:
        """Write the package to `out` (empty, can seek). WorldError("blob.damaged") when a part is not what its digest says."""
        ...
