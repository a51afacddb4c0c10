"""The page with measuring markers to print."""

from __future__ import annotations

import hashlib
from typing import Annotated

from fastapi import APIRouter, Query, Response

from videodesk.core.errors import NotFound
from videodesk.core.vocabulary import Language
from videodesk.service.auth import DeskDep

router = APIRouter(tags=["info"])


@router.get("/marker.pdf", response_class=Response, responses={
    200: {"description": "PDF/UA-1, one sheet of A4 with markers of 100 mm and 40 mm and a control line", "content": {"application/pdf": {}}},
})
def get_marker(desk: DeskDep, language: Annotated[Language, Query()] = Language.NL) -> Response:
    """Public: markers to print and lay beside what is measured. Nothing of a case is on it."""
    if desk.marker_page is None:
        code = "marker.none"
        raise NotFound(code)
    pdf = desk.marker_page(language)
    return Response(pdf, media_type="application/pdf", headers={
        "Content-Disposition": f'inline; filename="videodesk-marker-{language.value}.pdf"', "Cache-Control": "public, max-age=86400",
        "ETag": f'"{hashlib.sha256(pdf).hexdigest()}"'})
