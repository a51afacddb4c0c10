"""The supervisor's decisions on snapshots, and the queue of what waits for one."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from videodesk.cases.usecases import follow, note_history
from videodesk.core.errors import Conflict, Invalid, NotAllowed
from videodesk.core.events import Event
from videodesk.core.ids import is_id, require_id
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import CaseStatus, CustodyAction, ReviewDecision, ReviewState
from videodesk.evidence import custody
from videodesk.evidence.model import QueuePosition, Snapshot
from videodesk.evidence.unit import EvidenceUnit
from videodesk.evidence.usecases import see_snapshot
from videodesk.protocol.resources import DecisionIn
from videodesk.review.model import Decision
from videodesk.review.ports import ReviewRepository


class ReviewUnit(EvidenceUnit, Protocol):
    """One transaction over the evidence and the decisions on it."""

    @property
    def reviews(self) -> ReviewRepository:
        """Decisions."""
        ...


@dataclass(frozen=True, slots=True)
class QueuePage:
    """A page of the review queue, newest stored first, and how many snapshots there are in each state."""

    snapshots: list[Snapshot]
    counts: dict[ReviewState, int]
    next_cursor: str | None


def see_queue(
    uow: ReviewUnit, principal: Principal, state: ReviewState | None, case_id: str | None, cursor: str | None, limit: int,
) -> QueuePage:
    """A page of snapshots in `state`; the counts are over all states. Invalid("cursor.invalid") for a cursor that we did not make."""
    require(principal, Action.SEE_REVIEWS)
    if case_id is not None:
        require_id(case_id, "case_id")
    found = uow.evidence.review_page(state, case_id, None if cursor is None else _position(cursor), limit + 1)
    page = found[:limit]
    return QueuePage(page, uow.evidence.review_counts(case_id), _cursor(page[-1]) if len(found) > limit else None)


def decide(uow: ReviewUnit, principal: Principal, snapshot_id: str, wanted: DecisionIn, now: datetime) -> Decision:
    """Decide on a snapshot; the latest decision counts. The same decision (by its id) sent again gets the same answer.

    NotAllowed("review.own_snapshot") for who captured it: two pairs of eyes. Invalid("review.words_needed") for a retake without
    words for the agent, Invalid("review.reason_needed") for a rejection without a reason, Conflict("decision.differs"),
    Conflict("review.other_original") when it was about an original that no longer leads.
    """
    require(principal, Action.REVIEW)
    snapshot = see_snapshot(uow, principal, snapshot_id)
    decision = Decision(
        id=require_id(wanted.id), snapshot_id=snapshot.id, case_id=snapshot.case_id, decision=wanted.decision,
        reason=wanted.reason, comment=wanted.comment, decided_by=principal.id, at=now,
    )
    if (known := uow.reviews.decision(decision.id)) is not None:
        if _content(known) != _content(decision):
            raise Conflict("decision.differs")
        return known
    if wanted.original_id is not None and wanted.original_id != snapshot.leading:
        raise Conflict("review.other_original", leading=snapshot.leading)
    if snapshot.captured_by == principal.id:
        raise NotAllowed("review.own_snapshot")
    if decision.decision is ReviewDecision.RETAKE_REQUESTED and not decision.comment.strip():
        raise Invalid("review.words_needed")
    if decision.decision is ReviewDecision.REJECTED and not decision.reason.strip():
        raise Invalid("review.reason_needed")
    uow.reviews.add(decision)
    uow.evidence.set_review_state(snapshot.id, ReviewState(decision.decision.value))
    custody.record(uow.custody, CustodyAction.REVIEWED, principal.id, now, snapshot_id=snapshot.id, case_id=snapshot.case_id,
                   data={"decision_id": decision.id, "decision": decision.decision.value, "original_id": snapshot.leading,
                         "digest": snapshot.digest})
    note_history(uow, snapshot.case_id, principal, "review", now, snapshot_id=snapshot.id, decision=decision.decision.value)
    if decision.decision is ReviewDecision.RETAKE_REQUESTED:
        follow(uow, snapshot.case_id, CaseStatus.CHANGES_REQUESTED, principal, now, reason=decision.comment)
    uow.emit(Event("review.decided", now, {
        "snapshot_id": snapshot.id, "decision_id": decision.id, "decision": decision.decision.value, "decided_by": principal.id,
        "captured_by": snapshot.captured_by, "agent_id": _agent_of(uow, snapshot), "checklist_item": snapshot.checklist_item,
    }, case_id=snapshot.case_id, call_id=snapshot.call_id))
    return decision


def _agent_of(uow: ReviewUnit, snapshot: Snapshot) -> str | None:
    """Whose inbox a retake belongs into: who had the call, which for a frame is who captured it."""
    call = uow.calls.get(snapshot.call_id) if snapshot.call_id else None
    return call.agent_id if call else None


def _content(decision: Decision) -> tuple[str, ReviewDecision, str, str, str]:
    return decision.snapshot_id, decision.decision, decision.reason, decision.comment, decision.decided_by


def _cursor(last: Snapshot) -> str:
    return base64.urlsafe_b64encode(f"{last.stored_at.isoformat()} {last.id}".encode()).decode()


def _position(cursor: str) -> QueuePosition:
    try:
        moment, _, snapshot_id = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True).decode().partition(" ")
        stored_at = datetime.fromisoformat(moment)
        stored_at = stored_at if stored_at.tzinfo is None else stored_at.astimezone(UTC)
    except (ValueError, OverflowError, binascii.Error) as problem:
        raise Invalid("cursor.invalid") from problem
    if stored_at.tzinfo is None or not is_id(snapshot_id):
        raise Invalid("cursor.invalid")
    return QueuePosition(stored_at, snapshot_id)
