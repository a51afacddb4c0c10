"""The hub: brings the two sides of a call together and tells desktops what happens. One per service, in its event loop.

The database has the truth about calls; the hub keeps what is gone with the process anyway (sockets, replay buffers, what the
sides say about themselves) and is rebuilt by the peers' `hello` after a restart. Media never passes here, so a restart of the
service does not interrupt a picture.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeVar

from starlette.concurrency import run_in_threadpool

from videodesk.calls import recording, usecases
from videodesk.calls.lifecycle import TALKING
from videodesk.calls.model import Call, Side
from videodesk.calls.views import call_view
from videodesk.core.errors import DeskError, Gone, NotFound, NotSignedIn
from videodesk.core.events import Event, Subscription
from videodesk.core.permissions import Action
from videodesk.core.vocabulary import CallState
from videodesk.protocol.messages import CLOSE_GONE, CLOSE_NOT_SIGNED_IN, CallChanged, CallReady, CallView, Happened, PartyState
from videodesk.service.auth import authenticate_token
from videodesk.service.call_end import expire_call
from videodesk.service.desk import Desk, UnitOfWork
from videodesk.service.peers import Peer, RunningCall
from videodesk.service.presences import Presences
from videodesk.service.switchboard import Switchboard
from videodesk.service.turn import ice_servers

_log = logging.getLogger(__name__)
_T = TypeVar("_T")
_MAX_EVENTS: Final = 10_000


@dataclass(frozen=True, slots=True)
class Times:
    """The hub's delays in seconds."""

    hello_s: float = 10.0
    ping_s: float = 10.0
    silence_s: float = 30.0
    grace_s: float = 60.0
    keep_s: float = 120.0
    offline_s: float = 30.0
    recheck_s: float = 60.0
    tick_s: float = 0.5


