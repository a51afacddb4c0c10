"""What a report tells of a case: the facts as JSON, and which picture stands for each snapshot. Words and layout are resources/report.

Of a snapshot with a redaction only the newest redacted rendition is ever named as its picture.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final, Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from videodesk.calls.invitations_model import consent_digest
from videodesk.cases.checklist import Checklists, is_complete
from videodesk.cases.model import Case, Money
from videodesk.cases.usecases import known_case
from videodesk.core.clock import iso
from videodesk.core.vocabulary import ConsentScope, CustodyAction, Language
from videodesk.evidence.copies import outside_picture
from videodesk.evidence.custody_check import check_log, salts_of
from videodesk.evidence.items import SnapshotsOfItems
from videodesk.evidence.model import CustodyEntry, Original, Rendition, Snapshot
from videodesk.evidence.package import RecordUnit
from videodesk.evidence.stamps import TimestampRepository, lateness

MAX_ROWS: Final = 150
MAX_CHECKED_ENTRIES: Final = 20_000  # 0.2 s; larger logs are checked by videodesk admin log verify
_ZONE: Final = "Europe/Amsterdam"


class ReportUnit(RecordUnit, Protocol):
    """One transaction over all that a report tells."""

    @property
    def timestamps(self) -> TimestampRepository:
        """Time stamps."""
        ...


@dataclass(frozen=True, slots=True)
class Shown:
    """The picture of one snapshot, the `number`-th of the report: its leading original, a rendition of it, or none that may be shown."""

    number: int
    snapshot: Snapshot
    original: Original
    picture: Original | Rendition | None
    told: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Telling:
    """What `tell` found. The entry of each picture in `told["pictures"]` is its `Shown.told`: whoever reads the bytes adds to it."""

    case: Case
    told: dict[str, Any] = field(repr=False)
    shown: tuple[Shown, ...] = ()


def tell(
    uow: ReportUnit, case_id: str, checklists: Checklists, language: Language, name_of: Callable[[str], str], now: datetime,
) -> Telling:
    """The facts of the case with this id or number; NotFound("case.unknown"). `name_of`: an id's person, or empty."""
    case = known_case(uow, case_id)
    entries = uow.custody.of_case(case.id)
    shown = _shown(uow, case, checklists, language, entries, name_of)
    numbers = {one.snapshot.id: one.number for one in shown}
    told = {
        "language": language.value, "number": case.number, "made": moment(now), "zone": _ZONE if _zone() is not None else "UTC",
        "case": _case(case, language, name_of), "checklist": _checklist(uow, case, checklists, language, numbers),
        "pictures": [one.told for one in shown],
        "decisions": [
            {"picture": numbers.get(one.snapshot_id), "decision": one.decision.value, "reason": one.reason, "comment": one.comment,
             "by": name_of(one.decided_by), "at": moment(one.at)}
            for one in uow.reviews.of_case(case.id)],
        "consents": _consents(uow, case), "custody": _custody(uow, entries, numbers, name_of),
    }
    return Telling(case, told, shown)


@cache
def _zone() -> ZoneInfo | None:
    try:
        return ZoneInfo(_ZONE)
    except ZoneInfoNotFoundError:  # a system without the time zones' data
        return None


def moment(at: datetime | None) -> dict[str, Any] | None:
    """A moment in parts, by the clocks of the Netherlands (where the system knows them, else UTC), with its distance from UTC."""
    if at is None:
        return None
    local = at.astimezone(_zone() or UTC)
    return {"day": local.day, "month": local.month, "year": local.year, "time": f"{local:%H:%M:%S}", "offset": f"{local:%z}"[:3] + ":" + f"{local:%z}"[3:],
            "utc": iso(at)}


def amount(money: Money | None, language: Language) -> str:
    """`€ 1.234,50` in Dutch, `€1,234.50` in English; other currencies by their code."""
    if money is None:
        return ""
    digits = f"{money.amount:,.2f}"
    sign = {"EUR": "€"}.get(money.currency, money.currency)
    if language is Language.NL:
        return f"{sign} {digits.translate(str.maketrans(',.', '.,'))}"
    return f"{sign}{digits}" if sign == "€" else f"{sign} {digits}"


