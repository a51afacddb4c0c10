"""What verifiers say of a sealed picture: c2pa-rs and, independently, encypher-c2pa."""

from __future__ import annotations

import io
import json
from typing import Any

import c2pa
import encypher_c2pa

from videodesk.sealing.sealer import context


def media_type_of(data: bytes) -> str:
    """By the first bytes."""
    return "image/jpeg" if data.startswith(b"\xff\xd8") else "image/png" if data.startswith(b"\x89PNG") else "image/webp"


def report_of(data: bytes, roots_pem: str) -> dict[str, Any]:
    """c2pa-rs' whole report."""
    with c2pa.Reader(media_type_of(data), io.BytesIO(data), context=context(roots_pem)) as reader:
        return json.loads(reader.json())


def state_of(data: bytes, roots_pem: str) -> str:
    """c2pa-rs: Trusted, Valid or Invalid."""
    return report_of(data, roots_pem)["validation_state"]


def other_state_of(data: bytes, roots_pem: str) -> str:
    """encypher-c2pa, which is told nothing of our libraries and tells nobody: Trusted, Valid or Invalid."""
    report = encypher_c2pa.verify(
        data, media_type_of(data), trust_pem=roots_pem, no_default_trust=True, telemetry=False, online=False)
    return str(report["validation_state"])


def manifest_of(data: bytes, roots_pem: str) -> dict[str, Any]:
    """The active manifest."""
    report = report_of(data, roots_pem)
    return report["manifests"][report["active_manifest"]]


def assertion(manifest: dict[str, Any], label: str) -> Any:
    """The data of the one assertion with this label."""
    found = [one["data"] for one in manifest["assertions"] if one["label"] == label]
    assert len(found) == 1, [one["label"] for one in manifest["assertions"]]
    return found[0]
