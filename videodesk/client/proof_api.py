"""ProofApi: what the desktop asks of the desk service about seals, packages, reports, retention and copies. Part of DeskApi."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from videodesk.core.vocabulary import Language
from videodesk.protocol import resources as r


class ProofApi(Protocol):
    """Method by method; the route is named in each docstring (below /api/v1). As DeskApi's: engine's loop, DeskErrors."""

    # seals
    async def seal_root(self) -> r.SealRoot:
        """GET /seal/root: the desk's root certificate and its fingerprint."""
        ...

    async def certify(self, body: r.CertificateIn) -> r.CertificateView:
        """POST /seal/certificate: a sealing certificate for this desktop's own key."""
        ...

    async def integrity(self, snapshot_id: str) -> r.SnapshotIntegrity:
        """GET /snapshots/{id}/integrity: what is proven of each original, checked now."""
        ...

    # packages and reports
    async def build_package(self, case_id: str, body: r.PackageIn) -> r.PackageView:
        """POST /cases/{id}/packages: start building; the same id again gives the same package."""
        ...

    async def package(self, package_id: str) -> r.PackageView:
        """GET /packages/{id}: how far it is."""
        ...

    async def save_package(self, package: r.PackageView, path: Path, progress: Callable[[int, int], None] | None = None) -> None:
        """GET /packages/{id}/file, into a file: whole and checked against its digest, or not at all. `progress(got, of)` in bytes."""
        ...

    async def save_report(self, case_id: str, language: Language, path: Path) -> None:
        """GET /cases/{id}/report?language=, into a file: a signed PDF/A-3."""
        ...

    # keeping and erasing
    async def retention(self, case_id: str) -> r.RetentionView:
        """GET /cases/{id}/retention."""
        ...

    async def hold(self, case_id: str, body: r.HoldIn) -> r.RetentionView:
        """PUT /cases/{id}/hold: a legal hold; NotAllowed("permission.denied") for agents."""
        ...

    async def release(self, case_id: str) -> r.RetentionView:
        """DELETE /cases/{id}/hold."""
        ...

    async def erase(self, case_id: str, body: r.ErasureIn) -> r.ErasureView:
        """POST /cases/{id}/erasure: for good; the certificate of it. Conflict("case.held") while a hold stands."""
        ...

    async def erasure(self, erasure_id: str) -> r.ErasureView:
        """GET /erasures/{id}: the certificate again."""
        ...

    # the customer's copy
    async def copies(self, case_id: str) -> list[r.CopyView]:
        """GET /cases/{id}/copies: newest first, with link and texts as long as they open."""
        ...

    async def make_copy(self, case_id: str, body: r.CopyIn) -> r.CopyView:
        """POST /cases/{id}/copies; the same id again gives the same copy. Conflict("copy.no_call", "copy.no_consent")."""
        ...

    async def revoke_copy(self, case_id: str, copy_id: str) -> r.CopyView:
        """DELETE /cases/{id}/copies/{copy_id}: its link opens nothing any more."""
        ...
