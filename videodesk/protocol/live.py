"""Live drawing: what goes over the call's data channel, one JSON object per text message, `type` says which.

The page makes the channel in its offer (label `LIVE_LABEL`, ordered, reliable). Nothing here passes the service, and nothing is kept: a
mark that shall stay goes into a snapshot's annotation. Both sides drop what they do not understand, and a side that says too much.

Places are fractions of the video picture that the desktop received, upright as it was received: (0, 0) is its upper left corner, (1, 1)
its lower right one, whatever the page's letterboxing, mirroring or zoom. Widths are fractions of the picture's width.

A mark lies on the live video (`freeze` empty) or on the frozen picture with that id. `frame_ms` names the video frame for which places
of following marks hold: the moment of its capture by the page's clock (ms since 1970, from the sender reports); None when unknown.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, TypeAdapter

from videodesk.protocol.messages import Wire

LIVE_LABEL: Final = "live"
MAX_LIVE_BYTES: Final = 16 * 1024
MAX_LIVE_MARKS: Final = 60
MAX_STROKE_POINTS: Final = 500
MAX_FREEZE_BYTES: Final = 400 * 1024
FREEZE_PART_BYTES: Final = 8 * 1024
# Strokes are gathered for this long: at most 30 messages a second.
BATCH_MS: Final = 33
# A mark that fades is whole for this long after its last change, then fades out; each side does it for itself, the drawer says `gone`.
FADE_AFTER_MS: Final = 4_000
FADE_MS: Final = 1_000

LiveId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,64}$")]
Share = Annotated[float, Field(ge=-2, le=3, allow_inf_nan=False)]
Place = tuple[Share, Share]
Colour = Annotated[str, StringConstraints(pattern=r"^#[0-9a-f]{6}$")]


class LiveShape(StrEnum):
    """What is drawn live. `pointer` is one place that moves; all others stay where they were put."""

    POINTER = "pointer"
    ARROW = "arrow"
    LINE = "line"
    RECTANGLE = "rectangle"
    ELLIPSE = "ellipse"
    PEN = "pen"
    STEP = "step"


class LiveHold(StrEnum):
    """How a mark holds on: `still` to the picture, `following` the object, `lost` while the object is not found (dimmed, where it was last)."""

    STILL = "still"
    FOLLOWING = "following"
    LOST = "lost"


class LiveMark(Wire):
    """One mark. `points`: a pointer's and a step's place; two ends; two opposite corners; a stroke's places.

    A rectangle or ellipse that follows an object carries its four corners, clockwise from the upper left.
    """

    id: LiveId
    shape: LiveShape
    points: Annotated[list[Place], Field(min_length=1, max_length=MAX_STROKE_POINTS)]
    colour: Colour
    width: Annotated[float, Field(gt=0, le=0.2)] = 0.006
    number: Annotated[int, Field(ge=0, le=999)] = 0
    by: Literal["agent", "customer"] = "agent"
    fades: bool = False
    hold: LiveHold = LiveHold.STILL
    freeze: str = ""


class LiveMore(Wire):
    """The stroke of mark `id` goes on."""

    id: LiveId
    points: Annotated[list[Place], Field(min_length=1, max_length=MAX_STROKE_POINTS)]


class LiveMoved(Wire):
    """Where a following mark is now."""

    id: LiveId
    points: Annotated[list[Place], Field(min_length=1, max_length=MAX_STROKE_POINTS)]
    hold: LiveHold


class LiveMarks(Wire):
    """Changes of the marks, both ways, at most one every BATCH_MS: new or replaced ones, longer strokes, moved ones, ids that are gone.

    `seq` counts from 1 in each direction; a page answers the desktop's with `live.seen` once they are painted.
    """

    type: Literal["live.marks"] = "live.marks"
    seq: Annotated[int, Field(ge=1)]
    frame_ms: float | None = None
    put: list[LiveMark] = []
    more: list[LiveMore] = []
    moved: list[LiveMoved] = []
    gone: list[LiveId] = []


class LiveClear(Wire):
    """All marks of `by` go ("" everybody's)."""

    type: Literal["live.clear"] = "live.clear"
    by: Literal["", "agent", "customer"] = ""


class LiveFreeze(Wire):
    """The desktop shows a frozen picture: a JPEG of `size_bytes` follows in `live.freeze_part`s. The page shows it once it is whole."""

    type: Literal["live.freeze"] = "live.freeze"
    id: LiveId
    width_px: Annotated[int, Field(ge=1, le=4096)]
    height_px: Annotated[int, Field(ge=1, le=4096)]
    size_bytes: Annotated[int, Field(ge=1, le=MAX_FREEZE_BYTES)]
    may_draw: bool = True


class LiveFreezePart(Wire):
    """A piece of the frozen picture, base64, at most FREEZE_PART_BYTES of it, in order from index 0."""

    type: Literal["live.freeze_part"] = "live.freeze_part"
    id: LiveId
    index: Annotated[int, Field(ge=0, le=1000)]
    data: Annotated[str, StringConstraints(max_length=4 * (FREEZE_PART_BYTES // 3 + 1))]


class LiveThaw(Wire):
    """The live video again; marks on the frozen picture are gone."""

    type: Literal["live.thaw"] = "live.thaw"
    id: LiveId


class LiveSeen(Wire):
    """The page has painted all up to `seq` (and shows the frozen picture `freeze`). `is_hidden`: the customer has put the drawings away."""

    type: Literal["live.seen"] = "live.seen"
    seq: Annotated[int, Field(ge=0)]
    freeze: str = ""
    is_hidden: bool = False


class LiveMarker(Wire):
    """The page shows the measuring marker on its screen, or no longer."""

    type: Literal["live.marker"] = "live.marker"
    is_shown: bool


LiveMessage = LiveMarks | LiveClear | LiveFreeze | LiveFreezePart | LiveThaw | LiveSeen | LiveMarker
LIVE_MESSAGE: Final[TypeAdapter[LiveMessage]] = TypeAdapter(Annotated[LiveMessage, Field(discriminator="type")])
