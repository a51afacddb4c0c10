"""Perfect negotiation (W3C WebRTC 1.0 §10.7) as a pure machine: an event in, the next state and a list of actions out.

The page (polite) and the desktop (impolite) run the same table: resources/join/negotiation.js has it in JavaScript, the vectors
in tests/protocol/vectors run both. Rules of use: one executor per side performs the actions strictly one after another, each
finished before the next, in the order they came out; what a peer connection says is fed back as an event with its epoch.

Epochs number the peer connections of a call. Events of a lower epoch are dropped. A peer connection is only ever replaced by
`ready` (or `restart`) with a higher epoch, so the same announcement twice does nothing. The polite side offers first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import Field, TypeAdapter

from videodesk.protocol.messages import IceCandidate, SessionDescription, Wire

MAX_QUEUED_CANDIDATES: Final = 200

Epoch = Annotated[int, Field(ge=0, le=1_000_000)]


class Ready(Wire):
    """`call.ready` came: the call has peer connection `epoch`."""

    type: Literal["ready"] = "ready"
    epoch: Epoch


class EpochSeen(Wire):
    """`welcome` told of a running call with this epoch: a higher one than ours means that its announcement was missed."""

    type: Literal["epoch_seen"] = "epoch_seen"
    epoch: Epoch


class NegotiationNeeded(Wire):
    """The peer connection says so."""

    type: Literal["negotiation_needed"] = "negotiation_needed"
    epoch: Epoch


class OfferMade(Wire):
    """`make_offer` is done: this is the local description."""

    type: Literal["offer_made"] = "offer_made"
    epoch: Epoch
    sdp: str


class AnswerMade(Wire):
    """`make_answer` is done: this is the local description."""

    type: Literal["answer_made"] = "answer_made"
    epoch: Epoch
    sdp: str


class CandidateFound(Wire):
    """The peer connection found a local candidate."""

    type: Literal["candidate_found"] = "candidate_found"
    epoch: Epoch
    candidate: IceCandidate


class SignaledEvent(Wire):
    """`signaled` came: a step of the other side."""

    type: Literal["signaled"] = "signaled"
    epoch: Epoch
    description: SessionDescription | None = None
    candidate: IceCandidate | None = None
    restart: bool = False


class PeerFailed(Wire):
    """The peer connection is beyond repair (or the person wants a fresh one)."""

    type: Literal["failed"] = "failed"
    epoch: Epoch


class CallEnded(Wire):
    """The call is over on this side."""

    type: Literal["ended"] = "ended"


NegotiationEvent = (
    Ready | EpochSeen | NegotiationNeeded | OfferMade | AnswerMade | CandidateFound | SignaledEvent | PeerFailed | CallEnded
)
negotiation_event: Final[TypeAdapter[Any]] = TypeAdapter(Annotated[NegotiationEvent, Field(discriminator="type")])


class ClosePeer(Wire):
    """Close the peer connection there is."""

    do: Literal["close"] = "close"


class BuildPeer(Wire):
    """Build peer connection `epoch` with the servers of `call.ready`; the page adds its tracks before anything else."""

    do: Literal["build"] = "build"
    epoch: Epoch


class MakeOffer(Wire):
    """setLocalDescription(offer), then feed back `offer_made`."""

    do: Literal["make_offer"] = "make_offer"
    epoch: Epoch


class MakeAnswer(Wire):
    """setLocalDescription(answer), then feed back `answer_made`."""

    do: Literal["make_answer"] = "make_answer"
    epoch: Epoch


class RollBack(Wire):
    """Take the local offer back."""

    do: Literal["rollback"] = "rollback"
    epoch: Epoch


class ApplyDescription(Wire):
    """setRemoteDescription."""

    do: Literal["apply"] = "apply"
    epoch: Epoch
    description: SessionDescription


class AddCandidate(Wire):
    """addIceCandidate; a failure of one candidate is no failure of the call."""

    do: Literal["add_candidate"] = "add_candidate"
    epoch: Epoch
    candidate: IceCandidate


class SendSignal(Wire):
    """Send `signal` with these fields and the call's id."""

    do: Literal["send"] = "send"
    epoch: Epoch
    description: SessionDescription | None = None
    candidate: IceCandidate | None = None
    restart: bool = False


NegotiationAction = ClosePeer | BuildPeer | MakeOffer | MakeAnswer | RollBack | ApplyDescription | AddCandidate | SendSignal
negotiation_action: Final[TypeAdapter[Any]] = TypeAdapter(Annotated[NegotiationAction, Field(discriminator="do")])


