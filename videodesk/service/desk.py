"""What the service is made of: the ports it needs, filled by bootstrap. Routes and sockets get it as `request.app.state.desk`."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from videodesk.calls.invitations_ports import InvitationRepository
from videodesk.calls.store_ports import CallRepository
from videodesk.cases.checklist import Checklists
from videodesk.cases.ports import CaseRepository
from videodesk.core.clock import Clock
from videodesk.core.events import Event, EventBus
from videodesk.core.people import PersonRepository
from videodesk.core.places import resources
from videodesk.core.vocabulary import Language
from videodesk.evidence.copies import CopyRepository
from videodesk.evidence.package_ports import Packer
from videodesk.evidence.ports import CaseBlobs, CustodyRepository, EvidenceRepository
from videodesk.evidence.report_ports import ReportMaker
from videodesk.evidence.retention import RetentionRepository
from videodesk.evidence.seal_ports import DeskKeys, NoSealer, Sealer, SealReader, SealVerifier, TimestampAuthority, no_seal
from videodesk.evidence.stamps import TimestampRepository
from videodesk.evidence.upload_ports import PartialUploads
from videodesk.evidence.vault_ports import CaseVault, MemoryVault
from videodesk.review.ports import ReviewRepository
from videodesk.service.looks import Looks
from videodesk.service.pictures import LimitedPictures
from videodesk.settings import Settings


class UnitOfWork(Protocol):
    """One transaction over all repositories."""

    @property
    def people(self) -> PersonRepository:
        """People and sign-ins."""
        ...

    @property
    def cases(self) -> CaseRepository:
        """Cases."""
        ...

    @property
    def invitations(self) -> InvitationRepository:
        """Invitations and consents."""
        ...

    @property
    def calls(self) -> CallRepository:
        """Calls and their chat."""
        ...

    @property
    def evidence(self) -> EvidenceRepository:
        """Snapshots, annotations, renditions."""
        ...

    @property
    def custody(self) -> CustodyRepository:
        """The custody log."""
        ...

    @property
    def reviews(self) -> ReviewRepository:
        """Decisions."""
        ...

    @property
    def copies(self) -> CopyRepository:
        """Copies for customers."""
        ...

    @property
    def timestamps(self) -> TimestampRepository:
        """Time stamps."""
        ...

    @property
    def retention(self) -> RetentionRepository:
        """Holds and certificates of erasure."""
        ...

    def emit(self, event: Event) -> None:
        """Publish `event` once this unit is committed; never when it is rolled back."""
        ...


class Store(Protocol):
    """Where units of work come from. Calls block: never in the event loop (use a worker thread)."""

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """A consistent view, rolled back at the end."""
        ...

    def write(self) -> AbstractContextManager[UnitOfWork]:
        """An exclusive writing transaction (BEGIN IMMEDIATE): committed at a clean end, rolled back when it raises.

        Raises WorldError("storage.locked") or OutOfSpace("storage.full").
        """
        ...

    def scrub(self) -> None:
        """Leave nothing on the disk of what was deleted: in no page, no index, no log. WorldError("storage.locked") when it cannot now."""
        ...

    def close(self) -> None:
        """Let go of all connections."""
        ...


@dataclass(slots=True)
class Desk:
    """The service's parts."""

    settings: Settings
    store: Store
    blobs: CaseBlobs
    uploads: PartialUploads
    bus: EventBus
    clock: Clock
    is_embedded: bool = False
    embedded_secret: str | None = None
    setup_code: str = ""
    public_url: str = ""
    # Keys the digests of spoken codes. Without one from bootstrap (storage/desk_key.py) codes end with the process.
    code_key: str = field(default_factory=lambda: secrets.token_hex(32), repr=False)
    # Children start with the first picture; whoever stops the service closes it.
    pictures: LimitedPictures = field(default_factory=LimitedPictures)
    # Without keys nothing is sealed and no certificate issued; without authorities nothing is stamped.
    keys: DeskKeys | None = None
    sealer: Sealer = field(default_factory=NoSealer)
    seal_kind: SealReader = no_seal
    verifier: SealVerifier | None = None
    authorities: tuple[TimestampAuthority, ...] = ()
    reports: ReportMaker | None = None
    vault: CaseVault = field(default_factory=MemoryVault)
    looks: Looks = field(default_factory=Looks)
    # Sets the page with measuring markers; without it there is none to print.
    marker_page: Callable[[Language], bytes] | None = None
    # Without one no packages are made.
    packer: Packer | None = None
    checklists: Checklists = field(init=False)

    def __post_init__(self) -> None:
        """Read the checklists, with the rule that the settings add to kinds of cases."""
        self.checklists = Checklists.load(resources() / "checklists", self.settings.redact_first)
