"""ICE for a call: candidates from all servers at once, a dead one delays nobody, and packets only from whom ICE has checked.

What aioice 0.13 does and we do otherwise, each part named in tests/contracts/test_aiortc_parts.py:

- it takes one STUN and one TURN server (aioice#3, aiortc#232): `get_component_candidates` asks all of them, side by side;
- it waits five seconds for a dead one (aiortc#524): we answer GATHER_CAP_S after the host candidates at the latest, and what is
  found later is paired and told then (no trickle of its own: aioice#4, aiortc#1344);
- it hands what is no STUN to DTLS, whoever sent it (`StunProtocol.datagram_received`): a stranger's ClientHello ended a call.
  Ours takes it only from addresses that passed a check in either direction, which needs the password of the signaling;
- it repeats a question that got lost after half a second: we do so three times before;
- it gives a TURN allocation back with up to a minute of retries: we wait GIVE_BACK_S.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Literal, cast

from aioice import Candidate, Connection, stun
from aioice.candidate import candidate_foundation, candidate_priority
from aioice.ice import CandidatePair, StunProtocol, relayed_candidate, server_reflexive_candidate
from aioice.turn import UDP_SOCKET_BUFFER_SIZE
from aiortc import RTCIceTransport

from videodesk.protocol.messages import IceServer

GATHER_CAP_S: Final = 0.4
LATE_S: Final = 10.0
GIVE_BACK_S: Final = 0.5
MAX_SERVERS: Final = 8
REPEAT_AFTER_S: Final = (0.1, 0.2, 0.35)

Way = Literal["stun", "udp", "tcp", "tls"]
_URL: Final = re.compile(
    r"(?P<scheme>stun|turns?):(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]?:@/\s]+)(?::(?P<port>[0-9]{1,5}))?(?:\?transport=(?P<transport>udp|tcp))?")
# The way to the relay costs: a lost packet on TCP holds up all that follow.
_PREFERENCE: Final[dict[Way, int]] = {"stun": 65535, "udp": 65535, "tcp": 32768, "tls": 16384}
_LAST_STUN_BYTE: Final = 3  # RFC 7983: 0-3 is STUN, 20-63 DTLS, 128-191 RTP and RTCP


@dataclass(frozen=True, slots=True)
class Server:
    """One STUN server, or one way to a TURN server."""

    way: Way
    host: str
    port: int
    username: str | None = None
    password: str | None = None


def servers_of(ice_servers: list[IceServer]) -> list[Server]:
    """Each address once, at most MAX_SERVERS; addresses that make no sense, and ways that nobody speaks here (stuns, DTLS), are left out."""
    found: list[Server] = []
    for given in ice_servers:
        for url in given.urls:
            match = _URL.fullmatch(url)
            if match is None:
                continue
            way = _way(match["scheme"], match["transport"])
            port = int(match["port"] or (5349 if match["scheme"] == "turns" else 3478))
            if way is None or not 0 < port < 65536:
                continue
            secret = (None, None) if way == "stun" else (given.username, given.credential)
            server = Server(way, match["host"].strip("[]"), port, *secret)
            if server not in found:
                found.append(server)
    return found[:MAX_SERVERS]


def _way(scheme: str, transport: str | None) -> Way | None:
    if scheme == "stun":
        return "stun" if transport is None else None
    if scheme == "turn":
        return "tcp" if transport == "tcp" else "udp"
    return None if transport == "udp" else "tls"


class GuardedProtocol(StunProtocol):
    """A socket (or a relayed one) of the connection that takes DTLS and media only from `peers`; STUN from anyone, as ICE must."""

    receiver: DeskIce

    def __init__(self, receiver: DeskIce) -> None:
        super().__init__(receiver)
        self.peers: set[tuple[str, int]] = set()

    async def request(
            self, request: stun.Message, addr: tuple[str, int], integrity_key: bytes | None = None,
            retransmissions: int | None = None) -> tuple[stun.Message, tuple[str, int]]:
        """As aioice, whose first repetition comes after half a second; on a line that loses packets that is what a call begins with."""
        loop = asyncio.get_running_loop()
        again = [loop.call_later(after_s, self.send_stun, request, addr) for after_s in REPEAT_AFTER_S] if retransmissions is None else []
        try:
            return await super().request(request, addr, integrity_key, retransmissions)
        finally:
            for handle in again:
                handle.cancel()

    def datagram_received(self, data: bytes | str, addr: tuple[Any, ...]) -> None:
        octets = cast("bytes", data)
        if not octets or octets[0] <= _LAST_STUN_BYTE:
            super().datagram_received(data, addr)
        elif (addr[0], addr[1]) in self.peers:
            self.receiver.data_received(octets, self.local_candidate.component)
        else:
            self.receiver.refused += 1


class DeskIce(Connection):
    """An aioice connection with any number of servers. `refused` counts the packets of strangers.

    `lane` may take what is media at once. `on_late` is told each candidate found after gathering was over, and None when no more will come; not set, it is told nothing.
    """

    def __init__(self, servers: list[Server], *, local_username: str, local_password: str) -> None:
        super().__init__(ice_controlling=False, local_username=local_username, local_password=local_password)
        self.refused = 0
        self.on_late: Callable[[Candidate | None], None] | None = None
        self.lane: Callable[[bytes], bool] | None = None
        self._servers = servers
        self._found: list[Candidate] = []
        self._is_over = False
        self._asking: set[asyncio.Task[None]] = set()
        self._late: asyncio.Task[None] | None = None

    @property
    def is_still_asking(self) -> bool:
        """Whether a server that has not answered yet may still give a candidate."""
        return self._late is not None

    # ── gathering ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def get_component_candidates(self, component: int, addresses: list[str], timeout: int = 5) -> list[Candidate]:  # noqa: ARG002, ASYNC109 - aioice's signature
        """Open a socket per address, ask all servers, wait for the slow ones no longer than GATHER_CAP_S."""
        sockets = [opened for address in addresses if (opened := await self._open(component, address)) is not None]
        self._protocols += sockets
        self._found = [protocol.local_candidate for protocol in sockets]
        for server in self._servers:
            if server.way == "stun":
                for protocol in sockets:
                    if ":" not in protocol.local_candidate.host:  # aioice resolves STUN servers to IPv4
                        self._ask(self._reflexive(protocol, server))
            else:
                self._ask(self._relayed(component, server))
        if self._asking:
            await asyncio.wait(self._asking, timeout=GATHER_CAP_S)
        self._is_over = True
        if self._asking and not self._closing:
            self._late = asyncio.create_task(self._wait_for_late(), name="ice-late")
        return self._found

    def _ask(self, question: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(question, name="ice-ask")
        self._asking.add(task)
        task.add_done_callback(self._asking.discard)

    async def _open(self, component: int, address: str) -> GuardedProtocol | None:
        try:
            transport, protocol = await asyncio.get_running_loop().create_datagram_endpoint(
                lambda: GuardedProtocol(self), local_addr=(address, 0))
        except OSError:  # an address that went away, or one that cannot be used
            return None
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, UDP_SOCKET_BUFFER_SIZE)
        host, port = transport.get_extra_info("sockname")[:2]
        protocol.local_candidate = Candidate(
            foundation=candidate_foundation("host", "udp", host), component=component, transport="udp",
            priority=candidate_priority(component, "host"), host=host, port=port, type="host")
        return protocol

    async def _reflexive(self, protocol: GuardedProtocol, server: Server) -> None:
        try:
            candidate, _ = await server_reflexive_candidate(protocol, (server.host, server.port))
        except Exception:  # noqa: BLE001 - whatever a server's answer provokes: it gives no candidate
            return
        self._add(candidate)

    async def _relayed(self, component: int, server: Server) -> None:
        try:
            candidate, protocol = await relayed_candidate(
                component=component, hide_related_address=False, protocol_factory=lambda: GuardedProtocol(self),
                turn_server=(server.host, server.port), turn_username=server.username, turn_password=server.password,
                turn_ssl=server.way == "tls", turn_transport="udp" if server.way == "udp" else "tcp")
        except Exception:  # noqa: BLE001 - as above
            return
        candidate.priority = candidate_priority(component, "relay", _PREFERENCE[server.way])
        candidate.foundation = candidate_foundation("relay", server.way, f"{server.host}|{candidate.host}")
        self._protocols.append(protocol)
        self._add(candidate)

    def _add(self, candidate: Candidate) -> None:
        known = [*self._found, *self._local_candidates]
        if any((one.host, one.port) == (candidate.host, candidate.port) for one in known):
            return  # redundant (RFC 8445 section 5.1.3)
        if not self._is_over:
            self._found.append(candidate)
            return
        self._local_candidates.append(candidate)
        if self._check_list_done:
            return
        if self._early_checks_done:
            for remote in self._remote_candidates:
                self._pair_remote_candidate(remote)
            self.sort_check_list()
        if self.on_late is not None:
            self.on_late(candidate)

    async def _wait_for_late(self) -> None:
        _, silent = await asyncio.wait(self._asking, timeout=LATE_S)
        for task in silent:
            task.cancel()
        self._late = None
        if self.on_late is not None and not self._closing:
            self.on_late(None)
        if self._early_checks_done and not self._check_list_maybe_complete():
            self._check_list_maybe_fail()

    def _remote_candidates_expected(self) -> bool:
        return self.is_still_asking or super()._remote_candidates_expected()

    # ── whom we listen to ─────────────────────────────────────────────────────────────────────────────────────────

    def check_incoming(self, message: stun.Message, addr: tuple[str, int], protocol: StunProtocol) -> None:
        """A check that proved to know our password."""
        if isinstance(protocol, GuardedProtocol):
            protocol.peers.add((addr[0], addr[1]))
        super().check_incoming(message, addr, protocol)

    def check_complete(self, pair: CandidatePair) -> None:
        """The end of our own check; a good one came back from the address that we asked."""
        if pair.state is CandidatePair.State.SUCCEEDED and isinstance(pair.protocol, GuardedProtocol):
            pair.protocol.peers.add(pair.remote_addr)
        super().check_complete(pair)

    def data_received(self, data: bytes, component: int) -> None:
        """What is meant for DTLS. Malformed STUN, which aioice passes on too, is not."""
        if data and data[0] > _LAST_STUN_BYTE and (self.lane is None or not self.lane(data)):
            super().data_received(data, component)

    # ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────

    async def close(self) -> None:
        self._closing = True
        tasks = [*self._asking, *([self._late] if self._late is not None else [])]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._late = None
        await self._give_back()
        await super().close()

    async def _give_back(self) -> None:
        relays = [protocol for protocol in self._protocols if protocol.local_candidate.type == "relay"]
        if not relays:
            return
        closing = {asyncio.create_task(protocol.close()): protocol for protocol in relays}
        _, unanswered = await asyncio.wait(closing, timeout=GIVE_BACK_S)
        for task in unanswered:
            transport: Any = closing[task].transport
            transport._TurnTransport__close_task.cancel()  # noqa: SLF001 - its end closes the socket; the server's own clock frees the rest
        if unanswered:
            await asyncio.wait(unanswered)


def take_over(transport: RTCIceTransport, servers: list[Server]) -> DeskIce:
    """Give a fresh transport of aiortc our connection in place of its own. aiortc has no door for it (aiortc#232)."""
    gatherer: Any = transport.iceGatherer
    parameters = gatherer.getLocalParameters()
    ice = DeskIce(servers, local_username=parameters.usernameFragment, local_password=parameters.password)
    inner: Any = transport
    gatherer._connection = inner._connection = ice  # noqa: SLF001
    inner._recv, inner._send = ice.recv, ice.send  # noqa: SLF001
    return ice
