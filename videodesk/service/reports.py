"""The report of a case: its facts from the store, its pictures from the blobs (made smaller for paper where they are large), checked as they go in."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final

import structlog

from videodesk.core.errors import DeskError, NotFound
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import CustodyAction, Language, SealVerdict
from videodesk.evidence import custody
from videodesk.evidence.model import Rendition
from videodesk.evidence.report import Shown, Telling, ranges, tell
from videodesk.evidence.report_ports import ReportContents
from videodesk.evidence.seal_ports import Checked, TimestampAuthority
from videodesk.evidence.sniff import HEAD_BYTES, sniff
from videodesk.service.desk import Desk
from videodesk.service.integrity import SealsSeen
from videodesk.service.thumbnails import thumbnail_of

_log = structlog.get_logger(__name__)

# 98 mm of paper at 300 dpi and more; above it, or when it is no JPEG, a picture is made smaller: in a child with limits.
MAX_SIDE_PX: Final = 2048
MAX_JPEG_BYTES: Final = 1_500_000
_AT_ONCE: Final = 2


@dataclass(frozen=True, slots=True)
class Report:
    """A finished report: the PDF and its SHA-256, a name for its file, and the ids of what it shows."""

    pdf: bytes
    digest: str
    file_name: str
    case_id: str
    snapshot_ids: tuple[str, ...]


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
    seen = SealsSeen()  # nothing remembered: a report says what was checked for it
    with ThreadPoolExecutor(_AT_ONCE, "report") as workers:  # as many as there are children that make pictures smaller
        pictures = dict(filter(None, workers.map(lambda one: _put_in(desk, telling, one, seen), telling.shown)))
    told = telling.told
    told |= {"desk": desk.settings.desk_name, "made_by": principal.display_name, "root": desk.keys.root_fingerprint if desk.keys else "",
             "problems": _problems(told, telling.shown)}
    name = {Language.NL: "bewijsrapport", Language.EN: "evidence-report"}[language]
    pdf = desk.reports.make(ReportContents(language, now, telling.case.number, told, pictures), authority)
    return Report(pdf, hashlib.sha256(pdf).hexdigest(), f"{telling.case.number}-{name}.pdf", telling.case.id, tuple(one.snapshot.id for one in telling.shown))


def print_report(desk: Desk, principal: Principal, case_id: str, language: Language, authority: TimestampAuthority | None = None) -> Report:
    """The report for somebody who takes it away: for each snapshot that is an entry in the log, with the report's digest, before it is handed out."""
    report = report_of(desk, principal, case_id, language, authority)
    now = desk.clock.now()
    with desk.store.write() as uow:
        for snapshot_id in report.snapshot_ids or (None,):
            custody.record(uow.custody, CustodyAction.PRINTED, principal.id, now, snapshot_id=snapshot_id, case_id=report.case_id,
                           data={"report_digest": report.digest, "language": language.value})
    return report


def _put_in(desk: Desk, telling: Telling, shown: Shown, seen: SealsSeen) -> tuple[str, bytes] | None:
    """The picture's name and bytes, and what was found about them into its telling; None where there is nothing to show."""
    told, picture = shown.told, shown.picture
    if desk.verifier is not None:
        told["verdict"] = seen.seal(desk, shown.snapshot, shown.original).verdict.value
    if picture is None:
        return None
    blobs = desk.blobs.of_case(telling.case.id)
    try:
        if picture.media_type.startswith("video/"):
            told["shows"] = "poster"
            poster = shown.original.seal_digest or thumbnail_of(desk, telling.case.id, picture.digest, picture.media_type, None)
            return _for_paper(desk, shown, blobs.read(poster))
        data = blobs.read(picture.digest)
        if isinstance(picture, Rendition) and desk.verifier is not None:
            told["picture_verdict"] = _verdict_on(desk.verifier.check_picture(picture.id, data), picture).value
        return _for_paper(desk, shown, data)
    except DeskError as problem:
        _log.warning("report.picture_missing", code=problem.code, snapshot_id=shown.snapshot.id)
        if isinstance(picture, Rendition) and problem.code == "blob.damaged":
            told["picture_verdict"] = SealVerdict.ALTERED.value
        return None


def _verdict_on(checked: Checked, rendition: Rendition) -> SealVerdict:
    """A good seal of another rendition is not this one's."""
    if checked.verdict.is_good and (checked.facts or {}).get("rendition_id", rendition.id) != rendition.id:
        return SealVerdict.ALTERED
    return checked.verdict


def _for_paper(desk: Desk, shown: Shown, data: bytes) -> tuple[str, bytes]:
    facts = sniff(data[:HEAD_BYTES])
    if facts.media_type != "image/jpeg" or max(facts.width_px, facts.height_px) > MAX_SIDE_PX or len(data) > MAX_JPEG_BYTES:
        data = desk.pictures.thumbnail(data, facts, MAX_SIDE_PX)
        if shown.told["shows"] == "original":
            shown.told["shows"] = "smaller"
    name = f"picture-{shown.number}.jpg"
    shown.told["file"] = name
    return name, data


def _problems(told: dict[str, Any], shown: tuple[Shown, ...]) -> list[dict[str, Any]]:
    """What the first page must say before all else."""
    index = told["custody"]["bad_index"]
    broken = [] if index is None else [{"code": "log_broken", "params": {"index": index}}]
    good = {"", *(one.value for one in SealVerdict if one.is_good), SealVerdict.NO_SEAL.value}
    bad = [one.number for one in shown if not {one.told["verdict"], one.told["picture_verdict"]} <= good]
    late = [one.number for one in shown if one.told["covered"] and one.told["covered"]["is_late"]]
    found = [("pictures", bad), ("times", late)]
    return broken + [{"code": code, "params": {"n": len(numbers), "numbers": ranges(numbers)}} for code, numbers in found if numbers]


