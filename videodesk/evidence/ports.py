"""Ports of the evidence: where blobs, snapshots and the custody log are kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Protocol, Self

from videodesk.core.vocabulary import ReviewState
from videodesk.evidence.model import Annotation, AwaitedStill, CustodyEntry, LogRow, Original, QueuePosition, Rendition, Snapshot
from videodesk.evidence.seal_ports import TreeHead


class StagedBlob(Protocol):
    """Bytes that were received, hashed and flushed, but are not kept yet. As a context it discards itself unless kept.

    Keeping is one rename: cheap enough to do inside a writing transaction, just before its commit.
    """

    @property
    def digest(self) -> str:
        """SHA-256 of the bytes, 64 lower-case hexadecimal digits."""
        ...

    @property
    def size_bytes(self) -> int:
        """How many bytes there are."""
        ...

    def head(self, size_bytes: int) -> bytes:
        """At most the first `size_bytes` bytes."""
        ...

    def read(self) -> bytes:
        """All bytes."""
        ...

    def keep(self) -> None:
        """Make the blob durable under its digest; idempotent. Raises OutOfSpace or WorldError."""
        ...

    def discard(self) -> None:
        """Let go of it; a kept blob stays. Idempotent, never raises."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None, /,
    ) -> None: ...


class BlobStore(Protocol):
    """Content-addressed immutable bytes. A digest is 64 lower-case hexadecimal digits; anything else is Invalid("digest.malformed").

    What `keep` returned from survives the power's failure; a blob is there whole or not at all. Any thread.
    """

    def stage(self, chunks: Iterable[bytes], limit_bytes: int) -> StagedBlob:
        """Receive bytes, hashing while they stream; TooLarge("upload.too_large") past `limit_bytes`, OutOfSpace("storage.full")."""
        ...

    def put(self, data: bytes) -> str:
        """Keep `data`, return its digest; idempotent."""
        ...

    def has(self, digest: str) -> bool:
        """Whether the blob is there."""
        ...

    def size_bytes(self, digest: str) -> int:
        """Its size; NotFound("blob.unknown")."""
        ...

    def read(self, digest: str) -> bytes:
        """All of it; NotFound("blob.unknown"), WorldError("blob.damaged") when the bytes no longer have their digest."""
        ...

    def chunks(self, digest: str, start: int = 0, end: int | None = None) -> Iterator[bytes]:
        """The bytes from `start` up to but not including `end`, in pieces; NotFound("blob.unknown") at once, not at the first piece."""
        ...

    def remove(self, digest: str) -> None:
        """Take the blob away (sweeping up what no record names); nothing happens when there is none."""
        ...

    def digests(self) -> Iterator[str]:
        """Every blob's digest, in no order."""
        ...


class CaseBlobs(Protocol):
    """The blobs of all cases, each case's apart: under a key of its own at rest, and gone as one. Any thread."""

    def of_case(self, case_id: str) -> BlobStore:
        """The BlobStore of one case; cheap. Its methods raise Gone("case.erased") once the case's key was destroyed."""
        ...

    def cases(self) -> list[str]:
        """The cases of which anything may be here."""
        ...

    def remove_case(self, case_id: str) -> tuple[int, int]:
        """Remove everything of this case, also what is being received; how many files and bytes that were. Idempotent."""
        ...