class Phase(StrEnum):
    """Where the exchange of descriptions stands."""

    IDLE = "idle"
    STABLE = "stable"
    OFFERING = "offering"
    OFFERED = "offered"
    ANSWERING = "answering"


class Input(StrEnum):
    """What an event means in the exchange, once glare and double answers are told apart."""

    NEEDED = "needed"
    OFFER_MADE = "offer_made"
    ANSWER_MADE = "answer_made"
    EARLY_ANSWER_MADE = "early_answer_made"
    REMOTE_OFFER = "remote_offer"
    GLARE_YIELD = "glare_yield"
    GLARE_IGNORE = "glare_ignore"
    REMOTE_ANSWER = "remote_answer"


# (phase, input) → (next phase, steps). What is not here is ignored: late answers, offers that were rolled back meanwhile, a need
# while the offer is being made (it is in that offer; a browser says it again once stable when it is not).
TABLE: Final[dict[tuple[Phase, Input], tuple[Phase, tuple[str, ...]]]] = {
    (Phase.STABLE, Input.NEEDED): (Phase.OFFERING, ("make_offer",)),
    (Phase.STABLE, Input.REMOTE_OFFER): (Phase.ANSWERING, ("apply", "flush", "make_answer")),
    (Phase.OFFERING, Input.OFFER_MADE): (Phase.OFFERED, ("send_offer",)),
    (Phase.OFFERING, Input.GLARE_YIELD): (Phase.ANSWERING, ("rollback", "apply", "flush", "make_answer")),
    (Phase.OFFERING, Input.GLARE_IGNORE): (Phase.OFFERING, ("ignore",)),
    (Phase.OFFERED, Input.NEEDED): (Phase.OFFERED, ("remember",)),
    (Phase.OFFERED, Input.REMOTE_ANSWER): (Phase.STABLE, ("apply", "flush", "again")),
    (Phase.OFFERED, Input.GLARE_YIELD): (Phase.ANSWERING, ("rollback", "apply", "flush", "make_answer")),
    (Phase.OFFERED, Input.GLARE_IGNORE): (Phase.OFFERED, ("ignore",)),
    (Phase.ANSWERING, Input.NEEDED): (Phase.ANSWERING, ("remember",)),
    (Phase.ANSWERING, Input.REMOTE_OFFER): (Phase.ANSWERING, ("apply", "flush", "make_answer")),
    (Phase.ANSWERING, Input.EARLY_ANSWER_MADE): (Phase.ANSWERING, ()),
    (Phase.ANSWERING, Input.ANSWER_MADE): (Phase.STABLE, ("send_answer", "again")),
}


@dataclass(frozen=True, slots=True)
class Negotiation:
    """The machine's state for one side of one call."""

    is_polite: bool
    epoch: int = 0
    phase: Phase = Phase.IDLE
    has_remote: bool = False
    is_ignoring: bool = False
    is_needed_again: bool = False
    is_restart_asked: bool = False
    answers_due: int = 0
    queued: tuple[IceCandidate, ...] = ()


def advance(state: Negotiation, event: NegotiationEvent) -> tuple[Negotiation, list[NegotiationAction]]:  # noqa: PLR0911 - one line per kind of event
    """The next state and what to do now. Never raises; an event that means nothing now gives the same state and no action."""
    if isinstance(event, CallEnded):
        closing: list[NegotiationAction] = [] if state.phase is Phase.IDLE else [ClosePeer()]
        return replace(_fresh(state, state.epoch), phase=Phase.IDLE), closing
    if isinstance(event, Ready) or (isinstance(event, SignaledEvent) and event.restart):
        return _rebuild(state, event.epoch)
    if isinstance(event, EpochSeen):
        return _ask_restart(state, event.epoch) if event.epoch > state.epoch else (state, [])
    if event.epoch != state.epoch or state.phase is Phase.IDLE:
        return state, []
    if isinstance(event, PeerFailed):
        return _ask_restart(state, state.epoch)
    if isinstance(event, CandidateFound):
        return state, [SendSignal(epoch=state.epoch, candidate=event.candidate)]
    if isinstance(event, SignaledEvent) and event.description is None:
        return (state, []) if event.candidate is None else _take_candidate(state, event.candidate)
    return _exchange(state, event)


