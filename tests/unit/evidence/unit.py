"""A unit of work in memory, with a case, a call and consents to set."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.service.pictures import picture
from videodesk.calls.invitations_model import Consent, Invitation
from videodesk.calls.model import Call
from videodesk.cases.checklist import ChecklistItem, Checklists
from videodesk.cases.model import Case
from videodesk.core.events import Event
from videodesk.core.ids import new_id
from videodesk.core.people import Principal, Role
from videodesk.core.vocabulary import CallState, CaseKind, CaseStatus, ConsentScope, Language
from videodesk.evidence.originals import Received
from videodesk.evidence.sniff import sniff
from videodesk.protocol.resources import SnapshotMeta
from videodesk.storage.memory.blobs import MemoryCaseBlobs
from videodesk.storage.memory.calls import MemoryCalls
from videodesk.storage.memory.cases import MemoryCases
from videodesk.storage.memory.custody import MemoryCustody
from videodesk.storage.memory.evidence import MemoryEvidence
from videodesk.storage.memory.invitations import MemoryInvitations
from videodesk.storage.memory.reviews import MemoryReviews

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)


def _items(*ids: str) -> tuple[ChecklistItem, ...]:
    titles = dict.fromkeys(Language, "x")
    return tuple(ChecklistItem(one, titles, titles, is_required=True) for one in ids)


CHECKLISTS = Checklists({kind: _items("label", "box_outside") if kind is CaseKind.PARCEL else () for kind in CaseKind})


def a_case(number: str, kind: CaseKind) -> Case:
    return Case(id=new_id(), number=number, kind=kind, status=CaseStatus.IN_CALL, language=Language.NL, created_by=new_id(), created_at=NOW,
                changed_at=NOW)


class Unit:
    """Everything the use cases of evidence and review ask for; events are collected."""

    def __init__(self) -> None:
        self.cases = MemoryCases()
        self.calls = MemoryCalls()
        self.invitations = MemoryInvitations()
        self.evidence = MemoryEvidence()
        self.custody = MemoryCustody()
        self.reviews = MemoryReviews()
        self.case_blobs = MemoryCaseBlobs()
        self.events: list[Event] = []

    def emit(self, event: Event) -> None:
        self.events.append(event)


class Scene:
    """One case with one call of `agent`; the customer agreed to everything one minute before NOW."""

    def __init__(self) -> None:
        self.uow = Unit()
        self.agent, self.other_agent = (Principal(new_id(), frozenset({Role.AGENT}), name) for name in ("Anna", "Bram"))
        self.boss = Principal(new_id(), frozenset({Role.SUPERVISOR}), "Saskia")
        self.keeper = Principal(new_id(), frozenset({Role.ADMINISTRATOR}), "Adam")
        self.case, self.other_case = a_case("VD-2026-000001", CaseKind.PARCEL), a_case("VD-2026-000002", CaseKind.GLASS)
        self.blobs = self.uow.case_blobs.of_case(self.case.id)
        for case in (self.case, self.other_case):
            self.uow.cases.add(case)
        self.customer = Principal(new_id(), frozenset({Role.CUSTOMER}), "Klant", case_id=self.case.id)
        self.call = Call(id=new_id(), case_id=self.case.id, invitation_id=self.customer.id, state=CallState.CONNECTED, waiting_since=NOW,
                         agent_id=self.agent.id)
        self.uow.calls.add(self.call)
        self.uow.invitations.add(Invitation(self.customer.id, self.case.id, Language.NL, "t", "c", self.agent.id, "Anna", NOW, NOW + timedelta(days=1)))
        self.consent(-60, *ConsentScope)

    def consent(self, after_s: float, *scopes: ConsentScope, invitation_id: str | None = None) -> None:
        self.uow.invitations.add_consent(
            Consent(new_id(), invitation_id or self.customer.id, "1", Language.NL, scopes, NOW + timedelta(seconds=after_s)))

    def received(self, data: bytes) -> Received:
        return Received(self.blobs.stage([data], 10**9), sniff(data), self.blobs.stage([b"thumbnail of ", data[-9:]], 10**9))

    def meta(self, data: bytes, **changes) -> SnapshotMeta:
        facts = sniff(data)
        values = {
            "case_id": self.case.id, "call_id": self.call.id, "method": "frame", "digest": self.blobs.stage([data], 10**9).digest,
            "media_type": facts.media_type, "width_px": facts.width_px, "height_px": facts.height_px, "captured_at": NOW,
            "frame_seq": 7, "checklist_item": "label",
        }
        return SnapshotMeta(**(values | changes))


def jpeg(colour: str = "teal") -> bytes:
    return picture(64, 48, colour=colour)
