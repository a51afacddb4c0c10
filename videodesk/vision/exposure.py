"""Whether a picture is too dark, burnt out or too small. What the thresholds get right and wrong: resources/docs/measurements.md."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from videodesk.vision.planes import Plane

MIN_SHORT_SIDE_PX: Final = 360
_DARK_HIGHLIGHTS: Final = 75  # the brightest 2 % of a picture are at least this bright
_DARK_MEAN: Final = 18  # a dark room with one lamp in it
_BURNT: Final = 250
_MIN_BURNT: Final = 0.004  # of all pixels, in one spot
_SHOULDER: Final = 205


def is_too_small(width_px: int, height_px: int) -> bool:
    """Whether a picture of this size is too small to show damage."""
    return min(width_px, height_px) < MIN_SHORT_SIDE_PX


def is_too_dark(plane: Plane) -> bool:
    """Whether a plane (full range) has no bright part: a black product in a lit room is not too dark."""
    return float(np.percentile(plane, 98)) < _DARK_HIGHLIGHTS or float(plane.mean()) < _DARK_MEAN


def has_glare(plane: Plane) -> bool:
    """Whether there is a burnt-out highlight of some size in a plane of working size (full range).

    Around one the picture is still very bright, it falls off gently; white paper and white backdrops end at an edge.
    """
    burnt = cv2.morphologyEx((plane >= _BURNT).astype(np.uint8), cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(burnt, connectivity=8)
    for spot in range(1, count):
        left, top, width, height, area = (int(number) for number in stats[spot])
        if area < _MIN_BURNT * plane.size:
            continue
        part = (slice(max(0, top - 4), top + height + 4), slice(max(0, left - 4), left + width + 4))
        own = (labels[part] == spot).astype(np.uint8)
        ring = (cv2.dilate(own, np.ones((7, 7), np.uint8)) != 0) & (cv2.dilate(own, np.ones((3, 3), np.uint8)) == 0)
        if ring.any() and float(np.median(plane[part][ring])) >= _SHOULDER:
            return True
    return False
