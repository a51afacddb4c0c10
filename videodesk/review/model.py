"""What a review is: a supervisor's decisions on a snapshot; the latest one counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from videodesk.core.vocabulary import ReviewDecision


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision, never changed: who changes their mind decides again. `comment` are words for the agent, `reason` a short why."""

    id: str
    snapshot_id: str
    case_id: str
    decision: ReviewDecision
    reason: str
    comment: str
    decided_by: str
    at: datetime
