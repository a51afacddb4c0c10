"""HTTP bodies of evidence and review."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from videodesk.core.vocabulary import (
    CustodyAction,
    LocationState,
    ReleaseState,
    ReviewDecision,
    ReviewState,
    SealKind,
    SnapshotMethod,
    StillState,
)
from videodesk.protocol.fields import Digest, Line, Moment, Text
from videodesk.protocol.messages import Id, StillMethod, Wire

Verdict = Annotated[list[Literal["blurred", "too_dark", "glare", "too_small"]], Field(max_length=4)]


class SnapshotMeta(Wire):
    """What is known of an original at capture. Goes as the JSON part `metadata` beside the part `original` (the bytes).

    `leads`: this original should stand for its snapshot (a person's own choice, a mark or a decision comes before that). `duration_s`
    is a clip's; `taken_from` the clip that a `clip_frame` was picked from. `verdict` is what the capture's own check found.
    """

    case_id: Id
    call_id: Id | None = None
    method: SnapshotMethod
    digest: Digest
    media_type: Literal["image/jpeg", "image/png", "video/webm", "video/mp4"]
    width_px: Annotated[int, Field(ge=1, le=16384)]
    height_px: Annotated[int, Field(ge=1, le=16384)]
    captured_at: Moment
    leads: bool = True
    duration_s: Annotated[float, Field(gt=0, le=86_400)] | None = None
    taken_from: Id | None = None
    verdict: Verdict = []
    frame_seq: Annotated[int, Field(ge=0, lt=2**53)] | None = None
    rtp_time: Annotated[int, Field(ge=0, lt=2**32)] | None = None
    codec: Line = ""
    is_evidence_grade: bool = True
    checklist_item: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")] | None = None
    retake_of: Id | None = None


class StillMeta(Wire):
    """What the customer's page knows of a still. The bytes were uploaded before as `upload_id`; `digest` is their SHA-256 as the page sent them.

    The media type and the size in pixels are what the service finds in the bytes.
    """

    call_id: Id
    snapshot_id: Id
    upload_id: Id
    method: StillMethod
    digest: Digest
    captured_at: Moment


class OriginalView(Wire):
    """One original of a snapshot; the agent's first one has the snapshot's id. `is_readable` turns false when it could not be decoded.

    `width_px` and `height_px` are of the pixel grid as it is stored, before any rotation that EXIF asks for.
    """

    id: Id
    method: SnapshotMethod
    digest: Digest
    media_type: str
    size_bytes: int
    width_px: int
    height_px: int
    captured_at: datetime
    captured_by: Id
    stored_at: datetime
    frame_seq: int | None = None
    rtp_time: int | None = None
    codec: str = ""
    is_evidence_grade: bool = True
    location: LocationState = LocationState.NONE
    duration_s: float | None = None
    verdict: list[str] = []
    is_readable: bool = True
    seal: SealKind = SealKind.NONE


class SnapshotPatch(Wire):
    """Where a snapshot belongs; null takes it off its item. `leading`: the original that stands for it from now on."""

    leading: Id | None = None
    checklist_item: Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")] | None = None
    caption: Line | None = None


class RenditionView(Wire):
    """A derived picture of one annotation revision."""

    id: Id
    snapshot_id: Id
    annotation_revision: int
    digest: Digest
    media_type: str
    width_px: int
    height_px: int
    has_redaction: bool
    made_by: Id
    made_at: datetime


class DecisionView(Wire):
    """A supervisor's decision."""

    id: Id
    snapshot_id: Id
    decision: ReviewDecision
    reason: str
    comment: str
    decided_by: Id
    decided_by_name: str
    at: datetime


class SnapshotView(Wire):
    """A snapshot in the case record. `retaken_by`: the newest snapshot that was taken in its stead.

    Method, digest, type, sizes, times and verdict are those of its leading original, which `leading` names among `originals` (oldest
    first). `still` says whether the customer's camera owes one.
    """

    id: Id
    case_id: Id
    case_number: str
    call_id: Id | None
    method: SnapshotMethod
    digest: Digest
    media_type: str
    size_bytes: int
    width_px: int
    height_px: int
    captured_at: datetime
    captured_by: Id
    captured_by_name: str
    stored_at: datetime
    frame_seq: int | None
    rtp_time: int | None
    codec: str
    is_evidence_grade: bool
    checklist_item: str | None
    caption: str
    retake_of: Id | None
    retaken_by: Id | None = None
    leading: Id
    originals: list[OriginalView] = []
    still: StillState = StillState.NONE
    duration_s: float | None = None
    taken_from: Id | None = None
    verdict: list[str] = []
    review_state: ReviewState
    annotation_revision: int = 0
    rendition: RenditionView | None = None
    decisions: list[DecisionView] = []
    release: ReleaseState = ReleaseState.OPEN


class ReleaseIn(Wire):
    """There is nothing to redact on this original: others may see the snapshot as it is."""

    original_id: Id


class SnapshotList(Wire):
    """Snapshots, oldest first."""

    items: list[SnapshotView]


class AnnotationIn(Wire):
    """A new revision of the marks on a snapshot: `document` follows annotation/schema. `base_revision` is the one it was made from.

    `original_id` names the original that was drawn on; without it, the one that leads now. It leads from then on.
    """

    original_id: Id | None = None
    base_revision: Annotated[int, Field(ge=0)]
    document: dict[str, Any]


class AnnotationView(Wire):
    """One revision of the marks."""

    snapshot_id: Id
    revision: int
    document: dict[str, Any]
    made_by: Id
    made_at: datetime


class RenditionMeta(Wire):
    """What a rendition is of. Goes as JSON part `metadata` beside the part `picture`."""

    annotation_revision: Annotated[int, Field(ge=1)]
    digest: Digest
    media_type: Literal["image/jpeg", "image/png"]
    has_redaction: bool


class DecisionIn(Wire):
    """A decision; retake requested needs a comment (words for the agent), rejected a reason. `id` is made by the sender.

    `original_id` is the original that was looked at; 409 review.other_original when another one leads by now.
    """

    id: Id
    decision: ReviewDecision
    reason: Line = ""
    comment: Text = ""
    original_id: Id | None = None


class ReviewQueue(Wire):
    """Snapshots for the contact sheet, newest first, with counts per state."""

    items: list[SnapshotView]
    counts: dict[ReviewState, int]
    next_cursor: str | None = None


class CustodyEntryView(Wire):
    """One custody entry. `leaf` is the text that the log's tree holds of it, `digest` its hash: SHA-256 of a zero byte and the leaf."""

    index: int
    at: datetime
    action: CustodyAction
    actor_id: str
    snapshot_id: Id | None = None
    case_id: Id | None = None
    data: dict[str, Any] = {}
    leaf: str
    digest: str


class CustodyLog(Wire):
    """The custody entries of a case."""

    items: list[CustodyEntryView]
