"""The customer's copy over HTTP: agents make and revoke links, the customer's page finds its own, whoever has a link sees the pictures.

The link's token is posted once and then lies in a cookie that only this copy's addresses get: pictures and files are plain links there,
which a telephone's browser saves without holding them in memory.
"""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from starlette.responses import StreamingResponse

from videodesk.cases.usecases import known_case
from videodesk.core.errors import NotFound, WorldError
from videodesk.core.ids import UUID_PATTERN
from videodesk.core.vocabulary import CustodyAction
from videodesk.evidence import copies as rules
from videodesk.evidence.copies import CustomerCopy, Given
from videodesk.evidence.model import Original
from videodesk.protocol import resources as r
from videodesk.service import copies, limits
from videodesk.service.api.people import LimitsDep
from videodesk.service.auth import CustomerDep, DeskDep, PrincipalDep
from videodesk.service.copy_archive import Pieces, make_archive
from videodesk.service.desk import Desk
from videodesk.service.limits import address_of
from videodesk.service.ranges import handout
from videodesk.service.thumbnails import thumbnail_of

router = APIRouter(tags=["copies"])

CaseInPath = Annotated[str, Path(max_length=40)]
IdInPath = Annotated[str, Path(pattern=UUID_PATTERN)]
COOKIE: Final = "videodesk_copy"
COOKIE_S: Final = 4 * 3600


# agents
@router.get("/cases/{case_id}/copies")
def list_copies(desk: DeskDep, principal: PrincipalDep, case_id: CaseInPath) -> list[r.CopyView]:
    """A case's copies, newest first; with link and texts as long as they open."""
    now = desk.clock.now()
    with desk.store.read() as uow:
        return [copies.copy_view(desk, uow, one, now) for one in rules.list_copies(uow, principal, case_id)]


@router.post("/cases/{case_id}/copies", status_code=201)
def make_copy(desk: DeskDep, principal: PrincipalDep, case_id: CaseInPath, body: r.CopyIn) -> r.CopyView:
    """A further link to a call's pictures; idempotent."""
    now = desk.clock.now()
    with desk.store.write() as uow:
        return copies.copy_view(desk, uow, rules.make_copy(uow, principal, case_id, body.id, body.call_id, desk.code_key, now), now)


@router.delete("/cases/{case_id}/copies/{copy_id}")
def revoke_copy(desk: DeskDep, principal: PrincipalDep, case_id: CaseInPath, copy_id: IdInPath) -> r.CopyView:
    """The link opens nothing any more."""
    now = desk.clock.now()
    with desk.store.write() as uow:
        return copies.copy_view(desk, uow, rules.revoke_copy(uow, principal, case_id, copy_id, now), now)


# the customer, on the page of the call
@router.get("/join/copy")
def my_copy(desk: DeskDep, customer: CustomerDep) -> r.CopyView:
    """The copy that the end of this customer's call made; 404 copy.unknown where there is none."""
    now = desk.clock.now()
    with desk.store.read() as uow:
        call = uow.calls.of_invitation(customer.id)
        made = [one for one in uow.copies.of_case(call.case_id) if one.made_by == customer.id] if call is not None else []
        if not made or not made[0].is_open(now):
            raise NotFound("copy.unknown")
        return copies.copy_view(desk, uow, made[0], now)


# whoever has the link
@router.post("/copy/open")
def open_copy(request: Request, response: Response, desk: DeskDep, limited: LimitsDep, body: r.CopyKey) -> r.CopyOpened:
    """What a link opens; 404 copy.unknown, 410 copy.expired, copy.revoked, case.erased."""
    limited.take(limits.EXCHANGES, address_of(request.scope))
    now = desk.clock.now()
    with desk.store.write() as uow:
        copy = copies.opened(desk, uow, body.token, now)
        rules.note_opened(uow, copy, now)
        view = copies.opened_view(desk, uow, copy)
    response.set_cookie(COOKIE, body.token, max_age=COOKIE_S, path=f"/api/v1/copy/{copy.id}", secure=request.url.scheme == "https",
                        httponly=True, samesite="strict")
    return view


@router.get("/copy/{copy_id}/pictures/{snapshot_id}/preview", response_class=Response, responses={
    200: {"description": "JPEG", "content": {"image/jpeg": {}}}, 304: {"description": "The ETag is known"},
})
def preview(request: Request, desk: DeskDep, copy_id: IdInPath, snapshot_id: IdInPath) -> Response:
    """A small picture of what the copy gives, longest side 320 px. The first look at each is a custody entry."""
    copy, given = _given(request, desk, copy_id, snapshot_id)
    picture = given.picture
    thumbnail = thumbnail_of(desk, copy.case_id, picture.digest, picture.media_type, picture.id if isinstance(picture, Original) else None)
    blobs = desk.blobs.of_case(copy.case_id)
    with desk.store.write() as uow:
        rules.note_first_look(uow, copy, given, desk.clock.now())
    headers = {"ETag": f'"{thumbnail}"', "Cache-Control": "private, no-cache"}
    if thumbnail in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(blobs.read(thumbnail), media_type="image/jpeg", headers=headers)


@router.get("/copy/{copy_id}/pictures/{snapshot_id}/file", response_class=Response, responses={
    200: {"description": "The sealed file", "content": {"image/*": {}}}, 206: {"description": "The range asked for"},
    304: {"description": "The ETag (the digest) is known"}, 416: {"description": "The range lies beyond the end"},
})
def file(request: Request, desk: DeskDep, copy_id: IdInPath, snapshot_id: IdInPath) -> Response:
    """The file itself, with its seal; each handing out is a custody entry (shared)."""
    copy, given = _given(request, desk, copy_id, snapshot_id)
    found = handout(request, given.picture.digest, given.picture.size_bytes, given.picture.media_type)
    response = found.response(desk.blobs.of_case(copy.case_id))
    if found.is_given:
        with desk.store.write() as uow:
            place = [one.snapshot.id for one in rules.pictures_of(uow, copy)].index(snapshot_id) + 1
            name = copies.file_name(known_case(uow, copy.case_id), given, place)
            rules.note_seen(uow, copy, given, CustodyAction.SHARED, desk.clock.now())
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@router.get("/copy/{copy_id}/archive", response_class=Response, responses={
    200: {"description": "All of it", "content": {"application/zip": {}}},
})
def archive(request: Request, desk: DeskDep, copy_id: IdInPath) -> Response:
    """Everything in one ZIP; each picture in it is a custody entry (shared)."""
    copy = _copy(request, desk, copy_id)
    if desk.packer is None:
        raise WorldError("seal.no_keys")
    with desk.store.read() as uow:
        number = known_case(uow, copy.case_id).number
    made, size = make_archive(desk, desk.packer, copy)
    return StreamingResponse(Pieces(made), media_type="application/zip", headers={
        "Content-Disposition": f'attachment; filename="{number}.zip"', "Content-Length": str(size), "Cache-Control": "no-store"})


def _copy(request: Request, desk: Desk, copy_id: str) -> CustomerCopy:
    token = request.cookies.get(COOKIE, "")
    with desk.store.read() as uow:
        copy = copies.opened(desk, uow, token, desk.clock.now())
    if copy.id != copy_id:
        raise NotFound("copy.unknown")
    return copy


def _given(request: Request, desk: Desk, copy_id: str, snapshot_id: str) -> tuple[CustomerCopy, Given]:
    copy = _copy(request, desk, copy_id)
    with desk.store.read() as uow:
        return copy, rules.known_picture(uow, copy, snapshot_id)
