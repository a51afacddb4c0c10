"""Asks STUN and TURN servers as a call does: the same addresses, ways and credentials, all side by side, each with a time limit.

Of a TURN server two allocations are made and a packet is sent from one relayed address to the other and back: what a call does when both
sides need the relay. A server that gives addresses and lets nothing through (many forbid relaying to themselves) is told apart.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import socket
import ssl
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from aioice import stun, turn
from aioice.ice import StunProtocol

from videodesk.calls.line_report import StepResult, StepState
from videodesk.core.clock import Clock
from videodesk.media.gathering import GIVE_BACK_S, Server, servers_of
from videodesk.protocol.messages import IceServer

DEADLINE_S: Final = 6.0
ECHO_S: Final = 2.0
_TRY_AGAIN_S: Final = 0.25
_STEP: Final = {"stun": "stun", "udp": "turn_udp", "tcp": "turn_tcp", "tls": "turn_tls"}
_REFUSED: Final = {400, 401, 403, 438, 441}


async def probe_servers(ice_servers: list[IceServer], told: Callable[[StepResult], None], clock: Clock) -> None:
    """Ask them all; `told` when each begins and when it is done. What a call has no server for is told as skipped. Never raises."""
    servers = servers_of(ice_servers)
    ways = {server.way for server in servers}
    for way, step in _STEP.items():
        if way not in ways:
            told(StepResult(step, StepState.SKIPPED, reason="not_offered" if servers else "none_set"))
    await asyncio.gather(*(probe(server, told, clock) for server in servers))


async def probe(server: Server, told: Callable[[StepResult], None], clock: Clock, deadline_s: float = DEADLINE_S) -> StepResult:
    """Ask one; its result."""
    begun = StepResult(_STEP[server.way], StepState.RUNNING, f"{server.host}:{server.port}")
    told(begun)
    try:
        async with asyncio.timeout(deadline_s):
            result = await (_ask_stun(server, begun, clock) if server.way == "stun" else _ask_turn(server, begun, clock))
    except Exception as problem:  # noqa: BLE001 - whatever a foreign server's answers provoke is its result
        result = replace(begun, state=StepState.FAILED, reason=_reason(problem))
    told(result)
    return result


def _reason(problem: Exception) -> str:
    """A key below line.reason."""
    if isinstance(problem, ssl.SSLError):
        return "certificate" if isinstance(problem, ssl.SSLCertVerificationError) else "tls"
    if isinstance(problem, stun.TransactionFailed):
        return "refused" if problem.response.error_code in _REFUSED else "full" if problem.response.error_code in {486, 508} else "odd_answer"
    if isinstance(problem, TimeoutError | stun.TransactionTimeout):
        return "no_answer"
    if isinstance(problem, ConnectionRefusedError | ConnectionResetError):
        return "closed"
    if isinstance(problem, OSError):
        return "unknown_host" if isinstance(problem, socket.gaierror) else "no_way"
    return "odd_answer"


async def _ask_stun(server: Server, begun: StepResult, clock: Clock) -> StepResult:
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(server.host, server.port, family=socket.AF_INET, type=socket.SOCK_DGRAM)
    address = (str(found[0][4][0]), server.port)
    transport, protocol = await loop.create_datagram_endpoint(lambda: StunProtocol(_Nobody()), local_addr=("0.0.0.0", 0))  # type: ignore[arg-type]
    try:
        begun_s = clock.monotonic()
        answer, _ = await protocol.request(stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST), address)
        host, port = answer.attributes["XOR-MAPPED-ADDRESS"]
        return replace(begun, state=StepState.OK, ms=_ms(clock, begun_s), seen_as=f"{host}:{port}")
    finally:
        transport.close()


async def _ask_turn(server: Server, begun: StepResult, clock: Clock) -> StepResult:
    begun_s = clock.monotonic()
    async with contextlib.AsyncExitStack() as ends:
        here = await _allocate(server, ends)
        allocated_ms = _ms(clock, begun_s)
        got = replace(begun, state=StepState.OK, ms=allocated_ms, seen_as=_address(here.transport.get_extra_info("related_address")))
        try:
            async with asyncio.timeout(ECHO_S):
                there = await _allocate(server, ends)
                return replace(got, ms=await _echo(here, there, clock))
        except (TimeoutError, OSError, stun.TransactionError):
            return replace(got, reason="no_echo")


class _Relayed(asyncio.DatagramProtocol):
    """The near end of a relayed address; gives what comes to whoever waits."""

    def __init__(self) -> None:
        self.transport: Any = None
        self.came: asyncio.Queue[bytes] = asyncio.Queue(maxsize=16)

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:  # noqa: ARG002 - asyncio's signature
        with contextlib.suppress(asyncio.QueueFull):
            self.came.put_nowait(data)


class _Nobody:
    """Takes what is no answer to us."""

    def data_received(self, data: bytes, component: int) -> None:
        """Drop it."""

    def request_received(self, message: stun.Message, addr: tuple[str, int], protocol: StunProtocol, raw_data: bytes) -> None:
        """Drop it."""


async def _allocate(server: Server, ends: contextlib.AsyncExitStack) -> _Relayed:
    _, protocol = await turn.create_turn_endpoint(
        _Relayed, server_addr=(server.host, server.port), username=server.username, password=server.password,
        ssl=server.way == "tls", transport="udp" if server.way == "udp" else "tcp")
    ends.push_async_callback(_give_back, protocol)
    return protocol


async def _give_back(end: _Relayed) -> None:
    inner = end.transport
    inner.close()
    closing = getattr(inner, "_TurnTransport__close_task", None)
    if closing is not None:
        with contextlib.suppress(Exception):
            await asyncio.wait_for(asyncio.shield(closing), GIVE_BACK_S)
        closing.cancel()


async def _echo(here: _Relayed, there: _Relayed, clock: Clock) -> float:
    """The round trip of a packet from one relayed address to the other and back, in ms. Waits for ever where nothing passes."""
    await _round(here, there, clock)  # the first one also opens both ways, which takes longer
    return await _round(here, there, clock)


async def _round(here: _Relayed, there: _Relayed, clock: Clock) -> float:
    word = b"videodesk " + secrets.token_bytes(8)
    ours, theirs = here.transport.get_extra_info("sockname"), there.transport.get_extra_info("sockname")
    while True:
        # Each first packet to an address opens the way back from it, and may itself be too early.
        sent_s = clock.monotonic()
        there.transport.sendto(b"videodesk opens", ours)
        here.transport.sendto(word, theirs)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TRY_AGAIN_S):
                while await there.came.get() != word:
                    pass
                there.transport.sendto(word, ours)
                while await here.came.get() != word:
                    pass
                return _ms(clock, sent_s)


def _ms(clock: Clock, begun_s: float) -> float:
    return round((clock.monotonic() - begun_s) * 1000, 1)


def _address(address: object) -> str:
    return f"{address[0]}:{address[1]}" if isinstance(address, tuple) and len(address) >= 2 else ""
