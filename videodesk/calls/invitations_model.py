"""Invitations and consents: what opens the door, and what the customer agreed to behind it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from videodesk.core.clock import iso
from videodesk.core.vocabulary import ConsentScope, InvitationState, Language


@dataclass(frozen=True, slots=True)
class Invitation:
    """One invitation to one case. Only digests (SHA-256, keyed for the short code) of what opens it are kept.

    The customer who uses it acts as a Principal whose id is the invitation's. `device_digest` binds it to the first device,
    `session_digest` is of the token that the page got in exchange.
    """

    id: str
    case_id: str
    language: Language
    token_digest: str
    code_digest: str
    created_by: str
    agent_name: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None
    used_at: datetime | None = None
    first_opened_at: datetime | None = None
    device_digest: str | None = None
    session_digest: str | None = None

    def state(self, now: datetime) -> InvitationState:
        """Whether it still opens the door at `now`."""
        if self.revoked_at is not None:
            return InvitationState.REVOKED
        if self.used_at is not None:
            return InvitationState.USED
        return InvitationState.EXPIRED if now >= self.expires_at else InvitationState.OPEN


@dataclass(frozen=True, slots=True)
class Consent:
    """One answer to the consent question; it counts from `at` until the next answer of the same invitation."""

    id: str
    invitation_id: str
    text_version: str
    language: Language
    granted: tuple[ConsentScope, ...]
    at: datetime


def consent_digest(consent: Consent) -> str:
    """SHA-256 of the answer as canonical JSON {at, granted, id, invitation_id, language, text_version}: what seals and packages name."""
    told = {"id": consent.id, "invitation_id": consent.invitation_id, "text_version": consent.text_version,
            "language": consent.language.value, "granted": sorted(scope.value for scope in consent.granted), "at": iso(consent.at)}
    return hashlib.sha256(json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
