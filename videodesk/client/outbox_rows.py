"""The outbox's rows: one SQLite file, written through (WAL, synchronous=FULL), for one process at a time.

How far an original is need not be on the disk to be true: what is lost of it is sent again, and the service knows the id. So a
mark that cannot be written (disk full, read-only) is kept in memory and written when it can be.
"""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import threading
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from videodesk.client.disk import world
from videodesk.client.outbox_entry import OutboxEntry, OutboxState
from videodesk.core.clock import Clock, iso
from videodesk.core.errors import DeskError, WorldError
from videodesk.protocol.resources import SnapshotMeta

_TABLE: Final = """
CREATE TABLE outbox (
    original_id TEXT PRIMARY KEY,
    snapshot_id TEXT NOT NULL,
    person_id   TEXT NOT NULL,
    case_id     TEXT NOT NULL,
    metadata    TEXT NOT NULL,
    file        TEXT NOT NULL,
    poster      TEXT,
    size_bytes  INTEGER NOT NULL DEFAULT 0,
    state       TEXT NOT NULL,
    tries       INTEGER NOT NULL DEFAULT 0,
    is_moved    INTEGER NOT NULL DEFAULT 0,
    code        TEXT,
    params      TEXT NOT NULL DEFAULT '{}',
    kept_at     TEXT NOT NULL,
    changed_at  TEXT NOT NULL
) STRICT"""
# The first version knew one original a snapshot, under the snapshot's id.
_FROM_FIRST_VERSION: Final = (
    "ALTER TABLE outbox RENAME COLUMN snapshot_id TO original_id",
    "ALTER TABLE outbox ADD COLUMN snapshot_id TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE outbox ADD COLUMN poster TEXT",
    "ALTER TABLE outbox ADD COLUMN size_bytes INTEGER NOT NULL DEFAULT 0",
    "ALTER TABLE outbox ADD COLUMN is_moved INTEGER NOT NULL DEFAULT 0",
    "UPDATE outbox SET snapshot_id = original_id",
)
_INSERT: Final = """
INSERT INTO outbox (original_id, snapshot_id, person_id, case_id, metadata, file, poster, size_bytes, state, kept_at, changed_at)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"""
# In the order in which they came in: the wall clock may be set back.
_SELECT: Final = """
SELECT * FROM outbox WHERE (?1 IS NULL OR original_id = ?1) AND (?2 IS NULL OR case_id = ?2) AND (?3 IS NULL OR person_id = ?3)
    AND (?4 IS NULL OR snapshot_id = ?4) ORDER BY rowid"""
_SELECT_CONFIRMED: Final = "SELECT * FROM outbox WHERE state = 'confirmed' AND (changed_at < ? OR changed_at > ?) ORDER BY rowid"


