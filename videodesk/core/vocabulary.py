"""The closed word lists that rules, wire and screens share. The value is what goes over the wire and into the database."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """Languages in which every text exists."""

    NL = "nl"
    EN = "en"


class CaseKind(StrEnum):
    """What a case is about; each has a checklist in resources/checklists."""

    PARCEL = "parcel"
    CLOTHING = "clothing"
    FURNITURE = "furniture"
    WHITE_GOODS = "white_goods"
    SCREEN = "screen"
    BICYCLE = "bicycle"
    HOME_CONTENTS = "home_contents"
    GLASS = "glass"
    STYLING = "styling"
    FREE = "free"

    @property
    def is_claim(self) -> bool:
        """Whether this kind is a damage claim."""
        return self not in {CaseKind.STYLING, CaseKind.FREE}


class CaseStatus(StrEnum):
    """Where a case stands; the transitions are the table in cases/status.py."""

    NEW = "new"
    INTAKE = "intake"
    SCHEDULED = "scheduled"
    WAITING = "waiting"
    IN_CALL = "in_call"
    EVIDENCE_INCOMPLETE = "evidence_incomplete"
    EVIDENCE_COMPLETE = "evidence_complete"
    ASSESSED = "assessed"
    IN_REVIEW = "in_review"
    CHANGES_REQUESTED = "changes_requested"
    DECIDED = "decided"
    SETTLED = "settled"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class PartyRole(StrEnum):
    """Who a party of a case is."""

    CUSTOMER = "customer"
    ORGANISATION = "organisation"
    CARRIER = "carrier"
    EXPERT = "expert"
    BROKER = "broker"


class CauseCode(StrEnum):
    """What caused the damage."""

    TRANSPORT = "transport"
    MANUFACTURING = "manufacturing"
    USE = "use"
    UNCLEAR = "unclear"


class InvitationState(StrEnum):
    """Whether a join link still opens the door."""

    OPEN = "open"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


class CallState(StrEnum):
    """Where a call stands; the transitions are the table in calls/lifecycle.py."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    CONNECTED = "connected"
    ON_HOLD = "on_hold"
    RECONNECTING = "reconnecting"
    WRAP_UP = "wrap_up"
    ENDED = "ended"
    ABANDONED = "abandoned"


class Disposition(StrEnum):
    """The outcome code of a call, chosen in wrap-up."""

    EVIDENCE_COMPLETE = "evidence_complete"
    EVIDENCE_INCOMPLETE = "evidence_incomplete"
    ADVICE_GIVEN = "advice_given"
    FOLLOW_UP = "follow_up"
    CUSTOMER_LEFT = "customer_left"
    TECHNICAL_PROBLEM = "technical_problem"
    WRONG_CHANNEL = "wrong_channel"


class Presence(StrEnum):
    """What an agent is doing."""

    AVAILABLE = "available"
    BUSY = "busy"
    IN_CALL = "in_call"
    WRAP_UP = "wrap_up"
    BREAK = "break"
    OFFLINE = "offline"


class ConsentScope(StrEnum):
    """What a customer consents to, each refusable."""

    VIDEO = "video"
    SOUND = "sound"
    STILLS = "stills"


class SnapshotMethod(StrEnum):
    """How an original was captured."""

    FRAME = "frame"
    UPLOAD = "upload"


class ReviewDecision(StrEnum):
    """A supervisor's decision on a snapshot."""

    ACCEPTED = "accepted"
    RETAKE_REQUESTED = "retake_requested"
    REJECTED = "rejected"


class ReviewState(StrEnum):
    """The review state of a snapshot: pending until there is a decision."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    RETAKE_REQUESTED = "retake_requested"
    REJECTED = "rejected"


class CustodyAction(StrEnum):
    """What happened to a piece of evidence."""

    CAPTURED = "captured"
    STORED = "stored"
    VIEWED = "viewed"
    ANNOTATED = "annotated"
    RENDERED = "rendered"
    REDACTED = "redacted"
    EXPORTED = "exported"
    REVIEWED = "reviewed"
    ACCESS_DENIED = "access_denied"
