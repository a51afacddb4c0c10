"""Fakes of the desktop's surroundings: FakeDeskApi keeps a whole desk in memory; make_context gives a screen all it needs."""

from __future__ import annotations

import atexit
import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from tests.desktop.fake_proof import FakeProof
from videodesk.calls.line_report import StepResult
from videodesk.core.clock import Clock, HandClock
from videodesk.core.errors import Conflict, DeskError, Invalid, NotAllowed, NotFound, NotSignedIn
from videodesk.core.ids import case_number, new_id
from videodesk.core.people import Role
from videodesk.core.vocabulary import (
    CallState,
    CaseKind,
    CaseStatus,
    ConsentScope,
    InvitationState,
    Language,
    PartyRole,
    ReleaseState,
    ReviewDecision,
    ReviewState,
    SealKind,
    SnapshotMethod,
    StillState,
)
from videodesk.desktop.context import DesktopContext, Session
from videodesk.desktop.preferences import PreferenceStore
from videodesk.desktop.tasks import ImmediateTasks, Tasks
from videodesk.protocol import resources as r
from videodesk.protocol.messages import CallView, IceServer, Wire
from videodesk.settings import Settings

NEXT = {
    CaseStatus.NEW: [CaseStatus.INTAKE, CaseStatus.WITHDRAWN],
    CaseStatus.INTAKE: [CaseStatus.SCHEDULED, CaseStatus.WAITING, CaseStatus.WITHDRAWN],
    CaseStatus.IN_CALL: [CaseStatus.EVIDENCE_INCOMPLETE, CaseStatus.EVIDENCE_COMPLETE],
    CaseStatus.EVIDENCE_INCOMPLETE: [CaseStatus.EVIDENCE_COMPLETE, CaseStatus.WAITING, CaseStatus.WITHDRAWN],
    CaseStatus.EVIDENCE_COMPLETE: [CaseStatus.ASSESSED],
    CaseStatus.ASSESSED: [CaseStatus.IN_REVIEW],
}
ITEMS = (
    ("outside", "Doos van buiten", "Outside of the parcel", "Alle zes kanten, ook waar niets te zien is.", "All six sides, also where nothing shows."),
    ("label", "Verzendlabel", "Shipping label", "Zo dichtbij dat de streepjescode te lezen is.", "Close enough to read the barcode."),
    ("inside", "Binnenverpakking", "Inner packaging", "Laat zien hoe het product was ingepakt.", "Show how the product was packed."),
    ("product", "Het hele product", "The whole product", "Een overzicht van één meter afstand.", "An overview from about a metre away."),
    ("damage", "Detail van de schade", "Detail of the damage", "Eerst overzicht, dan dichtbij.", "Overview first, then close up."),
    ("serial", "Serienummer", "Serial number", "Het typeplaatje, zonder spiegeling.", "The rating plate, without glare."),
)


