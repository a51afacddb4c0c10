"""Ports of sealing: who signs what was captured, who checks it, who says when. Implemented by sealing/, and by fakes.

A seal is a C2PA manifest inside the picture's own file: the sealed file is the original, and its SHA-256 the original's digest. Taking
the manifest out of a sealed JPEG gives back exactly the bytes that were sealed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from videodesk.core.vocabulary import LocationState, SealKind, SealVerdict, SnapshotMethod


@dataclass(frozen=True, slots=True)
class CaptureFacts:
    """What a seal says of an original. Ids are random UUIDs: nothing personal may be in a seal, it can never be taken back.

    `consent_digest` is calls.invitations_model.consent_digest of the answer that counted; `received_digest` is of the bytes as the
    customer's page sent them, before a place was taken out of them (empty: the same as the sealed bytes without their seal).
    `content_digest` is set for a clip: the SHA-256 of the video's own file, whose poster is what carries the seal.
    """

    original_id: str
    snapshot_id: str
    case_id: str
    call_id: str | None
    method: SnapshotMethod
    captured_at: datetime
    width_px: int
    height_px: int
    frame_seq: int | None = None
    rtp_time: int | None = None
    codec: str = ""
    is_evidence_grade: bool = True
    consent_digest: str = ""
    received_digest: str = ""
    location: LocationState = LocationState.NONE
    taken_from: str | None = None
    duration_s: float | None = None
    content_digest: str = ""
    content_media_type: str = ""


@dataclass(frozen=True, slots=True)
class RenditionFacts:
    """What a seal says of a rendition: of which annotation revision it is, and which kinds of marks were drawn (annotation.marks).

    `is_cropped` and `turns` (quarters clockwise) say how the original was framed.
    """

    rendition_id: str
    snapshot_id: str
    case_id: str
    annotation_revision: int
    has_redaction: bool
    mark_kinds: tuple[str, ...]
    made_at: datetime
    is_cropped: bool = False
    turns: int = 0


class Sealer(Protocol):
    """Signs pictures (image/jpeg, image/png, image/webp). Any thread; some milliseconds; never asks the network.

    Raises WorldError("seal.failed") when it cannot sign: the caller keeps the picture without a seal and says so.
    """

    @property
    def is_ready(self) -> bool:
        """Whether there is a key and a certificate to sign with; without, pictures come back as they went in."""
        ...

    @property
    def certificate_fingerprint(self) -> str:
        """SHA-256 of the signing certificate (DER), 64 lower-case hexadecimal digits; empty when not ready."""
        ...

    def seal_capture(self, picture: bytes, media_type: str, facts: CaptureFacts) -> bytes:
        """`picture`, which our own decoder or the customer's page in this call made, as a C2PA asset (`c2pa.created`)."""
        ...

    def seal_opened(self, picture: bytes, media_type: str, facts: CaptureFacts) -> bytes:
        """A file that somebody chose, whose making nobody here saw (`c2pa.opened`, the file itself as ingredient)."""
        ...

    def seal_rendition(self, picture: bytes, media_type: str, parent: bytes, parent_media_type: str, facts: RenditionFacts) -> bytes:
        """A picture derived from the sealed original `parent`, with it as parent ingredient (its manifest, none of its pixels).

        WorldError("seal.parent_unsealed") when this desk did not seal the parent: then the picture is kept without a seal too.
        """
        ...


SealReader = Callable[[bytes], SealKind]
"""What a picture's seal says it is, by a cheap look at its bytes: nothing is verified. Never raises."""


def no_seal(_picture: bytes) -> SealKind:
    """A SealReader that finds none."""
    return SealKind.NONE


