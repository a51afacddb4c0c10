"""The part of FakeDeskApi that seals, packs, keeps, erases and copies: a whole desk's answers in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from videodesk.core.clock import HandClock
from videodesk.core.errors import Conflict, Gone, Invalid, NotAllowed, NotFound
from videodesk.core.ids import new_id
from videodesk.core.people import Role
from videodesk.core.vocabulary import Language, PackageState, RetentionClass, SealKind, SealVerdict
from videodesk.protocol import resources as r

ROOT = "3f7a91c0" * 8
AUTHORITY = "https://tijd.voorbeeld.nl/tsr"
PDF = b"%PDF-1.7 a report"
ZIP = b"PK\x03\x04 a package"


class FakeProof:
    """Mixed into FakeDeskApi. `package_steps`: the states a package goes through, one at each asking; `integrity_of` overrides answers."""

    clock: HandClock
    person: r.PersonView
    cases_by_id: dict[str, r.CaseView]
    snapshots_by_id: dict[str, r.SnapshotView]

    def __init__(self) -> None:
        self.integrity_of: dict[str, r.SnapshotIntegrity] = {}
        self.packages_by_id: dict[str, r.PackageView] = {}
        self.package_steps: list[dict[str, Any]] = []
        self.packages_asked: list[r.PackageIn] = []
        self.reports_asked: list[Language] = []
        self.holds: dict[str, r.RetentionView] = {}
        self.erasures: dict[str, r.ErasureView] = {}
        self.copies_by_id: dict[str, r.CopyView] = {}

    def _enter(self, name: str) -> None:
        raise NotImplementedError

    def _case(self, case_id: str) -> r.CaseView:
        raise NotImplementedError

    def _snapshot(self, snapshot_id: str) -> r.SnapshotView:
        raise NotImplementedError

    # seals
    async def seal_root(self) -> r.SealRoot:
        self._enter("seal_root")
        return r.SealRoot(root_pem="-----BEGIN CERTIFICATE-----\n" + "A" * 64 + "\n-----END CERTIFICATE-----\n", fingerprint=ROOT)

    async def certify(self, body: r.CertificateIn) -> r.CertificateView:
        self._enter("certify")
        return r.CertificateView(chain_pem=body.csr_pem, fingerprint="ab" * 32, expires_at=self.clock.now() + timedelta(days=5_475))

    async def integrity(self, snapshot_id: str) -> r.SnapshotIntegrity:
        self._enter("integrity")
        found = self._snapshot(snapshot_id)
        return self.integrity_of.get(snapshot_id) or self.proven(found)

    def proven(self, snapshot: r.SnapshotView, **changes: Any) -> r.SnapshotIntegrity:
        """All well: sealed, logged, stamped. `changes` are of each original's answer."""
        ordered = sorted(snapshot.originals, key=lambda one: one.id != snapshot.leading)
        originals = []
        for index, one in enumerate(ordered):
            is_sealed = one.seal is not SealKind.NONE
            verdict = SealVerdict.GENUINE if is_sealed else SealVerdict.NO_SEAL
            values: dict[str, Any] = {
                "original_id": one.id, "digest": one.digest, "seal": one.seal, "verdict": verdict,
                "sealed_by": "Videodesk Loket Utrecht" if is_sealed else "", "captured_at": one.captured_at, "log_index": 41 + index,
                "covered_at": one.captured_at + timedelta(seconds=12), "authority": AUTHORITY, "late_s": 12.0}
            originals.append(r.OriginalIntegrity(**{**values, **changes}))
        return r.SnapshotIntegrity(snapshot_id=snapshot.id, originals=originals, log_is_intact=True, log_size=57, root_fingerprint=ROOT)

    # packages and reports
    async def build_package(self, case_id: str, body: r.PackageIn) -> r.PackageView:
        self._enter("build_package")
        case = self._case(case_id)
        self.packages_asked.append(body)
        if body.id not in self.packages_by_id:
            self.packages_by_id[body.id] = r.PackageView(id=body.id, case_id=case.id, state=PackageState.BUILDING, step="collecting")
        return self.packages_by_id[body.id]

    async def package(self, package_id: str) -> r.PackageView:
        self._enter("package")
        if package_id not in self.packages_by_id:
            raise NotFound("package.unknown")
        before = self.packages_by_id[package_id]
        ready = {"state": PackageState.READY, "step": "", "done": 9, "total": 9, "size_bytes": len(ZIP), "digest": hashlib.sha256(ZIP).hexdigest(),
                 "file_name": f"{self._case(before.case_id).number}.zip", "made_at": self.clock.now()}
        self.packages_by_id[package_id] = before.model_copy(update=self.package_steps.pop(0) if self.package_steps else ready)
        return self.packages_by_id[package_id]

    async def save_package(self, package: r.PackageView, path: Path, progress: Callable[[int, int], None] | None = None) -> None:
        self._enter("save_package")
        path.write_bytes(ZIP)
        if progress is not None:
            progress(len(ZIP), package.size_bytes)

    async def save_report(self, case_id: str, language: Language, path: Path) -> None:
        self._enter("save_report")
        self._case(case_id)
        self.reports_asked.append(language)
        path.write_bytes(PDF)

    # keeping and erasing
    async def retention(self, case_id: str) -> r.RetentionView:
        self._enter("retention")
        case = self._case(case_id)
        return self.holds.setdefault(case.id, r.RetentionView(case_id=case.id, retention_class=RetentionClass.CLAIM, days=2_555))

    def closed(self, case_id: str, at: datetime) -> None:
        """The case was closed then: its days are counted from there."""
        view = r.RetentionView(case_id=case_id, retention_class=RetentionClass.CLAIM, days=2_555, closed_at=at,
                               erase_after=at + timedelta(days=2_555))
        self.holds[case_id] = view

    def _must(self) -> None:
        if Role.SUPERVISOR not in self.person.roles:
            raise NotAllowed("permission.denied", action="retention.hold")

    async def hold(self, case_id: str, body: r.HoldIn) -> r.RetentionView:
        self._enter("hold")
        self._must()
        before = await self.retention(case_id)
        self.holds[before.case_id] = before.model_copy(update={
            "is_held": True, "hold_reason": body.reason, "held_by_name": self.person.display_name, "held_at": self.clock.now(),
            "erase_after": None})
        return self.holds[before.case_id]

    async def release(self, case_id: str) -> r.RetentionView:
        self._enter("release")
        self._must()
        before = await self.retention(case_id)
        after = None if before.closed_at is None else before.closed_at + timedelta(days=before.days)
        self.holds[before.case_id] = before.model_copy(update={
            "is_held": False, "hold_reason": "", "held_by_name": "", "held_at": None, "erase_after": after})
        return self.holds[before.case_id]

    async def erase(self, case_id: str, body: r.ErasureIn) -> r.ErasureView:
        self._enter("erase")
        self._must()
        case = self._case(case_id)
        if (await self.retention(case.id)).is_held:
            raise Conflict("case.held")
        if body.case_number != case.number:
            raise Invalid("erasure.number_mismatch")
        pictures = [one.id for one in self.snapshots_by_id.values() if one.case_id == case.id]
        made = r.ErasureView(id=new_id(self.clock.now()), case_id=case.id, case_number=case.number, erased_at=self.clock.now(),
                             erased_by_name=self.person.display_name, reason=body.reason, log_index=58, files=len(pictures) * 2,
                             size_bytes=len(pictures) * 240_000, rows=37, backups=["Nachtelijke back-up, tot 30 dagen hierna"])
        for snapshot_id in pictures:
            del self.snapshots_by_id[snapshot_id]
        self.holds[case.id] = self.holds[case.id].model_copy(update={"erased_at": made.erased_at, "erase_after": None})
        self.erasures[made.id] = made
        return made

    async def erasure(self, erasure_id: str) -> r.ErasureView:
        self._enter("erasure")
        if erasure_id not in self.erasures:
            raise NotFound("erasure.unknown")
        return self.erasures[erasure_id]

    # the customer's copy
    async def copies(self, case_id: str) -> list[r.CopyView]:
        self._enter("copies")
        found = [one for one in self.copies_by_id.values() if one.case_id == self._case(case_id).id]
        return found[::-1]

    async def make_copy(self, case_id: str, body: r.CopyIn) -> r.CopyView:
        self._enter("make_copy")
        case = self._case(case_id)
        if body.id in self.copies_by_id:
            return self.copies_by_id[body.id]
        link = "https://desk.example.nl/copy#" + "Zk3pR8wL" * 5
        texts = {Language.NL: r.CopyText(subject="Uw foto's", body=f"Beste Fatima,\n\nHier zijn de foto's van ons gesprek:\n{link}\n"),
                 Language.EN: r.CopyText(subject="Your photos", body=f"Dear Fatima,\n\nHere are the photos of our call:\n{link}\n")}
        pictures = sum(1 for one in self.snapshots_by_id.values() if one.case_id == case.id)
        made = r.CopyView(id=body.id, case_id=case.id, call_id=body.call_id, link=link, texts=texts, made_at=self.clock.now(),
                          made_by_name=self.person.display_name, expires_at=self.clock.now() + timedelta(days=30), pictures=pictures)
        self.copies_by_id[made.id] = made
        return made

    async def revoke_copy(self, case_id: str, copy_id: str) -> r.CopyView:
        self._enter("revoke_copy")
        if copy_id not in self.copies_by_id:
            raise NotFound("copy.unknown")
        before = self.copies_by_id[copy_id]
        if before.case_id != self._case(case_id).id:
            raise Gone("copy.unknown")
        self.copies_by_id[copy_id] = before.model_copy(update={"revoked_at": self.clock.now(), "link": "", "texts": {}})
        return self.copies_by_id[copy_id]
