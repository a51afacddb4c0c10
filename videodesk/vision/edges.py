"""Sides of a quadrangle fitted to the edges on a picture: corners to a fraction of a px, and how sure they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Quad = NDArray[np.float64]  # 4 × 2: x and y, a pixel's middle at whole numbers; clockwise as it is seen
Floats = NDArray[np.float64]
Pixels = NDArray[np.uint8]  # height × width × 3 or 4

_FROM, _TO = 0.12, 0.88  # the part of a side that is looked at: a card's corners are round for 6 % of it
_STEP_PX: Final = 0.5
_NEAR_PX: Final = 1.5  # a place that is farther from the line does not speak for it
_NOISE: Final = 2.0  # gray values: cleaner than this no camera is
_LEAST_SIGMA_PX: Final = 0.15  # what blur, compression and a lens leave, however straight the edge seems
# The variance of a line at the end of a side, in variances of one place on it: it is known from 12 % to 88 % only.
_AT_THE_END: Final = 1 + 3 * (0.5 / (0.5 - _FROM)) ** 2


@dataclass(frozen=True, slots=True)
class Fitted:
    """Corners, the share of the sides on which their edge was seen, how well inside and outside differ (in spreads), a corner's standard deviation."""

    corners: Quad
    support: float
    contrast: float
    sigma_px: float


@dataclass(frozen=True, slots=True)
class _Side:
    line: Floats  # a point and a direction
    support: float
    contrast: float
    sigma_px: float


def fitted_corners(pixels: Pixels, quad: Quad, rounds: int = 3) -> Fitted | None:
    """The corners near `quad` where the edges that lie along its sides meet; None where a side has no edge."""
    lengths = [float(np.linalg.norm(quad[at] - quad[(at + 1) % 4])) for at in range(4)]
    reach = min(max(6.0, 0.04 * max(lengths)), max(3.0, 0.15 * min(lengths)))
    fitted, corners = None, quad
    for round_ in range(rounds):
        fitted = _fitted_once(pixels, corners, max(min(reach, 3.0), reach / 2**round_), is_last=round_ == rounds - 1)
        if fitted is None or np.abs(fitted.corners - quad).max() > 2 * reach + 2:
            return None
        corners = fitted.corners
    return fitted


def _fitted_once(pixels: Pixels, quad: Quad, reach: float, *, is_last: bool) -> Fitted | None:
    sides = []
    for at in range(4):
        side = _side(pixels, quad[at], quad[(at + 1) % 4], reach, is_last=is_last)
        if side is None:
            return None
        sides.append(side)
    met = [_meeting(sides[at - 1].line, sides[at].line) for at in range(4)]
    if any(point is None for point in met):
        return None
    return Fitted(np.array(met, dtype=np.float64), min(side.support for side in sides), min(side.contrast for side in sides),
                  max(_LEAST_SIGMA_PX, *(float(np.hypot(sides[at - 1].sigma_px, sides[at].sigma_px)) for at in range(4))))


def _side(pixels: Pixels, one: Floats, two: Floats, reach: float, *, is_last: bool) -> _Side | None:
    """The straight edge along this side, by the colour that tells best what is inside from what is outside."""
    length = float(np.linalg.norm(two - one))
    if length < 8:
        return None
    along = (two - one) / length
    inward = np.array([-along[1], along[0]])
    count = int(np.clip(length, 24, 200))
    places = one + np.linspace(_FROM, _TO, count)[:, None] * (two - one)
    offsets = np.arange(-reach - 2, reach + 2 + _STEP_PX / 2, _STEP_PX)
    values = _sampled(pixels, places[:, None, :] + offsets[None, :, None] * inward)
    profile, contrast = _told_apart(values, offsets, 0.4 * reach)
    # Once the side lies nearly right, neighbours along it are averaged: the edge goes straight on, the table's pattern does not.
    profile = np.asarray(cv2.GaussianBlur(profile, (0, 0), sigmaX=1.0 / _STEP_PX, sigmaY=max(1.0, count / 40) if is_last else 1.0), np.float32)
    change = np.gradient(profile, _STEP_PX, axis=1)[:, 2:-2]
    at, height = _peaks(change)
    is_seen = height > 0.25 * float(np.median(height))
    if is_seen.sum() < 8:
        return None
    seen = places[is_seen] + (offsets[2] + at[is_seen] * _STEP_PX)[:, None] * inward
    return _straight(seen, contrast, count)