def _case(case: Case, language: Language, name_of: Callable[[str], str]) -> dict[str, Any]:
    incident = case.incident
    return {
        "kind": case.kind.value, "status": case.status.value, "title": case.title, "claim_ref": case.claim_ref, "order_number": case.order_number,
        "product": case.product, "brand": case.brand, "model": case.model, "serial": case.serial, "ean": case.ean, "created": moment(case.created_at),
        "created_by": name_of(case.created_by), "assignee": name_of(case.assignee_id) if case.assignee_id else "",
        "parties": [{"role": party.role.value, "name": party.name, "organisation": party.organisation} for party in case.parties],
        "incident": {
            "on": {"day": incident.on.day, "month": incident.on.month, "year": incident.on.year} if incident.on else None,
            "place": incident.place, "cause": incident.cause.value if incident.cause else "", "description": incident.description},
        "amounts": {name: amount(getattr(case, name), language) for name in ("claimed", "estimated", "decided")},
    }


def _checklist(uow: ReportUnit, case: Case, checklists: Checklists, language: Language, numbers: dict[str, int]) -> dict[str, Any]:
    states = checklists.state(case.kind, SnapshotsOfItems(uow.evidence).of_items(case.id), case.skipped)
    return {
        "is_complete": is_complete(states),
        "items": [
            {"title": state.item.title[language], "is_required": state.item.is_required, "min_count": state.item.min_count, "is_done": state.is_done,
             "pictures": [numbers[one] for one in state.snapshot_ids if one in numbers], "skipped": state.skipped_reason}
            for state in states],
    }


def _consents(uow: ReportUnit, case: Case) -> list[dict[str, Any]]:
    answers = [consent for invitation in uow.invitations.of_case(case.id) for consent in uow.invitations.consents(invitation.id)]
    return [
        {"at": moment(answer.at), "granted": [scope.value for scope in ConsentScope if scope in answer.granted],
         "refused": [scope.value for scope in ConsentScope if scope not in answer.granted], "version": answer.text_version,
         "language": answer.language.value, "digest": consent_digest(answer)}
        for answer in sorted(answers, key=lambda answer: (answer.at, answer.id))]


def _custody(uow: ReportUnit, entries: Sequence[CustodyEntry], numbers: dict[str, int], name_of: Callable[[str], str]) -> dict[str, Any]:
    """What happened, without the mere looking; looking is counted. Of a very long case the newest rows. The head is the desk's whole log's."""
    views = sum(entry.action is CustodyAction.VIEWED for entry in entries)
    rows = _rows([entry for entry in entries if entry.action is not CustodyAction.VIEWED], numbers, name_of)
    head = uow.custody.newest_head()
    bad_index = None
    if uow.custody.size() <= MAX_CHECKED_ENTRIES:
        checked = check_log(uow.custody, salts_of(uow.custody))
        bad_index = None if checked.is_intact else checked.bad_index or checked.good_count
    return {
        "views": views, "left_out": max(0, len(rows) - MAX_ROWS), "rows": rows[-MAX_ROWS:], "bad_index": bad_index,
        "head": None if head is None else {"size": head.size, "root": head.root, "at": moment(head.at)}}


def _rows(entries: Sequence[CustodyEntry], numbers: dict[str, int], name_of: Callable[[str], str]) -> list[dict[str, Any]]:
    """What one person did at one time to several pictures is one row."""
    rows: list[dict[str, Any]] = []
    together: tuple[object, ...] | None = None
    for entry in entries:
        what = (entry.action, entry.actor_id, entry.at.replace(microsecond=0))
        picture = numbers.get(entry.snapshot_id or "")
        if rows and what == together:
            rows[-1]["until"] = entry.index
        elif rows and entry.action is CustodyAction.STORED and together == (CustodyAction.CAPTURED, *what[1:]) and rows[-1]["pictures"] == [picture]:
            rows[-1] |= {"until": entry.index, "action": "captured_stored"}
        else:
            rows.append({"from": entry.index, "until": entry.index, "at": moment(entry.at), "action": entry.action.value, "who": name_of(entry.actor_id),
                         "pictures": []})
        if picture is not None:
            rows[-1]["pictures"].append(picture)
        together = what
    for row in rows:
        row["pictures"] = ranges(row["pictures"])
    return rows


