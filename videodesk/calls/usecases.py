"""What people and the service may do with a call. Each use case is one step of the table in lifecycle.py, written conditionally.

Two principals may act on one call at the same moment, on a database that does not serialise them: a write names the version it
was made from (CallRepository.replace) and is made again from the newest call when another was faster.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from videodesk.calls.case_status import SERVICE, case_follows
from videodesk.calls.invitations import mark_used
from videodesk.calls.lifecycle import LIVE, OPEN, OVER, TALKING, CallEvent, next_state, target_of
from videodesk.calls.model import Call, ChatEntry, ChosenPresence, EndedBy, Side
from videodesk.calls.unit import CallUnit
from videodesk.core.errors import Conflict, Gone, NotAllowed, NotFound
from videodesk.core.events import Event
from videodesk.core.ids import new_id
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, is_allowed, require
from videodesk.core.vocabulary import CallState, Disposition, Presence

_TRIES: Final = 20
RECENT: Final = 50


def side_of(call: Call, principal: Principal) -> Side:
    """Which side of the call the principal is; NotFound("call.unknown") for a stranger, so that ids of others tell nothing."""
    if principal.is_customer:
        if call.invitation_id == principal.id:
            return Side.CUSTOMER
        raise NotFound("call.unknown")
    if call.agent_id == principal.id:
        return Side.AGENT
    raise NotAllowed("call.not_yours")


def get_call(uow: CallUnit, principal: Principal, call_id: str) -> Call:
    """One call. A customer knows only the own one; NotFound("call.unknown") otherwise."""
    if principal.is_customer:
        require(principal, Action.JOIN_CALL)
    else:
        require(principal, Action.SEE_CALLS)
    call = uow.calls.get(call_id)
    if call is None or (principal.is_customer and call.invitation_id != principal.id):
        raise NotFound("call.unknown")
    return call


def list_calls(uow: CallUnit, principal: Principal, case_id: str | None = None) -> list[Call]:
    """A case's calls, newest first; without a case: waiting (oldest first), then the agent's own open ones, then the recent."""
    require(principal, Action.SEE_CALLS)
    if case_id is not None:
        return uow.calls.of_case(case_id)
    return [*uow.calls.waiting(), *uow.calls.open_of(principal.id), *uow.calls.recent(RECENT)]


def calls_at_hello(uow: CallUnit, principal: Principal) -> list[Call]:
    """What `welcome` tells: the customer's own call; for an agent all that wait and the own open ones."""
    if principal.is_customer:
        own = uow.calls.of_invitation(principal.id)
        return [] if own is None else [own]
    if not is_allowed(principal, Action.SEE_CALLS):
        return []
    return [*uow.calls.waiting(), *uow.calls.open_of(principal.id)]


def enter_waiting_room(uow: CallUnit, principal: Principal, *, has_camera: bool, has_microphone: bool, now: datetime) -> Call:
    """Make the invitation's call (waiting), or find the one it has: a reload, a drop and a second visit give the same call.

    NotAllowed("consent.missing") before the customer answered the consent question (refusing every scope is an answer);
    Gone("call.over") when the conversation is finished.
    """
    require(principal, Action.JOIN_CALL)
    if not uow.invitations.consents(principal.id):
        raise NotAllowed("consent.missing")
    call = uow.calls.of_invitation(principal.id)
    if call is None:
        if principal.case_id is None:
            raise NotFound("call.unknown")
        call = Call(
            id=new_id(now), case_id=principal.case_id, invitation_id=principal.id, state=CallState.WAITING, waiting_since=now,
            has_camera=has_camera, has_microphone=has_microphone,
        )
        uow.calls.add(call)
        _tell(uow, "call.waiting", None, call, principal, now)
        return call

    def enter(current: Call) -> Call:
        if current.state in LIVE:
            return current
        if target_of(current, CallEvent.ENTER) is not None:
            return _moved(current, CallEvent.ENTER, waiting_since=now, ended_at=None, ended_by=None, closed_at=None,
                          has_camera=has_camera, has_microphone=has_microphone)
        if target_of(current, CallEvent.REJOIN) is not None:
            return _moved(current, CallEvent.REJOIN, lost_at=now, ended_at=None, ended_by=None, customer_connection="")
        raise Gone("call.over")

    changed = _change(uow, call.id, enter)
    if changed.version != call.version:
        _tell(uow, "call.waiting" if changed.state is CallState.WAITING else "call.changed", call.state, changed, principal, now)
    return changed


