"""Pictures, the drawing routine, renditions."""

import io
import itertools
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from PySide6.QtCore import QPointF
from PySide6.QtGui import QFont, QFontInfo, QFontMetricsF, QImage, QPainter, QPainterPath

from tests.desktop.drawn import damaged_parcel, damaged_parcel_jpeg
from tests.desktop.every_mark import EVERY, FRAMINGS, every, parcel
from tests.unit.annotation.strategies import marks
from videodesk.annotation.document import Document, Framing
from videodesk.annotation.marks import (
    COLOURS,
    REDACTION_COLOUR,
    Arrow,
    Box,
    Callout,
    Highlighter,
    Kind,
    Measured,
    Point,
    Redaction,
    RedactionPen,
    Spotlight,
    Stamp,
    Text,
    kind_of,
)
from videodesk.core.errors import Invalid, TooLarge
from videodesk.desktop.drawing.painting import FAMILY, draw_document, framing_transform, text_box
from videodesk.desktop.drawing.pictures import Picture, decode, decode_small, encode_png
from videodesk.desktop.drawing.rendition import framed_pixels, image_of, render, rendered_pixels
from videodesk.desktop.drawing.words import _font, ruler_words

GOLDEN = Path(__file__).with_name("every_mark.png")


def flat(value, width=300, height=200):
    return Picture.of(np.full((height, width, 4), (value, value, value, 255), np.uint8))


@given(st.lists(marks(), max_size=4, unique_by=lambda mark: mark.id), st.builds(
    Box, st.floats(-20, 280), st.floats(-20, 180), st.floats(0.5, 120), st.floats(0.5, 120)))
@settings(max_examples=40, deadline=None)
def test_nothing_of_the_original_is_left_under_a_redaction(qapp, others, box):
    """Two different originals give equal pixels there, whatever other marks (also see-through ones) lie below or above."""
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


def on_screen(picture, document, left=37, top=53):
    """As a window at 100 % shows it: the framed picture somewhere in it, the same routine on a painter that is moved and turned."""
    width, height = document.rendition_size
    screen = QImage(width + 90, height + 120, QImage.Format.Format_RGB32)
    screen.fill(0xFF404040)
    painter = QPainter(screen)
    painter.drawImage(left, top, image_of(framed_pixels(picture.pixels, document)))
    painter.setClipRect(left, top, width, height)
    painter.translate(left, top)
    painter.setTransform(framing_transform(document), True)
    draw_document(painter, document)
    painter.end()
    seen = np.frombuffer(screen.constBits(), np.uint8).reshape(height + 120, width + 90, 4)
    return seen[top:top + height, left:left + width, :3].copy()


def test_every_kind_is_in_the_pictures_of_these_tests():
    assert {kind_of(mark) for mark in EVERY} == set(Kind)


@pytest.mark.parametrize("framing", FRAMINGS, ids=str)
@pytest.mark.parametrize("mark", EVERY, ids=lambda mark: mark.id)
def test_screen_and_rendition_are_equal_to_the_pixel(qapp, mark, framing):
    document, picture = every(framing, mark), parcel()
    rendition = rendered_pixels(picture, document)[..., :3]
    assert rendition.shape == (document.rendition_size[1], document.rendition_size[0], 3)
    assert np.array_equal(on_screen(picture, document), rendition)
    assert not np.array_equal(rendition, framed_pixels(picture.pixels, document)[..., :3]), "the mark is to be seen"


@pytest.mark.parametrize("framing", FRAMINGS, ids=str)
def test_screen_and_rendition_are_equal_with_all_of_them(qapp, framing):
    document, picture = every(framing), parcel()
    assert np.array_equal(on_screen(picture, document), rendered_pixels(picture, document)[..., :3])


def test_turning_and_cutting_put_each_pixel_where_it_belongs():
    """Rows and columns by hand, so that the picture and the marks cannot be wrong together."""
    pixels = np.arange(6 * 4, dtype=np.uint8).reshape(4, 6, 1).repeat(4, axis=2)
    framed = [framed_pixels(pixels, Document(6, 4, (), Framing(Box(1, 1, 3, 2), turns)))[..., 0].tolist() for turns in range(4)]
    assert framed == [[[7, 8, 9], [13, 14, 15]], [[13, 7], [14, 8], [15, 9]], [[15, 14, 13], [9, 8, 7]], [[9, 15], [8, 14], [7, 13]]]
    for turns, (x, y) in enumerate([(0, 0), (2, 0), (3, 2), (0, 3)]):
        assert framing_transform(Document(6, 4, (), Framing(Box(1, 1, 3, 2), turns))).map(QPointF(1, 1)) == QPointF(x, y)


def test_a_rendition_keeps_nothing_of_what_was_cut_off(qapp):
    crop = Framing(Box(40, 30, 100, 80), 1)
    one, other = np.full((200, 300, 4), 90, np.uint8), np.full((200, 300, 4), 20, np.uint8)
    other[30:110, 40:140] = 90
    document = Document(300, 200, (Spotlight(id="s", box=Box(10, 10, 60, 60)), Highlighter(id="h", points=(Point(0, 0), Point(200, 100)))), crop)
    assert render(Picture.of(one), document) == render(Picture.of(other), document)


def test_the_rendition_looks_as_it_did(qapp):
    """The golden picture was looked at. Another version of Qt may round an edge otherwise; a font that is missing changes much more."""
    found = rendered_pixels(parcel(), every())[..., 2::-1].astype(int)
    with Image.open(GOLDEN) as golden:
        known = np.asarray(golden.convert("RGB")).astype(int)
    away = np.abs(found - known).max(axis=2)
    assert (away > 24).mean() < 0.0005
    assert away.mean() < 0.05


