"""A real desk with a sealed case: frames, a chosen photo, marks with an arrow, a redaction with its rendition, and packages of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.sealing import authority
from tests.sealing.keys import desk_keys, picture
from tests.service.evidence_desk import EvidenceDesk, sha
from videodesk.calls.invitations_model import consent_digest
from videodesk.core.ids import new_id
from videodesk.core.people import Principal, Role
from videodesk.core.vocabulary import SnapshotMethod
from videodesk.evidence.seal_ports import CaptureFacts, RenditionFacts, Stamp
from videodesk.protocol.resources import PackageIn
from videodesk.sealing.embedded import seal_kind
from videodesk.sealing.packer import BagPacker
from videodesk.sealing.pins import pins_of
from videodesk.sealing.report import TypstReport
from videodesk.sealing.timestamp import checked, request_for
from videodesk.sealing.verifier import Verifier
from videodesk.service.packages import export_package
from videodesk.service.stamping import Stamping

SASKIA = Principal("1f6e6c2e-54f1-4f0a-9d5c-3b6c0f6d8a99", frozenset({Role.SUPERVISOR}), "Saskia")


class SealedCase:
    """A desk in `folder` whose case is filled; `package` writes one."""

    def __init__(self, folder: Path, *, make_page: Any = None, is_reported: bool = False) -> None:
        self.folder = folder
        self.desk = EvidenceDesk(folder)
        self.clock = self.desk.clock
        self.keys = desk_keys(folder, now=self.clock.now())
        self.sealer = self.keys.sealer()
        self.desk.desk.keys = self.keys
        self.desk.desk.sealer = self.sealer
        self.desk.desk.packer = BagPacker(self.keys, make_page)
        if is_reported:
            self.desk.desk.reports = TypstReport(self.keys)
        self.verifier = Verifier(pins_of(self.keys.root_pem), self.clock)
        self.desk.desk.verifier = self.verifier
        self.desk.desk.seal_kind = seal_kind
        self.desk.store._sign_head = self.keys.sign_log
        with self.desk.store.read() as uow:
            (consent,) = uow.invitations.consents(self.desk.invitation_id)
        self._consent = consent_digest(consent)
        self.snapshots: dict[str, str] = {}
        self._fill()

    def close(self) -> None:
        self.desk.close()

    def package(self, out: Path, **wishes: Any) -> Path:
        body = PackageIn(id=new_id(), **wishes)
        export_package(self.desk.desk, SASKIA, self.desk.case_id, body, out, lambda _step, _done, _total: None)
        return out

    def stamp(self) -> None:
        """Real tokens of the tests' authority on what wants one, half a minute later."""
        self.clock.advance(30)
        clock = self.clock

        class Authority:
            name = "https://tsa.example.nl/tsr"

            def stamp(self, digest: str) -> Stamp:
                token = authority.answer_to(request_for(bytes.fromhex(digest), 7), at=clock.now())
                return Stamp(digest, self.name, token, checked(token, digest, [authority.root()]))

        roots = self.folder / "tsa.pem"
        roots.write_text(authority.root_pem())
        self.desk.desk.settings = self.desk.desk.settings.model_copy(update={"tsa_roots": roots})
        self.desk.desk.authorities = (Authority(),)
        Stamping(self.desk.desk).step()

    def _fill(self) -> None:
        self.add("overview", size=(160, 120), seed=1)
        first = self.add("label", size=(160, 120), seed=2)
        self.add("damage", size=(96, 64), seed=3, media_type="image/png")
        self.add("photo", size=(96, 64), seed=4, method=SnapshotMethod.UPLOAD, is_opened=True)
        self.mark("label", first, "redaction", seed=5)

    def add(
        self, name: str, *, size: tuple[int, int], seed: int, media_type: str = "image/jpeg", method: SnapshotMethod = SnapshotMethod.FRAME,
        is_opened: bool = False,
    ) -> bytes:
        """One snapshot; the sealed bytes."""
        snapshot_id = self.snapshots[name] = new_id()
        facts = CaptureFacts(
            original_id=snapshot_id, snapshot_id=snapshot_id, case_id=self.desk.case_id, call_id=self.desk.call_id, method=method,
            captured_at=self.clock.now(), width_px=size[0], height_px=size[1], frame_seq=12, rtp_time=90_000, codec="VP8", consent_digest=self._consent)
        plain = picture(media_type, size, seed)
        sealed = (self.sealer.seal_opened if is_opened else self.sealer.seal_capture)(plain, media_type, facts)
        answer = self.desk.put(sealed, snapshot_id, method="frame", width_px=size[0], height_px=size[1])
        assert answer.status_code == 200, answer.text
        return sealed

    def mark(self, name: str, original: bytes, kind: str, *, seed: int) -> bytes:
        """Marks on a snapshot, and the picture that shows them."""
        snapshot_id, rendition_id = self.snapshots[name], new_id()
        document = {"schema": "videodesk.annotation", "version": 1, "width_px": 160, "height_px": 120, "marks": []}
        answer = self.desk.ask("POST", f"/snapshots/{snapshot_id}/annotation", json={"base_revision": 0, "document": document})
        assert answer.status_code == 200, answer.text
        facts = RenditionFacts(rendition_id, snapshot_id, self.desk.case_id, 1, kind == "redaction", (kind,), self.clock.now())
        sealed = self.sealer.seal_rendition(picture(size=(160, 120), seed=seed), "image/jpeg", original, "image/jpeg", facts)
        meta = {"annotation_revision": 1, "digest": sha(sealed), "media_type": "image/jpeg", "has_redaction": kind == "redaction"}
        answer = self.desk.ask("PUT", f"/snapshots/{snapshot_id}/renditions/{rendition_id}", files={
            "metadata": (None, json.dumps(meta), "application/json"), "picture": ("p.jpg", sealed, "image/jpeg")})
        assert answer.status_code == 200, answer.text
        return sealed
