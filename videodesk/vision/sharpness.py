"""Which of several frames of one scene is the sharpest: Tenengrad, the mean squared gradient.

E. Krotkov, "Focusing", IJCV 1 (1988); Pertuz et al., "Analysis of focus measure operators", Pattern Recognition 46 (2013). Scored at half
size (planes.working_size): block edges and coding noise weigh less there, and it takes a quarter of the time.
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from videodesk.calls.pictures import Luma
from videodesk.vision.planes import Plane, plane_of, working_size


def tenengrad(plane: Plane) -> float:
    """The mean squared gradient of a plane of working size; comparable only between frames of one scene."""
    across = cv2.Sobel(plane, cv2.CV_16S, 1, 0, ksize=3)
    down = cv2.Sobel(plane, cv2.CV_16S, 0, 1, ksize=3)
    return float(cv2.norm(across, cv2.NORM_L2SQR) + cv2.norm(down, cv2.NORM_L2SQR)) / (64.0 * plane.size)


def sharpest(pictures: Sequence[Luma]) -> int:
    """The index of the sharpest one, the first of equals. ValueError when there is none."""
    return int(np.argmax([tenengrad(working_size(plane_of(picture))) for picture in pictures]))
