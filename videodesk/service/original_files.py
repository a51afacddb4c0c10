"""An original's bytes on their way in and out, for the routes that take and give them. Blocks: in worker threads."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from videodesk.cases.usecases import known_case
from videodesk.core.errors import Invalid, NotAllowed, TooLarge
from videodesk.core.ids import require_id
from videodesk.core.people import Principal
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.evidence import intake, usecases
from videodesk.evidence.containers import sniff_clip
from videodesk.evidence.model import MAX_CLIP_BYTES, MAX_ORIGINAL_BYTES
from videodesk.evidence.originals import Received
from videodesk.evidence.ports import BlobStore, StagedBlob
from videodesk.evidence.sniff import HEAD_BYTES, sniff
from videodesk.protocol import resources as r
from videodesk.service import evidence_views as views
from videodesk.service.desk import Desk
from videodesk.service.ranges import handout
from videodesk.service.uploads import MAX_POSTER_BYTES, Upload, decoded, with_poster

_SUFFIXES: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "video/webm": "webm", "video/mp4": "mp4"}


def put_original(desk: Desk, principal: Principal, snapshot_id: str, original_id: str, upload: Upload) -> r.SnapshotView:
    """Take an agent's original out of a form, or the finished upload that the form names."""
    meta = upload.body("metadata", r.SnapshotMeta)
    now = desk.clock.now()
    upload_id = upload.fields.get("upload_id") if upload.file is None else None
    with desk.store.read() as uow:  # before anything is made for it, key or folder: is there such a case?
        blobs = desk.blobs.of_case(known_case(uow, meta.case_id).id)
    if upload_id is None:
        with blobs.stage(upload.chunks(), MAX_ORIGINAL_BYTES) as original:
            return _keep(desk, blobs, principal, snapshot_id, original_id, meta, original, upload)
    # Sent again after its answer was lost: the upload is gone, and the original is here.
    with desk.store.read() as uow:
        known = intake.check_snapshot(uow, principal, snapshot_id, original_id, meta, meta.digest, desk.checklists, now)
        if known is not None:
            desk.uploads.remove(upload_id, principal.id)
            return views.snapshot_view(uow, known)
    with whole_upload(desk, blobs, principal, upload_id, meta.digest, "snapshot.digest_mismatch") as original:
        view = _keep(desk, blobs, principal, snapshot_id, original_id, meta, original, upload)
    desk.uploads.remove(upload_id, principal.id)
    return view


def whole_upload(desk: Desk, blobs: BlobStore, principal: Principal, upload_id: str, digest: str, code: str) -> StagedBlob:
    """The finished upload, whose bytes have this digest; else Invalid(`code`), and the sender begins anew."""
    staged = desk.uploads.whole(require_id(upload_id, "upload_id"), principal.id, desk.clock.now(), blobs)
    if staged.digest != digest:
        staged.discard()
        desk.uploads.remove(upload_id, principal.id)
        raise Invalid(code)
    return staged


def _keep(
    desk: Desk, blobs: BlobStore, principal: Principal, snapshot_id: str, original_id: str, meta: r.SnapshotMeta, original: StagedBlob, upload: Upload,
) -> r.SnapshotView:
    now = desk.clock.now()
    # First without the writers' lock, so that what would be refused is not decoded.
    with desk.store.read() as uow:
        known = intake.check_snapshot(uow, principal, snapshot_id, original_id, meta, original.digest, desk.checklists, now)
        if known is not None:
            return views.snapshot_view(uow, known)
    with _looked_at(desk, blobs, meta, original, upload) as received, desk.store.write() as uow:
        return views.snapshot_view(
            uow, intake.keep_snapshot(uow, principal, snapshot_id, original_id, meta, received, desk.checklists, now))


def _looked_at(
    desk: Desk, blobs: BlobStore, meta: r.SnapshotMeta, original: StagedBlob, upload: Upload,
) -> AbstractContextManager[Received]:
    is_clip = meta.method is SnapshotMethod.CLIP
    limit = MAX_CLIP_BYTES if is_clip else MAX_ORIGINAL_BYTES
    if original.size_bytes > limit:
        raise TooLarge("upload.too_large", limit_bytes=limit)
    facts = sniff_clip(original.head(HEAD_BYTES)) if is_clip else sniff(original.head(HEAD_BYTES))
    intake.check_picture(meta, facts)
    return with_poster(desk, blobs, original, facts, upload.small("poster", MAX_POSTER_BYTES)) if is_clip else decoded(desk, blobs, original, facts)


def hand_out(desk: Desk, principal: Principal, snapshot_id: str, original_id: str | None, request: Request) -> Response:
    """Give an original's bytes (without an id the leading one's); each handing out, and each refusal, is a custody entry."""
    now = desk.clock.now()
    try:
        with desk.store.read() as uow:
            original = usecases.see_original(uow, principal, snapshot_id, original_id)
            blobs = desk.blobs.of_case(usecases.see_snapshot(uow, principal, snapshot_id).case_id)
    except NotAllowed as refusal:
        with desk.store.write() as uow:
            usecases.note_denied(uow, principal, snapshot_id, refusal.code, now)
        raise
    given = handout(request, original.digest, original.size_bytes, original.media_type)
    response = given.response(blobs, f"{original.id}.{_SUFFIXES[original.media_type]}")
    if given.is_given:
        with desk.store.write() as uow:
            usecases.note_view(uow, principal, original, now, given.part)
    return response

def note_look(desk: Desk, principal: Principal, snapshot_id: str, what: str, digest: str = "") -> None:
    """Enter a look before anything is handed out; `what` is "thumbnail" or "marks". Raises what a writing transaction raises."""
    now = desk.clock.now()
    if not desk.looks.is_first(principal, snapshot_id, what, now):
        return
    try:
        with desk.store.write() as uow:
            usecases.note_look(uow, principal, snapshot_id, what, digest, now)
    except BaseException:
        desk.looks.forget(principal, snapshot_id, what, now)
        raise
