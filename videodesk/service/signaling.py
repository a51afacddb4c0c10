"""The WebSockets /ws/agent and /ws/customer: one Conversation per socket, from `hello` to the close.

Nothing a peer sends ends anything but its own socket: an expected failure is answered by `error` and the conversation goes on, a
bug is logged and answered by `error` service.bug. Limits: size, rate, silence, and how much nonsense is borne.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import Any, Final

from fastapi import APIRouter
from pydantic import TypeAdapter
from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from videodesk.calls import usecases
from videodesk.calls.model import Side
from videodesk.core.errors import DeskError, Gone, NotAllowed, RateLimited
from videodesk.core.people import Principal
from videodesk.protocol import messages as m
from videodesk.service.auth import authenticate_token
from videodesk.service.desk import UnitOfWork
from videodesk.service.dispatch import Dispatch
from videodesk.service.hub import Hub
from videodesk.service.outgoing import Outgoing
from videodesk.service.parsing import BadMessage, parse
from videodesk.service.peers import Link, Peer

router = APIRouter()
_log = logging.getLogger(__name__)

RATE_PER_S: Final = 40.0
BURST: Final = 200.0
MAX_BAD: Final = 20
MAX_TOO_FAST: Final = 400
MAX_UNKNOWN_SOCKETS: Final = 500
CLOSE_TRY_LATER: Final = 1013


@router.websocket("/ws/agent")
async def agent_socket(socket: WebSocket) -> None:
    """Signaling for desktops."""
    await Conversation(socket, Side.AGENT).run()


@router.websocket("/ws/customer")
async def customer_socket(socket: WebSocket) -> None:
    """Signaling for the customer's page."""
    await Conversation(socket, Side.CUSTOMER).run()


class _Closed(Exception):
    """The conversation ends; `code` is the close code, None when the peer is gone."""

    def __init__(self, code: int | None) -> None:
        super().__init__(code)
        self.code = code


class _Pace:
    """A token bucket: RATE_PER_S messages a second after a burst of BURST."""

    def __init__(self, now_s: float) -> None:
        self._tokens, self._at_s = BURST, now_s

    def allows(self, now_s: float) -> bool:
        """Whether one more message is fine now."""
        self._tokens = min(BURST, self._tokens + (now_s - self._at_s) * RATE_PER_S)
        self._at_s = now_s
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


def close_code_of(error: DeskError) -> int:
    """The close code for a hello that was refused."""
    if isinstance(error, Gone):
        return m.CLOSE_GONE
    if isinstance(error, NotAllowed):
        return m.CLOSE_NOT_ALLOWED
    if isinstance(error, RateLimited):
        return m.CLOSE_RATE_LIMITED
    return m.CLOSE_NOT_SIGNED_IN if error.status == 401 else CLOSE_TRY_LATER if error.retryable else m.CLOSE_BAD_MESSAGE


