"""Blobs that no record names: bytes whose transaction failed after they were kept, or whose case was erased."""

from __future__ import annotations

from videodesk.evidence.ports import CaseBlobs, EvidenceRepository


def sweep_blobs(evidence: EvidenceRepository, blobs: CaseBlobs) -> list[str]:
    """Remove blobs that no record of their case names; their digests.

    Call it inside a writing transaction: intake keeps its bytes inside one too, so nothing that is about to be named is swept.
    """
    named = evidence.digests_by_case()
    lost: list[str] = []
    for case_id in blobs.cases():
        if case_id not in named:
            lost += blobs.of_case(case_id).digests()
            blobs.remove_case(case_id)
            continue
        store = blobs.of_case(case_id)
        unnamed = [digest for digest in store.digests() if digest not in named[case_id]]
        for digest in unnamed:
            store.remove(digest)
        lost += unnamed
    return lost
