"""Where things that ship beside the code are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).resolve().parent.parent


def resources() -> Path:
    """The folder `resources`: beside the package in a checkout, inside it (`_resources`) in an installed wheel."""
    beside = _PACKAGE.parent / "resources"
    return beside if beside.is_dir() else _PACKAGE / "_resources"