class Conversation:
    """One WebSocket of one peer."""

    unknown_sockets = 0

    def __init__(self, socket: WebSocket, side: Side) -> None:
        self._socket = socket
        self._side = side
        self._hub: Hub = socket.app.state.hub
        self._adapter: TypeAdapter[Any] = m.from_agent if side is Side.AGENT else m.from_customer
        self._loop = asyncio.get_running_loop()
        self._heard_at_s = self._loop.time()
        self._pace = _Pace(self._heard_at_s)
        self._bad = 0
        self._too_fast = 0

    async def run(self) -> None:
        """Serve the socket until it closes. Never raises."""
        code: int | None
        try:
            await self._hub.start()
            await self._socket.accept()
            await self._talk(*await self._greet())
            code = None
        except _Closed as closed:
            code = closed.code
        except (WebSocketDisconnect, OSError):
            code = None
        except Exception:  # noqa: BLE001 - a bug in one conversation must not reach the others
            _log.exception("signaling.bug")
            code = 1011
        if code is not None:
            await self._close(code)

    # ── hello ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def _greet(self) -> tuple[m.Hello, Principal]:
        if Conversation.unknown_sockets >= MAX_UNKNOWN_SOCKETS:
            raise _Closed(CLOSE_TRY_LATER)
        Conversation.unknown_sockets += 1
        try:
            async with asyncio.timeout(self._hub.times.hello_s):
                hello = parse(self._adapter, await self._receive())
        except TimeoutError:
            raise _Closed(m.CLOSE_TOO_SLOW) from None
        except BadMessage as bad:
            raise await self._refuse_hello(bad.code, m.CLOSE_BAD_MESSAGE) from None
        finally:
            Conversation.unknown_sockets -= 1
        if not isinstance(hello, m.Hello):
            raise await self._refuse_hello("protocol.hello_first", m.CLOSE_BAD_MESSAGE)
        if hello.protocol != m.PROTOCOL_VERSION:
            raise await self._refuse_hello("protocol.version", m.CLOSE_BAD_MESSAGE, ours=m.PROTOCOL_VERSION)
        try:
            now = self._hub.desk.clock.now()
            principal = await self._hub.read(lambda uow: authenticate_token(uow, hello.token, now))
            if principal.is_customer is not (self._side is Side.CUSTOMER):
                raise NotAllowed("protocol.wrong_door")
        except DeskError as error:
            raise await self._refuse_hello(error.code, close_code_of(error), **error.params) from None
        return hello, principal

    async def _refuse_hello(self, code: str, close_code: int, **params: str | float | bool | None) -> _Closed:
        refused = m.Refused(seq=0, code=code, params=params, in_reply_to="hello")
        await self._socket.send_text(refused.model_dump_json())
        return _Closed(close_code)

    # ── the conversation ────────────────────────────────────────────────────────────────────────────────────────────

    async def _talk(self, hello: m.Hello, principal: Principal) -> None:
        link = Link(self._socket, Outgoing((hello.resume_from or 0) + 1))
        peer, is_resumed, is_lossy = self._hub.switchboard.attach(principal, hello, link)
        tasks: set[asyncio.Task[None]] = set()
        try:
            calls, welcome = await self._hub.read(lambda uow: self._welcome(uow, peer))
            seq = hello.resume_from if is_resumed and hello.resume_from is not None else link.outgoing.first
            link.welcome = welcome.model_copy(update={"seq": seq, "is_resumed": is_resumed}).model_dump_json()
            tasks.add(asyncio.create_task(link.send_all(), name="signaling-send"))
            await self._hub.returned(peer, calls, is_lossy=is_lossy)
            if not is_resumed:
                self._hub.presences.tell_all_to(peer)
            tasks |= {
                asyncio.create_task(self._listen(peer, link), name="signaling-listen"),
                asyncio.create_task(self._pulse(link), name="signaling-pulse"),
                asyncio.create_task(link.wait_cut(), name="signaling-cut"),
            }
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            for result in await asyncio.gather(*tasks, return_exceptions=True):
                if isinstance(result, Exception):
                    _log.error("signaling.bug", exc_info=result)
            if self._hub.switchboard.detach(peer, link):
                await self._hub.left(peer)
            await self._close(link.close_code)

    def _welcome(self, uow: UnitOfWork, peer: Peer) -> tuple[list[Any], m.Welcome]:
        calls = usecases.calls_at_hello(uow, peer.principal)
        chosen = uow.calls.presence_of(peer.id) if peer.side is Side.AGENT else None
        if chosen is not None:
            self._hub.presences.choose(peer.id, chosen.presence)
        own = [call for call in calls if peer.id in {call.agent_id, call.invitation_id}]
        return calls, m.Welcome(
            seq=0, protocol=m.PROTOCOL_VERSION, is_resumed=False, me=peer.side.value, my_id=peer.id,
            presence=self._hub.presences.after_hello(peer.id, [call.state for call in own]) if peer.side is Side.AGENT else None,
            calls=[self._hub.view_of(uow, call) for call in calls],
            chat=[
                m.ChatLine(seq=0, call_id=line.call_id, message_id=line.id, sender=line.sender.value, text=line.text, at=line.at)
                for call in own for line in uow.calls.chat(call.id)
            ],
            server_time=self._hub.desk.clock.now(),
        )

    async def _listen(self, peer: Peer, link: Link) -> None:
        dispatch = Dispatch(self._hub, peer)
        while True:
            try:
                text = await self._receive()
                if not self._pace.allows(self._loop.time()):
                    self._count_too_fast(peer)
                    continue
                await dispatch.take(parse(self._adapter, text))
            except BadMessage as bad:
                self._bad += 1
                peer.put(m.Refused(seq=0, code=bad.code, params=dict(bad.params), in_reply_to=bad.in_reply_to))
                if self._bad >= MAX_BAD:
                    return await self._end(link, m.CLOSE_BAD_MESSAGE)
            except _Closed as closed:
                return await self._end(link, closed.code)

    async def _end(self, link: Link, code: int | None) -> None:
        """Listen no more; with a code, first let the peer read why."""
        if code is not None:
            link.finish(code)
            await asyncio.get_running_loop().create_future()  # until the sender is done and the conversation cancels this

    def _count_too_fast(self, peer: Peer) -> None:
        self._too_fast += 1
        if self._too_fast == 1 or self._too_fast % 100 == 0:
            peer.put(m.Refused(seq=0, code="protocol.too_fast", retryable=True))
        if self._too_fast >= MAX_TOO_FAST:
            raise _Closed(m.CLOSE_RATE_LIMITED)

    async def _pulse(self, link: Link) -> None:
        number = 0
        while True:
            await asyncio.sleep(self._hub.times.ping_s)
            if self._loop.time() - self._heard_at_s > self._hub.times.silence_s:
                return link.cut(m.CLOSE_TOO_SLOW)
            number += 1
            link.outgoing.put_loose(m.Ping(n=number))

    # ── the socket ──────────────────────────────────────────────────────────────────────────────────────────────────

    async def _receive(self) -> str:
        try:
            message = await self._socket.receive()
        except RuntimeError:  # Starlette's word for a socket that is closed already
            raise _Closed(None) from None
        if message["type"] == "websocket.disconnect":
            raise _Closed(None)
        self._heard_at_s = self._loop.time()
        text = message.get("text")
        size = len(text) if text is not None else len(message.get("bytes") or b"")
        if size > m.MAX_MESSAGE_BYTES or (text is not None and size * 4 > m.MAX_MESSAGE_BYTES < len(text.encode())):
            raise _Closed(m.CLOSE_TOO_LARGE)
        if text is None:
            raise BadMessage("protocol.not_text")
        return str(text)

    async def _close(self, code: int) -> None:
        if self._socket.client_state is WebSocketState.DISCONNECTED or self._socket.application_state is WebSocketState.DISCONNECTED:
            return
        with contextlib.suppress(RuntimeError, OSError, WebSocketDisconnect, TimeoutError):
            async with asyncio.timeout(5):
                await self._socket.close(code)
