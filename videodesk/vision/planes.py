"""A picture's brightness as an array, and smaller."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from videodesk.calls.pictures import Luma

Plane = NDArray[np.uint8]

WORKING_SIDE_PX: Final = 640  # pictures are judged at this size: half of a 720p frame, where noise and block edges have averaged out


def plane_of(picture: Luma) -> Plane:
    """The rows of `picture`, height × width, a view of its memory: valid as long as `picture` lives. ValueError for a size that its bytes do not hold."""
    if min(picture.width_px, picture.height_px) < 1 or picture.stride_bytes < picture.width_px:
        message = "no such picture"
        raise ValueError(message)
    needed = picture.stride_bytes * (picture.height_px - 1) + picture.width_px
    flat = np.frombuffer(picture.buffer, np.uint8)
    if flat.size < needed:
        message = "fewer bytes than rows"
        raise ValueError(message)
    return np.lib.stride_tricks.as_strided(flat, (picture.height_px, picture.width_px), (picture.stride_bytes, 1), writeable=False)


def working_size(plane: Plane) -> Plane:
    """`plane` with its longest side at most WORKING_SIDE_PX, each pixel the mean of those it stands for."""
    height, width = plane.shape
    scale = WORKING_SIDE_PX / max(height, width)
    if scale >= 1:
        return plane
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(plane, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def full_range(plane: Plane) -> Plane:
    """Video's 16…235 (ITU-R BT.601) stretched to 0…255."""
    return np.asarray(cv2.LUT(plane, _FULL_RANGE), dtype=np.uint8)


_FULL_RANGE: Final = np.clip((np.arange(256, dtype=np.float64) - 16) * 255 / 219, 0, 255).round().astype(np.uint8)
