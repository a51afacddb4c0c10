"""The report of a case: its facts from the store, its pictures from the blobs (made smaller for paper where they are large), checked as they go in."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any, Final

import structlog

from videodesk.core.errors import DeskError, NotFound
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import CustodyAction, Language, SealVerdict
from videodesk.evidence import custody
from videodesk.evidence.model import Original, Rendition
from videodesk.evidence.report import Shown, Telling, tell
from videodesk.evidence.report_ports import ReportContents
from videodesk.evidence.seal_ports import TimestampAuthority
from videodesk.evidence.sniff import HEAD_BYTES, sniff
from videodesk.service.copies import blobs_of
from videodesk.service.desk import Desk
from videodesk.service.thumbnails import thumbnail_of

_log = structlog.get_logger(__name__)

# 98 mm of paper at 300 dpi and more; above it, or when it is no JPEG, a picture is made smaller: in a child with limits.
MAX_SIDE_PX: Final = 2048
MAX_JPEG_BYTES: Final = 1_500_000
_SUFFIXES: Final = {"image/jpeg": "jpg", "image/png": "png", "image/webp": "webp"}


@dataclass(frozen=True, slots=True)
class Report:
    """A finished report: the PDF, a name for its file, and the ids of what it shows."""

    pdf: bytes
    file_name: str
    case_id: str
    snapshot_ids: tuple[str, ...]

    @property
    def digest(self) -> str:
        """SHA-256 of the PDF."""
        return hashlib.sha256(self.pdf).hexdigest()


def report_of(desk: Desk, principal: Principal, case_id: str, language: Language, authority: TimestampAuthority | None = None) -> Report:
    """The report of the case with this id or number; enters nothing into the log: for packages. Blocks.

    NotFound("case.unknown", "report.none": this desk has no keys to sign with), WorldError("report.failed").
    """
    require(principal, Action.EXPORT)
    if desk.reports is None:
        raise NotFound("report.none")
    now = desk.clock.now()
    with desk.store.read() as uow:
        names: dict[str, str] = {}

        def name_of(person_id: str) -> str:
            if person_id not in names:
                person = uow.people.get(person_id)
                names[person_id] = person.display_name if person else ""
            return names[person_id]

        telling = tell(uow, case_id, desk.checklists, language, name_of, now)
    pictures = dict(filter(None, (_put_in(desk, telling, one) for one in telling.shown)))
    told = telling.told
    told |= {"desk": desk.settings.desk_name, "made_by": principal.display_name, "root": desk.keys.root_fingerprint if desk.keys else "",
             "problems": _problems(telling.shown)}
    name = {Language.NL: "bewijsrapport", Language.EN: "evidence-report"}[language]
    pdf = desk.reports.make(ReportContents(language, now, telling.case.number, told, pictures), authority)
    return Report(pdf, f"{telling.case.number}-{name}.pdf", telling.case.id, tuple(one.snapshot.id for one in telling.shown))


def print_report(desk: Desk, principal: Principal, case_id: str, language: Language, authority: TimestampAuthority | None = None) -> Report:
    """The report for somebody who takes it away: for each snapshot that is an entry in the log, with the report's digest, before it is handed out."""
    report = report_of(desk, principal, case_id, language, authority)
    now = desk.clock.now()
    with desk.store.write() as uow:
        for snapshot_id in report.snapshot_ids or (None,):
            custody.record(uow.custody, CustodyAction.PRINTED, principal.id, now, snapshot_id=snapshot_id, case_id=report.case_id,
                           data={"report_digest": report.digest, "language": language.value})
    return report


def _put_in(desk: Desk, telling: Telling, shown: Shown) -> tuple[str, bytes] | None:
    """The picture's name and bytes, and what was found about them into its telling; None where there is nothing to show."""
    told = shown.told
    told["reasons"] = []
    try:
        original = _bytes_of(desk, telling.case.id, shown.original)
        told["verdict"] = _verdict(desk, shown.original.digest, original, shown.original.media_type)
        if shown.picture is None:
            return None
        data = original if shown.picture is shown.original else _bytes_of(desk, telling.case.id, shown.picture)
        if data is None:
            told["shows"] = "poster"
            data = blobs_of(desk, telling.case.id).read(thumbnail_of(desk, shown.original.digest, shown.original.media_type, None))
        elif shown.picture is not shown.original:
            told["picture_verdict"] = _verdict(desk, shown.picture.digest, data, shown.picture.media_type)
        return _for_paper(desk, shown, data)
    except DeskError as problem:
        _log.warning("report.picture_missing", code=problem.code, snapshot_id=shown.snapshot.id)
        if problem.code in {"blob.damaged", "blob.unknown"}:
            told["verdict"] = SealVerdict.ALTERED.value if problem.code == "blob.damaged" else SealVerdict.INCOMPLETE.value
        return None


def _bytes_of(desk: Desk, case_id: str, picture: Original | Rendition) -> bytes | None:
    """The picture's own bytes; None for a clip."""
    return None if picture.media_type.startswith("video/") else blobs_of(desk, case_id).read(picture.digest)


def _verdict(desk: Desk, name: str, data: bytes | None, media_type: str) -> str:
    if desk.verifier is None or data is None:
        return ""
    return desk.verifier.check_picture(f"{name}.{_SUFFIXES[media_type]}", data).verdict.value


def _for_paper(desk: Desk, shown: Shown, data: bytes) -> tuple[str, bytes]:
    facts = sniff(data[:HEAD_BYTES])
    if facts.media_type != "image/jpeg" or max(facts.width_px, facts.height_px) > MAX_SIDE_PX or len(data) > MAX_JPEG_BYTES:
        data = desk.pictures.thumbnail(data, facts, MAX_SIDE_PX)
        if shown.told["shows"] == "original":
            shown.told["shows"] = "smaller"
    name = f"picture-{shown.number}.jpg"
    shown.told["file"] = name
    return name, data


def _problems(shown: tuple[Shown, ...]) -> list[dict[str, Any]]:
    """What the first page must say before all else."""
    good = {"", *(one.value for one in SealVerdict if one.is_good), SealVerdict.NO_SEAL.value}
    bad = [str(one.number) for one in shown if not {one.told["verdict"], one.told["picture_verdict"]} <= good]
    late = [str(one.number) for one in shown if one.told["covered"] and one.told["covered"]["is_late"]]
    found = [("pictures", bad), ("times", late)]
    return [{"code": code, "params": {"numbers": ", ".join(numbers)}} for code, numbers in found if numbers]


