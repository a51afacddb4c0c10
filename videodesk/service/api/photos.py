"""The customer's photos over HTTP: no camera, or the better picture is in the phone already."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool

from videodesk.core.ids import UUID_PATTERN, new_id, require_id
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import ConsentScope, LocationState
from videodesk.evidence import intake
from videodesk.evidence.consents import has_consent
from videodesk.evidence.sniff import HEAD_BYTES, sniff
from videodesk.protocol.resources import PhotoUploaded
from videodesk.service.auth import CustomerDep, DeskDep
from videodesk.service.desk import Desk
from videodesk.service.uploads import Upload, decoded, form_in_openapi, from_customer, received_form

router = APIRouter(tags=["join"])

MAX_PHOTO_BYTES: Final = 32 * 1024 * 1024


@router.post("/join/photos", openapi_extra=form_in_openapi(
    "photo", id={"type": "string", "pattern": UUID_PATTERN}, checklist_item={"type": "string", "pattern": "^[a-z0-9_]{1,64}$"},
))
async def upload_photo(desk: DeskDep, customer: CustomerDep, request: Request) -> PhotoUploaded:
    """Keep a customer's photo (JPEG, PNG, WebP) as a snapshot of the invitation's case. With an `id` made by the page it is idempotent."""
    require(customer, Action.UPLOAD_PHOTO)
    async with received_form(request, "photo", MAX_PHOTO_BYTES) as upload:
        return await run_in_threadpool(_keep_photo, desk, customer, upload)


def _keep_photo(desk: Desk, customer: Principal, upload: Upload) -> PhotoUploaded:
    now = desk.clock.now()
    snapshot_id = require_id(upload.fields["id"]) if upload.fields.get("id") else new_id(now)
    item = upload.fields.get("checklist_item") or None
    blobs = desk.blobs.of_case(customer.case_id or "")
    with blobs.stage(upload.chunks(), MAX_PHOTO_BYTES) as original:
        with desk.store.read() as uow:
            snapshot = intake.check_photo(uow, customer, snapshot_id, original.digest, item, desk.checklists, now)
            keeps_location = has_consent(uow.invitations.consents(customer.id), ConsentScope.LOCATION, now)
        if snapshot is None:
            facts = sniff(original.head(HEAD_BYTES))

            def seal(picture: bytes, location: LocationState) -> bytes:
                # Somebody chose this file; what it shows, and when, nobody here saw.
                with desk.store.read() as uow:
                    said = intake.photo_facts(uow, customer, snapshot_id, facts, original.digest, location, now)
                return desk.sealer.seal_opened(picture, facts.media_type, said)

            with (
                from_customer(desk, blobs, original, facts, lambda: keeps_location, seal) as received,
                decoded(desk, blobs, received.original, facts) as seen, desk.store.write() as uow,
            ):
                whole = replace(received, thumbnail=seen.thumbnail)
                snapshot = intake.keep_photo(uow, customer, snapshot_id, whole, item, desk.checklists, now)
    return PhotoUploaded(snapshot_id=snapshot.id, digest=snapshot.digest, width_px=snapshot.width_px, height_px=snapshot.height_px)
