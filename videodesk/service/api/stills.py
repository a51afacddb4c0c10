"""The customer's still over HTTP: its bytes were uploaded before; here it becomes an original of the snapshot it was asked for."""

from __future__ import annotations

from fastapi import APIRouter, BackgroundTasks

from videodesk.protocol.resources import PhotoUploaded, StillMeta
from videodesk.service.api.originals import IdInPath
from videodesk.service.api.uploads import UploaderDep
from videodesk.service.auth import DeskDep
from videodesk.service.customer_stills import keep_uploaded

router = APIRouter(tags=["join"])


@router.put("/join/stills/{original_id}")
def put_still(desk: DeskDep, customer: UploaderDep, original_id: IdInPath, body: StillMeta, background: BackgroundTasks) -> PhotoUploaded:
    """Make a finished upload an original of the snapshot it was asked for. Idempotent; the upload goes away."""
    told, after = keep_uploaded(desk, customer, original_id, body)
    background.add_task(after)
    return told