def ranges(numbers: Sequence[int]) -> str:
    """`1–3, 7` of 1, 2, 3, 7."""
    parts: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if parts and parts[-1][1] == number - 1:
            parts[-1] = parts[-1][0], number
        else:
            parts.append((number, number))
    return ", ".join(str(first) if first == last else f"{first}–{last}" for first, last in parts)


def _shown(
    uow: ReportUnit, case: Case, checklists: Checklists, language: Language, entries: Sequence[CustodyEntry], name_of: Callable[[str], str],
) -> tuple[Shown, ...]:
    snapshots = uow.evidence.snapshots_of(case.id)
    ids = [snapshot.id for snapshot in snapshots]
    originals: dict[str, list[Original]] = {}
    for original in uow.evidence.originals_of(ids):
        originals.setdefault(original.snapshot_id, []).append(original)
    renditions: dict[str, list[Rendition]] = {}
    for rendition in uow.evidence.renditions_of(ids):
        renditions.setdefault(rendition.snapshot_id, []).append(rendition)
    titles = {item.id: item.title[language] for item in checklists.items(case.kind)}
    numbers = {snapshot_id: number for number, snapshot_id in enumerate(ids, 1)}
    found = []
    for number, snapshot in enumerate(snapshots, 1):
        original = next(one for one in originals[snapshot.id] if one.id == snapshot.leading)
        picture = _picture_of(uow, snapshot, original, renditions.get(snapshot.id, ()))
        told = {
            "number": number, "item": titles.get(snapshot.checklist_item or "", ""), "caption": snapshot.caption,
            "by": name_of(snapshot.captured_by), "review": snapshot.review_state.value, "retake_of": numbers.get(snapshot.retake_of or ""),
            "others": len(originals[snapshot.id]) - 1, **_original(original), **_rendition(picture, name_of), **_covered(uow, original, entries),
            "file": None, "verdict": "", "picture_verdict": ""}
        found.append(Shown(number, snapshot, original, picture, told))
    return tuple(found)


def _picture_of(uow: ReportUnit, snapshot: Snapshot, original: Original, renditions: Sequence[Rendition]) -> Original | Rendition | None:
    """What may leave the house; where that is the original, and it was annotated, the newest rendition: it shows what the marks point at."""
    outside = outside_picture(uow, snapshot, original, renditions)
    return renditions[-1] if isinstance(outside, Original) and renditions else outside


def _original(original: Original) -> dict[str, Any]:
    return {
        "captured": moment(original.captured_at), "stored": moment(original.stored_at), "method": original.method.value, "digest": original.digest,
        "media_type": original.media_type, "size_bytes": original.size_bytes, "width_px": original.width_px, "height_px": original.height_px,
        "codec": original.codec, "rtp_time": original.rtp_time, "is_evidence_grade": original.is_evidence_grade, "location": original.location.value,
        "duration_s": original.duration_s, "seal": original.seal.value, "is_readable": original.is_readable}


def _rendition(picture: Original | Rendition | None, name_of: Callable[[str], str]) -> dict[str, Any]:
    """`shows`: original, marked, redacted, or withheld (something was covered, and no picture without it is here)."""
    if picture is None:
        return {"shows": "withheld", "rendition": None}
    if isinstance(picture, Original):
        return {"shows": "original", "rendition": None}
    return {
        "shows": "redacted" if picture.has_redaction else "marked",
        "rendition": {"digest": picture.digest, "revision": picture.annotation_revision, "by": name_of(picture.made_by), "at": moment(picture.made_at)}}


def _covered(uow: ReportUnit, original: Original, entries: Sequence[CustodyEntry]) -> dict[str, Any]:
    index = next((entry.index for entry in entries
                  if entry.action is CustodyAction.STORED and entry.data.get("original_id", entry.snapshot_id) == original.id), None)
    covering = None if index is None else uow.timestamps.covering(index)
    if covering is None:
        return {"log_index": index, "covered": None}
    late = lateness(original.captured_at, covering.stamp.stamped_at)
    return {"log_index": index, "covered": {
        "at": moment(covering.stamp.stamped_at), "authority": covering.stamp.authority, "late_s": round(late.late_s), "is_late": late.is_late}}
