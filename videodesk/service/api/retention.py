"""How long cases are kept, legal holds, and erasure over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from videodesk.core.errors import WorldError
from videodesk.core.ids import UUID_PATTERN
from videodesk.evidence import retention as rules
from videodesk.evidence.retention import Erasure, Keeping
from videodesk.protocol import resources as r
from videodesk.service.auth import DeskDep, PrincipalDep
from videodesk.service.erasing import days_of, erase_case

router = APIRouter(tags=["retention"])

CaseInPath = Annotated[str, Path(max_length=40, description="The case's id or number.")]
IdInPath = Annotated[str, Path(pattern=UUID_PATTERN)]


@router.get("/cases/{case_id}/retention")
def retention(desk: DeskDep, principal: PrincipalDep, case_id: CaseInPath) -> r.RetentionView:
    """How long a case is kept; also of one that was erased."""
    with desk.store.read() as uow:
        return _view(rules.keeping_of(uow, principal, case_id, days_of(desk)))


@router.put("/cases/{case_id}/hold")
def hold(desk: DeskDep, principal: PrincipalDep, case_id: CaseInPath, body: r.HoldIn) -> r.RetentionView:
    """Set a legal hold, or give it another reason. Entered in the custody log."""
    with desk.store.write() as uow:
        return _view(rules.set_hold(uow, principal, case_id, body.reason, days_of(desk), desk.clock.now()))


@router.delete("/cases/{case_id}/hold")
def release(desk: DeskDep, principal: PrincipalDep, case_id: CaseInPath) -> r.RetentionView:
    """Release the legal hold; idempotent. Entered in the custody log."""
    with desk.store.write() as uow:
        return _view(rules.release_hold(uow, principal, case_id, days_of(desk), desk.clock.now()))


@router.post("/cases/{case_id}/erasure")
def erase(request: Request, desk: DeskDep, principal: PrincipalDep, case_id: CaseInPath, body: r.ErasureIn) -> r.ErasureView:
    """Erase a case for good; asked again, the same certificate. 409 case.held, case.in_call; 422 erasure.number_mismatch; 503 erasure.unfinished."""
    return _certificate(erase_case(desk, principal, case_id, body.case_number, body.reason, request.app.state.packages.forget_case))


@router.get("/erasures/{erasure_id}")
def erasure(desk: DeskDep, principal: PrincipalDep, erasure_id: IdInPath) -> r.ErasureView:
    """A certificate of erasure; 503 erasure.unfinished as long as there is something left to do."""
    with desk.store.read() as uow:
        found = rules.known_erasure(uow, principal, erasure_id)
    if not found.is_finished:
        raise WorldError("erasure.unfinished")
    return _certificate(found)


def _view(kept: Keeping) -> r.RetentionView:
    hold = kept.hold
    return r.RetentionView(
        case_id=kept.case_id, retention_class=kept.retention_class, days=kept.days, closed_at=kept.closed_at, erase_after=kept.erase_after,
        is_held=hold is not None, hold_reason="" if hold is None else hold.reason, held_by_name="" if hold is None else hold.set_by_name,
        held_at=None if hold is None else hold.set_at, erased_at=kept.erased_at)


def _certificate(made: Erasure) -> r.ErasureView:
    return r.ErasureView(
        id=made.id, case_id=made.case_id, case_number=made.case_number, erased_at=made.erased_at, erased_by_name=made.erased_by_name,
        reason=made.reason, log_index=made.log_index, files=made.files, size_bytes=made.size_bytes, rows=made.rows, backups=list(made.backups))
