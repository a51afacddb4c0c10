"""Whether the customer's consent covered a moment, or a stretch of time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from videodesk.calls.invitations_model import Consent, consent_digest
from videodesk.core.errors import NotAllowed
from videodesk.core.vocabulary import ConsentScope

# How long the word of a withdrawn consent takes to the desktop at most: a recording ends that much after it.
WORD_TIME: Final = timedelta(seconds=2)


def has_consent(consents: Sequence[Consent], scope: ConsentScope, moment: datetime) -> bool:
    """Whether the answer that counted at `moment` grants `scope`. Without an answer, nothing is granted."""
    answers = [answer for answer in consents if answer.at <= moment]
    return bool(answers) and scope in max(answers, key=lambda answer: answer.at).granted


def digest_at(consents: Sequence[Consent], moment: datetime) -> str:
    """The digest of the answer that counted at `moment`; empty without one."""
    answers = [answer for answer in consents if answer.at <= moment]
    return consent_digest(max(answers, key=lambda answer: answer.at)) if answers else ""


def has_consent_from(consents: Sequence[Consent], scope: ConsentScope, begin: datetime, end: datetime) -> bool:
    """Whether `scope` was granted all the time from `begin` to `end`, but for the WORD_TIME before the end."""
    last = max(begin, end - WORD_TIME)
    return has_consent(consents, scope, begin) and all(scope in one.granted for one in consents if begin < one.at <= last)


def require_consent(consents: Sequence[Consent], scope: ConsentScope, moment: datetime) -> None:
    """NotAllowed("consent.missing", scope=…) unless the answer that counted at `moment` grants `scope`."""
    if not has_consent(consents, scope, moment):
        raise NotAllowed("consent.missing", scope=scope.value)
