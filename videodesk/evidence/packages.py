"""What goes into a case's evidence package: every original, what was made of it, and what happened, with proofs (PACKAGE.md)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from videodesk.calls.invitations_model import consent_digest
from videodesk.cases.checklist import Checklists
from videodesk.cases.model import Case
from videodesk.cases.usecases import known_case
from videodesk.core.clock import iso
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import CustodyAction, Language, SealKind, SnapshotMethod
from videodesk.evidence import custody
from videodesk.evidence.copies import outside_picture
from videodesk.evidence.model import Annotation, CustodyEntry, Original, Rendition, Snapshot
from videodesk.evidence.package import RecordUnit, case_record
from videodesk.evidence.package_ports import Contents, Part
from videodesk.evidence.ports import BlobStore
from videodesk.evidence.seal_ports import TreeHead
from videodesk.evidence.stamps import TimestampRepository
from videodesk.evidence.usecases import note_export

SUFFIXES: Final = {
    "image/jpeg": "jpg", "image/png": "png", "image/webp": "webp", "video/webm": "webm", "video/mp4": "mp4", "video/x-matroska": "mkv",
}
_JSON: Final = "application/json"


class PackageUnit(RecordUnit, Protocol):
    """One transaction over all that a package tells."""

    @property
    def timestamps(self) -> TimestampRepository:
        """Time stamps."""
        ...


@dataclass(frozen=True, slots=True)
class Report:
    """The report of the case in one language, signed."""

    language: Language
    data: bytes


@dataclass(frozen=True, slots=True)
class Wish:
    """Which package somebody wants."""

    id: str
    language: Language
    is_outside_copy: bool
    desk_name: str
    authorities_pem: str = ""


def begin_package(uow: RecordUnit, principal: Principal, case_id: str, now: datetime) -> Case:
    """Enter into the custody log that the case's evidence leaves the desk; the case. NotFound("case.unknown")."""
    require(principal, Action.EXPORT)
    case = known_case(uow, case_id)
    if not note_export(uow, principal, case.id, now):  # a case without pictures leaves the desk, too
        custody.record(uow.custody, CustodyAction.EXPORTED, principal.id, now, case_id=case.id)
    return case


def package_contents(
    uow: PackageUnit, blobs: BlobStore, case: Case, wish: Wish, checklists: Checklists, reports: Sequence[Report], now: datetime,
) -> Contents:
    """What goes in. The bytes are read later, part by part, from `blobs`."""
    collected = _Collected(uow, blobs, wish.is_outside_copy)
    for number, snapshot in enumerate(uow.evidence.snapshots_of(case.id), 1):
        collected.add(number, snapshot)
    record = case_record(uow, case.id, checklists)
    if collected.covered:
        for told in record["snapshots"]:
            if told["id"] in collected.covered:
                told["annotation"] = None
    parts = [*collected.parts, made_part("data/record.json", "record", pretty(record)), consent_part(uow, case)]
    for report in reports:
        name = "data/report.pdf" if len(reports) == 1 else f"data/report.{report.language}.pdf"
        parts.append(made_part(name, "report", report.data, "application/pdf", language=report.language.value))
    proofs, tokens = custody_parts(uow, case)
    return Contents(
        id=wish.id, made_at=now, language=wish.language, is_outside_copy=wish.is_outside_copy, case_id=case.id, case_number=case.number,
        case_kind=case.kind.value, desk_name=wish.desk_name, parts=(*parts, *proofs), withheld=tuple(collected.withheld), tokens=tuple(tokens),
        authorities_pem=wish.authorities_pem if tokens else "")


def made_part(path: str, role: str, data: bytes, media_type: str = _JSON, **facts: Any) -> Part:
    """A part whose bytes are here."""
    return Part(path, role, media_type, len(data), hashlib.sha256(data).hexdigest(), lambda: iter([data]), facts)


def pretty(value: dict[str, Any]) -> bytes:
    """JSON for people to read, too."""
    return (json.dumps(value, ensure_ascii=False, indent=2) + "\n").encode()


def picture_parts(uow: PackageUnit, blobs: BlobStore, number: int, snapshot: Snapshot) -> tuple[list[Part], list[dict[str, Any]]]:
    """All of one snapshot that may leave the house, and what of it is withheld."""
    collected = _Collected(uow, blobs, is_outside_copy=True)
    collected.add(number, snapshot)
    return collected.parts, collected.withheld


