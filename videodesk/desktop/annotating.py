"""What annotating a snapshot is made of, for presenter and views: the tools, how far marks are filed, the screen's state. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from videodesk.annotation.document import Document, History
from videodesk.annotation.marks import COLOURS, REDACTION_COLOUR, Kind, Mark
from videodesk.annotation.shaping import Style
from videodesk.core.errors import DeskError
from videodesk.desktop.drawing.pictures import Picture
from videodesk.protocol import resources as r


class Tool(StrEnum):
    """What the pointer does on the canvas; drawing tools have their mark's kind as value."""

    SELECT = "select"
    ARROW = "arrow"
    LINE = "line"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    PEN = "pen"
    TEXT = "text"
    STEP = "step"
    REDACTION = "redaction"
    PAN = "pan"

    @property
    def kind(self) -> Kind | None:
        """The kind of mark it draws."""
        return None if self in {Tool.SELECT, Tool.PAN} else Kind(self.value)


class Filed(StrEnum):
    """How far the marks are filed at the service."""

    SAVED = "saved"
    UNSAVED = "unsaved"
    SAVING = "saving"
    FAILED = "failed"
    CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class AnnotateState:
    """What the annotate screen shows. `picture` is None while it loads or when `problem` says why there is none."""

    snapshot: r.SnapshotView | None = None
    picture: Picture | None = None
    history: History = History(Document(1, 1))  # noqa: RUF009 - immutable
    selected_id: str | None = None
    editing_id: str | None = None
    tool: Tool = Tool.SELECT
    keeps_tool: bool = False
    colour: str = COLOURS[0]
    widths: tuple[float, float, float] = (3.0, 6.0, 10.0)
    width_px: float = 6.0
    filed: Filed = Filed.SAVED
    revision: int = 0
    is_loading: bool = False
    problem: DeskError | None = None

    @property
    def document(self) -> Document:
        """The marks as they are now."""
        return self.history.document

    @property
    def selected(self) -> Mark | None:
        """The selected mark."""
        return None if self.selected_id is None else self.document.find(self.selected_id)

    def style_for(self, kind: Kind) -> Style:
        """What a new mark of `kind` gets; redactions are dark whatever colour is chosen."""
        return Style(REDACTION_COLOUR if kind in {Kind.REDACTION, Kind.REDACTION_PEN} else self.colour, self.width_px)
