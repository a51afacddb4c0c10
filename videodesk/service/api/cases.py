"""Cases over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from videodesk.cases import usecases
from videodesk.cases.model import Case, CaseFilter
from videodesk.core.errors import Gone, Invalid, NotFound
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import CaseKind, CaseStatus
from videodesk.protocol import resources as r
from videodesk.protocol.messages import Id
from videodesk.service import case_views as views
from videodesk.service.auth import DeskDep, PrincipalDep
from videodesk.service.desk import UnitOfWork

router = APIRouter(tags=["cases"])

CaseIdInPath = Annotated[str, Path(max_length=40, description="The case's id or number.")]


@router.get("/cases")
def list_cases(
    desk: DeskDep, principal: PrincipalDep, query: Annotated[str, Query(max_length=200)] = "", status: CaseStatus | None = None,
    kind: CaseKind | None = None, assignee_id: Annotated[Id | None, Query()] = None, cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> r.CasePage:
    """Cases, newest change first. `query`: every word must be the beginning of a word of the case."""
    wanted = CaseFilter(query=query, status=status, kind=kind, assignee_id=assignee_id)
    with desk.store.read() as uow:
        found, following, total = usecases.list_cases(uow, principal, wanted, cursor, limit)
        return r.CasePage(items=views.summaries(desk, uow, found), next_cursor=following, total=total)


@router.post("/cases", status_code=201)
def add_case(desk: DeskDep, principal: PrincipalDep, body: r.CaseIn) -> r.CaseView:
    """Open a case; sent twice with the same id, it stands once."""
    with desk.store.write() as uow:
        case = usecases.add_case(uow, principal, views.case_values(body), desk.clock.now(), body.id)
        return views.case_view(desk, uow, case)


@router.get("/cases/{case_id}")
def get_case(desk: DeskDep, principal: PrincipalDep, case_id: CaseIdInPath) -> r.CaseView:
    """One case, by its id or number; 410 case.erased once it was erased."""
    with desk.store.read() as uow:
        require(principal, Action.SEE_CASES)
        if uow.retention.erasure_of(case_id) is not None:
            raise Gone("case.erased")
        return views.case_view(desk, uow, usecases.find_case(uow, principal, case_id))


@router.patch("/cases/{case_id}")
def change_case(desk: DeskDep, principal: PrincipalDep, case_id: CaseIdInPath, body: r.CasePatch) -> r.CaseView:
    """Change what is sent; 409 case.stale when the revision is no longer the newest."""
    changes = views.case_values(body)
    for name in ("kind", "title", "language", "parties", "order_number", "product", "brand", "model", "serial", "ean", "claim_ref",
                 "incident", "is_sensitive"):
        if name in changes and changes[name] is None:
            raise Invalid("request.invalid", field=name, problem="null")
    with desk.store.write() as uow:
        require(principal, Action.EDIT_CASES)
        _check_assignee(uow, body.assignee_id)
        return views.case_view(desk, uow, usecases.change_case(uow, principal, case_id, body.revision, changes, desk.clock.now()))


@router.post("/cases/{case_id}/transitions")
def move_case(desk: DeskDep, principal: PrincipalDep, case_id: CaseIdInPath, body: r.TransitionIn) -> r.CaseView:
    """Move a case to another status; 409 with the code of what is missing."""
    with desk.store.write() as uow:
        case = usecases.find_case(uow, principal, case_id)
        told = views.facts(desk, uow, case)
        return views.case_view(desk, uow, usecases.move_case(uow, principal, case.id, body.to, body.reason, told, desk.clock.now()))


@router.get("/cases/{case_id}/history")
def history(desk: DeskDep, principal: PrincipalDep, case_id: CaseIdInPath) -> list[r.HistoryEntry]:
    """What happened to a case, newest first."""
    with desk.store.read() as uow:
        case = usecases.find_case(uow, principal, case_id)
        return [views.history_view(entry) for entry in uow.cases.history(case.id)]


@router.post("/cases/{case_id}/notes", status_code=201)
def add_note(desk: DeskDep, principal: PrincipalDep, case_id: CaseIdInPath, body: r.NoteIn) -> r.NoteView:
    """Add a note; sent twice with the same id, it stands once."""
    with desk.store.write() as uow:
        return views.note_view(usecases.add_note(uow, principal, case_id, body.id, body.text, desk.clock.now()))


@router.put("/cases/{case_id}/checklist/{item_id}/skip")
def skip_item(
    desk: DeskDep, principal: PrincipalDep, case_id: CaseIdInPath, item_id: Annotated[str, Path(pattern=r"^[a-z0-9_]{1,64}$")],
    body: r.ChecklistSkip,
) -> r.ChecklistView:
    """Skip an item with a reason; an empty reason takes the skip back."""
    with desk.store.write() as uow:
        case: Case = usecases.find_case(uow, principal, case_id)
        if not desk.checklists.has_item(case.kind, item_id):
            raise NotFound("checklist.unknown_item", item=item_id)
        changed = usecases.skip_item(uow, principal, case.id, item_id, body.reason, desk.clock.now())
        return views.checklist_view(changed, views.item_states(desk, uow, changed))


def _check_assignee(uow: UnitOfWork, assignee_id: str | None) -> None:
    if assignee_id is not None:
        person = uow.people.get(assignee_id)
        if person is None or person.is_disabled:
            raise Invalid("case.unknown_assignee")
