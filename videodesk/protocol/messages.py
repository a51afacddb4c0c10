"""Signaling messages: one JSON object per WebSocket text frame, `type` says which. PROTOCOL.md and types.d.ts are made from here.

Version rule: PROTOCOL_VERSION changes when an old peer could misunderstand a new one. Unknown fields are refused, unknown
types are answered by `error` code `protocol.unknown_type`, and the connection goes on.
Everything a peer sends is at most MAX_MESSAGE_BYTES; an SDP at most MAX_SDP_CHARS.

Sequence: the service numbers what it sends on a connection (`seq`, from 1, without gaps over resumed connections). A peer that
comes back says in `hello.resume_from` the last `seq` it handled; the service sends what came after it from a bounded buffer,
or says `welcome.is_resumed=false`: then the peer fetches the state anew (`welcome.calls`) and goes on. Call ids survive.
`welcome` is always the first message: the first number of a new numbering (1, or one above what the peer said in `resume_from`), or,
when resumed, the peer's own `resume_from` once more, and what was missed follows. A peer connection outlives its signaling: only `call.ready` with a higher epoch replaces it. After
`welcome.is_resumed=false` a peer says `state.mine` anew.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, TypeAdapter

from videodesk.core.ids import UUID_PATTERN
from videodesk.core.vocabulary import CallState, CaseKind, ConsentScope, Language, Presence, SnapshotMethod

PROTOCOL_VERSION: Final = 1
MAX_MESSAGE_BYTES: Final = 128 * 1024
MAX_SDP_CHARS: Final = 64 * 1024
MAX_CHAT_CHARS: Final = 2000

Id = Annotated[str, StringConstraints(pattern=UUID_PATTERN)]
ShortText = Annotated[str, StringConstraints(max_length=200)]
PageAsk = Literal["picture_taken", "take_still", "native_camera", "torch_on", "torch_off", "turn_camera", "zoom"]
StillMethod = Literal[SnapshotMethod.TAKE_PHOTO, SnapshotMethod.FULL_FRAME, SnapshotMethod.NATIVE_CAMERA]


class Wire(BaseModel):
    """Base of everything that goes over the wire: immutable, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class IceServer(Wire):
    """RTCIceServer (W3C WebRTC §4.2.4): TURN or STUN URLs with a time-limited credential."""

    urls: list[ShortText]
    username: str | None = None
    credential: str | None = None


class PartyState(Wire):
    """What one side of a call says about itself: W3C track states and what the camera can do."""

    is_connected: bool = False
    audio_muted: bool = False
    video_muted: bool = False
    facing: Literal["user", "environment", "unknown"] = "unknown"
    has_torch: bool = False
    is_torch_on: bool = False
    is_page_hidden: bool = False
    can_take_still: bool = False
    zoom: Annotated[float, Field(ge=0, le=1000)] = 1.0
    zoom_min: Annotated[float, Field(ge=0, le=1000)] = 1.0
    zoom_max: Annotated[float, Field(ge=0, le=1000)] = 1.0
    width_px: Annotated[int, Field(ge=0, le=16384)] = 0
    height_px: Annotated[int, Field(ge=0, le=16384)] = 0


class CallView(Wire):
    """A call as both sides may see it. `customer_name` is what the case says; `epoch` numbers the peer connections of the call.

    `consent_digest` is the SHA-256 of the customer's newest answer to the consent question: what is captured now is sealed with it.
    """

    id: Id
    case_id: Id
    case_number: str
    case_kind: CaseKind
    state: CallState
    customer_name: str = ""
    language: Language = Language.NL
    agent_id: Id | None = None
    agent_name: str = ""
    consents: list[ConsentScope] = []
    consent_digest: Annotated[str, StringConstraints(max_length=64)] = ""
    is_recording: bool = False
    epoch: Annotated[int, Field(ge=0)] = 0
    waiting_since: datetime
    accepted_at: datetime | None = None
    connected_at: datetime | None = None
    ended_at: datetime | None = None
    customer: PartyState = PartyState()
    agent: PartyState = PartyState()


class SessionDescription(Wire):
    """RTCSessionDescription: an offer or an answer."""

    type: Literal["offer", "answer"]
    sdp: Annotated[str, StringConstraints(max_length=MAX_SDP_CHARS)]


class IceCandidate(Wire):
    """RTCIceCandidateInit. An empty `candidate` says that this generation has no more."""

    candidate: Annotated[str, StringConstraints(max_length=1000)]
    sdpMid: Annotated[str, StringConstraints(max_length=64)] | None = None  # noqa: N815 - W3C spelling
    sdpMLineIndex: Annotated[int, Field(ge=0, le=64)] | None = None  # noqa: N815 - W3C spelling
    usernameFragment: Annotated[str, StringConstraints(max_length=256)] | None = None  # noqa: N815 - W3C spelling