class NoSealer:
    """A Sealer without a key."""

    is_ready = False
    certificate_fingerprint = ""

    def seal_capture(self, picture: bytes, media_type: str, facts: CaptureFacts) -> bytes:  # noqa: ARG002 - the port's
        """As it is."""
        return picture

    def seal_opened(self, picture: bytes, media_type: str, facts: CaptureFacts) -> bytes:  # noqa: ARG002 - the port's
        """As it is."""
        return picture

    def seal_rendition(
        self, picture: bytes, media_type: str, parent: bytes, parent_media_type: str, facts: RenditionFacts,  # noqa: ARG002 - the port's
    ) -> bytes:
        """As it is."""
        return picture


class DeskKeys(Protocol):
    """The desk's own keys: a root (CA), one that seals, one that signs the custody log. No private key ever leaves it. Any thread."""

    @property
    def root_pem(self) -> str:
        """The root's certificate."""
        ...

    @property
    def root_fingerprint(self) -> str:
        """SHA-256 of the root's certificate (DER), 64 lower-case hexadecimal digits: what outsiders pin."""
        ...

    @property
    def seal_chain_pem(self) -> str:
        """The sealing certificate and what is between it and the root (the root itself is last)."""
        ...

    @property
    def log_chain_pem(self) -> str:
        """The custody log's certificate, likewise."""
        ...

    @property
    def log_chains_pem(self) -> tuple[str, ...]:
        """The same of every certificate that ever signed this desk's custody log, the one in use first: heads outlive a rotation."""
        ...

    def sealer(self) -> Sealer:
        """Seals with the desk's own sealing key (the service: stills, photos)."""
        ...

    def issue(self, csr_pem: str, station_id: str, now: datetime) -> str:
        """A sealing certificate for another station's key (its chain, PEM). Invalid("seal.csr_invalid"), WorldError("seal.no_ca")."""
        ...

    def sign_log(self, data: bytes) -> bytes:
        """ECDSA P-256 over SHA-256, DER: what `openssl dgst -sha256 -verify` takes."""
        ...

    def sign_log_again(self, data: bytes, signature: bytes) -> bytes:
        """The signature as it is; when an earlier log key of this desk made it, one over the same data by the key in use."""
        ...

    def sign_seal(self, data: bytes) -> bytes:
        """The same by the sealing key: for packages."""
        ...


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict on one file. `reasons` are codes with parameters, `reason.code` in resources/i18n/*/verify.json, the weightiest first."""

    file: str
    verdict: SealVerdict
    reasons: tuple[tuple[str, dict[str, str]], ...] = ()
    facts: dict[str, str] | None = None


class SealVerifier(Protocol):
    """Checks files against pinned roots. Any thread; never asks the network."""

    def check_picture(self, name: str, data: bytes) -> Checked:
        """One picture by its own seal."""
        ...


@dataclass(frozen=True, slots=True)
class Stamp:
    """An RFC 3161 token (DER, a whole TimeStampResp) over `digest` (SHA-256). `stamped_at` is the authority's own time."""

    digest: str
    authority: str
    token: bytes
    stamped_at: datetime


class TimestampAuthority(Protocol):
    """Says that something existed at a time. Blocks, at most some seconds: never in a capture's path."""

    @property
    def name(self) -> str:
        """Its address."""
        ...

    def stamp(self, digest: str) -> Stamp:
        """A token over this SHA-256, checked. WorldError("timestamp.unreachable", "timestamp.refused", "timestamp.invalid")."""
        ...


@dataclass(frozen=True, slots=True)
class TreeHead:
    """The custody log at one size: its RFC 6962 root (64 hexadecimal digits), when it was signed, and the log key's signature (DER).

    Signed are `bytes_of_head`; their SHA-256 is what gets a time stamp.
    """

    size: int
    root: str
    at: datetime
    signature: bytes


@dataclass(frozen=True, slots=True)
class Inclusion:
    """That one entry is in the log of a head: its index (from 1), its leaf's canonical bytes, the path to the root (RFC 6962 2.1.1)."""

    index: int
    leaf: str
    path: Sequence[str]
    head: TreeHead
