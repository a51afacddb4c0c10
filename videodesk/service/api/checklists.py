"""The checklists over HTTP: what must be shown for each kind of case."""

from __future__ import annotations

from fastapi import APIRouter

from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import CaseKind
from videodesk.protocol import resources as r
from videodesk.service.auth import DeskDep, PrincipalDep

router = APIRouter(tags=["cases"])


@router.get("/checklists/{kind}")
def checklist(desk: DeskDep, principal: PrincipalDep, kind: CaseKind) -> r.ChecklistView:
    """The empty checklist of a kind."""
    require(principal, Action.SEE_CASES)
    items = [r.ChecklistItemView(id=item.id, title=dict(item.title), hint=dict(item.hint), is_required=item.is_required, min_count=item.min_count)
             for item in desk.checklists.items(kind)]
    return r.ChecklistView(kind=kind, items=items, is_complete=not any(item.is_required for item in items))
