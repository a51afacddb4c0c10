"""Snapshots, annotations, renditions and the custody log over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from videodesk.core.ids import UUID_PATTERN
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.evidence import package, usecases
from videodesk.evidence.model import MAX_ORIGINAL_BYTES
from videodesk.evidence.release import clear_snapshot, seen_renditions
from videodesk.evidence.sniff import HEAD_BYTES, sniff
from videodesk.protocol import resources as r
from videodesk.service import evidence_views as views
from videodesk.service.auth import DeskDep, PrincipalDep
from videodesk.service.desk import Desk
from videodesk.service.original_files import hand_out, note_look, put_original
from videodesk.service.ranges import handout
from videodesk.service.thumbnails import thumbnail_of
from videodesk.service.uploads import Upload, decoded, form_in_openapi, received_form

router = APIRouter(tags=["evidence"])

IdInPath = Annotated[str, Path(pattern=UUID_PATTERN)]


@router.put("/snapshots/{snapshot_id}", openapi_extra=form_in_openapi("original", r.SnapshotMeta))
async def put_snapshot(desk: DeskDep, principal: PrincipalDep, snapshot_id: IdInPath, request: Request) -> r.SnapshotView:
    """Keep an original; idempotent: the same id with the same bytes gets the same answer, with other bytes 409 snapshot.differs."""
    require(principal, Action.CAPTURE)
    async with received_form(request, "original", instead="upload_id", more=("poster",)) as upload:
        return await run_in_threadpool(put_original, desk, principal, snapshot_id, snapshot_id, upload)


@router.get("/snapshots/{snapshot_id}")
def get_snapshot(desk: DeskDep, principal: PrincipalDep, snapshot_id: IdInPath) -> r.SnapshotView:
    """One snapshot with its review state, newest rendition and decisions."""
    with desk.store.read() as uow:
        return views.snapshot_view(uow, usecases.see_snapshot(uow, principal, snapshot_id))


@router.patch("/snapshots/{snapshot_id}")
def change_snapshot(desk: DeskDep, principal: PrincipalDep, snapshot_id: IdInPath, body: r.SnapshotPatch) -> r.SnapshotView:
    """Set where a snapshot belongs; what is left out stays, null takes it off its item."""
    with desk.store.write() as uow:
        return views.snapshot_view(uow, usecases.change_snapshot(uow, principal, snapshot_id, body, desk.checklists, desk.clock.now()))


@router.post("/snapshots/{snapshot_id}/release")
def release_snapshot(desk: DeskDep, principal: PrincipalDep, snapshot_id: IdInPath, body: r.ReleaseIn) -> r.SnapshotView:
    """There is nothing to redact on the original that leads: others than the agents of the case may see the snapshot. Idempotent."""
    with desk.store.write() as uow:
        return views.snapshot_view(uow, clear_snapshot(uow, principal, snapshot_id, body.original_id, desk.clock.now()))


@router.get("/cases/{case_id}/snapshots")
def list_snapshots(desk: DeskDep, principal: PrincipalDep, case_id: IdInPath) -> r.SnapshotList:
    """A case's snapshots, oldest first."""
    with desk.store.read() as uow:
        return r.SnapshotList(items=views.snapshot_views(uow, usecases.list_snapshots(uow, principal, case_id)))


@router.get("/cases/{case_id}/custody")
def get_custody(desk: DeskDep, principal: PrincipalDep, case_id: IdInPath) -> r.CustodyLog:
    """The custody entries of a case, oldest first."""
    with desk.store.read() as uow:
        return views.custody_log(usecases.see_custody(uow, principal, case_id))


@router.post("/cases/{case_id}/exports")
def export_case(desk: DeskDep, principal: PrincipalDep, case_id: IdInPath) -> dict[str, Any]:
    """The record of a case as JSON: ids, digests, decisions, custody, checklist, consents. Each export is in the custody log."""
    with desk.store.write() as uow:
        return package.export_case(uow, principal, case_id, desk.checklists, desk.clock.now())


@router.get("/snapshots/{snapshot_id}/original", response_class=Response, responses={
    200: {"description": "The original", "content": {"image/*": {}}}, 206: {"description": "The range asked for"},
    304: {"description": "The ETag (the digest) is known"}, 416: {"description": "The range lies beyond the end"},
})
def get_original(desk: DeskDep, principal: PrincipalDep, snapshot_id: IdInPath, request: Request) -> Response:
    """The original's bytes; ETag is their SHA-256, Range is honoured. Each handing out is a custody entry."""
    return hand_out(desk, principal, snapshot_id, None, request)