class FakeDeskApi(FakeProof):
    """DeskApi in memory. `fail_next` makes the next method raise; `asked` lists the methods called."""

    def __init__(self, clock: HandClock | None = None, roles: tuple[Role, ...] = (Role.AGENT, Role.SUPERVISOR)) -> None:
        super().__init__()
        self.clock = clock or HandClock()
        self.token: str | None = None
        self.asked: list[str] = []
        self.fail_next: DeskError | None = None
        self.person = r.PersonView(id=new_id(self.clock.now()), name="anna", display_name="Anna de Vries", roles=list(roles))
        self.other = r.PersonView(id=new_id(self.clock.now()), name="bram", display_name="Bram Jansen", roles=[Role.AGENT])
        self.needs_setup = False
        self.is_embedded = False
        self.password = "correct-horse-1"
        self.cases_by_id: dict[str, r.CaseView] = {}
        self.history_by_case: dict[str, list[r.HistoryEntry]] = {}
        self.invitations_by_id: dict[str, r.InvitationView] = {}
        self.calls_by_id: dict[str, CallView] = {}
        self.snapshots_by_id: dict[str, r.SnapshotView] = {}
        self.originals: dict[str, bytes] = {}
        self.pictures: dict[str, bytes] = {}
        self.annotations: dict[str, list[r.AnnotationView]] = {}
        self.renditions: dict[str, bytes] = {}
        self.people_list = [self.person, self.other]
        self.ice_servers: list[IceServer] = []
        self.line_found: list[StepResult] = []

    def _enter(self, name: str) -> None:
        self.asked.append(name)
        if self.fail_next is not None:
            problem, self.fail_next = self.fail_next, None
            raise problem

    def use_token(self, token: str | None) -> None:
        self.token = token

    async def close(self) -> None:
        self.asked.append("close")

    # the line
    async def line(self) -> r.LineView:
        self._enter("line")
        return r.LineView(ice_servers=self.ice_servers, max_bytes=2 * 1024 * 1024)

    async def probe_line(self, told: Callable[[StepResult], None], clock: Clock | None = None) -> None:
        self._enter("probe_line")
        for result in self.line_found:
            told(result)

    # people
    async def info(self) -> r.ServiceInfo:
        self._enter("info")
        return r.ServiceInfo(version="0.1.0", protocol=1, needs_setup=self.needs_setup, is_embedded=self.is_embedded,
                             public_url="https://desk.example.nl", can_call=True)

    def _signed_in(self) -> r.SignedIn:
        self.token = "t" * 32
        return r.SignedIn(token=self.token, expires_at=self.clock.now() + timedelta(days=7), person=self.person)

    async def set_up(self, body: r.SetUpIn) -> r.SignedIn:
        self._enter("set_up")
        if not self.needs_setup:
            raise Conflict("setup.done")
        self.needs_setup = False
        self.person = self.person.model_copy(update={"name": body.name, "display_name": body.display_name})
        return self._signed_in()

    async def sign_in(self, body: r.SignInIn) -> r.SignedIn:
        self._enter("sign_in")
        if body.embedded_secret is None and (body.name != self.person.name or body.password != self.password):
            raise NotSignedIn("signin.wrong")
        return self._signed_in()

    async def sign_out(self) -> None:
        self._enter("sign_out")
        self.token = None

    async def me(self) -> r.PersonView:
        self._enter("me")
        if self.token is None:
            raise NotSignedIn("session.expired")
        return self.person

    async def people(self) -> list[r.PersonView]:
        self._enter("people")
        return self.people_list

    async def add_person(self, body: r.PersonIn) -> r.PersonView:
        self._enter("add_person")
        made = r.PersonView(id=new_id(self.clock.now()), name=body.name, display_name=body.display_name, roles=list(body.roles))
        self.people_list.append(made)
        return made

    async def change_person(self, person_id: str, body: r.PersonPatch) -> r.PersonView:
        self._enter("change_person")
        index = next(i for i, p in enumerate(self.people_list) if p.id == person_id)
        changes = body.model_dump(exclude_unset=True, exclude={"password"})
        self.people_list[index] = self.people_list[index].model_copy(update=changes)
        return self.people_list[index]

    # cases
    def _case(self, case_id: str) -> r.CaseView:
        for found in self.cases_by_id.values():
            if case_id in {found.id, found.number}:
                return found
        raise NotFound("case.unknown")

    def _checklist(self, case_id: str) -> r.ChecklistView:
        case = self.cases_by_id[case_id]
        items = []
        for item in case.checklist.items:
            ids = [s.id for s in self.snapshots_by_id.values() if s.case_id == case_id and s.checklist_item == item.id]
            items.append(item.model_copy(update={"snapshot_ids": ids, "is_done": len(ids) >= item.min_count}))
        complete = all(i.is_done or i.skipped_reason for i in items if i.is_required)
        return r.ChecklistView(kind=case.kind, items=items, is_complete=complete)

    def _fresh(self, case_id: str) -> r.CaseView:
        found = self._case(case_id)
        found = found.model_copy(update={"checklist": self._checklist(found.id), "next_statuses": NEXT.get(found.status, [])})
        self.cases_by_id[found.id] = found
        return found

    def _change(self, case_id: str, **changes: Any) -> r.CaseView:
        found = self._case(case_id)
        self.cases_by_id[found.id] = found.model_copy(
            update={**changes, "revision": found.revision + 1, "changed_at": self.clock.now()})
        return self._fresh(found.id)

    def _log(self, case_id: str, what: str, **data: Any) -> None:
        entry = r.HistoryEntry(at=self.clock.now(), actor_id=self.person.id, actor_name=self.person.display_name, what=what, data=data)
        self.history_by_case.setdefault(case_id, []).insert(0, entry)

    async def cases(self, query: str = "", status: CaseStatus | None = None, kind: CaseKind | None = None,
                    assignee_id: str | None = None, cursor: str | None = None, limit: int = 50) -> r.CasePage:
        self._enter("cases")
        found = [self._summary(self._fresh(c)) for c in self.cases_by_id]
        words = query.lower().split()
        found = [c for c in found
                 if (status is None or c.status == status) and (kind is None or c.kind == kind)
                 and (assignee_id is None or c.assignee_id == assignee_id)
                 and all(w in f"{c.number} {c.title} {c.customer_name} {c.product} {c.order_number}".lower() for w in words)]
        found.sort(key=lambda c: (c.changed_at, c.number), reverse=True)
        start = int(cursor or 0)
        after = start + limit
        return r.CasePage(items=found[start:after], total=len(found), next_cursor=str(after) if after < len(found) else None)

    def _summary(self, case: r.CaseView) -> r.CaseSummary:
        customer = next((p.name for p in case.parties if p.role is PartyRole.CUSTOMER), "")
        missing = sum(1 for i in case.checklist.items if i.is_required and not i.is_done and not i.skipped_reason)
        shots = sum(1 for s in self.snapshots_by_id.values() if s.case_id == case.id)
        return r.CaseSummary(id=case.id, number=case.number, kind=case.kind, status=case.status, title=case.title, customer_name=customer,
                             product=case.product, order_number=case.order_number, assignee_id=case.assignee_id,
                             is_sensitive=case.is_sensitive, changed_at=case.changed_at, snapshot_count=shots, missing_count=missing)

    async def case(self, case_id: str) -> r.CaseView:
        self._enter("case")
        return self._fresh(case_id)

    async def add_case(self, body: r.CaseIn) -> r.CaseView:
        self._enter("add_case")
        case_id = body.id or new_id(self.clock.now())
        if case_id in self.cases_by_id:
            return self.cases_by_id[case_id]
        items = [] if body.kind is CaseKind.FREE else [
            r.ChecklistItemView(id=i, title={Language.NL: nl, Language.EN: en}, hint={Language.NL: hnl, Language.EN: hen},
                                is_required=i != "serial")
            for i, nl, en, hnl, hen in ITEMS]
        number = case_number(self.clock.now().year, len(self.cases_by_id) + 1)
        fields = body.model_dump(exclude={"id"})
        made = r.CaseView.model_validate({
            **fields, "id": case_id, "number": number, "revision": 1, "status": CaseStatus.NEW, "next_statuses": NEXT[CaseStatus.NEW],
            "assignee_id": self.person.id, "created_by": self.person.id, "created_at": self.clock.now(), "changed_at": self.clock.now(),
            "checklist": r.ChecklistView(kind=body.kind, items=items, is_complete=not items).model_dump(), "notes": []})
        self.cases_by_id[case_id] = made
        self._log(case_id, "status", to="new")
        return made

    async def change_case(self, case_id: str, body: r.CasePatch) -> r.CaseView:
        self._enter("change_case")
        found = self._case(case_id)
        if body.revision != found.revision:
            raise Conflict("case.stale")
        changes = {name: getattr(body, name) for name in body.model_fields_set - {"revision"}}
        for name in changes:
            self._log(found.id, "field", field=name)
        return self._change(found.id, **changes)

    async def move_case(self, case_id: str, body: r.TransitionIn) -> r.CaseView:
        self._enter("move_case")
        found = self._case(case_id)
        if body.to not in NEXT.get(found.status, []):
            raise Conflict("case.illegal_transition")
        self._log(found.id, "status", **{"from": found.status.value, "to": body.to.value, "reason": body.reason})
        return self._change(found.id, status=body.to)

    async def history(self, case_id: str) -> list[r.HistoryEntry]:
        self._enter("history")
        return self.history_by_case.get(self._case(case_id).id, [])

    async def add_note(self, case_id: str, body: r.NoteIn) -> r.NoteView:
        self._enter("add_note")
        found = self._case(case_id)
        note = r.NoteView(id=body.id, author_id=self.person.id, author_name=self.person.display_name, text=body.text, at=self.clock.now())
        if all(n.id != note.id for n in found.notes):
            self._log(found.id, "note")
            self._change(found.id, notes=[*found.notes, note])
        return note

    async def skip_item(self, case_id: str, item_id: str, body: r.ChecklistSkip) -> r.ChecklistView:
        self._enter("skip_item")
        found = self._case(case_id)
        if all(item.id != item_id for item in found.checklist.items):
            raise NotFound("checklist.unknown_item")
        items = [item.model_copy(update={"skipped_reason": body.reason or None}) if item.id == item_id else item
                 for item in found.checklist.items]
        self._change(found.id, checklist=found.checklist.model_copy(update={"items": items}))
        return self._checklist(found.id)

    # invitations
    async def invite(self, case_id: str, body: r.InvitationIn) -> r.InvitationMade:
        self._enter("invite")
        found = self._case(case_id)
        now = self.clock.now()
        customer = next((p.name for p in found.parties if p.role is PartyRole.CUSTOMER), "")
        view = r.InvitationView(id=new_id(now), case_id=found.id, case_number=found.number, customer_name=customer,
                                state=InvitationState.OPEN, created_by=self.person.id, created_at=now,
                                expires_at=now + timedelta(seconds=body.expires_in_s))
        self.invitations_by_id[view.id] = view
        self._log(found.id, "invitation")
        link = "https://desk.example.nl/join#" + "Qm4xT7vB" * 4
        texts = {language: r.InvitationTexts(
            email_subject="Videogesprek" if language is Language.NL else "Video call", email_body=f"Dag {customer},\n\n{link}",
            sms=link, whatsapp=link, whatsapp_url="https://wa.me/?text=" + link, spoken="482 913") for language in Language}
        return r.InvitationMade(id=view.id, case_id=found.id, join_link=link, short_address="desk.example.nl", spoken_code="482913",
                                expires_at=view.expires_at, qr_svg=_qr(link), texts=texts, is_usable=True)

    async def invitations(self, case_id: str | None = None) -> list[r.InvitationView]:
        self._enter("invitations")
        return [i for i in self.invitations_by_id.values()
                if (i.case_id == case_id if case_id else i.state is InvitationState.OPEN)]

    async def revoke(self, invitation_id: str) -> None:
        self._enter("revoke")
        if invitation_id not in self.invitations_by_id:
            raise NotFound("invitation.unknown")
        view = self.invitations_by_id[invitation_id]
        self.invitations_by_id[invitation_id] = view.model_copy(update={"state": InvitationState.REVOKED})

    # calls
    def add_call(self, case_id: str, state: CallState = CallState.WAITING, waited_s: float = 0, **more: Any) -> CallView:
        """A customer in the waiting room (or later)."""
        case = self._case(case_id)
        now = self.clock.now()
        customer = next((p.name for p in case.parties if p.role is PartyRole.CUSTOMER), "")
        made = CallView(id=new_id(now), case_id=case.id, case_number=case.number, case_kind=case.kind, state=state, customer_name=customer,
                        consents=list(ConsentScope), waiting_since=now - timedelta(seconds=waited_s), **more)
        self.calls_by_id[made.id] = made
        return made

    def _call(self, call_id: str) -> CallView:
        if call_id not in self.calls_by_id:
            raise NotFound("call.unknown")
        return self.calls_by_id[call_id]

    async def calls(self, case_id: str | None = None) -> list[CallView]:
        self._enter("calls")
        order = {CallState.WAITING: 0, CallState.ENDED: 2, CallState.ABANDONED: 2}
        return sorted((c for c in self.calls_by_id.values() if case_id in {None, c.case_id}), key=lambda c: (order.get(c.state, 1), c.waiting_since))

    async def call(self, call_id: str) -> CallView:
        self._enter("call")
        return self._call(call_id)

    async def accept(self, call_id: str) -> r.Accepted:
        self._enter("accept")
        call = self._call(call_id)
        if call.state is not CallState.WAITING and call.agent_id != self.person.id:
            raise Conflict("call.already_taken")
        call = call.model_copy(update={"state": CallState.ACCEPTED, "agent_id": self.person.id, "agent_name": self.person.display_name,
                                       "accepted_at": self.clock.now(), "epoch": 1})
        self.calls_by_id[call.id] = call
        return r.Accepted(call=call, ice_servers=[])

    async def end_call(self, call_id: str) -> CallView:
        self._enter("end_call")
        call = self._call(call_id).model_copy(update={"state": CallState.WRAP_UP, "ended_at": self.clock.now()})
        self.calls_by_id[call.id] = call
        return call

    async def wrap_up(self, call_id: str, body: r.WrapUpIn) -> CallView:
        self._enter("wrap_up")
        call = self._call(call_id).model_copy(update={"state": CallState.ENDED})
        self.calls_by_id[call.id] = call
        return call

    # evidence
    async def put_snapshot(self, snapshot_id: str, meta: r.SnapshotMeta, original: bytes) -> r.SnapshotView:
        self._enter("put_snapshot")
        if hashlib.sha256(original).hexdigest() != meta.digest:
            raise Invalid("snapshot.digest_mismatch")
        if (found := self.snapshots_by_id.get(snapshot_id)) is not None:
            if found.digest != meta.digest:
                raise Conflict("snapshot.differs")
            return found
        case = self._case(meta.case_id)
        made = r.SnapshotView(
            **meta.model_dump(exclude={"leads"}), id=snapshot_id, case_number=case.number, size_bytes=len(original), captured_by=self.person.id,
            captured_by_name=self.person.display_name, stored_at=self.clock.now(), caption="", review_state=ReviewState.PENDING,
            leading=snapshot_id, originals=[self._original(snapshot_id, meta, original)])
        self.snapshots_by_id[snapshot_id] = made
        self.originals[snapshot_id] = original
        self._log(case.id, "snapshot")
        return made

    def _original(self, original_id: str, meta: r.SnapshotMeta, original: bytes) -> r.OriginalView:
        known = meta.model_dump(include=set(r.OriginalView.model_fields))
        return r.OriginalView(**known, id=original_id, size_bytes=len(original), captured_by=self.person.id, stored_at=self.clock.now())

    async def put_original(self, snapshot_id: str, original_id: str, meta: r.SnapshotMeta, original: Path, poster: bytes | None = None,
                           progress: Callable[[int, int], None] | None = None) -> r.SnapshotView:
        data = original.read_bytes()
        if poster is not None:
            self.pictures[snapshot_id] = poster
        if progress is not None:
            progress(len(data), len(data))
        if original_id == snapshot_id and snapshot_id not in self.snapshots_by_id:
            return await self.put_snapshot(snapshot_id, meta, data)
        self._enter("put_original")
        found = self._snapshot(snapshot_id)
        known = next((one for one in found.originals if one.id == original_id), None)
        if known is not None and known.digest != meta.digest:
            raise Conflict("snapshot.differs")
        if known is None:
            found = found.model_copy(update={"originals": [*found.originals, self._original(original_id, meta, data)]})
            self.originals[original_id] = data
            found = self._led(found, original_id) if meta.leads else found
            self.snapshots_by_id[snapshot_id] = found
        return found

    @staticmethod
    def _led(found: r.SnapshotView, original_id: str) -> r.SnapshotView:
        leads = next(one for one in found.originals if one.id == original_id)
        copied = leads.model_dump(include=set(r.SnapshotView.model_fields) - {"id", "captured_by", "stored_at"})
        return found.model_copy(update={**copied, "leading": original_id})

    async def original_of(self, snapshot_id: str, original_id: str) -> bytes:
        self._enter("original_of")
        if all(one.id != original_id for one in self._snapshot(snapshot_id).originals):
            raise NotFound("snapshot.unknown")
        return self.originals[original_id]

    async def save_original(self, snapshot_id: str, original_id: str, path: Path) -> None:
        path.write_bytes(await self.original_of(snapshot_id, original_id))

    async def give_up_still(self, snapshot_id: str) -> r.SnapshotView:
        self._enter("give_up_still")
        fresh = self._snapshot(snapshot_id).model_copy(update={"still": StillState.FAILED})
        self.snapshots_by_id[snapshot_id] = fresh
        for case in self.cases_by_id.values():
            left = [piece for piece in case.missing if piece.snapshot_id != snapshot_id]
            if left != case.missing:
                self._change(case.id, missing=left)
        return fresh

    def add_snapshot(self, case_id: str, original: bytes, item: str | None = None, size: tuple[int, int] = (1280, 720), **more: Any) -> r.SnapshotView:
        """A snapshot that is there already."""
        now = self.clock.now()
        case = self._case(case_id)
        values: dict[str, Any] = {
            "id": new_id(now), "case_id": case.id, "case_number": case.number, "call_id": None, "method": SnapshotMethod.FRAME,
            "digest": hashlib.sha256(original).hexdigest(), "media_type": "image/jpeg", "size_bytes": len(original), "width_px": size[0],
            "height_px": size[1], "captured_at": now, "captured_by": self.person.id, "captured_by_name": self.person.display_name,
            "stored_at": now, "frame_seq": 120, "rtp_time": 4_320_000, "codec": "VP8", "is_evidence_grade": True, "checklist_item": item,
            "caption": "", "retake_of": None, "review_state": ReviewState.PENDING, "seal": SealKind.CAPTURE}
        values |= more
        seal = values.pop("seal")
        values.setdefault("leading", values["id"])
        if "originals" not in values:
            known = {name: values[name] for name in r.OriginalView.model_fields if name in values}
            values["originals"] = [r.OriginalView(**{**known, "id": values["leading"], "seal": seal})]
        made = r.SnapshotView(**values)
        self.snapshots_by_id[made.id] = made
        self.originals[made.id] = original
        return made

    def _snapshot(self, snapshot_id: str) -> r.SnapshotView:
        if snapshot_id not in self.snapshots_by_id:
            raise NotFound("snapshot.unknown")
        return self.snapshots_by_id[snapshot_id]

    async def snapshot(self, snapshot_id: str) -> r.SnapshotView:
        self._enter("snapshot")
        return self._snapshot(snapshot_id)

    async def snapshots(self, case_id: str) -> list[r.SnapshotView]:
        self._enter("snapshots")
        found = self._case(case_id)
        return [s for s in self.snapshots_by_id.values() if s.case_id == found.id]

    async def change_snapshot(self, snapshot_id: str, body: r.SnapshotPatch) -> r.SnapshotView:
        self._enter("change_snapshot")
        changes = body.model_dump(exclude_unset=True)
        leading = changes.pop("leading", None)
        fresh = self._snapshot(snapshot_id).model_copy(update=changes)
        if leading is not None:
            fresh = self._led(fresh, leading)
        self.snapshots_by_id[snapshot_id] = fresh
        return fresh

    async def original(self, snapshot_id: str) -> bytes:
        self._enter("original")
        self._snapshot(snapshot_id)
        return self.originals[snapshot_id]

    async def thumbnail(self, snapshot_id: str) -> bytes:
        self._enter("thumbnail")
        self._snapshot(snapshot_id)
        return self.pictures.get(snapshot_id, self.originals[snapshot_id])

    async def release_snapshot(self, snapshot_id: str, body: r.ReleaseIn) -> r.SnapshotView:
        self._enter("release_snapshot")
        fresh = self._snapshot(snapshot_id)
        if body.original_id != fresh.leading:
            raise Conflict("snapshot.release_stale")
        fresh = fresh.model_copy(update={"release": ReleaseState.CLEARED})
        self.snapshots_by_id[snapshot_id] = fresh
        return fresh

    async def annotation(self, snapshot_id: str, revision: int | None = None) -> r.AnnotationView | None:
        self._enter("annotation")
        found = self.annotations.get(snapshot_id, [])
        if revision is None:
            return found[-1] if found else None
        return next((a for a in found if a.revision == revision), None)

    async def put_annotation(self, snapshot_id: str, body: r.AnnotationIn) -> r.AnnotationView:
        self._enter("put_annotation")
        known = self.annotations.setdefault(snapshot_id, [])
        if body.base_revision != len(known):
            raise Conflict("annotation.stale")
        made = r.AnnotationView(snapshot_id=snapshot_id, revision=len(known) + 1, document=body.document, made_by=self.person.id,
                                made_at=self.clock.now())
        known.append(made)
        self.snapshots_by_id[snapshot_id] = self._snapshot(snapshot_id).model_copy(update={"annotation_revision": made.revision})
        return made

    async def put_rendition(self, snapshot_id: str, rendition_id: str, meta: r.RenditionMeta, picture: bytes) -> r.RenditionView:
        self._enter("put_rendition")
        found = self._snapshot(snapshot_id)
        made = r.RenditionView(id=rendition_id, snapshot_id=snapshot_id, annotation_revision=meta.annotation_revision, digest=meta.digest,
                               media_type=meta.media_type, width_px=found.width_px, height_px=found.height_px,
                               has_redaction=meta.has_redaction, made_by=self.person.id, made_at=self.clock.now())
        self.renditions[rendition_id] = picture
        self.snapshots_by_id[snapshot_id] = found.model_copy(update={"rendition": made})
        return made

    async def rendition(self, rendition_id: str) -> bytes:
        self._enter("rendition")
        if rendition_id not in self.renditions:
            raise NotFound("rendition.unknown")
        return self.renditions[rendition_id]

    async def custody(self, case_id: str) -> r.CustodyLog:
        self._enter("custody")
        return r.CustodyLog(items=[])

    async def export_case(self, case_id: str) -> dict[str, Any]:
        self._enter("export_case")
        return {"case": (await self.case(case_id)).model_dump(mode="json")}

    # review
    async def review_queue(self, state: ReviewState | None = None, case_id: str | None = None, cursor: str | None = None,
                           limit: int = 100) -> r.ReviewQueue:
        self._enter("review_queue")
        inside = [s for s in self.snapshots_by_id.values() if case_id in {None, s.case_id}]
        counts = {value: sum(1 for s in inside if s.review_state is value) for value in ReviewState}
        items = [s for s in reversed(inside) if state is None or s.review_state is state]
        start = int(cursor or 0)
        after = start + limit
        return r.ReviewQueue(items=items[start:after], counts=counts, next_cursor=str(after) if after < len(items) else None)

    async def decide(self, snapshot_id: str, body: r.DecisionIn) -> r.DecisionView:
        self._enter("decide")
        found = self._snapshot(snapshot_id)
        if Role.SUPERVISOR not in self.person.roles:
            raise NotAllowed("permission.denied", action="review.decide")
        if found.captured_by == self.person.id:
            raise NotAllowed("review.own_snapshot")
        if body.decision is ReviewDecision.RETAKE_REQUESTED and not body.comment:
            raise Invalid("review.comment_needed")
        made = r.DecisionView(id=body.id, snapshot_id=snapshot_id, decision=body.decision, reason=body.reason, comment=body.comment,
                              decided_by=self.person.id, decided_by_name=self.person.display_name, at=self.clock.now())
        self.snapshots_by_id[snapshot_id] = found.model_copy(
            update={"review_state": ReviewState(body.decision.value), "decisions": [*found.decisions, made]})
        return made


