"""Ask one TURN server for a relay address, as a call would; for the doctor."""

from __future__ import annotations

import asyncio
from typing import Final

import aioice
import aioice.stun
from aiortc.rtcicetransport import parse_stun_turn_uri

from videodesk.protocol.messages import IceServer

_DEADLINE_S: Final = 6.0


async def ask_relay(server: IceServer) -> str | None:
    """None when the server gave a relay address, else the reason in a few words. Never raises for what the network does."""
    try:
        uri = parse_stun_turn_uri(server.urls[0])
    except ValueError as problem:
        return str(problem)
    connection = aioice.Connection(
        ice_controlling=True, turn_server=(uri["host"], uri["port"]), turn_username=server.username, turn_password=server.credential,
        turn_ssl=uri["scheme"] == "turns", turn_transport=uri.get("transport") or "udp")
    try:
        async with asyncio.timeout(_DEADLINE_S):
            await connection.gather_candidates()
    except TimeoutError:
        return "no answer"
    except (OSError, aioice.stun.TransactionFailed, aioice.stun.TransactionTimeout) as problem:
        return str(problem) or type(problem).__name__
    finally:
        await connection.close()
    if any(candidate.type == "relay" for candidate in connection.local_candidates):
        return None
    return "no relay address (wrong secret, or not reachable)"