def _sampled(pixels: Pixels, grid: Floats) -> NDArray[np.float32]:
    """The colours at these places, from the part of the picture around them."""
    left, top = np.floor(grid.reshape(-1, 2).min(axis=0)).astype(int) - 2
    right, bottom = np.ceil(grid.reshape(-1, 2).max(axis=0)).astype(int) + 3
    left, top = int(np.clip(left, 0, pixels.shape[1] - 1)), int(np.clip(top, 0, pixels.shape[0] - 1))
    part = pixels[top:max(top + 1, bottom), left:max(left + 1, right), :3]
    found = cv2.remap(part, (grid[..., 0] - left).astype(np.float32), (grid[..., 1] - top).astype(np.float32), cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(found, dtype=np.float32)


def _told_apart(values: NDArray[np.float32], offsets: Floats, gap: float) -> tuple[NDArray[np.float32], float]:
    """Each profile along the one direction of colour in which inside and outside differ most (Fisher's discriminant), in spreads; and how much."""
    inside, outside = values[:, offsets > gap].reshape(-1, 3), values[:, offsets < -gap].reshape(-1, 3)
    difference = (np.median(inside, axis=0) - np.median(outside, axis=0)).astype(np.float64)
    spread = (np.cov(inside, rowvar=False) + np.cov(outside, rowvar=False)) / 2 + np.eye(3) * _NOISE**2
    direction = np.linalg.solve(spread, difference)
    apart = math.sqrt(max(1e-12, float(difference @ direction)))
    return np.ascontiguousarray(values @ (direction / apart).astype(np.float32)), apart


def _peaks(change: NDArray[np.float32]) -> tuple[Floats, Floats]:
    """Where each profile rises most, to a fraction of a step, and how much."""
    at = change.argmax(axis=1)
    rows = np.arange(len(at))
    middle = np.clip(at, 1, change.shape[1] - 2)
    before, now, after = (change[rows, middle + by].astype(np.float64) for by in (-1, 0, 1))
    bend = before - 2 * now + after
    is_bent = np.abs(bend) > 1e-9
    shift = np.where(is_bent, 0.5 * (before - after) / np.where(is_bent, bend, 1), 0.0)
    return np.where(middle == at, middle + np.clip(shift, -0.5, 0.5), at), change[rows, at].astype(np.float64)


def _straight(seen: Floats, contrast: float, count: int) -> _Side | None:
    """A line through most of these places."""
    kept, line, off = seen, np.zeros(4), np.zeros(len(seen))
    for limit in (np.inf, 3.0, _NEAR_PX):
        if len(kept) < 8:
            return None
        line = np.asarray(cv2.fitLine(kept.astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01), dtype=np.float64).ravel()
        off = (seen[:, 0] - line[2]) * line[1] - (seen[:, 1] - line[3]) * line[0]
        spread = 1.4826 * float(np.median(np.abs(off)))
        kept = seen[np.abs(off) <= max(0.5, min(limit, 2.5 * spread))]
    near = off[np.abs(off) <= _NEAR_PX]
    if len(near) < 8:
        return None
    # Neighbours share noise and pattern: what counts is how many places speak for themselves.
    variance = float(np.mean(near**2)) + 1e-9
    alike = float(np.clip(np.mean(near[1:] * near[:-1]) / variance, 0.0, 0.97))
    free = max(2.0, len(near) * (1 - alike) / (1 + alike))
    return _Side(np.array([line[2], line[3], line[0], line[1]]), len(near) / count, contrast, float(np.sqrt(variance * _AT_THE_END / free)))


def _meeting(one: Floats, other: Floats) -> Floats | None:
    """Where two lines cross; None for (nearly) parallel ones."""
    cross = one[2] * other[3] - one[3] * other[2]
    if abs(cross) < 0.05:
        return None
    share = ((other[0] - one[0]) * other[3] - (other[1] - one[1]) * other[2]) / cross
    return np.array([one[0] + share * one[2], one[1] + share * one[3]])
