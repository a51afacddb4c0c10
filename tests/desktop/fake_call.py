"""A call as the call screen meets it: the part of DeskApi it uses, and views of a case and a call to start from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.desktop.fakes import FakeDeskApi
from videodesk.core.errors import Conflict, DeskError
from videodesk.core.ids import new_id
from videodesk.core.people import Role
from videodesk.core.vocabulary import (
    CallState,
    CaseKind,
    CaseStatus,
    ConsentScope,
    Language,
    PartyRole,
    ReviewDecision,
    ReviewState,
    StillState,
)
from videodesk.protocol import messages as m
from videodesk.protocol import resources as r

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
ANNA = r.PersonView(id=new_id(NOW), name="anna", display_name="Anna de Vries", roles=[Role.AGENT])
CASE_ID, CALL_ID = new_id(NOW), new_id(NOW)
ITEMS = [
    ("outside", "Buitenkant van de doos", "Outside of the box", True), ("label", "Verzendlabel", "Shipping label", True),
    ("damage_near", "Schade van dichtbij", "Damage close up", True), ("damage_wide", "Schade met omgeving", "Damage in context", True),
    ("filling", "Binnenkant en vulmateriaal", "Inside and filling", True), ("product", "Het product zelf", "The product itself", True),
    ("receipt", "Bon of pakbon", "Receipt or packing slip", False),
]


def check_items(done: dict[str, list[str]] | None = None) -> list[r.ChecklistItemView]:
    return [
        r.ChecklistItemView(id=i, title={Language.NL: nl, Language.EN: en},
                            hint={Language.NL: f"Laat de klant {nl.lower()} rustig laten zien.", Language.EN: f"Ask to show: {en.lower()}."},
                            is_required=required, snapshot_ids=(done or {}).get(i, []), is_done=bool((done or {}).get(i)))
        for i, nl, en, required in ITEMS
    ]


def case_view(name: str = "Fatima el Amrani", done: dict[str, list[str]] | None = None) -> r.CaseView:
    return r.CaseView(
        id=CASE_ID, number="VD-2026-000123", revision=3, kind=CaseKind.PARCEL, status=CaseStatus.IN_CALL, next_statuses=[], title="",
        language=Language.NL, parties=[r.Party(role=PartyRole.CUSTOMER, name=name)], order_number="4711-0815",
        product="Koffiezetapparaat", brand="Moccamaster", model="KBG Select", serial="", ean="", claim_ref="SCH-88231", incident=r.Incident(),
        claimed=None, estimated=None, decided=None, is_sensitive=False, assignee_id=ANNA.id, created_by=ANNA.id, created_at=NOW,
        changed_at=NOW, checklist=r.ChecklistView(kind=CaseKind.PARCEL, items=check_items(done), is_complete=False), notes=[])


def call_view(state: CallState = CallState.ACCEPTED, epoch: int = 1, **changes) -> m.CallView:
    values = {
        "id": CALL_ID, "case_id": CASE_ID, "case_number": "VD-2026-000123", "case_kind": CaseKind.PARCEL, "state": state,
        "customer_name": "Fatima el Amrani", "agent_id": ANNA.id, "agent_name": ANNA.display_name, "consents": list(ConsentScope),
        "epoch": epoch, "waiting_since": NOW, "accepted_at": NOW + timedelta(seconds=20),
        "customer": m.PartyState(facing="environment", has_torch=True), **changes}
    return m.CallView(**values)


def snapshot_view(snapshot_id: str, meta: r.SnapshotMeta) -> r.SnapshotView:
    return r.SnapshotView(
        **meta.model_dump(exclude={"leads"}), id=snapshot_id, case_number="VD-2026-000123", size_bytes=1000, captured_by=ANNA.id,
        captured_by_name=ANNA.display_name, stored_at=NOW, caption="", review_state=ReviewState.PENDING, leading=snapshot_id,
        originals=[original_view(snapshot_id, meta)])


def original_view(original_id: str, meta: r.SnapshotMeta) -> r.OriginalView:
    return r.OriginalView(
        **meta.model_dump(include=set(r.OriginalView.model_fields)), id=original_id, size_bytes=1000, captured_by=ANNA.id, stored_at=NOW)


def leading(view: r.SnapshotView, original_id: str) -> r.SnapshotView:
    """The same snapshot with this original leading it."""
    leads = next(one for one in view.originals if one.id == original_id)
    copied = leads.model_dump(include=set(r.SnapshotView.model_fields) - {"id", "captured_by", "stored_at"})
    return view.model_copy(update={**copied, "leading": original_id})


def asked_again(view: r.SnapshotView, words: str) -> r.SnapshotView:
    """The same snapshot after a supervisor asked for a retake."""
    decision = r.DecisionView(id=new_id(NOW), snapshot_id=view.id, decision=ReviewDecision.RETAKE_REQUESTED, reason="", comment=words,
                              decided_by=new_id(NOW), decided_by_name="Saskia", at=NOW)
    return view.model_copy(update={"review_state": ReviewState.RETAKE_REQUESTED, "decisions": [decision]})


class FakeCallApi(FakeDeskApi):
    """What the call screen asks of the service. `fails` makes the next call of that name fail."""

    def __init__(self) -> None:
        super().__init__()
        self.view = call_view()
        self.case_view = case_view()
        self.stored: list[r.SnapshotView] = []
        self.fails: dict[str, DeskError] = {}
        self.asked: list[tuple[str, object]] = []
        self.patches: list[r.CasePatch] = []
        self.led: list[tuple[str, str]] = []

    def _ask(self, name: str, what: object = None) -> None:
        self.asked.append((name, what))
        if name in self.fails:
            raise self.fails.pop(name)

    async def accept(self, call_id: str) -> r.Accepted:
        self._ask("accept", call_id)
        return r.Accepted(call=self.view, ice_servers=[])

    async def end_call(self, call_id: str) -> m.CallView:
        self._ask("end_call", call_id)
        self.view = self.view.model_copy(update={"state": CallState.WRAP_UP, "ended_at": NOW + timedelta(minutes=6, seconds=12)})
        return self.view

    async def wrap_up(self, call_id: str, body: r.WrapUpIn) -> m.CallView:
        self._ask("wrap_up", body)
        self.view = self.view.model_copy(update={"state": CallState.ENDED})
        return self.view

    async def calls(self, case_id: str | None = None) -> list[m.CallView]:
        self._ask("calls", case_id)
        return [self.view]

    async def case(self, case_id: str) -> r.CaseView:
        self._ask("case", case_id)
        return self.case_view

    async def snapshots(self, case_id: str) -> list[r.SnapshotView]:
        self._ask("snapshots", case_id)
        return self.stored

    async def thumbnail(self, snapshot_id: str) -> bytes:
        self._ask("thumbnail", snapshot_id)
        leading = next((view.leading for view in self.stored if view.id == snapshot_id), "")
        return b"thumbnail of " + leading.encode() if leading != snapshot_id else b""

    async def change_case(self, case_id: str, body: r.CasePatch) -> r.CaseView:
        self._ask("change_case", case_id)
        if body.revision != self.case_view.revision:
            raise Conflict("case.stale")
        self.patches.append(body)
        changes = {name: getattr(body, name) for name in body.model_fields_set - {"revision"}}
        self.case_view = self.case_view.model_copy(update={**changes, "revision": body.revision + 1})
        return self.case_view

    async def change_snapshot(self, snapshot_id: str, body: r.SnapshotPatch) -> r.SnapshotView:
        self._ask("change_snapshot", (snapshot_id, body))
        found = self._stored(snapshot_id)
        if body.leading is not None:
            self.led.append((snapshot_id, body.leading))
            self._put_stored(leading(found, body.leading))
        if "checklist_item" in body.model_fields_set:
            self._put_stored(self._stored(snapshot_id).model_copy(update={"checklist_item": body.checklist_item}))
        return self._stored(snapshot_id)

    async def give_up_still(self, snapshot_id: str) -> r.SnapshotView:
        self._ask("give_up_still", snapshot_id)
        self._put_stored(self._stored(snapshot_id).model_copy(update={"still": StillState.FAILED}))
        return self._stored(snapshot_id)

    async def original_of(self, snapshot_id: str, original_id: str) -> bytes:
        self._ask("original_of", original_id)
        return b"bytes of " + original_id.encode()

    def _stored(self, snapshot_id: str) -> r.SnapshotView:
        return next(view for view in self.stored if view.id == snapshot_id)

    def _put_stored(self, view: r.SnapshotView) -> None:
        self.stored = [view if known.id == view.id else known for known in self.stored]

    def has_still(self, snapshot_id: str, original: r.OriginalView) -> None:
        """The page's still came in: it leads."""
        found = self._stored(snapshot_id)
        self._put_stored(leading(found.model_copy(update={"originals": [*found.originals, original], "still": StillState.ARRIVED}), original.id))

    async def put_original(self, snapshot_id: str, original_id: str, meta: r.SnapshotMeta, original: Path, poster: bytes | None = None,
                           progress: Callable[[int, int], None] | None = None) -> r.SnapshotView:
        del poster, progress
        if original_id == snapshot_id:
            return await self.put_snapshot(snapshot_id, meta, original.read_bytes())
        self._ask("put_original", original_id)
        found = self._stored(snapshot_id)
        found = found.model_copy(update={"originals": [*found.originals, original_view(original_id, meta)]})
        self._put_stored(leading(found, original_id) if meta.leads else found)
        return self._stored(snapshot_id)

    async def put_snapshot(self, snapshot_id: str, meta: r.SnapshotMeta, original: bytes) -> r.SnapshotView:
        self._ask("put_snapshot", snapshot_id)
        del original
        self.stored = [view.model_copy(update={"retaken_by": snapshot_id}) if view.id == meta.retake_of else view for view in self.stored]
        self.stored.append(snapshot_view(snapshot_id, meta))
        return self.stored[-1]