def accept_call(uow: CallUnit, principal: Principal, call_id: str, now: datetime) -> Call:
    """Take a waiting call. Exactly one agent gets it: the same agent again gets the same answer, all others Conflict("call.already_taken").

    Conflict("call.agent_busy") while the agent talks in another call; one that only waits to be filed is no hindrance.
    """
    require(principal, Action.TAKE_CALLS)
    taken_now = False

    def accept(current: Call) -> Call:
        nonlocal taken_now
        taken_now = False
        if current.agent_id == principal.id and current.state in OPEN:
            return current
        if current.agent_id is not None:
            raise Conflict("call.already_taken")
        if current.state is CallState.ABANDONED:
            raise Conflict("call.customer_left")
        if any(other.state in TALKING for other in uow.calls.open_of(principal.id)):
            raise Conflict("call.agent_busy")
        taken_now = True
        return _moved(current, CallEvent.ACCEPT, agent_id=principal.id, agent_name=principal.display_name, accepted_at=now,
                      epoch=current.epoch + 1)

    call = _change(uow, call_id, accept)
    if taken_now:
        _tell(uow, "call.accepted", CallState.WAITING, call, principal, now)
    return call


def connect_call(uow: CallUnit, call_id: str, now: datetime) -> Call:
    """Sound and picture run between the sides. Nothing happens when the call is not at that point."""

    def connect(current: Call) -> Call:
        if target_of(current, CallEvent.CONNECT) is None:
            return current
        return _moved(current, CallEvent.CONNECT, connected_at=current.connected_at or now)

    return change_and_tell(uow, call_id, connect, SERVICE, now)


def hold_call(uow: CallUnit, principal: Principal, call_id: str, *, is_on_hold: bool, now: datetime) -> Call:
    """Put the call on hold or take it back; asked twice, done once. Conflict("call.wrong_state") before it was connected."""
    require(principal, Action.TAKE_CALLS)

    def hold(current: Call) -> Call:
        if side_of(current, principal) is not Side.AGENT:
            raise NotAllowed("call.not_yours")
        if current.is_held is is_on_hold and current.state in TALKING:
            return current
        event = CallEvent.HOLD if is_on_hold else CallEvent.TAKE_BACK
        return _moved(current, event, is_held=is_on_hold)

    return change_and_tell(uow, call_id, hold, principal, now)


def lose_call(uow: CallUnit, call_id: str, now: datetime) -> Call:
    """A side's signaling or media is lost: a running call becomes reconnecting. Nothing happens in other states."""

    def lose(current: Call) -> Call:
        if target_of(current, CallEvent.LOSE) is None:
            return current
        return _moved(current, CallEvent.LOSE, lost_at=now)

    return change_and_tell(uow, call_id, lose, SERVICE, now)


def come_back(uow: CallUnit, call_id: str, now: datetime) -> Call:
    """All that was lost is there again: the call goes on where it was. Nothing happens when it was not reconnecting."""

    def back(current: Call) -> Call:
        if target_of(current, CallEvent.COME_BACK) is None:
            return current
        return _moved(current, CallEvent.COME_BACK, lost_at=None)

    return change_and_tell(uow, call_id, back, SERVICE, now)


def expire_call(uow: CallUnit, call_id: str, now: datetime) -> Call:
    """The grace time is over: a running call goes to wrap-up, a waiting one is abandoned. Nothing happens in other states."""

    def expire(current: Call) -> Call:
        if target_of(current, CallEvent.EXPIRE) is None:
            return current
        return _moved(current, CallEvent.EXPIRE, ended_at=now, ended_by=EndedBy.LOSS)

    return change_and_tell(uow, call_id, expire, SERVICE, now, "call.ended")


def end_call(uow: CallUnit, principal: Principal, call_id: str, now: datetime) -> Call:
    """Hang up, from either side; a customer who waits leaves the waiting room. A call that is over already stays as it is."""
    require(principal, Action.JOIN_CALL if principal.is_customer else Action.TAKE_CALLS)

    def end(current: Call) -> Call:
        side = side_of(current, principal)
        if current.state in OVER or current.state is CallState.WRAP_UP:
            return current
        event = CallEvent.LEAVE if current.state is CallState.WAITING else CallEvent.END
        return _moved(current, event, ended_at=now, ended_by=EndedBy(side.value))

    return change_and_tell(uow, call_id, end, principal, now, "call.ended")


def wrap_up_call(uow: CallUnit, principal: Principal, call_id: str, *, disposition: Disposition, note: str, now: datetime) -> Call:
    """File the outcome; the call is ended then. The same outcome again changes nothing, another is Conflict("call.already_filed")."""
    require(principal, Action.TAKE_CALLS)

    def file(current: Call) -> Call:
        if side_of(current, principal) is not Side.AGENT:
            raise NotAllowed("call.not_yours")
        if current.state is CallState.ENDED:
            if (current.disposition, current.note) == (disposition, note):
                return current
            raise Conflict("call.already_filed")
        return _moved(current, CallEvent.FILE, disposition=disposition, note=note, closed_at=now)

    return change_and_tell(uow, call_id, file, principal, now)


