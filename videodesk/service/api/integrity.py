"""What is proven of a snapshot, over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request

from videodesk.core.ids import UUID_PATTERN
from videodesk.protocol import resources as r
from videodesk.service.auth import DeskDep, PrincipalDep
from videodesk.service.integrity import SealsSeen, integrity_of

router = APIRouter(tags=["evidence"])


@router.get("/snapshots/{snapshot_id}/integrity")
def get_integrity(
    desk: DeskDep, principal: PrincipalDep, snapshot_id: Annotated[str, Path(pattern=UUID_PATTERN)], request: Request,
) -> r.SnapshotIntegrity:
    """What is proven of each original: by its seal, by the custody log (checked now), by a time stamp. Hands out no picture."""
    seen: SealsSeen = request.app.state.seals_seen
    return integrity_of(desk, seen, principal, snapshot_id)
