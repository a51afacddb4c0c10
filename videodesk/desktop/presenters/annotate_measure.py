"""Measuring in the editor: what gives the picture its scale, where it is found, what a ruler says and why it cannot."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Protocol

from videodesk.annotation.document import Document
from videodesk.annotation.marks import Point, Reference, ReferenceKind, Ruler
from videodesk.annotation.measuring import SIZES_MM, check, measured_ruler, why_not
from videodesk.annotation.measuring_ports import ReferenceFinder
from videodesk.client.api import DeskApi
from videodesk.core.clock import Clock
from videodesk.core.errors import DeskError, Invalid
from videodesk.desktop.annotating import AnnotateState
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.i18n import language
from videodesk.desktop.presentation import Presenter
from videodesk.desktop.tasks import Tasks

CONTROL_MM: Final = 100.0  # of the line on the page with markers
LARGEST_MM: Final = 100_000.0


class Marks(Protocol):
    """The editor, as measuring sees it."""

    remeasure: Callable[[Ruler], Ruler]

    @property
    def state(self) -> AnnotateState:
        """What the editor shows."""
        ...

    def watch(self, callback: Callable[[AnnotateState], None]) -> Callable[[], None]:
        """Call `callback` now and after each change."""
        ...

    def set_reference(self, reference: Reference | None) -> None:
        """The scale of this picture; rulers that stand are measured anew by it, in one step."""
        ...


@dataclass(frozen=True, slots=True)
class MeasureState:
    """What the panel shows.

    `kind` is what the person chose; `reference` what the picture has now; `notice` a text's key (`measure.found` …), `problem` why a
    reference is not taken. `printed_mm`: how long the control line is on the person's print; `square_mm`: which marker is meant by hand.
    `ruler` is the one whose value is shown, `why` why it has none.
    """

    kind: ReferenceKind = ReferenceKind.BANK_CARD
    reference: Reference | None = None
    is_finding: bool = False
    can_find: bool = False
    has_picture: bool = False
    notice: str = ""
    problem: DeskError | None = None
    printed_mm: float = CONTROL_MM
    square_mm: float = SIZES_MM[ReferenceKind.MARKER][0]
    ruler: Ruler | None = None
    why: DeskError | None = None

    @property
    def is_ours(self) -> bool:
        """Whether the picture's reference is of the chosen kind."""
        return self.reference is not None and self.reference.kind is self.kind


