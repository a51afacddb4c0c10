"""The originals of a snapshot over HTTP: further ones, their bytes, and the still that nobody waits for any more."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from starlette.concurrency import run_in_threadpool

from videodesk.core.errors import NotFound
from videodesk.core.ids import UUID_PATTERN
from videodesk.core.permissions import Action, require
from videodesk.evidence import stills
from videodesk.protocol import resources as r
from videodesk.service import evidence_views as views
from videodesk.service import original_files
from videodesk.service.auth import DeskDep, PrincipalDep
from videodesk.service.uploads import form_in_openapi, received_form

router = APIRouter(tags=["evidence"])

IdInPath = Annotated[str, Path(pattern=UUID_PATTERN)]


@router.put("/snapshots/{snapshot_id}/originals/{original_id}", openapi_extra=form_in_openapi(
    "original", r.SnapshotMeta, instead="upload_id", poster={"type": "string", "contentMediaType": "image/jpeg"},
))
async def put_original(
    desk: DeskDep, principal: PrincipalDep, snapshot_id: IdInPath, original_id: IdInPath, request: Request,
) -> r.SnapshotView:
    """Keep an original of a snapshot: the file `original`, or the finished upload `upload_id`; a clip with its `poster`. Idempotent."""
    require(principal, Action.CAPTURE)
    async with received_form(request, "original", instead="upload_id", more=("poster",)) as upload:
        return await run_in_threadpool(original_files.put_original, desk, principal, snapshot_id, original_id, upload)


@router.get("/snapshots/{snapshot_id}/originals/{original_id}", response_class=Response, responses={
    200: {"description": "The original", "content": {"image/*": {}, "video/*": {}}}, 206: {"description": "The range asked for"},
    304: {"description": "The ETag (the digest) is known"}, 416: {"description": "The range lies beyond the end"},
})
def get_original_of(desk: DeskDep, principal: PrincipalDep, snapshot_id: IdInPath, original_id: IdInPath, request: Request) -> Response:
    """One original's bytes; ETag is their SHA-256, Range is honoured. Each handing out is a custody entry."""
    return original_files.hand_out(desk, principal, snapshot_id, original_id, request)


@router.delete("/snapshots/{snapshot_id}/still")
def give_up_still(desk: DeskDep, principal: PrincipalDep, snapshot_id: IdInPath) -> r.SnapshotView:
    """Nobody waits for the camera's still any more; one that comes all the same is kept. 404 when the snapshot is not here yet."""
    with desk.store.write() as uow:
        given_up = stills.give_up_still(uow, principal, snapshot_id, desk.clock.now())
    if given_up is None:
        raise NotFound("snapshot.unknown")
    with desk.store.read() as uow:
        return views.snapshot_view(uow, given_up)
