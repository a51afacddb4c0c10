"""Time stamps in SQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Column, Connection, Index, Integer, LargeBinary, String, Table, delete, insert, select

from videodesk.evidence.seal_ports import Stamp
from videodesk.evidence.stamps import Covering
from videodesk.storage.sql.schema import UtcDateTime, metadata

timestamps: Final = Table(
    "timestamps", metadata,
    Column("digest", String(64), primary_key=True),
    Column("authority", String(500), primary_key=True),
    Column("token", LargeBinary, nullable=False),
    Column("stamped_at", UtcDateTime, nullable=False),
    Column("log_size", Integer),
    Index("ix_timestamps_log_size", "log_size"),
)
timestamps_wanted: Final = Table(
    "timestamps_wanted", metadata,
    Column("digest", String(64), primary_key=True),
    Column("wanted_at", UtcDateTime, nullable=False),
)


class SqlTimestamps:
    """TimestampRepository on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def want(self, digest: str, now: datetime) -> None:
        if self.of(digest) or digest in self.wanted():
            return
        self._connection.execute(insert(timestamps_wanted).values(digest=digest, wanted_at=now))

    def wanted(self) -> list[str]:
        query = select(timestamps_wanted.c.digest).order_by(timestamps_wanted.c.wanted_at, timestamps_wanted.c.digest)
        return list(self._connection.execute(query).scalars())

    def add(self, stamp: Stamp, log_size: int | None = None) -> None:
        self._connection.execute(delete(timestamps_wanted).where(timestamps_wanted.c.digest == stamp.digest))
        if any(known.authority == stamp.authority for known in self.of(stamp.digest)):
            return
        self._connection.execute(insert(timestamps).values(
            digest=stamp.digest, authority=stamp.authority, token=stamp.token, stamped_at=stamp.stamped_at, log_size=log_size))

    def of(self, digest: str) -> list[Stamp]:
        query = select(timestamps).where(timestamps.c.digest == digest).order_by(timestamps.c.stamped_at, timestamps.c.authority)
        return [_stamp(row) for row in self._connection.execute(query).mappings()]

    def covering(self, index: int) -> Covering | None:
        return self._head(select(timestamps).where(timestamps.c.log_size >= index).order_by(timestamps.c.stamped_at, timestamps.c.log_size))

    def newest_head(self) -> Covering | None:
        return self._head(select(timestamps).where(timestamps.c.log_size.is_not(None)).order_by(
            timestamps.c.log_size.desc(), timestamps.c.stamped_at))

    def _head(self, query: Any) -> Covering | None:
        row = self._connection.execute(query.limit(1)).mappings().first()
        return None if row is None else Covering(row["log_size"], _stamp(row))


def _stamp(row: Any) -> Stamp:
    return Stamp(row["digest"], row["authority"], row["token"], row["stamped_at"])
