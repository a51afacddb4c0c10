"""Which snapshots a case has for which item of its checklist."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from videodesk.cases.checklist import Checklists, is_complete
from videodesk.cases.usecases import follow
from videodesk.core.people import Principal
from videodesk.core.vocabulary import CaseStatus, ReviewState
from videodesk.evidence.ports import EvidenceRepository
from videodesk.evidence.unit import EvidenceUnit

# What was rejected or is to be taken again shows nothing; the item is open again.
_SHOWS: frozenset[ReviewState] = frozenset({ReviewState.PENDING, ReviewState.ACCEPTED})


class SnapshotsOfItems:
    """Answers what cases ask about their snapshots (cases.ports.ItemSnapshots)."""

    def __init__(self, evidence: EvidenceRepository) -> None:
        self._evidence = evidence

    def of_items(self, case_id: str) -> dict[str, list[str]]:
        """Checklist item → ids of the snapshots that show it, oldest first; rejected and to be retaken ones do not."""
        found: dict[str, list[str]] = {}
        for snapshot in self._evidence.snapshots_of(case_id):
            if snapshot.checklist_item is not None and snapshot.review_state in _SHOWS:
                found.setdefault(snapshot.checklist_item, []).append(snapshot.id)
        return found

    def counts(self, case_ids: Sequence[str]) -> dict[str, int]:
        """How many snapshots each case has."""
        return self._evidence.snapshot_counts(case_ids)


def follow_evidence(uow: EvidenceUnit, case_id: str, principal: Principal, checklists: Checklists, now: datetime) -> None:
    """Let a case that waited for evidence after its call be complete as soon as its checklist is."""
    case = uow.cases.get(case_id)
    if case is None or case.status not in {CaseStatus.EVIDENCE_INCOMPLETE, CaseStatus.CHANGES_REQUESTED}:
        return
    states = checklists.state(case.kind, SnapshotsOfItems(uow.evidence).of_items(case.id), case.skipped)
    if is_complete(states):
        follow(uow, case.id, CaseStatus.EVIDENCE_COMPLETE, principal, now, is_checklist_complete=True)
