"""Blobs that no record names: bytes whose transaction failed after they were kept, or whose case was erased. And those of before encryption."""

from __future__ import annotations

from videodesk.evidence.ports import BlobStore, CaseBlobs, EvidenceRepository


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


def take_over(evidence: EvidenceRepository, plain: BlobStore, blobs: CaseBlobs) -> list[str]:
    """Bring what an older version kept plain, of all cases in one place, to its cases; the digests of what was damaged, which stays.

    May be broken off anywhere and done again: nothing plain goes before all cases that name it have it.
    """
    there, damaged = set(plain.digests()), set[str]()
    for case_id, named in evidence.digests_by_case().items():
        store = blobs.of_case(case_id)
        for digest in sorted(named & there):
            if store.has(digest):
                continue
            with store.stage(plain.chunks(digest), plain.size_bytes(digest)) as staged:
                if staged.digest == digest:
                    staged.keep()
                else:
                    damaged.add(digest)
    for digest in there - damaged:
        plain.remove(digest)
    return sorted(damaged)