def renew_epoch(uow: CallUnit, call_id: str, *, at_most: int | None = None, **connections: str) -> Call:
    """The next peer connection of a running call. `connections` (agent, customer) are the names that are told of it.

    With `at_most`, an epoch that is there already is not passed: two sides that ask for the same one get it once.
    Nothing happens to a call that does not run.
    """

    def renew(current: Call) -> Call:
        if current.state not in TALKING or (at_most is not None and current.epoch >= at_most):
            return current
        return _named(replace(current, epoch=current.epoch + 1, version=current.version + 1), connections)

    return _change(uow, call_id, renew)


def note_connections(uow: CallUnit, call_id: str, **connections: str) -> Call:
    """Remember under which names the sides were told of the newest epoch."""

    def note(current: Call) -> Call:
        named = _named(current, connections)
        return current if named == current else replace(named, version=current.version + 1)

    return _change(uow, call_id, note)


def add_chat(uow: CallUnit, principal: Principal, call_id: str, *, message_id: str, text: str, now: datetime) -> tuple[ChatEntry, bool]:
    """Keep a line of chat; with it comes whether it is new. Sent twice it stands once.

    Conflict("chat.id_taken") when the id belongs to another line, Conflict("call.wrong_state") when nobody talks.
    """
    require(principal, Action.JOIN_CALL if principal.is_customer else Action.TAKE_CALLS)
    call = known_call(uow, call_id)
    side = side_of(call, principal)
    entry = ChatEntry(message_id, call_id, side, text, now)
    stored = uow.calls.chat_line(call_id, message_id)
    if stored is None:
        if call.state not in TALKING:
            raise Conflict("call.wrong_state", state=call.state.value, event="chat")
        if uow.calls.add_chat(entry):
            uow.emit(Event("chat.added", now, {"message_id": message_id}, call.case_id, call_id))
            return entry, True
        stored = uow.calls.chat_line(call_id, message_id)
    if stored is None or (stored.sender, stored.text) != (side, text):
        raise Conflict("chat.id_taken")
    return stored, False


def choose_presence(uow: CallUnit, principal: Principal, presence: Presence, now: datetime) -> ChosenPresence:
    """What the agent chose to be, kept over restarts."""
    require(principal, Action.SET_PRESENCE)
    known = uow.calls.presence_of(principal.id)
    if known is not None and known.presence is presence:
        return known
    chosen = ChosenPresence(principal.id, presence, now)
    uow.calls.save_presence(chosen)
    return chosen


def known_call(uow: CallUnit, call_id: str) -> Call:
    """The call with this id, whoever asks; NotFound("call.unknown")."""
    call = uow.calls.get(call_id)
    if call is None:
        raise NotFound("call.unknown")
    return call


def _named(call: Call, connections: dict[str, str]) -> Call:
    return replace(
        call,
        agent_connection=connections.get("agent", call.agent_connection),
        customer_connection=connections.get("customer", call.customer_connection),
    )


def _moved(call: Call, event: CallEvent, **changes: Any) -> Call:
    state = next_state(call, event)
    return replace(call, state=state, version=call.version + 1, is_recording=call.is_recording and state in TALKING, **changes)


def _change(uow: CallUnit, call_id: str, change: Callable[[Call], Call]) -> Call:
    for _ in range(_TRIES):
        current = known_call(uow, call_id)
        changed = change(current)
        if changed is current:
            return current
        if uow.calls.replace(changed):
            return changed
    raise Conflict("call.busy")


def change_and_tell(
    uow: CallUnit, call_id: str, change: Callable[[Call], Call], principal: Principal, now: datetime, name: str = "call.changed",
) -> Call:
    """Make a conditional change and emit it as an event, when there was any."""
    before: Call | None = None

    def watched(current: Call) -> Call:
        nonlocal before
        before = current
        return change(current)

    call = _change(uow, call_id, watched)
    if before is not None and call.version != before.version:
        _tell(uow, name, before.state, call, principal, now)
    return call


def _tell(uow: CallUnit, name: str, before: CallState | None, call: Call, principal: Principal, now: datetime) -> None:
    case_follows(uow, before, call, principal, now)
    if call.state is CallState.ENDED or (call.state is CallState.WRAP_UP and call.ended_by is not EndedBy.LOSS):
        mark_used(uow, call.invitation_id, now)
    uow.emit(Event(name, now, {"state": call.state.value, "agent_id": call.agent_id}, call.case_id, call.id))
