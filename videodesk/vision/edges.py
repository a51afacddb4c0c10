"""Sides of a quadrangle fitted to the edges on a picture: corners to a fraction of a px, and how sure they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from videodesk.vision.planes import Plane

Quad = NDArray[np.float64]  # 4 × 2: x and y, a pixel's middle at whole numbers

_FROM, _TO = 0.12, 0.88  # the part of a side that is looked at: a card's corners are round for 6 % of it
_STEP_PX: Final = 0.5
_LEAST_CHANGE: Final = 4.0  # gray values a px: less is noise
_ROUNDS: Final = 2
_LEAST_SIGMA_PX: Final = 0.2  # what blur, compression and a lens leave, however straight the edge seems


@dataclass(frozen=True, slots=True)
class Fitted:
    """Corners, the share of the sides on which their edge was seen, its change in gray values a px, and a corner's standard deviation."""

    corners: Quad
    support: float
    contrast: float
    sigma_px: float


def fitted_corners(gray: Plane, quad: Quad) -> Fitted | None:
    """The corners near `quad` where the edges that lie along its sides meet; None where a side has no edge."""
    longest = max(float(np.linalg.norm(quad[at] - quad[(at + 1) % 4])) for at in range(4))
    shortest = min(float(np.linalg.norm(quad[at] - quad[(at + 1) % 4])) for at in range(4))
    reach = min(max(3.0, 0.03 * longest), max(2.0, 0.12 * shortest))
    support, contrast, sigmas = 1.0, np.inf, [0.0]
    corners = quad
    for round_ in range(_ROUNDS):
        sides = [_side(gray, corners[at], corners[(at + 1) % 4], reach / (1 + 2 * round_)) for at in range(4)]
        if any(side is None for side in sides):
            return None
        known = [side for side in sides if side is not None]
        met = [_meeting(known[at - 1].line, known[at].line) for at in range(4)]
        if any(point is None for point in met):
            return None
        corners = np.array(met, dtype=np.float64)
        if np.abs(corners - quad).max() > 2 * reach + 2:
            return None
        support, contrast, sigmas = min(side.support for side in known), min(side.contrast for side in known), [side.sigma_px for side in known]
    return Fitted(corners, support, contrast, max(_LEAST_SIGMA_PX, float(np.sqrt(2) * max(sigmas))))


@dataclass(frozen=True, slots=True)
class _Side:
    line: NDArray[np.float64]  # a point and a direction
    support: float
    contrast: float
    sigma_px: float


def _side(gray: Plane, one: NDArray[np.float64], two: NDArray[np.float64], reach: float) -> _Side | None:
    """The straight edge nearest to the strongest one along this side."""
    length = float(np.linalg.norm(two - one))
    if length < 8:
        return None
    along = (two - one) / length
    across = np.array([-along[1], along[0]])
    count = int(np.clip(length, 16, 240))
    places = one + np.linspace(_FROM, _TO, count)[:, None] * (two - one)
    offsets = np.arange(-reach - 1, reach + 1 + _STEP_PX / 2, _STEP_PX)
    grid = places[:, None, :] + offsets[None, :, None] * across
    values = cv2.remap(gray, grid[..., 0].astype(np.float32), grid[..., 1].astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    profile = cv2.GaussianBlur(values.astype(np.float32), (5, 3), 1.0)
    change = np.gradient(profile, _STEP_PX, axis=1)[:, 1:-1]
    # The edge of a thing is brighter on the same side all along it; the pattern of a table is not.
    inner = 1.0 if change.sum() >= 0 else -1.0
    strongest = [_peaks(change * sign) for sign in (inner, -inner)]
    best: _Side | None = None
    for at, height in strongest:
        is_seen = height >= _LEAST_CHANGE
        if is_seen.sum() < max(6, 0.3 * count):
            continue
        seen = places[is_seen] + offsets[1:-1][0] * across + (at[is_seen] * _STEP_PX)[:, None] * across
        side = _straight(seen, float(np.median(height[is_seen])), count)
        if side is not None and (best is None or side.support > best.support + 0.05):
            best = side
    return best


def _peaks(change: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where each profile changes most, to a fraction of a step, and how much."""
    at = change.argmax(axis=1)
    rows = np.arange(len(at))
    middle = np.clip(at, 1, change.shape[1] - 2)
    before, now, after = (change[rows, middle + by].astype(np.float64) for by in (-1, 0, 1))
    bend = before - 2 * now + after
    shift = np.where(np.abs(bend) > 1e-9, 0.5 * (before - after) / np.where(np.abs(bend) > 1e-9, bend, 1), 0.0)
    return np.where(middle == at, middle + np.clip(shift, -0.5, 0.5), at), change[rows, at].astype(np.float64)


def _straight(seen: NDArray[np.float64], contrast: float, count: int) -> _Side | None:
    """A line through most of these places."""
    kept = seen
    line = np.zeros(4)
    off = np.zeros(len(seen))
    for limit in (None, 2.0, 1.0):
        if len(kept) < 6:
            return None
        line = np.asarray(cv2.fitLine(kept.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01), dtype=np.float64).ravel()
        off = (seen[:, 0] - line[2]) * line[1] - (seen[:, 1] - line[3]) * line[0]
        spread = 1.4826 * float(np.median(np.abs(off)))
        kept = seen[np.abs(off) <= max(limit or 3.0, 2.5 * spread)] if limit is None else seen[np.abs(off) <= max(0.5, min(limit, 2.5 * spread))]
    near = np.abs(off) <= 1.5
    if near.sum() < 6:
        return None
    rms = float(np.sqrt(np.mean(off[near] ** 2)))
    # Neighbouring places share their noise: about one in four counts. At the end of a line it is four times what it is in the middle.
    return _Side(np.array([line[2], line[3], line[0], line[1]]), float(near.sum()) / count, contrast, 2 * rms / float(np.sqrt(max(1.0, near.sum() / 4))))


def _meeting(one: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Where two lines cross; None for (nearly) parallel ones."""
    cross = one[2] * other[3] - one[3] * other[2]
    if abs(cross) < 0.05:
        return None
    share = ((other[0] - one[0]) * other[3] - (other[1] - one[1]) * other[2]) / cross
    return np.array([one[0] + share * one[2], one[1] + share * one[3]])
