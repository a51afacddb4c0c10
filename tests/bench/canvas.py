"""`canvas`: the annotator with a 12-megapixel still and 500 marks of every kind, 1280 × 800, painted into an offscreen raster.

`frame_ms`: one step of a pan or a zoom, from the event to the painted pixels; the floor copies a picture of the widget's size.
`pan_ms`, `zoom_ms`: the two apart; `sharp_ms`: the scene painted anew once a zoom rests (no hand waits for it).
`far_ms`: one frame of a plain pan across all of the still at 100 %, beyond what is kept; `take_ms`: a mark below others is taken hold of, or put
down changed. Both paint a part of the scene.
`stroke_ms`: a stroke's next point, from the mouse event to the painted pixels, with the same 500 marks below.
"""

from __future__ import annotations

import os
import random
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QWheelEvent
from PySide6.QtWidgets import QApplication

from tests.bench._chromium import ratio
from videodesk.annotation.document import Document, History
from videodesk.annotation.geometry import moved
from videodesk.annotation.marks import COLOURS, Callout, Highlighter, Kind, Mark, Pen, Point, RedactionPen, StampKind, Text
from videodesk.annotation.shaping import Style, drawn
from videodesk.core.ids import new_id
from videodesk.desktop.annotating import AnnotateState, Tool
from videodesk.desktop.drawing.pictures import Picture
from videodesk.desktop.views.annotate_canvas import AnnotateCanvas
from videodesk.desktop.views.annotate_gesture import Does, Gesture

WIDTH: Final = 4000
HEIGHT: Final = 3000
MARKS: Final = 500
STEPS: Final = 240
SEED: Final = 5


def run() -> dict[str, Any]:
    app = QApplication.instance() or QApplication([])
    chance = random.Random(SEED)
    canvas = _canvas(chance)
    target = QImage(canvas.size(), QImage.Format.Format_RGB32)
    source = QImage(canvas.size(), QImage.Format.Format_RGB32)
    source.fill(0x336699)

    def painted() -> None:
        app.processEvents()
        canvas.render(target)

    painted()
    pans, zooms, blits = [], [], []
    for step in range(STEPS):
        begin = time.perf_counter()
        painter = QPainter(target)
        painter.drawImage(0, 0, source)
        painter.end()
        blits.append((time.perf_counter() - begin) * 1000)
        if step % 2:
            pans.append(_timed(lambda: canvas.pan_by(chance.choice((-14, 9, 21)), chance.choice((-11, 6, 13))), painted))
        else:
            zooms.append(_timed(lambda step=step: _wheel(canvas, 120 if step % 48 < 24 else -120), painted))
    sharp = []
    for _ in range(12):
        canvas.zoom_by(1.1 if chance.random() < 0.5 else 1 / 1.1)
        canvas._rest.stop()
        sharp.append(_timed(lambda: None, painted))
    fars, takes = _far(canvas, painted), _taken(canvas, painted)
    canvas.fit()
    painted()
    strokes = _stroke(canvas, painted, chance)
    return {"name": "canvas", "marks": MARKS, "pixels": WIDTH * HEIGHT, "seed": SEED, "figures": {
        "frame_ms": _compared([*pans, *zooms], blits), "pan_ms": _compared(pans, blits), "zoom_ms": _compared(zooms, blits),
        "sharp_ms": {"unit": "ms", "ours": _figure(sharp)}, "far_ms": _compared(fars, blits), "take_ms": _compared(takes, blits), "stroke_ms": _compared(strokes, blits)}}


