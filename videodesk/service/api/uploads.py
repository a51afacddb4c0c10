"""Resumable uploads over HTTP: tus 1.0.0 with creation, creation-with-upload, termination and expiration.

An agent's at /uploads, a customer's at /join/uploads; the sender makes the id (Upload-Metadata `id`), so that a creation whose answer was
lost is repeated safely. Nothing is evidence yet: PUT …/originals/… and PUT /join/stills/… make it so. A customer's creation that says what
the still is (Upload-Metadata `still`) spares that second request where all bytes come with the first.
"""

from __future__ import annotations

import base64
import binascii
from email.utils import format_datetime
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Request, Response
from pydantic import ValidationError
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from videodesk.cases.usecases import known_case
from videodesk.core.errors import DeskError, Invalid, NotAllowed, NotSignedIn, UnsupportedMedia
from videodesk.core.ids import UUID_PATTERN, is_id
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.evidence.model import MAX_CLIP_BYTES, MAX_ORIGINAL_BYTES
from videodesk.evidence.stills import uploading_customer
from videodesk.evidence.upload_ports import PartialUpload, UploadLimits
from videodesk.protocol.resources import PhotoUploaded, StillMeta
from videodesk.service.auth import DeskDep, PrincipalDep, TokenDep, authenticate_token
from videodesk.service.customer_stills import keep_uploaded
from videodesk.service.desk import Desk
from videodesk.service.problems import problem

router = APIRouter(tags=["uploads"])

TUS: Final = "1.0.0"
CONTENT: Final = "application/offset+octet-stream"
OF_AGENT: Final = UploadLimits(count=100, size_bytes=4 * MAX_CLIP_BYTES, each_bytes=MAX_CLIP_BYTES)
OF_CUSTOMER: Final = UploadLimits(count=24, size_bytes=8 * MAX_ORIGINAL_BYTES, each_bytes=MAX_ORIGINAL_BYTES)
_EXTENSIONS: Final = "creation,creation-with-upload,termination,expiration"
_PIECE_BYTES: Final = 512 * 1024
_BYTES: Final = {"content": {CONTENT: {"schema": {"type": "string", "format": "binary"}}}}


def _header(name: str, **schema: Any) -> dict[str, Any]:
    return {"name": name, "in": "header", "required": True, "schema": schema}


_VERSION: Final = _header("Tus-Resumable", type="string", enum=[TUS])
_ASKED: Final[dict[str, Any]] = {"parameters": [_VERSION]}
_BEGUN: Final[dict[str, Any]] = {
    "requestBody": _BYTES, "parameters": [_VERSION, _header("Upload-Length", type="integer", minimum=1), _header("Upload-Metadata", type="string")],
}
_SENT: Final[dict[str, Any]] = {"requestBody": _BYTES, "parameters": [_VERSION, _header("Upload-Offset", type="integer", minimum=0)]}

IdInPath = Annotated[str, Path(pattern=UUID_PATTERN)]


def _customer(desk: DeskDep, token: TokenDep) -> Principal:
    now = desk.clock.now()
    with desk.store.read() as uow:
        try:
            return uploading_customer(uow, token, now)
        except NotSignedIn:
            authenticate_token(uow, token, now)
            raise NotAllowed("permission.denied", action="join") from None


UploaderDep = Annotated[Principal, Depends(_customer)]


class WrongVersion(Exception):
    """The sender speaks another tus."""


def _tus(request: Request) -> None:
    if request.headers.get("tus-resumable") != TUS:
        raise WrongVersion


def wrong_version(_request: Request, _problem: Exception) -> Response:
    """412, as the protocol wants it."""
    answer = problem(412, "upload.tus_version", {"version": TUS})
    answer.headers["Tus-Version"] = TUS
    return answer


@router.options("/uploads", include_in_schema=False)
@router.options("/join/uploads", include_in_schema=False)
def describe() -> Response:
    """What this end of tus can do."""
    return Response(status_code=204, headers={
        "Tus-Resumable": TUS, "Tus-Version": TUS, "Tus-Extension": _EXTENSIONS, "Tus-Max-Size": str(MAX_CLIP_BYTES),
    })


