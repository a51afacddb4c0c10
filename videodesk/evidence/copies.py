"""The customer's copy: a link to the pictures of one call, made when it ends. What is given never shows what a redaction hides.

The link's token is derived from a key of the desk's and the copy's id, so that it can be shown again and yet is nowhere stored: kept is
its SHA-256.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final, Protocol

from videodesk.calls.model import Call
from videodesk.cases.usecases import known_case
from videodesk.core.errors import Conflict, Gone, NotFound
from videodesk.core.events import Event
from videodesk.core.ids import new_id, require_id
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import ConsentScope, CustodyAction, ReleaseState, SnapshotMethod
from videodesk.evidence import custody
from videodesk.evidence.model import Original, Rendition, Snapshot
from videodesk.evidence.release import is_source_of_redacted, redacting_revision, release_of
from videodesk.evidence.unit import EvidenceUnit

LIFE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class CustomerCopy:
    """One link. Several may be open for one call; `made_by` is a person's id, or the invitation's when the call's end made it."""

    id: str
    case_id: str
    call_id: str
    token_digest: str
    made_by: str
    made_by_name: str
    made_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    opened_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether its link opens it at `now`."""
        return self.revoked_at is None and now < self.expires_at


class CopyRepository(Protocol):
    """Where copies are kept."""

    def add(self, copy: CustomerCopy) -> None:
        """Add; Conflict("copy.exists") when the id is known."""
        ...

    def save(self, copy: CustomerCopy) -> None:
        """Replace; NotFound("copy.unknown")."""
        ...

    def get(self, copy_id: str) -> CustomerCopy | None:
        """The copy with this id."""
        ...

    def by_token(self, token_digest: str) -> CustomerCopy | None:
        """The copy this token opens."""
        ...

    def of_case(self, case_id: str) -> list[CustomerCopy]:
        """A case's copies, newest first."""
        ...


class CopyUnit(EvidenceUnit, Protocol):
    """One transaction over copies and what they are of."""

    @property
    def copies(self) -> CopyRepository:
        """Copies."""
        ...


def token_of(key: str, copy_id: str) -> str:
    """The token of a copy's link: 43 characters, 256 bits."""
    return base64.urlsafe_b64encode(hmac.digest(key.encode(), f"copy:{copy_id}".encode(), "sha256")).decode().rstrip("=")


