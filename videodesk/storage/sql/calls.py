"""Calls, chat and chosen presence in SQL."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    ForeignKey,
    Index,
    Integer,
    RowMapping,
    Select,
    String,
    Table,
    Text,
    false,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from videodesk.calls.lifecycle import LIVE, OPEN, OVER
from videodesk.calls.model import Call, ChatEntry, ChosenPresence, EndedBy, Side
from videodesk.core.errors import Conflict
from videodesk.core.vocabulary import CallState, Disposition, Presence
from videodesk.storage.sql.schema import UtcDateTime, metadata

calls: Final = Table(
    "calls", metadata,
    Column("id", String(36), primary_key=True),
    Column("case_id", String(36), nullable=False, index=True),
    Column("invitation_id", String(36), nullable=False, unique=True),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("waiting_since", UtcDateTime, nullable=False),
    Column("agent_id", String(36)),
    Column("agent_name", String(200), nullable=False),
    Column("has_camera", Boolean, nullable=False),
    Column("has_microphone", Boolean, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("agent_connection", String(64), nullable=False),
    Column("customer_connection", String(64), nullable=False),
    Column("is_held", Boolean, nullable=False),
    Column("is_recording", Boolean, nullable=False, server_default=false()),
    Column("accepted_at", UtcDateTime),
    Column("connected_at", UtcDateTime),
    Column("lost_at", UtcDateTime),
    Column("ended_at", UtcDateTime),
    Column("ended_by", String(16)),
    Column("disposition", String(32)),
    Column("note", Text, nullable=False),
    Column("closed_at", UtcDateTime),
    Index("ix_calls_state_waiting_since", "state", "waiting_since"),
    Index("ix_calls_agent_id_state", "agent_id", "state"),
)

chat_lines: Final = Table(
    "chat_lines", metadata,
    Column("call_id", String(36), ForeignKey("calls.id", ondelete="CASCADE"), primary_key=True),
    Column("id", String(36), primary_key=True),
    # The order of arrival: a clock may stand still or go back between two lines.
    Column("position", Integer, nullable=False),
    Column("sender", String(16), nullable=False),
    Column("text", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

chosen_presence: Final = Table(
    "chosen_presence", metadata,
    Column("person_id", String(36), primary_key=True),
    Column("presence", String(16), nullable=False),
    Column("since", UtcDateTime, nullable=False),
)


class SqlCalls:
    """CallRepository over one connection, inside the unit's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, call: Call) -> None:
        try:
            # A savepoint: a refused row must not spoil the transaction around it (PostgreSQL aborts it otherwise).
            with self._connection.begin_nested():
                self._connection.execute(insert(calls).values(_row_of(call)))
        except IntegrityError as problem:
            raise Conflict("call.exists") from problem

    def get(self, call_id: str) -> Call | None:
        return self._one(select(calls).where(calls.c.id == call_id))

    def of_invitation(self, invitation_id: str) -> Call | None:
        return self._one(select(calls).where(calls.c.invitation_id == invitation_id))

    def replace(self, call: Call) -> bool:
        row = _row_of(call)
        result = self._connection.execute(
            update(calls).where(calls.c.id == call.id, calls.c.version == call.version - 1).values(row),
        )
        return result.rowcount == 1

    def waiting(self) -> list[Call]:
        return self._many(
            select(calls).where(calls.c.state == CallState.WAITING.value).order_by(calls.c.waiting_since, calls.c.id),
        )

    def open_of(self, agent_id: str) -> list[Call]:
        return self._many(
            select(calls).where(calls.c.agent_id == agent_id, calls.c.state.in_(_values(OPEN))).order_by(calls.c.waiting_since, calls.c.id),
        )

    def live(self) -> list[Call]:
        return self._many(select(calls).where(calls.c.state.in_(_values(LIVE))).order_by(calls.c.waiting_since, calls.c.id))

    def of_case(self, case_id: str) -> list[Call]:
        return self._many(select(calls).where(calls.c.case_id == case_id).order_by(calls.c.waiting_since.desc(), calls.c.id.desc()))

    def recent(self, limit: int) -> list[Call]:
        return self._many(
            select(calls).where(calls.c.state.in_(_values(OVER)))
            .order_by(calls.c.ended_at.desc(), calls.c.id.desc()).limit(limit),
        )

    def add_chat(self, entry: ChatEntry) -> bool:
        if self.chat_line(entry.call_id, entry.id) is not None:
            return False
        newest = self._connection.execute(
            select(chat_lines.c.position).where(chat_lines.c.call_id == entry.call_id).order_by(chat_lines.c.position.desc()).limit(1),
        ).scalar()
        try:
            with self._connection.begin_nested():
                self._connection.execute(insert(chat_lines).values(
                    call_id=entry.call_id, id=entry.id, position=(newest or 0) + 1, sender=entry.sender.value, text=entry.text, at=entry.at,
                ))
        except IntegrityError:
            return False
        return True

    def chat_line(self, call_id: str, entry_id: str) -> ChatEntry | None:
        found = self._connection.execute(
            select(chat_lines).where(chat_lines.c.call_id == call_id, chat_lines.c.id == entry_id),
        ).mappings().first()
        return None if found is None else _chat_of(found)

    def chat(self, call_id: str) -> list[ChatEntry]:
        rows = self._connection.execute(
            select(chat_lines).where(chat_lines.c.call_id == call_id).order_by(chat_lines.c.position, chat_lines.c.id),
        ).mappings()
        return [_chat_of(row) for row in rows]

    def save_presence(self, chosen: ChosenPresence) -> None:
        values = {"presence": chosen.presence.value, "since": chosen.since}
        result = self._connection.execute(
            update(chosen_presence).where(chosen_presence.c.person_id == chosen.person_id).values(values),
        )
        if result.rowcount == 0:
            self._connection.execute(insert(chosen_presence).values(person_id=chosen.person_id, **values))

    def presence_of(self, person_id: str) -> ChosenPresence | None:
        row = self._connection.execute(
            select(chosen_presence).where(chosen_presence.c.person_id == person_id),
        ).mappings().first()
        return None if row is None else ChosenPresence(row["person_id"], Presence(row["presence"]), row["since"])

    def _one(self, query: Select[Any]) -> Call | None:
        row = self._connection.execute(query).mappings().first()
        return None if row is None else _call_of(row)

    def _many(self, query: Select[Any]) -> list[Call]:
        return [_call_of(row) for row in self._connection.execute(query).mappings()]


