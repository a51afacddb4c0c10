"""The outbox: originals that are kept here before anybody says so, and sent to the case until the service has them.

    keep: metadata file, original file (tmp + fsync + rename), folder fsync, row (synchronous=FULL)   → kept here
    deliver: PUT with the id that was made here                                                             → sent → confirmed

Whatever dies in between, nothing that was kept is lost: after a restart `recover` finds a file without a row by its metadata
file, and a row that was sent but never confirmed is sent again (the service knows the id). What the service refuses for good
stays here, is shown, and can be tried again; nothing is ever dropped silently. Confirmed originals stay for a day (`tidy`).
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from videodesk.core.clock import Clock, iso
from videodesk.core.errors import Conflict, DeskError, Invalid, NotFound, OutOfSpace, WorldError
from videodesk.core.ids import is_id, require_id
from videodesk.protocol.resources import SnapshotMeta

_SUFFIX: Final = {"image/jpeg": ".jpg", "image/png": ".png"}
_TABLE: Final = """
CREATE TABLE IF NOT EXISTS outbox (
    snapshot_id TEXT PRIMARY KEY,
    person_id   TEXT NOT NULL,
    case_id     TEXT NOT NULL,
    metadata    TEXT NOT NULL,
    file        TEXT NOT NULL,
    state       TEXT NOT NULL,
    tries       INTEGER NOT NULL DEFAULT 0,
    code        TEXT,
    params      TEXT NOT NULL DEFAULT '{}',
    kept_at     TEXT NOT NULL,
    changed_at  TEXT NOT NULL
) STRICT"""


class OutboxState(StrEnum):
    """How far an original is."""

    KEPT = "kept_here"
    SENT = "sent"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class OutboxEntry:
    """One original in the outbox. `error_code` says what the last try ran into; for a refused one it is the reason."""

    snapshot_id: str
    person_id: str
    meta: SnapshotMeta
    path: Path
    state: OutboxState
    kept_at: datetime
    tries: int = 0
    error_code: str | None = None
    error_params: tuple[tuple[str, str | int | float | bool | None], ...] = ()

    def error(self) -> DeskError | None:
        """The last try's error, ready to be put into words."""
        return DeskError(self.error_code, **dict(self.error_params)) if self.error_code else None


Fault = Callable[[str], None]


def _no_fault(_point: str) -> None:
    """Named points at which a test may end the process."""


