"""What this service is, and whether it is well."""

from __future__ import annotations

from fastapi import APIRouter

import videodesk
from videodesk.protocol.messages import PROTOCOL_VERSION
from videodesk.protocol.resources import ServiceInfo
from videodesk.service.auth import DeskDep
from videodesk.service.tls import why_not_usable

router = APIRouter(tags=["info"])


@router.get("/info")
def info(desk: DeskDep) -> ServiceInfo:
    """Public: what a desktop asks before it signs in. `why_not` is a code of the error catalogue."""
    with desk.store.read() as uow:
        needs_setup = not uow.people.all()
    why_not = why_not_usable(desk.public_url)
    return ServiceInfo(version=videodesk.__version__, protocol=PROTOCOL_VERSION, needs_setup=needs_setup, is_embedded=desk.is_embedded,
                       public_url=desk.public_url, desk_name=desk.settings.desk_name, phone_number=desk.settings.phone_number,
                       can_call=why_not is None, why_not=why_not)


@router.get("/health")
def health(desk: DeskDep) -> dict[str, str]:
    """Public: 200 while the service can read its database; 503 otherwise."""
    with desk.store.read() as uow:
        uow.people.by_name("-")
    return {"status": "ok"}
