"""HTTP bodies of the network test."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from videodesk.protocol.messages import IceServer, Wire

MAX_TRANSFER_BYTES: Final = 2 * 1024 * 1024


class LineView(Wire):
    """What a test of the line needs: the servers as a call would get them (with credentials that end soon), and how much goes in one transfer."""

    ice_servers: list[IceServer]
    max_bytes: Annotated[int, Field(ge=0)]


class LineTime(Wire):
    """What time it is for the service."""

    at: datetime


class LineReceived(Wire):
    """How much of an upload arrived."""

    received_bytes: Annotated[int, Field(ge=0)]