@router.get("/snapshots/{snapshot_id}/thumbnail", response_class=Response, responses={
    200: {"description": "JPEG", "content": {"image/jpeg": {}}}, 304: {"description": "The ETag is known"},
})
def get_thumbnail(desk: DeskDep, principal: PrincipalDep, snapshot_id: IdInPath, request: Request) -> Response:
    """JPEG, longest side 320 px, of the newest rendition that the person may see, else of the original."""
    with desk.store.read() as uow:
        snapshot = usecases.see_snapshot(uow, principal, snapshot_id)
        renditions = seen_renditions(uow, principal, snapshot)
        source, media_type = (renditions[-1].digest, renditions[-1].media_type) if renditions else (snapshot.digest, snapshot.media_type)
    thumbnail = thumbnail_of(desk, snapshot.case_id, source, media_type, None if renditions else snapshot.leading)
    blobs = desk.blobs.of_case(snapshot.case_id)
    given = handout(request, thumbnail, blobs.size_bytes(thumbnail), "image/jpeg")
    if given.is_given:
        note_look(desk, principal, snapshot_id, "thumbnail", source)
    return given.response(blobs)


@router.get("/snapshots/{snapshot_id}/annotation")
def get_annotation(
    desk: DeskDep, principal: PrincipalDep, snapshot_id: IdInPath, revision: Annotated[int | None, Query(ge=1, le=2**31 - 1)] = None,
) -> r.AnnotationView:
    """The newest revision of the marks or the one asked for; 404 annotation.none when nothing was ever annotated."""
    with desk.store.read() as uow:
        annotation = usecases.see_annotation(uow, principal, snapshot_id, revision)
    note_look(desk, principal, snapshot_id, "marks")
    return views.annotation_view(annotation)


@router.post("/snapshots/{snapshot_id}/annotation")
def add_annotation(desk: DeskDep, principal: PrincipalDep, snapshot_id: IdInPath, body: r.AnnotationIn) -> r.AnnotationView:
    """A new revision of the marks; 409 annotation.stale when somebody was faster."""
    with desk.store.write() as uow:
        return views.annotation_view(
            usecases.add_annotation(uow, principal, snapshot_id, body.base_revision, body.document, desk.clock.now(), body.original_id),
        )


@router.put("/snapshots/{snapshot_id}/renditions/{rendition_id}", openapi_extra=form_in_openapi("picture", r.RenditionMeta))
async def put_rendition(
    desk: DeskDep, principal: PrincipalDep, snapshot_id: IdInPath, rendition_id: IdInPath, request: Request,
) -> r.RenditionView:
    """Keep a picture derived from one revision of the marks; idempotent as the snapshot's PUT."""
    require(principal, Action.ANNOTATE)
    async with received_form(request, "picture") as upload:
        return await run_in_threadpool(_put_rendition, desk, principal, snapshot_id, rendition_id, upload)


def _put_rendition(desk: Desk, principal: Principal, snapshot_id: str, rendition_id: str, upload: Upload) -> r.RenditionView:
    meta = upload.body("metadata", r.RenditionMeta)
    with desk.store.read() as uow:
        blobs = desk.blobs.of_case(usecases.see_snapshot(uow, principal, snapshot_id).case_id)
    with blobs.stage(upload.chunks(), MAX_ORIGINAL_BYTES) as picture:
        with desk.store.read() as uow:
            known = usecases.check_rendition(uow, principal, snapshot_id, rendition_id, meta, picture.digest)
            if known is not None:
                return views.rendition_view(known)
        with decoded(desk, blobs, picture, sniff(picture.head(HEAD_BYTES))) as received, desk.store.write() as uow:
            return views.rendition_view(
                usecases.keep_rendition(uow, principal, snapshot_id, rendition_id, meta, received, desk.clock.now()),
            )


@router.get("/renditions/{rendition_id}", response_class=Response, responses={
    200: {"description": "The picture", "content": {"image/*": {}}}, 206: {"description": "The range asked for"},
    304: {"description": "The ETag (the digest) is known"}, 416: {"description": "The range lies beyond the end"},
})
def get_rendition(desk: DeskDep, principal: PrincipalDep, rendition_id: IdInPath, request: Request) -> Response:
    """A rendition's bytes."""
    with desk.store.read() as uow:
        rendition = usecases.see_rendition(uow, principal, rendition_id)
        blobs = desk.blobs.of_case(usecases.see_snapshot(uow, principal, rendition.snapshot_id).case_id)
    given = handout(request, rendition.digest, rendition.size_bytes, rendition.media_type)
    response = given.response(blobs)
    if given.is_given:
        with desk.store.write() as uow:
            usecases.note_rendition_view(uow, principal, rendition, desk.clock.now(), given.part)
    return response

