"""Finds what gives a picture its scale: our printed marker (ArUco), a bank card, a sheet of A4. Corners to a fraction of a px.

Cards and sheets are looked for as quadrangles whose corners a rectangle of that size could have under a usual lens (`misfit`). A side of
any of them is then fitted to where brightness changes most across it (`fitted_corners`); a corner is where two sides meet, so that rounded
corners of a card do no harm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from videodesk.annotation.marks import Point, Reference, ReferenceKind
from videodesk.annotation.measuring import A4_MM, BANK_CARD_MM, MARKER_MM, is_convex, misfit
from videodesk.vision.edges import Fitted, Quad, fitted_corners
from videodesk.vision.planes import Plane

DICTIONARY: Final = cv2.aruco.DICT_5X5_50
_HANDY_PX: Final = 1280  # the longest side at which quadrangles are looked for
_SMALLEST_SHARE: Final = 0.002  # of the picture's area
_LARGEST_SHARE: Final = 0.95
# The largest misfit of what is taken for the thing: lens and tolerances, and what uncertain corners make of it (99 of 100 true ones are below).
_FITS: Final = (0.02, 30.0)
_MAY_FIT: Final = 0.35  # the same before its sides are fitted
_SUPPORT: Final = 0.7  # the least share of a side where its edge is seen
_CONTRAST: Final = 1.5  # the least difference between inside and outside, in spreads of their colours
_MOST_TRIED: Final = 96
_SHEETS: Final = {ReferenceKind.BANK_CARD: BANK_CARD_MM, ReferenceKind.A4: A4_MM}


class EdgeFinder:
    """A ReferenceFinder. Any thread; OpenCV lets go of the GIL."""

    def find(self, bgra: memoryview, width_px: int, height_px: int, kind: ReferenceKind) -> Reference | None:
        pixels = np.frombuffer(bgra, np.uint8).reshape(height_px, width_px, 4)
        if kind is ReferenceKind.MARKER:
            return find_marker(pixels)
        return find_sheet(pixels, kind) if kind in _SHEETS else None

    def snapped(self, bgra: memoryview, width_px: int, height_px: int, reference: Reference) -> Reference | None:
        if len(reference.points) != 4:
            return None
        pixels = np.frombuffer(bgra, np.uint8).reshape(height_px, width_px, 4)
        fitted = fitted_corners(pixels, np.array(reference.points, dtype=np.float64) - 0.5)
        if fitted is None or fitted.support < _SUPPORT or fitted.contrast < _CONTRAST:
            return None
        points = _points(fitted.corners)
        # Edges that are no rectangle of this size are of something else.
        if not is_convex(points) or misfit(points, reference.size_mm, width_px, height_px) > _tolerance(fitted):
            return None
        return replace(reference, points=points, corner_px=round(fitted.sigma_px, 3))


def find_marker(bgra: NDArray[np.uint8]) -> Reference | None:
    """The largest of our printed markers on this picture."""
    gray = cv2.cvtColor(bgra, cv2.COLOR_BGRA2GRAY)
    settings = cv2.aruco.DetectorParameters()
    settings.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_NONE
    detector = cv2.aruco.ArucoDetector(cv2.aruco.getPredefinedDictionary(DICTIONARY), settings)
    found, numbers, _ = detector.detectMarkers(gray)
    best: tuple[float, Reference] | None = None
    known: list[int] = [] if numbers is None else [int(number) for number in numbers.ravel()]
    for corners, number in zip(found, known, strict=True):
        quad = np.asarray(corners, dtype=np.float64).reshape(4, 2)
        # cv2 counts a pixel's middle as whole numbers, marks count its outer corner: half a px between them.
        fitted = fitted_corners(bgra[:, :, :3], quad) if number in MARKER_MM else None
        if fitted is None:
            continue
        side = MARKER_MM[number]
        area = float(cv2.contourArea(fitted.corners.astype(np.float32)))
        if best is None or area > best[0]:
            best = area, Reference(ReferenceKind.MARKER, _points(fitted.corners), (side, side), round(fitted.sigma_px, 3))
    return None if best is None else best[1]


def find_sheet(bgra: NDArray[np.uint8], kind: ReferenceKind) -> Reference | None:
    """The quadrangle on this picture that is most surely a bank card or a sheet of A4."""
    height, width = bgra.shape[:2]
    scale = max(1.0, max(height, width) / _HANDY_PX)
    size = (max(1, round(width / scale)), max(1, round(height / scale)))
    small = np.asarray(cv2.resize(bgra[:, :, :3], size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    best: tuple[float, Reference] | None = None
    for quad in _distinct(_quadrangles(small)):
        ordered = _as_rectangle((quad + 0.5) * (width / size[0], height / size[1]) - 0.5, _SHEETS[kind], width, height)
        fitted = None if ordered is None else fitted_corners(bgra, ordered)
        if fitted is None or fitted.support < _SUPPORT or fitted.contrast < _CONTRAST:
            continue
        points = _points(fitted.corners)
        if not is_convex(points) or (off := misfit(points, _SHEETS[kind], width, height)) > _tolerance(fitted):
            continue
        score = fitted.support * fitted.contrast**0.25 - 4 * off
        if best is None or score > best[0]:
            best = score, Reference(kind, points, _SHEETS[kind], round(fitted.sigma_px, 3))
    return None if best is None else best[1]


def _tolerance(fitted: Fitted) -> float:
    shortest = min(float(np.linalg.norm(fitted.corners[at] - fitted.corners[at - 1])) for at in range(4))
    return min(_MAY_FIT, _FITS[0] + _FITS[1] * fitted.sigma_px / max(shortest, 1.0))


def _points(corners: Quad) -> tuple[Point, ...]:
    return tuple(Point(round(float(x) + 0.5, 3), round(float(y) + 0.5, 3)) for x, y in corners)


def _quadrangles(small: NDArray[np.uint8]) -> Iterator[Quad]:
    """Four-cornered outlines in brightness, in colour, and around what has one colour."""
    kernel = np.ones((3, 3), np.uint8)
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2LAB), dtype=np.uint8)
    for at in range(3):
        smooth = cv2.bilateralFilter(np.ascontiguousarray(lab[:, :, at]), 7, 40, 7)
        if at > 0:
            smooth = cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX)  # type: ignore[call-overload]
        masks = [cv2.dilate(cv2.Canny(smooth, low, high), kernel) for low, high in ((20, 60), (50, 150))]
        masks.append(cv2.threshold(smooth, 0, 255, cv2.THRESH_BINARY + cv2.THRESH_OTSU)[1])
        masks.append(cv2.adaptiveThreshold(smooth, 255, cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY, 101, 0))
        for mask in masks:
            yield from _outlines(np.asarray(mask, dtype=np.uint8))
    yield from _of_one_colour(lab)


def _of_one_colour(lab: NDArray[np.uint8]) -> Iterator[Quad]:
    """Outlines of what has (nearly) one colour: on a busy table it has no clean edge, but it is all alike."""
    soft = cv2.medianBlur(lab, 7)
    places = cv2.resize(soft, (160, max(1, round(160 * lab.shape[0] / lab.shape[1]))), interpolation=cv2.INTER_AREA).reshape(-1, 3).astype(np.float32)
    kernel = np.ones((5, 5), np.uint8)
    cv2.setRNGSeed(7)
    for count in (3, 5):
        _, _, centres = cv2.kmeans(places, count, None, (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, 12, 1.0), 2, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
        away = np.stack([np.linalg.norm(soft.astype(np.float32) - centre, axis=2) for centre in centres])
        nearest = away.argmin(axis=0)
        for at in range(count):
            mask = cv2.morphologyEx(np.where(nearest == at, 255, 0).astype(np.uint8), cv2.MORPH_OPEN, kernel)
            yield from _outlines(np.asarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel), dtype=np.uint8))


def _outlines(mask: Plane) -> Iterator[Quad]:
    whole = mask.shape[0] * mask.shape[1]
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    for contour in contours:
        if len(contour) < 4:
            continue
        hull = cv2.convexHull(contour)
        area = cv2.contourArea(hull)
        if not _SMALLEST_SHARE * whole <= area <= _LARGEST_SHARE * whole:
            continue
        for share in (0.02, 0.04, 0.06):
            simple = cv2.approxPolyDP(hull, share * cv2.arcLength(hull, closed=True), closed=True)
            if len(simple) == 4 and cv2.contourArea(simple) > 0.88 * area:
                yield np.asarray(simple, dtype=np.float64).reshape(4, 2)
                break


def _distinct(found: Iterator[Quad]) -> list[Quad]:
    """Each outline once, the largest first."""
    kept: list[Quad] = []
    for quad in sorted(found, key=lambda one: -cv2.contourArea(one.astype(np.float32))):
        turned = quad[::-1] if cv2.contourArea(quad.astype(np.float32), oriented=True) < 0 else quad
        turned = np.roll(turned, -int(np.argmin(turned.sum(axis=1))), axis=0)
        if all(np.abs(turned - other).max() > 4 for other in kept):
            kept.append(turned)
    return kept[:_MOST_TRIED]


def _as_rectangle(quad: Quad, size_mm: tuple[float, float], width: int, height: int) -> Quad | None:
    """The corners, clockwise, from the one that makes them fit best; None where they fit neither way."""
    ways = [np.roll(quad, -turn, axis=0) for turn in (0, 1)]
    scores = [misfit(_points(way), size_mm, width, height) for way in ways]
    best = int(np.argmin(scores))
    return ways[best] if scores[best] <= _MAY_FIT else None
