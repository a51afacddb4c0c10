"""Pictures that are made here: products, walls, light and codes."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
import zxingcpp

from tests.bench._shaking import HEIGHT_PX, WIDTH_PX, Gray, scene
from videodesk.calls.pictures import Luma

_MARGIN = 260


@cache
def _scene(seed: int) -> Gray:
    return scene(seed)


def product(seed: int) -> Gray:
    return _scene(seed)[_MARGIN:_MARGIN + HEIGHT_PX, _MARGIN:_MARGIN + WIDTH_PX].copy()


def wall(seed: int) -> Gray:
    """A plain wall: uneven light, a soft shadow on every third, plaster on every third, noise."""
    random = np.random.default_rng(1000 + seed)
    picture = np.full((HEIGHT_PX, WIDTH_PX), random.uniform(90, 205), np.float32)
    picture += np.linspace(-1, 1, WIDTH_PX, dtype=np.float32)[None, :] * random.uniform(-30, 30)
    if seed % 3 == 1:
        shadow = np.zeros_like(picture)
        cv2.ellipse(shadow, random.integers((200, 100), (1000, 600)).tolist(), (300, 160), 30, 0, 360, 1.0, -1)
        picture -= cv2.GaussianBlur(shadow, (0, 0), random.uniform(8, 30)) * random.uniform(30, 80)
    if seed % 3 == 2:
        picture += cv2.GaussianBlur(random.standard_normal(picture.shape).astype(np.float32), (0, 0), 1.2) * random.uniform(4, 12)
    return noisy(picture, random.uniform(1, 6), seed)


def noisy(picture: np.ndarray, deviation: float, seed: int) -> Gray:
    grain = np.random.default_rng(seed).standard_normal(picture.shape) * deviation
    return np.clip(picture + grain, 0, 255).astype(np.uint8)


def defocused(picture: Gray, sigma_px: float) -> Gray:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma_px), dtype=np.uint8)


def moved(picture: Gray, length_px: float, angle_deg: float) -> Gray:
    """As if the camera had gone `length_px` in this direction during the exposure."""
    steps = np.linspace(-0.5, 0.5, max(2, round(length_px)))
    dx, dy = length_px * np.cos(np.radians(angle_deg)), length_px * np.sin(np.radians(angle_deg))
    size = (picture.shape[1], picture.shape[0])
    seen = [cv2.warpAffine(picture, np.array([[1, 0, at * dx], [0, 1, at * dy]], np.float32), size, borderMode=cv2.BORDER_REFLECT) for at in steps]
    return np.mean(seen, axis=0).astype(np.uint8)


def lit(picture: Gray, radius_px: float, seed: int) -> Gray:
    """With the reflection of a lamp on it."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:picture.shape[0], :picture.shape[1]]
    centre = random.uniform(0.3, 0.7, 2) * picture.shape
    glow = 500 * np.exp(-((y - centre[0]) ** 2 + (x - centre[1]) ** 2) / (2 * radius_px ** 2))
    return np.clip(picture + glow, 0, 255).astype(np.uint8)


def jpeg(picture: np.ndarray, quality: int = 90) -> bytes:
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()


def encoded(picture: np.ndarray, suffix: str) -> bytes:
    return cv2.imencode(suffix, picture)[1].tobytes()


def luma(picture: Gray, padding: int = 0) -> Luma:
    """`picture` with rows `padding` bytes longer than they are wide."""
    padded = np.pad(picture, ((0, 0), (0, padding)), constant_values=77)
    return Luma(memoryview(padded.tobytes()), picture.shape[1], picture.shape[0], padded.shape[1])


def video_range(picture: Gray) -> Gray:
    return (picture.astype(np.float32) * 219 / 255 + 16).round().astype(np.uint8)


def code(text: str, code_format: str, scale: int = 4, **options: str) -> Gray:
    made = zxingcpp.create_barcode(text, getattr(zxingcpp.BarcodeFormat, code_format), **options)
    return np.array(zxingcpp.write_barcode_to_image(made, scale=scale))


def on_table(symbol: Gray, angle_deg: float = 0.0, size: tuple[int, int] = (1280, 720), seed: int = 0) -> Gray:
    """`symbol` on a label in the middle of a textured table, turned."""
    random = np.random.default_rng(seed)
    table = cv2.GaussianBlur(random.standard_normal((size[1], size[0])).astype(np.float32), (0, 0), 3) * 60 + 120
    turn = cv2.getRotationMatrix2D((symbol.shape[1] / 2, symbol.shape[0] / 2), angle_deg, 1.0)
    turn[:, 2] += (size[0] / 2 - symbol.shape[1] / 2, size[1] / 2 - symbol.shape[0] / 2)
    label = cv2.warpAffine(symbol.astype(np.float32), turn, size, borderValue=-1.0)
    inside = cv2.erode((cv2.warpAffine(np.ones_like(symbol), turn, size) > 0).astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.clip(np.where(inside > 0, np.maximum(label, 0), table), 0, 255).astype(np.uint8)