def test_words_are_the_bundled_fonts_own_outlines(qapp):
    """In units of the font no font engine has anything to round, on no platform: the same as eight times as large, to 1/100 000 of a letter."""
    metrics, large = QFontMetricsF(_font()), QFont(_font())
    large.setPixelSize(8 * _font().pixelSize())
    for word in ("Scheur 3 cm", "ÉÅgjy €", "Ж Ω"):
        assert metrics.horizontalAdvance(word) == int(metrics.horizontalAdvance(word))
        ours, theirs = QPainterPath(), QPainterPath()
        ours.addText(0, 0, _font(), word)
        theirs.addText(0, 0, large, word)
        places = [
            (ours.elementAt(n).x - theirs.elementAt(n).x / 8, ours.elementAt(n).y - theirs.elementAt(n).y / 8) for n in range(ours.elementCount())]
        assert places
        assert max(abs(part) for place in places for part in place) < 1e-5 * _font().pixelSize()
    assert QFontInfo(_font()).family() == FAMILY


def test_a_spotlight_dims_all_that_none_holds(qapp):
    two = (Spotlight(id="a", box=Box(20, 20, 60, 60)), Spotlight(id="b", box=Box(60, 60, 100, 60)))
    seen = rendered_pixels(flat(200), Document(300, 200, two))[..., 0]
    assert seen[50, 50] == seen[100, 120] == 200
    assert seen[70, 70] == 200, "where two overlap it is bright, too"
    assert seen[150, 250] == seen[5, 5] < 110
    over = rendered_pixels(flat(200), Document(300, 200, (*two, Redaction(id="r", box=Box(200, 130, 50, 50), colour="#ffffff"))))
    assert over[150, 220, 0] == 255, "marks are not dimmed"


def test_the_highlighter_leaves_dark_words_readable(qapp):
    words = np.full((200, 300, 4), 255, np.uint8)
    words[80:120:4] = (0, 0, 0, 255)
    for colour in (*COLOURS, "#ffd400"):
        mark = Highlighter(id="h", points=(Point(40, 100), Point(260, 100)), width_px=8, colour=colour)
        seen = rendered_pixels(Picture.of(words), Document(300, 200, (mark,)))[90:110, 100:200, :3].astype(int)
        dark, light = seen[2::4].mean(axis=(0, 1)), seen[::4].mean(axis=(0, 1))
        assert np.abs(dark - light).max() > 90, colour
    crossed = Highlighter(id="h", points=(Point(40, 100), Point(200, 100), Point(200, 101), Point(40, 100)), width_px=8, colour="#ffd400")
    once = rendered_pixels(flat(255), Document(300, 200, (crossed,)))
    assert np.array_equal(once[100, 60], once[100, 230 - 34]), "a stroke over itself is one stroke"


@given(st.lists(st.builds(Point, st.floats(-20, 320), st.floats(-20, 220)), min_size=1, max_size=6).map(tuple), st.floats(0.5, 60))
@settings(max_examples=60, deadline=None)
def test_a_redacting_stroke_destroys_every_pixel_that_it_touches(qapp, points, width):
    document = Document(300, 200, (RedactionPen(id="r", points=points, width_px=width),))
    one, other = rendered_pixels(flat(20), document), rendered_pixels(flat(230), document)
    ys, xs = np.mgrid[0:200, 0:300]
    away = np.full((200, 300), np.inf)
    for a, b in itertools.pairwise((*points, points[-1])):
        dx, dy = b.x - a.x, b.y - a.y
        square = dx * dx + dy * dy
        # The nearest place of each pixel's square to the line, sampled: corners and middle.
        for across, down in ((0, 0), (1, 0), (0, 1), (1, 1), (0.5, 0.5)):
            px, py = xs + across, ys + down
            share = np.clip(((px - a.x) * dx + (py - a.y) * dy) / square, 0, 1) if square > 0 else 0.0
            away = np.minimum(away, np.hypot(px - a.x - share * dx, py - a.y - share * dy))
    touched = away <= width / 2
    assert np.array_equal(one[touched], other[touched])
    assert np.all(one[touched][:, :3] == (0x2B, 0x35, 0xE5))
    far = away > width / 2 + 6
    assert np.all(one[far][:, :3] == 20)


def test_ruler_words_show_what_is_known():
    assert ruler_words(Measured(123.4, 120.2, 126.9)) == ("123 mm", "120–127")
    assert ruler_words(Measured(12.34, 12.02, 12.69)) == ("12.3 mm", "12.0–12.7")


@pytest.mark.parametrize("mark", [mark for mark in EVERY if isinstance(mark, Text | Callout | Stamp)], ids=lambda mark: mark.id)
def test_words_lie_in_their_box(qapp, mark):
    """What a person can hit is what is seen: beyond the box there is a callout's tail and a rim only."""
    document = Document(1280, 720, (mark if not isinstance(mark, Callout) else replace(mark, target=mark.at.plus(20, 20)),))
    changed = np.any(rendered_pixels(flat(128, 1280, 720), document)[..., :3] != 128, axis=2)
    ys, xs = np.nonzero(changed)
    box = text_box(mark)
    assert box.x - 4 <= xs.min()
    assert xs.max() <= box.right + 4
    assert box.y - 4 <= ys.min()
    assert ys.max() <= box.bottom + 4
    assert xs.max() - xs.min() > 0.8 * box.width


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
