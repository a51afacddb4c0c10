"""The customer's still over HTTP: its bytes were uploaded before; here it becomes an original of the snapshot it was asked for."""

from __future__ import annotations

from fastapi import APIRouter, BackgroundTasks

from videodesk.core.errors import TooLarge
from videodesk.core.permissions import Action, require
from videodesk.evidence import stills
from videodesk.evidence.model import MAX_ORIGINAL_BYTES, Snapshot
from videodesk.evidence.originals import known_original
from videodesk.evidence.sniff import HEAD_BYTES, sniff
from videodesk.protocol.resources import PhotoUploaded, StillMeta
from videodesk.service.api.originals import IdInPath
from videodesk.service.api.uploads import UploaderDep
from videodesk.service.auth import DeskDep
from videodesk.service.desk import Desk, UnitOfWork
from videodesk.service.original_files import whole_upload
from videodesk.service.thumbnails import look_at
from videodesk.service.uploads import from_customer

router = APIRouter(tags=["join"])


@router.put("/join/stills/{original_id}")
def put_still(desk: DeskDep, customer: UploaderDep, original_id: IdInPath, body: StillMeta, background: BackgroundTasks) -> PhotoUploaded:
    """Make a finished upload an original of the snapshot it was asked for. Idempotent; the upload goes away."""
    require(customer, Action.UPLOAD_PHOTO)
    now = desk.clock.now()
    with desk.store.read() as uow:
        known = stills.check_still(uow, customer, original_id, body, now)
        if known is not None:
            desk.uploads.remove(body.upload_id, customer.id)
            return _told(uow, known, original_id)
        keeps_location = stills.keeps_location(uow, customer, body, now)
    with whole_upload(desk, customer, body.upload_id, body.digest, "snapshot.digest_mismatch") as original:
        if original.size_bytes > MAX_ORIGINAL_BYTES:
            raise TooLarge("upload.too_large", limit_bytes=MAX_ORIGINAL_BYTES)
        # Only the header is looked at now: the customer waits. What cannot be decoded shows as such a moment later.
        facts = sniff(original.head(HEAD_BYTES))
        with from_customer(desk, original, facts, keeps_location=keeps_location) as received, desk.store.write() as uow:
            snapshot = stills.keep_still(uow, customer, original_id, body, received, desk.checklists, now)
            told = _told(uow, snapshot, original_id)
    background.add_task(_after, desk, told, facts.media_type, original_id, body.upload_id, customer.id)
    return told


def _told(uow: UnitOfWork, snapshot: Snapshot, original_id: str) -> PhotoUploaded:
    original = known_original(uow, snapshot, original_id)
    return PhotoUploaded(snapshot_id=snapshot.id, digest=original.digest, width_px=original.width_px, height_px=original.height_px)


def _after(desk: Desk, told: PhotoUploaded, media_type: str, original_id: str, upload_id: str, owner: str) -> None:
    desk.uploads.remove(upload_id, owner)
    look_at(desk, told.digest, media_type, original_id)
