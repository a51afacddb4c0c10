"""What evidence is: an original with its facts, the marks on it, the pictures derived from it, and what happened to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple

from videodesk.core.vocabulary import CustodyAction, LocationState, ReviewState, SealKind, SnapshotMethod, StillState

MAX_ORIGINAL_BYTES: Final = 64 * 1024 * 1024
MAX_CLIP_BYTES: Final = 4 * 1024 * 1024 * 1024
MAX_PIXELS: Final = 50_000_000
MAX_DOCUMENT_BYTES: Final = 1024 * 1024
THUMBNAIL_SIDE_PX: Final = 320


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What a picture's own bytes say: its type and the size of its pixel grid (before any EXIF rotation)."""

    media_type: str
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Original:
    """One captured original of a snapshot, immutable. The first one that came in may have the snapshot's own id; a frame taken by an agent does.

    `captured_by` is a person's id, or for what the customer's page sent the invitation's. `captured_at` is the capturing side's clock,
    `stored_at` the service's. `duration_s` is a clip's, `taken_from` the clip that a `clip_frame` was picked from. `location` says what
    became of the place in the metadata of the bytes; `received_digest` is of the bytes before it was taken out (else equal to `digest`).
    `seal` is what its seal says it is (nobody checked that yet); a clip has its seal in its poster, the blob `seal_digest`.
    `leads`: its sender wanted it to stand for the snapshot. `is_readable` turns false when it could not be decoded: it is kept, and leads
    only where there is nothing else.
    """

    id: str
    snapshot_id: str
    method: SnapshotMethod
    digest: str
    received_digest: str
    media_type: str
    size_bytes: int
    width_px: int
    height_px: int
    captured_at: datetime
    captured_by: str
    stored_at: datetime
    frame_seq: int | None = None
    rtp_time: int | None = None
    codec: str = ""
    is_evidence_grade: bool = True
    location: LocationState = LocationState.NONE
    duration_s: float | None = None
    taken_from: str | None = None
    verdict: tuple[str, ...] = ()
    leads: bool = True
    is_readable: bool = True
    seal: SealKind = SealKind.NONE
    seal_digest: str = ""


@dataclass(frozen=True, slots=True)
class AwaitedStill:
    """A still that the agent asked of the customer's camera for a snapshot: since `asked_at`, by `asked_by`; `code` says why it failed."""

    snapshot_id: str
    case_id: str
    call_id: str
    asked_at: datetime
    asked_by: str
    state: StillState
    code: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What was captured at one moment: one or more originals (Original), of which one leads and stands for it.

    Method, digest, type, sizes and times here are those of the leading original (`leading`). What may change: which one leads, where it
    belongs (`checklist_item`, `caption`) and `review_state`, that of the latest decision. `is_chosen`: a person chose the leading one.
    `captured_by` is who took the snapshot, whichever original leads: the agent, or for an upload the customer (the invitation's id).
    `redact_first`: the rule of its kind of case held when it was captured (evidence/release.py); `cleared` is the original of which a
    person said that there is nothing to redact on it.
    """

    id: str
    case_id: str
    call_id: str | None
    method: SnapshotMethod
    digest: str
    media_type: str
    size_bytes: int
    width_px: int
    height_px: int
    captured_at: datetime
    captured_by: str
    stored_at: datetime
    frame_seq: int | None = None
    rtp_time: int | None = None
    codec: str = ""
    is_evidence_grade: bool = True
    checklist_item: str | None = None
    caption: str = ""
    retake_of: str | None = None
    leading: str = ""
    is_chosen: bool = False
    duration_s: float | None = None
    taken_from: str | None = None
    verdict: tuple[str, ...] = ()
    review_state: ReviewState = ReviewState.PENDING
    redact_first: bool = False
    cleared: str = ""


@dataclass(frozen=True, slots=True)
class Annotation:
    """One revision (from 1) of the marks on a snapshot; `document` follows annotation.schema."""

    snapshot_id: str
    revision: int
    document: dict[str, Any]
    made_by: str
    made_at: datetime


@dataclass(frozen=True, slots=True)
class Rendition:
    """A picture derived from one annotation revision; `has_redaction` says that pixels were destroyed in it."""

    id: str
    snapshot_id: str
    annotation_revision: int
    digest: str
    media_type: str
    size_bytes: int
    width_px: int
    height_px: int
    has_redaction: bool
    made_by: str
    made_at: datetime
    seal: SealKind = SealKind.NONE


@dataclass(frozen=True, slots=True)
class CustodyEntry:
    """One entry of the desk's custody log. `index` counts from 1 without gaps; `leaf` is what the tree holds of it, `digest` that leaf's hash.

    Case, snapshot and `data` are told beside the leaf (evidence/custody.py); of an erased case they are gone. `data` is small JSON of ids,
    digests and codes: nothing personal may ever be in it.
    """

    index: int
    at: datetime
    action: CustodyAction
    actor_id: str
    leaf: str
    digest: str
    snapshot_id: str | None = None
    case_id: str | None = None
    data: dict[str, Any] = field(default_factory=dict)


class LogRow(NamedTuple):
    """One leaf as it is stored (`number` is its index), and what is told beside it: `data` is canonical JSON, None (with the ids) when it is not there."""

    number: int
    leaf: str
    hash: str
    case_id: str | None
    snapshot_id: str | None
    data: str | None


@dataclass(frozen=True, slots=True)
class QueuePosition:
    """Where a page of the review queue ended: newest stored first, the id breaks ties."""

    stored_at: datetime
    snapshot_id: str