class _Collected:
    """The parts of the snapshots, one after the other. `covered`: those of which only the redacted picture goes out."""

    def __init__(self, uow: PackageUnit, blobs: BlobStore, is_outside_copy: bool) -> None:
        self._uow = uow
        self._blobs = blobs
        self._is_outside = is_outside_copy
        self.parts: list[Part] = []
        self.withheld: list[dict[str, Any]] = []
        self.covered: set[str] = set()

    def add(self, number: int, snapshot: Snapshot) -> None:
        """All of one snapshot."""
        originals = self._uow.evidence.originals_of([snapshot.id])
        renditions = self._uow.evidence.renditions_of([snapshot.id])
        out = self._outside(snapshot, originals, renditions)
        found: list[tuple[Part, bool]] = []
        for place, original in enumerate(originals, 1):
            # Under the rule "redact first" somebody looked at the one that leads, and at no other.
            goes = out is None and (not snapshot.redact_first or original.id == snapshot.leading)
            found += [(part, goes) for part in self._original(f"{number:03d}-{place}", original)]
        for place, rendition in enumerate(renditions, 1):
            found.append((self._rendition(f"{number:03d}-{place}", rendition), out is None or rendition.id == out))
        found += [(part, out is None) for part in self._marks(f"{number:03d}", snapshot, renditions)]
        for part, goes in found:
            if goes:
                self.parts.append(part)
            else:
                self.withheld.append(_withheld(part))

    def _outside(self, snapshot: Snapshot, originals: Sequence[Original], renditions: Sequence[Rendition]) -> str | None:
        """The id of the only rendition that goes out; empty when nothing does; None when all does.

        A package passes from hand to hand: what others may see only redacted goes so into every one.
        """
        if not self._is_outside and not snapshot.redact_first:
            return None
        leading = next(one for one in originals if one.id == snapshot.leading)
        picture = outside_picture(self._uow, snapshot, leading, renditions)
        if isinstance(picture, Original):
            return None
        self.covered.add(snapshot.id)
        return "" if picture is None else picture.id

    def _original(self, place: str, one: Original) -> Iterator[Part]:
        suffix = SUFFIXES.get(one.media_type, "bin")
        facts: dict[str, Any] = {"snapshot_id": one.snapshot_id, "original_id": one.id, "method": one.method.value, "captured_at": iso(one.captured_at)}
        if one.method is not SnapshotMethod.CLIP:
            path = f"data/originals/{place}-{one.method.value}.{suffix}"
            yield Part(path, "original", one.media_type, one.size_bytes, one.digest, self._bytes(one.digest), {**facts, "seal": one.seal.value})
            return
        path, seal_path = f"data/clips/{place}-clip.{suffix}", f"data/clips/{place}-clip-seal.jpg"
        seal_digest = one.seal_digest
        is_sealed = bool(seal_digest) and self._blobs.has(seal_digest)
        yield Part(path, "clip", one.media_type, one.size_bytes, one.digest, self._bytes(one.digest), {**facts, **({"clip_seal": seal_path} if is_sealed else {})})
        if is_sealed:
            seal = one.seal.value if one.seal is not SealKind.NONE else SealKind.CAPTURE.value
            yield Part(seal_path, "clip-seal", "image/jpeg", self._blobs.size_bytes(seal_digest), seal_digest, self._bytes(seal_digest),
                       {**facts, "seal": seal, "clip": path})

    def _rendition(self, place: str, one: Rendition) -> Part:
        kind = "redacted" if one.has_redaction else "annotated"
        return Part(
            f"data/renditions/{place}-{kind}.{SUFFIXES.get(one.media_type, 'bin')}", "rendition", one.media_type, one.size_bytes, one.digest,
            self._bytes(one.digest),
            {"snapshot_id": one.snapshot_id, "rendition_id": one.id, "seal": SealKind.RENDITION.value, "has_redaction": one.has_redaction,
             "annotation_revision": one.annotation_revision, "made_at": iso(one.made_at)})

    def _marks(self, place: str, snapshot: Snapshot, renditions: Sequence[Rendition]) -> Iterator[Part]:
        """The newest marks, and those that a rendition shows."""
        newest = self._uow.evidence.annotation(snapshot.id)
        if newest is None:
            return
        for revision in sorted({newest.revision, *(one.annotation_revision for one in renditions)}):
            marks = self._uow.evidence.annotation(snapshot.id, revision)
            if marks is not None:
                yield made_part(f"data/marks/{place}-r{revision}.json", "marks", pretty(_told(marks)), snapshot_id=snapshot.id,
                                annotation_revision=revision)

    def _bytes(self, digest: str) -> Callable[[], Iterator[bytes]]:
        return lambda: self._blobs.chunks(digest)


