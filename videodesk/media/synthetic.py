"""Drawn media for tests and the demo: a damaged product with a moving frame number, a tone, and Chromium's fake camera file.

Every drawn frame carries its number twice: large digits for people, and a bar code along the bottom that survives coding at low
bitrates, scaling and rotation by quarter turns; `read_frame_number` reads it from any whole picture of the camera.
"""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]

NUMBER_BITS: Final = 20
CHECK_BITS: Final = 8
_GUARD: Final = (1, 0, 1, 1, 0, 0)
_CELLS: Final = len(_GUARD) + NUMBER_BITS + CHECK_BITS + 2
STRIP_SHARE: Final = 0.08
"""The bar code's share of the picture's height."""
SHAKE_FRAMES: Final = 30
STEADY_FRAMES: Final = 6
PRODUCT_EAN: Final = "8710400123453"
"""What the sticker beside the drawn parcel says, as EAN-13."""


def bits_of(number: int) -> list[int]:
    """The bar code of `number` (< 2**20): guard, number, a checksum's eight bits, end guard."""
    check = zlib.crc32(number.to_bytes(4, "big")) & ((1 << CHECK_BITS) - 1)
    value = number << CHECK_BITS | check
    width = NUMBER_BITS + CHECK_BITS
    return [*_GUARD, *((value >> (width - 1 - place)) & 1 for place in range(width)), 1, 0]


def read_frame_number(image: NDArray[Any]) -> int | None:
    """The frame number in a whole picture of the drawn camera, or None.

    `image`: (height, width) grey or (height, width, 3 or 4) with any channel order, uint8, any size from about 160 px width; turned
    by a multiple of 90° or mirrored (a self-view) is fine.
    """
    grey: NDArray[Any] = image if image.ndim == 2 else image[:, :, :3].mean(axis=2)
    for turns in range(4):
        turned = np.rot90(grey, turns)
        for candidate in (turned, turned[:, ::-1]):
            number = _read_upright(candidate)
            if number is not None:
                return number
    return None


def _read_upright(grey: NDArray[Any]) -> int | None:
    height, width = grey.shape
    strip = height * STRIP_SHARE
    top, bottom = int(height - strip * 0.7), max(int(height - strip * 0.3), int(height - strip * 0.7) + 1)
    rows = grey[top:bottom].astype(np.float32).mean(axis=0)
    cell = width / _CELLS
    levels = np.array([rows[int((place + 0.3) * cell):max(int((place + 0.7) * cell), int((place + 0.3) * cell) + 1)].mean()
                       for place in range(_CELLS)])
    low, high = float(levels.min()), float(levels.max())
    if high - low < 60:
        return None
    bits = [int(level > (low + high) / 2) for level in levels]
    if tuple(bits[:len(_GUARD)]) != _GUARD or bits[-2:] != [1, 0]:
        return None
    value = 0
    for bit in bits[len(_GUARD):-2]:
        value = value << 1 | bit
    number = value >> CHECK_BITS
    return number if bits_of(number) == bits else None


