"""/api/v1/line: what a test of the network asks. Kept small: the sizes are bounded, and so is how often one may ask."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response

from videodesk.core.errors import Invalid
from videodesk.core.people import Principal
from videodesk.protocol import resources as r
from videodesk.protocol.line_bodies import MAX_TRANSFER_BYTES
from videodesk.service import limits
from videodesk.service.api.people import LimitsDep
from videodesk.service.auth import AnyoneDep, DeskDep
from videodesk.service.turn import ice_servers

router = APIRouter(prefix="/line", tags=["line"])
CREDENTIAL_S: Final = 300
_UPLOAD_S: Final = 15.0


@router.get("")
def line(desk: DeskDep, limited: LimitsDep, who: AnyoneDep) -> r.LineView:
    """The STUN and TURN servers of a call, with credentials for five minutes; for people and customers."""
    _take(limited, who)
    return r.LineView(ice_servers=ice_servers(desk.settings, desk.clock, f"{who.id}-check", CREDENTIAL_S), max_bytes=MAX_TRANSFER_BYTES)


@router.get("/time")
def time(desk: DeskDep) -> r.LineTime:
    """Public: the service's clock, to the millisecond; how long the answer takes tells the round trip."""
    return r.LineTime(at=desk.clock.now())


@router.get("/down", response_class=Response, responses={200: {"content": {"application/octet-stream": {}}}})
def down(limited: LimitsDep, who: AnyoneDep, size_bytes: Annotated[int, Query(ge=1, le=MAX_TRANSFER_BYTES)]) -> Response:
    """So many bytes that nothing on the way can compress; 429 when asked too often."""
    _take(limited, who)
    return Response(os.urandom(size_bytes), media_type="application/octet-stream")


@router.post("/up", openapi_extra={"requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}})
async def up(request: Request, limited: LimitsDep, who: AnyoneDep) -> r.LineReceived:
    """Takes at most MAX_TRANSFER_BYTES, keeps nothing, and says how much came; 413 beyond that, 429 when asked too often."""
    _take(limited, who)
    received = 0
    try:
        async with asyncio.timeout(_UPLOAD_S):
            async for piece in request.stream():
                received += len(piece)
    except TimeoutError as late:
        raise Invalid("request.too_slow") from late
    return r.LineReceived(received_bytes=received)


def _take(limited: limits.Limits, who: Principal) -> None:
    limited.take(limits.LINE_TESTS, who.id)
