"""HTTP bodies of seals, packages, retention and copies."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from videodesk.core.vocabulary import Language, PackageState, RetentionClass, SealKind, SealVerdict
from videodesk.protocol.fields import Digest, Line
from videodesk.protocol.messages import Id, Wire

Pem = Annotated[str, StringConstraints(min_length=64, max_length=16_384)]


class SealRoot(Wire):
    """The desk's root certificate, and its SHA-256 (of the DER): what outsiders pin."""

    root_pem: str
    fingerprint: Digest


class CertificateIn(Wire):
    """A certificate request (PKCS#10, PEM, P-256) of a desktop that wants to seal; `station_id` is its own random id."""

    csr_pem: Pem
    station_id: Id


class CertificateView(Wire):
    """The sealing certificate with its chain up to the root (PEM)."""

    chain_pem: str
    fingerprint: Digest
    expires_at: datetime


class Reason(Wire):
    """Why a verdict: a code of verify.json (`reason.<code>`) with its parameters."""

    code: str
    params: dict[str, str] = {}


class OriginalIntegrity(Wire):
    """What is proven of one original: by its seal, by the custody log, by a time stamp.

    `covered_at` is the time stamp authority's own time on the first stamped head that covers the original's entry; `late_s` how much
    later than the capture's clock that is (over 60 s: `is_late`). None as long as there is none.
    """

    original_id: Id
    digest: Digest
    seal: SealKind
    verdict: SealVerdict
    reasons: list[Reason] = []
    sealed_by: str = ""
    captured_at: datetime
    log_index: int | None = None
    covered_at: datetime | None = None
    authority: str = ""
    late_s: float | None = None
    is_late: bool = False


class SnapshotIntegrity(Wire):
    """The integrity panel of one snapshot, leading original first. `log_is_intact`: the desk's whole custody log, checked now.

    `can_stamp`: the desk has a time stamp authority, so that what has no stamp yet will get one.
    """

    snapshot_id: Id
    originals: list[OriginalIntegrity]
    log_is_intact: bool
    log_size: int
    root_fingerprint: str = ""
    can_stamp: bool = True


class PackageIn(Wire):
    """Build an evidence package. `is_outside_copy`: nothing in it shows what a redaction hides (originals of redacted snapshots stay here)."""

    id: Id
    language: Language = Language.NL
    is_outside_copy: bool = False


class PackageView(Wire):
    """A package and how far its building is: `done` of `total` files, `step` a code of verify.json (`package.step.<code>`)."""

    id: Id
    case_id: Id
    state: PackageState
    step: str = ""
    done: int = 0
    total: int = 0
    size_bytes: int = 0
    digest: str = ""
    file_name: str = ""
    code: str = ""
    made_at: datetime | None = None


class RetentionView(Wire):
    """How long a case is kept. `erase_after` is None while it is open or held; `erased_at` is set once it is gone."""

    case_id: Id
    retention_class: RetentionClass
    days: int
    closed_at: datetime | None = None
    erase_after: datetime | None = None
    is_held: bool = False
    hold_reason: str = ""
    held_by_name: str = ""
    held_at: datetime | None = None
    erased_at: datetime | None = None


class HoldIn(Wire):
    """Set a legal hold, with its reason."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ErasureIn(Wire):
    """Erase a case for good. `case_number` must be typed by the person: it confirms which one."""

    case_number: Line
    reason: Annotated[str, StringConstraints(min_length=1, max_length=200)]


class ErasureView(Wire):
    """The certificate of erasure: counts and times, nothing personal; `backups` names where copies may still lie, and until when."""

    id: Id
    case_id: Id
    case_number: str
    erased_at: datetime
    erased_by_name: str
    reason: str
    log_index: int
    files: int
    size_bytes: int
    rows: int
    backups: list[str] = []


class CopyIn(Wire):
    """Make the customer's copy of one call (None: the newest one with consent to pictures)."""

    id: Id
    call_id: Id | None = None


class CopyText(Wire):
    """The words of an e-mail that brings the link."""

    subject: str
    body: str


class CopyView(Wire):
    """The customer's copy of one call's pictures. `link` and `texts` are there as long as it opens; the token in it is nowhere stored."""

    id: Id
    case_id: Id
    call_id: Id | None = None
    link: str = ""
    texts: dict[Language, CopyText] = {}
    made_at: datetime | None = None
    made_by_name: str = ""
    expires_at: datetime
    revoked_at: datetime | None = None
    opened_at: datetime | None = None
    pictures: Annotated[int, Field(ge=0)] = 0


class CopyKey(Wire):
    """The token of a copy's link."""

    token: Annotated[str, StringConstraints(min_length=16, max_length=128)]


class CopyPicture(Wire):
    """One picture of the copy. `is_redacted`: what is given is the picture in which something was made unreadable. `file` is its address."""

    id: Id
    title: dict[Language, str] = {}
    captured_at: datetime
    media_type: str
    width_px: int
    height_px: int
    duration_s: float | None = None
    size_bytes: int
    is_redacted: bool = False
    is_sealed: bool = False
    preview: str
    file: str
    file_name: str


class CopyOpened(Wire):
    """What the link opens: the pictures, and the ZIP with the verifier (`archive` is its address; empty while there is none)."""

    id: Id
    case_number: str
    language: Language
    expires_at: datetime
    taken_on: datetime | None = None
    agent_name: str = ""
    desk_name: str = ""
    phone_number: str = ""
    pictures: list[CopyPicture]
    archive: str = ""
    archive_name: str = ""
    root_fingerprint: str = ""
