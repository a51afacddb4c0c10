"""From what the C2PA reader found to a verdict: the rules of resources/docs/PACKAGE.md, section 6, and how verdicts add up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from videodesk.core.vocabulary import SealVerdict
from videodesk.evidence.seal_ports import Checked
from videodesk.sealing.embedded import CAPTURE_LABEL, OPENED_LABEL, RENDITION_LABEL

ORDER: Final = (
    SealVerdict.ALTERED, SealVerdict.FOREIGN_SEAL, SealVerdict.NO_SEAL, SealVerdict.INCOMPLETE, SealVerdict.UNCHECKABLE,
)
"""The bad ones, the worst first."""

_OURS: Final = frozenset({CAPTURE_LABEL, OPENED_LABEL, RENDITION_LABEL})
_PIXELS: Final = frozenset({"assertion.dataHash.mismatch", "assertion.bmffHash.mismatch", "assertion.boxesHash.mismatch"})
_CREDENTIAL: Final = "signingCredential."
_EXPIRED: Final = frozenset({"signingCredential.expired", "claimSignature.outsideValidity"})
_FACTS: Final = (
    "original_id", "rendition_id", "snapshot_id", "case_id", "call_id", "method", "captured_at", "made_at", "frame_seq", "rtp_time", "codec",
    "consent_digest", "received_digest", "location", "taken_from", "duration_s", "content_digest", "parent_digest", "annotation_revision", "has_redaction",
)


@dataclass(frozen=True, slots=True)
class Read:
    """What the reader said of one picture: its manifest store as JSON and the state, or None when it could not be read."""

    store: dict[str, Any] | None
    state: str = ""
    is_as_sealed: bool = True
    has_remains: bool = False


def conclude(name: str, read: Read, pinned: str) -> Checked:
    """The verdict on one picture. `pinned`: fingerprint of the root it was measured against; empty when none is pinned."""
    if read.store is None:
        return _is(name, SealVerdict.ALTERED, "seal_broken") if read.has_remains else _is(name, SealVerdict.NO_SEAL, "no_seal")
    manifest = read.store.get("manifests", {}).get(read.store.get("active_manifest"))
    results = read.store.get("validation_results")
    if not isinstance(manifest, dict) or not isinstance(results, dict):
        return _is(name, SealVerdict.ALTERED, "seal_broken")
    facts = _facts(manifest)
    why = _broken(manifest, results, read.state, is_pinned=bool(pinned)) or _unproven(results, read, is_pinned=bool(pinned))
    return _good(name, manifest, facts) if why is None else _is(name, *why, facts)


def _broken(manifest: dict[str, Any], results: dict[str, Any], state: str, *, is_pinned: bool) -> tuple[SealVerdict, str] | None:
    """Why the seal does not hold, whoever made it."""
    failures = _codes(results.get("activeManifest"))
    bad = [code for code in failures if not code.startswith((_CREDENTIAL, "timeStamp.")) and code not in _EXPIRED]
    if bad:
        return SealVerdict.ALTERED, "picture_changed" if _PIXELS & set(bad) else "seal_broken"
    if state == "Invalid" and not set(failures) & _EXPIRED and not _ingredient_failures(manifest, results):
        return SealVerdict.ALTERED, "seal_broken"
    parts = _ingredient_failures(manifest, results, is_pinned=is_pinned)
    if not all(code.startswith(_CREDENTIAL) for code in parts):
        return SealVerdict.ALTERED, "ingredient_changed"
    # Past its end a certificate leads nowhere for the reader, its own root included: nothing can be said then of whose a seal is.
    return (SealVerdict.FOREIGN_SEAL, "foreign_ingredient") if parts and not _EXPIRED & {*failures, *parts} else None


def _unproven(results: dict[str, Any], read: Read, *, is_pinned: bool) -> tuple[SealVerdict, str] | None:
    """Why a seal that holds is not the desk's own, as the desk made it."""
    failures = _codes(results.get("activeManifest"))
    if not is_pinned:
        return SealVerdict.UNCHECKABLE, "no_pinned_root"
    if set(failures) & _EXPIRED:
        return SealVerdict.UNCHECKABLE, "certificate_expired"
    if read.state != "Trusted" or failures:
        return SealVerdict.FOREIGN_SEAL, "other_root"
    # Others may write theirs in other ways: only of ours is it known.
    return None if read.is_as_sealed else (SealVerdict.ALTERED, "seal_broken")


