"""What people do with cases."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from videodesk.cases.model import Case, CaseFilter, HistoryEntry, Note
from videodesk.cases.ports import CaseUnit
from videodesk.cases.status import Facts, transition
from videodesk.core.errors import Conflict, Invalid, NotFound
from videodesk.core.events import Event
from videodesk.core.ids import is_case_number, is_id, new_id, require_id
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import CaseStatus

_CHANGEABLE: Final = frozenset({
    "kind", "title", "language", "parties", "order_number", "product", "brand", "model", "serial", "ean", "claim_ref", "incident",
    "claimed", "estimated", "decided", "is_sensitive", "assignee_id",
})
_MAX_REASON: Final = 200


def add_case(uow: CaseUnit, principal: Principal, values: Mapping[str, Any], now: datetime, case_id: str | None = None) -> Case:
    """Open a case. The same id again, from the same person, gives the case that is there; else Conflict("case.exists")."""
    require(principal, Action.EDIT_CASES)
    wanted = require_id(case_id) if case_id is not None else new_id(now)
    if (existing := uow.cases.get(wanted)) is not None:
        if existing.created_by == principal.id:
            return existing
        raise Conflict("case.exists")
    case = Case(
        id=wanted, number=uow.cases.next_number(now.year), status=CaseStatus.NEW, created_by=principal.id, created_at=now, changed_at=now,
        assignee_id=principal.id, **{name: value for name, value in values.items() if name in _CHANGEABLE and name != "assignee_id"})
    uow.cases.add(case)
    note_history(uow, case.id, principal, "created", now)
    uow.emit(Event("case.added", now, {"number": case.number, "status": case.status.value}, case_id=case.id))
    return case


def find_case(uow: CaseUnit, principal: Principal, case_id: str) -> Case:
    """The case with this id or number; NotFound("case.unknown")."""
    require(principal, Action.SEE_CASES)
    return known_case(uow, case_id)


def known_case(uow: CaseUnit, case_id: str) -> Case:
    """The case with this id or number, whoever asks; NotFound("case.unknown")."""
    case = uow.cases.by_number(case_id) if is_case_number(case_id) else uow.cases.get(case_id) if is_id(case_id) else None
    if case is None:
        raise NotFound("case.unknown")
    return case


def list_cases(uow: CaseUnit, principal: Principal, wanted: CaseFilter, cursor: str | None, limit: int) -> tuple[list[Case], str | None, int]:
    """A page of cases, the cursor of the next one, and how many there are in all. Invalid("cursor.malformed")."""
    require(principal, Action.SEE_CASES)
    found = uow.cases.page(wanted, _read_cursor(cursor), limit + 1)
    following = f"{found[limit - 1].changed_at.isoformat()}~{found[limit - 1].id}" if len(found) > limit else None
    return found[:limit], following, uow.cases.count(wanted)


def change_case(uow: CaseUnit, principal: Principal, case_id: str, revision: int, changes: Mapping[str, Any], now: datetime) -> Case:
    """Change some fields, from the revision the person saw: Conflict("case.stale") when it is no longer the newest."""
    require(principal, Action.EDIT_CASES)
    case = known_case(uow, case_id)
    if case.revision != revision:
        raise Conflict("case.stale", revision=case.revision)
    different = {name: value for name, value in changes.items() if name in _CHANGEABLE and getattr(case, name) != value}
    if not different:
        return case
    changed = _write(uow, replace(case, **different), now)
    # The history says which fields; what stood in them may be personal and is not repeated.
    note_history(uow, case.id, principal, "field", now, fields=sorted(different))
    return changed


def move_case(uow: CaseUnit, principal: Principal, case_id: str, target: CaseStatus, reason: str, facts: Facts, now: datetime) -> Case:
    """Move a case to another status: Conflict("case.illegal_transition"), or the code of what the guard misses."""
    require(principal, Action.EDIT_CASES)
    case = known_case(uow, case_id)
    arrow = transition(case.status, target)
    if arrow is None or target in {CaseStatus.WAITING, CaseStatus.IN_CALL}:
        raise Conflict("case.illegal_transition", source=case.status.value, target=target.value)
    told = Facts(facts.is_checklist_complete, has_reason=bool(reason.strip()))
    if arrow.guard is not None and (lacking := arrow.guard(case, told)) is not None:
        raise Conflict(lacking)
    return _move(uow, case, target, principal, now, reason.strip())


def follow(uow: CaseUnit, case_id: str, target: CaseStatus, principal: Principal, now: datetime, *, is_checklist_complete: bool = False,
           reason: str = "") -> Case | None:
    """Let the case follow a call or a review: moves along an automatic arrow, and stays where it is when there is none."""
    case = uow.cases.get(case_id)
    if case is None:
        return None
    arrow = transition(case.status, target)
    told = Facts(is_checklist_complete, has_reason=True)
    if arrow is None or not arrow.is_automatic or (arrow.guard is not None and arrow.guard(case, told) is not None):
        return case
    return _move(uow, case, target, principal, now, reason)


def add_note(uow: CaseUnit, principal: Principal, case_id: str, note_id: str, text: str, now: datetime) -> Note:
    """Add a note; the same id again gives the note that is there."""
    require(principal, Action.EDIT_CASES)
    case = known_case(uow, case_id)
    note = Note(require_id(note_id), case.id, principal.id, principal.display_name, text, now)
    if not uow.cases.add_note(note):
        existing = next((known for known in uow.cases.notes(case.id) if known.id == note_id), None)
        if existing is None:
            raise Conflict("note.exists")
        return existing
    note_history(uow, case.id, principal, "note", now, note_id=note.id)
    uow.emit(Event("case.changed", now, {"what": "note"}, case_id=case.id))
    return note


def skip_item(uow: CaseUnit, principal: Principal, case_id: str, item_id: str, reason: str, now: datetime) -> Case:
    """Skip a checklist item with a reason; an empty reason takes the skip back. The caller knows that the item exists."""
    require(principal, Action.EDIT_CASES)
    case = known_case(uow, case_id)
    words = reason.strip()[:_MAX_REASON]
    skipped = {name: value for name, value in case.skipped.items() if name != item_id} | ({item_id: words} if words else {})
    if skipped == case.skipped:
        return case
    changed = _write(uow, replace(case, skipped=skipped), now)
    note_history(uow, case.id, principal, "checklist", now, item=item_id, is_skipped=bool(words))
    return changed


def note_history(uow: CaseUnit, case_id: str, principal: Principal, what: str, now: datetime, **data: Any) -> None:
    """Append to a case's history."""
    uow.cases.add_history(HistoryEntry(case_id, now, principal.id, principal.display_name, what, data))


def _move(uow: CaseUnit, case: Case, target: CaseStatus, principal: Principal, now: datetime, reason: str) -> Case:
    changed = _write(uow, replace(case, status=target), now)
    note_history(uow, case.id, principal, "status", now, old=case.status.value, new=target.value, **({"reason": reason} if reason else {}))
    return changed


def _write(uow: CaseUnit, case: Case, now: datetime) -> Case:
    changed = replace(case, revision=case.revision + 1, changed_at=now)
    uow.cases.replace(changed)
    uow.emit(Event("case.changed", now, {"revision": changed.revision, "status": changed.status.value}, case_id=case.id))
    return changed


def _read_cursor(cursor: str | None) -> tuple[datetime, str] | None:
    if cursor is None:
        return None
    moment, _, case_id = cursor.partition("~")
    at: datetime | None = None
    with suppress(ValueError, OverflowError):
        given = datetime.fromisoformat(moment)
        at = None if given.tzinfo is None else given.astimezone(UTC)
    if at is None or not is_id(case_id):
        raise Invalid("cursor.malformed")
    return at, case_id


