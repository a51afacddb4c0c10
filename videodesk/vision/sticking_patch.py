"""The reference patch: what surrounds a mark on the picture it was put on, and how well a later picture agrees with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

from videodesk.vision.sticking_geometry import Floats, Gray, carry, fit, flow, is_plausible, is_within

_CELL_PX: Final = 24
_CELLS: Final = (3, 7)
_FEATURES: Final = 60
_BLOCK_PX: Final = 5
_STRENGTH: Final = 1e-3  # a corner's smaller eigenvalue; a camera's noise and uneven light on a bare wall stay below half of it
_ENOUGH: Final = 30
_TEXTURE: Final = 3.0  # standard deviation of the brightness below which a cell says nothing
_SOFT_PX: Final = 1.6  # what a camera's blur and a codec leave
_SAME: Final = 0.55  # normalised correlation from which a cell agrees


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a picture agrees with the patch: cells in view that have texture and those that agree, feature points in view and those that agree.

    `detail`: the correlation of the fine structure that three cells in four have. It tells one parcel from the next of its kind; None where it was not asked for.
    """

    cells: int
    agreeing: int
    points: int
    inliers: int
    detail: float | None

    @property
    def share(self) -> float:
        """The share of the cells in view that agree."""
        return self.agreeing / max(1, self.cells)


class Patch:
    """A rectangle of a picture with its feature points, kept as small as its texture allows: what is near the mark moves with it."""

    def __init__(self, gray: Gray, box: tuple[float, float, float, float]) -> None:
        """`box`: left, top, right, bottom in px of `gray`."""
        left, top, right, bottom = box
        self.box = box
        self.corners: Floats = np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float64)
        self.features = _features(gray, box)
        width, height = right - left, bottom - top
        unit = max(width, height) / _CELLS[1]
        self._columns = int(np.clip(round(width / unit), *_CELLS))
        self._rows = int(np.clip(round(height / unit), *_CELLS))
        self._size = (self._columns * _CELL_PX, self._rows * _CELL_PX)
        scale_x, scale_y = self._size[0] / width, self._size[1] / height
        self._to_patch: Floats = np.array([[scale_x, 0, -left * scale_x], [0, scale_y, -top * scale_y], [0, 0, 1]], dtype=np.float64)
        self._from_patch: Floats = np.asarray(np.linalg.inv(self._to_patch), dtype=np.float64)
        self._spots = carry(self._to_patch, self.features)
        own = self._seen(gray, np.eye(3))
        self._sharp = _without_light(own)
        coarse = self._cells(cv2.GaussianBlur(own, (0, 0), _SOFT_PX))
        self._has_texture = coarse.std(axis=-1) > _TEXTURE
        self._coarse, self._fine = _unit(coarse), _unit(self._cells(_fine(own)))
        at_x, at_y = np.meshgrid(np.arange(self._columns) + 0.5, np.arange(self._rows) + 0.5)
        self._middles = carry(self._from_patch, np.stack([at_x.ravel(), at_y.ravel()], axis=1) * _CELL_PX)

    @property
    def can_hold(self) -> bool:
        """Whether there is enough to hold on to."""
        return len(self.features) >= 14 and int(self._has_texture.sum()) >= 4

    @property
    def area_px2(self) -> float:
        """Its area in the picture that it was taken from."""
        left, top, right, bottom = self.box
        return (right - left) * (bottom - top)

    def refine(self, gray: Gray, motion: Floats) -> tuple[Floats, int] | None:
        """`motion` (patch's picture → `gray`) made exact against the patch itself, so that nothing adds up from frame to frame; and how many points say so."""
        seen = self._seen(gray, motion)
        in_view = is_within(carry(motion, self.features), gray.shape[1], gray.shape[0], 2.0)
        spots = self._spots[in_view]
        if len(spots) < 6:
            return None
        moved, good = flow(self._sharp, _without_light(seen), spots, window_px=13, levels=1)
        found = fit(spots[good], moved[good], 1.5, self._size[0] * self._size[1])
        if found is None:
            return None
        correction, agrees = found
        better = motion @ self._from_patch @ correction @ self._to_patch
        better /= better[2, 2]
        return (better, int(agrees.sum())) if is_plausible(better, self.corners) else None

    def agreement(self, gray: Gray, motion: Floats, inliers: int, *, with_detail: bool = False) -> Agreement:
        """How `gray` looks where `motion` puts the patch, cell by cell: a hand over a part, blur and light leave the others."""
        seen = self._seen(gray, motion)
        size = (gray.shape[1], gray.shape[0], 2.0)
        counts = is_within(carry(motion, self._middles), *size) & self._has_texture
        points = int(is_within(carry(motion, self.features), *size).sum())
        alike = (self._coarse * _unit(self._cells(cv2.GaussianBlur(seen, (0, 0), _SOFT_PX)))).sum(axis=-1) > _SAME
        detail = None
        if with_detail:
            fine = (self._fine * _unit(self._cells(_fine(seen)))).sum(axis=-1)[counts]
            detail = float(np.percentile(fine, 25)) if len(fine) else 0.0
        return Agreement(int(counts.sum()), int((alike & counts).sum()), points, inliers, detail)

    def _cells(self, picture: NDArray[Any]) -> NDArray[np.float32]:
        """(cells, pixels of a cell)."""
        cells = picture.astype(np.float32).reshape(self._rows, _CELL_PX, self._columns, _CELL_PX)
        return np.asarray(cells.swapaxes(1, 2).reshape(self._rows * self._columns, -1))

    def _seen(self, gray: Gray, motion: Floats) -> Gray:
        picture = cv2.warpPerspective(gray, motion @ self._from_patch, self._size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP, borderMode=cv2.BORDER_REPLICATE)
        return np.asarray(picture, dtype=np.uint8)


