"""A desk's keys in a temporary folder, another desk's that look the same, and pictures to seal."""

from __future__ import annotations

import io
import random
from datetime import UTC, datetime
from pathlib import Path

from PIL import Image

from videodesk.core.vocabulary import SnapshotMethod
from videodesk.evidence.seal_ports import CaptureFacts, RenditionFacts
from videodesk.sealing.keys import LocalDeskKeys, open_keys
from videodesk.sealing.manifests import rendition_manifest

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)  # as HandClock begins: certificates must be valid on the day of the test
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}


def desk_keys(folder: Path, name: str = "Voorbeeld Schadeservice", now: datetime = NOW) -> LocalDeskKeys:
    """Keys in files below `folder`; asked again, the same ones."""
    return open_keys(folder / "keys", now, organisation=name)


def look_alike(folder: Path, keys: LocalDeskKeys, now: datetime = NOW) -> LocalDeskKeys:
    """Another's keys whose certificates carry the very same names."""
    from cryptography.x509.oid import NameOID

    from videodesk.sealing.certificates import chain_of

    name = chain_of(keys.root_pem)[0].subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
    return open_keys(folder / "look-alike", now, organisation=str(name))


def picture(media_type: str = "image/jpeg", size: tuple[int, int] = (64, 48), seed: int = 1) -> bytes:
    """A small picture of noise."""
    pixels = random.Random(seed).randbytes(size[0] * size[1] * 3)
    out = io.BytesIO()
    Image.frombytes("RGB", size, pixels).save(out, FORMATS[media_type], **({"lossless": True} if media_type == "image/webp" else {}))
    return out.getvalue()


def capture_facts(**changes: object) -> CaptureFacts:
    """Facts of a frame."""
    given: dict[str, object] = {
        "original_id": "0f6e6c2e-54f1-4f0a-9d5c-3b6c0f6d8a01", "snapshot_id": "0f6e6c2e-54f1-4f0a-9d5c-3b6c0f6d8a02",
        "case_id": "0f6e6c2e-54f1-4f0a-9d5c-3b6c0f6d8a03", "call_id": "0f6e6c2e-54f1-4f0a-9d5c-3b6c0f6d8a04",
        "method": SnapshotMethod.FRAME, "captured_at": NOW, "width_px": 64, "height_px": 48, "frame_seq": 12, "rtp_time": 2**32 - 1,
        "codec": "VP8", "consent_digest": "ab" * 32}
    return CaptureFacts(**{**given, **changes})  # type: ignore[arg-type]


def rendition_facts(**changes: object) -> RenditionFacts:
    """Facts of a rendition with an arrow and a redaction."""
    given: dict[str, object] = {
        "rendition_id": "0f6e6c2e-54f1-4f0a-9d5c-3b6c0f6d8a05", "snapshot_id": "0f6e6c2e-54f1-4f0a-9d5c-3b6c0f6d8a02",
        "case_id": "0f6e6c2e-54f1-4f0a-9d5c-3b6c0f6d8a03", "annotation_revision": 3, "has_redaction": True,
        "mark_kinds": ("arrow", "redaction"), "made_at": NOW}
    return RenditionFacts(**{**given, **changes})  # type: ignore[arg-type]


def careless_rendition(keys: LocalDeskKeys, drawn: bytes, parent: bytes, facts: RenditionFacts, media_type: str = "image/jpeg") -> bytes:
    """A rendition sealed by these keys on whatever it is: what the sealer refuses, and a changed program would not."""
    return keys.sealer()._sealed(drawn, media_type, rendition_manifest(facts), parent=(parent, media_type))
