"""Whether a picture is blurred, told from how wide its edges are. Where there are no edges to judge by, it is not.

At an edge the brightness rises by `contrast` with at most `slope` a pixel: contrast / slope is its width, whatever the light (after
Marziliano et al., "A no-reference perceptual blur metric", ICIP 2002). Only crests that explain the contrast around them count: a soft shadow
on a wall has too little contrast within the window. Motion widens the edges across it only, so edges are counted by direction too.
Thresholds and what they get right and wrong: resources/docs/measurements.md.
"""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from videodesk.vision.planes import Plane

_WINDOW: Final = 13  # px around an edge in which its contrast is looked for
_MIN_CONTRAST: Final = 36
_NOISE: Final = 3  # so many deviations of the noise are in a window's contrast by chance
_OWN: Final = 0.6  # a crest is the window's own edge when it is nearly its steepest
_MIN_EDGES: Final = 0.002  # of all pixels; fewer say nothing
_MIN_SPREAD: Final = 0.34  # of the picture's 10 × 6 cells; the outline of a shadow on a plain wall is in fewer
_CELL_EDGES: Final = 6
_DIRECTIONS: Final = 4
_MIN_IN_DIRECTION: Final = 0.06  # of all edges
_SHARPER: Final = 30  # percentile: what lies behind the product may be out of focus
_WIDE_PX: Final = 3.75


def is_blurred(plane: Plane) -> bool:
    """Whether even the sharper edges of a plane of working size (full range) are wide. False where there is too little to judge by."""
    width = edge_width_px(plane)
    return width is not None and width > _WIDE_PX


def edge_width_px(plane: Plane) -> float | None:
    """The width of the sharper edges, half of it of those in the direction in which they are widest; None where there are too few."""
    if min(plane.shape) < _WINDOW:
        return None
    window = np.ones((_WINDOW, _WINDOW), np.uint8)
    contrast = np.asarray(cv2.subtract(cv2.dilate(plane, window), cv2.erode(plane, window)), dtype=np.float32)
    across = cv2.Sobel(plane, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    down = cv2.Sobel(plane, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    slope = cv2.magnitude(across, down)
    by_noise = _NOISE * noise_of(plane)
    crest = ((slope > 0.5) & (slope >= 0.999 * cv2.dilate(slope, np.ones((3, 3), np.uint8)))
             & (slope >= _OWN * cv2.dilate(slope, window)) & (contrast >= _MIN_CONTRAST + by_noise))
    edges = int(crest.sum())
    if edges < _MIN_EDGES * plane.size or spread_of(crest) < _MIN_SPREAD:
        return None
    widths = (contrast[crest] - by_noise) / slope[crest]
    direction = (np.arctan2(down[crest], across[crest]) % np.pi / np.pi * _DIRECTIONS).astype(int) % _DIRECTIONS
    ways = [widths[direction == way] for way in range(_DIRECTIONS)]
    widest = max(float(np.percentile(some, _SHARPER)) for some in ways if some.size > _MIN_IN_DIRECTION * edges)
    return (float(np.percentile(widths, _SHARPER)) + widest) / 2


def spread_of(marked: NDArray[np.bool_]) -> float:
    """The share of the picture's cells in which something is marked."""
    marks_in_cell = cv2.resize(marked.astype(np.float32), (10, 6), interpolation=cv2.INTER_AREA) * (marked.size / 60)
    return float(np.mean(marks_in_cell >= _CELL_EDGES))


def noise_of(plane: Plane) -> float:
    """The standard deviation of a plane's noise: J. Immerkær, "Fast noise variance estimation", CVIU 64 (1996), by its median."""
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    return float(np.median(np.abs(cv2.filter2D(plane, cv2.CV_32F, kernel)))) / (0.6745 * 6)
