"""HttpProof: ProofApi over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from videodesk.client.asker import Asker, part
from videodesk.core.vocabulary import Language
from videodesk.protocol import resources as r


class HttpProof(Asker):
    """The routes of seals, packages, reports, retention and copies."""

    async def seal_root(self) -> r.SealRoot:
        return await self._ask(r.SealRoot, "GET", "/seal/root")

    async def certify(self, body: r.CertificateIn) -> r.CertificateView:
        return await self._ask(r.CertificateView, "POST", "/seal/certificate", body)

    async def integrity(self, snapshot_id: str) -> r.SnapshotIntegrity:
        return await self._ask(r.SnapshotIntegrity, "GET", f"/snapshots/{part(snapshot_id)}/integrity")

    async def build_package(self, case_id: str, body: r.PackageIn) -> r.PackageView:
        return await self._ask(r.PackageView, "POST", f"/cases/{part(case_id)}/packages", body)

    async def package(self, package_id: str) -> r.PackageView:
        return await self._ask(r.PackageView, "GET", f"/packages/{part(package_id)}")

    async def save_package(self, package: r.PackageView, path: Path, progress: Callable[[int, int], None] | None = None) -> None:
        told = None if progress is None else lambda got: progress(got, package.size_bytes)
        await self._save(f"/packages/{part(package.id)}/file", path, package.digest, progress=told)

    async def save_report(self, case_id: str, language: Language, path: Path) -> None:
        await self._save(f"/cases/{part(case_id)}/report", path, query={"language": language.value})

    async def retention(self, case_id: str) -> r.RetentionView:
        return await self._ask(r.RetentionView, "GET", f"/cases/{part(case_id)}/retention")

    async def hold(self, case_id: str, body: r.HoldIn) -> r.RetentionView:
        return await self._ask(r.RetentionView, "PUT", f"/cases/{part(case_id)}/hold", body)

    async def release(self, case_id: str) -> r.RetentionView:
        return await self._ask(r.RetentionView, "DELETE", f"/cases/{part(case_id)}/hold")

    async def erase(self, case_id: str, body: r.ErasureIn) -> r.ErasureView:
        return await self._ask(r.ErasureView, "POST", f"/cases/{part(case_id)}/erasure", body)

    async def erasure(self, erasure_id: str) -> r.ErasureView:
        return await self._ask(r.ErasureView, "GET", f"/erasures/{part(erasure_id)}")

    async def copies(self, case_id: str) -> list[r.CopyView]:
        return await self._list(r.CopyView, f"/cases/{part(case_id)}/copies")

    async def make_copy(self, case_id: str, body: r.CopyIn) -> r.CopyView:
        return await self._ask(r.CopyView, "POST", f"/cases/{part(case_id)}/copies", body)

    async def revoke_copy(self, case_id: str, copy_id: str) -> r.CopyView:
        return await self._ask(r.CopyView, "DELETE", f"/cases/{part(case_id)}/copies/{part(copy_id)}")