def _qr(text: str) -> str:
    import segno

    return segno.make(text, error="m").svg_inline(scale=4)


def sample_case(**changes: Any) -> r.CaseIn:
    """A plausible damage claim."""
    values: dict[str, Any] = {
        "kind": CaseKind.PARCEL, "title": "Espressomachine beschadigd bezorgd",
        "parties": [r.Party(role=PartyRole.CUSTOMER, name="Fatima El Amrani", email="fatima@example.nl", phone="+31 6 12345678")],
        "order_number": "WEB-2026-88213", "product": "Espressomachine Barista 300", "brand": "Sage", "model": "SES875", "serial": "A8801442",
        "claim_ref": "PN-7741-22", "claimed": r.Money(amount=Decimal("649.00")),
        "incident": r.Incident(place="Utrecht", description="De doos was aan één hoek ingedeukt; de glazen kan is gebarsten.")}
    return r.CaseIn(**{**values, **changes})


@dataclass
class FakeNavigation:
    """Remembers what was opened and said."""

    opened: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    said: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    backs: int = 0

    def open(self, screen: str, **params: Any) -> None:
        self.opened.append((screen, params))

    def back(self) -> None:
        self.backs += 1

    def notify(self, key: str, **params: Any) -> None:
        self.said.append((key, params))


