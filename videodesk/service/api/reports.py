"""The report of a case over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from videodesk.core.ids import UUID_PATTERN
from videodesk.core.vocabulary import Language
from videodesk.service.auth import DeskDep, PrincipalDep
from videodesk.service.reports import print_report
from videodesk.service.stamping import Stamping

router = APIRouter(tags=["evidence"])


@router.get("/cases/{case_id}/report", response_class=Response, responses={
    200: {"description": "PDF/A-3 and PDF/UA-1, signed (PAdES)", "content": {"application/pdf": {}}},
})
def get_report(
    desk: DeskDep, principal: PrincipalDep, case_id: Annotated[str, Path(pattern=UUID_PATTERN)], request: Request,
    language: Annotated[Language, Query()] = Language.NL,
) -> Response:
    """The report of a case, made now. Each one is a custody entry for every snapshot in it."""
    stamping: Stamping = request.app.state.stamping
    report = print_report(desk, principal, case_id, language, stamping.prompt())
    return Response(report.pdf, media_type="application/pdf", headers={
        "Content-Disposition": f'attachment; filename="{report.file_name}"', "Cache-Control": "no-store", "ETag": f'"{report.digest}"'})
