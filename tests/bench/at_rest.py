"""`at_rest`: what encryption costs: keeping a still of 4 MB, reading it, and reading parts of a clip of 1 GB.

The floor is the same through plain files, with the same order of flushes. Figures `keep`, `read`, `range_64k`, `range_1m` in ms, `clip` in s.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

_MIB = 1024 * 1024
_STILL_BYTES = 4_000_000


def run() -> dict[str, Any]:
    """`--rounds`, `--clip-mb`, `--folder` (on the disk to be measured)."""
    from tests.bench._chromium import figure, ratio
    from videodesk.core.ids import new_id
    from videodesk.storage.blobs_encrypted import EncryptedCaseBlobs
    from videodesk.storage.blobs_local import LocalBlobs
    from videodesk.storage.vault_local import LocalVault

    parser = argparse.ArgumentParser(prog="python -m tests.bench at_rest")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--clip-mb", type=int, default=1000)
    parser.add_argument("--folder", type=Path)
    given, _ = parser.parse_known_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        ours = _measure(EncryptedCaseBlobs(folder / "ours", LocalVault(folder / "keys")).of_case(new_id()), given.rounds, given.clip_mb)
        floor = _measure(LocalBlobs(folder / "floor"), given.rounds, given.clip_mb)
    figures = {}
    for key, times in ours.items():
        mine, theirs = figure(times), figure(floor[key])
        figures[key] = {"unit": "s" if key == "clip" else "ms", "ours": mine, "floor": theirs, "ratio": ratio(mine, theirs)}
    return {"name": "at_rest", "clip_mb": given.clip_mb, "figures": figures}


def _measure(blobs: Any, rounds: int, clip_mb: int) -> dict[str, list[float]]:
    stills = [os.urandom(_STILL_BYTES) for _ in range(8)]
    digests = [blobs.put(still) for still in stills]
    piece, chance = os.urandom(_MIB), random.Random(4)
    began = time.perf_counter()
    with blobs.stage((piece for _ in range(clip_mb)), clip_mb * _MIB) as staged:
        staged.keep()
    clip_s = time.perf_counter() - began

    def part(size: int) -> Callable[[int], None]:
        def read(_round: int) -> None:
            at = chance.randrange(clip_mb * _MIB - size)
            assert sum(map(len, blobs.chunks(staged.digest, at, at + size))) == size
        return read

    return {
        "keep": _times(lambda n: blobs.put(stills[n % 8]), rounds), "read": _times(lambda n: blobs.read(digests[n % 8]), rounds),
        "range_64k": _times(part(65_536), rounds), "range_1m": _times(part(_MIB), rounds), "clip": [clip_s],
    }


def _times(work: Callable[[int], Any], rounds: int) -> list[float]:
    found = []
    for number in range(rounds):
        began = time.perf_counter()
        work(number)
        found.append((time.perf_counter() - began) * 1000)
    return found