def _values(states: frozenset[CallState]) -> list[str]:
    return sorted(state.value for state in states)


def _row_of(call: Call) -> dict[str, Any]:
    return {
        "id": call.id, "case_id": call.case_id, "invitation_id": call.invitation_id, "state": call.state.value, "version": call.version,
        "waiting_since": call.waiting_since, "agent_id": call.agent_id, "agent_name": call.agent_name, "has_camera": call.has_camera,
        "has_microphone": call.has_microphone, "epoch": call.epoch, "agent_connection": call.agent_connection,
        "customer_connection": call.customer_connection, "is_held": call.is_held, "is_recording": call.is_recording, "accepted_at": call.accepted_at,
        "connected_at": call.connected_at, "lost_at": call.lost_at, "ended_at": call.ended_at,
        "ended_by": call.ended_by.value if call.ended_by else None,
        "disposition": call.disposition.value if call.disposition else None, "note": call.note, "closed_at": call.closed_at,
    }


def _call_of(row: RowMapping) -> Call:
    values = dict(row)
    values["state"] = CallState(values["state"])
    values["ended_by"] = EndedBy(values["ended_by"]) if values["ended_by"] else None
    values["disposition"] = Disposition(values["disposition"]) if values["disposition"] else None
    return Call(**values)


def _chat_of(row: RowMapping) -> ChatEntry:
    return ChatEntry(row["id"], row["call_id"], Side(row["sender"]), row["text"], row["at"])
