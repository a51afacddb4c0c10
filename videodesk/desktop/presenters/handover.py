"""What leaves the house of a case: the evidence package, the report, the customer's copy."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError, WorldError
from videodesk.core.ids import new_id
from videodesk.core.vocabulary import Language, PackageState
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks
from videodesk.protocol import resources as r

POLL_S: Final = 0.4


@dataclass(frozen=True, slots=True)
class HandoverState:
    """What the cards show. `package` is being built or saved to `package_path` while `is_packing`; paths are set once the files are there."""

    case: r.CaseView | None = None
    language: Language = Language.NL
    is_outside_copy: bool = False
    is_packing: bool = False
    package: r.PackageView | None = None
    package_path: Path | None = None
    fingerprint: str = ""
    is_reporting: bool = False
    report_path: Path | None = None
    copies: tuple[r.CopyView, ...] = ()
    is_copying: bool = False
    problem: DeskError | None = None

    @property
    def percent(self) -> int | None:
        """How far the package is; None where nobody knows."""
        package = self.package
        if package is None or not package.total or package.state is not PackageState.BUILDING:
            return None
        return min(100, 100 * package.done // package.total)


class HandoverPresenter(Presenter[HandoverState]):
    """One case at a time. `may_share`: whether this person hands out copies."""

    def __init__(self, api: DeskApi, tasks: Tasks, clock: Clock, *, may_share: bool = True, poll_s: float = POLL_S) -> None:
        super().__init__(HandoverState(), tasks, clock)
        self._api, self._all_tasks, self._poll_s = api, tasks, poll_s
        self.may_share = may_share

    def show(self, case: r.CaseView) -> None:
        """Show this case; another one begins anew."""
        before = self.state.case
        if before is not None and before.id == case.id:
            self._set(case=case)
            return
        self.tasks.cancel_all()
        fresh = HandoverState(case=case, language=case.language)
        self._set(**{name: getattr(fresh, name) for name in HandoverState.__dataclass_fields__})
        self.reload()

    def reload(self) -> None:
        """Fetch the copies anew."""
        case = self.state.case
        if case is not None and self.may_share:
            self.tasks.run("handover.copies", lambda: self._api.copies(case.id), lambda found: self._copies(case.id, found), self._failed, replaces=True)

    def dismiss(self) -> None:
        """The person read the problem."""
        self._set(problem=None)

    # the package
    def choose_outside(self, *, is_outside: bool) -> None:
        """A copy for outside, in which nothing shows what a redaction hides."""
        self._set(is_outside_copy=is_outside)

    def choose_language(self, language: Language) -> None:
        """The language of report and package."""
        self._set(language=language)

    @property
    def package_name(self) -> str:
        """What the package's file is called, unless the person calls it something else."""
        case = self.state.case
        return "" if case is None else f"{case.number}-{'outside-' if self.state.is_outside_copy else ''}evidence.zip"

    @property
    def report_name(self) -> str:
        """The report's."""
        case = self.state.case
        return "" if case is None else f"{case.number}-{self.state.language}.pdf"

    def pack(self, path: Path) -> None:
        """Build the package and save it at `path`."""
        case, state = self.state.case, self.state
        if case is None or state.is_packing:
            return
        body = r.PackageIn(id=new_id(self.clock.now()), language=state.language, is_outside_copy=state.is_outside_copy)
        self._set(is_packing=True, package=None, package_path=None, problem=None)
        self.tasks.run("handover.pack", lambda: self._api.build_package(case.id, body), partial(self._packed, path), self._not_packed)

    def _packed(self, path: Path, package: r.PackageView) -> None:
        case = self.state.case
        if case is None or package.case_id != case.id:
            return
        self._set(package=package)
        if package.state is PackageState.FAILED:
            self._not_packed(WorldError(package.code or "package.failed"))
        elif package.state is PackageState.READY:
            self.tasks.run("handover.save", lambda: self._api.save_package(package, path), lambda _none: self._saved(path), self._not_packed)
        else:

            async def look() -> r.PackageView:
                await asyncio.sleep(self._poll_s)
                return await self._api.package(package.id)

            self.tasks.run("handover.pack", look, partial(self._packed, path), self._not_packed)

    def _saved(self, path: Path) -> None:
        self._set(is_packing=False, package_path=path)
        # What the receiver must compare with; the package is there without it as well.
        self.tasks.run("handover.root", self._api.seal_root, lambda root: self._set(fingerprint=root.fingerprint), lambda _problem: None)

    def _not_packed(self, problem: DeskError) -> None:
        self._set(is_packing=False, package=None, problem=problem)

    # the report
    def report(self, path: Path) -> None:
        """Have the report made and save it at `path`."""
        case, language = self.state.case, self.state.language
        if case is None or self.state.is_reporting:
            return
        self._set(is_reporting=True, report_path=None, problem=None)
        self.tasks.run("handover.report", lambda: self._api.save_report(case.id, language, path),
                       lambda _none: self._set(is_reporting=False, report_path=path), self._not_reported)

    def _not_reported(self, problem: DeskError) -> None:
        self._set(is_reporting=False, problem=problem)

    # the customer's copy
    def make_copy(self) -> None:
        """A new link for the customer."""
        case = self.state.case
        if case is None or self.state.is_copying:
            return
        self._set(is_copying=True, problem=None)
        body = r.CopyIn(id=new_id(self.clock.now()))
        self.tasks.run("handover.copy", lambda: self._api.make_copy(case.id, body), lambda _made: self._copied(), self._not_copied)

    def revoke(self, copy_id: str) -> None:
        """Take a link back."""
        case = self.state.case
        if case is not None:
            self.tasks.run("handover.revoke", lambda: self._api.revoke_copy(case.id, copy_id), lambda _view: self.reload(), self._failed)

    def mail_of(self, copy: r.CopyView) -> str:
        """Subject and body of the e-mail with this link, in the language chosen."""
        text = copy.texts.get(self.state.language)
        return "" if text is None else f"{text.subject}\n\n{text.body}"

    def _copied(self) -> None:
        self._set(is_copying=False)
        self.reload()

    def _not_copied(self, problem: DeskError) -> None:
        self._set(is_copying=False, problem=problem)

    def _copies(self, case_id: str, found: list[r.CopyView]) -> None:
        if self.state.case is not None and self.state.case.id == case_id:
            self._set(copies=tuple(found))

    def _failed(self, problem: DeskError) -> None:
        self._set(problem=problem)
