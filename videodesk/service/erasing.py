"""Erasing a case for good: the records, the secrets, the files, the traces in the database; and going on where somebody was stopped.

The records go in one transaction that leaves a certificate, not yet finished. From there every step may be repeated, so
whoever comes next (the same request again, the loop, the next start) finishes it. A certificate is given out once nothing is left to do.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog

from videodesk.core.errors import DeskError, WorldError
from videodesk.core.people import Principal, Role
from videodesk.core.vocabulary import RetentionClass
from videodesk.evidence import retention as rules
from videodesk.evidence.retention import ClosedCase, Days, Erasure
from videodesk.service.desk import Desk

_log = structlog.get_logger(__name__)

ForgetPackages = Callable[[str], None]
SERVICE_ID: Final = "service"


def days_of(desk: Desk) -> Days:
    """How long each class is kept, by the settings."""
    settings = desk.settings
    return {
        RetentionClass.CLAIM: settings.keep_claim_days, RetentionClass.ADVICE: settings.keep_advice_days,
        RetentionClass.SHORT: settings.keep_short_days,
    }


def service_principal(desk: Desk) -> Principal:
    """Who erases what is due."""
    return Principal(SERVICE_ID, frozenset({Role.SUPERVISOR}), desk.settings.desk_name)


def packages_on_disk(desk: Desk) -> ForgetPackages:
    """Takes a case's packages away where no PackageRoom runs."""
    return lambda case_id: shutil.rmtree(_packages(desk, case_id), ignore_errors=True)


def erase_case(desk: Desk, principal: Principal, case: str, number: str, reason: str, forget: ForgetPackages) -> Erasure:
    """Erase a case (by id or number); the certificate, also when it is asked again.

    The errors of `retention.may_erase`; WorldError("erasure.unfinished") when the records are gone and the rest has to wait.
    """
    now = desk.clock.now()
    with desk.store.read() as uow:
        made = rules.erased_before(uow, principal, case, number)
        known = None if made is not None else rules.may_erase(uow, principal, case, number)
    if made is None and known is not None:
        files, size_bytes = _on_disk(desk, known.id)
        with desk.store.write() as uow:
            made = rules.erased_before(uow, principal, case, number)
            if made is None:
                erased = rules.may_erase(uow, principal, case, number)
                made = rules.erase_records(
                    uow, principal, erased, reason, now, backups=desk.settings.backups, files=files, size_bytes=size_bytes)
    assert made is not None
    if not made.is_finished:
        try:
            (made,) = finish_erasures(desk, [made], forget)
        except DeskError as problem:
            _log.warning("erasure.unfinished", erasure_id=made.id, code=problem.code)
            raise WorldError("erasure.unfinished") from problem
    return made


def unfinished_erasures(desk: Desk) -> list[Erasure]:
    """What was begun and not finished."""
    with desk.store.read() as uow:
        return uow.retention.unfinished()


def finish_erasures(desk: Desk, begun: list[Erasure], forget: ForgetPackages) -> list[Erasure]:
    """Finish them: secrets, files, traces. Every step may be done again. The errors of the disk."""
    if not begun:
        return []
    for erasure in begun:
        desk.vault.destroy(erasure.case_id)
        desk.uploads.forget_case(erasure.case_id)
        forget(erasure.case_id)
        # In a writer's turn: intake keeps its bytes in one too, so nobody is keeping any now, and whoever comes later has no key.
        with desk.store.write() as uow:
            rules.sweep_records(uow, erasure)
            desk.blobs.remove_case(erasure.case_id)
    desk.store.scrub()
    with desk.store.write() as uow:
        return [rules.finish(uow, erasure) for erasure in begun]


def finish_begun(desk: Desk) -> list[Erasure]:
    """At a start: finish what was begun before. The erasures that could not be finished now are the loop's."""
    begun = unfinished_erasures(desk)
    try:
        return finish_erasures(desk, begun, packages_on_disk(desk))
    except WorldError as problem:
        _log.warning("erasure.unfinished", count=len(begun), code=problem.code)
        return []


def erase_due(desk: Desk, forget: ForgetPackages, at_most: int | None = None) -> list[Erasure]:
    """Erase what is due, the longest over first, and finish what was begun before. One that cannot go now is left for the next time."""
    now, who, days = desk.clock.now(), service_principal(desk), days_of(desk)
    begun = unfinished_erasures(desk)
    for due in due_cases(desk)[:at_most]:
        try:
            files, size_bytes = _on_disk(desk, due.case_id)
            with desk.store.write() as uow:
                if due not in rules.due_cases(uow, days, now):  # held or opened again a moment ago
                    continue
                case = rules.may_erase(uow, who, due.case_id, due.number)
                reason = f"{rules.class_of(due.kind).value}: {days[rules.class_of(due.kind)]}"
                begun.append(rules.erase_records(
                    uow, who, case, reason, now, backups=desk.settings.backups, files=files, size_bytes=size_bytes))
        except DeskError as problem:
            _log.warning("erasure.not_now", case_id=due.case_id, code=problem.code)
    done = finish_erasures(desk, begun, forget)
    for erasure in done:
        _log.info("erasure.done", erasure_id=erasure.id, case_id=erasure.case_id, files=erasure.files)
    return done


def due_cases(desk: Desk) -> list[ClosedCase]:
    """What is due now."""
    with desk.store.read() as uow:
        return rules.due_cases(uow, days_of(desk), desk.clock.now())


def _on_disk(desk: Desk, case_id: str) -> tuple[int, int]:
    """How many files, and bytes, there are of a case: blobs, unfinished uploads, packages."""
    blobs, folder = desk.blobs.of_case(case_id), _packages(desk, case_id)
    sizes = []
    for digest in blobs.digests():
        sizes.append(0)
        with contextlib.suppress(WorldError):  # damaged: it goes all the same
            sizes[-1] = blobs.size_bytes(digest)
    sizes += [upload.offset for upload in desk.uploads.of_case(case_id, desk.clock.now())]
    sizes += [path.stat().st_size for path in folder.iterdir() if path.is_file()] if folder.is_dir() else []
    return len(sizes), sum(sizes)


def _packages(desk: Desk, case_id: str) -> Path:
    return desk.settings.data_dir / "packages" / case_id