class Outbox:
    """One folder with originals and its own SQLite file. Every method blocks for disk time: call it in a worker thread.

    Thread-safe; one process at a time (the desktop is a single instance).
    """

    def __init__(self, folder: Path, clock: Clock, changed: Callable[[OutboxEntry], None] | None = None, at: Fault = _no_fault) -> None:
        """`changed`: as for `on_change`, from the first moment on. `at`: told of named points, for tests that end the process there."""
        self._folder = folder
        self._files = folder / "originals"
        self._clock = clock
        self._listeners = [changed] if changed else []
        self._at = at
        self._lock = threading.Lock()
        with _world():
            self._files.mkdir(parents=True, exist_ok=True)
            self._rows = sqlite3.connect(folder / "outbox.sqlite3", check_same_thread=False, isolation_level=None, timeout=5.0)
            self._rows.row_factory = sqlite3.Row
            self._rows.execute("PRAGMA journal_mode=WAL")
            self._rows.execute("PRAGMA synchronous=FULL")
            self._rows.execute(_TABLE)
        self.set_aside: list[Path] = []
        self.recover()

    def on_change(self, changed: Callable[[OutboxEntry], None]) -> Callable[[], None]:
        """Tell this one of every change from now on, in the thread that made it; returns what ends it."""
        self._listeners.append(changed)

        def end() -> None:
            if changed in self._listeners:
                self._listeners.remove(changed)

        return end

    def _changed(self, entry: OutboxEntry) -> None:
        for listener in tuple(self._listeners):
            listener(entry)

    def close(self) -> None:
        """Let go of the database."""
        with self._lock:
            self._rows.close()

    def keep(self, snapshot_id: str, person_id: str, meta: SnapshotMeta, original: bytes) -> OutboxEntry:
        """Keep an original: when this returns, it survives a crash of the program and of the machine. The same again is no error.

        Raises OutOfSpace("outbox.full"), WorldError("outbox.unwritable"), Conflict("snapshot.differs"), Invalid("snapshot.digest").
        """
        require_id(snapshot_id, "snapshot_id")
        if hashlib.sha256(original).hexdigest() != meta.digest:
            raise Invalid("snapshot.digest")
        before = self.entry(snapshot_id)
        if before is not None:
            if before.meta.digest != meta.digest:
                raise Conflict("snapshot.differs")
            return before
        path = self._files / (snapshot_id + _SUFFIX[meta.media_type])
        told = json.dumps({"person_id": person_id, "kept_at": iso(self._clock.now()), "metadata": meta.model_dump(mode="json")})
        with _world():
            # Not synced: it only matters when the program dies before the row is there, and then the system still has it.
            self._write(path.with_suffix(".json"), told.encode(), sync=False)
            self._at("metadata written")
            self._write(path, original)
            self._at("original renamed")
            self._sync_folder()
            self._at("folder synced")
            entry = self._insert(snapshot_id, person_id, meta, path, self._clock.now())
        self._at("row written")
        self._changed(entry)
        return entry

    def entry(self, snapshot_id: str) -> OutboxEntry | None:
        """The entry of this snapshot."""
        found = self._query("SELECT * FROM outbox WHERE snapshot_id = ?", snapshot_id)
        return found[0] if found else None

    def entries(self, case_id: str | None = None) -> list[OutboxEntry]:
        """All entries (of a case), oldest first."""
        if case_id is None:
            return self._query("SELECT * FROM outbox ORDER BY kept_at, rowid")
        return self._query("SELECT * FROM outbox WHERE case_id = ? ORDER BY kept_at, rowid", case_id)

    def waiting(self, person_id: str) -> list[OutboxEntry]:
        """What still has to go to the service in this person's name, oldest first."""
        return self._query("SELECT * FROM outbox WHERE person_id = ? AND state IN ('kept_here', 'sent') ORDER BY kept_at, rowid",
                           person_id)

    def original(self, snapshot_id: str) -> bytes:
        """The original's bytes; NotFound("snapshot.unknown") when it is no longer here, WorldError("outbox.damaged") when it differs."""
        entry = self.entry(snapshot_id)
        if entry is None or not entry.path.is_file():
            raise NotFound("snapshot.unknown")
        with _world():
            data = entry.path.read_bytes()
        if hashlib.sha256(data).hexdigest() != entry.meta.digest:
            raise Conflict("outbox.damaged")
        return data

    def mark(self, snapshot_id: str, state: OutboxState, problem: DeskError | None = None) -> OutboxEntry:
        """Write down how far it is; a confirmed one never goes back."""
        params = json.dumps(problem.params if problem else {})
        with _world(), self._lock:
            self._rows.execute(
                "UPDATE outbox SET state = ?, code = ?, params = ?, tries = tries + ?, changed_at = ? "
                "WHERE snapshot_id = ? AND state <> 'confirmed'",
                (state.value, problem.code if problem else None, params, int(state is OutboxState.SENT and problem is None),
                 iso(self._clock.now()), snapshot_id))
        entry = self.entry(snapshot_id)
        if entry is None:
            raise NotFound("snapshot.unknown")
        self._changed(entry)
        return entry

    def assign(self, snapshot_id: str, checklist_item: str | None) -> OutboxEntry | None:
        """Let an original that was not sent yet belong to another checklist item; None when it is too late for that."""
        entry = self.entry(snapshot_id)
        if entry is None or entry.state not in {OutboxState.KEPT, OutboxState.REFUSED}:
            return None
        meta = entry.meta.model_copy(update={"checklist_item": checklist_item})
        with _world(), self._lock:
            done = self._rows.execute("UPDATE outbox SET metadata = ? WHERE snapshot_id = ? AND state IN ('kept_here', 'refused')",
                                      (meta.model_dump_json(), snapshot_id)).rowcount
        if not done:
            return None
        changed = replace(entry, meta=meta)
        self._changed(changed)
        return changed

    def retry(self, snapshot_id: str) -> OutboxEntry:
        """Send a refused one again."""
        return self.mark(snapshot_id, OutboxState.KEPT)

    def recover(self) -> list[OutboxEntry]:
        """Take in files without a row (the program ended between the two). What cannot be understood goes to `set_aside/`."""
        taken: list[OutboxEntry] = []
        with _world():
            adopted = (self._adopt(note) for note in sorted(self._files.glob("*.json")))
            taken.extend(entry for entry in adopted if entry is not None)
            known = {entry.path.stem for entry in self.entries()}
            for stray in sorted(self._files.iterdir()):
                if stray.name.split(".")[0] not in known:
                    self._put_aside(stray)
        for entry in taken:
            self._changed(entry)
        return taken

    def tidy(self, older_than: timedelta = timedelta(days=1)) -> int:
        """Remove confirmed originals that the service has for longer than this; returns how many."""
        limit = iso(self._clock.now() - older_than)
        old = self._query("SELECT * FROM outbox WHERE state = 'confirmed' AND changed_at < ?", limit)
        with _world():
            for entry in old:
                entry.path.with_suffix(".json").unlink(missing_ok=True)
                entry.path.unlink(missing_ok=True)
                with self._lock:
                    self._rows.execute("DELETE FROM outbox WHERE snapshot_id = ?", (entry.snapshot_id,))
        return len(old)

    def _adopt(self, note: Path) -> OutboxEntry | None:
        """The entry for a metadata file whose original is whole but has no row yet."""
        if not is_id(note.stem) or self.entry(note.stem) is not None:
            return None
        try:
            told = json.loads(note.read_bytes())
            meta = SnapshotMeta.model_validate(told["metadata"])
            person_id, kept_at = str(told["person_id"]), datetime.fromisoformat(told["kept_at"])
        except (ValueError, KeyError, TypeError, ValidationError):
            return None
        path = note.with_suffix(_SUFFIX[meta.media_type])
        unfinished = path.with_name(path.name + ".tmp")
        for found in (path, unfinished):
            if found.is_file() and hashlib.sha256(found.read_bytes()).hexdigest() == meta.digest:
                if found is unfinished:
                    with found.open("rb") as file:
                        os.fsync(file.fileno())
                    found.replace(path)
                self._sync_folder()
                return self._insert(note.stem, person_id, meta, path, kept_at)
        return None

    def _put_aside(self, stray: Path) -> None:
        corner = self._folder / "set_aside"
        corner.mkdir(exist_ok=True)
        stray.replace(corner / stray.name)
        self.set_aside.append(corner / stray.name)

    def _write(self, path: Path, data: bytes, *, sync: bool = True) -> None:
        unfinished = path.with_name(path.name + ".tmp")
        try:
            with unfinished.open("wb") as file:
                file.write(data)
                file.flush()
                self._at(f"{path.suffix[1:]} unsynced")
                if sync:
                    os.fsync(file.fileno())
            unfinished.replace(path)
        except OSError:  # a full disk needs the room more than we need half a file
            with suppress(OSError):
                unfinished.unlink(missing_ok=True)
            raise

    def _sync_folder(self) -> None:
        if os.name != "posix":  # elsewhere a folder cannot be opened; the rename is durable by itself
            return
        handle = os.open(self._files, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

    def _insert(self, snapshot_id: str, person_id: str, meta: SnapshotMeta, path: Path, kept_at: datetime) -> OutboxEntry:
        with self._lock:
            self._rows.execute(
                "INSERT INTO outbox (snapshot_id, person_id, case_id, metadata, file, state, kept_at, changed_at) VALUES (?,?,?,?,?,?,?,?)",
                (snapshot_id, person_id, meta.case_id, meta.model_dump_json(), path.name, OutboxState.KEPT.value, iso(kept_at),
                 iso(self._clock.now())))
        return OutboxEntry(snapshot_id, person_id, meta, path, OutboxState.KEPT, kept_at)

    def _query(self, sql: str, *values: Any) -> list[OutboxEntry]:
        with _world(), self._lock:
            rows = self._rows.execute(sql, values).fetchall()
        return [
            OutboxEntry(
                row["snapshot_id"], row["person_id"], SnapshotMeta.model_validate_json(row["metadata"]), self._files / row["file"],
                OutboxState(row["state"]), datetime.fromisoformat(row["kept_at"]), row["tries"], row["code"],
                tuple(json.loads(row["params"]).items()))
            for row in rows
        ]


@contextmanager
def _world() -> Iterator[None]:
    """The disk's and SQLite's failures as errors that say what a person can do."""
    try:
        yield
    except OSError as problem:
        if problem.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}:
            raise OutOfSpace("outbox.full") from problem
        raise WorldError("outbox.unwritable") from problem
    except sqlite3.OperationalError as problem:
        if "full" in str(problem):
            raise OutOfSpace("outbox.full") from problem
        raise WorldError("outbox.unwritable") from problem