class Hub:
    """Peers, running calls and the events between them. Every method but `party`, `presence_of` and the bus listener: event loop only."""

    def __init__(self, desk: Desk, times: Times | None = None) -> None:
        self.desk = desk
        self.times = times or Times()
        self.switchboard = Switchboard(desk.clock)
        self._running: dict[str, RunningCall] = {}
        self.presences = Presences(desk.clock, self.switchboard, self._states_of, self.times.offline_s)
        self._events: asyncio.Queue[Event | None] = asyncio.Queue(_MAX_EVENTS)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._subscription: Subscription | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._checked_at_s = desk.clock.monotonic()

    # ── life ────────────────────────────────────────────────────────────────────────────────────────────────────────

    async def start(self) -> None:
        """Take up the calls that ran when the service stopped, then listen. Idempotent."""
        if self._loop is not None:
            return
        self._loop = asyncio.get_running_loop()
        self._subscription = self.desk.bus.subscribe(self._hear, self._missed)
        for call in await self.read(lambda uow: uow.calls.live()):
            running = self._keep(call)
            if call.state in TALKING:
                running.lose("agent")
            running.lose("customer", self.desk.clock.monotonic() + self.times.grace_s)
            await self.settle(running)
        self._tasks = [asyncio.create_task(self._consume(), name="hub-events"), asyncio.create_task(self._ticks(), name="hub-ticks")]

    async def stop(self) -> None:
        """Close every socket as going away and stop. Calls stay as they are in the database."""
        if self._subscription is not None:
            self._subscription.close()
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        self._tasks, self._loop = [], None
        self.switchboard.close_all()

    async def read(self, ask: Callable[[UnitOfWork], _T]) -> _T:
        """Ask the store, in a worker thread."""

        def work() -> _T:
            with self.desk.store.read() as uow:
                return ask(uow)

        return await run_in_threadpool(work)

    async def write(self, act: Callable[[UnitOfWork], _T]) -> _T:
        """Change the store in one transaction, in a worker thread."""

        def work() -> _T:
            with self.desk.store.write() as uow:
                return act(uow)

        return await run_in_threadpool(work)

    def party(self, call_id: str, side: Side) -> PartyState:
        """What a side of a call said about itself. Any thread."""
        running = self._running.get(call_id)
        return PartyState() if running is None else running.party(side)

    async def running(self, call_id: str) -> RunningCall:
        """The call as the hub knows it; NotFound("call.unknown")."""
        running = self._running.get(call_id)
        if running is not None:
            return running
        call = await self.read(lambda uow: uow.calls.get(call_id))
        if call is None:
            raise NotFound("call.unknown")
        return self._running.get(call_id) or self._keep(call)

    def view_of(self, uow: UnitOfWork, call: Call) -> CallView:
        """The call as both sides may see it. Any thread."""
        return call_view(uow, call, customer=self.party(call.id, Side.CUSTOMER), agent=self.party(call.id, Side.AGENT))

    # ── peers ───────────────────────────────────────────────────────────────────────────────────────────────────────

    async def returned(self, peer: Peer, calls: Iterable[Call], *, is_lossy: bool) -> None:
        """A peer said hello: its calls go on; the ones for which it has no peer connection get the next epoch.

        `is_lossy`: the peer may have missed the announcement of an epoch.
        """
        for known in calls:
            running = self._keep(known)
            call = running.call
            if running.peer_id(peer.side) != peer.id:
                continue
            running.regain(peer.side.value)
            if call.state in TALKING and (is_lossy or call.connection_of(peer.side) != peer.connection):
                await self.renew(running)
            else:
                self._flush_pending(running, peer)
            await self.settle(running)
        self.presences.refresh_all()

    async def left(self, peer: Peer) -> None:
        """A peer's socket is gone: the grace time of its calls begins."""
        deadline_s = self.desk.clock.monotonic() + self.times.grace_s
        for running in list(self._running.values()):
            needs_peer = running.call.state in TALKING or (running.call.state is CallState.WAITING and peer.side is Side.CUSTOMER)
            if needs_peer and running.peer_id(peer.side) == peer.id:
                running.lose(peer.side.value, deadline_s)
                await self.settle(running)

    async def settle(self, running: RunningCall) -> None:
        """Bring the call's state in line with what is lost and what is there."""
        async with running.lock:
            call_id, now = running.call.id, self.desk.clock.now()
            state = running.call.state
            if running.losses and state in TALKING and state is not CallState.RECONNECTING:
                running.call = await self.write(lambda uow: usecases.lose_call(uow, call_id, now))
            elif not running.losses and state is CallState.RECONNECTING:
                running.call = await self.write(lambda uow: usecases.come_back(uow, call_id, now))
            if not running.losses and running.call.state is CallState.ACCEPTED and running.customer.is_connected:
                running.call = await self.write(lambda uow: usecases.connect_call(uow, call_id, now))

    async def renew(self, running: RunningCall, at_most: int | None = None) -> None:
        """Announce the next epoch to both sides (`call.ready`); with `at_most` only when it is not there yet."""
        async with running.lock:
            before = running.call.epoch
            names = self._names(running)
            call_id = running.call.id
            running.call = await self.write(lambda uow: usecases.renew_epoch(uow, call_id, at_most=at_most, **names))
            if running.call.epoch == before:
                return
            running.customer = running.customer.model_copy(update={"is_connected": False})
            running.agent = running.agent.model_copy(update={"is_connected": False})
            if running.call.connected_at is not None:
                running.lose("media")
            for pending in running.pending.values():
                pending.clear()
        await self._announce(running)
        await self.settle(running)

    async def send_ready(self, running: RunningCall, side: Side, view: CallView | None = None) -> None:
        """Send `call.ready` of the newest epoch to one side; `view` when it is at hand."""
        call = running.call
        if view is None:
            view = await self.read(lambda uow: self.view_of(uow, call))
        servers = ice_servers(self.desk.settings, self.desk.clock, f"{call.id}-{side.value}")
        ready = CallReady(seq=0, call=view, ice_servers=servers, is_polite=side is Side.CUSTOMER)
        self.switchboard.to(running.peer_id(side), ready)

    async def check_sides(self, running: RunningCall) -> None:
        """The call begins (again): a side that is not connected now has the grace time to come."""
        for side in Side:
            peer = self.switchboard.get(running.peer_id(side))
            if peer is not None and peer.is_connected:
                running.regain(side.value)
            else:
                running.lose(side.value, self.desk.clock.monotonic() + self.times.grace_s)
        await self.settle(running)

    async def tell_changed(self, running: RunningCall, *, to_all: bool = False) -> None:
        """Send `call.changed` to both sides, and to every agent with `to_all`."""
        call_id = running.call.id

        def load(uow: UnitOfWork) -> tuple[Call, CallView] | None:
            call = uow.calls.get(call_id)
            return None if call is None else (call, self.view_of(uow, call))

        if (found := await self.read(load)) is None:
            return
        call, view = found
        if call.version > running.call.version:
            running.call = call
        self._send_changed(view, call.invitation_id, to_all=to_all)

    def _send_changed(self, view: CallView, invitation_id: str, *, to_all: bool) -> None:
        message = CallChanged(seq=0, call=view)
        self.switchboard.to(invitation_id, message)
        self.switchboard.to(view.agent_id, message)
        if to_all:
            self.switchboard.to_desks(message, Action.SEE_CALLS, but=[view.agent_id])

    def _keep(self, call: Call) -> RunningCall:
        running = self._running.get(call.id)
        if running is None:
            running = RunningCall(call)
            if running.is_kept:
                self._running[call.id] = running
        elif call.version > running.call.version:
            running.call = call
        return running

    def _states_of(self, person_id: str) -> list[CallState]:
        return [running.call.state for running in self._running.values() if running.call.agent_id == person_id]

    def _names(self, running: RunningCall) -> dict[str, str]:
        # A side that the hub does not know will not hear of the epoch: without a name it gets the next one at its hello.
        peers = {side: self.switchboard.get(running.peer_id(side)) for side in Side}
        return {side.value: peer.connection if peer is not None else "" for side, peer in peers.items()}

    async def _announce(self, running: RunningCall, view: CallView | None = None) -> None:
        if running.call.epoch > running.announced_epoch:
            running.announced_epoch = running.call.epoch
            for side in Side:
                await self.send_ready(running, side, view)

    def _flush_pending(self, running: RunningCall, peer: Peer) -> None:
        pending = running.pending[peer.side]
        for message in pending:
            peer.put(message)
        pending.clear()

    # ── events and time ─────────────────────────────────────────────────────────────────────────────────────────────

    def _hear(self, event: Event) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is there to be told
                loop.call_soon_threadsafe(self._take_event, event)

    def _take_event(self, event: Event | None) -> None:
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            _log.error("hub.events_dropped")

    def _missed(self) -> None:
        """The bus dropped us: listen again and tell everyone the newest state."""
        loop = self._loop
        if loop is not None:
            self._subscription = self.desk.bus.subscribe(self._hear, self._missed)
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self._take_event, None)

    async def _consume(self) -> None:
        while True:
            event = await self._events.get()
            try:
                if event is None:
                    for running in list(self._running.values()):
                        await self.tell_changed(running, to_all=True)
                else:
                    await self._handle(event)
            except DeskError as error:
                _log.warning("hub.event_failed", extra={"code": error.code})
            except Exception:  # noqa: BLE001 - noqa: BLE001 - the hub outlives a bug in the handling of one event
                _log.exception("hub.event_bug")

    async def _handle(self, event: Event) -> None:
        if event.name.startswith("call.") and event.call_id is not None:
            await self._handle_call(event.name, event.call_id)
        elif event.name == "consent.given":
            for running in list(self._running.values()):
                if running.call.case_id == event.case_id:
                    if running.call.is_recording:
                        await self.write(partial(recording.follow_consent, call_id=running.call.id, now=self.desk.clock.now()))
                    await self.tell_changed(running)
        elif event.name == "invitation.revoked":
            self._close_revoked(event)
        if event.name != "presence.changed":
            message = Happened(seq=0, name=event.name, at=event.at, case_id=event.case_id, call_id=event.call_id, data=event.data)
            self.switchboard.to_desks(message, Action.SEE_CASES)

    async def _handle_call(self, name: str, call_id: str) -> None:
        running = await self.running(call_id)
        if name == "call.accepted":
            await self._begin(running)
        else:
            await self.tell_changed(running, to_all=name != "call.changed" or running.call.state is CallState.WAITING)
        if name == "call.waiting":
            running.losses.clear()
            running.deadline_s = None
        if running.is_kept:
            self._running[call_id] = running
        else:
            self._running.pop(call_id, None)
        if running.call.agent_id is not None:
            self.presences.refresh(running.call.agent_id)

    async def _begin(self, running: RunningCall) -> None:
        """The call was accepted: tell everyone, announce its first epoch. One transaction, as the customer waits for it."""
        call_id = running.call.id
        running.call = await self.read(lambda uow: usecases.known_call(uow, call_id))  # now it has its agent
        names = self._names(running)

        def begin(uow: UnitOfWork) -> tuple[Call, CallView]:
            call = usecases.note_connections(uow, call_id, **names)
            return call, self.view_of(uow, call)

        running.call, view = await self.write(begin)
        self._send_changed(view, running.call.invitation_id, to_all=True)
        await self._announce(running, view)
        await self.check_sides(running)

    def _close_revoked(self, event: Event) -> None:
        peer = self.switchboard.get(str(event.data.get("invitation_id", "")))
        if peer is not None and not self._talks(peer):
            peer.close(CLOSE_GONE)

    async def _ticks(self) -> None:
        while True:
            await asyncio.sleep(self.times.tick_s)
            try:
                await self.tick()
            except DeskError as error:
                _log.warning("hub.tick_failed", extra={"code": error.code})
            except Exception:  # noqa: BLE001 - noqa: BLE001 - the hub outlives a bug in one tick
                _log.exception("hub.tick_bug")

    async def tick(self) -> None:
        """What time brings: grace times that are over, peers that do not come back, presences."""
        now_s = self.desk.clock.monotonic()
        for running in list(self._running.values()):
            if running.deadline_s is not None and now_s >= running.deadline_s:
                running.deadline_s = None
                await self._expire(running)
        self.switchboard.forget_gone(self.times.keep_s)
        if now_s - self._checked_at_s >= self.times.recheck_s:
            self._checked_at_s = now_s
            await self.recheck()
        self.presences.refresh_all()

    async def recheck(self) -> None:
        """Close the sockets of those who were signed out, disabled or whose invitation ended since their hello."""
        peers = [peer for peer in self.switchboard if peer.is_connected]
        now = self.desk.clock.now()

        def refused(uow: UnitOfWork) -> list[tuple[Peer, int]]:
            found = []
            for peer in peers:
                try:
                    authenticate_token(uow, peer.token, now)
                except (NotSignedIn, Gone) as error:
                    found.append((peer, CLOSE_GONE if isinstance(error, Gone) else CLOSE_NOT_SIGNED_IN))
            return found

        for peer, code in await self.read(refused):
            if not self._talks(peer):
                peer.close(code)

    def _talks(self, peer: Peer) -> bool:
        return any(peer.id == running.peer_id(peer.side) and running.call.state in TALKING for running in self._running.values())

    async def _expire(self, running: RunningCall) -> None:
        async with running.lock:
            call_id, now = running.call.id, self.desk.clock.now()
            running.call = await self.write(lambda uow: expire_call(self.desk, uow, call_id, now))
