"""Which of several frames of one scene is the sharpest: Tenengrad with an exponent of 1.5, on a half-size picture.

E. Krotkov, "Focusing", IJCV 1 (1988); Pertuz et al., "Analysis of focus measure operators", Pattern Recognition 46 (2013). Tenengrad squares
the gradient, so that a label's few strong edges decide; with 1.5 the fine texture has its say, which blur and coding take away first. At
half size (planes.working_size) block edges and coding noise weigh less. Divided by the brightness, as a brighter frame is no sharper one.
Exponents, sizes, weighting of the middle, medians of blocks were compared: resources/docs/measurements.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np

from videodesk.calls.pictures import Luma
from videodesk.vision.planes import Plane, plane_of, working_size

_EXPONENT: Final = 1.5


def tenengrad(plane: Plane) -> float:
    """The score of a plane of working size; comparable only between frames of one scene. It grows with the square of the gradient."""
    across = cv2.Sobel(plane, cv2.CV_32F, 1, 0, ksize=3)
    down = cv2.Sobel(plane, cv2.CV_32F, 0, 1, ksize=3)
    squared = across * across + down * down
    mean = float(np.mean(np.sqrt(squared * np.sqrt(squared))))  # |gradient| ** 1.5, without a slow power
    brightness = max(16.0, float(np.mean(plane)))
    return float(mean ** (2 / _EXPONENT) / brightness**2)


def sharpest(pictures: Sequence[Luma]) -> int:
    """The index of the sharpest one, the first of equals. ValueError when there is none."""
    return int(np.argmax([tenengrad(working_size(plane_of(picture))) for picture in pictures]))
