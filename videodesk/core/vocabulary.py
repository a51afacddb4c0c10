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
    RECORDING = "recording"
    LOCATION = "location"


class SnapshotMethod(StrEnum):
    """How an original was captured.

    Of the received video: `frame` (the one on screen at the key press), `sharpest` (one near it), `rewound` (picked from the ring),
    `clip` (the video itself), `clip_frame` (picked from a clip). By the customer's camera at its full size: `take_photo`
    (ImageCapture.takePhoto), `full_frame` (the track at its largest size), `native_camera` (the phone's own camera app). `upload`: a
    photo that the customer chose.
    """

    FRAME = "frame"
    SHARPEST = "sharpest"
    REWOUND = "rewound"
    CLIP = "clip"
    CLIP_FRAME = "clip_frame"
    TAKE_PHOTO = "take_photo"
    FULL_FRAME = "full_frame"
    NATIVE_CAMERA = "native_camera"
    UPLOAD = "upload"

    @property
    def is_still(self) -> bool:
        """Whether the customer's camera made it beside the video."""
        return self in {SnapshotMethod.TAKE_PHOTO, SnapshotMethod.FULL_FRAME, SnapshotMethod.NATIVE_CAMERA}

    @property
    def is_from_video(self) -> bool:
        """Whether it is a frame of the received video."""
        return self in {SnapshotMethod.FRAME, SnapshotMethod.SHARPEST, SnapshotMethod.REWOUND, SnapshotMethod.CLIP_FRAME}


class StillState(StrEnum):
    """Whether the customer's camera owes a snapshot a full-resolution still."""

    NONE = "none"
    AWAITED = "awaited"
    ARRIVED = "arrived"
    FAILED = "failed"


class LocationState(StrEnum):
    """What became of the place where a picture was taken, in its metadata: there was none, consent keeps it, or it was taken out."""

    NONE = "none"
    KEPT = "kept"
    STRIPPED = "stripped"


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
    CHOSEN = "chosen"
    VIEWED = "viewed"
    ANNOTATED = "annotated"
    RENDERED = "rendered"
    REDACTED = "redacted"
    CLEARED = "cleared"
    EXPORTED = "exported"
    PRINTED = "printed"
    SHARED = "shared"
    REVIEWED = "reviewed"
    HOLD_SET = "hold_set"
    HOLD_RELEASED = "hold_released"
    ERASED = "erased"
    ACCESS_DENIED = "access_denied"


class ReleaseState(StrEnum):
    """Whether others than the agents of its case may see a snapshot. For kinds of cases without the rule it is open.

    `held`: nothing of it yet; `redacted`: only its redacted rendition; `cleared`: all, a person said that there is nothing to redact.
    """

    OPEN = "open"
    HELD = "held"
    REDACTED = "redacted"
    CLEARED = "cleared"


class SealKind(StrEnum):
    """What a seal vouches for: a capture of this call, a file whose making nobody here saw, a derived picture; or there is none."""

    NONE = "none"
    CAPTURE = "capture"
    OPENED = "opened"
    RENDITION = "rendition"


class SealVerdict(StrEnum):
    """What an outsider may conclude about a file. Only the first two are good."""

    GENUINE = "genuine"
    GENUINE_RENDITION = "genuine-rendition"
    ALTERED = "altered"
    FOREIGN_SEAL = "foreign-seal"
    NO_SEAL = "no-seal"
    INCOMPLETE = "incomplete"
    UNCHECKABLE = "uncheckable"

    @property
    def is_good(self) -> bool:
        """Whether nothing speaks against the file."""
        return self in {SealVerdict.GENUINE, SealVerdict.GENUINE_RENDITION}


class RetentionClass(StrEnum):
    """How long a case is kept after it was closed; the days are settings."""

    CLAIM = "claim"
    ADVICE = "advice"
    SHORT = "short"


class PackageState(StrEnum):
    """How far the building of an evidence package is."""

    BUILDING = "building"
    READY = "ready"
    FAILED = "failed"
