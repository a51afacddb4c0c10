"""The chapters of PROTOCOL.md. The tables come from the types; only what types cannot say is written here."""

from __future__ import annotations

from enum import Enum
from types import UnionType
from typing import Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, MaxLen, MinLen
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from videodesk.core.ids import UUID_PATTERN
from videodesk.protocol import live
from videodesk.protocol import messages as m
from videodesk.protocol import negotiation as n

_INTRO: Final = f"""# The signaling protocol, version {m.PROTOCOL_VERSION}

Made from `videodesk/protocol` by `python -m videodesk.protocol.document`; a test keeps it fresh. Do not edit.

Two peers talk to the desk service over a WebSocket: the agent's desktop at `/ws/agent`, the customer's page at `/ws/customer`. One
JSON object per text frame; `type` says which. Media never passes through the service: a call goes on while it restarts. HTTP is
described by OpenAPI at `/api/docs`.

## Rules

1. **hello first**, within 10 s. The answer is `welcome`, or `error` and a close code. A hello of another protocol version is refused.
2. **Numbers.** What the service sends has `seq`, without gaps (`ping` and `pong` have none). `welcome` has the first number of a
   numbering. A peer that comes back says the same `connection` name and, in `resume_from`, the last number it handled. When the
   service still has everything after that (at most 512 messages, 4 MiB, two minutes), `welcome.is_resumed` is true, its `seq`
   repeats `resume_from`, and what was missed follows. Otherwise a new numbering begins above `resume_from`, and `welcome.calls` and
   `welcome.chat` are the state to go on from; the peer says `state.mine` anew.
3. **One peer each.** A person has one desktop, an invitation one page. A newer connection under another name replaces the older,
   which gets `replaced` and close code {m.CLOSE_REPLACED} and does not come back by itself.
4. **A word every 30 s.** Each side sends `ping` every 10 s; the service closes after 30 s of silence with {m.CLOSE_TOO_SLOW}.
5. **Epochs** number the peer connections of a call. A peer connection outlives its signaling: only `call.ready` with a higher epoch
   replaces it. The service announces a higher epoch when a side comes back under a new `connection` name (a reloaded page, a
   restarted desktop: its peer connection is gone), when it knows that an announcement was missed, and when a side asks for it with
   `signal.restart` and the next epoch. The same announcement may come twice and then means nothing new.
6. **The page is polite and offers first**; the desktop answers. A lower epoch is ignored, a higher one than announced is refused.
7. **Losing a side.** While a side's signaling is lost, a running call is `reconnecting` and goes on when it is back. After 60 s it
   goes to wrap-up; a waiting call is abandoned. The customer's link brings the same call back from either.
8. **Errors** answer one message and end nothing. Nonsense is borne 20 times a connection, then closed with {m.CLOSE_BAD_MESSAGE}.
   More than 40 messages a second (200 at once) are dropped with `protocol.too_fast`; 400 dropped ones end the connection.
9. **Unknown types** are answered by `protocol.unknown_type`; unknown fields are refused. The version changes when an old peer could
   misunderstand a new one. A peer ignores service messages that it does not know.

## A call

```mermaid
sequenceDiagram
    participant P as Customer's page
    participant S as Desk service
    participant D as Agent's desktop
    P->>S: hello
    S-->>P: welcome (calls: the own one, if any)
    P->>S: waiting.enter
    S-->>P: call.changed (waiting)
    S-->>D: call.changed (waiting), to every agent
    D->>S: POST /api/v1/calls/ID/accept
    S-->>D: 200 (exactly one agent; the others 409 call.already_taken)
    S-->>P: call.changed (accepted), call.ready (epoch 1, is_polite)
    S-->>D: call.changed (accepted), call.ready (epoch 1)
    P->>S: signal (offer), signal (candidate) …
    S-->>D: signaled (offer), signaled (candidate) …
    D->>S: signal (answer, candidates inside)
    S-->>P: signaled (answer)
    P->>S: state.mine (is_connected)
    S-->>P: call.changed (connected)
    S-->>D: call.changed (connected)
    D->>S: call.leave
    S-->>P: call.changed (wrap_up)
    D->>S: POST /api/v1/calls/ID/wrap-up
    S-->>D: call.changed (ended)
```

## A reloaded page

```mermaid
sequenceDiagram
    participant P as Customer's page
    participant S as Desk service
    participant D as Agent's desktop
    P--xS: the socket closes
    S-->>D: call.changed (reconnecting)
    P->>S: hello (new connection name)
    S-->>P: welcome (calls: the same call)
    S-->>P: call.ready (epoch 2)
    S-->>D: call.ready (epoch 2)
    P->>S: signal (offer, epoch 2)
    S-->>D: signaled (offer, epoch 2)
    P->>S: state.mine (is_connected)
    S-->>D: call.changed (connected)
```

## A restarted service

```mermaid
sequenceDiagram
    participant P as Customer's page
    participant S as Desk service
    participant D as Agent's desktop
    Note over P,D: sound and picture run on between page and desktop
    P--xS: the sockets close
    D->>S: hello (same connection name, resume_from)
    S-->>D: welcome (is_resumed false, calls: reconnecting, same epoch)
    P->>S: hello (same connection name, resume_from)
    S-->>P: welcome (is_resumed false, the same call, same epoch)
    S-->>D: call.changed (connected)
    Note over P,D: no call.ready: the peer connection is healthy
```

## A still

The agent takes a snapshot; the camera's own picture follows by HTTPS and joins it. The snapshot's id is made by the desktop, the still's
(ORIGINAL) and the upload's (UPLOAD) by the page. Frame and still may arrive in either order, and again: ids make that harmless.

```mermaid
sequenceDiagram
    participant P as Customer's page
    participant S as Desk service
    participant D as Agent's desktop
    D->>S: page.ask (take_still, snapshot_id)
    Note over S: written down: a still is awaited
    S-->>P: page.asked (take_still, snapshot_id)
    S-->>D: event still.awaited
    D->>S: PUT /api/v1/snapshots/SNAPSHOT (the frame)
    P->>S: still.progress (taking)
    S-->>D: still.progressed (taking)
    P->>S: POST /api/v1/join/uploads (tus, id UPLOAD, StillMeta, the bytes)
    P->>S: still.progress (sending, 43 %)
    S-->>D: still.progressed (sending, 43 %)
    P--xS: the line is cut
    P->>S: HEAD /api/v1/join/uploads/UPLOAD
    S-->>P: Upload-Offset
    P->>S: PATCH /api/v1/join/uploads/UPLOAD (the rest)
    P->>S: PUT /api/v1/join/stills/ORIGINAL (StillMeta)
    S-->>P: 200, it is in the case
    S-->>D: event snapshot.changed (original_id, leading)
    P->>S: still.progress (sent)
    S-->>D: still.progressed (sent)
```

- Where the line holds, the first request is the only one: it has all the bytes and a StillMeta as `still` in Upload-Metadata, so the still
  is in the case by its 201, which then has the body that the PUT would have (ORIGINAL is UPLOAD). A 201 without a body: send the PUT.
- What was asked for may be uploaded until 24 h after the call, with the same token, also when the link opens nothing else any more.
- Which original leads is a matter of quality, not of arrival: a still before the sharpest frame before another frame; of two alike the
  later captured. Once a person chose, marked or decided, it stays.
- `still.progress` (failed) ends the waiting: `event` still.failed. A still that comes all the same is kept.
- `PUT …/stills/…` with bytes of another digest than it says is 422 snapshot.digest_mismatch; the upload is gone then and is begun anew.
- An upload is kept for seven days. An offset that was told is true, also after the service was killed.
"""

