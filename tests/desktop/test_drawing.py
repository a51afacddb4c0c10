"""Pictures, the drawing routine, renditions."""

import io

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtGui import QImage, QPainter

from tests.desktop.drawn import damaged_parcel, damaged_parcel_jpeg
from tests.unit.annotation.strategies import marks
from videodesk.annotation.document import Document
from videodesk.annotation.marks import REDACTION_COLOUR, Arrow, Box, Point, Redaction, Step, Text
from videodesk.core.errors import Invalid, TooLarge
from videodesk.desktop.drawing.painting import draw_document, text_box
from videodesk.desktop.drawing.pictures import Picture, decode, decode_small, encode_png
from videodesk.desktop.drawing.rendition import image_of, render, rendered_pixels


def flat(value, width=300, height=200):
    return Picture.of(np.full((height, width, 4), (value, value, value, 255), np.uint8))


@given(st.lists(marks(), max_size=4, unique_by=lambda mark: mark.id), st.builds(
    Box, st.floats(-20, 280), st.floats(-20, 180), st.floats(0.5, 120), st.floats(0.5, 120)))
@settings(max_examples=40, deadline=None)
def test_nothing_of_the_original_is_left_under_a_redaction(qapp, others, box):
    """Two different originals give equal pixels there, whatever other marks lie below or above."""
    document = Document(300, 200, (*others, Redaction(id="the-redaction", box=box, colour=REDACTION_COLOUR)))
    one, other = rendered_pixels(flat(20), document), rendered_pixels(flat(230), document)
    area = np.zeros((200, 300), bool)
    x0, y0 = max(0, int(np.floor(box.x))), max(0, int(np.floor(box.y)))
    area[y0:max(y0, int(np.ceil(box.bottom))), x0:max(x0, int(np.ceil(box.right)))] = True
    assert np.array_equal(one[area], other[area])


def test_see_through_marks_over_a_redaction_show_nothing_of_the_original(qapp):
    document = Document(300, 200, (Redaction(id="r", box=Box(50, 50, 100, 100)), Arrow(id="a", start=Point(40, 40), end=Point(140, 140))))
    one, other = rendered_pixels(flat(20), document), rendered_pixels(flat(230), document)
    assert np.array_equal(one[50:150, 50:150], other[50:150, 50:150])


def test_the_routine_draws_the_same_on_a_moved_painter(qapp):
    document = Document(300, 200, (
        Arrow(id="a", start=Point(20.3, 30.1), end=Point(140, 120.9)), Text(id="t", at=Point(150, 40), text="Wör√ds"), Step(id="s", at=Point(60, 150)),
    ))
    pixels = rendered_pixels(flat(120), document)
    shifted = QImage(400, 300, QImage.Format.Format_RGB32)
    shifted.fill(0xFF787878)
    painter = QPainter(shifted)
    painter.translate(37, 53)
    draw_document(painter, document)
    painter.end()
    seen = np.frombuffer(shifted.constBits(), np.uint8).reshape(300, 400, 4)[53:253, 37:337]
    assert np.array_equal(seen[..., :3], pixels[..., :3])


def test_a_rendition_is_a_bare_png_of_the_same_size(qapp):
    exif = Image.Exif()
    exif[0x010E] = "secret words about the customer"
    buffer = io.BytesIO()
    Image.fromarray(damaged_parcel()[..., ::-1]).save(buffer, "JPEG", exif=exif, comment=b"hidden comment")
    data = render(decode(buffer.getvalue(), "image/jpeg"), Document(1280, 720))
    assert b"secret" not in data
    assert b"hidden" not in data
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.size == (1280, 720)
        assert opened.mode == "RGB"
        assert not opened.getexif()
        assert not opened.info


def test_rendering_leaves_the_picture_as_it_is(qapp):
    picture = decode(damaged_parcel_jpeg(), "image/jpeg")
    before = picture.pixels.copy()
    render(picture, Document(1280, 720, (Redaction(id="r", box=Box(0, 0, 500, 500)),)))
    assert np.array_equal(picture.pixels, before)
    with pytest.raises(ValueError, match="read-only"):
        picture.pixels[0, 0] = 0


def test_an_upright_picture_comes_upright():
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    Image.fromarray(damaged_parcel()).save(buffer, "JPEG", exif=exif)
    picture = decode(buffer.getvalue(), "image/jpeg")
    assert (picture.width_px, picture.height_px) == (720, 1280)


@pytest.mark.parametrize(("data", "media_type"), [
    (b"", "image/jpeg"), (b"not a picture", "image/png"), (damaged_parcel_jpeg()[:400], "image/png"), (damaged_parcel_jpeg(), "image/gif"),
    (b"%PDF-1.4", "application/pdf"), (b"<svg/>", "image/svg+xml"),
])
def test_what_is_no_picture_is_refused(data, media_type):
    with pytest.raises(Invalid):
        decode(data, media_type)


def test_too_many_pixels_are_refused_by_the_header():
    small = cv2.imencode(".png", np.zeros((4, 4), np.uint8))[1].tobytes()
    huge = small[:16] + (30_000).to_bytes(4, "big") + (30_000).to_bytes(4, "big") + small[24:]
    with pytest.raises((TooLarge, Invalid)):
        decode(huge, "image/png")


def test_small_pictures_keep_their_shape():
    assert decode_small(damaged_parcel_jpeg(), "image/jpeg", 320).shape == (180, 320, 4)


def test_png_round_trip():
    pixels = np.dstack([damaged_parcel(), np.full((720, 1280), 255, np.uint8)])
    assert np.array_equal(decode(encode_png(pixels), "image/png").pixels, pixels)


def test_text_box_grows_with_words_and_lines(qapp):
    one = text_box(Text(id="a", at=Point(5, 6), text="ab", width_px=6))
    two = text_box(Text(id="a", at=Point(5, 6), text="abcd\nx", width_px=6))
    assert (one.x, one.y) == (5, 6)
    assert two.width > one.width
    assert two.height == pytest.approx(2 * one.height)


def test_a_qimage_on_the_same_memory():
    pixels = np.zeros((3, 5, 4), np.uint8)
    pixels[1, 2] = (10, 20, 30, 255)
    assert image_of(pixels).pixelColor(2, 1).getRgb()[:3] == (30, 20, 10)
