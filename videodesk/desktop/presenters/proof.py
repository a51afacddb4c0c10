"""The integrity of one snapshot: asked for when it is chosen, checked by the service at that moment."""

from __future__ import annotations

from dataclasses import dataclass

from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.proof_words import ProofLine, headline
from videodesk.desktop.tasks import Tasks
from videodesk.protocol import resources as r


@dataclass(frozen=True, slots=True)
class ProofState:
    """What the integrity panel shows; `original_id`: the one of the originals that is looked at, None: the one that leads."""

    snapshot: r.SnapshotView | None = None
    original_id: str | None = None
    answer: r.SnapshotIntegrity | None = None
    problem: DeskError | None = None

    @property
    def seen(self) -> r.OriginalIntegrity | None:
        """The answer on the original that is looked at."""
        if self.answer is None or not self.answer.originals:
            return None
        by_id = {one.original_id: one for one in self.answer.originals}
        return by_id.get(self.original_id or "", self.answer.originals[0])

    @property
    def headline(self) -> ProofLine | None:
        """The one-line state; None while it is not known."""
        return None if self.answer is None or self.seen is None else headline(self.seen, self.answer)


class ProofPresenter(Presenter[ProofState]):
    """Shows one snapshot at a time."""

    def __init__(self, api: DeskApi, tasks: Tasks, clock: Clock) -> None:
        super().__init__(ProofState(), tasks, clock)
        self._api = api

    def show(self, snapshot: r.SnapshotView | None, original_id: str | None = None) -> None:
        """Show this snapshot; asked anew when another one is chosen, or when this one got another original or rendition."""
        before = self.state.snapshot
        if snapshot is not None and before is not None and _same(before, snapshot):
            self._set(snapshot=snapshot, original_id=original_id)
            return
        is_other = before is None or snapshot is None or before.id != snapshot.id
        self._set(snapshot=snapshot, original_id=original_id, problem=None, **({"answer": None} if is_other else {}))
        if snapshot is not None:
            self.again()

    def again(self) -> None:
        """Check it again."""
        snapshot = self.state.snapshot
        if snapshot is None:
            return
        self._set(problem=None)
        self.tasks.run("proof.load", lambda: self._api.integrity(snapshot.id), lambda found: self._loaded(snapshot.id, found), self._failed, replaces=True)

    def _loaded(self, snapshot_id: str, found: r.SnapshotIntegrity) -> None:
        if self.state.snapshot is not None and self.state.snapshot.id == snapshot_id:
            self._set(answer=found, problem=None)

    def _failed(self, problem: DeskError) -> None:
        self._set(problem=problem)


def _same(before: r.SnapshotView, after: r.SnapshotView) -> bool:
    return (before.id, before.leading, before.rendition, [one.id for one in before.originals]) == (
        after.id, after.leading, after.rendition, [one.id for one in after.originals])
