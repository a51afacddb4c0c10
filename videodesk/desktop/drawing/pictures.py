"""Decoded pictures as arrays, scaled and encoded by OpenCV, which lets go of the GIL. No Qt; any thread."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
from PIL import Image

from videodesk.core.errors import Invalid, TooLarge

Pixels = npt.NDArray[np.uint8]

MAX_PIXELS: Final = 64_000_000
_FORMATS: Final = {"image/jpeg": "JPEG", "image/png": "PNG", "image/webp": "WEBP"}
_SMALLEST_SIDE: Final = 256


@dataclass(frozen=True, eq=False, slots=True)
class Picture:
    """A decoded picture. `levels[n]` is (height >> n, width >> n, 4) uint8 in BGRA order, opaque, C-contiguous and read-only.

    The halved levels are made once, so that a zoomed-out view never has to scale 12 million pixels in the GUI thread.
    """

    levels: tuple[Pixels, ...] = field(repr=False)

    @property
    def pixels(self) -> Pixels:
        """The picture in full size."""
        return self.levels[0]

    @property
    def width_px(self) -> int:
        """Width in px."""
        return int(self.pixels.shape[1])

    @property
    def height_px(self) -> int:
        """Height in px."""
        return int(self.pixels.shape[0])

    @classmethod
    def of(cls, bgra: Pixels) -> Picture:
        """A picture of these pixels, with its halved levels."""
        levels = [np.ascontiguousarray(bgra)]
        while min(levels[-1].shape[:2]) > 2 * _SMALLEST_SIDE:
            height, width = levels[-1].shape[:2]
            levels.append(_array(cv2.resize(levels[-1], (max(1, width // 2), max(1, height // 2)), interpolation=cv2.INTER_AREA)))
        for level in levels:
            level.setflags(write=False)
        return cls(tuple(levels))


def decode(data: bytes, media_type: str) -> Picture:
    """The picture in `data`, upright as its EXIF orientation says.

    The format is named and the pixel count read from the header before a decoder runs: a 304-byte JPEG can otherwise take
    gigabytes. Invalid("picture.unreadable"), TooLarge("picture.too_large").
    """
    _check_header(data, media_type)
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        code = "picture.unreadable"
        raise Invalid(code)
    return Picture.of(_array(cv2.cvtColor(pixels, cv2.COLOR_BGR2BGRA)))


def decode_small(data: bytes, media_type: str, longest_px: int) -> Pixels:
    """A picture for a list, as BGRA: scaled to at most `longest_px` on its longest side. Raises as `decode`."""
    _check_header(data, media_type)
    pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        code = "picture.unreadable"
        raise Invalid(code)
    height, width = pixels.shape[:2]
    scale = min(1.0, longest_px / max(height, width))
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(_array(cv2.cvtColor(pixels, cv2.COLOR_BGR2BGRA)))


def encode_png(bgra: Pixels) -> bytes:
    """These pixels as PNG, without alpha and without any metadata."""
    is_done, data = cv2.imencode(".png", cv2.cvtColor(bgra, cv2.COLOR_BGRA2BGR), [cv2.IMWRITE_PNG_COMPRESSION, 4])
    if not is_done:
        message = "PNG encoding failed"
        raise RuntimeError(message)
    return bytes(data.tobytes())


def _check_header(data: bytes, media_type: str) -> None:
    code = "picture.unreadable"
    if media_type not in _FORMATS:
        raise Invalid(code)
    try:
        with Image.open(io.BytesIO(data), formats=[_FORMATS[media_type]]) as header:
            width, height = header.size
    except Image.DecompressionBombError as problem:
        raise TooLarge("picture.too_large", megapixels=MAX_PIXELS // 1_000_000) from problem
    except (OSError, ValueError, SyntaxError) as problem:
        raise Invalid(code) from problem
    if width * height > MAX_PIXELS:
        raise TooLarge("picture.too_large", megapixels=MAX_PIXELS // 1_000_000)


def _array(value: Any) -> Pixels:
    return np.asarray(value, dtype=np.uint8)