@dataclass
class FakeChannel:
    """Remembers what was sent."""

    sent: list[Wire] = field(default_factory=list)

    def send(self, message: Wire) -> None:
        self.sent.append(message)


class FakeEvents:
    """Hands messages to its listeners by `say`."""

    def __init__(self) -> None:
        self.listeners: list[Callable[[Wire], None]] = []

    def subscribe(self, listener: Callable[[Wire], None]) -> Callable[[], None]:
        self.listeners.append(listener)
        return lambda: self.listeners.remove(listener)

    def say(self, message: Wire) -> None:
        for listener in tuple(self.listeners):
            listener(message)


_WORK = tempfile.TemporaryDirectory(prefix="videodesk-tests-")
atexit.register(_WORK.cleanup)


def make_context(api: FakeDeskApi | None = None, *, tasks: Tasks | None = None, **more: Any) -> DesktopContext:
    """A context over fakes; `more` replaces parts (media, outbox, work_dir …)."""
    api = api or FakeDeskApi()
    values: dict[str, Any] = {
        "api": api, "tasks": tasks or ImmediateTasks(), "clock": api.clock, "settings": Settings(data_dir=Path("/nowhere")),
        "preferences": PreferenceStore(None), "session": Session(api.person, "t" * 32), "events": FakeEvents(), "channel": FakeChannel(),
        "navigation": FakeNavigation(), "work_dir": Path(_WORK.name)}
    return DesktopContext(**{**values, **more})


