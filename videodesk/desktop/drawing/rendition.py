"""Renditions: the original with its marks drawn into the pixels, cut and turned, as a new PNG that carries nothing else of the original."""

from __future__ import annotations

import numpy as np
from PySide6.QtGui import QColor, QImage, QPainter

from videodesk.annotation.document import Document
from videodesk.annotation.marks import Redaction, RedactionPen
from videodesk.desktop.drawing.painting import draw_document, framing_transform
from videodesk.desktop.drawing.pictures import Picture, Pixels, encode_png
from videodesk.desktop.drawing.redacting import redacted_rects


def image_of(pixels: Pixels) -> QImage:
    """A QImage on the same memory, without a copy; `pixels` (BGRA, opaque) must outlive it."""
    height, width = pixels.shape[:2]
    return QImage(pixels.data, width, height, 4 * width, QImage.Format.Format_RGB32)


def rendered_pixels(picture: Picture, document: Document) -> Pixels:
    """A new array with the marks in it, framed: of `document.rendition_size`.

    Redacted pixels are overwritten before anything is drawn, and again in their turn: even a mark that were drawn wrongly
    would have nothing of the original left to show. What is cut off goes before the drawing, too.
    """
    pixels = framed_pixels(redacted_original(picture, document), document)
    image = image_of(pixels)
    painter = QPainter(image)
    painter.setTransform(framing_transform(document))
    draw_document(painter, document)
    painter.end()
    return pixels


def redacted_original(picture: Picture, document: Document) -> Pixels:
    """A new array of the original's size in which the redacted pixels have their mark's colour, and no mark is drawn."""
    pixels = np.array(picture.pixels, copy=True)
    for mark in document.marks:
        if isinstance(mark, Redaction | RedactionPen):
            colour = QColor(mark.colour)
            for area in redacted_rects(mark, document):
                rows = slice(area.y(), area.y() + area.height())
                columns = slice(area.x(), area.x() + area.width())
                pixels[rows, columns] = (colour.blue(), colour.green(), colour.red(), 255)
    return pixels


def framed_pixels(pixels: Pixels, document: Document) -> Pixels:
    """`pixels` of the original as the document frames them, C-contiguous: cut, then turned clockwise. The same array when nothing is to do."""
    frame = document.framed
    left, top, width, height = (round(value) for value in frame)
    cut = pixels[top:top + height, left:left + width]
    return np.ascontiguousarray(np.rot90(cut, -document.framing.turns))


def render(picture: Picture, document: Document) -> bytes:
    """The rendition as PNG, cut and turned; the original's bytes are not touched. Slow on large pictures: call it in a worker."""
    return encode_png(rendered_pixels(picture, document))
