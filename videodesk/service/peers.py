"""The peers of the hub: who is connected, by which socket, with what still to send; and what a running call keeps in memory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Final, Literal

from starlette.websockets import WebSocket, WebSocketDisconnect

from videodesk.calls.lifecycle import LIVE, OPEN
from videodesk.calls.model import Call, Side
from videodesk.core.people import Principal
from videodesk.protocol.messages import CLOSE_REPLACED, CLOSE_TOO_SLOW, CallReady, PartyState, Wire
from videodesk.service.outgoing import Finished, Outgoing, TooSlow

SEND_TIMEOUT_S: Final = 20.0
MAX_PENDING: Final = 256
PROGRESS_EVERY_S: Final = 0.2

Loss = Literal["agent", "customer", "media"]


class Link:
    """One WebSocket of a peer. `welcome` is the text it sends first."""

    def __init__(self, socket: WebSocket, outgoing: Outgoing) -> None:
        self.socket = socket
        self.outgoing = outgoing
        self.close_code = 1000
        self.welcome = ""
        self._cut = asyncio.Event()

    def cut(self, code: int) -> None:
        """Close without sending what still waits."""
        if not self._cut.is_set():
            self.close_code = code
            self._cut.set()

    def finish(self, code: int) -> None:
        """Close after what waits is sent."""
        self.close_code = code
        self.outgoing.finish()

    async def wait_cut(self) -> None:
        """Return once the link is to be closed."""
        await self._cut.wait()

    async def send_all(self) -> None:
        """Send `welcome`, what waits and what comes; returns when there is nothing more to send or the peer does not take it."""
        text = self.welcome
        try:
            while True:
                async with asyncio.timeout(SEND_TIMEOUT_S):
                    await self.socket.send_text(text)
                text = await self.outgoing.take()
        except Finished:
            return
        except (TooSlow, TimeoutError):
            self.close_code = CLOSE_TOO_SLOW
        except (WebSocketDisconnect, RuntimeError, OSError):
            return  # the socket is gone; RuntimeError is Starlette's word for a send after the close


@dataclass(slots=True, eq=False)
class Peer:
    """A principal at the hub. It outlives its socket for a while, so that a short cut loses nothing."""

    principal: Principal
    side: Side
    connection: str
    token: str
    outgoing: Outgoing = field(default_factory=Outgoing)
    link: Link | None = None
    gone_at_s: float = 0.0
    ready_number: int = 0

    @property
    def id(self) -> str:
        """The principal's id: one peer each."""
        return self.principal.id

    @property
    def is_connected(self) -> bool:
        """Whether there is a socket now."""
        return self.link is not None

    def put(self, message: Wire) -> None:
        """Send a message, now or when the peer is back in time."""
        self.outgoing.put(message)
        if isinstance(message, CallReady):
            self.ready_number = self.outgoing.last

    def has_missed_ready(self, handled: int | None) -> bool:
        """Whether a peer that handled messages up to `handled` (None: it does not say) lacks the last `call.ready`."""
        return self.ready_number > (self.outgoing.given if handled is None else min(handled, self.outgoing.given))

    def close(self, code: int) -> None:
        """Close the socket, if there is one, after what waits."""
        if self.link is not None:
            self.link.finish(code)

    def replace_link(self, link: Link) -> None:
        """A new socket of the same connection takes over the numbering."""
        if self.link is not None:
            self.link.cut(CLOSE_REPLACED)
        self.link = link


@dataclass(slots=True, eq=False)
class RunningCall:
    """What the hub remembers of a call that waits, runs or is in wrap-up. The database has the truth; this is the fast copy.

    `losses` says what keeps the call from going on: a side's signaling, or the media between them. `deadline_s` (the clock's
    monotonic seconds) ends the grace time of a lost side. `pending` holds what was signaled to a side that the hub does not know yet.
    """

    call: Call
    customer: PartyState = field(default_factory=PartyState)
    agent: PartyState = field(default_factory=PartyState)
    losses: set[Loss] = field(default_factory=set)
    deadline_s: float | None = None
    pending: dict[Side, list[Wire]] = field(default_factory=lambda: {Side.AGENT: [], Side.CUSTOMER: []})
    announced_epoch: int = 0
    progress_at_s: dict[str, float] = field(default_factory=dict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def is_kept(self) -> bool:
        """Whether the hub has to remember it."""
        return self.call.state in LIVE or self.call.state in OPEN

    def party(self, side: Side) -> PartyState:
        """What `side` said about itself."""
        return self.agent if side is Side.AGENT else self.customer

    def set_party(self, side: Side, state: PartyState) -> None:
        """`side` said something new about itself."""
        if side is Side.AGENT:
            self.agent = state
        else:
            self.customer = state

    def peer_id(self, side: Side) -> str | None:
        """The principal's id on `side`."""
        return self.call.agent_id if side is Side.AGENT else self.call.invitation_id

    def lose(self, loss: Loss, deadline_s: float | None = None) -> None:
        """Something is lost; the first deadline stands."""
        self.losses.add(loss)
        if deadline_s is not None and self.deadline_s is None:
            self.deadline_s = deadline_s

    def regain(self, loss: Loss) -> None:
        """It is there again; without a lost side the grace time is over."""
        self.losses.discard(loss)
        if not self.losses - {"media"}:
            self.deadline_s = None

    def may_tell_progress(self, snapshot_id: str, now_s: float) -> bool:
        """Whether the agent may hear now how far this snapshot's still is: a few times a second, whatever the page says."""
        if now_s - self.progress_at_s.get(snapshot_id, -PROGRESS_EVERY_S) < PROGRESS_EVERY_S:
            return False
        if len(self.progress_at_s) > MAX_PENDING:
            self.progress_at_s.clear()
        self.progress_at_s[snapshot_id] = now_s
        return True

    def keep_pending(self, side: Side, message: Wire) -> None:
        """Keep a message for a side that is not there yet."""
        if len(self.pending[side]) < MAX_PENDING:
            self.pending[side].append(message)
