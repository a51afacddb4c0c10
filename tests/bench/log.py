"""`log`: re-checking a custody log of 100,000 entries, each with its details and its own signed head, against its heads.

The floor is reading the same rows and hashing them once. Figure `verify`, in ms.
"""

from __future__ import annotations

import argparse
import hashlib
import sqlite3
import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any


def run() -> dict[str, Any]:
    """`--entries` and `--rounds`."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench log")
    parser.add_argument("--entries", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=5)
    given, _ = parser.parse_known_args()
    with tempfile.TemporaryDirectory() as folder:
        return {"name": "log", "entries": given.entries, "figures": {"verify": _measure(Path(folder), given.entries, given.rounds)}}


def _measure(folder: Path, entries: int, rounds: int) -> dict[str, Any]:
    from tests.bench._chromium import figure, ratio
    from tests.sealing.keys import NOW, desk_keys
    from videodesk.core.ids import new_id
    from videodesk.core.vocabulary import CustodyAction
    from videodesk.evidence.custody import record
    from videodesk.evidence.custody_check import check_log, salts_of
    from videodesk.evidence.vault_ports import MemoryVault
    from videodesk.sealing.certificates import chain_of
    from videodesk.sealing.pins import is_signed_by
    from videodesk.storage.bus_local import LocalBus
    from videodesk.storage.sql.engine import SqlStore

    keys = desk_keys(folder)
    certificate = chain_of(keys.log_chain_pem)[0]
    store = SqlStore(f"sqlite:///{folder / 'desk.db'}", LocalBus(), MemoryVault(), keys.sign_log)
    store.upgrade()
    cases, people = [new_id() for _ in range(500)], [new_id() for _ in range(20)]
    with store.write() as uow:
        for n in range(entries):
            record(uow.custody, CustodyAction.VIEWED, people[n % 20], NOW + timedelta(seconds=n), snapshot_id=new_id(), case_id=cases[n % 500],
                   data={"original_id": new_id(), "digest": "ab" * 32})
            uow.custody.close_head()
    ours, floor = [], []
    for _ in range(rounds):
        began = time.perf_counter()
        with store.read() as uow:
            verdict = check_log(uow.custody, salts_of(uow.custody), lambda data, signature: is_signed_by(certificate, data, signature))
        ours.append((time.perf_counter() - began) * 1000)
        assert verdict.is_intact
        assert verdict.is_signed
        assert verdict.good_count == verdict.heads == entries
        began = time.perf_counter()
        _read_and_hash(folder / "desk.db")
        floor.append((time.perf_counter() - began) * 1000)
    store.close()
    mine, theirs = figure(ours), figure(floor)
    return {"unit": "ms", "ours": mine, "floor": theirs, "ratio": ratio(mine, theirs), "median_s": statistics.median(ours) / 1000}


def _read_and_hash(path: Path) -> None:
    connection = sqlite3.connect(path)
    for leaf, data in connection.execute('SELECT leaf, data FROM custody_leaves JOIN custody_details USING ("index")'):
        hashlib.sha256(leaf.encode()).digest()
        hashlib.sha256(data.encode()).digest()
    connection.close()
