"""SqlStore: units of work over SQLite (WAL) or another database SQLAlchemy knows."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import NullPool

from videodesk.core.errors import OutOfSpace, WorldError
from videodesk.core.events import EventBus
from videodesk.evidence.vault_ports import CaseVault, MemoryVault
from videodesk.storage.sql import fulltext, migrate
from videodesk.storage.sql.unit import SqlUnit

_BUSY_TIMEOUT_MS: Final = 5000
_WAL_PAUSE_S: Final = 0.01


class SqlStore:
    """Where units of work come from. Any thread; one connection a unit.

    On SQLite: WAL, synchronous=FULL (what is committed survives the power's failure), foreign keys, and BEGIN IMMEDIATE for writers,
    so that two writers queue at the beginning instead of failing in the middle. What is deleted is overwritten (see `scrub`).
    """

    def __init__(self, url: str, bus: EventBus, vault: CaseVault | None = None, sign_head: Callable[[bytes], bytes] | None = None) -> None:
        """`vault` salts the custody log; without one the salts end with the store. `sign_head` signs the log's heads (DeskKeys.sign_log)."""
        self._bus = bus
        self._vault = vault or MemoryVault()
        self._sign_head = sign_head
        self.engine = make_engine(url)

    def upgrade(self) -> None:
        """Bring the database to the newest schema; call it once before the first unit. WorldError("storage.newer")."""
        with world_errors():
            migrate.upgrade(self.engine, self._vault, self._sign_head)

    @contextmanager
    def read(self) -> Iterator[SqlUnit]:
        """A consistent view, rolled back at the end."""
        with world_errors(), self.engine.connect() as connection:
            try:
                yield SqlUnit(connection, self._vault, self._sign_head)
            finally:
                connection.rollback()

    @contextmanager
    def write(self) -> Iterator[SqlUnit]:
        """An exclusive writing transaction; its events go out after the commit."""
        with world_errors(), self.engine.connect() as connection:
            writing = connection.execution_options(videodesk_writes=True)
            with writing.begin():
                unit = SqlUnit(writing, self._vault, self._sign_head)
                yield unit
                unit.custody.close_head()
        for happened in unit.events:
            self._bus.publish(happened)

    def scrub(self) -> None:
        """Leave nothing on the disk of what was deleted.

        secure_delete zeroes what is deleted, but the full-text index keeps old words until it is merged, earlier versions did not zero, and
        the WAL has what was there before. So: merge, write the file anew, empty the WAL. Takes about a second for 100 MB.
        """
        if self.engine.dialect.name != "sqlite":
            return
        with world_errors(), self.engine.connect() as opened:
            connection: sqlite3.Connection = opened.connection.driver_connection  # type: ignore[assignment]
            for statement in (fulltext.MERGE, "VACUUM"):
                connection.execute(statement)
            (is_busy, _pages, _moved) = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        if is_busy:
            raise WorldError("storage.locked")

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()


def make_engine(url: str) -> Engine:
    """An engine for `url`; SQLite gets its pragmas and the transaction rules above."""
    if not url.startswith("sqlite"):
        return create_engine(url, pool_pre_ping=True)
    path = url.removeprefix("sqlite:///")
    if path and path != ":memory:":
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    # A connection a unit: SQLite opens in microseconds, and no connection is ever used by two threads.
    engine = create_engine(url, poolclass=NullPool, connect_args={"timeout": _BUSY_TIMEOUT_MS / 1000, "check_same_thread": False})
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy says BEGIN itself, see _begin
    _use_wal(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON", "secure_delete=ON", f"busy_timeout={_BUSY_TIMEOUT_MS}"):
        connection.execute(f"PRAGMA {pragma}")


def _use_wal(connection: sqlite3.Connection) -> None:
    """A new file is turned to WAL once. While another program does that SQLite says "locked" at once, however long it may wait."""
    until_s = time.monotonic() + _BUSY_TIMEOUT_MS / 1000
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as problem:
            if "locked" not in str(problem) or time.monotonic() > until_s:
                raise
            time.sleep(_WAL_PAUSE_S)
        else:
            return


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("videodesk_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def world_errors() -> Iterator[None]:
    """Turn the world's failures into WorldError; ours (a wrong statement) stay what they are."""
    try:
        yield
    except (OperationalError, sqlite3.OperationalError) as problem:  # the second where a connection's first pragmas fail
        text = str(problem.orig if isinstance(problem, OperationalError) else problem).lower()
        if "full" in text:
            raise OutOfSpace("storage.full") from problem
        if "locked" in text or "busy" in text:
            raise WorldError("storage.locked") from problem
        if any(word in text for word in ("unable to open", "readonly", "disk i/o", "could not connect", "connection")):
            raise WorldError("storage.unavailable") from problem
        raise