def _told(marks: Annotation) -> dict[str, Any]:
    return {"snapshot_id": marks.snapshot_id, "revision": marks.revision, "made_by": marks.made_by, "made_at": iso(marks.made_at), "document": marks.document}


def _withheld(part: Part) -> dict[str, Any]:
    named: dict[str, Any] = {key: part.facts[key] for key in ("snapshot_id", "original_id", "rendition_id") if key in part.facts}
    return {
        "role": part.role, **named, "sha256": part.sha256, "size_bytes": part.size_bytes, "media_type": part.media_type, "reason": "redacted"}


def consent_part(uow: PackageUnit, case: Case, invitation_id: str | None = None) -> Part:
    """The answers of the case's customers, or of one."""
    answers = [
        {"id": one.id, "invitation_id": invitation.id, "digest": consent_digest(one), "text_version": one.text_version,
         "language": one.language.value, "granted": [scope.value for scope in one.granted], "at": iso(one.at)}
        for invitation in sorted(uow.invitations.of_case(case.id), key=lambda one: (one.created_at, one.id))
        for one in uow.invitations.consents(invitation.id) if invitation_id in {None, invitation.id}]
    return made_part("data/consent/consent.json", "consent", pretty({"format": "videodesk.consents", "case_id": case.id, "answers": answers}))


def custody_parts(
    uow: PackageUnit, case: Case, wanted: Callable[[CustodyEntry], bool] = lambda _entry: True,
) -> tuple[list[Part], list[tuple[str, bytes]]]:
    """The extract of the log, of its `wanted` entries, with its heads, and the tokens on them."""
    head = uow.custody.newest_head()
    if head is None:
        return [], []
    proofs = custody.proofs(uow.custody, head)
    entries = [entry for entry in uow.custody.of_case(case.id) if entry.index <= head.size and wanted(entry)]
    covering = [uow.timestamps.covering(entry.index) for entry in entries]
    stamps = {one.log_size: one.stamp for one in covering if one is not None and one.log_size <= head.size}
    parts: dict[str, Part] = {}
    tokens: list[tuple[str, bytes]] = []
    stamped = []
    for size, stamp in sorted(stamps.items()):
        early = uow.custody.head_of(size)
        if early is None:
            continue
        tokens.append((f"{size:010d}-1.tsr", stamp.token))
        stamped.append({**_head(early.size), "consistency": proofs.consistency(early), "tokens": [f"time/{tokens[-1][0]}"]})
        parts.update(_head_parts(early))
    parts.update(_head_parts(head))
    extract = {
        "format": "videodesk.custody-extract", "version": 1, "case_id": case.id, "salt": uow.custody.salt_of(case.id).hex(), "head": _head(head.size),
        "entries": [
            {"index": entry.index, "leaf": entry.leaf, "snapshot_id": entry.snapshot_id, "data": entry.data, "path": list(proofs.inclusion(entry).path)}
            for entry in entries],
        "stamped": stamped,
    }
    return [made_part("data/custody/log.json", "custody", pretty(extract)), *parts.values()], tokens


def _head(size: int) -> dict[str, Any]:
    return {"size": size, "file": f"data/custody/heads/{size:010d}.json", "signature": f"data/custody/heads/{size:010d}.sig"}


def _head_parts(head: TreeHead) -> dict[str, Part]:
    named = _head(head.size)
    return {
        named["file"]: made_part(named["file"], "head", custody.bytes_of_head(head)),
        named["signature"]: made_part(named["signature"], "head-signature", head.signature, "application/octet-stream")}