def _fresh(state: Negotiation, epoch: int) -> Negotiation:
    return Negotiation(state.is_polite, epoch, Phase.STABLE)


def _rebuild(state: Negotiation, epoch: int) -> tuple[Negotiation, list[NegotiationAction]]:
    if epoch <= state.epoch:
        return state, []
    actions: list[NegotiationAction] = [] if state.phase is Phase.IDLE else [ClosePeer()]
    actions.append(BuildPeer(epoch=epoch))
    fresh = _fresh(state, epoch)
    if not state.is_polite:
        return fresh, actions
    offering, more = _exchange(fresh, NegotiationNeeded(epoch=epoch))
    return offering, actions + more


def _ask_restart(state: Negotiation, above: int) -> tuple[Negotiation, list[NegotiationAction]]:
    if state.is_restart_asked:
        return state, []
    return replace(state, is_restart_asked=True), [SendSignal(epoch=above + 1, restart=True)]


def _take_candidate(state: Negotiation, candidate: IceCandidate) -> tuple[Negotiation, list[NegotiationAction]]:
    if state.is_ignoring:
        return state, []
    if state.has_remote:
        return state, [AddCandidate(epoch=state.epoch, candidate=candidate)]
    if len(state.queued) >= MAX_QUEUED_CANDIDATES:
        return state, []
    return replace(state, queued=(*state.queued, candidate)), []


def _input_of(state: Negotiation, event: NegotiationEvent) -> Input | None:  # noqa: PLR0911 - one line per kind of event
    if isinstance(event, NegotiationNeeded):
        return Input.NEEDED
    if isinstance(event, OfferMade):
        return Input.OFFER_MADE
    if isinstance(event, AnswerMade):
        return Input.EARLY_ANSWER_MADE if state.answers_due > 1 else Input.ANSWER_MADE
    if isinstance(event, SignaledEvent) and event.description is not None:
        if event.description.type == "answer":
            return Input.REMOTE_ANSWER
        if state.phase in {Phase.OFFERING, Phase.OFFERED}:
            return Input.GLARE_YIELD if state.is_polite else Input.GLARE_IGNORE
        return Input.REMOTE_OFFER
    return None


def _exchange(state: Negotiation, event: NegotiationEvent) -> tuple[Negotiation, list[NegotiationAction]]:
    meaning = _input_of(state, event)
    row = None if meaning is None else TABLE.get((state.phase, meaning))
    if row is None:
        return state, []
    state = replace(state, phase=row[0])
    if meaning is Input.EARLY_ANSWER_MADE:
        state = replace(state, answers_due=state.answers_due - 1)
    actions: list[NegotiationAction] = []
    for step in row[1]:
        state, more = _perform(state, step, event)
        actions += more
    return state, actions


def _perform(state: Negotiation, step: str, event: NegotiationEvent) -> tuple[Negotiation, list[NegotiationAction]]:  # noqa: C901, PLR0911 - one line per step of the table
    epoch = state.epoch
    if step == "remember":
        return replace(state, is_needed_again=True), []
    if step == "ignore":
        return replace(state, is_ignoring=True), []
    if step == "again":
        return _again(state)
    if step == "flush":
        queued: list[NegotiationAction] = [AddCandidate(epoch=epoch, candidate=candidate) for candidate in state.queued]
        return replace(state, queued=()), queued
    if step == "make_offer":
        return replace(state, is_needed_again=False), [MakeOffer(epoch=epoch)]
    if step == "rollback":
        return state, [RollBack(epoch=epoch)]
    if step == "make_answer":
        return replace(state, answers_due=state.answers_due + 1), [MakeAnswer(epoch=epoch)]
    if step == "apply" and isinstance(event, SignaledEvent) and event.description is not None:
        return replace(state, has_remote=True, is_ignoring=False), [ApplyDescription(epoch=epoch, description=event.description)]
    if step == "send_offer" and isinstance(event, OfferMade):
        return state, [SendSignal(epoch=epoch, description=SessionDescription(type="offer", sdp=event.sdp))]
    if step == "send_answer" and isinstance(event, AnswerMade):
        return replace(state, answers_due=0), [SendSignal(epoch=epoch, description=SessionDescription(type="answer", sdp=event.sdp))]
    raise AssertionError(step)


def _again(state: Negotiation) -> tuple[Negotiation, list[NegotiationAction]]:
    if not state.is_needed_again:
        return state, []
    return _exchange(state, NegotiationNeeded(epoch=state.epoch))
