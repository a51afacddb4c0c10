"""Whether a picture is blurred, told from how wide its edges are. Where there are no edges to judge by, it is not."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np

from videodesk.vision.planes import Plane

_MIN_CONTRAST: Final = 28
_MIN_EDGES: Final = 0.01
_WIDE_PX: Final = 3.2
_WINDOW: Final = 13


def is_blurred(plane: Plane) -> bool:
    """Whether even the sharper edges of a plane of working size (full range) are wide. False where there is too little to judge by."""
    width = edge_width_px(plane)
    return width is not None and width > _WIDE_PX


def edge_width_px(plane: Plane) -> float | None:
    """The width of the sharper edges in the direction in which they are widest; None where there are too few."""
    window = np.ones((_WINDOW, _WINDOW), np.uint8)
    contrast = cv2.subtract(cv2.dilate(plane, window), cv2.erode(plane, window))
    across = cv2.Sobel(plane, cv2.CV_32F, 1, 0, ksize=3, scale=1 / 8)
    down = cv2.Sobel(plane, cv2.CV_32F, 0, 1, ksize=3, scale=1 / 8)
    slope = cv2.magnitude(across, down)
    crest = (slope >= cv2.dilate(slope, np.ones((3, 3), np.uint8)) * 0.999) & (contrast >= _MIN_CONTRAST) & (slope > 0.5)
    if crest.mean() < _MIN_EDGES:
        return None
    width = contrast[crest] / slope[crest]
    return float(np.percentile(width, 25))
