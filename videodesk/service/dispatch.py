"""What each message of a peer does."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final

from videodesk.calls import recording, usecases
from videodesk.calls.lifecycle import TALKING
from videodesk.calls.model import Side
from videodesk.core.errors import Conflict, DeskError, Invalid
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import CallState
from videodesk.evidence import stills
from videodesk.protocol import messages as m
from videodesk.service.call_end import end_call
from videodesk.service.hub import Hub
from videodesk.service.peers import Peer, RunningCall

_log = logging.getLogger(__name__)
_STILLS: Final = frozenset({"take_still", "native_camera"})


class Dispatch:
    """Takes the parsed messages of one peer, one after another."""

    def __init__(self, hub: Hub, peer: Peer) -> None:
        self._hub = hub
        self._peer = peer
        self._handlers: dict[type[Any], Callable[[Any], Awaitable[None]]] = {
            m.Hello: self._hello_again,
            m.Ping: self._ping,
            m.Signal: self._signal,
            m.MyState: self._my_state,
            m.ChatSend: self._chat,
            m.LeaveCall: self._leave,
            m.EnterWaitingRoom: self._enter,
            m.SetPresence: self._presence,
            m.HoldCall: self._hold,
            m.AskPage: self._ask_page,
            m.RecordCall: self._record,
            m.StillProgress: self._still_progress,
        }

    async def take(self, message: Any) -> None:
        """Do what the message says; an expected failure is answered by `error`, a bug too, and logged."""
        try:
            await self._handlers[type(message)](message)
        except DeskError as error:
            self._peer.put(m.Refused(
                seq=0, code=error.code, params=dict(error.params), retryable=error.retryable, in_reply_to=message.type,
            ))
        except Exception:  # noqa: BLE001 - a bug in one handler must not end the conversation, still less the hub
            _log.exception("signaling.handler_bug", extra={"type": message.type})
            self._peer.put(m.Refused(seq=0, code="service.bug", in_reply_to=message.type))

    async def _hello_again(self, _message: m.Hello) -> None:
        raise Conflict("protocol.hello_again")

    async def _ping(self, message: m.Ping) -> None:
        self._peer.outgoing.put_loose(m.Pong(n=message.n))

    async def _own(self, call_id: str, *, talking: str = "") -> RunningCall:
        """The call, when this peer is one of its sides (else call.unknown) and, with `talking`, when its state allows that."""
        running = await self._hub.running(call_id)
        usecases.side_of(running.call, self._peer.principal)
        if talking and running.call.state not in TALKING:
            raise Conflict("call.wrong_state", state=running.call.state.value, event=talking)
        return running

    def _to_other(self, running: RunningCall, message: m.Wire) -> None:
        side = self._peer.side.other
        if not self._hub.switchboard.to(running.peer_id(side), message):
            running.keep_pending(side, message)

    async def _signal(self, message: m.Signal) -> None:
        running = await self._own(message.call_id, talking="signal")
        epoch = running.call.epoch
        if message.epoch > epoch + (1 if message.restart else 0):
            raise Conflict("signal.epoch_ahead", epoch=epoch)
        if message.restart:
            if message.epoch > epoch:
                await self._hub.renew(running, at_most=message.epoch)
            else:  # the newest epoch answers the wish; whoever has it already takes no notice
                await self._hub.send_ready(running, self._peer.side)
            return
        if (message.description is None) is (message.candidate is None):
            raise Invalid("signal.one_step")
        if message.epoch == epoch:
            self._to_other(running, m.Signaled(
                seq=0, call_id=message.call_id, epoch=epoch, description=message.description, candidate=message.candidate,
            ))

    async def _my_state(self, message: m.MyState) -> None:
        running = await self._own(message.call_id)
        before = running.party(self._peer.side)
        if message.state == before:
            return
        running.set_party(self._peer.side, message.state)
        # Both sides lose the media together; the page's word counts, as it offers and rebuilds.
        if self._peer.side is Side.CUSTOMER and message.state.is_connected is not before.is_connected:
            if message.state.is_connected:
                running.regain("media")
            elif running.call.connected_at is not None:
                running.lose("media")
            await self._hub.settle(running)
        await self._hub.tell_changed(running)

    async def _chat(self, message: m.ChatSend) -> None:
        running = await self._own(message.call_id)
        now = self._hub.desk.clock.now()
        text = message.text.replace("\x00", "\N{REPLACEMENT CHARACTER}")
        entry, is_new = await self._hub.write(lambda uow: usecases.add_chat(
            uow, self._peer.principal, message.call_id, message_id=message.message_id, text=text, now=now,
        ))
        line = m.ChatLine(seq=0, call_id=entry.call_id, message_id=entry.id, sender=entry.sender.value, text=entry.text, at=entry.at)
        self._peer.put(line)
        if is_new:
            self._to_other(running, line)

    async def _leave(self, message: m.LeaveCall) -> None:
        now = self._hub.desk.clock.now()
        await self._hub.write(lambda uow: end_call(self._hub.desk, uow, self._peer.principal, message.call_id, now))

    async def _enter(self, message: m.EnterWaitingRoom) -> None:
        now = self._hub.desk.clock.now()
        call = await self._hub.write(lambda uow: usecases.enter_waiting_room(
            uow, self._peer.principal, has_camera=message.has_camera, has_microphone=message.has_microphone, now=now,
        ))
        running = await self._hub.running(call.id)
        if call.version > running.call.version:
            running.call = call
        if call.state is CallState.RECONNECTING and call.connection_of(Side.CUSTOMER) != self._peer.connection:
            await self._hub.renew(running)
            await self._hub.check_sides(running)
        await self._hub.tell_changed(running)

    async def _presence(self, message: m.SetPresence) -> None:
        now = self._hub.desk.clock.now()
        await self._hub.write(lambda uow: usecases.choose_presence(uow, self._peer.principal, message.presence, now))
        self._hub.presences.choose(self._peer.id, message.presence)
        self._hub.presences.refresh(self._peer.id)

    async def _hold(self, message: m.HoldCall) -> None:
        await self._own(message.call_id, talking="hold")
        now = self._hub.desk.clock.now()
        await self._hub.write(lambda uow: usecases.hold_call(
            uow, self._peer.principal, message.call_id, is_on_hold=message.is_on_hold, now=now,
        ))

    async def _record(self, message: m.RecordCall) -> None:
        await self._own(message.call_id)
        now = self._hub.desk.clock.now()
        await self._hub.write(lambda uow: recording.record_call(
            uow, self._peer.principal, message.call_id, is_recording=message.is_recording, now=now,
        ))

    async def _ask_page(self, message: m.AskPage) -> None:
        require(self._peer.principal, Action.TAKE_CALLS)
        running = await self._own(message.call_id, talking="ask")
        if message.ask in _STILLS:
            await self._await_still(running, message)
        self._hub.switchboard.to(running.peer_id(Side.CUSTOMER), m.Asked(
            seq=0, call_id=message.call_id, ask=message.ask, snapshot_id=message.snapshot_id, zoom=message.zoom,
        ))

    async def _await_still(self, running: RunningCall, message: m.AskPage) -> None:
        snapshot_id = message.snapshot_id
        if snapshot_id is None:
            raise Invalid("still.snapshot_missing")
        if self._hub.switchboard.get(running.peer_id(Side.CUSTOMER)) is None:
            raise Conflict("still.page_gone")
        now = self._hub.desk.clock.now()
        # Written down before the page hears of it: it may be faster than we are.
        await self._hub.write(lambda uow: stills.await_still(uow, self._peer.principal, running.call, snapshot_id, now))

    async def _still_progress(self, message: m.StillProgress) -> None:
        running = await self._own(message.call_id)
        now = self._hub.desk.clock.now()
        is_last = message.stage in {"sent", "failed"}
        if not is_last and not running.may_tell_progress(message.snapshot_id, self._hub.desk.clock.monotonic()):
            return
        principal = self._peer.principal
        if message.stage == "failed":
            await self._hub.write(lambda uow: stills.fail_still(uow, principal, message.call_id, message.snapshot_id, message.code, now))
        else:
            await self._hub.read(lambda uow: stills.asked_of(uow, principal, message.call_id, message.snapshot_id))
        self._hub.switchboard.to(running.peer_id(Side.AGENT), m.StillProgressed(
            seq=0, **message.model_dump(exclude={"type"}),
        ))