class DrawnCamera:
    """Draws frames of a cracked parcel on a table; the light moves and the number counts. Cheap: the scene is drawn once.

    `is_handheld`: the camera shakes a little and its sensor is noisy, so that coding it costs what a real picture costs.
    `is_shaking`: four fifths of each second are blurred by the hand's movement (the bar code below is not), as a nervous person films.
    """

    def __init__(self, width_px: int = 1280, height_px: int = 720, *, scene: str = "parcel", is_handheld: bool = False,
                 is_shaking: bool = False) -> None:
        self.width_px, self.height_px = width_px, height_px
        self._is_shaking = is_shaking
        self._blurred: dict[int, Image] = {}
        self._noise: NDArray[np.uint8] | None = None
        if is_handheld:
            self._noise = np.random.default_rng(3).integers(0, 14, (height_px + 64, width_px + 64, 3), dtype=np.uint8)
        self._scene = _parcel(width_px, height_px) if scene == "parcel" else _portrait(width_px, height_px)

    def draw(self, number: int) -> Image:
        """Frame `number` as BGR (height, width, 3)."""
        image = self._blur(number).copy() if self._noise is None else self._shaken(number, self._noise)
        width, height = self.width_px, self.height_px
        strip = round(height * STRIP_SHARE)
        x = int((0.5 + 0.42 * np.sin(number / 23)) * width)
        y = int((0.2 + 0.05 * np.cos(number / 17)) * height)
        cv2.circle(image, (x, y), height // 22, (120, 220, 250), -1, cv2.LINE_AA)
        scale = height / 360
        text = f"{number:06d}"
        cv2.putText(image, text, (int(14 * scale), int(38 * scale)), cv2.FONT_HERSHEY_DUPLEX, 1.2 * scale, (20, 20, 20), max(1, int(5 * scale)), cv2.LINE_AA)
        cv2.putText(image, text, (int(14 * scale), int(38 * scale)), cv2.FONT_HERSHEY_DUPLEX, 1.2 * scale, (255, 255, 255), max(1, int(2 * scale)), cv2.LINE_AA)
        cells = np.array(bits_of(number & ((1 << NUMBER_BITS) - 1)), dtype=np.uint8) * 200 + 28
        columns = (np.arange(width) * _CELLS // width).astype(np.int64)
        image[height - strip:] = cells[columns][None, :, None]
        return image

    def _blur(self, number: int) -> Image:
        """The scene as the hand's movement leaves it; drawn once for each of the few lengths of the movement."""
        place = number % SHAKE_FRAMES
        if not self._is_shaking or place >= SHAKE_FRAMES - STEADY_FRAMES:
            return self._scene
        length = max(3, round(self.width_px / 1280 * (6 + 18 * np.sin(np.pi * (place + 1) / (SHAKE_FRAMES - STEADY_FRAMES)) ** 2)))
        if length not in self._blurred:
            kernel = np.zeros((length, length), dtype=np.float32)
            cv2.line(kernel, (0, length // 3), (length - 1, length - length // 3 - 1), 1.0)
            self._blurred[length] = np.asarray(cv2.filter2D(self._scene, -1, kernel / kernel.sum()), dtype=np.uint8)
        return self._blurred[length]

    def _shaken(self, number: int, noise: NDArray[np.uint8]) -> Image:
        dx, dy = round(9 * np.sin(number / 5)), round(6 * np.cos(number / 7))
        moved = np.roll(self._scene, (dy, dx), axis=(0, 1))
        at_y, at_x = number * 37 % 64, number * 23 % 64
        return np.asarray(cv2.add(moved, noise[at_y:at_y + self.height_px, at_x:at_x + self.width_px]), dtype=np.uint8)


def _parcel(width: int, height: int) -> Image:
    image: Image = np.empty((height, width, 3), dtype=np.uint8)
    ramp = np.linspace(0, 1, height, dtype=np.float32)[:, None]
    image[:] = (np.array([[196, 188, 176]], dtype=np.float32) * (1 - 0.45 * ramp[:, :, None])).astype(np.uint8)
    rng = np.random.default_rng(7)

    def at(x: float, y: float) -> tuple[int, int]:
        return int(x * width), int(y * height)

    cv2.rectangle(image, at(0, 0.62), at(1, 1), (92, 118, 146), -1)
    for _ in range(60):
        y = rng.uniform(0.63, 0.92)
        cv2.line(image, at(rng.uniform(0, 0.8), y), at(rng.uniform(0.2, 1), y), (84, 108, 134), 1)
    front = np.array([at(0.26, 0.34), at(0.70, 0.34), at(0.70, 0.82), at(0.26, 0.82)])
    top = np.array([at(0.26, 0.34), at(0.36, 0.22), at(0.80, 0.22), at(0.70, 0.34)])
    side = np.array([at(0.70, 0.34), at(0.80, 0.22), at(0.80, 0.70), at(0.70, 0.82)])
    cv2.fillPoly(image, [front], (104, 152, 190), cv2.LINE_AA)
    cv2.fillPoly(image, [top], (128, 178, 214), cv2.LINE_AA)
    cv2.fillPoly(image, [side], (78, 120, 156), cv2.LINE_AA)
    cv2.fillPoly(image, [np.array([at(0.46, 0.34), at(0.52, 0.34), at(0.52, 0.82), at(0.46, 0.82)])], (170, 205, 225), cv2.LINE_AA)
    cv2.rectangle(image, at(0.55, 0.46), at(0.68, 0.62), (240, 244, 246), -1)
    small = max(0.3, height / 1100)
    for row, line in enumerate(("J. DE VRIES", "ZEEDIJK 12", "1012 AX", "S/N 48-2207")):
        cv2.putText(image, line, at(0.558, 0.495 + 0.035 * row), cv2.FONT_HERSHEY_SIMPLEX, small, (40, 40, 40), max(1, height // 500), cv2.LINE_AA)
    hole = np.array([at(0.29, 0.55), at(0.335, 0.50), at(0.37, 0.545), at(0.40, 0.58), at(0.375, 0.66), at(0.33, 0.69), at(0.30, 0.63)])
    cv2.fillPoly(image, [hole], (36, 44, 58), cv2.LINE_AA)
    cv2.polylines(image, [hole], isClosed=True, color=(150, 196, 226), thickness=max(1, height // 240), lineType=cv2.LINE_AA)
    for _ in range(9):
        x, y = 0.345, 0.59
        angle = rng.uniform(0, 2 * np.pi)
        points = [at(x, y)]
        for _ in range(5):
            x += 0.018 * np.cos(angle)
            y += 0.030 * np.sin(angle)
            angle += rng.uniform(-0.5, 0.5)
            points.append(at(x, y))
        cv2.polylines(image, [np.array(points)], isClosed=False, color=(48, 66, 92), thickness=max(1, height // 360), lineType=cv2.LINE_AA)
    _sticker(image, *at(0.02, 0.64))
    patches = ((0, 0, 200), (0, 180, 0), (200, 60, 0), (0, 200, 220), (235, 235, 235), (20, 20, 20))
    for place, colour in enumerate(patches):
        cv2.rectangle(image, at(0.86, 0.10 + 0.06 * place), at(0.95, 0.155 + 0.06 * place), colour, -1)
    return image


def ean13_modules(digits: str) -> str:
    """The 95 modules of an EAN-13 (ISO/IEC 15420), "1" for a bar; `digits` are all thirteen."""
    left = ("0001101", "0011001", "0010011", "0111101", "0100011", "0110001", "0101111", "0111011", "0110111", "0001011")
    parity = ("LLLLLL", "LLGLGG", "LLGGLG", "LLGGGL", "LGLLGG", "LGGLLG", "LGGGLL", "LGLGLG", "LGLGGL", "LGGLGL")[int(digits[0])]
    right = ["".join("10"[int(module)] for module in one) for one in left]
    first = "".join(left[int(digit)] if kind == "L" else right[int(digit)][::-1] for digit, kind in zip(digits[1:7], parity, strict=True))
    return f"101{first}01010{''.join(right[int(digit)] for digit in digits[7:])}101"


def _sticker(image: Image, left: int, top: int) -> None:
    """A product sticker with its bar code: modules of whole pixels, so that a call at 720p can carry it."""
    module = max(1, image.shape[1] // 640)
    modules = ean13_modules(PRODUCT_EAN)
    width, height = (len(modules) + 18) * module, round(image.shape[0] * 0.2)
    image[top:top + height, left:left + width] = 244
    bars = np.repeat(np.array([30 if one == "1" else 244 for one in modules], dtype=np.uint8), module)
    image[top + 3 * module:top + round(height * 0.78), left + 9 * module:left + 9 * module + len(bars)] = bars[None, :, None]
    cv2.putText(image, PRODUCT_EAN, (left + 12 * module, top + height - 3 * module), cv2.FONT_HERSHEY_SIMPLEX, max(0.3, image.shape[0] / 1250),
                (40, 40, 40), max(1, image.shape[0] // 500), cv2.LINE_AA)


def _portrait(width: int, height: int) -> Image:
    image: Image = np.full((height, width, 3), (128, 104, 72), dtype=np.uint8)
    centre = (width // 2, int(height * 0.42))
    cv2.ellipse(image, (width // 2, height), (int(height * 0.42), int(height * 0.36)), 0, 0, 360, (86, 62, 40), -1, cv2.LINE_AA)
    cv2.ellipse(image, centre, (int(height * 0.17), int(height * 0.22)), 0, 0, 360, (166, 190, 226), -1, cv2.LINE_AA)
    cv2.ellipse(image, (centre[0], centre[1] - int(height * 0.08)), (int(height * 0.18), int(height * 0.16)), 0, 180, 360, (40, 52, 70), -1, cv2.LINE_AA)
    for side in (-1, 1):
        cv2.circle(image, (centre[0] + side * int(height * 0.06), centre[1]), max(2, height // 70), (40, 40, 40), -1, cv2.LINE_AA)
    cv2.ellipse(image, (centre[0], centre[1] + int(height * 0.08)), (int(height * 0.06), int(height * 0.03)), 0, 10, 170, (80, 80, 150), max(1, height // 200), cv2.LINE_AA)
    return image


def write_camera_file(path: Path, *, width_px: int = 1280, height_px: int = 720, frames: int = 600, quality: int = 82,
                      is_handheld: bool = False, is_shaking: bool = False) -> Path:
    """Chromium's fake camera (`--use-file-for-fake-video-capture`, name must end in .mjpeg): frames 0 … frames-1, played in a loop.

    Chromium plays it at 30 frames a second. Takes about 10 ms and 60 kB a frame at 720p. Returns `path`.
    """
    camera = DrawnCamera(width_px, height_px, is_handheld=is_handheld, is_shaking=is_shaking)
    with path.open("wb") as file:
        for number in range(frames):
            is_done, data = cv2.imencode(".jpg", camera.draw(number), [cv2.IMWRITE_JPEG_QUALITY, quality])
            if not is_done:
                message = "JPEG encoding failed"
                raise RuntimeError(message)
            file.write(data.tobytes())
    return path


class Tone:
    """A quiet tone of `frequency_hz` that beats once a second: 48 kHz mono int16. A SampleSource."""

    def __init__(self, frequency_hz: float = 440.0, level: float = 0.2) -> None:
        self._frequency_hz, self._level = frequency_hz, level
        self._at = 0

    def read(self, frames: int) -> bytes:
        """The next `frames` samples."""
        time_s = (self._at + np.arange(frames)) / 48000
        self._at += frames
        beat = 0.6 + 0.4 * np.sin(2 * np.pi * time_s)
        return (np.sin(2 * np.pi * self._frequency_hz * time_s) * beat * self._level * 32767).astype("<i2").tobytes()
