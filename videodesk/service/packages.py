"""Packages as the service makes them: one at a time in a thread of their own, with progress; the finished file is kept for a day."""

from __future__ import annotations

import hashlib
import shutil
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO, Final

import structlog
from pydantic import ValidationError

from videodesk.cases.model import Case
from videodesk.core.clock import Clock
from videodesk.core.errors import Conflict, DeskError, Gone, NotFound, WorldError
from videodesk.core.ids import require_id
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, require
from videodesk.core.vocabulary import CustodyAction, Language, PackageState
from videodesk.evidence import custody
from videodesk.evidence.package_ports import Packer, Step
from videodesk.evidence.packages import Report, Wish, begin_package, package_contents
from videodesk.evidence.release import is_redacted_since
from videodesk.protocol import resources as r
from videodesk.service.desk import Desk, UnitOfWork
from videodesk.service.reports import report_of

_log = structlog.get_logger(__name__)

KEPT_FOR: Final = timedelta(days=1)
_PIECE: Final = 1024 * 1024


class PackageRoom:
    """The packages in a folder: `<case id>/<package id>.zip`, and beside it what is known of it. Any thread."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._lock = threading.Lock()
        self._building: dict[str, r.PackageView] = {}
        self._worker = ThreadPoolExecutor(1, "package")

    def begin(self, view: r.PackageView, work: Callable[[BinaryIO, Step], None], done: Callable[[r.PackageView], None]) -> r.PackageView:
        """Have `work` write the package; `done` is told of the finished one before anybody can fetch it."""
        self.tidy()
        with self._lock:
            known = self._find(view.id)
            if known is not None and known.state is not PackageState.FAILED:
                if known.case_id != view.case_id:
                    raise Conflict("package.exists")
                return known
            self._building[view.id] = view
        self._worker.submit(self._build, view, work, done).add_done_callback(lambda future: self._built(view, future))
        return view

    def view(self, package_id: str) -> r.PackageView:
        """How far a package is; NotFound("package.unknown")."""
        with self._lock:
            found = self._find(package_id)
        if found is None:
            raise NotFound("package.unknown")
        return found

    def file(self, package_id: str) -> Path:
        """The finished file; Conflict("package.not_ready"), NotFound("package.unknown"), Gone("package.expired")."""
        view = self.view(package_id)
        if view.state is not PackageState.READY:
            raise Conflict("package.not_ready")
        path = self._path(view)
        if not path.exists():
            raise Gone("package.expired")
        return path

    def forget_case(self, case_id: str) -> None:
        """Take a case's packages away; what is being built ends without a file."""
        with self._lock:
            self._building = {key: view for key, view in self._building.items() if view.case_id != case_id}
            shutil.rmtree(self._folder / require_id(case_id), ignore_errors=True)

    def tidy(self) -> None:
        """Take away what is older than a day, and what was never finished."""
        oldest = self._clock.now() - KEPT_FOR
        with self._lock:
            for note in list(self._folder.glob("*/*.json")):
                view = _noted(note)
                if view is None or view.made_at is None or view.made_at < oldest:
                    note.with_suffix(".zip").unlink(missing_ok=True)
                    note.unlink(missing_ok=True)
            known = {*self._building, *(note.stem for note in self._folder.glob("*/*.json"))}
            for path in list(self._folder.glob("*/*.zip")) + list(self._folder.glob("*/*.part")):
                if path.stem not in known:
                    path.unlink(missing_ok=True)

    def close(self) -> None:
        """Wait for what is being built; nothing new is."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _build(self, view: r.PackageView, work: Callable[[BinaryIO, Step], None], done: Callable[[r.PackageView], None]) -> None:
        path = self._path(view).with_suffix(".part")
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with path.open("w+b") as out:
                work(out, lambda step, at, total: self._tell(view, step, at, total))
                self._tell(view, "digest", 0, 0)
                digest, size = _digest(out)
            ready = view.model_copy(update={
                "state": PackageState.READY, "size_bytes": size, "digest": digest, "made_at": self._clock.now(), "step": ""})
            done(ready)
            with self._lock:
                if self._building.pop(view.id, None) is not None:  # else the case was erased meanwhile
                    path.replace(self._path(view))
                    self._path(view).with_suffix(".json").write_text(ready.model_dump_json(), encoding="utf-8")
        finally:
            path.unlink(missing_ok=True)

    def _built(self, view: r.PackageView, future: Future[None]) -> None:
        """The person who waits is told when it failed, also by a bug of ours."""
        problem = None if future.cancelled() else future.exception()
        if problem is None:
            return
        code = problem.code if isinstance(problem, DeskError) else "storage.full" if isinstance(problem, OSError) else "package.failed"
        _log.warning("package.failed", package_id=view.id, code=code, exc_info=None if isinstance(problem, DeskError) else problem)
        with self._lock:
            if view.id in self._building:
                self._building[view.id] = view.model_copy(update={"state": PackageState.FAILED, "code": code, "made_at": self._clock.now()})

    def _tell(self, view: r.PackageView, step: str, done: int, total: int) -> None:
        with self._lock:
            if view.id not in self._building:
                raise WorldError("package.failed")
            self._building[view.id] = view.model_copy(update={"step": step, "done": done, "total": total})

    def _find(self, package_id: str) -> r.PackageView | None:
        if package_id in self._building:
            return self._building[package_id]
        note = next(self._folder.glob(f"*/{require_id(package_id)}.json"), None)
        view = None if note is None else _noted(note)
        return None if view is None or view.made_at is None or view.made_at < self._clock.now() - KEPT_FOR else view

    def _path(self, view: r.PackageView) -> Path:
        return self._folder / require_id(view.case_id) / f"{require_id(view.id)}.zip"


def _noted(note: Path) -> r.PackageView | None:
    try:
        return r.PackageView.model_validate_json(note.read_text(encoding="utf-8"))
    except (OSError, ValidationError):
        return None


def _digest(file: BinaryIO) -> tuple[str, int]:
    file.flush()
    file.seek(0)
    digest, size = hashlib.sha256(), 0
    while piece := file.read(_PIECE):
        digest.update(piece)
        size += len(piece)
    return digest.hexdigest(), size


def order_package(desk: Desk, room: PackageRoom, principal: Principal, case_id: str, body: r.PackageIn) -> r.PackageView:
    """Have a case's package built; idempotent by its id. NotFound("case.unknown"), WorldError("seal.no_keys"), Conflict("package.exists")."""
    require(principal, Action.EXPORT)
    packer = desk.packer
    if packer is None:
        raise WorldError("seal.no_keys")
    try:
        known = room.view(require_id(body.id))
    except NotFound:
        known = None
    if known is not None and known.state is not PackageState.FAILED:
        if known.case_id != case_id:
            raise Conflict("package.exists")
        return known
    order = _Order(desk, principal, body)
    case = order.begin(case_id)
    view = r.PackageView(
        id=body.id, case_id=case.id, state=PackageState.BUILDING, step="facts", file_name=file_name(case.number, is_outside_copy=body.is_outside_copy))
    return room.begin(
        view, lambda out, step: order.write(packer, case, out, step), lambda ready: order.note(case, ready.digest, ready.size_bytes))


