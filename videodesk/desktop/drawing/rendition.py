"""Renditions: the original with its marks drawn into the pixels, as a new PNG that carries nothing else of the original."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor, QImage, QPainter

from videodesk.annotation.document import Document
from videodesk.annotation.marks import Redaction
from videodesk.desktop.drawing.painting import draw_document, redacted_pixels
from videodesk.desktop.drawing.pictures import Picture, Pixels, encode_png


def image_of(pixels: Pixels) -> QImage:
    """A QImage on the same memory, without a copy; `pixels` (BGRA, opaque) must outlive it."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)


def rendered_pixels(picture: Picture, document: Document) -> Pixels:
    """A new array of the original's size with the marks in it.

    Redacted pixels are overwritten before anything is drawn, and again in their turn: even a mark that were drawn wrongly
    would have nothing of the original left to show.
    """
    pixels = np.array(picture.pixels, copy=True)
    for mark in document.marks:
        if isinstance(mark, Redaction):
            area, colour = redacted_pixels(mark, document), QColor(mark.colour)
            rows = slice(area.y(), area.y() + area.height())
            columns = slice(area.x(), area.x() + area.width())
            pixels[rows, columns] = (colour.blue(), colour.green(), colour.red(), 255)
    image = image_of(pixels)
    painter = QPainter(image)
    draw_document(painter, document)
    painter.end()
    return pixels


def render(picture: Picture, document: Document) -> bytes:
    """The rendition as PNG, of the original's size; the original's bytes are not touched. Slow on large pictures: call it in a worker."""
    return encode_png(rendered_pixels(picture, document))
