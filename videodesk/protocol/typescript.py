"""TypeScript declarations of what the customer's page sends and gets, made from the models' JSON schemas."""

from __future__ import annotations

from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from videodesk.protocol import live
from videodesk.protocol import messages as m
from videodesk.protocol import negotiation as n
from videodesk.protocol import resources as r

_SENT: Final[tuple[type[BaseModel], ...]] = (
    m.Hello, m.Ping, m.Signal, m.MyState, m.ChatSend, m.LeaveCall, m.EnterWaitingRoom, m.StillProgress,
    r.ExchangeIn, r.ConsentIn, r.StillMeta, r.CopyKey,
)
_GOT: Final[tuple[type[BaseModel], ...]] = (
    m.Welcome, m.Pong, m.Refused, m.CallChanged, m.CallReady, m.Signaled, m.ChatLine, m.Asked, m.PresenceChanged, m.Happened, m.Replaced,
    r.JoinView, r.ConsentView, r.PhotoUploaded, r.ServiceInfo, r.Problem, r.CopyView, r.CopyOpened, r.LineView, r.LineReceived,
)
_EVENTS: Final[tuple[type[BaseModel], ...]] = (
    n.Ready, n.EpochSeen, n.NegotiationNeeded, n.OfferMade, n.AnswerMade, n.CandidateFound, n.SignaledEvent, n.PeerFailed, n.CallEnded,
)
_ACTIONS: Final[tuple[type[BaseModel], ...]] = (
    n.ClosePeer, n.BuildPeer, n.MakeOffer, n.MakeAnswer, n.RollBack, n.ApplyDescription, n.AddCandidate, n.SendSignal,
)
# Over the call's data channel, both ways; both sides write every field.
_LIVE: Final[tuple[type[BaseModel], ...]] = (
    live.LiveMarks, live.LiveClear, live.LiveFreeze, live.LiveFreezePart, live.LiveThaw, live.LiveSeen, live.LiveMarker,
)
# In these a field with a default may be left out; in all others the page can count on every field.
_MAY_LEAVE_OUT: Final = {model.__name__ for model in (*_SENT, *_EVENTS, *_ACTIONS)} | {"IceCandidate"}
_TAGS: Final = {"type", "do"}


def type_declarations() -> str:
    """The text of types.d.ts."""
    everything = (*_SENT, *_GOT, *_EVENTS, *_ACTIONS, *_LIVE)
    _, schema = models_json_schema([(model, "validation") for model in everything])
    definitions: dict[str, Any] = schema["$defs"]
    parts = [
        "// Made from videodesk/protocol by `python -m videodesk.protocol.document`; a test keeps it fresh. Do not edit.",
        "",
        *(_declaration(name, definitions[name]) for name in sorted(definitions)),
        _union("FromPage", "Every message the page may send.", _SENT[:8]),
        _union("FromService", "Every message the service may send.", (m.Ping, *_GOT[:11])),
        _union("NegotiationEvent", "What goes into the negotiation.", _EVENTS),
        _union("NegotiationAction", "What comes out of the negotiation.", _ACTIONS),
        _union("LiveMessage", "Every message of live drawing, over the data channel.", _LIVE),
        f"export declare const PROTOCOL_VERSION: {m.PROTOCOL_VERSION};",
    ]
    return "\n".join(parts) + "\n"


def _union(name: str, meaning: str, models: tuple[type[BaseModel], ...]) -> str:
    return f"/** {meaning} */\nexport type {name} =\n" + "\n".join(f"  | {model.__name__}" for model in models) + ";\n"


def _declaration(name: str, schema: dict[str, Any]) -> str:
    meaning = " ".join(schema.get("description", "").split()).replace("*/", "* /")
    if "properties" not in schema and schema.get("type") != "object":
        return f"/** {meaning} */\nexport type {name} = {_type(schema)};\n"
    lines = [f"/** {meaning} */", f"export interface {name} {{"]
    required = set(schema.get("required", []))
    for field, about in schema.get("properties", {}).items():
        is_optional = field not in required and field not in _TAGS and name in _MAY_LEAVE_OUT
        lines.append(f"  {field}{'?' if is_optional else ''}: {_type(about)};")
    return "\n".join([*lines, "}", ""])


def _type(schema: dict[str, Any]) -> str:  # noqa: PLR0911 - one line per kind of schema
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    if "const" in schema:
        return _literal(schema["const"])
    if "enum" in schema:
        return " | ".join(_literal(value) for value in schema["enum"])
    if "anyOf" in schema:
        return " | ".join(dict.fromkeys(_type(choice) for choice in schema["anyOf"]))
    kind = schema.get("type")
    if kind == "array" and "prefixItems" in schema:
        return "[" + ", ".join(_type(one) for one in schema["prefixItems"]) + "]"
    if kind == "array":
        inner = _type(schema.get("items", {}))
        return f"({inner})[]" if "|" in inner else f"{inner}[]"
    if kind == "object":
        values = schema.get("additionalProperties")
        return f"Record<string, {_type(values)}>" if isinstance(values, dict) and values else "Record<string, unknown>"
    return {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}.get(str(kind), "unknown")


def _literal(value: str | float | bool | None) -> str:
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return {True: "true", False: "false", None: "null"}.get(value, str(value)) if isinstance(value, bool | None) else str(value)