@router.post("/uploads", status_code=201, response_class=Response, openapi_extra=_BEGUN)
async def create(desk: DeskDep, principal: PrincipalDep, request: Request) -> Response:
    """Begin an agent's upload; bytes in the body count. Idempotent by the id in Upload-Metadata."""
    require(principal, Action.CAPTURE)
    return await _create(desk, principal, request, OF_AGENT, "/api/v1/uploads")


@router.post("/join/uploads", status_code=201, response_class=Response, openapi_extra=_BEGUN, responses={201: {"model": PhotoUploaded}})
async def create_of_customer(desk: DeskDep, principal: UploaderDep, request: Request) -> Response:
    """Begin a customer's upload; bytes in the body count. Idempotent by the id in Upload-Metadata.

    With a StillMeta as `still` in Upload-Metadata and all the bytes, it is made the original of its own id as PUT /join/stills/{id} does,
    and the answer has that one's body. When that is refused the answer has none: the bytes are there, and the PUT tells why.
    """
    require(principal, Action.UPLOAD_PHOTO)
    answer = await _create(desk, principal, request, OF_CUSTOMER, "/api/v1/join/uploads")
    still = _still(request)
    if still is None or answer.headers["Upload-Offset"] != request.headers["upload-length"]:
        return answer
    try:
        told, after = await run_in_threadpool(keep_uploaded, desk, principal, still.upload_id, still)
    except DeskError:
        return answer
    headers = {name: answer.headers[name] for name in ("Tus-Resumable", "Upload-Offset", "Upload-Expires", "Location")}
    return Response(told.model_dump_json(), 201, headers, "application/json", BackgroundTask(after))


@router.head("/uploads/{upload_id}", response_class=Response, openapi_extra=_ASKED)
def get_offset(desk: DeskDep, principal: PrincipalDep, upload_id: IdInPath, request: Request) -> Response:
    """How much of it is there."""
    require(principal, Action.CAPTURE)
    _tus(request)
    return _offset(desk, principal, upload_id)


@router.head("/join/uploads/{upload_id}", response_class=Response, openapi_extra=_ASKED)
def get_offset_of_customer(desk: DeskDep, principal: UploaderDep, upload_id: IdInPath, request: Request) -> Response:
    """How much of it is there."""
    _tus(request)
    return _offset(desk, principal, upload_id)


@router.patch("/uploads/{upload_id}", status_code=204, response_class=Response, openapi_extra=_SENT)
async def append(desk: DeskDep, principal: PrincipalDep, upload_id: IdInPath, request: Request) -> Response:
    """Send on from Upload-Offset; 409 upload.wrong_offset when that is not where it ended."""
    require(principal, Action.CAPTURE)
    return await _append(desk, principal, upload_id, request)


@router.patch("/join/uploads/{upload_id}", status_code=204, response_class=Response, openapi_extra=_SENT)
async def append_of_customer(desk: DeskDep, principal: UploaderDep, upload_id: IdInPath, request: Request) -> Response:
    """Send on from Upload-Offset; 409 upload.wrong_offset when that is not where it ended."""
    return await _append(desk, principal, upload_id, request)


@router.delete("/uploads/{upload_id}", status_code=204, response_class=Response, openapi_extra=_ASKED)
def terminate(desk: DeskDep, principal: PrincipalDep, upload_id: IdInPath, request: Request) -> Response:
    """Give it up."""
    require(principal, Action.CAPTURE)
    _tus(request)
    return _terminate(desk, principal, upload_id)


@router.delete("/join/uploads/{upload_id}", status_code=204, response_class=Response, openapi_extra=_ASKED)
def terminate_of_customer(desk: DeskDep, principal: UploaderDep, upload_id: IdInPath, request: Request) -> Response:
    """Give it up."""
    _tus(request)
    return _terminate(desk, principal, upload_id)


async def _create(desk: Desk, principal: Principal, request: Request, limits: UploadLimits, below: str) -> Response:
    _tus(request)
    wanted = _wanted(principal, request, desk)
    upload = await run_in_threadpool(_begin, desk, wanted, limits)
    # A repeated creation sends the same first bytes again: they are passed over, HEAD says where to go on.
    if upload.offset == 0 and _is_content(request):
        upload = await _receive(desk, principal, upload, request)
    return Response(status_code=201, headers=_headers(upload) | {"Location": f"{below}/{upload.id}"})