def _canvas(chance: random.Random) -> AnnotateCanvas:
    noise = np.random.default_rng(SEED).integers(0, 255, (HEIGHT // 20, WIDTH // 20, 3), dtype=np.uint8)
    pixels = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
    pixels[:, :, :3] = np.kron(noise, np.ones((20, 20, 1), np.uint8))
    canvas = AnnotateCanvas(_Presenter())  # type: ignore[arg-type]
    canvas.resize(1280, 800)
    canvas.show()
    document = Document(WIDTH, HEIGHT, tuple(_mark(chance) for _ in range(MARKS)))
    canvas.show_state(AnnotateState(picture=Picture.of(pixels), history=History(document), tool=Tool.PEN, width_px=18.0))
    return canvas


class _Presenter:
    """Just what a canvas asks while one draws."""

    def __init__(self) -> None:
        self.measure = None

    def fresh_id(self) -> str:
        return new_id(datetime(2026, 1, 1, tzinfo=UTC))

    def set_text(self, _mark: Mark, _words: str) -> None:
        """Nothing is typed here."""

    def kept(self, mark: Mark) -> Mark:
        return mark

    def add(self, _mark: Mark) -> None:
        """The document stays as it is."""


def _mark(chance: random.Random) -> Mark:
    kind = chance.choice([kind for kind in Kind if kind is not Kind.SPOTLIGHT])
    start = Point(chance.uniform(0, WIDTH), chance.uniform(0, HEIGHT))
    end = start.plus(chance.uniform(-500, 500), chance.uniform(-400, 400))
    style = Style(chance.choice(COLOURS), chance.choice((10.0, 18.0, 32.0)), StampKind.DAMAGE, "Schade")
    mark = drawn(kind, new_id(datetime(2026, 1, 1, tzinfo=UTC)), start, end, style)
    if isinstance(mark, Pen | Highlighter | RedactionPen):
        steps = [start.plus((end.x - start.x) * n / 40 + chance.uniform(-12, 12), (end.y - start.y) * n / 40 + chance.uniform(-12, 12)) for n in range(40)]
        return type(mark)(id=mark.id, colour=mark.colour, width_px=mark.width_px, points=tuple(steps))
    if isinstance(mark, Text | Callout):
        return type(mark)(**{name: getattr(mark, name) for name in ("id", "colour", "width_px", "at")}, text="Kras van 4 cm\nlinks onder",
                          **({"target": mark.target} if isinstance(mark, Callout) else {}))
    return mark


def _wheel(canvas: AnnotateCanvas, turned: int) -> None:
    at = QPointF(canvas.rect().center())
    QApplication.sendEvent(canvas, QWheelEvent(
        at, canvas.mapToGlobal(at), QPoint(), QPoint(0, turned // 2), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False))


def _far(canvas: AnnotateCanvas, painted: Callable[[], None]) -> list[float]:
    canvas.zoom_to(1.0)
    canvas.pan_by(9999, 9999)
    canvas._rest.stop()
    painted()
    return [_timed(lambda: canvas.pan_by(-24, -16), painted) for _ in range(110)]


def _taken(canvas: AnnotateCanvas, painted: Callable[[], None]) -> list[float]:
    canvas.fit()
    painted()
    found = []
    for place in range(4, MARKS, 24):
        before = canvas.state
        marks = list(before.document.marks)
        marks[place] = moved(marks[place], 15, 5)
        gesture = Gesture(Does.MOVE, Point(0, 0), QPointF(), drafts=(marks[place],))
        after = replace(before, history=History(replace(before.document, marks=tuple(marks))))
        found.append(_timed(lambda gesture=gesture: _hold(canvas, gesture), painted))
        found.append(_timed(lambda after=after: _put(canvas, after), painted))
    return found


def _hold(canvas: AnnotateCanvas, gesture: Gesture) -> None:
    canvas.gesture = gesture
    canvas.update()


def _put(canvas: AnnotateCanvas, state: AnnotateState) -> None:
    canvas.gesture = None
    canvas.show_state(state)


def _stroke(canvas: AnnotateCanvas, painted: Callable[[], None], chance: random.Random) -> list[float]:
    found = []
    at = QPointF(300, 300)
    for round_ in range(3):
        _mouse(canvas, QEvent.Type.MouseButtonPress, at, Qt.MouseButton.LeftButton)
        for _ in range(120):
            at = QPointF(min(max(at.x() + chance.uniform(-18, 22), 40), 1240), min(max(at.y() + chance.uniform(-16, 18), 40), 760))
            found.append(_timed(lambda at=at: _mouse(canvas, QEvent.Type.MouseMove, at, Qt.MouseButton.NoButton), painted))
        _mouse(canvas, QEvent.Type.MouseButtonRelease, at, Qt.MouseButton.LeftButton)
        at = QPointF(300 + 200 * round_, 500)
    return found


def _mouse(canvas: AnnotateCanvas, kind: QEvent.Type, at: QPointF, button: Qt.MouseButton) -> None:
    QApplication.sendEvent(canvas, QMouseEvent(kind, at, canvas.mapToGlobal(at), button, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier))


def _timed(does: Callable[[], object], painted: Callable[[], None]) -> float:
    begin = time.perf_counter()
    does()
    painted()
    return (time.perf_counter() - begin) * 1000


def _figure(values: list[float]) -> dict[str, float]:
    ordered = sorted(values)
    return {"median": statistics.median(ordered), "p95": ordered[min(len(ordered) - 1, round(0.95 * (len(ordered) - 1)))], "n": len(ordered)}


def _compared(ours: list[float], floor: list[float]) -> dict[str, Any]:
    mine, theirs = _figure(ours), _figure(floor)
    return {"unit": "ms", "ours": mine, "floor": theirs, "ratio": ratio(mine, theirs)}
