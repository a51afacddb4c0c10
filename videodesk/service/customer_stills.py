"""The customer's still: bytes that were uploaded become an original of the snapshot they were asked for. Blocks: in worker threads."""

from __future__ import annotations

from collections.abc import Callable

from videodesk.core.errors import NotFound, TooLarge
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import LocationState
from videodesk.evidence import stills
from videodesk.evidence.model import MAX_ORIGINAL_BYTES, Original
from videodesk.evidence.originals import known_original
from videodesk.evidence.ports import BlobStore, StagedBlob
from videodesk.evidence.sniff import HEAD_BYTES, sniff
from videodesk.protocol.resources import PhotoUploaded, StillMeta
from videodesk.service.desk import Desk
from videodesk.service.original_files import whole_upload
from videodesk.service.thumbnails import look_at
from videodesk.service.uploads import from_customer


def keep_uploaded(desk: Desk, customer: Principal, original_id: str, body: StillMeta) -> tuple[PhotoUploaded, Callable[[], None]]:
    """Make a finished upload an original, once; what it became, and what is left to do when that was told. Raises what keep_still raises."""
    require(customer, Action.UPLOAD_PHOTO)
    try:
        blobs = desk.blobs.of_case(customer.case_id or "")
        original = whole_upload(desk, blobs, customer, body.upload_id, body.digest, "snapshot.digest_mismatch")
    except NotFound:
        # Sent again after its answer was lost: the upload is gone, and the still is here.
        return _known(desk, customer, original_id, body), lambda: None
    with original:
        told, media_type = _keep(desk, blobs, customer, original_id, body, original)

    def after() -> None:
        desk.uploads.remove(body.upload_id, customer.id)
        look_at(desk, customer.case_id or "", told.digest, media_type, original_id)

    return told, after


def _known(desk: Desk, customer: Principal, original_id: str, body: StillMeta) -> PhotoUploaded:
    with desk.store.read() as uow:
        snapshot = stills.check_still(uow, customer, original_id, body, desk.clock.now())
        if snapshot is None:
            raise NotFound("upload.unknown")
        return _told(known_original(uow, snapshot, original_id))


def _keep(
    desk: Desk, blobs: BlobStore, customer: Principal, original_id: str, body: StillMeta, original: StagedBlob,
) -> tuple[PhotoUploaded, str]:
    """One transaction and no second look: the customer waits. What cannot be decoded shows as such a moment later."""
    now = desk.clock.now()
    if original.size_bytes > MAX_ORIGINAL_BYTES:
        raise TooLarge("upload.too_large", limit_bytes=MAX_ORIGINAL_BYTES)

    def keeps_location() -> bool:
        with desk.store.read() as uow:
            return stills.keeps_location(uow, customer, body, now)

    facts = sniff(original.head(HEAD_BYTES))

    def seal(picture: bytes, location: LocationState) -> bytes:
        with desk.store.read() as uow:
            said = stills.still_facts(uow, customer, original_id, body, facts, location, now)
        return desk.sealer.seal_capture(picture, facts.media_type, said)

    with from_customer(desk, blobs, original, facts, keeps_location, seal) as received, desk.store.write() as uow:
        snapshot = stills.keep_still(uow, customer, original_id, body, received, desk.checklists, now)
        return _told(known_original(uow, snapshot, original_id)), facts.media_type


def _told(original: Original) -> PhotoUploaded:
    return PhotoUploaded(snapshot_id=original.snapshot_id, digest=original.digest, width_px=original.width_px, height_px=original.height_px)
