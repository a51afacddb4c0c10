"""The channel: the desktop's WebSocket to /ws/agent. Typed messages in and out, resumed after every drop, by itself.

    offline ──start──► connecting ──welcome──► online
       ▲                   ▲  │                   │
       └──stop, refused────┘  └──failed: backoff──┘ lost

All of it runs in the engine's loop (`send` may be called anywhere); the listener is called there too. Refused for good (signed out elsewhere, replaced by
another desktop of the same person) it stays offline and says why; everything else is tried again, with jittered backoff.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import secrets
import ssl
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

from pydantic import ValidationError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidURI

from videodesk.core.errors import Conflict, DeskError, NotAllowed, NotSignedIn, WorldError
from videodesk.protocol import messages as m

Incoming: TypeAlias = (
    m.Welcome | m.Refused | m.CallChanged | m.CallReady | m.Signaled | m.ChatLine | m.PresenceChanged | m.Happened | m.Replaced
)
Outgoing: TypeAlias = m.Signal | m.MyState | m.ChatSend | m.LeaveCall | m.SetPresence | m.HoldCall | m.AskPage

QUEUE_LENGTH: Final = 256
_RECEIVED_MAX: Final = 4 * 1024 * 1024  # a replay comes message by message; each is far smaller


class ChannelState(StrEnum):
    """Whether the service hears us."""

    OFFLINE = "offline"
    CONNECTING = "connecting"
    ONLINE = "online"


class ChannelListener(Protocol):
    """Who is told. Engine loop; must return soon and never raise."""

    def channel_changed(self, state: ChannelState, why: DeskError | None) -> None:
        """The state changed; `why` says what went wrong, when something did."""
        ...

    def message_received(self, message: Incoming) -> None:
        """A message of the service, each exactly once and in order."""
        ...


@dataclass(frozen=True, slots=True)
class ChannelTimes:
    """How patient the channel is. PROTOCOL.md: a ping every 10 s, 30 s without a word is a lost connection."""

    connect_s: float = 8.0
    ping_s: float = 10.0
    lost_s: float = 30.0
    backoff_first_s: float = 0.25
    backoff_most_s: float = 15.0


_REFUSALS: Final[dict[int, Callable[[], DeskError]]] = {
    m.CLOSE_NOT_SIGNED_IN: lambda: NotSignedIn("session.expired"),
    m.CLOSE_NOT_ALLOWED: lambda: NotAllowed("permission.denied", action="channel"),
    m.CLOSE_REPLACED: lambda: Conflict("channel.replaced"),
}


class Channel:
    """The connection to the service; one for the program's life, started at sign-in and stopped at sign-out."""

    def __init__(self, url: str, listener: ChannelListener, *, tls: ssl.SSLContext | None = None,
                 times: ChannelTimes | None = None, chance: Callable[[], float] = random.random) -> None:
        """`url` is the service's (http or https); `chance` gives 0..1 for the jitter."""
        self._url = url.rstrip("/").replace("http", "ws", 1) + "/ws/agent"
        # True: the system's authorities. (None beside wss:// is refused by websockets, which would be the end of the channel.)
        self._tls: ssl.SSLContext | bool | None = (tls or True) if self._url.startswith("wss") else None
        self._listener = listener
        self._times = times or ChannelTimes()
        self._chance = chance
        self._name = secrets.token_urlsafe(12)
        self._token = ""
        self._state = ChannelState.OFFLINE
        self._task: asyncio.Task[None] | None = None
        self._waiting: deque[Outgoing] = deque()
        self._fresh = asyncio.Event()
        self._hurry = asyncio.Event()
        self._handled: int | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    @property
    def state(self) -> ChannelState:
        """The state now."""
        return self._state

    def start(self, token: str) -> None:
        """Connect with this sign-in token and stay connected. Idempotent; another token starts anew."""
        if self._task is not None and not self._task.done() and token == self._token:
            self._hurry.set()
            return
        if self._task is not None:
            self._task.cancel()
        if token != self._token:
            self._handled = None
            if self._token:  # what another person still had to say is not said in this one's name
                self._waiting.clear()
        self._token = token
        self._loop = asyncio.get_running_loop()
        self._task = self._loop.create_task(self._live(), name="channel")

    async def stop(self) -> None:
        """Say goodbye and stay offline."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._become(ChannelState.OFFLINE)

    def hurry(self) -> None:
        """Try again now instead of after the backoff (the network came back, the person pressed retry)."""
        self._hurry.set()

    def send(self, message: Outgoing) -> None:
        """Send, or keep until there is a connection: in order, at most 256. WorldError("channel.queue_full") beyond that.

        What was handed to a connection that then broke may be lost: who must know waits for the service's word (chat.line).
        Any thread.
        """
        if len(self._waiting) >= QUEUE_LENGTH:
            raise WorldError("channel.queue_full")
        self._waiting.append(message)
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._fresh.set)

    async def _live(self) -> None:
        failures = 0
        while True:
            self._become(ChannelState.CONNECTING)
            was_online = False
            try:
                was_online = await self._one_connection()
                why: DeskError = WorldError("service.offline")
            except DeskError as refusal:
                if not isinstance(refusal, WorldError):
                    self._become(ChannelState.OFFLINE, refusal)
                    return
                why = refusal
            failures = 0 if was_online else failures + 1
            self._become(ChannelState.CONNECTING, why)
            self._hurry.clear()
            pause = min(self._times.backoff_most_s, self._times.backoff_first_s * 2 ** min(failures, 10))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._hurry.wait(), pause * (0.5 + 0.5 * self._chance()))

    async def _one_connection(self) -> bool:
        """One connection from hello to its end; says whether it ever was online. Raises what the service refused it for."""
        try:
            async with asyncio.timeout(self._times.connect_s):
                socket = await connect(self._url, ssl=self._tls, open_timeout=None, ping_interval=None, max_size=_RECEIVED_MAX,
                                       close_timeout=1.0, proxy=None, compression=None)
        except ssl.SSLCertVerificationError as problem:
            raise WorldError("service.certificate") from problem
        except (OSError, TimeoutError, InvalidHandshake, InvalidURI, ConnectionClosed):
            return False
        try:
            return await self._talk(socket)
        finally:
            await socket.close()

    async def _talk(self, socket: ClientConnection) -> bool:
        try:
            await socket.send(m.Hello(protocol=m.PROTOCOL_VERSION, token=self._token, connection=self._name,
                                      resume_from=self._handled).model_dump_json())
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(self._send_waiting(socket))
                pinging = group.create_task(self._ping(socket))
                await self._receive(socket)
                sending.cancel()
                pinging.cancel()
        except* ConnectionClosed:
            pass
        refusal = _REFUSALS.get(socket.close_code or 0)
        if refusal is not None:
            raise refusal()
        return self._state is ChannelState.ONLINE

    async def _receive(self, socket: ClientConnection) -> None:
        while True:
            try:
                async with asyncio.timeout(self._times.lost_s):
                    text = await socket.recv()
            except (TimeoutError, ConnectionClosed):
                return
            try:
                message = m.from_service.validate_json(text)
            except ValidationError:
                continue  # of a newer service: what we do not know does not concern us
            self._take(message)

    def _take(self, message: Incoming | m.Ping | m.Pong | m.Asked) -> None:
        if isinstance(message, m.Ping | m.Pong | m.Asked):
            return
        if isinstance(message, m.Welcome):
            if not message.is_resumed:
                self._handled = message.seq
            self._become(ChannelState.ONLINE)
            self._fresh.set()
            self._listener.message_received(message)
            return
        if self._handled is not None and message.seq <= self._handled:
            return  # a replay of what was handled before the drop
        self._handled = message.seq
        self._listener.message_received(message)

    async def _send_waiting(self, socket: ClientConnection) -> None:
        while True:
            await self._fresh.wait()
            if self._state is not ChannelState.ONLINE:  # before welcome nothing but hello goes out
                self._fresh.clear()
                continue
            while self._waiting:
                await socket.send(self._waiting[0].model_dump_json())
                self._waiting.popleft()
            self._fresh.clear()

    async def _ping(self, socket: ClientConnection) -> None:
        n = 0
        while True:
            await asyncio.sleep(self._times.ping_s)
            n += 1
            await socket.send(m.Ping(n=n).model_dump_json())

    def _become(self, state: ChannelState, why: DeskError | None = None) -> None:
        if state is not self._state or why is not None:
            self._state = state
            self._listener.channel_changed(state, why)
