"""What `videodesk admin log` does: check the whole custody log, and note its head elsewhere."""

from __future__ import annotations

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Final

from videodesk.core.errors import Invalid, WorldError
from videodesk.evidence.custody import bytes_of_head
from videodesk.evidence.custody_check import LogVerdict, Signed, check_log, salts_of
from videodesk.evidence.seal_ports import TreeHead
from videodesk.service.desk import Desk

_WHAT: Final = {
    "removed": "entry {n} is missing",
    "reordered": "another entry stands at {n}",
    "altered": "entry {n} was altered",
    "detail_altered": "what is told beside entry {n} was altered",
    "detail_removed": "what was told beside entry {n} is gone, and no erasure stands in the log",
    "truncated": "the log ends before entry {n}, which a head covers",
    "unsigned_tail": "entry {n} came in without a head: not by this program",
    "head_altered": "the head of {n} entries is not signed by this desk's log key",
}


def verify(desk: Desk, signed: Signed | None, checkpoint: Path | None) -> tuple[list[str], bool]:
    """Lines that say how the log is, and whether it is intact. Invalid("custody.checkpoint_unreadable")."""
    head = _read(checkpoint) if checkpoint is not None else None
    with desk.store.read() as uow:
        verdict = check_log(uow.custody, salts_of(uow.custody), signed, head)
    return _lines(verdict, head), verdict.is_intact


def checkpoint(desk: Desk, out: Path | None) -> list[str]:
    """The newest head as a JSON line: keep it somewhere that this computer cannot write to."""
    with desk.store.read() as uow:
        head = uow.custody.newest_head()
    if head is None:
        return ["The log is empty."]
    told = json.dumps(json.loads(bytes_of_head(head)) | {"signature": head.signature.hex()}, sort_keys=True)
    if out is None:
        return [told]
    try:
        with out.open("w", encoding="ascii") as file:
            file.write(told + "\n")
            file.flush()
            os.fsync(file.fileno())
    except OSError as problem:
        raise WorldError("storage.unwritable", folder=str(out)) from problem
    return [f"{out}: {head.size} entries, root {head.root}"]


def _lines(verdict: LogVerdict, checkpoint_head: TreeHead | None) -> list[str]:
    lines = [f"entries        {verdict.good_count}", f"root           {verdict.head}", f"heads          {verdict.heads}"]
    if verdict.erased_count:
        lines.append(f"erased cases   {verdict.erased_count} entries whose details were erased")
    if checkpoint_head is not None:
        lines.append(f"checkpoint     {checkpoint_head.size} entries, {checkpoint_head.at:%Y-%m-%d %H:%M:%S} UTC")
    if verdict.problem is None:
        return [*lines, "intact" if verdict.is_signed or not verdict.good_count else "intact; its newest head is not signed"]
    if verdict.bad_index is None:
        return [*lines, f"NOT INTACT: {verdict.problem}"]
    return [*lines, f"NOT INTACT: {_WHAT[verdict.problem].format(n=verdict.bad_index)}"]


def _read(path: Path) -> TreeHead:
    try:
        told = json.loads(path.read_text(encoding="ascii"))
        return TreeHead(int(told["size"]), str(told["root"]), datetime.fromisoformat(told["at"]), bytes.fromhex(told["signature"]))
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise Invalid("custody.checkpoint_unreadable", file=str(path)) from problem
