"""The one permission table. Every use case asks it; nothing else decides who may do what."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from videodesk.core.errors import NotAllowed
from videodesk.core.people import Principal, Role


class Action(StrEnum):
    """What can be permitted."""

    MANAGE_PEOPLE = "people.manage"
    SEE_PEOPLE = "people.see"
    SEE_CASES = "cases.see"
    EDIT_CASES = "cases.edit"
    INVITE = "invitations.make"
    TAKE_CALLS = "calls.take"
    SEE_CALLS = "calls.see"
    SET_PRESENCE = "presence.set"
    JOIN_CALL = "calls.join"
    GIVE_CONSENT = "consent.give"
    UPLOAD_PHOTO = "photos.upload"
    CAPTURE = "evidence.capture"
    SEE_EVIDENCE = "evidence.see"
    ANNOTATE = "evidence.annotate"
    SEE_CUSTODY = "custody.see"
    EXPORT = "evidence.export"
    SHARE = "evidence.share"
    HOLD = "retention.hold"
    ERASE = "retention.erase"
    REVIEW = "review.decide"
    SEE_REVIEWS = "review.see"
    MANAGE_SETTINGS = "settings.manage"


_DESK: Final = frozenset({
    Action.SEE_PEOPLE, Action.SEE_CASES, Action.EDIT_CASES, Action.INVITE, Action.TAKE_CALLS, Action.SEE_CALLS,
    Action.SET_PRESENCE, Action.CAPTURE, Action.SEE_EVIDENCE, Action.ANNOTATE, Action.SEE_CUSTODY, Action.SEE_REVIEWS,
    Action.EXPORT, Action.SHARE,
})

PERMISSIONS: Final[dict[Role, frozenset[Action]]] = {
    Role.AGENT: _DESK,
    Role.SUPERVISOR: _DESK | {Action.REVIEW, Action.HOLD, Action.ERASE},
    # An administrator keeps the house, not the cases: least privilege (a person can have several roles).
    Role.ADMINISTRATOR: frozenset({Action.MANAGE_PEOPLE, Action.SEE_PEOPLE, Action.MANAGE_SETTINGS}),
    Role.CUSTOMER: frozenset({Action.JOIN_CALL, Action.GIVE_CONSENT, Action.UPLOAD_PHOTO}),
}


def is_allowed(principal: Principal, action: Action) -> bool:
    """Whether any of the principal's roles permits `action`."""
    return any(action in PERMISSIONS[role] for role in principal.roles)


def require(principal: Principal, action: Action) -> None:
    """Raise NotAllowed("permission.denied", action=…) unless the table permits it."""
    if not is_allowed(principal, action):
        code = "permission.denied"
        raise NotAllowed(code, action=action.value)
