"""How the selected marks lie to each other: alignment, equal distances, order in the stack, groups. Marks of one group keep together."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from enum import StrEnum

from videodesk.annotation.document import Command, Document, Reorder
from videodesk.annotation.geometry import moved
from videodesk.annotation.marks import Box, Mark
from videodesk.desktop.marking.choosing import AnnotateChoosing
from videodesk.desktop.marking.editing import around


class Side(StrEnum):
    """What of the marks comes on one line; the value is the action's name after `align_`."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"
    TOP = "top"
    MIDDLE = "middle"
    BOTTOM = "bottom"


# How far a box has to move so that this side of it lies on that of the box around all.
_ALIGNED: dict[Side, Callable[[Box, Box], tuple[float, float]]] = {
    Side.LEFT: lambda own, whole: (whole.x - own.x, 0),
    Side.CENTRE: lambda own, whole: (whole.centre.x - own.centre.x, 0),
    Side.RIGHT: lambda own, whole: (whole.right - own.right, 0),
    Side.TOP: lambda own, whole: (0, whole.y - own.y),
    Side.MIDDLE: lambda own, whole: (0, whole.centre.y - own.centre.y),
    Side.BOTTOM: lambda own, whole: (0, whole.bottom - own.bottom),
}


class AnnotateArranging(AnnotateChoosing):
    """Works on the selected marks; each method is one step of the history."""

    def align(self, side: Side) -> None:
        """Put one side of the selected marks (or their middles) on one line: that of the box around them all."""
        units = self._units()
        if len(units) > 1:
            whole = self.common_box()
            self.change_several(
                moved(mark, *_ALIGNED[side](around(unit, self.measure), whole)) for unit in units for mark in unit)

    def distribute(self, *, is_down: bool) -> None:
        """Give the selected marks equal gaps, across or down; the outermost two stay. Needs three of them."""
        units = self._units()
        if len(units) < 3:
            return
        along = 1 if is_down else 0
        boxes = sorted(((around(unit, self.measure), unit) for unit in units), key=lambda pair: pair[0].centre[along])
        whole = self.common_box()
        gap = (whole[along + 2] - sum(box[along + 2] for box, _ in boxes)) / (len(boxes) - 1)
        place = whole[along]
        changed: list[Mark] = []
        for box, unit in boxes:
            by = place - box[along]
            changed += (moved(mark, 0, by) if is_down else moved(mark, by, 0) for mark in unit)
            place += box[along + 2] + gap
        self.change_several(changed)

    def group(self) -> None:
        """The selected marks belong together from now on: a click selects them all."""
        if len(self.state.selection) > 1:
            name = self.fresh_id()
            self.change_several(replace(mark, group=name) for mark in self.state.selection)

    def ungroup(self) -> None:
        """The selected marks are alone again."""
        self.change_several(replace(mark, group="") for mark in self.state.selection)

    def to_front(self) -> None:
        """Put the selected marks on top of all others; among themselves they keep their order."""
        chosen = [mark.id for mark in self.state.selection]
        self._order([*self._others(), *chosen])

    def to_back(self) -> None:
        """Put the selected marks under all others; among themselves they keep their order."""
        chosen = [mark.id for mark in self.state.selection]
        self._order([*chosen, *self._others()])

    def raise_selected(self, by: int) -> None:
        """Move the selected marks up in the stack by `by` places (negative: down), as far as there is room."""
        chosen = set(self.state.selected_ids)
        order = [mark.id for mark in self.state.document.marks]
        if by < 0:
            order.reverse()
        for _ in range(abs(by)):
            for place in reversed(range(len(order) - 1)):
                if order[place] in chosen and order[place + 1] not in chosen:
                    order[place], order[place + 1] = order[place + 1], order[place]
        if by < 0:
            order.reverse()
        self._order(order)

    def _others(self) -> list[str]:
        chosen = set(self.state.selected_ids)
        return [mark.id for mark in self.state.document.marks if mark.id not in chosen]

    def _order(self, ids: list[str]) -> None:
        self._all(reordering(self.state.document, ids))

    def _units(self) -> list[tuple[Mark, ...]]:
        """The selected marks, those of one group together."""
        units: dict[str, list[Mark]] = {}
        for mark in self.state.selection:
            units.setdefault(mark.group or mark.id, []).append(mark)
        return [tuple(unit) for unit in units.values()]


def reordering(document: Document, ids: list[str]) -> Iterable[Command]:
    """The commands that bring the document's marks in the order of `ids` (all of them, the lowest first)."""
    order = [mark.id for mark in document.marks]
    commands: list[Command] = []
    for target, mark_id in enumerate(ids):
        source = order.index(mark_id)
        if source != target:
            commands.append(Reorder(source, target))
            order.insert(target, order.pop(source))
    return commands
