"""Domain words for the screens: names of kinds and statuses, their icons and tones; who and when in short. No Qt."""

from __future__ import annotations

from typing import Final, Literal

from videodesk.core.vocabulary import CaseKind, CaseStatus, ReviewState
from videodesk.desktop.i18n import t

KIND_ICONS: Final[dict[CaseKind, str]] = {
    CaseKind.PARCEL: "package", CaseKind.CLOTHING: "shirt", CaseKind.FURNITURE: "armchair", CaseKind.WHITE_GOODS: "wash-machine",
    CaseKind.SCREEN: "device-mobile", CaseKind.BICYCLE: "bike", CaseKind.HOME_CONTENTS: "home", CaseKind.GLASS: "glass",
    CaseKind.STYLING: "sparkles", CaseKind.FREE: "file-text",
}
_Tone = Literal["neutral", "accent", "ok", "warning", "danger"]
STATUS_TONES: Final[dict[CaseStatus, _Tone]] = {
    CaseStatus.NEW: "accent", CaseStatus.INTAKE: "accent", CaseStatus.SCHEDULED: "accent", CaseStatus.WAITING: "warning",
    CaseStatus.IN_CALL: "ok", CaseStatus.EVIDENCE_INCOMPLETE: "warning", CaseStatus.EVIDENCE_COMPLETE: "ok", CaseStatus.ASSESSED: "accent",
    CaseStatus.IN_REVIEW: "accent", CaseStatus.CHANGES_REQUESTED: "warning", CaseStatus.DECIDED: "ok", CaseStatus.SETTLED: "ok",
    CaseStatus.CLOSED: "neutral", CaseStatus.WITHDRAWN: "neutral",
}
REVIEW_TONES: Final[dict[ReviewState, _Tone]] = {
    ReviewState.PENDING: "neutral", ReviewState.ACCEPTED: "ok", ReviewState.RETAKE_REQUESTED: "warning", ReviewState.REJECTED: "danger",
}


def who(name: str) -> str:
    """A customer's name, or words for there being none."""
    return name or t("common.no_name")


def initials(name: str) -> str:
    """Up to two letters for a round picture."""
    words = [part for part in name.split() if part[:1].isalnum()]
    if not words:
        return "?"
    return (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper()
