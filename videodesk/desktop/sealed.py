"""Sealing without ever losing a picture: what cannot be sealed is kept as it is, and everybody sees that it has no seal. No Qt."""

from __future__ import annotations

import logging
from collections.abc import Callable

from videodesk.core.errors import WorldError

_log = logging.getLogger("videodesk.desktop.sealed")


def sealed(seal: Callable[[], bytes], bare: bytes) -> bytes:
    """What `seal` makes; `bare` when the key cannot be used now."""
    try:
        return seal()
    except WorldError as problem:
        _log.warning("kept without a seal: %s", problem.code)
        return bare
