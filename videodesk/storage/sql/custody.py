"""The custody log in SQL: leaves and heads, appended to only, and the details beside them.

Triggers refuse to change leaves and heads, whoever asks; details cannot be changed either, and go only once the log says that their case was erased.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    DDL,
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    delete,
    event,
    func,
    insert,
    select,
    text,
)
from sqlalchemy.exc import IntegrityError

from videodesk.core.errors import Conflict
from videodesk.core.vocabulary import CustodyAction
from videodesk.evidence.custody import bytes_of_head, canonical
from videodesk.evidence.merkle import Frontier, leaf_hash
from videodesk.evidence.model import CustodyEntry, LogRow
from videodesk.evidence.seal_ports import TreeHead
from videodesk.evidence.vault_ports import DESK, CaseVault, MemoryVault
from videodesk.storage.sql.schema import UtcDateTime, metadata

Sign = Callable[[bytes], bytes]

# `case_tag` and `action` repeat what the leaf says, so that the guard of the details can look it up.
custody_leaves: Final = Table(
    "custody_leaves", metadata,
    Column("index", Integer, primary_key=True, autoincrement=False),
    Column("leaf", Text, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("action", String(32), nullable=False),
    Column("case_tag", String(64), nullable=False),
    Index("ix_custody_leaves_case_tag_action", "case_tag", "action"),
)

custody_details: Final = Table(
    "custody_details", metadata,
    Column("index", Integer, primary_key=True, autoincrement=False),
    Column("case_id", String(36), index=True),
    Column("snapshot_id", String(36), index=True),
    Column("data", Text, nullable=False),
)

# `peaks`: the roots of the perfect subtrees (merkle.Frontier), to go on from. Never trusted: checking counts every leaf again.
custody_heads: Final = Table(
    "custody_heads", metadata,
    Column("size", Integer, primary_key=True, autoincrement=False),
    Column("root", String(64), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("signature", LargeBinary, nullable=False),
    Column("peaks", Text, nullable=False),
)

_REFUSE: Final = "BEGIN SELECT RAISE(ABORT, 'the custody log is append-only'); END"
_ERASED: Final = (
    "EXISTS (SELECT 1 FROM custody_leaves mine JOIN custody_leaves erased ON erased.case_tag = mine.case_tag AND erased.action = 'erased' "
    'WHERE mine."index" = OLD."index")'
)
_GUARDS: Final[dict[str, dict[str, str]]] = {
    "custody_leaves": {
        "update": "BEFORE UPDATE ON custody_leaves", "delete": "BEFORE DELETE ON custody_leaves",
        # REPLACE deletes without firing the delete trigger (unless recursive_triggers is on), but fires this one first.
        "insert": 'BEFORE INSERT ON custody_leaves WHEN EXISTS (SELECT 1 FROM custody_leaves WHERE "index" >= NEW."index")',
    },
    "custody_heads": {
        "update": "BEFORE UPDATE ON custody_heads", "delete": "BEFORE DELETE ON custody_heads",
        "insert": "BEFORE INSERT ON custody_heads WHEN EXISTS (SELECT 1 FROM custody_heads WHERE size >= NEW.size)",
    },
    "custody_details": {
        "update": "BEFORE UPDATE ON custody_details", "delete": f"BEFORE DELETE ON custody_details WHEN NOT {_ERASED}",
        "insert": 'BEFORE INSERT ON custody_details WHEN EXISTS (SELECT 1 FROM custody_details WHERE "index" >= NEW."index")',
    },
}
# By table and dialect, in the order of running. Migrations run the same statements (append_only_ddl).
_STATEMENTS: Final[dict[str, dict[str, tuple[str, ...]]]] = {
    "sqlite": {
        table: tuple(f"CREATE TRIGGER {table}_no_{verb} {when} {_REFUSE}" for verb, when in guards.items()) for table, guards in _GUARDS.items()
    },
    "postgresql": {
        "custody_leaves": (
            """CREATE FUNCTION custody_refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'the custody log is append-only'; END $$""",
            """CREATE TRIGGER custody_leaves_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON custody_leaves
            FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse()""",
        ),
        "custody_heads": (
            """CREATE TRIGGER custody_heads_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON custody_heads
            FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse()""",
        ),
        "custody_details": (
            """CREATE TRIGGER custody_details_no_change BEFORE UPDATE OR TRUNCATE ON custody_details
            FOR EACH STATEMENT EXECUTE FUNCTION custody_refuse()""",
            f"""CREATE FUNCTION custody_refuse_detail() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN IF NOT {_ERASED} THEN RAISE EXCEPTION 'the custody log is append-only'; END IF; RETURN OLD; END $$""",
            """CREATE TRIGGER custody_details_no_delete BEFORE DELETE ON custody_details
            FOR EACH ROW EXECUTE FUNCTION custody_refuse_detail()""",
        ),
    },
}


def append_only_ddl(dialect: str, table: str) -> tuple[str, ...]:
    """The statements that make a table append-only on this dialect."""
    return _STATEMENTS[dialect][table]


for _dialect, _tables in _STATEMENTS.items():
    for _table, _statements in _tables.items():
        for _statement in _statements:
            event.listen(metadata.tables[_table], "after_create", DDL(_statement.replace("%", "%%")).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]


class SqlCustody:
    """CustodyRepository over one connection, inside the unit's transaction. Without `sign` heads have no signature."""

    def __init__(self, connection: Connection, vault: CaseVault | None = None, sign: Sign | None = None) -> None:
        self._connection = connection
        self._vault = vault or MemoryVault()
        self._sign = sign
        self._size: int | None = None

    def salt_of(self, case_id: str | None) -> bytes:
        return self._vault.secrets_of(case_id or DESK).salt

    def size(self) -> int:
        if self._size is None:
            self._size = self._connection.execute(select(func.max(custody_leaves.c.index))).scalar() or 0
        return self._size

    def last(self) -> CustodyEntry | None:
        return next(iter(self._entries(custody_leaves.c.index == self.size())), None)

    def append(self, entry: CustodyEntry) -> None:
        if entry.index != self.size() + 1 or entry.digest != leaf_hash(entry.leaf.encode()).hex():
            raise Conflict("custody.not_next")
        leaf = json.loads(entry.leaf)
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(custody_leaves).values(
                    index=entry.index, leaf=entry.leaf, hash=entry.digest, action=leaf["action"], case_tag=leaf["case"]))
                self._connection.execute(insert(custody_details).values(
                    index=entry.index, case_id=entry.case_id, snapshot_id=entry.snapshot_id, data=canonical(entry.data).decode()))
        except IntegrityError as problem:
            raise Conflict("custody.not_next") from problem
        self._size = entry.index

    def of_case(self, case_id: str) -> list[CustodyEntry]:
        return list(self._entries(custody_details.c.case_id == case_id))

    def all(self) -> Iterator[CustodyEntry]:
        return self._entries(None)

    def rows(self) -> Iterator[LogRow]:
        joined = custody_leaves.outerjoin(custody_details, custody_leaves.c.index == custody_details.c.index)
        columns = (custody_leaves.c.index, custody_leaves.c.leaf, custody_leaves.c.hash, custody_details.c.case_id,
                   custody_details.c.snapshot_id, custody_details.c.data)
        for row in self._connection.execute(select(*columns).select_from(joined).order_by(custody_leaves.c.index)):
            yield LogRow._make(row)

    def leaf_hashes(self, size: int | None = None) -> list[bytes]:
        query = select(custody_leaves.c.hash).order_by(custody_leaves.c.index)
        if size is not None:
            query = query.where(custody_leaves.c.index <= size)
        return [bytes.fromhex(row[0]) for row in self._connection.execute(query)]

    def close_head(self) -> TreeHead | None:
        if self._size is None:  # nothing was asked of the log, so nothing was appended
            return None
        newest = self._connection.execute(select(custody_heads).order_by(custody_heads.c.size.desc()).limit(1)).mappings().first()
        covered = newest["size"] if newest else 0
        if covered >= self.size():
            return None
        grown = Frontier(covered, [bytes.fromhex(peak) for peak in json.loads(newest["peaks"])] if newest else ())
        query = select(custody_leaves.c.hash, custody_leaves.c.leaf).where(custody_leaves.c.index > covered).order_by(custody_leaves.c.index)
        added = self._connection.execute(query).all()
        for row in added:
            grown.append(bytes.fromhex(row.hash))
        head = TreeHead(grown.size, grown.root().hex(), datetime.fromisoformat(json.loads(added[-1].leaf)["at"]), b"")
        signature = self._sign(bytes_of_head(head)) if self._sign else b""
        self._connection.execute(insert(custody_heads).values(
            size=head.size, root=head.root, at=head.at, signature=signature, peaks=json.dumps([peak.hex() for peak in grown.peaks])))
        return TreeHead(head.size, head.root, head.at, signature)

    def heads(self) -> list[TreeHead]:
        return [_head_of(row) for row in self._connection.execute(select(custody_heads).order_by(custody_heads.c.size)).mappings()]

    def head_roots(self) -> list[tuple[int, str]]:
        return [(row[0], row[1]) for row in self._connection.execute(select(custody_heads.c.size, custody_heads.c.root).order_by(custody_heads.c.size))]

    def newest_head(self) -> TreeHead | None:
        row = self._connection.execute(select(custody_heads).order_by(custody_heads.c.size.desc()).limit(1)).mappings().first()
        return None if row is None else _head_of(row)

    def head_of(self, size: int) -> TreeHead | None:
        row = self._connection.execute(select(custody_heads).where(custody_heads.c.size == size)).mappings().first()
        return None if row is None else _head_of(row)

    def erase_details(self, case_id: str) -> int:
        return self._connection.execute(delete(custody_details).where(custody_details.c.case_id == case_id)).rowcount

    def missing_guards(self) -> list[str]:
        dialect = self._connection.dialect.name
        query = "SELECT name FROM sqlite_master WHERE type = 'trigger'" if dialect == "sqlite" else "SELECT tgname FROM pg_trigger"
        there = {row[0] for row in self._connection.execute(text(query))}
        wanted = {statement.split("TRIGGER", 1)[1].split()[0] for statements in _STATEMENTS[dialect].values() for statement in statements
                  if statement.startswith("CREATE TRIGGER")}
        return sorted(wanted - there)

    def _entries(self, condition: Any) -> Iterator[CustodyEntry]:
        joined = custody_leaves.outerjoin(custody_details, custody_leaves.c.index == custody_details.c.index)
        query = select(custody_leaves.c.index, custody_leaves.c.leaf, custody_leaves.c.hash, custody_details.c.case_id,
                       custody_details.c.snapshot_id, custody_details.c.data).select_from(joined).order_by(custody_leaves.c.index)
        for row in self._connection.execute(query if condition is None else query.where(condition)):
            yield entry_of(LogRow._make(row))


def entry_of(row: LogRow) -> CustodyEntry:
    """What a stored row tells."""
    leaf = json.loads(row.leaf)
    return CustodyEntry(
        index=row.number, at=datetime.fromisoformat(leaf["at"]), action=CustodyAction(leaf["action"]), actor_id=leaf["actor"], leaf=row.leaf,
        digest=row.hash, snapshot_id=row.snapshot_id, case_id=row.case_id, data=json.loads(row.data) if row.data else {})


def _head_of(row: Any) -> TreeHead:
    return TreeHead(row["size"], row["root"], row["at"], bytes(row["signature"]))