def worst(verdicts: Iterable[SealVerdict]) -> SealVerdict:
    """The verdict on several files: the first of the bad ones that any has; else genuine, or genuine-rendition when all are."""
    found = set(verdicts)
    for bad in ORDER:
        if bad in found:
            return bad
    return SealVerdict.GENUINE_RENDITION if found == {SealVerdict.GENUINE_RENDITION} else SealVerdict.GENUINE


def assertion(manifest: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    """Our own assertion in a manifest as (label, data); None when there is none, several, or it is malformed."""
    assertions = manifest.get("assertions")
    if not isinstance(assertions, list):
        return None
    own = [one for one in assertions if isinstance(one, dict) and str(one.get("label", "")).split("__")[0] in _OURS]
    if len(own) != 1 or own[0]["label"] not in _OURS or not isinstance(own[0].get("data"), dict) or own[0]["data"].get("v") != 1:
        return None
    return own[0]["label"], own[0]["data"]


def _good(name: str, manifest: dict[str, Any], facts: dict[str, str]) -> Checked:
    own = assertion(manifest)
    if own is None:
        return _is(name, SealVerdict.UNCHECKABLE, "unknown_assertion", facts)
    label, data = own
    if label == RENDITION_LABEL:
        return Checked(name, SealVerdict.GENUINE_RENDITION, (), facts)
    notes: list[tuple[str, dict[str, str]]] = []
    if label == OPENED_LABEL:
        notes.append(("opened_file", {}))
    if data.get("content_digest"):
        notes.append(("seals_clip", {}))
    return Checked(name, SealVerdict.GENUINE, tuple(notes), facts)


def _facts(manifest: dict[str, Any]) -> dict[str, str]:
    """What the seal says, as text: to be shown, and compared with an index."""
    signed = manifest.get("signature_info")
    names = [str(signed[key]) for key in ("issuer", "common_name") if signed.get(key)] if isinstance(signed, dict) else []
    found = {"sealed_by": " · ".join(names)[:200]}
    own = assertion(manifest)
    if own is None:
        return found
    label, data = own
    found["seal"] = {CAPTURE_LABEL: "capture", OPENED_LABEL: "opened", RENDITION_LABEL: "rendition"}[label]
    for key in _FACTS:
        value = data.get(key)
        if isinstance(value, bool):
            found[key] = "true" if value else "false"
        elif isinstance(value, str | int | float):
            found[key] = str(value)[:200]
    return found


def _ingredient_failures(manifest: dict[str, Any], results: dict[str, Any], *, is_pinned: bool = True) -> list[str]:
    """Every failure in ingredients: found now, or already when they were taken in."""
    found: list[str] = []
    deltas = results.get("ingredientDeltas")
    for one in deltas if isinstance(deltas, list) else []:
        found += _codes(one.get("validationDeltas") if isinstance(one, dict) else None)
    ingredients = manifest.get("ingredients")
    for one in ingredients if isinstance(ingredients, list) else []:
        stored = one.get("validation_results") if isinstance(one, dict) else None
        if isinstance(stored, dict):
            found += _codes(stored.get("activeManifest"))
            found += [code for delta in stored.get("ingredientDeltas") or [] for code in _codes(delta.get("validationDeltas"))]
    return found if is_pinned else [code for code in found if not code.startswith(_CREDENTIAL)]


def _codes(status: object) -> list[str]:
    failures = status.get("failure") if isinstance(status, dict) else None
    return [str(one.get("code")) for one in failures if isinstance(one, dict)] if isinstance(failures, list) else []


def _is(name: str, verdict: SealVerdict, code: str, facts: dict[str, str] | None = None) -> Checked:
    return Checked(name, verdict, ((code, {}),), facts)
