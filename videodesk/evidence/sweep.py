"""Blobs that no record names: bytes whose transaction failed after they were kept, or whose record was erased."""

from __future__ import annotations

from videodesk.evidence.ports import BlobStore, EvidenceRepository


def sweep_blobs(evidence: EvidenceRepository, blobs: BlobStore) -> list[str]:
    """Remove blobs that no record names; their digests.

    Call it inside a writing transaction: intake keeps its bytes inside one too, so nothing that is about to be named is swept.
    """
    named = evidence.named_digests()
    lost = [digest for digest in blobs.digests() if digest not in named]
    for digest in lost:
        blobs.remove(digest)
    return lost