def export_package(desk: Desk, principal: Principal, case_id: str, body: r.PackageIn, path: Path, step: Step) -> tuple[str, int]:
    """Write a case's package to a file of its own: digest and size. The same entries in the custody log; Gone("package.expired") as hand_over."""
    if desk.packer is None:
        raise WorldError("seal.no_keys")
    order = _Order(desk, principal, body)
    case = order.begin(case_id)
    part = path.with_name(f"{path.name}.part")
    try:
        with part.open("w+b") as out:
            order.write(desk.packer, case, out, step)
            digest, size = _digest(out)
        order.check(case)
        part.replace(path)
    except OSError as problem:
        raise WorldError("package.unwritable", file=str(path)) from problem
    finally:
        part.unlink(missing_ok=True)
    order.note(case, digest, size)
    return digest, size


def file_name(case_number: str, *, is_outside_copy: bool) -> str:
    """`VD-2026-000012-evidence.zip`."""
    return f"{case_number}-{'outside-' if is_outside_copy else ''}evidence.zip"


class _Order:
    """One package, from the first entry in the log to the last."""

    def __init__(self, desk: Desk, principal: Principal, body: r.PackageIn) -> None:
        self._desk = desk
        self._principal = principal
        self._body = body
        self._now = desk.clock.now()

    def begin(self, case_id: str) -> Case:
        """Enter that the evidence leaves the desk."""
        with self._desk.store.write() as uow:
            return begin_package(uow, self._principal, case_id, self._now)

    def write(self, packer: Packer, case: Case, out: BinaryIO, step: Step) -> None:
        """Collect and write."""
        desk, body = self._desk, self._body
        step("report", 0, 0)
        reports = _reports(desk, self._principal, case.id, body.language)
        wish = Wish(body.id, body.language, body.is_outside_copy, desk.settings.desk_name, authorities_pem(desk))
        with desk.store.read() as uow:
            contents = package_contents(uow, desk.blobs.of_case(case.id), case, wish, desk.checklists, reports, self._now)
        packer.pack(out, contents, step)

    def check(self, case: Case) -> None:
        """Gone("package.expired") when something was redacted since it was begun."""
        with self._desk.store.read() as uow:
            _require_current(uow, case.id, self._now)

    def note(self, case: Case, digest: str, size: int) -> None:
        """Enter what it came to, and have it stamped. Checks as `check`."""
        now = self._desk.clock.now()
        with self._desk.store.write() as uow:
            _require_current(uow, case.id, self._now)
            uow.timestamps.want(digest, now)
            custody.record(uow.custody, CustodyAction.EXPORTED, self._principal.id, now, case_id=case.id, data={
                "package_id": self._body.id, "digest": digest, "size_bytes": size, "is_outside_copy": self._body.is_outside_copy})


def hand_over(desk: Desk, room: PackageRoom, principal: Principal, package_id: str) -> tuple[Path, r.PackageView]:
    """The finished file, and its entry in the custody log.

    Gone("package.expired") when something under the rule "redact first" was redacted since: the file shows it.
    """
    require(principal, Action.EXPORT)
    path, view = room.file(package_id), room.view(package_id)
    with desk.store.write() as uow:
        if view.made_at is not None:
            _require_current(uow, view.case_id, view.made_at)
        custody.record(uow.custody, CustodyAction.EXPORTED, principal.id, desk.clock.now(), case_id=view.case_id, data={
            "package_id": view.id, "digest": view.digest, "step": "file"})
    return path, view


def _require_current(uow: UnitOfWork, case_id: str, since: datetime) -> None:
    if is_redacted_since(uow, case_id, since):
        raise Gone("package.expired")


def pieces(path: Path) -> Iterator[bytes]:
    """A file's bytes."""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            yield piece


def _reports(desk: Desk, principal: Principal, case_id: str, language: Language) -> list[Report]:
    return [] if desk.reports is None else [Report(language, report_of(desk, principal, case_id, language).pdf)]


def authorities_pem(desk: Desk) -> str:
    """The roots of the time stamp authorities; empty without any."""
    roots = desk.settings.tsa_roots
    return roots.read_text(encoding="ascii", errors="replace") if roots is not None and desk.authorities else ""
