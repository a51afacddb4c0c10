"""Evidence packages over HTTP: have one built, see how far it is, fetch it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Request, Response
from starlette.responses import FileResponse

from videodesk.core.ids import UUID_PATTERN
from videodesk.core.permissions import Action, require
from videodesk.protocol import resources as r
from videodesk.service.auth import DeskDep, PrincipalDep
from videodesk.service.packages import PackageRoom, hand_over, order_package

router = APIRouter(tags=["packages"])

IdInPath = Annotated[str, Path(pattern=UUID_PATTERN)]


def _room(request: Request) -> PackageRoom:
    room: PackageRoom = request.app.state.packages
    return room


RoomDep = Annotated[PackageRoom, Depends(_room)]


@router.post("/cases/{case_id}/packages", status_code=202)
def build_package(desk: DeskDep, room: RoomDep, principal: PrincipalDep, case_id: IdInPath, body: r.PackageIn) -> r.PackageView:
    """Have an evidence package of the case built; idempotent by its id. That the evidence leaves the desk is a custody entry."""
    return order_package(desk, room, principal, case_id, body)


@router.get("/packages/{package_id}")
def get_package(room: RoomDep, principal: PrincipalDep, package_id: IdInPath) -> r.PackageView:
    """How far a package is; it is kept for a day."""
    require(principal, Action.EXPORT)
    return room.view(package_id)


@router.get("/packages/{package_id}/file", response_class=Response, responses={
    200: {"description": "The package (resources/docs/PACKAGE.md)", "content": {"application/zip": {}}}, 206: {"description": "The range asked for"},
    416: {"description": "The range lies beyond the end"},
})
def get_package_file(desk: DeskDep, room: RoomDep, principal: PrincipalDep, package_id: IdInPath) -> Response:
    """The finished package; 409 package.not_ready before. Each handing out is a custody entry."""
    path, view = hand_over(desk, room, principal, package_id)
    return FileResponse(path, media_type="application/zip", filename=view.file_name, headers={"ETag": f'"{view.digest}"', "Cache-Control": "no-store"})
