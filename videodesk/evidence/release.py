"""Who may see a snapshot before it is redacted: the rule "redact before anyone else may see", which an operator sets for kinds of cases.

The rule that holds when a snapshot comes in stays with it. The agents of its case see all of it always; others nothing, until there is a
redacted rendition (then that, and never the original) or an agent of the case said that there is nothing to redact on it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from videodesk.annotation import schema
from videodesk.cases.checklist import Checklists
from videodesk.core.errors import Conflict, NotAllowed, NotFound
from videodesk.core.events import Event
from videodesk.core.ids import require_id
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import CustodyAction, ReleaseState, SnapshotMethod
from videodesk.evidence import custody
from videodesk.evidence.model import Rendition, Snapshot
from videodesk.evidence.unit import EvidenceUnit


def is_redact_first(uow: EvidenceUnit, checklists: Checklists, case_id: str) -> bool:
    """Whether a snapshot that comes into this case now is under the rule."""
    case = uow.cases.get(case_id)
    return case is not None and checklists.redacts_first(case.kind)


def redacting_revision(uow: EvidenceUnit, snapshot_id: str) -> int | None:
    """The newest revision of the marks, if they redact."""
    newest = uow.evidence.annotation(snapshot_id)
    return newest.revision if newest is not None and schema.from_json(newest.document).has_redaction else None


def is_source_of_redacted(uow: EvidenceUnit, clip: Snapshot) -> bool:
    """Whether something was redacted on a picture that was taken from this clip: the clip shows it."""
    taken = [one.id for one in uow.evidence.snapshots_of(clip.case_id) if one.taken_from == clip.id]
    return any(one.has_redaction for one in uow.evidence.renditions_of(taken)) or any(redacting_revision(uow, one) is not None for one in taken)


def release_of(uow: EvidenceUnit, snapshot: Snapshot) -> ReleaseState:
    """Whether others than the agents of the case may see the snapshot. Marks that redact count once a rendition of them is here.

    A clip is held, whatever was said of it, once a picture from it was redacted: no rendition of a clip hides anything.
    """
    if not snapshot.redact_first:
        return ReleaseState.OPEN
    if snapshot.method is SnapshotMethod.CLIP and is_source_of_redacted(uow, snapshot):
        return ReleaseState.HELD
    revision = redacting_revision(uow, snapshot.id)
    is_redacted = any(one.has_redaction and revision in {None, one.annotation_revision} for one in uow.evidence.renditions_of([snapshot.id]))
    if is_redacted:
        return ReleaseState.REDACTED
    return ReleaseState.CLEARED if revision is None and snapshot.cleared and snapshot.cleared == snapshot.leading else ReleaseState.HELD


def is_redacted_since(uow: EvidenceUnit, case_id: str, moment: datetime) -> bool:
    """Whether marks that redact came after `moment` onto a snapshot of the case that is under the rule: what was packed before shows too much."""
    newest = [uow.evidence.annotation(one.id) for one in uow.evidence.snapshots_of(case_id) if one.redact_first]
    return any(one is not None and one.made_at > moment and schema.from_json(one.document).has_redaction for one in newest)


def is_agent_of(uow: EvidenceUnit, principal: Principal, snapshot: Snapshot) -> bool:
    """Whether the principal captured the snapshot, took its call, made its case or has it."""
    case = uow.cases.get(snapshot.case_id)
    call = uow.calls.get(snapshot.call_id) if snapshot.call_id else None
    own = {snapshot.captured_by, case.assignee_id if case else None, case.created_by if case else None, call.agent_id if call else None}
    return principal.id in own


def require_sight(uow: EvidenceUnit, principal: Principal, snapshot: Snapshot, rendition: Rendition | None = None, *, original_id: str = "") -> None:
    """NotAllowed("snapshot.not_redacted", "snapshot.only_redacted") unless the principal may see this rendition, or else this original."""
    state = release_of(uow, snapshot)
    if state is ReleaseState.OPEN or is_agent_of(uow, principal, snapshot):
        return
    if state is ReleaseState.HELD:
        raise NotAllowed("snapshot.not_redacted")
    if state is ReleaseState.REDACTED:
        if rendition is None or not rendition.has_redaction or redacting_revision(uow, snapshot.id) not in {None, rendition.annotation_revision}:
            raise NotAllowed("snapshot.only_redacted")
    elif rendition is None and original_id not in {"", snapshot.cleared}:
        raise NotAllowed("snapshot.not_redacted")  # nobody looked at this one of its originals


def seen_renditions(uow: EvidenceUnit, principal: Principal, snapshot: Snapshot) -> list[Rendition]:
    """The snapshot's renditions that the principal may see, the newest last. NotAllowed when not even the original may be seen and none may."""
    renditions = uow.evidence.renditions_of([snapshot.id])
    state = release_of(uow, snapshot)
    if state in {ReleaseState.OPEN, ReleaseState.CLEARED} or is_agent_of(uow, principal, snapshot):
        return renditions
    if state is ReleaseState.HELD:
        raise NotAllowed("snapshot.not_redacted")
    revision = redacting_revision(uow, snapshot.id)
    return [one for one in renditions if one.has_redaction and revision in {None, one.annotation_revision}]


def clear_snapshot(uow: EvidenceUnit, principal: Principal, snapshot_id: str, original_id: str, now: datetime) -> Snapshot:
    """An agent of the case says that there is nothing to redact on this original, which leads; once.

    NotFound("snapshot.unknown"), NotAllowed("snapshot.not_redacted") to others, Conflict("snapshot.release_stale") when another original
    leads by now, Conflict("snapshot.is_redacted") when the marks redact.
    """
    require(principal, Action.ANNOTATE)
    snapshot = uow.evidence.snapshot(require_id(snapshot_id))
    if snapshot is None:
        raise NotFound("snapshot.unknown")
    if not is_agent_of(uow, principal, snapshot):
        raise NotAllowed("snapshot.not_redacted")
    if snapshot.leading != original_id:
        raise Conflict("snapshot.release_stale")
    is_source = snapshot.method is SnapshotMethod.CLIP and is_source_of_redacted(uow, snapshot)
    if is_source or redacting_revision(uow, snapshot.id) is not None or release_of(uow, snapshot) is ReleaseState.REDACTED:
        raise Conflict("snapshot.is_redacted")
    if not snapshot.redact_first or snapshot.cleared == original_id:
        return snapshot
    cleared = replace(snapshot, cleared=original_id)
    uow.evidence.save_snapshot(cleared)
    custody.record(uow.custody, CustodyAction.CLEARED, principal.id, now, snapshot_id=snapshot.id, case_id=snapshot.case_id,
                   data={"original_id": original_id, "digest": snapshot.digest})
    uow.emit(Event("snapshot.changed", now, {"snapshot_id": snapshot.id, "release": ReleaseState.CLEARED.value},
                   case_id=snapshot.case_id, call_id=snapshot.call_id))
    return cleared
