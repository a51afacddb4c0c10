"""How long a case is kept: its retention class, a legal hold, erasure."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError, WorldError
from videodesk.core.people import Principal
from videodesk.core.permissions import Action, is_allowed
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.proof_words import certificate_text
from videodesk.desktop.tasks import Tasks
from videodesk.protocol import resources as r


@dataclass(frozen=True, slots=True)
class KeepingState:
    """What the card shows. `is_asking`: the person is asked for the number; `certificate` is there once the case was erased here."""

    case: r.CaseView | None = None
    retention: r.RetentionView | None = None
    may_hold: bool = False
    may_erase: bool = False
    is_asking: bool = False
    typed: str = ""
    reason: str = ""
    is_erasing: bool = False
    certificate: r.ErasureView | None = None
    certificate_path: Path | None = None
    problem: DeskError | None = None

    @property
    def is_number_right(self) -> bool:
        """Whether the number that was typed is the case's."""
        return self.case is not None and self.typed.strip().upper() == self.case.number

    @property
    def can_erase(self) -> bool:
        """Whether everything was filled in and nothing stands against it."""
        return self.is_number_right and bool(self.reason.strip()) and not self.is_erasing and self.why_not is None

    @property
    def why_not(self) -> str | None:
        """The text key that says why the case cannot be erased now; None when it can."""
        if self.retention is None:
            return "proof.erase_why_unknown"
        if self.retention.erased_at is not None:
            return "proof.erase_why_erased"
        return "proof.erase_why_held" if self.retention.is_held else None


class KeepingPresenter(Presenter[KeepingState]):
    """One case at a time."""

    def __init__(self, api: DeskApi, tasks: Tasks, clock: Clock, principal: Principal) -> None:
        super().__init__(KeepingState(may_hold=is_allowed(principal, Action.HOLD), may_erase=is_allowed(principal, Action.ERASE)), tasks, clock)
        self._api, self._all_tasks = api, tasks

    def show(self, case: r.CaseView) -> None:
        """Show this case; another one begins anew."""
        before = self.state.case
        if before is not None and before.id == case.id:
            is_changed = before.status != case.status
            self._set(case=case)
            if is_changed:
                self.reload()
            return
        self.tasks.cancel_all()
        self._set(case=case, retention=None, is_asking=False, typed="", reason="", is_erasing=False, certificate=None, certificate_path=None, problem=None)
        self.reload()

    def reload(self) -> None:
        """Fetch it anew."""
        case = self.state.case
        if case is not None:
            self.tasks.run("keeping.load", lambda: self._api.retention(case.id), self._loaded, self._failed, replaces=True)

    def dismiss(self) -> None:
        """The person read the problem."""
        self._set(problem=None)

    # the hold
    def hold(self, reason: str) -> None:
        """Keep it whatever its date says, because of this."""
        case = self.state.case
        if case is not None and reason.strip():
            body = r.HoldIn(reason=reason.strip()[:200])
            self.tasks.run("keeping.hold", lambda: self._api.hold(case.id, body), self._loaded, self._failed)

    def release(self) -> None:
        """The reason is over."""
        if (case := self.state.case) is not None:
            self.tasks.run("keeping.release", lambda: self._api.release(case.id), self._loaded, self._failed)

    # erasure
    def ask_erasure(self) -> None:
        """Ask the person for the number and a reason."""
        self._set(is_asking=True, typed="", reason="", problem=None)

    def stop_asking(self) -> None:
        """Nothing is erased; or the certificate was read."""
        if not self.state.is_erasing:
            self._set(is_asking=False, typed="", reason="", problem=None)

    def type_number(self, text: str) -> None:
        """What stands in the field of the number."""
        self._set(typed=text)

    def write_reason(self, text: str) -> None:
        """Why it is erased."""
        self._set(reason=text[:200])

    def erase(self) -> None:
        """Erase the case for good; only once number and reason are there."""
        case, state = self.state.case, self.state
        if case is None or not state.can_erase:
            return
        self._set(is_erasing=True, problem=None)
        body = r.ErasureIn(case_number=case.number, reason=state.reason.strip())
        self._all_tasks.run("keeping.erase", lambda: self._api.erase(case.id, body), self._erased, self._not_erased)

    def save_certificate(self, path: Path) -> None:
        """Write the certificate to a file."""
        made = self.state.certificate
        if made is None:
            return
        write = partial(_write, path, certificate_text(made))
        self._all_tasks.run("keeping.certificate", partial(asyncio.to_thread, write), lambda _none: self._set(certificate_path=path), self._failed)

    def _loaded(self, found: r.RetentionView) -> None:
        if self.state.case is not None and self.state.case.id == found.case_id:
            self._set(retention=found, problem=None)

    def _erased(self, made: r.ErasureView) -> None:
        if self.state.case is None or self.state.case.id != made.case_id:
            return
        before = self.state.retention
        retention = None if before is None else before.model_copy(update={"erased_at": made.erased_at, "erase_after": None})
        self._set(is_erasing=False, certificate=made, retention=retention)

    def _not_erased(self, problem: DeskError) -> None:
        self._set(is_erasing=False, problem=problem)

    def _failed(self, problem: DeskError) -> None:
        self._set(problem=problem)


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise WorldError("storage.unwritable", folder=str(path.parent)) from problem