class EvidenceRepository(Protocol):
    """Snapshots, annotations, renditions. A snapshot's facts are written once; see Snapshot for what may change."""

    def add_snapshot(self, snapshot: Snapshot) -> None:
        """Add; Conflict("snapshot.differs") when the id exists."""
        ...

    def snapshot(self, snapshot_id: str) -> Snapshot | None:
        """The snapshot with this id."""
        ...

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Write what may change of a snapshot: its lead and the leading original's facts, its place, who took it; NotFound("snapshot.unknown")."""
        ...

    def add_original(self, original: Original) -> None:
        """Add an original to its snapshot, which exists; Conflict("snapshot.differs") when the id exists."""
        ...

    def original(self, original_id: str) -> Original | None:
        """The original with this id."""
        ...

    def originals_of(self, snapshot_ids: Sequence[str]) -> list[Original]:
        """All originals of these snapshots, oldest first."""
        ...

    def mark_unreadable(self, original_id: str) -> None:
        """It could not be decoded; NotFound("snapshot.unknown_original")."""
        ...

    def save_awaited(self, awaited: AwaitedStill) -> None:
        """Write that a snapshot's still is awaited, or what became of it."""
        ...

    def awaited_stills(self, snapshot_ids: Sequence[str]) -> dict[str, AwaitedStill]:
        """What is known of the stills of these snapshots, which need not exist yet."""
        ...

    def awaited_of(self, case_id: str) -> list[AwaitedStill]:
        """What is known of a case's stills, oldest first."""
        ...

    def place_snapshot(self, snapshot_id: str, checklist_item: str | None, caption: str) -> None:
        """Set where it belongs; NotFound("snapshot.unknown")."""
        ...

    def set_review_state(self, snapshot_id: str, state: ReviewState) -> None:
        """Set the state of the latest decision; NotFound("snapshot.unknown")."""
        ...

    def snapshots_of(self, case_id: str) -> list[Snapshot]:
        """The case's snapshots, in the order of their capture."""
        ...

    def snapshot_counts(self, case_ids: Sequence[str]) -> dict[str, int]:
        """How many snapshots each case has; cases without any are left out."""
        ...

    def retakes_of(self, snapshot_ids: Sequence[str]) -> dict[str, str]:
        """For each snapshot that was retaken: the id of its newest retake."""
        ...

    def review_page(self, state: ReviewState | None, case_id: str | None, after: QueuePosition | None, limit: int) -> list[Snapshot]:
        """At most `limit` snapshots, newest stored first, that come after the position."""
        ...

    def review_counts(self, case_id: str | None) -> dict[ReviewState, int]:
        """How many snapshots are in each state; every state is there."""
        ...

    def add_annotation(self, annotation: Annotation) -> None:
        """Add a revision; Conflict("annotation.stale") when that revision exists."""
        ...

    def annotation(self, snapshot_id: str, revision: int | None = None) -> Annotation | None:
        """One revision, without a number the newest."""
        ...

    def annotation_revisions(self, snapshot_ids: Sequence[str]) -> dict[str, int]:
        """The newest revision of each snapshot that has any."""
        ...

    def add_rendition(self, rendition: Rendition) -> None:
        """Add; Conflict("rendition.differs") when the id exists."""
        ...

    def rendition(self, rendition_id: str) -> Rendition | None:
        """The rendition with this id."""
        ...

    def renditions_of(self, snapshot_ids: Sequence[str]) -> list[Rendition]:
        """All renditions of these snapshots, oldest revision first."""
        ...

    def thumbnail(self, digest: str) -> str | None:
        """The digest of the thumbnail made of the picture with this digest."""
        ...

    def keep_thumbnail(self, digest: str, thumbnail_digest: str) -> None:
        """Remember a thumbnail; the newest one counts."""
        ...

    def named_digests(self) -> set[str]:
        """Every digest that any record names."""
        ...

    def digests_by_case(self) -> dict[str, set[str]]:
        """The digests that the records of each case name: what sweeping must leave alone."""
        ...


class CustodyRepository(Protocol):
    """The custody log: only ever appended to. One tree for the whole desk (evidence/custody.py)."""

    def salt_of(self, case_id: str | None) -> bytes:
        """The salt of the case's entries, without a case the desk's; Gone("case.erased")."""
        ...

    def size(self) -> int:
        """How many entries there are."""
        ...

    def last(self) -> CustodyEntry | None:
        """The newest entry."""
        ...

    def append(self, entry: CustodyEntry) -> None:
        """Add the entry after the last one; Conflict("custody.not_next") for any other index, or a digest that is not its leaf's."""
        ...

    def of_case(self, case_id: str) -> list[CustodyEntry]:
        """The case's entries, oldest first."""
        ...

    def all(self) -> Iterator[CustodyEntry]:
        """Every entry of the desk, oldest first; of erased cases without case, snapshot and data."""
        ...

    def rows(self) -> Iterator[LogRow]:
        """Everything as it is stored, for checking (custody_check.check_log)."""
        ...

    def leaf_hashes(self, size: int | None = None) -> list[bytes]:
        """The hashes of the first `size` leaves, or of all."""
        ...

    def close_head(self) -> TreeHead | None:
        """Sign the log as it is now, when entries were appended since the newest head. Done once at the end of every writing transaction."""
        ...

    def heads(self) -> list[TreeHead]:
        """Every head, smallest first."""
        ...

    def head_roots(self) -> list[tuple[int, str]]:
        """Size and root of every head, smallest first."""
        ...

    def newest_head(self) -> TreeHead | None:
        """The newest one."""
        ...

    def head_of(self, size: int) -> TreeHead | None:
        """The head of this size."""
        ...

    def erase_details(self, case_id: str) -> int:
        """Take away what is told of a case's entries, after its `erased` entry was appended; how many there were. The leaves stay."""
        ...

    def missing_guards(self) -> list[str]:
        """What should keep the log from being changed and is not there."""
        ...
