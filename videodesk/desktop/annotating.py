"""What annotating a snapshot is made of, for presenter and views: the tools, how far marks are filed, the screen's state. No Qt."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from videodesk.annotation.document import Document, Framing, History
from videodesk.annotation.marks import COLOURS, REDACTION_COLOUR, Box, Kind, Mark, Reference, StampKind, is_colour
from videodesk.annotation.shaping import Style
from videodesk.core.errors import DeskError
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.i18n import t
from videodesk.protocol import resources as r


class Tool(StrEnum):
    """What the pointer does on the canvas; drawing tools have their mark's kind as value."""

    SELECT = "select"
    ARROW = "arrow"
    LINE = "line"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    PEN = "pen"
    HIGHLIGHTER = "highlighter"
    TEXT = "text"
    STEP = "step"
    CALLOUT = "callout"
    STAMP = "stamp"
    SPOTLIGHT = "spotlight"
    RULER = "ruler"
    REDACTION = "redaction"
    REDACTION_PEN = "redaction_pen"
    CROP = "crop"
    PAN = "pan"

    @property
    def kind(self) -> Kind | None:
        """The kind of mark it draws; None for those that draw none (select, crop, pan)."""
        return None if self in {Tool.SELECT, Tool.CROP, Tool.PAN} else Kind(self.value)


# Tab goes on to the next of these while one of them is the tool.
SHAPES: Final = (Tool.ARROW, Tool.LINE, Tool.RECTANGLE, Tool.ELLIPSE)
MAX_QUICK_STYLES: Final = 5
STAMP_COLOURS: Final = {StampKind.OK: COLOURS[2], StampKind.DAMAGE: COLOURS[0], StampKind.SERIAL: COLOURS[4]}
REDACTIONS: Final = frozenset({Kind.REDACTION, Kind.REDACTION_PEN})


class Filed(StrEnum):
    """How far the marks are filed at the service."""

    SAVED = "saved"
    UNSAVED = "unsaved"
    SAVING = "saving"
    FAILED = "failed"
    CONFLICT = "conflict"


def stamp_words(stamp: StampKind, serial: str) -> str:
    """What a stamp says, in the language chosen now; `serial` is the case's number as it was read or typed, "" none."""
    if stamp is StampKind.SERIAL and serial:
        return t("annotate.stamp_words.serial_number", number=serial)
    return t(f"annotate.stamp_words.{stamp}")


@dataclass(frozen=True, slots=True)
class QuickStyle:
    """A colour and a width under one name. `share` is the width as a share of the original's longest side, so that it fits every picture."""

    colour: str
    share: float

    @property
    def spelled(self) -> str:
        """As the preferences keep it."""
        return f"{self.colour} {self.share:.5f}"

    @classmethod
    def read(cls, spelled: object) -> QuickStyle | None:
        """What the preferences kept; None where somebody else wrote there."""
        colour, _, share = spelled.partition(" ") if isinstance(spelled, str) else ("", "", "")
        try:
            width = float(share)
        except ValueError:
            return None
        return cls(colour, width) if is_colour(colour) and 0 < width <= 1 else None


@dataclass(frozen=True, slots=True)
class AnnotateState:
    """What the annotate screen shows. `picture` is None while it loads or when `problem` says why there is none.

    `selected_ids`: in the order of choosing, the primary one last. `stamp` is what a new stamp says, `serial` the number that the case
    knows ("" none). `highlight` is the highlighter's own colour. `reference` is the scale that new rulers get. `copied` are the marks on the clipboard (of the
    snapshot `copied_from`), `copied_style` the style.
    """

    snapshot: r.SnapshotView | None = None
    picture: Picture | None = None
    history: History = History(Document(1, 1))  # noqa: RUF009 - immutable
    selected_ids: tuple[str, ...] = ()
    editing_id: str | None = None
    tool: Tool = Tool.SELECT
    keeps_tool: bool = False
    colour: str = COLOURS[0]
    highlight: str = COLOURS[1]
    widths: tuple[float, float, float] = (3.0, 6.0, 10.0)
    width_px: float = 6.0
    stamp: StampKind = StampKind.OK
    serial: str = ""
    reference: Reference | None = None
    copied: tuple[Mark, ...] = ()
    copied_from: str = ""
    copied_style: Style | None = None
    quick_styles: tuple[QuickStyle, ...] = ()
    filed: Filed = Filed.SAVED
    revision: int = 0
    is_loading: bool = False
    problem: DeskError | None = None

    @property
    def document(self) -> Document:
        """The marks as they are now."""
        return self.history.document

    @property
    def framing(self) -> Framing:
        """How renditions are cut and turned."""
        return self.document.framing

    @property
    def framed(self) -> Box:
        """The part of the original that renditions show, in px."""
        return self.document.framed

    @property
    def selected_id(self) -> str | None:
        """The id of the selected mark, of several the primary one."""
        return self.selected_ids[-1] if self.selected_ids else None

    @property
    def selected(self) -> Mark | None:
        """The selected mark, of several the primary one (chosen last)."""
        return None if self.selected_id is None else self.document.find(self.selected_id)

    @property
    def only(self) -> Mark | None:
        """The selected mark when it is the only one."""
        return self.selected if len(self.selected_ids) == 1 else None

    @property
    def selection(self) -> tuple[Mark, ...]:
        """All selected marks, the lowest first."""
        chosen = set(self.selected_ids)
        return tuple(mark for mark in self.document.marks if mark.id in chosen) if chosen else ()

    @property
    def longest_px(self) -> int:
        """The original's longest side, which quick styles are a share of."""
        return max(self.document.width_px, self.document.height_px)

    def style_for(self, kind: Kind) -> Style:
        """What a new mark of `kind` gets: redactions are dark whatever colour is chosen, stamps and the highlighter have colours of their own."""
        own = {Kind.HIGHLIGHTER: self.highlight, Kind.STAMP: STAMP_COLOURS[self.stamp]}
        colour = REDACTION_COLOUR if kind in REDACTIONS else own.get(kind, self.colour)
        return Style(colour, self.width_px, self.stamp, stamp_words(self.stamp, self.serial))
