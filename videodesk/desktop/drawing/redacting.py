"""Which pixels of the original a redaction destroys: whole pixels, all that it touches. One answer for screen and rendition."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import cv2
import numpy as np
from PySide6.QtCore import QRect

from videodesk.annotation.document import Document
from videodesk.annotation.marks import Redacting, Redaction, RedactionPen

_FRACTION_BITS: Final = 4
# A pixel is touched by a stroke when its middle is at most half a diagonal outside; OpenCV's own rounding is another pixel.
_MARGIN_PX: Final = 3


def redacted_pixels(mark: Redaction, document: Document) -> QRect:
    """The pixels of the original that the box destroys: all that it touches."""
    left, top = max(0, math.floor(mark.box.x)), max(0, math.floor(mark.box.y))
    right = min(document.width_px, math.ceil(mark.box.right))
    bottom = min(document.height_px, math.ceil(mark.box.bottom))
    return QRect(left, top, max(0, right - left), max(0, bottom - top))


def redacted_rects(mark: Redacting, document: Document) -> tuple[QRect, ...]:
    """The pixels that the redaction destroys, as rectangles in px of the original; a stroke's are one row high."""
    if isinstance(mark, Redaction):
        area = redacted_pixels(mark, document)
        return () if area.isEmpty() else (area,)
    return _stroke_rects(mark, document.width_px, document.height_px)


@lru_cache(maxsize=64)
def _stroke_rects(mark: RedactionPen, width_px: int, height_px: int) -> tuple[QRect, ...]:
    reach = mark.width_px / 2 + _MARGIN_PX
    left = max(0, math.floor(min(point.x for point in mark.points) - reach))
    top = max(0, math.floor(min(point.y for point in mark.points) - reach))
    right = min(width_px, math.ceil(max(point.x for point in mark.points) + reach))
    bottom = min(height_px, math.ceil(max(point.y for point in mark.points) + reach))
    if right <= left or bottom <= top:
        return ()
    mask = np.zeros((bottom - top, right - left), np.uint8)
    # A pixel's middle is at half a px in marks, at whole numbers in OpenCV.
    places = np.array([(point.x - left - 0.5, point.y - top - 0.5) for point in (*mark.points, mark.points[-1])])
    fixed = np.round(places * (1 << _FRACTION_BITS)).astype(np.int32)
    thickness = math.ceil(mark.width_px) + _MARGIN_PX
    cv2.polylines(mask, [fixed.reshape(-1, 1, 2)], isClosed=False, color=1, thickness=thickness, lineType=cv2.LINE_8, shift=_FRACTION_BITS)
    edges = np.diff(np.pad(mask, ((0, 0), (1, 1))).astype(np.int8), axis=1)
    (rows, starts), (_, ends) = np.nonzero(edges == 1), np.nonzero(edges == -1)
    return tuple(
        QRect(left + start, top + row, end - start, 1)
        for row, start, end in zip(rows.tolist(), starts.tolist(), ends.tolist(), strict=True)
    )