ERRORS: Final[dict[str, str]] = {
    "call.agent_busy": "the agent still talks in another call",
    "call.already_filed": "the call has another disposition already",
    "call.already_taken": "another agent was first",
    "call.busy": "too many changed the call at once; try again",
    "call.customer_left": "the customer left the waiting room",
    "call.exists": "the invitation has a call already",
    "call.not_yours": "the call is another agent's",
    "call.over": "the conversation is finished; a new invitation is needed",
    "call.unknown": "no such call for this peer",
    "call.wrong_state": "the call's state does not allow that now",
    "chat.id_taken": "the message id belongs to another line",
    "consent.missing": "the customer has not answered the consent question, or not granted `scope`",
    "package.exists": "the id belongs to another case's package",
    "package.expired": "a package is kept for a day, under the rule 'redact first' no longer than until something is redacted; have it made again",
    "package.failed": "it could not be made; the service's log says why",
    "package.not_ready": "it is still being made",
    "package.unknown": "no such package, or no longer",
    "protocol.bad_field": "a field is missing, wrong, too long or unknown; `field` says which",
    "protocol.hello_again": "hello was said already",
    "protocol.hello_first": "another message came before hello",
    "protocol.no_type": "the JSON is no object with a `type`",
    "protocol.not_json": "the text is not JSON",
    "protocol.not_text": "the frame was binary",
    "protocol.too_fast": "too many messages; some were dropped",
    "protocol.unknown_type": "no message of this type from this peer",
    "protocol.version": "another protocol version; `ours` is the service's",
    "protocol.wrong_door": "a desktop at the customers' address or the other way round",
    "seal.csr_invalid": "the certificate request is not a signed one for a P-256 key",
    "seal.no_ca": "this desk has no keys to seal or to issue certificates with",
    "seal.no_keys": "this desk has no keys to sign a package with",
    "service.bug": "our mistake; it is in the service's log",
    "signal.epoch_ahead": "a higher epoch than announced; `epoch` is the newest",
    "signal.one_step": "a signal carries exactly one of description, candidate, restart",
    "snapshot.differs": "the snapshot id belongs to another call",
    "still.not_asked": "no still of this snapshot was asked of this page",
    "still.page_gone": "the customer's page is not there to be asked",
    "still.snapshot_missing": "a still is asked for without a snapshot's id",
}