class OutboxRows:
    """Reads and writes entries. Thread-safe; blocks for disk time."""

    def __init__(self, folder: Path, files: Path, clock: Clock) -> None:
        self._files = files
        self._clock = clock
        self._lock = threading.Lock()
        self._unwritten: dict[str, tuple[OutboxState, DeskError | None, int]] = {}
        self._refuge: tempfile.TemporaryDirectory[str] | None = None
        database = folder / "outbox.sqlite3"
        try:
            self._db = _opened(database)
        except (sqlite3.Error, OSError):
            # A disk that became read-only: what is kept on it can still be read, and sent. The marks then live beside it.
            if not database.is_file():
                raise
            self._refuge = tempfile.TemporaryDirectory(prefix="videodesk-outbox-")
            for found in folder.glob(database.name + "*"):
                if not found.name.endswith("-shm"):
                    shutil.copyfile(found, Path(self._refuge.name) / found.name)
            self._db = _opened(Path(self._refuge.name) / database.name)

    def close(self) -> None:
        """Let go of the file; what was not yet written is tried once more."""
        self._settle()
        with self._lock:
            self._db.close()
        if self._refuge is not None:
            self._refuge.cleanup()

    def insert(self, entry: OutboxEntry) -> OutboxEntry:
        """Add an entry; when this returns it is on the disk."""
        if self._refuge is not None:
            raise WorldError("outbox.unwritable")
        values = (entry.original_id, entry.snapshot_id, entry.person_id, entry.meta.case_id, entry.meta.model_dump_json(), entry.path.name,
                  entry.poster.name if entry.poster else None, entry.size_bytes, entry.state.value, iso(entry.kept_at), iso(self._clock.now()))
        with world(), self._lock:
            self._db.execute(_INSERT, values)
        return entry

    def come_to_rest(self) -> None:
        """At the start nothing is on its way, whatever was when the last program ended."""
        with world(), self._lock:
            self._db.execute("UPDATE outbox SET state = 'kept_here' WHERE state = 'sent'")

    def entry(self, original_id: str) -> OutboxEntry | None:
        """The entry of this original."""
        found = self._query(_SELECT, original_id, None, None, None)
        return found[0] if found else None

    def entries(self, case_id: str | None = None, person_id: str | None = None, snapshot_id: str | None = None) -> list[OutboxEntry]:
        """Those that match what is given, in the order in which they came in."""
        return self._query(_SELECT, None, case_id, person_id, snapshot_id)

    def confirmed(self, before: datetime, after: datetime) -> list[OutboxEntry]:
        """Those that were confirmed before `before`, or by a clock that ran ahead of `after`."""
        return self._query(_SELECT_CONFIRMED, iso(before), iso(after))

    def mark(self, original_id: str, state: OutboxState, problem: DeskError | None) -> None:
        """Write down how far it is, on the disk if that is possible; a confirmed one never goes back."""
        self._settle()
        tried = int(state is OutboxState.SENT and problem is None)
        with self._lock:
            before = self._unwritten.pop(original_id, None)
        if before is not None:
            if before[0] is OutboxState.CONFIRMED:
                state, problem = before[0], None
            tried += before[2]
        try:
            self._write_mark(original_id, state, problem, tried)
        except WorldError:
            with self._lock:
                self._unwritten[original_id] = (state, problem, tried)

    def set_metadata(self, original_id: str, meta: SnapshotMeta) -> None:
        """Other metadata, for one that was not confirmed; from the first try on that is a move which the service must be told of."""
        with world(), self._lock:
            self._db.execute("UPDATE outbox SET metadata = ?, is_moved = (tries > 0) WHERE original_id = ? AND state <> 'confirmed'",
                             (meta.model_dump_json(), original_id))

    def remove(self, original_id: str) -> None:
        """Forget an entry."""
        with world(), self._lock:
            self._db.execute("DELETE FROM outbox WHERE original_id = ?", (original_id,))

    def _write_mark(self, original_id: str, state: OutboxState, problem: DeskError | None, tried: int) -> None:
        with world(), self._lock:
            self._db.execute(
                "UPDATE outbox SET state = ?, code = ?, params = ?, tries = tries + ?, changed_at = ? WHERE original_id = ? AND state <> 'confirmed'",
                (state.value, problem.code if problem else None, json.dumps(problem.params if problem else {}), tried,
                 iso(self._clock.now()), original_id))

    def _settle(self) -> None:
        """Write the marks that could not be written before."""
        with self._lock:
            waiting, self._unwritten = self._unwritten, {}
        for original_id, (state, problem, tried) in waiting.items():
            try:
                self._write_mark(original_id, state, problem, tried)
            except WorldError:
                with self._lock:
                    self._unwritten.setdefault(original_id, (state, problem, tried))

    def _query(self, sql: str, *values: Any) -> list[OutboxEntry]:
        with world(), self._lock:
            rows = self._db.execute(sql, values).fetchall()
            unwritten = dict(self._unwritten)
        return list(self._as_marked(map(self._entry, rows), unwritten))

    def _entry(self, row: sqlite3.Row) -> OutboxEntry:
        return OutboxEntry(
            row["original_id"], row["snapshot_id"], row["person_id"], SnapshotMeta.model_validate_json(row["metadata"]),
            self._files / row["file"], OutboxState(row["state"]), datetime.fromisoformat(row["kept_at"]), row["size_bytes"],
            self._files / row["poster"] if row["poster"] else None, row["tries"], row["code"], tuple(json.loads(row["params"]).items()),
            is_moved=bool(row["is_moved"]))

    @staticmethod
    def _as_marked(entries: Iterable[OutboxEntry],
                   unwritten: dict[str, tuple[OutboxState, DeskError | None, int]]) -> Iterable[OutboxEntry]:
        for entry in entries:
            if entry.original_id not in unwritten:
                yield entry
                continue
            state, problem, tried = unwritten[entry.original_id]
            yield replace(entry, state=state, tries=entry.tries + tried, error_code=problem.code if problem else None,
                          error_params=tuple(problem.params.items()) if problem else ())


def _opened(database: Path) -> sqlite3.Connection:
    db = sqlite3.connect(database, check_same_thread=False, isolation_level=None, timeout=5.0)
    try:
        db.row_factory = sqlite3.Row
        # Ours alone: so the index of the WAL is in memory, and a full disk can be read.
        db.execute("PRAGMA locking_mode=EXCLUSIVE")
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("PRAGMA synchronous=FULL")
        db.execute("PRAGMA secure_delete=ON")
        columns = {row["name"] for row in db.execute("PRAGMA table_info(outbox)")}
        if "original_id" not in columns:
            db.execute("BEGIN IMMEDIATE")
            for statement in _FROM_FIRST_VERSION if columns else (_TABLE,):
                db.execute(statement)
            db.execute("COMMIT")
    except sqlite3.Error:
        db.close()
        raise
    return db
