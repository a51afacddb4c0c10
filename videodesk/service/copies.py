"""The customer's copy as the service gives it: its views, its texts, its pictures and the ZIP of them all."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from videodesk.calls.case_status import SERVICE
from videodesk.cases.model import Case
from videodesk.cases.usecases import known_case
from videodesk.core.errors import Gone
from videodesk.core.vocabulary import Language, SealKind
from videodesk.evidence import copies
from videodesk.evidence.copies import CustomerCopy, Given
from videodesk.evidence.model import Original
from videodesk.protocol import resources as r
from videodesk.service.desk import Desk, UnitOfWork
from videodesk.service.texts import t

SUFFIXES: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "video/webm": "webm", "video/mp4": "mp4"}
_LIFE_DAYS: Final = copies.LIFE.days


def opened(desk: Desk, uow: UnitOfWork, token: str, now: datetime) -> CustomerCopy:
    """The copy of a link (evidence.copies.open_copy); Gone("case.erased") once the case was erased."""
    copy = copies.open_copy(uow, token, now)
    if desk.vault.is_destroyed(copy.case_id):
        raise Gone("case.erased")
    return copy


def copy_view(desk: Desk, uow: UnitOfWork, copy: CustomerCopy, now: datetime) -> r.CopyView:
    """A copy as an agent, or the customer whose it is, sees it."""
    is_open = copy.is_open(now) and not desk.vault.is_destroyed(copy.case_id)
    link = f"{desk.public_url.rstrip('/')}/copy#{copies.token_of(desk.code_key, copy.id)}" if is_open else ""
    case = known_case(uow, copy.case_id)
    return r.CopyView(
        id=copy.id, case_id=copy.case_id, call_id=copy.call_id, link=link, made_at=copy.made_at, made_by_name=copy.made_by_name,
        texts={language: _text(desk, uow, case, copy, language, link) for language in Language} if is_open else {},
        expires_at=copy.expires_at, revoked_at=copy.revoked_at, opened_at=copy.opened_at, pictures=len(copies.pictures_of(uow, copy)))


def _text(desk: Desk, uow: UnitOfWork, case: Case, copy: CustomerCopy, language: Language, link: str) -> r.CopyText:
    call = uow.calls.get(copy.call_id)
    params: dict[str, str | int] = {
        "customer": case.customer_name, "agent": copy.made_by_name or (call.agent_name if call is not None else "") or SERVICE.display_name,
        "desk": desk.settings.desk_name, "case": case.number, "link": link, "days": _LIFE_DAYS}
    params["greeting"] = t(language, "invitation.greeting" if case.customer_name else "invitation.greeting_without_name", **params)
    return r.CopyText(subject=t(language, "copy.email_subject", **params), body=t(language, "copy.email_body", **params).strip() + "\n")


def opened_view(desk: Desk, uow: UnitOfWork, copy: CustomerCopy) -> r.CopyOpened:
    """What the customer's page shows."""
    case = known_case(uow, copy.case_id)
    call = uow.calls.get(copy.call_id)
    invitation = None if call is None else uow.invitations.get(call.invitation_id)
    given = copies.pictures_of(uow, copy)
    titles = {item.id: dict(item.title) for item in desk.checklists.items(case.kind)}
    base = f"/api/v1/copy/{copy.id}"
    pictures = [
        r.CopyPicture(
            id=one.snapshot.id, title=titles.get(one.snapshot.checklist_item or "", {}), captured_at=one.snapshot.captured_at,
            media_type=one.picture.media_type, width_px=one.picture.width_px, height_px=one.picture.height_px,
            duration_s=one.snapshot.duration_s, size_bytes=one.picture.size_bytes, is_redacted=one.is_redacted, is_sealed=_is_sealed(one),
            preview=f"{base}/pictures/{one.snapshot.id}/preview", file=f"{base}/pictures/{one.snapshot.id}/file",
            file_name=file_name(case, one, place))
        for place, one in enumerate(given, 1)]
    return r.CopyOpened(
        id=copy.id, case_number=case.number, language=case.language if invitation is None else invitation.language,
        expires_at=copy.expires_at, taken_on=None if call is None else call.accepted_at, agent_name="" if call is None else call.agent_name,
        desk_name=desk.settings.desk_name, phone_number=desk.settings.phone_number, pictures=pictures,
        archive=f"{base}/archive" if pictures and desk.packer is not None else "", archive_name=f"{case.number}.zip",
        root_fingerprint="" if desk.keys is None else desk.keys.root_fingerprint)


def _is_sealed(given: Given) -> bool:
    picture = given.picture
    return picture.seal is not SealKind.NONE if isinstance(picture, Original) else False


def file_name(case: Case, given: Given, place: int) -> str:
    """`VD-2026-000012-03.jpg`: the case's number, then the picture's place in the copy."""
    return f"{case.number}-{place:02d}.{SUFFIXES[given.picture.media_type]}"
