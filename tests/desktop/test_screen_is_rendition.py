"""The real canvas at 100 % beside the rendition: every kind of mark, every turn, equal to the pixel."""

import asyncio
from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtGui import QImage

from tests.desktop.every_mark import EVERY, every
from tests.desktop.fakes import sample_case
from tests.desktop.test_annotate import JPEG, Screen, settle
from tests.desktop.test_program import until
from videodesk.annotation.document import Add, Framing, Together
from videodesk.annotation.marks import Box, Pen, Point
from videodesk.desktop.drawing.rendition import rendered_pixels

RIM = 14  # the stage's rounded corners


@pytest.fixture
def screen(api):
    case = asyncio.run(api.add_case(sample_case()))
    return Screen(api, api.add_snapshot(case.id, JPEG, "damage"))


def show(screen, framing):
    screen.presenter.do(Together(tuple(Add(place, mark) for place, mark in enumerate(EVERY))))
    screen.presenter.select(None)
    screen.presenter.crop(framing.crop)
    screen.presenter.turn(framing.turns)
    assert screen.presenter.state.document == replace(every(), framing=framing)
    settle()


def seen_at(screen, place):
    """What the canvas shows at 100 % around a place of the original."""
    screen.canvas.zoom_to(1.0, screen.canvas.placing.to_widget(place))
    settle()
    assert until(lambda: not screen.canvas._rest.isActive()), "a hand that zooms rests after a moment"
    shot = screen.canvas.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return np.frombuffer(shot.constBits(), np.uint8).reshape(shot.height(), shot.bytesPerLine() // 4, 4)[:, :shot.width(), :3].copy()


@pytest.mark.parametrize("framing", [
    Framing(), Framing(None, 1), Framing(None, 2), Framing(None, 3), Framing(Box(80, 50, 1001, 640), 0), Framing(Box(81, 51, 1000, 641), 3),
], ids=str)
def test_the_canvas_shows_what_the_rendition_will_be(screen, framing):
    show(screen, framing)
    document = screen.presenter.state.document
    expected = rendered_pixels(screen.presenter.state.picture, document)[..., :3]
    frame, compared = document.framed, 0
    for place in (Point(200, 200), Point(640, 360), Point(1000, 560)):
        seen = seen_at(screen, place)
        corners = [screen.canvas.placing.to_widget(Point(x, y)) for x, y in ((frame.x, frame.y), (frame.right, frame.bottom))]
        left, top = (round(min(getattr(corner, axis)() for corner in corners)) for axis in ("x", "y"))
        x0, y0 = max(RIM, left + 2), max(RIM, top + 2)  # two px: the line that shows the cut
        x1, y1 = min(seen.shape[1] - RIM, left + expected.shape[1] - 2), min(seen.shape[0] - RIM, top + expected.shape[0] - 2)
        compared += (x1 - x0) * (y1 - y0)
        assert np.array_equal(seen[y0:y1, x0:x1], expected[y0 - top:y1 - top, x0 - left:x1 - left])
    assert compared > 700_000


def test_a_stroke_of_the_hand_is_calmed_when_it_is_finished(screen):
    shaking = tuple(Point(100 + 3 * n, 300 + (n % 2)) for n in range(150))
    screen.presenter.add(Pen(id="p", points=shaking, width_px=6))
    (mark,) = screen.marks
    assert len(mark.points) < 20
    assert (mark.points[0], mark.points[-1]) == (shaking[0], shaking[-1])
    screen.presenter.undo()
    assert screen.marks == ()
