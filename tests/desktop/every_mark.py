"""A document with a mark of every kind, for drawing tests, and the picture that it lies on."""

from __future__ import annotations

import math

from tests.desktop.drawn import damaged_parcel_jpeg
from videodesk.annotation.document import Document, Framing
from videodesk.annotation.marks import (
    COLOURS,
    REDACTION_COLOUR,
    Arrow,
    Box,
    Callout,
    Ellipse,
    Highlighter,
    Line,
    Mark,
    Measured,
    Pen,
    Point,
    Rectangle,
    Redaction,
    RedactionPen,
    Ruler,
    Spotlight,
    Stamp,
    StampKind,
    Step,
    Text,
)
from videodesk.desktop.drawing.pictures import Picture, decode


def wave(x: float, y: float, count: int = 20) -> tuple[Point, ...]:
    """A stroke of the hand."""
    return tuple(Point(x + 9.7 * n, y + 12 * math.sin(n / 2)) for n in range(count))


EVERY: tuple[Mark, ...] = (
    Spotlight(id="spotlight", box=Box(60.4, 60.2, 1100, 600), width_px=5),
    Arrow(id="arrow", start=Point(100.3, 100.8), end=Point(220, 160)),
    Line(id="line", start=Point(100, 200), end=Point(220, 240.5), colour=COLOURS[1]),
    Rectangle(id="rectangle", box=Box(260, 90, 120.5, 80), colour=COLOURS[2]),
    Ellipse(id="ellipse", box=Box(260, 200, 120, 80), colour=COLOURS[3]),
    Pen(id="pen", points=wave(100, 300), colour=COLOURS[4]),
    Highlighter(id="highlighter", points=wave(420, 290), colour="#ffd400"),
    Text(id="text", at=Point(100, 360), text="Deuk √ 3 cm\nÉÅgjy €"),
    Callout(id="callout", at=Point(330, 360), text="Scheur in de\nonderste naad", target=Point(300, 520)),
    Stamp(id="stamp", at=Point(960, 130), stamp=StampKind.DAMAGE, text="Schade"),
    Stamp(id="stamp-ok", at=Point(760, 130), stamp=StampKind.OK, text="Goed", colour=COLOURS[2]),
    Stamp(id="stamp-serial", at=Point(860, 210), stamp=StampKind.SERIAL, text="SN 4711-0815", colour=COLOURS[4]),
    Step(id="step", at=Point(120, 480)),
    Step(id="step-light", at=Point(180, 480), colour=COLOURS[5]),
    Ruler(id="ruler", start=Point(880, 300), end=Point(1000, 420), colour=COLOURS[1], measured=Measured(12.34, 12.02, 12.69)),
    Redaction(id="redaction", box=Box(760.2, 480.7, 100.5, 60.2), colour=REDACTION_COLOUR),
    RedactionPen(id="redaction-pen", points=wave(760, 580), width_px=30, colour=REDACTION_COLOUR),
)
FRAMINGS = (
    Framing(), Framing(Box(80, 50, 1001, 640)), Framing(None, 1), Framing(Box(80, 50, 1001, 640), 2), Framing(Box(81, 51, 1000, 641), 3),
    Framing(Box(81, 51, 1000, 641), 1),
)


def parcel() -> Picture:
    """The picture below them, 1280 × 720."""
    return decode(damaged_parcel_jpeg(), "image/jpeg")


def every(framing: Framing | None = None, *marks: Mark) -> Document:
    """A document of `marks` (all of `EVERY` when none) on the parcel."""
    return Document(1280, 720, marks or EVERY, framing or Framing())
