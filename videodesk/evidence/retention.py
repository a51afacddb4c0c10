"""How long a case is kept, what holds it, and its erasure. Pure rules; service/erasing.py does the steps on disk and vault.

Days are counted from a case's closing (or withdrawal): its last change of status. A legal hold stops the counting's end, and any erasure.
Erasing is one transaction (an `erased` entry in the custody log, every row gone, a certificate instead) and then steps that may each be
repeated: the case's secrets destroyed, its files removed, the database's pages cleaned. Who is stopped in between goes on at the next start.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from videodesk.calls.lifecycle import LIVE, OPEN
from videodesk.cases.model import Case
from videodesk.cases.usecases import find_case, known_case
from videodesk.core.errors import Conflict, Invalid, NotFound
from videodesk.core.events import Event
from videodesk.core.ids import new_id, require_id
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import CaseKind, CaseStatus, CustodyAction, RetentionClass
from videodesk.evidence import custody
from videodesk.evidence.unit import EvidenceUnit

OVER: Final = frozenset({CaseStatus.CLOSED, CaseStatus.WITHDRAWN})
Days = Mapping[RetentionClass, int]


def class_of(kind: CaseKind) -> RetentionClass:
    """The retention class of a kind of case: claims long, advice for a while, pictures of clothes on people only shortly."""
    if kind.is_claim:
        return RetentionClass.CLAIM
    return RetentionClass.SHORT if kind is CaseKind.STYLING else RetentionClass.ADVICE


@dataclass(frozen=True, slots=True)
class Hold:
    """A legal hold: as long as it stands nothing of the case is erased."""

    case_id: str
    reason: str
    set_by: str
    set_by_name: str
    set_at: datetime


@dataclass(frozen=True, slots=True)
class Erasure:
    """The certificate of an erasure; nothing of the customer's is in it. Until it is finished, secrets, files or traces may be left."""

    id: str
    case_id: str
    case_number: str
    retention_class: RetentionClass
    erased_at: datetime
    erased_by: str
    erased_by_name: str
    reason: str
    log_index: int
    rows: int
    files: int = 0
    size_bytes: int = 0
    backups: tuple[str, ...] = ()
    is_finished: bool = False


@dataclass(frozen=True, slots=True)
class ClosedCase:
    """A case that is over and not held, and since when."""

    case_id: str
    number: str
    kind: CaseKind
    closed_at: datetime


@dataclass(frozen=True, slots=True)
class Keeping:
    """How long a case is kept."""

    case_id: str
    retention_class: RetentionClass
    days: int
    closed_at: datetime | None = None
    hold: Hold | None = None
    erased_at: datetime | None = None

    @property
    def erase_after(self) -> datetime | None:
        """From when on it may go by itself; None while it is open or held, and once it is gone."""
        if self.closed_at is None or self.hold is not None or self.erased_at is not None:
            return None
        return self.closed_at + timedelta(days=self.days)


class RetentionRepository(Protocol):
    """Holds, certificates of erasure, and what only erasing asks of all other tables."""

    def hold(self, case_id: str) -> Hold | None:
        """The hold that stands on a case."""
        ...

    def set_hold(self, hold: Hold) -> None:
        """Set it, or put this one in the place of the one that stands."""
        ...

    def release(self, case_id: str) -> bool:
        """Take it away; whether there was one."""
        ...

    def closed_at(self, case_id: str) -> datetime | None:
        """When the status of a case changed last, if that made it over (OVER); else None."""
        ...

    def closed(self, before: datetime) -> list[ClosedCase]:
        """Cases that are over since `before` or earlier and not held, longest over first."""
        ...

    def add_erasure(self, erasure: Erasure) -> None:
        """Keep a certificate; Conflict("erasure.exists") for another one of the same case."""
        ...

    def save_erasure(self, erasure: Erasure) -> None:
        """Write how far it is; NotFound("erasure.unknown")."""
        ...

    def erasure(self, erasure_id: str) -> Erasure | None:
        """The certificate with this id."""
        ...

    def erasure_of(self, case: str) -> Erasure | None:
        """That of a case, by its id or its number."""
        ...

    def unfinished(self) -> list[Erasure]:
        """Erasures that were begun and not finished, oldest first."""
        ...

    def erase_rows(self, case_id: str) -> int:
        """Take away every row of a case but those of the custody log, thumbnails of pictures that nobody names any more too; how many there were."""
        ...



class RetentionUnit(EvidenceUnit, Protocol):
    """One transaction over all that keeping and erasing touch."""

    @property
    def retention(self) -> RetentionRepository:
        """Holds and certificates."""
        ...


# looking
def keeping_of(uow: RetentionUnit, principal: Principal, case: str, days: Days) -> Keeping:
    """How long a case (by id or number) is kept, also once it was erased; NotFound("case.unknown")."""
    require(principal, Action.SEE_CASES)
    if (gone := uow.retention.erasure_of(case)) is not None:
        return Keeping(gone.case_id, gone.retention_class, days[gone.retention_class], erased_at=gone.erased_at)
    return _keeping(uow, find_case(uow, principal, case), days)


