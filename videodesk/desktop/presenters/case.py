"""One case: its record with autosave, status, checklist, evidence, history, notes, invitations."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from videodesk.client.api import DeskApi
from videodesk.client.outbox import Outbox, OutboxEntry, OutboxState
from videodesk.core.clock import Clock
from videodesk.core.errors import Conflict, DeskError
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import CaseStatus, InvitationState, Language
from videodesk.desktop.case_form import CaseForm, form_of, mistakes, patch_of
from videodesk.desktop.drawing.pictures import Picture as DecodedPicture
from videodesk.desktop.missing import Piece, pieces_of
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks
from videodesk.protocol.messages import CallView, Happened, Welcome, Wire
from videodesk.protocol.resources import (
    CaseView,
    ChecklistItemView,
    ChecklistSkip,
    ChecklistView,
    HistoryEntry,
    InvitationIn,
    InvitationMade,
    InvitationView,
    NoteIn,
    NoteView,
    SnapshotPatch,
    SnapshotView,
    TransitionIn,
)

_ENDINGS: Final = frozenset({CaseStatus.CLOSED, CaseStatus.WITHDRAWN})


@dataclass(frozen=True, slots=True)
class Closing:
    """The case is about to be closed although something is missing: the person decides."""

    to: CaseStatus
    reason: str = ""


@dataclass(frozen=True, slots=True)
class OpenedOriginal:
    """An original that is shown large; `picture` is None while it comes."""

    snapshot_id: str
    original_id: str
    picture: DecodedPicture | None = None


@dataclass(frozen=True, slots=True)
class CaseState:
    """What the case screen shows. `form` is what stands in the fields; `thumbnails` are JPEG bytes by snapshot."""

    now: datetime
    case: CaseView | None = None
    form: CaseForm = field(default_factory=CaseForm)
    mistakes: dict[str, str] = field(default_factory=dict)
    is_dirty: bool = False
    is_saving: bool = False
    saved_at: datetime | None = None
    is_stale: bool = False
    snapshots: tuple[SnapshotView, ...] = ()
    thumbnails: dict[str, bytes] = field(default_factory=dict)
    history: tuple[HistoryEntry, ...] = ()
    invitations: tuple[InvitationView, ...] = ()
    calls: tuple[CallView, ...] = ()
    invitation: InvitationMade | None = None
    is_inviting: bool = False
    problem: DeskError | None = None
    here: tuple[OutboxEntry, ...] = ()
    closing: Closing | None = None
    opened: OpenedOriginal | None = None

    @property
    def missing(self) -> tuple[ChecklistItemView, ...]:
        """The required items that are neither shown nor skipped."""
        items = self.case.checklist.items if self.case else []
        return tuple(item for item in items if item.is_required and not item.is_done and not item.skipped_reason)

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """What of the evidence is not in the case yet."""
        return pieces_of(self.case, self.snapshots, self.here) if self.case is not None else ()

    @property
    def open_invitations(self) -> tuple[InvitationView, ...]:
        """Those that still open the door."""
        return tuple(i for i in self.invitations if i.state in {InvitationState.OPEN, InvitationState.USED})


Around = tuple[list[SnapshotView], list[HistoryEntry], list[InvitationView], list[CallView], list[OutboxEntry]]
Decode = Callable[[bytes, str], DecodedPicture]


class CasePresenter(Presenter[CaseState]):
    """Shows one case at a time. `open_screen(name, **params)` shows another screen."""

    def __init__(self, api: DeskApi, tasks: Tasks, clock: Clock, open_screen: Callable[..., None], *, outbox: Outbox | None = None,
                 decode: Decode | None = None) -> None:
        super().__init__(CaseState(clock.now()), tasks, clock)
        self._api, self._all_tasks, self._outbox, self._decode = api, tasks, outbox, decode
        self._open = open_screen
        self._wanted = ""

    # opening and following
    def show(self, case_id: str) -> None:
        """Show this case (id or number). Another one's unsaved fields are saved first."""
        shown = self.state.case
        if shown is not None and case_id in {shown.id, shown.number}:
            self.reload()
            return
        self.save()
        self._wanted = case_id
        fresh = CaseState(self.clock.now())
        self._set(**{name: getattr(fresh, name) for name in CaseState.__dataclass_fields__})
        self.tasks.run("case.load", lambda: self._api.case(case_id), self._loaded, self._failed, replaces=True)

    def reload(self) -> None:
        """Fetch it anew; what stands unsaved in the fields stays."""
        if self._wanted:
            wanted = self._wanted
            self.tasks.run("case.load", lambda: self._api.case(wanted), self._loaded, self._failed, replaces=True)

    def concerns(self, message: Wire) -> bool:
        """Whether a message says that something of this case changed (a fresh connection may have missed some)."""
        case = self.state.case
        return isinstance(message, Welcome) or (case is not None and isinstance(message, Happened) and message.case_id == case.id)

    def handle(self, message: Wire) -> None:
        """Follow what happens to this case."""
        if self.concerns(message):
            self.reload()

    def dismiss(self) -> None:
        """The person read the problem."""
        self._set(problem=None, is_stale=False)

    # the record
    def edit(self, name: str, value: Any) -> None:
        """A field was changed; `save` comes later by the view's timer, or at once by the person."""
        if self.state.case is None or getattr(self.state.form, name) == value:
            return
        form = self.state.form.with_(name, value)
        self._set(form=form, mistakes=mistakes(form), is_dirty=form != form_of(self.state.case))

    def save(self) -> None:
        """Save what changed. With a mistake in a field nothing is sent: the field says what is wrong."""
        case, form = self.state.case, self.state.form
        if case is None or self.state.is_saving or mistakes(form):
            return
        patch = patch_of(case, form)
        if patch is None:
            self._set(is_dirty=False)
            return
        self._set(is_saving=True)
        self.tasks.run("case.save", lambda: self._api.change_case(case.id, patch), lambda saved: self._saved(saved, form), self._not_saved)

    def move(self, to: CaseStatus, reason: str = "") -> None:
        """Move the case to another status. Before its end it is looked whether all of the evidence is there: else the person decides."""
        case = self.state.case
        if case is None:
            return
        if to not in _ENDINGS:
            self._move(to, reason)
            return

        async def look() -> tuple[CaseView, list[SnapshotView], list[OutboxEntry]]:
            return await self._api.case(case.id), await self._api.snapshots(case.id), await self._entries(case.id)

        def looked(found: tuple[CaseView, list[SnapshotView], list[OutboxEntry]]) -> None:
            if self.state.case is None or self.state.case.id != case.id:
                return
            self._taken(found[0])
            self._set(snapshots=tuple(found[1]), here=tuple(found[2]))
            if self.state.pieces:
                self._set(closing=Closing(to, reason))
            else:
                self._move(to, reason)

        self.tasks.run("case.missing", look, looked, self._failed)

    def close_anyway(self) -> None:
        """Close it without what is missing."""
        closing = self.state.closing
        self._set(closing=None)
        if closing is not None:
            self._move(closing.to, closing.reason)

    def stop_closing(self) -> None:
        """The person waits."""
        self._set(closing=None)

    def _move(self, to: CaseStatus, reason: str) -> None:
        if (case := self.state.case) is not None:
            self.tasks.run("case.move", lambda: self._api.move_case(case.id, TransitionIn(to=to, reason=reason)), self._loaded, self._failed)

    # checklist and notes
    def skip(self, item_id: str, reason: str) -> None:
        """Skip an item with a reason; "" takes it back."""
        if (case := self.state.case) is not None:
            self.tasks.run("case.skip", lambda: self._api.skip_item(case.id, item_id, ChecklistSkip(reason=reason.strip()[:200])),
                           lambda checklist: self._checklist(case.id, checklist), self._failed)

    def add_note(self, text: str) -> bool:
        """Add a note; False when there is nothing to add."""
        case = self.state.case
        if case is None or not text.strip():
            return False
        note = NoteIn(id=new_id(self.clock.now()), text=text.strip()[:10_000])
        self.tasks.run("case.note", lambda: self._api.add_note(case.id, note), lambda made: self._noted(case.id, made),
                       self._failed)
        return True

    # invitations
    def invite(self, language: Language | None = None, expires_in_s: int = 86_400) -> None:
        """Make a new invitation; it is shown once."""
        case = self.state.case
        if case is None or self.state.is_inviting:
            return
        self._set(is_inviting=True, invitation=None)
        body = InvitationIn(language=language or case.language, expires_in_s=expires_in_s)
        self.tasks.run("case.invite", lambda: self._api.invite(case.id, body), self._invited, self._not_invited)

    def revoke(self, invitation_id: str) -> None:
        """Take an invitation back: its link shows a friendly page from now on."""
        self.tasks.run("case.revoke", lambda: self._api.revoke(invitation_id), lambda _none: self._revoked(invitation_id), self._failed)

    def forget_invitation(self) -> None:
        """The dialog is closed: link and code are nowhere any more."""
        self._set(invitation=None)

    # evidence
    def give_up_still(self, snapshot_id: str) -> None:
        """Nobody waits for this still any more."""
        self.tasks.run("case.give_up", lambda: self._api.give_up_still(snapshot_id), lambda _view: self.reload(), self._failed)

    def retry(self, original_id: str) -> None:
        """Send again what the service refused."""
        outbox = self._outbox
        if outbox is not None:
            self._all_tasks.run("case.retry", partial(asyncio.to_thread, outbox.retry, original_id), lambda _entry: self.reload(), self._failed)

    def save_here(self, original_id: str, path: Path) -> None:
        """Write a copy of an original that is kept on this machine to a file."""
        outbox = self._outbox
        if outbox is not None:
            self._all_tasks.run("case.save_as", partial(asyncio.to_thread, outbox.save_as, original_id, path), failed=self._failed)

    def save_original(self, snapshot_id: str, original_id: str, path: Path) -> None:
        """Write a copy of an original of the case to a file."""
        self._all_tasks.run("case.save_as", lambda: self._api.save_original(snapshot_id, original_id, path), failed=self._failed)

    def lead(self, snapshot_id: str, original_id: str) -> None:
        """Let this original stand for its snapshot."""
        self.tasks.run("case.lead", lambda: self._api.change_snapshot(snapshot_id, SnapshotPatch(leading=original_id)),
                       lambda _view: self.reload(), self._failed)

    def open_original(self, snapshot_id: str, original_id: str, media_type: str) -> None:
        """Show one original large."""
        decode = self._decode
        if decode is None:
            return
        self._set(opened=OpenedOriginal(snapshot_id, original_id))

        async def load() -> DecodedPicture:
            data = await self._api.original_of(snapshot_id, original_id)
            return await asyncio.to_thread(decode, data, media_type)

        def loaded(picture: DecodedPicture) -> None:
            if self.state.opened is not None and self.state.opened.original_id == original_id:
                self._set(opened=OpenedOriginal(snapshot_id, original_id, picture))

        def failed(problem: DeskError) -> None:
            self._set(opened=None, problem=problem)

        self.tasks.run("case.original", load, loaded, failed, replaces=True)

    def close_original(self) -> None:
        """The person has seen it."""
        self._set(opened=None)

    async def _entries(self, case_id: str) -> list[OutboxEntry]:
        """What the outbox still holds of the case."""
        found = [] if self._outbox is None else await asyncio.to_thread(self._outbox.entries, case_id)
        return [entry for entry in found if entry.state is not OutboxState.CONFIRMED]

    # elsewhere
    def annotate(self, snapshot_id: str) -> None:
        """Open a snapshot for annotation."""
        self._open("annotate", snapshot_id=snapshot_id)

    def open_clip(self, snapshot_id: str) -> None:
        """Look through a clip."""
        self._open("clip", snapshot_id=snapshot_id)

    def open_call(self, call_id: str) -> None:
        """Go to a call of this case."""
        self._open("call", call_id=call_id)

    # answers
    def _loaded(self, case: CaseView) -> None:
        shown = self.state.case
        if shown is not None and shown.id != case.id:
            return  # another case was opened meanwhile
        self._wanted = case.id
        self._taken(case)
        self.tasks.run("case.around", lambda: self._around(case.id), lambda found: self._around_loaded(case.id, found), self._failed, replaces=True)

    def _taken(self, case: CaseView) -> None:
        """Take over a newer stored case; fields the person changed meanwhile stay as they typed them."""
        before = self.state.case
        form = form_of(case)
        if before is not None and before.id == case.id:
            stored = form_of(before)
            for name in CaseForm.__dataclass_fields__:
                typed = getattr(self.state.form, name)
                if typed != getattr(stored, name):
                    form = form.with_(name, typed)
        self._set(case=case, form=form, mistakes=mistakes(form), is_dirty=form != form_of(case), now=self.clock.now())

    async def _around(self, case_id: str) -> Around:
        return (await self._api.snapshots(case_id), await self._api.history(case_id), await self._api.invitations(case_id),
                await self._api.calls(case_id), await self._entries(case_id))

    def _around_loaded(self, case_id: str, found: Around) -> None:
        if case_id != self._wanted:
            return
        snapshots, history, invitations, calls, here = found
        ids = {s.id for s in snapshots}
        changed = {s.id for s in snapshots if s not in self.state.snapshots}
        kept = {i: data for i, data in self.state.thumbnails.items() if i in ids and i not in changed}
        self._set(snapshots=tuple(snapshots), history=tuple(history), invitations=tuple(invitations), calls=tuple(calls), thumbnails=kept,
                  here=tuple(here))
        for snapshot in snapshots:
            if snapshot.id not in kept:
                self._load_thumbnail(snapshot.id)

    def _load_thumbnail(self, snapshot_id: str) -> None:
        self.tasks.run(f"case.thumbnail {snapshot_id}", lambda: self._api.thumbnail(snapshot_id),
                       lambda data: self._pictured(snapshot_id, data), lambda _problem: None)

    def _pictured(self, snapshot_id: str, data: bytes) -> None:
        if any(snapshot.id == snapshot_id for snapshot in self.state.snapshots):
            self._set(thumbnails={**self.state.thumbnails, snapshot_id: data})

    def _saved(self, case: CaseView, sent: CaseForm) -> None:
        if case.id != self._wanted:
            return  # saved on the way to another case
        # What was typed after sending is newer than what came back.
        typed = self.state.form
        form = form_of(case)
        for name in CaseForm.__dataclass_fields__:
            if getattr(typed, name) != getattr(sent, name):
                form = form.with_(name, getattr(typed, name))
        self._set(case=case, form=form, mistakes=mistakes(form), is_dirty=form != form_of(case), is_saving=False,
                  saved_at=self.clock.now(), is_stale=False, problem=None)

    def _not_saved(self, problem: DeskError) -> None:
        self._set(is_saving=False, problem=problem, is_stale=isinstance(problem, Conflict))
        if isinstance(problem, Conflict):
            self.reload()

    def _checklist(self, case_id: str, checklist: ChecklistView) -> None:
        if self.state.case is not None and self.state.case.id == case_id:
            self._set(case=self.state.case.model_copy(update={"checklist": checklist}))

    def _noted(self, case_id: str, note: NoteView) -> None:
        if case_id != self._wanted:
            return
        case = self.state.case
        if case is not None and all(known.id != note.id for known in case.notes):
            self._set(case=case.model_copy(update={"notes": [*case.notes, note]}), now=self.clock.now())
        self.reload()

    def _invited(self, made: InvitationMade) -> None:
        self._set(invitation=made, is_inviting=False)
        self.reload()

    def _not_invited(self, problem: DeskError) -> None:
        self._set(is_inviting=False, problem=problem)

    def _revoked(self, invitation_id: str) -> None:
        if self.state.invitation is not None and self.state.invitation.id == invitation_id:
            self._set(invitation=None)
        self.reload()

    def _failed(self, problem: DeskError) -> None:
        self._set(problem=problem)