_CLOSES: Final[dict[int, str]] = {
    1000: "done",
    m.CLOSE_GOING_AWAY: "the service stops; come back soon",
    1011: "our mistake; come back",
    1013: "too many at the door, or the storage is not there for the moment; come back later",
    m.CLOSE_BAD_MESSAGE: "hello was wrong, or too much nonsense",
    m.CLOSE_NOT_SIGNED_IN: "the token is unknown or expired: sign in, or exchange the link again",
    m.CLOSE_NOT_ALLOWED: "not at this door",
    m.CLOSE_TOO_SLOW: "no hello, no word for 30 s, or what was sent was not taken; come back with resume_from",
    m.CLOSE_REPLACED: "another connection took over; do not come back by yourself",
    m.CLOSE_GONE: "the invitation was revoked or has expired",
    m.CLOSE_TOO_LARGE: f"a message of more than {m.MAX_MESSAGE_BYTES} bytes",
    m.CLOSE_RATE_LIMITED: "too many messages",
}


def protocol_page() -> str:
    """The text of PROTOCOL.md."""
    customer, agent, service = (list(get_args(get_args(union)[0])) for union in (m.FromCustomer, m.FromAgent, m.FromService))
    both = [model for model in customer if model in agent]
    parts = [
        _INTRO,
        "## Limits\n\n| what | limit |\n|---|---|",
        f"| a message | {m.MAX_MESSAGE_BYTES} bytes |\n| an SDP | {m.MAX_SDP_CHARS} characters |\n| a line of chat | {m.MAX_CHAT_CHARS} characters |\n",
        *_chapter("From both peers", both),
        *_chapter("From the customer's page", [model for model in customer if model not in both]),
        *_chapter("From the agent's desktop", [model for model in agent if model not in both]),
        *_chapter("From the service", [model for model in service if model is not m.Ping]),
        *_chapter("Parts of messages", [m.CallView, m.PartyState, m.IceServer, m.SessionDescription, m.IceCandidate]),
        "## Close codes\n\n| code | meaning |\n|---|---|",
        "\n".join(f"| {code} | {meaning} |" for code, meaning in sorted(_CLOSES.items())) + "\n",
        "## Error ids\n\nThe codes of `error`; texts are in `resources/i18n/*/errors.json`.\n\n| code | when |\n|---|---|",
        "\n".join(f"| `{code}` | {when} |" for code, when in sorted(ERRORS.items())) + "\n",
        _negotiation(),
        *_live(),
    ]
    return "\n".join(parts)


def _negotiation() -> str:
    rows = "\n".join(
        f"| {phase.value} | {given.value} | {target.value} | {', '.join(steps) or '–'} |" for (phase, given), (target, steps) in n.TABLE.items()
    )
    return (
        "## Negotiation\n\nBoth peers run this table (perfect negotiation, W3C WebRTC §10.7); what is not in it is ignored. The vectors in\n"
        "`tests/protocol/vectors` show it step by step. A glare is an offer that meets our own: the polite side yields, the other ignores.\n\n"
        f"| phase | input | next phase | steps |\n|---|---|---|---|\n{rows}\n"
    )