# ── from both sides ────────────────────────────────────────────────────────────────────────────────────────────────


class Hello(Wire):
    """First message of every connection. `token`: the agent's sign-in token or the customer's token from /api/v1/join/exchange.

    `connection` is a name the peer chose for itself (kept over reconnects); a second connection with the same token and another
    name replaces the first, which is told `replaced`.
    """

    type: Literal["hello"] = "hello"
    protocol: int
    token: Annotated[str, StringConstraints(min_length=16, max_length=200)]
    connection: Annotated[str, StringConstraints(min_length=8, max_length=64)]
    resume_from: Annotated[int, Field(ge=0, le=2**52)] | None = None


class Ping(Wire):
    """Are you there? Answered by `pong` with the same `n`. Sent by either peer every 10 s; 30 s without a word is a lost connection."""

    type: Literal["ping"] = "ping"
    n: Annotated[int, Field(ge=0, le=2**53 - 1)] = 0


class Signal(Wire):
    """One step of negotiation for a call: a description, a candidate, or the wish for a fresh peer connection (`restart`).

    `epoch` is the peer connection it belongs to. A `restart` carries the new, higher epoch; both sides drop the old
    connection, build a new one and the page offers. What belongs to a lower epoch is ignored.
    """

    type: Literal["signal"] = "signal"
    call_id: Id
    epoch: Annotated[int, Field(ge=0, le=1_000_000)]
    description: SessionDescription | None = None
    candidate: IceCandidate | None = None
    restart: bool = False


class MyState(Wire):
    """The sender's own state changed (muted, camera turned, torch, page hidden, media connected)."""

    type: Literal["state.mine"] = "state.mine"
    call_id: Id
    state: PartyState


class ChatSend(Wire):
    """A line of text chat. `message_id` is made by the sender: sent twice, it stands once."""

    type: Literal["chat.send"] = "chat.send"
    call_id: Id
    message_id: Id
    text: Annotated[str, StringConstraints(min_length=1, max_length=MAX_CHAT_CHARS)]


class LeaveCall(Wire):
    """Hang up."""

    type: Literal["call.leave"] = "call.leave"
    call_id: Id


# ── from the customer's page ───────────────────────────────────────────────────────────────────────────────────────


class EnterWaitingRoom(Wire):
    """The customer is ready: makes the call (state waiting) or finds the one that this invitation already has."""

    type: Literal["waiting.enter"] = "waiting.enter"
    has_camera: bool
    has_microphone: bool


class StillProgress(Wire):
    """How far the full-resolution still of a snapshot is; at most four a second. `method` and the size are known from `sending` on.

    `failed` is the end of it (`code` says why: `still.unsupported`, `still.camera_failed`, `still.consent`, `still.declined`); the frame stands.
    """

    type: Literal["still.progress"] = "still.progress"
    call_id: Id
    snapshot_id: Id
    stage: Literal["taking", "sending", "sent", "failed"]
    method: StillMethod | None = None
    sent_bytes: Annotated[int, Field(ge=0, lt=2**40)] = 0
    size_bytes: Annotated[int, Field(ge=0, lt=2**40)] = 0
    width_px: Annotated[int, Field(ge=0, le=65535)] = 0
    height_px: Annotated[int, Field(ge=0, le=65535)] = 0
    code: ShortText = ""


# ── from the agent's desktop ───────────────────────────────────────────────────────────────────────────────────────


class SetPresence(Wire):
    """The agent's presence. `in_call` and `wrap_up` are set by the service."""

    type: Literal["presence.set"] = "presence.set"
    presence: Literal[Presence.AVAILABLE, Presence.BUSY, Presence.BREAK, Presence.OFFLINE]


class HoldCall(Wire):
    """Hold or take back: while held, neither side sends sound or picture and the page says so."""

    type: Literal["call.hold"] = "call.hold"
    call_id: Id
    is_on_hold: bool


class AskPage(Wire):
    """The agent asks the customer's page for something; the page shows a notice of it.

    `picture_taken` says that a picture of the video was taken. `take_still` asks for a full-resolution still for snapshot
    `snapshot_id` as well, `native_camera` for one from the phone's own camera app; the service writes down that one is awaited. `zoom`
    goes with the wanted `zoom` factor.
    """

    type: Literal["page.ask"] = "page.ask"
    call_id: Id
    ask: PageAsk
    snapshot_id: Id | None = None
    zoom: Annotated[float, Field(gt=0, le=1000)] | None = None


class RecordCall(Wire):
    """A recording begins or ends; refused with consent.missing without the customer's consent to recording. The page says so while it lasts."""

    type: Literal["call.record"] = "call.record"
    call_id: Id
    is_recording: bool


# ── from the service ───────────────────────────────────────────────────────────────────────────────────────────────


