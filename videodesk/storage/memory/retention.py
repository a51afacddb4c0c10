"""Holds, certificates of erasure and the erasing of a case's records in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from videodesk.core.errors import Conflict, NotFound
from videodesk.evidence.retention import OVER, ClosedCase, Erasure, Hold
from videodesk.storage.memory.calls import MemoryCalls
from videodesk.storage.memory.cases import MemoryCases
from videodesk.storage.memory.copies import MemoryCopies
from videodesk.storage.memory.evidence import MemoryEvidence
from videodesk.storage.memory.invitations import MemoryInvitations
from videodesk.storage.memory.reviews import MemoryReviews


@dataclass(slots=True)
class MemoryRetention:
    """RetentionRepository beside the repositories of the same unit."""

    cases: MemoryCases
    invitations: MemoryInvitations
    calls: MemoryCalls
    evidence: MemoryEvidence
    reviews: MemoryReviews
    copies: MemoryCopies
    holds: dict[str, Hold] = field(default_factory=dict)
    erasures: dict[str, Erasure] = field(default_factory=dict)

    def hold(self, case_id: str) -> Hold | None:
        return self.holds.get(case_id)

    def set_hold(self, hold: Hold) -> None:
        self.holds[hold.case_id] = hold

    def release(self, case_id: str) -> bool:
        return self.holds.pop(case_id, None) is not None

    def closed_at(self, case_id: str) -> datetime | None:
        case = self.cases.get(case_id)
        if case is None or case.status not in OVER:
            return None
        return max((entry.at for entry in self.cases.history(case_id) if entry.what == "status"), default=case.changed_at)

    def closed(self, before: datetime) -> list[ClosedCase]:
        found = [
            ClosedCase(case.id, case.number, case.kind, at) for case in self.cases.cases.values()
            if case.id not in self.holds and (at := self.closed_at(case.id)) is not None and at <= before
        ]
        return sorted(found, key=lambda one: (one.closed_at, one.case_id))

    def add_erasure(self, erasure: Erasure) -> None:
        if erasure.id in self.erasures or self.erasure_of(erasure.case_id) is not None:
            raise Conflict("erasure.exists")
        self.erasures[erasure.id] = erasure

    def save_erasure(self, erasure: Erasure) -> None:
        if erasure.id not in self.erasures:
            raise NotFound("erasure.unknown")
        self.erasures[erasure.id] = erasure

    def erasure(self, erasure_id: str) -> Erasure | None:
        return self.erasures.get(erasure_id)

    def erasure_of(self, case: str) -> Erasure | None:
        return next((one for one in self.erasures.values() if case in {one.case_id, one.case_number}), None)

    def unfinished(self) -> list[Erasure]:
        return sorted((one for one in self.erasures.values() if not one.is_finished), key=lambda one: (one.erased_at, one.id))

    def erase_rows(self, case_id: str) -> int:
        ids = {one.id for one in self.evidence.snapshots.values() if one.case_id == case_id}
        calls = {one.id for one in self.calls.of_case(case_id)}
        invited = {one.id for one in self.invitations.of_case(case_id)}
        erased = _drop(self.reviews.decisions, lambda one: one.case_id == case_id)
        erased += sum(len(self.evidence.annotations.pop(one, ())) for one in ids)
        erased += _drop(self.evidence.renditions, lambda one: one.snapshot_id in ids)
        erased += _drop(self.evidence.originals, lambda one: one.snapshot_id in ids)
        erased += _drop(self.evidence.awaited, lambda one: one.case_id == case_id)
        erased += _drop(self.evidence.snapshots, lambda one: one.case_id == case_id)
        erased += sum(len(self.calls.lines.pop(one, ())) for one in calls)
        erased += _drop(self.calls.calls, lambda one: one.case_id == case_id)
        erased += _drop(self.copies.copies, lambda one: one.case_id == case_id)
        erased += _drop(self.invitations.invitations, lambda one: one.case_id == case_id)
        erased += _drop(self.cases.case_notes, lambda one: one.case_id == case_id)
        answers = [one for one in self.invitations.answers if one.invitation_id not in invited]
        entries = [one for one in self.cases.entries if one.case_id != case_id]
        erased += len(self.invitations.answers) - len(answers) + len(self.cases.entries) - len(entries)
        self.invitations.answers, self.cases.entries = answers, entries
        named = self.evidence.named_digests() - set(self.evidence.thumbnails.values())
        lost = self.evidence.thumbnails.keys() - named
        for digest in lost:
            del self.evidence.thumbnails[digest]
        return erased + len(lost) + int(self.release(case_id)) + _drop(self.cases.cases, lambda one: one.id == case_id)


def _drop(records: dict[str, Any], fits: Any) -> int:
    gone = [key for key, one in records.items() if fits(one)]
    for key in gone:
        del records[key]
    return len(gone)
