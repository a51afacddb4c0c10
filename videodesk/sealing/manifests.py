"""What stands in our C2PA manifests (C2PA 2.4), by kind of seal. Nothing personal: a seal can never be taken back.

The rules for generators of the C2PA conformance programme are kept here: every action is listed (`allActionsIncluded`), the version of
the specification is named, sources are typed, and no free text stands in an action's parameters.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

import videodesk
from videodesk.evidence.seal_ports import CaptureFacts, RenditionFacts
from videodesk.sealing.embedded import CAPTURE_LABEL, OPENED_LABEL, RENDITION_LABEL

_SOURCES: Final = "http://cv.iptc.org/newscodes/digitalsourcetype/"
_CAPTURED: Final = _SOURCES + "digitalCapture"
_BY_HAND: Final = _SOURCES + "humanEdits"
_PARENT: Final = "parent"
_REDACTIONS: Final = frozenset({"redaction", "redaction_pen"})


def capture_manifest(facts: CaptureFacts, now_facts: dict[str, Any] | None = None) -> dict[str, Any]:
    """For what our own decoder or the customer's page in this call made."""
    created = {"action": "c2pa.created", "when": _text(facts.captured_at), "digitalSourceType": _CAPTURED}
    return _manifest([created], CAPTURE_LABEL, _capture(facts) | (now_facts or {}))


def opened_manifest(facts: CaptureFacts, now_facts: dict[str, Any] | None = None) -> dict[str, Any]:
    """For a file that somebody chose; the ingredient is `parent_ingredient`."""
    opened = {"action": "c2pa.opened", "when": _text(facts.captured_at), "parameters": {"ingredientIds": [_PARENT]}}
    return _manifest([opened], OPENED_LABEL, _capture(facts) | (now_facts or {}))


def rendition_manifest(facts: RenditionFacts, now_facts: dict[str, Any] | None = None) -> dict[str, Any]:
    """For a picture that was cut or turned, with marks drawn on it, or something made unreadable; the ingredient is `parent_ingredient`."""
    when = _text(facts.made_at)
    actions: list[dict[str, Any]] = [{"action": "c2pa.opened", "when": when, "parameters": {"ingredientIds": [_PARENT]}}]
    if facts.is_cropped:
        actions.append({"action": "c2pa.cropped", "when": when, "digitalSourceType": _BY_HAND})
    if facts.turns % 4:
        actions.append({"action": "c2pa.orientation", "when": when, "digitalSourceType": _BY_HAND})
    kinds = set(facts.mark_kinds)
    drawn = sorted(kinds - _REDACTIONS)
    if drawn:
        actions.append({"action": "c2pa.drawing", "when": when, "digitalSourceType": _BY_HAND, "parameters": {"nl.videodesk.marks": drawn}})
    if facts.has_redaction:
        # c2pa.redacted speaks of assertions; pixels that were covered are an edit.
        actions.append({
            "action": "c2pa.edited", "when": when, "digitalSourceType": _BY_HAND, "parameters": {"nl.videodesk.marks": sorted(kinds & _REDACTIONS)}})
    return _manifest(actions, RENDITION_LABEL, {
        "v": 1, "rendition_id": facts.rendition_id, "snapshot_id": facts.snapshot_id, "case_id": facts.case_id,
        "annotation_revision": facts.annotation_revision, "has_redaction": facts.has_redaction, "mark_kinds": sorted(kinds),
        "made_at": when} | (now_facts or {}))


def parent_ingredient() -> dict[str, Any]:
    """The picture that another was made from: without a title, which could be a name that a person gave it."""
    return {"relationship": "parentOf", "label": _PARENT}


def _capture(facts: CaptureFacts) -> dict[str, Any]:
    """All that is known; what is not known is left out."""
    said: dict[str, Any] = {
        "v": 1, "original_id": facts.original_id, "snapshot_id": facts.snapshot_id, "case_id": facts.case_id, "call_id": facts.call_id,
        "method": facts.method.value, "captured_at": _text(facts.captured_at), "width_px": facts.width_px, "height_px": facts.height_px,
        "frame_seq": facts.frame_seq, "rtp_time": facts.rtp_time, "codec": facts.codec or None, "is_evidence_grade": facts.is_evidence_grade,
        "consent_digest": facts.consent_digest or None, "received_digest": facts.received_digest or None, "location": facts.location.value,
        "taken_from": facts.taken_from, "duration_s": facts.duration_s, "content_digest": facts.content_digest or None,
        "content_media_type": facts.content_media_type or None}
    return {name: value for name, value in said.items() if value is not None}


def _manifest(actions: list[dict[str, Any]], label: str, said: dict[str, Any]) -> dict[str, Any]:
    return {
        "claim_version": 2,
        "claim_generator_info": [{"name": "videodesk", "version": videodesk.__version__, "specVersion": "2.4.0"}],
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": actions, "allActionsIncluded": True}, "created": True},
            {"label": label, "data": said, "created": True}],
    }


def _text(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
