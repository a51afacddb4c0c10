"""The record of a case as one JSON document: ids, digests, decisions, custody, checklist, consents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from videodesk.calls.invitations_model import Invitation
from videodesk.calls.model import Call
from videodesk.cases.checklist import Checklists, is_complete
from videodesk.cases.model import Case
from videodesk.cases.usecases import known_case
from videodesk.core.clock import iso
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import CustodyAction, ReviewDecision
from videodesk.evidence import custody
from videodesk.evidence.custody_check import check_log, salts_of
from videodesk.evidence.items import SnapshotsOfItems
from videodesk.evidence.model import AwaitedStill, CustodyEntry, Original, Rendition, Snapshot
from videodesk.evidence.originals import RULE
from videodesk.evidence.unit import EvidenceUnit
from videodesk.evidence.usecases import note_export

FORMAT: Final = "videodesk.case-record"
VERSION: Final = 3


class DecisionFacts(Protocol):
    """A decision, as far as the record cares (review stands above evidence)."""

    @property
    def id(self) -> str:
        """Its id."""
        ...

    @property
    def snapshot_id(self) -> str:
        """On which snapshot."""
        ...

    @property
    def decision(self) -> ReviewDecision:
        """What was decided."""
        ...

    @property
    def reason(self) -> str:
        """Why."""
        ...

    @property
    def comment(self) -> str:
        """Words for the agent."""
        ...

    @property
    def decided_by(self) -> str:
        """By whom."""
        ...

    @property
    def at(self) -> datetime:
        """When."""
        ...


class DecisionSource(Protocol):
    """Where the decisions come from."""

    def of_case(self, case_id: str) -> Sequence[DecisionFacts]:
        """All decisions in a case, oldest first."""
        ...


class RecordUnit(EvidenceUnit, Protocol):
    """One transaction over all that the record tells."""

    @property
    def reviews(self) -> DecisionSource:
        """Decisions."""
        ...


def case_record(uow: RecordUnit, case_id: str, checklists: Checklists | None = None) -> dict[str, Any]:
    """The record of the case with this id or number, as JSON; NotFound("case.unknown").

    Who acted is told by id. `custody.is_intact` is the verdict on the desk's whole log at this moment.
    """
    case = known_case(uow, case_id)
    snapshots = uow.evidence.snapshots_of(case.id)
    originals = uow.evidence.originals_of([snapshot.id for snapshot in snapshots])
    stills = {one.snapshot_id: one for one in uow.evidence.awaited_of(case.id)}
    entries = uow.custody.of_case(case.id)
    renditions = uow.evidence.renditions_of([snapshot.id for snapshot in snapshots])
    verdict = check_log(uow.custody, salts_of(uow.custody), is_open=True)
    return {
        "format": FORMAT,
        "version": VERSION,
        "case": _case(case),
        "consents": [
            {"id": consent.id, "invitation_id": invitation.id, "text_version": consent.text_version, "language": consent.language.value,
             "granted": [scope.value for scope in consent.granted], "at": iso(consent.at)}
            for invitation in _oldest_first(uow.invitations.of_case(case.id)) for consent in uow.invitations.consents(invitation.id)
        ],
        "calls": [_call(call) for call in reversed(uow.calls.of_case(case.id))],
        "checklist": _checklist(uow, case, checklists),
        "snapshots": [
            _snapshot(uow, snapshot, renditions, [one for one in originals if one.snapshot_id == snapshot.id], entries, stills.get(snapshot.id))
            for snapshot in snapshots
        ],
        "decisions": [
            {"id": one.id, "snapshot_id": one.snapshot_id, "decision": one.decision.value, "reason": one.reason, "comment": one.comment,
             "decided_by": one.decided_by, "at": iso(one.at)}
            for one in uow.reviews.of_case(case.id)
        ],
        "custody": {
            "is_intact": verdict.is_intact, "first_bad_index": verdict.bad_index, "log_length": verdict.good_count, "log_head": verdict.head,
            "entries": [_entry(entry) for entry in entries],
        },
    }


def export_case(uow: RecordUnit, principal: Principal, case_id: str, checklists: Checklists, now: datetime) -> dict[str, Any]:
    """The record, for somebody who takes it away: that is a custody entry for each snapshot, and they are in the record."""
    require(principal, Action.SEE_EVIDENCE)
    case = known_case(uow, case_id)
    note_export(uow, principal, case.id, now)
    return case_record(uow, case.id, checklists)


def _oldest_first(invitations: list[Invitation]) -> list[Invitation]:
    return sorted(invitations, key=lambda invitation: (invitation.created_at, invitation.id))


def _case(case: Case) -> dict[str, Any]:
    return {
        "id": case.id, "number": case.number, "kind": case.kind.value, "status": case.status.value, "revision": case.revision,
        "claim_ref": case.claim_ref, "serial": case.serial, "ean": case.ean, "created_by": case.created_by, "created_at": iso(case.created_at), "changed_at": iso(case.changed_at),
    }


def _call(call: Call) -> dict[str, Any]:
    moments = {name: getattr(call, name) for name in ("waiting_since", "accepted_at", "connected_at", "ended_at", "closed_at")}
    return {
        "id": call.id, "invitation_id": call.invitation_id, "state": call.state.value, "agent_id": call.agent_id,
        "disposition": call.disposition.value if call.disposition else None,
        **{name: iso(moment) if moment else None for name, moment in moments.items()},
    }


def _checklist(uow: RecordUnit, case: Case, checklists: Checklists | None) -> dict[str, Any]:
    snapshots = SnapshotsOfItems(uow.evidence).of_items(case.id)
    if checklists is None:
        return {"kind": case.kind.value, "snapshots": snapshots, "skipped": dict(case.skipped)}
    states = checklists.state(case.kind, snapshots, case.skipped)
    return {
        "kind": case.kind.value, "is_complete": is_complete(states),
        "items": [
            {"id": state.item.id, "is_required": state.item.is_required, "min_count": state.item.min_count, "is_done": state.is_done,
             "snapshot_ids": list(state.snapshot_ids), "skipped_reason": state.skipped_reason}
            for state in states
        ],
    }


def _snapshot(
    uow: RecordUnit, snapshot: Snapshot, renditions: list[Rendition], originals: list[Original], entries: list[CustodyEntry],
    still: AwaitedStill | None,
) -> dict[str, Any]:
    newest = uow.evidence.annotation(snapshot.id)
    return {
        "id": snapshot.id, "call_id": snapshot.call_id, "captured_by": snapshot.captured_by, "checklist_item": snapshot.checklist_item,
        "caption": snapshot.caption, "retake_of": snapshot.retake_of, "review_state": snapshot.review_state.value,
        **_facts(snapshot),
        "leading": snapshot.leading, "is_chosen": snapshot.is_chosen, "led": _leads(snapshot, originals, entries),
        "originals": [
            {"id": one.id, **_facts(one), "captured_by": one.captured_by, "received_digest": one.received_digest,
             "location": one.location.value, "is_readable": one.is_readable, "seal": one.seal.value, "seal_digest": one.seal_digest}
            for one in originals
        ],
        "still": {"state": still.state.value, "asked_at": iso(still.asked_at), "asked_by": still.asked_by, "code": still.code} if still else None,
        "annotation": {"revision": newest.revision, "made_by": newest.made_by, "made_at": iso(newest.made_at), "document": newest.document}
        if newest else None,
        "renditions": [
            {"id": one.id, "annotation_revision": one.annotation_revision, "digest": one.digest, "media_type": one.media_type,
             "size_bytes": one.size_bytes, "width_px": one.width_px, "height_px": one.height_px, "has_redaction": one.has_redaction, "seal": one.seal.value,
             "made_by": one.made_by, "made_at": iso(one.made_at)}
            for one in renditions if one.snapshot_id == snapshot.id
        ],
    }


def _facts(of: Snapshot | Original) -> dict[str, Any]:
    """How an original was captured and what it is. The size in pixels is of the grid as stored, before any rotation by EXIF."""
    return {
        "method": of.method.value, "digest": of.digest, "media_type": of.media_type, "size_bytes": of.size_bytes, "width_px": of.width_px,
        "height_px": of.height_px, "captured_at": iso(of.captured_at), "stored_at": iso(of.stored_at), "frame_seq": of.frame_seq,
        "rtp_time": of.rtp_time, "codec": of.codec, "is_evidence_grade": of.is_evidence_grade, "duration_s": of.duration_s,
        "taken_from": of.taken_from, "verdict": list(of.verdict),
    }


def _leads(snapshot: Snapshot, originals: list[Original], entries: list[CustodyEntry]) -> list[dict[str, Any]]:
    """Which original led since when, and who said so; the first one led from its coming in."""
    chosen = [entry for entry in entries if entry.snapshot_id == snapshot.id and entry.action is CustodyAction.CHOSEN]
    first = chosen[0].data["from"] if chosen else snapshot.leading
    since = next((one.stored_at for one in originals if one.id == first), snapshot.stored_at)
    return [
        {"original_id": first, "since": iso(since), "by": RULE},
        *({"original_id": entry.data["to"], "since": iso(entry.at), "by": entry.data["by"]} for entry in chosen),
    ]


def _entry(entry: CustodyEntry) -> dict[str, Any]:
    # The time in full, as the leaf has it; the digest is the leaf's hash.
    return {
        "index": entry.index, "at": custody.hashed_time(entry.at), "action": entry.action.value, "actor_id": entry.actor_id,
        "snapshot_id": entry.snapshot_id, "case_id": entry.case_id, "data": entry.data, "leaf": entry.leaf, "digest": entry.digest,
    }