def token_digest(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


# making
def make_at_end(uow: CopyUnit, call: Call, key: str, now: datetime) -> CustomerCopy | None:
    """The copy that a call's end makes, once; None where nobody agreed to pictures, or the call never began."""
    if call.accepted_at is None or not may_have_pictures(uow, call):
        return None
    mine = [one for one in uow.copies.of_case(call.case_id) if one.call_id == call.id and one.made_by == call.invitation_id]
    return mine[0] if mine else _make(uow, new_id(now), call, call.invitation_id, "", key, now)


def make_copy(uow: CopyUnit, principal: Principal, case_id: str, copy_id: str, call_id: str | None, key: str, now: datetime) -> CustomerCopy:
    """A further link, by an agent; idempotent. Conflict("copy.no_call", "copy.no_consent", "copy.exists"), NotFound."""
    require(principal, Action.SHARE)
    case = known_case(uow, case_id)
    known = uow.copies.get(require_id(copy_id))
    if known is not None:
        if known.case_id != case.id:
            raise Conflict("copy.exists")
        return known
    calls = [call for call in uow.calls.of_case(case.id) if call_id in {None, call.id}]
    if not calls:
        raise Conflict("copy.no_call")
    agreed = [call for call in calls if may_have_pictures(uow, call)]
    if not agreed:
        raise Conflict("copy.no_consent")
    return _make(uow, copy_id, agreed[0], principal.id, principal.display_name, key, now)


def revoke_copy(uow: CopyUnit, principal: Principal, case_id: str, copy_id: str, now: datetime) -> CustomerCopy:
    """Take a link back; idempotent. NotFound("copy.unknown")."""
    require(principal, Action.SHARE)
    case = known_case(uow, case_id)
    copy = uow.copies.get(require_id(copy_id))
    if copy is None or copy.case_id != case.id:
        raise NotFound("copy.unknown")
    if copy.revoked_at is not None:
        return copy
    copy = replace(copy, revoked_at=now)
    uow.copies.save(copy)
    uow.emit(Event("case.changed", now, {"copy_id": copy.id}, case_id=copy.case_id))
    return copy


def may_have_pictures(uow: CopyUnit, call: Call) -> bool:
    """Whether the customer of this call ever agreed to pictures."""
    return any(ConsentScope.STILLS in answer.granted for answer in uow.invitations.consents(call.invitation_id))


def list_copies(uow: CopyUnit, principal: Principal, case_id: str) -> list[CustomerCopy]:
    """A case's copies, newest first."""
    require(principal, Action.SHARE)
    return uow.copies.of_case(known_case(uow, case_id).id)


# opening
def open_copy(uow: CopyUnit, token: str, now: datetime) -> CustomerCopy:
    """The copy of a link; NotFound("copy.unknown"), Gone("copy.expired", "copy.revoked")."""
    copy = uow.copies.by_token(token_digest(token))
    if copy is None:
        raise NotFound("copy.unknown")
    if copy.revoked_at is not None:
        raise Gone("copy.revoked")
    if not copy.is_open(now):
        raise Gone("copy.expired")
    return copy


def note_opened(uow: CopyUnit, copy: CustomerCopy, now: datetime) -> None:
    """The link was opened; the first time counts."""
    if copy.opened_at is None:
        uow.copies.save(replace(copy, opened_at=now))
        uow.emit(Event("case.changed", now, {"copy_id": copy.id}, case_id=copy.case_id))


@dataclass(frozen=True, slots=True)
class Given:
    """What a copy gives of one snapshot: its leading original, or, where something was redacted, the newest redacted rendition alone."""

    snapshot: Snapshot
    picture: Original | Rendition

    @property
    def is_redacted(self) -> bool:
        """Whether it is a rendition."""
        return isinstance(self.picture, Rendition)


def pictures_of(uow: CopyUnit, copy: CustomerCopy) -> list[Given]:
    """The pictures of the copy's call, oldest first. One whose redaction has no rendition yet is left out."""
    call = uow.calls.get(copy.call_id)
    invitation_id = None if call is None else call.invitation_id
    mine = [one for one in uow.evidence.snapshots_of(copy.case_id) if one.call_id == copy.call_id or one.captured_by == invitation_id]
    ids = [one.id for one in mine]
    originals = {one.id: one for one in uow.evidence.originals_of(ids)}
    renditions: dict[str, list[Rendition]] = {}
    for rendition in uow.evidence.renditions_of(ids):
        renditions.setdefault(rendition.snapshot_id, []).append(rendition)
    found = []
    for snapshot in mine:
        picture = outside_picture(uow, snapshot, originals[snapshot.leading], renditions.get(snapshot.id, ()))
        if picture is not None:
            found.append(Given(snapshot, picture))
    return found


def outside_picture(uow: EvidenceUnit, snapshot: Snapshot, leading: Original, renditions: Sequence[Rendition]) -> Original | Rendition | None:
    """What may leave the house of a snapshot: the original, unless its newest marks redact or a rendition does; then that rendition.

    None while the marks redact and no rendition of them is here yet, and for a clip from which a picture was taken that was redacted: the
    clip shows what was made unreadable there. None, too, while others may not see it (evidence/release.py).
    """
    if leading.method is SnapshotMethod.CLIP and is_source_of_redacted(uow, snapshot):
        return None
    if release_of(uow, snapshot) is ReleaseState.HELD:
        return None
    revision = redacting_revision(uow, snapshot.id)
    redacted = [one for one in renditions if one.has_redaction and revision in {None, one.annotation_revision}]
    if revision is not None:
        return redacted[-1] if redacted else None
    return redacted[-1] if redacted else leading


def known_picture(uow: CopyUnit, copy: CustomerCopy, snapshot_id: str) -> Given:
    """One picture of the copy; NotFound("copy.unknown_picture")."""
    found = next((one for one in pictures_of(uow, copy) if one.snapshot.id == snapshot_id), None)
    if found is None:
        raise NotFound("copy.unknown_picture")
    return found


def note_seen(uow: CopyUnit, copy: CustomerCopy, given: Given, action: CustodyAction, now: datetime) -> None:
    """Enter into the custody log that the customer saw a picture (VIEWED) or got its file (SHARED). By the invitation, a pseudonym."""
    call = uow.calls.get(copy.call_id)
    picture = given.picture
    which = {"rendition_id": picture.id} if isinstance(picture, Rendition) else {"original_id": picture.id}
    custody.record(uow.custody, action, copy.made_by if call is None else call.invitation_id, now, snapshot_id=given.snapshot.id,
                   case_id=copy.case_id, data={"copy_id": copy.id, "digest": picture.digest, **which})


def note_first_look(uow: CopyUnit, copy: CustomerCopy, given: Given, now: datetime) -> None:
    """Enter that the customer saw a picture, the first time they did with this link."""
    looks = [entry for entry in uow.custody.of_case(copy.case_id)
             if entry.action is CustodyAction.VIEWED and entry.snapshot_id == given.snapshot.id and entry.data.get("copy_id") == copy.id]
    if not looks:
        note_seen(uow, copy, given, CustodyAction.VIEWED, now)


def _make(uow: CopyUnit, copy_id: str, call: Call, made_by: str, made_by_name: str, key: str, now: datetime) -> CustomerCopy:
    copy = CustomerCopy(copy_id, call.case_id, call.id, token_digest(token_of(key, copy_id)), made_by, made_by_name, now, now + LIFE)
    uow.copies.add(copy)
    custody.record(uow.custody, CustodyAction.SHARED, made_by, now, case_id=copy.case_id, data={"copy_id": copy.id, "call_id": call.id, "step": "link"})
    uow.emit(Event("case.changed", now, {"copy_id": copy.id}, case_id=copy.case_id))
    return copy
