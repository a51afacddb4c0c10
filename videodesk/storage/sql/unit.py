"""One transaction over all repositories, in SQL."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from sqlalchemy import Connection

from videodesk.core.events import Event
from videodesk.evidence.vault_ports import CaseVault
from videodesk.storage.sql.calls import SqlCalls
from videodesk.storage.sql.cases import SqlCases
from videodesk.storage.sql.copies import SqlCopies
from videodesk.storage.sql.custody import SqlCustody
from videodesk.storage.sql.evidence import SqlEvidence
from videodesk.storage.sql.invitations import SqlInvitations
from videodesk.storage.sql.people import SqlPeople
from videodesk.storage.sql.retention import SqlRetention
from videodesk.storage.sql.reviews import SqlReviews
from videodesk.storage.sql.timestamps import SqlTimestamps


class SqlUnit:
    """The repositories on one connection; `events` are published by the store once it is committed."""

    def __init__(self, connection: Connection, vault: CaseVault | None = None, sign_head: Callable[[bytes], bytes] | None = None) -> None:
        """`vault` salts the custody log, `sign_head` signs its heads."""
        self._connection = connection
        self._vault = vault
        self._sign_head = sign_head
        self.events: list[Event] = []

    @cached_property
    def people(self) -> SqlPeople:
        """People and sign-ins."""
        return SqlPeople(self._connection)

    @cached_property
    def cases(self) -> SqlCases:
        """Cases."""
        return SqlCases(self._connection)

    @cached_property
    def invitations(self) -> SqlInvitations:
        """Invitations and consents."""
        return SqlInvitations(self._connection)

    @cached_property
    def calls(self) -> SqlCalls:
        """Calls and their chat."""
        return SqlCalls(self._connection)

    @cached_property
    def evidence(self) -> SqlEvidence:
        """Snapshots, annotations, renditions."""
        return SqlEvidence(self._connection)

    @cached_property
    def custody(self) -> SqlCustody:
        """The custody log."""
        return SqlCustody(self._connection, self._vault, self._sign_head)

    @cached_property
    def reviews(self) -> SqlReviews:
        """Decisions."""
        return SqlReviews(self._connection)

    @cached_property
    def copies(self) -> SqlCopies:
        """Copies for customers."""
        return SqlCopies(self._connection)

    @cached_property
    def timestamps(self) -> SqlTimestamps:
        """Time stamps."""
        return SqlTimestamps(self._connection)

    @cached_property
    def retention(self) -> SqlRetention:
        """Holds and certificates of erasure."""
        return SqlRetention(self._connection)

    def emit(self, event: Event) -> None:
        """Publish `event` once this unit is committed."""
        self.events.append(event)
