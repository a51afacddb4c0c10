"""What the call screen shows of live drawing: the tools, the colours, Live. No Qt."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from videodesk.calls.live import Shown
from videodesk.calls.pictures import FrozenFrame

# The editor's colours without black; the customer draws in purple.
LIVE_COLOURS: Final = ("#e5352b", "#f5a400", "#23a455", "#1c7ed6", "#ffffff")


class LiveTool(StrEnum):
    """What the hand draws with; the values are those of LiveShape."""

    POINTER = "pointer"
    ARROW = "arrow"
    LINE = "line"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    PEN = "pen"
    STEP = "step"


class Seen(StrEnum):
    """What is known of the customer's side."""

    NOTHING = "nothing"  # there is nothing to see
    UNDER_WAY = "under_way"
    SEEN = "seen"
    HIDDEN = "hidden"  # the customer has put the drawings away


@dataclass(frozen=True, slots=True)
class Live:
    """What the call screen shows of live drawing. `tool` is None while nobody draws; `turn` counts what is to be painted anew.

    `why_not` is the text key of why nothing can be drawn now. `frozen` is the picture that both look at.
    """

    is_open: bool = False
    why_not: str | None = "live.why.no_call"
    tool: LiveTool | None = None
    last_tool: LiveTool = LiveTool.POINTER
    colour: str = LIVE_COLOURS[0]
    fades: bool = True
    marks: tuple[Shown, ...] = field(default=(), compare=False)
    has_marks: bool = False
    turn: int = 0
    frozen: FrozenFrame | None = field(default=None, compare=False)
    freeze_id: str = ""
    is_fading: bool = False
    seen: Seen = Seen.NOTHING
    notice: str | None = None
    lost: int = 0

    @property
    def is_frozen(self) -> bool:
        """Whether both look at a frozen picture."""
        return self.frozen is not None