def due_cases(uow: RetentionUnit, days: Days, now: datetime) -> list[ClosedCase]:
    """Cases whose time is over, longest first; never one that is held or open."""
    closed = uow.retention.closed(now - timedelta(days=min(days.values())))
    return [one for one in closed if one.closed_at + timedelta(days=days[class_of(one.kind)]) <= now]


def known_erasure(uow: RetentionUnit, principal: Principal, erasure_id: str) -> Erasure:
    """A certificate; NotFound("erasure.unknown")."""
    require(principal, Action.SEE_CASES)
    if (found := uow.retention.erasure(require_id(erasure_id))) is None:
        raise NotFound("erasure.unknown")
    return found


def _keeping(uow: RetentionUnit, case: Case, days: Days) -> Keeping:
    which = class_of(case.kind)
    return Keeping(case.id, which, days[which], uow.retention.closed_at(case.id), uow.retention.hold(case.id))


# holding
def set_hold(uow: RetentionUnit, principal: Principal, case_id: str, reason: str, days: Days, now: datetime) -> Keeping:
    """Set a legal hold, or give the one that stands another reason; the same again changes nothing."""
    require(principal, Action.HOLD)
    case, words = known_case(uow, case_id), _words(reason)
    before = uow.retention.hold(case.id)
    if before is None or before.reason != words:
        uow.retention.set_hold(Hold(case.id, words, principal.id, principal.display_name, now))
        # The reason is a person's words and may name somebody: it goes with the case, and is not entered.
        custody.record(uow.custody, CustodyAction.HOLD_SET, principal.id, now, case_id=case.id)
        uow.emit(Event("case.changed", now, {"what": "hold"}, case_id=case.id))
    return _keeping(uow, case, days)


def release_hold(uow: RetentionUnit, principal: Principal, case_id: str, days: Days, now: datetime) -> Keeping:
    """Release a legal hold; idempotent."""
    require(principal, Action.HOLD)
    case = known_case(uow, case_id)
    if uow.retention.release(case.id):
        custody.record(uow.custody, CustodyAction.HOLD_RELEASED, principal.id, now, case_id=case.id)
        uow.emit(Event("case.changed", now, {"what": "hold"}, case_id=case.id))
    return _keeping(uow, case, days)


# erasing
def erased_before(uow: RetentionUnit, principal: Principal, case: str, number: str) -> Erasure | None:
    """The certificate of a case (by id or number) that is gone already; Invalid("erasure.number_mismatch")."""
    require(principal, Action.ERASE)
    found = uow.retention.erasure_of(case)
    if found is not None and found.case_number != number.strip().upper():
        raise Invalid("erasure.number_mismatch")
    return found


def may_erase(uow: RetentionUnit, principal: Principal, case_id: str, number: str) -> Case:
    """The case, when it may be erased now.

    Invalid("erasure.number_mismatch"), Conflict("case.held"), Conflict("case.in_call") while somebody waits or talks, or the call is not closed.
    """
    require(principal, Action.ERASE)
    case = known_case(uow, case_id)
    if case.number != number.strip().upper():
        raise Invalid("erasure.number_mismatch")
    if uow.retention.hold(case.id) is not None:
        raise Conflict("case.held")
    if any(call.state in LIVE | OPEN for call in uow.calls.of_case(case.id)):
        raise Conflict("case.in_call")
    return case


def erase_records(
    uow: RetentionUnit, principal: Principal, case: Case, reason: str, now: datetime, *, backups: tuple[str, ...] = (),
    files: int = 0, size_bytes: int = 0,
) -> Erasure:
    """Erase what the database has of a case that may be erased, and leave the certificate. `files`, `size_bytes`: what will go from the disk."""
    words = _words(reason)
    erasure_id = new_id(now)
    entry = custody.record(uow.custody, CustodyAction.ERASED, principal.id, now, case_id=case.id, data={"erasure_id": erasure_id})
    rows = uow.retention.erase_rows(case.id) + uow.custody.erase_details(case.id)
    made = Erasure(
        id=erasure_id, case_id=case.id, case_number=case.number, retention_class=class_of(case.kind), erased_at=now, erased_by=principal.id,
        erased_by_name=principal.display_name, reason=words, log_index=entry.index, rows=rows, files=files,
        size_bytes=size_bytes, backups=backups)
    uow.retention.add_erasure(made)
    uow.emit(Event("case.erased", now, {"number": case.number}, case_id=case.id))
    return made


def sweep_records(uow: RetentionUnit, erasure: Erasure) -> None:
    """Once the secrets are gone: what was written meanwhile by somebody who had begun before goes too."""
    uow.retention.erase_rows(erasure.case_id)
    uow.custody.erase_details(erasure.case_id)


def finish(uow: RetentionUnit, erasure: Erasure) -> Erasure:
    """Nothing is left to do."""
    done = replace(erasure, is_finished=True)
    uow.retention.save_erasure(done)
    return done


def _words(reason: str) -> str:
    words = reason.strip()
    if not words:
        raise Invalid("case.reason_missing")
    return words
