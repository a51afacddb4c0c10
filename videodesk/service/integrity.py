"""What is proven of a snapshot's originals: by their seals, by the custody log, by time stamps. For the desk's own screens. Blocks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from videodesk.core.errors import DeskError
from videodesk.core.people import Principal
from videodesk.core.vocabulary import SealKind, SealVerdict
from videodesk.evidence.custody_check import check_log, salts_of
from videodesk.evidence.model import CustodyEntry, Original, Snapshot
from videodesk.evidence.seal_ports import Checked
from videodesk.evidence.stamps import Covering, lateness
from videodesk.evidence.usecases import see_snapshot
from videodesk.protocol import resources as r
from videodesk.service.desk import Desk, UnitOfWork

_KEPT: Final = 1024
_LOG_GOOD_FOR_S: Final = 5.0


class SealsSeen:
    """Verdicts on originals by id and digest, looked at once in a process; the log's verdict for some seconds. Any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seals: OrderedDict[tuple[str, str], Checked] = OrderedDict()
        self._log: tuple[float, int, bool] | None = None

    def seal(self, desk: Desk, snapshot: Snapshot, original: Original) -> Checked:
        """The verdict on an original's seal: its own, or for a clip its poster's."""
        key = original.id, original.digest
        with self._lock:
            found = self._seals.get(key)
        if found is None:
            found = _checked(desk, snapshot, original)
            # What could not be read now may be there again.
            if all(code != "unreadable" for code, _ in found.reasons):
                with self._lock:
                    self._seals[key] = found
                    while len(self._seals) > _KEPT:
                        self._seals.popitem(last=False)
        return found

    def is_log_intact(self, desk: Desk, uow: UnitOfWork) -> bool:
        """The whole log, checked now or some seconds ago."""
        now, size = desk.clock.monotonic(), uow.custody.size()
        with self._lock:
            known = self._log
        if known is not None and known[1] == size and 0 <= now - known[0] < _LOG_GOOD_FOR_S:
            return known[2]
        is_intact = check_log(uow.custody, salts_of(uow.custody)).is_intact
        with self._lock:
            self._log = now, size, is_intact
        return is_intact


def integrity_of(desk: Desk, seen: SealsSeen, principal: Principal, snapshot_id: str) -> r.SnapshotIntegrity:
    """What is proven of each original of a snapshot, the leading one first. NotFound("snapshot.unknown")."""
    with desk.store.read() as uow:
        snapshot = see_snapshot(uow, principal, snapshot_id)
        originals = sorted(uow.evidence.originals_of([snapshot.id]), key=lambda one: one.id != snapshot.leading)
        entries = uow.custody.of_case(snapshot.case_id)
        indexes = {one.id: _index(entries, snapshot, one) for one in originals}
        covering = {key: None if index is None else uow.timestamps.covering(index) for key, index in indexes.items()}
        is_intact, size = seen.is_log_intact(desk, uow), uow.custody.size()
    return r.SnapshotIntegrity(
        snapshot_id=snapshot.id, log_is_intact=is_intact, log_size=size, root_fingerprint=desk.keys.root_fingerprint if desk.keys else "", can_stamp=bool(desk.authorities),
        originals=[_view(one, seen.seal(desk, snapshot, one), indexes[one.id], covering[one.id]) for one in originals])


def _index(entries: list[CustodyEntry], snapshot: Snapshot, original: Original) -> int | None:
    """The first entry that names this original's bytes."""
    return next((one.index for one in entries if one.snapshot_id == snapshot.id and one.data.get("digest") == original.digest), None)


def _checked(desk: Desk, snapshot: Snapshot, original: Original) -> Checked:
    if desk.verifier is None:
        return Checked(original.id, SealVerdict.UNCHECKABLE, (("no_pinned_root", {}),))
    is_clip = original.media_type.startswith("video/")
    digest = original.seal_digest if is_clip else original.digest
    if not digest:
        return Checked(original.id, SealVerdict.NO_SEAL, (("unsealed_original", {}),))
    try:
        found = desk.verifier.check_picture(original.id, desk.blobs.of_case(snapshot.case_id).read(digest))
    except DeskError as problem:
        if problem.code == "blob.damaged":
            return Checked(original.id, SealVerdict.ALTERED, (("digest_differs", {}),))
        return Checked(original.id, SealVerdict.INCOMPLETE, (("file_missing" if problem.code == "blob.unknown" else "unreadable", {}),))
    return _measured(found, snapshot, original, is_clip=is_clip)


def _measured(found: Checked, snapshot: Snapshot, original: Original, *, is_clip: bool) -> Checked:
    """A seal by what the record knows of the original: it must be of this one."""
    facts = found.facts or {}
    if found.verdict is SealVerdict.NO_SEAL:
        return replace(found, reasons=(("unsealed_original", {}),))
    if found.verdict.is_good and is_clip and facts.get("content_digest") != original.digest:
        return replace(found, verdict=SealVerdict.ALTERED, reasons=(("clip_differs", {}),))
    if found.verdict.is_good and (facts.get("snapshot_id"), facts.get("original_id")) != (snapshot.id, original.id):
        return replace(found, verdict=SealVerdict.ALTERED, reasons=(("facts_differ", {}),))
    return found


def _view(original: Original, seal: Checked, index: int | None, covering: Covering | None) -> r.OriginalIntegrity:
    facts = seal.facts or {}
    late = None if covering is None else lateness(original.captured_at, covering.stamp.stamped_at)
    kind = facts.get("seal", "none") if seal.verdict.is_good else original.seal.value
    return r.OriginalIntegrity(
        original_id=original.id, digest=original.digest, seal=SealKind(kind), verdict=seal.verdict,
        reasons=[r.Reason(code=code, params=params) for code, params in seal.reasons], sealed_by=facts.get("sealed_by", ""),
        captured_at=original.captured_at, log_index=index, covered_at=None if covering is None else covering.stamp.stamped_at,
        authority="" if covering is None else covering.stamp.authority, late_s=None if late is None else late.late_s,
        is_late=late is not None and late.is_late)
