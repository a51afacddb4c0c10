"""Whether a picture is too dark, burnt out or too small. Thresholds: resources/docs/measurements.md."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from videodesk.vision.planes import Plane

MIN_SHORT_SIDE_PX: Final = 360
_DARK_HIGHLIGHTS: Final = 90  # the brightest 2 % of a picture are at least this bright unless it is too dark
_DARK_MEAN: Final = 26
_BURNT: Final = 251
_GLARE_SHARE: Final = 0.015


def is_too_small(width_px: int, height_px: int) -> bool:
    """Whether a picture of this size is too small to show damage."""
    return min(width_px, height_px) < MIN_SHORT_SIDE_PX


def is_too_dark(plane: Plane) -> bool:
    """Whether a plane (full range) has no bright part: a dark product in a lit room is not too dark."""
    return float(np.percentile(plane, 98)) < _DARK_HIGHLIGHTS or float(plane.mean()) < _DARK_MEAN


def has_glare(plane: Plane) -> bool:
    """Whether a burnt-out highlight covers a part of the plane (full range) that matters."""
    burnt = (plane >= _BURNT).astype(np.uint8)
    opened = cv2.morphologyEx(burnt, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    return float(np.mean(opened)) > _GLARE_SHARE