class Welcome(Wire):
    """Answer to hello. `calls`: for the customer the own call, for an agent the own calls and all that wait."""

    type: Literal["welcome"] = "welcome"
    seq: int
    protocol: int
    is_resumed: bool
    me: Literal["agent", "customer"]
    my_id: Id
    presence: Presence | None = None
    calls: list[CallView] = []
    chat: list[ChatLine] = []
    server_time: datetime


class Pong(Wire):
    """Answer to ping; not numbered."""

    type: Literal["pong"] = "pong"
    n: int


class Refused(Wire):
    """A message was refused. `code` is of the error catalogue; `in_reply_to` the refused type. The connection goes on unless it closes."""

    type: Literal["error"] = "error"
    seq: int
    code: str
    params: dict[str, str | int | float | bool | None] = {}
    retryable: bool = False
    in_reply_to: str | None = None


class CallChanged(Wire):
    """A call's newest state, to its two sides and, while it waits or is taken from waiting, to every agent."""

    type: Literal["call.changed"] = "call.changed"
    seq: int
    call: CallView


class CallReady(Wire):
    """To both sides once the call is accepted, and again after a reconnect or restart: how to reach each other.

    The customer's page builds peer connection `epoch` with these servers and offers; the desktop builds its own and answers.
    """

    type: Literal["call.ready"] = "call.ready"
    seq: int
    call: CallView
    ice_servers: list[IceServer]
    is_polite: bool


class Signaled(Wire):
    """A Signal of the other side."""

    type: Literal["signaled"] = "signaled"
    seq: int
    call_id: Id
    epoch: int
    description: SessionDescription | None = None
    candidate: IceCandidate | None = None
    restart: bool = False


class ChatLine(Wire):
    """A line of chat, to both sides, the sender included (that is the confirmation)."""

    type: Literal["chat.line"] = "chat.line"
    seq: int
    call_id: Id
    message_id: Id
    sender: Literal["agent", "customer"]
    text: str
    at: datetime


class Asked(Wire):
    """An AskPage of the agent, to the page."""

    type: Literal["page.asked"] = "page.asked"
    seq: int
    call_id: Id
    ask: PageAsk
    snapshot_id: Id | None = None
    zoom: float | None = None


class StillProgressed(Wire):
    """A StillProgress of the page, to the call's agent."""

    type: Literal["still.progressed"] = "still.progressed"
    seq: int
    call_id: Id
    snapshot_id: Id
    stage: Literal["taking", "sending", "sent", "failed"]
    method: StillMethod | None = None
    sent_bytes: int = 0
    size_bytes: int = 0
    width_px: int = 0
    height_px: int = 0
    code: str = ""


class PresenceChanged(Wire):
    """An agent's presence changed; to every desktop."""

    type: Literal["presence.changed"] = "presence.changed"
    seq: int
    person_id: Id
    display_name: str
    presence: Presence
    since: datetime


class Happened(Wire):
    """A core event (snapshot.added, case.changed, review.decided …), to every desktop that may see it."""

    type: Literal["event"] = "event"
    seq: int
    name: str
    at: datetime
    case_id: Id | None = None
    call_id: Id | None = None
    data: dict[str, Any] = {}


class Replaced(Wire):
    """Another connection with the same token took over; this one closes with 4409 and does not come back by itself."""

    type: Literal["replaced"] = "replaced"
    seq: int


Welcome.model_rebuild()

FromCustomer = Annotated[
    Hello | Ping | Signal | MyState | ChatSend | LeaveCall | EnterWaitingRoom | StillProgress, Field(discriminator="type")
]
FromAgent = Annotated[
    Hello | Ping | Signal | MyState | ChatSend | LeaveCall | SetPresence | HoldCall | AskPage | RecordCall, Field(discriminator="type")
]
FromService = Annotated[
    Welcome | Pong | Ping | Refused | CallChanged | CallReady | Signaled | ChatLine | Asked | StillProgressed | PresenceChanged | Happened
    | Replaced,
    Field(discriminator="type"),
]

from_customer: Final[TypeAdapter[Any]] = TypeAdapter(FromCustomer)
from_agent: Final[TypeAdapter[Any]] = TypeAdapter(FromAgent)
from_service: Final[TypeAdapter[Any]] = TypeAdapter(FromService)

# WebSocket close codes (RFC 6455 §7.4.2: 4000-4999 are private). 4000 + HTTP status where one fits.
CLOSE_BAD_MESSAGE: Final = 4400
CLOSE_NOT_SIGNED_IN: Final = 4401
CLOSE_NOT_ALLOWED: Final = 4403
CLOSE_TOO_SLOW: Final = 4408
CLOSE_REPLACED: Final = 4409
CLOSE_GONE: Final = 4410
CLOSE_TOO_LARGE: Final = 4413
CLOSE_RATE_LIMITED: Final = 4429
CLOSE_GOING_AWAY: Final = 1001
