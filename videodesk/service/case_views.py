"""Cases as they go over the wire."""

from __future__ import annotations

from collections.abc import Sequence

from videodesk.cases.checklist import ItemState, is_complete, missing_count
from videodesk.cases.model import Case, HistoryEntry, Incident, Money, Note, Party
from videodesk.cases.status import Facts, next_statuses
from videodesk.core.vocabulary import StillState
from videodesk.evidence.items import SnapshotsOfItems
from videodesk.protocol import resources as r
from videodesk.service.desk import Desk, UnitOfWork


def item_states(desk: Desk, uow: UnitOfWork, case: Case) -> list[ItemState]:
    """The case's checklist with what is there for each item."""
    return desk.checklists.state(case.kind, SnapshotsOfItems(uow.evidence).of_items(case.id), case.skipped)


def facts(desk: Desk, uow: UnitOfWork, case: Case) -> Facts:
    """What the status table asks beside the case itself."""
    return Facts(is_checklist_complete=is_complete(item_states(desk, uow, case)))


def checklist_view(case: Case, states: Sequence[ItemState]) -> r.ChecklistView:
    """The checklist."""
    return r.ChecklistView(kind=case.kind, is_complete=is_complete(list(states)), items=[
        r.ChecklistItemView(
            id=state.item.id, title=dict(state.item.title), hint=dict(state.item.hint), is_required=state.item.is_required,
            min_count=state.item.min_count, snapshot_ids=list(state.snapshot_ids), skipped_reason=state.skipped_reason, is_done=state.is_done)
        for state in states
    ])


def case_view(desk: Desk, uow: UnitOfWork, case: Case) -> r.CaseView:
    """The whole case."""
    states = item_states(desk, uow, case)
    return r.CaseView(
        id=case.id, number=case.number, revision=case.revision, kind=case.kind, status=case.status,
        next_statuses=next_statuses(case, Facts(is_checklist_complete=is_complete(states))), title=case.title, language=case.language,
        parties=[_party_view(party) for party in case.parties], order_number=case.order_number, product=case.product, brand=case.brand,
        model=case.model, serial=case.serial, ean=case.ean, claim_ref=case.claim_ref, incident=_incident_view(case.incident),
        claimed=_money_view(case.claimed), estimated=_money_view(case.estimated), decided=_money_view(case.decided),
        is_sensitive=case.is_sensitive, assignee_id=case.assignee_id, created_by=case.created_by, created_at=case.created_at,
        changed_at=case.changed_at, checklist=checklist_view(case, states), notes=[note_view(note) for note in uow.cases.notes(case.id)],
        missing=missing_pieces(desk, uow, case.id))


def missing_pieces(desk: Desk, uow: UnitOfWork, case_id: str) -> list[r.MissingPiece]:
    """What is still on its way to the case: awaited stills with how far they are, then other unfinished uploads."""
    known = uow.evidence.awaited_of(case_id)
    uploads = desk.uploads.of_case(case_id, desk.clock.now())
    by_snapshot = {upload.snapshot_id: upload for upload in uploads if upload.snapshot_id is not None}
    stills = [
        r.MissingPiece(
            kind="still", snapshot_id=one.snapshot_id, since=one.asked_at, sent_bytes=upload.offset if upload else 0,
            size_bytes=upload.size_bytes if upload else 0)
        for one in known if one.state is StillState.AWAITED for upload in [by_snapshot.get(one.snapshot_id)]
    ]
    told = {one.snapshot_id for one in known}  # what arrived or was given up is not missing either
    return stills + [
        r.MissingPiece(kind="upload", snapshot_id=one.snapshot_id, since=one.created_at, sent_bytes=one.offset, size_bytes=one.size_bytes)
        # An agent's upload has its original's id: one that could not be removed (a disk that became read-only) is in the case all the same.
        for one in uploads if (one.snapshot_id is None or one.snapshot_id not in told) and uow.evidence.original(one.id) is None
    ]


def summaries(desk: Desk, uow: UnitOfWork, cases: Sequence[Case]) -> list[r.CaseSummary]:
    """Cases of a list; what they lack is asked only of the few on the page."""
    counts = uow.evidence.snapshot_counts([case.id for case in cases]) if cases else {}
    return [
        r.CaseSummary(
            id=case.id, number=case.number, kind=case.kind, status=case.status, title=case.title, customer_name=case.customer_name,
            product=case.product, order_number=case.order_number, assignee_id=case.assignee_id, is_sensitive=case.is_sensitive,
            changed_at=case.changed_at, snapshot_count=counts.get(case.id, 0),
            missing_count=missing_count(item_states(desk, uow, case) if counts.get(case.id) else desk.checklists.state(case.kind, {}, case.skipped)))
        for case in cases
    ]


def note_view(note: Note) -> r.NoteView:
    """A note."""
    return r.NoteView(id=note.id, author_id=note.author_id, author_name=note.author_name, text=note.text, at=note.at)


def history_view(entry: HistoryEntry) -> r.HistoryEntry:
    """One entry of the history."""
    return r.HistoryEntry(at=entry.at, actor_id=entry.actor_id, actor_name=entry.actor_name, what=entry.what, data=entry.data)


def case_values(body: r.CaseIn | r.CasePatch) -> dict[str, object]:
    """What the body says, as the use cases take it. Of a patch only what was sent."""
    sent = body.model_fields_set if isinstance(body, r.CasePatch) else set(r.CaseIn.model_fields)
    return {name: _value(getattr(body, name)) for name in sent if name not in {"id", "revision"}}


def _value(value: object) -> object:
    match value:
        case r.Money():
            return Money(value.amount, value.currency)
        case r.Incident():
            return Incident(value.on, value.place, value.cause, value.description)
        case list():
            return tuple(Party(one.role, one.name, one.organisation, one.email, one.phone, one.language) for one in value)
        case _:
            return value


def _party_view(party: Party) -> r.Party:
    return r.Party(role=party.role, name=party.name, organisation=party.organisation, email=party.email, phone=party.phone, language=party.language)


def _money_view(money: Money | None) -> r.Money | None:
    return None if money is None else r.Money(amount=money.amount, currency=money.currency)


def _incident_view(incident: Incident) -> r.Incident:
    return r.Incident(on=incident.on, place=incident.place, cause=incident.cause, description=incident.description)