def _begin(desk: Desk, wanted: PartialUpload, limits: UploadLimits) -> PartialUpload:
    if wanted.case_id is not None:  # before a key is made for it: is there such a case?
        with desk.store.read() as uow:
            known_case(uow, wanted.case_id)
    return desk.uploads.create(wanted, limits, desk.clock.now())


async def _append(desk: Desk, principal: Principal, upload_id: str, request: Request) -> Response:
    _tus(request)
    if not _is_content(request):
        raise UnsupportedMedia("upload.not_content")
    upload = await run_in_threadpool(desk.uploads.get, upload_id, principal.id, desk.clock.now())
    upload = await _receive(desk, principal, upload, request, _number(request, "upload-offset"))
    return Response(status_code=204, headers=_headers(upload))


async def _receive(desk: Desk, principal: Principal, upload: PartialUpload, request: Request, offset: int = 0) -> PartialUpload:
    """Write what comes, in pieces that are worth a turn of a worker thread; what came before a cut stays."""
    writer = await run_in_threadpool(desk.uploads.writing, upload.id, principal.id, offset, desk.clock.now())
    waiting = bytearray()
    is_cut = False
    try:
        async for piece in request.stream():
            waiting += piece
            if len(waiting) >= _PIECE_BYTES:
                await run_in_threadpool(writer.write, bytes(waiting))
                waiting.clear()
    except ClientDisconnect:
        is_cut = True

    def end() -> PartialUpload:
        with writer:
            if waiting:
                writer.write(bytes(waiting))
        return desk.uploads.get(upload.id, principal.id, desk.clock.now())

    got = await run_in_threadpool(end)
    if is_cut:
        raise Invalid("upload.cut", offset=got.offset)  # nobody reads it, but the log should not show a success
    return got


def _offset(desk: Desk, principal: Principal, upload_id: str) -> Response:
    upload = desk.uploads.get(upload_id, principal.id, desk.clock.now())
    return Response(status_code=200, headers=_headers(upload) | {"Upload-Length": str(upload.size_bytes), "Cache-Control": "no-store"})


def _terminate(desk: Desk, principal: Principal, upload_id: str) -> Response:
    desk.uploads.get(upload_id, principal.id, desk.clock.now())
    desk.uploads.remove(upload_id, principal.id)
    return Response(status_code=204, headers={"Tus-Resumable": TUS})


def _headers(upload: PartialUpload) -> dict[str, str]:
    return {"Tus-Resumable": TUS, "Upload-Offset": str(upload.offset), "Upload-Expires": format_datetime(upload.expires_at, usegmt=True)}


def _is_content(request: Request) -> bool:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == CONTENT


def _number(request: Request, header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdecimal() and len(text) <= 15):
        raise Invalid("upload.header", field=header)
    return int(text)


def _wanted(principal: Principal, request: Request, desk: Desk) -> PartialUpload:
    told = _metadata(request.headers.get("upload-metadata", ""))
    ids: dict[str, Any] = {name: told[name] for name in ("id", "case_id", "snapshot_id") if told.get(name)}
    if "id" not in ids or not all(is_id(value) for value in ids.values()):
        raise Invalid("upload.header", field="upload-metadata")
    size_bytes = _number(request, "upload-length")
    if size_bytes < 1:
        raise Invalid("upload.header", field="upload-length")
    return PartialUpload(
        id=ids["id"], owner=principal.id, size_bytes=size_bytes, created_at=desk.clock.now(), case_id=principal.case_id or ids.get("case_id"),
        snapshot_id=ids.get("snapshot_id"))


def _still(request: Request) -> StillMeta | None:
    told = _metadata(request.headers.get("upload-metadata", ""))
    try:
        still = StillMeta.model_validate_json(told.get("still", ""))
    except ValidationError:
        return None
    return still if still.upload_id == told["id"] else None


def _metadata(header: str) -> dict[str, str]:
    """Upload-Metadata: pairs of a key and its value in Base64, separated by commas."""
    found: dict[str, str] = {}
    for pair in header[:4000].split(","):
        key, _, value = pair.strip().partition(" ")
        try:
            found[key] = base64.b64decode(value.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            continue
    return found
