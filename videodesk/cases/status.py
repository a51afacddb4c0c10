"""The life of a case as one table. The diagram in resources/docs/case-status.md is drawn from it (`python -m videodesk.cases.status`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from videodesk.cases.model import Case
from videodesk.core.vocabulary import CaseStatus as S

Guard = Callable[[Case, "Facts"], str | None]


@dataclass(frozen=True, slots=True)
class Facts:
    """What a guard may know beside the case itself."""

    is_checklist_complete: bool = False
    has_reason: bool = False


def _complete(_case: Case, facts: Facts) -> str | None:
    return None if facts.is_checklist_complete else "case.checklist_incomplete"


def _cause_known(case: Case, _facts: Facts) -> str | None:
    return "case.cause_missing" if case.kind.is_claim and case.incident.cause is None else None


def _amount_decided(case: Case, _facts: Facts) -> str | None:
    return "case.decided_amount_missing" if case.kind.is_claim and case.decided is None else None


def _reason(_case: Case, facts: Facts) -> str | None:
    return None if facts.has_reason else "case.reason_missing"


def _no_claim(case: Case, _facts: Facts) -> str | None:
    return "case.claim_undecided" if case.kind.is_claim else None


@dataclass(frozen=True, slots=True)
class Transition:
    """One arrow. `guard` gives the code of what is missing, None when nothing is; `is_automatic`: a call or review moves it too."""

    source: S
    target: S
    guard: Guard | None = None
    is_automatic: bool = False


_OPEN: Final = tuple(status for status in S if status not in {S.CLOSED, S.WITHDRAWN, S.SETTLED})

TRANSITIONS: Final[tuple[Transition, ...]] = (
    Transition(S.NEW, S.INTAKE),
    Transition(S.NEW, S.SCHEDULED),
    Transition(S.INTAKE, S.SCHEDULED),
    *(Transition(source, S.WAITING, is_automatic=True)
      for source in (S.NEW, S.INTAKE, S.SCHEDULED, S.EVIDENCE_INCOMPLETE, S.EVIDENCE_COMPLETE, S.CHANGES_REQUESTED, S.IN_REVIEW, S.ASSESSED)),
    Transition(S.WAITING, S.IN_CALL, is_automatic=True),
    Transition(S.WAITING, S.SCHEDULED, is_automatic=True),
    Transition(S.IN_CALL, S.EVIDENCE_INCOMPLETE, is_automatic=True),
    Transition(S.IN_CALL, S.EVIDENCE_COMPLETE, _complete, is_automatic=True),
    Transition(S.NEW, S.EVIDENCE_COMPLETE, _complete),
    Transition(S.INTAKE, S.EVIDENCE_COMPLETE, _complete),
    Transition(S.EVIDENCE_INCOMPLETE, S.EVIDENCE_COMPLETE, _complete, is_automatic=True),
    Transition(S.EVIDENCE_COMPLETE, S.EVIDENCE_INCOMPLETE, is_automatic=True),
    Transition(S.EVIDENCE_COMPLETE, S.ASSESSED, _cause_known),
    Transition(S.ASSESSED, S.IN_REVIEW),
    Transition(S.IN_REVIEW, S.CHANGES_REQUESTED, _reason, is_automatic=True),
    Transition(S.EVIDENCE_COMPLETE, S.CHANGES_REQUESTED, _reason, is_automatic=True),
    Transition(S.EVIDENCE_INCOMPLETE, S.CHANGES_REQUESTED, _reason, is_automatic=True),
    Transition(S.CHANGES_REQUESTED, S.EVIDENCE_INCOMPLETE),
    Transition(S.CHANGES_REQUESTED, S.EVIDENCE_COMPLETE, _complete, is_automatic=True),
    Transition(S.IN_REVIEW, S.DECIDED, _amount_decided),
    Transition(S.ASSESSED, S.DECIDED, _amount_decided),
    Transition(S.DECIDED, S.SETTLED),
    Transition(S.DECIDED, S.CLOSED),
    Transition(S.SETTLED, S.CLOSED),
    *(Transition(source, S.WITHDRAWN, _reason) for source in _OPEN if source not in {S.IN_CALL, S.DECIDED}),
    # Advice needs no decision: it ends when it was given.
    *(Transition(source, S.CLOSED, _no_claim)
      for source in (S.EVIDENCE_COMPLETE, S.EVIDENCE_INCOMPLETE)),
    Transition(S.CLOSED, S.INTAKE, _reason),
    Transition(S.WITHDRAWN, S.INTAKE, _reason),
)

_BY_ARROW: Final = {(arrow.source, arrow.target): arrow for arrow in TRANSITIONS}


def transition(source: S, target: S) -> Transition | None:
    """The arrow between two statuses, if there is one."""
    return _BY_ARROW.get((source, target))


def next_statuses(case: Case, facts: Facts) -> list[S]:
    """Where a person may move the case now; what only lacks a reason is among them. `waiting` and `in_call` are the call's to set."""
    asked = Facts(facts.is_checklist_complete, has_reason=True)
    return [
        arrow.target for arrow in TRANSITIONS
        if arrow.source is case.status and arrow.target not in {S.WAITING, S.IN_CALL} and (arrow.guard is None or arrow.guard(case, asked) is None)
    ]


GUARD_MEANINGS: Final[dict[str, str]] = {
    _complete.__name__: "the checklist is complete",
    _cause_known.__name__: "the cause of a claim is known",
    _amount_decided.__name__: "a claim has its decided amount",
    _reason.__name__: "with a reason",
    _no_claim.__name__: "no damage claim",
}


def diagram() -> str:
    """The table as a Markdown page with a Mermaid state diagram."""
    lines = [
        "# The life of a case", "",
        "Made from the table in `videodesk/cases/status.py` by `python -m videodesk.cases.status`; a test keeps it fresh.", "",
        "```mermaid", "stateDiagram-v2", "    [*] --> new",
    ]
    for arrow in TRANSITIONS:
        label = [GUARD_MEANINGS[arrow.guard.__name__]] if arrow.guard else []
        label += ["also by itself"] if arrow.is_automatic else []
        lines.append(f"    {arrow.source} --> {arrow.target}{': ' + ', '.join(label) if label else ''}")
    return "\n".join([*lines, "    closed --> [*]", "    withdrawn --> [*]", "```", ""])


if __name__ == "__main__":
    import sys
    from pathlib import Path

    page = Path(__file__).resolve().parents[2] / "resources" / "docs" / "case-status.md"
    if "--check" in sys.argv:
        sys.exit(0 if page.is_file() and page.read_text(encoding="utf-8") == diagram() else 1)
    page.write_text(diagram(), encoding="utf-8")