def patch_around(gray: Gray, points: Floats) -> Patch | None:
    """The smallest patch around the (n, 2) points that has enough to hold on to; None where the whole picture has not."""
    height, width = gray.shape
    low, high = points.min(axis=0), points.max(axis=0)
    middle, side = (low + high) / 2, np.maximum((high - low) * 1.3, 0.22 * max(width, height))
    best: Patch | None = None
    for growth in (1.0, 1.5, 2.2, 3.3, 8.0):
        left, top = np.maximum(middle - side * growth / 2, 0)
        right, bottom = np.minimum(middle + side * growth / 2, (width, height))
        if right - left < 48 or bottom - top < 48:
            continue
        patch = Patch(gray, (float(left), float(top), float(right), float(bottom)))
        if patch.can_hold:
            best = patch
            if len(patch.features) >= _ENOUGH:
                break
    return best


def _features(gray: Gray, box: tuple[float, float, float, float]) -> Floats:
    left, top, right, bottom = (round(side) for side in box)
    apart = max(3.0, 0.03 * max(right - left, bottom - top))
    part = gray[top:bottom, left:right]
    corners: Any = cv2.goodFeaturesToTrack(part, _FEATURES, 0.01, apart, blockSize=_BLOCK_PX)
    if corners is None:
        return np.empty((0, 2))
    spots = corners.reshape(-1, 2)
    strength = cv2.cornerMinEigenVal(part, _BLOCK_PX)[spots[:, 1].astype(int), spots[:, 0].astype(int)]
    return np.asarray(spots[strength > _STRENGTH].astype(np.float64) + np.array([left, top]))


def _without_light(picture: Gray) -> Gray:
    """The picture without its slow brightness: exposure and shadows change it, the flow must not take that for motion."""
    return np.asarray(cv2.addWeighted(picture, 1.0, cv2.blur(picture, (17, 17)), -1.0, 128.0), dtype=np.uint8)


def _fine(picture: Gray) -> NDArray[np.float32]:
    soft = cv2.GaussianBlur(picture, (0, 0), 1.0).astype(np.float32)
    return np.asarray(soft - cv2.blur(soft, (11, 11)))


def _unit(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = cells - cells.mean(axis=-1, keepdims=True)
    return np.asarray(centred / (np.linalg.norm(centred, axis=-1, keepdims=True) + 1e-3), dtype=np.float32)
