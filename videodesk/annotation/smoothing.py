"""Making a finished stroke of the hand smaller and rounder, without leaving its way. Pure geometry, in px of the original."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from typing import Final

from videodesk.annotation.marks import Highlighter, Pen, Point, RedactionPen
from videodesk.annotation.schema import MAX_PEN_POINTS

Stroke = Pen | Highlighter | RedactionPen

_TOLERANCE_SHARE: Final = 0.11  # of the stroke's width: less than anybody sees beside the line
_LEAST_TOLERANCE_PX: Final = 0.35
_PIECE: Final = 400
_CALMING: Final = 4
_CORNER_SPAN: Final = 3
_CORNER: Final = math.cos(math.radians(50))  # what turns more sharply than this was meant as a corner


def smoothed(stroke: Stroke) -> Stroke:
    """The stroke without the hand's tremor and without points that add nothing; a redaction's only loses points that lie on its way.

    Drawn round through the middles of its connections (as drawing does), it is nowhere farther from the old way than half the stroke's
    width, or a px and a half where that is more; its two ends stay.
    """
    tolerance = max(_LEAST_TOLERANCE_PX, stroke.width_px * _TOLERANCE_SHARE)
    if isinstance(stroke, RedactionPen):
        # What was to be covered stays covered: thinning alone, and so little that the pixels' margin holds it.
        return replace(stroke, points=_at_most(simplified(_spaced(stroke.points, 0.0), _LEAST_TOLERANCE_PX)))
    return replace(stroke, points=_at_most(_guarded(simplified(_calmed(_spaced(stroke.points, tolerance), tolerance), tolerance), tolerance)))


def simplified(points: tuple[Point, ...], tolerance: float) -> tuple[Point, ...]:
    """The fewest of these points of which the line stays within `tolerance` px of all of them (Ramer, Douglas and Peucker)."""
    if len(points) < 3:
        return points
    # In pieces, and not by recursion: a spiral of 10 000 points would take its square of steps and be as deep as it is long.
    marks = [*range(0, len(points) - 1, _PIECE), len(points) - 1]
    kept, waiting = set(marks), list(itertools.pairwise(marks))
    while waiting:
        first, last = waiting.pop()
        farthest, away = first, tolerance
        for place in range(first + 1, last):
            distance = _to_segment(points[place], points[first], points[last])
            if distance > away:
                farthest, away = place, distance
        if farthest != first:
            kept.add(farthest)
            waiting += [(first, farthest), (farthest, last)]
    return tuple(points[place] for place in sorted(kept))


def with_corners(points: tuple[Point, ...], width_px: float) -> tuple[Point, ...]:
    """A way of straight pieces, so that a round line of this width through it keeps its corners; no more points than a mark may have."""
    return _at_most(_guarded(_spaced(points, 0.0), max(_LEAST_TOLERANCE_PX, width_px * _TOLERANCE_SHARE)))


def _calmed(points: tuple[Point, ...], reach: float) -> tuple[Point, ...]:
    """Each point drawn towards the middle of its neighbours, a few times, but never more than `reach` px from where it was.

    Ends and sharp corners stay.
    """
    if len(points) < 3:
        return points
    fixed = {0, len(points) - 1} | {place for place in range(1, len(points) - 1) if _is_corner(points, place)}
    calm = list(points)
    for _ in range(_CALMING):
        before = calm[0]
        for place in range(1, len(calm) - 1):
            here, after = calm[place], calm[place + 1]
            if place not in fixed:
                calm[place] = _within(points[place], Point((before.x + 2 * here.x + after.x) / 4, (before.y + 2 * here.y + after.y) / 4), reach)
            before = here
    return tuple(calm)


def _is_corner(points: tuple[Point, ...], place: int) -> bool:
    """Whether the way turns sharply here, seen from a few points away on both sides: the tremor of one point is no corner."""
    here, span = points[place], min(_CORNER_SPAN, place, len(points) - 1 - place)
    before, after = points[place - span], points[place + span]
    ax, ay, bx, by = here.x - before.x, here.y - before.y, after.x - here.x, after.y - here.y
    both = math.hypot(ax, ay) * math.hypot(bx, by)
    return both <= 0 or (ax * bx + ay * by) / both < _CORNER


def _within(home: Point, place: Point, reach: float) -> Point:
    away = math.dist(home, place)
    return place if away <= reach else home.plus((place.x - home.x) * reach / away, (place.y - home.y) * reach / away)


def _guarded(points: tuple[Point, ...], reach: float) -> tuple[Point, ...]:
    """With a point on either side of each corner that the round line would cut by more than half as much again as `reach` px, so near that it does not."""
    if len(points) < 3:
        return points
    found = [points[0]]
    for before, here, after in zip(points, points[1:], points[2:], strict=False):
        cut = math.hypot(before.x + after.x - 2 * here.x, before.y + after.y - 2 * here.y) / 8
        if cut <= 1.5 * reach:
            found.append(here)
        else:
            found += [_towards(here, before, 4 * reach), here, _towards(here, after, 4 * reach)]
    return (*found, points[-1])


def _towards(here: Point, there: Point, by: float) -> Point:
    """The place `by` px from `here` towards `there`, at most half way."""
    share = min(0.5, by / max(math.dist(here, there), 1e-9))
    return here.plus((there.x - here.x) * share, (there.y - here.y) * share)


def _spaced(points: tuple[Point, ...], spacing: float) -> tuple[Point, ...]:
    """Without points that are nearer than `spacing` px to the one before; the last stays."""
    kept = [points[0]]
    for point in points[1:-1]:
        if math.dist(point, kept[-1]) > spacing:
            kept.append(point)
    return (*kept, points[-1]) if points[-1] != kept[-1] else tuple(kept)


def _at_most(points: tuple[Point, ...], most: int = MAX_PEN_POINTS) -> tuple[Point, ...]:
    """No more points than a mark may have: every second one goes until they fit."""
    while len(points) > most:
        points = (*points[:-1:2], points[-1])
    return points


def _to_segment(point: Point, one: Point, two: Point) -> float:
    dx, dy = two.x - one.x, two.y - one.y
    square = dx * dx + dy * dy
    share = 0.0 if square <= 0 else min(1.0, max(0.0, ((point.x - one.x) * dx + (point.y - one.y) * dy) / square))
    return math.hypot(point.x - one.x - share * dx, point.y - one.y - share * dy)
