"""How the selected marks lie to each other: alignment, equal distances, order in the stack, groups. Marks of one group keep together."""

from __future__ import annotations

from videodesk.annotation.arranging import Alignment, Axis, Stacking, aligned, distributed, grouped, stacked, ungrouped
from videodesk.desktop.marking.choosing import AnnotateChoosing


class AnnotateArranging(AnnotateChoosing):
    """Works on the selected marks; each method is one step of the history, and nothing where there is nothing to do."""

    def align(self, alignment: Alignment) -> None:
        """Put one side of the selected marks (or their middles) on one line: that of the box around them all."""
        self.do(aligned(self.state.document, self.state.selected_ids, alignment, self.measure))

    def distribute(self, axis: Axis) -> None:
        """Give the selected marks equal gaps; the outermost two stay. Needs three of them."""
        self.do(distributed(self.state.document, self.state.selected_ids, axis, self.measure))

    def group(self) -> None:
        """The selected marks belong together from now on: a click selects them all."""
        self.do(grouped(self.state.document, self.state.selected_ids, self.fresh_id()))

    def ungroup(self) -> None:
        """The groups of the selected marks are taken apart."""
        self.do(ungrouped(self.state.document, self.state.selected_ids))

    def to_front(self) -> None:
        """Put the selected marks on top of all others; among themselves they keep their order."""
        self.do(stacked(self.state.document, self.state.selected_ids, Stacking.FRONT))

    def to_back(self) -> None:
        """Put the selected marks under all others; among themselves they keep their order."""
        self.do(stacked(self.state.document, self.state.selected_ids, Stacking.BACK))

    def raise_selected(self, by: int) -> None:
        """Move the selected marks one place up in the stack (`by` > 0) or down, as far as there is room."""
        self.do(stacked(self.state.document, self.state.selected_ids, Stacking.FORWARD if by > 0 else Stacking.BACKWARD))