def _live() -> list[str]:
    """Live drawing: what goes over the data channel, and how fast."""
    rules = f"""## Live drawing

The page's offer has a data channel labelled `{live.LIVE_LABEL}` (ordered, reliable). Both sides say JSON objects there, one a text message,
`type` says which; the service hears nothing of it and nothing is kept. What is not understood is dropped, and so is what is too much.

1. **Places** are fractions of the picture that the desktop received, upright as it was received: (0, 0) is its upper left corner.
2. **Gathered.** A side tells its changes at most every {live.BATCH_MS} ms, in messages of at most {live.MAX_LIVE_BYTES} bytes; there are never more than
   {live.MAX_LIVE_MARKS} marks, of {live.MAX_STROKE_POINTS} places each. The desktop hears a burst of 120 messages, then 60 a second; the page 300, then 90.
3. **Seen.** The page answers `live.seen` two animation frames after a change: then it is on the customer's screen.
4. **Fading** each side does by itself: {live.FADE_AFTER_MS} ms after a mark's last change, within {live.FADE_MS} ms. The drawer says `gone` afterwards.
5. **Frozen.** `live.freeze` announces a JPEG of at most {live.MAX_FREEZE_BYTES} bytes that follows in parts; `live.marks` may come between them. The customer
   draws on a frozen picture only, never in the agent's name.
6. **Following.** The desktop follows objects in the video it received and tells places with `frame_ms`, the moment of that frame's capture by
   the page's clock; the page shows its own picture of that moment. A mark that is lost stays where it was last, dimmed.
"""
    models: list[type[BaseModel]] = [
        live.LiveMarks, live.LiveMark, live.LiveMore, live.LiveMoved, live.LiveClear, live.LiveFreeze, live.LiveFreezePart, live.LiveThaw,
        live.LiveSeen, live.LiveMarker]
    return [rules, *(_model(model) for model in models)]


def _chapter(title: str, models: list[type[BaseModel]]) -> list[str]:
    return [f"## {title}\n", *(_model(model) for model in models)]


def _model(model: type[BaseModel]) -> str:
    tag = model.model_fields.get("type")
    name = f"`{tag.default}`" if tag is not None and isinstance(tag.default, str) else model.__name__
    meaning = "\n".join(line.strip() for line in (model.__doc__ or "").strip().splitlines())
    rows = [_row(field, about) for field, about in model.model_fields.items() if not (field == "type" and isinstance(about.default, str))]
    table = "\n".join(["| field | type | limits | default |", "|---|---|---|---|", *rows]) if rows else "No fields."
    return f"### {name}\n\n{meaning}\n\n{table}\n"


def _row(name: str, about: FieldInfo) -> str:
    limits = [text for item in about.metadata if (text := _limit(item))]
    default = "required" if about.is_required() else _default(about.get_default(call_default_factory=True))
    kind = _type(about.annotation)
    if kind.startswith("list of"):
        limits = [limit.replace(" characters", " of them") for limit in limits]
    return f"| {name} | {kind} | {', '.join(limits) or '–'} | {default} |"


def _default(value: object) -> str:
    if isinstance(value, BaseModel):
        return "all defaults"
    if isinstance(value, Enum):
        return str(value.value)
    return {None: "null", True: "true", False: "false"}.get(value, repr(value)) if value is None or isinstance(value, bool) else repr(value)


def _limit(item: object) -> str:
    found = {
        Gt: lambda: f"> {getattr(item, 'gt', '')}", Ge: lambda: f"≥ {getattr(item, 'ge', '')}", Le: lambda: f"≤ {getattr(item, 'le', '')}",
        MaxLen: lambda: f"≤ {getattr(item, 'max_length', '')} characters", MinLen: lambda: f"≥ {getattr(item, 'min_length', '')} characters",
    }.get(type(item))
    if found is not None:
        return found()
    pattern = getattr(item, "pattern", None)
    if pattern:
        return "UUID" if pattern == UUID_PATTERN else f"`{pattern}`"
    low, high = getattr(item, "min_length", None), getattr(item, "max_length", None)
    return " ".join(text for text in (f"≥ {low}" if low else "", f"≤ {high} characters" if high else "") if text)


def _type(annotation: Any) -> str:  # noqa: PLR0911 - one line per kind of type
    if annotation is None or annotation is type(None):
        return "null"
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin in {UnionType, Union}:
        return " or ".join(_type(argument) for argument in arguments)
    if origin is Literal:
        return " or ".join(f"`{getattr(argument, 'value', argument)}`" for argument in arguments)
    if origin is list:
        return f"list of {_type(arguments[0])}"
    if origin is tuple:
        return f"[{', '.join(_type(argument) for argument in arguments)}]"
    if origin is dict:
        return "object"
    if hasattr(annotation, "__metadata__"):
        return _type(arguments[0])
    if isinstance(annotation, type) and issubclass(annotation, Enum):
        return " or ".join(f"`{member.value}`" for member in annotation)
    return {"str": "string", "int": "integer", "bool": "boolean", "datetime": "RFC 3339 time"}.get(
        getattr(annotation, "__name__", ""), getattr(annotation, "__name__", str(annotation)))
