"""The customer's still over HTTP: its bytes were uploaded before; here it becomes an original of the snapshot it was asked for."""

from __future__ import annotations

from fastapi import APIRouter, BackgroundTasks

from videodesk.core.errors import NotFound, TooLarge
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.evidence import stills
from videodesk.evidence.model import MAX_ORIGINAL_BYTES, Original
from videodesk.evidence.originals import known_original
from videodesk.evidence.ports import StagedBlob
from videodesk.evidence.sniff import HEAD_BYTES, sniff
from videodesk.protocol.resources import PhotoUploaded, StillMeta
from videodesk.service.api.originals import IdInPath
from videodesk.service.api.uploads import UploaderDep
from videodesk.service.auth import DeskDep
from videodesk.service.desk import Desk
from videodesk.service.original_files import whole_upload
from videodesk.service.thumbnails import look_at
from videodesk.service.uploads import from_customer

router = APIRouter(tags=["join"])


@router.put("/join/stills/{original_id}")
def put_still(desk: DeskDep, customer: UploaderDep, original_id: IdInPath, body: StillMeta, background: BackgroundTasks) -> PhotoUploaded:
    """Make a finished upload an original of the snapshot it was asked for. Idempotent; the upload goes away."""
    require(customer, Action.UPLOAD_PHOTO)
    try:
        original = whole_upload(desk, customer, body.upload_id, body.digest, "snapshot.digest_mismatch")
    except NotFound:
        # Sent again after its answer was lost: the upload is gone, and the still is here.
        return _known(desk, customer, original_id, body)
    with original:
        told, media_type = _keep(desk, customer, original_id, body, original)
    background.add_task(_after, desk, told.digest, media_type, original_id, body.upload_id, customer.id)
    return told


def _known(desk: Desk, customer: Principal, original_id: str, body: StillMeta) -> PhotoUploaded:
    with desk.store.read() as uow:
        snapshot = stills.check_still(uow, customer, original_id, body, desk.clock.now())
        if snapshot is None:
            raise NotFound("upload.unknown")
        return _told(known_original(uow, snapshot, original_id))


def _keep(desk: Desk, customer: Principal, original_id: str, body: StillMeta, original: StagedBlob) -> tuple[PhotoUploaded, str]:
    """One transaction and no second look: the customer waits. What cannot be decoded shows as such a moment later."""
    now = desk.clock.now()
    if original.size_bytes > MAX_ORIGINAL_BYTES:
        raise TooLarge("upload.too_large", limit_bytes=MAX_ORIGINAL_BYTES)

    def keeps_location() -> bool:
        with desk.store.read() as uow:
            return stills.keeps_location(uow, customer, body, now)

    facts = sniff(original.head(HEAD_BYTES))
    with from_customer(desk, original, facts, keeps_location) as received, desk.store.write() as uow:
        snapshot = stills.keep_still(uow, customer, original_id, body, received, desk.checklists, now)
        return _told(known_original(uow, snapshot, original_id)), facts.media_type


def _told(original: Original) -> PhotoUploaded:
    return PhotoUploaded(snapshot_id=original.snapshot_id, digest=original.digest, width_px=original.width_px, height_px=original.height_px)


def _after(desk: Desk, digest: str, media_type: str, original_id: str, upload_id: str, owner: str) -> None:
    desk.uploads.remove(upload_id, owner)
    look_at(desk, digest, media_type, original_id)
