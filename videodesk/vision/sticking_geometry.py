"""Plane motions between pictures: 3×3 homographies that take (x, y) pixels of one picture to another, and how they are found from point pairs."""

from __future__ import annotations

from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.uint8]
Floats = NDArray[np.float64]

# A homography has eight unknowns: few points, or points on one side only, would let it tilt the far end of a mark anywhere.
_FOR_HOMOGRAPHY: Final = 20
_FOR_SIMILARITY: Final = 6
_SPREAD: Final = 0.2
_NEXT: Final = np.array([1, 2, 3, 0])
_FLOW_ENDS: Final = (cv2.TERM_CRITERIA_COUNT | cv2.TERM_CRITERIA_EPS, 12, 0.03)


def carry(motion: Floats, points: Floats) -> Floats:
    """(n, 2) points where `motion` takes them; NaN for those behind the camera."""
    seen = points @ motion[:, :2].T + motion[:, 2]
    depth = np.where(seen[:, 2:] > 1e-6, seen[:, 2:], np.nan)
    return np.asarray(seen[:, :2] / depth, dtype=np.float64)


def is_within(points: Floats, width_px: int, height_px: int, margin_px: float = 0.0) -> NDArray[np.bool_]:
    """Which of the (n, 2) points lie in a picture of this size, this far from its edge. NaN lies nowhere."""
    low, high = points >= margin_px, points < np.array([width_px, height_px]) - margin_px
    return np.asarray((low & high).all(axis=1), dtype=np.bool_)


def is_plausible(motion: Floats, corners: Floats) -> bool:
    """Whether a camera could see the quadrilateral (4, 2) so: in front of it, convex, not mirrored, neither a line nor a wall."""
    seen = carry(motion, corners)
    if not np.isfinite(seen).all():
        return False
    edges = seen[_NEXT] - seen
    following = edges[_NEXT]
    turns = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    if not (turns > 0).all():
        return False
    before = np.linalg.norm(corners[_NEXT] - corners, axis=1)
    growth = np.linalg.norm(edges, axis=1) / before
    return bool(growth.min() > 0.12 and growth.max() < 8 and growth.max() / growth.min() < 8)


def fit(start: Floats, end: Floats, tolerance_px: float, region_px2: float) -> tuple[Floats, NDArray[np.bool_]] | None:
    """The motion that takes most of the points `start` to `end` (n, 2), and which points agree with it.

    A homography where enough agreeing points are spread over a good part of the region (its area in px²), else a similarity; None
    where not even that holds.
    """
    if len(start) < _FOR_SIMILARITY:
        return None
    if len(start) >= _FOR_HOMOGRAPHY:
        found: Any
        found, mask = cv2.findHomography(start, end, cv2.USAC_MAGSAC, tolerance_px, maxIters=300, confidence=0.995)
        if found is not None:
            agrees = mask.ravel().astype(bool)
            if agrees.sum() >= _FOR_HOMOGRAPHY and _area(start[agrees]) >= _SPREAD * region_px2:
                return np.asarray(found, dtype=np.float64), agrees
    found, mask = cv2.estimateAffinePartial2D(start, end, method=cv2.RANSAC, ransacReprojThreshold=tolerance_px, maxIters=300, confidence=0.995)
    if found is None:
        return None
    agrees = mask.ravel().astype(bool)
    if agrees.sum() < _FOR_SIMILARITY:
        return None
    return np.vstack([found, [0.0, 0.0, 1.0]]), agrees


def _area(points: Floats) -> float:
    return float(cv2.contourArea(cv2.convexHull(points.astype(np.float32))))


def flow(before: Gray, after: Gray, points: Floats, *, window_px: int, levels: int, back_px: float | None = None) -> tuple[Floats, NDArray[np.bool_]]:
    """Where the (n, 2) points of `before` are in `after` (pyramidal Lucas-Kanade), and which were found.

    With `back_px` only those that come back to their place, so near, when followed back.
    """
    good = np.zeros(len(points), dtype=np.bool_)
    if not len(points):
        return points, good
    start = points.astype(np.float32).reshape(-1, 1, 2)
    size = (window_px, window_px)
    follow: Any = cv2.calcOpticalFlowPyrLK  # its stubs know no None for the guess
    end, status, _ = follow(before, after, start, None, winSize=size, maxLevel=levels, criteria=_FLOW_ENDS)
    seen = status.ravel() == 1
    if back_px is None:
        good = seen
    elif seen.any():
        again, status, _ = follow(after, before, end[seen], None, winSize=size, maxLevel=levels, criteria=_FLOW_ENDS)
        off = np.linalg.norm((again - start[seen]).reshape(-1, 2), axis=1)
        good[seen] = (status.ravel() == 1) & (off < back_px)
    return end.reshape(-1, 2).astype(np.float64), good