class MeasurePresenter(Presenter[MeasureState]):
    """Finds references by a `finder` (None: only by hand), and gives the editor's rulers their values."""

    def __init__(self, marks: Marks, api: DeskApi, tasks: Tasks, clock: Clock, finder: ReferenceFinder | None = None) -> None:
        super().__init__(MeasureState(can_find=finder is not None), tasks, clock)
        self._marks, self._api, self._finder = marks, api, finder
        self._picture: Picture | None = None
        self._seen: tuple[Document, Reference | None] = (marks.state.document, None)
        marks.remeasure = self._remeasure
        marks.watch(self._follow)

    # ── the editor ─────────────────────────────────────────────────────────────────────────────────────────────

    def _remeasure(self, ruler: Ruler) -> Ruler:
        document = self._marks.state.document
        return measured_ruler(ruler, document.width_px, document.height_px)

    def _follow(self, state: AnnotateState) -> None:
        before, self._seen = self._seen, (state.document, state.reference)
        if state.picture is not self._picture:
            self._picture = state.picture
            self.tasks.cancel_all()
            self._set(is_finding=False, notice="", problem=None, printed_mm=CONTROL_MM, has_picture=state.picture is not None)
        # Reopened, or undone: the rulers that stand say what the scale is.
        if state.document is not before[0] and state.reference == before[1] and (standing := _only_reference(state)) not in {None, state.reference}:
            self._marks.set_reference(standing)
            return  # which was told of here already
        chosen = state.reference.kind if state.reference is not None and state.reference != self.state.reference else self.state.kind
        ruler = state.only if isinstance(state.only, Ruler) else None
        why: DeskError | None = None if ruler is None or ruler.measured is not None else why_not(ruler, state.document.width_px, state.document.height_px)
        if why is not None and self.state.why is not None and why.code == self.state.why.code:
            why = self.state.why  # an error is no value: a fresh one of the same code is no change
        self._set(reference=state.reference, kind=chosen, ruler=ruler, why=why)

    # ── what the person does ───────────────────────────────────────────────────────────────────────────────────

    def choose(self, kind: ReferenceKind) -> None:
        """What will give the scale; what gives it now stays until another one is found."""
        self._set(kind=kind, notice="", problem=None)

    def find(self) -> None:
        """Look for the chosen thing on the picture."""
        picture, finder, kind = self._marks.state.picture, self._finder, self.state.kind
        if picture is None or finder is None or kind is ReferenceKind.KNOWN_LENGTH or self.state.is_finding:
            return
        self._set(is_finding=True, notice="", problem=None)
        look = partial(finder.find, _bytes_of(picture), picture.width_px, picture.height_px, kind)
        self.tasks.run("measure.find", partial(asyncio.to_thread, look), self._found, self._not_found, replaces=True)

    def _found(self, reference: Reference | None) -> None:
        self._set(is_finding=False)
        if reference is None:
            self._set(notice="measure.not_found")
            return
        self._take(self._as_printed(reference), "measure.found")

    def _not_found(self, problem: DeskError) -> None:
        self._set(is_finding=False, problem=problem)

    def start_corners(self) -> tuple[Point, ...]:
        """Where the corners stand when the person begins to put them by hand: where they were, else in the middle of the picture."""
        state = self._marks.state
        if self.state.is_ours and state.reference is not None and len(state.reference.points) == 4:
            return state.reference.points
        width, height = self.size_mm
        document = state.document
        scale = 0.3 * min(document.width_px / width, document.height_px / height)
        x, y = document.width_px / 2, document.height_px / 2
        across, down = width * scale / 2, height * scale / 2
        return (Point(x - across, y - down), Point(x + across, y - down), Point(x + across, y + down), Point(x - across, y + down))

    @property
    def size_mm(self) -> tuple[float, float]:
        """The chosen thing's size, as it is meant (not as it was printed)."""
        if self.state.kind is ReferenceKind.MARKER:
            return self.state.square_mm, self.state.square_mm
        return SIZES_MM.get(self.state.kind, (1.0, 1.0))

    def put_corners(self, points: tuple[Point, ...], corner_px: float) -> None:
        """The person put the corners; `corner_px` is how exact a hand is at that zoom. Edges near by make them more exact."""
        reference = Reference(self.state.kind, points, self.size_mm, corner_px)
        picture, finder = self._marks.state.picture, self._finder
        if picture is None:
            return
        if finder is None:
            self._take(self._as_printed(reference), "measure.by_hand")
            return
        self._set(is_finding=True, notice="", problem=None)
        snap = partial(finder.snapped, _bytes_of(picture), picture.width_px, picture.height_px, reference)

        def done(snapped: Reference | None) -> None:
            self._set(is_finding=False)
            self._take(self._as_printed(snapped or reference), "measure.by_hand" if snapped is None else "measure.snapped")

        self.tasks.run("measure.find", partial(asyncio.to_thread, snap), done, self._not_found, replaces=True)

    def use_ruler(self, length_mm: float) -> None:
        """The chosen ruler is this long in reality: the scale of the picture."""
        ruler = self.state.ruler
        if ruler is None or not 0 < length_mm <= LARGEST_MM:
            self._set(notice="measure.no_ruler" if ruler is None else "measure.no_length", problem=None)
            return
        self._take(Reference(ReferenceKind.KNOWN_LENGTH, (ruler.start, ruler.end), (length_mm, 0.0), self._hand_px()), "measure.by_length")

    def print_is(self, printed_mm: float) -> None:
        """The control line on the person's print is this long: markers are larger or smaller by as much."""
        before = self.state.printed_mm
        if not 50 <= printed_mm <= 200 or math.isclose(printed_mm, before):
            return
        self._set(printed_mm=printed_mm)
        reference = self.state.reference
        if reference is not None and reference.kind is ReferenceKind.MARKER:
            scale = printed_mm / before
            self._marks.set_reference(replace(reference, size_mm=(reference.size_mm[0] * scale, reference.size_mm[1] * scale)))

    def mean_square(self, side_mm: float) -> None:
        """Which of the printed markers is meant when its corners are put by hand."""
        self._set(square_mm=side_mm)

    def forget(self) -> None:
        """No scale any more: rulers lose their values (undo brings them back)."""
        self._set(notice="", problem=None)
        self._marks.set_reference(None)

    def with_print_url(self, then: Callable[[str], None]) -> None:
        """Give the address of the page with markers to `then`; only an http address ever."""
        async def ask() -> str:
            return (await self._api.info()).public_url

        def known(base: str) -> None:
            if base.startswith(("https://", "http://")):
                then(f"{base.rstrip('/')}/api/v1/marker.pdf?language={language().value}")
            else:
                self._set(notice="measure.no_address", problem=None)

        self.tasks.run("measure.address", ask, known, self._no_address, replaces=True)

    def _no_address(self, problem: DeskError) -> None:
        self._set(problem=problem)

    def say_copied(self) -> None:
        """The page's address was copied."""
        self._set(notice="measure.copied", problem=None)

    def _hand_px(self) -> float:
        document = self._marks.state.document
        return max(0.7, max(document.width_px, document.height_px) / 2400)

    def _as_printed(self, reference: Reference) -> Reference:
        if reference.kind is not ReferenceKind.MARKER:
            return reference
        scale = self.state.printed_mm / CONTROL_MM
        return replace(reference, size_mm=(reference.size_mm[0] * scale, reference.size_mm[1] * scale))

    def _take(self, reference: Reference, notice: str) -> None:
        document = self._marks.state.document
        try:
            check(reference, document.width_px, document.height_px)
        except Invalid as problem:
            self._set(problem=problem, notice="")
            return
        self._set(notice=notice, problem=None)
        self._marks.set_reference(reference)


def _bytes_of(picture: Picture) -> memoryview:
    return picture.pixels.data.cast("B")


def _only_reference(state: AnnotateState) -> Reference | None:
    """The one by which all rulers are measured; None where they differ, or are measured by none."""
    found = {mark.reference for mark in state.document.marks if isinstance(mark, Ruler)}
    return found.pop() if len(found) == 1 else None
