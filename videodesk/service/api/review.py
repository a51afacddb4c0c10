"""The supervisor's queue and decisions over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from videodesk.core.ids import UUID_PATTERN
from videodesk.core.vocabulary import ReviewState
from videodesk.protocol import resources as r
from videodesk.review import usecases
from videodesk.service.auth import DeskDep, PrincipalDep
from videodesk.service.evidence_views import Names, decision_view, snapshot_views

router = APIRouter(tags=["review"])


@router.get("/review")
def see_queue(
    desk: DeskDep, principal: PrincipalDep,
    state: ReviewState | None = None,
    case_id: Annotated[str | None, Query(pattern=UUID_PATTERN)] = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
) -> r.ReviewQueue:
    """Snapshots for the contact sheet, newest first, with counts per state."""
    with desk.store.read() as uow:
        page = usecases.see_queue(uow, principal, state, case_id, cursor, limit)
        return r.ReviewQueue(items=snapshot_views(uow, page.snapshots), counts=page.counts, next_cursor=page.next_cursor)


@router.post("/snapshots/{snapshot_id}/decisions")
def decide(
    desk: DeskDep, principal: PrincipalDep, snapshot_id: Annotated[str, Path(pattern=UUID_PATTERN)], body: r.DecisionIn,
) -> r.DecisionView:
    """Accept, ask for a retake (with words) or reject (with a reason). Not one's own snapshot."""
    with desk.store.write() as uow:
        return decision_view(Names(uow), usecases.decide(uow, principal, snapshot_id, body, desk.clock.now()))
